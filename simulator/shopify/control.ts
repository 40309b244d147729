import * as z from 'zod'
import { describeEffect, type Newest } from '../control-state.ts'
import type { Core } from '../core.ts'
import { BadRequest, floorSecond, json } from '../http.ts'
import {
  cancel,
  changed,
  findOrder,
  fulfilledOf,
  logWrite,
  newNumber,
  purchase,
  removeUnits,
  type Shop,
  setAvailable,
  shipAll,
  shopOf,
  shownOf,
} from './shop.ts'
import type { ShopOrder } from './state.ts'

/** What people and tests do to the store, past its API. */
export function shopNamed(core: Core): Shop {
  const shop = shopOf(core)
  if (!shop) throw new BadRequest(`The store 'shopify' was not started.`, 404)
  return shop
}

export function placeShopOrder(
  shop: Shop,
  {
    sku,
    quantity,
    further = [],
    test,
  }: {
    sku: string
    quantity: number
    further?: { sku: string; quantity: number }[] | undefined
    test?: boolean | undefined
  },
): Response {
  const result = purchase(shop, { lines: [{ sku, quantity }, ...further], ...(test === undefined ? {} : { test }) })
  if ('orderId' in result) return json(201, result)
  return json(409, { error: result.refused, shown: result.shown })
}

export function changeShopOrder(shop: Shop, order: ShopOrder, verb: 'cancel' | 'ship', restock: boolean): Response {
  const done = verb === 'ship' ? shipAll(shop, order) : cancel(shop, order, 'CUSTOMER', restock)
  if (!done) throw new BadRequest(`Order ${order.id} can no longer ${verb === 'ship' ? 'ship' : 'be canceled'}.`, 409)
  return json(200, { orderId: order.id })
}

export const shopRefundBody = z.object({
  sku: z.string().min(1),
  quantity: z.int().min(1),
  /** CANCEL: they never left; RETURN: they came back; NO_RESTOCK: they are gone */
  restockType: z.enum(['CANCEL', 'RETURN', 'NO_RESTOCK']).default('CANCEL'),
})

export const shopPolicyBody = z.object({
  sku: z.string().min(1),
  policy: z.enum(['DENY', 'CONTINUE']).optional(),
  tracked: z.boolean().optional(),
  /** another SKU from now on, also one that another variant has */
  newSku: z.string().min(1).optional(),
})

/** How a variant is sold: past 0, without any count, or under another SKU. */
export function setShopPolicy(shop: Shop, { sku, policy, tracked, newSku }: z.infer<typeof shopPolicyBody>): Response {
  const item = shop.state.items[sku]
  if (!item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
  if (policy) item.policy = policy
  if (tracked !== undefined) item.tracked = tracked
  if (newSku) item.sku = newSku
  shop.core.touch()
  return json(200, { sku: item.sku, policy: item.policy, tracked: item.tracked })
}

/** A person gives money back in the store's own screens. */
export function refundShopOrder(shop: Shop, orderId: string, wanted: z.infer<typeof shopRefundBody>): Response {
  const order = findOrder(shop, orderId)
  const line = order?.lines.find(({ sku }) => sku === wanted.sku)
  if (!order || !line) throw new BadRequest(`There is no such line of order ${orderId}.`, 404)
  const refused = refundUnits(shop, order, line.id, wanted.quantity, wanted.restockType, null)
  if (refused) throw new BadRequest(refused, 409)
  order.refunds.push({
    id: newNumber(shop),
    createdAt: floorSecond(shop.now()),
    note: null,
    amount: line.unitPrice * wanted.quantity,
    lines: [{ id: newNumber(shop), lineId: line.id, quantity: wanted.quantity, restockType: wanted.restockType }],
    transactionIds: [],
  })
  changed(shop, order)
  return json(200, { orderId })
}

/** Takes refunded units off an order; the sentence says why it cannot be done. */
export function refundUnits(
  shop: Shop,
  order: ShopOrder,
  lineId: string,
  quantity: number,
  restockType: string,
  locationId: string | null,
): string | undefined {
  const line = order.lines.find(({ id }) => id === lineId)
  if (!line) return 'The line is not of this order.'
  const left = fulfilledOf(order, lineId)
  const open = line.quantity - line.removed - left
  const atBuyer = left - line.returned
  const leaving = restockType === 'RETURN' ? 0 : Math.min(quantity, open)
  const returning = quantity - leaving
  if (restockType === 'CANCEL' && returning > 0) return 'Units that left cannot be canceled.'
  if (returning > atBuyer) return 'More is refunded than was bought.'
  if (leaving > 0) removeUnits(shop, order, lineId, leaving, restockType === 'CANCEL')
  line.returned += returning
  const item = shop.state.items[line.sku ?? '']
  const place = locationId ?? order.fulfillments[0]?.locationId ?? shop.state.locations[0]!.id
  if (restockType === 'RETURN' && item?.levels[place])
    setAvailable(shop, item, place, item.levels[place].available + returning)
  return undefined
}

export function writeShopQuantity(shop: Shop, sku: string, quantity: number): Response {
  const item = shop.state.items[sku]
  if (!item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
  setAvailable(shop, item, shop.state.locations[0]!.id, quantity)
  logWrite(shop, 'control', sku, quantity)
  return json(200, { sku, quantity })
}

/** The store's part of GET /control/state. */
export function describeShop(core: Core, newest: Newest): object {
  const shop = shopOf(core)
  if (!shop) return {}
  const { items, orders, effects, calls, subscriptions, deliveries, bucket } = shop.state
  const sold: Record<string, number> = {}
  for (const order of orders) {
    if (order.canceledAt !== null || !order.claimed) continue
    for (const { sku, quantity, removed } of order.lines) if (sku) sold[sku] = (sold[sku] ?? 0) + quantity - removed
  }
  return {
    shopify: {
      shown: Object.fromEntries(Object.values(items).map((item) => [item.sku, shownOf(shop, item)])),
      levels: Object.fromEntries(
        Object.values(items).map(({ sku, levels }) => [
          sku,
          Object.fromEntries(
            Object.entries(levels).map(([id, { available, committed }]) => [id, { available, committed }]),
          ),
        ]),
      ),
      prices: Object.fromEntries(Object.values(items).map(({ sku, price }) => [sku, price])),
      sold,
      orders: newest(orders).map((order) => ({
        id: order.id,
        lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
        status: order.canceledAt !== null ? 'CANCELLED' : order.fulfillments.length > 0 ? 'SHIPPED' : 'OPEN',
        createdTime: new Date(order.createdAt).toISOString(),
        lastUpdatedTime: new Date(order.updatedAt).toISOString(),
        sourceIdentifier: order.sourceIdentifier,
        fulfillments: order.fulfillments.length,
        refunds: order.refunds.length,
        test: order.test,
      })),
      effects: newest(effects).map(describeEffect),
      calls,
      points: Math.floor(bucket.available),
      subscriptions,
      deliveries: Object.fromEntries(
        (['waiting', 'delivered', 'given-up'] as const).map((state) => [
          state,
          deliveries.filter((one) => one.state === state).length,
        ]),
      ),
    },
  }
}
