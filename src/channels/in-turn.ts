/** Items of a page that cost a call each. */
import { z } from 'zod'
import { ChannelError } from '../domain/errors.ts'
import type { Unreadable } from './connector.ts'

/** An item that fails so often while others are answered is told as unreadable. */
const triesAtMost = 3

/** What a cursor keeps of them. */
export const inTurn = z.object({
  /** How often those that are left have failed while others were answered. */
  tries: z.number().int().default(0),
  /** The newest SKU that was answered: asked again, it tells whether anything is. */
  proof: z.string().optional(),
})
export type InTurn = z.output<typeof inTurn>

interface Calls<T, R> {
  read(one: T): Promise<R>
  /** The call of an item that is known by its SKU only. */
  ask(sku: string): Promise<unknown>
  now(): Date
}

export interface ReadInTurn<R> {
  read: R[]
  unreadable: Unreadable[]
  /** SKUs that were read, or are told as unreadable; the others are for the next time. */
  done: string[]
  left: InTurn
}

/**
 * Reads one after the other, `atOnce` together, until the allowance is used up or nothing is answered any more. What was
 * read until then stays read: a page that needs more calls than the allowance ever holds would never end otherwise. One
 * that fails by itself holds up no other. Throws what failed where nothing was read; where only the allowance was
 * missing, as many calls are waited for as leave together.
 */
export async function readInTurn<T extends { sku: string }, R>(
  all: readonly T[],
  atOnce: number,
  { read, ask, now }: Calls<T, R>,
  before: InTurn,
): Promise<ReadInTurn<R>> {
  const { found, failed, halted } = await readAll(all, atOnce, read)
  const done = found.map(({ sku }) => sku)
  const proof = done.at(-1) ?? before.proof
  const result = { read: found.map(({ value }) => value), unreadable: [], done, left: { tries: before.tries, proof } }
  if (halted) {
    if (found.length === 0) throw waiting(halted, atOnce, now().getTime())
    return result
  }
  if (failed.length === 0) return { ...result, left: { tries: 0, proof } }
  if (found.length === 0 && !(await isOwn(failed, ask, before.proof))) throw failed[0]!.error
  const tries = before.tries + 1
  const odd = failed.filter((one) => isRefused(one) || tries >= triesAtMost)
  return {
    ...result,
    unreadable: odd.map(({ one, error }) => ({ remoteId: one.sku, where: error.code, raw: one })),
    done: [...done, ...odd.map(({ one }) => one.sku)],
    left: { tries: odd.length < failed.length ? tries : 0, proof },
  }
}

interface Failed<T> {
  one: T
  error: ChannelError
}

const isRefused = ({ error }: Failed<unknown>): boolean => error.kind === 'rejected'

async function readAll<T extends { sku: string }, R>(all: readonly T[], atOnce: number, read: Calls<T, R>['read']) {
  const found: { sku: string; value: R }[] = []
  const failed: Failed<T>[] = []
  for (let from = 0; from < all.length; from += atOnce) {
    const group = all.slice(from, from + atOnce)
    const answers = await Promise.allSettled(group.map(read))
    let halted: ChannelError | undefined
    for (const [index, answer] of answers.entries()) {
      const one = group[index]!
      if (answer.status === 'fulfilled') {
        found.push({ sku: one.sku, value: answer.value })
        continue
      }
      const error: unknown = answer.reason
      if (!(error instanceof ChannelError)) throw error
      if (error.kind === 'throttled' || error.kind === 'auth') halted ??= error
      else failed.push({ one, error })
    }
    if (halted) return { found, failed, halted }
    if (answers.every(({ status }) => status === 'rejected')) break
  }
  return { found, failed }
}

/** Is it the items' own trouble? It is where another one is answered; a single refusal is taken as such, too. */
async function isOwn(
  failed: readonly Failed<unknown>[],
  ask: Calls<unknown, unknown>['ask'],
  proof: string | undefined,
): Promise<boolean> {
  if (proof === undefined) return failed.length === 1 && isRefused(failed[0]!)
  try {
    await ask(proof)
    return true
  } catch (error) {
    if (error instanceof ChannelError) return false
    throw error
  }
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
