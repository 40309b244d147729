/** Shopify's words ↔ ours. Pure. */
import type { Buyer, IncomingOrder, OrderState } from '../../domain/orders.ts'
import { readAmount } from '../../domain/values.ts'
import type { IncomingListing } from '../connector.ts'
import type { WireLevel, WireLine, WireListing, WireOrder } from './wire.ts'

/** `gid://shopify/Order/1234` → `1234`. */
export const readId = (gid: string): string => gid.slice(gid.lastIndexOf('/') + 1).replace(/\?.*$/, '')
export const writeId = (type: string, id: string): string => `gid://shopify/${type}/${id}`

/** A map, not an object: a word like "constructor" must not find what every object has. */
const states = new Map<string, OrderState>([
  ['UNFULFILLED', 'open'],
  ['OPEN', 'open'],
  ['IN_PROGRESS', 'open'],
  ['ON_HOLD', 'open'],
  ['SCHEDULED', 'open'],
  ['PENDING_FULFILLMENT', 'open'],
  ['REQUEST_DECLINED', 'open'],
  // All that was not shipped was taken back; the lines say so.
  ['RESTOCKED', 'open'],
  ['PARTIALLY_FULFILLED', 'partly_shipped'],
  ['FULFILLED', 'shipped'],
  // Nothing of it goes by a carrier: it is handed over at once.
  ['FULFILLMENT_NOT_REQUIRED', 'shipped'],
])
export const isKnownState = (word: string) => states.has(word)

export function stateOf({ cancelledAt, displayFulfillmentStatus, displayFinancialStatus }: WireOrder): OrderState {
  if (cancelledAt) return 'canceled'
  const state = states.get(displayFulfillmentStatus) ?? 'unknown'
  // Its units are taken although nobody has paid yet.
  return state === 'open' && displayFinancialStatus === 'PENDING' ? 'pending' : state
}

/** Units of a line that were removed from the order: refunded, or edited away. */
export const removedOf = ({ quantity, currentQuantity }: WireLine): number => Math.max(0, quantity - currentQuantity)

/**
 * Money is the buyer's: what was paid, and what a refund is made in. `returned`: of the removed units those that had
 * left before, by line; they count as shipped, because a return brings them back.
 */
export function readOrder(
  wire: WireOrder,
  lines: readonly WireLine[],
  returned: ReadonlyMap<string, number>,
  raw: unknown,
): IncomingOrder {
  const paid = wire.totalPriceSet?.presentmentMoney
  const currency = paid?.currencyCode ?? lines[0]?.originalUnitPriceSet?.presentmentMoney.currencyCode ?? null
  return {
    remoteId: readId(wire.id),
    updatedAt: new Date(wire.updatedAt),
    placedAt: new Date(wire.processedAt ?? wire.createdAt),
    state: stateOf(wire),
    fulfilledBy: 'merchant',
    marketplace: null,
    currency,
    total: amountOf(paid),
    shipBy: null,
    deliverBy: null,
    lines: lines.map((line) => readLine(line, returned.get(line.id) ?? 0)),
    buyer: readBuyer(wire),
    raw,
  }
}

function readLine(line: WireLine, returned: number) {
  const removed = removedOf(line)
  const back = Math.min(removed, returned)
  return {
    remoteId: readId(line.id),
    remoteSku: line.sku || null,
    title: line.title,
    quantity: line.quantity,
    shipped: Math.max(0, line.currentQuantity - line.unfulfilledQuantity) + back,
    canceled: removed - back,
    unitPrice: amountOf(line.originalUnitPriceSet?.presentmentMoney),
  }
}

function amountOf(money: { amount: string; currencyCode: string } | null | undefined): number | null {
  return money ? (readAmount(money.amount, money.currencyCode) ?? null) : null
}

function readBuyer({ shippingAddress: place, email, phone }: WireOrder): Buyer | null {
  const buyer: Buyer = {}
  if (place?.name) buyer.name = place.name
  if (email) buyer.email = email
  if (place?.phone || phone) buyer.phone = (place?.phone || phone)!
  if (place) {
    buyer.address = withoutEmpty({
      company: place.company,
      line1: place.address1,
      line2: place.address2,
      city: place.city,
      region: place.provinceCode,
      postalCode: place.zip,
      country: place.countryCodeV2,
    })
  }
  return Object.keys(buyer).length > 0 ? buyer : null
}

function withoutEmpty(record: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** What is shown at the location; null where nothing is kept count of there. Below 0 the store has sold too much. */
export function availableOf(tracked: boolean, level: WireLevel): number | null {
  if (!tracked) return null
  return level?.quantities.find(({ name }) => name === 'available')?.quantity ?? null
}

/** The ids of a listing, as one text: product, variant, and what its stock is kept under. */
export interface ListingIds {
  productId: string
  variantId: string
  itemId: string
}
export const writeListingId = ({ productId, variantId, itemId }: ListingIds): string =>
  [productId, variantId, itemId].join('/')
export function readListingId(text: string | null): ListingIds | null {
  const match = /^(\d+)\/(\d+)\/(\d+)$/.exec(text ?? '')
  return match ? { productId: match[1]!, variantId: match[2]!, itemId: match[3]! } : null
}

/** A variant as a listing; null where it has no SKU, so that nothing could be linked to it. */
export function readListing(wire: WireListing, currency: string): IncomingListing | null {
  if (!wire.sku) return null
  const { product, inventoryItem } = wire
  const amount = wire.price == null ? undefined : readAmount(wire.price, currency)
  const shown = availableOf(inventoryItem.tracked, inventoryItem.inventoryLevel)
  return {
    marketplace: '',
    remoteSku: wire.sku,
    remoteId: writeListingId({
      productId: readId(product.id),
      variantId: readId(wire.id),
      itemId: readId(inventoryItem.id),
    }),
    // A product of one variant calls it "Default Title".
    title: [product.title, wire.title === 'Default Title' ? '' : wire.title].filter(Boolean).join(' – ') || wire.sku,
    fulfilledBy: 'merchant',
    // Two variants of one SKU would be one slot with two quantities: neither is written.
    merchantQuantity: (inventoryItem.duplicateSkuCount ?? 0) > 0 || shown === null ? null : Math.max(0, shown),
    buyable: product.status === '' ? null : product.status === 'ACTIVE' && wire.availableForSale !== false,
    price: amount === undefined ? null : { amount, currency },
  }
}
