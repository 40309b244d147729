/** For each channel that takes notifications: an account, and a call as the channel itself would make it. */
import { createHash, createHmac, generateKeyPairSync, sign } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import type { Genuine } from './mutated-hooks.ts'
import { secretOfTests, signed } from './telling-channel.ts'

export interface GenuineHooks {
  settings: unknown
  secrets: Record<string, string>
  /** `path`: of the account's address. */
  genuine(now: Date, accountId: string, path: string): Genuine
  /** What the channel answers when the check asks it (for a key, say). */
  fetch?: typeof fetch
  /** The check asks the channel; where it may ask no more, the call is to come again: 503. */
  asks?: true
}

const post = (headers: Record<string, string>, body: string) => ({
  method: 'POST' as const,
  query: {},
  headers: { 'content-type': 'application/json', ...headers },
  body: Buffer.from(body),
})

const storefront: GenuineHooks = {
  settings: { webhookUrl: 'https://shop.example/hook' },
  secrets: { webhookSecret: secretOfTests },
  genuine(now) {
    const said = { type: 'stock.changed', data: { items: [{ sku: 'TASSE-Ü' }] } }
    const { body, headers } = signed(now, 'msg_genuine', said)
    return { hook: post(headers, body), signed: ['webhook-id', 'webhook-timestamp', 'webhook-signature'] }
  },
}

/** Topic, store and id stand outside of what Shopify signs; a wrong one makes the hub look once more. */
const shopify: GenuineHooks = {
  settings: { shop: 'example.myshopify.com' },
  secrets: { clientId: 'an app', clientSecret: 'shpss_0123456789abcdef' },
  genuine(now) {
    const body = JSON.stringify({ id: 820982911946154, name: '#1001', note: 'Tasse für Zoë' })
    const headers = {
      'x-shopify-hmac-sha256': createHmac('sha256', 'shpss_0123456789abcdef').update(body).digest('base64'),
      'x-shopify-topic': 'orders/create',
      'x-shopify-shop-domain': 'example.myshopify.com',
      'x-shopify-webhook-id': 'b54557e4-bdd9-4b37-8a5f-bf7d70bcd043',
      'x-shopify-triggered-at': now.toISOString(),
    }
    return { hook: post(headers, body), signed: ['x-shopify-hmac-sha256'] }
  },
}

const woocommerce: GenuineHooks = {
  settings: { url: 'https://store.example' },
  secrets: { consumerKey: `ck_${'1'.repeat(40)}`, consumerSecret: `cs_${'2'.repeat(40)}` },
  genuine(now) {
    const secret = createHmac('sha256', `cs_${'2'.repeat(40)}`)
      .update('entrepot webhooks')
      .digest('hex')
    const body = JSON.stringify({ id: 727, status: 'processing', customer_note: 'Tasse für Zoë' })
    const headers = {
      'x-wc-webhook-signature': createHmac('sha256', secret).update(body).digest('base64'),
      'x-wc-webhook-topic': 'order.updated',
      'x-wc-webhook-source': 'https://store.example/',
      'x-wc-webhook-delivery-id': `delivery-${now.getTime()}`,
    }
    return { hook: post(headers, body), signed: ['x-wc-webhook-signature'] }
  },
}

const kid = '00000000-1111-2222-3333-444444444444'
const keys = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
const json = (status: number, body: unknown) => new Response(JSON.stringify(body), { status })

const ebay: GenuineHooks = {
  settings: { clientId: 'an-app', sellerId: 'a-seller', marketplaceIds: ['EBAY_US'] },
  secrets: { clientSecret: 'PRD-secret', refreshToken: 'v^1.1#refresh', verificationToken: 'a'.repeat(40) },
  asks: true,
  fetch: (async (input: string | URL | Request) => {
    const { pathname } = new URL(String(input))
    if (pathname.endsWith('/oauth2/token'))
      return json(200, { access_token: 'v^1.1#app', expires_in: 7200, token_type: 'app' })
    if (!pathname.endsWith(`/public_key/${kid}`)) return json(404, { errors: [{ errorId: 195_000, message: 'none' }] })
    const key = keys.publicKey.export({ format: 'pem', type: 'spki' }) as string
    return json(200, { key: key.replaceAll('\n', ''), algorithm: 'ECDSA', digest: 'SHA1' })
  }) as typeof fetch,
  genuine(now) {
    const body = JSON.stringify({
      metadata: { topic: 'ORDER_CONFIRMATION', schemaVersion: '1.0', deprecated: false },
      notification: {
        notificationId: '49feeaeb-4982-42d9-a377-9645b8479411_33f7e043',
        eventDate: now.toISOString(),
        publishDate: now.toISOString(),
        publishAttemptCount: 1,
        data: { order: { orderId: '17-00001-00001' }, note: 'Tasse für Zoë' },
      },
    })
    const signature = sign('sha1', Buffer.from(body), keys.privateKey).toString('base64')
    const header = Buffer.from(JSON.stringify({ alg: 'ecdsa', kid, signature, digest: 'SHA1' })).toString('base64')
    const meaning = (text = '') => {
      const read = JSON.parse(Buffer.from(text, 'base64').toString('utf8')) as Record<string, string>
      return [read.alg?.toLowerCase(), read.kid?.toLowerCase(), read.signature, read.digest?.toUpperCase()].join()
    }
    return {
      hook: post({ 'x-ebay-signature': header }, body),
      signed: ['x-ebay-signature'],
      // The names of the algorithms are read in any case of letters.
      isSame: (hook) => {
        try {
          return meaning(hook.headers['x-ebay-signature']) === meaning(header)
        } catch {
          return false
        }
      },
    }
  },
}

const clientSecret = '0123456789abcdef0123456789abcdef'

const bigcommerce: GenuineHooks = {
  settings: { storeHash: 'example' },
  secrets: { accessToken: 'a-token', clientSecret },
  genuine(now) {
    const body = JSON.stringify({
      scope: 'store/order/created',
      store_id: '1025646',
      data: { type: 'order', id: 250, note: 'Tasse für Zoë' },
      hash: 'dd70c0976e06b67aaf671e73f49dcb79230ebf9d',
      created_at: Math.floor(now.getTime() / 1_000),
      producer: 'stores/example',
    })
    const id = 'msg_2f1c9a'
    const at = new Date(Math.floor(now.getTime() / 1_000) * 1_000)
    const headers = {
      'webhook-id': id,
      'webhook-timestamp': String(at.getTime() / 1_000),
      'webhook-signature': new Webhook(Buffer.from(clientSecret).toString('base64')).sign(id, at, body),
    }
    return { hook: post(headers, body), signed: Object.keys(headers) }
  },
}

/** By channel. */
const walmartSecret = 'a secret of the key'

/** A word without a signature counts by its password alone, so the signature may be missing and nothing else may be wrong. */
const walmart: GenuineHooks = {
  settings: { clientId: 'a-client', sellerId: '10001234567' },
  secrets: { clientSecret: walmartSecret },
  genuine(now, accountId, path) {
    const password = createHmac('sha256', walmartSecret).update(`notifications ${accountId}`).digest('base64url')
    const mark = createHash('sha256').update(password).digest('hex').slice(0, 8)
    const body = JSON.stringify({
      source: { eventType: 'ORDER_UPDATES', eventTime: now.toISOString(), eventId: '5b1d0c7e-1' },
      payload: { purchaseOrderId: '1796277083022', note: 'Tasse für Zoë' },
    })
    const timestamp = String(Math.floor(now.getTime() / 1_000))
    const digest = createHash('sha256').update(body).digest('hex')
    const text = ['POST', path, timestamp, digest].join('\n')
    const headers = {
      authorization: `Basic ${Buffer.from(`entrepot-${accountId}-${mark}:${password}`).toString('base64')}`,
      'wm_sec.timestamp': timestamp,
      'wm_sec.signature': createHmac('sha256', password).update(text).digest('base64'),
    }
    return { hook: post(headers, body), signed: ['authorization', 'wm_sec.timestamp'] }
  },
}

export const genuineHooks: Record<string, GenuineHooks> = {
  storefront,
  shopify,
  woocommerce,
  ebay,
  bigcommerce,
  walmart,
}
