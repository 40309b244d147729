/** Which addresses the program may call: https to the outside; plain http and private hosts only where allowed by name. */
import { isIP } from 'node:net'

export interface GuardOptions {
  /** Origins allowed whatever they are, e.g. the simulator in the demo or a seller's store in the same network. */
  allowedOrigins: readonly string[]
}

export type UrlFault = 'url_credentials' | 'url_not_https' | 'url_private'

/** Answers why the address is refused, or undefined. Names that resolve to private addresses are not caught here. */
export function faultOfUrl(url: URL, options: GuardOptions): UrlFault | undefined {
  if (url.username || url.password) return 'url_credentials'
  if (options.allowedOrigins.includes(url.origin)) return undefined
  if (url.protocol !== 'https:') return 'url_not_https'
  return isPrivateHost(url.hostname) ? 'url_private' : undefined
}

/** The same in words. */
export function refuseUrl(url: URL, options: GuardOptions): string | undefined {
  const fault = faultOfUrl(url, options)
  if (fault === 'url_credentials') return 'an address must not carry a user or a password'
  if (fault === 'url_not_https') return `${url.protocol}//… is refused: only https leaves this machine`
  return fault && `${url.hostname} lies in a private network`
}

function isPrivateHost(hostname: string): boolean {
  // A dot at the end means the same host.
  const host = hostname.replace(/^\[|\]$|\.$/g, '').toLowerCase()
  if (host === 'localhost' || host.endsWith('.localhost') || host.endsWith('.local') || host.endsWith('.internal'))
    return true
  const version = isIP(host)
  if (version === 4) return isPrivate4(host)
  if (version === 6) {
    if (host === '::' || host === '::1' || /^f[cd]/.test(host) || /^fe[89ab]/.test(host)) return true
    // URL writes IPv4-mapped addresses as hex groups; every mapped one is refused: real hosts have no use for them.
    return host.startsWith('::ffff:')
  }
  return false
}

function isPrivate4(host: string): boolean {
  const [a = 0, b = 0] = host.split('.').map(Number)
  return (
    a === 0 ||
    a === 10 ||
    a === 127 ||
    a >= 224 ||
    (a === 100 && b >= 64 && b < 128) ||
    (a === 169 && b === 254) ||
    (a === 172 && b >= 16 && b < 32) ||
    (a === 192 && (b === 168 || b === 0)) ||
    (a === 198 && (b === 18 || b === 19))
  )
}
