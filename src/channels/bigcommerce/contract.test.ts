/** BigCommerce against the contract. */
import { bigcommerceSettings } from '../../../simulator/index.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import type { IncomingHook } from '../capabilities.ts'
import { contractSuite, type Goods, type Harness } from '../contract-suite.ts'
import { bigcommerce } from './index.ts'

const minute = 60_000
const hour = 60 * minute
const address = 'https://hub.example/hooks/bigcommerce/key'

const entries = (answer: unknown): unknown[] | undefined => (answer as { data?: unknown[] } | null)?.data

interface Truth {
  shown: Record<string, number>
  prices: Record<string, number>
}

const harness: Harness = {
  connector: bigcommerce,
  orderShowsMs: 2 * minute,
  writeShowsMs: minute,
  smaller({ url, body }) {
    const size = url.includes('/v2/orders?') ? 50 : /\/catalog\/variants\?page|\/items\?page/.test(url) ? 5 : undefined
    return { url: size === undefined ? url : url.replace(/limit=\d+/, `limit=${size}`), body }
  },
  orders: {
    operation: 'getOrders',
    page: 50,
    in: (answer) => (Array.isArray(answer) ? answer : undefined),
    idOf: (raw) => String((raw as { id?: unknown } | null)?.id),
    word: '/status_id',
    optional: '/total_inc_tax',
    needed: ['/id', '/date_created', '/date_modified', '/consignments/shipping/0/line_items/0/quantity'],
  },
  listings: {
    operation: 'getVariants',
    page: 5,
    in: entries,
    skuOf: (raw) => (raw as { sku?: unknown } | null)?.sku,
    optional: '/inventory_level',
    // A variant without a SKU is none of ours.
    absentWithout: ['/sku'],
  },
  storeStock: { operation: 'getLocationItems', page: 5, in: entries, absentWithout: ['/identity/sku'] },
  effects: {
    shipments: { operation: 'createShipment', carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
    cancellations: { operation: 'updateOrder', reason: 'out_of_stock' },
    refunds: { operation: 'createRefund', currency: 'USD', reason: 'returned' },
    copies: { operation: 'createOrder' },
    prices: { operation: 'updateProducts', currency: 'USD', marketplace: '' },
  },
  webhooks: { address, asks: false },
  stock: { push: 'setInventory', read: 'getInventoryItems', unknownSku: 'GONE-1' },
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
    const limits = { requests: 1_000_000, windowMs: 30_000 }
    const markets = await openMarketplaces(goods.map(catalogItem), {
      bigcommerce: { pendingShare: 0, incompleteShare: 0, listLagMs: { min: 0, max: 0 }, limits },
      fetch: outside,
    })
    const { accessToken, clientSecret, storeHash } = bigcommerceSettings()
    const truth = async () =>
      (await markets.control<{ channels: { bigcommerce: Truth } }>('/state')).channels.bigcommerce
    const buy = async (sku: string, quantity: number, further: object[] = []) =>
      (await markets.control<{ orderId: string }>('/orders', { channel: 'bigcommerce', sku, quantity, further }))
        .orderId
    return {
      settings: { storeHash, endpoint: `${markets.url}/bigcommerce`, historyDays: 7 },
      secrets: { accessToken, clientSecret },
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await truth()).shown[sku],
      price: async (sku) => (await truth()).prices[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'bigcommerce', sku, quantity })),
      async trouble({ kind }) {
        // Another program of the seller's has spent what was left of the window.
        if (kind === 'throttle') await markets.control('/bigcommerce', { others: limits.requests })
        if (kind === 'revoke')
          await markets.control('/faults', { channel: 'bigcommerce', operation: '*', kind: 'revoke' })
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
      // Nobody takes what the store sends: after two days the hook is switched off.
      async dropSubscription() {
        isDeaf = true
        await buy(goods[0]!.sku, 1)
        for (let tries = 0; tries < 12; tries++) await markets.pass(25 * hour)
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
  bigcommerce: { quantity },
})

const permanent = {
  reason: 'no access tokens',
  fact: 'a store-level API account has one token that does not expire (docs start/authentication/api-accounts)',
} as const

contractSuite({
  harness,
  planted: 'own',
  skips: {
    'orders: token renewed amid pages': permanent,
    'listings: token renewed amid pages': permanent,
    'storeStock: token renewed amid pages': permanent,
    'stock: token renewed once for all': permanent,
    'webhooks: questions are answered': {
      reason: 'asks no questions',
      fact: 'each call is signed by itself (Standard Webhooks); nothing is asked of the address when a hook is made',
    },
  },
})
