/** Auth, addresses, headers, pace, and how a call is made. The endpoints are in calls.ts. */
import type { z } from 'zod'
import type { WireRequest, WireResponse } from '../../http/client.ts'
import { type Account, asChannelError } from '../connector.ts'
import { asked, readError, readTokenError, unreadable } from './errors.ts'
import { limits, type Operation } from './limits.ts'
import { leftAfter, newPace, type Pace } from './pace.ts'
import { hostOf, readSettings, secrets } from './settings.ts'
import { tokenAnswer } from './wire.ts'

/** Access tokens live 15 minutes and cannot be refreshed (facts §2, Auth); renewed this early. */
const earlyMs = 90_000

/** What every call carries; a new id each time. */
const commonHeaders = (account: Account): Record<string, string> => ({
  'WM_SVC.NAME': 'Walmart Marketplace',
  'WM_QOS.CORRELATION_ID': account.newId(),
  accept: 'application/json',
  'user-agent': 'Entrepot/0.1',
})

/** The token endpoint's answer to the seller's key, as it is. */
export async function askToken(account: Account): Promise<WireResponse> {
  const settings = readSettings(account.settings)
  const { clientSecret } = secrets.parse(await account.secrets())
  const basic = Buffer.from(`${settings.clientId}:${clientSecret}`).toString('base64')
  return await account.http({
    operation: 'token',
    method: 'POST',
    url: `${hostOf(settings)}/v3/token`,
    secret: true,
    unmetered: true,
    body: 'grant_type=client_credentials',
    headers: {
      ...commonHeaders(account),
      'content-type': 'application/x-www-form-urlencoded',
      authorization: `Basic ${basic}`,
    },
  })
}

async function mint(account: Account): Promise<{ value: string; expiresAt: Date }> {
  const answer = await askToken(account)
  const token = tokenAnswer.safeParse(answer.json)
  if (answer.status !== 200 || !token.success) throw readTokenError(answer, account.now())
  const lifeMs = token.data.expires_in * 1_000
  return {
    value: token.data.access_token,
    expiresAt: new Date(account.now().getTime() + Math.max(lifeMs - earlyMs, lifeMs / 2)),
  }
}

export interface Call<S extends z.ZodType> {
  operation: Operation
  method: WireRequest['method']
  /** With its query, as it leaves. */
  path: string
  body?: unknown
  /** Of a call without a body that is to name a form all the same. */
  contentType?: string
  /** A file handed in as a form. */
  file?: { name: string; text: string }
  /** The answer is a file: its bytes are kept, and nothing of it stands in the journal. */
  binary?: true
  answer: S
}

export interface Answered<T> {
  body: T
  headers: Headers
  bytes: Uint8Array | undefined
}

/** Makes the call and reads its answer. */
export async function call<S extends z.ZodType>(account: Account, one: Call<S>): Promise<z.output<S>> {
  return (await answered(account, one)).body
}

/** The same, with what came along. */
export async function answered<S extends z.ZodType>(account: Account, one: Call<S>): Promise<Answered<z.output<S>>> {
  const isWrite = one.method !== 'GET'
  try {
    let answer = await send(account, one)
    // A token that is over is refused before anything is done, so the same call may leave again, once, with a new one.
    if (answer.status === 401) answer = await send(account, one)
    if (answer.status !== 200) {
      if (answer.status === 429) await account.budget.exhausted(one.operation)
      throw readError(answer, account.now(), isWrite)
    }
    await learn(account, one.operation, answer.headers)
    const parsed = one.answer.safeParse(answer.json)
    if (!parsed.success) throw unreadable(one.operation, isWrite)
    return { body: parsed.data, headers: answer.headers, bytes: answer.bytes }
  } catch (error) {
    const told = asChannelError(error)
    throw isWrite ? told : asked(told)
  }
}

/** Of each account that is open, what answers told of its buckets. */
const paces = new WeakMap<Account, Map<Operation, Pace>>()

function paceOf(account: Account, operation: Operation): Pace {
  const all = paces.get(account) ?? new Map<Operation, Pace>()
  paces.set(account, all)
  const pace = all.get(operation) ?? newPace()
  all.set(operation, pace)
  return pace
}

async function learn(account: Account, operation: Operation, headers: Headers): Promise<void> {
  const left = Number(headers.get('x-current-token-count') ?? Number.NaN)
  const { rate, burst } = limits[operation]
  if (!Number.isFinite(left) || left < 0) {
    account.budget.taken?.(operation)
    return
  }
  const tokens = leftAfter(paceOf(account, operation), Math.min(left, burst), rate, account.now().getTime())
  await account.budget.told?.(operation, { tokens, rate, burst })
}

async function send(account: Account, one: Call<z.ZodType>): Promise<WireResponse> {
  const token = await account.token('access', () => mint(account))
  const { body, type } = written(account, one)
  const pace = paceOf(account, one.operation)
  pace.underWay += 1
  const sent = account.http({
    operation: one.operation,
    method: one.method,
    url: `${hostOf(readSettings(account.settings))}${one.path}`,
    headers: {
      ...commonHeaders(account),
      'WM_SEC.ACCESS_TOKEN': token,
      ...(type === undefined ? {} : { 'content-type': type }),
    },
    ...(body === undefined ? {} : { body }),
    ...(one.binary ? { binary: true, secret: true } : {}),
  })
  const answer = await sent.finally(() => {
    pace.underWay -= 1
  })
  if (answer.status === 401) await account.dropToken('access', token)
  return answer
}

function written(account: Account, { body, file, contentType }: Call<z.ZodType>): { body?: string; type?: string } {
  if (file) {
    const boundary = `entrepot-${account.newId()}`
    const head = `content-disposition: form-data; name="file"; filename="${file.name}"\r\ncontent-type: application/json`
    return {
      type: `multipart/form-data; boundary=${boundary}`,
      body: `--${boundary}\r\n${head}\r\n\r\n${file.text}\r\n--${boundary}--\r\n`,
    }
  }
  if (body === undefined) return contentType === undefined ? {} : { type: contentType }
  return { type: 'application/json', body: JSON.stringify(body) }
}
