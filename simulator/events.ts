import { applyEffect } from './amazon/listings-patch.ts'
import { cancel, findOrder, pay, requestCancel, ship } from './amazon/orders.ts'
import type { Core } from './core.ts'
import type { ScheduledEvent } from './state.ts'

/**
 * Lets happen what is due, in the order of its times. Called whenever somebody looks, so that state depends on the
 * clock and not on how often it is looked at.
 */
export function runEvents(core: Core): void {
  const now = core.now()
  const { events } = core.state
  while (events.length > 0 && events[0]!.at <= now) run(core, events.shift()!)
}

function run(core: Core, event: ScheduledEvent): void {
  core.touch()
  if (event.kind === 'effect') applyEffect(core, Number(event.subject), event.at)
  const order = findOrder(core, event.subject)
  if (!order) return
  if (event.kind === 'pay') pay(core, order, event.at)
  if (event.kind === 'ship') ship(core, order, event.at)
  if (event.kind === 'request-cancel') requestCancel(core, order, event.at)
  if (event.kind === 'cancel') cancel(core, order, event.at, { by: 'BUYER', restock: true })
}
