/** How long feeds of an account take, learned from those that ended. Ratios are learned, since a slow day is ten times a quick one. */

export interface FeedTime {
  typicalMs: number
  /** Nearly all feeds end between typical ÷ spread and typical × spread; at least 1. */
  spread: number
}

export const soonest = ({ typicalMs, spread }: FeedTime): number => typicalMs / spread
export const latest = ({ typicalMs, spread }: FeedTime): number => typicalMs * spread

/** A new feed counts for a quarter: three of a new kind outweigh all that came before. */
const weight = 1 / 4
/** Average deviations within which nearly all values lie. */
const wide = 3

/** The estimate after a feed that took `tookMs`. */
export function learnFeedTime(before: FeedTime, tookMs: number): FeedTime {
  const off = Math.log(Math.max(1, tookMs) / before.typicalMs)
  const deviation = Math.log(before.spread) / wide
  return {
    typicalMs: before.typicalMs * Math.exp(off * weight),
    spread: Math.exp((deviation + (Math.abs(off) - deviation) * weight) * wide),
  }
}
