/** Walmart Marketplace: absolute quantities by single calls or by feed, orders by polling, acknowledged within four hours. */
import type { Connector } from '../connector.ts'
import { checks } from './checks.ts'
import { acknowledgements, cancellations, refunds, shipments } from './effects.ts'
import { feed } from './feeds.ts'
import { pullHeldStock } from './held-stock.ts'
import { verify } from './incoming.ts'
import { limits } from './limits.ts'
import { pullListings } from './listings.ts'
import { quantitiesIn } from './mapping.ts'
import { pullOrders, readRaw } from './orders.ts'
import { prices } from './prices.ts'
import { recount } from './recount.ts'
import { readSettings, secrets, settings } from './settings.ts'
import { pullSettlements } from './settlements.ts'
import { pushQuantities, readQuantities } from './stock.ts'
import { subscribe } from './subscriptions.ts'

export const walmart: Connector = {
  channel: 'walmart',
  title: 'Walmart Marketplace',
  settings,
  secrets,
  regionOf: (value) => readSettings(value).shipNode ?? '',
  identityOf: (value) => {
    const { environment, sellerId } = readSettings(value)
    return `${environment} ${sellerId}`
  },
  allowedOrigins: (value) => {
    const { endpoint } = readSettings(value)
    return endpoint ? [new URL(endpoint).origin] : []
  },
  limits,
  journalKeys: new Set(
    [
      'amount availToSellQty availableApReportDates chargeType code currency currencyAmount currencyUnit eventType',
      'eventVersion feedDate feedId feedStatus feedType includeDetails ingestionStatus inputQty itemsFailed itemsProcessing',
      'itemsReceived itemsSucceeded lifecycleStatus limit lineNumber mart methodCode offset onHandQty orderDate orderType',
      'publishedStatus purchaseOrderId reservedQty resourceName severity shipDateTime shipNode shipNodeType sku status',
      'statusDate subscriptionId totalCount totalResults type unit unitOfMeasurement',
    ].flatMap((line) => line.split(' ')),
  ),
  requestIdHeader: 'wm_qos.correlation_id',
  quantityWrites: 'absolute',
  orders: { pull: pullOrders, read: readRaw, everyMs: 60_000, recount },
  // Each item costs a call of its own.
  listings: { pull: pullListings, everyMs: 3 * 60 * 60_000 },
  heldStock: { pull: pullHeldStock, everyMs: 15 * 60_000 },
  stock: {
    pushBatch: 1,
    pushAtOnce: 10,
    pushOperation: 'updateInventoryForAnItem',
    push: pushQuantities,
    feed,
    readBatch: 1,
    readOperation: 'getMultiNodeInventoryForSkuAndAllShipnodes',
    // Not published how fresh it is: a little is allowed for.
    readsMayBeOldMs: 5 * 60_000,
    read: readQuantities,
    readingsIn: (operation, response) =>
      operation === 'getMultiNodeInventoryForSkuAndAllShipnodes' ? quantitiesIn(response) : [],
    marginMs: 10 * 60_000,
    delays: { effectMs: 60_000, salesKnownMs: 13 * 60_000 },
    auditEveryMs: 30 * 60_000,
  },
  acknowledgements,
  shipments,
  cancellations,
  refunds,
  prices,
  webhooks: {
    // Anything but 2xx is tried again twice.
    status: { accepted: 200, refused: 401 },
    verify,
    subscribe,
    everyMs: 60 * 60_000,
  },
  checks,
  settlements: { pull: pullSettlements, everyMs: 12 * 3_600_000 },
}
