import { logEffect } from '../effects.ts'
import { BadRequest } from '../http.ts'
import { findItem, setQuantity, shownNow, type Walmart } from './market.ts'
import { canceledOf, isWholeCanceled, newest, openOf } from './orders.ts'
import type { WalmartOrder, WalmartVersion } from './types.ts'

/** Another writer edits the number. */
export function writeWalmartQuantity(walmart: Walmart, sku: string, quantity: number): void {
  const item = findItem(walmart, sku)
  if (!item) throw new BadRequest(`'${sku}' is not listed there.`, 404)
  if (item.held === null) setQuantity(item, quantity)
  else {
    item.heldBefore = item.held
    item.held = quantity
  }
  const now = walmart.now()
  const id = walmart.core.nextId()
  logEffect(walmart.state.effects, { id, at: now, operation: 'control', sku, quantity, dueAt: now, appliedAt: now })
}

/** What control tells of Walmart: the truth, without lags. */
export function describeWalmart({ state }: Walmart) {
  const shown: Record<string, number> = {}
  const sold: Record<string, number> = {}
  for (const item of Object.values(state.items)) shown[item.sku] = item.held === null ? item.quantity : shownNow(item)
  for (const order of state.orders) {
    if (order.nodeType !== 'SellerFulfilled') continue
    for (const line of order.lines) {
      const kept = line.quantity - canceledOf(newest(order), line.lineNumber)
      sold[line.sku] = (sold[line.sku] ?? 0) + kept
    }
  }
  const feeds = state.feeds.map(({ feedId, feedType, status, lines }) => ({
    id: feedId,
    feedType,
    status,
    lines: lines.length,
  }))
  return { shown, sold, orders: state.orders.map(describeOrder), effects: state.effects, feeds, calls: state.calls }
}

/** How often the same units were told to have left. */
const parcelsOf = ({ parcels }: WalmartVersion): number =>
  new Set(parcels.map(({ tracking, shippedAt }) => `${tracking} ${shippedAt}`)).size

function describeOrder(order: WalmartOrder) {
  const version = newest(order)
  const left = order.lines.some((line) => openOf(version, line) > 0)
  const first = order.versions.find((one) => one.acknowledged)
  const state = version.acknowledged ? 'ACKNOWLEDGED' : 'CREATED'
  return {
    id: order.id,
    lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
    status: isWholeCanceled(order)
      ? 'CANCELED'
      : !left
        ? 'SHIPPED'
        : version.parcels.length > 0
          ? 'IN_PROGRESS'
          : state,
    createdTime: new Date(order.createdAt).toISOString(),
    acknowledgedTime: first ? new Date(first.updatedAt).toISOString() : null,
    lastUpdatedTime: new Date(version.updatedAt).toISOString(),
    parcels: parcelsOf(version),
    nodeType: order.nodeType,
    past: false,
  }
}
