/**
 * What is strange about the form of an order: fields that we could not read as they are documented, words that we do
 * not know, and names that the documentation does not have. Only places are told, never values.
 */
import { readAmount } from '../../domain/values.ts'
import type { StrangeField } from '../connector.ts'
import { isKnownStatus } from './mapping.ts'
import type { WireOrder } from './wire.ts'

/** Every field name of an order (Order Management, getAllOrders). A test holds it against the published one. */
export const orderFields = [
  'address1 address2 addressType amount areaCode buyerId cancellationReason carrier carrierName charge',
  'chargeAmount chargeName chargeType charges city completeName completeNumber condition configId country',
  'countryCode currency currencyAmount currencyUnit customerEmailId customerOrderId dayPhone emailId empty',
  'estimatedDeliveryDate estimatedShipDate extension firstName fulfillment fulfillmentOption generalSuffix id',
  'imageUrl intentToCancel isGuest item lastName lineNumber mart maturitySuffix methodCode middleName name',
  'orderDate orderLine orderLineQuantity orderLineStatus orderLineStatuses orderLines orderSubTotals',
  'orderSummary orderType originalCarrierMethod originalCustomerOrderID otherCarrier paymentTypes phone',
  'phoneValidity pickUpBy pickUpDateTime pickupPersons postalAddress postalCode productName purchaseOrderId',
  'referenceLineId refund refundCharge refundCharges refundComments refundId refundReason returnCenterAddress',
  'returnOrderId sellerOrderId serialNumbers shipDateTime shipMethod shipNode shippingInfo shippingProgramType',
  'sku state status statusDate statusQuantity storeId subTotalType subscriberNumber tax taxAmount taxName',
  'titleOfRespect totalAmount trackingInfo trackingNumber trackingURL type unit unitOfMeasurement validatedBy',
  'validatedDate validationStatus validationType value weight',
] as const
const known: ReadonlySet<string> = new Set(orderFields.flatMap((line) => line.split(' ')))

/** Deeper than any documented place; what lies below is kept sealed with the rest. */
const deepest = 12

/** `wire` is what was read of `raw`. */
export function strangeFields(raw: unknown, wire: WireOrder): StrangeField[] {
  const found = new Map<string, StrangeField>()
  const note = (path: readonly string[], isNew = false) => {
    const field = path.join('.')
    found.set(field, { field, isNew })
  }
  newNames(raw, [], note)
  readOtherwise(raw, wire, [], note)
  const lines = wire.orderLines.orderLine
  const statuses = lines.flatMap((line) => line.orderLineStatuses.orderLineStatus)
  if (statuses.some(({ status }) => !isKnownStatus(status)))
    note(['orderLines', 'orderLine', 'orderLineStatuses', 'orderLineStatus', 'status'])
  const charges = lines.flatMap((line) => line.charges?.charge ?? [])
  if (charges.some(({ chargeAmount: one }) => one && readAmount(String(one.amount), one.currency) === undefined))
    note(['orderLines', 'orderLine', 'charges', 'charge', 'chargeAmount', 'amount'])
  return [...found.values()]
}

type Note = (path: readonly string[], isNew?: boolean) => void

function newNames(value: unknown, path: readonly string[], note: Note): void {
  if (path.length > deepest || typeof value !== 'object' || value === null) return
  if (Array.isArray(value)) {
    for (const one of value) newNames(one, path, note)
    return
  }
  for (const [name, inner] of Object.entries(value)) {
    // A name that is no field's name could be a value, and values are not told.
    if (!known.has(name)) note([...path, /^[A-Za-z]\w{0,60}$/.test(name) ? name : '?'], true)
    else newNames(inner, [...path, name], note)
  }
}

/** Where what was read differs from what came. */
function readOtherwise(raw: unknown, read: unknown, path: readonly string[], note: Note): void {
  if (raw === undefined || raw === null) return
  if (Array.isArray(read) && Array.isArray(raw)) {
    read.forEach((one, index) => void readOtherwise(raw[index], one, path, note))
  } else if (typeof read === 'object' && read !== null) {
    const fields = raw as Record<string, unknown>
    for (const [name, inner] of Object.entries(read)) readOtherwise(fields[name], inner, [...path, name], note)
    // Units are documented as text.
  } else if (read !== raw && !(typeof read === 'number' && raw === String(read))) note(path)
}
