/**
 * What notifications are worth: when to look again because of them, and how seldom to ask while they are proven to
 * come. Polling stays the truth: what no notification announced is found all the same.
 */

/** A notification that waits, as the rules see it. */
export interface WaitingWord {
  receivedAt: Date
  /** It names orders, and not all of them are known yet. */
  isAhead: boolean
  /** When the last look began that knew of it. Moments alone do not tell: one may be stored after a look that it came before. */
  lookedAt: Date | null
}

/** Looks come no closer than this, however many notifications come in between. */
export const breathMs = 2_000

/**
 * A notification may be ahead of the channel's own lists. What it names and nobody finds is looked for again, so long
 * after it came; then it is left to polling.
 */
const looksAfterMs = [15_000, 60_000, 240_000]
const lastLookMs = looksAfterMs.at(-1)!

/** Is a look due, the last one of all having begun at `lastLook`? */
export function isLookDue(
  words: readonly WaitingWord[],
  lastLook: Date | null,
  now: Date,
  closestMs: number = breathMs,
): boolean {
  if (lastLook !== null && now.getTime() - lastLook.getTime() < closestMs) return false
  return words.some(({ receivedAt, isAhead, lookedAt }) => {
    if (lookedAt === null) return true
    return (
      isAhead &&
      looksAfterMs.some((after) => {
        const mark = receivedAt.getTime() + after
        return mark <= now.getTime() && lookedAt.getTime() < mark
      })
    )
  })
}

/** Is a look that began then, after the notification was there, all that is done because of it? */
export function isSettledBy(word: Pick<WaitingWord, 'receivedAt' | 'isAhead'>, lookBegan: Date): boolean {
  return !word.isAhead || lookBegan.getTime() - word.receivedAt.getTime() >= lastLookMs
}

/** Which of an account's new orders were announced. Kept with the account. */
export interface Announced {
  /** Announced ones since the last that was not. */
  streak: number
  lastAnnouncedAt: string | null
  lastMissedAt: string | null
  /** By day, newest last. */
  days: { day: string; announced: number; missed: number }[]
}

export const nothingAnnounced: Announced = { streak: 0, lastAnnouncedAt: null, lastMissedAt: null, days: [] }

const daysKept = 7

/** New orders were judged: so many had been announced, so many had not. */
export function noteOrders(state: Announced, found: { announced: number; missed: number }, now: Date): Announced {
  const { announced, missed } = found
  if (announced + missed === 0) return state
  const at = now.toISOString()
  const day = at.slice(0, 10)
  const today = state.days.find((one) => one.day === day) ?? { day, announced: 0, missed: 0 }
  const others = state.days.filter((one) => one.day !== day)
  return {
    streak: missed > 0 ? 0 : state.streak + announced,
    lastAnnouncedAt: announced > 0 ? at : state.lastAnnouncedAt,
    lastMissedAt: missed > 0 ? at : state.lastMissedAt,
    days: [...others, { day, announced: today.announced + announced, missed: today.missed + missed }].slice(-daysKept),
  }
}

/** Of the last days' orders. */
export function shareOf({ days }: Announced): { announced: number; missed: number } {
  return {
    announced: days.reduce((sum, one) => sum + one.announced, 0),
    missed: days.reduce((sum, one) => sum + one.missed, 0),
  }
}

/** So many announced orders in a row prove something, and the proof ages. */
const [provenFrom, wellProvenFrom] = [20, 100]
const proofLastsMs = 24 * 3_600_000

/** However well notifications come: an order that none announced is found within a quarter of an hour, lists' lag included. */
const longestPollMs = 10 * 60_000

export function isProven(state: Announced, now: Date): boolean {
  const provenAt = state.lastAnnouncedAt === null ? Number.NEGATIVE_INFINITY : Date.parse(state.lastAnnouncedAt)
  return state.streak >= provenFrom && now.getTime() - provenAt < proofLastsMs
}

/** Milliseconds between pulls of orders; one that was not announced brings back the channel's own pace at once. */
export function pollEveryMs(everyMs: number, state: Announced, now: Date): number {
  if (!isProven(state, now)) return everyMs
  return Math.max(everyMs, Math.min(longestPollMs, everyMs * (state.streak < wellProvenFrom ? 2 : 4)))
}

/** Do they come badly enough for a person to look? Not for single ones: those are what polling is there for. */
export function isDeliveryPoor(state: Announced): boolean {
  const { announced, missed } = shareOf(state)
  return state.streak < provenFrom && missed >= 5 && missed > (announced + missed) / 5
}
