/** What Shopify answers about shipments, refunds, prices and copies; see wire.ts. */
import { z } from 'zod'
import { userErrors } from './wire.ts'

const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })
const units = z.number().int().min(0)
const ref = z.object({ id: z.string() })
const plainErrors = z.array(z.object({ field: z.array(z.string()).nullish(), message: z.string() }))

const openLines = z.object({
  nodes: z.array(z.object({ id: z.string(), remainingQuantity: units, lineItem: ref })),
  pageInfo,
})
export type WireOpenLine = z.output<typeof openLines>['nodes'][number]

export const fulfillmentOrdersAnswer = z.object({
  order: z
    .looseObject({
      fulfillmentOrders: z.object({
        nodes: z.array(
          z.object({
            id: z.string(),
            status: z.string(),
            assignedLocation: z.object({ location: ref.nullish() }),
            lineItems: openLines,
          }),
        ),
      }),
    })
    .nullable(),
})
export const fulfillmentOrderLinesAnswer = z.object({ node: z.object({ lineItems: openLines }).nullable() })

export const createFulfillmentAnswer = z.object({
  fulfillmentCreate: z.object({ fulfillment: ref.nullish(), userErrors: plainErrors }).nullable(),
})

const shippedLines = z.object({ nodes: z.array(z.object({ quantity: units.nullish(), lineItem: ref })), pageInfo })
export type WireShippedLines = z.output<typeof shippedLines>
export const fulfillmentsAnswer = z.object({
  order: z
    .object({
      fulfillments: z.array(
        z.object({
          id: z.string(),
          status: z.string(),
          createdAt: z.iso.datetime(),
          trackingInfo: z.array(
            z.object({ company: z.string().nullish(), number: z.string().nullish(), url: z.string().nullish() }),
          ),
          fulfillmentLineItems: shippedLines,
        }),
      ),
    })
    .nullable(),
})
export const fulfillmentLinesAnswer = z.object({ node: z.object({ fulfillmentLineItems: shippedLines }).nullable() })

export const cancelAnswer = z.object({
  orderCancel: z.object({ job: ref.nullish(), orderCancelUserErrors: userErrors }).nullable(),
})

const buyersMoney = z.object({ presentmentMoney: z.object({ amount: z.string(), currencyCode: z.string() }) })

export const paymentsAnswer = z.object({
  order: z
    .object({
      presentmentCurrencyCode: z.string(),
      transactions: z.array(
        z.object({
          id: z.string(),
          kind: z.string(),
          status: z.string(),
          gateway: z.string().nullish(),
          amountSet: buyersMoney,
        }),
      ),
    })
    .nullable(),
})
export type WirePayment = NonNullable<z.output<typeof paymentsAnswer>['order']>['transactions'][number]

export const createRefundAnswer = z.object({
  refundCreate: z.object({ refund: ref.nullish(), userErrors: plainErrors }).nullable(),
})

export const refundsAnswer = z.object({
  order: z
    .object({
      refunds: z.array(
        z.object({
          id: z.string(),
          note: z.string().nullish(),
          totalRefundedSet: buyersMoney,
          refundLineItems: z.object({ nodes: z.array(z.object({ quantity: units, lineItem: ref })) }),
          transactions: z.object({ nodes: z.array(z.object({ status: z.string() })) }),
        }),
      ),
    })
    .nullable(),
})
export type WireRefund = NonNullable<z.output<typeof refundsAnswer>['order']>['refunds'][number]

export const updatePricesAnswer = z.object({
  productVariantsBulkUpdate: z.object({ product: ref.nullish(), userErrors }).nullable(),
})

export const copiesAnswer = z.object({
  orders: z.object({
    nodes: z.array(z.object({ id: z.string(), sourceIdentifier: z.string().nullish(), createdAt: z.iso.datetime() })),
  }),
})

export const createCopyAnswer = z.object({
  orderCreate: z.object({ order: ref.nullish(), userErrors }).nullable(),
})

/** What an order tells of where it came from. */
export const originOfOrder = z.object({
  name: z.string().nullish().catch(null),
  sourceName: z.string().nullish().catch(null),
  sourceIdentifier: z.string().nullish().catch(null),
  tags: z.array(z.string()).catch([]),
  customAttributes: z.array(z.object({ key: z.string(), value: z.string().nullish() })).catch([]),
})
