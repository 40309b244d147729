/** WooCommerce against the contract: over plain http, so that every call is signed. */
import { wooSettings, wooSignature } from '../../../simulator/index.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import type { IncomingHook } from '../capabilities.ts'
import { contractSuite, type Goods, type Harness } from '../contract-suite.ts'
import { woocommerce } from './index.ts'

const minute = 60_000
const address = 'https://hub.example/hooks/woocommerce/key'
const { consumerKey, consumerSecret } = wooSettings(undefined)

/** As the simulator names the calls that carry them: by their route. */
const routes: Record<string, string> = {
  findProducts: 'listProducts',
  findCopies: 'listOrders',
  updateStock: 'batchProducts',
  updatePrices: 'batchProducts',
  confirmShipment: 'updateOrder',
  cancelOrder: 'updateOrder',
  createCopy: 'createOrder',
}

/** Smaller pages, signed again: the size stands in what was signed. */
function smaller({ url, body }: { url: string; body: string | null }) {
  const at = new URL(url)
  const size = /\/(orders|products)$/.exec(at.pathname)?.[1] === 'orders' ? '3' : '5'
  const isWalk = at.searchParams.get('orderby') !== null && /\/(orders|products)$/.test(at.pathname)
  if (!isWalk) return { url, body }
  at.searchParams.set('per_page', size)
  const signature = wooSignature('GET', `${at.origin}${at.pathname}`, at.searchParams, consumerSecret)
  at.searchParams.set('oauth_signature', signature)
  return { url: at.toString(), body }
}

interface Truth {
  shown: Record<string, number>
  prices: Record<string, number>
  webhooks: { id: number }[]
}

const harness: Harness = {
  connector: woocommerce,
  orderShowsMs: 2 * minute,
  writeShowsMs: minute,
  smaller,
  orders: {
    operation: 'listOrders',
    page: 3,
    in: (answer) => (Array.isArray(answer) ? answer : undefined),
    idOf: (raw) => String((raw as { id?: unknown } | null)?.id),
    word: '/status',
    optional: '/payment_method_title',
    needed: ['/id', '/status', '/date_created_gmt', '/date_modified_gmt', '/line_items', '/line_items/0/quantity'],
  },
  listings: {
    operation: 'listProducts',
    page: 5,
    in: (answer) => (Array.isArray(answer) ? answer : undefined),
    skuOf: (raw) => (raw as { sku?: unknown } | null)?.sku,
    optional: '/name',
    // A product without a SKU is none of ours.
    absentWithout: ['/sku'],
  },
  storeStock: {
    operation: 'listProducts',
    page: 5,
    in: (answer) => (Array.isArray(answer) ? answer : undefined),
    absentWithout: ['/sku'],
  },
  effects: {
    shipments: { operation: 'confirmShipment', carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
    cancellations: { operation: 'cancelOrder', reason: 'out_of_stock' },
    refunds: { operation: 'createRefund', currency: 'USD', reason: 'returned' },
    copies: { operation: 'createCopy' },
    prices: { operation: 'updatePrices', currency: 'USD', marketplace: '' },
  },
  webhooks: { address, asks: true },
  stock: { push: 'updateStock', read: 'findProducts', unknownSku: 'GONE-1' },
  async start({ goods }) {
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
      woocommerce: { pendingShare: 0, onHoldShare: 0 },
      fetch: outside,
    })
    const fault = (operation: string, kind: string, more: object = {}) =>
      markets.control('/faults', {
        channel: 'woocommerce',
        operation: routes[operation] ?? operation,
        kind,
        ...more,
      })
    const truth = async () =>
      (await markets.control<{ channels: { woocommerce: Truth } }>('/state')).channels.woocommerce
    const buy = async (sku: string, quantity: number, further: object[] = []) =>
      (await markets.control<{ orderId: string }>('/orders', { channel: 'woocommerce', sku, quantity, further }))
        .orderId
    return {
      settings: { url: `${markets.url}/woocommerce`, sameNetwork: true, historyDays: 7 },
      secrets: { consumerKey, consumerSecret },
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await truth()).shown[sku],
      price: async (sku) => (await truth()).prices[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'woocommerce', sku, quantity })),
      async trouble(trouble) {
        if (trouble.kind === 'throttle') await fault(trouble.operation, 'status', { status: 429, count: 1 })
        else await fault('*', 'revoke')
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
      // The ping on creation is a question.
      hooks: async () => arrived.splice(0).filter(({ headers }) => headers['x-wc-webhook-signature'] !== undefined),
      async questions() {
        await woocommerceSubscribes(markets.url)
        await markets.pass(minute)
        return arrived
          .splice(0)
          .filter(({ headers }) => headers['x-wc-webhook-signature'] === undefined)
          .map((hook) => ({ hook, body: '' }))
      },
      // Nobody takes what the store sends: after some words it sends no more.
      async dropSubscription() {
        isDeaf = true
        for (let tries = 0; tries < 8; tries++) {
          await buy(goods[0]!.sku, 1)
          await markets.pass(2 * minute)
        }
        isDeaf = false
      },
      close: markets.close,
    }
  },
}

/** Somebody makes a webhook: the store asks the address whether anybody is there. */
async function woocommerceSubscribes(url: string): Promise<void> {
  const answer = await fetch(`${url}/woocommerce/wp-json/wc/v3/webhooks`, {
    method: 'POST',
    headers: {
      'content-type': 'application/json',
      // As a proxy says that it was called by https.
      'x-forwarded-proto': 'https',
      authorization: `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64')}`,
    },
    body: JSON.stringify({ name: 'by hand', topic: 'order.created', delivery_url: address, secret: 'x' }),
  })
  if (answer.status !== 201) throw new Error(`it was not made: ${answer.status}`)
}

const catalogItem = ({ sku, quantity }: Goods, index: number) => ({
  sku,
  title: `Thing ${index}`,
  asin: `B0SIM${String(index + 1).padStart(5, '0')}`,
  price: 1_490,
  currency: 'USD',
  woocommerce: { quantity },
})

const noTokens = {
  reason: 'no access tokens',
  fact: 'each call carries the key itself (Basic) or a signature made with it (OAuth 1.0a, one leg)',
} as const

contractSuite({
  harness,
  planted: 'own',
  skips: {
    'orders: token renewed amid pages': noTokens,
    'listings: token renewed amid pages': noTokens,
    'storeStock: token renewed amid pages': noTokens,
    'stock: token renewed once for all': noTokens,
  },
})
