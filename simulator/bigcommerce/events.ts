import type { ScheduledEvent } from '../state.ts'
import { applyDue, findOrder, pay, type Store } from './store.ts'

/** Lets one thing happen that was planned. */
export function runBigcommerceEvent(store: Store | undefined, { kind, subject, at }: ScheduledEvent): void {
  if (!store) return
  if (kind === 'effect') applyDue(store, Number(subject), at)
  const order = kind === 'pay' ? findOrder(store, subject) : undefined
  if (order) pay(store, order)
}
