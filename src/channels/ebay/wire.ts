/**
 * The fields of eBay's answers that we use (Sell Inventory, Fulfillment and Account, Commerce Notification, Developer
 * Analytics). Unknown fields pass; a missing required one is an error of the channel, never a guess.
 */
import { z } from 'zod'

const time = z.iso.datetime({ offset: true })
/** Of an order only its id, times, lines and their quantities must be right: stock depends on them. */
const word = z.string().nullish().catch(null)
/** Ids, counts and amounts say the same as a number and as text. */
const id = z.union([z.string().min(1), z.number().int().transform(String)])
const count = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])
const value = z.union([z.string(), z.number().transform(String)])
export const amount = z.object({ value, currency: z.string() })
const money = amount.nullish().catch(null)
const moment = time.nullish().catch(null)

const address = z.object({
  addressLine1: word,
  addressLine2: word,
  city: word,
  county: word,
  stateOrProvince: word,
  postalCode: word,
  countryCode: word,
})
const contact = z
  .object({
    fullName: word,
    companyName: word,
    email: word,
    primaryPhone: z.object({ phoneNumber: word }).nullish().catch(null),
    contactAddress: address.nullish().catch(null),
  })
  .nullish()
  .catch(null)

const lineItem = z.object({
  lineItemId: id,
  sku: id.nullish().catch(null),
  title: word,
  quantity: count.refine((units) => units >= 0),
  lineItemCost: money,
  // A word that is not documented must not drop the order: mapping turns it into 'unknown'.
  lineItemFulfillmentStatus: z.string().catch(''),
  listingMarketplaceId: word,
  lineItemFulfillmentInstructions: z
    .object({ shipByDate: moment, maxEstimatedDeliveryDate: moment })
    .nullish()
    .catch(null),
})
export type WireLine = z.output<typeof lineItem>

const refund = z.object({
  refundId: id.nullish().catch(null),
  refundReferenceId: word,
  amount: money,
  refundStatus: word,
})

export const order = z.object({
  orderId: id,
  creationDate: time,
  lastModifiedDate: time,
  orderFulfillmentStatus: z.string().catch(''),
  orderPaymentStatus: z.string().catch(''),
  cancelStatus: z.object({ cancelState: word }).nullish().catch(null),
  pricingSummary: z.object({ total: money }).nullish().catch(null),
  fulfillmentStartInstructions: z
    .array(
      z.object({
        ebaySupportedFulfillment: z.boolean().nullish().catch(null),
        maxEstimatedDeliveryDate: moment,
        shippingStep: z.object({ shipTo: contact, shipToReferenceId: word }).nullish().catch(null),
      }),
    )
    .nullish()
    .catch(null),
  program: z
    .object({ fulfillmentProgram: z.object({ fulfilledBy: word }).nullish().catch(null) })
    .nullish()
    .catch(null),
  // No order has that many lines; booking a mountain of them would hold up everybody else's.
  lineItems: z.array(lineItem).max(2_000),
})
export type WireOrder = z.output<typeof order>

export const orderPage = z.object({
  // Each order is read by itself, so that one odd order never hides the others of its page.
  orders: z.array(z.unknown()).nullish(),
  total: count,
})
/** What paging and the reading of single orders need to know of an order before it is read whole. */
export const orderId = z.object({ orderId: id })
export const orderMark = orderId.extend({
  lastModifiedDate: z.string(),
  cancelStatus: z.object({ cancelState: word }).nullish().catch(null),
})

const units = z.number().int().min(0)
const availability = z
  .object({ shipToLocationAvailability: z.object({ quantity: units.nullish() }).nullish() })
  .nullish()
export const inventoryItem = z.object({
  sku: z.string().min(1),
  product: z.object({ title: word }).nullish().catch(null),
  availability,
})
export type WireItem = z.output<typeof inventoryItem>
/** Each item by itself: one odd item hides no other. An answer that names none and counts none says nothing. */
export const inventoryItems = z
  .object({ inventoryItems: z.array(z.unknown()).nullish(), next: word, total: count.nullish().catch(null) })
  .refine(({ inventoryItems: items, total }) => Array.isArray(items) || total === 0)

export const offer = z.object({
  offerId: z.string().min(1),
  sku: z.string().min(1),
  marketplaceId: z.string(),
  format: word,
  status: word,
  availableQuantity: units.nullish().catch(null),
  pricingSummary: z.object({ price: money }).nullish().catch(null),
  listing: z
    .object({ listingId: word, listingStatus: word, listingOnHold: z.boolean().nullish().catch(null) })
    .nullish()
    .catch(null),
})
export type WireOffer = z.output<typeof offer>
export const offers = z.object({ offers: z.array(offer).nullish() })

const parameter = z.object({ name: word, value: word })
export const wireError = z.object({
  errorId: z.number().int(),
  domain: word,
  category: word,
  message: word,
  longMessage: word,
  parameters: z.array(parameter).nullish().catch(null),
})
export type WireError = z.output<typeof wireError>
export const errorList = z.object({ errors: z.array(wireError).min(1) })

/** Each item by itself: one odd item hides no other. */
export const bulkItems = z.object({ responses: z.array(z.unknown()) })
export const bulkItem = z.object({
  sku: z.string(),
  statusCode: z.number().int(),
  inventoryItem: z.object({ availability }).nullish(),
  errors: z.array(wireError).nullish().catch(null),
})
/** What is left of it in the journal: everything else is hidden there. */
export const journaledItem = z.object({ sku: z.string(), inventoryItem: z.object({ availability }) })

export const bulkPriceQuantity = z.object({
  responses: z.array(
    z.object({
      offerId: word,
      sku: word,
      statusCode: z.number().int(),
      errors: z.array(wireError).nullish().catch(null),
    }),
  ),
})
export type WirePriceQuantity = z.output<typeof bulkPriceQuantity>['responses'][number]

const fulfillment = z.object({
  fulfillmentId: id,
  lineItems: z.array(z.object({ lineItemId: id, quantity: count.nullish() })),
  shipmentTrackingNumber: word,
  shippingCarrierCode: word,
  shippedDate: moment,
})
export type WireFulfillment = z.output<typeof fulfillment>
export const fulfillments = z.object({ fulfillments: z.array(fulfillment).nullish() })

/** What of an order tells what became of refunds and cancellations. */
export const orderEffects = z.object({
  orderId: id,
  cancelStatus: z
    .object({
      cancelState: word,
      cancelRequests: z
        .array(z.object({ cancelRequestId: word, cancelRequestState: word }))
        .nullish()
        .catch(null),
    })
    .nullish(),
  paymentSummary: z.object({ refunds: z.array(refund).nullish() }).nullish(),
})
export type WireOrderEffects = z.output<typeof orderEffects>
export const refundAnswer = z.object({ refundId: id.nullish().catch(null), refundStatus: word })
export const cancelAnswer = z.object({ cancelId: id })

export const rateLimits = z.object({
  rateLimits: z
    .array(
      z.object({
        apiContext: word,
        apiName: word,
        resources: z.array(
          z.object({
            name: word,
            rates: z.array(
              z.object({
                limit: z.number().nullish(),
                remaining: z.number().nullish(),
                reset: word,
                timeWindow: z.number().nullish(),
              }),
            ),
          }),
        ),
      }),
    )
    .nullish(),
})

export const publicKey = z.object({ key: z.string().min(1), algorithm: word, digest: word })
export const destinations = z.object({
  destinations: z
    .array(
      z.object({
        destinationId: z.string(),
        name: word,
        status: word,
        deliveryConfig: z.object({ endpoint: word, verificationToken: word }).nullish().catch(null),
      }),
    )
    .nullish(),
  next: word,
})
export const subscriptions = z.object({
  subscriptions: z
    .array(z.object({ subscriptionId: z.string(), topicId: z.string(), destinationId: word, status: word }))
    .nullish(),
  next: word,
})
export const topics = z.object({
  topics: z
    .array(
      z.object({
        topicId: z.string(),
        status: word,
        supportedPayloads: z
          .array(z.object({ schemaVersion: word, deprecated: z.boolean().nullish() }))
          .nullish()
          .catch(null),
      }),
    )
    .nullish(),
  next: word,
})
export const privileges = z.object({
  sellerRegistrationCompleted: z.boolean().nullish(),
  sellingLimit: z.object({ quantity: z.number().int().nullish() }).nullish().catch(null),
})
export const programs = z.object({ programs: z.array(z.object({ programType: z.string() })).nullish() })

export const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })
export const consentAnswer = tokenAnswer.extend({ refresh_token: z.string().min(1) })
export const tokenError = z.object({ error: z.string(), error_description: word })
/** Of the user only who it is: nothing else of the answer is read. */
export const user = z.object({ username: word, userId: z.string().min(1) })

/** Of settlements only what finds the next page: they are kept as they came, and read by nobody here. */
const nothing = z.undefined().transform(() => undefined)
export const payout = z.object({ payoutId: id, payoutDate: moment, payoutStatus: word }).or(nothing)
export const payouts = z
  .object({
    total: count,
    payouts: z.array(z.object({ payoutId: id, payoutDate: moment, payoutStatus: word })).nullish(),
  })
  .or(nothing)
export const transactions = z.object({ total: count, transactions: z.array(z.unknown()).nullish() }).or(nothing)
