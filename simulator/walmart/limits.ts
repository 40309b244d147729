import { fires } from '../faults.ts'
import type { Walmart } from './market.ts'

const minute = 60_000
const hour = 60 * minute

/** Every operation, with the calls that its bucket holds and the time in which it fills (specs: rate limits). */
export const operations = {
  getTokenDetail: [100, minute],
  getAllOrders: [5_000, minute],
  getAnOrder: [5_000, minute],
  acknowledgeOrders: [60, minute],
  shippingUpdates: [60, minute],
  cancelOrderLines: [60, minute],
  refundOrderLines: [60, minute],
  updateInventoryForAnItem: [200, minute],
  getMultiNodeInventoryForSkuAndAllShipnodes: [200, minute],
  getMultiNodeInventoryForAllSkuAndAllShipNodes: [200, minute],
  getWFSInventory: [100, minute],
  getAnItem: [900, minute],
  updatePrice: [100, hour],
  updateBulkInventory: [10, hour],
  priceBulkUploads: [10, hour],
  getAllFeedStatuses: [5_000, minute],
  getFeedItemStatus: [5_000, minute],
  getAllSubscriptions: [50, minute],
  createSubscription: [200, minute],
  updateSubscription: [5, minute],
  deleteSubscription: [10, minute],
  getAvailableReconReportDates: [100, minute],
  getReconReport: [100, minute],
} as const satisfies Record<string, readonly [number, number]>
export type WalmartOperation = keyof typeof operations

/** Takes a call from the seller's bucket; tells what the headers say. */
export function admit(walmart: Walmart, operation: WalmartOperation): { ok: boolean; headers: Record<string, string> } {
  const calls = walmart.core.count('walmart', operation)
  if (walmart.settings.limits === 'none') return { ok: true, headers: {} }
  const share = fires(walmart.core, 'walmart', operation, 'bucket-halved') ? 0.5 : 1
  const [whole, per] = operations[operation]
  const most = Math.max(1, Math.floor(whole * share))
  const now = walmart.now()
  const { buckets } = walmart.state
  const bucket = buckets[operation] ?? { tokens: most, at: now }
  const tokens = Math.min(most, bucket.tokens + ((now - bucket.at) * most) / per)
  const ok = tokens >= 1
  if (!ok) calls.throttled += 1
  buckets[operation] = { tokens: ok ? tokens - 1 : tokens, at: now }
  return { ok, headers: headersOf(walmart, operation, buckets[operation].tokens, per / most) }
}

/** The time of the next token is seen in three forms (facts: channels.md §2, limits). */
function headersOf(walmart: Walmart, operation: string, tokens: number, eachMs: number): Record<string, string> {
  const next = walmart.now() + Math.ceil((1 - (tokens % 1)) * eachMs)
  const forms = [String(next), new Date(next).toISOString(), String(Math.ceil((next - walmart.now()) / 1_000))]
  return {
    'x-current-token-count': String(Math.floor(tokens)),
    'x-next-replenishment-time': forms[operation.length % forms.length]!,
  }
}
