import type { GraphQLResolveInfo } from 'graphql'
import { floorSecond } from '../http.ts'
import { refundUnits } from './control.ts'
import { setQuantities } from './inventory.ts'
import { once } from './keys.ts'
import {
  fulfillmentView,
  gid,
  numberOf,
  orderView,
  productView,
  refundView,
  subscriptionView,
  variantView,
} from './objects.ts'
import {
  addOrder,
  cancel,
  changed,
  findOrder,
  fulfill,
  inBuyersMoney,
  logWrite,
  makeOrder,
  newNumber,
  type Parcel,
  routeTo,
  type Shop,
  setAvailable,
} from './shop.ts'
import type { ShopItem, ShopOrder } from './state.ts'

type Mutation = (args: never, info: GraphQLResolveInfo) => unknown
const wrong = (message: string, ...field: string[]) => ({ field: field.length > 0 ? field : null, message })

/** What callers may do to the store. */
export function mutationsOf(shop: Shop): Record<string, Mutation> {
  return {
    inventorySetQuantities: ({ input }: { input: Parameters<typeof setQuantities>[1] }, info) =>
      once(shop, info, input, () => setQuantities(shop, input)),
    fulfillmentCreate: ({ fulfillment }: { fulfillment: FulfillmentInput }) => createFulfillment(shop, fulfillment),
    orderCancel: (args: CancelArgs) => cancelOrder(shop, args),
    refundCreate: ({ input }: { input: RefundInput }, info) => once(shop, info, input, () => createRefund(shop, input)),
    productVariantsBulkUpdate: (args: PriceArgs) => updateVariants(shop, args),
    orderCreate: (args: CreateArgs) => createOrder(shop, args),
    webhookSubscriptionCreate: ({
      topic,
      webhookSubscription,
    }: {
      topic: string
      webhookSubscription: { uri?: string }
    }) => {
      const { uri = '' } = webhookSubscription
      if (!/^https?:/.test(uri)) return { userErrors: [wrong('Address is invalid', 'webhookSubscription', 'uri')] }
      if (shop.state.subscriptions.some((one) => one.topic === topic && one.uri === uri))
        return { userErrors: [wrong('Address for this topic has already been taken', 'webhookSubscription', 'uri')] }
      const made = { id: newNumber(shop), topic, uri }
      shop.state.subscriptions.push(made)
      return { webhookSubscription: subscriptionView(made), userErrors: [] }
    },
    webhookSubscriptionUpdate: ({ id, webhookSubscription }: { id: string; webhookSubscription: { uri?: string } }) => {
      const known = shop.state.subscriptions.find((one) => gid('WebhookSubscription', one.id) === id)
      if (!known) return { userErrors: [wrong('Webhook subscription does not exist', 'id')] }
      known.uri = webhookSubscription.uri ?? known.uri
      return { webhookSubscription: subscriptionView(known), userErrors: [] }
    },
  }
}

interface FulfillmentInput {
  lineItemsByFulfillmentOrder: {
    fulfillmentOrderId: string
    fulfillmentOrderLineItems?: { id: string; quantity: number }[] | null
  }[]
  trackingInfo?: { company?: string; number?: string; url?: string } | null
}

/** All fulfillment orders of one call must be at one location (facts: channels.md §3). */
function createFulfillment(shop: Shop, input: FulfillmentInput): object {
  const { company = null, number = null, url = null } = input.trackingInfo ?? {}
  const tracking = company || number ? [{ company, number, url }] : []
  const parcels: (Parcel & { order: ShopOrder; locationId: string })[] = []
  for (const { fulfillmentOrderId, fulfillmentOrderLineItems } of input.lineItemsByFulfillmentOrder) {
    const id = numberOf(fulfillmentOrderId, 'FulfillmentOrder')
    const order = shop.state.orders.find((one) => one.fulfillmentOrders.some((place) => place.id === id))
    const place = order?.fulfillmentOrders.find((one) => one.id === id)
    if (!order || !place) return { userErrors: [wrong('Fulfillment order does not exist.', 'fulfillment')] }
    if (place.status !== 'OPEN')
      return {
        userErrors: [
          wrong(`Fulfillment order ${id} has an unfulfillable status= ${place.status.toLowerCase()}.`, 'fulfillment'),
        ],
      }
    const wanted =
      fulfillmentOrderLineItems ??
      place.lines.map((line) => ({ id: gid('FulfillmentOrderLineItem', line.id), quantity: line.remaining }))
    const lines = []
    for (const one of wanted) {
      const line = place.lines.find((known) => gid('FulfillmentOrderLineItem', known.id) === one.id)
      if (!line || one.quantity < 1 || one.quantity > line.remaining)
        return { userErrors: [wrong('Invalid fulfillment order line item quantity requested.', 'fulfillment')] }
      lines.push({ lineId: line.lineId, quantity: one.quantity })
    }
    parcels.push({ order, locationId: place.locationId, fulfillmentOrderId: place.id, lines, tracking })
  }
  const [first] = parcels
  if (!first) return { userErrors: [wrong('Nothing is to be fulfilled.', 'fulfillment')] }
  if (parcels.some(({ order, locationId }) => order !== first.order || locationId !== first.locationId))
    return { userErrors: [wrong('All fulfillment orders must be at the same location.', 'fulfillment')] }
  const id = fulfill(shop, first.order, first.locationId, parcels)
  logWrite(shop, 'fulfillmentCreate', first.order.id, null)
  const made = first.order.fulfillments.find((one) => one.id === id)!
  return { fulfillment: fulfillmentView(shop, first.order, made), userErrors: [] }
}

interface CancelArgs {
  orderId: string
  reason: string
  restock: boolean
}

function cancelOrder(shop: Shop, { orderId, reason, restock }: CancelArgs): object {
  const order = findOrder(shop, numberOf(orderId, 'Order') ?? '')
  const refuse = (code: string, message: string) => ({
    job: null,
    orderCancelUserErrors: [{ field: ['orderId'], code, message }],
  })
  if (!order) return refuse('NOT_FOUND', 'Order does not exist')
  if (order.canceledAt !== null) return refuse('INVALID', 'Order has already been cancelled')
  if (!cancel(shop, order, reason, restock)) return refuse('INVALID', 'Cannot cancel an order that was fulfilled')
  logWrite(shop, 'orderCancel', order.id, null)
  return { job: { id: gid('Job', newNumber(shop)), done: false }, orderCancelUserErrors: [] }
}

interface RefundInput {
  orderId: string
  currency?: string | null
  note?: string | null
  refundLineItems?: { lineItemId: string; quantity: number; restockType?: string; locationId?: string | null }[] | null
  shipping?: { amount?: string } | null
  transactions?: { amount: string; parentId?: string | null; kind: string; gateway: string }[] | null
}

function createRefund(shop: Shop, input: RefundInput): object {
  const order = findOrder(shop, numberOf(input.orderId, 'Order') ?? '')
  const refuse = (message: string) => ({ order: null, refund: null, userErrors: [wrong(message, 'input')] })
  if (!order) return refuse('Order does not exist')
  if (input.currency && input.currency !== order.presentment.currency)
    return refuse('Currency must be the presentment currency')
  const sold = order.transactions.find(({ kind }) => kind === 'SALE')
  const refunded = order.refunds.reduce((sum, one) => sum + one.amount, 0)
  const minor = (text: string) => Math.round(Number(text) * (order.presentment.currency === 'JPY' ? 1 : 100))
  const amount = (input.transactions ?? []).reduce((sum, one) => sum + minor(one.amount), 0)
  for (const one of input.transactions ?? []) {
    if (one.kind !== 'REFUND' || !sold || one.parentId !== gid('OrderTransaction', sold.id))
      return refuse('The transaction has no payment that could be given back')
  }
  if (amount + refunded > (sold?.amount ?? 0)) return refuse('Refund amount exceeds what was paid')
  const lines: { id: string; lineId: string; quantity: number; restockType: string }[] = []
  for (const one of input.refundLineItems ?? []) {
    const lineId = numberOf(one.lineItemId, 'LineItem') ?? ''
    const restockType = one.restockType ?? 'NO_RESTOCK'
    if (restockType !== 'NO_RESTOCK' && !one.locationId) return refuse('Location is required to restock')
    const place = one.locationId ? (numberOf(one.locationId, 'Location') ?? null) : null
    const refused = refundUnits(shop, order, lineId, one.quantity, restockType, place)
    if (refused) return refuse(refused)
    lines.push({ id: newNumber(shop), lineId, quantity: one.quantity, restockType })
  }
  const transactionIds = (input.transactions ?? []).map((one) => {
    const id = newNumber(shop)
    order.transactions.push({ id, kind: 'REFUND', gateway: one.gateway, amount: minor(one.amount) })
    return id
  })
  const made = {
    id: newNumber(shop),
    createdAt: floorSecond(shop.now()),
    note: input.note ?? null,
    amount,
    lines,
    transactionIds,
  }
  order.refunds.push(made)
  if (amount > 0) order.financialStatus = amount + refunded >= (sold?.amount ?? 0) ? 'REFUNDED' : 'PARTIALLY_REFUNDED'
  logWrite(shop, 'refundCreate', order.id, null)
  changed(shop, order, 'REFUNDS_CREATE')
  return { order: orderView(shop, order), refund: refundView(shop, order, made), userErrors: [] }
}

interface PriceArgs {
  productId: string
  variants: { id?: string | null; price?: string | null }[]
  allowPartialUpdates: boolean
}

function updateVariants(shop: Shop, { productId, variants, allowPartialUpdates }: PriceArgs): object {
  const items = Object.values(shop.state.items)
  const product = items.find((item) => gid('Product', item.productId) === productId)
  const errors: { field: string[]; code: string; message: string }[] = []
  if (!product)
    return { userErrors: [{ field: ['productId'], code: 'PRODUCT_DOES_NOT_EXIST', message: 'Product does not exist' }] }
  const good: { item: ShopItem; price: number }[] = []
  variants.forEach(({ id, price }, index) => {
    const item = items.find(
      (one) => gid('ProductVariant', one.variantId) === id && gid('Product', one.productId) === productId,
    )
    const amount = Math.round(Number(price) * (item?.currency === 'JPY' ? 1 : 100))
    const refuse = (code: string, message: string) =>
      errors.push({ field: ['variants', String(index), code.startsWith('PRODUCT') ? 'id' : 'price'], code, message })
    if (!item) refuse('PRODUCT_VARIANT_DOES_NOT_EXIST', 'Product variant does not exist')
    else if (!(amount >= 0)) refuse('NEGATIVE_PRICE_VALUE', 'Price must be greater than or equal to 0')
    else good.push({ item, price: amount })
  })
  const applies = errors.length === 0 || allowPartialUpdates
  for (const { item, price } of applies ? good : []) {
    item.price = price
    logWrite(shop, 'productVariantsBulkUpdate', item.sku, null)
  }
  return {
    product: productView(product),
    productVariants: applies ? good.map(({ item }) => variantView(shop, item)) : null,
    userErrors: errors,
  }
}

interface CreateArgs {
  order: {
    sourceIdentifier?: string | null
    sourceName?: string | null
    tags?: string[] | null
    note?: string | null
    customAttributes?: { key: string; value: string }[] | null
    financialStatus?: string | null
    lineItems?:
      | {
          variantId?: string | null
          sku?: string | null
          title?: string | null
          quantity: number
          priceSet?: { shopMoney: { amount: string } }
        }[]
      | null
  }
  options?: { inventoryBehaviour?: string } | null
}

/** An order that was not bought here. BYPASS leaves the stock alone; otherwise it is taken, if there is enough or nobody asks. */
function createOrder(shop: Shop, { order: wanted, options }: CreateArgs): object {
  const behavior = options?.inventoryBehaviour ?? 'BYPASS'
  const lines = (wanted.lineItems ?? []).map((line) => {
    const item =
      Object.values(shop.state.items).find((one) => gid('ProductVariant', one.variantId) === line.variantId) ?? null
    const unitPrice = Math.round(Number(line.priceSet?.shopMoney.amount ?? 0) * 100)
    return {
      item,
      sku: line.sku ?? item?.sku ?? null,
      title: line.title ?? item?.title ?? '',
      quantity: line.quantity,
      unitPrice,
    }
  })
  const refuse = (code: string, message: string) => ({ order: null, userErrors: [{ field: ['order'], code, message }] })
  if (lines.length === 0) return refuse('INVALID', 'Line items are required')
  const place = shop.state.locations[0]!.id
  if (
    behavior === 'DECREMENT_OBEYING_POLICY' &&
    lines.some(({ item, quantity }) => item && (item.levels[place]?.available ?? 0) < quantity)
  )
    return refuse('INVENTORY_CLAIM_FAILED', 'There is not enough inventory')
  const made = makeOrder(shop, {
    lines,
    financialStatus: wanted.financialStatus ?? 'PENDING',
    sourceName: wanted.sourceName ?? 'app',
    buyer: null,
  })
  made.sourceIdentifier = wanted.sourceIdentifier ?? null
  made.tags = wanted.tags ?? []
  made.attributes = wanted.customAttributes ?? []
  made.note = wanted.note ?? null
  made.claimed = behavior !== 'BYPASS'
  for (const [index, { item, quantity }] of lines.entries()) {
    routeTo(shop, made, place, made.lines[index]!)
    const level = item?.levels[place]
    if (!item || !level || !made.claimed) continue
    level.committed += quantity
    setAvailable(shop, item, place, level.available - quantity)
  }
  logWrite(shop, 'orderCreate', made.id, inBuyersMoney(made.presentment, 0))
  addOrder(shop, made)
  return { order: orderView(shop, made), userErrors: [] }
}
