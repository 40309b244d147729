/** Published allowances, as data. */
import type { Limit } from '../connector.ts'

/** Rate per second and burst (models orders_2026-01-01, listingsItems_2021-08-01, feeds_2021-06-30, reports_2021-06-30 and fbaInventory, usage plans). */
export const limits = {
  searchOrders: { rate: 0.0056, burst: 20 },
  getOrder: { rate: 0.5, burst: 30 },
  confirmShipment: { rate: 2, burst: 10 },
  searchListingsItems: { rate: 5, burst: 5 },
  getListingsItem: { rate: 5, burst: 10 },
  patchListingsItem: { rate: 5, burst: 5 },
  createFeedDocument: { rate: 0.5, burst: 15 },
  // 0.0083 and 15 for other types; for JSON_LISTINGS_FEED, the only one we hand in, 5 in 5 minutes (facts §6).
  createFeed: { rate: 5 / 300, burst: 5 },
  getFeeds: { rate: 0.0222, burst: 10 },
  getFeed: { rate: 2, burst: 15 },
  cancelFeed: { rate: 2, burst: 15 },
  getFeedDocument: { rate: 0.0222, burst: 10 },
  getInventorySummaries: { rate: 2, burst: 2 },
  // models fulfillmentOutbound_2020-07-01
  createFulfillmentOrder: { rate: 2, burst: 30 },
  getFulfillmentOrder: { rate: 2, burst: 30 },
  cancelFulfillmentOrder: { rate: 2, burst: 30 },
  getMarketplaceParticipations: { rate: 0.016, burst: 15 },
  getAccount: { rate: 0.016, burst: 15 },
  getReports: { rate: 0.0222, burst: 10 },
  getReportDocument: { rate: 0.0167, burst: 15 },
  getDestinations: { rate: 1, burst: 5 },
  createDestination: { rate: 1, burst: 5 },
  getSubscription: { rate: 1, burst: 5 },
  createSubscription: { rate: 1, burst: 5 },
  deleteSubscription: { rate: 1, burst: 5 },
  // The seller's own queue at AWS, which has no limit worth one: this only bounds what we ask.
  receiveMessage: { rate: 2, burst: 20 },
  deleteMessages: { rate: 2, burst: 20 },
  sendMessage: { rate: 0.1, burst: 3 },
  getQueueAttributes: { rate: 0.1, burst: 5 },
} as const satisfies Record<string, Limit>
export type Operation = keyof typeof limits
