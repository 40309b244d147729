import { inventPerson } from '../amazon/marketplaces.ts'
import type { Core } from '../core.ts'
import { logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { floorSecond } from '../http.ts'
import type { Random } from '../random.ts'
import type { WooItem, WooLine, WooMeta, WooOptions, WooOrder, WooParent, WooState } from './types.ts'
import { announce } from './webhooks.ts'

export type WooSettings = Required<Omit<WooOptions, 'homeUrl' | 'zone'>> & Pick<WooOptions, 'homeUrl' | 'zone'>

export function wooSettings(options: WooOptions | undefined): WooSettings {
  return {
    consumerKey: `ck_${'5'.repeat(40)}`,
    consumerSecret: `cs_${'a'.repeat(40)}`,
    permissions: 'read_write',
    zoneHours: -5,
    currency: 'USD',
    tracking: false,
    pendingShare: 0.1,
    onHoldShare: 0.05,
    holdMs: 60 * 60_000,
    webhookDelayMs: 20_000,
    cron: true,
    hpos: true,
    manageStock: true,
    ...options,
  }
}

/** The store as its own code sees it. */
export interface Woo {
  core: Core
  settings: WooSettings
  readonly state: WooState
  now(): number
  random(stream: string): Random
}

const stores = new WeakMap<Core, Woo>()

/** Undefined where the store was not started. */
export function wooOf(core: Core): Woo | undefined {
  if (!core.state.woocommerce) return undefined
  const known = stores.get(core)
  if (known) return known
  const woo: Woo = {
    core,
    settings: wooSettings(core.options.woocommerce),
    get state() {
      return core.state.woocommerce!
    },
    now: () => core.now(),
    random: (stream) => core.random(`woocommerce ${stream}`),
  }
  stores.set(core, woo)
  return woo
}

/** The store with its catalog: what the catalog says of it, or else what the own store sells. */
export function firstWoo(core: Core, now: number): WooState {
  const { catalog } = core.options
  const named = catalog.some(({ woocommerce }) => woocommerce)
  const items: Record<string, WooItem> = {}
  const parents = new Map<string, WooParent>()
  catalog.forEach((entry, index) => {
    const stock = named ? entry.woocommerce : entry.storefront
    if (!stock) return
    const of = named ? entry.woocommerce?.of : undefined
    if (of && !parents.has(of)) {
      const id = 1_000 + parents.size
      parents.set(of, { id, sku: '', title: of, stock: null, createdAt: now, modifiedAt: now })
    }
    items[entry.sku] = {
      id: 2_001 + index,
      parentId: of ? parents.get(of)!.id : 0,
      sku: entry.sku,
      title: entry.title,
      gtin: entry.gtin ?? '',
      price: entry.price,
      manageStock: true,
      stock: stock.quantity,
      stockBefore: stock.quantity,
      backorders: 'no',
      createdAt: now,
      modifiedAt: now,
    }
  })
  return {
    items,
    parents: [...parents.values()],
    orders: [],
    webhooks: [],
    deliveries: [],
    effects: [],
    calls: {},
    nonces: {},
  }
}

export const newNumber = (woo: Woo): number => 10_000 + woo.core.nextId()
export const newMeta = (woo: Woo, key: string, value: unknown): WooMeta => ({ id: newNumber(woo), key, value })

export const itemById = (woo: Woo, id: number): WooItem | undefined =>
  Object.values(woo.state.items).find((item) => item.id === id)
export const itemOf = (woo: Woo, line: Pick<WooLine, 'productId' | 'variationId'>) =>
  itemById(woo, line.variationId || line.productId)
export const parentOf = (woo: Woo, item: WooItem): WooParent | undefined =>
  woo.state.parents.find(({ id }) => id === item.parentId)

/** What is counted for it; undefined where nothing is. */
export function stockOf(woo: Woo, item: WooItem): number | undefined {
  if (!woo.settings.manageStock) return undefined
  if (item.manageStock === 'parent') return parentOf(woo, item)?.stock ?? undefined
  return item.manageStock ? item.stock : undefined
}

export function setStock(woo: Woo, item: WooItem, stock: number): void {
  const parent = item.manageStock === 'parent' ? parentOf(woo, item) : undefined
  if (parent) parent.stock = stock
  else {
    item.stockBefore = item.stock
    item.stock = stock
  }
  item.modifiedAt = floorSecond(woo.now())
  woo.core.touch()
  announce(woo, 'product.updated', item.parentId || item.id)
}

/** Units that unpaid checkouts keep. */
export function heldUnits(woo: Woo, item: WooItem): number {
  const now = woo.now()
  return woo.state.orders
    .filter(({ heldUntil, status }) => heldUntil !== null && heldUntil > now && status === 'pending')
    .flatMap(({ lines }) => lines)
    .reduce((sum, line) => sum + (itemOf(woo, line) === item ? line.quantity : 0), 0)
}

/** What buyers can get now. */
export const shownOf = (woo: Woo, item: WooItem): number => {
  const stock = stockOf(woo, item)
  return stock === undefined ? 0 : Math.max(0, stock)
}

export interface Wanted {
  lines: { sku: string; quantity: number }[]
  status?: string
}

/** A buyer goes through the checkout: refused where less is there than is wanted, less what others are about to pay. */
export function purchase(woo: Woo, wanted: Wanted): { orderId: string } | { refused: string; shown: number } {
  const found: { item: WooItem; quantity: number }[] = []
  for (const { sku, quantity } of wanted.lines) {
    const item = Object.hasOwn(woo.state.items, sku) ? woo.state.items[sku] : undefined
    if (!item) return { refused: 'unknown sku', shown: 0 }
    const stock = stockOf(woo, item)
    const wantedBefore = found.reduce((sum, one) => sum + (one.item === item ? one.quantity : 0), 0)
    const isThere = stock === undefined || stock - heldUnits(woo, item) - wantedBefore >= quantity
    if (!isThere && item.backorders === 'no')
      return { refused: 'the store shows too little', shown: shownOf(woo, item) }
    found.push({ item, quantity })
  }
  const random = woo.random('orders')
  const { pendingShare, onHoldShare } = woo.settings
  const draw = random.next()
  const status =
    wanted.status ?? (draw < pendingShare ? 'pending' : draw < pendingShare + onHoldShare ? 'on-hold' : 'processing')
  const order = newOrder(woo)
  order.createdVia = 'checkout'
  order.buyer = inventPerson(random, 'US', 'buyers.example')
  Object.assign(order, addressesOf(order.buyer))
  order.lines = found.map(({ item, quantity }) => lineOf(woo, item, quantity))
  order.heldUntil = woo.now() + woo.settings.holdMs
  addOrder(woo, order)
  if (status !== 'pending') setStatus(woo, order, status)
  else if (!wanted.status)
    woo.core.schedule({
      at: woo.now() + random.between(20_000, 400_000),
      kind: 'pay',
      subject: String(order.id),
      market: 'woocommerce',
    })
  return { orderId: String(order.id) }
}

export function newOrder(woo: Woo): WooOrder {
  const now = floorSecond(woo.now())
  return {
    id: newNumber(woo),
    status: 'pending',
    createdAt: now,
    modifiedAt: now,
    completedAt: null,
    paidAt: null,
    currency: woo.settings.currency,
    createdVia: 'rest-api',
    paymentMethod: 'simulated',
    buyer: null,
    billing: {},
    shipping: {},
    lines: [],
    shippingLines: [],
    refunds: [],
    notes: [],
    trackings: [],
    meta: [],
    stockReduced: false,
    heldUntil: null,
  }
}

export function lineOf(woo: Woo, item: WooItem, quantity: number, total = item.price * quantity): WooLine {
  const [productId, variationId] = item.parentId ? [item.parentId, item.id] : [item.id, 0]
  return { id: newNumber(woo), name: item.title, sku: item.sku, productId, variationId, quantity, total, meta: [] }
}

function addressesOf(person: NonNullable<WooOrder['buyer']>) {
  const [first, ...last] = person.name.split(' ')
  const shipping = {
    first_name: first ?? '',
    last_name: last.join(' '),
    company: '',
    address_1: person.line1,
    address_2: '',
    city: person.city,
    state: person.state,
    postcode: person.postalCode,
    country: person.country,
  }
  return { shipping, billing: { ...shipping, email: person.email, phone: '+1 555 0100' } }
}

export const totalOf = (order: WooOrder): number =>
  [...order.lines, ...order.shippingLines].reduce((sum, { total }) => sum + total, 0)

export function addOrder(woo: Woo, order: WooOrder): void {
  woo.state.orders.push(order)
  const omit = fires(woo.core, 'woocommerce', 'listOrders', 'omit')
  if (omit) order.omittedUntil = woo.now() + omit.delayMs
  woo.core.touch()
  if (order.status !== 'checkout-draft') announce(woo, 'order.created', order.id)
}

export function changed(woo: Woo, order: WooOrder): void {
  order.modifiedAt = Math.max(order.modifiedAt, floorSecond(woo.now()))
  woo.core.touch()
  announce(woo, 'order.updated', order.id)
}

const taking = new Set(['processing', 'completed', 'on-hold'])

/** A status and what WooCommerce's own hooks do to stock on the way (wc-stock-functions). */
export function setStatus(woo: Woo, order: WooOrder, status: string): void {
  if (status === order.status) return
  order.status = status
  const now = floorSecond(woo.now())
  if (taking.has(status)) {
    reduceStock(woo, order)
    order.heldUntil = null
  }
  if (status === 'cancelled' || status === 'pending') increaseStock(woo, order)
  if (status === 'cancelled') order.heldUntil = null
  if (status === 'completed') order.completedAt ??= now
  if (status === 'processing' || status === 'completed') order.paidAt ??= now
  changed(woo, order)
}

const reduced = (line: WooLine) => line.meta.find(({ key }) => key === '_reduced_stock')

export function reduceLine(woo: Woo, line: WooLine): void {
  const item = itemOf(woo, line)
  const stock = item && stockOf(woo, item)
  if (!item || stock === undefined || Number(reduced(line)?.value ?? 0) > 0) return
  setStock(woo, item, stock - line.quantity)
  line.meta.push(newMeta(woo, '_reduced_stock', String(line.quantity)))
}

function reduceStock(woo: Woo, order: WooOrder): void {
  if (order.stockReduced) return
  for (const line of order.lines) reduceLine(woo, line)
  order.stockReduced = true
}

function increaseStock(woo: Woo, order: WooOrder): void {
  if (!order.stockReduced) return
  for (const line of order.lines) {
    const item = itemOf(woo, line)
    const stock = item && stockOf(woo, item)
    const units = Number(reduced(line)?.value ?? 0)
    if (!item || stock === undefined || units === 0) continue
    setStock(woo, item, stock + units)
    line.meta = line.meta.filter(({ key }) => key !== '_reduced_stock')
  }
  order.stockReduced = false
}

/** Units of a line that was edited while the order has taken its own: the difference goes off the shelf. */
export function adjustLine(woo: Woo, line: WooLine): void {
  const item = itemOf(woo, line)
  const stock = item && stockOf(woo, item)
  if (!item || stock === undefined) return
  const taken = Number(reduced(line)?.value ?? 0)
  if (taken === line.quantity) return
  setStock(woo, item, stock - (line.quantity - taken))
  line.meta = line.meta.filter(({ key }) => key !== '_reduced_stock')
  line.meta.push(newMeta(woo, '_reduced_stock', String(line.quantity)))
}

const indexes = new WeakMap<WooOrder[], { known: number; byId: Map<number, WooOrder> }>()
export function findOrder(woo: Woo, id: number): WooOrder | undefined {
  const { orders } = woo.state
  const index = indexes.get(orders) ?? { known: 0, byId: new Map() }
  indexes.set(orders, index)
  for (; index.known < orders.length; index.known += 1) index.byId.set(orders[index.known]!.id, orders[index.known]!)
  return index.byId.get(id)
}

/** An unpaid order is paid, or its time is over. */
export function runWooEvent(woo: Woo, subject: string): void {
  const order = findOrder(woo, Number(subject))
  if (order?.status !== 'pending') return
  setStatus(woo, order, woo.random('orders').chance(0.8) ? 'processing' : 'cancelled')
}

export function logWrite(woo: Woo, operation: string, sku: string, more: { quantity?: number; price?: number }): void {
  const now = woo.now()
  logEffect(woo.state.effects, { id: woo.core.nextId(), at: now, operation, sku, ...more, dueAt: now, appliedAt: now })
  woo.core.touch()
}
