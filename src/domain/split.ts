/**
 * How long calls and feeds take, and how many lines should ride a feed while the rest leaves by call: as many as let
 * both end together.
 */
import { allowanceOf, type Bucket, waitFor } from './budget.ts'
import { type FeedTime, latest, soonest } from './feed-time.ts'

/** A way by calls: one line each, or several. */
export interface CallWay {
  /** The operation whose budget a call spends. */
  operation: string
  /** Lines in one call. */
  lines: number
  /** Calls under way at once at most, and those that are now. */
  atOnce: number
  underWay: number
  bucket: Bucket
  /** How long an answer takes. */
  latencyMs: number
}

/** How often a feed may be handed in. */
export type Submissions =
  /** A submission spends a token of each. */
  | { kind: 'buckets'; buckets: readonly Bucket[] }
  /** At most `count` in any `windowMs`; `at` holds those of the last window. */
  | { kind: 'window'; count: number; windowMs: number; at: readonly Date[] }

export interface FeedWay {
  /** Lines in one feed at most. */
  lines: number
  /** Fewer lines than this are never worth a feed. */
  fewest: number
  submissions: Submissions
  took: FeedTime
}

export interface Ways {
  /** Those first in the list are filled first, with the most urgent. */
  calls: readonly CallWay[]
  feed?: FeedWay | undefined
}

/** Milliseconds until the `nth` call of a way leaves, if it never waits for anything but its limits. */
function leavesMs(way: CallWay, nth: number, now: Date): number {
  const waves = Math.floor((nth - 1) / way.atOnce)
  const first = waitFor(way.bucket, nth - waves * way.atOnce, now)
  return Math.max(waitFor(way.bucket, nth, now), first + waves * way.latencyMs)
}

/** The most calls of a way whose answers are there after `ms`. */
function callsWithin(way: CallWay, ms: number, now: Date, most: number): number {
  return lastThat(most, (calls) => leavesMs(way, calls, now) + way.latencyMs <= ms)
}

/** Milliseconds until all of `lines` lines are answered by calls alone; infinite where there is no such way. */
export function callsMs(ways: Ways, lines: number, now: Date): number {
  if (lines <= 0) return 0
  const alone = ways.calls.map((way) => leavesMs(way, Math.ceil(lines / way.lines), now) + way.latencyMs)
  if (ways.calls.length < 2) return alone[0] ?? Number.POSITIVE_INFINITY
  const most = Math.ceil(Math.min(...alone))
  return Math.min(
    most,
    lastThat(most, (ms) => linesWithin(ways, ms - 1, now, lines) < lines),
  )
}

/** Lines that calls alone bring to their slots within `ms`. */
export const linesWithin = (ways: Ways, ms: number, now: Date, most: number): number =>
  ways.calls.reduce((sum, way) => sum + callsWithin(way, ms, now, Math.ceil(most / way.lines)) * way.lines, 0)

/** Calls of each way that carry `lines` lines in the shortest time. */
export function callsFor(ways: Ways, lines: number, now: Date): number[] {
  const ms = callsMs(ways, lines, now)
  let left = lines
  return ways.calls.map((way, index) => {
    const most = Math.ceil(left / way.lines)
    const calls = index === ways.calls.length - 1 ? most : Math.min(most, callsWithin(way, ms, now, most))
    left = Math.max(0, left - calls * way.lines)
    return calls
  })
}

/** Milliseconds until the `nth` feed from now may be handed in. */
export function submissionMs(submissions: Submissions, nth: number, now: Date): number {
  if (submissions.kind === 'buckets') return Math.max(...submissions.buckets.map((one) => waitFor(one, nth, now)))
  const { count, windowMs, at } = submissions
  const recent = at.map((one) => one.getTime() - now.getTime()).filter((ms) => ms + windowMs > 0)
  recent.sort((a, b) => a - b)
  // Handed in so far, and those to come, each as early as the window lets it.
  const all = recent.slice(-count)
  for (let made = 0; made < nth; made += 1) {
    const before = all.at(-count)
    all.push(all.length < count || before === undefined ? 0 : Math.max(0, before + windowMs))
  }
  return all.at(-1)!
}

/** Feeds that may be handed in right now. */
export function feedsNow(submissions: Submissions, now: Date): number {
  if (submissions.kind === 'buckets') return Math.min(...submissions.buckets.map((one) => allowanceOf(one, now)))
  const { count, windowMs, at } = submissions
  return Math.max(0, count - at.filter((one) => one.getTime() + windowMs > now.getTime()).length)
}

/** Milliseconds until feeds with `lines` lines have taken effect: soonest, typically, latest. */
export function feedMs(feed: FeedWay, lines: number, now: Date): { from: number; typical: number; to: number } {
  if (lines <= 0) return { from: 0, typical: 0, to: 0 }
  const last = submissionMs(feed.submissions, Math.ceil(lines / feed.lines), now)
  return { from: last + soonest(feed.took), typical: last + feed.took.typicalMs, to: last + latest(feed.took) }
}

/** How many of `waiting` lines should ride feeds: the split whose later end is the earliest. */
export function linesForFeed(ways: Ways, waiting: number, now: Date): number {
  const { feed } = ways
  if (!feed || waiting < feed.fewest) return 0
  const endsAt = (byCall: number) => Math.max(callsMs(ways, byCall, now), feedMs(feed, waiting - byCall, now).typical)
  // More by call ends later, more by feed earlier or as late: the best split is where they meet.
  const before = lastThat(waiting, (byCall) => callsMs(ways, byCall, now) < feedMs(feed, waiting - byCall, now).typical)
  const byCall = before < waiting && endsAt(before + 1) < endsAt(before) ? before + 1 : before
  const byFeed = waiting - byCall
  return byFeed >= feed.fewest && endsAt(byCall) < callsMs(ways, waiting, now) ? byFeed : 0
}

/** Of these, the lines of feeds that may be handed in at once: only then must the planner see every write that waits. */
export function feedLinesNow(ways: Ways, waiting: number, now: Date): number {
  const most = ways.feed ? feedsNow(ways.feed.submissions, now) * ways.feed.lines : 0
  return most === 0 ? 0 : Math.min(most, linesForFeed(ways, waiting, now))
}

/** The largest number from 0 to `most` that holds, where all below it hold, too. */
function lastThat(most: number, holds: (value: number) => boolean): number {
  let low = 0
  let high = most
  while (low < high) {
    const middle = Math.ceil((low + high) / 2)
    if (holds(middle)) low = middle
    else high = middle - 1
  }
  return low
}
