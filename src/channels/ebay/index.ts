/** eBay: absolute quantities, one SKU a call; orders by polling; effects, words from the channel, consent and checks. */
import type { Connector } from '../connector.ts'
import { checks } from './checks.ts'
import { limits } from './client.ts'
import { consent } from './consent.ts'
import { cancellations, refunds, shipments } from './effects.ts'
import { verify } from './incoming.ts'
import { pullListings } from './listings.ts'
import { quantitiesIn } from './mapping.ts'
import { pullOrders, readRaw } from './orders.ts'
import { prices } from './prices.ts'
import { recount } from './recount.ts'
import { readSettings, secrets, settings } from './settings.ts'
import { pullSettlements } from './settlements.ts'
import { pushQuantities, readQuantities } from './stock.ts'
import { subscribe } from './subscriptions.ts'

export const ebay: Connector = {
  channel: 'ebay',
  title: 'eBay',
  settings,
  secrets,
  // One number stands for a SKU on all marketplaces.
  regionOf: () => '',
  identityOf: (value) => {
    const { environment, sellerId } = readSettings(value)
    return `${environment} ${sellerId.toLowerCase()}`
  },
  allowedOrigins: (value) => {
    const { endpoint } = readSettings(value)
    return endpoint ? [new URL(endpoint).origin] : []
  },
  limits,
  journalKeys: new Set([
    'availableQuantity',
    'cancelState',
    'category',
    'creationDate',
    'currency',
    'destinationId',
    'domain',
    'errorId',
    'format',
    'fulfillmentId',
    'lastModifiedDate',
    'legacyItemId',
    'limit',
    'lineItemFulfillmentStatus',
    'lineItemId',
    'listingId',
    'listingMarketplaceId',
    'listingStatus',
    'marketplaceId',
    'offerId',
    'offset',
    'orderFulfillmentStatus',
    'orderId',
    'orderPaymentStatus',
    'payoutDate',
    'payoutId',
    'payoutStatus',
    'programType',
    'quantity',
    'refundId',
    'refundStatus',
    'remaining',
    'reset',
    'shippedDate',
    'shippingCarrierCode',
    'sku',
    'soldQuantity',
    'status',
    'statusCode',
    'subscriptionId',
    'timeWindow',
    'topicId',
    'total',
    'transactionStatus',
    'transactionType',
  ]),
  quantityWrites: 'absolute',
  orders: { pull: pullOrders, read: readRaw, everyMs: 60_000, recount },
  // Each item costs a call of its own.
  listings: { pull: pullListings, everyMs: 3 * 60 * 60_000 },
  stock: {
    pushBatch: 1,
    pushAtOnce: 10,
    pushOperation: 'bulkUpdatePriceQuantity',
    push: pushQuantities,
    revisionsPerDay: 250,
    readBatch: 25,
    readOperation: 'bulkGetInventoryItem',
    // The item's own record is read, not a search.
    readsMayBeOldMs: 0,
    read: readQuantities,
    readingsIn: (operation, response) => (operation === 'bulkGetInventoryItem' ? quantitiesIn(response) : []),
    marginMs: 10 * 60_000,
    delays: { effectMs: 15_000, salesKnownMs: 12 * 60_000 },
    auditEveryMs: 30 * 60_000,
  },
  shipments,
  cancellations,
  refunds,
  prices,
  webhooks: {
    // 412 as eBay's own library answers what is not signed by eBay.
    status: { accepted: 200, refused: 412 },
    verify,
    subscribe,
    everyMs: 60 * 60_000,
  },
  consent,
  checks,
  settlements: { pull: pullSettlements, everyMs: 12 * 3_600_000 },
}
