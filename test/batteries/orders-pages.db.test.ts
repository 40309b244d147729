/** R12–R16: what can go wrong with pages of orders and with the tokens that lead to them. */
import { afterEach, expect, test, vi } from 'vitest'
import { client } from '../../src/channels/amazon/client.ts'
import type { Database } from '../../src/database/pool.ts'
import { useDatabase } from '../support/database.ts'
import { hostileRounds, patienceMs, printCount, samePages, tokenCallers } from '../support/iterations.ts'
import {
  checkMarket,
  everything,
  hour,
  type Market,
  type MarketOptions,
  minute,
  openFindings,
  openMarket,
  ordersThere,
} from '../support/market.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market
const open = async (options: MarketOptions = {}): Promise<Market> => (market = await openMarket(own.db, options))
afterEach(async () => await market?.close())

const many = { history: { orders: 320, days: 2 }, historyDays: 3 }
interface Cursor {
  window?: { pages: number }
  sweep?: { window?: { pages: number } }
}
const cursorOf = async (db: Database): Promise<Cursor> =>
  (await db.one<{ value: Cursor }>(`select value from cursors where stream = 'orders'`))?.value ?? {}
const calls = async (operation: string) =>
  (
    (await market.control('/state?limit=1')).body as {
      channels: { amazon: { calls: Record<string, { count: number }> } }
    }
  ).channels.amazon.calls[operation]?.count ?? 0

test('R12 the same page again and again changes nothing', async () => {
  printCount('R12 deliveries of the same page over the wire', samePages)
  await open({ history: { orders: 100, days: 2 }, historyDays: 3 })
  await market.pass(15 * minute)
  await market.pull()
  const { orders } = await checkMarket(market)
  expect(orders).toBe(100)
  const before = await everything(own.db)
  for (let n = 0; n < samePages; n += 1) {
    await own.db.run(`update cursors set value = null where stream = 'orders'`)
    await market.pull()
  }
  expect(await everything(own.db)).toBe(before)
  expect(await calls('searchOrders')).toBe(samePages + 1)
  await checkMarket(market)
})

test('R13 pages shuffled, with old states, overlapping and delivered twice end in the same book', async () => {
  printCount('R13 rounds of hostile pages', hostileRounds)
  await open({ ...many, lagMs: { typical: 120_000, tail: 480_000, tailShare: 0.2 } })
  const random = seeded(13)
  await market.pull()
  for (const kind of ['reorder', 'duplicate', 'stale-read'])
    await market.fault({ operation: 'searchOrders', kind, rate: 0.4 })
  const bought: string[] = []
  for (let round = 0; round < hostileRounds; round += 1) {
    for (let n = 0; n < 12; n += 1) bought.push(await market.buy({ quantity: 1 + Math.floor(random() * 3) }))
    await market.pass(3 * minute)
    const id = bought.splice(Math.floor(random() * bought.length), 1)[0]!
    await market.control(`/orders/${id}/${random() < 0.5 ? 'cancel' : 'ship'}`, {})
    // Overlap: now and then everything is asked for again.
    if (random() < 0.3) await own.db.run(`update cursors set value = null where stream = 'orders'`)
    await market.pull()
  }
  await market.calm()
  // Until the sweep of all pages has had its turns.
  await market.run(2 * hour)
  const { orders } = await checkMarket(market)
  expect(orders).toBe(320 + 12 * hostileRounds)
})

test('R13 a page that comes empty, its orders listed 24 hours later', async () => {
  // Sweeps look back 48 hours: all of them change within the day before.
  await open({ history: { orders: 320, days: 1 }, historyDays: 3 })
  await market.pass(15 * minute)
  expect((await market.pullPage()).more).toBe(true)
  await market.fault({ operation: 'searchOrders', kind: 'omit', delayMs: 24 * hour, count: 1 })
  await market.pull()
  const missing = async () => 320 - (await own.db.one<{ count: number }>('select count(*) as count from orders'))!.count
  expect(await missing()).toBe(100)
  await market.run(24 * hour)
  expect(await missing()).toBe(100)
  // A sweep every six hours; its four pages take turns with looks for new orders.
  await market.run(7 * hour + 30 * minute)
  await checkMarket(market)
})

test('a sweep of many pages takes turns: new orders never wait for it, and what it cannot have it asks for later', async () => {
  await open({ history: { orders: 1_500, days: 2 }, historyDays: 3 })
  await market.pull()
  await market.pass(20 * minute)
  let bought = await market.buy()
  let rounds = 0
  let pages = 0
  for (; rounds === 0 || (await cursorOf(own.db)).sweep; rounds += 1) {
    expect(rounds).toBeLessThan(60)
    await market.pass(5 * minute)
    const before = await calls('searchOrders')
    await market.pullPage()
    expect(await own.db.one('select 1 from orders where remote_id = $1', [bought])).toBeDefined()
    bought = await market.buy()
    const isRefused = rounds % 5 === 0
    if (isRefused) await market.fault({ operation: 'searchOrders', kind: 'status', status: 429, count: 1 })
    await market.pull()
    await market.calm()
    const { sweep } = await cursorOf(own.db)
    expect((await calls('searchOrders')) - before).toBeLessThanOrEqual(3)
    pages = Math.max(pages, sweep?.window?.pages ?? 0)
  }
  expect(pages).toBeGreaterThan(10)
  // Two looks a round, and two for each page.
  expect(rounds).toBeGreaterThanOrEqual(pages)
  await market.run(10 * minute)
  await checkMarket(market)
})

test('R14 orders that change between one page and the next', async () => {
  await open(many)
  const random = seeded(14)
  await market.pass(15 * minute)
  let changed = 0
  const changeSome = async () => {
    for (const order of (await ordersThere(market)).filter((one) => one.status === 'UNSHIPPED')) {
      if (random() > 0.3) continue
      await market.change(order.id, random() < 0.5 ? 'cancel' : 'ship')
      changed += 1
    }
  }
  while ((await market.pullPage()).more) {
    await changeSome()
    await market.pass(minute)
  }
  expect(changed).toBeGreaterThan(20)
  await market.run(30 * minute, 3 * minute)
  await checkMarket(market)
})

test('R14 a list that moves under the pages loses no order for longer than to the next sweep', async () => {
  await open(many)
  await market.pass(15 * minute)
  await market.fault({ operation: 'searchOrders', kind: 'moving-list' })
  expect((await market.pullPage()).more).toBe(true)
  // What was told already changes and leaves its place: as many others slip over the page edge, unread.
  const told = await own.db.rows<{ remote_id: string }>(`select remote_id from orders where state = 'open'`)
  for (const row of told) await market.change(row.remote_id, 'cancel')
  await market.pass(2 * minute)
  await market.pull()
  const count = (await own.db.one<{ count: number }>('select count(*) as count from orders'))!.count
  expect(count).toBe(320 - told.length)
  await market.calm()
  await market.run(20 * minute)
  await checkMarket(market)
})

test('R15 a page token that is 24 hours old: the window begins anew and nothing is skipped', async () => {
  await open(many)
  await market.pass(15 * minute)
  expect((await market.pullPage()).more).toBe(true)
  await market.buy()
  await market.pass(24 * hour)
  await market.pull()
  await checkMarket(market)
  expect((await cursorOf(own.db)).window).toBeUndefined()
})

test('R15 a token refused mid-list, again and again: told to a person, and over when Amazon takes tokens again', async () => {
  await open(many)
  await market.pass(15 * minute)
  // Each page token is refused; first pages are not.
  const pullRefused = async (): Promise<Date> => {
    for (;;) {
      const { window } = await cursorOf(own.db)
      if (window) await market.fault({ operation: 'searchOrders', kind: 'expire-token', count: 1 })
      const { more, notBefore } = await market.pullPage()
      await market.calm()
      if (!more) return notBefore!
    }
  }
  const end = market.ctx.clock.now().getTime() + hour
  let told = 0
  for (let now = 0; now < end; now = market.ctx.clock.now().getTime()) {
    await market.pass((await pullRefused()).getTime() - market.ctx.clock.now().getTime())
    told += (await openFindings(own.db, 'pull_failing')).length
  }
  expect(told).toBeGreaterThan(5)
  // The hub is away until the token it holds is dead for good.
  await market.pass(24 * hour)
  expect(await openFindings(own.db, 'pull_failing')).toHaveLength(1)
  await market.calm()
  await market.run(hour)
  await checkMarket(market)
  expect(await openFindings(own.db, 'pull_failing')).toEqual([])
})

test('R16 the access token ends between page 3 and 4 of 40, its renewal fails twice, 64 callers share one', async () => {
  await open({ history: { orders: 4_000, days: 2 }, historyDays: 3 })
  await market.pass(15 * minute)
  for (let page = 1; page <= 3; page += 1) expect((await market.pullPage()).more).toBe(true)
  const minted = await calls('token')
  await market.fault({ operation: 'searchOrders', kind: 'expire-access', count: 1 })
  await market.fault({ operation: 'token', kind: 'status', status: 500, count: 2 })
  const orders = (await ordersThere(market)).slice(-tokenCallers)
  const { account } = await market.work()
  printCount('R16 callers whose token ended', tokenCallers)
  // One of them is the pull; its token is refused first, so that all the others find the same one refused.
  await Promise.all([
    market.pullPage(),
    ...orders.slice(1).map((order) => client.getOrder(account, order.id, 'FULFILLMENT').catch(() => undefined)),
  ])
  let pages = 3
  for (let waits = 0; pages < 40; waits += 1) {
    expect(waits).toBeLessThan(60)
    const before = await cursorOf(own.db)
    const result = await market.pullPage()
    pages = (await cursorOf(own.db)).window?.pages ?? 40
    if (result.notBefore) {
      expect((await cursorOf(own.db)).window).toEqual(before.window)
      await market.pass(result.notBefore.getTime() - market.ctx.clock.now().getTime())
    }
  }
  const faults = (await market.control('/faults')).body as { faults: { fired: number }[] }
  expect(faults.faults.map((fault) => fault.fired)).toEqual([1, 2])
  // The simulator counts what it minted, not what it refused.
  expect((await calls('token')) - minted).toBe(1)
  expect((await checkMarket(market)).orders).toBe(4_000)
})

test('R16 64 callers find their token ended, some of them long after it was renewed: one renewal, 64 answers', async () => {
  await open({ history: { orders: tokenCallers, days: 1 } })
  await market.pass(15 * minute)
  await market.pull()
  const minted = await calls('token')
  const { account } = await market.work()
  const orders = await ordersThere(market)
  await market.fault({ operation: 'getOrder', kind: 'expire-access', count: 1 })
  await market.fault({ operation: 'getOrder', kind: 'slow', rate: 0.4, delayMs: 300 })
  const answers = await Promise.all(orders.map((order) => client.getOrder(account, order.id, 'FULFILLMENT')))
  expect(answers.map(({ order }) => (order as { orderId: string }).orderId)).toEqual(orders.map((order) => order.id))
  expect((await calls('token')) - minted).toBe(1)
})
