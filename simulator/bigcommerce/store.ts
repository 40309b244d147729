import { inventPerson } from '../amazon/marketplaces.ts'
import type { Core } from '../core.ts'
import { findEffect, logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { floorSecond } from '../http.ts'
import type { Random } from '../random.ts'
import type { ScheduledEvent } from '../state.ts'
import { announce } from './hooks.ts'
import {
  type BcItem,
  type BcLevel,
  type BcLine,
  type BcOrder,
  type BigcommerceSettings,
  type BigcommerceState,
  bigcommerceSettings,
} from './state.ts'

/** The store as its own code sees it: nothing of the other marketplaces. */
export interface Store {
  core: Core
  settings: BigcommerceSettings
  readonly state: BigcommerceState
  now(): number
  random(stream: string): Random
  schedule(at: number, kind: ScheduledEvent['kind'], subject: string): void
}

/** Names of order statuses (orders.v2, order_statuses). */
export const statuses = [
  'Incomplete',
  'Pending',
  'Shipped',
  'Partially Shipped',
  'Refunded',
  'Cancelled',
  'Declined',
  'Awaiting Payment',
  'Awaiting Pickup',
  'Awaiting Shipment',
  'Completed',
  'Awaiting Fulfillment',
  'Manual Verification Required',
  'Disputed',
  'Partially Refunded',
]
export const status = {
  incomplete: 0,
  shipped: 2,
  partly: 3,
  refunded: 4,
  canceled: 5,
  unpaid: 7,
  open: 11,
  completed: 10,
  partlyRefunded: 14,
}

const stores = new WeakMap<Core, Store>()

/** Undefined where the store was not started. */
export function storeOf(core: Core): Store | undefined {
  if (!core.state.bigcommerce) return undefined
  const known = stores.get(core)
  if (known) return known
  const store: Store = {
    core,
    settings: bigcommerceSettings(core.options.bigcommerce),
    get state() {
      return core.state.bigcommerce!
    },
    now: () => core.now(),
    random: (stream) => core.random(`bigcommerce ${stream}`),
    schedule: (at, kind, subject) => core.schedule({ at, kind, subject, market: 'bigcommerce' }),
  }
  stores.set(core, store)
  return store
}

/** The store with its catalog: what the catalog says of it, or else what the own store sells. */
export function firstStore(core: Core, now: number): BigcommerceState {
  const settings = bigcommerceSettings(core.options.bigcommerce)
  const { catalog } = core.options
  const named = catalog.some(({ bigcommerce }) => bigcommerce)
  const locations = settings.locations.map((label, index) => ({
    id: index + 1,
    code: `BC-LOCATION-${index + 1}`,
    label,
    enabled: true,
  }))
  const items: Record<string, BcItem> = {}
  const products = new Map<string, number>()
  catalog.forEach((entry, index) => {
    const stock = named ? entry.bigcommerce : entry.storefront
    if (!stock) return
    const group = named ? entry.bigcommerce?.product : undefined
    const productId = (group === undefined ? undefined : products.get(group)) ?? 101 + index
    if (group !== undefined) products.set(group, productId)
    const level = (onHand: number): BcLevel => ({ onHand, onHandBefore: onHand, safety: 0 })
    items[entry.sku] = {
      sku: entry.sku,
      title: group ?? entry.title,
      option: group === undefined ? null : entry.title,
      upc: entry.gtin ?? '',
      price: entry.price,
      currency: entry.currency,
      productId,
      variantId: 5_001 + index,
      tracking: group === undefined ? 'product' : 'variant',
      visible: true,
      levels: Object.fromEntries(locations.map(({ id }, place) => [id, level(place === 0 ? stock.quantity : 0)])),
      effectsUntil: 0,
    }
  })
  return {
    items,
    locations,
    orders: [],
    effects: [],
    due: {},
    calls: {},
    window: { from: now, used: 0 },
    hooks: [],
    deliveries: [],
    hosts: {},
  }
}

export const findItem = ({ state }: Store, sku: string): BcItem | undefined =>
  Object.hasOwn(state.items, sku) ? state.items[sku] : undefined

export const availableAt = (level: BcLevel | undefined): number =>
  level ? Math.max(0, level.onHand - level.safety) : 0

/** What buyers can get: of all locations that take part. */
export const shownOf = ({ state }: Store, item: BcItem): number =>
  state.locations.reduce((sum, { id, enabled }) => sum + (enabled ? availableAt(item.levels[id]) : 0), 0)

export function setOnHand(store: Store, item: BcItem, locationId: number, onHand: number): void {
  const level = item.levels[locationId]!
  level.onHandBefore = level.onHand
  level.onHand = onHand
  store.core.touch()
  if (item.option === null) {
    const inventory = { product_id: item.productId, method: 'absolute', value: onHand }
    announce(store, 'store/product/inventory/updated', { type: 'product', id: item.productId, inventory })
  } else {
    const inventory = { product_id: item.productId, method: 'absolute', value: onHand, variant_id: item.variantId }
    announce(store, 'store/sku/inventory/updated', { type: 'sku', id: item.variantId, inventory })
  }
}

export interface Wanted {
  lines: { sku: string; quantity: number }[]
}

/** A buyer buys: all lines from the first location that has enough of each, or nothing. */
export function purchase(store: Store, { lines }: Wanted): { orderId: string } | { refused: string; shown: number } {
  const { state, settings } = store
  const wanted = new Map<string, number>()
  for (const { sku, quantity } of lines) wanted.set(sku, (wanted.get(sku) ?? 0) + quantity)
  for (const sku of wanted.keys()) if (!findItem(store, sku)) return { refused: 'unknown sku', shown: 0 }
  const hasAll = (locationId: number) =>
    [...wanted].every(([sku, quantity]) => {
      const item = findItem(store, sku)!
      return item.tracking === 'none' || availableAt(item.levels[locationId]) >= quantity
    })
  const place = state.locations.find(({ id, enabled }) => enabled && hasAll(id))
  if (!place) return { refused: 'the store shows too little', shown: shownOf(store, findItem(store, lines[0]!.sku)!) }
  const random = store.random('orders')
  const buyer = inventPerson(random, 'US', 'buyers.example')
  // Somebody else came as far as the payment and left: such an order takes nothing.
  if (random.chance(settings.incompleteShare))
    addOrder(store, makeOrder(store, { lines: linesOf(store, [lines[0]!]), statusId: status.incomplete, buyer }))
  const isPaid = !random.chance(settings.pendingShare)
  const order = makeOrder(store, {
    lines: linesOf(store, lines),
    statusId: isPaid ? status.open : status.unpaid,
    buyer,
  })
  order.paid = !isPaid ? 'no' : random.chance(settings.offlineShare) ? 'offline' : 'online'
  order.locationId = place.id
  order.isUntaken = true
  if (settings.lowersAt === 'order_placed') take(store, order)
  addOrder(store, order)
  if (!isPaid) store.schedule(store.now() + random.between(60_000, 30 * 60_000), 'pay', String(order.id))
  return { orderId: String(order.id) }
}

/** The units of an order leave the store's numbers, once. */
function take(store: Store, order: BcOrder): void {
  const { locationId, isUntaken } = order
  if (!isUntaken || locationId === null) return
  delete order.isUntaken
  for (const { sku, quantity } of order.lines) {
    const item = findItem(store, sku)
    if (item && item.tracking !== 'none') setOnHand(store, item, locationId, item.levels[locationId]!.onHand - quantity)
  }
}

const linesOf = (store: Store, lines: Wanted['lines']): Omit<BcLine, 'id'>[] =>
  lines.map(({ sku, quantity }) => {
    const item = findItem(store, sku)!
    return {
      sku,
      productId: item.productId,
      variantId: item.variantId,
      title: item.title,
      quantity,
      shipped: 0,
      refunded: 0,
      unitPrice: item.price,
    }
  })

/** Numbers count up by themselves. */
export const newNumber = (store: Store): number => 700_000 + store.core.nextId()

export function makeOrder(
  store: Store,
  { lines, statusId, buyer }: { lines: Omit<BcLine, 'id'>[]; statusId: number; buyer: BcOrder['buyer'] },
): BcOrder {
  const now = floorSecond(store.now())
  return {
    id: newNumber(store),
    createdAt: now,
    updatedAt: now,
    listed: [],
    statusId,
    currency: Object.values(store.state.items)[0]?.currency ?? 'USD',
    buyer,
    addressId: newNumber(store),
    lines: lines.map((line) => ({ id: newNumber(store), ...line })),
    shipments: [],
    refunds: [],
    externalOrderId: null,
    externalSource: null,
    staffNotes: '',
    source: 'www',
    paid: 'no',
    locationId: null,
  }
}

export function addOrder(store: Store, order: BcOrder): void {
  store.state.orders.push(order)
  list(store, order)
  announce(store, 'store/order/created', { type: 'order', id: order.id })
}

/** An order changed: its time moves, and the list learns of it later. */
export function changed(store: Store, order: BcOrder, before = order.statusId): void {
  order.updatedAt = Math.max(floorSecond(store.now()), order.updatedAt)
  if (order.statusId === status.shipped || order.statusId === status.completed) take(store, order)
  list(store, order)
  announce(store, 'store/order/updated', { type: 'order', id: order.id })
  if (before !== order.statusId) {
    const change = { previous_status_id: before, new_status_id: order.statusId }
    announce(store, 'store/order/statusUpdated', { type: 'order', id: order.id, status: change })
  }
}

function list(store: Store, order: BcOrder): void {
  const { min, max } = store.settings.listLagMs
  order.listed.push({ updatedAt: order.updatedAt, from: store.now() + store.random('lags').between(min, max) })
  const omit = fires(store.core, 'bigcommerce', 'getOrders', 'omit')
  if (omit) order.omittedUntil = store.now() + omit.delayMs
  store.core.touch()
}

const indexes = new WeakMap<BcOrder[], { known: number; byId: Map<string, BcOrder> }>()
export function findOrder(store: Store, id: string): BcOrder | undefined {
  const { orders } = store.state
  const index = indexes.get(orders) ?? { known: 0, byId: new Map() }
  indexes.set(orders, index)
  for (; index.known < orders.length; index.known += 1)
    index.byId.set(String(orders[index.known]!.id), orders[index.known]!)
  return index.byId.get(id)
}

/** Any status can be set at any time; only the way to "canceled" moves units. */
export function setStatus(store: Store, order: BcOrder, statusId: number, restock = store.settings.restocks): void {
  const before = order.statusId
  if (before === statusId) return
  order.statusId = statusId
  if (statusId === status.canceled && restock) putBack(store, order)
  changed(store, order, before)
}

/** What has not left goes back to where it was taken. */
function putBack(store: Store, order: BcOrder): void {
  const { locationId } = order
  if (locationId === null || order.isUntaken) return
  for (const { sku, quantity, shipped, refunded } of order.lines) {
    const item = findItem(store, sku)
    const left = quantity - Math.max(shipped, refunded)
    if (item && item.tracking !== 'none' && left > 0)
      setOnHand(store, item, locationId, item.levels[locationId]!.onHand + left)
  }
}

export function cancel(store: Store, order: BcOrder, restock?: boolean): boolean {
  if (order.statusId === status.canceled || order.shipments.length > 0) return false
  setStatus(store, order, status.canceled, restock)
  return true
}

export interface Parcel {
  provider: string
  carrier: string
  method: string
  trackingNumber: string
  trackingLink: string
  items: { lineId: number; quantity: number }[]
}

/** Units leave; the store moves the order's status by itself. */
export function ship(store: Store, order: BcOrder, parcel: Parcel): number {
  const id = newNumber(store)
  order.shipments.push({ id, createdAt: floorSecond(store.now()), ...parcel })
  for (const { lineId, quantity } of parcel.items) order.lines.find((line) => line.id === lineId)!.shipped += quantity
  const before = order.statusId
  const isWhole = order.lines.every(({ quantity, shipped, refunded }) => shipped + refunded >= quantity)
  order.statusId = isWhole ? status.shipped : status.partly
  announce(store, 'store/shipment/created', { type: 'shipment', id, orderId: order.id })
  changed(store, order, before)
  return id
}

export function shipAll(store: Store, order: BcOrder): boolean {
  const items = order.lines.flatMap(({ id, quantity, shipped, refunded }) =>
    quantity - shipped - refunded > 0 ? [{ lineId: id, quantity: quantity - shipped - refunded }] : [],
  )
  if (items.length === 0 || order.statusId === status.canceled || order.statusId === status.incomplete) return false
  ship(store, order, { provider: '', carrier: '', method: '', trackingNumber: '', trackingLink: '', items })
  return true
}

export function pay(store: Store, order: BcOrder): void {
  if (order.statusId !== status.unpaid) return
  order.paid = 'online'
  setStatus(store, order, status.open)
}

/** An adjustment that was taken shows from now on. */
export function applyDue(store: Store, effectId: number, at: number): void {
  const due = store.state.due[effectId]
  delete store.state.due[effectId]
  const item = due && findItem(store, due.sku)
  const effect = findEffect(store.state.effects, effectId)
  if (!due || !item) return
  setOnHand(store, item, due.locationId, due.quantity)
  if (effect) effect.appliedAt = at
}

export function logWrite(
  store: Store,
  operation: string,
  sku: string,
  more: { quantity?: number; price?: number },
): void {
  const now = store.now()
  logEffect(store.state.effects, {
    id: store.core.nextId(),
    at: now,
    operation,
    sku,
    dueAt: now,
    appliedAt: now,
    ...more,
  })
  store.core.touch()
}
