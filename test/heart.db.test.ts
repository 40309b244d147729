/** Orders in, stock out: the main job over both channels, against the simulated marketplaces. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { acquireLease, LeaseLost } from '../src/database/leases.ts'
import type { Database, Sql } from '../src/database/pool.ts'
import { listOrders } from '../src/database/views/orders.ts'
import { levelOf, listSlots } from '../src/database/views/stock.ts'
import { linkListing } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { stateOf } from './simulation/checks.ts'
import { amazonName, type Installation, install, leaseMs, storeName } from './simulation/installation.ts'
import { useDatabase } from './support/database.ts'

const own = useDatabase()
let it: Installation
beforeEach(async () => void (it = await install(own.db, 4, { mode: 'shared' })))
afterEach(async () => await it.close())

const minute = 60_000
const sku = 'PLAIN'

async function pass(ms: number): Promise<void> {
  it.advance(ms)
  await it.sim.tick()
}
async function pullAll(): Promise<void> {
  while ((await pullOrders(it.ctx, await it.work(amazonName))).more);
}
async function pump(name: string): Promise<number> {
  let sent = 0
  for (;;) {
    const result = await pushStock(it.ctx, await it.work(name))
    if (result.sent === 0) return sent
    sent += result.sent
  }
}
/** Everything that the loops would do until both sides are at rest. */
async function settle(): Promise<void> {
  for (let round = 0; round < 12; round += 1) {
    await pullAll()
    for (const name of [storeName, amazonName]) {
      await pump(name)
      await readStock(it.ctx, await it.work(name))
    }
    await pass(minute)
  }
}
async function begin(quantity = 20): Promise<void> {
  const have = (await levelOf(it.ctx.db, sku))!.onHand
  await it.ctx.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity: quantity - have }, 'test'),
  )
  while ((await pullListings(it.ctx, await it.work(amazonName))).more);
  await settle()
}
const slotOf = async (channel: string) =>
  (await listSlots(it.ctx.db, { limit: 50, sku }, it.ctx.clock.now())).items.find((slot) => slot.channel === channel)!
const effectsOf = async (channel: string) =>
  await it.ctx.db.rows<{ intent: { quantity: number }; outcome: string }>(
    `select e.intent, e.outcome from effects e join stock_slots s on e.subject = 'slot:' || s.id join accounts a on a.id = s.account_id where a.channel = $1 and s.remote_sku = $2 order by intended_at, e.id`,
    [channel, sku],
  )
const orders = async () => (await listOrders(it.ctx.db, { limit: 200, view: 'all' }, it.ctx.clock.now())).items

test('a purchase on Amazon lowers what the own store shows, and nothing is written to Amazon for it', async () => {
  await begin()
  const before = (await effectsOf('amazon')).length
  const { shown } = (await stateOf(it)).channels.amazon
  expect((await it.control('/orders', { channel: 'amazon', sku, quantity: 2 })).status).toBe(201)
  await pass(9 * minute)
  await pullAll()
  await pump(storeName)
  expect((await stateOf(it)).channels.storefront.shown[sku]).toBe(shown[sku]! - 2)
  await settle()
  expect((await effectsOf('amazon')).length).toBe(before)
  expect(await slotOf('amazon')).toMatchObject({ state: 'clean', confirmed: shown[sku]! - 2 })
})

test('a checkout in the store lowers what Amazon shows, by merge, and leaves the handling time alone', async () => {
  await begin()
  const shown = (await stateOf(it)).channels.amazon.shown[sku]!
  expect((await it.control('/orders', { channel: 'storefront', sku, quantity: 3 })).status).toBe(201)
  expect(await pump(amazonName)).toBe(1)
  await settle()
  expect((await stateOf(it)).channels.amazon.shown[sku]).toBe(shown - 3)
  const [order] = (await orders()).filter((one) => one.channel === 'storefront')
  expect(order).toMatchObject({ state: 'open', lines: [{ sku, reserved: 3, short: 0 }] })
  await it.ctx.journal.flush()
  const stored = await it.ctx.db.one<{ request: { patches: { op: string }[] } }>(
    `select request from channel_calls where operation = 'patchListingsItem' limit 1`,
  )
  expect(stored!.request.patches[0]!.op).toBe('merge')
})

test('hundreds of orders of one second, over page edges, with a page token lost on the way: none is lost, none doubled', async () => {
  await begin(400)
  for (let n = 0; n < 250; n += 1)
    expect((await it.control('/orders', { channel: 'amazon', sku, quantity: 1 })).status).toBe(201)
  await pass(9 * minute)
  const work = await it.work(amazonName)
  expect(await pullOrders(it.ctx, work)).toMatchObject({ more: true })
  await it.control('/faults', { channel: 'amazon', operation: 'searchOrders', kind: 'expire-token', count: 1 })
  await pullAll()
  // A change younger than the window's end is told by the next one.
  await pass(6 * minute)
  await pullAll()
  const sold = (await stateOf(it)).channels.amazon.orders.filter((order) => !order.past).map((order) => order.id)
  const known = await it.ctx.db.rows<{ remote_id: string }>('select remote_id from orders')
  expect(sold.filter((id) => !known.some((row) => row.remote_id === id))).toEqual([])
  expect((await levelOf(it.ctx.db, sku))!.reserved).toBeGreaterThanOrEqual(250)
  const movements = await it.ctx.db.one<{ count: number }>('select count(*) as count from stock_movements')
  // The whole window once more changes nothing.
  await it.ctx.db.run(`update cursors set value = null where stream = 'orders'`)
  await pass(20 * minute)
  await pullAll()
  expect(await it.ctx.db.one('select count(*) as count from stock_movements')).toEqual(movements)
})

test('a page of 100 orders is a handful of statements', async () => {
  await begin(400)
  // A full page, behind which others wait: what a window costs at its end is not the page's.
  for (let n = 0; n < 120; n += 1) await it.control('/orders', { channel: 'amazon', sku, quantity: 1 })
  await pass(9 * minute)
  const counted = { statements: 0 }
  const counting = (sql: Sql): Sql => {
    const count = <F extends (...args: never[]) => unknown>(f: F) =>
      ((...args: Parameters<F>) => {
        counted.statements += 1
        return f(...args)
      }) as F
    return { rows: count(sql.rows), one: count(sql.one), run: count(sql.run), send: count(sql.send) }
  }
  const db = it.ctx.db
  const watched: Database = { ...db, transaction: (task) => db.transaction((tx) => task(counting(tx))) }
  expect(await pullOrders({ ...it.ctx, db: watched }, await it.work(amazonName))).toMatchObject({ more: true })
  process.stdout.write(`statements for a page of 100 orders: ${counted.statements}\n`)
  expect(counted.statements).toBeLessThanOrEqual(25)
})

test('a reading below what we expect is never repaired upwards before the sale behind it is known', async () => {
  await begin()
  const shown = (await stateOf(it)).channels.amazon.shown[sku]!
  await it.control('/orders', { channel: 'amazon', sku, quantity: 4 })
  const before = (await effectsOf('amazon')).length
  await it.ctx.db.run('update stock_slots set read_due_at = $1', [it.ctx.clock.now()])
  await readStock(it.ctx, await it.work(amazonName))
  expect(await slotOf('amazon')).toMatchObject({ confirmed: shown - 4, wish: shown, state: 'waiting' })
  expect(await pump(amazonName)).toBe(0)
  const asked = await it.ctx.db.one<{ look_again_at: Date | null }>(
    'select look_again_at from accounts where name = $1',
    [amazonName],
  )
  expect(asked!.look_again_at).not.toBeNull()
  await settle()
  expect((await effectsOf('amazon')).length).toBe(before)
  expect(await slotOf('amazon')).toMatchObject({ state: 'clean', wish: shown - 4 })
})

test('a raise without an answer is not repeated while it may still take effect; a sell-out is', async () => {
  await begin()
  await it.control('/faults', { channel: 'amazon', operation: 'patchListingsItem', kind: 'drop', count: 1 })
  await it.ctx.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 5 }, 'test'),
  )
  expect(await pump(amazonName)).toBe(1)
  await pass(5 * minute)
  expect(await pump(amazonName)).toBe(0)
  await it.control('/faults', { channel: 'amazon', operation: 'patchListingsItem', kind: 'drop', count: 1 })
  const { onHand, reserved } = (await levelOf(it.ctx.db, sku))!
  await it.ctx.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'unsellable', quantity: onHand - reserved }, 'test'),
  )
  expect(await pump(amazonName)).toBe(1)
  await pass(5_000)
  expect(await pump(amazonName)).toBe(1)
  await settle()
  expect((await stateOf(it)).channels.amazon.shown[sku]).toBe(0)
})

test('listings that Amazon fulfills are recorded, reserve nothing and get no write', async () => {
  await begin()
  await it.control('/orders', { channel: 'amazon', sku: 'FBA', quantity: 1, fulfilledBy: 'AMAZON' })
  await pass(9 * minute)
  await settle()
  const order = (await orders()).find((one) => one.lines.some((line) => line.sku === 'FBA'))
  if ((await it.catalog.find((item) => item.sku === 'FBA'))!.amazon!.quantity > 0)
    expect(order).toMatchObject({ fulfilledBy: 'channel', lines: [{ reserved: 0, short: 0 }] })
  expect(await levelOf(it.ctx.db, 'FBA')).toMatchObject({ onHand: 0, reserved: 0, short: 0 })
  expect((await it.ctx.db.rows(`select 1 from effects where intent->>'sku' = 'FBA'`)).length).toBe(0)
})

test('an order with an unknown SKU is kept, found, and takes its stock when the SKU is linked', async () => {
  await begin()
  await it.ctx.db.run(
    `update listings set variant_id = null where remote_sku = $1 and account_id = (select id from accounts where name = $2)`,
    [sku, amazonName],
  )
  await it.control('/orders', { channel: 'amazon', sku, quantity: 2 })
  await pass(9 * minute)
  await pullAll()
  const [waiting] = (await orders()).filter((order) => order.problems.includes('unknown-sku'))
  expect(waiting!.lines).toMatchObject([{ remoteSku: sku, sku: null, reserved: 0 }])
  const before = (await levelOf(it.ctx.db, sku))!.reserved
  await it.ctx.db.transaction((tx) =>
    linkListing(tx, it.ctx, {
      account: amazonName,
      remoteSku: sku,
      sku,
      unitsPerSale: 1,
      marketplace: '',
      fulfilledBy: 'merchant',
    }),
  )
  expect((await levelOf(it.ctx.db, sku))!.reserved).toBe(before + 2)
  expect((await orders()).some((order) => order.problems.includes('unknown-sku'))).toBe(false)
  expect(await it.ctx.db.rows(`select 1 from findings where code = 'unknown_sku' and resolved_at is null`)).toEqual([])
})

test('a holder whose lease went to another stores nothing and sends nothing', async () => {
  await begin()
  const work = await it.work(amazonName)
  it.advance(leaseMs + 1_000)
  const other = await acquireLease(it.ctx.db, it.ctx.leaseClock, work.row.id, 'other', leaseMs)
  expect(other!.epoch).toBe(work.lease().epoch + 1)
  await it.control('/orders', { channel: 'storefront', sku, quantity: 1 })
  const calls = async () =>
    JSON.stringify(
      ((await it.control('/state?limit=1')).body as { channels: { amazon: { calls: unknown } } }).channels.amazon.calls,
    )
  const before = await calls()
  // Allowances are empty after an unclean end and only the holder spends: even full ones must not help.
  await it.ctx.db.run('update budgets set tokens = burst')
  await expect(pushStock(it.ctx, work)).rejects.toThrow(LeaseLost)
  expect(await pullOrders(it.ctx, work)).toMatchObject({ more: false })
  expect(await readStock(it.ctx, work)).toMatchObject({ read: 0 })
  expect(await calls()).toBe(before)
})

test('the store compares before it sets: a number that changed there meanwhile is seen, not overwritten', async () => {
  await begin()
  await it.control('/quantities', { channel: 'storefront', sku, quantity: 1 })
  await it.ctx.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 2 }, 'test'),
  )
  await pump(storeName)
  expect((await effectsOf('storefront')).at(-1)!.outcome).toBe('mismatch')
  await settle()
  expect((await stateOf(it)).channels.storefront.shown[sku]).toBe((await slotOf('storefront')).wish)
})

test('two accounts may use the same order id', async () => {
  await begin()
  const ids = await it.ctx.db.rows<{ id: string }>('select id from accounts order by name')
  for (const { id } of ids) {
    await it.ctx.db.run(
      `insert into orders (id, account_id, remote_id, state, fulfilled_by, placed_at, updated_at, before_opening, has_unknown_sku, imported_at, changed_at)
      values ($1, $2, 'SAME', 'canceled', 'merchant', $3, $3, false, false, $3, $3)`,
      [it.ctx.newId(), id, it.ctx.clock.now()],
    )
  }
  expect((await orders()).filter((order) => order.remoteId === 'SAME')).toHaveLength(2)
})

test('the ledger refuses changes and impossible levels', async () => {
  await begin()
  await expect(it.ctx.db.run('update stock_movements set on_hand = 9')).rejects.toThrow(/append-only/)
  await expect(it.ctx.db.run('delete from stock_movements')).rejects.toThrow(/append-only/)
  await expect(it.ctx.db.run(`update pool_levels set reserved = on_hand + 1, mode = 'shared'`)).rejects.toThrow(
    /promised_within_on_hand/,
  )
  await expect(it.ctx.db.run('update stock_levels set allocated = on_hand + 1')).rejects.toThrow(
    /allocated_within_on_hand/,
  )
})

test('shadow accounts are read and never written', async () => {
  await begin()
  await it.ctx.db.run(`update accounts set stage = 'shadow'`)
  const before = (await stateOf(it)).channels.amazon.effects.length
  await it.ctx.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 5 }, 'test'),
  )
  await settle()
  expect((await stateOf(it)).channels.amazon.effects.length).toBe(before)
  expect(await slotOf('amazon')).toMatchObject({ state: 'waiting' })
})
