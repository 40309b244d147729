import { describe, expect, test } from 'vitest'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import { copyOf } from './copies.ts'
import { readError } from './errors.ts'
import { bucketOf, readWindow } from './limits.ts'
import { readEntry } from './lines.ts'
import {
  canceledOf,
  isKnownStatus,
  readLevel,
  readListing,
  readListingId,
  stateOf,
  writeCarrier,
  writeListingId,
} from './mapping.ts'
import { inParts } from './parts.ts'
import { quantitiesIn } from './stock.ts'
import { orderLine, product, variant } from './wire.ts'

const line = (more: object = {}) =>
  orderLine.parse({ id: 7, sku: 'MUG', quantity: 3, quantity_shipped: 0, quantity_refunded: 0, ...more })

describe('states', () => {
  test.each([
    [1, 'pending'],
    [2, 'shipped'],
    [3, 'partly_shipped'],
    [5, 'canceled'],
    [6, 'canceled'],
    [7, 'pending'],
    [8, 'open'],
    [9, 'open'],
    [10, 'shipped'],
    [11, 'open'],
    [12, 'pending'],
    [15, 'unknown'],
    [-1, 'unknown'],
    ['11', 'unknown'],
    [null, 'unknown'],
  ])('status %j is %s', (status, state) => {
    expect(stateOf(status, [line()])).toBe(state)
    expect(isKnownStatus(status)).toBe(state !== 'unknown')
  })

  // The status tells of money here: what left says the rest.
  test.each([
    [4, { quantity_refunded: 3 }, 'canceled'],
    [4, { quantity_refunded: 3, quantity_shipped: 3 }, 'shipped'],
    [14, { quantity_refunded: 1 }, 'open'],
    [14, { quantity_refunded: 1, quantity_shipped: 1 }, 'partly_shipped'],
    [13, {}, 'open'],
    [13, { quantity_shipped: 3 }, 'shipped'],
  ])('status %i with %j is %s', (status, more, state) => {
    expect(stateOf(status, [line(more)])).toBe(state)
  })

  test('refunded units count as canceled only where they cannot have left', () => {
    expect(canceledOf(line({ quantity_refunded: 2 }))).toBe(2)
    expect(canceledOf(line({ quantity_refunded: 1, quantity_shipped: 1 }))).toBe(0)
    expect(canceledOf(line({ quantity_refunded: 3, quantity_shipped: 2 }))).toBe(1)
  })
})

describe('an entry of the list', () => {
  const entry = (more: object = {}, lines: object[] = [line()]) => ({
    id: 118,
    date_created: 'Wed, 10 Jan 2018 21:05:30 +0000',
    date_modified: 'Wed, 05 Dec 2018 20:16:55 +0000',
    status_id: 11,
    items_total: 3,
    total_inc_tax: '44.7000',
    default_currency_code: 'USD',
    consignments: { shipping: [{ first_name: 'Jane', last_name: 'Doe', line_items: lines }] },
    ...more,
  })

  test('as it came, and what is not all of it is read alone', () => {
    expect(readEntry(entry())).toMatchObject({
      kind: 'order',
      order: { remoteId: '118', total: 4_470, placedAt: new Date('2018-01-10T21:05:30Z'), buyer: { name: 'Jane Doe' } },
    })
    expect(readEntry(entry({ items_total: 4 })).kind).toBe('alone')
    expect(readEntry(entry({ items_total: undefined })).kind).toBe('alone')
    expect(readEntry(entry({ consignments: { url: 'x', resource: 'y' } })).kind).toBe('alone')
    expect(readEntry(entry({}, [{ url: 'x', resource: 'y' }])).kind).toBe('unreadable')
    // Set beside it by us: then these are all there are.
    expect(readEntry({ ...entry({ items_total: 9 }), products: [line()] }).kind).toBe('order')
  })

  test('completed without parcels is shipped; downloads leave at once; a canceled order has no units left', () => {
    const linesOf = (more: object, lines?: object[]) => {
      const read = readEntry(entry(more, lines))
      return read.kind === 'order' ? read.order.lines.map(({ shipped, canceled }) => [shipped, canceled]) : read.kind
    }
    expect(linesOf({ status_id: 10 })).toEqual([[3, 0]])
    expect(linesOf({}, [line({ type: 'digital' })])).toEqual([[3, 0]])
    expect(linesOf({ status_id: 5 })).toEqual([[0, 3]])
    expect(linesOf({}, [line({ type: 'giftcertificate' })])).toEqual([])
  })
})

test('the window of all programs: half at once, the rest until it ends, never more than is left', () => {
  const headers = (left: number, resetMs: number) =>
    new Headers({
      'x-rate-limit-requests-left': String(left),
      'x-rate-limit-requests-quota': '150',
      'x-rate-limit-time-reset-ms': String(resetMs),
      'x-rate-limit-time-window-ms': '30000',
    })
  for (const left of [0, 1, 2, 7, 149])
    for (const resetMs of [1, 500, 30_000])
      for (const underWay of [0, 1, 5]) {
        const { tokens, rate, burst } = bucketOf(readWindow(headers(left, resetMs))!, underWay)
        expect(tokens + (rate * resetMs) / 1_000).toBeLessThanOrEqual(Math.max(1, left - underWay) + 1e-9)
        expect([tokens >= 0, rate > 0, burst]).toEqual([true, true, 150])
      }
  expect(bucketOf({ left: 0, quota: 150, resetMs: 20_000 }, 0)).toEqual({ tokens: 0, rate: 0.05, burst: 150 })
  expect(readWindow(new Headers())).toBeUndefined()
  expect(readWindow(new Headers({ 'x-rate-limit-requests-left': 'many' }))).toBeUndefined()
})

test.each([
  [401, { status: 401, title: 'Unauthorized' }, 'auth', false],
  [403, [{ status: 403, message: 'no scope' }], 'auth', false],
  [403, undefined, 'unavailable', false],
  [404, [{ status: 404, message: 'gone' }], 'missing', false],
  // A page of something in between does not say that an order is gone.
  [404, undefined, 'unavailable', true],
  [408, undefined, 'unavailable', true],
  [408, { title: 'Request Timeout' }, 'unavailable', true],
  [409, { title: 'conflict' }, 'conflict', false],
  [422, { title: 'Items with identity: [X] not found' }, 'rejected', false],
  [422, { data: [{ title: 'Unable to provide store credit' }] }, 'rejected', false],
  [422, { batch_errors: [{ title: 'no such variant' }] }, 'rejected', false],
  [500, undefined, 'unavailable', true],
  [503, { odd: 1 }, 'unavailable', true],
])('%i %j is %s', (status, json, kind, mayHaveApplied) => {
  const answer = { status, json, headers: new Headers(), text: '' } as WireResponse
  expect(readError(answer, true)).toMatchObject({ kind, mayHaveApplied })
  expect(readError(answer, false).mayHaveApplied).toBe(false)
})

test('what a location holds, at most: a safety stock hides, backorders add; no number tells nothing', () => {
  const read = (total_inventory_onhand: number | null, available_to_sell: number | null) =>
    readLevel('MUG', { location_id: 1, total_inventory_onhand, available_to_sell })
  expect(read(12, 10)).toEqual({ remoteSku: 'MUG', quantity: 12 })
  expect(read(2, 7)).toEqual({ remoteSku: 'MUG', quantity: 7 })
  expect(read(-3, -3)).toEqual({ remoteSku: 'MUG', quantity: 0, belowZero: -3 })
  const untold = { remoteSku: 'MUG', quantity: null, isUntold: true }
  expect([read(null, 3), read(3, null), readLevel('MUG', undefined)]).toEqual([untold, untold, untold])
  const answer = { data: [{ identity: { sku: 'MUG' }, locations: [{ location_id: 1, available_to_sell: 3 }] }] }
  expect(quantitiesIn(answer)).toEqual([])
})

describe('listings', () => {
  const small = variant.parse({
    id: 5,
    product_id: 9,
    sku: 'SHIRT-S',
    price: 12.5,
    inventory_level: -2,
    option_values: [{ option_display_name: 'Size', label: 'S' }],
  })
  const alone = variant.parse({ id: 6, product_id: 9, sku: 'MUG', inventory_level: 4 })
  const of = (inventory_tracking: string) => product.parse({ id: 9, name: 'Shirt', price: 9, inventory_tracking })

  test('a variant, with its price or the product’s, and a number only where it has one of its own', () => {
    expect(readListing(small, of('variant'), 'USD')).toMatchObject({
      remoteId: '9/5',
      title: 'Shirt – S',
      merchantQuantity: 0,
      price: { amount: 1_250, currency: 'USD' },
      product: { remoteId: '9', title: 'Shirt' },
    })
    // Counted as a whole: several variants would write one number.
    expect(readListing(small, of('product'), 'USD')!.merchantQuantity).toBeNull()
    expect(readListing(alone, of('product'), 'USD')).toMatchObject({
      remoteId: '9',
      merchantQuantity: 4,
      price: { amount: 900 },
    })
    // The catalog adds all locations up, less what is kept back: that is no reading of the one that is written.
    expect(readListing(alone, of('variant'), 'USD')).toMatchObject({ isUntold: true })
    expect(readListing(alone, of('none'), 'USD')!.merchantQuantity).toBeNull()
    expect(readListing(alone, undefined, 'USD')).toMatchObject({ title: 'MUG', merchantQuantity: null, price: null })
    expect(readListing({ ...alone, inventory_level: null }, of('product'), 'USD')).toMatchObject({ isUntold: true })
    expect(readListing({ ...alone, sku: '' }, of('variant'), 'USD')).toBeNull()
  })

  test('its ids as one text', () => {
    for (const ids of [
      { productId: 9, variantId: 5 },
      { productId: 9, variantId: null },
    ])
      expect(readListingId(writeListingId(ids))).toEqual(ids)
    for (const text of [null, '', '9/', 'x/5', '9/5/1']) expect(readListingId(text)).toBeNull()
  })
})

test('carriers: known ones by their word, others by their name', () => {
  expect(writeCarrier('UPS')).toEqual({ shipping_provider: 'ups', shipping_method: 'UPS' })
  expect(writeCarrier('Royal Mail')).toMatchObject({ shipping_provider: 'royalmail' })
  expect(writeCarrier('DHL Express')).toEqual({
    shipping_provider: '',
    tracking_carrier: 'dhl',
    shipping_method: 'DHL Express',
  })
  expect(writeCarrier('constructor')).toEqual({ shipping_provider: '', shipping_method: 'constructor' })
  expect(writeCarrier(null)).toEqual({})
})

test('copies: ours, those of other tools, and orders of the store’s own', () => {
  const none = {
    external_source: null,
    external_order_id: null,
    external_id: null,
    ebay_order_id: '0',
    order_source: 'www',
  }
  expect(copyOf(none)).toBeNull()
  expect(copyOf({ ...none, external_source: 'POS', external_order_id: 'till 7' })).toBeNull()
  expect(
    copyOf({ ...none, external_source: 'Entrepot amazon', external_order_id: 'r1', staff_notes: 'amazon 302-1' }),
  ).toEqual({ reference: 'r1', channel: 'amazon', orderRemoteId: '302-1' })
  // A person wrote over the note: it stays a copy.
  expect(copyOf({ ...none, external_source: 'Entrepot ebay', external_order_id: 'r1', staff_notes: 'call!' })).toEqual({
    reference: 'r1',
    channel: 'ebay',
    orderRemoteId: null,
  })
  expect(copyOf({ ...none, ebay_order_id: '17-00001-00001' })).toMatchObject({ channel: 'ebay' })
  expect(copyOf({ ...none, external_id: '302-1234567-1234567' })).toMatchObject({ channel: 'amazon' })
  expect(copyOf({ ...none, order_source: 'amazon' })).toMatchObject({ channel: 'amazon', orderRemoteId: null })
  expect(copyOf(null)).toBeNull()
})

describe('batches that are refused because of a line', () => {
  const refused = () => new ChannelError('rejected', 'HTTP 422', 'no')

  test.each([1, 2, 3, 7, 64])('of %i lines only the bad one fails, and each good one is taken once', async (count) => {
    for (const bad of [0, count >> 1, count - 1]) {
      const taken: number[] = []
      const lines = Array.from({ length: count }, (_, index) => index)
      const failed = await inParts(lines, async (part) => {
        if (part.includes(bad)) throw refused()
        taken.push(...part)
      })
      expect([...failed.keys()]).toEqual([bad])
      expect(taken.toSorted((a, b) => a - b)).toEqual(lines.filter((one) => one !== bad))
    }
  })

  test('what may have been carried out, or found no allowance, leaves once', async () => {
    for (const error of [
      new ChannelError('unavailable', 'network', 'lost', { mayHaveApplied: true }),
      new ChannelError('throttled', 'HTTP 429', 'later'),
      new ChannelError('auth', 'HTTP 401', 'no'),
    ]) {
      let calls = 0
      const failed = await inParts([1, 2, 3], async () => {
        calls += 1
        throw error
      })
      expect([calls, [...failed.values()]]).toEqual([1, [error, error, error]])
    }
  })
})
