import { logEffect } from '../effects.ts'
import { BadRequest, json } from '../http.ts'
import { type Ebay, findItem, setTotal, shownNow } from './market.ts'
import { newest, shippedOf } from './orders.ts'
import type { EbayOrder } from './types.ts'
import { say } from './words.ts'

/** Another writer edits the item's number and those of its offers. */
export function writeEbayQuantity(ebay: Ebay, sku: string, quantity: number): void {
  const item = findItem(ebay, sku)
  if (!item) throw new BadRequest(`'${sku}' is not listed there.`, 404)
  setTotal(item, quantity)
  for (const offer of item.offers) offer.available = quantity
  const now = ebay.now()
  logEffect(ebay.state.effects, {
    id: ebay.core.nextId(),
    at: now,
    operation: 'control',
    sku,
    quantity,
    dueAt: now,
    appliedAt: now,
  })
}

/** A member closes the account: whoever keeps data of eBay must forget theirs. */
export function deleteMember(ebay: Ebay, username: string | undefined): Response {
  const name = username ?? ebay.state.orders.at(-1)?.username
  if (name === undefined) throw new BadRequest('Nobody has bought anything yet.')
  say(ebay, 'MARKETPLACE_ACCOUNT_DELETION', { username: name, userId: `sim${name.length}`, eiasToken: 'nY+sim==' })
  return json(201, { username: name })
}

/** What control tells of eBay: the truth, without lags. */
export function describeEbay({ state }: Ebay) {
  const shown: Record<string, number> = {}
  const sold: Record<string, number> = {}
  for (const item of Object.values(state.items)) shown[item.sku] = shownNow(item)
  for (const order of state.orders) {
    if (newest(order).cancel === 'CANCELED') continue
    for (const { sku, quantity } of order.lines) sold[sku] = (sold[sku] ?? 0) + quantity
  }
  return { shown, sold, orders: state.orders.map(describeOrder), effects: state.effects, calls: state.calls }
}

function describeOrder(order: EbayOrder) {
  const version = newest(order)
  const left = order.lines.some((line) => shippedOf(version, line.lineItemId) < line.quantity)
  const shipping = !left ? 'FULFILLED' : version.parcels.length > 0 ? 'IN_PROGRESS' : 'NOT_STARTED'
  return {
    id: order.id,
    lines: order.lines.map(({ sku, quantity }) => ({ sku, quantity })),
    status: version.cancel === 'CANCELED' ? 'CANCELED' : shipping,
    createdTime: new Date(order.createdAt).toISOString(),
    lastUpdatedTime: new Date(version.updatedAt).toISOString(),
    parcels: version.parcels.length,
    username: order.username,
    past: false,
  }
}
