/** Orders that are read by calls of their own: one whose call always fails holds up the others for a while only. */
import { ChannelError } from '../domain/errors.ts'
import type { Account } from './connector.ts'

/** After so many an order is set aside, and the others go on. */
export const triesAtMost = 5
const longestWaitMs = 10_000

/** What may be the trouble of one order; the rest is of the whole account, or passes. */
const isOfOne = ({ kind, code }: ChannelError): boolean =>
  ['unavailable', 'rejected', 'conflict'].includes(kind) ||
  (kind === 'auth' && ['HTTP 403', 'ACCESS_DENIED'].includes(code))

/**
 * Answers the error where it counts as a try: the channel answers `other` now, so that the trouble is the order's own.
 * Throws where it does not: while nothing is answered no order is set aside.
 */
export async function countedTry(
  account: Account,
  error: unknown,
  other: () => Promise<unknown>,
): Promise<ChannelError> {
  if (!(error instanceof ChannelError) || !isOfOne(error)) throw error
  try {
    await other()
  } catch (trouble) {
    if (!(trouble instanceof ChannelError) || trouble.code !== 'budget') throw trouble
    // The next try would spend what was waited for, and leave nothing for this question again.
    const { kind, code, message, retryAt } = trouble
    const longer = Math.max(retryAt?.getTime() ?? 0, account.now().getTime() + longestWaitMs)
    throw new ChannelError(kind, code, message, { retryAt: new Date(longer), cause: trouble })
  }
  return error
}
