/**
 * Which slots are read back next, and what a reading means that is not as expected. Readings cost allowance, so the slots
 * go first that most likely show something else than is believed: long not read, with a claim that is unknown or larger than
 * what stands there, odd before, written by somebody else, refused a moment ago, or selling the last units there are.
 *
 * Pure. Moments are milliseconds of UTC, quantities the slot's own units.
 */

/** What is remembered of a slot that was odd once. */
export interface Suspicion {
  /** Readings that were not as expected; the older the less they count. */
  deviations: number
  at: number
  /** A number that nothing of ours explains. It was read once; what is read again is believed. */
  higher: { shown: number; at: number } | null
  /** When somebody else was last proven to write there. */
  writerAt: number | null
}

/** A slot at rest, as the audit looks at it. */
export interface Suspect {
  /** When it was last proven what stands there. */
  readAt: number
  /** Null: not known. */
  claim: number | null
  shown: number
  isAlarmed: boolean
  /** A better bound waits for the watermark already. */
  isSettling: boolean
  refusedAt: number | null
  suspicion: Suspicion | null
  /** Of its variant: what is there, and what all slots may sell. Null of a kit. */
  available: number | null
  claimed: number | null
}

const minute = 60_000
const dayMs = 86_400_000
/** A deviation counts half after so long. */
const halfLifeMs = dayMs
const deviationsKept = 4
/** So long a slot is watched after somebody else wrote there. */
export const watchedMs = dayMs
const refusedMs = 60 * minute
/** A claim above what the slot shows binds units that nobody can buy: after so long a reading may free them. */
export const idleClaimMs = 5 * minute
/** No slot at rest is read sooner than this again. */
export const leastRestMs = 2 * minute

const deviationsAt = ({ deviations, at }: Suspicion, now: number) =>
  deviations * 0.5 ** (Math.max(0, now - at) / halfLifeMs)

/** How many times as often as a slot without any history it is worth reading. */
export function weightOf(one: Suspect, now: number): number {
  const { suspicion, claim, shown, available, claimed } = one
  let weight = 1
  if (claim === null) weight += 4
  else if (claim > shown) weight += Math.min(2, (claim - shown) / Math.max(1, shown))
  if (one.isAlarmed) weight += 4
  if (suspicion) {
    weight += Math.min(deviationsKept, 2 * deviationsAt(suspicion, now))
    if (suspicion.writerAt !== null && now - suspicion.writerAt < watchedMs) weight += 4
  }
  if (one.refusedAt !== null && now - one.refusedAt < refusedMs) weight += 1
  // The last units, all of them claimed: a wrong number there is an oversell.
  if (claimed !== null && available !== null && claimed > 0 && claimed >= 0.8 * available) weight += 1
  return weight
}

/** Above 1 it is due; the higher, the sooner. `auditEveryMs`: when a slot without any history is read again. */
export function scoreOf(one: Suspect, auditEveryMs: number, now: number): number {
  const rest = now - one.readAt
  if (rest < Math.min(leastRestMs, auditEveryMs)) return 0
  const byRest = (rest * weightOf(one, now)) / auditEveryMs
  const isIdle = one.claim !== null && one.claim > one.shown && !one.isSettling
  return isIdle ? Math.max(byRest, rest / idleClaimMs) : byRest
}

/** Those that are due, the most suspicious first. */
export function mostSuspicious<S extends Suspect>(
  all: readonly S[],
  auditEveryMs: number,
  now: number,
  most: number,
): S[] {
  return all
    .map((one) => ({ one, score: scoreOf(one, auditEveryMs, now) }))
    .filter(({ score }) => score >= 1)
    .sort((a, b) => b.score - a.score)
    .slice(0, most)
    .map(({ one }) => one)
}

/** What a slot may have shown within the time that a reading may be old. */
export interface Trace {
  /** Numbers that we sent, and that stood there when we sent. */
  numbers: readonly number[]
  /** Numbers that stood there before a write so young that an answer from memory need not have it. */
  replaced: readonly number[]
  /** Units sold there meanwhile that we know of. */
  sold: number
  /** Units of open orders: the channel puts them back when one is canceled, before it tells us. */
  returnable: number
}

/** An answer from memory would be this number: it stood there before a write. */
export function couldBeOld(shown: number, expected: number, { replaced, sold }: Trace): boolean {
  return replaced.some((number) => number !== expected && shown <= number && shown >= number - sold)
}

/** Units beyond all that anything known explains; 0 or less: it is explained. */
export function surplusOf(shown: number, claim: number, expected: number | null, { numbers, sold }: Trace): number {
  // What is expected beyond the claim explains nothing: the claim is what is wrong then.
  return shown - Math.max(claim, Math.min(expected ?? 0, claim) + sold, ...numbers)
}

/** A second reading comes after so long; sooner is the same answer. */
export const againMs = 20_000

/**
 * What a number above the claim means. `known`: orders are known up to there, and cancellations with them.
 * 'again': read once more; 'writer': somebody else writes this quantity.
 */
export function judgeHigher(
  shown: number,
  surplus: number,
  { suspicion, trace, known, now }: { suspicion: Suspicion | null; trace: Trace; known: number | null; now: number },
): 'explained' | 'again' | 'writer' {
  if (surplus <= 0) return 'explained'
  const first = suspicion?.higher ?? null
  if (!first || now - first.at < againMs / 2 || shown < first.shown - trace.sold) return 'again'
  const isCancellationTold = known !== null && known >= first.at
  return surplus > trace.returnable || isCancellationTold ? 'writer' : 'again'
}

/** A store tells its orders as they happen, yet a moment after the unit left its shelf. */
export const toldWithinMs = 2 * minute

/**
 * Whether a store that asks before it sells shows more than it may, and will go on so. For a moment it is behind its own
 * checkouts; for longer only where it never learned of one. `readAt`: of the reading that shows it.
 */
export const staysAhead = (suspicion: Suspicion | null, readAt: number): boolean =>
  suspicion?.higher != null && readAt - suspicion.higher.at >= toldWithinMs

/** The memory after one more odd reading. */
export function odder(before: Suspicion | null, now: number, more: Partial<Suspicion> = {}): Suspicion {
  const deviations = Math.min(8, (before ? deviationsAt(before, now) : 0) + 1)
  return {
    higher: null,
    writerAt: before?.writerAt ?? null,
    ...more,
    deviations: Math.round(deviations * 1_000) / 1_000,
    at: now,
  }
}

/** The memory after a reading as expected; null where nothing is left worth remembering. */
export function calmer(before: Suspicion, now: number): Suspicion | null {
  const deviations = deviationsAt(before, now)
  const writerAt = before.writerAt !== null && now - before.writerAt < watchedMs ? before.writerAt : null
  if (deviations < 0.1 && writerAt === null) return null
  return { ...before, higher: null, writerAt }
}
