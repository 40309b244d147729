/** The fields we use of WooCommerce's answers. What stock depends on is required; the rest is left out where it is odd. */
import { z } from 'zod'

const id = z.number().int().min(0)
/** Without a word about the zone; the `_gmt` ones are UTC (facts §4). */
const moment = z.string().regex(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d$/)
const text = z.string().catch('')
const maybeMoment = moment.nullish().catch(null)

export const meta = z.object({ id: id.optional().catch(undefined), key: z.string(), value: z.unknown() })
export type WireMeta = z.output<typeof meta>
const metas = z
  .array(z.unknown())
  .catch([])
  .transform((list) => list.flatMap((one) => meta.safeParse(one).data ?? []))

const address = z
  .object({
    first_name: text,
    last_name: text,
    company: text,
    address_1: text,
    address_2: text,
    city: text,
    state: text,
    postcode: text,
    country: text,
    email: text,
    phone: text,
  })
  .partial()
  .catch({})

export const orderLine = z.object({
  id,
  name: text,
  product_id: id.catch(0),
  variation_id: id.catch(0),
  quantity: z.number().int().min(0),
  sku: z.string().nullish().catch(null),
  total: z.string().nullish().catch(null),
  total_tax: z.string().nullish().catch(null),
  taxes: z
    .array(z.object({ id, total: z.string() }))
    .nullish()
    .catch(null),
  meta_data: metas,
})
export type WireLine = z.output<typeof orderLine>

export const order = z.object({
  id,
  status: z.string().min(1),
  created_via: text,
  date_created_gmt: moment,
  date_modified_gmt: moment,
  date_completed_gmt: maybeMoment,
  date_paid_gmt: maybeMoment,
  currency: z
    .string()
    .regex(/^[A-Z]{3}$/)
    .nullish()
    .catch(null),
  total: z.string().nullish().catch(null),
  number: text,
  transaction_id: text,
  billing: address,
  shipping: address,
  line_items: z.array(orderLine),
  refunds: z
    .array(z.object({ id, total: z.string().catch('0') }))
    .nullish()
    .catch(null),
  meta_data: metas,
  /** Ours, put into what is kept: what the order itself does not tell. */
  entrepot: z
    .object({ placedAt: z.iso.datetime().optional(), refunded: z.record(z.string(), z.number()).optional() })
    .optional()
    .catch(undefined),
})
export type WireOrder = z.output<typeof order>

export const list = z.array(z.unknown())
export const orderMark = z.object({ id, date_modified_gmt: moment })
/** What counting needs to know of an order. */
export const orderBirth = z.object({ id, date_created_gmt: moment.nullable().catch(null), status: text })

export const product = z.object({
  id,
  parent_id: id.catch(0),
  type: text,
  name: text,
  sku: z.string().nullish(),
  status: text,
  global_unique_id: text,
  price: z.string().nullish().catch(null),
  purchasable: z.boolean().nullish().catch(null),
  manage_stock: z.union([z.boolean(), z.literal('parent')]),
  stock_quantity: z.number().int().nullish(),
  stock_status: text,
  date_modified_gmt: maybeMoment,
  attributes: z
    .array(z.object({ name: text, option: z.string().optional().catch(undefined) }))
    .nullish()
    .catch(null),
})
export type WireProduct = z.output<typeof product>

export const batchAnswer = z.object({ update: z.array(z.unknown()).default([]) })
export const written = z.object({
  id,
  sku: text,
  manage_stock: z.union([z.boolean(), z.literal('parent')]).catch(false),
  stock_quantity: z.number().int().nullish().catch(null),
  regular_price: text,
})

export const refund = z.object({
  id,
  amount: z.string(),
  reason: text,
  refunded_payment: z.boolean().nullish().catch(null),
  line_items: z
    .array(z.object({ quantity: z.number().int(), meta_data: metas }))
    .nullish()
    .catch(null),
})
export type WireRefund = z.output<typeof refund>

export const made = z.object({ id })
export const tracking = z.object({ tracking_id: z.string().min(1), tracking_number: text, tracking_provider: text })

export const webhook = z.object({ id, name: text, status: text, topic: text, delivery_url: text })

export const indexAnswer = z.object({
  namespaces: z.array(z.string()),
  gmt_offset: z.union([z.number(), z.string()]).optional().catch(undefined),
  timezone_string: text,
})

export const statusAnswer = z.object({
  environment: z.object({ version: text, wp_version: text, wp_cron: z.boolean().optional().catch(undefined) }),
  settings: z.object({ currency: text, HPOS_enabled: z.boolean().optional().catch(undefined) }),
})

export const settingAnswer = z.object({ value: z.unknown() })
