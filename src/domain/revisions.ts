/**
 * Some channels let a listing be changed so often a day only; after that it stays as it is, whatever sells elsewhere. So
 * raises end first, other lower numbers next, and zeros may use up all of it. Nobody says whose midnight ends the day:
 * changes are counted over more hours than the longest day has, hour by hour.
 */
import type { Urgency } from './slots.ts'

/** Changes by the hour in which they were made, the oldest first. */
export type RevisedHours = readonly { at: number; count: number }[]

/** From when on a change of each kind may leave. */
export interface RevisionHolds {
  zeroAt: number
  lowerAt: number
  raiseAt: number
}

const hourMs = 3_600_000
const dayMs = 24 * hourMs
/** A day has 25 hours once a year, and the oldest hour counts until it is over. */
const windowMs = 26 * hourMs

/** What of a day's changes each kind may be part of. */
const shares = { raise: 0.6, lower: 0.76, zero: 1 }
/** So many leave as they come; the rest but for zeros is spread over a day, or a busy morning would leave none for the evening. */
const freeShare = 0.2

/** The hours with one more change, made now. */
export function revisedOnce(hours: RevisedHours, now: number): RevisedHours {
  const hour = Math.floor(now / hourMs) * hourMs
  const kept = hours.filter(({ at }) => at > now - windowMs)
  const last = kept.at(-1)
  if (last?.at === hour) return [...kept.slice(0, -1), { at: hour, count: last.count + 1 }]
  return [...kept, { at: hour, count: 1 }]
}

/** When changes may leave, the last one having left now. */
export function holdsOf(hours: RevisedHours, perDay: number, now: number): RevisionHolds {
  const free = Math.floor(perDay * freeShare)
  const isSpread = usedAt(hours, now) >= free
  const from = (share: number) => {
    const most = Math.floor(perDay * share)
    return Math.max(isSpread ? now + dayMs / (most - free) : now, opensAt(hours, most, now))
  }
  return {
    zeroAt: opensAt(hours, Math.floor(perDay * shares.zero), now),
    lowerAt: from(shares.lower),
    raiseAt: from(shares.raise),
  }
}

/** The hold that counts for a change of this urgency. */
export function heldUntil(holds: RevisionHolds, urgency: Urgency): number {
  return urgency === 0 ? holds.zeroAt : urgency === 1 ? holds.lowerAt : holds.raiseAt
}

const usedAt = (hours: RevisedHours, now: number): number =>
  hours.reduce((sum, { at, count }) => (at > now - windowMs ? sum + count : sum), 0)

/** The moment from which fewer than `most` changes count. */
function opensAt(hours: RevisedHours, most: number, now: number): number {
  let used = usedAt(hours, now)
  let opens = now
  for (const { at, count } of hours) {
    if (used < most) break
    if (at <= now - windowMs) continue
    used -= count
    opens = at + windowMs
  }
  return opens
}
