/**
 * REST v3 over `account.http`: Basic over https, signed calls where there is none. WooCommerce has no limits of its own;
 * hosts do, and say so with 429 or by falling over, so we are gentle (facts: channels.md §4).
 */
import type { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireRequest, WireResponse } from '../../http/client.ts'
import { type Account, asChannelError, type Limit } from '../connector.ts'
import { readError, unreadable } from './errors.ts'
import { encode, signedQuery } from './oauth.ts'
import { readSettings, secrets } from './settings.ts'

/** The allowance that all calls share: not published, chosen so that a small host is not hurt. */
export const calls = 'calls'
export const limits: Record<string, Limit> = { [calls]: { rate: 5, burst: 40 } }

/** The longest list that is given, and that a batch takes: 101 is refused (facts §4, tried). */
export const largestPage = 100

/** As the connector declares of its readings (`readsMayBeOldMs`). */
export const freshMs = 5_000

export interface Call<S extends z.ZodType> {
  operation: string
  method: WireRequest['method']
  /** Behind /wp-json. */
  path: string
  query?: Record<string, string | number | undefined>
  body?: unknown
  /** Asked as a stranger: the store's own index. */
  isPublic?: true
  answer: S
}

export interface Answered<T> {
  body: T
  /** The store's own time, never later than ours: what it has told is complete up to then at most. */
  at: Date
  /** What the answer is dated; null where it is not. */
  dated: number | null
  headers: Headers
}

export const wc = (path: string): string => `/wc/v3${path}`

export async function call<S extends z.ZodType>(account: Account, one: Call<S>): Promise<Answered<z.output<S>>> {
  const isWrite = one.method !== 'GET'
  try {
    const answer = await account.http(await requestOf(account, one))
    const now = account.now()
    if (answer.status < 200 || answer.status > 299) {
      if (answer.status === 429) await account.budget.exhausted(calls)
      throw readError(answer, now, isWrite, one.isPublic)
    }
    account.budget.taken?.(calls)
    if (!isWrite && !one.isPublic && isOld(answer))
      throw new ChannelError(
        'unavailable',
        'from_a_cache',
        'a cache in front of the store answered with what was true before',
      )
    const parsed = one.answer.safeParse(answer.json)
    if (!parsed.success) throw unreadable(one.operation, isWrite)
    const dated = dateOf(answer)
    return {
      body: parsed.data,
      at: new Date(Math.min(dated ?? now.getTime(), now.getTime())),
      dated,
      headers: answer.headers,
    }
  } catch (error) {
    throw asChannelError(error)
  }
}

/** What a cache has kept says so (RFC 9111, 5.1): its orders may be missing, its numbers sold. */
const isOld = ({ headers }: WireResponse): boolean => Number(headers.get('age') ?? 0) * 1_000 > freshMs

function dateOf({ headers }: WireResponse): number | null {
  const date = Date.parse(headers.get('date') ?? '')
  return Number.isNaN(date) ? null : date
}

async function requestOf(account: Account, one: Call<z.ZodType>): Promise<WireRequest> {
  const { url, signed } = readSettings(account.settings)
  const { consumerKey, consumerSecret } = secrets.parse(await account.secrets())
  const address = `${url}/wp-json${one.path}`
  const query = Object.entries(one.query ?? {}).flatMap(([name, value]): [string, string][] =>
    value === undefined ? [] : [[name, String(value)]],
  )
  // Never a password where it could be read on the way.
  const isSigned = !one.isPublic && (signed || !url.startsWith('https:'))
  const pairs = isSigned
    ? signedQuery(
        { method: one.method, address, query },
        { consumerKey, consumerSecret },
        { nonce: account.newId().replaceAll('-', ''), at: account.now() },
      )
    : query
  const text = pairs.map(([name, value]) => `${encode(name)}=${encode(value)}`).join('&')
  const basic = `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64')}`
  return {
    operation: one.operation,
    method: one.method,
    url: text === '' ? address : `${address}?${text}`,
    headers: {
      accept: 'application/json',
      'cache-control': 'no-cache',
      'user-agent': 'Entrepot/0.1',
      ...(one.body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(isSigned || one.isPublic ? {} : { authorization: basic }),
    },
    ...(one.body === undefined ? {} : { body: JSON.stringify(one.body) }),
    // Key and signature stand in it.
    ...(isSigned ? { secretUrl: true } : {}),
    cost: { of: calls, points: 1 },
  }
}

export interface Page<T> {
  items: T[]
  /** Entries that the query has in all. */
  total: number
  at: Date
  dated: number | null
}

/**
 * A list, with how many entries there are: a page that holds fewer than it must is no answer, so that a list that was lost
 * on its way is never taken for an empty one. Where entries may be hidden, an empty one is believed the second time.
 */
export async function page<S extends z.ZodType<unknown[]>>(
  account: Account,
  one: PageCall<S>,
): Promise<Page<z.output<S>[number]>> {
  const isHollow = ({ items, total }: Page<unknown>) => items.length === 0 && total > one.from
  const first = await askPage(account, one)
  const found = isHollow(first) && one.mayBeEmpty ? await askPage(account, one) : first
  if (isHollow(found) && !one.mayBeEmpty) throw unreadable(one.operation, false)
  return found
}

type PageCall<S extends z.ZodType> = Omit<Call<S>, 'method'> & { from: number; mayBeEmpty?: boolean }

async function askPage<S extends z.ZodType<unknown[]>>(
  account: Account,
  one: PageCall<S>,
): Promise<Page<z.output<S>[number]>> {
  const { body, headers, at, dated } = await call(account, { ...one, method: 'GET' })
  const total = Number(headers.get('x-wp-total') ?? Number.NaN)
  if (!Number.isSafeInteger(total)) throw unreadable(one.operation, false)
  return { items: body as z.output<S>[number][], total, at, dated }
}
