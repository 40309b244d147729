/** The drift audit from outside: report, list, filters; and what an account's list tells late. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { noteReadings } from '../database/audit.ts'
import { lagAfter, newLag } from '../domain/lag.ts'
import { createReservationDesk } from '../operations/reservation-desk.ts'
import { addApiKey } from '../sign-in/people.ts'
import { createMetrics } from './metrics.ts'
import { buildApi } from './server.ts'

const database = useDatabase()
let world: World
let app: FastifyInstance
let key: string
const hour = 3_600_000

async function get(url: string) {
  const answer = await app.inject({ method: 'GET', url: `/api/v1${url}`, headers: { authorization: `Bearer ${key}` } })
  return { status: answer.statusCode, body: answer.json() }
}

beforeAll(async () => {
  world = createWorld(database.db)
  const { ctx } = world
  app = await buildApi({
    ctx,
    people: { db: ctx.db, clock: ctx.clock, newId: ctx.newId, sealing: ctx.sealing, random: seededBytes(world.random) },
    publicUrl: 'http://127.0.0.1',
    demo: null,
    desk: createReservationDesk(ctx),
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('none')),
  })
  key = (await addApiKey(ctx.db, ctx, 'Owner', 'owner')).key
  const post = async (url: string, payload: object) => {
    const headers = { authorization: `Bearer ${key}`, 'idempotency-key': ctx.newId() }
    const answer = await app.inject({ method: 'POST', url: `/api/v1${url}`, headers, payload })
    expect(answer.statusCode, answer.payload).toBe(201)
    return answer.json()
  }
  await post('/accounts', {
    channel: 'storefront',
    name: 'Store',
    stage: 'live',
    withoutChecks: true,
    settings: { webhookUrl: 'https://store.example/hook' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
  await post('/accounts', {
    channel: 'amazon',
    name: 'Amazon',
    stage: 'live',
    withoutChecks: true,
    settings: { sellerId: 'A1SIMULATEDSEL', region: 'na', marketplaceIds: ['ATVPDKIKX0DER'] },
    secrets: { clientId: 'a', clientSecret: 'b', refreshToken: 'c' },
  })
  for (const sku of ['MUG', 'LAMP']) {
    await post('/products', { title: sku, variants: [{ sku, title: sku }] })
    await post('/listings', { account: 'Amazon', remoteSku: sku, sku, fulfilledBy: 'merchant' })
  }
})
afterAll(async () => await app.close())

test('nothing read yet is no share of 0', async () => {
  expect(await get('/drift')).toEqual({
    status: 200,
    body: { slots: 0, deviating: 0, writers: 0, share: null, floor: 0.005, hours: [] },
  })
  expect((await get('/drift/deviations')).body).toEqual({ items: [], nextCursor: null })
})

test('the report counts slots and hours, the list filters and pages', async () => {
  const { ctx, clock } = world
  const [account] = await ctx.db.rows<{ id: string }>(`select id from accounts where name = 'Amazon'`)
  const slots = await ctx.db.rows<{ id: string; remote_sku: string }>('select id, remote_sku from stock_slots')
  const slotId = (sku: string) => slots.find((slot) => slot.remote_sku === sku)!.id
  const note = (count: number, list: Parameters<typeof noteReadings>[3]) =>
    noteReadings(ctx.db, account!.id, count, list, clock.now(), ctx.newId)
  await ctx.db.run('update stock_slots set merchant_fulfilled = true, confirmed_value = 3, confirmed_at = $1', [
    new Date(clock.now().getTime() + hour),
  ])
  await note(20, [{ slotId: slotId('MUG'), kind: 'higher', expected: 3, shown: 5 }])
  // The same number again within the hour is the same deviation.
  await note(20, [{ slotId: slotId('MUG'), kind: 'higher', expected: 3, shown: 5 }])
  clock.advance(hour)
  await note(10, [{ slotId: slotId('LAMP'), kind: 'writer', expected: 3, shown: 50 }])
  const { body } = await get('/drift?account=Amazon')
  expect(body).toMatchObject({ slots: 2, deviating: 2, writers: 1, share: 1 })
  expect(body.hours.map((one: { readings: number; deviating: number }) => [one.readings, one.deviating])).toEqual([
    [40, 1],
    [10, 1],
  ])
  expect((await get('/drift?account=Store')).body).toMatchObject({ slots: 0, hours: [] })
  const first = (await get('/drift/deviations?limit=1')).body
  expect(first.items).toMatchObject([{ sku: 'LAMP', account: 'Amazon', kind: 'writer', expected: 3, shown: 50 }])
  const second = (await get(`/drift/deviations?limit=1&cursor=${first.nextCursor}`)).body
  expect(second).toMatchObject({ items: [{ sku: 'MUG', kind: 'higher', isExplained: false }], nextCursor: null })
  expect((await get('/drift/deviations?kind=higher&q=ug')).body.items).toHaveLength(1)
  expect((await get('/drift/deviations?q=nothing')).body.items).toEqual([])
  clock.advance(25 * hour)
  expect((await get('/drift')).body).toMatchObject({ deviating: 0, writers: 0, hours: [] })
})

test('an account says how late its list is, and what it makes of it', async () => {
  const now = world.clock.now().getTime()
  const lag = lagAfter(
    newLag(now),
    [
      { afterMs: 120_000, behindMs: 0 },
      { afterMs: 2 * hour, behindMs: hour },
    ],
    now,
  )
  await world.ctx.db.run(`update accounts set lag = $1 where name = 'Amazon'`, [JSON.stringify(lag)])
  const { items } = (await get('/accounts')).body as { items: { name: string; orderLag: object | null }[] }
  const lagOf = (name: string) => items.find((one) => one.name === name)!.orderLag
  expect(lagOf('Store'), 'told as they happen').toBeNull()
  expect(lagOf('Amazon')).toMatchObject({ marginMs: 1.25 * hour, tailMs: hour })
  expect((lagOf('Amazon') as { medianMs: number }).medianMs).toBeGreaterThanOrEqual(120_000)
})
