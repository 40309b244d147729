/**
 * What refusals tell of a rate that the channel does not name. After a refusal the channel's bucket is empty, and what it
 * would hold since then at the rate we believe in can be computed. One refusal may be an accident of the way: half
 * speed for a while (two seconds at 5 a second), three quarters for as long. Another one while the bucket must hold two
 * calls proves that the rate is lower; after a long quiet it climbs again, by small steps.
 *
 * Where nothing at all is taken for longer than any likely rate explains, nobody serves: what was learned meanwhile is
 * forgotten with the first call that is taken.
 */

export interface LearnedRate {
  /** Calls a second that we believe in. */
  rate: number
  burst: number
  /** The channel's published or told rate; climbing ends there. */
  published: number
  /** The rate that refusals left us; null where none did. */
  floor: number | null
  /** Since the last refusal that said something; null: none did, the bucket is not known. */
  seen: Seen | null
  /** Half speed until then, and three quarters until then. */
  doubtUntil: Date | null
  easeUntil: Date | null
  /** When the next step up is due, and how long is waited for the first one. */
  climbAt: Date | null
  quietMs: number
  /** Refusals with no call taken between them. */
  streak: Streak | null
}

interface Streak {
  since: Date
  /** What was believed before. */
  before: Pick<LearnedRate, 'rate' | 'floor' | 'climbAt' | 'quietMs'>
}

interface Seen {
  emptyAt: Date
  /** Calls taken since. */
  taken: number
  /** What the channel's bucket holds if `rate` is true. */
  level: number
  at: Date
  /** It may have run over since, so that more flowed in than was taken. */
  isOver: boolean
}

/** Calls at full speed that fit into the time of half speed: two seconds at 5 a second. */
const doubtCalls = 10
/** Calls that the bucket must hold before a refusal contradicts: one for fractions, nearly one for calls that overtake others. */
const contradiction = 1.9
const nearlyAll = 0.97
const firstQuietMs = 5 * 60_000
const longestQuietMs = 60 * 60_000
const stepMs = 30_000
const step = 1.05
/** No rate is so low that not one of so many calls is taken. */
const outageCalls = 100
/** Who is refused all the time still asks about twice a minute, or at half the published rate where that is slower. */
const slowest = (published: number) => Math.min(published / 2, Math.max(published / 75, 1 / 15))

export const knownRate = (published: number, burst: number): LearnedRate => ({
  rate: published,
  burst,
  published,
  floor: null,
  seen: null,
  doubtUntil: null,
  easeUntil: null,
  climbAt: null,
  quietMs: firstQuietMs,
  streak: null,
})

/** What to pay by right now. */
export function rateNow({ rate, doubtUntil, easeUntil }: LearnedRate, now: Date): number {
  if (doubtUntil && doubtUntil > now) return rate / 2
  // What is on its way when the next refusal is heard is refused, too: the slower, the fewer.
  return easeUntil && easeUntil > now ? rate * 0.75 : rate
}

/** The channel told the rate itself: nothing is left to be guessed. */
export const told = (learned: LearnedRate, rate: number): LearnedRate => knownRate(rate, learned.burst)

/** A call was taken. */
export function taken(before: LearnedRate, now: Date): LearnedRate {
  const learned = climbed(served(before, now), now)
  if (!learned.seen) return learned
  const seen = flowed(learned, learned.seen, now)
  return { ...learned, seen: { ...seen, taken: seen.taken + 1, level: Math.max(0, seen.level - 1) } }
}

/** A call was refused for lack of allowance. */
export function refused(before: LearnedRate, now: Date): LearnedRate {
  const { rate, floor, climbAt, quietMs } = before
  const learned = { ...before, streak: before.streak ?? { since: now, before: { rate, floor, climbAt, quietMs } } }
  if (!learned.seen) return doubting(learned, now)
  const seen = flowed(learned, learned.seen, now)
  // The number of calls taken is the least that flowed in; the most, too, where nothing ran over.
  const seconds = Math.max(0.001, (now.getTime() - seen.emptyAt.getTime()) / 1_000)
  const least = (seen.taken - 1) / seconds
  const most = seen.isOver ? rate : (seen.taken + 1) / seconds
  if (floor !== null && rate > floor) return lowered(learned, Math.max(floor, Math.min(least, rate)), now, true)
  if (seen.level < contradiction) return { ...learned, seen }
  // Nearly all that we believe in did flow: one more accident of the way.
  if (least >= rate * nearlyAll) return doubting(learned, now)
  // Half, unless the count says more or less than that.
  return lowered(learned, Math.max(Math.min(rate / 2, most), least), now, false)
}

const emptyAt = (now: Date): Seen => ({ emptyAt: now, taken: 0, level: 0, at: now, isOver: false })

function doubting(learned: LearnedRate, now: Date): LearnedRate {
  const ms = (doubtCalls / learned.rate) * 1_000
  return { ...learned, seen: emptyAt(now), doubtUntil: after(now, ms), easeUntil: after(now, 2 * ms) }
}

/** A call is taken again: after an outage everything is as it was before. */
function served(learned: LearnedRate, now: Date): LearnedRate {
  const { streak, published } = learned
  if (!streak) return learned
  if (now.getTime() - streak.since.getTime() < (outageCalls / published) * 1_000) return { ...learned, streak: null }
  return { ...learned, ...streak.before, seen: emptyAt(now), doubtUntil: null, easeUntil: null, streak: null }
}

function lowered(learned: LearnedRate, to: number, now: Date, isFailedClimb: boolean): LearnedRate {
  const rate = Math.min(learned.rate, Math.max(slowest(learned.published), to))
  const quietMs = isFailedClimb ? Math.min(longestQuietMs, learned.quietMs * 2) : learned.quietMs
  return {
    ...learned,
    rate,
    floor: rate,
    seen: emptyAt(now),
    // Long enough for the channel's bucket to gain a call over ours: the slack that buckets keep.
    doubtUntil: after(now, 2_000 / rate),
    easeUntil: null,
    climbAt: after(now, quietMs),
    quietMs,
  }
}

function climbed(learned: LearnedRate, now: Date): LearnedRate {
  if (!learned.climbAt || learned.climbAt > now) return learned
  const rate = learned.rate * step
  if (rate >= learned.published) return knownRate(learned.published, learned.burst)
  return { ...learned, rate, climbAt: after(now, stepMs) }
}

function flowed({ rate, burst }: LearnedRate, seen: Seen, now: Date): Seen {
  const level = seen.level + (Math.max(0, now.getTime() - seen.at.getTime()) / 1_000) * rate
  return { ...seen, level: Math.min(burst, level), at: now, isOver: seen.isOver || level >= burst }
}

const after = (moment: Date, ms: number): Date => new Date(moment.getTime() + ms)
