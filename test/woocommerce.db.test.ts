/** Guarded mode over Amazon and a store with WooCommerce: one shelf, buyers on both, lost answers, a restart in the middle. */
import { expect, test } from 'vitest'
import { findAccount } from '../src/database/accounts.ts'
import { followCopies } from '../src/operations/follow-copies.ts'
import { sendErrands } from '../src/operations/send-errands.ts'
import { setWriteThrough } from '../src/operations/set-write-through.ts'
import { planCopies } from '../src/operations/write-through.ts'
import { useDatabase } from './support/database.ts'
import { isLong, printCount, shopifyTurns } from './support/iterations.ts'
import { minute, openWooHouse, type WooHouse } from './support/woocommerce.ts'
import { seeded } from './support/world.ts'

const own = useDatabase()

/** What both sold of each SKU is never more than there was. */
async function checkSold(one: WooHouse, stock: Record<string, number>): Promise<number> {
  const { amazon, woocommerce } = await one.places()
  let all = 0
  for (const [sku, quantity] of Object.entries(stock)) {
    const sold = (amazon.sold[sku] ?? 0) + (woocommerce.sold[sku] ?? 0)
    expect(sold, `${sku} is oversold`).toBeLessThanOrEqual(quantity)
    all += sold
  }
  const short = await own.db.one<{ units: number }>('select coalesce(sum(short), 0)::int as units from pool_levels')
  expect(short!.units).toBe(0)
  return all
}

async function run(house: WooHouse, turns: number, ms = 4 * minute) {
  for (let count = 0; count < turns; count += 1) {
    await house.pass(ms)
    await house.turn()
  }
}

test('one shelf on Amazon and in the store: orders come in once, and a sale is never written back', async () => {
  const stock = { MUG: 20, LAMP: 1 }
  const house = await openWooHouse(own.db, stock, { woo: { pendingShare: 0, onHoldShare: 0 } })
  await house.turn(true)
  await run(house, 12)
  const before = await house.places()
  expect(before.woocommerce.shown.MUG! + before.amazon.shown.MUG!).toBeLessThanOrEqual(20)
  expect(before.woocommerce.shown.MUG!).toBeGreaterThan(0)
  expect(before.woocommerce.shown.LAMP! + before.amazon.shown.LAMP!).toBe(1)
  const bought = await house.control('/orders', { channel: 'woocommerce', sku: 'MUG', quantity: 2 })
  expect(bought.status).toBe(201)
  await run(house, 5)
  const after = await house.places()
  expect(after.woocommerce.shown.MUG! + after.amazon.shown.MUG!).toBeLessThanOrEqual(18)
  const orders = await own.db.rows<{ state: string; reserved: number }>(
    `select o.state, (select sum(quantity)::int from reservation_lines) as reserved from orders o`,
  )
  expect(orders).toEqual([{ state: 'open', reserved: 2 }])
  await checkSold(house, stock)
})

test.each(isLong ? [1, 2] : [1])(
  'seed %i: buyers on both, unpaid checkouts, answers lost, restarts: nothing is oversold, and what is left is for sale',
  async (seed) => {
    printCount('turns of Amazon and WooCommerce on one shelf', shopifyTurns)
    const stock = { MUG: 30, LAMP: 3, 'A/B "1"': 8 }
    const house = await openWooHouse(own.db, stock, { seed, woo: { pendingShare: 0.3 } })
    const random = seeded(seed)
    const skus = Object.keys(stock)
    await house.turn(true)
    for (const [channel, operation, kind] of [
      ['woocommerce', 'batchProducts', 'timeout-after-apply'],
      ['woocommerce', 'batchProducts', 'drop'],
      ['woocommerce', 'listOrders', 'malformed'],
      ['woocommerce', 'listProducts', 'drop'],
      ['amazon', 'patchListingsItem', 'timeout-after-apply'],
      ['amazon', 'patchListingsItem', 'drop'],
    ])
      await house.control('/faults', { channel, operation, kind, rate: 0.08 })
    for (let round = 0; round < shopifyTurns; round += 1) {
      const sku = skus[Math.floor(random() * skus.length)]!
      const channel = random() < 0.5 ? 'woocommerce' : 'amazon'
      if (random() < 0.35) await house.control('/orders', { channel, sku, quantity: random() < 0.8 ? 1 : 2 })
      if (random() < 0.04) {
        const open = (await house.places()).woocommerce.orders.filter(({ status }) => status === 'processing')
        const one = open[Math.floor(random() * open.length)]
        if (one) await house.control(`/orders/${one.id}/cancel`, {})
      }
      if (random() < 0.03) house.restart()
      await house.pass(Math.floor(random() * 3 * minute))
      await house.turn(round % 15 === 14)
      await checkSold(house, stock)
    }
    await house.sim.handle(new Request('https://marketplaces.test/control/faults', { method: 'DELETE' }))
    await run(house, 24, 10 * minute)
    const sold = await checkSold(house, stock)
    expect(sold).toBeGreaterThan(0)
    const { amazon, woocommerce } = await house.places()
    for (const [sku, quantity] of Object.entries(stock)) {
      const left = quantity - (amazon.sold[sku] ?? 0) - (woocommerce.sold[sku] ?? 0)
      const shown = amazon.shown[sku]! + woocommerce.shown[sku]!
      expect(shown, `${sku}: ${left} are left`).toBeLessThanOrEqual(left)
      // Two absolute slots keep some back to move between them; enough for the buyers there are.
      expect(shown, `${sku}: ${left} are left`).toBeGreaterThanOrEqual(Math.min(left, Math.floor(left * 0.4) + 1))
    }
  },
)

/** The store does not lower its number before the buyer has paid, and would let them pay after we wrote 0. */
test('an unpaid checkout takes its units at once: nobody else gets them', async () => {
  const house = await openWooHouse(own.db, { LAMP: 1 }, { woo: { pendingShare: 1, onHoldShare: 0 } })
  await house.turn(true)
  await run(house, 12)
  await (async function untilThere() {
    // The one unit may stand on Amazon first.
    for (let count = 0; (await house.places()).woocommerce.shown.LAMP !== 1; count += 1) {
      expect(count).toBeLessThan(30)
      await run(house, 1, 10 * minute)
    }
  })()
  const { body } = await house.control('/orders', { channel: 'woocommerce', sku: 'LAMP', quantity: 1 })
  await house.pass(10_000)
  await house.turn()
  const { woocommerce } = await house.places()
  expect(woocommerce.orders).toMatchObject([{ id: (body as { orderId: string }).orderId, status: 'pending' }])
  expect(await own.db.rows('select state from orders')).toEqual([{ state: 'pending' }])
  expect(await own.db.one('select on_hand, reserved, short from pool_levels')).toEqual({
    on_hand: 1,
    reserved: 1,
    short: 0,
  })
  await run(house, 6, 2 * minute)
  await checkSold(house, { LAMP: 1 })
})

/** A card is declined, and the buyer pays the same order with another one. */
test('a failed payment gives the units back, and a second try takes them again', async () => {
  const house = await openWooHouse(own.db, { MUG: 4 }, { woo: { pendingShare: 0, onHoldShare: 0 } })
  await house.turn(true)
  await run(house, 12)
  const { body } = await house.control('/orders', { channel: 'woocommerce', sku: 'MUG', quantity: 1 })
  const { orderId } = body as { orderId: string }
  const seen = []
  for (const status of ['failed', 'processing', 'cancelled']) {
    await house.control(`/woocommerce/orders/${orderId}`, { status })
    await run(house, 2)
    const order = await own.db.one<{ state: string }>('select state from orders')
    const pool = await own.db.one<{ reserved: number; short: number }>('select reserved, short from pool_levels')
    seen.push([order!.state, pool!.reserved, pool!.short])
  }
  expect(seen).toEqual([
    ['canceled', 0, 0],
    ['open', 1, 0],
    ['canceled', 0, 0],
  ])
})

test('the last unit on two channels: one of two buyers gets it', async () => {
  const house = await openWooHouse(own.db, { LAMP: 1 }, { woo: { pendingShare: 0, onHoldShare: 0 } })
  await house.turn(true)
  await run(house, 12)
  const bought = []
  for (const channel of ['woocommerce', 'amazon', 'woocommerce', 'amazon']) {
    bought.push((await house.control('/orders', { channel, sku: 'LAMP', quantity: 1 })).status)
    await run(house, 4, 10 * minute)
  }
  expect(bought.filter((status) => status === 201)).toHaveLength(1)
  await checkSold(house, { LAMP: 1 })
})

test('an order of Amazon is copied once, takes nothing there, ships in the store, and Amazon is told once', async () => {
  const house = await openWooHouse(own.db, { MUG: 20 })
  const { ctx } = house
  const turns = async (count: number) => {
    for (let turn = 0; turn < count; turn += 1) {
      await house.pass(8 * minute)
      await house.turn()
      for (const channel of ['woocommerce', 'amazon'] as const) {
        const work = await house.work(channel)
        await planCopies(ctx, work)
        await followCopies(ctx, work)
        await sendErrands(ctx, work)
      }
    }
  }
  await house.turn(true)
  await turns(12)
  const amazonRow = (await findAccount(own.db, 'Amazon'))!
  await own.db.transaction((tx) => setWriteThrough(tx, ctx, amazonRow, { store: 'Shop', isOn: true }, 'Ann'))
  await house.control('/faults', {
    channel: 'woocommerce',
    operation: 'createOrder',
    kind: 'timeout-after-apply',
    count: 1,
  })
  const { body } = await house.control('/orders', { channel: 'amazon', sku: 'MUG', quantity: 2 })
  const { orderId } = body as { orderId: string }
  await turns(10)
  const { woocommerce } = await house.places()
  expect(woocommerce.orders).toHaveLength(1)
  expect(woocommerce.calls.createOrder!.count).toBe(1)
  const levels = async () => await own.db.one('select on_hand, reserved, short from pool_levels')
  expect(await levels()).toEqual({ on_hand: 20, reserved: 2, short: 0 })
  const store = await house.work('woocommerce')
  const [told] = await own.db.rows<{ lines: { remoteId: string }[] }>('select lines from order_copies')
  const answer = await store.connector.shipments!.confirm(store.account, {
    reference: '1',
    orderRemoteId: woocommerce.orders[0]!.id,
    lines: [{ remoteId: told!.lines[0]!.remoteId, quantity: 2 }],
    shippedAt: ctx.clock.now(),
    carrier: 'UPS',
    trackingNumber: '1Z999',
    trackingUrl: null,
  })
  expect(answer.kind).toBe('applied')
  await house.control('/faults', {
    channel: 'amazon',
    operation: 'confirmShipment',
    kind: 'timeout-after-apply',
    count: 1,
  })
  await turns(12)
  expect(await levels()).toEqual({ on_hand: 18, reserved: 0, short: 0 })
  expect(await own.db.rows('select remote_id, state from orders')).toEqual([{ remote_id: orderId, state: 'shipped' }])
  const { amazon, woocommerce: after } = await house.places()
  expect(after.shown.MUG! + amazon.shown.MUG!).toBeLessThanOrEqual(18)
  // The buyer is Amazon's: the store writes nothing to them.
  expect(after.orders[0]!.notes.filter(({ toBuyer }) => toBuyer)).toEqual([])
}, 300_000)
