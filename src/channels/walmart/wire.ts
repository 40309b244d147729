/**
 * The fields of Walmart's answers that we use (Order, Inventory, Item, Feed, Price and Notifications Management). Unknown
 * fields pass; a missing required one is an error of the channel, never a guess.
 */
import { z } from 'zod'

/** Of an order only its id, times, lines and their quantities must be right: stock depends on them. */
const word = z.string().nullish().catch(null)
/** Ids and counts say the same as a number and as text. */
const id = z.union([z.string().min(1), z.number().int().transform(String)])
const count = z.union([
  z.number().int().min(0),
  z
    .string()
    .regex(/^\d{1,9}$/)
    .transform(Number),
])
/** Milliseconds of the epoch; nothing before 2001 or behind 2100. */
const epoch = z.number().int().min(1e12).max(4.1e12)
/** The reference has the dates of a single order as text, its examples as numbers. */
const time = z.union([
  epoch,
  z
    .string()
    .regex(/^\d{13}$/)
    .transform(Number)
    .pipe(epoch),
  z.iso
    .datetime({ offset: true })
    .transform((text) => Date.parse(text))
    .pipe(epoch),
])
const moment = time.nullish().catch(null)
const money = z.object({ currency: z.string(), amount: z.number() }).nullish().catch(null)

const quantity = z.object({ amount: count })

const tracking = z
  .object({
    shipDateTime: moment,
    carrierName: z.object({ carrier: word, otherCarrier: word }).nullish().catch(null),
    trackingNumber: word,
  })
  .nullish()
  .catch(null)

const lineStatus = z.object({
  // A word that is not documented must not drop the order: mapping turns it into 'unknown'.
  status: z.string().catch(''),
  statusQuantity: quantity,
  trackingInfo: tracking,
})

const charge = z.object({ chargeType: word, chargeName: word, chargeAmount: money })
const refundCharge = z.object({ refundReason: word, charge: charge.nullish().catch(null) })

const orderLine = z.object({
  lineNumber: id,
  item: z
    .object({ productName: word, sku: id.nullish().catch(null) })
    .nullish()
    .catch(null),
  charges: z
    .object({ charge: z.array(charge).nullish() })
    .nullish()
    .catch(null),
  orderLineQuantity: quantity,
  statusDate: time,
  orderLineStatuses: z.object({ orderLineStatus: z.array(lineStatus).min(1) }),
  refund: z
    .object({
      refundId: word,
      refundComments: word,
      refundCharges: z
        .object({ refundCharge: z.array(refundCharge).nullish() })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
  intentToCancel: word,
})
export type WireLine = z.output<typeof orderLine>

export const order = z.object({
  purchaseOrderId: id,
  customerEmailId: word,
  orderDate: time,
  shippingInfo: z
    .object({
      phone: word,
      estimatedDeliveryDate: moment,
      estimatedShipDate: moment,
      methodCode: word,
      postalAddress: z
        .object({
          name: word,
          address1: word,
          address2: word,
          city: word,
          state: word,
          postalCode: word,
          country: word,
        })
        .nullish()
        .catch(null),
    })
    .nullish()
    .catch(null),
  // No order has that many lines; booking a mountain of them would hold up everybody else's.
  orderLines: z.object({ orderLine: z.array(orderLine).min(1).max(2_000) }),
  orderSummary: z
    .object({
      totalAmount: z.object({ currencyAmount: z.number(), currencyUnit: z.string() }).nullish().catch(null),
    })
    .nullish()
    .catch(null),
  shipNode: z.object({ type: word }).nullish().catch(null),
})
export type WireOrder = z.output<typeof order>

export const orderPage = z.object({
  list: z.object({
    meta: z.object({ totalCount: count.nullish().catch(null), nextCursor: word }),
    // Each order is read by itself, so that one odd order never hides the others of its page.
    elements: z.object({ order: z.array(z.unknown()) }),
  }),
})
export const orderMark = z.object({ purchaseOrderId: id })
export const orderAnswer = z.object({ order: z.looseObject({ purchaseOrderId: id }) })

const units = z.number().min(0)
const node = z.object({
  shipNode: word,
  availToSellQty: z.object({ amount: units }),
  errors: z.array(z.unknown()).nullish().catch(null),
})
export const inventory = z.object({ sku: z.string().min(1), nodes: z.array(node) })
export type WireInventory = z.output<typeof inventory>
export const inventoryPage = z.object({
  meta: z.object({ nextCursor: word }),
  // Each by itself: one odd SKU hides no other.
  elements: z.object({ inventories: z.array(z.unknown()) }),
})
export const quantityAnswer = z.object({ sku: z.string(), quantity: z.object({ amount: units }) })

const item = z.object({
  sku: z.string().min(1),
  wpid: word,
  gtin: word,
  productName: word,
  price: money,
  publishedStatus: word,
  lifecycleStatus: word,
})
export type WireItem = z.output<typeof item>
/** The reference names it `responseRecord`; what comes has it in a list. */
export const itemAnswer = z
  .union([
    z.object({ ItemResponse: z.array(item).min(1) }),
    z.object({ responseRecord: item }).transform(({ responseRecord }) => ({ ItemResponse: [responseRecord] })),
  ])
  .transform(({ ItemResponse }) => ItemResponse[0]!)

const held = z.object({
  sku: z.string().min(1),
  shipNodes: z.array(z.object({ availToSellQty: units, onHandQty: units, modifiedDate: word })),
})
export type WireHeld = z.output<typeof held>
export const heldLine = held
export const heldPage = z.object({
  headers: z.object({ totalCount: count }),
  payload: z.object({ inventory: z.array(z.unknown()) }),
})

/** Flat in the reference, in an envelope where it was seen. */
export const priceAnswer = z.union([
  z.object({ ItemPriceResponse: z.object({ sku: z.string() }) }),
  z.object({ sku: z.string() }),
])

export const feedAnswer = z.object({ feedId: z.string().min(1) })
export const feedList = z.object({
  totalResults: count,
  results: z.object({
    feed: z.array(
      z.object({ feedId: word, feedType: word, feedStatus: word, feedDate: z.number().nullish().catch(null) }),
    ),
  }),
})
const feedLine = z.object({
  sku: z.string(),
  ingestionStatus: z.string(),
  ingestionErrors: z
    .object({ ingestionError: z.array(z.object({ code: word, description: word })).nullish() })
    .nullish()
    .catch(null),
})
export type WireFeedLine = z.output<typeof feedLine>
export const feedStatus = z.object({
  feedId: z.string(),
  feedStatus: z.string(),
  itemsReceived: count.nullish().catch(null),
  itemsSucceeded: count.nullish().catch(null),
  itemsFailed: count.nullish().catch(null),
  itemDetails: z.object({ itemIngestionStatus: z.array(feedLine).nullish() }).nullish(),
})

const subscription = z.object({
  subscriptionId: z.string(),
  eventType: word,
  eventUrl: word,
  status: word,
  authDetails: z.object({ userName: word }).nullish().catch(null),
})
export type WireSubscription = z.output<typeof subscription>
/** A list, or lists in a list: the reference has it one way, its example the other. */
export const subscriptions = z.object({
  events: z
    .array(z.union([z.object({ event: z.array(subscription) }), subscription.transform((one) => ({ event: [one] }))]))
    .nullish()
    .transform((events) => (events ?? []).flatMap(({ event }) => event)),
})
export const subscriptionAnswer = z
  .object({ events: z.array(z.unknown()).nullish(), event: z.array(z.unknown()).nullish() })
  .refine(({ events, event }) => (events ?? event ?? []).length > 0)

export const reportDates = z.object({ availableApReportDates: z.array(z.string().regex(/^\d{8}$/)) })

export const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive() })
export const tokenDetail = z.object({ is_valid: z.boolean(), scopes: z.record(z.string(), z.string()) })

export const wireError = z.object({ code: word, description: word, message: word, field: word })
export type WireError = z.output<typeof wireError>
const some = z.array(wireError).min(1)
/** {errors: […]}, {error: […]}, or {errors: {error: […]}}. */
export const errorList = z.union([
  z.object({ errors: some }).transform(({ errors }) => errors),
  z.object({ error: some }).transform(({ error }) => error),
  z.object({ errors: z.object({ error: some }) }).transform(({ errors }) => errors.error),
])
