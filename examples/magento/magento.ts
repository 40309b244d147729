/**
 * What the bridge asks of a Magento or Adobe Commerce store: its REST API with the access token of an integration that may
 * read orders, ship them and manage inventory. Orders and quantities as the store words them; mapping.ts turns them round.
 */
import { z } from 'zod'

const quantity = z.coerce.number()
const address = z
  .object({
    firstname: z.string().nullish(),
    lastname: z.string().nullish(),
    email: z.string().nullish(),
    telephone: z.string().nullish(),
    street: z.array(z.string()).nullish(),
    city: z.string().nullish(),
    region: z.string().nullish(),
    region_code: z.string().nullish(),
    postcode: z.string().nullish(),
    country_id: z.string(),
  })
  .loose()

const line = z
  .object({
    item_id: z.number(),
    /** Of a configurable product both lines carry the simple product's SKU; the child repeats the parent. */
    parent_item_id: z.number().nullish(),
    product_type: z.string().nullish(),
    sku: z.string(),
    name: z.string().nullish(),
    price: quantity.nullish(),
    qty_ordered: quantity,
    qty_canceled: quantity.nullish(),
    qty_refunded: quantity.nullish(),
    qty_shipped: quantity.nullish(),
    is_virtual: z.coerce.number().nullish(),
  })
  .loose()

const order = z
  .object({
    entity_id: z.number(),
    state: z.string(),
    /** UTC, to the second, without saying so: `2026-11-22 08:15:03`. */
    created_at: z.string(),
    updated_at: z.string(),
    order_currency_code: z.string(),
    grand_total: quantity.nullish(),
    items: z.array(line),
    billing_address: address.nullish(),
    extension_attributes: z
      .object({
        shipping_assignments: z
          .array(z.object({ shipping: z.object({ address: address.nullish() }).loose() }).loose())
          .nullish(),
      })
      .loose()
      .nullish(),
  })
  .loose()

export type MagentoOrder = z.output<typeof order>
export type MagentoLine = z.output<typeof line>
export type MagentoAddress = z.output<typeof address>

const orderPage = z.object({ items: z.array(order).nullable(), total_count: z.number() })
const sourceItems = z.object({ items: z.array(z.object({ sku: z.string(), quantity }).loose()) })
const shipments = z.object({
  items: z
    .array(z.object({ comments: z.array(z.object({ comment: z.string() }).loose()).nullish() }).loose())
    .nullable(),
})

export interface MagentoOptions {
  /** Such as https://shop.example.com; the store view's code is left to the default. */
  url: string
  token: string
  /** The one source that the bridge writes, and the stock that it belongs to. */
  source: string
  stockId: number
  fetch: typeof fetch
}

export interface Parcel {
  /** Written into the shipment, so that a lost answer can be told from a lost call. */
  note: string
  lines: { itemId: number; quantity: number }[]
  carrier: string | null
  trackingNumber: string | null
}

export type Magento = ReturnType<typeof createMagento>

/** Each call throws on anything but an answer that holds what was asked for; nothing repeats by itself. */
export function createMagento({ url, token, source, stockId, fetch }: MagentoOptions) {
  async function call(method: string, path: string, body?: unknown): Promise<{ status: number; body: unknown }> {
    const answer = await fetch(`${url.replace(/\/$/, '')}/rest/V1${path}`, {
      method,
      headers: { authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      signal: AbortSignal.timeout(20_000),
    })
    const text = await answer.text()
    if (answer.status !== 404 && !answer.ok) throw new Error(`the store answered ${answer.status} to ${method} ${path}`)
    return { status: answer.status, body: text === '' ? null : JSON.parse(text) }
  }

  return {
    /** One page of the orders changed at `since` (the store's own form) or later, oldest change first. */
    async orders(since: string, page: number, size: number): Promise<MagentoOrder[]> {
      const query = searchFor([['updated_at', 'gteq', since]], page, size, ['updated_at', 'entity_id'])
      return orderPage.parse((await call('GET', `/orders?${query}`)).body).items ?? []
    },

    /**
     * What buyers may still buy: quantity less the store's reservations, which it makes when an order is placed. Below 0
     * where it sold what it did not have; undefined where it has no such SKU.
     */
    async salable(sku: string): Promise<number | undefined> {
      const path = `/inventory/get-product-salable-quantity/${encodeURIComponent(sku)}/${stockId}`
      const { status, body } = await call('GET', path)
      return status === 404 ? undefined : quantity.parse(body)
    },

    /** The source's quantity, which orders do not touch and shipments lower; undefined where the source lacks the SKU. */
    async atSource(sku: string): Promise<number | undefined> {
      const query = searchFor(
        [
          ['sku', 'eq', sku],
          ['source_code', 'eq', source],
        ],
        1,
        1,
      )
      return sourceItems.parse((await call('GET', `/inventory/source-items?${query}`)).body).items[0]?.quantity
    },

    async setAtSource(sku: string, value: number): Promise<void> {
      const item = { sku, source_code: source, quantity: value, status: value > 0 ? 1 : 0 }
      const { status } = await call('POST', '/inventory/source-items', { sourceItems: [item] })
      if (status === 404) throw new Error(`the store has no source ${source}`)
    },

    /** True if a shipment with this note is there. */
    async isShipped(orderId: number, note: string): Promise<boolean> {
      const query = searchFor([['order_id', 'eq', String(orderId)]], 1, 100)
      const { items } = shipments.parse((await call('GET', `/shipments?${query}`)).body)
      return (items ?? []).some(({ comments }) => comments?.some(({ comment }) => comment === note))
    },

    async ship(orderId: number, { note, lines, carrier, trackingNumber }: Parcel): Promise<void> {
      await call('POST', `/order/${orderId}/ship`, {
        items: lines.map((one) => ({ order_item_id: one.itemId, qty: one.quantity })),
        notify: true,
        appendComment: true,
        comment: { comment: note, is_visible_on_front: 0 },
        tracks: trackingNumber
          ? [{ track_number: trackingNumber, title: carrier ?? 'Carrier', carrier_code: 'custom' }]
          : [],
        arguments: { extension_attributes: { source_code: source } },
      })
    },
  }
}

function searchFor(filters: [string, string, string][], page: number, size: number, sort: string[] = []): string {
  const query = new URLSearchParams()
  filters.forEach(([field, condition, value], index) => {
    const at = `searchCriteria[filter_groups][${index}][filters][0]`
    query.set(`${at}[field]`, field)
    query.set(`${at}[condition_type]`, condition)
    query.set(`${at}[value]`, value)
  })
  sort.forEach((field, index) => {
    query.set(`searchCriteria[sortOrders][${index}][field]`, field)
    query.set(`searchCriteria[sortOrders][${index}][direction]`, 'ASC')
  })
  query.set('searchCriteria[pageSize]', String(size))
  query.set('searchCriteria[currentPage]', String(page))
  return String(query)
}
