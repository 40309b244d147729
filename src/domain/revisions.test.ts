import { expect, test } from 'vitest'
import { heldUntil, holdsOf, type RevisedHours, type RevisionHolds, revisedOnce } from './revisions.ts'
import type { Urgency } from './slots.ts'

const minute = 60_000
const hour = 60 * minute
const perDay = 250
const start = Date.UTC(2026, 10, 22, 8)

/** A listing that wants a change of some kind every so often: how many left, and when. */
function demand(kindAt: (n: number) => Urgency, everyMs: number, forMs: number) {
  let hours: RevisedHours = []
  let holds: RevisionHolds = { zeroAt: 0, lowerAt: 0, raiseAt: 0 }
  const left: { at: number; urgency: Urgency }[] = []
  for (let at = start, n = 0; at < start + forMs; at += everyMs, n += 1) {
    const urgency = kindAt(n)
    if (heldUntil(holds, urgency) > at) continue
    left.push({ at, urgency })
    hours = revisedOnce(hours, at)
    holds = holdsOf(hours, perDay, at)
  }
  return { left, hours, holds }
}

/** The most that stand in any calendar day, wherever its midnight is, also of a day with 25 hours. */
function mostInADay(left: readonly { at: number }[]): number {
  return Math.max(...left.map(({ at }) => left.filter((one) => one.at >= at && one.at < at + 25 * hour).length))
}

test('few changes are not held', () => {
  const { left, holds } = demand(() => 3, 30 * minute, 24 * hour)
  expect(left).toHaveLength(48)
  expect(holds.raiseAt).toBeLessThanOrEqual(start + 24 * hour)
})

test('raises that never end keep within their share of any day, are spread over it, and go on day after day', () => {
  const { left } = demand(() => 2, minute, 4 * 24 * hour)
  expect(mostInADay(left)).toBeLessThanOrEqual(150)
  for (let day = 0; day < 4; day += 1) {
    const ofDay = left.filter(({ at }) => at >= start + day * 24 * hour && at < start + (day + 1) * 24 * hour)
    expect(ofDay.length).toBeGreaterThan(80)
  }
  const gaps = left.slice(1).map(({ at }, index) => at - left[index]!.at)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(2 * hour)
})

test('when raises and lower numbers have used their shares, every zero still leaves', () => {
  const { hours, holds, left } = demand((n) => (n % 2 ? 1 : 2), minute, 26 * hour - minute)
  expect(left.length).toBeGreaterThan(170)
  expect(left.length).toBeLessThanOrEqual(190)
  const now = start + 26 * hour - minute
  expect([holds.lowerAt > now, holds.raiseAt > now, holds.zeroAt <= now]).toEqual([true, true, true])
  let after = hours
  for (let n = left.length; n < 250; n += 1) after = revisedOnce(after, now)
  expect(holdsOf(after, perDay, now).zeroAt).toBeGreaterThan(now)
})

test('zeros alone may use all of a day, and no more', () => {
  expect(mostInADay(demand(() => 0, minute, 3 * 24 * hour).left)).toBe(250)
})

test('what is held opens by itself', () => {
  const { hours, holds } = demand(() => 0, 1, 250)
  expect(holds.zeroAt).toBe(start + 26 * hour)
  expect(holdsOf(hours, perDay, holds.zeroAt).zeroAt).toBe(holds.zeroAt)
})
