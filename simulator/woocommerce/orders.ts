import { floorSecond } from '../http.ts'
import { WooRefusal } from './auth.ts'
import {
  addOrder,
  adjustLine,
  changed,
  findOrder,
  itemById,
  itemOf,
  lineOf,
  newMeta,
  newNumber,
  newOrder,
  reduceLine,
  setStatus,
  setStock,
  stockOf,
  totalOf,
  type Woo,
} from './store.ts'
import type { WooLine, WooMeta, WooOrder } from './types.ts'
import { orderWire, refundWire } from './wire.ts'

const statuses = ['pending', 'processing', 'on-hold', 'completed', 'cancelled', 'refunded', 'failed', 'checkout-draft']

export type Body = Record<string, unknown>

/** Minor units of what came as a decimal text. */
const minor = (value: unknown): number => Math.round(Number(value ?? 0) * 100)

/** A moment without a zone is taken as it stands; one with a zone is first told in the site's own, as WordPress does. */
export function momentOf(woo: Woo, text: string, isGmt: boolean): number {
  const zoneMs = woo.settings.zoneHours * 3_600_000
  const hasZone = /(Z|[+-]\d\d:?\d\d)$/i.test(text)
  const written = hasZone ? Date.parse(text) + zoneMs : Date.parse(`${text}Z`)
  if (Number.isNaN(written))
    throw new WooRefusal(400, 'rest_invalid_param', 'Invalid parameter(s): modified_after', { params: {} })
  const told = woo.settings.zone && !hasZone ? throughClock(written, woo.settings.zone) : written
  return isGmt ? told : told - zoneMs
}

/** A time that the zone's clock passes over when it is put forward is told as one later, as PHP's date_create does. */
function throughClock(text: number, zone: string): number {
  const clock = (ms: number) => Date.parse(`${new Date(ms).toLocaleString('sv-SE', { timeZone: zone })}Z`)
  const day = 86_400_000
  const later = text - (clock(text + day) - (text + day))
  return clock(later) === text ? text : clock(text - (clock(text - day) - (text - day)))
}

/** Orders by the filters of the query, in its order. */
export function selectOrders(woo: Woo, query: URLSearchParams): WooOrder[] {
  const isGmt = query.get('dates_are_gmt') === 'true'
  const after = (name: string) => (query.has(name) ? momentOf(woo, query.get(name)!, isGmt) : Number.NEGATIVE_INFINITY)
  const [modifiedAfter, createdAfter] = [after('modified_after'), after('after')]
  const createdBefore = query.has('before') ? momentOf(woo, query.get('before')!, isGmt) : Number.POSITIVE_INFINITY
  const search = query.get('search')?.toLowerCase()
  const now = woo.now()
  const found = woo.state.orders.filter(
    (order) =>
      order.modifiedAt > modifiedAfter &&
      order.createdAt > createdAfter &&
      order.createdAt < createdBefore &&
      (order.omittedUntil ?? 0) <= now &&
      (search === undefined || isFound(order, search)),
  )
  const by = query.get('orderby') === 'modified' ? 'modifiedAt' : 'createdAt'
  const sign = query.get('order') === 'asc' ? 1 : -1
  return found.sort((a, b) => sign * (a[by] - b[by] || a.id - b.id))
}

/** What the search looks at: the number, the names of the lines, and both addresses. */
const isFound = (order: WooOrder, search: string): boolean =>
  String(order.id) === search ||
  [...order.lines.map(({ name }) => name), ...Object.values(order.billing), ...Object.values(order.shipping)].some(
    (text) => text.toLowerCase().includes(search),
  )

export function orderOf(woo: Woo, id: string): WooOrder {
  const order = findOrder(woo, Number(id))
  if (!order) throw new WooRefusal(404, 'woocommerce_rest_shop_order_invalid_id', 'Invalid ID.')
  return order
}

function writeMeta(woo: Woo, meta: WooMeta[], given: unknown): void {
  for (const { id, key, value } of (given ?? []) as { id?: number; key: string; value?: unknown }[]) {
    const known = meta.find((one) => (id ? one.id === id : one.key === key))
    if (value === null || value === undefined) {
      if (known) meta.splice(meta.indexOf(known), 1)
    } else if (known) known.value = value
    else meta.push(newMeta(woo, key, value))
  }
}

interface GivenLine {
  id?: number
  product_id?: number
  variation_id?: number
  name?: string
  quantity?: number
  total?: string
  meta_data?: unknown
}

/** A line with its id is edited; one without is a new one, whoever meant it otherwise (facts: channels.md §6, 13). */
function writeLine(woo: Woo, order: WooOrder, given: GivenLine): void {
  const known = given.id ? order.lines.find(({ id }) => id === given.id) : undefined
  if (given.id && !known)
    throw new WooRefusal(
      400,
      'woocommerce_rest_invalid_item_id',
      'Order item ID provided is not associated with order.',
    )
  if (known) {
    editLine(woo, order, known, given)
    return
  }
  const item = itemById(woo, given.variation_id || given.product_id || 0)
  if (!item) throw new WooRefusal(400, 'woocommerce_rest_required_product_reference', 'Product ID or SKU is required.')
  const quantity = given.quantity ?? 1
  const line = lineOf(woo, item, quantity, given.total === undefined ? item.price * quantity : minor(given.total))
  if (given.name) line.name = given.name
  writeMeta(woo, line.meta, given.meta_data)
  order.lines.push(line)
  if (['processing', 'completed', 'on-hold'].includes(order.status)) reduceLine(woo, line)
}

function editLine(woo: Woo, order: WooOrder, line: WooLine, given: GivenLine): void {
  if (given.quantity === 0) {
    order.lines = order.lines.filter((one) => one !== line)
    return
  }
  if (given.quantity) line.quantity = given.quantity
  if (given.total !== undefined) line.total = minor(given.total)
  writeMeta(woo, line.meta, given.meta_data)
  if (['processing', 'completed', 'on-hold'].includes(order.status)) adjustLine(woo, line)
}

/** POST and PUT /orders. */
export function writeOrder(woo: Woo, body: Body, known?: WooOrder): object {
  const { status } = body
  if (status !== undefined && !statuses.includes(String(status)))
    throw new WooRefusal(400, 'rest_invalid_param', 'Invalid parameter(s): status', {
      params: { status: 'status is not one of the statuses.' },
    })
  const order = known ?? newOrder(woo)
  if (!known && !body.payment_method) order.paymentMethod = ''
  for (const line of (body.line_items ?? []) as GivenLine[]) writeLine(woo, order, line)
  for (const one of (body.shipping_lines ?? []) as { method_id?: string; method_title?: string; total?: string }[])
    order.shippingLines.push({
      id: newNumber(woo),
      title: one.method_title ?? '',
      method: one.method_id ?? '',
      total: minor(one.total),
    })
  for (const place of ['billing', 'shipping'] as const) Object.assign(order[place], body[place] ?? {})
  if (typeof body.created_via === 'string') order.createdVia = body.created_via
  if (typeof body.currency === 'string') order.currency = body.currency
  writeMeta(woo, order.meta, body.meta_data)
  if (known) changed(woo, order)
  else addOrder(woo, order)
  if (status !== undefined) setStatus(woo, order, String(status))
  return orderWire(woo, order)
}

interface GivenRefund {
  amount?: string
  reason?: string
  api_refund?: boolean
  api_restock?: boolean
  line_items?: { id: number; quantity: number; refund_total: number | string }[]
}

/** POST /orders/{id}/refunds. Without a word the gateway pays back and units go back to stock. */
export function refund(woo: Woo, order: WooOrder, body: GivenRefund): object {
  const amount = minor(body.amount)
  const before = order.refunds.reduce((sum, one) => sum + one.amount, 0)
  const cannot = (message: string) => new WooRefusal(500, 'woocommerce_rest_cannot_create_order_refund', message)
  if (amount > totalOf(order) - before) throw cannot('Invalid refund amount.')
  const pays = body.api_refund ?? true
  if (pays && order.paymentMethod === '') throw cannot('The payment gateway for this order does not exist.')
  const lines = (body.line_items ?? []).map(({ id, quantity, refund_total }) => {
    const line = order.lines.find((one) => one.id === id)
    if (!line) throw new WooRefusal(400, 'invalid_line_item', 'The line item is not of this order.')
    return { id: newNumber(woo), lineId: id, quantity: quantity ?? 0, total: minor(refund_total) }
  })
  const made = {
    id: newNumber(woo),
    createdAt: floorSecond(woo.now()),
    amount,
    reason: body.reason ?? '',
    paid: pays,
    lines,
  }
  order.refunds.push(made)
  if (body.api_restock ?? true) for (const { lineId, quantity } of lines) restock(woo, order, lineId, quantity)
  if (before + amount === totalOf(order)) setStatus(woo, order, 'refunded')
  else changed(woo, order)
  return refundWire(woo, order, made)
}

function restock(woo: Woo, order: WooOrder, lineId: number, quantity: number): void {
  const line = order.lines.find(({ id }) => id === lineId)!
  const item = itemOf(woo, line)
  const stock = item && stockOf(woo, item)
  if (item && stock !== undefined) setStock(woo, item, stock + quantity)
}

/** POST /orders/{id}/notes. */
export function note(woo: Woo, order: WooOrder, body: Body): object {
  const made = {
    id: newNumber(woo),
    createdAt: floorSecond(woo.now()),
    note: String(body.note ?? ''),
    toBuyer: body.customer_note === true,
  }
  order.notes.push(made)
  woo.core.touch()
  const date = new Date(made.createdAt).toISOString().slice(0, 19)
  return {
    id: made.id,
    author: 'system',
    date_created: date,
    date_created_gmt: date,
    note: made.note,
    customer_note: made.toBuyer,
  }
}

/** POST /orders/{id}/shipment-trackings of the plugin. */
export function track(woo: Woo, order: WooOrder, body: Body): object {
  const text = (name: string) => (typeof body[name] === 'string' ? (body[name] as string) : '')
  if (text('tracking_number') === '')
    throw new WooRefusal(400, 'rest_missing_callback_param', 'Missing parameter(s): tracking_number')
  const made = {
    id: woo.random('ids').letters(32),
    provider: text('tracking_provider'),
    custom: text('custom_tracking_provider'),
    number: text('tracking_number'),
    link: text('custom_tracking_link'),
    shipped: text('date_shipped'),
  }
  order.trackings.push(made)
  changed(woo, order)
  return trackingWire(made)
}

export const trackingWire = ({ id, provider, custom, number, link, shipped }: WooOrder['trackings'][number]) => ({
  tracking_id: id,
  tracking_provider: provider || custom,
  tracking_link: link,
  tracking_number: number,
  date_shipped: shipped,
})
