/**
 * The one way out. Every call has a hard deadline, spends its budget before it leaves, and leaves one journal row.
 * It never repeats anything: whether a call may be repeated is a rule of the caller.
 */
import { leaveOnly, tooLate } from './departure.ts'
import { type Kept, redact } from './redact.ts'

export interface WireRequest {
  /** The channel's name of the operation; also names its budget. */
  operation: string
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
  url: string
  headers?: Record<string, string>
  /** Sent as it is; its JSON, where it is JSON, goes redacted into the journal. */
  body?: string
  /** True for token calls and the like: neither body goes into the journal, not even its shape. */
  secret?: boolean
  /** True where the address itself is a secret, handed out for one use: the journal keeps its origin only. */
  secretUrl?: boolean
  /** True where the answer is no text: it comes as `bytes`, and nothing of it goes into the journal. */
  binary?: boolean
  /** True where the operation has no budget of its own (token endpoints). */
  unmetered?: boolean
  /** What it spends where that is not one call of the operation's own budget: points of a bucket that many share. */
  cost?: { of: string; points: number }
}

export interface WireResponse {
  status: number
  headers: Headers
  text: string
  /** Undefined where the text is not JSON. */
  json: unknown
  /** The answer as it came, where it was asked for as binary; then the text is empty. */
  bytes?: Buffer
}

/** Spends a channel's allowance. Only the holder of the account's lease has one. */
export interface Budget {
  /**
   * Undefined: granted and spent. Otherwise the earliest moment to try again. One token where no points are told; `by`:
   * who asks, where several share a bucket, so that one that waits is not overtaken by one that needs less.
   */
  spend(operation: string, points?: number, by?: string): Promise<Date | undefined>
  /** The channel refused for lack of allowance: the bucket is empty, whatever we thought. It may tell its rate, too. */
  exhausted(operation: string, rate?: number): Promise<void>
  /** The channel took a call and told its rate (per second) for this account. */
  learned(operation: string, rate: number): Promise<void>
  /** The channel took a call and told nothing. */
  taken?(operation: string): void
  /** The channel told its bucket as it stands, less what is paid for calls under way. */
  told?(operation: string, bucket: { tokens: number; rate: number; burst: number }): Promise<void>
}

export interface CallRecord {
  operation: string
  method: string
  url: string
  request: unknown
  status: number | null
  response: unknown
  requestId: string | null
  error: string | null
  startedAt: Date
  durationMs: number
}

export interface Journal {
  record(call: CallRecord): void
}

export type WireErrorKind = 'budget' | 'deadline' | 'network' | 'refused-url' | 'too-large'

/** A call without an answer. `left` tells whether it may have reached the other side. */
export class WireError extends Error {
  readonly kind: WireErrorKind
  readonly left: boolean
  readonly retryAt: Date | undefined
  constructor(kind: WireErrorKind, message: string, more: { left: boolean; retryAt?: Date; cause?: unknown }) {
    super(message, more.cause === undefined ? undefined : { cause: more.cause })
    this.name = 'WireError'
    this.kind = kind
    this.left = more.left
    this.retryAt = more.retryAt
  }
}

export interface HttpOptions {
  fetch: typeof fetch
  now(): Date
  budget: Budget
  journal: Journal
  /** Keys whose values may stand in the journal. */
  keep: Kept
  /** Answers why a URL must not be called, or undefined. */
  guard(url: URL): string | undefined
  timeoutMs: number
  /** Ends calls under way before their deadline: the process stops. */
  stopping?: AbortSignal
  /** Paths and queries are given by the seller and may hold secrets: the journal keeps the host only. */
  hidePaths?: boolean
  /** Called right before a call leaves; throws where it must not (a lease that would end before the call). */
  beforeCall?(timeoutMs: number): void
  /** A call left: whether anything answered. */
  heard?(isAnswered: boolean): void
  requestIdHeader?: string
}

const maxBytes = 20 * 1024 * 1024

export type Http = (request: WireRequest) => Promise<WireResponse>

export function createHttp(options: HttpOptions): Http {
  return async (request) => {
    const refusal = refuse(request.url, options)
    if (refusal) throw new WireError('refused-url', refusal, { left: false })
    if (!request.unmetered) {
      const { of, points } = request.cost ?? { of: request.operation, points: 1 }
      const retryAt = await options.budget.spend(of, points, request.operation)
      if (retryAt) throw new WireError('budget', `no allowance for ${request.operation} left`, { left: false, retryAt })
    }
    // Read before the check: a stop in between ends the call's time, too.
    const startedMs = performance.now()
    options.beforeCall?.(options.timeoutMs)
    const startedAt = options.now()
    const record = (more: Pick<CallRecord, 'status' | 'response' | 'requestId' | 'error'>) =>
      options.journal.record({
        operation: request.operation,
        method: request.method,
        url: options.hidePaths || request.secretUrl ? `${new URL(request.url).origin}/…` : withoutOrigin(request.url),
        request: request.secret ? null : redact(jsonOf(request.body ?? ''), options.keep),
        startedAt,
        durationMs: Math.round(performance.now() - startedMs),
        ...more,
      })
    try {
      const inTime = () => performance.now() < startedMs + options.timeoutMs
      const answer = await leaveOnly(inTime, () =>
        options.fetch(request.url, {
          method: request.method,
          headers: request.headers ?? {},
          body: request.body ?? null,
          redirect: 'error',
          signal: options.stopping
            ? AbortSignal.any([options.stopping, AbortSignal.timeout(options.timeoutMs)])
            : AbortSignal.timeout(options.timeoutMs),
        }),
      )
      const bytes = await readBytes(answer)
      const text = request.binary ? '' : bytes.toString('utf8')
      const json = jsonOf(text)
      options.heard?.(true)
      const requestId = options.requestIdHeader ? answer.headers.get(options.requestIdHeader) : null
      record({
        status: answer.status,
        response: request.secret ? null : redact(json, options.keep),
        requestId,
        error: null,
      })
      return { status: answer.status, headers: answer.headers, text, json, ...(request.binary ? { bytes } : {}) }
    } catch (error) {
      const failed = asWireError(error)
      if (failed.kind === 'network' || failed.kind === 'deadline') options.heard?.(false)
      record({ status: null, response: null, requestId: null, error: failed.kind })
      throw failed
    }
  }
}

function refuse(text: string, options: HttpOptions): string | undefined {
  try {
    return options.guard(new URL(text))
  } catch {
    return 'not an address'
  }
}

async function readBytes(answer: Response): Promise<Buffer> {
  if (!answer.body) return Buffer.alloc(0)
  const chunks: Uint8Array[] = []
  let size = 0
  for await (const chunk of answer.body) {
    size += chunk.length
    if (size > maxBytes) throw new WireError('too-large', `the answer has more than ${maxBytes} bytes`, { left: true })
    chunks.push(chunk)
  }
  return Buffer.concat(chunks)
}

function asWireError(error: unknown): WireError {
  if (error instanceof WireError) return error
  const { name, cause } = error as { name?: string; cause?: { code?: string } }
  if (name === 'TimeoutError') return new WireError('deadline', 'no answer in time', { left: true, cause: error })
  const code = cause?.code ?? 'no answer'
  if (code === tooLate)
    return new WireError('deadline', 'its time was over before it left', { left: false, cause: error })
  // A connection that never opened carried nothing.
  const left = !['ECONNREFUSED', 'ENOTFOUND', 'EAI_AGAIN', 'UND_ERR_CONNECT_TIMEOUT'].includes(code)
  return new WireError('network', `no connection (${code})`, { left, cause: error })
}

function jsonOf(text: string): unknown {
  if (text === '') return undefined
  try {
    return unstorable.test(text) ? JSON.parse(text, storable) : JSON.parse(text)
  } catch {
    return undefined
  }
}

/** NUL and halves of characters fit no text of the database, and no channel means anything by them. */
const unstorable = /\\u(?:0000|d[89a-f])/i

function storable(_key: string, value: unknown): unknown {
  return typeof value === 'string' ? value.replaceAll('\0', '').toWellFormed() : value
}

function withoutOrigin(url: string): string {
  const { pathname, search } = new URL(url)
  return `${pathname}${search}`.slice(0, 2_000)
}
