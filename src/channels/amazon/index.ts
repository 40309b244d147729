/** Amazon as a seller: absolute quantities, by single calls or by feed; orders by polling. */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, Connector, QuantityReading } from '../connector.ts'
import { checks } from './checks.ts'
import { client } from './client.ts'
import { consent } from './consent.ts'
import { dispatches } from './dispatches.ts'
import { unreadable } from './errors.ts'
import { feed } from './feeds.ts'
import { pullHeldStock } from './held-stock.ts'
import { limits } from './limits.ts'
import { pullListings } from './listings.ts'
import { quantitiesIn, readQuantity } from './mapping.ts'
import { notifications } from './notifications.ts'
import { pullOrders, readRaw } from './orders.ts'
import { recount } from './recount.ts'
import { readSettings, secrets, settings } from './settings.ts'
import { pullSettlements } from './settlements.ts'
import { shipments } from './shipments.ts'
import { listingsItem } from './wire.ts'

export const amazon: Connector = {
  channel: 'amazon',
  title: 'Amazon (seller)',
  settings,
  secrets,
  regionOf: (value) => readSettings(value).region,
  // Two accounts on one shelf would write and book everything twice.
  identityOf: (value) => `${readSettings(value).sellerId} ${readSettings(value).region}`,
  allowedOrigins: (value) => {
    const { endpoint, tokenEndpoint, queueEndpoint } = readSettings(value)
    return [endpoint, endpoint && tokenEndpoint, queueEndpoint].flatMap((one) => (one ? [new URL(one).origin] : []))
  },
  limits,
  journalKeys: new Set([
    'orderId',
    'createdTime',
    'lastUpdatedTime',
    'fulfillmentStatus',
    'fulfilledBy',
    'orderItemId',
    'sellerSku',
    'asin',
    'quantityOrdered',
    'quantityFulfilled',
    'quantityUnfulfilled',
    'marketplaceId',
    'channelName',
    'lastUpdatedBefore',
    'sku',
    'status',
    'submissionId',
    'feedId',
    'feedType',
    'feedDocumentId',
    'inputFeedDocumentId',
    'resultFeedDocumentId',
    'processingStatus',
    'processingStartTime',
    'processingEndTime',
    'compressionAlgorithm',
    'contentType',
    'reportId',
    'reportType',
    'reportDocumentId',
    'dataStartTime',
    'dataEndTime',
    'fulfillmentChannelCode',
    'fulfillment_channel_code',
    'quantity',
    'op',
    'path',
    'productType',
    'code',
    'severity',
    'numberOfResults',
    'type',
    'currencyCode',
    'amount',
    'unit',
    'offerType',
    'earliestDateTime',
    'latestDateTime',
    'granularityType',
    'granularityId',
    'marketplaceIds',
    'fulfillableQuantity',
    'inboundWorkingQuantity',
    'inboundShippedQuantity',
    'inboundReceivingQuantity',
    'totalReservedQuantity',
    'totalUnfulfillableQuantity',
    'totalResearchingQuantity',
    'totalQuantity',
    'packageReferenceId',
    'carrierCode',
    'shipDate',
    'sellingPlan',
    'isParticipating',
    'hasSuspendedListings',
    'sellerFulfillmentOrderId',
    'sellerFulfillmentOrderItemId',
    'fulfillmentOrderStatus',
    'fulfillmentShipmentStatus',
    'amazonShipmentId',
    'shippingSpeedCategory',
    'fulfillmentPolicy',
  ]),
  requestIdHeader: 'x-amzn-requestid',
  quantityWrites: 'absolute',
  // One call per 179 s is what searchOrders sustains (facts §1).
  orders: { pull: pullOrders, read: readRaw, everyMs: 180_000, buyerKeptDays: 30, recount },
  listings: { pull: pullListings, everyMs: 60 * 60_000 },
  shipments,
  dispatches,
  heldStock: { pull: pullHeldStock, everyMs: 15 * 60_000 },
  settlements: { pull: pullSettlements, everyMs: 12 * 3_600_000 },
  notifications,
  stock: {
    pushBatch: 1,
    pushAtOnce: 25,
    pushOperation: 'patchListingsItem',
    async push(account, lines) {
      return await Promise.all(
        lines.map(async ({ key, remoteSku, quantity }) => {
          try {
            const { submissionId } = await client.patchQuantity(account, remoteSku, quantity)
            return { key, kind: 'accepted' as const, detail: { submissionId } }
          } catch (error) {
            if (!(error instanceof ChannelError)) throw error
            return { key, kind: 'failed' as const, error }
          }
        }),
      )
    },
    feed,
    readBatch: 20,
    readOperation: 'searchListingsItems',
    // A quantity that was just written was seen missing from readings for half an hour.
    readsMayBeOldMs: 30 * 60_000,
    read: readQuantities,
    readingsIn: (operation, response) =>
      operation === 'searchListingsItems' || operation === 'getListingsItem' ? quantitiesIn(response) : [],
    marginMs: 10 * 60_000,
    delays: { effectMs: 30_000, salesKnownMs: 8 * 60_000 },
    auditEveryMs: 30 * 60_000,
  },
  consent,
  checks,
}

/** A SKU that is not found has no merchant quantity. */
async function readQuantities(account: Account, remoteSkus: readonly string[]): Promise<QuantityReading[]> {
  // The identifiers travel as one comma-separated value, so a SKU with a comma is asked for by itself.
  const together = remoteSkus.filter((sku) => !sku.includes(','))
  const found = together.length === 0 ? [] : readAll((await client.searchListings(account, { skus: together })).items)
  for (const sku of remoteSkus.filter((one) => one.includes(','))) found.push(await readAlone(account, sku))
  const byName = new Map(found.map((reading) => [reading.remoteSku, reading]))
  return remoteSkus.map((remoteSku) => byName.get(remoteSku) ?? { remoteSku, quantity: null })
}

/** An odd one is there, and tells nothing; left out it would read as gone. One whose SKU nobody can tell may be any of them. */
function readAll(items: readonly unknown[]): QuantityReading[] {
  return items.map((raw) => {
    const item = listingsItem.safeParse(raw)
    if (item.success) return readQuantity(item.data)
    const { data: odd } = z.object({ sku: z.string().min(1) }).safeParse(raw)
    if (!odd) throw unreadable('searchListingsItems', false)
    return { remoteSku: odd.sku, quantity: null, isUntold: true }
  })
}

async function readAlone(account: Account, remoteSku: string): Promise<QuantityReading> {
  try {
    return readQuantity(await client.getListing(account, remoteSku))
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'missing') return { remoteSku, quantity: null }
    throw error
  }
}
