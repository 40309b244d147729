import { decimal } from '../http.ts'
import type { EbaySettings } from './market.ts'
import { shippedOf, totalOf } from './orders.ts'
import type { EbayLine, EbayOrder, EbayRefund, EbayVersion } from './types.ts'

const day = 86_400_000

/** One order as getOrders and getOrder show it; a list never shows the requests for cancellation (facts §6.5). */
export function wireOrder(settings: EbaySettings, order: EbayOrder, version: EbayVersion, isSingle: boolean): object {
  const money = (minorUnits: number) => ({ value: decimal(minorUnits, order.currency), currency: order.currency })
  const total = money(totalOf(order))
  const states = order.lines.map((line) => lineState(version, line))
  const whole = states.every((state) => state === 'FULFILLED')
  const some = states.some((state) => state !== 'NOT_STARTED')
  const { name, line1, city, state, postalCode, country } = order.buyer
  const home = { addressLine1: line1, city, stateOrProvince: state, postalCode, countryCode: country }
  return {
    orderId: order.id,
    creationDate: iso(order.createdAt),
    lastModifiedDate: iso(version.updatedAt),
    orderFulfillmentStatus: whole ? 'FULFILLED' : some ? 'IN_PROGRESS' : 'NOT_STARTED',
    orderPaymentStatus: version.payment,
    sellerId: settings.sellerId,
    buyer: {
      username: order.username,
      taxAddress: { stateOrProvince: state, postalCode, countryCode: country },
      buyerRegistrationAddress: { fullName: name, contactAddress: home, email: order.buyer.email },
    },
    pricingSummary: { priceSubtotal: total, deliveryCost: money(0), total },
    cancelStatus: cancelStatus(version, isSingle),
    paymentSummary: {
      totalDueSeller: total,
      refunds: version.refunds.map((refund) => wireRefund(refund, money)),
      payments: [
        {
          paymentMethod: 'EBAY',
          paymentReferenceId: order.id,
          paymentDate: iso(order.createdAt),
          amount: total,
          paymentStatus: version.payment === 'PENDING' ? 'PENDING' : 'PAID',
        },
      ],
    },
    fulfillmentStartInstructions: [
      {
        fulfillmentInstructionsType: 'SHIP_TO',
        minEstimatedDeliveryDate: iso(order.createdAt + 3 * day),
        maxEstimatedDeliveryDate: iso(order.createdAt + 6 * day),
        ebaySupportedFulfillment: order.isInternational,
        // Over the border eBay's hub is where the parcel goes, and the buyer's home is told beside it.
        ...(order.isInternational ? { finalDestinationAddress: home } : {}),
        shippingStep: {
          shipTo: order.isInternational
            ? hub(name)
            : { fullName: name, contactAddress: home, email: order.buyer.email },
          ...(order.isInternational ? { shipToReferenceId: `eBay:${order.id}` } : {}),
          shippingCarrierCode: 'USPS',
          shippingServiceCode: 'USPSPriority',
        },
      },
    ],
    fulfillmentHrefs: version.parcels.map(
      (parcel) =>
        `https://api.ebay.com/sell/fulfillment/v1/order/${order.id}/shipping_fulfillment/${parcel.fulfillmentId}`,
    ),
    lineItems: order.lines.map((line) => ({
      lineItemId: line.lineItemId,
      legacyItemId: line.legacyItemId,
      sku: line.sku,
      title: line.title,
      lineItemCost: money(line.unitPrice * line.quantity),
      quantity: line.quantity,
      soldFormat: 'FIXED_PRICE',
      listingMarketplaceId: line.marketplaceId,
      purchaseMarketplaceId: line.marketplaceId,
      lineItemFulfillmentStatus: lineState(version, line),
      total: money(line.unitPrice * line.quantity),
      deliveryCost: { shippingCost: money(0) },
      appliedPromotions: [],
      taxes: [],
      refunds: version.refunds.flatMap((refund) =>
        refund.lines
          .filter((one) => one.lineItemId === line.lineItemId)
          .map((one) => ({ amount: money(one.amount), refundDate: iso(refund.at), refundId: refund.refundId })),
      ),
      properties: { buyerProtection: true },
      lineItemFulfillmentInstructions: {
        minEstimatedDeliveryDate: iso(order.createdAt + 3 * day),
        maxEstimatedDeliveryDate: iso(order.createdAt + 6 * day),
        shipByDate: iso(order.createdAt + 2 * day),
        guaranteedDelivery: false,
      },
    })),
    salesRecordReference: order.id,
  }
}

const hub = (name: string) => ({
  fullName: name,
  primaryPhone: { phoneNumber: '0000000000' },
  contactAddress: {
    addressLine1: '1 Example Hub Way',
    addressLine2: 'Suite 000',
    city: 'Sampletown',
    stateOrProvince: 'IL',
    postalCode: '60000',
    countryCode: 'US',
  },
})

function lineState(version: EbayVersion, line: EbayLine): 'NOT_STARTED' | 'IN_PROGRESS' | 'FULFILLED' {
  const shipped = shippedOf(version, line.lineItemId)
  return shipped === 0 ? 'NOT_STARTED' : shipped < line.quantity ? 'IN_PROGRESS' : 'FULFILLED'
}

function cancelStatus(version: EbayVersion, isSingle: boolean): object {
  const isOver = version.cancel === 'CANCELED'
  const request = {
    cancelRequestId: version.cancelId,
    cancelReason: version.canceledBy === 'SELLER' ? 'OUT_OF_STOCK_OR_CANNOT_FULFILL' : 'BUYER_ASKED_CANCEL',
    cancelInitiator: version.canceledBy ?? 'BUYER',
    cancelRequestState: isOver ? 'COMPLETED' : 'REQUESTED',
    cancelRequestedDate: iso(version.updatedAt),
    ...(isOver ? { cancelCompletedDate: iso(version.updatedAt) } : {}),
  }
  return {
    cancelState: version.cancel,
    cancelRequests: isSingle && version.cancel !== 'NONE_REQUESTED' ? [request] : [],
    ...(isOver ? { cancelledDate: iso(version.updatedAt) } : {}),
  }
}

const wireRefund = (refund: EbayRefund, money: (units: number) => object): object => ({
  refundId: refund.refundId,
  refundDate: iso(refund.at),
  amount: money(refund.amount),
  refundStatus: refund.status,
})

export const iso = (time: number): string => new Date(time).toISOString()
