/** eBay's words ↔ ours. Pure. */
import type { Buyer, FulfilledBy, IncomingOrder, OrderState } from '../../domain/orders.ts'
import { readAmount } from '../../domain/values.ts'
import type { IncomingListing, QuantityReading } from '../connector.ts'
import { journaledItem, type WireItem, type WireLine, type WireOffer, type WireOrder } from './wire.ts'

/** Maps, not objects: a word like "constructor" must not find what every object has. */
const shipping = new Map<string, OrderState>([
  ['NOT_STARTED', 'open'],
  ['IN_PROGRESS', 'partly_shipped'],
  ['FULFILLED', 'shipped'],
])

/** What has been paid, at whatever it may stand now; the rest may still be paid. */
const payments = new Map<string, 'paid' | 'unpaid'>([
  ['PAID', 'paid'],
  ['PARTIALLY_REFUNDED', 'paid'],
  ['FULLY_REFUNDED', 'paid'],
  ['PENDING', 'unpaid'],
  ['FAILED', 'unpaid'],
])

const fulfillers = new Map<string, FulfilledBy>([
  ['EBAY', 'channel'],
  ['SELLER', 'merchant'],
])

const lineStates = new Set(['NOT_STARTED', 'IN_PROGRESS', 'FULFILLED'])

export const isKnownShipping = (word: string) => shipping.has(word)
export const isKnownPayment = (word: string) => payments.has(word)
export const isKnownLineState = (word: string) => lineStates.has(word)

function stateOf(wire: WireOrder): OrderState {
  if (wire.cancelStatus?.cancelState === 'CANCELED') return 'canceled'
  const state = shipping.get(wire.orderFulfillmentStatus)
  if (state !== 'open') return state ?? 'unknown'
  const payment = payments.get(wire.orderPaymentStatus)
  return payment === 'paid' ? 'open' : payment === 'unpaid' ? 'pending' : 'unknown'
}

export function readOrder(wire: WireOrder, raw: unknown): IncomingOrder {
  const state = stateOf(wire)
  const total = wire.pricingSummary?.total ?? null
  const marketplaces = new Set(wire.lineItems.map((line) => line.listingMarketplaceId ?? null))
  return {
    remoteId: wire.orderId,
    updatedAt: new Date(wire.lastModifiedDate),
    placedAt: new Date(wire.creationDate),
    state,
    fulfilledBy: readFulfiller(wire),
    marketplace: marketplaces.size === 1 ? [...marketplaces][0]! : null,
    currency: total?.currency ?? wire.lineItems[0]?.lineItemCost?.currency ?? null,
    total: amountOf(total),
    shipBy: earliest(wire.lineItems.map((line) => line.lineItemFulfillmentInstructions?.shipByDate)),
    deliverBy: earliest(wire.lineItems.map((line) => line.lineItemFulfillmentInstructions?.maxEstimatedDeliveryDate)),
    lines: wire.lineItems.map((line) => {
      const shipped = line.lineItemFulfillmentStatus === 'FULFILLED' ? line.quantity : 0
      return {
        remoteId: line.lineItemId,
        remoteSku: line.sku ?? null,
        title: line.title ?? '',
        quantity: line.quantity,
        // How many units of a line that left in part is not told here: the line counts when all of it has.
        shipped,
        canceled: state === 'canceled' ? line.quantity - shipped : 0,
        unitPrice: unitPrice(line),
      }
    }),
    buyer: readBuyer(wire),
    buyerIds: memberIn(raw),
    raw,
  }
}

/** The member who bought, by the name that eBay will ask to forget. */
function memberIn(raw: unknown): string[] {
  const username = (raw as { buyer?: { username?: unknown } } | null)?.buyer?.username
  return typeof username === 'string' ? [username] : []
}

/** Where nothing is said of it the seller ships. */
function readFulfiller({ program }: WireOrder): FulfilledBy | null {
  const word = program?.fulfillmentProgram?.fulfilledBy
  return word ? (fulfillers.get(word) ?? null) : 'merchant'
}

/** The cost of a line is that of all its units. */
function unitPrice({ lineItemCost, quantity }: WireLine): number | null {
  const cost = amountOf(lineItemCost)
  if (cost === null || quantity === 0) return null
  return cost % quantity === 0 ? cost / quantity : null
}

/**
 * Where the parcel goes. Of an order that eBay takes over the border this is its hub, not the buyer's home, and the
 * reference must stand on the label (facts §1, orders).
 */
function readBuyer(wire: WireOrder): Buyer | null {
  const step = wire.fulfillmentStartInstructions?.[0]?.shippingStep
  const to = step?.shipTo
  const buyer: Buyer = {}
  if (to?.fullName) buyer.name = to.fullName
  if (to?.email) buyer.email = to.email
  if (to?.primaryPhone?.phoneNumber) buyer.phone = to.primaryPhone.phoneNumber
  if (to?.contactAddress) {
    const place = to.contactAddress
    buyer.address = withoutEmpty({
      company: to.companyName,
      line1: place.addressLine1,
      line2: place.addressLine2,
      line3: step?.shipToReferenceId,
      city: place.city,
      district: place.county,
      region: place.stateOrProvince,
      postalCode: place.postalCode,
      country: place.countryCode,
    })
  }
  return Object.keys(buyer).length > 0 ? buyer : null
}

/** Live offers at a fixed price; what is not published shows nowhere. */
export const isLive = (offer: WireOffer) => offer.status === 'PUBLISHED' && offer.format !== 'AUCTION'

export function readListings(item: WireItem, offers: readonly WireOffer[]): IncomingListing[] {
  return offers.filter(isLive).map((offer) => {
    const price = offer.pricingSummary?.price ?? null
    const amount = amountOf(price)
    return {
      marketplace: offer.marketplaceId,
      remoteSku: item.sku,
      remoteId: offer.listing?.listingId ?? null,
      title: item.product?.title ?? item.sku,
      fulfilledBy: 'merchant',
      merchantQuantity: quantityOf(item),
      buyable: offer.listing?.listingStatus ? isBuyable(offer.listing) : null,
      price: price && amount !== null ? { amount, currency: price.currency } : null,
    }
  })
}

const isBuyable = ({ listingStatus, listingOnHold }: NonNullable<WireOffer['listing']>) =>
  listingStatus === 'ACTIVE' && listingOnHold !== true

const quantityOf = ({ availability }: Pick<WireItem, 'availability'>): number | null =>
  availability?.shipToLocationAvailability?.quantity ?? null

export const readQuantity = (item: Pick<WireItem, 'sku' | 'availability'>): QuantityReading => ({
  remoteSku: item.sku,
  quantity: quantityOf(item),
})

/** The quantities in an answer of the journal. What was cut off is left out. */
export function quantitiesIn(response: unknown): QuantityReading[] {
  const responses = (response as { responses?: unknown } | null)?.responses
  return (Array.isArray(responses) ? responses : []).flatMap((one) => {
    const { data } = journaledItem.safeParse(one)
    return data ? [readQuantity({ sku: data.sku, availability: data.inventoryItem.availability })] : []
  })
}

export function amountOf(money: { value: string; currency: string } | null | undefined): number | null {
  return money ? (readAmount(money.value, money.currency) ?? null) : null
}

function earliest(times: readonly (string | null | undefined)[]): Date | null {
  const known = times.flatMap((time) => (time ? [Date.parse(time)] : []))
  return known.length > 0 ? new Date(Math.min(...known)) : null
}

function withoutEmpty(record: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => Boolean(entry[1])))
}
