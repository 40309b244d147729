/** WooCommerce's and WordPress's error bodies → the kind that decides what happens next (facts: channels.md §4, §9). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'

const errorBody = z.object({ code: z.string().min(1), message: z.string().catch('') })
export type WireFault = z.output<typeof errorBody>

/** Hosts and what stands before them slow down; WooCommerce has no limit of its own. */
const usualWaitMs = 60_000

/** Of another form than WordPress gives: a page of something in between. */
export const faultOf = (json: unknown): WireFault | undefined => errorBody.safeParse(json).data

const plain = (text: string) =>
  text
    .replace(/<[^>]*>/g, '')
    .trim()
    .slice(0, 300)

/** Said with a status of 500 although nothing is broken: the sum is too large, or the gateway cannot or would not. */
const refundRefused = 'woocommerce_rest_cannot_create_order_refund'

export function readError(
  { status, json, headers }: WireResponse,
  now: Date,
  isWrite: boolean,
  isPublic = false,
): ChannelError {
  const fault = faultOf(json)
  const code = fault?.code ?? `HTTP ${status}`
  const message = plain(fault?.message ?? '') || `the store answered ${status}`
  if (status === 429) {
    const seconds = Number(headers.get('retry-after'))
    const waitMs = seconds > 0 ? seconds * 1_000 : usualWaitMs
    return new ChannelError('throttled', code, message, { retryAt: new Date(now.getTime() + waitMs) })
  }
  // A page of a firewall may answer these, too; only WordPress's own word stops an account.
  if (status === 401 || status === 403) {
    // Closed to strangers (plugins do that to the index): that says nothing of the key, which was not sent.
    return new ChannelError(!fault ? 'unavailable' : isPublic ? 'rejected' : 'auth', code, message)
  }
  if (status === 404) return new ChannelError(fault ? missingOr(fault) : 'unavailable', code, message)
  if (code === refundRefused) return new ChannelError('rejected', code, message)
  // Something in between waited too long, perhaps for the store.
  if (status === 408) return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
  if (status < 500) return new ChannelError(fault ? missingOr(fault, 'rejected') : 'unavailable', code, message)
  return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
}

/** A thing that is not there has a code that says so; a route that is not there is a setting of the store. */
const missingOr = ({ code }: WireFault, other: 'missing' | 'rejected' = 'missing') => {
  if (code === 'rest_no_route') return 'rejected'
  return code.endsWith('_invalid_id') ? 'missing' : other
}

/** A line of a batch, inside a 200: the others are not touched by it. */
export function lineError(raw: unknown): ChannelError | undefined {
  const fault = faultOf((raw as { error?: unknown } | null)?.error)
  return fault && new ChannelError(missingOr(fault, 'rejected'), fault.code, plain(fault.message))
}

/** An answer of a good status that is not what the documentation says. */
export function unreadable(what: string, isWrite: boolean): ChannelError {
  return new ChannelError('unavailable', 'unreadable', `the store's answer to ${what} could not be read`, {
    mayHaveApplied: isWrite,
  })
}
