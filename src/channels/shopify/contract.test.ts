/** Shopify against the contract. */
import { shopifySettings } from '../../../simulator/index.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import type { IncomingHook } from '../capabilities.ts'
import { contractSuite, type Goods, type Harness } from '../contract-suite.ts'
import { shopify } from './index.ts'

const minute = 60_000
const address = 'https://hub.example/hooks/shopify/key'

type Nodes = { nodes?: unknown[] } | undefined
const nodesOf = (answer: unknown, name: 'orders' | 'productVariants') =>
  (answer as { data?: Record<string, Nodes> | null }).data?.[name]?.nodes

interface Truth {
  shown: Record<string, number>
  prices: Record<string, number>
}

const harness: Harness = {
  connector: shopify,
  orderShowsMs: 2 * minute,
  writeShowsMs: minute,
  tokenOperation: 'token',
  smaller({ url, body }) {
    const size = body?.includes('query Orders(') ? 3 : /query (Listings|Levels)\(/.test(body ?? '') ? 5 : undefined
    return { url, body: size === undefined ? body : body!.replace(/"first":\d+/, `"first":${size}`) }
  },
  orders: {
    operation: 'orders',
    page: 3,
    in: (answer) => nodesOf(answer, 'orders'),
    idOf: (raw) => String((raw as { id?: unknown } | null)?.id).replace(/^gid:.*\//, ''),
    word: '/displayFulfillmentStatus',
    optional: '/displayFinancialStatus',
    needed: ['/id', '/createdAt', '/updatedAt', '/lineItems', '/lineItems/nodes/0/quantity'],
    // Nobody bought it: it is the seller's own try.
    leftOutBy: '/test',
  },
  listings: {
    operation: 'listings',
    page: 5,
    in: (answer) => nodesOf(answer, 'productVariants'),
    skuOf: (raw) => (raw as { sku?: unknown } | null)?.sku,
    optional: '/title',
    // A variant without a SKU is none of ours.
    absentWithout: ['/sku'],
  },
  storeStock: {
    operation: 'levels',
    page: 5,
    in: (answer) =>
      (answer as { data?: { location?: { inventoryLevels?: { nodes?: unknown[] } } } | null }).data?.location
        ?.inventoryLevels?.nodes,
    // A level of a variant without a SKU, or that keeps no count, is none of ours.
    absentWithout: ['/item/sku'],
  },
  effects: {
    shipments: { operation: 'createFulfillment', carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
    cancellations: { operation: 'cancelOrder', reason: 'out_of_stock' },
    refunds: { operation: 'createRefund', currency: 'USD', reason: 'returned' },
    copies: { operation: 'createCopy' },
    prices: { operation: 'updatePrices', currency: 'USD', marketplace: '' },
  },
  webhooks: { address, asks: false },
  stock: { push: 'setQuantities', read: 'itemsBySku', unknownSku: 'GONE-1' },
  settlements: {
    operations: ['payouts', 'payoutPage'],
    tellOrders: true,
    // What stands in the bucket comes along with every answer.
    same: (text) => JSON.stringify({ ...(JSON.parse(text) as object), extensions: null }),
  },
  async start({ goods }) {
    const points = { burst: 1e9, rate: 1e9 }
    const arrived: IncomingHook[] = []
    let isDeaf = false
    const outside: typeof fetch = async (_input, init) => {
      if (isDeaf) return new Response(null, { status: 500 })
      const body = new TextEncoder().encode(String(init?.body ?? ''))
      const headers = Object.fromEntries(new Headers(init?.headers))
      arrived.push({ method: 'POST', address, query: {}, headers, body })
      return new Response(null, { status: 200 })
    }
    const markets = await openMarketplaces(goods.map(catalogItem), {
      shopify: { pendingShare: 0, searchLagMs: { min: 0, max: 0 }, points },
      fetch: outside,
    })
    const { clientId, clientSecret } = shopifySettings()
    const fault = (operation: string, kind: string, more: object = {}) =>
      markets.control('/faults', { channel: 'shopify', operation, kind, ...more })
    const truth = async () => (await markets.control<{ channels: { shopify: Truth } }>('/state')).channels.shopify
    const buy = async (sku: string, quantity: number, further: object[] = []) =>
      (await markets.control<{ orderId: string }>('/orders', { channel: 'shopify', sku, quantity, further })).orderId
    /** Another program of the seller's has spent what was in the bucket. */
    async function drain(): Promise<void> {
      Object.assign(points, { burst: 1, rate: 0 })
      const shop = `${markets.url}/shopify/admin`
      const grant = { client_id: clientId, client_secret: clientSecret, grant_type: 'client_credentials' }
      const minted = await fetch(`${shop}/oauth/access_token`, { method: 'POST', body: new URLSearchParams(grant) })
      const { access_token: token } = (await minted.json()) as { access_token: string }
      await fetch(`${shop}/api/2026-10/graphql.json`, {
        method: 'POST',
        headers: { 'content-type': 'application/json', 'x-shopify-access-token': token },
        body: JSON.stringify({ query: '{ productVariants(first: 1) { nodes { id } } }' }),
      })
      Object.assign(points, { burst: 2_000, rate: 100 })
    }
    return {
      settings: { shop: 'simulated.myshopify.com', endpoint: `${markets.url}/shopify`, historyDays: 7 },
      secrets: { clientId, clientSecret },
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await truth()).shown[sku],
      price: async (sku) => (await truth()).prices[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'shopify', sku, quantity })),
      async trouble(trouble) {
        if (trouble.kind === 'throttle') return await drain()
        await fault('*', 'expire-access', { count: 1 })
        if (trouble.kind === 'revoke') await fault('token', 'revoke')
      },
      buy,
      cancel: async (id) => void (await markets.control(`/orders/${id}/cancel`, {})),
      async buyLines(lines) {
        const [first, ...further] = Array.from({ length: lines }, (_, index) => goods[index % goods.length]!.sku)
        return await buy(
          first!,
          1,
          further.map((sku) => ({ sku, quantity: 1 })),
        )
      },
      hooks: async () => arrived.splice(0),
      // Nobody takes what the store sends: after eight tries the subscription is gone.
      async dropSubscription() {
        isDeaf = true
        await buy(goods[0]!.sku, 1)
        for (let tries = 0; tries < 9; tries++) await markets.pass(120 * minute)
        isDeaf = false
      },
      close: markets.close,
    }
  },
}

const catalogItem = ({ sku, quantity }: Goods, index: number) => ({
  sku,
  title: `Thing ${index}`,
  asin: `B0SIM${String(index + 1).padStart(5, '0')}`,
  price: 1_490,
  currency: 'USD',
  shopify: { quantity },
})

contractSuite({
  harness,
  planted: 'own',
  skips: {
    'webhooks: questions are answered': {
      reason: 'asks no questions',
      fact: 'each call is signed by itself (X-Shopify-Hmac-SHA256 over the raw body); nothing is asked of the address',
    },
  },
})
