/** REST over `account.http`: orders are V2, catalog, inventory, refunds and hooks are V3 (facts: channels.md §5). */
import type { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireRequest, WireResponse } from '../../http/client.ts'
import { type Account, asChannelError } from '../connector.ts'
import { readError, unreadable } from './errors.ts'
import { bucketOf, calls, readWindow } from './limits.ts'
import { originOf, readSettings, secrets } from './settings.ts'
import { storeAnswer } from './wire.ts'

/** A 429 that says nothing of a window: the platform is busy. */
const busyMs = 30_000

export interface Call<S extends z.ZodType> {
  operation: string
  version: 'v2' | 'v3'
  method: WireRequest['method']
  path: string
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** A POST that changes nothing. */
  isRead?: true
  /** A list of V2 that has no entry is answered 204, without a body; then the answer is read as [] . */
  mayBeEmpty?: true
  /** … and a list that is there has an entry. */
  isNeverBare?: boolean
  answer: S
}

export interface Answered<T> {
  body: T
  /** The store's own time, never later than ours: what it has told is complete up to then at most. */
  at: Date
  /** What the answer is dated; null where it is not. */
  dated: number | null
}

const underWay = new WeakMap<Account, { count: number }>()
function underWayOf(account: Account): { count: number } {
  const found = underWay.get(account) ?? { count: 0 }
  underWay.set(account, found)
  return found
}

export async function call<S extends z.ZodType>(account: Account, one: Call<S>): Promise<Answered<z.output<S>>> {
  const isWrite = one.method !== 'GET' && !one.isRead
  try {
    const response = await send(account, one)
    if (response.status === 429) throw await throttled(account, response)
    if (response.status < 200 || response.status >= 300) throw readError(response, isWrite)
    const isEmpty = response.status === 204 && response.text === ''
    if (isEmpty && !one.mayBeEmpty) throw unreadable(one.operation, isWrite)
    const isBare = one.isNeverBare === true && Array.isArray(response.json) && response.json.length === 0
    const parsed = one.answer.safeParse(isEmpty ? [] : response.json)
    // An empty text and a page of HTML are no answer either.
    if (!parsed.success || isBare || (!isEmpty && response.json === undefined)) throw unreadable(one.operation, isWrite)
    const now = account.now().getTime()
    const date = Date.parse(response.headers.get('date') ?? '')
    const dated = Number.isNaN(date) ? null : date
    return { body: parsed.data, at: new Date(Math.min(dated ?? now, now)), dated }
  } catch (error) {
    throw asChannelError(error)
  }
}

async function send(account: Account, one: Call<z.ZodType>): Promise<WireResponse> {
  const settings = readSettings(account.settings)
  const { accessToken } = secrets.parse(await account.secrets())
  const url = new URL(`${originOf(settings)}/stores/${settings.storeHash}/${one.version}${one.path}`)
  for (const [name, value] of Object.entries(one.query ?? {}))
    if (value !== undefined) url.searchParams.set(name, String(value))
  const under = underWayOf(account)
  under.count += 1
  try {
    const response = await account.http({
      operation: one.operation,
      method: one.method,
      url: url.toString(),
      headers: {
        // Without it V2 answers XML.
        accept: 'application/json',
        'user-agent': 'Entrepot/0.1',
        'x-auth-token': accessToken,
        ...(one.body === undefined ? {} : { 'content-type': 'application/json' }),
      },
      ...(one.body === undefined ? {} : { body: JSON.stringify(one.body) }),
      cost: { of: calls, points: 1 },
    })
    const window = readWindow(response.headers)
    if (window) {
      const left = response.status === 429 ? 0 : window.left
      await account.budget.told?.(calls, bucketOf({ ...window, left }, under.count - 1))
    } else if (response.status < 300) account.budget.taken?.(calls)
    return response
  } finally {
    under.count -= 1
  }
}

async function throttled(account: Account, { headers }: WireResponse): Promise<ChannelError> {
  const window = readWindow(headers)
  if (!window) await account.budget.exhausted(calls)
  const retryAt = new Date(account.now().getTime() + (window?.resetMs ?? busyMs))
  return new ChannelError('throttled', 'HTTP 429', 'the store asks to slow down', { retryAt })
}

/** A question asked before the effect: whatever became of it, the effect did not leave. */
export async function asked<T>(question: Promise<T>): Promise<T> {
  try {
    return await question
  } catch (error) {
    if (error instanceof ChannelError) throw withoutDoubt(error)
    throw error
  }
}

export const withoutDoubt = (error: ChannelError): ChannelError =>
  error.mayHaveApplied
    ? new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, cause: error })
    : error

const currencies = new WeakMap<Account, string>()

/** What the store's own prices are in. */
export async function currencyOf(account: Account): Promise<string> {
  const known = currencies.get(account)
  if (known) return known
  const { body } = await askStore(account)
  currencies.set(account, body.currency)
  return body.currency
}

export const askStore = (account: Account) =>
  call(account, { operation: 'getStore', version: 'v2', method: 'GET', path: '/store', answer: storeAnswer })
