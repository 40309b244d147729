/** Walmart's error bodies → the kind that decides what happens next (facts: channels.md §2, limits and errors). */
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import { errorList, type WireError } from './wire.ts'

/** Bodies of errors come as a list, or as a list in a list. */
export function firstError(answer: WireResponse): WireError | undefined {
  const read = errorList.safeParse(answer.json)
  return read.success ? read.data[0] : undefined
}

/** Where nothing tells when, a minute: the buckets that matter fill in one. */
const usualWaitMs = 60_000
const longestWaitMs = 3_600_000

/**
 * When the next call may leave. The header comes as seconds from now, as seconds or milliseconds of the epoch, and as a
 * date (facts §2, limits); `Retry-After` stands beside it for feeds.
 */
export function nextCallAt(headers: Headers, now: Date): Date {
  const told = momentOf(headers.get('x-next-replenishment-time'), now) ?? momentOf(headers.get('retry-after'), now)
  const waitMs = told === undefined ? usualWaitMs : told - now.getTime()
  return new Date(now.getTime() + Math.min(longestWaitMs, Math.max(1_000, waitMs)))
}

function momentOf(text: string | null, now: Date): number | undefined {
  if (text === null || text.trim() === '') return undefined
  const number = Number(text)
  if (Number.isNaN(number)) {
    const date = Date.parse(text)
    return Number.isNaN(date) ? undefined : date
  }
  if (number < 0) return undefined
  if (number > 1e11) return number
  return number > 1e8 ? number * 1_000 : now.getTime() + number * 1_000
}

/** Walmart's own message is kept only as far as it holds no data of ours. */
export function readError(answer: WireResponse, now: Date, isWrite: boolean): ChannelError {
  const error = firstError(answer)
  const code = error?.code || `HTTP ${answer.status}`
  const message = (error?.description || error?.message || `Walmart answered ${answer.status}`).slice(0, 300)
  switch (true) {
    case answer.status === 429:
      return new ChannelError('throttled', code, message, { retryAt: nextCallAt(answer.headers, now) })
    case answer.status === 401:
      // Seen twice in a row, with a token just minted: a passing trouble, no reason to ask a person.
      return new ChannelError('unavailable', code, 'Walmart refused a new access token')
    case answer.status === 403:
      // Only Walmart's own word halts an account: a page of something in between is passing trouble.
      return new ChannelError(error ? 'auth' : 'unavailable', code, message)
    case answer.status === 404:
      return new ChannelError(error ? 'missing' : 'unavailable', code, message)
    case answer.status === 409:
      return new ChannelError('conflict', code, message)
    case answer.status >= 400 && answer.status < 500:
      return new ChannelError('rejected', code, message)
    default:
      // 5xx and 520 say nothing about whether a write was carried out.
      return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
  }
}

/** An answer of a good status that is not what the documentation says. */
export function unreadable(what: string, isWrite: boolean): ChannelError {
  return new ChannelError('unavailable', 'unreadable', `Walmart's answer to ${what} could not be read`, {
    mayHaveApplied: isWrite,
  })
}

/** The token endpoint answers 400 to wrong credentials (facts §2, Auth). */
export function readTokenError(answer: WireResponse, now: Date): ChannelError {
  const error = firstError(answer)
  const code = error?.code || `HTTP ${answer.status}`
  if (answer.status === 429)
    return new ChannelError('throttled', code, "Walmart's sign-in asks to slow down", {
      retryAt: nextCallAt(answer.headers, now),
    })
  if (answer.status >= 500 || !error)
    return new ChannelError('unavailable', code, `Walmart's sign-in answered ${answer.status}`)
  return new ChannelError('auth', code, "Walmart's sign-in refused the key")
}

/** A question that failed has changed nothing, whatever became of it. */
export function asked(error: unknown): unknown {
  if (!(error instanceof ChannelError) || !error.mayHaveApplied) return error
  return new ChannelError(error.kind, error.code, error.message, { retryAt: error.retryAt, cause: error })
}
