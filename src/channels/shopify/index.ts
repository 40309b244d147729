/** A store at Shopify: compare-and-set quantities at one location, orders by polling and by the store's own words. */
import type { Connector } from '../connector.ts'
import { checks } from './checks.ts'
import { limits, points } from './client.ts'
import { copyOf, createCopy, findCopies } from './copies.ts'
import * as documents from './documents.ts'
import { journalKeys } from './journal-keys.ts'
import { pullListings } from './listings.ts'
import { pullOrders, readRaw } from './orders.ts'
import { pushPrices } from './prices.ts'
import { recount } from './recount.ts'
import { issueRefund, readRefunds, requestCancellation } from './refunds.ts'
import { originOf, readSettings, secrets, settings } from './settings.ts'
import { pullSettlements } from './settlements.ts'
import { confirmShipment, readShipments } from './shipments.ts'
import { largestBatch, pushQuantities, quantitiesIn, readQuantities } from './stock.ts'
import { pullLocations, pullStoreStock } from './store-stock.ts'
import { subscribe, verifyHook } from './webhooks.ts'

export const shopify: Connector = {
  channel: 'shopify',
  title: 'Shopify',
  settings,
  secrets,
  regionOf: () => '',
  // Two accounts on one location would write and book everything twice.
  identityOf: (value) => readSettings(value).shop,
  allowedOrigins: (value) => {
    const { endpoint } = readSettings(value)
    return endpoint ? [new URL(originOf(readSettings(value))).origin] : []
  },
  limits,
  journalKeys,
  requestIdHeader: 'x-request-id',
  quantityWrites: 'compare-and-set',
  orders: { pull: pullOrders, read: readRaw, everyMs: 60_000, recount },
  listings: { pull: pullListings, everyMs: 60 * 60_000 },
  stock: {
    push: pushQuantities,
    pushBatch: largestBatch,
    pushAtOnce: 4,
    pushOperation: points,
    pushPoints: documents.setQuantities.points,
    read: readQuantities,
    readingsIn: (operation, response) =>
      operation === documents.readQuantities.operation || operation === documents.itemsBySku.operation
        ? quantitiesIn(response)
        : [],
    readBatch: largestBatch,
    readOperation: points,
    // How far a replica may be behind is not published: assumed.
    readsMayBeOldMs: 5_000,
    // Its search may be behind by more than the pull allows for; its clock is compared with ours by every answer.
    marginMs: 60_000,
    delays: { effectMs: 1_000, salesKnownMs: 100_000 },
    auditEveryMs: 15 * 60_000,
  },
  shipments: { confirm: confirmShipment, read: readShipments, visibleAfterMs: 10_000 },
  cancellations: { request: requestCancellation, partial: false },
  refunds: { issue: issueRefund, read: readRefunds, visibleAfterMs: 10_000 },
  prices: { push: pushPrices, pushBatch: 100, pushOperation: points },
  // Copies are found by the search, which may be behind.
  copies: { find: findCopies, create: createCopy, visibleAfterMs: 60_000, copyOf },
  storeStock: { locations: pullLocations, pull: pullStoreStock, everyMs: 2 * 60_000 },
  webhooks: { status: { accepted: 200, refused: 401 }, verify: verifyHook, subscribe, everyMs: 15 * 60_000 },
  checks,
  settlements: { pull: pullSettlements, everyMs: 12 * 3_600_000 },
}
