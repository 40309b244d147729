/** A store at BigCommerce: absolute quantities at one location, orders by polling and by the store's own words. */
import type { Connector } from '../connector.ts'
import { checks } from './checks.ts'
import { copyOf, createCopy, findCopies } from './copies.ts'
import { pullLocations, readBatch } from './items.ts'
import { journalKeys } from './journal-keys.ts'
import { calls, limits } from './limits.ts'
import { readRaw } from './lines.ts'
import { pullListings } from './listings.ts'
import { pullOrders } from './orders.ts'
import { largestBatch as pricesAtOnce, pushPrices } from './prices.ts'
import { recount } from './recount.ts'
import { issueRefund, readRefunds, requestCancellation } from './refunds.ts'
import { originOf, readSettings, secrets, settings } from './settings.ts'
import { confirmShipment, readShipments } from './shipments.ts'
import { largestBatch, pushQuantities, quantitiesIn, readQuantities } from './stock.ts'
import { pullStoreStock } from './store-stock.ts'
import { subscribe, verifyHook } from './webhooks.ts'

export const bigcommerce: Connector = {
  channel: 'bigcommerce',
  title: 'BigCommerce',
  settings,
  secrets,
  regionOf: () => '',
  // Two accounts on one store would write and book everything twice.
  identityOf: (value) => readSettings(value).storeHash,
  allowedOrigins: (value) => {
    const { endpoint } = readSettings(value)
    return endpoint ? [new URL(originOf(readSettings(value))).origin] : []
  },
  limits,
  journalKeys,
  requestIdHeader: 'x-request-id',
  // There is no compare-and-set (facts: channels.md §0.8).
  quantityWrites: 'absolute',
  orders: { pull: pullOrders, read: readRaw, everyMs: 60_000, recount },
  listings: { pull: pullListings, everyMs: 60 * 60_000 },
  stock: {
    push: pushQuantities,
    pushBatch: largestBatch,
    // "Wait to send new requests until the current request returns" (Inventory Overview: optimizing performance).
    pushAtOnce: 1,
    pushOperation: calls,
    read: readQuantities,
    readingsIn: (operation, response) => (operation === 'getInventoryItems' ? quantitiesIn(response) : []),
    readBatch,
    readOperation: calls,
    // "You might find the stock level unchanged for a while" (Inventory Overview); how long is not published: assumed.
    readsMayBeOldMs: 15_000,
    // How late the list of orders is, is not published: assumed, and watched by the hub.
    marginMs: 60_000,
    delays: { effectMs: 10_000, salesKnownMs: 130_000 },
    auditEveryMs: 15 * 60_000,
  },
  shipments: { confirm: confirmShipment, read: readShipments, visibleAfterMs: 30_000 },
  cancellations: { request: requestCancellation, partial: false },
  refunds: { issue: issueRefund, read: readRefunds, visibleAfterMs: 30_000 },
  prices: { push: pushPrices, pushBatch: pricesAtOnce, pushOperation: calls },
  // Copies are found by a list, which may be behind.
  copies: { find: findCopies, create: createCopy, visibleAfterMs: 2 * 60_000, copyOf },
  storeStock: { locations: pullLocations, pull: pullStoreStock, everyMs: 10 * 60_000 },
  webhooks: { status: { accepted: 200, refused: 401 }, verify: verifyHook, subscribe, everyMs: 15 * 60_000 },
  checks,
}
