import { fires } from '../faults.ts'
import { json } from '../http.ts'
import { walmartError } from './answers.ts'
import type { Walmart } from './market.ts'

const lifeSeconds = 900

/** POST /v3/token: the app's own grant; there is no refresh token (facts §2, Auth). */
export async function mintToken(walmart: Walmart, request: Request): Promise<Response> {
  walmart.core.count('walmart', 'token')
  const { settings, state } = walmart
  const isRevoked = fires(walmart.core, 'walmart', 'token', 'revoke') !== null
  const wanted = `Basic ${Buffer.from(`${settings.clientId}:${settings.clientSecret}`).toString('base64')}`
  const fields = new URLSearchParams(await request.text())
  if (!request.headers.get('wm_qos.correlation_id') || !request.headers.get('wm_svc.name')) return walmartError(400)
  if (fields.get('grant_type') !== 'client_credentials') return refuse('INVALID_REQUEST', 'grant_type is not supported')
  // Wrong credentials are answered with 400, not 401 (facts §2, Auth).
  if (isRevoked || request.headers.get('authorization') !== wanted)
    return refuse('INVALID_CLIENT', 'Client authentication failed')
  const now = walmart.now()
  for (const [token, until] of Object.entries(state.tokens)) if (until <= now) delete state.tokens[token]
  const token = `eyJ${walmart.random('ids').letters(60)}`
  state.tokens[token] = now + lifeSeconds * 1_000
  walmart.core.touch()
  return json(200, { access_token: token, token_type: 'Bearer', expires_in: lifeSeconds })
}

const refuse = (code: string, description: string): Response =>
  json(400, { error: [{ code, field: 'auth', description, severity: 'ERROR', category: 'REQUEST' }] })

export function isLetIn({ state, now }: Walmart, request: Request): boolean {
  const token = request.headers.get('wm_sec.access_token') ?? ''
  return Object.hasOwn(state.tokens, token) && state.tokens[token]! > now()
}

export function endToken({ state, core }: Walmart, request: Request): void {
  delete state.tokens[request.headers.get('wm_sec.access_token') ?? '']
  core.touch()
}

const scopes = ['reports', 'item', 'shipping', 'price', 'lagtime', 'feeds', 'returns', 'orders', 'rules', 'inventory']

/** GET /v3/token/detail: what the key may do. */
export function tokenDetail(walmart: Walmart, request: Request): Response {
  const until = walmart.state.tokens[request.headers.get('wm_sec.access_token') ?? '']!
  return json(200, {
    expire_at: String(until),
    issued_at: String(until - lifeSeconds * 1_000),
    is_valid: true,
    is_channel_match: true,
    scopes: Object.fromEntries([...scopes, 'content'].map((name) => [name, 'full_access'])),
  })
}
