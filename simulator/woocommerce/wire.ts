import { fires } from '../faults.ts'
import { decimal } from '../http.ts'
import { parentOf, stockOf, totalOf, type Woo } from './store.ts'
import type { WooItem, WooMeta, WooOrder, WooParent, WooRefund, WooWebhook } from './types.ts'

/** Times of the store's own zone and of UTC, both without a word about the zone. */
function times(woo: Woo, name: string, time: number | null) {
  const text = (ms: number) => new Date(ms).toISOString().slice(0, 19)
  return {
    [name]: time === null ? null : text(time + woo.settings.zoneHours * 3_600_000),
    [`${name}_gmt`]: time === null ? null : text(time),
  }
}

const metaWire = (meta: readonly WooMeta[]) =>
  meta.map(({ id, key, value }) => ({ id, key, value, display_key: key, display_value: String(value) }))

export function orderWire(woo: Woo, order: WooOrder): Record<string, unknown> {
  const money = (minor: number) => decimal(minor, order.currency)
  const none = money(0)
  return {
    id: order.id,
    parent_id: 0,
    number: String(order.id),
    order_key: `wc_order_${order.id}`,
    created_via: order.createdVia,
    version: '10.0.2',
    status: order.status,
    currency: order.currency,
    ...times(woo, 'date_created', order.createdAt),
    ...times(woo, 'date_modified', order.modifiedAt),
    discount_total: none,
    discount_tax: none,
    shipping_total: money(order.shippingLines.reduce((sum, { total }) => sum + total, 0)),
    shipping_tax: none,
    cart_tax: none,
    total: money(totalOf(order)),
    total_tax: none,
    prices_include_tax: false,
    customer_id: 0,
    customer_ip_address: '',
    customer_user_agent: '',
    customer_note: '',
    billing: order.billing,
    shipping: order.shipping,
    payment_method: order.paymentMethod,
    payment_method_title: order.paymentMethod === '' ? '' : 'Simulated payment',
    transaction_id: '',
    ...times(woo, 'date_paid', order.paidAt),
    ...times(woo, 'date_completed', order.completedAt),
    cart_hash: '',
    meta_data: order.meta.map(({ id, key, value }) => ({ id, key, value })),
    line_items: order.lines.map((line) => ({
      id: line.id,
      name: line.name,
      product_id: line.productId,
      variation_id: line.variationId,
      quantity: line.quantity,
      tax_class: '',
      subtotal: money(line.total),
      subtotal_tax: none,
      total: money(line.total),
      total_tax: none,
      taxes: [],
      meta_data: metaWire(line.meta),
      sku: line.sku,
      price: line.quantity === 0 ? 0 : Number(money(Math.round(line.total / line.quantity))),
      image: { id: 0, src: '' },
      parent_name: null,
    })),
    tax_lines: [],
    shipping_lines: order.shippingLines.map(({ id, title, method, total }) => ({
      id,
      method_title: title,
      method_id: method,
      instance_id: '0',
      total: money(total),
      total_tax: none,
      taxes: [],
      meta_data: [],
    })),
    fee_lines: [],
    coupon_lines: [],
    refunds: order.refunds.map(({ id, reason, amount }) => ({ id, reason, total: `-${money(amount)}` })),
    payment_url: '',
    is_editable: order.status === 'pending' || order.status === 'on-hold',
    needs_payment: order.status === 'pending',
    needs_processing: true,
  }
}

export function refundWire(woo: Woo, order: WooOrder, refund: WooRefund): Record<string, unknown> {
  const money = (minor: number) => decimal(minor, order.currency)
  return {
    id: refund.id,
    ...times(woo, 'date_created', refund.createdAt),
    amount: money(refund.amount),
    reason: refund.reason,
    refunded_by: 1,
    refunded_payment: refund.paid,
    meta_data: [],
    line_items: refund.lines.map(({ id, lineId, quantity, total }) => {
      const line = order.lines.find((one) => one.id === lineId)
      return {
        id,
        name: line?.name ?? '',
        product_id: line?.productId ?? 0,
        variation_id: line?.variationId ?? 0,
        quantity: -quantity,
        tax_class: '',
        subtotal: `-${money(total)}`,
        subtotal_tax: money(0),
        total: `-${money(total)}`,
        total_tax: money(0),
        taxes: [],
        meta_data: [{ id: id + 1, key: '_refunded_item_id', value: String(lineId) }],
        sku: line?.sku ?? '',
        price: 0,
      }
    }),
    shipping_lines: [],
    tax_lines: [],
    fee_lines: [],
  }
}

/** A simple product or a variation, as lists and single answers show it. */
export function productWire(woo: Woo, item: WooItem): Record<string, unknown> {
  const counted = stockOf(woo, item)
  const isStale = counted !== undefined && fires(woo.core, 'woocommerce', 'stock', 'stale-read') !== null
  const stock = isStale && item.manageStock === true ? item.stockBefore : counted
  const price = decimal(item.price, woo.settings.currency)
  const parent = parentOf(woo, item)
  return {
    id: item.id,
    ...times(woo, 'date_created', item.createdAt),
    ...times(woo, 'date_modified', item.modifiedAt),
    ...(parent
      ? { type: 'variation', name: item.title, attributes: [{ id: 0, name: 'Kind', option: item.title }] }
      : { type: 'simple', name: item.title, attributes: [], variations: [] }),
    parent_id: item.parentId,
    status: 'publish',
    permalink: `https://simulated.example/?p=${item.id}`,
    description: '',
    sku: item.sku,
    global_unique_id: item.gtin,
    price,
    regular_price: price,
    sale_price: '',
    on_sale: false,
    purchasable: true,
    manage_stock: woo.settings.manageStock ? item.manageStock : false,
    stock_quantity: stock ?? null,
    stock_status: stock === undefined || stock > 0 ? 'instock' : 'outofstock',
    backorders: item.backorders,
    backorders_allowed: item.backorders === 'yes',
    backordered: false,
    meta_data: [],
  }
}

export function parentWire(woo: Woo, parent: WooParent): Record<string, unknown> {
  return {
    id: parent.id,
    ...times(woo, 'date_created', parent.createdAt),
    ...times(woo, 'date_modified', parent.modifiedAt),
    type: 'variable',
    name: parent.title,
    parent_id: 0,
    status: 'publish',
    permalink: `https://simulated.example/?p=${parent.id}`,
    description: '',
    sku: parent.sku,
    global_unique_id: '',
    price: '',
    regular_price: '',
    sale_price: '',
    on_sale: false,
    purchasable: true,
    manage_stock: parent.stock !== null,
    stock_quantity: parent.stock,
    stock_status: 'instock',
    backorders: 'no',
    backorders_allowed: false,
    backordered: false,
    attributes: [],
    variations: Object.values(woo.state.items).flatMap(({ id, parentId }) => (parentId === parent.id ? [id] : [])),
    meta_data: [],
  }
}

export function webhookWire(woo: Woo, { id, name, status, topic, url, createdAt }: WooWebhook) {
  const [resource, event] = topic.split('.')
  return {
    id,
    name,
    status,
    topic,
    resource,
    event,
    hooks: [`woocommerce_${topic.replace('.', '_')}`],
    delivery_url: url,
    ...times(woo, 'date_created', createdAt),
    ...times(woo, 'date_modified', createdAt),
  }
}
