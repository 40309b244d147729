import type { ScheduledEvent } from '../state.ts'
import { moveFeed } from './feeds.ts'
import { applyWrite } from './inventory.ts'
import type { Walmart } from './market.ts'
import { cancelRest, findOrder, requestCancel, shipRest } from './orders.ts'
import { say } from './words.ts'

/** Lets one thing happen that was planned. */
export function runWalmartEvent(walmart: Walmart, { kind, subject, at }: ScheduledEvent): void {
  if (kind === 'effect') applyWrite(walmart, Number(subject), at)
  if (kind === 'feed') moveFeed(walmart, subject, at)
  const [id = '', why = ''] = subject.split(' ')
  const order = findOrder(walmart, id)
  if (!order) return
  if (kind === 'ship') shipRest(walmart, order, at)
  if (kind === 'request-cancel') requestCancel(walmart, order, at)
  if (kind === 'cancel' && cancelRest(walmart, order, at, { reason: why })) say(walmart, why, order.id)
}
