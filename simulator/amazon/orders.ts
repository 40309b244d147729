import type { Core } from '../core.ts'
import { floorSecond } from '../http.ts'
import type { AmazonItem, AmazonLine, AmazonOrder, OrderVersion } from '../state.ts'
import type { FulfilledBy } from '../types.ts'
import { setFbaQuantity, setQuantity } from './items.ts'
import { inventPerson, marketplaces } from './marketplaces.ts'

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
export function purchase(core: Core, wanted: Purchase): PurchaseResult {
  const item = core.state.amazon.items[wanted.sku]
  if (!item) return { refused: 'unknown sku', shown: 0 }
  const fulfilledBy = wanted.fulfilledBy ?? item.fulfilledBy
  const shown = shownQuantity(item, fulfilledBy)
  if (shown < wanted.quantity) return { refused: 'the marketplace shows too little', shown }
  const now = core.now()
  const left = shown - wanted.quantity
  if (fulfilledBy === 'AMAZON') setFbaQuantity(item, left)
  else setQuantity(item, left)
  const random = core.random('orders')
  const marketplaceId = wanted.marketplaceId ?? random.pick(item.marketplaceIds)
  const order = makeOrder(core, { at: now, marketplaceId, fulfilledBy, past: false }, [
    { item, quantity: wanted.quantity },
  ])
  core.state.amazon.orders.push(order)
  addVersion(core, order, now, { status: 'PENDING' })
  planPayment(core, order, now)
  return { orderId: order.id }
}

/** What a buyer of this kind of offer sees. */
function shownQuantity(item: AmazonItem, fulfilledBy: FulfilledBy): number {
  return fulfilledBy === 'AMAZON' ? item.fbaQuantity : (item.quantity ?? 0)
}

/** An order without any version yet. Ids have Amazon's form, 3-7-7 digits. */
export function makeOrder(
  core: Core,
  about: { at: number; marketplaceId: string; fulfilledBy: FulfilledBy; past: boolean },
  lines: { item: AmazonItem; quantity: number }[],
): AmazonOrder {
  const random = core.random('orders')
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

export function findOrder(core: Core, orderId: string): AmazonOrder | undefined {
  const { orders } = core.state.amazon
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
  core: Core,
  order: AmazonOrder,
  at: number,
  change: Pick<OrderVersion, 'status'> & Partial<OrderVersion>,
): void {
  const random = core.random('lags')
  const { typical, tail, tailShare } = core.amazon.lagMs
  const late = random.chance(tailShare)
  const lag = late ? typical + random.next() * Math.max(0, tail - typical) : random.next() * typical
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
  core.touch()
}

/** Payment of a new order: usually 30–120 s, sometimes up to half an hour, and a few never pay. */
function planPayment(core: Core, order: AmazonOrder, now: number): void {
  const random = core.random('orders')
  const { slowPaymentShare, pendingCancelShare } = core.amazon.lifecycle
  const slow = random.chance(slowPaymentShare)
  const wait = slow ? random.between(2 * minute, 30 * minute) : random.between(30 * second, 120 * second)
  core.schedule(now + wait, random.chance(pendingCancelShare) ? 'cancel' : 'pay', order.id)
}

/** PENDING → UNSHIPPED, and what follows from there by itself. */
export function pay(core: Core, order: AmazonOrder, at: number): void {
  if (newestVersion(order).status !== 'PENDING') return
  addVersion(core, order, at, { status: 'UNSHIPPED' })
  const random = core.random('orders')
  const { buyerCancelShare, cancelRequestShare } = core.amazon.lifecycle
  if (order.fulfilledBy === 'AMAZON') {
    core.schedule(at + random.between(30 * minute, 12 * 60 * minute), 'ship', order.id)
    return
  }
  const draw = random.next()
  const wait = random.between(minute, 60 * minute)
  if (draw < buyerCancelShare) core.schedule(at + wait, 'cancel', order.id)
  else if (draw < buyerCancelShare + cancelRequestShare) core.schedule(at + wait, 'request-cancel', order.id)
}

/** The buyer asks for a cancellation; the order stays as it is until somebody carries it out. */
export function requestCancel(core: Core, order: AmazonOrder, at: number): void {
  const { status } = newestVersion(order)
  if (status === 'PENDING' || status === 'UNSHIPPED') addVersion(core, order, at, { status, cancelRequested: true })
}

/** Cancels an order that has not shipped; the marketplace adds its units back by itself unless told not to. */
export function cancel(
  core: Core,
  order: AmazonOrder,
  at: number,
  options: { by: 'BUYER' | 'MERCHANT' | 'AMAZON'; restock: boolean },
): boolean {
  const { status } = newestVersion(order)
  if (status !== 'PENDING' && status !== 'UNSHIPPED') return false
  addVersion(core, order, at, { status: 'CANCELLED', canceledBy: options.by })
  if (!options.restock) return true
  for (const line of order.lines) {
    const item = core.state.amazon.items[line.sku]
    if (!item) continue
    if (order.fulfilledBy === 'AMAZON') setFbaQuantity(item, item.fbaQuantity + line.quantity)
    // Without an entry of its own there is nothing that could grow.
    else if (item.quantity !== null) setQuantity(item, item.quantity + line.quantity)
  }
  return true
}

/** Ships what is left of the order in one parcel. */
export function ship(core: Core, order: AmazonOrder, at: number): boolean {
  const { status, parcels = [] } = newestVersion(order)
  if (status !== 'UNSHIPPED' && status !== 'PARTIALLY_SHIPPED') return false
  const items = order.lines
    .map((line) => ({ itemId: line.itemId, quantity: line.quantity - shippedUnits(newestVersion(order), line) }))
    .filter((item) => item.quantity > 0)
  const parcel = { reference: String(parcels.length + 1), carrier: 'Other', shippedAt: floorSecond(at), items }
  addVersion(core, order, at, { status: 'SHIPPED', parcels: [...parcels, parcel] })
  return true
}

export function shippedUnits(version: OrderVersion, line: AmazonLine): number {
  const items = (version.parcels ?? []).flatMap((parcel) => parcel.items)
  return items.reduce((sum, item) => sum + (item.itemId === line.itemId ? item.quantity : 0), 0)
}
