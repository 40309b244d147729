/** Pages of orders as a marketplace sends them, already read: buyers, addresses, and the raw text beside it. */
import type { IncomingLine, IncomingOrder, OrderState } from '../../src/domain/orders.ts'
import { skuOf } from './catalog.ts'

/** mulberry32: the same orders in every run. */
export function seeded(seed: number): () => number {
  let state = seed >>> 0
  return () => {
    state = (state + 0x6d2b79f5) >>> 0
    let t = state
    t = Math.imul(t ^ (t >>> 15), t | 1)
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61)
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296
  }
}

const streets = ['Harbor Street', 'Mill Lane', 'North Avenue', 'Old Bridge Road', 'Lindenallee', 'Quay 7']
const towns = ['Portland', 'Rotterdam', 'Marseille', 'Hamburg', 'Valparaíso', '横滨']

export interface PageOptions {
  prefix: string
  skus: number
  random: () => number
  at: Date
}

export function orderOf(index: number, { prefix, skus, random, at }: PageOptions): IncomingOrder {
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  // About 1.3 lines an order: most have one.
  const count = random() < 0.78 ? 1 : random() < 0.7 ? 2 : 3
  const chosen = new Set<number>()
  while (chosen.size < count) chosen.add(Math.floor(random() * skus))
  const lines = [...chosen].map(
    (sku, n): IncomingLine => ({
      remoteId: `${index}-${n}`,
      remoteSku: skuOf(sku),
      title: `Stoneware mug ${skuOf(sku)}, ocean blue, 350 ml, dishwasher safe`,
      quantity: random() < 0.9 ? 1 : 2,
      shipped: 0,
      canceled: 0,
      unitPrice: 1_490,
    }),
  )
  const buyer = {
    name: `Buyer Number ${index}`,
    email: `buyer-${prefix}-${index}@marketplace.example`,
    phone: `+1 555 ${String(1_000_000 + index)}`,
    address: {
      name: `Buyer Number ${index}`,
      line1: `${1 + Math.floor(random() * 200)} ${pick(streets)}`,
      line2: random() < 0.3 ? 'Apartment 4' : '',
      city: pick(towns),
      postalCode: String(10_000 + Math.floor(random() * 89_999)),
      country: 'US',
    },
  }
  const remoteId = `${prefix}-${String(index).padStart(7, '0')}`
  return {
    remoteId,
    placedAt: at,
    updatedAt: at,
    state: 'open',
    fulfilledBy: 'merchant',
    marketplace: 'ATVPDKIKX0DER',
    currency: 'USD',
    total: lines.reduce((sum, line) => sum + line.quantity * 1_490, 0),
    shipBy: new Date(at.getTime() + 2 * 86_400_000),
    deliverBy: new Date(at.getTime() + 6 * 86_400_000),
    lines,
    buyer,
    raw: rawOf(remoteId, at, lines, buyer, random),
  }
}

/** About as long as what a marketplace sends for an order: from half a kilobyte to two. */
function rawOf(
  remoteId: string,
  at: Date,
  lines: readonly IncomingLine[],
  buyer: { name: string; email: string; phone: string; address: Record<string, string> },
  random: () => number,
): unknown {
  return {
    orderId: remoteId,
    createdTime: at.toISOString(),
    lastUpdatedTime: at.toISOString(),
    programs: ['PREMIUM'],
    salesChannel: { channelName: 'AMAZON', marketplaceId: 'ATVPDKIKX0DER', marketplaceName: 'Amazon.com' },
    buyer: { buyerEmail: buyer.email, buyerName: buyer.name },
    recipient: { deliveryAddress: { ...buyer.address, phone: buyer.phone } },
    fulfillment: { fulfillmentStatus: 'UNSHIPPED', fulfilledBy: 'MERCHANT', fulfillmentServiceLevel: 'STANDARD' },
    orderItems: lines.map((line) => ({
      orderItemId: line.remoteId,
      quantityOrdered: line.quantity,
      product: {
        asin: 'B0BENCH001',
        sellerSku: line.remoteSku,
        title: line.title,
        condition: { conditionType: 'NEW' },
      },
      proceeds: { proceedsTotal: { amount: '14.90', currencyCode: 'USD' } },
      fulfillment: { quantityFulfilled: 0, quantityUnfulfilled: line.quantity },
    })),
    notes: 'x'.repeat(Math.floor(random() * 900)),
  }
}

/** The same order in a later version. */
export function laterVersion(order: IncomingOrder, state: OrderState, at: Date): IncomingOrder {
  return {
    ...order,
    state,
    updatedAt: at,
    lines: order.lines.map((line) => ({ ...line, shipped: state === 'shipped' ? line.quantity : 0 })),
  }
}

export function pagesOf(count: number, size: number, options: PageOptions): IncomingOrder[][] {
  return Array.from({ length: count }, (_, page) =>
    Array.from({ length: size }, (_, n) => orderOf(page * size + n, options)),
  )
}

export const unitsOf = (orders: readonly IncomingOrder[]): number =>
  orders.reduce((sum, order) => sum + order.lines.reduce((units, line) => units + line.quantity, 0), 0)
