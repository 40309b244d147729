/**
 * Settlements of Shopify Payments, kept as they came: each payout that is over, with the transactions it was made of, page
 * by page. A store that takes its payments otherwise has none, and that is no error (facts: channels.md §3, Money).
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { RawSettlement } from '../capabilities.ts'
import type { Account, Pulled } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents-money.ts'
import { readId } from './mapping.ts'
import { noRestarts, restarted, restartsShape } from './restarts.ts'
import { payoutPageAnswer, payoutsAnswer } from './wire-money.ts'

const dayMs = 86_400_000
/** What the store has from before the account was opened here. */
const backMs = 90 * dayMs
/** Payouts of so long are listed again each time: one is paid days after it was issued. */
const listedMs = 30 * dayMs
/** One that is not over by then is not waited for any longer. */
const waitedMs = 200 * dayMs
const doneKept = 1_000

const cursorSchema = z.object({
  /** Payouts issued since then are listed next. */
  since: z.iso.datetime(),
  listing: z.object({ after: z.string(), oldestOpen: z.string().nullable() }).nullable(),
  waiting: z.array(z.object({ id: z.string(), issuedAt: z.string() })),
  /** Of the first that waits: its pages that are kept, and where the next one begins. */
  page: z.object({ kept: z.number().int(), after: z.string() }).nullable(),
  /** Transactions of one page; halved where the store finds a page too costly. */
  first: z.number().int().min(1),
  ...restartsShape,
  /** Payouts that are kept. */
  done: z.array(z.string()),
})
type Cursor = z.output<typeof cursorSchema>

/** SCHEDULED and IN_TRANSIT become another. */
const final = new Set(['PAID', 'FAILED', 'CANCELED'])

export async function pullSettlements(account: Account, saved: unknown): Promise<Pulled<RawSettlement>> {
  const cursor = cursorSchema.safeParse(saved).data ?? firstCursor(account)
  const [first, ...others] = cursor.waiting
  const isListing = !first || cursor.listing !== null
  try {
    return isListing ? await list(account, cursor) : await fetchPage(account, cursor, first, others)
  } catch (error) {
    if (!(error instanceof ChannelError) || (error.kind !== 'rejected' && error.kind !== 'missing')) throw error
    if (error.code === 'MAX_COST_EXCEEDED' && cursor.first > 1)
      return { items: [], next: { ...cursor, first: Math.floor(cursor.first / 2) } satisfies Cursor, more: true }
    const again = (isListing ? cursor.listing : cursor.page) ? restarted(cursor, account.now()) : undefined
    if (again) {
      // What is kept already stays as it is.
      const anew = isListing ? { listing: null, waiting: [] } : { page: null }
      return { items: [], next: { ...cursor, ...anew, ...again } satisfies Cursor, more: true }
    }
    if (isListing) throw error
    const unreadable = [{ remoteId: `payout:${readId(first.id)}`, where: error.code, raw: null }]
    // A payout that is refused is tried again with the next listing, one that is gone is not.
    const done = error.kind === 'missing' ? [...cursor.done, first.id].slice(-doneKept) : cursor.done
    return { ...goOn({ ...cursor, waiting: others, page: null, ...noRestarts, done }), unreadable }
  }
}

function firstCursor(account: Account): Cursor {
  const since = new Date(account.openedAt.getTime() - backMs).toISOString()
  const first = documents.transactionsPage
  return { since, listing: null, waiting: [], page: null, first, ...noRestarts, done: [] }
}

const goOn = (next: Cursor, items: RawSettlement[] = []): Pulled<RawSettlement> => ({
  items,
  next,
  more: next.waiting.length > 0 || next.listing !== null,
})

/** One page of payouts, oldest first: what is issued meanwhile comes at the end. */
async function list(account: Account, cursor: Cursor): Promise<Pulled<RawSettlement>> {
  const now = account.now().getTime()
  const asked = {
    first: documents.payoutsPage,
    after: cursor.listing?.after ?? null,
    query: `issued_at:>='${cursor.since}'`,
  }
  const { data } = await call(account, documents.payouts, asked, payoutsAnswer)
  const told = data.shopifyPaymentsAccount?.payouts
  const known = new Set([...cursor.done, ...cursor.waiting.map(({ id }) => id)])
  const waiting = [...cursor.waiting]
  let oldestOpen = cursor.listing?.oldestOpen ?? null
  for (const { id, issuedAt, status } of told?.nodes ?? []) {
    if (known.has(id)) continue
    known.add(id)
    if (final.has(status)) waiting.push({ id, issuedAt })
    else if (oldestOpen === null || issuedAt < oldestOpen) oldestOpen = issuedAt
  }
  if (told?.pageInfo.hasNextPage)
    return goOn({ ...cursor, waiting, listing: { after: endOf(told.pageInfo), oldestOpen } })
  const earliest = Math.max(now - waitedMs, Math.min(now - listedMs, oldestOpen ? Date.parse(oldestOpen) : now))
  // Nothing was listed where there is no account: what it has from before is asked for once there is one.
  const since = told ? new Date(earliest).toISOString() : cursor.since
  return goOn({ ...cursor, waiting, listing: null, ...noRestarts, since })
}

/** "More" without saying from where would end a list too early. */
function endOf({ endCursor }: { endCursor?: string | null | undefined }): string {
  if (!endCursor) throw new ChannelError('unavailable', 'unreadable', 'a page has no end')
  return endCursor
}

async function fetchPage(
  account: Account,
  cursor: Cursor,
  payout: Cursor['waiting'][number],
  others: Cursor['waiting'],
): Promise<Pulled<RawSettlement>> {
  const { kept, after } = cursor.page ?? { kept: 0, after: null }
  const query = `payments_transfer_id:${readId(payout.id)}`
  const asked = { id: payout.id, first: cursor.first, after, query }
  const { data, bytes } = await call(account, documents.payoutPage, asked, payoutPageAnswer, cursor.first)
  const told = data.shopifyPaymentsAccount?.balanceTransactions
  if (!data.node || !told) throw new ChannelError('missing', 'gone', 'the store knows the payout no longer')
  // A filter that the store does not know is left out in silence: then these are anybody's transactions.
  if (told.nodes.some(({ associatedPayout }) => readId(associatedPayout.id ?? '') !== readId(payout.id)))
    throw new ChannelError('rejected', 'other_payout', 'transactions of other payouts are among them')
  const items = [settlementOf(payout, kept + 1, bytes)]
  if (told.pageInfo.hasNextPage)
    return goOn({ ...cursor, page: { kept: kept + 1, after: endOf(told.pageInfo) } }, items)
  const done = [...cursor.done, payout.id].slice(-doneKept)
  return goOn({ ...cursor, waiting: others, page: null, ...noRestarts, done }, items)
}

function settlementOf(payout: Cursor['waiting'][number], part: number, body: Uint8Array): RawSettlement {
  const id = readId(payout.id)
  const until = new Date(payout.issuedAt)
  return {
    remoteId: `payout:${id}:${part}`,
    name: `shopify-payout-${until.toISOString().slice(0, 10)}-${id}-${part}.json`,
    contentType: 'application/json',
    from: null,
    until,
    body,
  }
}
