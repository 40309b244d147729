import * as z from 'zod'
import { describeEffect, type Newest } from '../control-state.ts'
import type { Core } from '../core.ts'
import { BadRequest, json } from '../http.ts'
import { spendOthers } from './limits.ts'
import type { BcOrder } from './state.ts'
import {
  cancel,
  findItem,
  logWrite,
  purchase,
  type Store,
  setOnHand,
  shipAll,
  shownOf,
  status,
  statuses,
  storeOf,
} from './store.ts'

/** What people and tests do to the store, past its API. */
export function storeNamed(core: Core): Store {
  const store = storeOf(core)
  if (!store) throw new BadRequest(`The store 'bigcommerce' was not started.`, 404)
  return store
}

interface Wanted {
  sku: string
  quantity: number
  further?: { sku: string; quantity: number }[] | undefined
}

export function placeStoreOrder(store: Store, { sku, quantity, further = [] }: Wanted): Response {
  const result = purchase(store, { lines: [{ sku, quantity }, ...further] })
  if ('orderId' in result) return json(201, result)
  return json(409, { error: result.refused, shown: result.shown })
}

export function changeStoreOrder(store: Store, order: BcOrder, verb: 'cancel' | 'ship', restock?: boolean): Response {
  const done = verb === 'ship' ? shipAll(store, order) : cancel(store, order, restock)
  if (!done) throw new BadRequest(`Order ${order.id} can no longer ${verb === 'ship' ? 'ship' : 'be canceled'}.`, 409)
  return json(200, { orderId: String(order.id) })
}

export function writeStoreQuantity(store: Store, sku: string, quantity: number): Response {
  const item = findItem(store, sku)
  if (!item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
  setOnHand(store, item, store.state.locations[0]!.id, quantity)
  logWrite(store, 'control', sku, { quantity })
  return json(200, { sku, quantity })
}

/** What else a person, or another program, does there. */
export const storeBody = z.object({
  /** calls of other programs in this window */
  others: z.int().min(0).optional(),
  /** how a product is kept count of, and what the store keeps back of it */
  sku: z.string().min(1).optional(),
  tracking: z.enum(['none', 'product', 'variant']).optional(),
  safety: z.int().min(0).optional(),
})

export function changeStore(store: Store, { others, sku, tracking, safety }: z.infer<typeof storeBody>): Response {
  if (others !== undefined) spendOthers(store, others)
  const item = sku === undefined ? undefined : findItem(store, sku)
  if (sku !== undefined && !item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
  if (item && tracking) item.tracking = tracking
  if (item && safety !== undefined) for (const level of Object.values(item.levels)) level.safety = safety
  store.core.touch()
  return json(200, { used: store.state.window.used })
}

/** The store's part of GET /control/state. */
export function describeStore(core: Core, newest: Newest): object {
  const store = storeOf(core)
  if (!store) return {}
  const { items, orders, effects, calls, hooks, deliveries } = store.state
  // What a buyer did not finish is no order.
  const real = orders.filter(({ statusId }) => statusId !== status.incomplete)
  const sold: Record<string, number> = {}
  for (const order of real) {
    if (order.statusId === status.canceled || order.locationId === null) continue
    for (const { sku, quantity } of order.lines) sold[sku] = (sold[sku] ?? 0) + quantity
  }
  return {
    bigcommerce: {
      shown: Object.fromEntries(Object.values(items).map((item) => [item.sku, shownOf(store, item)])),
      prices: Object.fromEntries(Object.values(items).map(({ sku, price }) => [sku, price])),
      sold,
      orders: newest(real).map((order) => ({
        id: String(order.id),
        lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
        status: statuses[order.statusId],
        createdTime: new Date(order.createdAt).toISOString(),
        lastUpdatedTime: new Date(order.updatedAt).toISOString(),
        externalOrderId: order.externalOrderId,
        shipments: order.shipments.length,
        refunds: order.refunds.length,
        past: false,
      })),
      effects: newest(effects).map(describeEffect),
      calls,
      hooks: hooks.map(({ id, scope, destination, active }) => ({ id, scope, destination, active })),
      deliveries: Object.fromEntries(
        (['waiting', 'delivered', 'given-up'] as const).map((state) => [
          state,
          deliveries.filter((one) => one.state === state).length,
        ]),
      ),
    },
  }
}
