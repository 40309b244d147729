import * as z from 'zod'
import { findEffect, logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { json } from '../http.ts'
import { WalmartRefusal } from './answers.ts'
import { findItem, setQuantity, type Walmart } from './market.ts'
import type { WalmartItem } from './types.ts'

const bad = (description: string, field = 'data') =>
  new WalmartRefusal(400, 'INVALID_REQUEST_CONTENT.GMP_INVENTORY_API', description, field)
const notFound = (sku: string) =>
  new WalmartRefusal(404, 'CONTENT_NOT_FOUND.GMP_INVENTORY_API', `SKU ${sku} was not found`, 'sku')

const each = (amount: number) => ({ unit: 'EACH', amount })
const quantityBody = z.object({
  sku: z.string().min(1),
  quantity: z.object({ unit: z.literal('EACH'), amount: z.int().min(0) }),
})

/** PUT /v3/inventory?sku=: takes effect a little later. */
export function putInventory(walmart: Walmart, query: URLSearchParams, body: unknown): Response {
  const parsed = quantityBody.safeParse(body)
  if (!parsed.success) throw bad(parsed.error.issues[0]!.message, parsed.error.issues[0]!.path.join('.'))
  const { sku, quantity } = parsed.data
  if (query.get('sku') !== sku) throw bad('The SKUs differ', 'sku')
  const node = query.get('shipNode')
  if (node !== null && node !== walmart.settings.partnerId) throw bad('Unknown ship node', 'shipNode')
  const item = findItem(walmart, sku)
  if (!item) throw notFound(sku)
  if (fires(walmart.core, 'walmart', 'updateInventoryForAnItem', 'refuse')) throw bad('The item cannot be updated now')
  queueWrite(walmart, item, 'updateInventoryForAnItem', { quantity: quantity.amount })
  return json(200, { sku, quantity: each(quantity.amount) })
}

/** Accepted; takes effect a little later, in the order in which it came. */
export function queueWrite(
  walmart: Walmart,
  item: WalmartItem,
  operation: 'updateInventoryForAnItem' | 'updatePrice',
  change: { quantity?: number; price?: number },
): void {
  const random = walmart.random('effects')
  const { min, max, tail, tailShare } = walmart.settings.effectMs
  const delay = random.chance(tailShare) ? random.between(max, tail) : random.between(min, max)
  const now = walmart.now()
  const twice = fires(walmart.core, 'walmart', operation, 'duplicate') !== null
  const isLate = fires(walmart.core, 'walmart', operation, 'reorder') !== null
  const first = isLate ? now + delay : Math.max(now + delay, item.effectsUntil)
  if (!isLate) item.effectsUntil = first
  for (const dueAt of twice ? [first, first + random.between(min, max)] : [first]) {
    const id = walmart.core.nextId()
    logEffect(walmart.state.effects, { id, at: now, operation, sku: item.sku, ...change, dueAt, appliedAt: null })
    walmart.schedule(dueAt, 'effect', String(id))
  }
  walmart.core.touch()
}

export function applyWrite(walmart: Walmart, id: number, at: number): void {
  const effect = findEffect(walmart.state.effects, id)
  const item = effect && findItem(walmart, effect.sku)
  if (!effect || !item) return
  effect.appliedAt = at
  if (typeof effect.quantity === 'number') setQuantity(item, effect.quantity)
  if (typeof effect.price === 'number') item.price = effect.price
}

function nodesOf(walmart: Walmart, quantity: number): object[] {
  return [
    {
      shipNode: walmart.settings.partnerId,
      inputQty: each(quantity),
      availToSellQty: each(quantity),
      reservedQty: each(0),
    },
  ]
}

/** GET /v3/inventories/{sku} */
export function getInventory(walmart: Walmart, sku: string): Response {
  const item = findItem(walmart, sku)
  if (!item) throw notFound(sku)
  const stale = fires(walmart.core, 'walmart', 'getMultiNodeInventoryForSkuAndAllShipnodes', 'stale-read') !== null
  return json(200, { sku, nodes: nodesOf(walmart, stale ? item.quantityBefore : item.quantity) })
}

/** GET /v3/inventories: pages of at most 50, one after the other; a cursor is a word for its place. */
export function getInventories(walmart: Walmart, query: URLSearchParams): Response {
  const limit = whole(query, 'limit', 10, 50)
  const cursor = query.get('nextCursor')
  const { cursors } = walmart.state
  if (cursor !== null && !Object.hasOwn(cursors, cursor)) throw bad('Invalid nextCursor', 'nextCursor')
  const from = cursor === null ? 0 : cursors[cursor]!
  const all = Object.values(walmart.state.items)
  const stale = fires(walmart.core, 'walmart', 'getMultiNodeInventoryForAllSkuAndAllShipNodes', 'stale-read') !== null
  const page = all.slice(from, from + limit)
  if (all.length === 0) throw notFound('any')
  let nextCursor: string | undefined
  if (from + limit < all.length) {
    nextCursor = Buffer.from(`simulated/${from + limit}`).toString('base64')
    cursors[nextCursor] = from + limit
    walmart.core.touch()
  }
  return json(200, {
    meta: { totalCount: all.length, ...(nextCursor ? { nextCursor } : {}) },
    elements: {
      inventories: page.map((item) => ({
        sku: item.sku,
        nodes: nodesOf(walmart, stale ? item.quantityBefore : item.quantity),
      })),
    },
  })
}

/** GET /v3/fulfillment/inventory: what Walmart holds of the seller's. */
export function getHeld(walmart: Walmart, query: URLSearchParams): Response {
  const limit = whole(query, 'limit', 10, 300)
  const offset = whole(query, 'offset', 0, 1_000_000, 0)
  const all = Object.values(walmart.state.items).filter((item) => item.held !== null)
  const stale = fires(walmart.core, 'walmart', 'getWFSInventory', 'stale-read') !== null
  return json(200, {
    headers: { totalCount: all.length, limit, offset },
    payload: {
      inventory: all.slice(offset, offset + limit).map((item) => {
        const there = stale ? item.heldBefore : item.held!
        return {
          sku: item.sku,
          shipNodes: [
            {
              modifiedDate: new Date(walmart.now()).toISOString(),
              availToSellQty: there,
              onHandQty: there,
              shipNodeType: 'WFSFulfilled',
            },
          ],
        }
      }),
    },
  })
}

/** GET /v3/items/{sku} */
export function getItem(walmart: Walmart, sku: string): Response {
  const item = findItem(walmart, sku)
  if (!item) throw notFound(sku)
  return json(200, {
    ItemResponse: [
      {
        mart: 'WALMART_US',
        sku: item.sku,
        condition: 'New',
        wpid: item.wpid,
        upc: '',
        gtin: item.gtin === null ? '' : item.gtin.padStart(14, '0'),
        productName: item.title,
        productType: 'Mugs',
        price: { currency: item.currency, amount: Number((item.price / 100).toFixed(2)) },
        publishedStatus: item.published ? 'PUBLISHED' : 'UNPUBLISHED',
        lifecycleStatus: 'ACTIVE',
      },
    ],
  })
}

const priceBody = z.object({
  sku: z.string().min(1),
  pricing: z
    .array(
      z.object({
        currentPriceType: z.enum(['BASE', 'REDUCED', 'CLEARANCE']),
        currentPrice: z.object({ currency: z.string(), amount: z.number().positive() }),
      }),
    )
    .length(1),
})

/** PUT /v3/price */
export function putPrice(walmart: Walmart, body: unknown): Response {
  const parsed = priceBody.safeParse(body)
  if (!parsed.success) throw bad(parsed.error.issues[0]!.message, parsed.error.issues[0]!.path.join('.'))
  const { sku, pricing } = parsed.data
  const item = findItem(walmart, sku)
  if (!item) throw notFound(sku)
  const { amount, currency } = pricing[0]!.currentPrice
  if (currency !== item.currency) throw bad('The currency is another one', 'currency')
  queueWrite(walmart, item, 'updatePrice', { price: Math.round(amount * 100) })
  const message =
    'Thank you. Your price has been updated. Please allow up to five minutes for this change to be reflected.'
  return json(200, { ItemPriceResponse: { mart: 'WALMART_US', sku, message } })
}

function whole(query: URLSearchParams, name: string, usual: number, most: number, least = 1): number {
  const value = Number(query.get(name) ?? usual)
  if (!Number.isInteger(value) || value < least || value > most) throw bad(`Invalid ${name}`, name)
  return value
}
