import type { Order } from '@sp-api-sdk/orders-api-2026-01-01'
import { describe, expect, test } from 'vitest'
import { strangeFields } from './fields.ts'
import { readOrder } from './mapping.ts'
import { order } from './wire.ts'

const line = {
  orderItemId: '1',
  quantityOrdered: 3,
  product: { sellerSku: 'MUG', title: 'Mug', price: { unitPrice: { amount: '14.90', currencyCode: 'USD' } } },
}
const unshipped: Order = {
  orderId: '111-2222222-3333333',
  createdTime: '2026-11-22T08:00:00Z',
  lastUpdatedTime: '2026-11-22T08:05:00Z',
  salesChannel: { channelName: 'AMAZON', marketplaceId: 'ATVPDKIKX0DER' },
  fulfillment: { fulfillmentStatus: 'UNSHIPPED', fulfilledBy: 'MERCHANT' },
  orderItems: [line],
}
const status = (fulfillmentStatus: string, fulfilledBy = 'MERCHANT') => ({
  fulfillment: { fulfillmentStatus, fulfilledBy },
})

describe('orders in another form than the model', () => {
  const strange = (change: object) => {
    const raw = { ...unshipped, ...change }
    const parsed = order.parse(raw)
    return { read: readOrder(parsed, raw), fields: strangeFields(raw, parsed) }
  }
  const odd = (field: string) => [{ field, isNew: false }]
  const withLine = (more: object) => ({ orderItems: [{ ...line, ...more }, line] })
  const price = (unitPrice: unknown) => withLine({ product: { ...line.product, price: { unitPrice } } })

  test('nothing is strange about one in the documented form', () => {
    expect(strange({}).fields).toEqual([])
    expect(strange({ buyer: null, recipient: null, programs: null, packages: [] }).fields).toEqual([])
  })

  test.each([
    ['a state', status('HALF_SHIPPED'), 'fulfillment.fulfillmentStatus', { state: 'unknown' }],
    [
      'a state as number',
      { fulfillment: { fulfillmentStatus: 7 } },
      'fulfillment.fulfillmentStatus',
      { state: 'unknown' },
    ],
    ['no state', { fulfillment: {} }, 'fulfillment.fulfillmentStatus', { state: 'unknown' }],
    ['a fulfiller', status('UNSHIPPED', 'PARTNER'), 'fulfillment.fulfilledBy', { state: 'open', fulfilledBy: null }],
    ['a text for an object', { fulfillment: 'UNSHIPPED' }, 'fulfillment', { state: 'unknown' }],
    ['no sales channel at all', { salesChannel: undefined }, 'salesChannel', { marketplace: null }],
    ['no sales channel', { salesChannel: null }, 'salesChannel', { marketplace: null }],
    ['a list for an object', { buyer: [] }, 'buyer', { buyer: null }],
    [
      'a count as text',
      withLine({ quantityOrdered: '3' }),
      'orderItems.quantityOrdered',
      { lines: [{ quantity: 3 }, {}] },
    ],
    ['an id as number', withLine({ orderItemId: 77 }), 'orderItems.orderItemId', { lines: [{ remoteId: '77' }, {}] }],
    [
      'a SKU as number',
      withLine({ product: { sellerSku: 12 } }),
      'orderItems.product.sellerSku',
      { lines: [{ remoteSku: '12' }, {}] },
    ],
    ['no product', withLine({ product: null }), 'orderItems.product', { lines: [{ remoteSku: null }, {}] }],
    [
      'an amount as number',
      price({ amount: 14.9, currencyCode: 'USD' }),
      'orderItems.product.price.unitPrice.amount',
      { lines: [{ unitPrice: 1_490 }, {}] },
    ],
    [
      'an amount with a comma',
      price({ amount: '14,90', currencyCode: 'USD' }),
      'orderItems.product.price.unitPrice.amount',
      { lines: [{ unitPrice: null }, {}] },
    ],
    [
      'an amount alone',
      price('14.90'),
      'orderItems.product.price.unitPrice',
      { lines: [{ unitPrice: null }, { unitPrice: 1_490 }] },
    ],
  ])('%s', (_name, change, field, read) => {
    const told = strange(change)
    expect(told.fields).toEqual(odd(field))
    expect(told.read).toMatchObject(read)
  })

  test('a name that no model has is told as new, at its place; what is no name is not told', () => {
    const { fields } = strange({ loyalty: { 'ann@example.com': 1 }, ...withLine({ gift: { note: 'x' } }) })
    expect(fields).toEqual([
      { field: 'orderItems.gift', isNew: true },
      { field: 'loyalty', isNew: true },
    ])
    expect(strange({ buyer: { 'ann@example.com': 1 } }).fields).toEqual([{ field: 'buyer.?', isNew: true }])
  })

  test('a canceled line of an order that goes on', () => {
    const canceled = (quantityFulfilled: number, quantityUnfulfilled?: number) =>
      strange(
        withLine({
          cancellation: { cancellationExecution: { cancelledBy: 'BUYER' } },
          fulfillment: { quantityFulfilled, quantityUnfulfilled },
        }),
      ).read.lines[0]
    expect(canceled(0, 0)).toMatchObject({ quantity: 3, canceled: 3 })
    expect(canceled(1, 0)).toMatchObject({ shipped: 1, canceled: 2 })
    expect(canceled(0, 2)).toMatchObject({ canceled: 1 })
    // Without the number that is left nothing is guessed.
    expect(canceled(0)).toMatchObject({ canceled: 0 })
    const asked = withLine({
      cancellation: { cancellationRequest: { requester: 'BUYER' } },
      fulfillment: { quantityUnfulfilled: 0 },
    })
    expect(strange(asked).read.lines[0]).toMatchObject({ canceled: 0 })
  })
})
