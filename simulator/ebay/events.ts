import type { ScheduledEvent } from '../state.ts'
import { applyWrite } from './inventory.ts'
import type { Ebay } from './market.ts'
import { cancel, findOrder, pay, requestCancel, settleRefund } from './orders.ts'

/** Lets one thing happen that was planned. */
export function runEbayEvent(ebay: Ebay, { kind, subject, at }: ScheduledEvent): void {
  if (kind === 'effect') applyWrite(ebay, Number(subject), at)
  if (kind === 'refund') settleRefund(ebay, subject, at)
  const order = findOrder(ebay, subject)
  if (!order) return
  if (kind === 'pay') pay(ebay, order, at)
  if (kind === 'request-cancel') requestCancel(ebay, order, at)
  if (kind === 'cancel') cancel(ebay, order, at, { by: 'BUYER' })
}
