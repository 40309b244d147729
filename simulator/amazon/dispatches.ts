/**
 * Orders that the seller has shipped from Amazon's warehouses (models fulfillmentOutbound_2020-07-01). What they are made of
 * is set aside at once; they are received, worked on and shipped by the clock.
 */
import * as z from 'zod'
import type { Market } from '../core.ts'
import { BadRequest, isoSeconds } from '../http.ts'
import type { OutboundOrder } from '../state.ts'
import { amazonAnswer, amazonError } from './answers.ts'
import { setFbaQuantity } from './items.ts'

/** Assumed: Amazon promises days, and is often quicker. */
const receivedMs = 10 * 60_000
const shippedMs = 6 * 3_600_000

const request = z.object({
  marketplaceId: z.string().optional(),
  sellerFulfillmentOrderId: z.string().min(1).max(40),
  displayableOrderId: z.string().min(1).max(40),
  displayableOrderDate: z.iso.datetime(),
  displayableOrderComment: z.string().max(750),
  shippingSpeedCategory: z.enum(['Standard', 'Expedited', 'Priority', 'ScheduledDelivery']),
  fulfillmentPolicy: z.enum(['FillOrKill', 'FillAll', 'FillAllAvailable']).optional(),
  destinationAddress: z.object({
    name: z.string().min(1),
    addressLine1: z.string().min(1),
    addressLine2: z.string().optional(),
    addressLine3: z.string().optional(),
    city: z.string().optional(),
    districtOrCounty: z.string().optional(),
    stateOrRegion: z.string().optional(),
    postalCode: z.string().min(1),
    countryCode: z.string().length(2),
    phone: z.string().optional(),
  }),
  items: z
    .array(
      z.object({
        sellerSku: z.string().min(1).max(50),
        sellerFulfillmentOrderItemId: z.string().min(1).max(50),
        quantity: z.int().min(1),
      }),
    )
    .min(1),
})

/** createFulfillmentOrder: the seller's own id makes it one order. */
export function createFulfillmentOrder(market: Market, body: unknown): Response {
  const parsed = request.safeParse(body)
  if (!parsed.success) {
    const problem = parsed.error.issues[0]!
    throw new BadRequest(`${problem.path.join('.') || 'body'}: ${problem.message}`)
  }
  const asked = parsed.data
  if (find(market, asked.sellerFulfillmentOrderId))
    throw new BadRequest(`Order ID ${asked.sellerFulfillmentOrderId} was used before.`)
  for (const { sellerSku, quantity } of asked.items) {
    const item = market.state.items[sellerSku]
    if (item?.fulfilledBy !== 'AMAZON') throw new BadRequest(`Invalid SKU ${sellerSku}.`)
    if (item.fbaQuantity < quantity) throw new BadRequest(`SKU ${sellerSku} has ${item.fbaQuantity} units to ship.`)
  }
  for (const { sellerSku, quantity } of asked.items) {
    const item = market.state.items[sellerSku]!
    setFbaQuantity(item, item.fbaQuantity - quantity)
    item.updatedAt = market.now()
  }
  const { sellerFulfillmentOrderId: id, destinationAddress: address, items, ...rest } = asked
  const marketplaceId = asked.marketplaceId ?? market.settings.marketplaceIds[0]!
  market.state.outbound ??= []
  market.state.outbound.push({
    id,
    ...rest,
    marketplaceId,
    address,
    receivedAt: market.now(),
    canceledAt: null,
    shipmentId: `D${market.random('ids').uuid().slice(0, 8)}`,
    items,
  })
  return amazonAnswer(market, 'createFulfillmentOrder', {})
}

export function getFulfillmentOrder(market: Market, id: string): Response {
  const order = find(market, id)
  if (!order) return amazonError(market, 404, `Order ${id} was not found.`)
  const status = statusOf(market, order)
  const shippedAt = status === 'Complete' ? isoSeconds(order.receivedAt + shippedMs) : undefined
  return amazonAnswer(market, 'getFulfillmentOrder', {
    payload: {
      fulfillmentOrder: {
        sellerFulfillmentOrderId: order.id,
        marketplaceId: order.marketplaceId,
        displayableOrderId: order.displayableOrderId,
        displayableOrderDate: order.displayableOrderDate,
        displayableOrderComment: order.displayableOrderComment,
        shippingSpeedCategory: order.shippingSpeedCategory,
        destinationAddress: order.address,
        receivedDate: isoSeconds(order.receivedAt),
        fulfillmentOrderStatus: status,
        statusUpdatedDate: isoSeconds(order.canceledAt ?? order.receivedAt),
      },
      fulfillmentOrderItems: order.items.map((item) => ({
        ...item,
        cancelledQuantity: order.canceledAt === null ? 0 : item.quantity,
        unfulfillableQuantity: 0,
      })),
      fulfillmentShipments:
        shippedAt === undefined
          ? []
          : [
              {
                amazonShipmentId: order.shipmentId,
                fulfillmentCenterId: 'SIM1',
                fulfillmentShipmentStatus: 'SHIPPED',
                shippingDate: shippedAt,
                fulfillmentShipmentItem: order.items.map((item) => ({ ...item, packageNumber: 1 })),
                fulfillmentShipmentPackage: [
                  {
                    packageNumber: 1,
                    carrierCode: 'Amazon Logistics',
                    trackingNumber: `TBA${order.shipmentId.slice(1)}`,
                  },
                ],
              },
            ],
      returnItems: [],
      returnAuthorizations: [],
    },
  })
}

/** Until it is shipped, what was set aside comes back. */
export function cancelFulfillmentOrder(market: Market, id: string): Response {
  const order = find(market, id)
  if (!order) return amazonError(market, 404, `Order ${id} was not found.`)
  if (statusOf(market, order) === 'Complete') throw new BadRequest('The order was shipped.')
  if (order.canceledAt === null) {
    order.canceledAt = market.now()
    for (const { sellerSku, quantity } of order.items) {
      const item = market.state.items[sellerSku]
      if (item) setFbaQuantity(item, item.fbaQuantity + quantity)
    }
  }
  return amazonAnswer(market, 'cancelFulfillmentOrder', {})
}

const find = (market: Market, id: string) => market.state.outbound?.find((one) => one.id === id)

function statusOf(market: Market, order: OutboundOrder): 'Received' | 'Processing' | 'Complete' | 'Cancelled' {
  if (order.canceledAt !== null) return 'Cancelled'
  const age = market.now() - order.receivedAt
  return age < receivedMs ? 'Received' : age < shippedMs ? 'Processing' : 'Complete'
}
