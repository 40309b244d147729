/** BigCommerce's errors → the kind that decides what happens next (facts: channels.md §5; orders.v2, inventory.v3). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'

/** V3 answers a problem, V2 a list of messages. Both name fields and ids; only so much is taken. */
const problem = z.object({ title: z.string() }).transform(({ title }) => title)
const messages = z
  .array(z.object({ message: z.string() }))
  .min(1)
  .transform(([first]) => first!.message)
const told = z.union([problem, messages])

export function readError(answer: WireResponse, isWrite: boolean): ChannelError {
  const { status, json } = answer
  const said = told.safeParse(json)
  const code = `HTTP ${status}`
  const message = said.success ? said.data.slice(0, 300) : `the store answered ${status}`
  // A page of something in between may answer these, too; only BigCommerce's own JSON stops an account.
  if (status === 401 || status === 403)
    return new ChannelError(json === undefined ? 'unavailable' : 'auth', code, message)
  if (status === 404) return new ChannelError('missing', code, message)
  if (status === 409) return new ChannelError('conflict', code, message)
  if (status >= 400 && status < 500) return new ChannelError('rejected', code, message)
  return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
}

/** An answer of a good status that is not what the documentation says. */
export function unreadable(operation: string, isWrite: boolean): ChannelError {
  return new ChannelError('unavailable', 'unreadable', `the store's answer to ${operation} could not be read`, {
    mayHaveApplied: isWrite,
  })
}

export const gone = (): ChannelError => new ChannelError('missing', 'NOT_FOUND', 'the store does not know this order')
