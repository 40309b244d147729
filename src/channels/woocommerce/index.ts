/** A store with WooCommerce: absolute quantities in batches, orders by polling and by the store's own words. */
import type { Connector } from '../connector.ts'
import { checks } from './checks.ts'
import { calls, freshMs, largestPage, limits } from './client.ts'
import { copyOf, createCopy, findCopies } from './copies.ts'
import { pullListings } from './listings.ts'
import { pullOrders } from './orders.ts'
import { pushPrices } from './prices.ts'
import { recount } from './recount.ts'
import { issueRefund, readRefunds, requestCancellation } from './refunds.ts'
import { readSettings, secrets, settings } from './settings.ts'
import { confirmShipment, readShipments } from './shipments.ts'
import { pushQuantities, quantitiesIn, readQuantities } from './stock.ts'
import { pullLocations, pullStoreStock } from './store-stock.ts'
import { subscribe, verifyHook } from './webhooks.ts'
import { readRaw } from './whole.ts'

export const woocommerce: Connector = {
  channel: 'woocommerce',
  title: 'WooCommerce',
  settings,
  secrets,
  regionOf: () => '',
  // Two accounts on one store would write and book everything twice.
  identityOf: (value) =>
    readSettings(value)
      .url.replace(/^https?:\/\/(www\.)?/, '')
      .toLowerCase(),
  allowedOrigins: (value) => {
    const { url, sameNetwork } = readSettings(value)
    return sameNetwork ? [new URL(url).origin] : []
  },
  limits,
  journalKeys: new Set([
    'api_refund',
    'api_restock',
    'backorders',
    'code',
    'created_via',
    'currency',
    'date_completed_gmt',
    'date_created_gmt',
    'date_modified_gmt',
    'date_paid_gmt',
    'id',
    'manage_stock',
    'namespaces',
    'parent_id',
    'product_id',
    'quantity',
    'regular_price',
    'sku',
    'status',
    'stock_quantity',
    'stock_status',
    'topic',
    'type',
    'variation_id',
    'wp_cron',
  ]),
  quantityWrites: 'absolute',
  orders: { pull: pullOrders, read: readRaw, everyMs: 60_000, recount },
  listings: { pull: pullListings, everyMs: 60 * 60_000 },
  stock: {
    push: pushQuantities,
    pushBatch: largestPage,
    looksFirst: true,
    // Hosts are small: two writes at once are enough for thousands of numbers a minute.
    pushAtOnce: 2,
    pushOperation: calls,
    read: readQuantities,
    readingsIn: (operation, response) => (operation === 'findProducts' ? quantitiesIn(response) : []),
    readBatch: 20,
    readOperation: calls,
    // The product's own record; what a cache in front of it has kept longer is refused.
    readsMayBeOldMs: freshMs,
    // A sale's time is that of one of the store's web servers, and clocks are compared by every answer.
    marginMs: 2 * 60_000,
    // The checkout looks at the saved number, whatever a cached page still shows.
    delays: { effectMs: 2_000, salesKnownMs: 3 * 60_000 },
    auditEveryMs: 30 * 60_000,
  },
  shipments: { confirm: confirmShipment, read: readShipments, visibleAfterMs: 10_000 },
  cancellations: { request: requestCancellation, partial: false },
  refunds: { issue: issueRefund, read: readRefunds, visibleAfterMs: 10_000 },
  prices: { push: pushPrices, pushBatch: largestPage, pushOperation: calls },
  copies: { find: findCopies, create: createCopy, visibleAfterMs: 10_000, copyOf },
  storeStock: { locations: pullLocations, pull: pullStoreStock, everyMs: 30 * 60_000 },
  webhooks: { status: { accepted: 200, refused: 401 }, verify: verifyHook, subscribe, everyMs: 15 * 60_000 },
  checks,
}
