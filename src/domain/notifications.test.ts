import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { notificationCases, printCount } from '../../test/support/iterations.ts'
import {
  type Announced,
  isDeliveryPoor,
  isLookDue,
  isSettledBy,
  noteOrders,
  nothingAnnounced,
  pollEveryMs,
  shareOf,
  type WaitingWord,
} from './notifications.ts'

const start = Date.UTC(2026, 10, 22, 8)
const at = (ms: number) => new Date(start + ms)
const minute = 60_000
const word = (ms: number, more: Partial<WaitingWord> = {}): WaitingWord => ({
  receivedAt: at(ms),
  isAhead: false,
  lookedAt: null,
  ...more,
})

describe('when to look again', () => {
  test('at once, but not again within a breath', () => {
    expect(isLookDue([word(0)], null, at(0))).toBe(true)
    expect(isLookDue([word(500)], at(0), at(1_999))).toBe(false)
    expect(isLookDue([word(500)], at(0), at(2_000))).toBe(true)
    expect(isLookDue([], null, at(0))).toBe(false)
  })

  test('not for what a look knew of; for what came before one that did not know of it', () => {
    expect(isLookDue([word(0, { lookedAt: at(1) })], at(1), at(10 * minute))).toBe(false)
    expect(isLookDue([word(0)], at(1), at(10 * minute))).toBe(true)
  })

  test('what is named and not found is looked for four times, then left to polling', () => {
    const one = word(0, { isAhead: true })
    const looks: number[] = []
    for (let ms = 0; ms <= 20 * minute; ms += 500) {
      if (!isLookDue([one], one.lookedAt, at(ms))) continue
      one.lookedAt = at(ms)
      looks.push(ms)
      if (isSettledBy(one, at(ms))) break
    }
    expect(looks).toEqual([0, 15_000, 60_000, 240_000])
    expect(isSettledBy(one, at(239_999))).toBe(false)
  })

  test('any number of words: looks never come closer than a breath, and each word gets one that began after it', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(60_000), { minLength: 1, maxLength: 200 }), (times) => {
        const words = times.toSorted((a, b) => a - b).map((ms) => word(ms))
        const looks: number[] = []
        let waiting: WaitingWord[] = []
        let next = 0
        for (let ms = 0; ms <= 70_000; ms += 100) {
          while (next < words.length && words[next]!.receivedAt <= at(ms)) waiting.push(words[next++]!)
          const last = looks.length > 0 ? at(looks.at(-1)!) : null
          if (!isLookDue(waiting, last, at(ms))) continue
          looks.push(ms)
          waiting = waiting.filter((one) => !isSettledBy(one, at(ms)))
        }
        expect(waiting).toEqual([])
        for (const [index, ms] of looks.entries())
          if (index > 0) expect(ms - looks[index - 1]!).toBeGreaterThanOrEqual(2_000)
      }),
      { numRuns: notificationCases },
    )
    printCount('random notifications over a minute', notificationCases)
  })
})

const seen = fc.record({
  announced: fc.nat(30),
  missed: fc.oneof({ weight: 4, arbitrary: fc.constant(0) }, fc.nat(5)),
  after: fc.nat(30 * 3_600_000),
})
const historyOf = (steps: { announced: number; missed: number; after: number }[]) => {
  let ms = 0
  let state: Announced = nothingAnnounced
  for (const step of steps) {
    ms += step.after
    state = noteOrders(state, step, at(ms))
  }
  return { state, now: ms }
}

describe('how seldom to poll', () => {
  test('doubles after 20 announced orders in a row, quadruples after 100, never beyond ten minutes', () => {
    const provenBy = (announced: number) => noteOrders(nothingAnnounced, { announced, missed: 0 }, at(0))
    expect(pollEveryMs(minute, nothingAnnounced, at(0))).toBe(minute)
    expect(pollEveryMs(minute, provenBy(19), at(0))).toBe(minute)
    expect(pollEveryMs(minute, provenBy(20), at(0))).toBe(2 * minute)
    expect(pollEveryMs(minute, provenBy(100), at(0))).toBe(4 * minute)
    expect(pollEveryMs(3 * minute, provenBy(100), at(0))).toBe(10 * minute)
    expect(pollEveryMs(15 * minute, provenBy(100), at(0))).toBe(15 * minute)
  })

  test('one order that no word announced brings the old pace back; so does a day without proof', () => {
    const proven = noteOrders(nothingAnnounced, { announced: 200, missed: 0 }, at(0))
    expect(pollEveryMs(minute, noteOrders(proven, { announced: 5, missed: 1 }, at(1)), at(1))).toBe(minute)
    expect(pollEveryMs(minute, proven, at(24 * 60 * minute - 1))).toBe(4 * minute)
    expect(pollEveryMs(minute, proven, at(24 * 60 * minute))).toBe(minute)
  })

  test('any history: between the own pace and ten minutes, at the own pace after a miss, and never faster by more misses', () => {
    fc.assert(
      fc.property(fc.array(seen, { maxLength: 40 }), fc.integer({ min: 1_000, max: 3_600_000 }), (steps, everyMs) => {
        const { state, now } = historyOf(steps)
        const every = pollEveryMs(everyMs, state, at(now))
        expect(every).toBeGreaterThanOrEqual(everyMs)
        expect(every).toBeLessThanOrEqual(Math.max(everyMs, 10 * minute))
        expect(pollEveryMs(everyMs, noteOrders(state, { announced: 3, missed: 1 }, at(now)), at(now))).toBe(everyMs)
        expect(pollEveryMs(everyMs, state, at(now + 24 * 60 * minute))).toBe(everyMs)
        expect(state.days.length).toBeLessThanOrEqual(7)
        const share = shareOf(state)
        expect(share.announced).toBeLessThanOrEqual(steps.reduce((sum, one) => sum + one.announced, 0))
      }),
      { numRuns: notificationCases },
    )
  })

  test('a person is asked for many misses only, and no more once they come again', () => {
    const some = noteOrders(nothingAnnounced, { announced: 10, missed: 4 }, at(0))
    expect(isDeliveryPoor(some)).toBe(false)
    const many = noteOrders(some, { announced: 0, missed: 1 }, at(1))
    expect(isDeliveryPoor(many)).toBe(true)
    expect(isDeliveryPoor(noteOrders(many, { announced: 20, missed: 0 }, at(2)))).toBe(false)
  })
})
