import { fires } from '../faults.ts'
import type { Ebay } from './market.ts'
import type { Api } from './types.ts'

const day = 86_400_000

/** Every operation, and whose quota it takes from. */
export const operations = {
  getInventoryItems: 'Inventory',
  bulkGetInventoryItem: 'Inventory',
  getOffers: 'Inventory',
  bulkUpdatePriceQuantity: 'Inventory',
  getOrders: 'Fulfillment',
  getOrder: 'Fulfillment',
  getShippingFulfillments: 'Fulfillment',
  createShippingFulfillment: 'Fulfillment',
  issueRefund: 'Fulfillment',
  createCancellation: 'Post-Order',
  approveCancellation: 'Post-Order',
  getRateLimits: 'Analytics',
  getPrivileges: 'Account',
  getOptedInPrograms: 'Account',
  getPublicKey: 'Notification',
  getTopics: 'Notification',
  getDestinations: 'Notification',
  changeDestination: 'Notification',
  getSubscriptions: 'Notification',
  changeSubscription: 'Notification',
  getPayouts: 'Finances',
  getPayout: 'Finances',
  getTransactions: 'Finances',
  getUser: 'Identity',
} as const satisfies Record<string, Api>
export type EbayOperation = keyof typeof operations

/** The day of the API's quota: it begins with its first call and lasts 24 hours. */
export function usedToday(ebay: Ebay, api: Api): { count: number; resetsAt: number } {
  const { used } = ebay.state
  const now = ebay.now()
  const found = used[api]
  if (found && found.resetsAt > now) return found
  const fresh = { count: 0, resetsAt: now + day }
  used[api] = fresh
  return fresh
}

/** Counts the call; false where the day's quota is used up. */
export function admit(ebay: Ebay, operation: EbayOperation): boolean {
  const calls = ebay.core.count('ebay', operation)
  if (ebay.settings.limits === 'none') return true
  const api = operations[operation]
  const used = usedToday(ebay, api)
  const share = fires(ebay.core, 'ebay', operation, 'bucket-halved') ? 0.5 : 1
  if (used.count >= ebay.settings.quotas[api] * share) {
    calls.throttled += 1
    return false
  }
  used.count += 1
  return true
}

/** eBay's official time; daylight saving is left out. */
const officialOffsetMs = -8 * 3_600_000

/** Takes one revision of the listing's day; false where none is left. */
export function revise(ebay: Ebay, listingId: string): boolean {
  const today = new Date(ebay.now() + officialOffsetMs).toISOString().slice(0, 10)
  const { revisions } = ebay.state
  if (revisions[listingId]?.day !== today) revisions[listingId] = { day: today, count: 0 }
  if (revisions[listingId].count >= ebay.settings.revisionsPerDay) return false
  revisions[listingId].count += 1
  return true
}
