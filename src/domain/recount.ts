/** Which span of orders is counted next, and what has been counted. Times are text: it is stored as it is. Pure. */

export interface Span {
  from: string
  until: string
}

interface Counted {
  counted: number
  missing: number
  /** The first of those that were missing. */
  missed: string[]
}

export interface Recount extends Counted {
  /** Orders placed before this have all been counted. */
  checkedUntil: string
  /** Being counted. */
  span: Span | null
  page: unknown
  /** The last span that was counted to its end. */
  last: (Counted & Span) | null
}

const dayMs = 86_400_000
/** What was away for long is counted in pieces. */
const longestMs = 7 * dayMs
const named = 10

export type Begun = Recount & { span: Span }

/**
 * The span at hand, or the next one once a day of orders is old enough to be known by the usual list; else when it will
 * be. Counting begins where the account was opened.
 */
export function nextSpan(
  before: Recount | null,
  openedAt: Date,
  now: Date,
  afterMs: number,
): Begun | { waitUntil: Date; state: Recount } {
  const start = { checkedUntil: openedAt.toISOString(), span: null, page: null, last: null }
  const state = before ?? { ...start, counted: 0, missing: 0, missed: [] }
  if (state.span) return { ...state, span: state.span }
  const from = Date.parse(state.checkedUntil)
  const ripe = now.getTime() - afterMs
  if (ripe - from < dayMs) return { waitUntil: new Date(from + dayMs + afterMs), state }
  const span = { from: state.checkedUntil, until: new Date(Math.min(ripe, from + longestMs)).toISOString() }
  return { ...state, span, page: null, counted: 0, missing: 0, missed: [] }
}

/** After a page. */
export function recounted(
  begun: Begun,
  page: { counted: number; next: unknown; more: boolean },
  missing: readonly { remoteId: string }[],
): Recount {
  const sum: Counted = {
    counted: begun.counted + page.counted,
    missing: begun.missing + missing.length,
    missed: [...begun.missed, ...missing.map((one) => one.remoteId)].slice(0, named),
  }
  if (page.more) return { ...begun, ...sum, page: page.next }
  return { ...sum, checkedUntil: begun.span.until, span: null, page: null, last: { ...begun.span, ...sum } }
}
