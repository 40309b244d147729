/** R17, R18: orders that the list leaves out, for minutes or for days, while getOrder shows them. */
import { afterEach, expect, test, vi } from 'vitest'
import { client } from '../../src/channels/amazon/client.ts'
import { useDatabase } from '../support/database.ts'
import { lateOrders, patienceMs, printCount } from '../support/iterations.ts'
import { checkMarket, hour, type Market, minute, openMarket } from '../support/market.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market
afterEach(async () => await market?.close())

const isKnown = async (id: string) =>
  (await own.db.one('select 1 from orders where remote_id = $1', [id])) !== undefined

/** Buys once and hides the order from the list for so long after it would have shown. */
async function buyLate(lateMs: number): Promise<string> {
  const id = await market.buy({ quantity: 2 })
  await market.fault({ operation: 'searchOrders', kind: 'omit', orderId: id, delayMs: lateMs, count: 1 })
  return id
}

/** How long after it became visible the order was here, pulled every ten minutes. */
async function waitFor(id: string, visibleAt: number, mostMs: number): Promise<number> {
  for (;;) {
    const late = market.ctx.clock.now().getTime() - visibleAt
    if (await isKnown(id)) return late
    expect(late, `${id} is still unknown`).toBeLessThan(mostMs)
    await market.run(10 * minute)
  }
}

test('R17 the list leaves out an order that getOrder returns: a sweep takes it as soon as the list has it', async () => {
  market = await openMarket(own.db)
  await market.run(hour)
  const id = await buyLate(3 * hour)
  await market.run(20 * minute)
  const { account } = await market.work()
  const { order } = await client.getOrder(account, id, 'FULFILLMENT')
  expect(order).toMatchObject({ orderId: id })
  expect(await isKnown(id)).toBe(false)
  // The units are gone on the marketplace, and nothing here pretends to know of the sale.
  await market.run(2 * hour, 30 * minute)
  expect(await isKnown(id)).toBe(false)
  await market.run(7 * hour, 30 * minute)
  await checkMarket(market)
})

test('R17 the first list after a silence leaves out an order of long before: the next one looks as far back', async () => {
  market = await openMarket(own.db)
  await market.run(hour)
  const id = await market.buy()
  await market.pass(50 * minute)
  await market.fault({ operation: 'searchOrders', kind: 'omit', orderId: id, delayMs: 2 * minute })
  await market.pull()
  expect(await isKnown(id)).toBe(false)
  await market.calm()
  await market.pass(3 * minute)
  await market.pullPage()
  expect(await isKnown(id)).toBe(true)
  await market.run(30 * minute)
  await checkMarket(market)
})

test.each([
  { late: 5 * minute, within: 10 * minute },
  { late: 90 * minute, within: 40 * minute },
  { late: 12 * hour, within: 6 * hour + 20 * minute },
  { late: 24 * hour, within: 6 * hour + 20 * minute },
  { late: 41 * hour, within: 6 * hour + 20 * minute },
])('R18 visible $late ms late, with its old timestamp: here within $within ms', async ({ late, within }) => {
  market = await openMarket(own.db)
  await market.run(hour)
  const id = await buyLate(late)
  await market.pass(4 * minute)
  await market.pull()
  const visibleAt = market.ctx.clock.now().getTime() + late
  await market.run(late - (late % (10 * minute)), late > 2 * hour ? hour : 10 * minute)
  const took = await waitFor(id, visibleAt, within)
  process.stdout.write(`R18 late by ${late / minute} min: here ${Math.round(took / minute)} min after it showed\n`)
  await checkMarket(market)
})

test('R18 many orders, each late by its own while, canceled and shipped meanwhile', async () => {
  printCount('R18 late orders', lateOrders)
  market = await openMarket(own.db)
  const random = seeded(18)
  await market.run(hour)
  const waiting: string[] = []
  for (let n = 0; n < lateOrders; n += 1) {
    waiting.push(await buyLate(Math.floor(random() ** 2 * 40 * hour)))
    await market.run(30 * minute, 15 * minute)
    if (random() < 0.4) {
      const id = waiting.splice(Math.floor(random() * waiting.length), 1)[0]!
      await market.change(id, random() < 0.5 ? 'cancel' : 'ship')
    }
  }
  await market.run(47 * hour, hour)
  expect((await checkMarket(market)).orders).toBe(lateOrders)
})
