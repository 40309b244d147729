import { fires, rewritten } from '../faults.ts'
import { json } from '../http.ts'
import { listV2, refusalV2 } from './answers.ts'
import { writeAddress, writeLine, writeOrder, writeShipment } from './orders-wire.ts'
import type { BcOrder } from './state.ts'
import { addOrder, changed, makeOrder, type Store, setStatus, ship, status, statuses } from './store.ts'

const sorts: Record<string, (order: BcOrder) => number> = {
  id: ({ id }) => id,
  date_created: ({ createdAt }) => createdAt,
  date_modified: ({ updatedAt }) => updatedAt,
  status_id: ({ statusId }) => statusId,
}

/** A moment of RFC 2822 or ISO 8601; undefined where there is none, null where it is neither. */
function momentOf(query: URLSearchParams, name: string): number | undefined | null {
  const text = query.get(name)
  if (text === null) return undefined
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : time
}

/** GET /v2/orders: a plain list in pages of numbers, or 204. */
export function getOrders(store: Store, query: URLSearchParams): Response {
  const limit = Number(query.get('limit') ?? 50)
  const page = Number(query.get('page') ?? 1)
  if (!(limit >= 1 && limit <= 250 && page >= 1))
    return refusalV2(400, 'The field is invalid.', { invalid_reason: 'limit or page is out of range' })
  const from = momentOf(query, 'min_date_modified')
  const until = momentOf(query, 'max_date_modified')
  const placed = [momentOf(query, 'min_date_created'), momentOf(query, 'max_date_created')]
  if (from === null || until === null || placed.includes(null))
    return refusalV2(400, 'The field is invalid.', { invalid_reason: 'a date is not valid' })
  const [field = 'id', direction = 'asc'] = (query.get('sort') ?? 'id:asc').split(':')
  const read = sorts[field]
  if (!read) return refusalV2(400, `Orders cannot be sorted by ${field}.`)
  const found = store.state.orders
    .filter((order) => isListed(store, order))
    .filter(({ updatedAt }) => updatedAt >= (from ?? 0) && updatedAt <= (until ?? Number.POSITIVE_INFINITY))
    .filter(({ createdAt }) => createdAt >= (placed[0] ?? 0) && createdAt <= (placed[1] ?? Number.POSITIVE_INFINITY))
    .filter(({ id }) => id >= Number(query.get('min_id') ?? 0))
    .filter(({ id }) => id <= Number(query.get('max_id') ?? Number.POSITIVE_INFINITY))
    .filter(({ statusId }) => !query.has('status_id') || statusId === Number(query.get('status_id')))
    .filter(({ externalOrderId }) =>
      query.has('external_order_id') ? externalOrderId === query.get('external_order_id') : true,
    )
    .toSorted((a, b) => (direction === 'desc' ? -1 : 1) * (read(a) - read(b) || a.id - b.id))
  const size = Math.min(limit, store.settings.largestPage)
  const part = found.slice((page - 1) * size, page * size)
  const isWhole =
    (query.get('include') ?? '').split(',').includes('consignments.line_items') &&
    query.get('consignment_structure') === 'object'
  const entries = part.map((order) =>
    changedByFault(store, order, writeOrder(store, order, isWhole ? 'lines' : 'none')),
  )
  if (entries.length > 0 && fires(store.core, 'bigcommerce', 'getOrders', 'duplicate')) entries.push(entries[0]!)
  return listV2(entries)
}

/** The list knows an order's newest version later than the order itself; until then it tells nothing of it. */
function isListed(store: Store, order: BcOrder): boolean {
  const now = store.now()
  if (order.omittedUntil !== undefined && now < order.omittedUntil) return false
  return (order.listed.at(-1)?.from ?? 0) <= now || order.listed.some(({ from }) => from <= now)
}

function changedByFault(store: Store, order: BcOrder, body: object): object {
  const fault =
    fires(store.core, 'bigcommerce', 'getOrders', 'rewrite', String(order.id)) ??
    fires(store.core, 'bigcommerce', 'getOrders', 'rewrite')
  return fault ? rewritten(body, fault.changes) : body
}

export function getOrder(store: Store, order: BcOrder, query: URLSearchParams): Response {
  const isObject = query.get('consignment_structure') === 'object'
  const along = (query.get('include') ?? '').split(',')
  if (isObject && along.includes('consignments.line_items')) return json(200, writeOrder(store, order, 'lines'))
  return json(200, writeOrder(store, order, isObject && along.includes('consignments') ? 'addresses' : 'none'))
}

export function getProducts(order: BcOrder, query: URLSearchParams): Response {
  const limit = Math.min(250, Number(query.get('limit') ?? 50))
  const page = Number(query.get('page') ?? 1)
  return listV2(order.lines.slice((page - 1) * limit, page * limit).map((line) => writeLine(order, line)))
}

export const getAddresses = (order: BcOrder): Response =>
  json(200, [
    {
      id: order.addressId,
      order_id: order.id,
      ...writeAddress(order.buyer),
      shipping_method: 'Flat rate',
      items_total: order.lines.length,
    },
  ])

export function getShipments(order: BcOrder, query: URLSearchParams): Response {
  const limit = Math.min(250, Number(query.get('limit') ?? 50))
  const page = Number(query.get('page') ?? 1)
  return listV2(order.shipments.slice((page - 1) * limit, page * limit).map((one) => writeShipment(order, one)))
}

interface ShipmentBody {
  order_address_id?: unknown
  items?: { order_product_id?: unknown; quantity?: unknown }[]
  tracking_number?: unknown
  shipping_provider?: unknown
  tracking_carrier?: unknown
  shipping_method?: unknown
  tracking_link?: unknown
}

const text = (value: unknown): string => (typeof value === 'string' ? value : '')

export function createShipment(store: Store, order: BcOrder, body: unknown): Response {
  const wanted = (body ?? {}) as ShipmentBody
  const refuse = (reason: string) => refusalV2(400, 'The shipment is not valid.', { invalid_reason: reason })
  if (order.statusId === status.canceled) return refuse('the order is canceled')
  if (Number(wanted.order_address_id) !== order.addressId) return refuse('order_address_id is not of this order')
  if (!Array.isArray(wanted.items) || wanted.items.length === 0) return refuse('items are missing')
  if (text(wanted.tracking_number).length > 50) return refuse('tracking_number is too long')
  const items = wanted.items.map((one) => ({ lineId: Number(one.order_product_id), quantity: Number(one.quantity) }))
  for (const { lineId, quantity } of items) {
    const line = order.lines.find(({ id }) => id === lineId)
    if (!line) return refuse('order_product_id is not of this order')
    if (!(quantity >= 1) || quantity > line.quantity - line.shipped - line.refunded)
      return refuse('more would leave than is left')
  }
  const id = ship(store, order, {
    provider: text(wanted.shipping_provider),
    carrier: text(wanted.tracking_carrier),
    method: text(wanted.shipping_method),
    trackingNumber: text(wanted.tracking_number),
    trackingLink: text(wanted.tracking_link),
    items,
  })
  return json(201, writeShipment(order, order.shipments.find((one) => one.id === id)!))
}

/** PUT /v2/orders/{id}: any status may be set at any time. */
export function updateOrder(store: Store, order: BcOrder, body: unknown): Response {
  const { status_id: wanted, staff_notes: notes } = (body ?? {}) as { status_id?: unknown; staff_notes?: unknown }
  if (wanted !== undefined && !(typeof wanted === 'number' && wanted in statuses))
    return refusalV2(400, 'The field is invalid.', { field: 'status_id' })
  if (typeof notes === 'string') order.staffNotes = notes
  if (typeof wanted === 'number' && wanted !== order.statusId) setStatus(store, order, wanted)
  else changed(store, order)
  return json(200, writeOrder(store, order, 'none'))
}

interface OrderBody {
  status_id?: unknown
  products?: Record<string, unknown>[]
  billing_address?: Record<string, unknown>
  external_source?: unknown
  external_order_id?: unknown
  staff_notes?: unknown
  date_created?: unknown
}

/**
 * POST /v2/orders. Products of the catalog lower its numbers; those given by name and price are not in it and lower
 * nothing (Orders Overview: custom products).
 */
export function createOrder(store: Store, body: unknown): Response {
  const wanted = (body ?? {}) as OrderBody
  const refuse = (field: string) => refusalV2(400, 'The field is invalid.', { field })
  const { products, billing_address: billing } = wanted
  if (!Array.isArray(products) || products.length === 0) return refuse('products')
  if (!billing || text(billing.zip).length < 2) return refuse('billing_address.zip')
  const lines = []
  for (const product of products) {
    const { quantity, product_id: productId, name, price_inc_tax: price, price_ex_tax: exTax } = product
    if (!(typeof quantity === 'number' && quantity >= 1)) return refuse('products.quantity')
    if (productId !== undefined) return refuse('products.product_id: the simulator takes custom products only')
    if (typeof name !== 'string' || name === '' || name.length > 250) return refuse('products.name')
    if (typeof price !== 'number' || typeof exTax !== 'number') return refuse('products.price_inc_tax')
    lines.push({
      sku: text(product.sku),
      productId: 0,
      variantId: 0,
      title: name,
      quantity,
      shipped: 0,
      refunded: 0,
      unitPrice: Math.round(price * 100),
    })
  }
  const order = makeOrder(store, {
    lines,
    statusId: typeof wanted.status_id === 'number' ? wanted.status_id : 1,
    buyer: {
      name: `${text(billing.first_name)} ${text(billing.last_name)}`.trim(),
      email: text(billing.email),
      line1: text(billing.street_1),
      city: text(billing.city),
      state: text(billing.state),
      postalCode: text(billing.zip),
      country: text(billing.country_iso2),
    },
  })
  const placed = Date.parse(text(wanted.date_created))
  if (!Number.isNaN(placed)) order.createdAt = placed
  order.externalOrderId = text(wanted.external_order_id) || null
  order.externalSource = text(wanted.external_source) || null
  order.staffNotes = text(wanted.staff_notes)
  order.source = 'external'
  addOrder(store, order)
  return json(200, writeOrder(store, order, 'none'))
}
