import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Bucket } from './budget.ts'
import { latest, learnFeedTime, soonest } from './feed-time.ts'
import {
  type CallWay,
  callsFor,
  callsMs,
  type FeedWay,
  feedLinesNow,
  feedMs,
  linesForFeed,
  linesWithin,
  submissionMs,
  type Ways,
} from './split.ts'

const now = new Date(Date.UTC(2026, 10, 22))
const ago = (ms: number) => new Date(now.getTime() - ms)
const bucket = (tokens: number, rate: number, burst = 1_000): Bucket => ({ tokens, rate, burst, refilledAt: now })
const way = (more: Partial<CallWay> = {}): CallWay => ({
  operation: 'patch',
  lines: 1,
  atOnce: 1_000,
  underWay: 0,
  bucket: bucket(5, 5),
  latencyMs: 350,
  ...more,
})
const feed = (more: Partial<FeedWay> = {}): FeedWay => ({
  lines: 25_000,
  fewest: 1,
  submissions: { kind: 'window', count: 5, windowMs: 300_000, at: [] },
  took: { typicalMs: 300_000, spread: 2 },
  ...more,
})

test('calls leave as their bucket allows: (N − 5) / 5 s and the answer', () => {
  const ways = { calls: [way()] }
  expect([1, 5, 6, 1_000].map((lines) => callsMs(ways, lines, now))).toEqual([350, 350, 550, 199_350])
  expect(callsMs({ calls: [way({ lines: 25 })] }, 1_000, now)).toBe(7_350)
  expect(callsMs({ calls: [] }, 1, now)).toBe(Number.POSITIVE_INFINITY)
})

test('calls under way at once are a limit, too', () => {
  // Four at once, a second each: four a second, however many tokens there are.
  expect(callsMs({ calls: [way({ atOnce: 4, latencyMs: 1_000, bucket: bucket(100, 100) })] }, 41, now)).toBe(11_000)
})

test('two ways share the lines', () => {
  const ways = { calls: [way({ bucket: bucket(0, 5) }), way({ lines: 10, bucket: bucket(0, 2) })] }
  // Five lines and twenty a second.
  expect(callsMs(ways, 250, now)).toBe(10_350)
  expect(callsFor(ways, 250, now)).toEqual([50, 20])
})

test('feeds wait for their submissions', () => {
  const window = { kind: 'window' as const, count: 2, windowMs: 60_000, at: [ago(50_000), ago(200_000)] }
  expect([1, 2, 3, 4].map((nth) => submissionMs(window, nth, now))).toEqual([0, 10_000, 60_000, 70_000])
  const even = { kind: 'buckets' as const, buckets: [bucket(1, 1 / 360, 10), bucket(2, 5, 10)] }
  expect([1, 2, 3].map((nth) => Math.round(submissionMs(even, nth, now)))).toEqual([0, 360_000, 720_000])
  // A million lines: forty feeds, five in five minutes.
  expect(feedMs(feed(), 1_000_000, now)).toEqual({ from: 2_250_000, typical: 2_400_000, to: 2_700_000 })
})

test('a feed is worth it beyond 5 · T lines', () => {
  const ways = { calls: [way()], feed: feed() }
  expect(linesForFeed(ways, 1_500, now)).toBe(0)
  expect(linesForFeed(ways, 1_510, now)).toBeGreaterThan(0)
  expect(linesForFeed(ways, 10_000, now)).toBe(8_497)
  expect(linesForFeed({ ...ways, feed: feed({ fewest: 9_000 }) }, 10_000, now)).toBe(0)
  expect(linesForFeed({ calls: [], feed: feed() }, 10, now)).toBe(10)
  expect(linesForFeed({ calls: [way()] }, 1_000_000, now)).toBe(0)
})

const someWays: fc.Arbitrary<Ways> = fc
  .record({
    tokens: fc.integer({ min: 0, max: 8 }),
    rate: fc.integer({ min: 1, max: 10 }),
    lines: fc.integer({ min: 1, max: 4 }),
    atOnce: fc.integer({ min: 1, max: 6 }),
    latencyMs: fc.integer({ min: 50, max: 2_000 }),
    typicalMs: fc.integer({ min: 500, max: 20_000 }),
    feedLines: fc.integer({ min: 5, max: 60 }),
    count: fc.integer({ min: 1, max: 3 }),
    windowMs: fc.integer({ min: 500, max: 20_000 }),
  })
  .map(({ tokens, rate, lines, atOnce, latencyMs, typicalMs, feedLines, count, windowMs }) => ({
    calls: [way({ bucket: bucket(tokens, rate), lines, atOnce, latencyMs })],
    feed: feed({
      lines: feedLines,
      submissions: { kind: 'window', count, windowMs, at: [] },
      took: { typicalMs, spread: 1 },
    }),
  }))
const waiting = fc.integer({ min: 0, max: 150 })

test('no split ends earlier than the one chosen', () => {
  fc.assert(
    fc.property(someWays, waiting, (ways, lines) => {
      const endsAt = (byFeed: number) =>
        Math.max(callsMs(ways, lines - byFeed, now), feedMs(ways.feed!, byFeed, now).typical)
      const best = Math.min(...Array.from({ length: lines + 1 }, (_, byFeed) => endsAt(byFeed)))
      const chosen = linesForFeed(ways, lines, now)
      expect(endsAt(chosen)).toBe(best)
      expect(feedLinesNow(ways, lines, now)).toBeLessThanOrEqual(chosen)
    }),
    { numRuns: 500 },
  )
})

test('the time of calls is what their limits allow, call by call', () => {
  fc.assert(
    fc.property(someWays, fc.integer({ min: 1, max: 120 }), (ways, lines) => {
      const one = ways.calls[0]!
      const answered: number[] = []
      for (let call = 0; call < Math.ceil(lines / one.lines); call += 1) {
        const paid = Math.max(0, ((call + 1 - one.bucket.tokens) / one.bucket.rate) * 1_000)
        answered.push(Math.max(paid, answered[call - one.atOnce] ?? 0) + one.latencyMs)
      }
      const ms = callsMs(ways, lines, now)
      expect(ms).toBeCloseTo(answered.at(-1)!, 6)
      const within = linesWithin(ways, ms + 0.001, now, lines)
      expect(within).toBeGreaterThanOrEqual(lines)
    }),
    { numRuns: 500 },
  )
})

test('the time of feeds is learned, and its spread', () => {
  let time = { typicalMs: 300_000, spread: 1.5 }
  for (let feeds = 0; feeds < 20; feeds += 1) time = learnFeedTime(time, 1_800_000)
  expect(time.typicalMs).toBeGreaterThan(1_750_000)
  expect(time.spread).toBeLessThan(1.2)
  // One that takes four times as long widens more than it moves.
  const after = learnFeedTime(time, 7_200_000)
  expect(after.typicalMs).toBeLessThan(2_700_000)
  expect(latest(after)).toBeGreaterThan(6_000_000)
  expect(soonest(after)).toBeLessThan(1_000_000)
})
