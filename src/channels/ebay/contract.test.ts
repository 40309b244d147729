/** eBay against the contract. */
import { createHash } from 'node:crypto'
import type { State } from '../../../simulator/state.ts'
import { ebayItem, ebaySecrets, ebaySettings, quietEbay } from '../../../test/support/ebay.ts'
import { openMarketplaces } from '../../../test/support/marketplaces.ts'
import type { IncomingHook } from '../capabilities.ts'
import { contractSuite, type Harness } from '../contract-suite.ts'
import { ebay } from './index.ts'

const minute = 60_000
const address = 'https://hub.example/hooks/ebay/key'

/** eBay's documentation: what proves that the address is ours. */
function answerTo(challenge: string): string {
  const hash = createHash('sha256').update(challenge).update(ebaySecrets.verificationToken).update(address)
  return JSON.stringify({ challengeResponse: hash.digest('hex') })
}

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
    countOff: (answer) => void ((answer as { total: number }).total -= 1),
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
  effects: {
    shipments: { operation: 'createShippingFulfillment', carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
    cancellations: { operation: 'createCancellation', reason: 'out_of_stock' },
    refunds: { operation: 'issueRefund', currency: 'USD', reason: 'returned' },
    prices: { currency: 'USD', marketplace: 'EBAY_US' },
  },
  webhooks: { address, asks: true },
  consent: { redirectUri: 'https://hub.example/connect/return', operation: 'token' },
  settlements: { operations: ['getPayouts', 'getPayout', 'getTransactions'], tellOrders: true },
  async start({ goods }) {
    const arrived: IncomingHook[] = []
    const outside: typeof fetch = async (input, init) => {
      const url = new URL(input instanceof Request ? input.url : String(input))
      const challenge = url.searchParams.get('challenge_code')
      if (challenge) return new Response(answerTo(challenge), { headers: { 'content-type': 'application/json' } })
      const headers = Object.fromEntries(new Headers(init?.headers))
      const body = new TextEncoder().encode(String(init?.body ?? ''))
      arrived.push({ method: 'POST', address, query: {}, headers, body })
      return new Response(null, { status: 204 })
    }
    const markets = await openMarketplaces(
      goods.map(({ sku, quantity }) => ebayItem(sku, quantity)),
      { ebay: quietEbay, fetch: outside },
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
      price: async (sku) => (markets.sim.snapshot() as State).ebay?.items[sku]?.offers[0]?.price,
      hooks: async () => arrived.splice(0),
      async questions() {
        const query = { challenge_code: 'a12b34c56d78' }
        const hook: IncomingHook = { method: 'GET', address, query, headers: {}, body: new Uint8Array() }
        return [{ hook, body: answerTo(query.challenge_code) }]
      },
      dropSubscription: () => switchOff(markets.url),
      async consented(url) {
        const answer = await fetch(url, { redirect: 'manual' })
        return Object.fromEntries(new URL(answer.headers.get('location') ?? '').searchParams)
      },
      close: markets.close,
    }
  },
}

/** A person switches one of the subscriptions off in eBay's own pages. */
async function switchOff(url: string): Promise<void> {
  const { clientId } = ebaySettings
  const basic = Buffer.from(`${clientId}:${ebaySecrets.clientSecret}`).toString('base64')
  const minted = await fetch(`${url}/ebay/identity/v1/oauth2/token`, {
    method: 'POST',
    headers: { authorization: `Basic ${basic}`, 'content-type': 'application/x-www-form-urlencoded' },
    body: 'grant_type=client_credentials',
  })
  const { access_token: token } = (await minted.json()) as { access_token: string }
  const at = `${url}/ebay/commerce/notification/v1/subscription`
  const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' }
  const list = (await (await fetch(at, { headers })).json()) as { subscriptions: { subscriptionId: string }[] }
  const { subscriptionId, ...one } = list.subscriptions[0]!
  const body = JSON.stringify({ ...one, status: 'DISABLED' })
  const answer = await fetch(`${at}/${subscriptionId}`, { method: 'PUT', headers, body })
  if (answer.status !== 204) throw new Error(`it was not switched off: ${answer.status}`)
}

contractSuite({ harness, planted: 'own' })
