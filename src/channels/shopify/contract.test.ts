/** Shopify against the contract. */
import { shopifySettings } from '../../../simulator/index.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import { contractSuite, type Goods, type Harness } from '../contract-suite.ts'
import { shopify } from './index.ts'

const minute = 60_000

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
    const size = body?.includes('query Orders(') ? 3 : body?.includes('query Listings(') ? 5 : undefined
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
  stock: { push: 'setQuantities', read: 'itemsBySku', unknownSku: 'GONE-1' },
  async start({ goods }) {
    const points = { burst: 1e9, rate: 1e9 }
    const markets = await openMarketplaces(goods.map(catalogItem), {
      shopify: { pendingShare: 0, searchLagMs: { min: 0, max: 0 }, points },
    })
    const { clientId, clientSecret } = shopifySettings()
    const fault = (operation: string, kind: string, more: object = {}) =>
      markets.control('/faults', { channel: 'shopify', operation, kind, ...more })
    const truth = async () => (await markets.control<{ channels: { shopify: Truth } }>('/state')).channels.shopify
    const buy = async (sku: string, quantity: number, further: object[] = []) =>
      (await markets.control<{ orderId: string }>('/orders', { channel: 'shopify', sku, quantity, further })).orderId
    /** Another program of the seller's spends what is in the bucket. */
    async function drain(): Promise<void> {
      Object.assign(points, { burst: 2_000, rate: 100 })
      const shop = `${markets.url}/shopify/admin`
      const grant = new URLSearchParams({
        client_id: clientId,
        client_secret: clientSecret,
        grant_type: 'client_credentials',
      })
      const minted = await fetch(`${shop}/oauth/access_token`, { method: 'POST', body: grant })
      const { access_token: token } = (await minted.json()) as { access_token: string }
      for (const first of [200, 20, 1]) {
        for (let call = 0, text = ''; call < 300 && !text.includes('THROTTLED'); call++) {
          const query = `{ productVariants(first: ${first}) { nodes { id } } }`
          const answer = await fetch(`${shop}/api/2026-10/graphql.json`, {
            method: 'POST',
            headers: { 'content-type': 'application/json', 'x-shopify-access-token': token },
            body: JSON.stringify({ query }),
          })
          text = await answer.text()
        }
      }
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

contractSuite({ harness })
