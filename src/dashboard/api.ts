import type { CallInput, Received, Route } from '../contract/route.ts'
import type { Routes } from '../contract/routes.ts'
import type { ProblemBody } from '../contract/schemas.ts'
import { reportAnswer, reportSilence } from './connection.ts'
import { endpoints, type Name } from './endpoints.ts'

type Given<R extends Route> = {
  [K in keyof CallInput<R> as CallInput<R>[K] extends undefined ? never : K]: CallInput<R>[K]
}
export type InputOf<N extends Name> = Given<Routes[N]>
export type AnswerOf<N extends Name> = Received<Routes[N]>

/** The hub answered that something is wrong, and says what to do (`detail`, in the language asked for). */
export class ApiProblem extends Error {
  readonly status: number
  readonly code: string
  readonly title: string
  readonly detail: string
  readonly requestId: string
  readonly errors: { path: string; message: string }[]

  constructor(body: ProblemBody) {
    super(body.title)
    this.name = 'ApiProblem'
    this.status = body.status
    this.code = body.code
    this.title = body.title
    this.detail = body.detail
    this.requestId = body.requestId
    this.errors = body.errors ?? []
  }
}

/** No answer at all, or one that did not come from the hub. */
export class NoAnswer extends Error {
  constructor(cause?: unknown) {
    super('no answer', { cause })
    this.name = 'NoAnswer'
  }
}

let csrf = ''
let language = 'en'
export function setCsrf(token: string): void {
  csrf = token
}
export function setApiLanguage(value: string): void {
  language = value
}

interface LooseInput {
  params?: Record<string, unknown>
  query?: Record<string, unknown>
  body?: unknown
}

export function pathOf(path: string, input: LooseInput): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(String(input.params?.[name] ?? '')))
  const query = new URLSearchParams()
  for (const [name, value] of Object.entries(input.query ?? {})) {
    if (value !== undefined && value !== null && value !== '') query.set(name, String(value))
  }
  const text = query.toString()
  return `/api/v1${filled}${text ? `?${text}` : ''}`
}

interface Options {
  signal?: AbortSignal
  /** Kept over a retry of the same request, so that it is carried out once. */
  idempotencyKey?: string
}

function headersOf(method: string, hasBody: boolean, options: Options): Record<string, string> {
  const headers: Record<string, string> = {
    Accept: 'application/json, application/problem+json',
    'Accept-Language': language === 'zh' ? 'zh-CN' : 'en',
  }
  if (hasBody) headers['Content-Type'] = 'application/json'
  if (method !== 'GET' && csrf) headers['X-CSRF-Token'] = csrf
  if (method === 'POST') headers['Idempotency-Key'] = options.idempotencyKey ?? newKey()
  return headers
}

/** The headers of a request whose body is no JSON. */
export function headersFor(method: 'GET' | 'POST', idempotencyKey?: string): Record<string, string> {
  return headersOf(method, false, idempotencyKey ? { idempotencyKey } : {})
}

/** `crypto.randomUUID` exists only on https and localhost; a hub in the local network may have neither. */
export function newKey(): string {
  if (typeof crypto.randomUUID === 'function') return crypto.randomUUID()
  const hex = [...crypto.getRandomValues(new Uint8Array(16))].map((byte) => byte.toString(16).padStart(2, '0')).join('')
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20)}`
}

export async function call<N extends Name>(name: N, input: InputOf<N>, options: Options = {}): Promise<AnswerOf<N>> {
  const { method, path } = endpoints[name]
  const given = input as LooseInput
  const body = given.body === undefined ? undefined : JSON.stringify(given.body)
  let response: Response
  try {
    response = await fetch(pathOf(path, given), {
      method,
      headers: headersOf(method, body !== undefined, options),
      credentials: 'same-origin',
      ...(body === undefined ? {} : { body }),
      ...(options.signal ? { signal: options.signal } : {}),
    })
  } catch (error) {
    if (!options.signal?.aborted) reportSilence()
    throw new NoAnswer(error)
  }
  return (await read(response)) as AnswerOf<N>
}

async function read(response: Response): Promise<unknown> {
  const type = response.headers.get('content-type') ?? ''
  if (response.ok) {
    reportAnswer()
    if (response.status === 204) return null
    return await response.json()
  }
  if (type.includes('json')) {
    const body = (await response.json().catch(() => null)) as ProblemBody | null
    if (body?.code) {
      reportAnswer()
      throw new ApiProblem({ ...body, status: response.status })
    }
  }
  // A proxy answered for a hub that does not.
  reportSilence()
  throw new NoAnswer(`status ${response.status}`)
}
