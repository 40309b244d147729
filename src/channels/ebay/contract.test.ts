/** eBay against the contract. */
import { ebayItem, ebaySecrets, ebaySettings, quietEbay } from '../../../test/support/ebay.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import { contractSuite, type Harness } from '../contract-suite.ts'
import { ebay } from './index.ts'

const minute = 60_000

interface Truth {
  shown: Record<string, number>
}

const harness: Harness = {
  connector: ebay,
  orderShowsMs: 3 * minute,
  writeShowsMs: 15 * minute,
  tokenOperation: 'token',
  smaller: ({ url, body }) => ({
    url: url.replace(/limit=\d+/, url.includes('/order?') ? 'limit=3' : 'limit=5'),
    body,
  }),
  orders: {
    operation: 'getOrders',
    page: 3,
    in: (answer) => (answer as { orders?: unknown[] }).orders,
    idOf: (raw) => (raw as { orderId?: unknown } | null)?.orderId,
    word: '/orderFulfillmentStatus',
    optional: '/pricingSummary',
    needed: ['/orderId', '/creationDate', '/lastModifiedDate', '/lineItems', '/lineItems/0/quantity'],
    grow(raw, lines) {
      const [line] = raw.lineItems as object[]
      raw.lineItems = Array.from({ length: lines }, (_, index) => ({ ...line, lineItemId: `1${index}`, quantity: 1 }))
    },
  },
  listings: {
    operation: 'getInventoryItems',
    page: 5,
    in: (answer) => (answer as { inventoryItems?: unknown[] }).inventoryItems,
    skuOf: (raw) => (raw as { sku?: unknown } | null)?.sku,
    optional: '/product',
    // Its offers are asked for by it.
    joinedBy: '/sku',
  },
  stock: { unknownSku: 'GONE-1' },
  async start({ goods }) {
    const markets = await openMarketplaces(
      goods.map(({ sku, quantity }) => ebayItem(sku, quantity)),
      { ebay: quietEbay },
    )
    const fault = (operation: string, kind: string, more: object = {}) =>
      markets.control('/faults', { channel: 'ebay', operation, kind, ...more })
    const truth = async () => (await markets.control<{ channels: { ebay: Truth } }>('/state')).channels.ebay
    return {
      settings: { ...ebaySettings, endpoint: `${markets.url}/ebay` },
      secrets: ebaySecrets,
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await truth()).shown[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'ebay', sku, quantity })),
      async trouble(trouble) {
        if (trouble.kind === 'throttle') await fault(trouble.operation, 'status', { status: 429, count: 1 })
        else await fault('*', 'expire-access', { count: 1 })
        if (trouble.kind === 'revoke') await fault('token', 'revoke')
      },
      buy: async (sku, quantity) =>
        (await markets.control<{ orderId: string }>('/orders', { channel: 'ebay', sku, quantity })).orderId,
      cancel: async (id) => void (await markets.control(`/orders/${id}/cancel`, {})),
      close: markets.close,
    }
  },
}

contractSuite({ harness })
