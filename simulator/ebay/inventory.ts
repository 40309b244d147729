import * as z from 'zod'
import { findEffect, logEffect } from '../effects.ts'
import { fires } from '../faults.ts'
import { decimal, json } from '../http.ts'
import { EbayRefusal, errorOf } from './answers.ts'
import { revise } from './limits.ts'
import { type Ebay, findItem, setTotal } from './market.ts'
import type { EbayItem, EbayOffer } from './types.ts'

/** GET /inventory_item: pages of 25 to 200, `offset` is the number of the page. */
export function getInventoryItems(ebay: Ebay, query: URLSearchParams): Response {
  const limit = whole(query, 'limit', 25, 1, 200)
  const page = whole(query, 'offset', 0, 0, 1_000_000)
  const all = Object.values(ebay.state.items)
  const found = all.slice(page * limit, (page + 1) * limit)
  const at = (offset: number) => `/sell/inventory/v1/inventory_item?limit=${limit}&offset=${offset}`
  return json(200, {
    href: at(page),
    limit,
    ...(page * limit + limit < all.length ? { next: at(page + 1) } : {}),
    ...(page > 0 ? { prev: at(page - 1) } : {}),
    size: found.length,
    total: all.length,
    inventoryItems: found.map((item) => wireItem(ebay, item, 'getInventoryItems')),
  })
}

const skusBody = z.object({ requests: z.array(z.object({ sku: z.string() })) })

/** POST /bulk_get_inventory_item: up to 25, each with an answer of its own. */
export function bulkGet(ebay: Ebay, body: unknown): Response {
  const parsed = skusBody.safeParse(body)
  if (!parsed.success) throw new EbayRefusal(400, 25709, 'Invalid request.')
  const skus = parsed.data.requests.map((request) => request.sku)
  if (skus.length > 25)
    throw new EbayRefusal(400, 25727, 'The number of InventoryItems in the request cannot exceed 25.')
  if (new Set(skus).size < skus.length) throw new EbayRefusal(400, 25734, 'SKU should be unique in the request.')
  const responses = skus.map((sku) => {
    const item = findItem(ebay, sku)
    if (!item) return { sku, statusCode: 404, errors: [notFound(sku)] }
    const { sku: _, ...inventoryItem } = wireItem(ebay, item, 'bulkGetInventoryItem')
    return { sku, statusCode: 200, inventoryItem }
  })
  return json(responses.some(({ statusCode }) => statusCode !== 200) ? 207 : 200, { responses })
}

/** GET /offer?sku=: refused without a SKU (facts §6.6). */
export function getOffers(ebay: Ebay, query: URLSearchParams): Response {
  const sku = query.get('sku')
  if (!sku) throw new EbayRefusal(400, 25707, 'This is an invalid value for a SKU.')
  const item = findItem(ebay, sku)
  if (!item || item.offers.length === 0) throw new EbayRefusal(404, 25713, `This Offer is not available : ${sku}.`)
  const limit = whole(query, 'limit', 100, 1, 200)
  const offers = item.offers.map((offer) => wireOffer(item, offer))
  const href = `/sell/inventory/v1/offer?sku=${encodeURIComponent(sku)}&limit=${limit}&offset=0`
  return json(200, { href, limit, size: offers.length, total: offers.length, offers })
}

const amount = z.object({ value: z.string().regex(/^\d+(\.\d{1,2})?$/), currency: z.string().length(3) })
const updateBody = z.object({
  requests: z
    .array(
      z.object({
        sku: z.string().optional(),
        shipToLocationAvailability: z.object({ quantity: z.int().min(0) }).optional(),
        offers: z
          .array(
            z.object({ offerId: z.string(), availableQuantity: z.int().min(0).optional(), price: amount.optional() }),
          )
          .max(25)
          .optional(),
      }),
    )
    .min(1),
})
type Update = z.infer<typeof updateBody>['requests'][number]

/** POST /bulk_update_price_quantity: one SKU a call, an answer for each offer. */
export function bulkUpdate(ebay: Ebay, body: unknown): Response {
  const parsed = updateBody.safeParse(body)
  if (!parsed.success) {
    const problem = parsed.error.issues[0]!
    throw new EbayRefusal(400, 25709, `Invalid value for ${problem.path.join('.') || 'request'}. ${problem.message}`)
  }
  const { requests } = parsed.data
  if (requests.length > 1) throw new EbayRefusal(400, 25002, 'Any User error. Only one SKU can be updated per call.')
  const responses = update(ebay, requests[0]!)
  const isMixed = responses.some(({ statusCode }) => statusCode !== 200)
  return json(isMixed ? 207 : 200, { responses })
}

interface LineAnswer {
  offerId?: string
  sku?: string
  statusCode: number
  errors?: object[]
}

function update(ebay: Ebay, { sku, shipToLocationAvailability, offers = [] }: Update): LineAnswer[] {
  const items = Object.values(ebay.state.items)
  const item =
    sku === undefined
      ? items.find((one) => one.offers.some((o) => o.offerId === offers[0]?.offerId))
      : findItem(ebay, sku)
  if (!item) {
    const errors = [notFound(sku ?? '')]
    if (offers.length === 0 || sku === undefined)
      return [{ ...(sku === undefined ? {} : { sku }), statusCode: 404, errors }]
    return offers.map(({ offerId }) => ({ offerId, sku, statusCode: 404, errors }))
  }
  const answers: LineAnswer[] = []
  const good: string[] = []
  const listings = new Map<string, boolean>()
  const mayRevise = (listingId: string) => {
    if (!listings.has(listingId)) listings.set(listingId, revise(ebay, listingId))
    return listings.get(listingId)!
  }
  for (const { offerId, price } of offers) {
    const offer = item.offers.find((one) => one.offerId === offerId)
    const problem = !offer
      ? notAvailable(offerId)
      : offer.status !== 'ACTIVE'
        ? notAvailable(offerId)
        : fires(ebay.core, 'ebay', 'bulkUpdatePriceQuantity', 'refuse')
          ? cannotRevise('The item cannot be revised now.')
          : price && price.currency !== item.currency
            ? cannotRevise(`The currency must be ${item.currency}.`)
            : mayRevise(offer.listingId)
              ? undefined
              : cannotRevise('The listing was revised the most often that is possible in a day.')
    answers.push({ offerId, sku: item.sku, statusCode: problem ? 400 : 200, ...(problem ? { errors: [problem] } : {}) })
    if (!problem) good.push(offerId)
  }
  const quantity = shipToLocationAvailability?.quantity
  if (offers.length === 0) {
    const live = item.offers.filter((offer) => offer.status === 'ACTIVE')
    const isBlocked = live.length > 0 && live.map((offer) => mayRevise(offer.listingId)).every((may) => !may)
    if (isBlocked) {
      const errors = [cannotRevise('The listing was revised the most often that is possible in a day.')]
      return [{ sku: item.sku, statusCode: 400, errors }]
    }
    queue(ebay, item, { quantity, offers: [] })
    return [{ sku: item.sku, statusCode: 200 }]
  }
  if (good.length > 0) {
    queue(ebay, item, { quantity, offers: offers.filter(({ offerId }) => good.includes(offerId)) })
  }
  return answers
}

interface Change {
  quantity: number | undefined
  offers: NonNullable<Update['offers']>
}

/** Accepted; takes effect a little later, in the order in which it came. */
function queue(ebay: Ebay, item: EbayItem, { quantity, offers }: Change): void {
  const random = ebay.random('effects')
  const { min, max, tail, tailShare } = ebay.settings.effectMs
  const delay = random.chance(tailShare) ? random.between(max, tail) : random.between(min, max)
  const now = ebay.now()
  const twice = fires(ebay.core, 'ebay', 'bulkUpdatePriceQuantity', 'duplicate') !== null
  const isLate = fires(ebay.core, 'ebay', 'bulkUpdatePriceQuantity', 'reorder') !== null
  const first = isLate ? now + delay : Math.max(now + delay, item.effectsUntil)
  if (!isLate) item.effectsUntil = first
  for (const dueAt of twice ? [first, first + random.between(min, max)] : [first]) {
    const id = ebay.core.nextId()
    const price = offers.find((offer) => offer.price)?.price
    logEffect(ebay.state.effects, {
      id,
      at: now,
      operation: 'bulkUpdatePriceQuantity',
      sku: item.sku,
      ...(quantity === undefined ? {} : { quantity }),
      ...(price ? { price: Math.round(Number(price.value) * 100) } : {}),
      dueAt,
      appliedAt: null,
      ...(offers.length > 0 ? { offerIds: offers.map(({ offerId }) => offerId) } : {}),
    } as EbayEffect)
    ebay.schedule(dueAt, 'effect', String(id))
  }
  ebay.core.touch()
}

type EbayEffect = Ebay['state']['effects'][number]

export function applyWrite(ebay: Ebay, id: number, at: number): void {
  const effect = findEffect(ebay.state.effects, id) as EbayEffect | undefined
  const item = effect && findItem(ebay, effect.sku)
  if (!effect || !item) return
  effect.appliedAt = at
  const { quantity, price, offerIds = [] } = effect
  if (typeof quantity === 'number') setTotal(item, quantity)
  for (const offer of item.offers) {
    if (!offerIds.includes(offer.offerId)) continue
    if (typeof quantity === 'number') offer.available = quantity
    if (price !== undefined) offer.price = price
  }
  // Without out-of-stock control nothing left means that the listing is over.
  if (item.total === 0 && !ebay.settings.outOfStockControl) for (const offer of item.offers) offer.status = 'ENDED'
}

function wireItem(ebay: Ebay, item: EbayItem, operation: 'getInventoryItems' | 'bulkGetInventoryItem') {
  const stale = fires(ebay.core, 'ebay', operation, 'stale-read') !== null
  const quantity = stale ? item.totalBefore : item.total
  return {
    sku: item.sku,
    locale: 'en_US',
    condition: 'NEW',
    product: {
      title: item.title,
      description: item.title,
      imageUrls: ['https://i.ebayimg.com/images/g/sim/s-l1600.jpg'],
      ...(item.gtin ? { ean: [item.gtin] } : {}),
    },
    availability: {
      shipToLocationAvailability: { quantity, allocationByFormat: { auction: 0, fixedPrice: quantity } },
    },
  }
}

function wireOffer(item: EbayItem, offer: EbayOffer): object {
  const isLive = offer.status === 'ACTIVE'
  const status = Math.min(item.total, offer.available) === 0 ? 'OUT_OF_STOCK' : 'ACTIVE'
  return {
    offerId: offer.offerId,
    sku: item.sku,
    marketplaceId: offer.marketplaceId,
    format: 'FIXED_PRICE',
    listingDuration: 'GTC',
    listingDescription: item.title,
    availableQuantity: offer.available,
    pricingSummary: { price: { value: decimal(offer.price, item.currency), currency: item.currency } },
    categoryId: '20693',
    merchantLocationKey: 'MAIN',
    status: isLive ? 'PUBLISHED' : 'UNPUBLISHED',
    ...(isLive
      ? {
          listing: {
            listingId: offer.listingId,
            listingStatus: status,
            listingOnHold: false,
            soldQuantity: offer.sold,
          },
        }
      : {}),
  }
}

function whole(query: URLSearchParams, name: string, usual: number, least: number, most: number): number {
  const value = Number(query.get(name) ?? usual)
  if (!Number.isInteger(value) || value < least || value > most) {
    throw new EbayRefusal(400, 25709, `Invalid value for ${name}. It must be ${least} to ${most}.`)
  }
  return value
}

const problem = (errorId: number, message: string) =>
  errorOf({ errorId, domain: 'API_INVENTORY', category: 'REQUEST', message })
const notFound = (sku: string) => problem(25702, `SKU ${sku} is not available in the system`)
const notAvailable = (offerId: string) => problem(25713, `This Offer is not available : ${offerId}.`)
const cannotRevise = (why: string) => problem(25019, `Cannot revise listing. ${why}`)
