/** A method for each endpoint that we use. */
import { z } from 'zod'
import type { Account } from '../connector.ts'
import { type As, answered, call } from './client.ts'
import {
  bulkItems,
  bulkPriceQuantity,
  cancelAnswer,
  destinations,
  fulfillments,
  inventoryItems,
  offers,
  orderPage,
  payout,
  payouts,
  privileges,
  programs,
  publicKey,
  refundAnswer,
  subscriptions,
  topics,
  transactions,
} from './wire.ts'

const encode = encodeURIComponent
const inventory = '/sell/inventory/v1'
const fulfillment = '/sell/fulfillment/v1'
const notification = '/commerce/notification/v1'
const finances = '/sell/finances/v1'

export interface QuantityChange {
  sku: string
  quantity: number
  /** Published offers of the SKU; what each shows is the smaller one of its own number and the SKU's. */
  offerIds: readonly string[]
}

export const calls = {
  /** GET /order: more than 200 a page are refused; a date of creation beside it would win (facts §1). */
  async getOrders(account: Account, window: { from: string; to: string | null; offset: number; limit: number }) {
    return await answered(account, {
      operation: 'getOrders',
      method: 'GET',
      path: `${fulfillment}/order`,
      answer: orderPage,
      query: {
        filter: `lastmodifieddate:[${window.from}..${window.to ?? ''}]`,
        limit: String(window.limit),
        offset: String(window.offset),
      },
    })
  },

  /** The same by when orders were placed. */
  async getOrdersPlaced(account: Account, window: { from: string; to: string; offset: number; limit: number }) {
    return await call(account, {
      operation: 'getOrders',
      method: 'GET',
      path: `${fulfillment}/order`,
      answer: orderPage,
      query: {
        filter: `creationdate:[${window.from}..${window.to}]`,
        limit: String(window.limit),
        offset: String(window.offset),
      },
    })
  },

  /** GET /order/{orderId}: the only one that shows requests for cancellation. */
  async getOrder(account: Account, orderId: string) {
    return await call(account, {
      operation: 'getOrder',
      method: 'GET',
      path: `${fulfillment}/order/${encode(orderId)}`,
      answer: z.unknown(),
    })
  },

  /** GET /inventory_item. `offset` is the number of the page. */
  async getInventoryItems(account: Account, page: { limit: number; offset: number }) {
    return await call(account, {
      operation: 'getInventoryItems',
      method: 'GET',
      path: `${inventory}/inventory_item`,
      answer: inventoryItems,
      query: { limit: String(page.limit), offset: String(page.offset) },
    })
  },

  /** POST /bulk_get_inventory_item: up to 25 SKUs, each with an answer of its own. */
  async bulkGetInventoryItem(account: Account, skus: readonly string[]) {
    return await call(account, {
      operation: 'bulkGetInventoryItem',
      method: 'POST',
      path: `${inventory}/bulk_get_inventory_item`,
      status: [200, 207],
      isRead: true,
      answer: bulkItems,
      body: { requests: skus.map((sku) => ({ sku })) },
    })
  },

  /** GET /offer: only ever of one SKU (facts §6.6). */
  async getOffers(account: Account, sku: string) {
    return await call(account, {
      operation: 'getOffers',
      method: 'GET',
      path: `${inventory}/offer`,
      answer: offers,
      query: { sku, limit: '100' },
    })
  },

  /**
   * POST /bulk_update_price_quantity for one SKU: the number of the item and that of its offers. It replaces nothing else
   * of the item, which createOrReplaceInventoryItem would.
   */
  async writeQuantity(account: Account, { sku, quantity, offerIds }: QuantityChange) {
    return await call(account, {
      operation: 'bulkUpdatePriceQuantity',
      method: 'POST',
      path: `${inventory}/bulk_update_price_quantity`,
      status: [200, 207],
      answer: bulkPriceQuantity,
      body: {
        requests: [
          {
            sku,
            shipToLocationAvailability: { quantity },
            ...(offerIds.length === 0
              ? {}
              : { offers: offerIds.map((offerId) => ({ offerId, availableQuantity: quantity })) }),
          },
        ],
      },
    })
  },

  /** The same call for the price of one offer; its quantity stays. */
  async writePrice(account: Account, offerId: string, price: { value: string; currency: string }) {
    return await call(account, {
      operation: 'bulkUpdatePriceQuantity',
      method: 'POST',
      path: `${inventory}/bulk_update_price_quantity`,
      status: [200, 207],
      answer: bulkPriceQuantity,
      body: { requests: [{ offers: [{ offerId, price }] }] },
    })
  },

  /** GET /order/{orderId}/shipping_fulfillment */
  async getShippingFulfillments(account: Account, orderId: string) {
    return await call(account, {
      operation: 'getShippingFulfillments',
      method: 'GET',
      path: `${fulfillment}/order/${encode(orderId)}/shipping_fulfillment`,
      answer: fulfillments,
    })
  },

  /** POST /order/{orderId}/shipping_fulfillment: its id stands at the end of the Location header. */
  async createShippingFulfillment(account: Account, orderId: string, body: object): Promise<string | null> {
    const { headers } = await answered(account, {
      operation: 'createShippingFulfillment',
      method: 'POST',
      path: `${fulfillment}/order/${encode(orderId)}/shipping_fulfillment`,
      status: [201],
      answer: z.unknown(),
      body,
    })
    const id = headers.get('location')?.split('/').filter(Boolean).at(-1)
    return id ? decodeURIComponent(id) : null
  },

  /** POST /order/{order_id}/issue_refund: what became of it is told by getOrder. */
  async issueRefund(account: Account, orderId: string, body: object) {
    return await call(account, {
      operation: 'issueRefund',
      method: 'POST',
      path: `${fulfillment}/order/${encode(orderId)}/issue_refund`,
      answer: refundAnswer,
      body,
    })
  },

  /** POST /post-order/v2/cancellation: a whole order. Post-Order takes the token under a word of its own. */
  async createCancellation(account: Account, body: { legacyOrderId: string; cancelReason: string }) {
    return await call(account, {
      operation: 'createCancellation',
      method: 'POST',
      path: '/post-order/v2/cancellation',
      scheme: 'IAF',
      status: [200, 201],
      answer: cancelAnswer,
      body,
    })
  },

  /** POST /post-order/v2/cancellation/{cancelId}/approve: what the buyer asked for. */
  async approveCancellation(account: Account, cancelId: string) {
    return await call(account, {
      operation: 'approveCancellation',
      method: 'POST',
      path: `/post-order/v2/cancellation/${encode(cancelId)}/approve`,
      scheme: 'IAF',
      status: [200, 201, 204],
      answer: z.unknown(),
    })
  },

  /** GET /commerce/notification/v1/public_key/{public_key_id} */
  async getPublicKey(account: Account, keyId: string) {
    return await call(account, {
      operation: 'getPublicKey',
      method: 'GET',
      path: `${notification}/public_key/${encode(keyId)}`,
      as: 'app',
      answer: publicKey,
    })
  },

  /** GET /commerce/notification/v1/topic */
  async getTopics(account: Account) {
    const path = `${notification}/topic`
    return await call(account, { ...listOf(path), operation: 'getTopics', as: 'app', answer: topics })
  },

  /** GET /commerce/notification/v1/destination */
  async getDestinations(account: Account) {
    const path = `${notification}/destination`
    return await call(account, { ...listOf(path), operation: 'getDestinations', as: 'app', answer: destinations })
  },

  /** POST or PUT a destination; eBay asks its address a question before it answers. The id of a new one. */
  async putDestination(account: Account, id: string | undefined, body: object): Promise<string | undefined> {
    return await put(account, {
      operation: 'changeDestination',
      as: 'app',
      path: `${notification}/destination`,
      id,
      body,
    })
  },

  /** GET /commerce/notification/v1/subscription */
  async getSubscriptions(account: Account, as: As) {
    const path = `${notification}/subscription`
    return await call(account, { ...listOf(path), operation: 'getSubscriptions', as, answer: subscriptions })
  },

  /** POST or PUT a subscription */
  async putSubscription(account: Account, as: As, id: string | undefined, body: object): Promise<void> {
    await put(account, { operation: 'changeSubscription', as, path: `${notification}/subscription`, id, body })
  },

  /** GET /payout: newest first; no content where there is none in the span. */
  async getPayouts(account: Account, page: { from: string; to: string; limit: number; offset: number }) {
    const query = {
      filter: `payoutDate:[${page.from}..${page.to}]`,
      limit: String(page.limit),
      offset: String(page.offset),
    }
    return await call(account, {
      ...money,
      operation: 'getPayouts',
      path: `${finances}/payout`,
      query,
      answer: payouts,
    })
  },

  /** GET /payout/{payout_Id} */
  async getPayout(account: Account, payoutId: string) {
    const path = `${finances}/payout/${encode(payoutId)}`
    return await answered(account, { ...money, operation: 'getPayout', path, answer: payout })
  },

  /** GET /transaction: 1,000 a page at most; no content where there is none. */
  async getTransactions(account: Account, filter: string, page: { limit: number; offset: number }) {
    const query = { filter, limit: String(page.limit), offset: String(page.offset) }
    const path = `${finances}/transaction`
    return await answered(account, { ...money, operation: 'getTransactions', path, query, answer: transactions })
  },

  /** GET /sell/account/v1/privilege */
  async getPrivileges(account: Account) {
    const path = '/sell/account/v1/privilege'
    return await call(account, { operation: 'getPrivileges', method: 'GET', path, answer: privileges })
  },

  /** GET /sell/account/v1/program/get_opted_in_programs */
  async getOptedInPrograms(account: Account) {
    const path = '/sell/account/v1/program/get_opted_in_programs'
    return await call(account, { operation: 'getOptedInPrograms', method: 'GET', path, answer: programs })
  },
}

/** The Finances API has a host of its own, and answers "nothing" with a status (facts §1, Money). */
const money = { method: 'GET', host: 'apiz', atHome: true, status: [200, 204] } as const

/** An account has a handful of these: one page holds them. */
const listOf = (path: string) => ({ method: 'GET' as const, path, query: { limit: '100' } })

async function put(
  account: Account,
  one: {
    operation: 'changeDestination' | 'changeSubscription'
    as: As
    path: string
    id: string | undefined
    body: object
  },
): Promise<string | undefined> {
  const { operation, as, path, id, body } = one
  const { headers } = await answered(account, {
    operation,
    method: id === undefined ? 'POST' : 'PUT',
    path: id === undefined ? path : `${path}/${encode(id)}`,
    as,
    status: [201, 204],
    answer: z.unknown(),
    body,
  })
  return headers.get('location')?.split('/').filter(Boolean).at(-1)
}
