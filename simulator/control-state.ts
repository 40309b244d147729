import { newestVersion } from './amazon/orders.ts'
import { describeStore } from './bigcommerce/control.ts'
import type { Core, Market } from './core.ts'
import { describeEbay } from './ebay/control.ts'
import { ebayOf } from './ebay/market.ts'
import { describeShop } from './shopify/control.ts'
import type { Effect } from './state.ts'
import { describeWalmart } from './walmart/control.ts'
import { walmartOf } from './walmart/market.ts'
import { describeWoo } from './woocommerce/control.ts'

/**
 * What GET /control/state tells: the truth behind the marketplaces, without lags. `limit` keeps the newest orders and
 * effects only.
 */
export function describe(core: Core, limit: string | null): object {
  const newest = <T>(items: T[]) => (limit === null ? items : items.slice(-Math.max(1, Number(limit) || 1)))
  const { state } = core
  return {
    now: iso(core.now()),
    speed: state.clock.speed,
    seed: state.seed,
    attempts: state.attempts,
    channels: {
      ...Object.fromEntries(core.markets().map((market) => [market.name, describeMarket(market, newest)])),
      storefront: describeStorefront(core, newest),
      ...describeShop(core, newest),
      ...describeStore(core, newest),
      ...describeWoo(core, newest),
      ebay: describeChannel(describeEbay(ebayOf(core)), newest),
      walmart: describeChannel(describeWalmart(walmartOf(core)), newest),
    },
  }
}

export type Newest = <T>(items: T[]) => T[]

function describeMarket({ state }: Market, newest: Newest): object {
  const { items, orders, effects, calls, feeds } = state
  const shown: Record<string, number> = {}
  const fba: Record<string, number> = {}
  for (const item of Object.values(items)) {
    if (item.quantity !== null) shown[item.sku] = item.quantity
    if (item.fulfilledBy === 'AMAZON') fba[item.sku] = item.fbaQuantity
  }
  const sold: Record<string, number> = {}
  for (const order of orders) {
    if (order.past || order.fulfilledBy === 'AMAZON' || newestVersion(order).status === 'CANCELLED') continue
    for (const { sku, quantity } of order.lines) sold[sku] = (sold[sku] ?? 0) + quantity
  }
  return {
    shown,
    fba,
    sold,
    orders: newest(orders).map((order) => ({
      id: order.id,
      lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
      status: newestVersion(order).status,
      createdTime: iso(order.createdAt),
      lastUpdatedTime: iso(newestVersion(order).updatedAt),
      parcels: newestVersion(order).parcels?.length ?? 0,
      fulfilledBy: order.fulfilledBy,
      marketplaceId: order.marketplaceId,
      past: order.past,
    })),
    effects: newest(effects).map(describeEffect),
    feeds: newest(feeds).map(({ id, status, messages, createdAt, startedAt, endedAt }) => ({
      id,
      status,
      messages,
      createdTime: iso(createdAt),
      startedTime: startedAt === null ? null : iso(startedAt),
      endedTime: endedAt === null ? null : iso(endedAt),
    })),
    calls,
  }
}

function describeStorefront(core: Core, newest: Newest): object {
  const { items, orders, effects, calls } = core.state.storefront
  const sold: Record<string, number> = {}
  for (const order of orders) {
    if (order.state !== 'canceled') sold[order.sku] = (sold[order.sku] ?? 0) + order.quantity
  }
  return {
    shown: Object.fromEntries(Object.values(items).map((item) => [item.sku, item.shown])),
    sold,
    orders: newest(orders).map((order) => ({
      id: order.id,
      lines: [{ sku: order.sku, quantity: order.quantity }],
      status: order.state,
      createdTime: iso(order.createdAt),
      lastUpdatedTime: iso(order.updatedAt),
      reservationId: order.reservationId,
      untold: order.untold,
      refusedByHub: order.refusedByHub,
    })),
    effects: newest(effects).map(describeEffect),
    calls,
  }
}

function describeChannel<T extends { orders: object[]; effects: Effect[] }>(told: T, newest: Newest): object {
  return { ...told, orders: newest(told.orders), effects: newest(told.effects).map(describeEffect) }
}

export function describeEffect(effect: Effect): object {
  const { id, at, operation, sku, quantity, price, appliedAt, refused } = effect
  const applied = appliedAt !== null
  return {
    id,
    at: iso(at),
    operation,
    sku,
    quantity,
    price,
    applied,
    appliedAt: applied ? iso(appliedAt) : null,
    refused,
  }
}

function iso(time: number): string {
  return new Date(time).toISOString()
}
