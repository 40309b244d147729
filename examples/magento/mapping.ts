/** Magento's orders in the hub's words. Pure. */
import type { MagentoAddress, MagentoLine, MagentoOrder } from './magento.ts'

export interface HubOrder {
  account: string
  remoteId: string
  updatedAt: string
  placedAt: string
  state: 'pending' | 'open' | 'partly_shipped' | 'shipped' | 'canceled'
  currency: string
  total?: number
  lines: {
    remoteId: string
    sku: string
    title: string
    quantity: number
    shipped: number
    canceled: number
    unitPrice?: number
  }[]
  buyer?: HubBuyer
}

interface HubBuyer {
  name: string
  email?: string
  phone?: string
  address: Record<string, string>
}

/** The store's times are UTC and do not say so. */
export const momentOf = (text: string): Date => new Date(`${text.replace(' ', 'T')}Z`)

/** And back, for its filters. */
export const wordOf = (time: Date): string => time.toISOString().slice(0, 19).replace('T', ' ')

/** Units of each SKU that this order holds in the store: ordered, not canceled. Shipped ones stay sold. */
export function unitsHeld(order: MagentoOrder): Map<string, number> {
  const units = new Map<string, number>()
  for (const line of linesThatCount(order)) {
    units.set(line.sku, (units.get(line.sku) ?? 0) + line.qty_ordered - canceledOf(line))
  }
  return units
}

/** `updatedAt` is given, because two changes in one second have one time in the store. */
export function orderOf(order: MagentoOrder, account: string, updatedAt: Date): HubOrder {
  const lines = linesThatCount(order).map((line) => ({
    remoteId: String(line.item_id),
    sku: line.sku,
    title: (line.name ?? '').slice(0, 500),
    quantity: line.qty_ordered,
    shipped: Math.min(line.qty_shipped ?? 0, line.qty_ordered),
    canceled: canceledOf(line),
    ...(line.price == null ? {} : { unitPrice: minorUnits(line.price, order.order_currency_code) }),
  }))
  const to = order.extension_attributes?.shipping_assignments?.[0]?.shipping.address ?? order.billing_address
  return {
    account,
    remoteId: String(order.entity_id),
    updatedAt: updatedAt.toISOString(),
    placedAt: momentOf(order.created_at).toISOString(),
    state: stateOf(order.state, lines),
    currency: order.order_currency_code,
    ...(order.grand_total == null ? {} : { total: minorUnits(order.grand_total, order.order_currency_code) }),
    lines,
    ...(to ? { buyer: buyerOf(to) } : {}),
  }
}

/**
 * A configurable product is one line with its simple product's SKU, whose child says the same again; a bundle is nothing
 * by itself and its children are the goods. What is not shipped (services, downloads) holds no stock.
 */
function linesThatCount({ items }: MagentoOrder): MagentoLine[] {
  const bundles = new Set(items.filter((line) => line.product_type === 'bundle').map((line) => line.item_id))
  return items.filter((line) => {
    if (line.is_virtual === 1 || bundles.has(line.item_id)) return false
    return line.parent_item_id == null || bundles.has(line.parent_item_id)
  })
}

/** Units given back before they were shipped will not be shipped any more. */
function canceledOf({ qty_ordered, qty_canceled, qty_refunded, qty_shipped }: MagentoLine): number {
  const refundedUnshipped = Math.max(0, (qty_refunded ?? 0) - (qty_shipped ?? 0))
  return Math.min(qty_ordered, (qty_canceled ?? 0) + refundedUnshipped)
}

/** On hold and unpaid orders hold units and must not be shipped; a state of an extension's own is treated likewise. */
function stateOf(state: string, lines: HubOrder['lines']): HubOrder['state'] {
  if (lines.every((line) => line.canceled >= line.quantity)) return 'canceled'
  const open = lines.some((line) => line.quantity - line.canceled - line.shipped > 0)
  if (!open) return 'shipped'
  if (state === 'canceled') return 'canceled'
  if (state !== 'new' && state !== 'processing') return 'pending'
  return lines.some((line) => line.shipped > 0) ? 'partly_shipped' : 'open'
}

/** The store gives decimals as JSON numbers; the hub counts the currency's smallest coins. */
export function minorUnits(amount: number, currency: string): number {
  const { maximumFractionDigits = 2 } = new Intl.NumberFormat('en', { style: 'currency', currency }).resolvedOptions()
  return Math.round(Number(`${amount}e${maximumFractionDigits}`))
}

function buyerOf(to: MagentoAddress): HubBuyer {
  const [line1, line2, ...more] = to.street ?? []
  const address = {
    line1,
    line2,
    line3: more.join(', '),
    city: to.city,
    region: to.region_code ?? to.region,
    postalCode: to.postcode,
    country: to.country_id,
  }
  const said = Object.entries(address).filter((one): one is [string, string] => Boolean(one[1]))
  return {
    name: [to.firstname, to.lastname].filter(Boolean).join(' '),
    ...(to.email ? { email: to.email } : {}),
    ...(to.telephone ? { phone: to.telephone } : {}),
    address: Object.fromEntries(said),
  }
}
