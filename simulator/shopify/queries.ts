import { fires } from '../faults.ts'
import {
  fulfillmentOrderView,
  fulfillmentView,
  gid,
  inventoryItemView,
  locationView,
  numberOf,
  orderView,
  subscriptionView,
  variantView,
} from './objects.ts'
import { BadCursor, compare, page } from './pages.ts'
import { paymentsAccount, payoutNode } from './payments.ts'
import { matches, parseSearch } from './search.ts'
import { findOrder, itemById, type Shop } from './shop.ts'
import type { ShopOrder } from './state.ts'

interface Paging {
  first?: number
  after?: string | null
  query?: string | null
  sortKey?: string
}

/** The questions that the store answers. */
export function queries(shop: Shop) {
  const { settings, state } = shop
  const node = ({ id }: { id: string }) => nodeById(shop, id)
  return {
    shop: () => ({
      id: gid('Shop', '1'),
      name: 'The simulated shop',
      myshopifyDomain: settings.shop,
      currencyCode: Object.values(state.items)[0]?.currency ?? 'USD',
      ianaTimezone: 'Etc/UTC',
      plan: {
        publicDisplayName: settings.plan,
        partnerDevelopment: settings.development,
        shopifyPlus: settings.plan === 'Plus',
      },
    }),
    currentAppInstallation: () => ({
      id: gid('AppInstallation', '1'),
      accessScopes: settings.scopes.map((handle) => ({ handle, description: `Simulated: ${handle}` })),
    }),
    locations: ({ first, after, includeInactive }: Paging & { includeInactive: boolean }) =>
      page(
        state.locations.filter(({ active }) => active || includeInactive),
        { first: first ?? null, after: after ?? null },
        ({ id }) => id,
        (place) => locationView(shop, place),
      ),
    location: ({ id }: { id?: string }) => (id ? node({ id }) : locationView(shop, state.locations[0]!)),
    productVariants: (paging: Paging) => searchVariants(shop, paging),
    orders: (paging: Paging) => searchOrders(shop, paging),
    order: ({ id }: { id: string }) => {
      const order = findOrder(shop, numberOf(id, 'Order') ?? '')
      return order ? orderView(shop, order) : null
    },
    node,
    nodes: ({ ids }: { ids: string[] }) => {
      if (ids.length > 250) throw new BadCursor('ids may hold 250 at most')
      return ids.map((id) => nodeById(shop, id))
    },
    shopifyPaymentsAccount: () => paymentsAccount(shop),
    webhookSubscriptions: ({ first, after }: Paging) =>
      page(state.subscriptions, { first: first ?? null, after: after ?? null }, ({ id }) => id, subscriptionView),
  }
}

function nodeById(shop: Shop, id: string): object | null {
  const item = itemById(shop, numberOf(id, 'InventoryItem') ?? '')
  if (item) return inventoryItemView(shop, item)
  const variant = Object.values(shop.state.items).find((one) => gid('ProductVariant', one.variantId) === id)
  if (variant) return variantView(shop, variant)
  const place = shop.state.locations.find((one) => gid('Location', one.id) === id)
  if (place) return locationView(shop, place)
  if (numberOf(id, 'ShopifyPaymentsPayout')) return payoutNode(shop, id)
  const own = findOrder(shop, numberOf(id, 'Order') ?? '')
  if (own) return orderView(shop, own)
  for (const order of shop.state.orders) {
    const fulfillment = order.fulfillments.find((one) => gid('Fulfillment', one.id) === id)
    if (fulfillment) return fulfillmentView(shop, order, fulfillment)
    const place = order.fulfillmentOrders.find((one) => gid('FulfillmentOrder', one.id) === id)
    if (place) return fulfillmentOrderView(shop, order, place)
  }
  return null
}

function searchVariants(shop: Shop, { first, after, query }: Paging) {
  const all = Object.values(shop.state.items)
  const terms = query ? parseSearch(query, ['sku', 'barcode', 'product_id']) : undefined
  const found = terms
    ? all.filter((item) =>
        matches(terms, (field) => (field === 'sku' ? item.sku : field === 'barcode' ? item.barcode : item.productId)),
      )
    : all
  return page(
    found,
    { first: first ?? null, after: after ?? null },
    (item) => item.variantId,
    (item) => variantView(shop, item),
  )
}

/** What the search knows of an order by now: found and sorted by it, and shown as the order really is. */
function searchOrders(shop: Shop, { first, after, query, sortKey }: Paging) {
  const now = shop.now()
  const terms = query
    ? parseSearch(query, ['updated_at', 'created_at', 'source_identifier', 'name', 'tag', 'source_name'])
    : undefined
  if (after != null && fires(shop.core, 'shopify', 'orders', 'expire-token'))
    throw new BadCursor(`'${after}' is not a valid cursor`)
  const known = shop.state.orders.flatMap((order) => {
    const indexed = order.indexed.findLast(({ from }) => from <= now)
    if (!indexed || (order.omittedUntil ?? 0) > now) return []
    const time = sortKey === 'UPDATED_AT' ? indexed.updatedAt : order.createdAt
    const read = (field: string) => readField(order, indexed.updatedAt, field)
    return terms && !matches(terms, read) ? [] : [{ order, place: `${new Date(time).toISOString()}/${order.id}` }]
  })
  known.sort((one, other) => compare(one.place, other.place))
  const answer = page(
    known,
    { first: first ?? null, after: after ?? null },
    ({ place }) => place,
    ({ order }) => orderView(shop, order),
  )
  if (fires(shop.core, 'shopify', 'orders', 'duplicate')) answer.nodes.push(...answer.nodes.slice(0, 1))
  if (fires(shop.core, 'shopify', 'orders', 'reorder')) answer.nodes.reverse()
  return answer
}

function readField(order: ShopOrder, updatedAt: number, field: string): string | number | null {
  if (field === 'updated_at') return updatedAt
  if (field === 'created_at') return order.createdAt
  if (field === 'source_identifier') return order.sourceIdentifier
  if (field === 'source_name') return order.sourceName
  if (field === 'name') return order.name
  return order.tags[0] ?? null
}
