/** Auth, addresses, quotas, and how a call is made. The endpoints are in calls.ts. */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireRequest, WireResponse } from '../../http/client.ts'
import { type Account, asChannelError, type Limit } from '../connector.ts'
import { isExpiredToken, readError, readTokenError, unreadable } from './errors.ts'
import { appSecrets, type Host, hostOf, readSettings, secrets } from './settings.ts'
import { signatureHeaders } from './signature.ts'
import { consentAnswer, rateLimits, tokenAnswer } from './wire.ts'

/** What a day holds (facts: channels.md §1, default daily quotas). The operations of one API share it. */
export const dailyQuotas = {
  inventory: 2_000_000,
  fulfillment: 100_000,
  account: 25_000,
  notification: 10_000,
  finances: 15_000,
} as const

/**
 * Our share of a day for each operation, as a rate and what may leave at once. A bucket gives in any 24 hours at most
 * its rate times a day and its burst, so the sums stay below the quotas; a test holds them to it.
 */
export const limits = {
  getInventoryItems: { rate: 0.5, burst: 200 },
  bulkGetInventoryItem: { rate: 4, burst: 100 },
  getOffers: { rate: 8, burst: 5_000 },
  bulkUpdatePriceQuantity: { rate: 10, burst: 200 },
  getOrders: { rate: 0.5, burst: 500 },
  getOrder: { rate: 0.25, burst: 500 },
  getShippingFulfillments: { rate: 0.15, burst: 200 },
  createShippingFulfillment: { rate: 0.15, burst: 500 },
  issueRefund: { rate: 0.05, burst: 100 },
  // Post-Order: 5,000 a day for each operation (facts §1).
  createCancellation: { rate: 0.05, burst: 100 },
  approveCancellation: { rate: 0.05, burst: 100 },
  getRateLimits: { rate: 0.02, burst: 20 },
  getPrivileges: { rate: 0.02, burst: 20 },
  getOptedInPrograms: { rate: 0.02, burst: 20 },
  getPublicKey: { rate: 0.02, burst: 50 },
  getDestinations: { rate: 0.01, burst: 50 },
  changeDestination: { rate: 0.01, burst: 50 },
  getSubscriptions: { rate: 0.01, burst: 50 },
  changeSubscription: { rate: 0.01, burst: 50 },
  getTopics: { rate: 0.01, burst: 20 },
  getPayouts: { rate: 0.02, burst: 50 },
  getPayout: { rate: 0.04, burst: 100 },
  getTransactions: { rate: 0.1, burst: 500 },
} as const satisfies Record<string, Limit>
export type Operation = keyof typeof limits

/** Everything the connector does, each with the feature it serves in `checks`; asked for at the consent. */
export const scopes = [
  'https://api.ebay.com/oauth/api_scope',
  'https://api.ebay.com/oauth/api_scope/sell.inventory',
  'https://api.ebay.com/oauth/api_scope/sell.fulfillment',
  'https://api.ebay.com/oauth/api_scope/sell.account.readonly',
  'https://api.ebay.com/oauth/api_scope/sell.finances',
  'https://api.ebay.com/oauth/api_scope/commerce.notification.subscription',
  'https://api.ebay.com/oauth/api_scope/commerce.identity.readonly',
] as const

/** Access tokens live two hours (facts §1); renewed this early, so that none runs out on its way. */
const earlyMs = 5 * 60_000

async function tokenCall(account: Account, fields: Record<string, string>): Promise<WireResponse> {
  const settings = readSettings(account.settings)
  const { clientSecret } = appSecrets.parse(await account.secrets())
  return await account.http({
    operation: 'token',
    method: 'POST',
    url: `${hostOf(settings, 'api')}/identity/v1/oauth2/token`,
    secret: true,
    unmetered: true,
    body: new URLSearchParams(fields).toString(),
    headers: {
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${Buffer.from(`${settings.clientId}:${clientSecret}`).toString('base64')}`,
    },
  })
}

/** Whose word a call is: the seller's, or the app's own. */
export type As = 'seller' | 'app'

/** The token endpoint's answer to the seller's refresh token, as it is. */
export async function askToken(account: Account): Promise<WireResponse> {
  const { refreshToken } = secrets.parse(await account.secrets())
  return await tokenCall(account, { grant_type: 'refresh_token', refresh_token: refreshToken })
}

async function mint(account: Account, as: As): Promise<{ value: string; expiresAt: Date }> {
  const answer =
    as === 'app'
      ? await tokenCall(account, { grant_type: 'client_credentials', scope: scopes[0] })
      : await askToken(account)
  // No new refresh token comes with it (facts §1): the stored one stays.
  const token = tokenAnswer.safeParse(answer.json)
  if (answer.status !== 200 || !token.success) throw readTokenError(answer, account.now())
  return {
    value: token.data.access_token,
    expiresAt: new Date(account.now().getTime() + token.data.expires_in * 1_000 - earlyMs),
  }
}

/** A code from the consent page → the seller's tokens. A code works once and for five minutes. */
export async function exchangeCode(
  account: Account,
  code: string,
  redirectUri: string,
): Promise<{ accessToken: string; refreshToken: string }> {
  try {
    const answer = await tokenCall(account, { grant_type: 'authorization_code', code, redirect_uri: redirectUri })
    const token = consentAnswer.safeParse(answer.json)
    if (answer.status !== 200 || !token.success) throw readTokenError(answer, account.now())
    return { accessToken: token.data.access_token, refreshToken: token.data.refresh_token }
  } catch (error) {
    throw asChannelError(error)
  }
}

export interface Call<S extends z.ZodType> {
  operation: Operation
  method: WireRequest['method']
  path: string
  host?: Host
  as?: As
  /** Says on which of eBay's sites the seller is at home; eBay takes the US for it where nothing is said. */
  atHome?: true
  /** Post-Order takes the token under a word of its own. */
  scheme?: 'Bearer' | 'IAF'
  query?: Record<string, string | undefined>
  body?: unknown
  /** Statuses of a good answer; 200 where it is left out. */
  status?: readonly number[]
  /** An answer that is asked for and changes nothing, though it is a POST. */
  isRead?: true
  answer: S
}

/** Makes the call and reads its answer. */
export async function call<S extends z.ZodType>(account: Account, one: Call<S>): Promise<z.output<S>> {
  return (await answered(account, one)).body
}

/** The same, with the headers that came along and the bytes as they came. */
export async function answered<S extends z.ZodType>(
  account: Account,
  one: Call<S>,
): Promise<{ body: z.output<S>; headers: Headers; bytes: Uint8Array }> {
  const isWrite = one.method !== 'GET' && !one.isRead
  try {
    let answer = await send(account, one)
    // An expired token is refused before anything is done, so the same call may leave again, once, with a new one.
    if (isExpiredToken(answer)) answer = await send(account, one)
    if (!(one.status ?? [200]).includes(answer.status)) {
      if (answer.status === 429)
        throw await throttled(account, one.operation, readError(answer, account.now(), isWrite))
      throw readError(answer, account.now(), isWrite)
    }
    account.budget.taken?.(one.operation)
    const parsed = one.answer.safeParse(answer.json)
    // "Nothing" is told by a status of its own; an answer that came without its body is none.
    const isCutOff = one.method === 'GET' && answer.status === 200 && answer.json === undefined
    if (!parsed.success || isCutOff) throw unreadable(one.operation, isWrite)
    return { body: parsed.data, headers: answer.headers, bytes: answer.bytes ?? Buffer.from(answer.text) }
  } catch (error) {
    throw asChannelError(error)
  }
}

async function send(account: Account, one: Call<z.ZodType>): Promise<WireResponse> {
  const settings = readSettings(account.settings)
  const as = one.as ?? 'seller'
  const token = await account.token(as, () => mint(account, as))
  const url = new URL(`${hostOf(settings, one.host ?? 'api')}${one.path}`)
  for (const [name, value] of Object.entries(one.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, value)
  const body = one.body === undefined ? undefined : JSON.stringify(one.body)
  const signed = as === 'seller' ? await signatureOf(account, { method: one.method, url: url.toString(), body }) : {}
  const answer = await account.http({
    operation: one.operation,
    method: one.method,
    url: url.toString(),
    headers: {
      authorization: `${one.scheme ?? 'Bearer'} ${token}`,
      accept: 'application/json',
      'user-agent': 'Entrepot/0.1',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(one.atHome ? { 'x-ebay-c-marketplace-id': settings.marketplaceIds[0]! } : {}),
      ...signed,
    },
    ...(body === undefined ? {} : { body }),
  })
  if (isExpiredToken(answer)) await account.dropToken(as, token)
  return answer
}

/** Nothing where the seller gave no key. */
async function signatureOf(
  account: Account,
  sent: { method: string; url: string; body?: string | undefined },
): Promise<Record<string, string>> {
  const { signingKey: jwe, signingPrivateKey: privateKey } = secrets.parse(await account.secrets())
  if (!jwe || !privateKey) return {}
  try {
    return signatureHeaders(sent, { jwe, privateKey }, account.now())
  } catch {
    // What the library says may show a part of the key.
    throw new ChannelError(
      'auth',
      'signing_key',
      'the private signing key cannot be read: give it as PKCS #8 in base64',
    )
  }
}

/** Which API an operation's quota belongs to, as getRateLimits names it. */
const quotaOf: Partial<Record<Operation, string>> = {
  getInventoryItems: 'Inventory',
  bulkGetInventoryItem: 'Inventory',
  getOffers: 'Inventory',
  bulkUpdatePriceQuantity: 'Inventory',
  getOrders: 'Fulfillment',
  getOrder: 'Fulfillment',
  getShippingFulfillments: 'Fulfillment',
  createShippingFulfillment: 'Fulfillment',
  issueRefund: 'Fulfillment',
  getPayouts: 'Finances',
  getPayout: 'Finances',
  getTransactions: 'Finances',
}

export interface QuotaLeft {
  /** As getRateLimits names it. */
  api: string
  limit: number
  remaining: number
  resetsAt: Date | null
}

/** GET /developer/analytics/v1_beta/rate_limit/: what is left of the day for all who use the app. */
export async function quotasLeft(account: Account): Promise<QuotaLeft[]> {
  const { rateLimits: apis } = await call(account, {
    operation: 'getRateLimits',
    method: 'GET',
    path: '/developer/analytics/v1_beta/rate_limit/',
    as: 'app',
    query: { api_context: 'sell' },
    status: [200, 204],
    answer: rateLimits.or(z.undefined().transform(() => ({ rateLimits: [] }))),
  })
  return (apis ?? []).flatMap((api) => {
    const rates = api.resources.flatMap((resource) => resource.rates)
    // The scarcest of the API's resources is the one that refuses.
    const scarcest = rates
      .filter((rate) => typeof rate.limit === 'number' && typeof rate.remaining === 'number')
      .toSorted((a, b) => a.remaining! / a.limit! - b.remaining! / b.limit!)[0]
    if (!api.apiName || !scarcest) return []
    const resetsAt = scarcest.reset ? new Date(scarcest.reset) : null
    const isTime = resetsAt !== null && !Number.isNaN(resetsAt.getTime())
    return [
      { api: api.apiName, limit: scarcest.limit!, remaining: scarcest.remaining!, resetsAt: isTime ? resetsAt : null },
    ]
  })
}

/** A quota of a day that is used up opens when it resets; the answer itself does not say when. */
async function throttled(account: Account, operation: Operation, error: ChannelError): Promise<ChannelError> {
  await account.budget.exhausted(operation)
  const api = quotaOf[operation]
  if (!api) return error
  try {
    const quota = (await quotasLeft(account)).find((one) => one.api.toLowerCase() === api.toLowerCase())
    if (!quota?.resetsAt || quota.remaining > 0 || quota.resetsAt <= account.now()) return error
    return new ChannelError('throttled', error.code, error.message, { retryAt: quota.resetsAt })
  } catch {
    // Then it is asked again in a minute.
    return error
  }
}
