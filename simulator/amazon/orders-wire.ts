import { decimal, isoSeconds } from '../http.ts'
import type { AmazonLine, AmazonOrder, OrderVersion } from '../state.ts'
import { marketplaces } from './marketplaces.ts'
import { shippedUnits } from './orders.ts'

/** Values of `includedData` (models orders_2026-01-01). */
export const datasets = [
  'BUYER',
  'RECIPIENT',
  'PROCEEDS',
  'EXPENSE',
  'PROMOTION',
  'CANCELLATION',
  'FULFILLMENT',
  'PACKAGES',
  'TAX',
  'PAYMENT',
  'FULFILLMENT_ORDERS',
] as const
export type Dataset = (typeof datasets)[number]

const day = 24 * 3_600_000

/**
 * One order as searchOrders and getOrder show it (models orders_2026-01-01, `Order`). A dataset that was not asked
 * for is absent. Pending orders carry neither price nor address.
 */
export function wireOrder(order: AmazonOrder, version: OrderVersion, wanted: ReadonlySet<Dataset>): object {
  const priced = hasPrice(order, version)
  return {
    orderId: order.id,
    createdTime: isoSeconds(order.createdAt),
    lastUpdatedTime: isoSeconds(version.updatedAt),
    programs: order.fulfilledBy === 'AMAZON' ? ['PRIME'] : [],
    salesChannel: {
      channelName: 'AMAZON',
      marketplaceId: order.marketplaceId,
      marketplaceName: marketplaces[order.marketplaceId]?.name,
    },
    buyer: wanted.has('BUYER') ? wireBuyer(order, version) : undefined,
    recipient: wanted.has('RECIPIENT') ? wireRecipient(order, version) : undefined,
    proceeds: wanted.has('PROCEEDS') && priced ? orderProceeds(order) : undefined,
    fulfillment: wanted.has('FULFILLMENT') ? wireFulfillment(order, version) : undefined,
    orderItems: order.lines.map((line) => wireLine(order, version, line, wanted)),
    packages: wanted.has('PACKAGES') ? wirePackages(order, version) : undefined,
  }
}

/** Prices appear when the order is paid; one canceled before that never had any. */
function hasPrice(order: AmazonOrder, version: OrderVersion): boolean {
  if (version.status === 'PENDING') return false
  if (version.status !== 'CANCELLED') return true
  return order.versions.some(({ status }) => status === 'UNSHIPPED')
}

/** Name and e-mail alias: merchant orders only, the alias while there is something to ship (facts, roles and PII). */
function wireBuyer(order: AmazonOrder, { status }: OrderVersion): object | undefined {
  if (status === 'PENDING' || order.fulfilledBy === 'AMAZON') return undefined
  return { buyerName: order.buyer.name, buyerEmail: status === 'CANCELLED' ? undefined : order.buyer.email }
}

function wireRecipient(order: AmazonOrder, { status }: OrderVersion): object | undefined {
  if (status === 'PENDING' || order.fulfilledBy === 'AMAZON') return undefined
  const { name, line1, city, state, postalCode, country } = order.buyer
  return {
    deliveryAddress: {
      name,
      addressLine1: line1,
      city,
      stateOrRegion: state,
      postalCode,
      countryCode: country,
      addressType: 'RESIDENTIAL',
    },
  }
}

function orderProceeds(order: AmazonOrder): object {
  const sum = order.lines.reduce((total, line) => total + line.unitPrice * line.quantity, 0)
  const subtotal = money(sum, order.currency)
  return { grandTotal: subtotal, breakdowns: [{ type: 'ITEM', subtotal }] }
}

function wireFulfillment(order: AmazonOrder, { status }: OrderVersion): object {
  return {
    fulfillmentStatus: status,
    fulfilledBy: order.fulfilledBy,
    fulfillmentServiceLevel: 'STANDARD',
    shipByWindow: window(order.createdAt, 0, 2),
    deliverByWindow: window(order.createdAt, 3, 6),
  }
}

function window(from: number, first: number, last: number): object {
  return { earliestDateTime: isoSeconds(from + first * day), latestDateTime: isoSeconds(from + last * day) }
}

function wireLine(order: AmazonOrder, version: OrderVersion, line: AmazonLine, wanted: ReadonlySet<Dataset>): object {
  const priced = hasPrice(order, version)
  const total = money(line.unitPrice * line.quantity, order.currency)
  return {
    orderItemId: line.itemId,
    quantityOrdered: line.quantity,
    product: {
      asin: line.asin,
      title: line.title,
      sellerSku: line.sku,
      condition: { conditionType: 'NEW', conditionSubtype: 'NEW' },
      price: priced ? { unitPrice: money(line.unitPrice, order.currency) } : undefined,
    },
    proceeds:
      wanted.has('PROCEEDS') && priced
        ? { proceedsTotal: total, breakdowns: [{ type: 'ITEM', subtotal: total }] }
        : undefined,
    cancellation: wanted.has('CANCELLATION') ? wireCancellation(version) : undefined,
    fulfillment: wanted.has('FULFILLMENT') ? lineFulfillment(version, line) : undefined,
  }
}

/** A canceled line keeps its ordered quantity: the models do not say that it becomes 0. */
function lineFulfillment(version: OrderVersion, line: AmazonLine): object {
  const shipped = shippedUnits(version, line)
  return {
    quantityFulfilled: shipped,
    quantityUnfulfilled: version.status === 'CANCELLED' ? 0 : line.quantity - shipped,
  }
}

function wireCancellation(version: OrderVersion): object | undefined {
  const request = version.cancelRequested ? { requester: 'BUYER', cancelReason: 'ORDERED_BY_MISTAKE' } : undefined
  const execution =
    version.status === 'CANCELLED'
      ? { cancelledBy: version.canceledBy ?? 'BUYER', cancelReason: 'BUYER_CANCELLED' }
      : undefined
  if (!request && !execution) return undefined
  return { cancellationRequest: request, cancellationExecution: execution }
}

/** Only merchant orders have packages (models). */
function wirePackages(order: AmazonOrder, version: OrderVersion): object[] | undefined {
  if (!version.parcels || order.fulfilledBy === 'AMAZON') return undefined
  return version.parcels.map((parcel) => ({
    packageReferenceId: parcel.reference,
    createdTime: isoSeconds(parcel.shippedAt),
    packageStatus: { status: 'SHIPPED' },
    carrier: parcel.carrier,
    shipTime: isoSeconds(parcel.shippedAt),
    trackingNumber: parcel.tracking,
    packageItems: parcel.items.map(({ itemId, quantity }) => ({ orderItemId: itemId, quantity })),
  }))
}

function money(minorUnits: number, currencyCode: string): { amount: string; currencyCode: string } {
  return { amount: decimal(minorUnits, currencyCode), currencyCode }
}
