/** Published allowances, as data. Walmart's buckets are per seller and fill evenly (facts: channels.md §2, limits). */
import type { Limit } from '../connector.ts'

const minute = 60
const hour = 3_600
/** A bucket that holds so many calls, and fills in that time. */
const bucket = (calls: number, seconds: number): Limit => ({ rate: calls / seconds, burst: calls })

/** By the table of rate limits. */
export const limits = {
  getTokenDetail: bucket(20, minute),
  getAllOrders: bucket(5_000, minute),
  getAnOrder: bucket(5_000, minute),
  acknowledgeOrders: bucket(60, minute),
  shippingUpdates: bucket(60, minute),
  cancelOrderLines: bucket(60, minute),
  refundOrderLines: bucket(60, minute),
  updateInventoryForAnItem: bucket(200, minute),
  getMultiNodeInventoryForSkuAndAllShipnodes: bucket(200, minute),
  getMultiNodeInventoryForAllSkuAndAllShipNodes: bucket(200, minute),
  getWFSInventory: bucket(100, minute),
  // 900 a minute as long as no query stands beside the SKU.
  getAnItem: bucket(900, minute),
  updatePrice: bucket(100, hour),
  // inventory: 10 an hour; prices share theirs with promotions.
  updateBulkInventory: bucket(10, hour),
  priceBulkUploads: bucket(10, hour),
  // These two share one bucket of 5,000.
  getAllFeedStatuses: bucket(1_000, minute),
  getFeedItemStatus: bucket(4_000, minute),
  getAllSubscriptions: bucket(50, minute),
  createSubscription: bucket(200, minute),
  updateSubscription: bucket(5, minute),
  deleteSubscription: bucket(10, minute),
  getAvailableReconReportDates: bucket(100, minute),
  getReconReport: bucket(100, minute),
} as const satisfies Record<string, Limit>
export type Operation = keyof typeof limits
