import { moveFeeds } from './amazon/feeds-work.ts'
import { applyEffect } from './amazon/listings-patch.ts'
import { cancel, findOrder, pay, requestCancel, restock, ship } from './amazon/orders.ts'
import { runBigcommerceEvent } from './bigcommerce/events.ts'
import { storeOf } from './bigcommerce/store.ts'
import type { Core } from './core.ts'
import { runEbayEvent } from './ebay/events.ts'
import { ebayOf } from './ebay/market.ts'
import type { ScheduledEvent } from './state.ts'
import { runWalmartEvent } from './walmart/events.ts'
import { walmartOf } from './walmart/market.ts'
import { runWooEvent, wooOf } from './woocommerce/store.ts'

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
  if (event.market === 'ebay') {
    runEbayEvent(ebayOf(core), event)
    return
  }
  if (event.market === 'bigcommerce') {
    runBigcommerceEvent(storeOf(core), event)
    return
  }
  if (event.market === 'woocommerce') {
    const woo = wooOf(core)
    if (woo) runWooEvent(woo, event.subject)
    return
  }
  if (event.market === 'walmart') {
    runWalmartEvent(walmartOf(core), event)
    return
  }
  const market = core.market(event.market ?? 'amazon')
  if (!market) return
  if (event.kind === 'effect') applyEffect(market, Number(event.subject), event.at)
  if (event.kind === 'feed') moveFeeds(market, event.at)
  const order = findOrder(market, event.subject)
  if (!order) return
  if (event.kind === 'pay') pay(market, order, event.at)
  if (event.kind === 'ship') ship(market, order, event.at)
  if (event.kind === 'request-cancel') requestCancel(market, order, event.at)
  if (event.kind === 'restock') restock(market, order)
  if (event.kind === 'cancel') cancel(market, order, event.at, { by: 'BUYER' })
}
