/**
 * What is strange about the form of an order: fields that we could not read as they are documented, words that we do
 * not know, and names that the documentation does not have. Only places are told, never values.
 */
import { readAmount } from '../../domain/values.ts'
import type { StrangeField } from '../connector.ts'
import { isKnownLineState, isKnownPayment, isKnownShipping } from './mapping.ts'
import type { WireOrder } from './wire.ts'

/** Every field name of an order (Sell Fulfillment v1.20.7). A test holds it against the published one. */
export const orderFields = [
  'addressLine1 addressLine2 adjustment amount appliedPromotions appointment appointmentEndTime',
  'appointmentStartTime appointmentStatus appointmentType appointmentWindow authenticityVerification buyer',
  'buyerCheckoutNotes buyerProtection buyerRegistrationAddress cancelCompletedDate cancelInitiator cancelReason',
  'cancelRequestId cancelRequestState cancelRequestedDate cancelRequests cancelState cancelStatus cancelledDate',
  'chargeType charges city collectionMethod companyName compatibilityProperties contactAddress',
  'convertedFromCurrency convertedFromValue countryCode county creationDate currency deliveryCost deliveryDiscount',
  'description discountAmount discountedLineItemCost ebayCollectAndRemitTax ebayCollectAndRemitTaxes',
  'ebayCollectedCharges ebayInternationalShipping ebayReference ebayShipping ebaySupportedFulfillment ebayVault',
  'email expectedReleaseDate fee finalDestinationAddress fromBestOffer fulfilledBy fulfillmentHrefs',
  'fulfillmentInstructionsType fulfillmentProgram fulfillmentStartInstructions fulfillmentType fullName giftDetails',
  'guaranteedDelivery handlingCost holdAmount holdReason holdState importCharges issuingCountry itemLocation',
  'lastModifiedDate legacyItemId legacyVariationId lineItemAspects lineItemCost lineItemFulfillmentInstructions',
  'lineItemFulfillmentStatus lineItemId lineItems linkedOrderLineItems listingMarketplaceId location',
  'maxEstimatedDeliveryDate merchantLocationKey message minEstimatedDeliveryDate name orderFulfillmentStatus',
  'orderId orderPaymentStatus outcomeReason paymentDate paymentHolds paymentMethod paymentReferenceId paymentStatus',
  'paymentSummary payments phoneNumber pickupStep postalCode priceDiscount priceSubtotal pricingSummary',
  'primaryPhone program promotionId properties propertyDisplayName propertyName propertyValue purchaseMarketplaceId',
  'quantity recipientEmail refundDate refundId refundReferenceId refundStatus refunds releaseDate returnsManagedBy',
  'salesRecordReference sellerActionToRelease sellerActionsToRelease sellerId senderName',
  'serviceProviderAppointmentDate shipByDate shipTo shipToReferenceId shipmentTrackingNumber shipments',
  'shippingCarrierCode shippingCost shippingIntermediationFee shippingLabelProvidedBy shippingServiceCode',
  'shippingStep sku soldFormat soldViaAdCampaign stateOrProvince status tax taxAddress taxIdentifier',
  'taxIdentifierType taxType taxes taxpayerId title total totalDueSeller totalFeeBasisAmount totalMarketplaceFee',
  'username value variationAspects',
] as const
const known: ReadonlySet<string> = new Set(orderFields.flatMap((line) => line.split(' ')))

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
  if (!isKnownShipping(wire.orderFulfillmentStatus)) note(['orderFulfillmentStatus'])
  if (!isKnownPayment(wire.orderPaymentStatus)) note(['orderPaymentStatus'])
  if (wire.lineItems.some((line) => !isKnownLineState(line.lineItemFulfillmentStatus)))
    note(['lineItems', 'lineItemFulfillmentStatus'])
  if (isNoAmount(wire.pricingSummary?.total)) note(['pricingSummary', 'total', 'value'])
  if (wire.lineItems.some((line) => isNoAmount(line.lineItemCost))) note(['lineItems', 'lineItemCost', 'value'])
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
  } else if (read !== raw) note(path)
}

function isNoAmount(money: WireOrder['lineItems'][number]['lineItemCost']): boolean {
  return Boolean(money) && readAmount(money!.value, money!.currency) === undefined
}
