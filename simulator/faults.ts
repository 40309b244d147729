import { bigcommerceFaults } from './bigcommerce/faults.ts'
import type { Core } from './core.ts'
import { operations as ebayOperations } from './ebay/limits.ts'
import { ConnectionLost } from './http.ts'
import { shopifyFaults } from './shopify/faults.ts'
import type { Fault, FaultKind, FeedFault, Rewrite } from './state.ts'
import type { ChannelName } from './types.ts'
import { walmartFaults } from './walmart/faults.ts'
import { wooFaults } from './woocommerce/faults.ts'
import { wooOperations } from './woocommerce/router.ts'

const anywhere: FaultKind[] = ['status', 'slow', 'timeout-after-apply', 'drop', 'malformed']
/** What can happen to every call of the SP-API. */
const everyCall: FaultKind[] = [...anywhere, 'expire-token', 'expire-access', 'bucket-halved', 'wrong-date']

/** What can become of a feed while it is worked on, and of its report. */
const feedFaults: FeedFault[] = [
  'stuck',
  'fatal',
  'cancelled',
  'refuse',
  'warn',
  'corrupt',
  'bomb',
  'no-report',
  'miscount',
]

/** Which fault can happen to which call. */
export const faultKinds: Record<'amazon' | 'storefront' | 'shopify', Record<string, FaultKind[]>> = {
  amazon: {
    token: [...anywhere, 'revoke', 'wrong-date'],
    searchOrders: [...everyCall, 'stale-read', 'duplicate', 'reorder', 'omit', 'moving-list', 'rewrite'],
    getOrder: [...everyCall, 'stale-read', 'rewrite'],
    searchListingsItems: [...everyCall, 'stale-read', 'reorder'],
    getListingsItem: [...everyCall, 'stale-read'],
    patchListingsItem: [...everyCall, 'duplicate', 'reorder'],
    confirmShipment: everyCall,
    createFeedDocument: everyCall,
    createFeed: everyCall,
    getFeeds: everyCall,
    getFeed: everyCall,
    cancelFeed: everyCall,
    getFeedDocument: everyCall,
    getInventorySummaries: [...everyCall, 'stale-read'],
    getMarketplaceParticipations: everyCall,
    getAccount: everyCall,
    getReports: everyCall,
    getReportDocument: everyCall,
    createFulfillmentOrder: everyCall,
    getFulfillmentOrder: everyCall,
    cancelFulfillmentOrder: everyCall,
    // at the address that was handed out; there is no access token on the way
    uploadFeedDocument: anywhere,
    downloadFeedDocument: anywhere,
  },
  storefront: {
    // what the hub sends to the store
    'stock.set': anywhere,
    'stock.read': [...anywhere, 'stale-read'],
    products: [...anywhere, 'stale-read'],
    // what the store sends to the hub; the fault is in the network between them
    reserve: ['slow', 'timeout-after-apply', 'drop', 'duplicate'],
    release: ['slow', 'timeout-after-apply', 'drop', 'duplicate'],
    confirm: ['slow', 'timeout-after-apply', 'drop', 'duplicate'],
    order: ['slow', 'timeout-after-apply', 'drop', 'duplicate'],
  },
  shopify: shopifyFaults([...anywhere, 'expire-access', 'bucket-halved', 'wrong-date'], [...anywhere, 'revoke']),
}

/** What can happen to every call of eBay; there are no page tokens. */
const everyEbayCall: FaultKind[] = [...anywhere, 'expire-access', 'bucket-halved', 'wrong-date']

/** Beyond that, to some. */
const ebayFaults: Partial<Record<string, FaultKind[]>> = {
  getOrders: ['stale-read', 'duplicate', 'reorder', 'omit', 'rewrite'],
  getOrder: ['rewrite'],
  getInventoryItems: ['stale-read'],
  bulkGetInventoryItem: ['stale-read'],
  bulkUpdatePriceQuantity: ['duplicate', 'reorder', 'refuse'],
  getUser: ['rewrite'],
}

/** On the way to a notification, and to the notification itself. */
const notificationFaults: Record<string, FaultKind[]> = {
  getDestinations: everyCall,
  createDestination: everyCall,
  getSubscription: everyCall,
  createSubscription: everyCall,
  deleteSubscription: everyCall,
  notification: ['drop', 'duplicate'],
}

/** What can happen where; a fault that could never fire is refused when it is planted. */
export function faultsAt(channel: ChannelName): Record<string, FaultKind[]> {
  if (channel === 'shopify') return faultKinds.shopify
  if (channel === 'bigcommerce') return bigcommerceFaults(anywhere)
  if (channel === 'woocommerce') return wooFaults(wooOperations, anywhere)
  if (channel === 'walmart') return walmartFaults(anywhere)
  if (channel === 'ebay') {
    const calls = Object.keys(ebayOperations).map((name) => [name, [...everyEbayCall, ...(ebayFaults[name] ?? [])]])
    return { token: [...anywhere, 'revoke'], ...Object.fromEntries(calls) }
  }
  return channel === 'storefront'
    ? faultKinds.storefront
    : { ...faultKinds.amazon, JSON_LISTINGS_FEED: [...feedFaults], ...notificationFaults }
}

/**
 * The fault of this kind that hits this call, if one does; it counts as fired. With an order's id only faults that are
 * about this order are asked, without one only those that are about none.
 */
export function fires(
  core: Core,
  channel: ChannelName,
  operation: string,
  kind: FaultKind,
  orderId?: string,
): Fault | null {
  for (const fault of core.state.faults) {
    if (fault.channel !== channel || fault.kind !== kind || fault.orderId !== orderId) continue
    if (fault.operation !== '*' && fault.operation !== operation) continue
    if (fault.left === 0 || (fault.until !== null && core.now() >= fault.until)) continue
    if (fault.rate < 1 && !core.random(streamOf(channel)).chance(fault.rate)) continue
    fault.fired += 1
    if (fault.left !== null) fault.left -= 1
    core.touch()
    return fault
  }
  return null
}

/** Amazon and the store share the first stream there was, so that old seeds stay; the others have their own. */
function streamOf(channel: ChannelName): string {
  return channel === 'amazon' || channel === 'storefront' ? 'faults' : `${channel} faults`
}

/** Waits for real, as long as the delay lasts at the simulator's speed. The only timer in an answer's way, unless the caller keeps time. */
async function wait(core: Core, delayMs: number): Promise<void> {
  const real = delayMs / Math.max(core.state.clock.speed, 0.001)
  if (core.options.sleep) await core.options.sleep(real)
  else await new Promise((resolve) => setTimeout(resolve, real))
}

/**
 * Runs one operation under the faults planted for it. `refuse` writes the channel's own error body for a status.
 * Dropped: not applied, no answer. Timed out: applied, no answer. Malformed: applied, unreadable answer.
 */
export async function underFaults(
  core: Core,
  channel: ChannelName,
  operation: string,
  refuse: (status: number) => Response,
  perform: () => Promise<Response> | Response,
): Promise<Response> {
  const slow = fires(core, channel, operation, 'slow')
  if (slow) await wait(core, slow.delayMs)
  if (fires(core, channel, operation, 'drop')) throw new ConnectionLost(`${operation} was dropped`)
  const status = fires(core, channel, operation, 'status')
  if (status) return refuse(status.status)
  const response = await perform()
  if (fires(core, channel, operation, 'timeout-after-apply')) {
    throw new ConnectionLost(`${operation} was applied, its answer was lost`)
  }
  if (fires(core, channel, operation, 'malformed')) return malformed(core, response)
  const wrongDate = fires(core, channel, operation, 'wrong-date')
  if (wrongDate) response.headers.set('date', new Date(core.now() + wrongDate.delayMs).toUTCString())
  return response
}

/** A copy of the answer with the changes of the fault: another form than the documented one. */
export function rewritten(body: object, changes: readonly Rewrite[] = []): object {
  const copy = structuredClone(body) as Record<string, unknown>
  for (const { at, value } of changes) {
    const path = at.split('/').slice(1)
    const name = path.pop()!
    const place = path.reduce<unknown>((inner, key) => (inner as Record<string, unknown> | undefined)?.[key], copy)
    if (typeof place !== 'object' || place === null) continue
    if (value === undefined) delete (place as Record<string, unknown>)[name]
    else (place as Record<string, unknown>)[name] = value
  }
  return copy
}

/** The same for a call that leaves the store: the answer is lost or doubled on its way, never rewritten. */
export async function underNetworkFaults(
  core: Core,
  operation: string,
  send: () => Promise<Response>,
): Promise<Response> {
  const slow = fires(core, 'storefront', operation, 'slow')
  if (slow) await wait(core, slow.delayMs)
  if (fires(core, 'storefront', operation, 'drop')) throw new ConnectionLost(`${operation} never left`)
  if (fires(core, 'storefront', operation, 'duplicate')) await send()
  const response = await send()
  if (fires(core, 'storefront', operation, 'timeout-after-apply')) {
    throw new ConnectionLost(`the answer to ${operation} was lost`)
  }
  return response
}

async function malformed(core: Core, response: Response): Promise<Response> {
  if (core.random('faults').chance(0.5)) {
    const page =
      '<html><head><title>Service Unavailable</title></head><body><h1>Something went wrong</h1></body></html>'
    return new Response(page, {
      status: response.status === 204 ? 200 : response.status,
      headers: { 'content-type': 'text/html' },
    })
  }
  const text = await response.text()
  const status = response.status === 204 ? 200 : response.status
  const cut = text === '' ? '{' : text.slice(0, Math.max(1, Math.floor(text.length * 0.6)))
  return new Response(cut, { status, headers: { 'content-type': 'application/json' } })
}
