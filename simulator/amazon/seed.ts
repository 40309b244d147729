import type { Core } from '../core.ts'
import { floorSecond } from '../http.ts'
import type { AmazonItem, AmazonOrder, OrderStatus, Parcel } from '../state.ts'
import type { CatalogItem } from '../types.ts'
import { makeOrder } from './orders.ts'

const minute = 60_000
const hour = 60 * minute

/** Lists the catalog and invents the past, if one is asked for. */
export function seedAmazon(core: Core): void {
  const now = core.now()
  for (const entry of core.options.catalog) {
    if (entry.amazon) core.state.amazon.items[entry.sku] = listing(core, entry, now)
  }
  seedHistory(core, now)
}

function listing(core: Core, entry: CatalogItem, now: number): AmazonItem {
  const { quantity, fulfilledBy = 'MERCHANT', marketplaceIds, leadTimeDays = 2 } = entry.amazon!
  const own = fulfilledBy === 'MERCHANT'
  return {
    sku: entry.sku,
    title: entry.title,
    asin: entry.asin,
    gtin: entry.gtin ?? null,
    price: entry.price,
    currency: entry.currency,
    fulfilledBy,
    marketplaceIds: marketplaceIds ?? core.amazon.marketplaceIds,
    quantity: own ? quantity : null,
    quantityBefore: own ? quantity : null,
    fbaQuantity: own ? 0 : quantity,
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
function seedHistory(core: Core, now: number): void {
  const { orders: count = 0, days = 30 } = core.options.history ?? {}
  const items = Object.values(core.state.amazon.items)
  if (count === 0 || items.length === 0) return
  const random = core.random('history')
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
    const order = makeOrder(core, about, lines)
    giveHistory(order, status, now)
    if (status === 'PENDING') core.schedule(now + random.between(minute, 4 * minute), 'pay', order.id)
    if (status === 'UNSHIPPED' && item.fulfilledBy === 'AMAZON') {
      core.schedule(now + random.between(5 * minute, 6 * hour), 'ship', order.id)
    }
    orders.push(order)
  }
  orders.sort((a, b) => a.createdAt - b.createdAt)
  core.state.amazon.orders.push(...orders)
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
