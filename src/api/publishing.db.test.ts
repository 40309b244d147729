/** Publishing rules from outside: set, preview, explain, delete; refusals in words. */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, seededBytes, type World } from '../../test/support/world.ts'
import { applyPublishingRules } from '../operations/apply-publishing-rules.ts'
import { createReservationDesk } from '../operations/reservation-desk.ts'
import { addApiKey } from '../sign-in/people.ts'
import { createMetrics } from './metrics.ts'
import { buildApi } from './server.ts'

const database = useDatabase()
let world: World
let app: FastifyInstance
let key: string
let count = 0

async function ask(method: 'GET' | 'POST' | 'PATCH' | 'DELETE', url: string, payload?: object, language = 'en') {
  const answer = await app.inject({
    method,
    url: `/api/v1${url}`,
    headers: {
      authorization: `Bearer ${key}`,
      'accept-language': language,
      ...(method === 'POST' ? { 'idempotency-key': `key ${(count += 1)}` } : {}),
    },
    ...(payload === undefined ? {} : { payload }),
  })
  return { status: answer.statusCode, body: answer.payload === '' ? undefined : answer.json() }
}
async function settle() {
  while ((await applyPublishingRules(world.ctx)).next !== 'idle');
}
const slotOf = async (language?: string) => (await ask('GET', '/slots?sku=SHOE', undefined, language)).body.items[0]

beforeAll(async () => {
  world = createWorld(database.db)
  const { ctx } = world
  const people = {
    db: ctx.db,
    clock: ctx.clock,
    newId: ctx.newId,
    sealing: ctx.sealing,
    random: seededBytes(world.random),
  }
  app = await buildApi({
    ctx,
    people,
    publicUrl: 'http://127.0.0.1',
    demo: null,
    desk: createReservationDesk(ctx),
    metrics: createMetrics(ctx.db, ctx.clock),
    ready: async () => true,
    dashboard: () => Promise.reject(new Error('none')),
  })
  key = (await addApiKey(ctx.db, ctx, 'Owner', 'owner')).key
  await ask('POST', '/locations', { code: 'MAIN', name: 'Main' })
  await ask('POST', '/accounts', {
    channel: 'storefront',
    name: 'Store',
    stage: 'live',
    withoutChecks: true,
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
  await ask('POST', '/products', { title: 'Shoe', category: ' Shoes ', variants: [{ sku: 'SHOE' }] })
  await ask('POST', '/variants/SHOE/mode', { mode: 'shared' })
  await ask('POST', '/stock/movements', { sku: 'SHOE', location: 'MAIN', kind: 'receipt', quantity: 10 })
  await ask('POST', '/listings', { account: 'Store', remoteSku: 'SHOE', sku: 'SHOE', unitsPerSale: 2 })
})
afterAll(() => app?.close())

test('from the preview to the sentence at the slot, and back', async () => {
  expect(await slotOf()).toMatchObject({ wish: 5, explanation: { shows: 5, pending: false } })
  const preview = await ask('GET', '/publishing-rules/preview?category=Shoes&account=Store&safetyUnits=2&cap=3')
  expect(preview).toMatchObject({
    status: 200,
    body: { slots: 1, changed: 1, lower: 1, toZero: 0, samples: [{ sku: 'SHOE', account: 'Store', from: 5, to: 3 }] },
  })
  const added = await ask('POST', '/publishing-rules', { category: 'Shoes', account: 'Store', safetyUnits: 2, cap: 3 })
  expect(added).toMatchObject({
    status: 201,
    body: {
      account: 'Store',
      category: 'Shoes',
      sku: null,
      channel: null,
      safetyUnits: 2,
      safetyPercent: null,
      cap: 3,
      changedBy: 'Owner',
    },
  })
  expect((await ask('GET', '/publishing-rules')).body).toMatchObject({
    items: [{ id: added.body.id }],
    applying: { rules: 1, slots: 1, done: 0 },
  })
  await settle()
  const { wish, explanation } = await slotOf()
  expect(wish).toBe(3)
  expect(explanation.text).toBe(
    'Shows 3: 10 available, 2 kept as safety stock (rule for category Shoes on Store), 8 left, packs of 2 → 4, capped at 3 (rule for category Shoes on Store)',
  )
  expect(explanation.reasons[1].rule).toEqual({
    id: added.body.id,
    account: 'Store',
    channel: null,
    sku: null,
    category: 'Shoes',
  })
  expect((await slotOf('zh')).explanation.text).toMatch(/^展示 3：可售 10 件，/)
  expect((await ask('GET', '/stock/levels/SHOE')).body).toMatchObject({
    category: 'Shoes',
    slotList: [{ explanation: { text: explanation.text } }],
  })
  expect(await ask('PATCH', `/publishing-rules/${added.body.id}`, { cap: null })).toMatchObject({
    status: 200,
    body: { cap: null, safetyUnits: 2 },
  })
  await settle()
  expect((await slotOf()).wish).toBe(4)
  expect((await ask('DELETE', `/publishing-rules/${added.body.id}`)).status).toBe(204)
  await settle()
  expect(await slotOf()).toMatchObject({ wish: 5, explanation: { text: 'Shows 5: 10 available, packs of 2 → 5' } })
  expect((await ask('GET', '/publishing-rules')).body).toEqual({ items: [], nextCursor: null, applying: null })
})

test('a channel is called by its name', async () => {
  const { body } = await ask('POST', '/publishing-rules', { channel: 'storefront', cap: 1 })
  await settle()
  const { text, reasons } = (await slotOf()).explanation
  expect(text).toMatch(/capped at 1 \(rule for everything on Own store \(API and webhooks\)\)$/)
  expect(reasons.at(-1).rule).toMatchObject({ channel: 'storefront', account: null })
  await ask('DELETE', `/publishing-rules/${body.id}`)
  await settle()
})

test('refusals say what to do, in both languages', async () => {
  const refuse = async (payload: object) => (await ask('POST', '/publishing-rules', payload, 'zh')).body
  expect(await refuse({})).toMatchObject({ code: 'rule_empty', status: 422 })
  expect(await refuse({ safetyPercent: 101 })).toMatchObject({ code: 'rule_number', title: 'safetyPercent 不能为 101' })
  expect(await refuse({ cap: 1.5 })).toMatchObject({ code: 'bad_request' })
  expect(await refuse({ cap: 1, minimum: 2 })).toMatchObject({ code: 'rule_minimum_above_cap' })
  expect(await refuse({ account: 'Store', channel: 'storefront', cap: 1 })).toMatchObject({ code: 'rule_scope' })
  expect(await refuse({ channel: 'nowhere', cap: 1 })).toMatchObject({ code: 'unknown_channel' })
  expect((await ask('POST', '/publishing-rules', { cap: 1 })).status).toBe(201)
  expect(await refuse({ cap: 2 })).toMatchObject({ code: 'rule_exists', status: 409 })
  expect(await ask('PATCH', `/publishing-rules/${world.ctx.newId()}`, { cap: 2 })).toMatchObject({ status: 404 })
  expect(await ask('DELETE', `/publishing-rules/${world.ctx.newId()}`)).toMatchObject({ status: 404 })
})

test('categories are listed with what has them, also where only a rule names them', async () => {
  await ask('POST', '/publishing-rules', { category: 'Hats', cap: 1 })
  expect((await ask('GET', '/categories')).body.items).toEqual([
    { category: 'Hats', products: 0 },
    { category: 'Shoes', products: 1 },
  ])
  const { id } = (await ask('GET', '/products?category=Shoes')).body.items[0]
  expect(await ask('PATCH', `/products/${id}`, { category: 'Hats' })).toMatchObject({
    status: 200,
    body: { category: 'Hats', title: 'Shoe' },
  })
  await settle()
  expect((await slotOf()).wish).toBe(1)
  expect(await ask('PATCH', `/products/${world.ctx.newId()}`, { category: 'Hats' })).toMatchObject({ status: 404 })
})
