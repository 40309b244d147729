import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LearnedOrder, lagAfter, learnedWithin, marginOf, newLag, tailAt } from './lag.ts'

const minute = 60_000
const hour = 60 * minute
const day = 24 * hour
const channelMs = 10 * minute
const told = (afterMs: number, behindMs = 0): LearnedOrder => ({ afterMs, behindMs })

describe('the margin', () => {
  test('is what the channel says as long as no order turned up behind', () => {
    expect(marginOf(null, channelMs, 0)).toBe(channelMs)
    expect(marginOf(lagAfter(newLag(0), [told(2 * minute)], 0), channelMs, 0)).toBe(channelMs)
  })

  test('grows beyond the farthest behind that one turned up, before it is too late', () => {
    expect(marginOf(lagAfter(newLag(0), [told(hour, 9 * minute)], 0), channelMs, 0)).toBe(11.25 * minute)
    expect(marginOf(lagAfter(newLag(0), [told(hour, 40 * minute)], 0), channelMs, 0)).toBe(50 * minute)
  })

  test('halves in a week, and never falls below what the channel says', () => {
    const lag = lagAfter(newLag(0), [told(3 * hour, 160 * minute)], 0)
    expect(marginOf(lag, channelMs, 7 * day)).toBe(100 * minute)
    expect(marginOf(lag, channelMs, 70 * day)).toBe(channelMs)
  })

  test('has an end: what a list hides for days is no tail', () => {
    expect(marginOf(lagAfter(newLag(0), [told(2 * day, 2 * day)], 0), channelMs, 0)).toBe(6 * hour)
  })

  test('a small one does not take the place of a large one that has hardly shrunk', () => {
    const lag = lagAfter(lagAfter(newLag(0), [told(hour, hour)], 0), [told(hour, 20 * minute)], day)
    expect(tailAt(lag, day)).toBeCloseTo(hour * 0.5 ** (1 / 7))
    const later = lagAfter(lag, [told(hour, 20 * minute)], 14 * day)
    expect(tailAt(later, 14 * day)).toBe(20 * minute)
  })
})

test('how long after the sale orders are known, to within half', () => {
  expect(learnedWithin(newLag(0), 0.5)).toBeNull()
  const orders = Array.from({ length: 200 }, (_, n) => told((n < 190 ? 2 : 30) * minute))
  const lag = lagAfter(newLag(0), orders, 0)
  expect(learnedWithin(lag, 0.5)! / (2 * minute)).toBeCloseTo(1.2, 0)
  expect(learnedWithin(lag, 0.99)!).toBeGreaterThanOrEqual(30 * minute)
  expect(learnedWithin(lag, 0.99)!).toBeLessThan(45 * minute)
})

test('what was learned covers every order learned, however many came after it', () => {
  const order = fc.record({
    afterMs: fc.integer({ min: 0, max: 20 * day }),
    behindMs: fc.integer({ min: 0, max: 5 * hour }),
  })
  const page = fc.record({ orders: fc.array(order, { maxLength: 5 }), gapMs: fc.integer({ min: 0, max: 2 * day }) })
  fc.assert(
    fc.property(fc.array(page, { maxLength: 12 }), (pages) => {
      let now = 0
      let lag = newLag(0)
      const seen: { behindMs: number; at: number }[] = []
      for (const { orders, gapMs } of pages) {
        now += gapMs
        lag = lagAfter(lag, orders, now)
        for (const { behindMs } of orders) seen.push({ behindMs, at: now })
        const margin = marginOf(lag, channelMs, now)
        expect(margin).toBeGreaterThanOrEqual(channelMs)
        // With half of the headroom left: what is stored is one tail, the largest by now.
        for (const one of seen) expect(margin).toBeGreaterThanOrEqual(Math.min(6 * hour, tailAt(one, now)))
        expect(JSON.parse(JSON.stringify(lag))).toEqual(lag)
      }
    }),
  )
})
