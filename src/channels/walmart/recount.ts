/**
 * Orders by when they were placed, over days that are past: the usual list asks by the last change, and what it omitted
 * or never told is in this one. Each kind of warehouse by itself, as there. Where pages cannot have told everything, the
 * span is asked for in smaller parts until one fits: a page that stands alone lost nothing.
 */
import { z } from 'zod'
import type { Account, Recounting } from '../connector.ts'
import { askPage, isCursorOver, listedAtMost, listedMs, nodeTypes, pageSize, readPage } from './orders.ts'
import { incomplete, isShort, nothingTold, toldSchema, withPage } from './told.ts'

/** Shorter parts are read as they come. */
const shortestMs = 15 * 60_000
/** A part without a page for so long is asked for anew: its cursor may be over. */
const partRestsMs = 30 * 60_000

const partSchema = toldSchema.extend({
  /** Whose orders, by place in `nodeTypes`. */
  at: z.number().int(),
  from: z.number().int(),
  until: z.number().int(),
  /** The query of the next page, as it came. */
  next: z.string().nullable(),
  pagedAt: z.number().int(),
})
type Part = z.output<typeof partSchema>

const begun = (at: number, from: number, until: number): Part => ({
  at,
  from,
  until,
  next: null,
  pagedAt: 0,
  ...nothingTold,
})

/** From a second sooner: whether the bounds themselves are listed is not said, and what is told twice is booked once. */
const fieldsOf = ({ from, until }: Part, shipNodeType: string) => ({
  createdStartDate: new Date(from - 1_000).toISOString(),
  createdEndDate: new Date(until).toISOString(),
  shipNodeType,
  limit: String(pageSize),
})

async function pull(account: Account, span: { from: Date; until: Date }, saved: unknown) {
  const types = nodeTypes(account)
  const oldest = account.now().getTime() - listedMs
  const first = begun(0, Math.max(span.from.getTime(), oldest), span.until.getTime())
  // Not listed any more: nobody can tell.
  if (first.from >= first.until) return { items: [], next: null, more: false }
  const part = saved === null ? first : resting(partSchema.parse(saved), account.now())
  const fields = fieldsOf(part, types[part.at] ?? types[0]!)
  const page = await askPage(account, { next: part.next, fields }).catch((error: unknown) => {
    if (isCursorOver(error, part) && halfOf(part)) return null
    throw error
  })
  if (page === null) return { items: [], next: halfOf(part), more: true }
  const { items, unreadable } = readPage(page.orders)
  const isEmpty = page.orders.length === 0
  const told: Part = {
    ...part,
    ...withPage(part, page),
    next: isEmpty ? null : page.nextCursor,
    pagedAt: account.now().getTime(),
  }
  const isTooLong = part.next === null && (page.total ?? 0) > listedAtMost
  const isOdd = isEmpty && page.nextCursor !== null
  const half = isTooLong || isOdd || (told.next === null && isShort(told)) ? halfOf(part) : undefined
  if (half) return { items: [], next: half, more: true }
  if (isOdd) throw incomplete()
  const next = told.next === null ? onward(told, first, types.length) : told
  return { items, unreadable, next, more: next !== null }
}

const resting = (part: Part, now: Date): Part =>
  part.next !== null && now.getTime() - part.pagedAt > partRestsMs ? begun(part.at, part.from, part.until) : part

function halfOf({ at, from, until }: Part): Part | undefined {
  return until - from < 2 * shortestMs ? undefined : begun(at, from, Math.round((from + until) / 2))
}

/** The part behind this one, in longer steps again; then the next kind of warehouse. Null: all was told. */
function onward({ at, from, until }: Part, span: Part, kinds: number): Part | null {
  if (until < span.until) return begun(at, until, Math.min(span.until, until + 2 * (until - from)))
  return at + 1 < kinds ? begun(at + 1, span.from, span.until) : null
}

export const recount: Recounting = {
  // The usual list looks back 48 hours every three: what it brings late is no miss.
  afterMs: 60 * 3_600_000,
  // A few of 5,000 calls a minute; the longer pages lie apart, the more orders change between them.
  pageEveryMs: 10_000,
  pull,
}
