import { inventPerson } from '../amazon/marketplaces.ts'
import { type Ebay, findItem, setTotal, shownNow, shownOf } from './market.ts'
import type { EbayLine, EbayOrder, EbayVersion } from './types.ts'
import { say } from './words.ts'

const second = 1_000
const minute = 60 * second

export interface EbayPurchase {
  sku: string
  quantity: number
  marketplaceId?: string | undefined
  /** further lines of the same order */
  also?: { sku: string; quantity: number }[] | undefined
}

const countries: Record<string, string> = { EBAY_US: 'US', EBAY_GB: 'GB', EBAY_DE: 'DE' }

/**
 * A buyer buys: the item's and the offer's number fall at once and in one step, the order is learned of later. Refused if
 * the listing shows less.
 */
export function purchase(ebay: Ebay, wanted: EbayPurchase): { orderId: string } | { refused: string; shown: number } {
  const item = findItem(ebay, wanted.sku)
  if (!item) return { refused: 'unknown sku', shown: 0 }
  const offers = item.offers.filter(
    (offer) =>
      (wanted.marketplaceId === undefined || offer.marketplaceId === wanted.marketplaceId) &&
      shownOf(item, offer) >= wanted.quantity,
  )
  if (offers.length === 0) return { refused: 'the marketplace shows too little', shown: shownNow(item) }
  const random = ebay.random('orders')
  const offer = random.pick(offers)
  const lines = [wanted, ...(wanted.also ?? [])].flatMap(({ sku, quantity }) => {
    const one = findItem(ebay, sku)
    const place = one?.offers.find(({ marketplaceId }) => marketplaceId === offer.marketplaceId)
    if (!one || !place || shownOf(one, place) < quantity) return []
    setTotal(one, Math.max(0, one.total - quantity))
    place.available = Math.max(0, place.available - quantity)
    place.sold += quantity
    const line: EbayLine = {
      lineItemId: `1${random.digits(13)}`,
      sku,
      title: one.title,
      legacyItemId: place.listingId,
      marketplaceId: place.marketplaceId,
      quantity,
      unitPrice: place.price,
    }
    return [line]
  })
  const now = ebay.now()
  const isInternational = random.chance(0.1)
  const order: EbayOrder = {
    id: `${random.digits(2)}-${random.digits(5)}-${random.digits(5)}`,
    createdAt: now,
    currency: item.currency,
    buyer: inventPerson(random, countries[offer.marketplaceId] ?? 'US', 'members.ebay.com'),
    username: `sim_${random.letters(8)}`,
    isInternational,
    lines,
    versions: [],
  }
  ebay.state.orders.push(order)
  const { slowPaymentShare, buyerCancelShare, cancelRequestShare } = ebay.settings.lifecycle
  const isSlow = random.chance(slowPaymentShare)
  addVersion(ebay, order, now, { payment: isSlow ? 'PENDING' : 'PAID' })
  if (isSlow) ebay.schedule(now + random.between(minute, 20 * minute), 'pay', order.id)
  const draw = random.next()
  const wait = random.between(minute, 60 * minute)
  if (draw < buyerCancelShare) ebay.schedule(now + wait, 'cancel', order.id)
  else if (draw < buyerCancelShare + cancelRequestShare) ebay.schedule(now + wait, 'request-cancel', order.id)
  for (const line of lines) {
    say(ebay, 'ORDER_CONFIRMATION', {
      user: { userId: 'sim-seller', username: ebay.settings.sellerId },
      order: {
        orderId: order.id,
        orderLineItems: [{ orderLineItemId: line.lineItemId, listingId: line.legacyItemId, quantity: line.quantity }],
      },
    })
  }
  return { orderId: order.id }
}

export const newest = (order: EbayOrder): EbayVersion => order.versions[order.versions.length - 1]!

// One index per order list, extended as the list grows; orders are only ever appended.
const indexes = new WeakMap<EbayOrder[], { known: number; byId: Map<string, EbayOrder> }>()

export function findOrder(ebay: Ebay, orderId: string): EbayOrder | undefined {
  const { orders } = ebay.state
  let index = indexes.get(orders)
  if (!index) {
    index = { known: 0, byId: new Map() }
    indexes.set(orders, index)
  }
  for (; index.known < orders.length; index.known++) index.byId.set(orders[index.known]!.id, orders[index.known]!)
  return index.byId.get(orderId)
}

/** Gives the order a new state; it shows in lists after a lag, and singly a little sooner. */
export function addVersion(ebay: Ebay, order: EbayOrder, at: number, change: Partial<EbayVersion>): void {
  const random = ebay.random('lags')
  const { min = 0, typical, tail, tailShare } = ebay.settings.lagMs
  const late = random.chance(tailShare)
  const lag = late ? typical + random.next() * Math.max(0, tail - typical) : min + random.next() * (typical - min)
  const before = order.versions.at(-1)
  order.versions.push({
    payment: 'PAID',
    cancel: 'NONE_REQUESTED',
    parcels: [],
    refunds: [],
    ...before,
    ...change,
    updatedAt: Math.max(at, (before?.updatedAt ?? 0) + 1),
    searchableAt: Math.round(at + lag),
    readableAt: Math.round(at + Math.min(lag, random.next() * 10 * second)),
  })
  ebay.core.touch()
}

export function pay(ebay: Ebay, order: EbayOrder, at: number): void {
  const { payment, cancel } = newest(order)
  if (payment === 'PENDING' && cancel !== 'CANCELED') addVersion(ebay, order, at, { payment: 'PAID' })
}

/** The buyer asks for a cancellation; the order stays as it is until the seller answers. */
export function requestCancel(ebay: Ebay, order: EbayOrder, at: number): void {
  const { cancel, parcels } = newest(order)
  if (cancel !== 'NONE_REQUESTED' || parcels.length > 0) return
  addVersion(ebay, order, at, {
    cancel: 'IN_PROGRESS',
    cancelId: `5${ebay.random('orders').digits(9)}`,
    canceledBy: 'BUYER',
  })
}

export function cancel(
  ebay: Ebay,
  order: EbayOrder,
  at: number,
  { by, restock: given }: { by: 'BUYER' | 'SELLER'; restock?: boolean | undefined },
): string | undefined {
  const version = newest(order)
  if (version.cancel === 'CANCELED' || version.parcels.length > 0) return undefined
  const cancelId = version.cancelId ?? `5${ebay.random('orders').digits(9)}`
  addVersion(ebay, order, at, { cancel: 'CANCELED', canceledBy: by, cancelId })
  if (given ?? ebay.settings.restocks) restock(ebay, order)
  return cancelId
}

/** The units of a canceled order are for sale again. */
function restock(ebay: Ebay, order: EbayOrder): void {
  for (const line of order.lines) {
    const item = findItem(ebay, line.sku)
    if (!item) continue
    setTotal(item, item.total + line.quantity)
    const offer = item.offers.find((one) => one.marketplaceId === line.marketplaceId)
    if (offer) offer.available += line.quantity
  }
}

export function shippedOf(version: EbayVersion, lineItemId: string): number {
  return version.parcels
    .flatMap((parcel) => parcel.lines)
    .reduce((sum, line) => sum + (line.lineItemId === lineItemId ? line.quantity : 0), 0)
}

/** Ships what is left of the order in one parcel, by hand in the seller's own pages. */
export function shipRest(ebay: Ebay, order: EbayOrder, at: number): boolean {
  const version = newest(order)
  const lines = order.lines
    .map(({ lineItemId, quantity }) => ({ lineItemId, quantity: quantity - shippedOf(version, lineItemId) }))
    .filter(({ quantity }) => quantity > 0)
  if (version.cancel === 'CANCELED' || version.payment === 'PENDING' || lines.length === 0) return false
  const parcel = {
    fulfillmentId: String(999 + version.parcels.length),
    carrier: null,
    tracking: null,
    shippedAt: at,
    lines,
  }
  addVersion(ebay, order, at, { parcels: [...version.parcels, parcel] })
  return true
}

/** A refund that was asked for has gone through. */
export function settleRefund(ebay: Ebay, subject: string, at: number): void {
  const [orderId, refundId] = subject.split(' ')
  const order = findOrder(ebay, orderId!)
  if (!order) return
  const version = newest(order)
  const refunds = version.refunds.map((one) =>
    one.refundId === refundId ? { ...one, status: 'REFUNDED' as const } : one,
  )
  const back = refunds.reduce((sum, one) => sum + (one.status === 'REFUNDED' ? one.amount : 0), 0)
  const payment = back >= totalOf(order) ? 'FULLY_REFUNDED' : 'PARTIALLY_REFUNDED'
  addVersion(ebay, order, at, { refunds, payment })
}

export const totalOf = (order: EbayOrder): number =>
  order.lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0)
