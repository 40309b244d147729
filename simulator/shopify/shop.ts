import { inventPerson } from '../amazon/marketplaces.ts'
import type { Core } from '../core.ts'
import { logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { floorSecond } from '../http.ts'
import type { Random } from '../random.ts'
import {
  type Level,
  type ShopItem,
  type ShopifySettings,
  type ShopifyState,
  type ShopLine,
  type ShopOrder,
  shopifySettings,
} from './state.ts'
import { announce } from './webhooks.ts'

/** The store as its own code sees it. */
export interface Shop {
  core: Core
  settings: ShopifySettings
  readonly state: ShopifyState
  now(): number
  random(stream: string): Random
}

const shops = new WeakMap<Core, Shop>()

/** Undefined where the store was not started. */
export function shopOf(core: Core): Shop | undefined {
  if (!core.state.shopify) return undefined
  const known = shops.get(core)
  if (known) return known
  const shop: Shop = {
    core,
    settings: shopifySettings(core.options.shopify),
    get state() {
      return core.state.shopify!
    },
    now: () => core.now(),
    random: (stream) => core.random(`shopify ${stream}`),
  }
  shops.set(core, shop)
  return shop
}

/** The store with its catalog: what the catalog says of it, or else what the own store sells. */
export function firstShop(core: Core, now: number): ShopifyState {
  const settings = shopifySettings(core.options.shopify)
  const { catalog } = core.options
  const named = catalog.some(({ shopify }) => shopify)
  const locations = settings.locations.map((name, index) => ({ id: String(6_000_000_001 + index), name, active: true }))
  const items: Record<string, ShopItem> = {}
  catalog.forEach((entry, index) => {
    const stock = named ? entry.shopify : entry.storefront
    if (!stock) return
    const level = (available: number): Level => ({
      available,
      availableBefore: available,
      committed: 0,
      updatedAt: now,
    })
    items[entry.sku] = {
      sku: entry.sku,
      title: entry.title,
      barcode: entry.gtin ?? null,
      price: entry.price,
      currency: entry.currency,
      productId: String(7_000_000_001 + index),
      variantId: String(8_000_000_001 + index),
      itemId: String(9_000_000_001 + index),
      tracked: true,
      policy: 'DENY',
      levels: Object.fromEntries(locations.map(({ id }, place) => [id, level(place === 0 ? stock.quantity : 0)])),
    }
  })
  const { burst } = settings.points === 'none' ? { burst: 2_000 } : settings.points
  return {
    items,
    locations,
    orders: [],
    effects: [],
    calls: {},
    bucket: { available: burst, at: now, halved: false },
    tokens: {},
    keys: {},
    subscriptions: [],
    deliveries: [],
  }
}

export const itemById = (shop: Shop, itemId: string): ShopItem | undefined =>
  Object.values(shop.state.items).find((item) => item.itemId === itemId)

export function setAvailable(shop: Shop, item: ShopItem, locationId: string, available: number): void {
  const level = item.levels[locationId]!
  level.availableBefore = level.available
  level.available = available
  level.updatedAt = shop.now()
  shop.core.touch()
  announce(shop, 'INVENTORY_LEVELS_UPDATE', {
    inventory_item_id: Number(item.itemId),
    location_id: Number(locationId),
    available,
    updated_at: new Date(level.updatedAt).toISOString(),
  })
}

export interface Wanted {
  lines: { sku: string; quantity: number }[]
  test?: boolean
}

/**
 * A buyer buys: each line moves from available to committed at the first location that has enough, all of them or none.
 * Refused where less is available, unless the variant goes on selling.
 */
export function purchase(shop: Shop, wanted: Wanted): { orderId: string } | { refused: string; shown: number } {
  const places: { item: ShopItem; quantity: number; locationId: string }[] = []
  const left = new Map<Level, number>()
  for (const { sku, quantity } of wanted.lines) {
    const item = Object.hasOwn(shop.state.items, sku) ? shop.state.items[sku] : undefined
    if (!item) return { refused: 'unknown sku', shown: 0 }
    const free = (level: Level) => left.get(level) ?? level.available
    const stocked = shop.state.locations.filter(({ id, active }) => active && item.levels[id])
    const place =
      stocked.find(({ id }) => free(item.levels[id]!) >= quantity) ??
      (item.policy === 'CONTINUE' || !item.tracked ? stocked[0] : undefined)
    if (!place) return { refused: 'the store shows too little', shown: shownOf(shop, item) }
    const level = item.levels[place.id]!
    left.set(level, free(level) - quantity)
    places.push({ item, quantity, locationId: place.id })
  }
  const random = shop.random('orders')
  const order = makeOrder(shop, {
    lines: places.map(({ item, quantity }) => ({
      item,
      sku: item.sku,
      title: item.title,
      quantity,
      unitPrice: item.price,
    })),
    financialStatus: random.chance(shop.settings.pendingShare) ? 'PENDING' : 'PAID',
    sourceName: 'web',
    buyer: inventPerson(random, 'US', 'buyers.example'),
  })
  order.test = wanted.test ?? false
  order.claimed = true
  for (const [index, { item, quantity, locationId }] of places.entries()) {
    const level = item.levels[locationId]!
    level.committed += quantity
    setAvailable(shop, item, locationId, level.available - quantity)
    routeTo(shop, order, locationId, order.lines[index]!)
  }
  addOrder(shop, order)
  return { orderId: order.id }
}

export const shownOf = (shop: Shop, item: ShopItem): number =>
  Math.max(0, item.levels[shop.state.locations[0]!.id]?.available ?? 0)

interface NewOrder {
  lines: { item: ShopItem | null; sku: string | null; title: string; quantity: number; unitPrice: number }[]
  financialStatus: string
  sourceName: string
  buyer: ShopOrder['buyer']
}

/** Numbers as the store gives them: orders, lines and the rest count up by themselves. */
export const newNumber = (shop: Shop): string => String(5_000_000_000_000 + shop.core.nextId())

export function makeOrder(shop: Shop, wanted: NewOrder): ShopOrder {
  const now = floorSecond(shop.now())
  const { currency } = Object.values(shop.state.items)[0] ?? { currency: 'USD' }
  const presentment = shop.settings.presentment ?? { currency, rate: 1 }
  const lines = wanted.lines.map(
    ({ item, sku, title, quantity, unitPrice }): ShopLine => ({
      id: newNumber(shop),
      sku,
      itemId: item?.itemId ?? null,
      title,
      quantity,
      unitPrice,
      removed: 0,
      returned: 0,
    }),
  )
  const total = lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0)
  const paid = wanted.financialStatus === 'PAID'
  return {
    id: newNumber(shop),
    name: `#${1_001 + shop.state.orders.length}`,
    createdAt: now,
    updatedAt: now,
    indexed: [],
    canceledAt: null,
    cancelReason: null,
    test: false,
    financialStatus: wanted.financialStatus,
    currency,
    presentment,
    sourceName: wanted.sourceName,
    sourceIdentifier: null,
    tags: [],
    attributes: [],
    note: null,
    buyer: wanted.buyer,
    lines,
    claimed: false,
    fulfillmentOrders: [],
    fulfillments: [],
    refunds: [],
    transactions: paid
      ? [{ id: newNumber(shop), kind: 'SALE', gateway: 'simulated', amount: inBuyersMoney(presentment, total) }]
      : [],
  }
}

export const inBuyersMoney = ({ rate }: { rate: number }, amount: number): number => Math.round(amount * rate)

export function routeTo(shop: Shop, order: ShopOrder, locationId: string, line: ShopLine): void {
  let one = order.fulfillmentOrders.find((candidate) => candidate.locationId === locationId)
  if (!one) {
    one = { id: newNumber(shop), locationId, status: 'OPEN', lines: [] }
    order.fulfillmentOrders.push(one)
  }
  one.lines.push({ id: newNumber(shop), lineId: line.id, total: line.quantity, remaining: line.quantity })
}

export function addOrder(shop: Shop, order: ShopOrder): void {
  shop.state.orders.push(order)
  index(shop, order)
  announce(shop, 'ORDERS_CREATE', orderWord(order))
}

/** An order changed: its time moves, and the search learns of it later. */
export function changed(shop: Shop, order: ShopOrder, topic = 'ORDERS_UPDATED'): void {
  order.updatedAt = Math.max(floorSecond(shop.now()), order.updatedAt)
  index(shop, order)
  announce(shop, topic, orderWord(order))
  if (topic !== 'ORDERS_UPDATED') announce(shop, 'ORDERS_UPDATED', orderWord(order))
}

function index(shop: Shop, order: ShopOrder): void {
  const { min, max } = shop.settings.searchLagMs
  order.indexed.push({ updatedAt: order.updatedAt, from: shop.now() + shop.random('lags').between(min, max) })
  const omit = fires(shop.core, 'shopify', 'orders', 'omit')
  if (omit) order.omittedUntil = shop.now() + omit.delayMs
  shop.core.touch()
}

/** What a word of the store says of an order: with the buyer, as the real ones do. */
const orderWord = (order: ShopOrder) => ({
  id: Number(order.id),
  admin_graphql_api_id: `gid://shopify/Order/${order.id}`,
  name: order.name,
  updated_at: new Date(order.updatedAt).toISOString(),
  email: order.buyer?.email ?? null,
  line_items: order.lines.map(({ id, sku, quantity }) => ({ id: Number(id), sku, quantity })),
})

const indexes = new WeakMap<ShopOrder[], { known: number; byId: Map<string, ShopOrder> }>()
export function findOrder(shop: Shop, id: string): ShopOrder | undefined {
  const { orders } = shop.state
  const index = indexes.get(orders) ?? { known: 0, byId: new Map() }
  indexes.set(orders, index)
  for (; index.known < orders.length; index.known += 1) index.byId.set(orders[index.known]!.id, orders[index.known]!)
  return index.byId.get(id)
}

/** Units of a line that left. */
export const fulfilledOf = (order: ShopOrder, lineId: string): number =>
  order.fulfillments
    .flatMap(({ lines }) => lines)
    .reduce((sum, one) => sum + (one.lineId === lineId ? one.quantity : 0), 0)

/** Takes units that have not left off an order, and gives them back to the available number if asked. */
export function removeUnits(shop: Shop, order: ShopOrder, lineId: string, quantity: number, restock: boolean): void {
  const line = order.lines.find(({ id }) => id === lineId)!
  line.removed += quantity
  let left = quantity
  for (const fulfillmentOrder of order.fulfillmentOrders) {
    for (const place of fulfillmentOrder.lines) {
      if (place.lineId !== lineId || left === 0) continue
      const taken = Math.min(left, place.remaining)
      place.remaining -= taken
      left -= taken
      const item = line.itemId ? itemById(shop, line.itemId) : undefined
      const level = item?.levels[fulfillmentOrder.locationId]
      if (!item || !level || !order.claimed || taken === 0) continue
      level.committed -= taken
      if (restock) setAvailable(shop, item, fulfillmentOrder.locationId, level.available + taken)
    }
    if (fulfillmentOrder.lines.every(({ remaining }) => remaining === 0) && fulfillmentOrder.status === 'OPEN')
      fulfillmentOrder.status = order.canceledAt ? 'CANCELLED' : 'CLOSED'
  }
}

/** Cancels an order that has not left at all. */
export function cancel(shop: Shop, order: ShopOrder, reason: string, restock: boolean): boolean {
  if (order.canceledAt !== null || order.fulfillments.length > 0) return false
  order.canceledAt = floorSecond(shop.now())
  order.cancelReason = reason
  order.financialStatus = order.financialStatus === 'PAID' ? 'REFUNDED' : 'VOIDED'
  for (const line of order.lines)
    removeUnits(shop, order, line.id, line.quantity - line.removed - fulfilledOf(order, line.id), restock)
  changed(shop, order, 'ORDERS_CANCELLED')
  return true
}

export interface Parcel {
  fulfillmentOrderId: string
  lines: { lineId: string; quantity: number }[]
  tracking: { company: string | null; number: string | null; url: string | null }[]
}

/** Lets units leave from one location. */
export function fulfill(shop: Shop, order: ShopOrder, locationId: string, parcels: readonly Parcel[]): string {
  const id = newNumber(shop)
  const now = floorSecond(shop.now())
  const made = {
    id,
    createdAt: now,
    locationId,
    tracking: parcels[0]!.tracking,
    lines: [] as { id: string; lineId: string; quantity: number }[],
  }
  for (const { fulfillmentOrderId, lines } of parcels) {
    const place = order.fulfillmentOrders.find((one) => one.id === fulfillmentOrderId)!
    for (const { lineId, quantity } of lines) {
      const open = place.lines.find((one) => one.lineId === lineId)!
      open.remaining -= quantity
      made.lines.push({ id: newNumber(shop), lineId, quantity })
      const line = order.lines.find((one) => one.id === lineId)!
      const level = line.itemId ? itemById(shop, line.itemId)?.levels[locationId] : undefined
      if (level && order.claimed) level.committed -= quantity
    }
    if (place.lines.every(({ remaining }) => remaining === 0)) place.status = 'CLOSED'
  }
  order.fulfillments.push(made)
  changed(shop, order)
  announce(shop, 'FULFILLMENTS_CREATE', { id: Number(id), order_id: Number(order.id) })
  return id
}

/** Everything that is left of an order leaves, as a person would do it in the store's own screens. */
export function shipAll(shop: Shop, order: ShopOrder): boolean {
  const open = order.fulfillmentOrders.filter(({ status }) => status === 'OPEN')
  if (order.canceledAt !== null || open.length === 0) return false
  for (const one of open) {
    const lines = one.lines.flatMap(({ lineId, remaining }) => (remaining > 0 ? [{ lineId, quantity: remaining }] : []))
    if (lines.length > 0) fulfill(shop, order, one.locationId, [{ fulfillmentOrderId: one.id, lines, tracking: [] }])
  }
  return true
}

export function logWrite(shop: Shop, operation: string, sku: string, quantity: number | null, refused?: string): void {
  const now = shop.now()
  logEffect(shop.state.effects, {
    id: shop.core.nextId(),
    at: now,
    operation,
    sku,
    quantity,
    dueAt: now,
    appliedAt: refused === undefined ? now : null,
    refused,
  })
  shop.core.touch()
}
