/** The own store against the contract. Its orders come through our own API, so only its quantities are asked. */
import { randomUUID } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { openMarketplaces, webhookSecret } from '../../../test/support/marketplaces.ts'
import { contractSuite, type Goods, type Harness, type Suite } from '../contract-suite.ts'
import { storefront } from './index.ts'

const harness: Harness = {
  connector: storefront,
  orderShowsMs: 0,
  writeShowsMs: 1_000,
  stock: { unknownSku: 'GONE-1' },
  webhooks: { address: 'https://hub.example/hooks/storefront/key', asks: false },
  async start({ goods }) {
    const hub = { hubUrl: 'http://127.0.0.1:9', apiKey: 'none', account: 'store' }
    const markets = await openMarketplaces(goods.map(catalogItem), { storefront: { ...hub, webhookSecret } })
    const account = markets.account('storefront')
    return {
      settings: account.settings as Record<string, unknown>,
      secrets: (await account.secrets()) as Record<string, string>,
      now: () => markets.sim.now(),
      pass: markets.pass,
      shown: async (sku) => (await markets.state('storefront')).shown[sku],
      overwrite: async (sku, quantity) =>
        void (await markets.control('/quantities', { channel: 'storefront', sku, quantity })),
      async trouble(trouble) {
        const another = `whsec_${Buffer.from('another secret than that of the test').toString('base64')}`
        if (trouble.kind === 'revoke') markets.sim.connectStorefront({ ...hub, webhookSecret: another })
        else if (trouble.kind === 'throttle')
          await markets.control('/faults', {
            channel: 'storefront',
            operation: trouble.operation,
            kind: 'status',
            status: 429,
            count: 1,
          })
        else throw new Error('there is no token')
      },
      // The store signs as the hub does.
      async hooks(address, orderId) {
        const now = markets.sim.now()
        const body = JSON.stringify({ type: 'stock.changed', timestamp: now.toISOString(), data: { orderId } })
        const id = `msg_${randomUUID()}`
        const headers = {
          'content-type': 'application/json',
          'webhook-id': id,
          'webhook-timestamp': String(Math.floor(now.getTime() / 1_000)),
          'webhook-signature': new Webhook(webhookSecret).sign(id, now, body),
        }
        return [{ method: 'POST', address, query: {}, headers, body: new TextEncoder().encode(body) }]
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
  storefront: { quantity },
})

const ofWebhooks: Suite['skips'] = {
  'webhooks: questions are answered': {
    reason: 'asks no questions',
    fact: 'a webhook is proved by its own signature (Standard Webhooks); nothing is asked of the address',
  },
  'webhooks: subscriptions are kept, and made again when dropped': {
    reason: 'subscribed by hand',
    fact: 'the seller enters the address in the own store; there is nobody to ask for it',
  },
}

contractSuite({
  harness,
  planted: 'all',
  skips: {
    ...(storefront.webhooks ? ofWebhooks : {}),
    'stock: token renewed once for all': {
      reason: 'no access tokens',
      fact: 'each webhook is signed by itself (Standard Webhooks, signature over id, time and body)',
    },
  },
})
