import { fires } from '../faults.ts'
import { json } from '../http.ts'
import type { Ebay } from './market.ts'

const lifeSeconds = 7_200
const refreshLifeSeconds = 47_304_000
const codeLifeMs = 299_000

/** OAuth: the app's own token, a code from the consent page, or the seller's refresh token (facts §1, Auth). */
export async function mintToken(ebay: Ebay, request: Request): Promise<Response> {
  ebay.core.count('ebay', 'token')
  const { settings, state } = ebay
  const wanted = `Basic ${Buffer.from(`${settings.clientId}:${settings.clientSecret}`).toString('base64')}`
  if (request.headers.get('authorization') !== wanted) {
    return refuse(401, 'invalid_client', 'client authentication failed')
  }
  const fields = new URLSearchParams(await request.text())
  const grant = fields.get('grant_type')
  if (grant === 'client_credentials')
    return json(200, { ...issue(ebay, 'app'), token_type: 'Application Access Token' })
  if (grant === 'authorization_code') {
    const code = fields.get('code') ?? ''
    const isGood = Object.hasOwn(state.codes, code) && state.codes[code]! > ebay.now()
    if (fields.get('redirect_uri') !== settings.ruName || !isGood) {
      return refuse(
        400,
        'invalid_grant',
        'the provided authorization grant code is invalid or was issued to another client',
      )
    }
    delete state.codes[code]
    return json(200, {
      ...issue(ebay, 'seller'),
      token_type: 'User Access Token',
      refresh_token: settings.refreshToken,
      refresh_token_expires_in: refreshLifeSeconds,
    })
  }
  if (grant !== 'refresh_token') return refuse(400, 'unsupported_grant_type', 'grant type in request is not supported')
  if (fields.get('refresh_token') !== settings.refreshToken || fires(ebay.core, 'ebay', 'token', 'revoke')) {
    return refuse(
      400,
      'invalid_grant',
      'the provided authorization refresh token is invalid or was issued to another client',
    )
  }
  // No new refresh token comes along.
  return json(200, { ...issue(ebay, 'seller'), token_type: 'User Access Token' })
}

function issue(ebay: Ebay, as: 'seller' | 'app'): { access_token: string; expires_in: number } {
  const { tokens } = ebay.state
  const now = ebay.now()
  for (const [token, { expiresAt }] of Object.entries(tokens)) if (expiresAt <= now) delete tokens[token]
  const token = `v^1.1#${ebay.random('ids').letters(48)}`
  tokens[token] = { expiresAt: now + lifeSeconds * 1_000, as }
  ebay.core.touch()
  return { access_token: token, expires_in: lifeSeconds }
}

/** Errors of the token endpoint have OAuth's form. */
export function refuse(status: number, error: string, description: string): Response {
  return json(status, { error, error_description: description })
}

const given = (request: Request) => (request.headers.get('authorization') ?? '').replace(/^(Bearer|IAF) /, '')

/** Whose valid token the call carries. */
export function callerOf(ebay: Ebay, request: Request): 'seller' | 'app' | undefined {
  const token = given(request)
  const { tokens } = ebay.state
  if (!Object.hasOwn(tokens, token)) return undefined
  return tokens[token]!.expiresAt > ebay.now() ? tokens[token]!.as : undefined
}

export function endToken(ebay: Ebay, request: Request): void {
  delete ebay.state.tokens[given(request)]
  ebay.core.touch()
}

/** The consent page, agreed to at once: back to the seller's app with a code. */
export function consent(ebay: Ebay, query: URLSearchParams): Response {
  const { settings, state } = ebay
  if (query.get('client_id') !== settings.clientId || query.get('redirect_uri') !== settings.ruName) {
    return refuse(400, 'unauthorized_client', 'The OAuth client was not found, or its RuName is another one.')
  }
  const code = `v^1.1#code-${ebay.random('ids').letters(24)}`
  state.codes[code] = ebay.now() + codeLifeMs
  ebay.core.touch()
  const to = new URL(settings.acceptUrl)
  to.searchParams.set('state', query.get('state') ?? '')
  to.searchParams.set('code', code)
  to.searchParams.set('expires_in', '299')
  return new Response(null, { status: 302, headers: { location: to.toString() } })
}
