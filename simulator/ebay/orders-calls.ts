import * as z from 'zod'
import { fires, rewritten } from '../faults.ts'
import { json } from '../http.ts'
import { EbayRefusal } from './answers.ts'
import type { Ebay } from './market.ts'
import { addVersion, cancel, findOrder, newest, shippedOf, totalOf } from './orders.ts'
import { iso, wireOrder } from './orders-wire.ts'
import type { EbayOrder, EbayVersion } from './types.ts'
import { say } from './words.ts'

const domain = 'API_FULFILLMENT'
const refuse = (status: number, errorId: number, message: string) => new EbayRefusal(status, errorId, message, domain)
const twoYearsMs = 2 * 365 * 86_400_000

/** GET /order: by the time of the last change or of creation; of both the latter counts (facts §1). */
export function getOrders(ebay: Ebay, query: URLSearchParams): Response {
  const { core, settings } = ebay
  const limit = number(query, 'limit', 50, 31100, 1, 200)
  const offset = number(query, 'offset', 0, 31000, 0, 1_000_000)
  const now = ebay.now()
  const ids = query.get('orderIds')
  const late = fires(core, 'ebay', 'getOrders', 'stale-read') !== null
  const found = ids === null ? listed(ebay, query, now, late) : named(ebay, ids.split(','), now)
  let page = found.slice(offset, offset + limit)
  if (fires(core, 'ebay', 'getOrders', 'duplicate') && page.length > 0) page = [...page.slice(0, -1), page[0]!]
  if (fires(core, 'ebay', 'getOrders', 'reorder')) page = core.random('ebay faults').shuffle(page)
  const hidden = fires(core, 'ebay', 'getOrders', 'omit')
  if (hidden) for (const { order } of page) order.omittedUntil = now + hidden.delayMs
  const shown = page.filter(({ order }) => !omitted(ebay, order, now))
  const total = found.length - (page.length - shown.length)
  const at = (from: number) => `https://api.ebay.com/sell/fulfillment/v1/order?limit=${limit}&offset=${from}`
  const body = {
    href: at(offset),
    total,
    limit,
    offset,
    ...(offset + limit < found.length ? { next: at(offset + limit) } : {}),
    ...(offset > 0 ? { prev: at(Math.max(0, offset - limit)) } : {}),
    orders: shown.map(({ order, version }) => {
      const wire = wireOrder(settings, order, version, false)
      const change = fires(core, 'ebay', 'getOrders', 'rewrite', order.id)
      return change ? rewritten(wire, change.changes) : wire
    }),
  }
  const change = fires(core, 'ebay', 'getOrders', 'rewrite')
  return json(200, change ? rewritten(body, change.changes) : body)
}

interface Found {
  order: EbayOrder
  version: EbayVersion
}

function omitted(ebay: Ebay, order: EbayOrder, now: number): boolean {
  const fault = fires(ebay.core, 'ebay', 'getOrders', 'omit', order.id)
  if (fault) order.omittedUntil = now + fault.delayMs
  return (order.omittedUntil ?? 0) > now
}

/** The newest version that lists show by now. */
const listedVersion = (order: EbayOrder, now: number, isStale: boolean): EbayVersion | undefined => {
  const seen = order.versions.filter((version) => version.searchableAt <= now)
  return isStale ? (seen.at(-2) ?? seen.at(-1)) : seen.at(-1)
}

function listed(ebay: Ebay, query: URLSearchParams, now: number, isStale: boolean): Found[] {
  const filters = readFilters(query.get('filter') ?? '', now)
  const { creationdate, lastmodifieddate, states } = filters
  const span = creationdate ?? lastmodifieddate
  return ebay.state.orders
    .flatMap((order) => {
      const version = listedVersion(order, now, isStale)
      if (!version) return []
      const time = creationdate ? order.createdAt : version.updatedAt
      if (span && (time < span.from || time > span.to)) return []
      if (states && !states.includes(stateOf(order, version))) return []
      return [{ order, version }]
    })
    .sort((a, b) => b.order.createdAt - a.order.createdAt || (a.order.id < b.order.id ? -1 : 1))
}

function named(ebay: Ebay, ids: string[], now: number): Found[] {
  if (ids.length > 50) throw refuse(400, 30900, 'Exceeded maximum number of order IDs (the current limit is 50)')
  return ids.flatMap((id) => {
    const order = findOrder(ebay, id)
    const version = order && listedVersion(order, now, false)
    return order && version ? [{ order, version }] : []
  })
}

const stateOf = (order: EbayOrder, version: EbayVersion) => {
  const left = order.lines.some((line) => shippedOf(version, line.lineItemId) < line.quantity)
  return !left ? 'FULFILLED' : version.parcels.length > 0 ? 'IN_PROGRESS' : 'NOT_STARTED'
}

function readFilters(text: string, now: number) {
  const filters: { creationdate?: Span; lastmodifieddate?: Span; states?: string[] } = {}
  for (const [, name, value] of text.matchAll(/(\w+):((?:\[[^\]]*\])|(?:\{[^}]*\}))/g)) {
    if (name === 'creationdate' || name === 'lastmodifieddate') filters[name] = readSpan(value!, now)
    else if (name === 'orderfulfillmentstatus') filters.states = value!.slice(1, -1).split('|')
    else throw refuse(400, 30700, `Invalid filter name: ${name}`)
  }
  if (text !== '' && Object.keys(filters).length === 0) throw refuse(400, 30700, `Invalid filter name: ${text}`)
  return filters
}

interface Span {
  from: number
  to: number
}

function readSpan(value: string, now: number): Span {
  const [first = '', last = ''] = value.slice(1, -1).split('..')
  const from = readTime(first)
  const to = last === '' ? Number.POSITIVE_INFINITY : readTime(last)
  if (from > now || (last !== '' && to > now)) throw refuse(400, 30850, "Start and end dates can't be in the future")
  if (from > to) throw refuse(400, 30840, 'Start date should be before end date')
  if (from < now - twoYearsMs)
    throw refuse(400, 30830, "Time range between start date and end date must be within '2' years.")
  return { from, to }
}

function readTime(text: string): number {
  if (text === '') throw refuse(400, 30820, 'Start date is missing')
  const time = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d{1,3})?Z$/.test(text) || Number.isNaN(time))
    throw refuse(400, 30810, 'Invalid date format')
  return time
}

/** GET /order/{orderId}: shows requests for cancellation, and changes a little sooner than lists. */
export function getOrder(ebay: Ebay, orderId: string): Response {
  const order = findOrder(ebay, orderId)
  const version = order?.versions.findLast((one) => one.readableAt <= ebay.now())
  if (!order || !version) throw refuse(404, 32100, `Invalid order ID: ${orderId}`)
  const wire = wireOrder(ebay.settings, order, version, true)
  const change =
    fires(ebay.core, 'ebay', 'getOrder', 'rewrite', orderId) ?? fires(ebay.core, 'ebay', 'getOrder', 'rewrite')
  return json(200, change ? rewritten(wire, change.changes) : wire)
}

function orderOf(ebay: Ebay, orderId: string): EbayOrder {
  const order = findOrder(ebay, orderId)
  if (!order) throw refuse(400, 32100, `Invalid Order Id: ${orderId}`)
  return order
}

export function getFulfillments(ebay: Ebay, orderId: string): Response {
  const { parcels } = newest(orderOf(ebay, orderId))
  return json(200, {
    total: parcels.length,
    fulfillments: parcels.map((parcel) => ({
      fulfillmentId: parcel.fulfillmentId,
      shippedDate: iso(parcel.shippedAt),
      ...(parcel.carrier ? { shippingCarrierCode: parcel.carrier, shipmentTrackingNumber: parcel.tracking } : {}),
      lineItems: parcel.lines,
    })),
  })
}

const shipmentBody = z.object({
  lineItems: z.array(z.object({ lineItemId: z.string(), quantity: z.int().min(1).optional() })).optional(),
  shippedDate: z.string().optional(),
  shippingCarrierCode: z.string().optional(),
  trackingNumber: z.string().optional(),
})

/** POST shipping_fulfillment: a parcel. Nothing stops the same parcel from being told twice. */
export function createFulfillment(ebay: Ebay, orderId: string, body: unknown): Response {
  const order = orderOf(ebay, orderId)
  const parsed = shipmentBody.safeParse(body)
  if (!parsed.success) throw refuse(400, 32600, 'Invalid input data')
  const { lineItems, shippedDate, shippingCarrierCode, trackingNumber } = parsed.data
  const hasBoth = (shippingCarrierCode === undefined) === (trackingNumber === undefined)
  if (!hasBoth || (trackingNumber !== undefined && !/^[A-Za-z0-9]+$/.test(trackingNumber)))
    throw refuse(400, 32300, 'Invalid shipment tracking number or carrier')
  const shippedAt = shippedDate === undefined ? ebay.now() : Date.parse(shippedDate)
  if (Number.isNaN(shippedAt) || shippedAt > ebay.now() + 60_000) throw refuse(400, 32500, 'Invalid shipped date')
  const version = newest(order)
  if (version.cancel === 'CANCELED') throw refuse(400, 32600, 'Invalid input data')
  const lines = (lineItems ?? order.lines).map(({ lineItemId, quantity }) => {
    const line = order.lines.find((one) => one.lineItemId === lineItemId)
    if (!line) throw refuse(400, 32200, `Invalid line item id: ${lineItemId}`)
    return { lineItemId, quantity: quantity ?? line.quantity }
  })
  if (new Set(lines.map((line) => line.lineItemId)).size < lines.length)
    throw refuse(400, 32210, 'Duplicate line item in the request')
  const fulfillmentId = trackingNumber ?? '999'
  const parcel = {
    fulfillmentId,
    carrier: shippingCarrierCode ?? null,
    tracking: trackingNumber ?? null,
    shippedAt,
    lines,
  }
  addVersion(ebay, order, ebay.now(), { parcels: [...version.parcels, parcel] })
  log(ebay, 'createShippingFulfillment', order)
  for (const { lineItemId } of lines)
    say(ebay, 'ITEM_MARKED_SHIPPED', { order: { orderId, orderLineItems: [{ orderLineItemId: lineItemId }] } })
  const location = `https://api.ebay.com/sell/fulfillment/v1/order/${orderId}/shipping_fulfillment/${fulfillmentId}`
  return json(201, {}, { location })
}

const amountBody = z.object({ value: z.string().regex(/^\d+(\.\d{1,2})?$/), currency: z.string() })
const refundBody = z.object({
  reasonForRefund: z.string(),
  comment: z.string().max(1_000).optional(),
  refundItems: z.array(z.object({ lineItemId: z.string(), refundAmount: amountBody })).optional(),
  orderLevelRefundAmount: amountBody.optional(),
})
const minor = (value: string) => Math.round(Number(value) * 100)

/** POST issue_refund: goes through a while later (facts §1). Nothing stops the same refund from being asked for twice. */
export function issueRefund(ebay: Ebay, orderId: string, body: unknown): Response {
  const order = findOrder(ebay, orderId)
  if (!order) throw refuse(404, 34913, 'Can not find the order.')
  const parsed = refundBody.safeParse(body)
  if (!parsed.success) throw refuse(400, 34902, 'The refund request is not valid.')
  const { refundItems, orderLevelRefundAmount } = parsed.data
  if (!refundItems === !orderLevelRefundAmount)
    throw refuse(400, 34905, 'Either orderLevelRefundAmount or refundItems must be specified.')
  const amounts = [
    ...(refundItems ?? []).map((one) => one.refundAmount),
    ...(orderLevelRefundAmount ? [orderLevelRefundAmount] : []),
  ]
  if (amounts.some(({ currency }) => currency !== order.currency))
    throw refuse(400, 34909, "The amount currency isn't correct.")
  const version = newest(order)
  if (version.refunds.some(({ status }) => status === 'PENDING'))
    throw refuse(400, 34922, "Refund can't be issued while previous refund is processing.")
  if (refundItems?.some((one) => !order.lines.some((line) => line.lineItemId === one.lineItemId)))
    throw refuse(400, 34914, "Can't find the item in the order.")
  const wanted = amounts.reduce((sum, { value }) => sum + minor(value), 0)
  const before = version.refunds.reduce((sum, one) => sum + one.amount, 0)
  if (before >= totalOf(order)) throw refuse(400, 34917, 'This order was already refunded.')
  if (before + wanted > totalOf(order)) throw refuse(400, 34915, 'The refund amount exceeds order amount.')
  const refundId = `5${ebay.random('ids').digits(9)}`
  const lines = (refundItems ?? []).map((one) => ({
    lineItemId: one.lineItemId,
    amount: minor(one.refundAmount.value),
  }))
  const refund = { refundId, amount: wanted, at: ebay.now(), status: 'PENDING' as const, lines }
  addVersion(ebay, order, ebay.now(), { refunds: [...version.refunds, refund] })
  log(ebay, 'issueRefund', order)
  ebay.schedule(ebay.now() + ebay.random('orders').between(30_000, 300_000), 'refund', `${orderId} ${refundId}`)
  return json(200, { refundId, refundStatus: 'PENDING' })
}

const cancelBody = z.object({ legacyOrderId: z.string(), cancelReason: z.string() })

/** POST /post-order/v2/cancellation: the seller cancels a whole order. */
export function createCancellation(ebay: Ebay, body: unknown): Response {
  const parsed = cancelBody.safeParse(body)
  if (!parsed.success) throw refuse(400, 1616, 'The cancellation is not valid.')
  const order = findOrder(ebay, parsed.data.legacyOrderId)
  const cancelId = order && cancel(ebay, order, ebay.now(), { by: 'SELLER' })
  if (!order || !cancelId) throw refuse(400, 1644, 'The order is not eligible for cancellation.')
  log(ebay, 'createCancellation', order)
  return json(200, { cancelId })
}

/** POST /post-order/v2/cancellation/{id}/approve: the seller agrees to what the buyer asked for. */
export function approveCancellation(ebay: Ebay, cancelId: string): Response {
  const order = ebay.state.orders.find((one) => newest(one).cancelId === cancelId)
  const done = order && newest(order).cancel === 'IN_PROGRESS' && cancel(ebay, order, ebay.now(), { by: 'BUYER' })
  if (!order || !done) throw refuse(404, 1617, 'There is no such cancellation.')
  log(ebay, 'approveCancellation', order)
  return new Response(null, { status: 200 })
}

/** What came from outside and changed an order; a repeat shows as a second line. */
function log(ebay: Ebay, operation: string, order: EbayOrder): void {
  const now = ebay.now()
  ebay.state.effects.push({ id: ebay.core.nextId(), at: now, operation, sku: order.id, dueAt: now, appliedAt: now })
}

function number(query: URLSearchParams, name: string, usual: number, errorId: number, least: number, most: number) {
  const value = Number(query.get(name) ?? usual)
  if (!Number.isInteger(value) || value < least || value > most)
    throw refuse(400, errorId, `Invalid ${name}: ${query.get(name)}`)
  return value
}
