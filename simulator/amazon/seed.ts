import type { Market } from '../core.ts'
import { floorSecond } from '../http.ts'
import type { AmazonItem, AmazonOrder, OrderStatus, Parcel } from '../state.ts'
import type { CatalogItem, Listed, MarketName } from '../types.ts'
import { makeOrder } from './orders.ts'

const minute = 60_000
const hour = 60 * minute

/** Lists the catalog and invents the past, if one is asked for. */
export function seedMarket(market: Market): void {
  const now = market.now()
  const { catalog } = market.core.options
  for (const entry of catalog) {
    const listed = listedOn(market.name, catalog, entry)
    if (listed) market.state.items[entry.sku] = listing(market, entry, listed, now)
  }
  // Only Amazon has a past: one is enough to be read.
  if (market.name === 'amazon') seedHistory(market, now)
}

/** Where the catalog says nothing of a marketplace, it lists what Amazon's merchant sells, and shows none of it. */
function listedOn(name: MarketName, catalog: readonly CatalogItem[], entry: CatalogItem): Listed | undefined {
  if (name === 'amazon') return entry.amazon
  if (catalog.some(({ markets }) => markets?.[name])) return entry.markets?.[name]
  return entry.amazon && entry.amazon.fulfilledBy !== 'AMAZON' ? { quantity: 0 } : undefined
}

function listing(market: Market, entry: CatalogItem, listed: Listed, now: number): AmazonItem {
  const { quantity, fulfilledBy = 'MERCHANT', marketplaceIds, leadTimeDays = 2, inbound = 0, unsellable = 0 } = listed
  const own = fulfilledBy === 'MERCHANT'
  return {
    sku: entry.sku,
    title: entry.title,
    asin: entry.asin,
    gtin: entry.gtin ?? null,
    price: entry.price,
    currency: entry.currency,
    fulfilledBy,
    marketplaceIds: marketplaceIds ?? market.settings.marketplaceIds,
    quantity: own ? quantity : null,
    quantityBefore: own ? quantity : null,
    fbaQuantity: own ? 0 : quantity,
    ...(inbound + unsellable > 0 ? { fbaBeside: { inbound, unsellable } } : {}),
    leadTimeDays: own ? leadTimeDays : null,
    effectsUntil: 0,
    createdAt: floorSecond(now - 200 * 24 * hour),
    updatedAt: floorSecond(now - 24 * hour),
  }
}

/**
 * Past orders, all older than the longest lag: a quarter waits to be shipped and is of the last 12 hours, a few are
 * still pending, the rest is shipped or canceled. Today's quantities stay as the catalog says.
 */
function seedHistory(market: Market, now: number): void {
  const { orders: count = 0, days = 30 } = market.core.options.history ?? {}
  const items = Object.values(market.state.items)
  if (count === 0 || items.length === 0) return
  const random = market.random('history')
  const orders: AmazonOrder[] = []
  for (let i = 0; i < count; i++) {
    const status = pastStatus(random.next())
    const item = random.pick(items)
    const age =
      status === 'UNSHIPPED'
        ? random.between(30 * minute, 12 * hour)
        : status === 'PENDING'
          ? random.between(16 * minute, 26 * minute)
          : random.between(13 * hour, Math.max(14, days * 24) * hour)
    const marketplaceId = random.pick(item.marketplaceIds)
    const lines = [{ item, quantity: random.chance(0.8) ? 1 : random.between(2, 3) }]
    // One order in eight has a second line, of the same kind of stock.
    const second = random.pick(items)
    if (random.chance(0.125) && second !== item && second.fulfilledBy === item.fulfilledBy) {
      if (second.marketplaceIds.includes(marketplaceId)) lines.push({ item: second, quantity: 1 })
    }
    const about = { at: now - age, marketplaceId, fulfilledBy: item.fulfilledBy, past: true }
    const order = makeOrder(market, about, lines)
    giveHistory(order, status, now)
    if (status === 'PENDING') market.schedule(now + random.between(minute, 4 * minute), 'pay', order.id)
    if (status === 'UNSHIPPED' && item.fulfilledBy === 'AMAZON') {
      market.schedule(now + random.between(5 * minute, 6 * hour), 'ship', order.id)
    }
    orders.push(order)
  }
  orders.sort((a, b) => a.createdAt - b.createdAt)
  market.state.orders.push(...orders)
}

function pastStatus(draw: number): OrderStatus {
  if (draw < 0.25) return 'UNSHIPPED'
  if (draw < 0.28) return 'PENDING'
  return draw < 0.36 ? 'CANCELLED' : 'SHIPPED'
}

/** The versions such an order went through; all of them have been visible for long. */
function giveHistory(order: AmazonOrder, status: OrderStatus, now: number): void {
  const add = (version: OrderStatus, after: number, parcels?: Parcel[]) => {
    const updatedAt = floorSecond(Math.min(order.createdAt + after, now - 15 * minute))
    const canceledBy = version === 'CANCELLED' ? 'BUYER' : undefined
    order.versions.push({
      status: version,
      updatedAt,
      searchableAt: updatedAt,
      readableAt: updatedAt,
      canceledBy,
      parcels,
    })
  }
  add('PENDING', 0)
  if (status === 'PENDING') return
  add(status === 'CANCELLED' ? 'CANCELLED' : 'UNSHIPPED', 2 * minute)
  if (status !== 'SHIPPED') return
  const items = order.lines.map((line) => ({ itemId: line.itemId, quantity: line.quantity }))
  add('SHIPPED', 12 * hour, [{ reference: '1', carrier: 'Other', shippedAt: order.createdAt + 12 * hour, items }])
}
