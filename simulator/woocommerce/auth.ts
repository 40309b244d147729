import { createHmac, timingSafeEqual } from 'node:crypto'
import { fires } from '../faults.ts'
import type { Woo } from './store.ts'

/** Refuses a call with one of WooCommerce's own errors. */
export class WooRefusal extends Error {
  readonly status: number
  readonly code: string
  readonly more: object
  constructor(status: number, code: string, message: string, more: object = {}) {
    super(message)
    this.status = status
    this.code = code
    this.more = more
  }
}

const window = 15 * 60

/** As PHP's rawurlencode. */
const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

/** The signature of a call by OAuth 1.0a with one leg: no token, the consumer's secret alone (RFC 5849, 3.4). */
export function wooSignature(method: string, address: string, query: URLSearchParams, secret: string): string {
  const pairs = [...query]
    .filter(([name]) => name !== 'oauth_signature')
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map((pair) => encode(pair.join('=')))
  const text = `${method}&${encode(address)}&${pairs.join('%26')}`
  return createHmac('sha256', `${secret}&`).update(text).digest('base64')
}

const isSame = (a: string, b: string): boolean =>
  a.length === b.length && timingSafeEqual(Buffer.from(a), Buffer.from(b))

const no = (message: string) => new WooRefusal(401, 'woocommerce_rest_authentication_error', message)

/** Who is not known gets WooCommerce's own refusal; `path` begins with /wp-json. */
export function admit(woo: Woo, request: Request, url: URL, path: string, operation: string): void {
  const { consumerKey, consumerSecret, permissions } = woo.settings
  const isRevoked = fires(woo.core, 'woocommerce', operation, 'revoke') !== null
  const isSecure = url.protocol === 'https:' || request.headers.get('x-forwarded-proto') === 'https'
  const basic = isSecure ? basicOf(request.headers.get('authorization')) : undefined
  const isKnown = (key: string) => key === consumerKey && !isRevoked
  if (basic && isKnown(basic.key)) {
    if (!isSame(basic.secret, consumerSecret)) throw no('Consumer secret is invalid.')
  } else if (url.searchParams.has('oauth_consumer_key')) {
    if (!isKnown(url.searchParams.get('oauth_consumer_key')!)) throw no('Consumer key is invalid.')
    const home = woo.settings.homeUrl ?? `${url.origin}/woocommerce`
    const wanted = wooSignature(request.method, `${home}${path}`, url.searchParams, consumerSecret)
    if (!isSame(wanted, url.searchParams.get('oauth_signature') ?? ''))
      throw no('Invalid signature - provided signature does not match.')
    takeNonce(woo, Number(url.searchParams.get('oauth_timestamp')), url.searchParams.get('oauth_nonce') ?? '')
  } else throw new WooRefusal(401, 'woocommerce_rest_cannot_view', 'Sorry, you cannot list resources.')
  if (permissions === 'read' && request.method !== 'GET')
    throw no('The API key provided does not have write permissions.')
}

function basicOf(header: string | null) {
  const text = /^Basic (.+)$/.exec(header ?? '')?.[1]
  if (!text) return undefined
  const [key = '', secret = ''] = Buffer.from(text, 'base64').toString('utf8').split(':')
  return { key, secret }
}

function takeNonce(woo: Woo, timestamp: number, nonce: string): void {
  const now = Math.floor(woo.now() / 1_000)
  if (!(Math.abs(timestamp - now) <= window)) throw no('Invalid timestamp.')
  const { nonces } = woo.state
  for (const [old, at] of Object.entries(nonces)) if (at < now - window) delete nonces[old]
  if (Object.hasOwn(nonces, nonce)) throw no('Invalid nonce - nonce has already been used.')
  nonces[nonce] = timestamp
  woo.core.touch()
}
