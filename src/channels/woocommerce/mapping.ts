/** WooCommerce's words ↔ ours. Pure. */
import type { Buyer, IncomingOrder, OrderState } from '../../domain/orders.ts'
import { readAmount } from '../../domain/values.ts'
import type { IncomingListing, QuantityReading } from '../connector.ts'
import { parcelsOf } from './parcels.ts'
import type { WireLine, WireOrder, WireProduct } from './wire.ts'

/** The `_gmt` fields are UTC and do not say so. */
export const readTime = (text: string): Date => new Date(`${text}Z`)
/** Without the zone, too: WordPress would turn one into the site's own first. */
export const writeTime = (time: Date): string => time.toISOString().slice(0, 19)

/** A map, not an object: a word like "constructor" must not find what every object has. */
const states = new Map<string, OrderState>([
  // Not paid, and its units are kept for it meanwhile.
  ['pending', 'pending'],
  // Waits for a bank transfer; its units are off the shelf.
  ['on-hold', 'pending'],
  ['processing', 'open'],
  ['completed', 'shipped'],
  ['cancelled', 'canceled'],
  // Nobody paid; a buyer who comes back makes it processing.
  ['failed', 'canceled'],
  ['refunded', 'canceled'],
])
export const isKnownStatus = (word: string): boolean => states.has(word)

/** Somebody looks at a checkout page, or makes an order by hand and is not done: nobody bought anything yet. */
export const isDraft = (word: string): boolean => ['checkout-draft', 'auto-draft', 'draft'].includes(word)

export function stateOf(wire: WireOrder): OrderState {
  const state = states.get(wire.status) ?? 'unknown'
  // Money back for goods that had left: they are at the buyer's.
  if (wire.status === 'refunded' && wire.date_completed_gmt) return 'shipped'
  return state === 'open' && parcelsOf(wire.meta_data).length > 0 ? 'partly_shipped' : state
}

export function readOrder(wire: WireOrder, raw: unknown): IncomingOrder {
  const state = stateOf(wire)
  const created = readTime(wire.date_created_gmt)
  const placed = wire.entrepot?.placedAt ? new Date(wire.entrepot.placedAt) : created
  const currency = wire.currency ?? null
  return {
    remoteId: String(wire.id),
    updatedAt: readTime(wire.date_modified_gmt),
    placedAt: placed,
    ...(wire.date_completed_gmt ? { shippedAt: readTime(wire.date_completed_gmt) } : {}),
    state,
    ...(isUntaken(wire) ? { isUntaken: true } : {}),
    ...(wire.date_paid_gmt ? { takenBy: readTime(wire.date_paid_gmt) } : {}),
    fulfilledBy: 'merchant',
    marketplace: null,
    currency,
    total: currency === null ? null : (readAmount(wire.total ?? '', currency) ?? null),
    shipBy: null,
    deliverBy: null,
    lines: wire.line_items.map((line) => readLine(line, wire, state)),
    buyer: readBuyer(wire),
    raw,
  }
}

/** The store keeps units for a checkout that nobody has paid, and lowers its number with the payment (facts §4). */
const isUntaken = ({ status, line_items }: WireOrder): boolean =>
  status === 'pending' && !line_items.some(({ meta_data }) => meta_data.some(({ key }) => key === '_reduced_stock'))

/** Units in parcels that we told of; all of them once the order is completed. */
export const sentUnits = (wire: Pick<WireOrder, 'meta_data'>, lineId: number): number =>
  parcelsOf(wire.meta_data)
    .flatMap(({ lines }) => lines)
    .reduce((sum, one) => sum + (one.id === lineId ? one.quantity : 0), 0)

function readLine(line: WireLine, wire: WireOrder, state: OrderState) {
  const isOver = state === 'shipped'
  const refunded = Math.min(line.quantity, wire.entrepot?.refunded?.[String(line.id)] ?? 0)
  const sent = Math.min(line.quantity, sentUnits(wire, line.id))
  return {
    remoteId: String(line.id),
    remoteSku: line.sku || null,
    title: line.name,
    quantity: line.quantity,
    shipped: isOver ? line.quantity : sent,
    // Of what was given back some may have left before; the rest is not to be sent any more.
    canceled: isOver ? 0 : Math.min(state === 'canceled' ? line.quantity : refunded, line.quantity - sent),
    unitPrice: unitPrice(line, wire.currency ?? null),
  }
}

/** What the buyer paid for one, tax included. */
function unitPrice({ total, total_tax, quantity }: WireLine, currency: string | null): number | null {
  if (currency === null || quantity === 0) return null
  const goods = readAmount(total ?? '', currency)
  return goods === undefined ? null : Math.round((goods + (readAmount(total_tax ?? '', currency) ?? 0)) / quantity)
}

function readBuyer({ billing, shipping }: WireOrder): Buyer | null {
  const place = shipping.address_1 || shipping.city ? shipping : billing
  const buyer: Buyer = {}
  const name = [place.first_name, place.last_name].filter(Boolean).join(' ')
  if (name) buyer.name = name
  if (billing.email) buyer.email = billing.email
  const phone = place.phone || billing.phone
  if (phone) buyer.phone = phone
  const address = withoutEmpty({
    company: place.company,
    line1: place.address_1,
    line2: place.address_2,
    city: place.city,
    region: place.state,
    postalCode: place.postcode,
    country: place.country,
  })
  if (Object.keys(address).length > 0) buyer.address = address
  return Object.keys(buyer).length > 0 ? buyer : null
}

function withoutEmpty(record: Record<string, string | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** What is counted for it itself, below 0 included; null where nothing is, or where variations share their parent's. */
export const countOf = ({ manage_stock, stock_quantity }: Pick<WireProduct, 'manage_stock' | 'stock_quantity'>) =>
  manage_stock === true ? (stock_quantity ?? null) : null

/** It is counted, and the number did not come: that is no 0. */
export const isUntold = ({ manage_stock, stock_quantity }: Pick<WireProduct, 'manage_stock' | 'stock_quantity'>) =>
  manage_stock === true && (stock_quantity === null || stock_quantity === undefined)

/** What buyers see: the store goes below 0 where it sold more than it had. */
export function readQuantity(remoteSku: string, wire: WireProduct): QuantityReading {
  const count = countOf(wire)
  if (isUntold(wire)) return { remoteSku, quantity: null, isUntold: true }
  return count !== null && count < 0 ? { remoteSku, quantity: 0, belowZero: count } : { remoteSku, quantity: count }
}

/** The ids of a listing, as one text: parent (0 where there is none) and the thing itself. */
export interface ListingIds {
  parentId: number
  id: number
}
export const writeListingId = ({ parentId, id }: ListingIds): string => `${parentId}/${id}`
export function readListingId(text: string | null): ListingIds | null {
  const match = /^(\d+)\/(\d+)$/.exec(text ?? '')
  return match ? { parentId: Number(match[1]), id: Number(match[2]) } : null
}

/** Null where it has no SKU, so that nothing could be linked to it. */
export function readListing(wire: WireProduct, parent: ListedParent | null, currency: string): IncomingListing | null {
  if (!wire.sku) return null
  const options = (wire.attributes ?? []).flatMap(({ name, option }) =>
    parent && option ? [{ name, value: option }] : [],
  )
  const amount = wire.price ? readAmount(wire.price, currency) : undefined
  return {
    marketplace: '',
    remoteSku: wire.sku,
    remoteId: writeListingId({ parentId: parent?.id ?? 0, id: wire.id }),
    title: titleOf(wire, parent, options),
    fulfilledBy: 'merchant',
    merchantQuantity: readQuantity(wire.sku, wire).quantity,
    ...(isUntold(wire) ? { isUntold: true } : {}),
    buyable: wire.status === '' ? null : wire.status === 'publish' && wire.purchasable !== false,
    price: amount === undefined ? null : { amount, currency },
    ...(wire.global_unique_id ? { gtin: wire.global_unique_id } : {}),
    ...(options.length > 0 ? { options } : {}),
    ...(parent ? { product: { remoteId: String(parent.id), title: parent.title } } : {}),
  }
}

export interface ListedParent {
  id: number
  title: string
}

function titleOf(wire: WireProduct, parent: ListedParent | null, options: readonly { value: string }[]): string {
  const own = parent ? [parent.title, options.map(({ value }) => value).join(', ')] : [wire.name]
  return own.filter(Boolean).join(' – ') || wire.name || (wire.sku ?? '')
}
