/**
 * The fields of Amazon's answers that we use (models orders_2026-01-01, listingsItems_2021-08-01). Unknown fields pass;
 * a missing required one is an error of the channel, never a guess.
 */
import { z } from 'zod'

const time = z.iso.datetime({ offset: true })
/**
 * Of an order only its id, times, items and their quantities must be right: stock depends on them. Whatever else is odd
 * is left out, because dropping the order would be worse; fields.ts tells what was left out.
 */
const word = z.string().nullish().catch(null)
/** Ids, counts and amounts say the same as a number and as text. A number that JSON cannot carry exactly is refused. */
const id = z.union([z.string().min(1), z.number().int().transform(String)])
const count = z.union([
  z.number().int(),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])
const amount = z.union([z.string(), z.number().transform(String)])

const money = z.object({ amount, currencyCode: z.string() })

const address = z.object({
  name: word,
  companyName: word,
  addressLine1: word,
  addressLine2: word,
  addressLine3: word,
  city: word,
  districtOrCounty: word,
  stateOrRegion: word,
  municipality: word,
  postalCode: word,
  countryCode: word,
  phone: word,
})

const orderItem = z.object({
  orderItemId: id,
  quantityOrdered: count.refine((units) => units >= 0),
  product: z
    .object({
      asin: word,
      title: word,
      sellerSku: id.nullish().catch(null),
      price: z
        .object({ unitPrice: money.nullish().catch(null) })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
  cancellation: z
    .object({ cancellationExecution: z.object({ cancelledBy: word }).nullish().catch(null) })
    .nullish()
    .catch(null),
  fulfillment: z.object({ quantityFulfilled: count.nullish(), quantityUnfulfilled: count.nullish() }).nullish(),
})

const window = z
  .object({ latestDateTime: time.nullish().catch(null) })
  .nullish()
  .catch(null)

export const order = z.object({
  orderId: id,
  createdTime: time,
  lastUpdatedTime: time,
  salesChannel: z.object({ marketplaceId: word }).nullish().catch(null),
  buyer: z.object({ buyerName: word, buyerEmail: word }).nullish().catch(null),
  recipient: z
    .object({ deliveryAddress: address.nullish().catch(null) })
    .nullish()
    .catch(null),
  proceeds: z
    .object({ grandTotal: money.nullish().catch(null) })
    .nullish()
    .catch(null),
  fulfillment: z
    .object({
      // A word not in the model must not drop the order: mapping turns it into 'unknown'.
      fulfillmentStatus: z.string().catch(''),
      fulfilledBy: word,
      shipByWindow: window,
      deliverByWindow: window,
    })
    .nullish()
    .catch(null),
  // No order has that many lines; booking a mountain of them would hold up everybody else's.
  orderItems: z.array(orderItem).max(2_000),
})
export type WireOrder = z.output<typeof order>

export const searchOrders = z.object({
  // Each order is read by itself, so that one odd order never hides the other 99 of its page.
  orders: z.array(z.unknown()),
  pagination: z.object({ nextToken: z.string().nullish() }).nullish(),
  lastUpdatedBefore: time.nullish(),
})

/** Of an order asked for its packages. What they hold decides whether a shipment is told again, so nothing is guessed. */
export const orderPackages = z.object({
  packages: z
    .array(
      z.object({
        packageReferenceId: id,
        carrier: word,
        trackingNumber: word,
        shipTime: time.nullish().catch(null),
        packageItems: z.array(z.object({ orderItemId: id, quantity: count })).nullish(),
      }),
    )
    .nullish(),
})

export const getOrder = z.object({ order: z.unknown() })

export const listingsItem = z.object({
  sku: z.string().min(1),
  summaries: z
    .array(
      z.object({
        marketplaceId: z.string(),
        asin: z.string().nullish(),
        itemName: z.string().nullish(),
        createdDate: time.nullish(),
        status: z.array(z.string()).nullish(),
      }),
    )
    .nullish(),
  offers: z.array(z.object({ marketplaceId: z.string(), offerType: z.string(), price: money })).nullish(),
  fulfillmentAvailability: z
    .array(z.object({ fulfillmentChannelCode: z.string(), quantity: z.number().int().min(0).nullish() }))
    .nullish(),
})
export type WireListing = z.output<typeof listingsItem>

/** What is left of an item in the journal: everything else is hidden there. */
export const journaledListing = listingsItem.pick({ sku: true, fulfillmentAvailability: true })

export const searchListings = z.object({
  numberOfResults: z.number().int(),
  pagination: z.object({ nextToken: z.string().nullish() }).nullish(),
  // Each by itself: one odd listing hides no other.
  items: z.array(z.unknown()),
})

export const submission = z.object({
  sku: z.string(),
  status: z.string(),
  submissionId: z.string(),
  issues: z.array(z.object({ code: z.string(), message: z.string(), severity: z.string() })).nullish(),
})

const units = z.number().int().min(0).nullish()
/** Model fbaInventory: nothing of it is required there; without these two a summary says nothing. */
export const inventorySummary = z.object({
  sellerSku: z.string().min(1),
  lastUpdatedTime: z
    .union([time, z.literal('')])
    .nullish()
    .catch(null),
  inventoryDetails: z.object({
    fulfillableQuantity: units,
    inboundWorkingQuantity: units,
    inboundShippedQuantity: units,
    inboundReceivingQuantity: units,
    reservedQuantity: z.object({ totalReservedQuantity: units }).nullish(),
    researchingQuantity: z.object({ totalResearchingQuantity: units }).nullish(),
    unfulfillableQuantity: z.object({ totalUnfulfillableQuantity: units }).nullish(),
  }),
})
export type WireInventory = z.output<typeof inventorySummary>
export const inventorySummaries = z.object({
  // Not required by the model. An answer without it tells nothing, and must not be taken for "nothing is held".
  payload: z.object({ inventorySummaries: z.array(z.unknown()) }),
  pagination: z.object({ nextToken: z.string().nullish() }).nullish(),
})

export const createdDocument = z.object({ feedDocumentId: z.string().min(1), url: z.url() })
export const createdFeed = z.object({ feedId: z.string().min(1) })
export const feed = z.object({
  feedId: z.string(),
  processingStatus: z.string(),
  processingStartTime: time.nullish().catch(null),
  processingEndTime: time.nullish().catch(null),
  resultFeedDocumentId: z.string().nullish(),
})
export const feedList = z.object({ feeds: z.array(feed) })
export const feedDocument = z.object({ url: z.url(), compressionAlgorithm: z.string().nullish() })

/** Of a report (model reports_2021-06-30). */
const reportEntry = z.object({
  reportId: z.string().min(1),
  processingStatus: z.string(),
  createdTime: time,
  dataStartTime: time.nullish().catch(null),
  dataEndTime: time.nullish().catch(null),
  reportDocumentId: z.string().min(1).nullish(),
})
export type WireReportEntry = z.output<typeof reportEntry>
export const reportList = z.object({ reports: z.array(reportEntry), nextToken: z.string().nullish() })

/** Listings feed processing report, schema v2. */
export const processingReport = z.object({
  header: z.object({ feedId: z.string() }),
  issues: z.array(
    z.object({
      messageId: z.number().int().nullish(),
      code: word,
      severity: z.string(),
      message: word,
    }),
  ),
  summary: z.object({
    messagesProcessed: z.number().int(),
    messagesAccepted: z.number().int(),
    messagesInvalid: z.number().int(),
  }),
})
export type WireReport = z.output<typeof processingReport>

/** getFulfillmentOrder (models fulfillmentOutbound_2020-07-01). */
const fulfillmentOrderResult = z.object({
  fulfillmentOrder: z.object({ fulfillmentOrderStatus: z.string() }),
  fulfillmentShipments: z
    .array(
      z.object({
        amazonShipmentId: z.string(),
        fulfillmentShipmentStatus: z.string(),
        shippingDate: time.nullish().catch(null),
        fulfillmentShipmentItem: z.array(
          z.object({ sellerFulfillmentOrderItemId: z.string(), quantity: z.number().int() }),
        ),
        fulfillmentShipmentPackage: z
          .array(z.object({ carrierCode: z.string().nullish(), trackingNumber: z.string().nullish() }))
          .nullish(),
      }),
    )
    .nullish(),
})
export const fulfillmentOrder = z.object({ payload: fulfillmentOrderResult.nullish() })
export type WireFulfillmentOrder = z.output<typeof fulfillmentOrderResult>
/** An answer of which only the status counts. */
export const nothing = z.looseObject({})

export const errorList = z.object({
  errors: z.array(z.object({ code: z.string(), message: z.string().nullish(), details: z.string().nullish() })).min(1),
})
export const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })
export const tokenError = z.object({ error: z.string(), error_description: z.string().nullish() })

/** What a code is exchanged for. */
export const grantAnswer = z.object({ refresh_token: z.string().min(1) })

/** sellers v1 wraps its answers. Of the account only the plan is read: the rest is the seller's own data. */
export const participations = z.object({
  payload: z.array(
    z.object({
      marketplace: z.object({ id: z.string(), name: word }),
      participation: z.object({ isParticipating: z.boolean(), hasSuspendedListings: z.boolean().nullish() }),
    }),
  ),
})
export const sellerAccount = z.object({ payload: z.object({ sellingPlan: z.string() }) })
