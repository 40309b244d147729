/**
 * What is strange about the form of an order: fields that we could not read as they are documented, words that we do
 * not know, and names that the model does not have. Only places are told, never values.
 */
import { readAmount } from '../../domain/values.ts'
import type { StrangeField } from '../connector.ts'
import { isKnownFulfiller, isKnownStatus } from './mapping.ts'
import type { WireOrder } from './wire.ts'

/** Every field name of an order (model orders_2026-01-01). A test holds it against the published types. */
export const orderFields = [
  'acquirerId addressInstruction addressLine1 addressLine2 addressLine3 addressType aliasId aliasType amount asin',
  'associatedOrderItems associatedOrders associationType authorizationCode breakdowns businessHours buyer',
  'buyerCompanyName buyerEmail buyerInvoicePreference buyerName buyerPurchaseOrderNumber cancelReason cancellation',
  'cancellationExecution cancellationRequest cancelledBy cardBrand carrier cashOnDelivery channelName city',
  'companyName complement condition conditionNote conditionSubtype conditionType countryCode createdTime',
  'currencyCode customization customizedUrl dayOfWeek deliverByWindow deliveryAddress deliveryCapabilities',
  'deliveryPreference deliveryTime detailedBreakdowns detailedStatus districtOrCounty dropOffLocation',
  'earliestDateTime endTime entityType exceptionDate exceptionDateType exceptionDates expense extendedFields',
  'fulfilledBy fulfillment fulfillmentOrderId fulfillmentOrders fulfillmentServiceLevel fulfillmentStatus',
  'giftMessage giftOption giftWrapLevel grandTotal hour internationalShipping invoiceStatus iossNumber key',
  'labelPrintingWindow lastUpdatedTime latestDateTime legalName marketplaceId marketplaceName measurement minute',
  'model municipality name neighborhood orderAliases orderId orderItemId orderItems packageItems packageReferenceId',
  'packageStatus packages packing palletDelivery payment paymentAmount paymentExecutions paymentMethod phone',
  'picking pointsCost pointsGranted pointsMonetaryValue pointsNumber postalCode price priceDesignation proceeds',
  'proceedsTotal product programs promotion promotionId quantity quantityFulfilled quantityOrdered',
  'quantityUnfulfilled recipient recipientAgeVerification recipientIdentityVerification reportingScheme requester',
  'requirementType responsibleParty salesChannel scheduledDeliveryWindow sellerSku serialNumberRequirement',
  'serialNumbers shipByWindow shipFromAddress shipTime shipping shippingConstraints shippingService',
  'signatureConfirmation startTime stateOrRegion status streetName streetNumber substitutionOptions',
  'substitutionPreference substitutionType subtotal subtype tax taxCalculationBreakdowns taxCollections',
  'taxInvoicing taxRegistrationAddress taxRegistrationAttributes taxRegistrationNumber taxRegistrationType',
  'taxRegistrations timeWindows title trackingNumber transparencyCodes type unit unitPrice value',
] as const
const known: ReadonlySet<string> = new Set(orderFields.flatMap((line) => line.split(' ')))

/** What the model requires and we can do without, by the place of the object that should have it. */
const required = new Map([
  ['', 'salesChannel'],
  ['orderItems', 'product'],
  ['fulfillment', 'fulfillmentStatus'],
])

/** Deeper than any documented place; what lies below is kept sealed with the rest. */
const deepest = 8

/** `wire` is what was read of `raw`. */
export function strangeFields(raw: unknown, wire: WireOrder): StrangeField[] {
  const found = new Map<string, StrangeField>()
  const note = (path: readonly string[], isNew = false) => {
    const field = path.join('.')
    found.set(field, { field, isNew })
  }
  newNames(raw, [], note)
  readOtherwise(raw, wire, [], note)
  const { fulfillment } = wire
  if (fulfillment && !isKnownStatus(fulfillment.fulfillmentStatus)) note(['fulfillment', 'fulfillmentStatus'])
  if (fulfillment?.fulfilledBy && !isKnownFulfiller(fulfillment.fulfilledBy)) note(['fulfillment', 'fulfilledBy'])
  if (isNoAmount(wire.proceeds?.grandTotal)) note(['proceeds', 'grandTotal', 'amount'])
  if (wire.orderItems.some((item) => isNoAmount(item.product?.price?.unitPrice)))
    note(['orderItems', 'product', 'price', 'unitPrice', 'amount'])
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

/** Where what was read differs from what came, or what the model requires did not come. */
function readOtherwise(raw: unknown, read: unknown, path: readonly string[], note: Note): void {
  if (raw === undefined || raw === null) return
  if (Array.isArray(read) && Array.isArray(raw)) {
    read.forEach((one, index) => void readOtherwise(raw[index], one, path, note))
  } else if (typeof read === 'object' && read !== null) {
    const fields = raw as Record<string, unknown>
    const needed = required.get(path.join('.'))
    if (needed && (fields[needed] ?? null) === null) note([...path, needed])
    for (const [name, inner] of Object.entries(read)) readOtherwise(fields[name], inner, [...path, name], note)
  } else if (read !== raw) note(path)
}

function isNoAmount(money: { amount: string; currencyCode: string } | null | undefined): boolean {
  return Boolean(money) && readAmount(money!.amount, money!.currencyCode) === undefined
}
