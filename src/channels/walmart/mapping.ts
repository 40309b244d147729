/** Walmart's words ↔ ours. Pure. */
import type { Buyer, FulfilledBy, IncomingOrder, OrderState } from '../../domain/orders.ts'
import { readAmount } from '../../domain/values.ts'
import type { HeldStock, IncomingListing, QuantityReading } from '../connector.ts'
import { inventory, type WireHeld, type WireInventory, type WireItem, type WireLine, type WireOrder } from './wire.ts'

export const marketplace = 'WALMART_US'

/** Maps, not objects: a word like "constructor" must not find what every object has. */
const words = new Map<string, 'created' | 'acknowledged' | 'shipped' | 'canceled'>([
  ['Created', 'created'],
  ['Acknowledged', 'acknowledged'],
  ['Shipped', 'shipped'],
  ['Delivered', 'shipped'],
  // Of units that had left.
  ['Refund', 'shipped'],
  ['Cancelled', 'canceled'],
])
export const isKnownStatus = (word: string) => words.has(word)

const fulfillers = new Map<string, FulfilledBy>([
  ['SellerFulfilled', 'merchant'],
  // Of the seller's own warehouse, run by another: its quantities are the seller's to write.
  ['3PLFulfilled', 'channel'],
  ['WFSFulfilled', 'channel'],
])

/** So long after the order it must be acknowledged (facts: channels.md §2, orders; assurance.md A2). */
export const acknowledgeWithinMs = 4 * 3_600_000
/** What has not left so long after its day to ship is canceled by Walmart (facts §2, auto-cancel). */
const canceledAfterMs = 4 * 86_400_000

interface Units {
  created: number
  acknowledged: number
  shipped: number
  canceled: number
  unknown: number
}

/** Units of a line, by what became of them. */
export function unitsOf({ orderLineStatuses }: Pick<WireLine, 'orderLineStatuses'>): Units {
  const units: Units = { created: 0, acknowledged: 0, shipped: 0, canceled: 0, unknown: 0 }
  for (const { status, statusQuantity } of orderLineStatuses.orderLineStatus)
    units[words.get(status) ?? 'unknown'] += statusQuantity.amount
  return units
}

function stateOf(lines: readonly { quantity: number; units: Units }[]): OrderState {
  if (lines.some(({ units }) => units.unknown > 0)) return 'unknown'
  const sum = (of: (line: (typeof lines)[number]) => number) => lines.reduce((all, line) => all + of(line), 0)
  const [whole, shipped, canceled] = [
    sum(({ quantity }) => quantity),
    sum(({ units }) => units.shipped),
    sum(({ units }) => units.canceled),
  ]
  if (canceled >= whole) return 'canceled'
  if (shipped + canceled >= whole) return 'shipped'
  return shipped > 0 ? 'partly_shipped' : 'open'
}

export function readOrder(wire: WireOrder, raw: unknown): IncomingOrder {
  const lines = wire.orderLines.orderLine.map((line) => ({
    line,
    quantity: line.orderLineQuantity.amount,
    units: unitsOf(line),
  }))
  const state = stateOf(lines)
  const isOpen = state === 'open' || state === 'partly_shipped'
  const fulfilledBy = readFulfiller(wire)
  const waits = fulfilledBy === 'merchant' && lines.some(({ units }) => units.created > 0)
  const shipBy = wire.shippingInfo?.estimatedShipDate ?? null
  const total = wire.orderSummary?.totalAmount ?? null
  return {
    remoteId: wire.purchaseOrderId,
    updatedAt: new Date(Math.max(wire.orderDate, ...lines.map(({ line }) => line.statusDate))),
    placedAt: new Date(wire.orderDate),
    state,
    fulfilledBy,
    marketplace,
    currency: total?.currencyUnit ?? currencyOf(wire),
    total: total ? (readAmount(String(total.currencyAmount), total.currencyUnit) ?? null) : totalOf(wire),
    shipBy: shipBy === null ? null : new Date(shipBy),
    deliverBy: wire.shippingInfo?.estimatedDeliveryDate ? new Date(wire.shippingInfo.estimatedDeliveryDate) : null,
    // A new word for some of its units does not end the wait of the others.
    acknowledgeBy: waits && (isOpen || state === 'unknown') ? new Date(wire.orderDate + acknowledgeWithinMs) : null,
    cancelsAt: fulfilledBy === 'merchant' && isOpen && shipBy !== null ? new Date(shipBy + canceledAfterMs) : null,
    lines: lines.map(({ line, quantity, units }) => ({
      remoteId: line.lineNumber,
      remoteSku: line.item?.sku ?? null,
      title: line.item?.productName ?? '',
      quantity,
      shipped: Math.min(quantity, units.shipped),
      canceled: Math.min(quantity, units.canceled),
      unitPrice: unitPrice(line, quantity),
    })),
    buyer: readBuyer(wire),
    raw,
  }
}

/** Where nothing is said of it, only the seller's own were asked for. */
function readFulfiller({ shipNode }: WireOrder): FulfilledBy | null {
  const word = shipNode?.type
  return word ? (fulfillers.get(word) ?? null) : 'merchant'
}

const chargesOf = (line: WireLine, type: string) =>
  (line.charges?.charge ?? []).flatMap(({ chargeType, chargeAmount }) =>
    chargeType === type && chargeAmount ? [chargeAmount] : [],
  )

const amountOf = ({ amount, currency }: { amount: number; currency: string }) =>
  readAmount(String(amount), currency) ?? null

/** The charge of a line is that of all its units. */
function unitPrice(line: WireLine, quantity: number): number | null {
  const [charge, ...more] = chargesOf(line, 'PRODUCT')
  const cost = charge && more.length === 0 ? amountOf(charge) : null
  return cost !== null && quantity > 0 && cost % quantity === 0 ? cost / quantity : null
}

const currencyOf = (wire: WireOrder): string | null =>
  wire.orderLines.orderLine.flatMap((line) => chargesOf(line, 'PRODUCT'))[0]?.currency ?? null

function totalOf(wire: WireOrder): number | null {
  const all = wire.orderLines.orderLine.flatMap((line) => [
    ...chargesOf(line, 'PRODUCT'),
    ...chargesOf(line, 'SHIPPING'),
  ])
  const amounts = all.map(amountOf)
  return amounts.length === 0 || amounts.includes(null) ? null : amounts.reduce((sum, one) => sum! + one!, 0)
}

/** Stands there until the real one is known (facts §2, orders). */
const noEmail = 'nocxemail@walmartone.com'

function readBuyer({ shippingInfo, customerEmailId }: WireOrder): Buyer | null {
  const to = shippingInfo?.postalAddress
  const buyer: Buyer = {}
  if (to?.name) buyer.name = to.name
  if (customerEmailId && customerEmailId.toLowerCase() !== noEmail) buyer.email = customerEmailId
  if (shippingInfo?.phone) buyer.phone = shippingInfo.phone
  if (to) {
    buyer.address = withoutEmpty({
      line1: to.address1,
      line2: to.address2,
      city: to.city,
      region: to.state,
      postalCode: to.postalCode,
      // Three letters here, two everywhere else.
      country: to.country === 'USA' ? 'US' : to.country,
    })
  }
  return Object.keys(buyer).length > 0 ? buyer : null
}

/** What buyers can get of the seller's own, over its nodes. Null: there is no node. */
export function readQuantity({ sku, nodes }: WireInventory): QuantityReading {
  const quantity = nodes.length === 0 ? null : nodes.reduce((sum, { availToSellQty }) => sum + availToSellQty.amount, 0)
  return { remoteSku: sku, quantity }
}

/** The same of one node alone, where the answer names its nodes: what lies at others is written by nobody here. */
export function readQuantityAt(shipNode: string | undefined, { sku, nodes }: WireInventory): QuantityReading {
  const isNamed = shipNode !== undefined && nodes.some((one) => Boolean(one.shipNode))
  return readQuantity({ sku, nodes: isNamed ? nodes.filter((one) => one.shipNode === shipNode) : nodes })
}

/** The quantity in an answer of the journal. What was cut off is left out. */
export function quantitiesIn(response: unknown): QuantityReading[] {
  const one = inventory.safeParse(response)
  return one.success ? [readQuantity(one.data)] : []
}

const published = new Map<string, boolean>([
  ['PUBLISHED', true],
  ['UNPUBLISHED', false],
  ['SYSTEM_PROBLEM', false],
  ['IN_PROGRESS', false],
])

/** An item of the seller's with what lies at its nodes; one that Walmart alone holds has none. */
export function readListing(item: WireItem, quantity: number | null, isHeld: boolean): IncomingListing {
  const amount = item.price ? amountOf(item.price) : null
  const isOver = item.lifecycleStatus === 'RETIRED' || item.lifecycleStatus === 'ARCHIVED'
  return {
    marketplace,
    remoteSku: item.sku,
    remoteId: item.wpid || null,
    title: item.productName ?? item.sku,
    fulfilledBy: quantity === null && isHeld ? 'channel' : 'merchant',
    merchantQuantity: quantity,
    buyable: isOver ? false : (published.get(item.publishedStatus ?? '') ?? null),
    price: item.price && amount !== null ? { amount, currency: item.price.currency } : null,
    ...(item.gtin ? { gtin: item.gtin } : {}),
  }
}

export function readHeld({ sku, shipNodes }: WireHeld): HeldStock {
  const sum = (of: (one: WireHeld['shipNodes'][number]) => number) => shipNodes.reduce((all, one) => all + of(one), 0)
  const fulfillable = sum((one) => one.availToSellQty)
  const times = shipNodes.map((one) => Date.parse(one.modifiedDate ?? '')).filter((one) => !Number.isNaN(one))
  return {
    marketplace,
    remoteSku: sku,
    fulfillable,
    // This list tells nothing of what is on its way there, or damaged.
    inbound: 0,
    reserved: Math.max(0, sum((one) => one.onHandQty) - fulfillable),
    unsellable: 0,
    changedAt: times.length > 0 ? new Date(Math.max(...times)) : null,
  }
}

function withoutEmpty(record: Record<string, string | null | undefined>): Record<string, string> {
  return Object.fromEntries(Object.entries(record).filter((entry): entry is [string, string] => Boolean(entry[1])))
}
