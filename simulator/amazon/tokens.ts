import type { Market } from '../core.ts'
import { fires } from '../faults.ts'
import { json, readJson } from '../http.ts'
import { spendCode } from './consent.ts'

const lifeSeconds = 3600

/** Login with Amazon, token endpoint: form or JSON, grant_type refresh_token (facts §2). */
export async function mintToken(market: Market, request: Request): Promise<Response> {
  market.count('token')
  const given = await readFields(request)
  if (given.client_id !== market.settings.clientId || given.client_secret !== market.settings.clientSecret) {
    return refuse(401, 'invalid_client', 'Client authentication failed')
  }
  if (given.grant_type === 'authorization_code') return exchangeCode(market, given)
  if (given.grant_type !== 'refresh_token') {
    return refuse(400, 'unsupported_grant_type', 'The authorization grant type is not supported by the server')
  }
  if (!given.refresh_token) return refuse(400, 'invalid_request', 'The request is missing refresh_token')
  if (given.refresh_token !== market.settings.refreshToken || fires(market.core, market.name, 'token', 'revoke')) {
    return refuse(400, 'invalid_grant', 'The request has an invalid grant parameter : refresh_token')
  }
  return grant(market)
}

/** The code of a seller who authorized, for a refresh token. */
function exchangeCode(market: Market, given: Record<string, unknown>): Response {
  const wrong = spendCode(market, String(given.code), String(given.redirect_uri))
  if (wrong !== 'spent') return refuse(400, 'invalid_grant', `The request has an invalid grant parameter : ${wrong}`)
  return grant(market)
}

function grant(market: Market): Response {
  const { accessTokens } = market.state
  const now = market.now()
  for (const [token, expiresAt] of Object.entries(accessTokens)) if (expiresAt <= now) delete accessTokens[token]
  const token = `Atza|${market.random('ids').letters(48)}`
  accessTokens[token] = now + lifeSeconds * 1000
  const body = {
    access_token: token,
    refresh_token: market.settings.refreshToken,
    token_type: 'bearer',
    expires_in: lifeSeconds,
  }
  return json(200, body, { date: new Date(now).toUTCString() })
}

async function readFields(request: Request): Promise<Record<string, unknown>> {
  if (request.headers.get('content-type')?.includes('json')) {
    const body = await readJson(request)
    return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {}
  }
  return Object.fromEntries(new URLSearchParams(await request.text()))
}

/** Errors of the token endpoint have OAuth's form, not the SP-API's. */
export function refuse(status: number, error: string, description: string): Response {
  return json(status, { error, error_description: description })
}

/** Is the call's access token valid now? */
export function isAuthorized(market: Market, request: Request): boolean {
  const token = request.headers.get('x-amz-access-token') ?? ''
  const { accessTokens } = market.state
  return Object.hasOwn(accessTokens, token) && accessTokens[token]! > market.now()
}

/** Ends the token before its time; the next call has to mint one. */
export function revokeAccess(market: Market, request: Request): void {
  delete market.state.accessTokens[request.headers.get('x-amz-access-token') ?? '']
  market.touch()
}
