/** O8: orders that the usual list hides for days are found by the daily count, pulled at once, and told. */
import { afterEach, expect, test } from 'vitest'
import { createSimulator } from '../../simulator/index.ts'
import { findAccount } from '../../src/database/accounts.ts'
import { describeAccounts } from '../../src/database/views/system.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { recountOrders } from '../../src/operations/recount-orders.ts'
import { amazonName, emptyDatabase } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { hour, type Market, minute, openFindings, openMarket } from '../support/market.ts'
import { quietWalmart, walmartItem, walmartSecrets, walmartSettings } from '../support/walmart.ts'
import { wooSecrets } from '../support/woocommerce.ts'
import { createWorld, workFor } from '../support/world.ts'

const own = useDatabase()
let market: Market | undefined
afterEach(async () => await market?.close())

/** Every page that is due, as the account's loop asks for them. */
async function count(one: Pick<Market, 'ctx' | 'work'>): Promise<number> {
  for (let pages = 0; ; pages += 1) {
    const cursor = await own.db.one<{ next_at: Date }>(`select next_at from cursors where stream = 'recount'`)
    if (cursor && cursor.next_at > one.ctx.clock.now()) return pages
    await recountOrders(one.ctx, await one.work())
  }
}

const shown = async (one: Pick<Market, 'ctx'>, name = amazonName) => {
  const row = (await findAccount(own.db, name))!
  return (await describeAccounts(own.db, [row], one.ctx.clock.now()))[0]!.recount
}
const known = async (id: string) => (await own.db.one('select 1 from orders where remote_id = $1', [id])) !== undefined

test('hidden from the list for four days: found, booked, told, and over with the next count', async () => {
  market = await openMarket(own.db)
  await market.pull()
  const seen = await market.buy()
  await market.run(hour)
  expect(await known(seen)).toBe(true)
  const hidden = await market.buy({ quantity: 2 })
  // The list, and its sweeps of 48 hours, leave it out.
  await market.fault({ operation: 'searchOrders', kind: 'omit', orderId: hidden, delayMs: 96 * hour, count: 1 })
  await market.run(99 * hour, hour)
  expect(await known(hidden)).toBe(false)
  expect(await count(market)).toBeGreaterThan(0)
  expect(await known(hidden)).toBe(true)
  expect(await shown(market)).toMatchObject({ counted: 2, missing: 1 })
  expect(await openFindings(own.db, 'orders_missed')).toEqual([{ account: amazonName, count: 1, orders: hidden }])
  const [level] = await own.db.rows<{ reserved: number }>(
    `select reserved from pool_levels where variant_id = (select id from variants where sku = 'MUG')`,
  )
  expect(level!.reserved).toBe(3)
  // A day later all is counted again from where it stood, and nothing is missing.
  await market.run(26 * hour, hour)
  await count(market)
  expect(await openFindings(own.db, 'orders_missed')).toEqual([])
  expect(await shown(market)).toMatchObject({ missing: 0 })
}, 300_000)

test('several pages; a page whose call fails is asked for again, and nothing is counted twice', async () => {
  market = await openMarket(own.db, { amazon: { largestPage: 2 } })
  await market.pull()
  for (let order = 0; order < 5; order += 1) await market.buy()
  await market.run(90 * hour, hour)
  await market.fault({ operation: 'searchOrders', kind: 'status', status: 503, count: 1 })
  for (let pages = 0; pages < 3; pages += 1) {
    await recountOrders(market.ctx, await market.work())
    await market.pass(10 * 60_000)
  }
  expect(await shown(market)).toBeNull()
  await recountOrders(market.ctx, await market.work())
  expect(await shown(market)).toMatchObject({ counted: 5, missing: 0 })
}, 300_000)

// — channels whose list of orders is asked by the last change, and counted by another —

interface Place {
  ctx: Context
  run(hours: number): Promise<void>
  buy(): Promise<string>
  /** One that the list leaves out for four days. */
  buyHidden(): Promise<string>
  work(): Promise<AccountAtWork>
}

const base = 'http://simulator.test'
const places = {
  walmart: {
    list: 'getAllOrders',
    settings: { ...walmartSettings, programs: [], endpoint: `${base}/walmart`, historyDays: 0 },
    secrets: walmartSecrets,
  },
  woocommerce: {
    list: 'listOrders',
    settings: { url: `${base}/woocommerce`, sameNetwork: true, historyDays: 0 },
    secrets: wooSecrets(),
  },
}
type Channel = keyof typeof places

async function openPlace(channel: Channel): Promise<Place> {
  await emptyDatabase(own.db)
  let time = Date.UTC(2026, 10, 22, 8)
  const sim = createSimulator({
    seed: 7,
    realNow: () => time,
    startAt: new Date(time),
    catalog: [{ ...walmartItem('MUG', 500), woocommerce: { quantity: 500 } }],
    walmart: quietWalmart,
    woocommerce: { pendingShare: 0, onHoldShare: 0 },
  })
  const { ctx } = createWorld(own.db, {
    seed: 7,
    now: () => new Date(time),
    allowedOrigins: [base],
    fetch: (input, init) => sim.handle(new Request(input, init)),
  })
  const { list, settings, secrets } = places[channel]
  await own.db.transaction((tx) =>
    connectAccount(tx, ctx, { channel, name: 'Shop', stage: 'shadow', settings, secrets }),
  )
  const held = await workFor(ctx, 'Shop', 'test', 400 * 24 * hour)
  const control = async (path: string, body: object) => {
    const init = { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    const answer = await sim.handle(new Request(`${base}/control${path}`, init))
    expect(answer.status).toBe(201)
    return (await answer.json()) as Record<string, unknown>
  }
  const place: Place = {
    ctx,
    work: async () => held,
    async run(hours) {
      for (let passed = 0; passed < hours; passed += 1) {
        time += hour
        await sim.tick()
        while ((await pullOrders(ctx, held)).more);
      }
    },
    buy: async () => (await control('/orders', { channel, sku: 'MUG', quantity: 1 })).orderId as string,
    async buyHidden() {
      const fault = { channel, operation: list, kind: 'omit', delayMs: 96 * hour, count: 1 }
      // The store is told before, of the next order.
      if (channel === 'woocommerce') await control('/faults', fault)
      const orderId = await place.buy()
      if (channel === 'walmart') await control('/faults', { ...fault, orderId })
      return orderId
    },
  }
  time += minute
  await sim.tick()
  return place
}

test.each(Object.keys(places) as Channel[])(
  '%s: hidden from the list for four days, found by the count, booked once, told, and over with the next',
  async (channel) => {
    const place = await openPlace(channel)
    const seen = [await place.buy(), await place.buy()]
    await place.run(1)
    const hidden = await place.buyHidden()
    await place.run(99)
    expect([await known(seen[0]!), await known(seen[1]!), await known(hidden)]).toEqual([true, true, false])
    expect(await count(place)).toBeGreaterThan(0)
    expect(await known(hidden)).toBe(true)
    expect(await shown(place, 'Shop')).toMatchObject({ counted: 3, missing: 1 })
    expect(await openFindings(own.db, 'orders_missed')).toEqual([{ account: 'Shop', count: 1, orders: hidden }])
    const [lines] = await own.db.rows<{ n: number }>('select count(*)::int as n from order_lines')
    expect(lines!.n).toBe(3)
    await place.run(26)
    await count(place)
    expect(await openFindings(own.db, 'orders_missed')).toEqual([])
    expect(await shown(place, 'Shop')).toMatchObject({ missing: 0 })
  },
  300_000,
)
