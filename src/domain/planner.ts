/**
 * The planner: which of the due writes leave now, how, and in which order; what waits, until when, and why. What a
 * slot should show was decided before. It holds no state: the caller says what is under way.
 */
import { allowanceOf, nextCallAt, paid } from './budget.ts'
import type { Urgency } from './slots.ts'
import {
  type CallWay,
  callsMs,
  feedLinesNow,
  feedMs,
  linesForFeed,
  linesWithin,
  submissionMs,
  type Ways,
} from './split.ts'

export interface Write {
  slot: string
  value: number
  urgency: Urgency
  /** The moment since which the slot waits; a newer value does not change it. */
  since: Date
  /** Only lines of one batch share a call; absent: any do. */
  batch?: string
  /** What the daily quota counts, where there is one: the channel's listing. */
  listing?: string
}

export interface Quota {
  perDay: number
  /** Of these, kept for sell-outs. */
  reserve: number
  /** Changes today by listing. */
  used: ReadonlyMap<string, number>
  resetsAt: Date
}

/** A feed that was handed in and whose report is not there yet: until then any of its lines may still take effect. */
export interface FeedUnderWay {
  id: string
  values: ReadonlyMap<string, number>
  /** After this it counts as stuck. */
  overdueAt: Date
  /** Slots of it that a call set to zero meanwhile. */
  zeroed: ReadonlySet<string>
}

export interface Round {
  /** In the order of their values' age where a slot stands there twice: the last one is the newest. */
  due: readonly Write[]
  /** Writes that wait behind those in `due`, each less urgent or younger than all of its urgency there. */
  behind?: number
  ways: Ways
  quota?: Quota | undefined
  /** Slots with a call under way. */
  calling: ReadonlySet<string>
  feeds: readonly FeedUnderWay[]
  /** What the round before gave back; 0 at first. */
  turn: number
  now: Date
}

export type Reason =
  /** The allowance of calls, or as many as may be under way. */
  | 'calls'
  /** A feed carries it as soon as one may be handed in. */
  | 'feed'
  /** Its slot is in a feed that is not finished; or stuck in one. */
  | 'in_feed'
  | 'in_stuck_feed'
  | 'quota'

export interface Wait {
  write: Write
  why: Reason
  /** As far as it can be known. */
  until: Date | null
}

export interface Call {
  operation: string
  lines: Write[]
}

export interface Plan {
  calls: Call[]
  feeds: Write[][]
  waits: Wait[]
  turn: number
  /** When to plan again if nothing happens before; null: nothing waits for a time. */
  again: Date | null
}

/**
 * Every so many lines one goes to the write that waits longest, whatever its urgency: raises make progress while sell-outs
 * keep coming (at 5 calls a second 12 a minute), and sell-outs lose no more than 1/24 by it.
 */
export const oldestEvery = 25

export function plan(round: Round): Plan {
  const { now, ways } = round
  const { free, waits } = partition(round)
  const quota = createQuota(round.quota)
  const feeds = round.behind ? [] : feedsOf(ridersOf(free, round), ways, quota)
  const rides = new Set(feeds.flat())
  const line = createLine(rides.size === 0 ? free : free.filter((write) => !rides.has(write)), quota, round.turn)
  const perWay = ways.calls.map((way) => callsOf(way, line, now))
  const left = afterwards(ways, perWay, feeds.length, now)
  const rest = line.rest()
  const later = round.behind ? 0 : laterByFeed(free.length, rides.size, ways, left, now)
  for (const [index, write] of rest.entries()) {
    if (!quota.has(write)) waits.push({ write, why: 'quota', until: quota.resetsAt })
    else if (index >= rest.length - later) waits.push({ write, why: 'feed', until: submissionAt(left, now) })
    else waits.push({ write, why: 'calls', until: answeredAt(left, index + 1, now) })
  }
  return { calls: perWay.flat(), feeds, waits, turn: line.turn(), again: againAt(waits, left, now) }
}

/** The most urgent first; of one urgency, who waits longest. */
export function byUrgency(a: Write, b: Write): number {
  return a.urgency - b.urgency || a.since.getTime() - b.since.getTime()
}
const byAge = (a: Write, b: Write) => a.since.getTime() - b.since.getTime() || a.urgency - b.urgency

/** One write a slot: the newest value, in the place of the one that waited longest. */
export function newest(due: readonly Write[]): Write[] {
  const bySlot = new Map<string, Write>()
  for (const write of due) {
    const older = bySlot.get(write.slot)
    bySlot.set(write.slot, older && older.since < write.since ? { ...write, since: older.since } : write)
  }
  return bySlot.size === due.length ? [...due] : [...bySlot.values()]
}

function partition({ due, feeds, now }: Round): { free: Write[]; waits: Wait[] } {
  const waits: Wait[] = []
  const free = newest(due).filter((write) => {
    const feed = feeds.find((one) => one.values.has(write.slot))
    if (!feed || mayPass(write, feed, now)) return true
    const isStuck = feed.overdueAt <= now
    waits.push({ write, why: isStuck ? 'in_stuck_feed' : 'in_feed', until: isStuck ? null : feed.overdueAt })
    return false
  })
  return { free: free.sort(byUrgency), waits }
}

/**
 * A zero never waits for a feed: it is lawful whatever lands later, since the claim still holds the feed's value. It
 * passes once; as the feed may land after it, the write stays due and leaves again when the feed has ended. A feed that
 * brings the zero itself is passed only where it is stuck.
 */
function mayPass(write: Write, feed: FeedUnderWay, now: Date): boolean {
  if (write.value !== 0 || feed.zeroed.has(write.slot)) return false
  return feed.values.get(write.slot) !== 0 || feed.overdueAt <= now
}

/**
 * Of writes in order, those that reach their slots sooner by the feeds that may be handed in now than by call: they follow
 * the ones that calls bring there before these feeds end. Thus every urgency, not only the whole, ends as early as it can.
 */
function ridersOf(free: readonly Write[], { ways, calling, feeds, now }: Round): Write[] {
  const { feed } = ways
  const count = feedLinesNow(ways, free.length, now)
  if (!feed || count === 0) return []
  const sooner = linesWithin(ways, feedMs(feed, 1, now).typical, now, free.length)
  const mayRide = (write: Write) => !calling.has(write.slot) && !feeds.some((one) => one.values.has(write.slot))
  const riders = free
    .slice(Math.min(sooner, free.length - count))
    .filter(mayRide)
    .slice(0, count)
  return riders.length < feed.fewest ? [] : riders
}

function feedsOf(riders: readonly Write[], { feed }: Ways, quota: QuotaLeft): Write[][] {
  if (!feed) return []
  const lines = riders.filter((write) => quota.take(write))
  const count = Math.ceil(lines.length / feed.lines)
  return Array.from({ length: count }, (_, index) => lines.slice(index * feed.lines, (index + 1) * feed.lines))
}

/** Lines for feeds that cannot be handed in yet. Where one could and took none, they are in the line of calls. */
function laterByFeed(waiting: number, riding: number, ways: Ways, left: Ways, now: Date): number {
  if (!left.feed || submissionMs(left.feed.submissions, 1, now) <= 0) return 0
  return Math.max(0, linesForFeed(ways, waiting, now) - riding)
}

interface Line {
  next(fits: (write: Write) => boolean): Write | undefined
  rest(): Write[]
  turn(): number
}

/** The line of writes for calls. Gives each of them once, and none whose listing has no change left today. */
function createLine(urgent: readonly Write[], quota: QuotaLeft, firstTurn: number): Line {
  const gone = new Set<Write>()
  const starts = { urgent: 0, old: 0 }
  let old: Write[] | undefined
  let turn = firstTurn
  const pick = (from: readonly Write[], which: 'urgent' | 'old', fits: (write: Write) => boolean) => {
    while (starts[which] < from.length && gone.has(from[starts[which]]!)) starts[which] += 1
    for (let index = starts[which]; index < from.length; index += 1) {
      const write = from[index]!
      if (!gone.has(write) && fits(write) && quota.has(write)) return write
    }
    return undefined
  }
  return {
    next(fits) {
      const isOldest = turn % oldestEvery === oldestEvery - 1
      if (isOldest) old ??= [...urgent].sort(byAge)
      const write = isOldest ? pick(old!, 'old', fits) : pick(urgent, 'urgent', fits)
      if (!write) return undefined
      gone.add(write)
      quota.take(write)
      turn = (turn + 1) % oldestEvery
      return write
    },
    rest: () => urgent.filter((write) => !gone.has(write)),
    turn: () => turn,
  }
}

const anyWrite = () => true

function callsOf(way: CallWay, line: Line, now: Date): Call[] {
  const most = Math.min(allowanceOf(way.bucket, now), way.atOnce - way.underWay)
  const calls: Call[] = []
  while (calls.length < most) {
    const first = line.next(anyWrite)
    if (!first) break
    const lines = [first]
    const isAlike = (write: Write) => write.batch === first.batch
    while (lines.length < way.lines) {
      const more = line.next(isAlike)
      if (!more) break
      lines.push(more)
    }
    calls.push({ operation: way.operation, lines })
  }
  return calls
}

/** The ways after what leaves now has left. */
function afterwards({ calls, feed }: Ways, leaving: readonly Call[][], feeds: number, now: Date): Ways {
  const { submissions } = feed ?? {}
  return {
    calls: calls.map((way, index) => ({
      ...way,
      underWay: way.underWay + leaving[index]!.length,
      bucket: paid(way.bucket, leaving[index]!.length, now).bucket,
    })),
    feed: feed && {
      ...feed,
      submissions:
        submissions!.kind === 'buckets'
          ? { kind: 'buckets', buckets: submissions!.buckets.map((one) => paid(one, feeds, now).bucket) }
          : { ...submissions!, at: [...submissions!.at, ...Array.from({ length: feeds }, () => now)] },
    },
  }
}

interface QuotaLeft {
  has(write: Write): boolean
  /** Takes a change where one is left. */
  take(write: Write): boolean
  resetsAt: Date | null
}

function createQuota(quota: Quota | undefined): QuotaLeft {
  const taken = new Map<string, number>()
  const has = ({ listing, urgency }: Write) => {
    if (!quota || listing === undefined) return true
    const used = (quota.used.get(listing) ?? 0) + (taken.get(listing) ?? 0)
    return used < (urgency === 0 ? quota.perDay : quota.perDay - quota.reserve)
  }
  return {
    has,
    take(write) {
      if (!has(write)) return false
      if (quota && write.listing !== undefined) taken.set(write.listing, (taken.get(write.listing) ?? 0) + 1)
      return true
    },
    resetsAt: quota?.resetsAt ?? null,
  }
}

const submissionAt = ({ feed }: Ways, now: Date) => new Date(now.getTime() + submissionMs(feed!.submissions, 1, now))

/** When a line at this place of the line is answered, if nothing more urgent comes. */
function answeredAt(ways: Ways, place: number, now: Date): Date | null {
  const ms = callsMs(ways, place, now)
  return Number.isFinite(ms) ? new Date(now.getTime() + Math.ceil(ms)) : null
}

function againAt(waits: readonly Wait[], { calls }: Ways, now: Date): Date | null {
  const moments = waits.flatMap(({ why, until }) => (why !== 'calls' && until && until > now ? [until] : []))
  if (waits.some(({ why }) => why === 'calls'))
    // A way with as many calls under way as may be is woken by an answer.
    moments.push(...calls.filter((way) => way.underWay < way.atOnce).map((way) => nextCallAt(way.bucket, now)))
  return moments.reduce<Date | null>((first, one) => (first && first <= one ? first : one), null)
}
