/**
 * R40: the connection ends at the commit. Before it arrives nothing is stored; after it was carried out everything is,
 * and nobody was told. Callers hear that it is not known, and a repeat is carried out once.
 */
import type { FastifyInstance } from 'fastify'
import { afterAll, beforeAll, expect, test, vi } from 'vitest'
import { buildApi } from '../../src/api/server.ts'
import { type Database, openDatabase } from '../../src/database/pool.ts'
import { levelOf, listSlots } from '../../src/database/views/stock.ts'
import { startRunner } from '../../src/jobs/account-runner.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import { addApiKey } from '../../src/sign-in/people.ts'
import { stateOf } from '../simulation/checks.ts'
import { amazonName, type Installation, install, storeName } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { cutCommits, isLong, printCount } from '../support/iterations.ts'
import { type CuttingProxy, cuttingProxy } from '../support/proxy.ts'
import { seeded, seededBytes } from '../support/world.ts'

// The full numbers take their time.
vi.setConfig({ testTimeout: isLong ? 7_200_000 : 240_000 })

const own = useDatabase()
const sku = 'PLAIN'
let proxy: CuttingProxy
let db: Database
let it: Installation
let app: FastifyInstance
let key: string

beforeAll(async () => {
  proxy = await cuttingProxy(own.url)
  db = openDatabase(proxy.url)
  it = await install(db, 5, { mode: 'shared' })
  const { ctx } = it
  app = await buildApi({
    ctx,
    people: {
      db,
      clock: ctx.clock,
      newId: ctx.newId,
      sealing: ctx.sealing,
      random: seededBytes(it.random),
    },
    desk: createReservationDesk(ctx),
    publicUrl: 'http://127.0.0.1',
    demo: null,
    metrics: { text: async () => '' },
    dashboard: async () => '/',
    ready: async () => true,
  })
  key = (await addApiKey(own.db, ctx, 'test', 'owner')).key
})
afterAll(async () => {
  await app?.close()
  await it?.close()
  await db?.close()
  await proxy?.close()
})

async function post(path: string, body: object, idempotencyKey: string) {
  const answer = await app.inject({
    method: 'POST',
    url: `/api/v1${path}`,
    headers: { authorization: `Bearer ${key}`, 'idempotency-key': idempotencyKey },
    payload: body,
  })
  return { status: answer.statusCode, body: answer.json(), headers: answer.headers }
}

const receive = (note: string) =>
  post('/stock/movements', { sku, location: 'MAIN', kind: 'receipt', quantity: 2, note }, note)
const stored = async (note: string) =>
  (await own.db.rows('select on_hand from stock_movements where note = $1', [note])).length

test('a change whose commit was lost, or whose answer was, is repeated and stored once', async () => {
  const random = seeded(40)
  let lost = 0
  let unanswered = 0
  for (let n = 0; n < cutCommits; n += 1) {
    const note = `cut-${n}`
    const cut = random() < 0.5 ? 'lost' : 'answer-lost'
    proxy.plan(cut)
    const first = await receive(note)
    expect(first, note).toMatchObject({ status: 503, body: { code: 'database_away' } })
    expect(first.headers['retry-after']).toBe('2')
    expect(await stored(note), `${note} ${cut}`).toBe(cut === 'lost' ? 0 : 1)
    if (cut === 'lost') lost += 1
    else unanswered += 1
    // The repeat may meet the same trouble.
    proxy.plan(random() < 0.2 ? 'answer-lost' : 'pass')
    let again = await receive(note)
    if (again.status === 503) again = await receive(note)
    expect(again.status, note).toBe(201)
    expect(await stored(note), note).toBe(1)
  }
  printCount('commits lost', lost)
  printCount('commits whose answer was lost', unanswered)
  expect(lost * unanswered).toBeGreaterThan(0)
})

test('a page of orders whose commit was lost, or whose answer was, is booked once', async () => {
  while ((await pullListings(it.ctx, await it.work(amazonName))).more);
  for (const cut of ['lost', 'answer-lost'] as const) {
    expect((await it.control('/orders', { channel: 'amazon', sku, quantity: 1 })).status).toBe(201)
    it.advance(12 * 60_000)
    await it.sim.tick()
    const work = await it.work(amazonName)
    const before = (await levelOf(own.db, sku))!
    proxy.plan(cut)
    await expect(pullOrders(it.ctx, work)).rejects.toThrow(/connection/i)
    while ((await pullOrders(it.ctx, await it.work(amazonName))).more);
    const after = (await levelOf(own.db, sku))!
    expect(before.reserved + 1, cut).toBe(after.reserved)
  }
  const sold = (await stateOf(it)).channels.amazon.orders.map((order) => order.id)
  const known = await own.db.rows<{ remote_id: string; count: number }>(
    'select remote_id, count(*) as count from orders group by 1',
  )
  expect(known.filter((row) => row.count !== 1)).toEqual([])
  expect(sold.filter((id) => !known.some((row) => row.remote_id === id))).toEqual([])
})

/**
 * The pump commits what will leave, sends it, and commits what was answered. Either commit may be cut; the lease is
 * kept, so no other process comes to clear up.
 */
test.each([
  ['lost', 'pass'],
  ['answer-lost', 'pass'],
  ['pass', 'lost'],
  ['pass', 'answer-lost'],
] as const)('a lower number leaves although its commits end with %s and %s', async (...cuts) => {
  const have = (await levelOf(own.db, sku))!
  await receive(`refill ${cuts}`)
  const { ctx } = it
  const row = (await own.db.one<{ id: string }>('select * from accounts where name = $1', [storeName]))! as never
  const slot = async () =>
    (await listSlots(own.db, { limit: 50, sku }, ctx.clock.now())).items.find((one) => one.channel === 'storefront')!
  await own.db.run(`update leases set released = true`)
  let armed = false
  const fragile: typeof ctx.db = {
    ...ctx.db,
    transaction: (task) =>
      ctx.db.transaction((tx) =>
        task({
          ...tx,
          run: (text, values) => arm(text) ?? tx.run(text, values),
          send: (text, values) => arm(text) ?? tx.send(text, values),
        }),
      ),
  }
  // From the first intent on, its commit and the one after it are cut as planned.
  const arm = (text: string) => {
    if (armed && text.includes('insert into effects')) {
      armed = false
      proxy.plan(...cuts)
    }
    return undefined
  }
  const runner = (await startRunner({ ...ctx, db: fragile, monotonic: () => performance.now() }, row, {
    holder: 'test',
    isDead: () => false,
    leaseMs: 60_000,
    idleMs: 5,
  }))!
  try {
    const clock = setInterval(() => it.advance(200), 5)
    try {
      const quiet = async () => {
        const { wish, confirmed, inFlight } = await slot()
        return inFlight === null && wish === confirmed ? (wish ?? 0) : 0
      }
      await expect.poll(quiet, { timeout: 40_000 }).toBeGreaterThan(1)
      armed = true
      // Not to zero: a zero that does not show leaves again by itself.
      const out = (await levelOf(own.db, sku))!.availableToPromise - 1
      await post('/stock/movements', { sku, location: 'MAIN', kind: 'unsellable', quantity: out }, `out ${cuts}`)
      runner.wake()
      await expect.poll(async () => (await stateOf(it)).channels.storefront.shown[sku], { timeout: 40_000 }).toBe(1)
      expect(armed).toBe(false)
      await expect.poll(async () => (await slot()).confirmed, { timeout: 40_000 }).toBe(1)
      // Every intent gets an outcome.
      const open = () => own.db.rows('select outcome from effects where outcome is null')
      await expect.poll(open).toEqual([])
    } finally {
      clearInterval(clock)
    }
  } finally {
    await runner.stop()
  }
  expect(have.onHand).toBeGreaterThan(0)
})
