/** Things of a page that cost a call each. */
import { ChannelError } from '../domain/errors.ts'

export interface ReadInTurn<R> {
  read: R[]
  /** So many of the first ones were read; the others are for the next time. */
  done: number
}

/**
 * Reads one after the other, `atOnce` together, until a call fails (most of all: until the allowance is used up). What was
 * read until then stays read: a page that needs more calls than the allowance ever holds would never end otherwise.
 * Throws what failed where nothing was read; where only the allowance was missing, as many calls are waited for as leave together.
 */
export async function readInTurn<T, R>(
  all: readonly T[],
  atOnce: number,
  { read, now }: { read(one: T): Promise<R>; now(): Date },
): Promise<ReadInTurn<R>> {
  const found: R[] = []
  for (let from = 0; from < all.length; from += atOnce) {
    const answers = await Promise.allSettled(all.slice(from, from + atOnce).map(read))
    for (const answer of answers) {
      if (answer.status === 'fulfilled') {
        found.push(answer.value)
        continue
      }
      const error: unknown = answer.reason
      if (!(error instanceof ChannelError)) throw error
      if (found.length === 0) throw waiting(error, atOnce, now().getTime())
      return { read: found, done: found.length }
    }
  }
  return { read: found, done: found.length }
}

function waiting(error: ChannelError, calls: number, now: number): ChannelError {
  const { kind, code, message, retryAt } = error
  if (code !== 'budget' || !retryAt) return error
  // Our own allowance tells when one call may leave.
  const longer = Math.min(longestWaitMs, (retryAt.getTime() - now) * calls)
  return new ChannelError(kind, code, message, {
    retryAt: new Date(Math.max(retryAt.getTime(), now + longer)),
    cause: error,
  })
}

const longestWaitMs = 10_000
