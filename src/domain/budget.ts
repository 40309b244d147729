/**
 * A token bucket as plain values: what `database/budgets.ts` computes in SQL, for rules that look ahead. A test holds
 * the two together; the database's is the one that pays.
 */

export interface Bucket {
  tokens: number
  /** Tokens a second. */
  rate: number
  /** What the channel allows at once. */
  burst: number
  refilledAt: Date
}

/** How full it may be: what flows in during 0.4 s is slack, one call at least, half the burst at most (docs/decisions.md). */
export const capacityOf = ({ rate, burst }: Pick<Bucket, 'rate' | 'burst'>): number =>
  burst - Math.min(Math.floor(burst / 2), Math.max(1, Math.ceil(rate * 0.4)))

/** A bucket of an account that was never called. */
export const fullBucket = (rate: number, burst: number, now: Date): Bucket => ({
  tokens: burst,
  rate,
  burst,
  refilledAt: now,
})

/** A bucket of points, counted in calls that cost so many each. */
export const inCalls = (bucket: Bucket, pointsEach: number): Bucket => ({
  ...bucket,
  tokens: bucket.tokens / pointsEach,
  rate: bucket.rate / pointsEach,
  burst: bucket.burst / pointsEach,
})

export function tokensAt(bucket: Bucket, now: Date): number {
  const seconds = Math.max(0, now.getTime() - bucket.refilledAt.getTime()) / 1_000
  return Math.min(capacityOf(bucket), bucket.tokens + seconds * bucket.rate)
}

/** Calls that could leave right now. */
export const allowanceOf = (bucket: Bucket, now: Date): number => Math.floor(tokensAt(bucket, now))

/** Pays for up to `count` calls; what is not there is not granted. */
export function paid(bucket: Bucket, count: number, now: Date): { bucket: Bucket; granted: number } {
  const tokens = tokensAt(bucket, now)
  const granted = Math.min(count, Math.floor(tokens))
  if (granted < 1) return { bucket, granted: 0 }
  return { bucket: { ...bucket, tokens: tokens - granted, refilledAt: later(bucket.refilledAt, now) }, granted }
}

/** The channel refused for lack of allowance: it is empty, whatever we thought. */
export const emptied = (bucket: Bucket, now: Date): Bucket => ({ ...bucket, tokens: 0, refilledAt: now })

/** The rate of this account became known, or changed. */
export function withRate(bucket: Bucket, rate: number, now: Date): Bucket {
  if (rate === bucket.rate) return bucket
  return { ...bucket, tokens: tokensAt(bucket, now), refilledAt: later(bucket.refilledAt, now), rate }
}

/** Milliseconds until the `nth` call from now may leave, if every token is used as soon as it is there. */
export function waitFor(bucket: Bucket, nth: number, now: Date): number {
  return Math.max(0, ((nth - tokensAt(bucket, now)) / bucket.rate) * 1_000)
}

/** The earliest moment of the next call; a moment later than computed, so that rounding never asks too early. */
export function nextCallAt(bucket: Bucket, now: Date): Date {
  if (allowanceOf(bucket, now) >= 1) return now
  return new Date(now.getTime() + Math.ceil(waitFor(bucket, 1, now)) + 1)
}

const later = (one: Date, other: Date): Date => (one > other ? one : other)
