/**
 * Which units of an open order were given back costs a call of its own. A page may need more of them than the allowance
 * ever holds: the orders that it did not reach wait in the cursor, by their ids, and are told one by one. Their refunds are
 * read first and the order after them, so that a single call brings each a step on.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, StrangeField, Unreadable } from '../connector.ts'
import { countedTry, triesAtMost } from '../one-by-one.ts'
import { call, page, wc } from './client.ts'
import { isDraft } from './mapping.ts'
import { unitsRefunded } from './refunds.ts'
import { describe, strangeFields, tell, wantsRefunds } from './whole.ts'
import { list, order, type WireOrder } from './wire.ts'

/** A small host must bear it. */
const atOnce = 4

/** No word of the buyer's stands in it. */
export const waitingSchema = z.object({
  id: z.number().int(),
  /** The version that the refunds belong to. */
  modified: z.string(),
  /** Units given back by line, once they are read. */
  refunded: z.record(z.string(), z.number()).optional(),
  tries: z.number().int(),
})
type Waiting = z.output<typeof waitingSchema>

export interface Told {
  items: IncomingOrder[]
  unreadable: Unreadable[]
  strange: StrangeField[]
}

export interface Found {
  wire: WireOrder
  raw: unknown
  earliest: string | undefined
}

/** Units of a refund that cannot be read stay sold. */
const oddRefunds: StrangeField = { field: 'refunds', isNew: false }

/** Some together, until the allowance is used up, or none of them is answered. */
async function inTurn<T>(all: readonly T[], read: (one: T) => Promise<void>): Promise<void> {
  for (let from = 0; from < all.length; from += atOnce) {
    const answers = await Promise.allSettled(all.slice(from, from + atOnce).map(read))
    const errors = answers.flatMap((answer): unknown[] => (answer.status === 'rejected' ? [answer.reason] : []))
    const ofAll = errors.find((error) => !(error instanceof ChannelError) || isOfAll(error))
    if (ofAll) throw ofAll
    if (errors.length === answers.length) throw errors[0]
  }
}

const isOfAll = ({ kind }: ChannelError): boolean => kind === 'throttled' || kind === 'auth'

/** Orders of a page with their refunds, as far as the allowance goes; the others wait. */
export async function withRefunds(account: Account, found: readonly Found[]) {
  const told: Told = { items: [], unreadable: [], strange: [] }
  const known = new Set<Found>()
  const read = async (one: Found) => {
    const refunded = await unitsRefunded(account, one.wire.id, () => void told.strange.push(oddRefunds))
    told.items.push(tell(one.wire, one.raw, { ...one, refunded }))
    known.add(one)
  }
  try {
    await inTurn(found, read)
  } catch (error) {
    // The next pull meets it again, and asks for these orders only.
    if (!(error instanceof ChannelError)) throw error
  }
  const waiting = found.flatMap((one): Waiting[] =>
    known.has(one) ? [] : [{ id: one.wire.id, modified: one.wire.date_modified_gmt, tries: 0 }],
  )
  return { told, waiting }
}

/** A step for some of those that wait. */
export async function readWaiting(
  account: Account,
  waiting: readonly Waiting[],
  placed: ReadonlyMap<number, string>,
): Promise<{ told: Told; waiting: Waiting[] }> {
  const told: Told = { items: [], unreadable: [], strange: [] }
  const unasked = waiting.filter(({ refunded }) => refunded === undefined)
  const next = new Map<Waiting, Waiting | null>()
  const step = async (one: Waiting): Promise<Waiting | null> => {
    if (unasked.length === 0) return await readOne(account, one, placed, told)
    return {
      ...one,
      tries: 0,
      refunded: await unitsRefunded(account, one.id, () => void told.strange.push(oddRefunds)),
    }
  }
  const failed = new Map<Waiting, ChannelError>()
  const read = async (one: Waiting) => {
    try {
      next.set(one, await step(one))
    } catch (error) {
      if (!(error instanceof ChannelError)) throw error
      // Deleted since.
      if (error.kind === 'missing') return void next.set(one, null)
      if (!isOfAll(error)) failed.set(one, error)
      throw error
    }
  }
  try {
    await inTurn(unasked.length > 0 ? unasked : waiting, read)
  } catch (error) {
    if (!(error instanceof ChannelError) || next.size + failed.size === 0) throw error
  }
  // What another call was answered says enough of the store.
  let isAnswered = next.size > 0
  for (const [one, error] of failed) {
    await countedTry(account, error, async () => isAnswered || (await isAnswering(account)))
    isAnswered = true
    next.set(one, afterTry(one, error, told))
  }
  // Those that failed stand behind the others.
  const ordered = [...waiting.filter((one) => !failed.has(one)), ...failed.keys()]
  return { told, waiting: ordered.flatMap((one) => (next.has(one) ? (next.get(one) ?? []) : one)) }
}

async function readOne(
  account: Account,
  { id, modified, refunded }: Waiting,
  placed: ReadonlyMap<number, string>,
  told: Told,
): Promise<Waiting | null> {
  const { body: raw } = await call(account, {
    operation: 'getOrder',
    method: 'GET',
    path: wc(`/orders/${id}`),
    answer: z.looseObject({ id: z.number() }),
  })
  const parsed = order.safeParse(raw)
  if (!parsed.success) {
    told.unreadable.push(describe(raw, parsed.error.issues))
    return null
  }
  const wire = parsed.data
  if (isDraft(wire.status)) return null
  const isWanted = wantsRefunds(wire)
  // It changed meanwhile, perhaps by a refund that is not among those that were read.
  if (isWanted && wire.date_modified_gmt !== modified) return { id, modified: wire.date_modified_gmt, tries: 0 }
  told.strange.push(...strangeFields(wire))
  told.items.push(tell(wire, raw, { earliest: placed.get(id), ...(isWanted && refunded ? { refunded } : {}) }))
  return null
}

function afterTry(one: Waiting, { code }: ChannelError, told: Told): Waiting | null {
  const tries = one.tries + 1
  if (tries < triesAtMost) return { ...one, tries }
  if (one.refunded === undefined) {
    told.strange.push(oddRefunds)
    return { ...one, refunded: {}, tries: 0 }
  }
  told.unreadable.push({ remoteId: String(one.id), where: code, raw: null })
  return null
}

/** Does the store list orders at all? */
const isAnswering = (account: Account) =>
  page(account, {
    operation: 'listOrders',
    path: wc('/orders'),
    query: { per_page: 1 },
    from: 0,
    mayBeEmpty: true,
    answer: list,
  })
