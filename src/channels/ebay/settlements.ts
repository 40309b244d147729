/**
 * Settlements of the Finances API, kept as they came. Each payout that is over is one: its record, and the transactions it
 * was made of, page by page. What never becomes part of a payout (a fee that is charged otherwise) stands among the
 * transactions of its day, which are kept as well, a few days later; days from before the account was opened are not.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { RawSettlement } from '../capabilities.ts'
import type { Account, Pulled } from '../connector.ts'
import { calls } from './calls.ts'

const dayMs = 86_400_000
/** What eBay holds from before the account was opened here; it has five years of it (facts §1, Money). */
const backMs = 90 * dayMs
/** Payouts of so long are listed again each time: one becomes final days after its date. */
const listedMs = 30 * dayMs
/** One that is not final by then is not waited for any longer. */
const waitedMs = 200 * dayMs
/** A day is asked for when it is so long over: transactions are told late. */
const ripeMs = 3 * dayMs
const payoutsPage = 200
const transactionsPage = 1_000
const doneKept = 1_000

const thingSchema = z.object({ kind: z.enum(['payout', 'day']), key: z.string(), day: z.string() })
type Thing = z.output<typeof thingSchema>

const cursorSchema = z.object({
  /** Payouts since then are listed next. */
  since: z.iso.datetime(),
  /** The listing under way. */
  listing: z.object({ to: z.iso.datetime(), offset: z.number().int(), oldestOpen: z.string().nullable() }).nullable(),
  waiting: z.array(thingSchema),
  /** Of the first that waits: which of how many transactions come next. Null: nothing of it is kept yet. */
  page: z.object({ offset: z.number().int(), total: z.number().int().nullable() }).nullable(),
  /** Payouts that are kept. */
  done: z.array(z.string()),
  /** The first day whose transactions were not asked for yet. */
  day: z.string(),
})
type Cursor = z.output<typeof cursorSchema>

const dayOf = (time: number) => new Date(time).toISOString().slice(0, 10)
/** INITIATED and RETRYABLE_FAILED may still become another. */
const final = new Set(['SUCCEEDED', 'REVERSED', 'TERMINATED'])

export async function pullSettlements(account: Account, saved: unknown): Promise<Pulled<RawSettlement>> {
  const cursor = cursorSchema.safeParse(saved).data ?? firstCursor(account)
  const [first, ...others] = cursor.waiting
  if (!first || cursor.listing) return await list(account, cursor)
  try {
    return await fetchPage(account, cursor, first, others)
  } catch (error) {
    if (!(error instanceof ChannelError) || (error.kind !== 'missing' && error.kind !== 'rejected')) throw error
    const unreadable = [{ remoteId: `${first.kind}:${first.key}`, where: error.code, raw: null }]
    // A payout that is refused is tried again with the next listing, one that is gone is not.
    const done = error.kind === 'missing' ? [...cursor.done, first.key].slice(-doneKept) : cursor.done
    return { ...goOn({ ...cursor, waiting: others, page: null, done }), unreadable }
  }
}

function firstCursor(account: Account): Cursor {
  const begin = account.openedAt.getTime() - backMs
  const since = new Date(begin).toISOString()
  return { since, listing: null, waiting: [], page: null, done: [], day: dayOf(account.openedAt.getTime()) }
}

const goOn = (next: Cursor, items: RawSettlement[] = []): Pulled<RawSettlement> => ({
  items,
  next,
  more: next.waiting.length > 0 || next.listing !== null,
})

/** One page of payouts, newest first: one that is new meanwhile only moves the others back, and is told twice. */
async function list(account: Account, cursor: Cursor): Promise<Pulled<RawSettlement>> {
  const now = account.now().getTime()
  const { to, offset, ...listing } = cursor.listing ?? { to: new Date(now).toISOString(), offset: 0, oldestOpen: null }
  const answer = await calls.getPayouts(account, { from: cursor.since, to, limit: payoutsPage, offset })
  const told = answer?.payouts ?? []
  const known = new Set([...cursor.done, ...cursor.waiting.map(({ key }) => key)])
  const waiting = [...cursor.waiting]
  let { oldestOpen } = listing
  for (const { payoutId: key, payoutDate, payoutStatus } of told) {
    if (known.has(key)) continue
    known.add(key)
    if (final.has(payoutStatus ?? '')) waiting.push({ kind: 'payout', key, day: (payoutDate ?? to).slice(0, 10) })
    else if (payoutDate && (oldestOpen === null || payoutDate < oldestOpen)) oldestOpen = payoutDate
  }
  const end = offset + told.length
  if (told.length > 0 && end < (answer?.total ?? 0))
    return goOn({ ...cursor, waiting, listing: { to, offset: end, oldestOpen } })
  const earliest = Math.max(now - waitedMs, Math.min(now - listedMs, oldestOpen ? Date.parse(oldestOpen) : now))
  return goOn({
    ...cursor,
    ...withDays(cursor.day, waiting, now),
    listing: null,
    since: new Date(earliest).toISOString(),
  })
}

function withDays(from: string, waiting: readonly Thing[], now: number): Pick<Cursor, 'day' | 'waiting'> {
  const days: Thing[] = []
  let at = Date.parse(from)
  for (; at + dayMs + ripeMs <= now; at += dayMs) days.push({ kind: 'day', key: dayOf(at), day: dayOf(at) })
  return { day: dayOf(at), waiting: [...waiting, ...days] }
}

/** The record of a payout, or one page of transactions. */
async function fetchPage(
  account: Account,
  cursor: Cursor,
  thing: Thing,
  others: readonly Thing[],
): Promise<Pulled<RawSettlement>> {
  const page = cursor.page ?? { offset: 0, total: null }
  if (thing.kind === 'payout' && !cursor.page) {
    const { bytes } = await calls.getPayout(account, thing.key)
    if (bytes.byteLength === 0) throw new ChannelError('missing', 'gone', 'eBay knows the payout no longer')
    return goOn({ ...cursor, page }, [settlementOf(thing, '', bytes)])
  }
  const { body, bytes } = await calls.getTransactions(account, filterOf(thing), {
    limit: transactionsPage,
    offset: page.offset,
  })
  const total = body?.total ?? 0
  const count = body?.transactions?.length ?? 0
  // One that is told late moves the others: the pages are kept anew, under the new total.
  if (page.total !== null && page.total !== total && page.offset > 0)
    return goOn({ ...cursor, page: { offset: 0, total } })
  const end = page.offset + count
  const items = count === 0 ? [] : [settlementOf(thing, `transactions-${page.offset + 1}-${end}-of-${total}`, bytes)]
  if (end < total) {
    if (count === 0) throw new ChannelError('unavailable', 'unreadable', 'a page of transactions holds none of them')
    return goOn({ ...cursor, page: { offset: end, total } }, items)
  }
  const done = thing.kind === 'payout' ? [...cursor.done, thing.key].slice(-doneKept) : cursor.done
  return goOn({ ...cursor, waiting: [...others], page: null, done }, items)
}

const filterOf = ({ kind, key }: Thing) =>
  kind === 'payout' ? `payoutId:{${key}}` : `transactionDate:[${key}T00:00:00.000Z..${key}T23:59:59.999Z]`

function settlementOf(thing: Thing, part: string, body: Uint8Array): RawSettlement {
  const { kind, key, day } = thing
  const name = ['ebay', ...(kind === 'payout' ? ['payout', day, key] : ['day', day]), ...(part ? [part] : [])].join('-')
  const begin = new Date(`${day}T00:00:00.000Z`)
  return {
    remoteId: [kind, key, ...(part ? [part] : [])].join(':'),
    name: `${name}.json`,
    contentType: 'application/json',
    from: kind === 'day' ? begin : null,
    until: new Date(begin.getTime() + dayMs),
    body,
  }
}
