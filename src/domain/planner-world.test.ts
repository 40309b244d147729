/** The planner in whole worlds: changes come, calls and feeds are under way, feeds land late; a clock runs to the end. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createClock } from '../../bench/virtual/clock.ts'
import { plannerWorlds, printCount } from '../../test/support/iterations.ts'
import { type Bucket, fullBucket, paid } from './budget.ts'
import { latest } from './feed-time.ts'
import { planBulk } from './plan-bulk.ts'
import { type FeedUnderWay, newest, type Plan, plan, type Write } from './planner.ts'
import { type Urgency, urgencyOf } from './slots.ts'
import type { Ways } from './split.ts'

const start = Date.UTC(2026, 10, 22)

interface Channel {
  rate: number
  burst: number
  lines: number
  atOnce: number
  latencyMs: number
  feed?: { lines: number; typicalMs: number; spread: number; count: number; windowMs: number }
}

interface Change {
  ms: number
  slot: string
  value: number
}

interface World {
  channel: Channel
  changes: readonly Change[]
  /** How long the feeds really take, one after the other. */
  feedsTake: readonly number[]
}

/** Runs until nothing is left to do. Every rule that must hold on the way is held here. */
async function drive({ channel, changes, feedsTake }: World) {
  const clock = createClock()
  const now = () => new Date(start + clock.now())
  const due = new Map<string, Write>()
  const shown = new Map<string, number>()
  const calling = new Map<string, number>()
  const feeds = new Map<string, FeedUnderWay>()
  const submitted: Date[] = []
  const tally = { calls: 0, feeds: 0, endMs: 0 }
  let underWay = 0
  let bucket: Bucket = fullBucket(channel.rate, channel.burst, now())
  let turn = 0
  let planAt: number | undefined

  const ways = (): Ways => ({
    calls: [{ operation: 'patch', bucket, underWay, ...channel }],
    feed: channel.feed && {
      fewest: 1,
      lines: channel.feed.lines,
      submissions: { kind: 'window', count: channel.feed.count, windowMs: channel.feed.windowMs, at: submitted },
      took: channel.feed,
    },
  })

  function round(): void {
    // A slot with a call under way is due only where its newest value is another one.
    const ready = [...due.values()].filter(({ slot, value }) => calling.get(slot) !== value)
    const made = plan({
      due: ready,
      ways: ways(),
      calling: new Set(calling.keys()),
      feeds: [...feeds.values()],
      turn,
      now: now(),
    })
    turn = made.turn
    bucket = paid(bucket, made.calls.length, now()).bucket
    for (const { lines } of made.calls) call(lines)
    for (const lines of made.feeds) submit(lines)
    if (made.again) wakeAt(made.again.getTime() - start)
  }

  function call(lines: readonly Write[]): void {
    tally.calls += 1
    underWay += 1
    for (const { slot, value } of lines) {
      const fed = [...feeds.values()].find(({ values }) => values.has(slot))
      if (fed && value !== 0) throw new Error('a call passed a feed')
      if (fed) feeds.set(fed.id, { ...fed, zeroed: new Set([...fed.zeroed, slot]) })
      calling.set(slot, value)
    }
    clock.at(clock.now() + channel.latencyMs, () => {
      underWay -= 1
      tally.endMs = Math.max(tally.endMs, clock.now())
      for (const { slot, value } of lines) {
        shown.set(slot, value)
        if (calling.get(slot) === value) calling.delete(slot)
        // Until its feed has ended, a zero may be overwritten: it stays due.
        const isFed = [...feeds.values()].some(({ values }) => values.has(slot) && values.get(slot) !== value)
        if (!isFed && due.get(slot)?.value === value) due.delete(slot)
      }
      wakeAt(clock.now())
    })
  }

  function submit(lines: readonly Write[]): void {
    tally.feeds += 1
    const values = new Map(lines.map(({ slot, value }) => [slot, value]))
    for (const { slot } of lines)
      if (calling.has(slot) || [...feeds.values()].some((one) => one.values.has(slot)))
        throw new Error('a feed took a slot that is under way')
    const id = `f${tally.feeds}`
    submitted.push(now())
    feeds.set(id, {
      id,
      values,
      overdueAt: new Date(start + clock.now() + latest(channel.feed!)),
      zeroed: new Set(),
    })
    const takes = feedsTake[(tally.feeds - 1) % feedsTake.length]!
    clock.at(clock.now() + takes, () => {
      tally.endMs = Math.max(tally.endMs, clock.now())
      feeds.delete(id)
      for (const [slot, value] of values) {
        shown.set(slot, value)
        if (due.get(slot)?.value === value) due.delete(slot)
      }
      wakeAt(clock.now())
    })
  }

  function wakeAt(ms: number): void {
    if (planAt !== undefined && planAt <= ms) return
    planAt = ms
    clock.at(ms, () => {
      if (planAt !== ms) return
      planAt = undefined
      round()
    })
  }

  for (const { ms, slot, value } of changes)
    clock.at(ms, () => {
      const write = { slot, value, urgency: urgencyOf(value, shown.get(slot) ?? 0), since: now() }
      due.set(slot, newest([...(due.has(slot) ? [due.get(slot)!] : []), write])[0]!)
      wakeAt(clock.now())
    })
  await clock.run()
  return { ...tally, shown, left: due.size }
}

const channels: fc.Arbitrary<Channel> = fc.record({
  rate: fc.double({ min: 0.5, max: 20, noNaN: true }),
  burst: fc.integer({ min: 1, max: 10 }),
  lines: fc.integer({ min: 1, max: 6 }),
  atOnce: fc.integer({ min: 1, max: 12 }),
  latencyMs: fc.integer({ min: 50, max: 1_500 }),
  feed: fc.option(
    fc.record({
      lines: fc.integer({ min: 10, max: 100 }),
      typicalMs: fc.integer({ min: 1_000, max: 30_000 }),
      spread: fc.double({ min: 1, max: 2, noNaN: true }),
      count: fc.integer({ min: 1, max: 4 }),
      windowMs: fc.integer({ min: 1_000, max: 30_000 }),
    }),
    { nil: undefined },
  ),
})

test('whatever comes and however late feeds land, every slot shows its newest value in the end', async () => {
  printCount('random worlds of the planner', plannerWorlds)
  const change = fc.record({
    ms: fc.integer({ min: 0, max: 40_000 }),
    slot: fc.integer({ min: 0, max: 60 }).map((n) => `s${n}`),
    value: fc.integer({ min: 0, max: 3 }),
  })
  let feeds = 0
  await fc.assert(
    fc.asyncProperty(
      channels,
      fc.array(change, { maxLength: 200 }),
      fc.array(fc.integer({ min: 10, max: 200_000 }), { minLength: 1, maxLength: 5 }),
      async (channel, changes, feedsTake) => {
        const end = await drive({ channel, changes, feedsTake })
        expect(end.left).toBe(0)
        feeds += end.feeds
        const wanted = new Map([...changes].sort((a, b) => a.ms - b.ms).map(({ slot, value }) => [slot, value]))
        expect(Object.fromEntries(end.shown)).toEqual(Object.fromEntries(wanted))
      },
    ),
    { numRuns: plannerWorlds },
  )
  expect(feeds).toBeGreaterThan(plannerWorlds / 30)
})

test('planned before a bulk change: as many calls and feeds, and the end in its interval', async () => {
  const seen = { withFeed: 0 }
  await fc.assert(
    fc.asyncProperty(
      channels,
      fc.integer({ min: 1, max: 400 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      async (channel, count, share) => {
        const now = new Date(start)
        const ways: Ways = {
          calls: [
            { operation: 'patch', bucket: fullBucket(channel.rate, channel.burst, now), underWay: 0, ...channel },
          ],
          feed: channel.feed && {
            fewest: 1,
            lines: channel.feed.lines,
            submissions: { kind: 'window', count: channel.feed.count, windowMs: channel.feed.windowMs, at: [] },
            took: channel.feed,
          },
        }
        const planned = planBulk(count, ways, now)!
        const { typicalMs, spread } = channel.feed ?? { typicalMs: 1, spread: 1 }
        // Anything from the soonest to the latest.
        const takes = typicalMs * spread ** (2 * share - 1)
        const changes = Array.from({ length: count }, (_, index) => ({
          ms: 0,
          slot: `s${index}`,
          value: 1 + (index % 3),
        }))
        const end = await drive({ channel, changes, feedsTake: [takes] })
        expect(end.left).toBe(0)
        if (planned.feeds > 0) seen.withFeed += 1
        // Each token is waited for up to two milliseconds too long (a bucket of one loses them), and a split is planned
        // anew with each feed.
        const slackMs = 20 + 1_000 / channel.rate + channel.latencyMs * (planned.feeds > 0 ? 1 : 0)
        // Over several windows the lines of a last feed may as well leave by call: planned anew, some of them do.
        const several = planned.feeds > (channel.feed?.count ?? 0)
        expect(Math.abs(planned.feeds - end.feeds)).toBeLessThanOrEqual(several ? 2 : 0)
        const ofFeeds = several ? 3 * Math.ceil((channel.feed?.lines ?? 0) / channel.lines) : 0
        expect(Math.abs(end.calls - planned.calls)).toBeLessThanOrEqual(planned.feeds && 2 + planned.feeds + ofFeeds)
        expect(end.endMs).toBeGreaterThanOrEqual(planned.end.from.getTime() - start - slackMs)
        expect(end.endMs).toBeLessThanOrEqual(planned.end.to.getTime() - start + slackMs + count * 2)
      },
    ),
    { numRuns: plannerWorlds },
  )
  expect(seen.withFeed).toBeGreaterThan(plannerWorlds / 10)
})

test('what was planned for no way at all is not planned', () => {
  expect(planBulk(10, { calls: [] }, new Date(start))).toBeNull()
})

test('raises go on while sell-outs keep coming faster than they can leave', async () => {
  const changes: Change[] = []
  for (let second = 0; second < 120; second += 1)
    for (let one = 0; one < 8; one += 1) changes.push({ ms: second * 1_000, slot: `z${second}-${one}`, value: 0 })
  for (let one = 0; one < 10; one += 1) changes.push({ ms: 10, slot: `r${one}`, value: 4 })
  const left: { slot: string; place: number }[] = []
  const channel = { rate: 5, burst: 5, lines: 1, atOnce: 25, latencyMs: 350 }
  let bucket = fullBucket(5, 5, new Date(start))
  let turn = 0
  const due = new Map<string, Write>()
  for (let ms = 0; ms <= 120_000; ms += 100) {
    const now = new Date(start + ms)
    for (const { slot, value, ms: at } of changes.filter((one) => one.ms >= ms && one.ms < ms + 100))
      due.set(slot, { slot, value, urgency: (value === 0 ? 0 : 2) as Urgency, since: new Date(start + at) })
    const ways: Ways = { calls: [{ operation: 'patch', bucket, underWay: 0, ...channel }] }
    const made: Plan = plan({ due: [...due.values()], ways, calling: new Set(), feeds: [], turn, now })
    turn = made.turn
    bucket = paid(bucket, made.calls.length, now).bucket
    for (const { lines } of made.calls)
      for (const { slot } of lines) {
        left.push({ slot, place: left.length })
        due.delete(slot)
      }
  }
  const raises = left.filter(({ slot }) => slot.startsWith('r'))
  // The oldest of all is a sell-out at first: those of the same second are told apart by age only.
  expect(raises).toHaveLength(10)
  for (const [index, { place }] of raises.entries()) expect(place).toBeLessThanOrEqual((index + 2) * 25)
})
