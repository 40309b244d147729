import { inventPerson } from '../amazon/marketplaces.ts'
import { logEffect } from '../effects.ts'
import { findItem, setQuantity, shownNow, type Walmart } from './market.ts'
import type { NodeType, WalmartLine, WalmartOrder, WalmartVersion } from './types.ts'
import { say } from './words.ts'

const second = 1_000
const minute = 60 * second
const day = 86_400_000

export interface WalmartPurchase {
  sku: string
  quantity: number
  /** further lines of the same order */
  also?: { sku: string; quantity: number }[] | undefined
}

/**
 * A buyer buys: the number falls at once and in one step, the order is learned of later. Refused if too little is shown.
 * The seller's own units are taken where there are enough, else Walmart's.
 */
export function purchase(
  walmart: Walmart,
  wanted: WalmartPurchase,
): { orderId: string } | { refused: string; shown: number } {
  const first = findItem(walmart, wanted.sku)
  if (!first) return { refused: 'unknown sku', shown: 0 }
  const nodeType: NodeType = first.quantity >= wanted.quantity ? 'SellerFulfilled' : 'WFSFulfilled'
  const there = nodeType === 'SellerFulfilled' ? first.quantity : (first.held ?? 0)
  if (!first.published || there < wanted.quantity)
    return { refused: 'the marketplace shows too little', shown: shownNow(first) }
  const lines = [wanted, ...(wanted.also ?? [])].flatMap(({ sku, quantity }, index): WalmartLine[] => {
    const item = findItem(walmart, sku)
    const left = item && (nodeType === 'SellerFulfilled' ? item.quantity : (item.held ?? 0))
    if (!item || left === undefined || left < quantity) return []
    if (nodeType === 'SellerFulfilled') setQuantity(item, item.quantity - quantity)
    else item.held = left - quantity
    return [{ lineNumber: String(index + 1), sku, title: item.title, quantity, unitPrice: item.price }]
  })
  const random = walmart.random('orders')
  const now = walmart.now()
  const order: WalmartOrder = {
    id: `1${random.digits(12)}`,
    customerOrderId: `2${random.digits(14)}`,
    nodeType,
    createdAt: now,
    shipBy: now + walmart.settings.shipWithinMs,
    deliverBy: now + walmart.settings.shipWithinMs + 3 * day,
    currency: first.currency,
    buyer: inventPerson(random, 'US', 'relay.walmart.com'),
    phone: `555${random.digits(7)}`,
    lines,
    versions: [],
  }
  walmart.state.orders.push(order)
  addVersion(walmart, order, now, {})
  plan(walmart, order)
  say(walmart, 'PO_CREATED', order.id)
  return { orderId: order.id }
}

/** What will happen to it by itself. */
function plan(walmart: Walmart, order: WalmartOrder): void {
  const { settings, schedule } = walmart
  const random = walmart.random('orders')
  const draw = random.next()
  const at = order.createdAt + random.between(minute, 60 * minute)
  if (order.nodeType === 'WFSFulfilled') {
    schedule(order.createdAt + 8 * 60 * minute, 'ship', order.id)
    return
  }
  if (draw < settings.lifecycle.fraudCancelShare) schedule(at, 'cancel', `${order.id} FRAUD_CANCEL`)
  else if (draw < settings.lifecycle.fraudCancelShare + settings.lifecycle.cancelRequestShare)
    schedule(at, 'request-cancel', order.id)
  schedule(order.shipBy + settings.autoCancelDays * day, 'cancel', `${order.id} PO_LINE_AUTOCANCELLED`)
}

export const newest = (order: WalmartOrder): WalmartVersion => order.versions[order.versions.length - 1]!

// One index per order list, extended as the list grows; orders are only ever appended.
const indexes = new WeakMap<WalmartOrder[], { known: number; byId: Map<string, WalmartOrder> }>()

export function findOrder(walmart: Walmart, orderId: string): WalmartOrder | undefined {
  const { orders } = walmart.state
  let index = indexes.get(orders)
  if (!index) {
    index = { known: 0, byId: new Map() }
    indexes.set(orders, index)
  }
  for (; index.known < orders.length; index.known++) index.byId.set(orders[index.known]!.id, orders[index.known]!)
  return index.byId.get(orderId)
}

/** Gives the order a new state; it shows in lists after a lag, and singly a little sooner. */
export function addVersion(walmart: Walmart, order: WalmartOrder, at: number, change: Partial<WalmartVersion>): void {
  const random = walmart.random('lags')
  const { min = 0, typical, tail, tailShare } = walmart.settings.lagMs
  const late = random.chance(tailShare)
  const lag = late ? typical + random.next() * Math.max(0, tail - typical) : min + random.next() * (typical - min)
  const before = order.versions.at(-1)
  order.versions.push({
    acknowledged: order.nodeType === 'WFSFulfilled',
    parcels: [],
    canceled: [],
    refunds: [],
    wantsCancel: false,
    ...before,
    ...change,
    updatedAt: Math.max(at, (before?.updatedAt ?? 0) + 1),
    searchableAt: Math.round(at + lag),
    readableAt: Math.round(at + Math.min(lag, random.next() * 10 * second)),
  })
  walmart.core.touch()
}

export const shippedOf = (version: WalmartVersion, lineNumber: string): number =>
  version.parcels.reduce((sum, one) => sum + (one.lineNumber === lineNumber ? one.quantity : 0), 0)

export const canceledOf = (version: WalmartVersion, lineNumber: string): number =>
  version.canceled.reduce((sum, one) => sum + (one.lineNumber === lineNumber ? one.quantity : 0), 0)

export const openOf = (version: WalmartVersion, line: WalmartLine): number =>
  line.quantity - shippedOf(version, line.lineNumber) - canceledOf(version, line.lineNumber)

export const isWholeCanceled = (order: WalmartOrder): boolean =>
  order.lines.every((line) => canceledOf(newest(order), line.lineNumber) === line.quantity)

/** Cancels what has not left. False: there is nothing. */
export function cancelRest(
  walmart: Walmart,
  order: WalmartOrder,
  at: number,
  { reason, restock }: { reason: string; restock?: boolean | undefined },
): boolean {
  const version = newest(order)
  const open = order.lines.map((line) => ({ lineNumber: line.lineNumber, quantity: openOf(version, line) }))
  return cancelUnits(walmart, order, at, { lines: open, reason, restock })
}

export function cancelUnits(
  walmart: Walmart,
  order: WalmartOrder,
  at: number,
  told: { lines: { lineNumber: string; quantity: number }[]; reason: string; restock?: boolean | undefined },
): boolean {
  const version = newest(order)
  const units = told.lines.filter(({ quantity }) => quantity > 0)
  if (units.length === 0) return false
  const canceled = [...version.canceled, ...units.map((one) => ({ ...one, reason: told.reason }))]
  addVersion(walmart, order, at, { canceled, wantsCancel: false })
  if (told.restock ?? walmart.settings.restocks) {
    for (const { lineNumber, quantity } of units) {
      const item = findItem(walmart, order.lines.find((line) => line.lineNumber === lineNumber)!.sku)
      if (item && order.nodeType === 'SellerFulfilled') setQuantity(item, item.quantity + quantity)
      else if (item) item.held = (item.held ?? 0) + quantity
    }
  }
  return true
}

/** The buyer asks; only the seller can carry it out. */
export function requestCancel(walmart: Walmart, order: WalmartOrder, at: number): void {
  const version = newest(order)
  if (version.parcels.length > 0 || isWholeCanceled(order)) return
  addVersion(walmart, order, at, { wantsCancel: true })
  say(walmart, 'INTENT_TO_CANCEL', order.id)
}

/** Ships what is left by hand in the seller's own pages, or by Walmart itself. */
export function shipRest(walmart: Walmart, order: WalmartOrder, at: number): boolean {
  const version = newest(order)
  const parcels = order.lines.flatMap((line) => {
    const quantity = openOf(version, line)
    if (quantity <= 0) return []
    const tracking = walmart.random('ids').digits(18)
    return [
      {
        lineNumber: line.lineNumber,
        quantity,
        carrier: 'FedEx',
        isOther: false,
        tracking,
        url: null,
        methodCode: 'Standard',
        shippedAt: at,
      },
    ]
  })
  if (parcels.length === 0) return false
  addVersion(walmart, order, at, { acknowledged: true, parcels: [...version.parcels, ...parcels] })
  return true
}

/** What came from outside and changed an order; a repeat shows as a second line. */
export function log(walmart: Walmart, operation: string, order: WalmartOrder): void {
  const now = walmart.now()
  const id = walmart.core.nextId()
  logEffect(walmart.state.effects, { id, at: now, operation, sku: order.id, dueAt: now, appliedAt: now })
}
