import type { Market } from '../core.ts'
import type { Access } from '../state.ts'
import type { AmazonOperation } from './limits.ts'

/** Roles as the Solution Provider Portal names them; those that open what is simulated here. */
export const roles = [
  'Product Listing',
  'Inventory and Order Tracking',
  'Amazon Fulfillment',
  'Direct-to-Consumer Shipping (Restricted)',
] as const
export type Role = (typeof roles)[number]

/** Any one of these opens it (facts §2, §15); what is not named is open to every application. */
const openers: Partial<Record<AmazonOperation, readonly Role[]>> = {
  searchOrders: roles,
  getOrder: roles,
  confirmShipment: ['Inventory and Order Tracking', 'Direct-to-Consumer Shipping (Restricted)'],
  searchListingsItems: ['Product Listing'],
  getListingsItem: ['Product Listing'],
  patchListingsItem: ['Product Listing'],
  createFeedDocument: ['Product Listing'],
  createFeed: ['Product Listing'],
  getFeeds: ['Product Listing'],
  getFeed: ['Product Listing'],
  cancelFeed: ['Product Listing'],
  getFeedDocument: ['Product Listing'],
  getInventorySummaries: ['Product Listing', 'Amazon Fulfillment'],
}

/** Until somebody says otherwise: everything, on a professional plan. */
export function accessOf(market: Market): Access {
  return market.state.access ?? { roles: [...roles], plan: 'PROFESSIONAL', away: [], suspended: [], redirectUris: null }
}

/** Does the application have a role that opens the operation? */
export function mayCall(market: Market, operation: AmazonOperation): boolean {
  const wanted = openers[operation]
  return !wanted || wanted.some((role) => accessOf(market).roles.includes(role))
}

/** Names and addresses are left out without the restricted role; that is no error (facts §2). */
export function mayReadBuyers(market: Market): boolean {
  return accessOf(market).roles.includes('Direct-to-Consumer Shipping (Restricted)')
}
