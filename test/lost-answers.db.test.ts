/** What stands at the own store and what it may sell drift apart: the number is set right, and nothing is sold twice. */
import { afterEach, expect, test } from 'vitest'
import { listSlots } from '../src/database/views/stock.ts'
import { expireReservations } from '../src/operations/end-reservation.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { stateOf } from './simulation/checks.ts'
import { amazonName, type Installation, install, storeName } from './simulation/installation.ts'
import { useDatabase } from './support/database.ts'
import { openFindings } from './support/market.ts'
import { minute, openHouse } from './support/shelf.ts'

const own = useDatabase()
let it: Installation | undefined
afterEach(async () => await it?.close())

const sku = 'PLAIN'

async function settle(one: Installation, minutes: number): Promise<void> {
  for (let round = 0; round < minutes; round += 1) {
    one.advance(minute)
    await one.sim.tick()
    await expireReservations(one.ctx)
    while ((await pullOrders(one.ctx, await one.work(amazonName))).more);
    for (const name of [storeName, amazonName]) {
      while ((await pushStock(one.ctx, await one.work(name))).sent > 0);
      await readStock(one.ctx, await one.work(name))
    }
  }
}

const storeSlot = async (one: Installation) =>
  (await listSlots(own.db, { limit: 50, sku }, one.ctx.clock.now())).items.find(
    ({ channel }) => channel === 'storefront',
  )!
const storeWrites = async () =>
  await own.db.rows<{ expected: number; quantity: number; outcome: string; intended_at: Date }>(
    `select (intent->>'expected')::int as expected, (intent->>'quantity')::int as quantity, outcome, intended_at
     from effects e join accounts a on a.id = e.account_id where a.channel = 'storefront' and intent->>'sku' = $1
     order by intended_at, e.id`,
    [sku],
  )

test('a checkout whose answer got lost: the store shows what it may sell again, by one write and no sooner than it must', async () => {
  it = await install(own.db, 4)
  while ((await pullListings(it.ctx, await it.work(amazonName))).more);
  await settle(it, 60)
  const before = await storeSlot(it)
  expect(before).toMatchObject({ state: 'clean' })
  const writes = (await storeWrites()).length
  // The hub hears it each time, and the buyer is turned away in the end.
  await it.control('/faults', { channel: 'storefront', operation: 'reserve', kind: 'timeout-after-apply', count: 5 })
  expect((await it.control('/orders', { channel: 'storefront', sku, quantity: 1 })).status).toBe(503)
  await it.control('/faults', undefined, 'DELETE')
  expect((await storeSlot(it)).claim).toBe(before.claim! - 1)
  expect((await stateOf(it)).channels.storefront.shown[sku]).toBe(before.confirmed)
  await settle(it, 1)
  expect(await storeWrites()).toHaveLength(writes)
  await settle(it, 120)
  const after = await storeSlot(it)
  expect(after).toMatchObject({ state: 'clean', claim: after.confirmed })
  expect((await stateOf(it)).channels.storefront.shown[sku]).toBe(after.wish)
  expect((await storeWrites()).length - writes).toBeLessThanOrEqual(2)
})

test('somebody raises the number of a store that sells without asking: its claim follows, he is named, and nothing is sold twice', async () => {
  const house = await openHouse(own.db, { MUG: 10 })
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) {
      await house.pass(3 * minute)
      await house.turn()
    }
  }
  await house.turn(true)
  await turns(30)
  await house.control('/quantities', { channel: 'shopify', sku: 'MUG', quantity: 40 })
  expect((await house.places()).shopify.shown.MUG).toBe(40)
  await turns(30)
  const { amazon, shopify } = await house.places()
  expect(amazon.shown.MUG! + shopify.shown.MUG!).toBeLessThanOrEqual(10)
  expect(await openFindings(own.db, 'another_writer')).toHaveLength(1)
  const slots = await own.db.rows<{ claim: number; confirmed_value: number }>(
    'select claim, confirmed_value from stock_slots',
  )
  for (const slot of slots) expect(slot.claim).toBeGreaterThanOrEqual(slot.confirmed_value)
})
