/** Parcels, refunds, cancellations and prices at the simulated eBay. */
import { expect, test } from 'vitest'
import { ebayBench, ebayItem } from '../../../test/support/ebay.ts'
import type { OutgoingShipment } from '../capabilities.ts'
import type { Account } from '../connector.ts'
import { ebay } from './index.ts'

const minute = 60_000

async function sold(quantity = 2) {
  const bench = ebayBench([ebayItem('MUG', 50)])
  const id = await bench.buy('MUG', quantity)
  await bench.pass(minute)
  const account: Account = bench.account()
  const [order] = (await ebay.orders!.pull(account, null)).items
  const done = async (operation: string) =>
    (await bench.truth()).effects.filter((effect) => effect.operation === operation).length
  return { bench, id, account, order: order!, line: order!.lines[0]!.remoteId, done }
}

const parcel = (orderRemoteId: string, line: string, more: Partial<OutgoingShipment> = {}): OutgoingShipment => ({
  reference: 'parcel-1',
  orderRemoteId,
  lines: [{ remoteId: line, quantity: 2 }],
  shippedAt: new Date('2026-11-22T08:00:30Z'),
  carrier: 'Deutsche Post',
  trackingNumber: '00 3404-3416 / X',
  trackingUrl: null,
  ...more,
})

test('a parcel is told once, its number in letters and digits; told again it is found there', async () => {
  const { bench, id, account, line, done } = await sold()
  const answer = { kind: 'applied', remoteId: '0034043416X' }
  expect(await ebay.shipments!.confirm(account, parcel(id, line))).toEqual(answer)
  expect(await ebay.shipments!.confirm(account, parcel(id, line))).toEqual(answer)
  expect(await done('createShippingFulfillment')).toBe(1)
  expect(await ebay.shipments!.read(account, id)).toEqual([
    {
      remoteId: '0034043416X',
      lines: [{ remoteId: line, quantity: 2 }],
      carrier: 'DeutschePost',
      trackingNumber: '0034043416X',
      shippedAt: new Date('2026-11-22T08:00:30Z'),
    },
  ])
  await bench.pass(minute)
  expect((await ebay.orders!.pull(account, null)).items.at(-1)).toMatchObject({ state: 'shipped' })
})

test('parcels without a number are told apart by what is in them', async () => {
  const { id, account, line, done } = await sold(3)
  const none = { carrier: null, trackingNumber: null }
  const one = parcel(id, line, { ...none, lines: [{ remoteId: line, quantity: 1 }] })
  expect(await ebay.shipments!.confirm(account, one)).toMatchObject({ kind: 'applied', remoteId: '999' })
  expect(await ebay.shipments!.confirm(account, one)).toMatchObject({ kind: 'applied' })
  expect(await ebay.shipments!.confirm(account, parcel(id, line, none))).toMatchObject({ kind: 'applied' })
  expect(await done('createShippingFulfillment')).toBe(2)
})

test('a lost answer leaves a parcel unknown, and reading tells it; a refusal is told', async () => {
  const { bench, id, account, line, done } = await sold()
  await bench.fault('createShippingFulfillment', 'timeout-after-apply', { count: 1 })
  expect(await ebay.shipments!.confirm(account, parcel(id, line))).toMatchObject({
    kind: 'failed',
    error: { kind: 'unavailable', mayHaveApplied: true },
  })
  expect(await ebay.shipments!.read(account, id)).toHaveLength(1)
  expect(await done('createShippingFulfillment')).toBe(1)
  expect(await ebay.shipments!.confirm(account, parcel(id, 'other', { trackingNumber: '2' }))).toMatchObject({
    kind: 'failed',
    error: { kind: 'rejected', code: '32200', mayHaveApplied: false },
  })
})

test('a refund by line, read while it is under way and when it is done; with shipping it is one sum', async () => {
  const { bench, id, account, line, done } = await sold()
  const refund = { reference: 'refund-1', orderRemoteId: id, currency: 'USD', reason: 'damaged' as const }
  const lines = [{ remoteId: line, quantity: 1, amount: 1_490 }]
  const answer = await ebay.refunds!.issue(account, { ...refund, lines, shippingAmount: 0 })
  expect(answer).toMatchObject({ kind: 'accepted' })
  await bench.pass(15_000)
  expect(await ebay.refunds!.read(account, id)).toMatchObject([{ amount: 1_490, currency: 'USD', state: 'pending' }])
  expect(await ebay.refunds!.issue(account, { ...refund, lines, shippingAmount: 0 })).toMatchObject({
    kind: 'failed',
    error: { code: '34922' },
  })
  await bench.pass(6 * minute)
  const rest = [{ remoteId: line, quantity: 1, amount: 1_390 }]
  const second = await ebay.refunds!.issue(account, { ...refund, lines: rest, shippingAmount: 100 })
  expect(second).toMatchObject({ kind: 'accepted' })
  await bench.pass(6 * minute)
  const known = await ebay.refunds!.read(account, id)
  expect(known.map(({ amount, state }) => [amount, state])).toEqual([
    [1_490, 'done'],
    [1_490, 'done'],
  ])
  expect(await done('issueRefund')).toBe(2)
})

test('an order is canceled as a whole; a request of the buyer is agreed to instead', async () => {
  const { bench, id, account, done } = await sold()
  const cancellation = { reference: 'cancel-1', orderRemoteId: id, lines: null, reason: 'out_of_stock' as const }
  expect(
    await ebay.cancellations!.request(account, { ...cancellation, lines: [{ remoteId: '1', quantity: 1 }] }),
  ).toMatchObject({
    kind: 'failed',
    error: { kind: 'rejected', code: 'whole_orders_only' },
  })
  expect(await ebay.cancellations!.request(account, cancellation)).toMatchObject({ kind: 'accepted' })
  await bench.pass(minute)
  expect((await ebay.orders!.pull(account, null)).items.at(-1)).toMatchObject({ state: 'canceled' })
  expect(await ebay.cancellations!.request(account, cancellation)).toEqual({ kind: 'applied', remoteId: null })
  expect(await done('createCancellation')).toBe(1)

  const asking = ebayBench([ebayItem('MUG', 5)], {
    lifecycle: { slowPaymentShare: 0, buyerCancelShare: 0, cancelRequestShare: 1 },
  })
  const wanted = await asking.buy('MUG')
  await asking.pass(61 * minute)
  const request = { ...cancellation, orderRemoteId: wanted, reason: 'buyer_asked' as const }
  expect(await ebay.cancellations!.request(asking.account(), request)).toMatchObject({ kind: 'accepted' })
  const { effects, orders } = await asking.truth()
  expect([effects.map(({ operation }) => operation), orders[0]!.status]).toEqual([['approveCancellation'], 'CANCELED'])
})

test('a price is written to the offer of its marketplace and leaves its quantity alone', async () => {
  const bench = ebayBench([ebayItem('MUG', 5, { marketplaceIds: ['EBAY_US', 'EBAY_GB'] })])
  const account = bench.account()
  const line = { key: 'a', marketplace: 'EBAY_GB', remoteSku: 'MUG', remoteId: null, amount: 2_005, currency: 'USD' }
  const outcomes = await ebay.prices!.push(account, [
    line,
    { ...line, key: 'b', marketplace: 'EBAY_DE' },
    { ...line, key: 'c', currency: 'GBP' },
  ])
  expect(outcomes).toMatchObject([
    { key: 'a', kind: 'accepted' },
    { key: 'b', kind: 'failed', error: { kind: 'missing' } },
    { key: 'c', kind: 'failed', error: { kind: 'rejected' } },
  ])
  await bench.pass(minute)
  const { items } = await ebay.listings!.pull(account, null)
  expect(
    items.map(({ marketplace, price, merchantQuantity }) => [marketplace, price?.amount, merchantQuantity]),
  ).toEqual([
    ['EBAY_US', 1_490, 5],
    ['EBAY_GB', 2_005, 5],
  ])
})
