/** BigCommerce's words ↔ ours. Pure. */
import type { Buyer, IncomingLine, IncomingOrder, OrderState } from '../../domain/orders.ts'
import { readAmount } from '../../domain/values.ts'
import type { IncomingListing, QuantityReading } from '../connector.ts'
import type { WireAddress, WireLevel, WireLine, WireOrder, WireProduct, WireVariant } from './wire.ts'

/** Somebody came as far as the payment and left: nobody bought it (order_statuses). */
export const incomplete = 0

/** `lines`: what has left says it, because the status tells of money. */
const states: readonly (OrderState | 'lines' | null)[] = [
  null, // 0 Incomplete: left out
  'pending', // 1 Pending
  'shipped', // 2 Shipped
  'partly_shipped', // 3 Partially Shipped
  'lines', // 4 Refunded
  'canceled', // 5 Cancelled
  'canceled', // 6 Declined
  'pending', // 7 Awaiting Payment
  'open', // 8 Awaiting Pickup
  'open', // 9 Awaiting Shipment
  'shipped', // 10 Completed
  'open', // 11 Awaiting Fulfillment
  'pending', // 12 Manual Verification Required
  'lines', // 13 Disputed
  'lines', // 14 Partially Refunded
]
export const isKnownStatus = (id: unknown): boolean => typeof id === 'number' && Boolean(states[id])

export function stateOf(statusId: unknown, lines: readonly WireLine[]): OrderState {
  const word = typeof statusId === 'number' ? states[statusId] : undefined
  if (!word) return 'unknown'
  if (word !== 'lines') return word
  const shipped = lines.reduce((sum, line) => sum + line.quantity_shipped, 0)
  if (shipped > 0) {
    const left = lines.some((line) => line.quantity > line.quantity_shipped + canceledOf(line))
    return left ? 'partly_shipped' : 'shipped'
  }
  const isRefunded = lines.length > 0 && lines.every((line) => line.quantity_refunded >= line.quantity)
  // All of it was paid back and nothing left.
  return isRefunded ? 'canceled' : 'open'
}

/**
 * Refunded units that cannot have left: those beyond what shipped. Which of them had shipped is not told, so the others
 * are taken for units that are still to leave, or that come back.
 */
export const canceledOf = (line: WireLine): number =>
  Math.max(0, Math.min(line.quantity, line.quantity_refunded) - line.quantity_shipped)

/** A gift certificate is no goods. */
const isGoods = ({ type }: WireLine): boolean => type !== 'giftcertificate'

export function readOrder(
  wire: WireOrder,
  lines: readonly WireLine[],
  shipTo: WireAddress,
  raw: unknown,
): IncomingOrder {
  const currency = wire.default_currency_code || wire.currency_code || null
  const state = stateOf(wire.status_id, lines)
  return {
    remoteId: String(wire.id),
    updatedAt: new Date(wire.date_modified),
    placedAt: new Date(wire.date_created),
    state,
    fulfilledBy: 'merchant',
    marketplace: null,
    currency,
    total: amountOf(wire.total_inc_tax, currency),
    shipBy: null,
    deliverBy: null,
    lines: lines.filter(isGoods).map((line) => readLine(line, state, currency)),
    buyer: readBuyer(shipTo ?? wire.billing_address, wire.billing_address),
    raw,
  }
}

function readLine(line: WireLine, state: OrderState, currency: string | null): IncomingLine {
  const left = Math.min(line.quantity, line.quantity_shipped)
  const canceled = state === 'canceled' ? line.quantity - left : canceledOf(line)
  // A person may set "Shipped" or "Completed" without telling of parcels; downloads are never in one.
  const isAllGone = state === 'shipped' || (line.type === 'digital' && state !== 'canceled')
  return {
    remoteId: String(line.id),
    remoteSku: line.sku || null,
    title: line.name,
    quantity: line.quantity,
    shipped: isAllGone ? line.quantity - canceled : left,
    canceled,
    unitPrice: amountOf(line.price_inc_tax, currency),
  }
}

function amountOf(text: string | null, currency: string | null): number | null {
  return text === null || currency === null || !/^[A-Z]{3}$/.test(currency)
    ? null
    : (readAmount(text, currency) ?? null)
}

function readBuyer(to: WireAddress, billing: WireAddress): Buyer | null {
  if (!to) return null
  const name = [to.first_name, to.last_name].filter(Boolean).join(' ')
  const email = to.email || billing?.email
  const phone = to.phone || billing?.phone
  const buyer: Buyer = {
    ...(name ? { name } : {}),
    ...(email ? { email } : {}),
    ...(phone ? { phone } : {}),
    address: withoutEmpty({
      company: to.company,
      line1: to.street_1,
      line2: to.street_2,
      city: to.city,
      region: to.state,
      postalCode: to.zip,
      country: to.country_iso2,
    }),
  }
  return buyer
}

function withoutEmpty(record: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** The ids of a listing, as one text. A product without other variants is priced as a product. */
export interface ListingIds {
  productId: number
  variantId: number | null
}
export const writeListingId = ({ productId, variantId }: ListingIds): string =>
  variantId === null ? String(productId) : `${productId}/${variantId}`
export function readListingId(text: string | null): ListingIds | null {
  const match = /^(\d+)(?:\/(\d+))?$/.exec(text ?? '')
  return match ? { productId: Number(match[1]), variantId: match[2] === undefined ? null : Number(match[2]) } : null
}

/** A variant as a listing; null where it has no SKU, so that nothing could be linked to it. */
export function readListing(
  wire: WireVariant,
  product: WireProduct | undefined,
  currency: string,
): IncomingListing | null {
  if (!wire.sku) return null
  const isAlone = wire.option_values.length === 0
  const price = wire.price ?? product?.price ?? null
  const amount = price === null ? undefined : readAmount(String(price), currency)
  // Of a product that is counted as a whole, several variants would be one number written from several places.
  const isCounted = product?.inventory_tracking === 'variant' || (product?.inventory_tracking === 'product' && isAlone)
  const options = wire.option_values.map(({ option_display_name: name, label: value }) => ({ name, value }))
  const title = [product?.name, options.map(({ value }) => value).join(', ')].filter(Boolean).join(' – ')
  return {
    marketplace: '',
    remoteSku: wire.sku,
    remoteId: writeListingId({ productId: wire.product_id, variantId: isAlone ? null : wire.id }),
    title: title || wire.sku,
    fulfilledBy: 'merchant',
    merchantQuantity: isCounted ? Math.max(0, wire.inventory_level ?? 0) : null,
    // The catalog tells of all locations together, less a safety stock, and nobody says how late: the numbers of our location
    // are read in the inventory.
    ...(isCounted ? { isUntold: true } : {}),
    buyable: product?.is_visible == null ? null : product.is_visible && wire.purchasing_disabled !== true,
    price: amount === undefined ? null : { amount, currency },
    ...(wire.upc ? { gtin: wire.upc } : {}),
    ...(wire.image_url ? { imageUrl: wire.image_url } : {}),
    ...(isAlone ? {} : { options, product: { remoteId: String(wire.product_id), title: product?.name ?? '' } }),
  }
}

/**
 * What a location holds for buyers, at most. We write what is on hand; a safety stock of the store's own only hides some
 * of it. Where a store may sell beyond it (backorders), that counts. Without its numbers an item tells nothing.
 */
export function readLevel(remoteSku: string, level: WireLevel | undefined): QuantityReading {
  const { total_inventory_onhand: onHand, available_to_sell: available } = level ?? {}
  if (onHand == null || available == null) return { remoteSku, quantity: null, isUntold: true }
  const held = Math.max(onHand, available)
  return { remoteSku, quantity: Math.max(0, held), ...(held < 0 ? { belowZero: held } : {}) }
}

/** Carriers as people write them → `shipping_provider`, or else the word of the tracking service. */
const providers: Record<string, string> = {
  ups: 'ups',
  usps: 'usps',
  fedex: 'fedex',
  royalmail: 'royalmail',
  australiapost: 'auspost',
  auspost: 'auspost',
  canadapost: 'canadapost',
  endicia: 'endicia',
}
const trackers: Record<string, string> = {
  dhl: 'dhl',
  dhlexpress: 'dhl',
  dhlecommerce: 'dhl-global-mail',
  deutschepost: 'deutsch-post',
  dpd: 'dpd',
  gls: 'gls',
  hermes: 'hermes-de',
  evri: 'myhermes-uk',
  tnt: 'tnt',
  ontrac: 'ontrac',
  purolator: 'purolator',
  yunexpress: 'yunexpress',
  '4px': '4px',
}

export function writeCarrier(carrier: string | null): Record<string, string> {
  if (carrier === null) return {}
  const key = carrier.toLowerCase().replace(/[^a-z0-9]/g, '')
  if (Object.hasOwn(providers, key)) return { shipping_provider: providers[key]!, shipping_method: carrier }
  if (Object.hasOwn(trackers, key))
    return { shipping_provider: '', tracking_carrier: trackers[key]!, shipping_method: carrier }
  return { shipping_provider: '', shipping_method: carrier }
}
