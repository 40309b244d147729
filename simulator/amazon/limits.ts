import type { Market } from '../core.ts'
import { fires } from '../faults.ts'

export type AmazonOperation =
  | 'searchOrders'
  | 'getOrder'
  | 'confirmShipment'
  | 'searchListingsItems'
  | 'getListingsItem'
  | 'patchListingsItem'
  | 'createFeedDocument'
  | 'createFeed'
  | 'getFeeds'
  | 'getFeed'
  | 'cancelFeed'
  | 'getFeedDocument'
  | 'getInventorySummaries'
  | 'getMarketplaceParticipations'
  | 'getAccount'
  | 'getReports'
  | 'getReportDocument'
  | 'getDestinations'
  | 'createDestination'
  | 'getSubscription'
  | 'createSubscription'
  | 'deleteSubscription'
  | 'createFulfillmentOrder'
  | 'getFulfillmentOrder'
  | 'cancelFulfillmentOrder'

/** Published usage plans (models and facts: requests per second and burst). */
export const usagePlans: Record<AmazonOperation, { rate: number; burst: number }> = {
  searchOrders: { rate: 0.0056, burst: 20 },
  getOrder: { rate: 0.5, burst: 30 },
  confirmShipment: { rate: 2, burst: 10 },
  searchListingsItems: { rate: 5, burst: 5 },
  getListingsItem: { rate: 5, burst: 10 },
  patchListingsItem: { rate: 5, burst: 5 },
  createFeedDocument: { rate: 0.5, burst: 15 },
  // Five in five minutes for JSON_LISTINGS_FEED, the one type there is here; other types have 0.0083 and 15.
  createFeed: { rate: 5 / 300, burst: 5 },
  getFeeds: { rate: 0.0222, burst: 10 },
  getFeed: { rate: 2, burst: 15 },
  cancelFeed: { rate: 2, burst: 15 },
  getFeedDocument: { rate: 0.0222, burst: 10 },
  getInventorySummaries: { rate: 2, burst: 2 },
  getMarketplaceParticipations: { rate: 0.016, burst: 15 },
  getAccount: { rate: 0.016, burst: 15 },
  getReports: { rate: 0.0222, burst: 10 },
  getReportDocument: { rate: 0.0167, burst: 15 },
  getDestinations: { rate: 1, burst: 5 },
  createDestination: { rate: 1, burst: 5 },
  getSubscription: { rate: 1, burst: 5 },
  createSubscription: { rate: 1, burst: 5 },
  deleteSubscription: { rate: 1, burst: 5 },
  createFulfillmentOrder: { rate: 2, burst: 30 },
  getFulfillmentOrder: { rate: 2, burst: 30 },
  cancelFulfillmentOrder: { rate: 2, burst: 30 },
}

/** Counts the call and takes a token from its bucket; false if there is none. */
export function admit(market: Market, operation: AmazonOperation): boolean {
  const { buckets } = market.state
  const calls = market.count(operation)
  if (market.settings.limits === 'none') return true
  const share = fires(market.core, market.name, operation, 'bucket-halved') ? 0.5 : 1
  const plan = usagePlans[operation]
  const burst = Math.max(1, Math.floor(plan.burst * share))
  const now = market.now()
  buckets[operation] ??= { tokens: burst, at: now }
  const bucket = buckets[operation]
  bucket.tokens = Math.min(burst, bucket.tokens + ((now - bucket.at) / 1000) * plan.rate * share)
  bucket.at = now
  // Refills of many small steps may end a hair below a whole token.
  if (bucket.tokens < 1 - 1e-9) {
    calls.throttled += 1
    return false
  }
  bucket.tokens -= 1
  return true
}
