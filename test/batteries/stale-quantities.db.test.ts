/** R33: half of what a compare-and-set expects is not there any more. */
import { expect, test } from 'vitest'
import { moveStock } from '../../src/operations/move-stock.ts'
import { useDatabase } from '../support/database.ts'
import { patienceMs, printCount, staleSkus } from '../support/iterations.ts'
import { minute, openHouse } from '../support/shelf.ts'

const own = useDatabase()

interface Slot {
  id: string
  remote_sku: string
  confirmed_value: number
  wish: number
}
const slots = async () =>
  await own.db.rows<Slot>(
    `select s.id, s.remote_sku, s.confirmed_value, s.wish from stock_slots s join accounts a on a.id = s.account_id
     where a.channel = 'shopify' order by s.remote_sku`,
  )

const sentBySlot = async () =>
  new Map(
    (
      await own.db.rows<{ subject: string; count: number }>(
        `select subject, count(*)::int as count from effects where kind = 'stock.push' group by 1`,
      )
    ).map(({ subject, count }) => [subject, count]),
  )

test.each([
  'buyers were there before: half of the numbers are lower than expected when the write arrives',
  'somebody writes right before: half of the numbers move while the call is under way',
])('R33 %s; all converge in three rounds', { timeout: patienceMs }, async (how) => {
  printCount('R33: SKUs of a store', staleSkus)
  const stock = Object.fromEntries(Array.from({ length: staleSkus }, (_, index) => [`SKU-${index}`, 5]))
  const house = await openHouse(own.db, stock)
  await house.turn(true)
  for (let count = 0; count < 8; count += 1) {
    await house.pass(5 * minute)
    await house.turn(count < 3)
  }
  const before = await house.places()
  const sent = before.shopify.effects.length
  const skus = Object.keys(stock).filter((sku) => before.shopify.shown[sku]! > 0)
  expect(skus.length).toBeGreaterThan(staleSkus * 0.9)
  const half = skus.filter((_, index) => index % 2 === 0)
  if (how.startsWith('buyers'))
    for (const sku of half) await house.control('/orders', { channel: 'shopify', sku, quantity: 1 })
  else
    for (const sku of half) {
      // Each once: one that is moved with every try converges when that ends.
      const fault = { channel: 'shopify', operation: 'inventorySetQuantities', kind: 'moved-between' }
      expect((await house.control('/faults', { ...fault, orderId: sku, count: 1 })).status).toBeLessThan(300)
    }
  // The shelf gets emptier, so every number must fall.
  await own.db.transaction(async (tx) => {
    for (const sku of skus)
      await moveStock(tx, house.ctx, { sku, location: 'MAIN', kind: 'unsellable', quantity: 4 }, 'test')
  })
  const work = await house.work('shopify')
  const rounds = new Map<string, number>()
  const known = await sentBySlot()
  // Many numbers take as long as the store's points last.
  const isDone = async () => (await slots()).every((slot) => slot.confirmed_value !== null && slot.confirmed_value <= 1)
  for (let turn = 0; turn < 6 || (turn < 60 && !(await isDone())); turn += 1) {
    await house.turn()
    await house.pass(2 * minute)
  }
  const all = await slots()
  for (const [subject, count] of await sentBySlot()) rounds.set(subject, count - (known.get(subject) ?? 0))
  const after = await house.places()
  for (const slot of all) {
    expect(rounds.get(`slot:${slot.id}`) ?? 0, `rounds of ${slot.remote_sku}`).toBeLessThanOrEqual(3)
    expect(after.shopify.shown[slot.remote_sku], slot.remote_sku).toBe(slot.confirmed_value)
    expect(slot.confirmed_value).toBeLessThanOrEqual(1)
  }
  expect(work.connector.channel).toBe('shopify')
  const stale = after.shopify.effects.slice(sent).filter(({ refused }) => refused === 'CHANGE_FROM_QUANTITY_STALE')
  expect(stale.length).toBeGreaterThan(0)
  expect(Math.max(...rounds.values())).toBeGreaterThan(1)
  const most = Math.max(...rounds.values())
  process.stdout.write(
    `R33: ${all.length} SKUs, rounds at most ${most}, set calls ${after.shopify.calls.inventorySetQuantities!.count}\n`,
  )
})
