import { expect, test } from 'vitest'
import { pullAll, type ShopBench, shopBench, startedAt } from '../../../test/support/shopify.ts'
import type { OutgoingCopy, OutgoingRefund, OutgoingShipment } from '../capabilities.ts'
import { shopify } from './index.ts'
import { pullOrders } from './orders.ts'

const { shipments, cancellations, refunds, prices, copies } = shopify as Required<typeof shopify>

async function bought(bench: ShopBench, more: object = {}) {
  const answer = await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 3, ...more })
  const { orderId } = answer.body as { orderId: string }
  await bench.pass(60)
  const account = bench.account()
  const { items } = await pullAll(pullOrders, account)
  const order = items.find((one) => one.remoteId === orderId)!
  return { account, orderId, order, lineId: order.lines[0]!.remoteId }
}

const parcel = (orderRemoteId: string, remoteId: string, quantity: number, more: Partial<OutgoingShipment> = {}) => ({
  reference: 'shipment-1',
  orderRemoteId,
  lines: [{ remoteId, quantity }],
  shippedAt: new Date(startedAt),
  carrier: 'UPS',
  trackingNumber: '1Z999',
  trackingUrl: null,
  ...more,
})

test('a parcel is told once, and read back; more than is open is refused before anything leaves', async () => {
  const bench = shopBench()
  const { account, orderId, lineId } = await bought(bench)
  expect(await shipments.confirm(account, parcel(orderId, lineId, 2))).toMatchObject({ kind: 'applied' })
  expect(await shipments.read(account, orderId)).toMatchObject([
    { lines: [{ remoteId: lineId, quantity: 2 }], carrier: 'UPS', trackingNumber: '1Z999' },
  ])
  expect(await shipments.confirm(account, parcel(orderId, lineId, 2))).toMatchObject({
    kind: 'failed',
    error: { kind: 'rejected', code: 'not_open', mayHaveApplied: false },
  })
  await bench.pass(60)
  const { items } = await pullAll(pullOrders, account)
  expect(items).toMatchObject([{ state: 'partly_shipped', lines: [{ shipped: 2 }] }])
  expect((await bench.state()).levels.MUG).toEqual({ '6000000001': { available: 7, committed: 1 } })
  expect(await shipments.confirm(account, parcel('1', lineId, 1))).toMatchObject({ error: { kind: 'missing' } })
})

test('a lost answer leaves the parcel in doubt, and is not repeated', async () => {
  const bench = shopBench()
  const { account, orderId, lineId } = await bought(bench)
  await bench.control('POST', '/faults', {
    channel: 'shopify',
    operation: 'fulfillmentCreate',
    kind: 'timeout-after-apply',
    count: 1,
  })
  expect(await shipments.confirm(account, parcel(orderId, lineId, 3))).toMatchObject({
    error: { mayHaveApplied: true },
  })
  expect(await shipments.read(account, orderId)).toHaveLength(1)
  // The question before it leaves no doubt.
  await bench.control('POST', '/faults', { channel: 'shopify', operation: 'order', kind: 'malformed', count: 1 })
  expect(await shipments.confirm(account, parcel(orderId, lineId, 3))).toMatchObject({
    error: { kind: 'unavailable', mayHaveApplied: false },
  })
})

test('units at two locations are two parcels', async () => {
  const bench = shopBench({ locations: ['North', 'South'] })
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 10 })
  const south = bench.account({ settings: { locationId: '6000000002' } })
  await shopify.stock!.push(south, [{ key: 'a', remoteSku: 'MUG', quantity: 3, expected: 0, version: 1 }])
  const { account, order } = await bought(bench, { further: [{ sku: 'LAMP', quantity: 1 }] })
  const [mug, lamp] = order.lines
  const both = parcel(order.remoteId, mug!.remoteId, 3, {
    lines: [
      { remoteId: mug!.remoteId, quantity: 3 },
      { remoteId: lamp!.remoteId, quantity: 1 },
    ],
  })
  expect(await shipments.confirm(account, both)).toMatchObject({ error: { code: 'several_locations' } })
  expect(await shipments.confirm(account, parcel(order.remoteId, mug!.remoteId, 3))).toMatchObject({ kind: 'applied' })
  expect(await shipments.confirm(account, parcel(order.remoteId, lamp!.remoteId, 1))).toMatchObject({ kind: 'applied' })
})

test('a cancellation puts units back once, and not at all where they are missing', async () => {
  const bench = shopBench()
  const { account, orderId } = await bought(bench)
  const cancel = (id: string, reason: 'buyer_asked' | 'out_of_stock') =>
    cancellations.request(account, { reference: 'c', orderRemoteId: id, lines: null, reason })
  expect(await cancel(orderId, 'buyer_asked')).toMatchObject({ kind: 'accepted' })
  expect(await cancel(orderId, 'buyer_asked')).toMatchObject({ kind: 'failed', error: { kind: 'rejected' } })
  expect((await bench.state()).levels.MUG).toEqual({ '6000000001': { available: 10, committed: 0 } })
  const other = await bought(bench)
  await cancel(other.orderId, 'out_of_stock')
  expect((await bench.state()).levels.MUG).toEqual({ '6000000001': { available: 7, committed: 0 } })
})

const refundOf = (orderRemoteId: string, remoteId: string, more: Partial<OutgoingRefund> = {}): OutgoingRefund => ({
  reference: 'refund-1',
  orderRemoteId,
  currency: 'EUR',
  lines: [{ remoteId, quantity: 1, amount: 1_341 }],
  shippingAmount: 0,
  reason: 'returned',
  ...more,
})

test('a refund goes back in the buyer’s money, under a key of its own: a repeat pays nothing twice', async () => {
  const bench = shopBench({ presentment: { currency: 'EUR', rate: 0.9 } })
  const { account, orderId, lineId } = await bought(bench)
  await bench.control('POST', `/orders/${orderId}/ship`)
  expect(await refunds.issue(account, refundOf(orderId, lineId, { currency: 'USD' }))).toMatchObject({
    error: { code: 'currency_differs' },
  })
  await bench.control('POST', '/faults', {
    channel: 'shopify',
    operation: 'refundCreate',
    kind: 'timeout-after-apply',
    count: 1,
  })
  expect(await refunds.issue(account, refundOf(orderId, lineId))).toMatchObject({ error: { mayHaveApplied: true } })
  expect(await refunds.issue(account, refundOf(orderId, lineId))).toMatchObject({ kind: 'applied' })
  expect(await refunds.read(account, orderId)).toMatchObject([
    {
      reference: 'refund-1',
      amount: 1_341,
      currency: 'EUR',
      state: 'done',
      lines: [{ remoteId: lineId, quantity: 1 }],
    },
  ])
  // What came back is the hub's to book: the store puts nothing back.
  expect((await bench.state()).shown.MUG).toBe(7)
  expect(
    await refunds.issue(account, refundOf(orderId, lineId, { reference: 'r2', lines: [], shippingAmount: 9_999 })),
  ).toMatchObject({
    error: { code: 'more_than_paid' },
  })
})

test('a refund of units that never left takes them off the order, once', async () => {
  const bench = shopBench({ presentment: { currency: 'EUR', rate: 0.9 } })
  const { account, orderId, lineId } = await bought(bench)
  expect(await refunds.issue(account, refundOf(orderId, lineId, { reason: 'canceled' }))).toMatchObject({
    kind: 'applied',
  })
  expect((await bench.state()).levels.MUG).toEqual({ '6000000001': { available: 8, committed: 2 } })
  await bench.pass(60)
  const { items } = await pullAll(pullOrders, account)
  expect(items).toMatchObject([{ state: 'open', lines: [{ quantity: 3, canceled: 1, shipped: 0 }] }])
})

test('prices by product; one that is refused holds up no other', async () => {
  const bench = shopBench()
  const account = bench.account()
  const { items } = await shopify.listings!.pull(account, null)
  const line = (remoteSku: string, amount: number, more = {}) => ({
    key: remoteSku,
    marketplace: '',
    remoteSku,
    remoteId: items.find((one) => one.remoteSku === remoteSku)?.remoteId ?? null,
    amount,
    currency: 'USD',
    ...more,
  })
  const outcomes = await prices.push(account, [
    line('MUG', 999),
    line('LAMP', 1_999, { remoteId: null }),
    line('A/B "1"', 100, { currency: 'EUR' }),
    line('NONE', 100),
  ])
  expect(Object.fromEntries(outcomes.map((one) => [one.key, one]))).toMatchObject({
    MUG: { kind: 'applied' },
    LAMP: { kind: 'applied' },
    'A/B "1"': { kind: 'failed', error: { code: 'currency_differs' } },
    NONE: { kind: 'failed', error: { kind: 'missing' } },
  })
  expect((await bench.state()).prices).toMatchObject({ MUG: 999, LAMP: 1_999, 'A/B "1"': 1_491 })
})

const copy: OutgoingCopy = {
  reference: 'entrepot-order-1',
  source: { channel: 'amazon', orderRemoteId: '123-1234567-1234567' },
  placedAt: new Date(startedAt),
  currency: 'USD',
  lines: [{ remoteSku: 'MUG', remoteProductId: null, title: 'Mug', quantity: 2, unitPrice: 1_490 }],
  total: 2_980,
  buyer: { name: 'A Buyer', email: 'buyer@example.com', address: { line1: '1 Road', city: 'Town', country: 'US' } },
}

test('a copy leaves the stock alone, is made once and found by its reference, and says whose it is', async () => {
  const bench = shopBench()
  const account = bench.account()
  const { items } = await shopify.listings!.pull(account, null)
  const remoteProductId = items.find((one) => one.remoteSku === 'MUG')!.remoteId
  const made = await copies.create(account, { ...copy, lines: [{ ...copy.lines[0]!, remoteProductId }] })
  expect(made).toMatchObject({ kind: 'applied' })
  expect(await copies.create(account, copy)).toEqual(made)
  expect(await copies.find(account, copy.reference)).toMatchObject([{ reference: copy.reference }])
  expect(await copies.find(account, 'entrepot-order')).toEqual([])
  expect((await bench.state()).levels.MUG).toEqual({ '6000000001': { available: 10, committed: 0 } })
  expect(JSON.stringify(bench.traffic)).not.toContain('buyer@example.com')
  await bench.pass(60)
  const { items: orders } = await pullAll(pullOrders, account)
  expect(orders).toHaveLength(1)
  expect(copies.copyOf(orders[0]!.raw)).toEqual({
    reference: copy.reference,
    channel: 'amazon',
    orderRemoteId: '123-1234567-1234567',
  })
  // Shipping a copy tells its buyer nothing, and moves no stock.
  await shipments.confirm(account, parcel(orders[0]!.remoteId, orders[0]!.lines[0]!.remoteId, 2))
  const sent = bench.traffic.filter(({ query }) => query.includes('fulfillmentCreate')).at(-1)!
  expect(sent.variables).toMatchObject({ fulfillment: { notifyCustomer: false } })
  expect((await bench.state()).levels.MUG).toEqual({ '6000000001': { available: 10, committed: 0 } })
})

test.each([
  [{ name: '#1001', sourceName: 'web', tags: ['vip'] }, null],
  [{ name: '#1001', sourceName: 'pos', sourceIdentifier: '1234-12-1000' }, null],
  [{ name: '111-2223334-5556667' }, { reference: null, channel: 'amazon', orderRemoteId: '111-2223334-5556667' }],
  [
    { customAttributes: [{ key: 'eBay Order', value: '12-34567-89012' }] },
    { reference: null, channel: 'ebay', orderRemoteId: '12-34567-89012' },
  ],
  [{ sourceName: 'amazon-us' }, { reference: null, channel: 'amazon', orderRemoteId: null }],
  ['nothing', null],
])('copies of other tools: %j', (raw, expected) => {
  expect(copies.copyOf(raw)).toEqual(expected)
})
