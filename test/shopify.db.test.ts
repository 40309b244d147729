/** Guarded mode over Amazon and a store at Shopify: one shelf, buyers on both, lost answers, a restart in the middle. */
import { expect, test } from 'vitest'
import { useDatabase } from './support/database.ts'
import { printCount, shopifyTurns } from './support/iterations.ts'
import { base, type House, minute, openHouse } from './support/shelf.ts'
import { seeded } from './support/world.ts'

const own = useDatabase()

/** What both sold of each SKU is never more than there was. */
async function checkSold(one: House, stock: Record<string, number>): Promise<number> {
  const { amazon, shopify } = await one.places()
  let all = 0
  for (const [sku, quantity] of Object.entries(stock)) {
    const sold = (amazon.sold[sku] ?? 0) + (shopify.sold[sku] ?? 0)
    expect(sold, `${sku} is oversold`).toBeLessThanOrEqual(quantity)
    all += sold
  }
  const short = await own.db.one<{ units: number }>('select coalesce(sum(short), 0)::int as units from pool_levels')
  expect(short!.units).toBe(0)
  return all
}

test('one shelf on Amazon and at Shopify: the store shows what nobody else claims, and its sale needs no write of ours', async () => {
  const stock = { MUG: 20, LAMP: 1 }
  const house = await openHouse(own.db, stock)
  await house.turn(true)
  for (let count = 0; count < 12; count += 1) {
    await house.pass(8 * minute)
    await house.turn()
  }
  const before = await house.places()
  expect(before.shopify.shown.MUG! + before.amazon.shown.MUG!).toBe(20)
  expect(before.shopify.shown.LAMP! + before.amazon.shown.LAMP!).toBe(1)
  const sent = before.shopify.effects.length
  expect((await house.control('/orders', { channel: 'shopify', sku: 'MUG', quantity: 2 })).status).toBe(201)
  for (let count = 0; count < 5; count += 1) {
    await house.pass(3 * minute)
    await house.turn()
  }
  const after = await house.places()
  expect(after.shopify.shown.MUG! + after.amazon.shown.MUG!).toBeLessThanOrEqual(18)
  expect(after.shopify.effects.slice(sent).filter(({ sku }) => sku === 'LAMP')).toEqual([])
  const order = await own.db.one<{ state: string; reserved: number }>(
    `select o.state, (select sum(quantity)::int from reservation_lines) as reserved from orders o`,
  )
  expect(order).toMatchObject({ state: 'open', reserved: 2 })
  await checkSold(house, stock)
})

test.each([1, 2])(
  'seed %i: buyers on both, answers lost, restarts: nothing is oversold and all of it can be sold',
  async (seed) => {
    printCount('turns of Amazon and Shopify on one shelf', shopifyTurns)
    const stock = { MUG: 30, LAMP: 3, 'A/B "1"': 8 }
    const house = await openHouse(own.db, stock, seed)
    const random = seeded(seed)
    const skus = Object.keys(stock)
    await house.turn(true)
    for (const [channel, operation, kind] of [
      ['shopify', 'inventorySetQuantities', 'timeout-after-apply'],
      ['shopify', 'inventorySetQuantities', 'drop'],
      ['shopify', 'orders', 'expire-access'],
      ['shopify', 'nodes', 'malformed'],
      ['amazon', 'patchListingsItem', 'timeout-after-apply'],
      ['amazon', 'patchListingsItem', 'drop'],
    ])
      await house.control('/faults', { channel, operation, kind, rate: 0.08 })
    for (let round = 0; round < shopifyTurns; round += 1) {
      const sku = skus[Math.floor(random() * skus.length)]!
      const channel = random() < 0.5 ? 'shopify' : 'amazon'
      if (random() < 0.35) await house.control('/orders', { channel, sku, quantity: random() < 0.8 ? 1 : 2 })
      if (random() < 0.04) {
        const open = (await house.places()).shopify.orders.filter(({ status }) => status === 'OPEN')
        const one = open[Math.floor(random() * open.length)]
        if (one) await house.control(`/orders/${one.id}/cancel`, { restock: random() < 0.5 })
      }
      if (random() < 0.03) house.restart()
      await house.pass(Math.floor(random() * 3 * minute))
      await house.turn(round % 15 === 14)
      await checkSold(house, stock)
    }
    await house.sim.handle(new Request(`${base}/control/faults`, { method: 'DELETE' }))
    for (let turns = 0; turns < 24; turns += 1) {
      await house.pass(10 * minute)
      await house.turn(turns % 12 === 0)
    }
    const sold = await checkSold(house, stock)
    const { amazon, shopify } = await house.places()
    expect(sold).toBeGreaterThan(0)
    // A store that has enough for its buyers is not raised by every unit that becomes free.
    for (const [sku, quantity] of Object.entries(stock)) {
      const left = quantity - (amazon.sold[sku] ?? 0) - (shopify.sold[sku] ?? 0)
      const shown = amazon.shown[sku]! + shopify.shown[sku]!
      expect(shown, `${sku}: ${left} are left`).toBeLessThanOrEqual(left)
      expect(shown, `${sku}: ${left} are left`).toBeGreaterThanOrEqual(Math.floor(left * 0.6))
    }
    expect(shopify.calls.inventorySetQuantities!.throttled).toBe(0)
  },
)
