/**
 * Admin GraphQL over `account.http`. Calls are paid in points of one bucket per app and store: a call pays what it is
 * expected to cost before it leaves (never nothing), and each answer tells what stands in the bucket (facts §3).
 */
import type { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import { type Account, asChannelError, type Limit } from '../connector.ts'
import type { Document } from './documents.ts'
import { isBuyerDataDenied, readErrors, readStatus, readTokenError, unreadable } from './errors.ts'
import { originOf, readSettings, type Secrets, secrets } from './settings.ts'
import { type Envelope, envelope, tokenAnswer, type WireCost } from './wire.ts'

/** The bucket that all calls share. */
export const points = 'points'

/** What a Standard plan restores; other plans, and development stores, tell their own with the first answer. */
export const limits: Record<string, Limit> = { [points]: { rate: 100, burst: 2_000 } }

/** A token is renewed so long before it ends. */
const earlyMs = 10 * 60_000
const usualLifeMs = 24 * 3_600_000

/** What answers taught about an account; costs by document and size. */
interface Learned {
  costs: Map<string, number>
  underWay: number
}
const learnedBy = new WeakMap<Account, Learned>()
function learnedOf(account: Account): Learned {
  const found = learnedBy.get(account) ?? { costs: new Map(), underWay: 0 }
  learnedBy.set(account, found)
  return found
}

export interface Answered<T> {
  data: T
  /** The store's own time, never later than ours: what it has told is complete up to then at most. */
  at: Date
  /** What the answer is dated; null where it is not. */
  dated: number | null
  /** The version that answered. */
  version: string | null
  /** The answer as it came. */
  bytes: Uint8Array
}

/** The code of a call that is denied the buyers' data only. */
export const buyerDataDenied = 'buyer_data_denied'

/** `size`: how much is asked for, where the cost depends on it. */
export async function call<S extends z.ZodType>(
  account: Account,
  document: Document,
  variables: Record<string, unknown>,
  answer: S,
  size: number | string = 1,
): Promise<Answered<z.output<S>>> {
  try {
    let response = await send(account, document, variables, size)
    // A refused token is refused before anything is done, so the same call may leave again, once, with a new one.
    if (response.status === 401 && (await mintsTokens(account)))
      response = await send(account, document, variables, size)
    return await read(account, document, response, answer, size)
  } catch (error) {
    throw asChannelError(error)
  }
}

/** What it costs before an answer of its size has told; a few more than counted, as no refusal is for want of one. */
const pointsOf = ({ points, pointsEach }: Document, size: number | string): number =>
  pointsEach === undefined || typeof size === 'string' ? points : Math.min(points, 10 + pointsEach * size)

async function send(
  account: Account,
  document: Document,
  variables: Record<string, unknown>,
  size: number | string,
): Promise<WireResponse> {
  const settings = readSettings(account.settings)
  const learned = learnedOf(account)
  const expected = Math.max(1, learned.costs.get(`${document.operation} ${size}`) ?? pointsOf(document, size))
  const token = await tokenOf(account)
  learned.underWay += expected
  try {
    const response = await account.http({
      operation: document.operation,
      method: 'POST',
      url: `${originOf(settings)}/admin/api/${settings.apiVersion}/graphql.json`,
      headers: {
        'content-type': 'application/json',
        accept: 'application/json',
        'user-agent': 'Entrepot/0.1',
        'x-shopify-access-token': token,
      },
      body: JSON.stringify({ query: document.text, variables }),
      cost: { of: points, points: expected },
    })
    if (response.status === 401) await account.dropToken('access', token)
    return response
  } finally {
    learned.underWay -= expected
  }
}

async function read<S extends z.ZodType>(
  account: Account,
  { operation, isWrite }: Document,
  response: WireResponse,
  answer: S,
  size: number | string,
): Promise<Answered<z.output<S>>> {
  const now = account.now()
  if (response.status !== 200) {
    if (response.status === 429) await account.budget.exhausted(points)
    throw readStatus(response, now, isWrite)
  }
  const outer = envelope.safeParse(response.json)
  if (!outer.success) throw unreadable(operation, isWrite)
  const { data, errors } = outer.data
  const cost = outer.data.extensions?.cost
  await learn(account, `${operation} ${size}`, cost)
  if (errors && errors.length > 0) throw refusal(errors, cost, now, isWrite)
  const parsed = answer.safeParse(data)
  if (!parsed.success) throw unreadable(operation, isWrite)
  const date = Date.parse(response.headers.get('date') ?? '')
  const dated = Number.isNaN(date) ? null : date
  return {
    data: parsed.data,
    at: new Date(Math.min(dated ?? now.getTime(), now.getTime())),
    dated,
    version: response.headers.get('x-shopify-api-version'),
    bytes: response.bytes ?? Buffer.from(response.text),
  }
}

function refusal(
  errors: NonNullable<Envelope['errors']>,
  cost: WireCost | undefined,
  now: Date,
  isWrite: boolean,
): ChannelError {
  const error = readErrors(errors, cost, now, isWrite)
  return error.kind === 'auth' && isBuyerDataDenied(errors)
    ? new ChannelError('auth', buyerDataDenied, error.message)
    : error
}

/** The asked-for cost is what must be there before a call; the difference comes back with the answer. */
async function learn(account: Account, document: string, cost: WireCost | undefined): Promise<void> {
  const learned = learnedOf(account)
  if (cost?.requestedQueryCost) learned.costs.set(document, cost.requestedQueryCost)
  const status = cost?.throttleStatus
  if (!status) return
  await account.budget.told?.(points, {
    tokens: status.currentlyAvailable - learned.underWay,
    rate: status.restoreRate,
    burst: status.maximumAvailable,
  })
}

async function secretsOf(account: Account): Promise<Secrets> {
  return secrets.parse(await account.secrets())
}

const mintsTokens = async (account: Account): Promise<boolean> => !(await secretsOf(account)).accessToken

async function tokenOf(account: Account): Promise<string> {
  const { accessToken } = await secretsOf(account)
  return accessToken || (await account.token('access', () => mint(account)))
}

/** Client credentials grant of an app of the store's own Dev Dashboard. */
async function mint(account: Account): Promise<{ value: string; expiresAt: Date }> {
  const { clientId, clientSecret } = await secretsOf(account)
  const answer = await account.http({
    operation: 'token',
    method: 'POST',
    url: `${originOf(readSettings(account.settings))}/admin/oauth/access_token`,
    headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
    body: new URLSearchParams({
      client_id: clientId ?? '',
      client_secret: clientSecret ?? '',
      grant_type: 'client_credentials',
    }).toString(),
    secret: true,
    unmetered: true,
  })
  const token = tokenAnswer.safeParse(answer.json)
  if (answer.status !== 200 || !token.success) throw readTokenError(answer, account.now())
  const lifeMs = token.data.expires_in === undefined ? usualLifeMs : token.data.expires_in * 1_000
  return {
    value: token.data.access_token,
    expiresAt: new Date(account.now().getTime() + Math.max(lifeMs - earlyMs, lifeMs / 2)),
  }
}
