import { decimal } from '../http.ts'
import type { Person } from '../state.ts'
import type { BcLine, BcOrder, BcShipment } from './state.ts'
import { type Store, statuses } from './store.ts'

/** V2 writes times by RFC 2822, always in UTC. */
export const rfc2822 = (time: number): string => new Date(time).toUTCString().replace('GMT', '+0000')

/** Amounts of V2 are texts with four decimals. */
const four = (minorUnits: number, currency: string): string => Number(decimal(minorUnits, currency)).toFixed(4)

/** So many lines come along with an order; the rest is asked for (List Order Products lists 50). */
const linesAlong = 50

export const totalOf = ({ lines }: BcOrder): number =>
  lines.reduce((sum, { unitPrice, quantity }) => sum + unitPrice * quantity, 0)

const sum = (lines: readonly BcLine[], read: (line: BcLine) => number) =>
  lines.reduce((total, line) => total + read(line), 0)

export function writeAddress(buyer: Person | null) {
  const [first = '', ...rest] = (buyer?.name ?? '').split(' ')
  return {
    first_name: first,
    last_name: rest.join(' '),
    company: '',
    street_1: buyer?.line1 ?? '',
    street_2: '',
    city: buyer?.city ?? '',
    state: buyer?.state ?? '',
    zip: buyer?.postalCode ?? '',
    country: buyer?.country === 'US' ? 'United States' : (buyer?.country ?? ''),
    country_iso2: buyer?.country ?? '',
    phone: '',
    email: buyer?.email ?? '',
  }
}

/** What comes along: the products, the addresses with places where products can be asked for, or neither. */
export function writeOrder(store: Store, order: BcOrder, along: 'lines' | 'addresses' | 'none') {
  const { id, currency, statusId } = order
  const total = four(totalOf(order), currency)
  const none = '0.0000'
  const origin = `https://api.bigcommerce.com/stores/${store.settings.storeHash}/v2`
  const resource = (name: string) => ({ url: `${origin}/orders/${id}/${name}`, resource: `/orders/${id}/${name}` })
  return {
    id,
    date_created: rfc2822(order.createdAt),
    date_modified: rfc2822(order.updatedAt),
    date_shipped: statusId === 2 ? rfc2822(order.updatedAt) : '',
    status_id: statusId,
    status: statuses[statusId] ?? '',
    shipping_cost_inc_tax: none,
    total_ex_tax: total,
    total_inc_tax: total,
    items_total: sum(order.lines, ({ quantity }) => quantity),
    items_shipped: sum(order.lines, ({ shipped }) => shipped),
    payment_method: order.paid === 'offline' ? 'Bank Deposit' : 'Credit Card',
    payment_status: order.paid === 'online' ? 'captured' : '',
    currency_code: currency,
    default_currency_code: currency,
    staff_notes: order.staffNotes,
    is_deleted: false,
    ebay_order_id: '0',
    billing_address: writeAddress(order.buyer),
    order_source: order.source,
    channel_id: 1,
    external_source: order.externalSource,
    external_id: null,
    ...(order.externalOrderId === null ? {} : { external_order_id: order.externalOrderId }),
    products: resource('products'),
    consignments:
      along === 'none'
        ? resource('consignments')
        : writeConsignments(order, (line) =>
            along === 'lines' ? writeLine(order, line) : resource(`products/${line.id}`),
          ),
  }
}

function writeConsignments(order: BcOrder, write: (line: BcLine) => object) {
  const shipping = {
    id: order.addressId,
    ...writeAddress(order.buyer),
    shipping_method: 'Flat rate',
    items_total: sum(order.lines, ({ quantity }) => quantity),
    items_shipped: sum(order.lines, ({ shipped }) => shipped),
    line_items: order.lines.slice(0, linesAlong).map(write),
  }
  return { pickups: [], shipping: [shipping], downloads: [], email: { gift_certificates: [] } }
}

export function writeLine(order: BcOrder, line: BcLine) {
  const price = four(line.unitPrice, order.currency)
  const total = four(line.unitPrice * line.quantity, order.currency)
  const none = '0.0000'
  return {
    id: line.id,
    order_id: order.id,
    product_id: line.productId,
    variant_id: line.variantId,
    order_address_id: order.addressId,
    name: line.title,
    sku: line.sku,
    type: 'physical',
    price_ex_tax: price,
    price_inc_tax: price,
    total_ex_tax: total,
    total_inc_tax: total,
    total_tax: none,
    quantity: line.quantity,
    quantity_refunded: line.refunded,
    quantity_shipped: line.shipped,
    parent_order_product_id: null,
    external_id: null,
  }
}

const providers: Record<string, string> = { ups: 'UPS', usps: 'USPS', fedex: 'FedEx', royalmail: 'Royal Mail' }

export function writeShipment(order: BcOrder, shipment: BcShipment) {
  const { id, createdAt, provider, carrier, method, trackingNumber, trackingLink, items } = shipment
  return {
    id,
    order_id: order.id,
    customer_id: 0,
    order_address_id: order.addressId,
    date_created: rfc2822(createdAt),
    tracking_number: trackingNumber,
    merchant_shipping_cost: '0.0000',
    shipping_method: method,
    comments: '',
    shipping_provider: provider,
    tracking_carrier: carrier,
    tracking_link: trackingLink,
    billing_address: writeAddress(order.buyer),
    shipping_address: writeAddress(order.buyer),
    items: items.map(({ lineId, quantity }) => ({ order_product_id: lineId, product_id: 0, quantity })),
    shipping_provider_display_name: providers[provider] ?? '',
    generated_tracking_link: '',
  }
}
