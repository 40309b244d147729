/**
 * HTTP message signatures (RFC 9421) as eBay wants them of sellers in the EU and the UK. What is signed without need is
 * not looked at, so every call of an account with a key is signed (facts: channels.md §1, Money).
 */
import { createHash, createPrivateKey, type KeyObject, sign, verify } from 'node:crypto'

export interface SigningKey {
  /** Goes along with each call: the public half, as eBay sealed it. */
  jwe: string
  /** PKCS #8, base64. */
  privateKey: string
}

/** The text that is signed: a line for each component, and one for how it was signed. */
export function signatureBase(components: readonly (readonly [name: string, value: string])[], params: string): string {
  const lines = components.map(([name, value]) => `"${name}": ${value}`)
  return [...lines, `"@signature-params": ${params}`].join('\n')
}

/** Ed25519, or RSA with SHA-256, whichever the key is for. */
export function signBase(base: string, key: KeyObject): string {
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return sign(algorithm, Buffer.from(base), key).toString('base64')
}

export function isSigned(base: string, signature: string, key: KeyObject): boolean {
  const algorithm = key.asymmetricKeyType === 'ed25519' ? null : 'sha256'
  return verify(algorithm, Buffer.from(base), key, Buffer.from(signature, 'base64'))
}

/** The headers that sign one call. The path counts without its query; a call without a body has no digest. */
export function signatureHeaders(
  call: { method: string; url: string; body?: string | undefined },
  { jwe, privateKey }: SigningKey,
  now: Date,
): Record<string, string> {
  const { pathname, host } = new URL(call.url)
  const digest =
    call.body === undefined ? undefined : `sha-256=:${createHash('sha256').update(call.body).digest('base64')}:`
  const components: [string, string][] = [
    ...(digest === undefined ? [] : [['content-digest', digest] satisfies [string, string]]),
    ['x-ebay-signature-key', jwe],
    ['@method', call.method],
    ['@path', pathname],
    ['@authority', host],
  ]
  const names = components.map(([name]) => `"${name}"`).join(' ')
  const params = `(${names});created=${Math.floor(now.getTime() / 1_000)}`
  const signature = signBase(signatureBase(components, params), readKey(privateKey))
  return {
    ...(digest === undefined ? {} : { 'content-digest': digest }),
    'x-ebay-signature-key': jwe,
    'signature-input': `sig1=${params}`,
    signature: `sig1=:${signature}:`,
  }
}

function readKey(text: string): KeyObject {
  const base64 = text.replace(/-----[A-Z ]+-----/g, '').replace(/\s/g, '')
  return createPrivateKey({ key: Buffer.from(base64, 'base64'), format: 'der', type: 'pkcs8' })
}
