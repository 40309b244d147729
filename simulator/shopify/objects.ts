import { fires } from '../faults.ts'
import { decimal, isoSeconds } from '../http.ts'
import { type Page, page } from './pages.ts'
import { matches, parseSearch } from './search.ts'
import { fulfilledOf, inBuyersMoney, itemById, type Shop } from './shop.ts'
import type {
  Fulfillment,
  FulfillmentOrder,
  Level,
  Refund,
  ShopItem,
  ShopLine,
  ShopLocation,
  ShopOrder,
  Subscription,
  Transaction,
} from './state.ts'

/** What the store keeps, as the API shows it: plain values, and functions where there are arguments. */

export const gid = (type: string, id: string) => `gid://shopify/${type}/${id}`
export const numberOf = (id: string, type: string): string | undefined =>
  id.startsWith(`gid://shopify/${type}/`) ? id.slice(`gid://shopify/${type}/`.length) : undefined

interface Paging {
  first?: number
  after?: string | null
}
/** Connections without a time of their own are paged by id. */
const paged =
  <T extends { id: string }, V>(list: readonly T[], view: (one: T) => V) =>
  (paging: Paging): Page<V> =>
    page(list, paging, (one) => one.id, view)

export function variantView(shop: Shop, item: ShopItem) {
  return {
    __typename: 'ProductVariant',
    id: gid('ProductVariant', item.variantId),
    sku: item.sku,
    title: 'Default Title',
    price: decimal(item.price, item.currency),
    barcode: item.barcode,
    inventoryPolicy: item.policy,
    availableForSale: item.policy === 'CONTINUE' || Object.values(item.levels).some(({ available }) => available > 0),
    product: () => productView(item),
    inventoryItem: () => inventoryItemView(shop, item),
  }
}

export const productView = (item: ShopItem) => ({
  __typename: 'Product',
  id: gid('Product', item.productId),
  title: item.title,
  status: 'ACTIVE',
})

export function inventoryItemView(shop: Shop, item: ShopItem) {
  const same = Object.values(shop.state.items).filter(({ sku }) => sku === item.sku).length
  return {
    __typename: 'InventoryItem',
    id: gid('InventoryItem', item.itemId),
    sku: item.sku,
    tracked: item.tracked,
    duplicateSkuCount: same - 1,
    updatedAt: isoSeconds(Math.max(...Object.values(item.levels).map(({ updatedAt }) => updatedAt), 0)),
    inventoryLevel: ({ locationId }: { locationId: string }) => {
      const place = shop.state.locations.find(({ id }) => gid('Location', id) === locationId)
      const level = place && item.levels[place.id]
      return level ? levelView(shop, item, place, level) : null
    },
    inventoryLevels: paged(
      shop.state.locations.filter(({ id }) => item.levels[id]),
      (place) => levelView(shop, item, place, item.levels[place.id]!),
    ),
  }
}

function levelView(shop: Shop, item: ShopItem, place: ShopLocation, level: Level) {
  const isStale = fires(shop.core, 'shopify', 'inventory', 'stale-read')
  const available = isStale ? level.availableBefore : level.available
  const numbers: Record<string, number> = {
    available,
    committed: level.committed,
    on_hand: available + level.committed,
    incoming: 0,
    reserved: 0,
    damaged: 0,
    safety_stock: 0,
    quality_control: 0,
  }
  const id = `${item.itemId}-${place.id}`
  return {
    __typename: 'InventoryLevel',
    id: gid('InventoryLevel', id),
    isActive: true,
    updatedAt: isoSeconds(level.updatedAt),
    item: () => inventoryItemView(shop, item),
    location: () => locationView(shop, place),
    quantities: ({ names }: { names: string[] }) =>
      names.flatMap((name) =>
        numbers[name] === undefined
          ? []
          : [
              {
                id: gid('InventoryQuantity', `${id}?${name}`),
                name,
                quantity: numbers[name],
                updatedAt: isoSeconds(level.updatedAt),
              },
            ],
      ),
  }
}

export function locationView(shop: Shop, place: ShopLocation) {
  return {
    __typename: 'Location',
    id: gid('Location', place.id),
    name: place.name,
    isActive: place.active,
    inventoryLevels: ({ first, after, query }: Paging & { query?: string | null }) =>
      page(
        Object.values(shop.state.items).filter((item) => {
          const level = item.levels[place.id]
          const terms = query ? parseSearch(query, ['updated_at']) : undefined
          return level && (!terms || matches(terms, () => level.updatedAt))
        }),
        { first: first ?? 50, after: after ?? null },
        (item) => item.itemId,
        (item) => levelView(shop, item, place, item.levels[place.id]!),
      ),
  }
}

export function bag(order: ShopOrder, amount: number) {
  return {
    shopMoney: { amount: decimal(amount, order.currency), currencyCode: order.currency },
    presentmentMoney: {
      amount: decimal(inBuyersMoney(order.presentment, amount), order.presentment.currency),
      currencyCode: order.presentment.currency,
    },
  }
}

/** An amount that is in the buyer's money already. */
function buyersBag(order: ShopOrder, amount: number) {
  const own = Math.round(amount / order.presentment.rate)
  return {
    shopMoney: { amount: decimal(own, order.currency), currencyCode: order.currency },
    presentmentMoney: {
      amount: decimal(amount, order.presentment.currency),
      currencyCode: order.presentment.currency,
    },
  }
}

export function orderView(shop: Shop, order: ShopOrder) {
  const { buyer } = order
  return {
    __typename: 'Order',
    id: gid('Order', order.id),
    name: order.name,
    createdAt: isoSeconds(order.createdAt),
    updatedAt: isoSeconds(order.updatedAt),
    processedAt: isoSeconds(order.createdAt),
    cancelledAt: order.canceledAt === null ? null : isoSeconds(order.canceledAt),
    cancelReason: order.cancelReason,
    test: order.test,
    sourceName: order.sourceName,
    sourceIdentifier: order.sourceIdentifier,
    tags: order.tags,
    customAttributes: order.attributes,
    note: order.note,
    currencyCode: order.currency,
    presentmentCurrencyCode: order.presentment.currency,
    displayFulfillmentStatus: fulfillmentStatusOf(order),
    displayFinancialStatus: order.financialStatus,
    totalPriceSet: bag(
      order,
      order.lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0),
    ),
    email: buyer?.email ?? null,
    phone: null,
    shippingAddress: buyer && {
      id: gid('MailingAddress', order.id),
      name: buyer.name,
      company: null,
      address1: buyer.line1,
      address2: null,
      city: buyer.city,
      provinceCode: buyer.state,
      zip: buyer.postalCode,
      countryCodeV2: buyer.country,
      phone: null,
    },
    lineItems: paged(order.lines, (line) => lineView(shop, order, line)),
    fulfillmentOrders: paged(order.fulfillmentOrders, (one) => fulfillmentOrderView(shop, order, one)),
    fulfillments: ({ first }: Paging) =>
      order.fulfillments.slice(0, first).map((one) => fulfillmentView(shop, order, one)),
    refunds: ({ first }: Paging) => order.refunds.slice(0, first).map((one) => refundView(shop, order, one)),
    transactions: ({ first }: Paging) => order.transactions.slice(0, first).map((one) => transactionView(order, one)),
  }
}

function fulfillmentStatusOf(order: ShopOrder): string {
  const open = order.fulfillmentOrders.some(({ lines }) => lines.some(({ remaining }) => remaining > 0))
  if (order.fulfillmentOrders.some(({ status }) => status === 'ON_HOLD')) return 'ON_HOLD'
  if (order.fulfillments.length > 0) return open ? 'PARTIALLY_FULFILLED' : 'FULFILLED'
  return 'UNFULFILLED'
}

export function lineView(shop: Shop, order: ShopOrder, line: ShopLine) {
  const item = line.itemId ? itemById(shop, line.itemId) : undefined
  return {
    __typename: 'LineItem',
    id: gid('LineItem', line.id),
    sku: line.sku,
    title: line.title,
    quantity: line.quantity,
    currentQuantity: line.quantity - line.removed - line.returned,
    unfulfilledQuantity: line.quantity - line.removed - fulfilledOf(order, line.id),
    originalUnitPriceSet: bag(order, line.unitPrice),
    variant: item ? () => variantView(shop, item) : null,
  }
}

const lineOf = (shop: Shop, order: ShopOrder, lineId: string) => () =>
  lineView(shop, order, order.lines.find(({ id }) => id === lineId)!)

export function fulfillmentOrderView(shop: Shop, order: ShopOrder, one: FulfillmentOrder) {
  const place = shop.state.locations.find(({ id }) => id === one.locationId)
  return {
    __typename: 'FulfillmentOrder',
    id: gid('FulfillmentOrder', one.id),
    status: one.status,
    assignedLocation: { name: place?.name ?? '', location: place ? () => locationView(shop, place) : null },
    lineItems: paged(one.lines, (line) => ({
      id: gid('FulfillmentOrderLineItem', line.id),
      lineItem: lineOf(shop, order, line.lineId),
      totalQuantity: line.total,
      remainingQuantity: line.remaining,
      sku: order.lines.find(({ id }) => id === line.lineId)?.sku ?? null,
    })),
  }
}

export function fulfillmentView(shop: Shop, order: ShopOrder, one: Fulfillment) {
  const place = shop.state.locations.find(({ id }) => id === one.locationId)
  return {
    __typename: 'Fulfillment',
    id: gid('Fulfillment', one.id),
    status: 'SUCCESS',
    createdAt: isoSeconds(one.createdAt),
    location: place ? () => locationView(shop, place) : null,
    trackingInfo: ({ first }: Paging) => one.tracking.slice(0, first),
    fulfillmentLineItems: paged(one.lines, (line) => ({
      id: gid('FulfillmentLineItem', line.id),
      quantity: line.quantity,
      lineItem: lineOf(shop, order, line.lineId),
    })),
  }
}

export function refundView(shop: Shop, order: ShopOrder, one: Refund) {
  return {
    __typename: 'Refund',
    id: gid('Refund', one.id),
    createdAt: isoSeconds(one.createdAt),
    note: one.note,
    totalRefundedSet: buyersBag(order, one.amount),
    refundLineItems: paged(one.lines, (line) => ({
      id: gid('RefundLineItem', line.id),
      quantity: line.quantity,
      restockType: line.restockType,
      lineItem: lineOf(shop, order, line.lineId),
    })),
    transactions: paged(
      order.transactions.filter(({ id }) => one.transactionIds.includes(id)),
      (transaction) => transactionView(order, transaction),
    ),
  }
}

export const transactionView = (order: ShopOrder, one: Transaction) => ({
  __typename: 'OrderTransaction',
  id: gid('OrderTransaction', one.id),
  kind: one.kind,
  status: 'SUCCESS',
  gateway: one.gateway,
  amountSet: buyersBag(order, one.amount),
})

export const subscriptionView = (one: Subscription) => ({
  __typename: 'WebhookSubscription',
  id: gid('WebhookSubscription', one.id),
  topic: one.topic,
  uri: one.uri,
  format: 'JSON',
})
