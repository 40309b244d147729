import type { Core } from '../core.ts'
import { fires } from '../faults.ts'

export type AmazonOperation =
  | 'searchOrders'
  | 'getOrder'
  | 'confirmShipment'
  | 'searchListingsItems'
  | 'getListingsItem'
  | 'patchListingsItem'

/** Published usage plans (models and facts: requests per second and burst). */
export const usagePlans: Record<AmazonOperation, { rate: number; burst: number }> = {
  searchOrders: { rate: 0.0056, burst: 20 },
  getOrder: { rate: 0.5, burst: 30 },
  confirmShipment: { rate: 2, burst: 10 },
  searchListingsItems: { rate: 5, burst: 5 },
  getListingsItem: { rate: 5, burst: 10 },
  patchListingsItem: { rate: 5, burst: 5 },
}

/** Counts the call and takes a token from its bucket; false if there is none. */
export function admit(core: Core, operation: AmazonOperation): boolean {
  const { buckets } = core.state.amazon
  const calls = core.count('amazon', operation)
  if (core.amazon.limits === 'none') return true
  const share = fires(core, 'amazon', operation, 'bucket-halved') ? 0.5 : 1
  const plan = usagePlans[operation]
  const burst = Math.max(1, Math.floor(plan.burst * share))
  const now = core.now()
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
