/** O8: orders that the usual list hides for days are found by the daily count, pulled at once, and told. */
import { afterEach, expect, test } from 'vitest'
import { findAccount } from '../../src/database/accounts.ts'
import { describeAccounts } from '../../src/database/views/system.ts'
import { recountOrders } from '../../src/operations/recount-orders.ts'
import { amazonName } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { hour, type Market, openFindings, openMarket } from '../support/market.ts'

const own = useDatabase()
let market: Market | undefined
afterEach(async () => await market?.close())

/** Every page that is due, as the account's loop asks for them. */
async function count(one: Market): Promise<number> {
  for (let pages = 0; ; pages += 1) {
    const cursor = await own.db.one<{ next_at: Date }>(`select next_at from cursors where stream = 'recount'`)
    if (cursor && cursor.next_at > one.ctx.clock.now()) return pages
    await recountOrders(one.ctx, await one.work())
  }
}

const shown = async (one: Market) => {
  const row = (await findAccount(own.db, amazonName))!
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
