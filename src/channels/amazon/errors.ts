/** Amazon's error bodies → the kind that decides what happens next (facts: amazon.md §3). */
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import type { Limit } from '../connector.ts'
import { errorList, tokenError } from './wire.ts'

/** Status, code and message of an error answer; Amazon's own message is kept only as far as it holds no data of ours. */
export function readError(answer: WireResponse, limit: Limit | undefined, now: Date, isWrite: boolean): ChannelError {
  const parsed = errorList.safeParse(answer.json)
  const first = parsed.success ? parsed.data.errors[0] : undefined
  const code = first?.code ?? `HTTP ${answer.status}`
  const message = (first?.message || first?.details || `Amazon answered ${answer.status}`).slice(0, 300)
  switch (true) {
    case answer.status === 429:
      // No Retry-After and usually no rate header: wait for one token.
      return new ChannelError('throttled', code, message, {
        retryAt: new Date(now.getTime() + 1_000 / (limit?.rate ?? 0.1)),
      })
    case isExpiredToken(answer):
      // Seen twice in a row, with a token just minted: a passing trouble of Amazon's, no reason to ask a person.
      return new ChannelError('unavailable', code, 'Amazon refused a new access token as expired')
    case answer.status === 401 || answer.status === 403:
      // Only Amazon's own word halts an account: a page of something in between is passing trouble.
      return new ChannelError(parsed.success ? 'auth' : 'unavailable', code, message)
    case answer.status === 404:
      return new ChannelError('missing', code, message)
    case answer.status >= 400 && answer.status < 500:
      return new ChannelError('rejected', code, message)
    default:
      // A 5xx says nothing about whether a write was carried out.
      return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
  }
}

/** An answer of status 200 that is not what the model says. */
export function unreadable(what: string, isWrite: boolean): ChannelError {
  return new ChannelError('unavailable', 'unreadable', `Amazon's answer to ${what} could not be read`, {
    mayHaveApplied: isWrite,
  })
}

/** Login with Amazon speaks OAuth: invalid_grant means that the seller must authorize again. */
export function readTokenError(answer: WireResponse, now: Date): ChannelError {
  const parsed = tokenError.safeParse(answer.json)
  const code = parsed.success ? parsed.data.error : `HTTP ${answer.status}`
  if (answer.status === 429)
    return new ChannelError('throttled', code, 'Login with Amazon asks to slow down', {
      retryAt: new Date(now.getTime() + 30_000),
    })
  if (answer.status >= 500 || !parsed.success)
    return new ChannelError('unavailable', code, `Login with Amazon answered ${answer.status}`)
  return new ChannelError('auth', code, 'Login with Amazon refused the credentials')
}

/** An access token that ran out is refused before anything is done; a missing role or a wrong region reads otherwise. */
export function isExpiredToken(answer: WireResponse): boolean {
  return answer.status === 403 && /access token[^"]*expired|expired[^"]*access token/i.test(answer.text)
}
