/**
 * What the seller's bucket holds, by the answers that tell it; others may spend of it as well. Answers to calls that left
 * together come in any order, and each says what was left when its own call was taken: an older word must not raise a newer one.
 */
export interface Pace {
  /** Calls without an answer. */
  underWay: number
  /** The bucket held this at that moment; since then it was refilled, and others took of it. Null: nothing was told yet. */
  told: { left: number; at: number } | null
}

export const newPace = (): Pace => ({ underWay: 0, told: null })

/** What may still be spent after an answer that says `left`; whatever is under way may have been taken since. `rate`: tokens a second. */
export function leftAfter(pace: Pace, left: number, rate: number, now: number): number {
  const { told } = pace
  const most = told ? told.left + (rate * Math.max(0, now - told.at)) / 1_000 : left
  pace.told = { left: Math.min(left, most), at: now }
  return Math.max(0, pace.told.left - pace.underWay)
}
