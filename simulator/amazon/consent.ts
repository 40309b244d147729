import type { Market } from '../core.ts'
import { accessOf } from './access.ts'

/** Codes of the website authorization last five minutes. */
const codeLifeMs = 5 * 60_000

/**
 * The page in Seller Central where the seller authorizes the application (website authorization workflow). What Amazon refuses
 * it tells there, and sends nobody back: MD1000 for a draft without version=beta, MD5101 for an address that is not registered.
 */
export function consentPage(market: Market, request: Request, query: URLSearchParams): Response {
  const application = query.get('application_id') ?? ''
  const state = query.get('state') ?? ''
  const { redirectUris } = accessOf(market)
  const redirectUri = query.get('redirect_uri') ?? redirectUris?.[0]
  if (!application.startsWith('amzn1.') || state === '' || redirectUri === undefined)
    return page(
      400,
      'Something is missing',
      '<p>application_id and state are needed, and an address to go back to.</p>',
    )
  if (query.get('version') !== 'beta')
    return page(400, 'MD1000', '<p>The application is a draft: add version=beta to the address.</p>')
  if (redirectUris && !redirectUris.includes(redirectUri))
    return page(
      400,
      'MD5101',
      `<p>The redirect address is not registered. Registered: ${escaped(redirectUris.join(', '))}. Got: ${escaped(redirectUri)}.</p>`,
    )
  if (request.method === 'POST') return sendBack(market, redirectUri, state, query.get('refuse') === '1')
  const action = `?${query.toString()}`
  return page(
    200,
    'Authorize the application',
    `<p>Seller ${escaped(market.settings.sellerId)}. The application ${escaped(application)} wants access to your selling account.</p>
<form method="post" action="${escaped(action)}"><button>Confirm</button></form>
<form method="post" action="${escaped(`${action}&refuse=1`)}"><button>Cancel</button></form>`,
  )
}

function sendBack(market: Market, redirectUri: string, state: string, refused: boolean): Response {
  const back = new URL(redirectUri)
  back.searchParams.set('state', state)
  if (refused) back.searchParams.set('error', 'access_denied')
  else {
    const code = `ANsim${market.random('ids').letters(15)}`
    market.state.codes = { ...market.state.codes, [code]: { redirectUri, expiresAt: market.now() + codeLifeMs } }
    market.touch()
    back.searchParams.set('selling_partner_id', market.settings.sellerId)
    back.searchParams.set('spapi_oauth_code', code)
  }
  return new Response(null, { status: 303, headers: { location: back.toString() } })
}

/** Spends a code. What is wrong with it is named as Login with Amazon does; of the redirect address that is assumed. */
export function spendCode(market: Market, code: string, redirectUri: string): 'spent' | 'code' | 'redirect_uri' {
  const { [code]: found, ...rest } = market.state.codes ?? {}
  if (!found || found.expiresAt <= market.now()) return 'code'
  if (found.redirectUri !== redirectUri) return 'redirect_uri'
  market.state.codes = rest
  market.touch()
  return 'spent'
}

function page(status: number, title: string, body: string): Response {
  const html = `<!doctype html><html lang="en"><head><meta charset="utf-8"><title>${escaped(title)}</title></head><body><h1>${escaped(title)}</h1>${body}</body></html>`
  return new Response(html, { status, headers: { 'content-type': 'text/html; charset=utf-8' } })
}

const escaped = (text: string) => text.replace(/[&<>"]/g, (one) => `&#${one.charCodeAt(0)};`)
