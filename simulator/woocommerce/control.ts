import * as z from 'zod'
import { describeEffect, type Newest } from '../control-state.ts'
import type { Core } from '../core.ts'
import { BadRequest, json } from '../http.ts'
import { refund } from './orders.ts'
import {
  changed,
  findOrder,
  heldUnits,
  logWrite,
  parentOf,
  purchase,
  setStatus,
  setStock,
  shownOf,
  type Woo,
  wooOf,
} from './store.ts'
import type { WooOrder } from './types.ts'

/** What people and tests do to the store, past its API. */
export function wooNamed(core: Core): Woo {
  const woo = wooOf(core)
  if (!woo) throw new BadRequest(`The store 'woocommerce' was not started.`, 404)
  return woo
}

export function placeWooOrder(
  woo: Woo,
  {
    sku,
    quantity,
    further = [],
  }: { sku: string; quantity: number; further?: { sku: string; quantity: number }[] | undefined },
): Response {
  const result = purchase(woo, { lines: [{ sku, quantity }, ...further] })
  if ('orderId' in result) return json(201, result)
  return json(409, { error: result.refused, shown: result.shown })
}

/** A person cancels it, or sets it to completed, in the store's own screens. Undefined: it is not of this store. */
export function changeWooOrder(core: Core, orderId: string, verb: 'cancel' | 'ship'): Response | undefined {
  const woo = wooOf(core)
  const order = woo && /^\d+$/.test(orderId) ? findOrder(woo, Number(orderId)) : undefined
  if (!woo || !order) return undefined
  if (['cancelled', 'completed', 'refunded'].includes(order.status))
    throw new BadRequest(`Order ${orderId} can no longer ${verb === 'ship' ? 'ship' : 'be canceled'}.`, 409)
  setStatus(woo, order, verb === 'ship' ? 'completed' : 'cancelled')
  return json(200, { orderId })
}

export const wooItemBody = z.object({
  sku: z.string().min(1),
  manageStock: z.union([z.boolean(), z.literal('parent')]).optional(),
  backorders: z.enum(['no', 'yes']).optional(),
  newSku: z.string().min(1).optional(),
  /** also below 0 */
  stock: z.int().optional(),
})

/** How a thing is counted and sold. */
export function setWooItem(
  woo: Woo,
  { sku, manageStock, backorders, newSku, stock }: z.infer<typeof wooItemBody>,
): Response {
  const item = woo.state.items[sku]
  if (!item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
  if (backorders) item.backorders = backorders
  if (manageStock !== undefined) item.manageStock = manageStock
  const parent = parentOf(woo, item)
  if (manageStock === 'parent' && parent) parent.stock ??= item.stock
  if (newSku) item.sku = newSku
  if (stock !== undefined) setStock(woo, item, stock)
  woo.core.touch()
  return json(200, { sku: item.sku, manageStock: item.manageStock, stock: item.stock })
}

export const wooOrderBody = z.object({
  /** any word: plugins have their own */
  status: z.string().min(1).optional(),
  refund: z
    .object({ sku: z.string().min(1), quantity: z.int().min(1), restock: z.boolean().default(false) })
    .optional(),
})

/** A person changes an order, or gives money back, in the store's own screens. */
export function editWooOrder(woo: Woo, orderId: string, wanted: z.infer<typeof wooOrderBody>): Response {
  const order = findOrder(woo, Number(orderId))
  if (!order) throw new BadRequest(`There is no order ${orderId}.`, 404)
  if (wanted.status) setStatus(woo, order, wanted.status)
  if (wanted.refund) {
    const { sku, quantity, restock } = wanted.refund
    const line = order.lines.find((one) => one.sku === sku)
    if (!line) throw new BadRequest('There is no such line.', 404)
    const total = ((line.total / line.quantity / 100) * quantity).toFixed(2)
    refund(woo, order, {
      amount: total,
      reason: '',
      api_refund: false,
      api_restock: restock,
      line_items: [{ id: line.id, quantity, refund_total: total }],
    })
  }
  changed(woo, order)
  return json(200, { orderId, status: order.status })
}

export function writeWooQuantity(woo: Woo, sku: string, quantity: number): Response {
  const item = woo.state.items[sku]
  if (!item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
  setStock(woo, item, quantity)
  logWrite(woo, 'control', sku, { quantity })
  return json(200, { sku, quantity })
}

/** What left of it, by what the hub wrote there, or by what its buyer was told. */
const parcelsOf = ({ meta, notes }: WooOrder): number =>
  Math.max(
    meta.filter(({ key }) => key.startsWith('_entrepot_parcel_')).length,
    notes.filter(({ toBuyer }) => toBuyer).length,
  )

/** The store's part of GET /control/state. */
export function describeWoo(core: Core, newest: Newest): object {
  const woo = wooOf(core)
  if (!woo) return {}
  const { items, orders, effects, calls, webhooks, deliveries } = woo.state
  const sold: Record<string, number> = {}
  for (const { status, meta, lines } of orders) {
    if (['cancelled', 'failed'].includes(status) || meta.some(({ key }) => key === '_entrepot_reference')) continue
    for (const { sku, quantity } of lines) sold[sku] = (sold[sku] ?? 0) + quantity
  }
  return {
    woocommerce: {
      shown: Object.fromEntries(Object.values(items).map((item) => [item.sku, shownOf(woo, item)])),
      stock: Object.fromEntries(Object.values(items).map((item) => [item.sku, item.stock])),
      held: Object.fromEntries(Object.values(items).map((item) => [item.sku, heldUnits(woo, item)])),
      prices: Object.fromEntries(Object.values(items).map(({ sku, price }) => [sku, price])),
      sold,
      orders: newest(orders).map((order) => ({
        id: String(order.id),
        lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
        status: order.status,
        createdTime: new Date(order.createdAt).toISOString(),
        lastUpdatedTime: new Date(order.modifiedAt).toISOString(),
        notes: order.notes.map(({ note, toBuyer }) => ({ note, toBuyer })),
        parcels: parcelsOf(order),
        trackings: order.trackings.map(({ number }) => number),
        refunds: order.refunds.map(({ amount, paid }) => ({ amount, paid })),
      })),
      effects: newest(effects).map(describeEffect),
      calls,
      webhooks: webhooks.map(({ id, topic, status, url, failures }) => ({ id, topic, status, url, failures })),
      waiting: deliveries.length,
    },
  }
}
