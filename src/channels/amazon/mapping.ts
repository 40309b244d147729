/** Amazon's words ↔ ours. Pure. */
import type { Buyer, FulfilledBy, IncomingOrder, OrderState } from '../../domain/orders.ts'
import { readAmount } from '../../domain/values.ts'
import type { HeldStock, IncomingListing, QuantityReading } from '../connector.ts'
import { journaledListing, type WireInventory, type WireListing, type WireOrder } from './wire.ts'

/** A map, not an object: a word like "constructor" must not find what every object has. */
const states = new Map<string, OrderState>([
  ['PENDING_AVAILABILITY', 'pending'],
  ['PENDING', 'pending'],
  ['UNSHIPPED', 'open'],
  ['PARTIALLY_SHIPPED', 'partly_shipped'],
  ['SHIPPED', 'shipped'],
  ['CANCELLED', 'canceled'],
  ['UNFULFILLABLE', 'unfulfillable'],
])

const fulfillers = new Map<string, FulfilledBy>([
  ['AMAZON', 'channel'],
  ['MERCHANT', 'merchant'],
])

export const isKnownStatus = (status: string) => states.has(status)
export const isKnownFulfiller = (name: string) => fulfillers.has(name)

/** The code under which Amazon keeps the quantity that we may write. */
const merchantCode = 'DEFAULT'

/**
 * What writes a quantity, alone or as a message of a feed. `merge`, because `replace` wipes the handling time beside the
 * quantity (facts §6, models#4406). "PRODUCT" is enough for a change of the offer only.
 */
export function writeQuantity(quantity: number) {
  return {
    productType: 'PRODUCT',
    patches: [
      {
        op: 'merge',
        path: '/attributes/fulfillment_availability',
        value: [{ fulfillment_channel_code: merchantCode, quantity }],
      },
    ],
  }
}

/** Reads one order. Without the FULFILLMENT data its state is unknown, and what is unknown reserves. */
export function readOrder(wire: WireOrder, raw: unknown): IncomingOrder {
  const state = states.get(wire.fulfillment?.fulfillmentStatus ?? '') ?? 'unknown'
  const currency =
    wire.proceeds?.grandTotal?.currencyCode ?? wire.orderItems[0]?.product?.price?.unitPrice?.currencyCode ?? null
  return {
    remoteId: wire.orderId,
    updatedAt: new Date(wire.lastUpdatedTime),
    placedAt: new Date(wire.createdTime),
    state,
    fulfilledBy: fulfillers.get(wire.fulfillment?.fulfilledBy ?? '') ?? null,
    marketplace: wire.salesChannel?.marketplaceId ?? null,
    currency,
    total: amountOf(wire.proceeds?.grandTotal),
    shipBy: dateOf(wire.fulfillment?.shipByWindow?.latestDateTime),
    deliverBy: dateOf(wire.fulfillment?.deliverByWindow?.latestDateTime),
    lines: wire.orderItems.map((item) => ({
      remoteId: item.orderItemId,
      remoteSku: item.product?.sellerSku ?? null,
      title: item.product?.title ?? '',
      quantity: item.quantityOrdered,
      shipped: Math.max(0, item.fulfillment?.quantityFulfilled ?? 0),
      canceled: canceledOf(item, state),
      unitPrice: amountOf(item.product?.price?.unitPrice),
    })),
    buyer: readBuyer(wire),
    raw,
  }
}

/**
 * Units that will never ship: of a canceled order all that did not; of any other the units of a canceled line that
 * neither left nor still wait to be shipped.
 */
function canceledOf(
  { quantityOrdered, fulfillment, cancellation }: WireOrder['orderItems'][number],
  state: OrderState,
) {
  const left = Math.max(0, quantityOrdered - Math.max(0, fulfillment?.quantityFulfilled ?? 0))
  if (state === 'canceled') return left
  if (!cancellation?.cancellationExecution) return 0
  return Math.max(0, left - (fulfillment?.quantityUnfulfilled ?? left))
}

function readBuyer(wire: WireOrder): Buyer | null {
  const place = wire.recipient?.deliveryAddress
  const buyer: Buyer = {}
  const name = place?.name ?? wire.buyer?.buyerName
  if (name) buyer.name = name
  if (wire.buyer?.buyerEmail) buyer.email = wire.buyer.buyerEmail
  if (place?.phone) buyer.phone = place.phone
  if (place) {
    buyer.address = withoutEmpty({
      company: place.companyName,
      line1: place.addressLine1,
      line2: place.addressLine2,
      line3: place.addressLine3,
      city: place.city,
      district: place.districtOrCounty ?? place.municipality,
      region: place.stateOrRegion,
      postalCode: place.postalCode,
      country: place.countryCode,
    })
  }
  return Object.keys(buyer).length > 0 ? buyer : null
}

/** One listing a marketplace. An item without summaries (not yet indexed) is told of by a later pull. */
export function readListings(item: WireListing): IncomingListing[] {
  const entries = item.fulfillmentAvailability ?? []
  const merchant = entries.find((entry) => entry.fulfillmentChannelCode === merchantCode)
  const byChannel = entries.some((entry) => entry.fulfillmentChannelCode !== merchantCode)
  return (item.summaries ?? []).map((summary) => {
    const offer = item.offers?.find((one) => one.marketplaceId === summary.marketplaceId && one.offerType === 'B2C')
    const amount = amountOf(offer?.price)
    return {
      marketplace: summary.marketplaceId,
      remoteSku: item.sku,
      remoteId: summary.asin ?? null,
      title: summary.itemName ?? item.sku,
      // A merchant entry decides: an FBA listing that got one by a stray write is still Amazon's to fulfill.
      fulfilledBy: byChannel ? 'channel' : 'merchant',
      merchantQuantity: byChannel || !merchant ? null : (merchant.quantity ?? 0),
      ...(byChannel || !merchant || isTold(merchant) ? {} : { isUntold: true }),
      buyable: summary.status?.includes('BUYABLE') ?? null,
      price: offer && amount !== null ? { amount, currency: offer.price.currencyCode } : null,
    }
  })
}

/** A number that was just written was seen missing for a while: an entry without one does not show 0. */
const isTold = ({ quantity }: { quantity?: number | null | undefined }) => quantity !== undefined && quantity !== null

export function readQuantity(item: WireListing): QuantityReading {
  const entry = item.fulfillmentAvailability?.find((one) => one.fulfillmentChannelCode === merchantCode)
  if (entry && !isTold(entry)) return { remoteSku: item.sku, quantity: null, isUntold: true }
  return { remoteSku: item.sku, quantity: entry?.quantity ?? null }
}

/** The merchant quantities in an answer of the journal: items of a search, or one item. What was cut off is left out. */
export function quantitiesIn(response: unknown): QuantityReading[] {
  const items = (response as { items?: unknown } | null)?.items
  return (Array.isArray(items) ? items : [response]).flatMap((item) => {
    const { data } = journaledListing.safeParse(item)
    const entry = data?.fulfillmentAvailability?.find((one) => one.fulfillmentChannelCode === merchantCode)
    return data && entry && isTold(entry) ? [{ remoteSku: data.sku, quantity: entry.quantity! }] : []
  })
}

function amountOf(money: { amount: string; currencyCode: string } | null | undefined): number | null {
  return money ? (readAmount(money.amount, money.currencyCode) ?? null) : null
}
const dateOf = (text: string | null | undefined) => (text ? new Date(text) : null)

function withoutEmpty(record: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => Boolean(entry[1])))
}

/** What Amazon holds of one SKU. What it looks for, or keeps as damaged, cannot be sold now. */
export function readHeldStock(wire: WireInventory, marketplace: string): HeldStock {
  const { inventoryDetails: held } = wire
  const inbound = [held.inboundWorkingQuantity, held.inboundShippedQuantity, held.inboundReceivingQuantity]
  return {
    marketplace,
    remoteSku: wire.sellerSku,
    fulfillable: held.fulfillableQuantity ?? 0,
    inbound: inbound.reduce<number>((sum, units) => sum + (units ?? 0), 0),
    reserved: held.reservedQuantity?.totalReservedQuantity ?? 0,
    unsellable:
      (held.unfulfillableQuantity?.totalUnfulfillableQuantity ?? 0) +
      (held.researchingQuantity?.totalResearchingQuantity ?? 0),
    changedAt: dateOf(wire.lastUpdatedTime || null),
  }
}
