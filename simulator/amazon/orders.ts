import type { Market } from '../core.ts'
import { floorSecond } from '../http.ts'
import type { AmazonItem, AmazonLine, AmazonOrder, OrderVersion } from '../state.ts'
import type { FulfilledBy } from '../types.ts'
import { setFbaQuantity, setQuantity } from './items.ts'
import { inventPerson, marketplaces } from './marketplaces.ts'
import { tellOrderChange } from './notifications.ts'

const second = 1000
const minute = 60 * second

export interface Purchase {
  sku: string
  quantity: number
  fulfilledBy?: FulfilledBy
  marketplaceId?: string
}

export type PurchaseResult = { orderId: string } | { refused: string; shown: number }

/**
 * A buyer buys: the shown quantity falls at once and in one step, the order is learned of later. Refused if the
 * marketplace shows less.
 */
export function purchase(market: Market, wanted: Purchase): PurchaseResult {
  const item = market.state.items[wanted.sku]
  if (!item) return { refused: 'unknown sku', shown: 0 }
  const fulfilledBy = wanted.fulfilledBy ?? item.fulfilledBy
  const shown = shownQuantity(item, fulfilledBy)
  const tooLarge = shown < wanted.quantity && (shown === 0 || market.settings.refusesLarger)
  if (tooLarge) return { refused: 'the marketplace shows too little', shown }
  const now = market.now()
  const left = Math.max(0, shown - wanted.quantity)
  if (fulfilledBy === 'AMAZON') setFbaQuantity(item, left)
  else setQuantity(item, left)
  const random = market.random('orders')
  const marketplaceId = wanted.marketplaceId ?? random.pick(item.marketplaceIds)
  const order = makeOrder(market, { at: now, marketplaceId, fulfilledBy, past: false }, [
    { item, quantity: wanted.quantity },
  ])
  market.state.orders.push(order)
  addVersion(market, order, now, { status: 'PENDING' })
  planPayment(market, order, now)
  return { orderId: order.id }
}

/** What a buyer of this kind of offer sees. */
function shownQuantity(item: AmazonItem, fulfilledBy: FulfilledBy): number {
  return fulfilledBy === 'AMAZON' ? item.fbaQuantity : (item.quantity ?? 0)
}

/** An order without any version yet. Ids have Amazon's form, 3-7-7 digits. */
export function makeOrder(
  market: Market,
  about: { at: number; marketplaceId: string; fulfilledBy: FulfilledBy; past: boolean },
  lines: { item: AmazonItem; quantity: number }[],
): AmazonOrder {
  const random = market.random('orders')
  const country = marketplaces[about.marketplaceId]?.country ?? 'US'
  return {
    id: `${random.between(100, 999)}-${random.digits(7)}-${random.digits(7)}`,
    marketplaceId: about.marketplaceId,
    fulfilledBy: about.fulfilledBy,
    createdAt: floorSecond(about.at),
    currency: lines[0]!.item.currency,
    buyer: inventPerson(random, country, 'marketplace.amazon.com'),
    lines: lines.map(
      ({ item, quantity }): AmazonLine => ({
        itemId: `${random.between(1, 9)}${random.digits(13)}`,
        sku: item.sku,
        asin: item.asin,
        title: item.title,
        quantity,
        unitPrice: item.price,
      }),
    ),
    versions: [],
    past: about.past,
  }
}

export function newestVersion(order: AmazonOrder): OrderVersion {
  return order.versions[order.versions.length - 1]!
}

// One index per order list, extended as the list grows; orders are only ever appended.
const indexes = new WeakMap<AmazonOrder[], { known: number; byId: Map<string, AmazonOrder> }>()

export function findOrder(market: Market, orderId: string): AmazonOrder | undefined {
  const { orders } = market.state
  let index = indexes.get(orders)
  if (!index) {
    index = { known: 0, byId: new Map() }
    indexes.set(orders, index)
  }
  for (; index.known < orders.length; index.known++) index.byId.set(orders[index.known]!.id, orders[index.known]!)
  return index.byId.get(orderId)
}

/**
 * Gives the order a new state. It reaches search after a lag (facts: about 2 min, sometimes much more) and getOrder
 * after 30 s at most; lags are drawn per change, so changes may also become visible close together.
 */
export function addVersion(
  market: Market,
  order: AmazonOrder,
  at: number,
  change: Pick<OrderVersion, 'status'> & Partial<OrderVersion>,
): void {
  const random = market.random('lags')
  const { min = 0, typical, tail, tailShare } = market.settings.lagMs
  const late = random.chance(tailShare)
  const lag = late ? typical + random.next() * Math.max(0, tail - typical) : min + random.next() * (typical - min)
  const before = order.versions.at(-1)
  order.versions.push({
    canceledBy: before?.canceledBy,
    cancelRequested: before?.cancelRequested,
    parcels: before?.parcels,
    updatedAt: Math.max(floorSecond(at), before?.updatedAt ?? 0),
    searchableAt: Math.round(at + lag),
    readableAt: Math.round(at + Math.min(lag, random.next() * 30 * second)),
    ...change,
  })
  tellOrderChange(market, order, order.versions.at(-1)!)
  market.touch()
}

/** Payment of a new order: usually 30–120 s, sometimes up to half an hour, and a few never pay. */
function planPayment(market: Market, order: AmazonOrder, now: number): void {
  const random = market.random('orders')
  const { slowPaymentShare, pendingCancelShare } = market.settings.lifecycle
  const slow = random.chance(slowPaymentShare)
  const wait = slow ? random.between(2 * minute, 30 * minute) : random.between(30 * second, 120 * second)
  market.schedule(now + wait, random.chance(pendingCancelShare) ? 'cancel' : 'pay', order.id)
}

/** PENDING → UNSHIPPED, and what follows from there by itself. */
export function pay(market: Market, order: AmazonOrder, at: number): void {
  if (newestVersion(order).status !== 'PENDING') return
  addVersion(market, order, at, { status: 'UNSHIPPED' })
  const random = market.random('orders')
  const { buyerCancelShare, cancelRequestShare } = market.settings.lifecycle
  if (order.fulfilledBy === 'AMAZON') {
    market.schedule(at + random.between(30 * minute, 12 * 60 * minute), 'ship', order.id)
    return
  }
  const draw = random.next()
  const wait = random.between(minute, 60 * minute)
  if (draw < buyerCancelShare) market.schedule(at + wait, 'cancel', order.id)
  else if (draw < buyerCancelShare + cancelRequestShare) market.schedule(at + wait, 'request-cancel', order.id)
}

/** The buyer asks for a cancellation; the order stays as it is until somebody carries it out. */
export function requestCancel(market: Market, order: AmazonOrder, at: number): void {
  const { status } = newestVersion(order)
  if (status === 'PENDING' || status === 'UNSHIPPED') addVersion(market, order, at, { status, cancelRequested: true })
}

/**
 * Cancels an order that has not shipped. Whether the marketplace adds its units back by itself, and when, is its habit;
 * `restock` overrules the habit.
 */
export function cancel(
  market: Market,
  order: AmazonOrder,
  at: number,
  options: { by: 'BUYER' | 'MERCHANT' | 'AMAZON'; restock?: boolean | undefined },
): boolean {
  const { status } = newestVersion(order)
  if (status !== 'PENDING' && status !== 'UNSHIPPED') return false
  addVersion(market, order, at, { status: 'CANCELLED', canceledBy: options.by })
  const { byItself, afterMs } = market.settings.restock
  if (!(options.restock ?? byItself)) return true
  if (afterMs.max === 0) restock(market, order)
  else market.schedule(at + market.random('orders').between(afterMs.min, afterMs.max), 'restock', order.id)
  return true
}

/** The units of a canceled order are for sale again. */
export function restock(market: Market, order: AmazonOrder): void {
  for (const line of order.lines) {
    const item = market.state.items[line.sku]
    if (!item) continue
    if (order.fulfilledBy === 'AMAZON') setFbaQuantity(item, item.fbaQuantity + line.quantity)
    // Without an entry of its own there is nothing that could grow.
    else if (item.quantity !== null) setQuantity(item, item.quantity + line.quantity)
  }
}

/** Ships what is left of the order in one parcel. */
export function ship(market: Market, order: AmazonOrder, at: number): boolean {
  const { status, parcels = [] } = newestVersion(order)
  if (status !== 'UNSHIPPED' && status !== 'PARTIALLY_SHIPPED') return false
  const items = order.lines
    .map((line) => ({ itemId: line.itemId, quantity: line.quantity - shippedUnits(newestVersion(order), line) }))
    .filter((item) => item.quantity > 0)
  const parcel = { reference: String(parcels.length + 1), carrier: 'Other', shippedAt: floorSecond(at), items }
  addVersion(market, order, at, { status: 'SHIPPED', parcels: [...parcels, parcel] })
  return true
}

export function shippedUnits(version: OrderVersion, line: AmazonLine): number {
  const items = (version.parcels ?? []).flatMap((parcel) => parcel.items)
  return items.reduce((sum, item) => sum + (item.itemId === line.itemId ? item.quantity : 0), 0)
}
