/**
 * OAuth 1.0a with one leg, as WooCommerce takes it where no https hides a password: the query is signed with the consumer
 * secret alone, there is no token (RFC 5849; woocommerce, class-wc-rest-authentication.php).
 */
import { createHmac } from 'node:crypto'

export type Hash = 'sha1' | 'sha256'

/** RFC 3986: all but letters, digits and `-._~`. */
export const encode = (text: string): string =>
  encodeURIComponent(text).replace(/[!'()*]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)

type Pair = readonly [name: string, value: string]

const byText = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0)

/** What is signed (RFC 5849, 3.4.1): the method, the address without its query, and all parameters in order. */
export function baseString(method: string, address: string, pairs: readonly Pair[]): string {
  const sorted = pairs
    .map(([name, value]) => [encode(name), encode(value)] as const)
    .sort((a, b) => byText(a[0], b[0]) || byText(a[1], b[1]))
    .map((pair) => pair.join('='))
  return [method.toUpperCase(), encode(address), encode(sorted.join('&'))].join('&')
}

export function sign(text: string, secrets: { consumer: string; token?: string }, hash: Hash): string {
  const key = `${encode(secrets.consumer)}&${encode(secrets.token ?? '')}`
  return createHmac(hash, key).update(text).digest('base64')
}

/** The parameters with those of the signature added. */
export function signedQuery(
  call: { method: string; address: string; query: readonly Pair[] },
  secrets: { consumerKey: string; consumerSecret: string },
  once: { nonce: string; at: Date },
): Pair[] {
  const pairs: Pair[] = [
    ...call.query,
    ['oauth_consumer_key', secrets.consumerKey],
    ['oauth_nonce', once.nonce],
    ['oauth_signature_method', 'HMAC-SHA256'],
    ['oauth_timestamp', String(Math.floor(once.at.getTime() / 1_000))],
  ]
  const text = baseString(call.method, call.address, pairs)
  return [...pairs, ['oauth_signature', sign(text, { consumer: secrets.consumerSecret }, 'sha256')]]
}
