/** eBay's error bodies → the kind that decides what happens next (facts: channels.md §1, limits and errors). */
import { ChannelError, type ChannelErrorKind } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import { errorList, tokenError, type WireError } from './wire.ts'

/** What is not found is gone. */
const missing = new Set([
  25702, // SKU not available
  25710, // resource not found
  25713, // offer not available
  32100, // order id not valid
])
export function firstError(answer: WireResponse): WireError | undefined {
  const parsed = errorList.safeParse(answer.json)
  return parsed.success ? parsed.data.errors[0] : undefined
}

/** eBay's own message is kept only as far as it holds no data of ours. */
export function readError(answer: WireResponse, now: Date, isWrite: boolean): ChannelError {
  const error = firstError(answer)
  const code = error ? String(error.errorId) : `HTTP ${answer.status}`
  const message = (error?.message || `eBay answered ${answer.status}`).slice(0, 300)
  switch (true) {
    case answer.status === 429:
      // No header tells when; getRateLimits does, and the client asks it.
      return new ChannelError('throttled', code, message, { retryAt: new Date(now.getTime() + 60_000) })
    case isExpiredToken(answer):
      // Seen twice in a row, with a token just minted: a passing trouble of eBay's, no reason to ask a person.
      return new ChannelError('unavailable', code, 'eBay refused a new access token')
    case answer.status === 401 || answer.status === 403:
      // Only eBay's own word halts an account: a page of something in between is passing trouble.
      return new ChannelError(error ? 'auth' : 'unavailable', code, message)
    case answer.status === 404 || (error !== undefined && missing.has(error.errorId)):
      return new ChannelError('missing', code, message)
    case answer.status === 409:
      return new ChannelError('conflict', code, message)
    case answer.status >= 400 && answer.status < 500:
      return new ChannelError(error ? kindOf(error) : 'rejected', code, message)
    default:
      // A 5xx says nothing about whether a write was carried out.
      return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
  }
}

/** A line of a 207: the others are not touched by it. */
export function lineError(status: number, errors: readonly WireError[] | null | undefined): ChannelError {
  const error = errors?.[0]
  const code = error ? String(error.errorId) : `HTTP ${status}`
  const message = (error?.message || `eBay answered ${status} for the line`).slice(0, 300)
  if (status === 404 || (error && missing.has(error.errorId))) return new ChannelError('missing', code, message)
  if (status >= 500 || (error && kindOf(error) === 'unavailable'))
    return new ChannelError('unavailable', code, message, { mayHaveApplied: true })
  return new ChannelError('rejected', code, message)
}

function kindOf({ category, errorId }: WireError): ChannelErrorKind {
  if (missing.has(errorId)) return 'missing'
  return category === 'APPLICATION' ? 'unavailable' : 'rejected'
}

/** An answer of a good status that is not what the documentation says. */
export function unreadable(what: string, isWrite: boolean): ChannelError {
  return new ChannelError('unavailable', 'unreadable', `eBay's answer to ${what} could not be read`, {
    mayHaveApplied: isWrite,
  })
}

/** The token endpoint speaks OAuth: invalid_grant means that the seller must agree again. */
export function readTokenError(answer: WireResponse, now: Date): ChannelError {
  const parsed = tokenError.safeParse(answer.json)
  const code = parsed.success ? parsed.data.error : `HTTP ${answer.status}`
  if (answer.status === 429)
    return new ChannelError('throttled', code, "eBay's sign-in asks to slow down", {
      retryAt: new Date(now.getTime() + 60_000),
    })
  if (answer.status >= 500 || !parsed.success || parsed.data.error === 'server_error')
    return new ChannelError('unavailable', code, `eBay's sign-in answered ${answer.status}`)
  return new ChannelError('auth', code, "eBay's sign-in refused the credentials")
}

/** An access token that ran out is refused before anything is done: 1001 and 1002 of domain OAuth. */
export function isExpiredToken(answer: WireResponse): boolean {
  if (answer.status !== 401) return false
  const error = firstError(answer)
  return error !== undefined && (error.errorId === 1001 || error.errorId === 1002)
}
