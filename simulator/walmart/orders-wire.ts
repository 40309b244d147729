import type { Walmart } from './market.ts'
import { openOf } from './orders.ts'
import type { WalmartLine, WalmartOrder, WalmartVersion } from './types.ts'

const dollars = (minor: number) => Number((minor / 100).toFixed(2))
const each = (quantity: number) => ({ unitOfMeasurement: 'EACH', amount: String(quantity) })

/** One purchase order, as it stood in this version. */
export function wireOrder(walmart: Walmart, order: WalmartOrder, version: WalmartVersion): object {
  const { name, line1, city, state, postalCode } = order.buyer
  const total = order.lines.reduce((sum, line) => sum + line.unitPrice * line.quantity, 0)
  const money = { currencyAmount: dollars(total), currencyUnit: order.currency }
  return {
    purchaseOrderId: order.id,
    customerOrderId: order.customerOrderId,
    customerEmailId: order.buyer.email,
    orderDate: order.createdAt,
    shippingInfo: {
      phone: order.phone,
      estimatedDeliveryDate: order.deliverBy,
      estimatedShipDate: order.shipBy,
      methodCode: 'Standard',
      postalAddress: { name, address1: line1, city, state, postalCode, country: 'USA', addressType: 'RESIDENTIAL' },
    },
    orderLines: { orderLine: order.lines.map((line) => wireLine(order, version, line)) },
    orderSummary: { totalAmount: money, orderSubTotals: [{ subTotalType: 'PRODUCT', totalAmount: money }] },
    shipNode: { type: order.nodeType, name: walmart.settings.partnerId, id: walmart.settings.partnerId },
  }
}

function wireLine(order: WalmartOrder, version: WalmartVersion, line: WalmartLine): object {
  const price = { currency: order.currency, amount: dollars(line.unitPrice * line.quantity) }
  const refunds = version.refunds.filter((one) => one.lineNumber === line.lineNumber)
  return {
    lineNumber: line.lineNumber,
    item: { productName: line.title, sku: line.sku, condition: 'New' },
    charges: {
      charge: [
        {
          chargeType: 'PRODUCT',
          chargeName: 'ItemPrice',
          chargeAmount: price,
          tax: { taxName: 'Tax1', taxAmount: { currency: order.currency, amount: 0 } },
        },
      ],
    },
    orderLineQuantity: each(line.quantity),
    statusDate: version.updatedAt,
    orderLineStatuses: { orderLineStatus: statuses(version, line) },
    ...(refunds.length > 0
      ? {
          refund: {
            refundId: refunds[0]!.refundId,
            ...(refunds[0]!.comment === null ? {} : { refundComments: refunds[0]!.comment }),
            refundCharges: {
              refundCharge: refunds.map((one) => ({
                refundReason: one.reason,
                charge: {
                  chargeType: one.chargeType,
                  chargeName: one.chargeName,
                  chargeAmount: { currency: order.currency, amount: dollars(one.amount) },
                },
              })),
            },
          },
        }
      : {}),
    ...(version.wantsCancel ? { intentToCancel: 'INTENT_TO_CANCEL' } : {}),
    fulfillment: { fulfillmentOption: 'S2H', shipMethod: 'STANDARD', pickUpDateTime: order.deliverBy },
  }
}

/** The units of a line, by what became of them; one entry a parcel. */
function statuses(version: WalmartVersion, line: WalmartLine): object[] {
  const parcels = version.parcels.filter((one) => one.lineNumber === line.lineNumber)
  const canceled = version.canceled.filter((one) => one.lineNumber === line.lineNumber)
  const open = openOf(version, line)
  return [
    ...parcels.map((one) => ({
      status: 'Shipped',
      statusQuantity: each(one.quantity),
      trackingInfo: {
        shipDateTime: one.shippedAt,
        carrierName: one.isOther ? { otherCarrier: one.carrier } : { carrier: one.carrier },
        methodCode: one.methodCode,
        trackingNumber: one.tracking,
        ...(one.url === null ? {} : { trackingURL: one.url }),
      },
    })),
    ...canceled.map((one) => ({
      status: 'Cancelled',
      statusQuantity: each(one.quantity),
      cancellationReason: one.reason,
    })),
    ...(open > 0 ? [{ status: version.acknowledged ? 'Acknowledged' : 'Created', statusQuantity: each(open) }] : []),
  ]
}
