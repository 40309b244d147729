/**
 * What `calls-per-order` must know of a channel: how its simulator is set up, which calls of the journal are whose, and the
 * least that its API permits. A channel is one entry.
 */
import type { CatalogItem, SimulatorOptions } from '../../simulator/types.ts'
import { quiet as quietStore, storeSecrets, storeSettings } from '../../test/support/bigcommerce.ts'
import { ebaySecrets, ebaySettings, quietEbay } from '../../test/support/ebay.ts'
import { clientSecrets } from '../../test/support/shopify.ts'
import { quietWalmart, walmartSecrets, walmartSettings } from '../../test/support/walmart.ts'
import { wooSecrets } from '../../test/support/woocommerce.ts'
import { webhookSecret } from './catalog.ts'

export const origin = 'http://simulator.test'

export interface ChannelCalls {
  channel: NonNullable<Exclude<keyof CatalogItem, 'sku' | 'title' | 'asin' | 'gtin' | 'price' | 'currency' | 'markets'>>
  simulator: Partial<SimulatorOptions>
  settings: Record<string, unknown>
  secrets: Record<string, string>
  /** Absent: the channel tells each order by itself, no call of ours fetches any. */
  orders?: {
    operations: readonly string[]
    /** Orders of so many lines that one answer can hold. */
    page(lines: number): number
    /** After this long an order is in the list in any case. */
    showsMs: number
    /** Where pages go on by the time of the last order, waiting orders lie so far apart: those of one moment are no usual case. */
    apartMs?: number
    /** Makes an order of the answer one of so many lines, where the simulator's buyers buy one thing each. */
    grow?(answer: unknown, lines: number): void
  }
  slots: {
    operations: readonly string[]
    /** Slots that one call can write. */
    batch: number
  }
}

type Raw = Record<string, unknown>

/** The same line so many times, each with an id of its own. */
const grown = (lines: unknown, key: string, count: number) => {
  const [line] = lines as Raw[]
  return Array.from({ length: count }, (_, index) => ({ ...line, [key]: `${line![key]}${index}` }))
}

const calm = { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 }
const minute = 60_000

export const callsTable: readonly ChannelCalls[] = [
  {
    channel: 'amazon',
    simulator: {
      amazon: {
        limits: 'none',
        lifecycle: calm,
        lagMs: { typical: 1_000, tail: 1_000, tailShare: 0 },
        effectMs: { min: 0, max: 0 },
      },
    },
    settings: {
      sellerId: 'A1SIMULATEDSEL',
      region: 'na',
      marketplaceIds: ['ATVPDKIKX0DER'],
      endpoint: `${origin}/amazon`,
      tokenEndpoint: `${origin}/lwa/auth/o2/token`,
      historyDays: 7,
    },
    secrets: {
      clientId: 'amzn1.application-oa2-client.simulated',
      clientSecret: 'amzn1.oa2-cs.v1.simulated',
      refreshToken: 'Atzr|simulated',
    },
    orders: {
      operations: ['searchOrders', 'getOrder'],
      page: () => 100,
      // Its search holds two minutes back, and a payment takes as long.
      showsMs: 10 * minute,
      grow(answer, lines) {
        for (const order of (answer as { orders?: Raw[] }).orders ?? [])
          order.orderItems = grown(order.orderItems, 'orderItemId', lines)
      },
    },
    slots: { operations: ['patchListingsItem'], batch: 1 },
  },
  {
    channel: 'ebay',
    simulator: { ebay: quietEbay },
    settings: { ...ebaySettings },
    secrets: { ...ebaySecrets },
    orders: {
      operations: ['getOrders', 'getOrder'],
      page: () => 200,
      showsMs: 2 * minute,
      grow(answer, lines) {
        for (const order of (answer as { orders?: Raw[] }).orders ?? [])
          order.lineItems = grown(order.lineItems, 'lineItemId', lines)
      },
    },
    // One SKU a call (facts: channels.md §0.3).
    slots: { operations: ['bulkUpdatePriceQuantity', 'getOffers'], batch: 1 },
  },
  {
    channel: 'shopify',
    simulator: { shopify: { pendingShare: 0, searchLagMs: { min: 0, max: 0 } } },
    settings: { shop: 'simulated.myshopify.com', endpoint: `${origin}/shopify`, historyDays: 7 },
    secrets: clientSecrets(),
    orders: {
      operations: ['orders', 'ordersById', 'order', 'returnedUnits'],
      // 1,000 points a call: an order is 7 of them and each of its lines 3, the page itself 2 (facts: channels.md §3).
      page: (lines) => Math.min(250, Math.floor(998 / (7 + 3 * lines))),
      showsMs: minute,
    },
    slots: { operations: ['setQuantities', 'itemsBySku', 'locations'], batch: 250 },
  },
  {
    channel: 'walmart',
    simulator: { walmart: quietWalmart },
    // One kind of warehouse: each further one is a list of its own.
    settings: { ...walmartSettings, programs: [] },
    secrets: { ...walmartSecrets },
    orders: {
      operations: ['getAllOrders', 'getAnOrder'],
      page: () => 200,
      showsMs: 5 * minute,
    },
    slots: { operations: ['updateInventoryForAnItem'], batch: 1 },
  },
  {
    channel: 'woocommerce',
    simulator: { woocommerce: { pendingShare: 0, onHoldShare: 0 } },
    settings: { url: `${origin}/woocommerce`, sameNetwork: true, historyDays: 7 },
    secrets: wooSecrets(),
    orders: {
      operations: ['listOrders', 'getOrder', 'listRefunds'],
      page: () => 100,
      showsMs: 2 * minute,
      apartMs: 1_000,
    },
    slots: { operations: ['updateStock', 'findProducts'], batch: 100 },
  },
  {
    channel: 'bigcommerce',
    simulator: { bigcommerce: { ...quietStore, limits: 'none' } },
    settings: storeSettings,
    secrets: storeSecrets(),
    orders: {
      operations: ['getOrders', 'getOrder', 'getOrderProducts'],
      page: () => 250,
      showsMs: minute,
      apartMs: 1_000,
    },
    // A process asks for the one location once, at the latest before its first write.
    slots: { operations: ['setInventory', 'getInventoryItems', 'findVariant'], batch: 2_000 },
  },
  {
    channel: 'storefront',
    simulator: {
      storefront: { hubUrl: 'http://hub.test', apiKey: 'none', account: 'storefront', webhookSecret },
    },
    settings: { webhookUrl: `${origin}/storefront/webhooks`, sameNetwork: true },
    secrets: { webhookSecret },
    slots: { operations: ['stock.set'], batch: 100 },
  },
]
