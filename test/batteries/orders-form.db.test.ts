/** R21: orders in another form than documented. Nothing stops, nothing is lost in silence, the raw form stays sealed. */
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { getOrder, listOrders } from '../../src/database/views/orders.ts'
import { checkCursor, checkStep } from '../simulation/checks.ts'
import { useDatabase } from '../support/database.ts'
import { manyLines, patienceMs, printCount, strangeOrders } from '../support/iterations.ts'
import { everything, hour, type Market, minute, openFindings, openMarket } from '../support/market.ts'
import { seeded } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market
beforeEach(async () => void (market = await openMarket(own.db)))
afterEach(async () => await market.close())

interface Change {
  at: string
  value?: unknown
}

/** Buys three, lets the order come with these changes, and answers what is known of it. */
async function arrive(...changes: Change[]) {
  const id = await market.buy({ quantity: 3 })
  if (changes.length > 0) await market.fault({ operation: 'searchOrders', kind: 'rewrite', orderId: id, changes })
  await market.run(20 * minute)
  const row = await own.db.one<{ id: string }>('select id from orders where remote_id = $1', [id])
  const order = row && (await getOrder(own.db, row.id, market.ctx.clock.now()))
  return { id, order, raw: row && (await rawOf(row.id)) }
}
async function rawOf(orderId: string): Promise<Record<string, unknown>> {
  const { sealed, epoch } = (await own.db.one<{ sealed: Buffer; epoch: string }>(
    'select sealed, epoch from buyer_data where order_id = $1',
    [orderId],
  ))!
  return JSON.parse(market.ctx.sealing.openBuyer(sealed, orderId, epoch)!).raw
}
const asideOf = async (id: string) => {
  const row = await own.db.one<{ account_id: string; sealed: Buffer; epoch: string }>(
    'select account_id, sealed, epoch from orders_aside where remote_id = $1',
    [id],
  )
  return row && JSON.parse(market.ctx.sealing.openBuyer(row.sealed, `aside:${row.account_id}:${id}`, row.epoch)!)
}
const strange = async () => (await openFindings(own.db, 'strange_field')).map((data) => data.field)
async function check(): Promise<void> {
  await checkStep(market)
  await checkCursor(market)
  expect(market.logged.filter((one) => one.level === 'error')).toEqual([])
}

test.each<{ name: string; changes: Change[]; field: string; read: object }>([
  {
    name: 'an unknown state',
    changes: [{ at: '/fulfillment/fulfillmentStatus', value: 'RESERVED_FOR_PICKUP' }],
    field: 'fulfillment.fulfillmentStatus',
    read: { state: 'unknown', lines: [{ reserved: 3 }] },
  },
  {
    name: 'an unknown fulfiller',
    changes: [{ at: '/fulfillment/fulfilledBy', value: 'PARTNER' }],
    field: 'fulfillment.fulfilledBy',
    read: { state: 'open', fulfilledBy: 'merchant', lines: [{ reserved: 3 }] },
  },
  {
    name: 'a new field',
    changes: [{ at: '/loyalty', value: { tier: 'Canary' } }],
    field: 'loyalty',
    read: { state: 'open', lines: [{ reserved: 3 }] },
  },
  {
    name: 'a required field missing',
    changes: [{ at: '/salesChannel' }],
    field: 'salesChannel',
    read: { marketplace: null, lines: [{ reserved: 3 }] },
  },
  {
    name: 'a number as text',
    changes: [{ at: '/orderItems/0/quantityOrdered', value: '3' }],
    field: 'orderItems.quantityOrdered',
    read: { lines: [{ quantity: 3, reserved: 3 }] },
  },
  {
    name: 'null for an object',
    changes: [{ at: '/orderItems/0/product', value: null }],
    field: 'orderItems.product',
    read: { problems: ['unknown-sku'], lines: [{ remoteSku: null, quantity: 3, reserved: 0 }] },
  },
  {
    name: 'an amount as number',
    changes: [{ at: '/proceeds/grandTotal/amount', value: 44.7 }],
    field: 'proceeds.grandTotal.amount',
    read: { total: 4_470, lines: [{ reserved: 3 }] },
  },
])('R21 $name', async ({ changes, field, read }) => {
  const { order, raw } = await arrive(...changes)
  expect(order).toMatchObject(read)
  expect(await strange()).toEqual([field])
  const { at, value } = changes[0]!
  const there = at
    .split('/')
    .slice(1)
    .reduce<unknown>((inner, key) => (inner as Record<string, unknown>)?.[key], raw)
  expect(there).toEqual(value)
  await check()
  // Told once an account and field, whatever else comes; over after a quiet week.
  const id = await market.buy()
  await market.fault({ operation: 'searchOrders', kind: 'rewrite', orderId: id, changes })
  await market.run(20 * minute)
  expect(await strange()).toEqual([field])
  await market.calm()
  await market.run(8 * 24 * hour, 12 * hour)
  expect(await strange()).toEqual([])
})

test('R21 null for the items, or a time that is none: the order waits aside, sealed and shown, and comes in once it is right', async () => {
  for (const change of [
    { at: '/orderItems', value: null },
    { at: '/lastUpdatedTime', value: 'yesterday' },
    { at: '/orderItems/0', value: null },
  ]) {
    const { id, order } = await arrive(change)
    expect(order).toBeUndefined()
    expect(await asideOf(id)).toMatchObject({ orderId: id })
    expect((await openFindings(own.db, 'order_unreadable')).map((data) => data.order)).toEqual([id])
    await market.calm()
    await market.run(hour)
    expect(await openFindings(own.db, 'order_unreadable')).toEqual([])
    expect((await listOrders(own.db, { limit: 9, view: 'all', q: id }, market.ctx.clock.now())).items).toHaveLength(1)
  }
  await check()
})

test('R21 an order that is known loses no unit when a newer version of it cannot be read', async () => {
  const { id } = await arrive()
  await market.change(id, 'cancel')
  await market.fault({
    operation: 'searchOrders',
    kind: 'rewrite',
    orderId: id,
    changes: [{ at: '/orderItems', value: null }],
  })
  await market.run(20 * minute)
  const reserved = async () =>
    (await own.db.one<{ units: number }>('select sum(reserved)::bigint as units from pool_levels'))!.units
  expect(await reserved()).toBe(3)
  await market.calm()
  await market.run(hour)
  expect(await reserved()).toBe(0)
  await check()
})

test('R21 emoji, right-to-left, NUL and halves of characters in every text', async () => {
  const odd = '👩‍🚀 \u202eאבג\u202c مرحبا \0 \ud83d "\\u0000" \'; drop table orders; --'
  const texts = [
    '/orderItems/0/product/title',
    '/buyer/buyerName',
    '/recipient/deliveryAddress/name',
    '/recipient/deliveryAddress/city',
  ]
  const { order } = await arrive(...texts.map((at) => ({ at, value: odd })), {
    at: '/orderItems/0/product/sellerSku',
    value: 'MUG\0',
  })
  expect(order).toMatchObject({
    lines: [{ title: odd.replace('\0', '').replace('\ud83d "', '\ufffd "'), sku: 'MUG', reserved: 3 }],
  })
  const unknown = await arrive({ at: '/orderItems/0/product/sellerSku', value: `\ud83d${odd}` })
  expect(unknown.order).toMatchObject({ problems: ['unknown-sku'], lines: [{ quantity: 3, reserved: 0 }] })
  const [named] = await openFindings(own.db, 'unknown_sku')
  expect(named).toMatchObject({ order: unknown.id })
  // Even the id: the page goes on, and what cannot be told apart is shown.
  await arrive({ at: '/orderId', value: `\ud83d${odd}` })
  await market.ctx.journal.flush()
  await market.calm()
  await market.run(hour)
  await check()
})

test('R21 an order of 5 MB, and one of a thousand lines', async () => {
  const { order, raw } = await arrive({ at: '/packages', value: [{ packageReferenceId: 'x'.repeat(5_000_000) }] })
  expect(order).toMatchObject({ lines: [{ reserved: 3 }] })
  expect(JSON.stringify(raw).length).toBeGreaterThan(5_000_000)
  printCount('R21 lines of one order', manyLines)
  const lines = Array.from({ length: manyLines }, (_, n) => ({
    orderItemId: String(n),
    quantityOrdered: 1 + (n % 3),
    product: { sellerSku: n % 2 ? 'MUG' : 'LAMP', title: `Line ${n}` },
    fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: 1 + (n % 3) },
  }))
  const big = await arrive({ at: '/orderItems', value: lines })
  expect(big.order!.lines).toHaveLength(manyLines)
  const units = lines.reduce((sum, line) => sum + line.quantityOrdered, 0)
  const reserved = async () =>
    (await own.db.one<{ units: number }>('select sum(reserved)::bigint as units from pool_levels'))!.units
  expect(await reserved()).toBe(units + 3)
  await check()
  // The same order canceled: every line gives back what it held.
  await market.change(big.id, 'cancel')
  await market.run(20 * minute)
  expect(await reserved()).toBe(3)
  await market.ctx.journal.flush()
  await check()
})

test('R21 any field of an order turned into anything: no page stops, each order is here or aside', async () => {
  printCount('R21 orders with a field turned into anything', strangeOrders)
  const random = seeded(21)
  const values = [
    undefined,
    null,
    '',
    '7',
    7,
    -1,
    1.5,
    1e300,
    true,
    [],
    [null],
    {},
    { a: 1 },
    'x'.repeat(70_000),
    '\0',
    '9'.repeat(40),
    '__proto__',
  ]
  const places = [
    'orderId',
    'createdTime',
    'lastUpdatedTime',
    'salesChannel',
    'buyer',
    'recipient',
    'proceeds',
    'fulfillment',
    'orderItems',
    'programs',
    'constructor',
  ]
    .map((name) => `/${name}`)
    .concat(['marketplaceId'].map((name) => `/salesChannel/${name}`))
    .concat(
      ['fulfillmentStatus', 'fulfilledBy', 'shipByWindow', 'deliverByWindow'].map((name) => `/fulfillment/${name}`),
    )
    .concat(
      ['orderItemId', 'quantityOrdered', 'product', 'fulfillment', 'cancellation', 'proceeds'].map(
        (name) => `/orderItems/0/${name}`,
      ),
    )
    .concat(['sellerSku', 'title', 'asin', 'price'].map((name) => `/orderItems/0/product/${name}`))
  const ids: string[] = []
  const kept: string[] = []
  for (let n = 0; n < strangeOrders; n += 1) {
    const id = await market.buy({ quantity: 2 })
    const at = places[n % places.length]!
    ids.push(id)
    if (at !== '/orderId') kept.push(id)
    const changes = [{ at, value: values[Math.floor(random() * values.length)] }]
    await market.fault({ operation: 'searchOrders', kind: 'rewrite', orderId: id, changes })
    if (n % 40 === 39) await market.run(10 * minute)
  }
  await market.run(30 * minute)
  const here = await own.db.rows<{ remote_id: string }>(
    'select remote_id from orders union select remote_id from orders_aside',
  )
  const known = new Set(here.map((row) => row.remote_id))
  expect(kept.filter((id) => !known.has(id))).toEqual([])
  const asides = (await own.db.one<{ count: number }>('select count(*) as count from orders_aside'))!.count
  expect(await openFindings(own.db, 'order_unreadable')).toHaveLength(asides)
  expect((await strange()).length).toBeLessThanOrEqual(50)
  await checkStep(market)
  // The same pages again change nothing.
  const before = await everything(own.db)
  await market.run(30 * minute)
  expect((await everything(own.db)).split(' ').slice(0, 8)).toEqual(before.split(' ').slice(0, 8))
  // Once everything is right again, everything is here, and nothing waits aside.
  await market.calm()
  await own.db.run(`update cursors set value = null where stream = 'orders'`)
  await market.run(hour)
  const missing = await own.db.rows<{ id: string }>(
    'select t.id from unnest($1::text[]) as t(id) where not exists (select 1 from orders where remote_id = t.id)',
    [ids],
  )
  expect(missing).toEqual([])
  await check()
})

test('R21 an answer without its own mark of time, by a hub whose clock is 15 minutes fast, loses no order', async () => {
  await market.close()
  market = await openMarket(own.db, { skewMs: 15 * minute })
  await market.fault({ operation: 'searchOrders', kind: 'rewrite', changes: [{ at: '/lastUpdatedBefore' }] })
  for (let n = 0; n < 6; n += 1) {
    await market.buy()
    await market.run(3 * minute, 3 * minute)
  }
  await market.run(9 * minute, 3 * minute)
  expect((await own.db.one<{ count: number }>('select count(*) as count from orders'))!.count).toBe(6)
  await check()
})
