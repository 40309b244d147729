/** A method for each endpoint that we use. */
import { z } from 'zod'
import type { Account } from '../connector.ts'
import { answered, call } from './client.ts'
import { readSettings } from './settings.ts'
import {
  feedAnswer,
  feedList,
  feedStatus,
  heldPage,
  inventory,
  inventoryPage,
  itemAnswer,
  orderAnswer,
  orderPage,
  priceAnswer,
  quantityAnswer,
  reportDates,
  subscriptionAnswer,
  subscriptions,
  tokenDetail,
} from './wire.ts'

const encode = encodeURIComponent
const query = (fields: Record<string, string | undefined>) =>
  Object.entries(fields)
    .flatMap(([name, value]) => (value === undefined ? [] : [`${name}=${encode(value)}`]))
    .join('&')

/** Of one feed; what is more is refused (rate limits, feed types). */
export type FeedType = 'inventory' | 'price'

export const calls = {
  /** GET /v3/token/detail: what the key may do. */
  async getTokenDetail(account: Account) {
    return await call(account, {
      operation: 'getTokenDetail',
      method: 'GET',
      path: '/v3/token/detail',
      contentType: 'application/json',
      answer: tokenDetail,
    })
  },

  /** GET /v3/orders. The cursor is the whole query of the next page: sent as it came, and nothing beside it (facts §6.11). */
  async getAllOrders(account: Account, by: { cursor: string } | { fields: Record<string, string> }) {
    const path = `/v3/orders${'cursor' in by ? by.cursor : `?${query(by.fields)}`}`
    return await answered(account, { operation: 'getAllOrders', method: 'GET', path, answer: orderPage })
  },

  /** GET /v3/orders/{purchaseOrderId} */
  async getAnOrder(account: Account, id: string) {
    return await call(account, {
      operation: 'getAnOrder',
      method: 'GET',
      path: `/v3/orders/${encode(id)}`,
      answer: orderAnswer,
    })
  },

  /** POST /v3/orders/{purchaseOrderId}/acknowledge: the whole order; there is no body. */
  async acknowledge(account: Account, id: string) {
    return await call(account, {
      operation: 'acknowledgeOrders',
      method: 'POST',
      path: `/v3/orders/${encode(id)}/acknowledge`,
      answer: orderAnswer,
    })
  },

  /** POST /v3/orders/{purchaseOrderId}/shipping */
  async ship(account: Account, id: string, body: object) {
    return await call(account, {
      operation: 'shippingUpdates',
      method: 'POST',
      path: `/v3/orders/${encode(id)}/shipping`,
      answer: orderAnswer,
      body,
    })
  },

  /** POST /v3/orders/{purchaseOrderId}/cancel */
  async cancel(account: Account, id: string, body: object) {
    return await call(account, {
      operation: 'cancelOrderLines',
      method: 'POST',
      path: `/v3/orders/${encode(id)}/cancel`,
      answer: orderAnswer,
      body,
    })
  },

  /** POST /v3/orders/{purchaseOrderId}/refund */
  async refund(account: Account, id: string, body: object) {
    return await call(account, {
      operation: 'refundOrderLines',
      method: 'POST',
      path: `/v3/orders/${encode(id)}/refund`,
      answer: orderAnswer,
      body,
    })
  },

  /** PUT /v3/inventory: one SKU at one ship node. */
  async putQuantity(account: Account, sku: string, quantity: number) {
    const { shipNode } = readSettings(account.settings)
    return await call(account, {
      operation: 'updateInventoryForAnItem',
      method: 'PUT',
      path: `/v3/inventory?${query({ sku, ...(shipNode ? { shipNode } : {}) })}`,
      answer: quantityAnswer,
      body: { sku, quantity: { unit: 'EACH', amount: quantity } },
    })
  },

  /** GET /v3/inventories/{sku}: what each node has, and what of it is for sale. */
  async getQuantity(account: Account, sku: string) {
    const { shipNode } = readSettings(account.settings)
    return await call(account, {
      operation: 'getMultiNodeInventoryForSkuAndAllShipnodes',
      method: 'GET',
      path: `/v3/inventories/${encode(sku)}${shipNode ? `?${query({ shipNode })}` : ''}`,
      answer: inventory,
    })
  },

  /** GET /v3/inventories: 50 SKUs a page. */
  async getQuantities(account: Account, page: { limit: number; nextCursor?: string | undefined }) {
    const fields = { limit: String(page.limit), ...(page.nextCursor ? { nextCursor: page.nextCursor } : {}) }
    return await call(account, {
      operation: 'getMultiNodeInventoryForAllSkuAndAllShipNodes',
      method: 'GET',
      path: `/v3/inventories?${query(fields)}`,
      answer: inventoryPage,
    })
  },

  /** GET /v3/fulfillment/inventory: what lies in Walmart's warehouses. */
  async getHeld(account: Account, page: { limit: number; offset: number }) {
    return await call(account, {
      operation: 'getWFSInventory',
      method: 'GET',
      path: `/v3/fulfillment/inventory?${query({ limit: String(page.limit), offset: String(page.offset) })}`,
      answer: heldPage,
    })
  },

  /** GET /v3/items/{sku}: a query beside it would cost fifteen times as much of the allowance. */
  async getItem(account: Account, sku: string) {
    return await call(account, {
      operation: 'getAnItem',
      method: 'GET',
      path: `/v3/items/${encode(sku)}`,
      answer: itemAnswer,
    })
  },

  /** PUT /v3/price */
  async putPrice(account: Account, sku: string, price: { currency: string; amount: number }) {
    return await call(account, {
      operation: 'updatePrice',
      method: 'PUT',
      path: '/v3/price',
      answer: priceAnswer,
      body: { sku, pricing: [{ currentPriceType: 'BASE', currentPrice: price }] },
    })
  },

  /** POST /v3/feeds: its id stands for it from then on. */
  async submitFeed(account: Account, feedType: FeedType, text: string) {
    const { shipNode } = readSettings(account.settings)
    const node = feedType === 'inventory' && shipNode ? { shipNode } : {}
    return await call(account, {
      operation: feedType === 'inventory' ? 'updateBulkInventory' : 'priceBulkUploads',
      method: 'POST',
      path: `/v3/feeds?${query({ feedType, ...node })}`,
      answer: feedAnswer,
      file: { name: `${feedType}.json`, text },
    })
  },

  /** GET /v3/feeds: the newest first. */
  async getFeeds(account: Account, page: { limit: number; offset: number }) {
    return await call(account, {
      operation: 'getAllFeedStatuses',
      method: 'GET',
      path: `/v3/feeds?${query({ limit: String(page.limit), offset: String(page.offset) })}`,
      answer: feedList,
    })
  },

  /** GET /v3/feeds/{feedId}; with `page`, its lines too. */
  async getFeed(account: Account, feedId: string, page?: { limit: number; offset: number }) {
    const fields = page
      ? { includeDetails: 'true', limit: String(page.limit), offset: String(page.offset) }
      : { includeDetails: 'false' }
    return await call(account, {
      operation: 'getFeedItemStatus',
      method: 'GET',
      path: `/v3/feeds/${encode(feedId)}?${query(fields)}`,
      answer: feedStatus,
    })
  },

  /** GET /v3/webhooks/subscriptions */
  async getSubscriptions(account: Account) {
    const path = '/v3/webhooks/subscriptions'
    return await call(account, { operation: 'getAllSubscriptions', method: 'GET', path, answer: subscriptions })
  },

  /** POST /v3/webhooks/subscriptions */
  async subscribe(account: Account, event: object) {
    return await call(account, {
      operation: 'createSubscription',
      method: 'POST',
      path: '/v3/webhooks/subscriptions',
      answer: subscriptionAnswer,
      body: { events: [event] },
    })
  },

  /** PATCH /v3/webhooks/subscriptions/{subscriptionId} */
  async changeSubscription(account: Account, id: string, change: object) {
    return await call(account, {
      operation: 'updateSubscription',
      method: 'PATCH',
      path: `/v3/webhooks/subscriptions/${encode(id)}`,
      answer: z.unknown(),
      body: change,
    })
  },

  /** GET /v3/report/reconreport/availableReconFiles: the days there are files of. */
  async getReportDates(account: Account) {
    return await call(account, {
      operation: 'getAvailableReconReportDates',
      method: 'GET',
      path: '/v3/report/reconreport/availableReconFiles?reportVersion=v1',
      answer: reportDates,
    })
  },

  /** GET /v3/report/reconreport/reconFile: the file itself. */
  async getReport(account: Account, date: string): Promise<Uint8Array | undefined> {
    const { bytes } = await answered(account, {
      operation: 'getReconReport',
      method: 'GET',
      path: `/v3/report/reconreport/reconFile?${query({ reportDate: date, reportVersion: 'v1' })}`,
      answer: z.unknown(),
      binary: true,
    })
    return bytes
  },
}
