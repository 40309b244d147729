/**
 * Our contestant: the planner with the budget's arithmetic, in the pump's shape: what is due is picked by urgency and age,
 * tokens are paid before calls leave, calls do not wait for each other, and none is repeated but as a new write.
 */
import { type Bucket, emptied, fullBucket, paid, withRate } from '../../src/domain/budget.ts'
import { type FeedTime, latest, learnFeedTime } from '../../src/domain/feed-time.ts'
import { knownRate, rateNow, refused, taken, told } from '../../src/domain/learned-rate.ts'
import { type FeedUnderWay, type Plan, plan, type Write } from '../../src/domain/planner.ts'
import { urgencyOf } from '../../src/domain/slots.ts'
import { feedLinesNow, type Ways } from '../../src/domain/split.ts'
import { createClock } from '../virtual/clock.ts'
import { changesOf, createWire, feedLimit, limit, type Outcome, type Scene } from '../virtual/scene.ts'

/** patchListingsItem under way at once, as the connector says. */
const atOnce = 25
/** How many of each urgency are picked for a round. */
const window = 32
const start = Date.UTC(2026, 10, 22)

/** The feeds of the account so far: about as long as the next ones. */
const feedTimeOf = (ms: number): FeedTime =>
  [0.95, 1.02, 1.01].reduce((time, share) => learnFeedTime(time, ms * share), { typicalMs: ms, spread: 1.2 })

export async function runPlanned(scene: Scene): Promise<Outcome> {
  const clock = createClock()
  const changes = changesOf(scene)
  const wire = createWire(clock, scene, changes)
  const now = () => new Date(start + clock.now())
  const due = createDue(changes.map(({ sku, quantity, before }) => write(sku, quantity, before)))
  let bucket: Bucket = fullBucket(limit.rate, limit.burst, now())
  let learned = knownRate(limit.rate, limit.burst)
  let feedTime = scene.feedMs === undefined ? undefined : feedTimeOf(scene.feedMs)
  const submitted: Date[] = []
  const feeds = new Map<string, FeedUnderWay>()
  const calling = new Set<string>()
  let turn = 0
  let wake: { ms: number; id: number } | undefined

  function write(slot: string, value: number, before: number): Write {
    return { slot, value, urgency: urgencyOf(value, before), since: new Date(start) }
  }
  const ways = (): Ways => ({
    calls: [
      {
        operation: 'patchListingsItem',
        lines: 1,
        atOnce,
        underWay: calling.size,
        bucket,
        latencyMs: scene.latencyMs,
      },
    ],
    feed: feedTime && {
      lines: feedLimit.lines,
      fewest: 500,
      submissions: { kind: 'window', count: feedLimit.count, windowMs: feedLimit.windowMs, at: submitted },
      took: feedTime,
    },
  })

  function round(): void {
    bucket = withRate(bucket, rateNow(learned, now()), now())
    const all = feedLinesNow(ways(), due.count(), now()) > 0
    const picked = due.pick(all ? Number.POSITIVE_INFINITY : window)
    const behind = due.count() - picked.length
    const next = plan({
      due: picked,
      behind,
      ways: ways(),
      calling,
      feeds: [...feeds.values()],
      turn,
      now: now(),
    })
    turn = next.turn
    leave(next)
    if (next.again) wakeAt(next.again.getTime() - start)
  }

  function leave(next: Plan): void {
    bucket = paid(bucket, next.calls.length, now()).bucket
    for (const { lines } of next.calls) call(lines[0]!)
    for (const lines of next.feeds) feed(lines)
    due.gone([...next.calls.flatMap(({ lines }) => lines), ...next.feeds.flat()])
  }

  function call(one: Write): void {
    calling.add(one.slot)
    wire.call(one.slot, one.value, ({ status, rate }) => {
      calling.delete(one.slot)
      if (status === 200) learned = rate === null ? taken(learned, now()) : told(learned, rate)
      else {
        bucket = emptied(bucket, now())
        // A rate that the channel tells is believed; without one, refusals are all there is.
        if (rate === null) learned = refused(learned, now())
        due.again(one)
      }
      wakeAt(clock.now())
    })
  }

  function feed(lines: Write[]): void {
    const at = now()
    const id = `feed-${feeds.size}-${at.getTime()}`
    submitted.push(at)
    feeds.set(id, {
      id,
      values: new Map(lines.map(({ slot, value }) => [slot, value])),
      overdueAt: new Date(at.getTime() + latest(feedTime!)),
      zeroed: new Set(),
    })
    wire.feed(
      lines.map(({ slot, value }) => ({ sku: slot, quantity: value })),
      () => {
        feeds.delete(id)
        feedTime = learnFeedTime(feedTime!, now().getTime() - at.getTime())
        wakeAt(clock.now())
      },
    )
  }

  function wakeAt(ms: number): void {
    if (wake && wake.ms <= ms) return
    if (wake) clock.cancel(wake.id)
    const id = clock.at(ms, () => {
      wake = undefined
      round()
    })
    wake = { ms, id }
  }

  wakeAt(0)
  await clock.run()
  return wire.outcome()
}

interface Due {
  count(): number
  /** The oldest of each urgency, at most `most` of each. */
  pick(most: number): Write[]
  gone(writes: readonly Write[]): void
  /** Refused: it keeps its place. */
  again(write: Write): void
}

/** As the database's index has it: by urgency, and by age. */
function createDue(writes: readonly Write[]): Due {
  const lists = [0, 1, 2, 3].map((urgency) => writes.filter((one) => one.urgency === urgency))
  return {
    count: () => lists.reduce((sum, list) => sum + list.length, 0),
    pick: (most) => lists.flatMap((list) => list.slice(0, most)),
    gone(leaving) {
      if (leaving.length === 0) return
      const gone = new Set(leaving)
      for (const [urgency, list] of lists.entries()) {
        let first = 0
        while (first < list.length && gone.delete(list[first]!)) first += 1
        list.splice(0, first)
        if (gone.size > 0) lists[urgency] = list.filter((one) => !gone.has(one))
      }
    },
    again: (one) => void lists[one.urgency]!.unshift(one),
  }
}
