/** Probes over the history that real operations leave in the journal, against the simulated marketplace. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { type Market, minute, openMarket, sku } from '../../test/support/market.ts'
import { findAccount } from '../database/accounts.ts'
import { type Probed, probeAccount } from './probe-account.ts'
import { pushStock } from './push-stock.ts'
import { readStock } from './read-stock.ts'

const own = useDatabase()
let market: Market
beforeEach(async () => {
  market = await openMarket(own.db, { onHand: 50 })
})
afterEach(async () => await market.close())

async function readAll(): Promise<void> {
  const work = await market.work()
  while ((await readStock(market.ctx, work)).read > 0);
}

async function probed(read = false): Promise<Probed> {
  const { ctx } = market
  await ctx.journal.flush()
  const account = (await findAccount(own.db, 'Amazon'))!
  const options = { holder: 'test', isDead: () => true, leaseMs: 60_000, limitMs: 10_000 }
  return await probeAccount(ctx, account, { days: 14, read: read ? options : undefined })
}

const writesThere = async () =>
  ((await market.control('/state')).body as { channels: { amazon: { effects: unknown[] } } }).channels.amazon.effects
    .length

/** Readings with more than the half hour between them that Amazon's answers may be old. */
async function anHourWithSales(): Promise<void> {
  await readAll()
  await market.pass(5 * minute)
  await market.buy({ quantity: 2 })
  await market.pass(5 * minute)
  await market.pull()
  await market.pass(60 * minute)
  await readAll()
}

test('a sale between two readings proves that the channel lowers itself, and no write leaves for it', async () => {
  await anHourWithSales()
  const before = await writesThere()
  const { lowersItself, marketplaces, staysDown, ordersShow, slots, sales } = await probed()
  expect({ slots, sales }).toEqual({ slots: 2, sales: 1 })
  expect(lowersItself).toEqual({ holds: 1, against: [] })
  expect(marketplaces).toEqual([{ marketplace: 'ATVPDKIKX0DER', holds: 1 }])
  expect(staysDown.holds).toBeGreaterThan(0)
  expect(staysDown.against).toEqual([])
  expect(ordersShow).toMatchObject({ later: 0, within: { count: 1, mostMs: 5 * minute } })
  expect(await writesThere()).toBe(before)
})

test('what somebody else wrote is named', async () => {
  await readAll()
  await market.pass(40 * minute)
  await market.control('/quantities', { channel: 'amazon', sku, quantity: 77 })
  await market.pass(40 * minute)
  await readAll()
  const { staysDown } = await probed()
  expect(staysDown.against).toMatchObject([{ sku, before: 50, after: 77 }])
})

test('where the orders of a marketplace lower nothing, that is said', async () => {
  await readAll()
  await market.pass(5 * minute)
  await market.buy()
  // The channel puts back what it sold.
  await market.control('/quantities', { channel: 'amazon', sku, quantity: 50 })
  await market.pass(5 * minute)
  await market.pull()
  await market.pass(60 * minute)
  await readAll()
  const { lowersItself } = await probed()
  expect(lowersItself.holds).toBe(0)
  expect(lowersItself.against).toMatchObject([{ sku, before: 50, after: 50 }])
})

test('reading first asks for what sold since it was read, and writes nothing', async () => {
  await readAll()
  await market.pass(5 * minute)
  await market.buy()
  await market.pass(5 * minute)
  await market.pull()
  await market.pass(25 * minute)
  const before = await writesThere()
  const found = await probed(true)
  expect(found.readNow).toBe(1)
  expect(found.readings).toBeGreaterThan(
    (await own.db.one<{ count: number }>('select count(*) as count from stock_slots'))!.count,
  )
  expect(await writesThere()).toBe(before)
})

test('a write is timed by the first reading that can only come from it', async () => {
  await readAll()
  await market.pass(60 * minute)
  await market.pull()
  await own.db.run(`update pool_levels set mode = 'shared'`)
  await own.db.run('update stock_slots set wish = 7, reason = null, waits = false where remote_sku = $1', [sku])
  expect((await pushStock(market.ctx, await market.work())).sent).toBe(1)
  await market.pass(45 * minute)
  await readAll()
  const { writesLand } = await probed()
  expect(writesLand).toMatchObject({ holds: 1, against: [] })
  expect(writesLand.within!.mostMs).toBeLessThanOrEqual(46 * minute)
})
