/** Our wire schemas against Amazon's published types, and what mapping makes of odd answers. */
import type {
  Item,
  ItemSearchResults,
  ModelError as ListingsError,
  ListingsItemSubmissionResponse,
} from '@sp-api-sdk/listings-items-api-2021-08-01'
import type {
  GetOrderResponse,
  Order,
  ModelError as OrdersError,
  SearchOrdersResponse,
} from '@sp-api-sdk/orders-api-2026-01-01'
import { describe, expect, expectTypeOf, test } from 'vitest'
import type { z } from 'zod'
import { createHttp, type WireRequest } from '../../http/client.ts'
import type { Account } from '../connector.ts'
import { client } from './client.ts'
import type { orderFields } from './fields.ts'
import { quantitiesIn, readListings, readOrder, readQuantity } from './mapping.ts'
import {
  type errorList,
  type getOrder,
  listingsItem,
  order,
  type searchListings,
  type searchOrders,
  type submission,
} from './wire.ts'

/** Names of fields that we read and Amazon's type does not have, at any depth. */
type Unknown<Ours, Theirs> = Ours extends readonly (infer Our)[]
  ? Theirs extends readonly (infer Their)[]
    ? Unknown<NonNullable<Our>, NonNullable<Their>>
    : never
  : Ours extends object
    ? {
        [Key in keyof Ours & string]: Key extends keyof Theirs
          ? Unknown<NonNullable<Ours[Key]>, NonNullable<Theirs[Key]>>
          : Key
      }[keyof Ours & string]
    : never

/** Every name at any depth. */
type NamesOf<Theirs> = Theirs extends readonly (infer One)[]
  ? NamesOf<NonNullable<One>>
  : Theirs extends object
    ?
        | (keyof Theirs & string)
        | { [Key in keyof Theirs & string]: NamesOf<NonNullable<Theirs[Key]>> }[keyof Theirs & string]
    : never

/** The words of texts, as types. */
type Words<Text extends string> = Text extends `${infer First} ${infer Rest}` ? First | Words<Rest> : Text

type Input<S extends z.ZodType> = z.input<S>

describe("Amazon's published types", () => {
  test('fit what our schemas take', () => {
    expectTypeOf<Order>().toExtend<Input<typeof order>>()
    expectTypeOf<SearchOrdersResponse>().toExtend<Input<typeof searchOrders>>()
    expectTypeOf<GetOrderResponse>().toExtend<Input<typeof getOrder>>()
    expectTypeOf<Item>().toExtend<Input<typeof listingsItem>>()
    expectTypeOf<ItemSearchResults>().toExtend<Input<typeof searchListings>>()
    expectTypeOf<ListingsItemSubmissionResponse>().toExtend<Input<typeof submission>>()
    expectTypeOf<{ errors: OrdersError[] }>().toExtend<Input<typeof errorList>>()
    expectTypeOf<{ errors: ListingsError[] }>().toExtend<Input<typeof errorList>>()
  })

  test('know every field that our schemas read', () => {
    expectTypeOf<Unknown<Input<typeof order>, Order>>().toEqualTypeOf<never>()
    expectTypeOf<Unknown<Input<typeof searchOrders>, SearchOrdersResponse>>().toEqualTypeOf<never>()
    expectTypeOf<Unknown<Input<typeof getOrder>, GetOrderResponse>>().toEqualTypeOf<never>()
    expectTypeOf<Unknown<Input<typeof listingsItem>, Item>>().toEqualTypeOf<never>()
    expectTypeOf<Unknown<Input<typeof searchListings>, ItemSearchResults>>().toEqualTypeOf<never>()
    expectTypeOf<Unknown<Input<typeof submission>, ListingsItemSubmissionResponse>>().toEqualTypeOf<never>()
    // The comparison itself sees a slip of the pen, also far inside.
    // What no model has is told as new: the list of names is the published one, no more and no less.
    expectTypeOf<Words<(typeof orderFields)[number]>>().toEqualTypeOf<NamesOf<Order>>()
    type Slip = { orderItems: { product: { sellerSKU?: string | null } }[] }
    expectTypeOf<Unknown<Slip, Order>>().toEqualTypeOf<'sellerSKU'>()
    // @ts-expect-error an amount is text, not a number
    expectTypeOf<Order>().toExtend<{ proceeds?: { grandTotal?: { amount: number } } }>()
  })
})

const unshipped: Order = {
  orderId: '111-2222222-3333333',
  createdTime: '2026-11-22T08:00:00Z',
  lastUpdatedTime: '2026-11-22T08:05:00Z',
  salesChannel: { channelName: 'AMAZON', marketplaceId: 'ATVPDKIKX0DER' },
  fulfillment: { fulfillmentStatus: 'UNSHIPPED', fulfilledBy: 'MERCHANT' },
  orderItems: [
    {
      orderItemId: '1',
      quantityOrdered: 3,
      product: { sellerSku: 'MUG', title: 'Mug', price: { unitPrice: { amount: '14.90', currencyCode: 'USD' } } },
    },
  ],
}
const line = unshipped.orderItems[0]!
const read = (change: object) => {
  const raw = { ...unshipped, ...change }
  return readOrder(order.parse(raw), raw)
}
const status = (fulfillmentStatus: string, fulfilledBy = 'MERCHANT') => ({
  fulfillment: { fulfillmentStatus, fulfilledBy },
})

describe('orders', () => {
  test.each([
    ['PENDING_AVAILABILITY', 'pending'],
    ['PENDING', 'pending'],
    ['UNSHIPPED', 'open'],
    ['PARTIALLY_SHIPPED', 'partly_shipped'],
    ['SHIPPED', 'shipped'],
    ['CANCELLED', 'canceled'],
    ['UNFULFILLABLE', 'unfulfillable'],
  ])('%s is %s', (word, state) => {
    expect(read(status(word)).state).toBe(state)
  })

  test.each(['INVOICE_UNCONFIRMED', '', 'constructor', 'toString', '__proto__'])(
    'an unknown word (%j) is unknown, and its units stay claimed',
    (word) => {
      const told = read(status(word))
      expect(told.state).toBe('unknown')
      expect(told.lines[0]).toMatchObject({ quantity: 3, shipped: 0, canceled: 0 })
    },
  )

  test('without the FULFILLMENT data the state is unknown, not open', () => {
    expect(read({ fulfillment: undefined })).toMatchObject({ state: 'unknown', fulfilledBy: null })
  })

  test('money in currencies with no, two and three decimals; what is no amount is not guessed', () => {
    const priced = (amount: string, currencyCode: string) =>
      read({
        proceeds: { grandTotal: { amount, currencyCode } },
        orderItems: [{ ...line, product: { ...line.product, price: { unitPrice: { amount, currencyCode } } } }],
      })
    const told = (amount: string, currency: string) => {
      const { total, lines } = priced(amount, currency)
      expect(lines[0]!.unitPrice).toBe(total)
      return total
    }
    expect(told('19940', 'JPY')).toBe(19_940)
    expect(told('19940.00', 'JPY')).toBe(19_940)
    expect(told('1.234', 'KWD')).toBe(1_234)
    expect(told('1.5', 'KWD')).toBe(1_500)
    expect(told('14.9', 'USD')).toBe(1_490)
    expect(told('0.1', 'USD')).toBe(10)
    expect(told('12.345', 'USD')).toBeNull()
    expect(told('12,50', 'EUR')).toBeNull()
    expect(priced('1.234', 'KWD').currency).toBe('KWD')
  })

  test('fulfilled by Amazon: never ours to ship', () => {
    expect(read(status('UNSHIPPED', 'AMAZON')).fulfilledBy).toBe('channel')
  })

  test('a line without a SKU is kept', () => {
    const told = read({ orderItems: [{ ...line, product: {} }] })
    expect(told.lines).toEqual([
      { remoteId: '1', remoteSku: null, title: '', quantity: 3, shipped: 0, canceled: 0, unitPrice: null },
    ])
    expect(told.currency).toBeNull()
  })

  test('a canceled order frees what has not shipped', () => {
    const shipped = (quantityFulfilled?: number) => {
      const fulfillment = quantityFulfilled === undefined ? undefined : { quantityFulfilled }
      return read({ ...status('CANCELLED'), orderItems: [{ ...line, fulfillment }] }).lines[0]
    }
    expect(shipped()).toMatchObject({ quantity: 3, shipped: 0, canceled: 3 })
    expect(shipped(1)).toMatchObject({ quantity: 3, shipped: 1, canceled: 2 })
    expect(shipped(9)).toMatchObject({ canceled: 0 })
    const open = read({ orderItems: [{ ...line, fulfillment: { quantityFulfilled: 1, quantityUnfulfilled: 2 } }] })
    expect(open.lines[0]).toMatchObject({ shipped: 1, canceled: 0 })
  })

  test('what is required may not be missing', () => {
    for (const name of ['orderId', 'createdTime', 'lastUpdatedTime', 'orderItems']) {
      expect(order.safeParse({ ...unshipped, [name]: undefined }).success, name).toBe(false)
    }
    const sold = (quantityOrdered: unknown) =>
      order.safeParse({ ...unshipped, orderItems: [{ ...line, quantityOrdered }] }).success
    expect([sold(0), sold(-1), sold(1.5), sold('1'), sold('1.5'), sold('-1'), sold(''), sold(null)]).toEqual([
      true,
      false,
      false,
      true,
      false,
      false,
      false,
      false,
    ])
  })
})

const summary = { marketplaceId: 'ATVPDKIKX0DER', asin: 'B0SIM00001', itemName: 'Mug', status: ['BUYABLE'] }
const listing = (fulfillmentAvailability: object[] | undefined, more: object = {}) =>
  listingsItem.parse({ sku: 'MUG', summaries: [summary], fulfillmentAvailability, ...more })
const own = { fulfillmentChannelCode: 'DEFAULT', quantity: 4 }
const fba = { fulfillmentChannelCode: 'AMAZON_NA' }

describe('listings', () => {
  test.each([
    { name: 'our own', entries: [own], fulfilledBy: 'merchant', merchantQuantity: 4 },
    {
      name: 'our own, without a number',
      entries: [{ ...own, quantity: undefined }],
      fulfilledBy: 'merchant',
      merchantQuantity: 0,
    },
    { name: 'FBA', entries: [fba], fulfilledBy: 'channel', merchantQuantity: null },
    { name: 'FBA with a stray entry of ours', entries: [fba, own], fulfilledBy: 'channel', merchantQuantity: null },
    { name: 'none at all', entries: [], fulfilledBy: 'merchant', merchantQuantity: null },
    { name: 'not told', entries: undefined, fulfilledBy: 'merchant', merchantQuantity: null },
  ])('$name', ({ entries, fulfilledBy, merchantQuantity }) => {
    const [read] = readListings(listing(entries))
    expect(read).toMatchObject({ fulfilledBy, merchantQuantity, buyable: true, price: null })
    expect(read!.isUntold ?? false).toBe(
      entries?.some((one) => 'quantity' in one && one.quantity === undefined) ?? false,
    )
  })

  test('the quantity that is read back is our own entry, whatever stands beside it', () => {
    expect(readQuantity(listing([own]))).toEqual({ remoteSku: 'MUG', quantity: 4 })
    expect(readQuantity(listing([fba, own]))).toEqual({ remoteSku: 'MUG', quantity: 4 })
    expect(readQuantity(listing([fba]))).toEqual({ remoteSku: 'MUG', quantity: null })
    const untold = { fulfillmentChannelCode: 'DEFAULT' }
    expect(readQuantity(listing([untold]))).toEqual({ remoteSku: 'MUG', quantity: null, isUntold: true })
    expect(quantitiesIn({ items: [listing([untold])] })).toEqual([])
    expect(quantitiesIn({ items: [listing([own])] })).toEqual([{ remoteSku: 'MUG', quantity: 4 }])
  })

  test('the price is the one of the marketplace, to consumers', () => {
    const offer = (marketplaceId: string, offerType: string, amount: string) => ({
      marketplaceId,
      offerType,
      price: { amount, currencyCode: 'USD' },
    })
    const offers = [
      offer('A2EUQ1WTGCTBG2', 'B2C', '1.00'),
      offer('ATVPDKIKX0DER', 'B2B', '2.00'),
      offer('ATVPDKIKX0DER', 'B2C', '3.00'),
    ]
    expect(readListings(listing([own], { offers }))[0]!.price).toEqual({ amount: 300, currency: 'USD' })
  })

  test('an item that is not indexed yet is left for a later pull', () => {
    expect(readListings(listing([own], { summaries: [] }))).toEqual([])
  })
})

/** An account that notes what is sent and answers everything alike. */
function noting(answer: object): { account: Account; sent: WireRequest[] } {
  const sent: WireRequest[] = []
  const budget: Account['budget'] = { spend: async () => undefined, exhausted: async () => {}, learned: async () => {} }
  const now = () => new Date('2026-11-22T08:00:00Z')
  const http = createHttp({
    fetch: async () => new Response(JSON.stringify(answer)),
    now,
    budget,
    journal: { record() {} },
    keep: new Set(),
    guard: () => undefined,
    timeoutMs: 1_000,
  })
  const account: Account = {
    id: '1',
    name: 'A',
    openedAt: now(),
    now,
    newId: () => '1',
    budget,
    settings: { sellerId: 'A2EXAMPLE1', region: 'eu', marketplaceIds: ['A1PA6795UKMFR9', 'A13V1IB3VIYZZH'] },
    secrets: async () => ({}),
    token: async () => 'Atza|1',
    dropToken: async () => {},
    http: async (request) => {
      sent.push(request)
      return await http(request)
    },
  }
  return { account, sent }
}

describe('addresses', () => {
  test.each([
    ['TEA TOWEL/RED+2', 'TEA%20TOWEL%2FRED%2B2'],
    ['BÜRSTE-01', 'B%C3%9CRSTE-01'],
    ['BOARD-CHOP-100%', 'BOARD-CHOP-100%25'],
    ['MUG, LARGE', 'MUG%2C%20LARGE'],
    ['A?B#C&D', 'A%3FB%23C%26D'],
    ['100%25', '100%2525'],
  ])('the SKU %j stands in the path as %s', async (sku, encoded) => {
    const { account, sent } = noting({ sku, status: 'ACCEPTED', submissionId: 's' })
    await client.patchQuantity(account, sku, 2)
    await client.getListing(account, sku)
    const base = 'https://sellingpartnerapi-eu.amazon.com/listings/2021-08-01/items/A2EXAMPLE1/'
    expect(sent[0]!.url).toBe(`${base}${encoded}?marketplaceIds=A1PA6795UKMFR9`)
    expect(sent[1]!.url.split('?')[0]).toBe(`${base}${encoded}`)
  })

  test('a page token comes with the filters of its first page', async () => {
    const { account, sent } = noting({ orders: [] })
    const window = { lastUpdatedAfter: '2026-11-22T07:00:00Z', includedData: 'BUYER,FULFILLMENT' }
    await client.searchOrders(account, window)
    await client.searchOrders(account, { ...window, paginationToken: 'a+b/c=' })
    const [first, second] = sent.map(({ url }) => new URL(url).searchParams)
    expect(second!.get('paginationToken')).toBe('a+b/c=')
    second!.delete('paginationToken')
    expect([...second!]).toEqual([...first!])
  })
})
