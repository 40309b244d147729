/** The fields we use of what BigCommerce answers. Required ones are required, unknown ones let through. */
import { z } from 'zod'

const word = z.string().nullish().catch(null)
const number = z.number().int()
const units = number.min(0)
/** "Float, Float-As-String, Integer" (orders.v2). */
const amount = z
  .union([z.string(), z.number()])
  .nullish()
  .catch(null)
  .transform((value) => (value == null ? null : String(value)))

const pagination = z.object({ current_page: number, total_pages: number })
/** A page of V3. */
export const pageAnswer = z.object({ data: z.array(z.unknown()), meta: z.object({ pagination }) })
/** A list of V2; what is not there at all is answered 204, which the client makes an empty list. */
export const listAnswer = z.array(z.unknown())

export const storeAnswer = z.object({
  id: z.string(),
  domain: z.string().catch(''),
  currency: z.string().regex(/^[A-Z]{3}$/),
  plan_level: z.string().catch(''),
})

// — orders —

export const orderLine = z.object({
  id: number,
  sku: word,
  name: z.string().catch(''),
  type: word,
  quantity: units,
  quantity_shipped: units,
  quantity_refunded: units,
  price_inc_tax: amount,
  order_address_id: number.nullish().catch(null),
})
export type WireLine = z.output<typeof orderLine>

/** Times are written by RFC 2822. */
const moment = z.string().refine((text) => !Number.isNaN(Date.parse(text)))

const address = z
  .object({
    first_name: word,
    last_name: word,
    company: word,
    street_1: word,
    street_2: word,
    city: word,
    state: word,
    zip: word,
    country_iso2: word,
    phone: word,
    email: word,
  })
  .nullish()
  .catch(null)
export type WireAddress = z.output<typeof address>

export const order = z.object({
  id: number,
  date_created: moment,
  date_modified: moment,
  status_id: z.unknown(),
  items_total: z.number().nullish().catch(null),
  total_inc_tax: amount,
  currency_code: word,
  default_currency_code: word,
  billing_address: address,
})
export type WireOrder = z.output<typeof order>

/** What is needed to go on behind an entry, whatever else of it cannot be read. */
export const orderMark = z.object({ id: number, date_modified: moment })

/** Where the lines stand: along with the order, or set beside it by us after they were read alone. */
export const aside = z.object({ products: z.array(z.unknown()) })
const shipping = z.object({ line_items: z.array(z.unknown()) })
export const consignments = z.object({
  consignments: z.object({
    shipping: z.array(shipping),
    pickups: z.array(shipping).catch([]),
    downloads: z.array(shipping).catch([]),
    email: z.object({ gift_certificates: z.array(shipping).catch([]) }).catch({ gift_certificates: [] }),
  }),
})
export const shippingAddress = z.object({ consignments: z.object({ shipping: z.array(address) }) })

export const origin = z.object({
  external_source: word,
  external_order_id: word,
  external_id: word,
  ebay_order_id: word,
  order_source: word,
  staff_notes: word,
})

export const shipment = z.object({
  id: number,
  date_created: moment.nullish().catch(null),
  tracking_number: word,
  shipping_provider: word,
  shipping_provider_display_name: word,
  tracking_carrier: word,
  shipping_method: word,
  items: z.array(z.object({ order_product_id: number, quantity: units })),
})
export const idAnswer = z.object({ id: number })

export const quoteAnswer = z.object({
  data: z.object({
    total_refund_amount: z.number(),
    total_refund_tax_amount: z.number().catch(0),
    refund_methods: z.array(
      z.array(
        z.object({
          provider_id: z.string(),
          amount: z.number(),
          offline: z.boolean(),
          offline_provider: z.boolean().catch(false),
        }),
      ),
    ),
  }),
})
export type WireMethod = z.output<typeof quoteAnswer>['data']['refund_methods'][number]

export const refund = z.object({
  id: number,
  reason: word,
  total_amount: z.number(),
  items: z.array(
    z.object({ item_type: z.string(), item_id: number, quantity: units.nullish().catch(null), reason: word }),
  ),
  payments: z.array(z.object({ is_declined: z.boolean().nullish().catch(null) })).catch([]),
})
export type WireRefund = z.output<typeof refund>
export const refundAnswer = z.object({ data: z.object({ id: number }) })
export const refundsAnswer = z.object({ data: z.array(refund) })

// — catalog and inventory —

export const variant = z.object({
  id: number,
  product_id: number,
  sku: z.string().nullish(),
  price: z.number().nullish().catch(null),
  upc: word,
  inventory_level: number.nullish().catch(null),
  purchasing_disabled: z.boolean().nullish().catch(null),
  image_url: word,
  option_values: z
    .array(z.object({ option_display_name: z.string().catch(''), label: z.string().catch('') }))
    .catch([]),
})
export type WireVariant = z.output<typeof variant>

export const product = z.object({
  id: number,
  name: z.string().catch(''),
  price: z.number().nullish().catch(null),
  inventory_tracking: z.string().catch(''),
  is_visible: z.boolean().nullish().catch(null),
})
export type WireProduct = z.output<typeof product>

export const location = z.object({ id: number, label: z.string().catch(''), enabled: z.boolean() })

const stock = { total_inventory_onhand: number, available_to_sell: number }
/** A number that is missing, or odd, is none: it is asked for again. */
const maybe = number.nullish().catch(null)
export const inventoryItem = z.object({
  identity: z.object({ sku: z.string() }),
  locations: z
    .array(z.object({ location_id: number, total_inventory_onhand: maybe, available_to_sell: maybe }))
    .catch([]),
})
export type WireLevel = z.output<typeof inventoryItem>['locations'][number]
/** As the journal keeps it. */
export const journaledItems = z.object({ data: z.array(z.unknown()) })
export const locationItem = z.object({ identity: z.object({ sku: z.string().nullish() }), ...stock })

export const transactionAnswer = z.object({ transaction_id: z.string() })
export const updatedAnswer = z.object({ data: z.array(z.object({ id: number })) })
export const variantIdsAnswer = z.object({
  data: z.array(z.object({ id: number, product_id: number, sku: word, option_values: z.array(z.unknown()) })),
})

/** Of another word nothing is known: it is refused as the late one. */
export const inventorySettings = z.object({ data: z.object({ update_stock_behavior: z.string() }) })

// — hooks —

export const hook = z.object({
  id: number,
  scope: z.string(),
  destination: z.string(),
  is_active: z.boolean(),
  headers: z.record(z.string(), z.unknown()).nullish().catch(null),
})
export type WireHook = z.output<typeof hook>
export const hookAnswer = z.object({ data: z.object({ id: number }) })
