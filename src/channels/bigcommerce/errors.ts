/** BigCommerce's errors → the kind that decides what happens next (facts: channels.md §5; orders.v2, inventory.v3). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireResponse } from '../../http/client.ts'

/**
 * V3 answers a problem, or a list of them under `data` (refunds) or `batch_errors` (variants); V2 a list of messages. All
 * name fields and ids; only so much is taken.
 */
const titled = z.object({ title: z.string() })
const problem = titled.transform(({ title }) => title)
const several = z.array(titled).min(1)
const problems = z.union([
  z.object({ data: several }).transform(({ data }) => data[0]!.title),
  z.object({ batch_errors: several }).transform(({ batch_errors: [first] }) => first!.title),
])
const messages = z
  .array(z.object({ message: z.string() }))
  .min(1)
  .transform(([first]) => first!.message)
const told = z.union([problem, problems, messages])

export function readError(answer: WireResponse, isWrite: boolean): ChannelError {
  const { status, json } = answer
  const said = told.safeParse(json)
  const code = `HTTP ${status}`
  const message = said.success ? said.data.slice(0, 300) : `the store answered ${status}`
  // A page of something in between may answer these, too; only BigCommerce's own JSON stops an account.
  if (status === 401 || status === 403)
    return new ChannelError(json === undefined ? 'unavailable' : 'auth', code, message)
  // Nor does such a page tell that something is gone.
  if (status === 404 && json !== undefined) return new ChannelError('missing', code, message)
  // Whoever waited in vain does not know what became of it.
  if (status === 404 || status === 408)
    return new ChannelError('unavailable', code, message, { mayHaveApplied: isWrite })
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
