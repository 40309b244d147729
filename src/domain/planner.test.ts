import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { plannerRounds, printCount } from '../../test/support/iterations.ts'
import { type Bucket, fullBucket } from './budget.ts'
import { type FeedUnderWay, newest, oldestEvery, type Plan, plan, type Round, type Write } from './planner.ts'
import type { Urgency } from './slots.ts'
import type { CallWay, FeedWay, Ways } from './split.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 22) + second * 1_000)
const now = at(1_000)

const bucket = (tokens: number, rate = 5): Bucket => ({ tokens, rate, burst: 1_000, refilledAt: now })
const calls = (tokens: number, more: Partial<CallWay> = {}): CallWay => ({
  operation: 'patch',
  lines: 1,
  atOnce: 1_000,
  underWay: 0,
  bucket: bucket(tokens),
  latencyMs: 350,
  ...more,
})
const feed = (more: Partial<FeedWay> = {}): FeedWay => ({
  lines: 1_000,
  fewest: 1,
  submissions: { kind: 'window', count: 5, windowMs: 300_000, at: [] },
  took: { typicalMs: 300_000, spread: 1.5 },
  ...more,
})
const write = (slot: string, urgency: Urgency, second = 0, more: Partial<Write> = {}): Write => ({
  slot,
  value: urgency === 0 ? 0 : 5,
  urgency,
  since: at(second),
  ...more,
})
const many = (count: number, urgency: Urgency, prefix = 's') =>
  Array.from({ length: count }, (_, index) => write(`${prefix}${index}`, urgency, index / 1_000))
const round = (due: readonly Write[], ways: Ways, more: Partial<Round> = {}): Plan =>
  plan({ due, ways, calling: new Set(), feeds: [], turn: 0, now, ...more })
const called = (one: Plan) => one.calls.flatMap(({ lines }) => lines.map(({ slot }) => slot))
const waiting = (one: Plan) => one.waits.map(({ write: { slot }, why }) => `${slot} ${why}`)
const inFeed = (slot: string, value: number, more: Partial<FeedUnderWay> = {}): FeedUnderWay => ({
  id: 'f',
  values: new Map([[slot, value]]),
  overdueAt: at(2_000),
  zeroed: new Set(),
  ...more,
})

describe('calls', () => {
  test('the most urgent leave first, of one urgency those that wait longest', () => {
    const due = [
      write('raise', 3, 1),
      write('up', 2, 2),
      write('late', 0, 9),
      write('down', 1, 3),
      write('early', 0, 8),
    ]
    expect(called(round(due, { calls: [calls(9)] }))).toEqual(['early', 'late', 'down', 'up', 'raise'])
  })

  test('as many as are paid for and may be under way; the rest is told when it is there', () => {
    const one = round(many(10, 1), { calls: [calls(2.5)] })
    expect(called(one)).toEqual(['s0', 's1'])
    expect(waiting(one)[0]).toBe('s2 calls')
    // Half a token is there: a tenth of a second to the next one, then 0.35 s to the answer.
    expect(one.waits[0]!.until).toEqual(new Date(now.getTime() + 450))
    expect(one.again).toEqual(new Date(now.getTime() + 101))
    expect(called(round(many(10, 1), { calls: [calls(9, { atOnce: 3, underWay: 1 })] }))).toHaveLength(2)
    expect(round(many(10, 1), { calls: [calls(9, { atOnce: 3, underWay: 3 })] })).toMatchObject({
      calls: [],
      again: null,
    })
  })

  test('a slot that changed again leaves once, with the newest value, in its old place', () => {
    const due = [write('a', 1, 5), write('b', 1, 2, { value: 9 }), write('b', 1, 7, { value: 3 })]
    expect(round(due, { calls: [calls(9)] }).calls.map(({ lines }) => lines[0])).toEqual([
      write('b', 1, 2, { value: 3 }),
      write('a', 1, 5),
    ])
  })

  test('a batch is filled in order, and only with what may share a call', () => {
    const due = [write('a', 0, 1, { batch: 'x' }), write('b', 0, 2, { batch: 'y' }), write('c', 1, 3, { batch: 'x' })]
    const lines = round(due, { calls: [calls(9, { lines: 25 })] }).calls.map((one) => one.lines.map(({ slot }) => slot))
    expect(lines).toEqual([['a', 'c'], ['b']])
    expect(round(many(60, 2), { calls: [calls(2, { lines: 25 })] }).calls.map((one) => one.lines.length)).toEqual([
      25, 25,
    ])
  })

  test('every way is used, the first one for the most urgent', () => {
    const ways = { calls: [calls(1, { operation: 'single' }), calls(1, { operation: 'batch', lines: 4 })] }
    const { calls: made } = round([...many(4, 3, 'r'), ...many(2, 0, 'z')], ways)
    expect(made.map(({ operation, lines }) => `${operation} ${lines.map(({ slot }) => slot)}`)).toEqual([
      'single z0',
      'batch z1,r0,r1,r2',
    ])
  })

  test('while sell-outs keep coming, every 25th line goes to the one that waits longest', () => {
    const raises = Array.from({ length: 3 }, (_, index) => write(`r${index}`, 3, index))
    const soldOut = Array.from({ length: 200 }, (_, index) => write(`z${index}`, 0, 100 + index))
    const leaving = called(round([...soldOut, ...raises], { calls: [calls(75)] }))
    expect(leaving.filter((slot) => slot.startsWith('r'))).toEqual(['r0', 'r1', 'r2'])
    expect([24, 49, 74].map((place) => leaving[place])).toEqual(['r0', 'r1', 'r2'])
    // Younger ones never get before a sell-out that way.
    const young = raises.map((one) => ({ ...one, since: at(900) }))
    expect(called(round([...soldOut, ...young], { calls: [calls(75)] })).every((slot) => slot.startsWith('z'))).toBe(
      true,
    )
  })

  test('nothing starves: the turn goes on from round to round', () => {
    let turn = 0
    let lines = 0
    let waits = [write('raise', 3, 0)]
    while (waits.length > 0 && lines < 100) {
      const soldOut = Array.from({ length: 8 }, (_, index) => write(`z${lines}-${index}`, 0, 500 + lines))
      const one = round([...soldOut, ...waits], { calls: [calls(3)] }, { turn })
      turn = one.turn
      lines += 3
      waits = waits.filter(({ slot }) => !called(one).includes(slot))
    }
    expect(waits).toEqual([])
    expect(lines).toBeLessThanOrEqual(oldestEvery + 3)
  })
})

describe('feeds', () => {
  const slow = { calls: [calls(4, { bucket: bucket(4, 1) })], feed: feed({ took: { typicalMs: 10_000, spread: 1 } }) }

  test('urgent ones leave by call, the rest rides, and both end together', () => {
    const due = [...many(4, 0, 'z'), ...many(40, 3, 'r')]
    const one = round(due, slow)
    expect(called(one)).toEqual(['z0', 'z1', 'z2', 'z3'])
    // Four at once and one a second with 0.35 s to the answer: thirteen by call in ten seconds.
    expect(one.feeds.map((lines) => lines.map(({ slot }) => slot))).toEqual([
      many(31, 3).map((_, index) => `r${index + 9}`),
    ])
    expect(waiting(one)).toEqual(Array.from({ length: 9 }, (_, index) => `r${index} calls`))
  })

  test('no feed for a few, and none that gains nothing', () => {
    expect(round(many(44, 3), { ...slow, feed: { ...slow.feed, fewest: 50 } }).feeds).toEqual([])
    expect(round(many(12, 3), slow).feeds).toEqual([])
  })

  test('what a later feed carries waits until one may be handed in', () => {
    const submissions = { kind: 'window' as const, count: 2, windowMs: 60_000, at: [at(970)] }
    const one = round(many(2_000, 3), { ...slow, feed: { ...slow.feed, lines: 500, submissions } })
    expect(one.feeds.map((lines) => lines.length)).toEqual([500])
    const later = one.waits.filter(({ why }) => why === 'feed')
    expect(later.length).toBeGreaterThan(1_000)
    expect(later[0]!.until).toEqual(at(1_030))
  })

  test('a submission spends a token of each of its operations', () => {
    const submissions = { kind: 'buckets' as const, buckets: [bucket(9), bucket(1, 0.01)] }
    const one = round(many(2_000, 3), { ...slow, feed: { ...slow.feed, lines: 500, submissions } })
    expect(one.feeds.map((lines) => lines.length)).toEqual([500])
    // A hundred seconds for the next token of the second one.
    expect(one.waits.find(({ why }) => why === 'feed')!.until).toEqual(at(1_100))
  })

  test('a slot with a call under way never rides', () => {
    const one = round(many(100, 3), slow, { calling: new Set(['s50', 's99']) })
    const riding = one.feeds.flat().map(({ slot }) => slot)
    expect(riding).toContain('s51')
    expect(riding).not.toContain('s50')
    expect(riding).not.toContain('s99')
  })

  test('a slot in an unfinished feed waits for its end', () => {
    const due = [write('a', 1), write('b', 3)]
    const one = round(due, { calls: [calls(9)] }, { feeds: [inFeed('a', 7)] })
    expect(called(one)).toEqual(['b'])
    expect(one.waits).toEqual([{ write: due[0], why: 'in_feed', until: at(2_000) }])
    const stuck = round(due, { calls: [calls(9)] }, { feeds: [inFeed('a', 7, { overdueAt: at(999) })] })
    expect(waiting(stuck)).toEqual(['a in_stuck_feed'])
  })

  test('a zero does not wait for a feed; it passes once, and again when the feed has ended', () => {
    const due = [write('a', 0)]
    const ways = { calls: [calls(9)] }
    expect(called(round(due, ways, { feeds: [inFeed('a', 7)] }))).toEqual(['a'])
    expect(waiting(round(due, ways, { feeds: [inFeed('a', 7, { zeroed: new Set(['a']) })] }))).toEqual(['a in_feed'])
    expect(called(round(due, ways))).toEqual(['a'])
  })

  test('a zero that its feed brings is passed only where the feed is stuck', () => {
    const ways = { calls: [calls(9)] }
    expect(called(round([write('a', 0)], ways, { feeds: [inFeed('a', 0)] }))).toEqual([])
    expect(called(round([write('a', 0)], ways, { feeds: [inFeed('a', 0, { overdueAt: at(900) })] }))).toEqual(['a'])
  })

  test('a part of what waits is never judged as the whole', () => {
    expect(round(many(44, 3), slow, { behind: 1 }).feeds).toEqual([])
  })
})

describe('quotas of a listing and day', () => {
  const quota = { perDay: 250, reserve: 25, used: new Map([['x', 224]]), resetsAt: at(9_000) }
  const of = (slot: string, urgency: Urgency) => write(slot, urgency, 0, { listing: 'x' })

  test('the last ones are kept for sell-outs', () => {
    const due = [of('a', 1), of('b', 1), of('c', 0), write('d', 3)]
    const one = round(due, { calls: [calls(9)] }, { quota })
    // The sell-out takes the 225th change; what is left is the reserve.
    expect(called(one)).toEqual(['c', 'd'])
    expect(waiting(one)).toEqual(['a quota', 'b quota'])
    expect(one.again).toEqual(at(9_000))
    const full = { ...quota, used: new Map([['x', 250]]) }
    expect(waiting(round([of('c', 0)], { calls: [calls(9)] }, { quota: full }))).toEqual(['c quota'])
  })

  test('lines of a feed count, too', () => {
    const ways = { calls: [calls(0, { bucket: bucket(0, 0.001) })], feed: feed() }
    const one = round([of('a', 3), of('b', 3), of('c', 3)], ways, { quota: { ...quota, used: new Map([['x', 223]]) } })
    expect(one.feeds.flat()).toHaveLength(2)
    expect(waiting(one)).toEqual(['c quota'])
  })
})

// — any round —

const urgencies = fc.constantFrom<Urgency>(0, 1, 2, 3)
const writes = fc.array(
  fc
    .record({
      slot: fc.integer({ min: 0, max: 60 }).map((n) => `s${n}`),
      urgency: urgencies,
      value: fc.integer({ min: 1, max: 9 }),
      second: fc.integer({ min: 0, max: 999 }),
      batch: fc.constantFrom('x', 'y', undefined),
      listing: fc.constantFrom('l', 'm', undefined),
    })
    .map(({ slot, urgency, value, second, batch, listing }) =>
      write(slot, urgency, second, {
        ...(urgency === 0 ? {} : { value }),
        ...(batch && { batch }),
        ...(listing && { listing }),
      }),
    ),
  { maxLength: 80 },
)
const someSlots = fc.uniqueArray(
  fc.integer({ min: 0, max: 60 }).map((n) => `s${n}`),
  { maxLength: 20 },
)
const rounds: fc.Arbitrary<Round> = fc
  .record({
    due: writes,
    tokens: fc.double({ min: 0, max: 30, noNaN: true }),
    rate: fc.double({ min: 0.1, max: 5, noNaN: true }),
    lines: fc.integer({ min: 1, max: 5 }),
    underWay: fc.integer({ min: 0, max: 12 }),
    feedMs: fc.option(fc.integer({ min: 500, max: 60_000 })),
    feedLines: fc.integer({ min: 1, max: 30 }),
    used: fc.integer({ min: 0, max: 11 }),
    calling: someSlots,
    feeding: fc.array(fc.tuple(someSlots, fc.integer({ min: 0, max: 1 }), fc.boolean(), fc.boolean()), {
      maxLength: 2,
    }),
    turn: fc.integer({ min: 0, max: oldestEvery - 1 }),
  })
  .map(({ due, tokens, rate, lines, underWay, feedMs, feedLines, used, calling, feeding, turn }) => ({
    due,
    ways: {
      calls: [calls(tokens, { lines, underWay, atOnce: 12, bucket: bucket(tokens, rate) })],
      feed: feedMs === null ? undefined : feed({ lines: feedLines, took: { typicalMs: feedMs, spread: 1.2 } }),
    },
    quota: { perDay: 10, reserve: 2, used: new Map([['l', used]]), resetsAt: at(5_000) },
    calling: new Set(calling),
    feeds: feeding.map(([slots, value, isStuck, isZeroed], index) => ({
      id: `f${index}`,
      values: new Map(slots.map((slot) => [slot, value * 7])),
      overdueAt: isStuck ? at(1) : at(5_000),
      zeroed: new Set(isZeroed ? slots : []),
    })),
    turn,
    now,
  }))

test('in any round each slot goes one way, with its newest value, within all limits', () => {
  printCount('random rounds of the planner', plannerRounds)
  fc.assert(
    fc.property(rounds, (one) => {
      const made = plan(one)
      const byCall = made.calls.flatMap(({ lines }) => lines)
      const byFeed = made.feeds.flat()
      const all = [...byCall, ...byFeed, ...made.waits.map((wait) => wait.write)]
      const wanted = newest(one.due)
      expect(all.map(({ slot }) => slot).sort()).toEqual(wanted.map(({ slot }) => slot).sort())
      const values = new Map(one.due.map(({ slot, value }) => [slot, value]))
      for (const { slot, value } of all) expect(value).toBe(values.get(slot))

      const way = one.ways.calls[0]!
      expect(made.calls.length).toBeLessThanOrEqual(Math.min(Math.floor(way.bucket.tokens), 12 - way.underWay))
      for (const { lines } of made.calls) {
        expect(lines.length).toBeLessThanOrEqual(way.lines)
        expect(new Set(lines.map(({ batch }) => batch)).size).toBe(1)
      }
      expect(made.feeds.length).toBeLessThanOrEqual(5)
      for (const lines of made.feeds) expect(lines.length).toBeLessThanOrEqual(one.ways.feed!.lines)

      const isFed = (slot: string) => one.feeds.some(({ values: fed }) => fed.has(slot))
      for (const { slot, value } of byCall) if (isFed(slot)) expect(value).toBe(0)
      for (const { slot } of byFeed) expect(isFed(slot) || one.calling.has(slot)).toBe(false)

      const changes = [...byCall, ...byFeed].filter(({ listing }) => listing === 'l')
      const used = one.quota!.used.get('l')!
      if (changes.length > 0) expect(used + changes.length).toBeLessThanOrEqual(10)
      if (changes.length > 0 && changes.every(({ urgency }) => urgency > 0))
        expect(used + changes.length).toBeLessThanOrEqual(8)
    }),
    { numRuns: plannerRounds },
  )
})

test('what waits for calls leaves no allowance unused', () => {
  fc.assert(
    fc.property(rounds, (one) => {
      const made = plan(one)
      const way = one.ways.calls[0]!
      const could = Math.min(Math.floor(way.bucket.tokens), 12 - way.underWay)
      if (made.waits.some(({ why }) => why === 'calls')) expect(made.calls.length).toBe(Math.max(0, could))
    }),
    { numRuns: plannerRounds },
  )
})

test('to plan again before anything changed is never asked for', () => {
  fc.assert(
    fc.property(rounds, (one) => {
      const { again } = plan(one)
      if (again) expect(again.getTime()).toBeGreaterThan(one.now.getTime())
    }),
    { numRuns: plannerRounds },
  )
})

test('an account that was never called may send its burst but the slack', () => {
  expect(called(round(many(10, 1), { calls: [calls(0, { bucket: fullBucket(5, 5, now) })] }))).toHaveLength(3)
})
