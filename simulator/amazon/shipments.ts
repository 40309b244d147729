import * as z from 'zod'
import type { Market } from '../core.ts'
import { BadRequest, floorSecond } from '../http.ts'
import type { Parcel } from '../state.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import { addVersion, findOrder, newestVersion, shippedUnits } from './orders.ts'

// Required fields: models ordersV0 (PackageDetail); carrierCode is required everywhere (facts §5).
const confirmation = z.object({
  marketplaceId: z.string(),
  packageDetail: z.object({
    packageReferenceId: z.string().regex(/^[1-9]\d*$/, 'must be a positive number as text'),
    carrierCode: z.string().min(1),
    carrierName: z.string().optional(),
    trackingNumber: z.string(),
    shipDate: z.string(),
    orderItems: z.array(z.object({ orderItemId: z.string(), quantity: z.int().min(1) })).min(1),
  }),
})

/**
 * confirmShipment (models ordersV0): one parcel a call, 204. The same reference edits that parcel; once the order is
 * shipped, a new reference is refused (facts §5: PackageToUpdateNotFound).
 */
export function confirmShipment(market: Market, orderId: string, body: unknown): Response {
  const parsed = confirmation.safeParse(body)
  if (!parsed.success) {
    const problem = parsed.error.issues[0]!
    throw new BadRequest(`${problem.path.join('.') || 'body'}: ${problem.message}`)
  }
  const order = findOrder(market, orderId)
  if (!order || order.fulfilledBy === 'AMAZON') return amazonError(market, 404, `Order ${orderId} was not found.`)
  const { packageDetail } = parsed.data
  const version = newestVersion(order)
  const others = (version.parcels ?? []).filter(({ reference }) => reference !== packageDetail.packageReferenceId)
  const edits = others.length < (version.parcels?.length ?? 0)
  if (version.status === 'SHIPPED' && !edits) {
    return amazonError(market, 400, 'The order has no such package.', 'PackageToUpdateNotFound')
  }
  if (version.status === 'PENDING' || version.status === 'CANCELLED') {
    throw new BadRequest(`The order is ${version.status} and cannot be shipped.`)
  }
  const parcel: Parcel = {
    reference: packageDetail.packageReferenceId,
    carrier: packageDetail.carrierName ?? packageDetail.carrierCode,
    tracking: packageDetail.trackingNumber,
    shippedAt: floorSecond(market.now()),
    items: packageDetail.orderItems.map(({ orderItemId, quantity }) => ({ itemId: orderItemId, quantity })),
  }
  const after = { ...version, parcels: [...others, parcel] }
  for (const { itemId } of parcel.items) {
    const line = order.lines.find((candidate) => candidate.itemId === itemId)
    if (!line) throw new BadRequest(`The order has no item ${itemId}.`)
    if (shippedUnits(after, line) > line.quantity)
      throw new BadRequest(`Item ${itemId} would ship more than was ordered.`)
  }
  const whole = order.lines.every((line) => shippedUnits(after, line) === line.quantity)
  const status = whole ? 'SHIPPED' : 'PARTIALLY_SHIPPED'
  addVersion(market, order, market.now(), { status, parcels: after.parcels })
  return amazonAnswer(market, 'confirmShipment', undefined)
}
