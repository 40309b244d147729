/** Shopify's errors → the kind that decides what happens next (facts: channels.md §3). A status 200 is no success. */
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'
import type { Envelope, WireCost, WireUserError } from './wire.ts'

/** Where a THROTTLED answer does not say how much is missing. */
const usualWaitMs = 5_000

/** An answer of another status than 200. Statuses of a store that is closed or frozen need a person. */
export function readStatus(answer: WireResponse, now: Date, isWrite: boolean): ChannelError {
  const { status, headers } = answer
  const code = `HTTP ${status}`
  const message = `the store answered ${status}`
  if (status === 429) {
    const seconds = Number(headers.get('retry-after')) || usualWaitMs / 1_000
    return new ChannelError('throttled', code, message, { retryAt: new Date(now.getTime() + seconds * 1_000) })
  }
  // A page of something in between may answer these, too; only Shopify's own JSON stops an account.
  if (status === 401 || status === 402 || status === 403 || status === 423)
    return new ChannelError(answer.json === undefined ? 'unavailable' : 'auth', code, message)
  if (status === 404) return new ChannelError('missing', code, `${message}: is the name of the store right?`)
  if (status < 500) return new ChannelError('rejected', code, message)
  return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
}

/** Errors of the whole call, inside a 200. Nothing was carried out unless Shopify itself failed. */
export function readErrors(
  errors: NonNullable<Envelope['errors']>,
  cost: WireCost | undefined,
  now: Date,
  isWrite: boolean,
): ChannelError {
  if (typeof errors === 'string') return new ChannelError('rejected', 'refused', errors.slice(0, 300))
  const codeOf = (one: (typeof errors)[number]) => one.extensions?.code ?? 'refused'
  const find = (...codes: string[]) => errors.find((one) => codes.includes(codeOf(one)))
  if (find('THROTTLED')) {
    return new ChannelError('throttled', 'THROTTLED', 'the store asks to slow down', {
      retryAt: new Date(now.getTime() + waitMs(cost)),
    })
  }
  const denied = find('ACCESS_DENIED', 'SHOP_INACTIVE')
  if (denied) return new ChannelError('auth', codeOf(denied), denied.message.slice(0, 300))
  const failed = find('INTERNAL_SERVER_ERROR', 'TIMEOUT')
  if (failed)
    return new ChannelError('unavailable', codeOf(failed), 'the store failed inside', { mayHaveApplied: isWrite })
  const first = errors[0]
  return new ChannelError('rejected', first ? codeOf(first) : 'refused', (first?.message ?? '').slice(0, 300))
}

/** What is missing in the bucket, at the rate at which it fills. */
function waitMs(cost: WireCost | undefined): number {
  const { requestedQueryCost, throttleStatus } = cost ?? {}
  if (!throttleStatus || !requestedQueryCost) return usualWaitMs
  const missing = Math.min(requestedQueryCost, throttleStatus.maximumAvailable) - throttleStatus.currentlyAvailable
  return Math.ceil((Math.max(0, missing) / throttleStatus.restoreRate) * 1_000) + 50
}

/** Is it only the buyers' data that the app may not read? Such data is protected by an approval of its own. */
export function isBuyerDataDenied(errors: NonNullable<Envelope['errors']>): boolean {
  if (typeof errors === 'string') return false
  const denied = errors.filter((one) => one.extensions?.code === 'ACCESS_DENIED')
  const ofBuyer = /shippingAddress|billingAddress|email|phone|customer/i
  return (
    denied.length > 0 && denied.every((one) => ofBuyer.test((one.path ?? []).join('.')) || ofBuyer.test(one.message))
  )
}

/** One refusal of a mutation's payload. Shopify's texts name fields and ids, no buyer. */
export function readUserError({ code, message }: WireUserError): ChannelError {
  const word = code ?? 'refused'
  const text = message.slice(0, 300)
  if (word === 'IDEMPOTENCY_CONCURRENT_REQUEST')
    return new ChannelError('unavailable', word, text, { mayHaveApplied: true })
  if (word === 'NOT_FOUND' || /does not exist|not found/i.test(message)) return new ChannelError('missing', word, text)
  return new ChannelError('rejected', word, text)
}

/** An answer of status 200 that is not what the schema says. */
export function unreadable(operation: string, isWrite: boolean): ChannelError {
  return new ChannelError('unavailable', 'unreadable', `the store's answer to ${operation} could not be read`, {
    mayHaveApplied: isWrite,
  })
}

/** The token endpoint speaks OAuth: its own word means that client id, secret or installation are wrong. */
export function readTokenError(answer: WireResponse, now: Date): ChannelError {
  const { error } = (answer.json ?? {}) as { error?: unknown }
  if (answer.status === 429 || answer.status >= 500) return readStatus(answer, now, false)
  if (typeof error !== 'string')
    return new ChannelError('unavailable', `HTTP ${answer.status}`, `the token endpoint answered ${answer.status}`)
  return new ChannelError('auth', error.slice(0, 60), 'the store refused client id and secret')
}
