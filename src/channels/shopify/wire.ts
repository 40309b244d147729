/** The fields we use of what Shopify answers. Required ones are required, unknown ones let through. */
import { z } from 'zod'

const money = z.object({ presentmentMoney: z.object({ amount: z.string(), currencyCode: z.string() }) })
const pageInfo = z.object({ hasNextPage: z.boolean(), endCursor: z.string().nullish() })
const units = z.number().int()
const word = z.string().nullish().catch(null)

export const orderLine = z.object({
  id: z.string(),
  sku: word,
  title: z.string().catch(''),
  quantity: units.min(0),
  currentQuantity: units.min(0),
  unfulfilledQuantity: units.min(0),
  originalUnitPriceSet: money.nullish().catch(null),
})
export type WireLine = z.output<typeof orderLine>

const address = z
  .object({
    name: word,
    company: word,
    address1: word,
    address2: word,
    city: word,
    provinceCode: word,
    zip: word,
    countryCodeV2: word,
    phone: word,
  })
  .nullish()
  .catch(null)

export const order = z.object({
  id: z.string(),
  createdAt: z.iso.datetime(),
  updatedAt: z.iso.datetime(),
  processedAt: z.iso.datetime().nullish().catch(null),
  cancelledAt: z.iso.datetime().nullish(),
  test: z.boolean().catch(false),
  sourceName: word,
  sourceIdentifier: word,
  tags: z.array(z.string()).catch([]),
  customAttributes: z.array(z.object({ key: z.string(), value: z.string().nullish() })).catch([]),
  displayFulfillmentStatus: z.string().catch(''),
  displayFinancialStatus: word,
  totalPriceSet: money.nullish().catch(null),
  email: word,
  phone: word,
  shippingAddress: address,
  lineItems: z.object({ nodes: z.array(orderLine), pageInfo: pageInfo.optional() }),
})
export type WireOrder = z.output<typeof order>

export const ordersAnswer = z.object({ orders: z.object({ nodes: z.array(z.unknown()), pageInfo }) })
export const ordersByIdAnswer = z.object({ nodes: z.array(z.unknown()) })
export const orderAnswer = z.object({ order: z.unknown().optional() })

export const returnedUnits = z.object({
  order: z
    .object({
      refunds: z.array(
        z.object({
          refundLineItems: z.object({
            nodes: z.array(
              z.object({ quantity: units, restockType: z.string(), lineItem: z.object({ id: z.string() }) }),
            ),
          }),
        }),
      ),
    })
    .nullable(),
})

const level = z.object({ quantities: z.array(z.object({ name: z.string(), quantity: units })) }).nullish()
export type WireLevel = z.output<typeof level>

export const listing = z.object({
  id: z.string(),
  sku: z.string().nullish(),
  title: z.string().catch(''),
  price: z.string().nullish().catch(null),
  availableForSale: z.boolean().nullish().catch(null),
  product: z.object({ id: z.string(), title: z.string().catch(''), status: z.string().catch('') }),
  inventoryItem: z.object({
    id: z.string(),
    tracked: z.boolean(),
    duplicateSkuCount: z.number().nullish().catch(0),
    inventoryLevel: level,
  }),
})
export type WireListing = z.output<typeof listing>

export const listingsAnswer = z.object({
  shop: z.object({ currencyCode: z.string() }),
  productVariants: z.object({ nodes: z.array(z.unknown()), pageInfo }),
})

const itemBySku = z.object({
  id: z.string(),
  sku: word,
  product: z.object({ id: z.string() }),
  inventoryItem: z.object({ id: z.string(), tracked: z.boolean(), inventoryLevel: level }),
})
export type WireItem = z.output<typeof itemBySku>

export const itemsAnswer = z.object({
  productVariants: z.object({ nodes: z.array(itemBySku), pageInfo: z.object({ hasNextPage: z.boolean() }) }),
})

export const quantitiesAnswer = z.object({
  nodes: z.array(
    z
      .object({
        id: z.string(),
        sku: word,
        tracked: z.boolean().optional(),
        inventoryLevel: level,
      })
      .nullable(),
  ),
})

/** What was kept of it in the journal. */
export const journaledItem = z.object({
  sku: z.string(),
  inventoryLevel: z.object({ quantities: z.array(z.object({ quantity: units })).min(1) }),
})

export const userErrors = z.array(
  z.object({ field: z.array(z.string()).nullish(), code: z.string().nullish(), message: z.string() }),
)
export type WireUserError = z.output<typeof userErrors>[number]

export const setAnswer = z.object({
  inventorySetQuantities: z
    .object({ inventoryAdjustmentGroup: z.object({ id: z.string() }).nullish(), userErrors })
    .nullable(),
})

export const locationsAnswer = z.object({
  locations: z.object({
    nodes: z.array(z.object({ id: z.string(), name: z.string(), isActive: z.boolean() })),
    pageInfo,
  }),
})

export const tokenAnswer = z.object({ access_token: z.string().min(1), expires_in: z.number().positive().optional() })

const throttle = z.object({
  maximumAvailable: z.number().positive(),
  currentlyAvailable: z.number(),
  restoreRate: z.number().positive(),
})

export const envelope = z.object({
  data: z.unknown().optional(),
  errors: z
    .union([
      z.array(
        z.object({
          message: z.string(),
          path: z.array(z.union([z.string(), z.number()])).optional(),
          extensions: z.object({ code: z.string().optional(), requiredAccess: z.string().optional() }).optional(),
        }),
      ),
      z.string(),
    ])
    .optional(),
  extensions: z
    .object({
      cost: z
        .object({
          requestedQueryCost: z.number().nullish(),
          actualQueryCost: z.number().nullish(),
          throttleStatus: throttle.optional(),
        })
        .optional(),
    })
    .optional(),
})
export type Envelope = z.output<typeof envelope>
export type WireCost = NonNullable<NonNullable<Envelope['extensions']>['cost']>
