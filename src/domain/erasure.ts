/** When a buyer's data may go, and when it must. Pure. */
import type { FulfilledBy, OrderState } from './orders.ts'

const dayMs = 86_400_000
/** What the channels give for a request; counted from when it was made. */
export const answerWithinMs = 30 * dayMs
/** So long before the last day nothing is waited for any more. */
const spareMs = 2 * dayMs

const leaving: ReadonlySet<OrderState> = new Set(['pending', 'open', 'partly_shipped', 'unknown'])

export interface ErasableOrder {
  state: OrderState
  fulfilledBy: FulfilledBy
}

/** Goods that we still have to send need their address; but no longer than there is time. */
export function mayErase(order: ErasableOrder, dueAt: Date, now: Date): boolean {
  const isNeeded = order.fulfilledBy === 'merchant' && leaving.has(order.state)
  return !isNeeded || now.getTime() >= dueAt.getTime() - spareMs
}

/** Orders that never came to an end are not kept for ever either. */
export const oldestMs = 180 * dayMs

/** Of a channel that allows so many days after an order left. */
export const keptSince = (days: number, now: Date): Date => new Date(now.getTime() - days * dayMs)
