/** What an order says, and how the list is walked. */
import { expect, test } from 'vitest'
import { pullAllOf } from '../../../test/support/ebay.ts'
import { walmartBench, walmartItem, walmartSettings } from '../../../test/support/walmart.ts'
import { refundIn } from '../../domain/errand-readings.ts'
import type { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import { readRefunds, readShipments, writeShipment } from './effects.ts'
import { walmart } from './index.ts'
import { readRaw } from './orders.ts'
import { order } from './wire.ts'

const placed = Date.parse('2026-11-22T08:00:00Z')
const day = 86_400_000
const each = (amount: number) => ({ unitOfMeasurement: 'EACH', amount: String(amount) })
const status = (word: string, amount: number, more: object = {}) => ({
  status: word,
  statusQuantity: each(amount),
  ...more,
})
const lineOf = (amount: number, statuses: object[], more: object = {}) => ({
  lineNumber: '1',
  item: { productName: 'Mug', sku: 'MUG' },
  charges: { charge: [{ chargeType: 'PRODUCT', chargeAmount: { currency: 'USD', amount: 29.8 } }] },
  orderLineQuantity: each(amount),
  statusDate: placed + 1_000,
  orderLineStatuses: { orderLineStatus: statuses },
  ...more,
})
const raw = (lines: object[], more: object = {}) => ({
  purchaseOrderId: '1796277083022',
  customerEmailId: 'nocxemail@walmartone.com',
  orderDate: placed,
  shippingInfo: {
    phone: '5550001',
    estimatedShipDate: placed + 2 * day,
    estimatedDeliveryDate: placed + 5 * day,
    methodCode: 'Value',
    postalAddress: {
      name: 'Ada Sample',
      address1: '1 Lane',
      city: 'Town',
      state: 'OH',
      postalCode: '43000',
      country: 'USA',
    },
  },
  orderLines: { orderLine: lines },
  ...more,
})
const read = (lines: object[], more: object = {}) => readRaw(raw(lines, more)) as IncomingOrder

test('the state of an order is that of its units', () => {
  const stateOf = (...statuses: object[]) => read([lineOf(3, statuses)]).state
  expect(stateOf(status('Created', 3))).toBe('open')
  expect(stateOf(status('Acknowledged', 3))).toBe('open')
  expect(stateOf(status('Acknowledged', 2), status('Shipped', 1))).toBe('partly_shipped')
  expect(stateOf(status('Shipped', 1), status('Delivered', 2))).toBe('shipped')
  expect(stateOf(status('Shipped', 1), status('Cancelled', 2))).toBe('shipped')
  expect(stateOf(status('Shipped', 2), status('Refund', 1))).toBe('shipped')
  expect(stateOf(status('Cancelled', 3))).toBe('canceled')
  expect(stateOf(status('Teleported', 3))).toBe('unknown')
  expect(stateOf(status('constructor', 3))).toBe('unknown')
})

test('until when it must be acknowledged, and when Walmart cancels it', () => {
  const created = read([lineOf(2, [status('Created', 2)])])
  expect(created.acknowledgeBy).toEqual(new Date('2026-11-22T12:00:00Z'))
  expect(created.cancelsAt).toEqual(new Date(placed + 6 * day))
  const done = read([lineOf(2, [status('Acknowledged', 2)])])
  expect([done.acknowledgeBy, done.cancelsAt]).toEqual([null, new Date(placed + 6 * day)])
  const canceled = read([lineOf(2, [status('Cancelled', 2)])])
  expect([canceled.acknowledgeBy, canceled.cancelsAt]).toEqual([null, null])
  // A word that is new beside units that wait: they still do.
  const odd = read([lineOf(2, [status('Created', 1), status('Teleported', 1)])])
  expect([odd.state, odd.acknowledgeBy]).toEqual(['unknown', new Date('2026-11-22T12:00:00Z')])
  // What Walmart ships is no business of ours.
  const held = read([lineOf(2, [status('Created', 2)])], { shipNode: { type: 'WFSFulfilled' } })
  expect([held.fulfilledBy, held.acknowledgeBy, held.cancelsAt]).toEqual(['channel', null, null])
  expect(read([lineOf(2, [status('Created', 2)])], { shipNode: { type: 'MoonFulfilled' } }).fulfilledBy).toBeNull()
})

test('units, money, dates and the buyer', () => {
  const one = read([lineOf(2, [status('Shipped', 1), status('Cancelled', 1)])])
  expect(one.lines).toEqual([
    { remoteId: '1', remoteSku: 'MUG', title: 'Mug', quantity: 2, shipped: 1, canceled: 1, unitPrice: 1_490 },
  ])
  expect([one.total, one.currency, one.updatedAt.getTime()]).toEqual([2_980, 'USD', placed + 1_000])
  // The address that stands there until the real one is known is none.
  expect(one.buyer).toMatchObject({ name: 'Ada Sample', phone: '5550001', address: { country: 'US', region: 'OH' } })
  expect(one.buyer!.email).toBeUndefined()
  // The reference has the dates of a single order as text.
  expect(read([lineOf(2, [status('Created', 2)])], { orderDate: String(placed) }).placedAt.getTime()).toBe(placed)
  expect(readRaw(raw([{}]))).toMatchObject({ remoteId: '1796277083022', where: expect.stringContaining('lineNumber') })
})

test('a carrier that is not listed needs an address to follow the parcel by', () => {
  const there = order.parse(raw([lineOf(2, [status('Acknowledged', 2)], { intentToCancel: 'INTENT' })]))
  const shipment = {
    reference: '4711',
    orderRemoteId: '1',
    lines: [{ remoteId: '1', quantity: 2 }],
    shippedAt: new Date(placed + day),
    trackingNumber: 'T1',
    trackingUrl: null,
  }
  const written = (carrier: string, trackingUrl: string | null = null) =>
    JSON.stringify(writeShipment({ ...shipment, carrier, trackingUrl }, there, new Date(placed)))
  expect(written('Fed-Ex')).toContain('"carrier":"FedEx"')
  expect(written('LaserShip')).toContain('"carrier":"LS"')
  expect(() => written('Parcels Unlimited')).toThrow('tracking page')
  const other = written('Parcels Unlimited', 'https://parcels.example/T1')
  expect(other).toContain('"otherCarrier":"Parcels Unlimited"')
  // Never later than now; by the method of the order; over the buyer's wish, for it has left.
  for (const part of [`"shipDateTime":${placed}`, '"methodCode":"Value"', '"intentToCancelOverride":true'])
    expect(other).toContain(part)
})

test('parcels and refunds are read back, and a refund that cannot be told apart has no reference', () => {
  const tracked = (number: string) => ({ trackingInfo: { trackingNumber: number, carrierName: { carrier: 'UPS' } } })
  const statuses = [status('Shipped', 1, tracked('T1')), status('Shipped', 1, tracked('T2'))]
  const charge = (amount: number) => ({ charge: { chargeAmount: { currency: 'USD', amount } } })
  const refunded = (...amounts: number[]) => ({
    refund: { refundId: 'R', refundComments: '4799', refundCharges: { refundCharge: amounts.map(charge) } },
  })
  const there = (more: object) => order.parse(raw([lineOf(2, statuses, more)]))
  expect(readShipments(there({})).map(({ trackingNumber, lines }) => [trackingNumber, lines])).toEqual([
    ['T1', [{ remoteId: '1', quantity: 1 }]],
    ['T2', [{ remoteId: '1', quantity: 1 }]],
  ])
  expect(readRefunds(there(refunded(-5)))).toMatchObject([{ reference: '4799', amount: 500 }])
  // Goods and shipping of one refund, or two refunds: the comment says only that its own is among them.
  const several = readRefunds(there(refunded(-5, -2.5)))
  expect(several).toMatchObject([
    { reference: '4799', amount: 0 },
    { reference: null, amount: 500 },
    { reference: null, amount: 250 },
  ])
  const back = (reference: string) => refundIn(several, { reference, amount: 750, currency: 'USD' }, new Set())
  expect([back('4799').kind, back('4800').kind]).toEqual(['found', 'unclear'])
})

test('an order that Walmart changes while it is paged shifts the others: the list is read again', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  for (let n = 0; n < 230; n += 1) await bench.buy('MUG')
  await bench.pass(60_000)
  // Sorted by the last change: the first order goes to the end, and the others move up by one.
  let pages = 0
  let moved: { orderLines: { orderLine: { statusDate: number }[] } }
  const account = bench.account({
    fetch: async (input, init) => {
      const answer = await bench.fetch(input, init)
      if (!String(input).includes('/v3/orders')) return answer
      pages += 1
      if (pages > 2) return answer
      const body = (await answer.json()) as { list: { elements: { order: (typeof moved)[] } } }
      const { elements } = body.list
      if (pages === 1) moved = structuredClone(elements.order[0]!)
      else {
        moved.orderLines.orderLine[0]!.statusDate = bench.sim.now().getTime() + 5_000
        elements.order = [...elements.order.slice(1), moved]
      }
      return Response.json(body, { headers: answer.headers })
    },
  })
  const { items } = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
  expect(new Set(items.map(({ remoteId }) => remoteId)).size).toBe(230)
  expect(pages).toBe(5)
})

test('a window that was left long ago begins anew: its bounds, and its cursor, may be over', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  for (let n = 0; n < 230; n += 1) await bench.buy('MUG')
  await bench.pass(60_000)
  const account = bench.account()
  const first = await walmart.orders!.pull(account, null)
  expect(first.more).toBe(true)
  // The cursor is refused as long as it is asked for, and the first day to be listed moves on.
  await bench.pass(3 * day)
  const refusing = bench.account({
    fetch: async (input, init) =>
      String(input).includes('hasMoreElements') && String(input).includes('createdStartDate=2026-05-27')
        ? Response.json({ error: [{ code: 'INVALID_CURSOR', description: 'gone' }] }, { status: 400 })
        : await bench.fetch(input, init),
  })
  const saved = first.next as { window: object }
  const left = { ...saved, window: { ...saved.window, restarts: 3 } }
  const { items, watermark } = await pullAllOf((cursor) => walmart.orders!.pull(refusing, cursor), left)
  expect(new Set(items.map(({ remoteId }) => remoteId)).size).toBe(230)
  expect(watermark).toBeInstanceOf(Date)
})

test('a word that is new proves no acknowledgement', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)])
  const reads = async (word: string) => {
    const answer = { order: raw([lineOf(2, [status(word, 2)])]) }
    const account = bench.account({
      fetch: async (input, init) =>
        String(input).includes('/v3/orders/') ? Response.json(answer) : await bench.fetch(input, init),
    })
    return await walmart.acknowledgements!.read(account, '1796277083022').catch((error: ChannelError) => error.code)
  }
  expect([await reads('Created'), await reads('Acknowledged'), await reads('Teleported')]).toEqual([
    false,
    true,
    'unreadable',
  ])
})

test('a cursor that is refused begins the window anew, and nothing is lost', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  for (let n = 0; n < 230; n += 1) await bench.buy('MUG')
  await bench.pass(60_000)
  let refused = 0
  const account = bench.account({
    fetch: async (input, init) => {
      if (!String(input).includes('hasMoreElements') || refused > 0) return await bench.fetch(input, init)
      refused += 1
      return Response.json({ error: [{ code: 'INVALID_CURSOR', description: 'gone' }] }, { status: 400 })
    },
  })
  const { items, watermark } = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
  expect([refused, new Set(items.map(({ remoteId }) => remoteId)).size]).toEqual([1, 230])
  expect(watermark).toBeInstanceOf(Date)
})

test('a list that told less than it has is read again', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  for (let n = 0; n < 5; n += 1) await bench.buy('MUG')
  await bench.pass(60_000)
  let cut = 0
  const account = bench.account({
    fetch: async (input, init) => {
      const answer = await bench.fetch(input, init)
      if (!String(input).includes('/v3/orders') || cut > 0) return answer
      cut += 1
      const body = (await answer.json()) as { list: { elements: { order: unknown[] } } }
      body.list.elements.order.pop()
      return Response.json(body)
    },
  })
  const { items } = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
  expect(new Set(items.map(({ remoteId }) => remoteId)).size).toBe(5)
})

test('Walmart’s own orders are told only to who takes part in it, and none of 180 days is asked for', async () => {
  const bench = walmartBench([walmartItem('HELD', 0, { held: 5 }), walmartItem('MUG', 5)])
  await bench.buy('HELD')
  await bench.buy('MUG')
  await bench.pass(60_000)
  const told = async (programs: string[]) => {
    const account = bench.account({ settings: { ...walmartSettings, programs, historyDays: 178 } })
    const { items } = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
    return items.map(({ fulfilledBy }) => fulfilledBy)
  }
  expect([await told([]), await told(['wfs'])]).toEqual([['merchant'], ['merchant', 'channel']])
})

test('an order that shows long after any overlap is known while there is time to acknowledge it', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  const account = bench.account()
  let { next } = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
  const known = new Set<string>()
  const look = async (minutes: number) => {
    for (let n = 0; n < minutes; n += 5) {
      await bench.pass(5 * 60_000)
      const told = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor), next)
      next = told.next
      for (const { remoteId } of told.items) known.add(remoteId)
    }
  }
  // The first of the sweeps is over.
  await look(30)
  const id = await bench.buy('MUG')
  await bench.fault('getAllOrders', 'omit', { orderId: id, count: 1, delayMs: 30 * 60_000 })
  await look(45)
  expect(known.has(id)).toBe(false)
  await look(150)
  expect(known.has(id)).toBe(true)
})

test('more orders than Walmart lists at a time are read in parts', async () => {
  const bench = walmartBench([walmartItem('MUG', 500)])
  for (let n = 0; n < 30; n += 1) {
    await bench.buy('MUG')
    await bench.pass(10 * 60_000)
  }
  // Here twenty stand for the 20,000: what lies behind them is an error.
  const account = bench.account({
    fetch: async (input, init) => {
      if (String(input).endsWith('behind')) return Response.json({ error: [{ code: 'TOO_MANY' }] }, { status: 400 })
      const answer = await bench.fetch(input, init)
      if (!String(input).includes('/v3/orders') || answer.status !== 200) return answer
      const body = (await answer.json()) as {
        list: { meta: { totalCount: number; nextCursor?: string }; elements: { order: object[] } }
      }
      const { meta, elements } = body.list
      if (elements.order.length > 20) {
        meta.totalCount = elements.order.length * 1_000
        meta.nextCursor = '?behind'
        elements.order = elements.order.slice(0, 20)
      }
      return Response.json(body, { headers: answer.headers })
    },
  })
  const all = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
  expect(new Set(all.items.map(({ remoteId }) => remoteId)).size).toBe(30)
  expect(all.watermark).toBeInstanceOf(Date)
  // A sweep that would be too large is no reason to read all of it in parts.
  await bench.pass(20 * 60_000)
  const again = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor), all.next)
  expect([again.items.length < 30, again.watermark! > all.watermark!]).toEqual([true, true])
})
