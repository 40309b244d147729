/** What a version of an order line says about the slot it was sold at. */
import type { DecidedOrder, KnownLine, KnownOrder, OrderEvent } from './intake.ts'
import type { IncomingLine } from './orders.ts'

/** Units that a channel sold at a slot, or took back by a cancellation, in the slot's own units. */
export interface SlotSale {
  slotId: string
  /** Absent: a checkout that is no order yet. */
  orderId?: string
  /** Of the order's version that told it. */
  changedAt?: Date
  quantity: number
  /** Canceled units: the channel puts them back by itself, or we cannot know that it does not. */
  restocked: number
  placedAt: Date
  /** The channel certainly lowered itself. A store that tells an order without a checkout may have sold it elsewhere. */
  isSure: boolean
  /** The account's orders were believed to be known beyond that moment. */
  isLate: boolean
}

/**
 * Units newly known to be sold at the slot, or canceled; null where nothing is new. One that was canceled before it was
 * known counts as both: its units were sold there, and may be for sale again.
 */
export function slotSale(one: {
  order: DecidedOrder
  /** The order as it was known before. */
  known: KnownOrder | undefined
  line: IncomingLine
  before: KnownLine | undefined
  /** Sales that the order's checkout told of. */
  boundSales: number
  slotId: string | null
  knownUntil: Date | null
  isSure: boolean
}): SlotSale | null {
  const { order, known, line, before, boundSales, slotId, knownUntil, isSure } = one
  if (!slotId || order.fulfilledBy === 'channel') return null
  const sold = before ? before.quantity : boundSales
  const canceled = before ? (known?.state === 'canceled' ? before.quantity : before.canceled) : 0
  // Edits can lower what was ordered; that gives units back like a cancellation.
  const nowSold = Math.max(sold, line.quantity)
  const nowCanceled = nowSold - (order.state === 'canceled' ? 0 : line.quantity - line.canceled)
  const quantity = nowSold - sold
  const restocked = Math.max(0, nowCanceled - canceled)
  if (quantity === 0 && restocked === 0) return null
  const isLate = knownUntil !== null && order.placedAt <= knownUntil
  return { slotId, quantity, restocked, placedAt: order.placedAt, isSure, isLate }
}

/** A late sale is told to people: nothing else says why its slot is emptied. One that lowered nothing there is not. */
export function lateEvents(
  orderId: string,
  line: IncomingLine,
  { quantity, placedAt, isSure, isLate }: SlotSale,
  knownUntil: Date | null,
): OrderEvent[] {
  if (!isLate || !isSure || quantity === 0 || knownUntil === null) return []
  const behindMs = knownUntil.getTime() - placedAt.getTime()
  return [{ orderId, kind: 'late-sale', data: { line: line.remoteId, sku: line.remoteSku, quantity, behindMs } }]
}
