import * as z from 'zod'
import { fires, rewritten } from '../faults.ts'
import { json } from '../http.ts'
import { WalmartRefusal } from './answers.ts'
import { carriers } from './carriers.ts'
import type { Walmart } from './market.ts'
import { addVersion, cancelUnits, findOrder, isWholeCanceled, log, newest, openOf } from './orders.ts'
import { wireOrder } from './orders-wire.ts'
import type { WalmartOrder, WalmartVersion } from './types.ts'

const day = 86_400_000
/** Orders are listed for so long, and so many of them (facts: channels.md §2, orders). */
const listedMs = 180 * day
const mostRows = 20_000

const bad = (description: string, field = 'request') =>
  new WalmartRefusal(400, 'INVALID_REQUEST_PARAM.GMP_ORDER_API', description, field)
const notFound = () =>
  new WalmartRefusal(404, 'CONTENT_NOT_FOUND.GMP_ORDER_API', 'Requested content could not be found.')

/** GET /v3/orders. A page's cursor is the whole query of the next one, to be sent as it is, by itself. */
export function getAllOrders(walmart: Walmart, query: URLSearchParams, search: string): Response {
  const { core } = walmart
  const isNext = query.has('hasMoreElements')
  if (isNext && search !== cursorText(Object.fromEntries(query))) throw bad('Invalid nextCursor', 'nextCursor')
  const late = fires(core, 'walmart', 'getAllOrders', 'stale-read') !== null
  const found = search === '' ? [] : listed(walmart, query, late)
  const limit = whole(query.get('limit') ?? '100', 1, 200)
  const from = isNext ? whole(query.get('poIndex') ?? '0', 0, mostRows) : 0
  let page = found.slice(from, from + limit)
  if (fires(core, 'walmart', 'getAllOrders', 'duplicate') && page.length > 0) page = [...page.slice(0, -1), page[0]!]
  if (fires(core, 'walmart', 'getAllOrders', 'reorder')) page = core.random('walmart faults').shuffle(page)
  const hidden = fires(core, 'walmart', 'getAllOrders', 'omit')
  const now = walmart.now()
  if (hidden) for (const { order } of page) order.omittedUntil = now + hidden.delayMs
  const shown = page.filter(({ order }) => !isOmitted(walmart, order, now))
  // Nothing at all is "not found" (facts §2, orders).
  if (found.length === 0) throw notFound()
  const more = from + limit < found.length
  const { partnerId } = walmart.settings
  const next = { ...Object.fromEntries(query), limit: String(limit), hasMoreElements: 'true', partnerId }
  const body = {
    list: {
      meta: {
        totalCount: found.length - (page.length - shown.length),
        limit,
        ...(more
          ? { nextCursor: cursorText({ ...next, soIndex: String(found.length), poIndex: String(from + limit) }) }
          : {}),
      },
      elements: {
        order: shown.map(({ order, version }) => {
          const wire = wireOrder(walmart, order, version)
          const change = fires(core, 'walmart', 'getAllOrders', 'rewrite', order.id)
          return change ? rewritten(wire, change.changes) : wire
        }),
      },
    },
  }
  const change = fires(core, 'walmart', 'getAllOrders', 'rewrite')
  return json(200, change ? rewritten(body, change.changes) : body)
}

/** Nothing in it is escaped. */
function cursorText(fields: Record<string, string>): string {
  return `?${Object.entries(fields)
    .map(([name, value]) => `${name}=${value}`)
    .join('&')}`
}

interface Found {
  order: WalmartOrder
  version: WalmartVersion
}

function listed(walmart: Walmart, query: URLSearchParams, late: boolean): Found[] {
  const now = walmart.now()
  const createdFrom = time(query, 'createdStartDate') ?? now - 7 * day
  if (createdFrom < now - listedMs) throw bad('createdStartDate must be within the last 180 days', 'createdStartDate')
  const createdTo = time(query, 'createdEndDate') ?? Number.POSITIVE_INFINITY
  const changedFrom = time(query, 'lastModifiedStartDate') ?? 0
  const changedTo = time(query, 'lastModifiedEndDate') ?? Number.POSITIVE_INFINITY
  const nodeType = query.get('shipNodeType') ?? 'SellerFulfilled'
  if (!['SellerFulfilled', 'WFSFulfilled', '3PLFulfilled'].includes(nodeType))
    throw bad('Invalid shipNodeType', 'shipNodeType')
  const id = query.get('purchaseOrderId')
  const seenAt = late ? now - 30 * 60_000 : now
  return walmart.state.orders
    .flatMap((order): Found[] => {
      if (order.nodeType !== nodeType || (id !== null && order.id !== id)) return []
      if (order.createdAt < createdFrom || order.createdAt > createdTo) return []
      const version = order.versions.findLast((one) => one.searchableAt <= seenAt)
      if (!version || version.updatedAt < changedFrom || version.updatedAt > changedTo) return []
      return [{ order, version }]
    })
    .slice(0, mostRows)
}

function isOmitted(walmart: Walmart, order: WalmartOrder, now: number): boolean {
  const fault = fires(walmart.core, 'walmart', 'getAllOrders', 'omit', order.id)
  if (fault) order.omittedUntil = now + fault.delayMs
  return (order.omittedUntil ?? 0) > now
}

function time(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  const value = Date.parse(text)
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d:\d\d(\.\d{1,3})?Z)?$/.test(text) || Number.isNaN(value))
    throw bad(`Invalid ${name}`, name)
  return value
}

function whole(text: string, least: number, most: number): number {
  const value = Number(text)
  if (!Number.isInteger(value) || value < least || value > most) throw bad(`Invalid limit: ${text}`, 'limit')
  return value
}

/** GET /v3/orders/{purchaseOrderId} */
export function getAnOrder(walmart: Walmart, id: string): Response {
  const order = findOrder(walmart, id)
  const version = order?.versions.findLast((one) => one.readableAt <= walmart.now())
  if (!order || !version) throw notFound()
  const wire = { order: wireOrder(walmart, order, version) }
  const change =
    fires(walmart.core, 'walmart', 'getAnOrder', 'rewrite', id) ??
    fires(walmart.core, 'walmart', 'getAnOrder', 'rewrite')
  return json(200, change ? rewritten(wire, change.changes) : wire)
}

function own(walmart: Walmart, id: string): WalmartOrder {
  const order = findOrder(walmart, id)
  if (!order || newest(order).readableAt > walmart.now() + day) throw notFound()
  if (order.nodeType !== 'SellerFulfilled') throw bad('The order is fulfilled by Walmart', 'purchaseOrderId')
  return order
}

const answer = (walmart: Walmart, order: WalmartOrder): Response =>
  json(200, { order: wireOrder(walmart, order, newest(order)) })

/** POST acknowledge: the whole order. A repeat is taken like the first. */
export function acknowledge(walmart: Walmart, id: string): Response {
  const order = own(walmart, id)
  if (isWholeCanceled(order)) throw bad('The order is cancelled and cannot be acknowledged', 'purchaseOrderId')
  log(walmart, 'acknowledgeOrders', order)
  if (!newest(order).acknowledged) addVersion(walmart, order, walmart.now(), { acknowledged: true })
  return answer(walmart, order)
}

const count = z.object({ unitOfMeasurement: z.enum(['EACH', 'EA']), amount: z.string().regex(/^[1-9]\d{0,5}$/) })
const methods = ['Standard', 'Express', 'OneDay', 'Freight', 'WhiteGlove', 'Value'] as const
const shipmentBody = z.object({
  orderShipment: z.object({
    processMode: z.string().optional(),
    orderLines: z.object({
      orderLine: z
        .array(
          z.object({
            lineNumber: z.string(),
            intentToCancelOverride: z.boolean().optional(),
            sellerOrderId: z.string(),
            orderLineStatuses: z.object({
              orderLineStatus: z
                .array(
                  z.object({
                    status: z.literal('Shipped'),
                    statusQuantity: count,
                    trackingInfo: z.object({
                      shipDateTime: z.int(),
                      carrierName: z.object({
                        carrier: z.enum(carriers).optional(),
                        otherCarrier: z.string().optional(),
                      }),
                      methodCode: z.enum(methods),
                      trackingNumber: z.string().min(1),
                      trackingURL: z.url().optional(),
                    }),
                  }),
                )
                .min(1),
            }),
          }),
        )
        .min(1),
    }),
  }),
})

function parsed<T extends z.ZodType>(schema: T, body: unknown): z.output<T> {
  const read = schema.safeParse(body)
  if (read.success) return read.data
  const { path, message } = read.error.issues[0]!
  throw bad(`${path.join('.')}: ${message}`, path.map(String).join('.'))
}

/** POST shipping: units of lines, each with its parcel. What is told of units that have left is refused. */
export function ship(walmart: Walmart, id: string, body: unknown): Response {
  const order = own(walmart, id)
  const version = newest(order)
  if (!version.acknowledged) throw bad('The order must be acknowledged before it is shipped', 'purchaseOrderId')
  const left = new Map(order.lines.map((line) => [line.lineNumber, openOf(version, line)]))
  const parcels = parsed(shipmentBody, body).orderShipment.orderLines.orderLine.flatMap((line) =>
    line.orderLineStatuses.orderLineStatus.map(({ statusQuantity, trackingInfo }) => {
      const { carrierName, methodCode, trackingNumber, trackingURL, shipDateTime } = trackingInfo
      const { carrier, otherCarrier } = carrierName
      if ((carrier === undefined) === (otherCarrier === undefined)) throw bad('One carrier is needed', 'carrierName')
      if (otherCarrier !== undefined && trackingURL === undefined)
        throw bad('otherCarrier needs trackingURL', 'trackingURL')
      if (shipDateTime > walmart.now() + 60_000) throw bad('shipDateTime is in the future', 'shipDateTime')
      if (version.wantsCancel && line.intentToCancelOverride !== true)
        throw bad('The buyer asked for a cancellation', 'intentToCancelOverride')
      const quantity = Number(statusQuantity.amount)
      const open = (left.get(line.lineNumber) ?? 0) - quantity
      if (open < 0) throw bad(`Line ${line.lineNumber} has fewer open units`, 'statusQuantity')
      left.set(line.lineNumber, open)
      return {
        lineNumber: line.lineNumber,
        quantity,
        carrier: (carrier ?? otherCarrier)!,
        isOther: carrier === undefined,
        tracking: trackingNumber,
        url: trackingURL ?? null,
        methodCode,
        shippedAt: shipDateTime,
      }
    }),
  )
  addVersion(walmart, order, walmart.now(), { parcels: [...version.parcels, ...parcels], wantsCancel: false })
  log(walmart, 'shippingUpdates', order)
  return answer(walmart, order)
}

const reasons = [
  'CUSTOMER_REQUESTED_SELLER_TO_CANCEL',
  'SELLER_CANCEL_PRICING_ERROR',
  'SELLER_CANCEL_OUT_OF_STOCK',
  'SELLER_CANCEL_FRAUD_STOP_SHIPMENT',
  'SELLER_CANCEL_ADDRESS_NOT_SERVICEABLE',
] as const
const cancelStatus = z.object({
  status: z.literal('Cancelled'),
  cancellationReason: z.enum(reasons),
  statusQuantity: count,
})
const cancelBody = z.object({
  orderCancellation: z.object({
    orderLines: z.object({
      orderLine: z
        .array(
          z.object({
            lineNumber: z.string(),
            orderLineStatuses: z.object({ orderLineStatus: z.array(cancelStatus).min(1) }),
          }),
        )
        .min(1),
    }),
  }),
})

/** POST cancel: units of lines that have not left. The buyer's own wish only where the buyer asked. */
export function cancel(walmart: Walmart, id: string, body: unknown): Response {
  const order = own(walmart, id)
  const version = newest(order)
  const told = parsed(cancelBody, body).orderCancellation.orderLines.orderLine
  const lines = told.map(({ lineNumber, orderLineStatuses: { orderLineStatus } }) => {
    const line = order.lines.find((one) => one.lineNumber === lineNumber)
    const quantity = orderLineStatus.reduce((sum, one) => sum + Number(one.statusQuantity.amount), 0)
    if (!line || quantity > openOf(version, line)) throw bad(`Line ${lineNumber} cannot be cancelled`, 'lineNumber')
    const isWish = orderLineStatus.some((one) => one.cancellationReason === 'CUSTOMER_REQUESTED_SELLER_TO_CANCEL')
    if (isWish && !version.wantsCancel) throw bad('The buyer did not ask for it', 'cancellationReason')
    return { lineNumber, quantity }
  })
  const reason = told[0]!.orderLineStatuses.orderLineStatus[0]!.cancellationReason
  cancelUnits(walmart, order, walmart.now(), { lines, reason })
  log(walmart, 'cancelOrderLines', order)
  return answer(walmart, order)
}

const refundBody = z.object({
  orderRefund: z.object({
    purchaseOrderId: z.string(),
    orderLines: z.object({
      orderLine: z
        .array(
          z.object({
            lineNumber: z.string(),
            isFullRefund: z.boolean().optional(),
            refunds: z.object({
              refund: z
                .array(
                  z.object({
                    refundComments: z.string().max(200).optional(),
                    refundCharges: z.object({
                      refundCharge: z.array(
                        z.object({
                          refundReason: z.string(),
                          charge: z.object({
                            chargeType: z.enum(['PRODUCT', 'SHIPPING']),
                            chargeName: z.string(),
                            chargeAmount: z.object({ currency: z.string(), amount: z.number().negative() }),
                          }),
                        }),
                      ),
                    }),
                  }),
                )
                .min(1),
            }),
          }),
        )
        .min(1),
    }),
  }),
})

/** POST refund: sums below zero. Nothing stops the same refund from being asked for twice, up to what was paid. */
export function refund(walmart: Walmart, id: string, body: unknown): Response {
  const order = own(walmart, id)
  const version = newest(order)
  const { purchaseOrderId, orderLines } = parsed(refundBody, body).orderRefund
  if (purchaseOrderId !== id) throw bad('purchaseOrderId does not match', 'purchaseOrderId')
  const given = orderLines.orderLine.flatMap((line) =>
    line.refunds.refund.flatMap(({ refundComments, refundCharges }) =>
      refundCharges.refundCharge.map(({ refundReason, charge }) => ({
        refundId: walmart.random('ids').digits(12),
        lineNumber: line.lineNumber,
        reason: refundReason,
        chargeType: charge.chargeType,
        chargeName: charge.chargeName,
        amount: Math.round(charge.chargeAmount.amount * 100),
        comment: refundComments ?? null,
      })),
    ),
  )
  for (const line of order.lines) {
    const back = [...version.refunds, ...given].reduce(
      (sum, one) => sum - (one.lineNumber === line.lineNumber ? one.amount : 0),
      0,
    )
    if (back > line.unitPrice * line.quantity) throw bad('The refund is more than was paid', 'chargeAmount')
  }
  if (given.some((one) => !order.lines.some((line) => line.lineNumber === one.lineNumber)))
    throw bad('Unknown line', 'lineNumber')
  addVersion(walmart, order, walmart.now(), { refunds: [...version.refunds, ...given] })
  log(walmart, 'refundOrderLines', order)
  return answer(walmart, order)
}
