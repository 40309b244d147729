/** Before a bulk change: how many calls and feeds it takes, and when it is done. What the planner then does agrees. */
import { callsFor, callsMs, feedMs, linesForFeed, type Ways } from './split.ts'

export interface BulkPlan {
  linesByCall: number
  linesByFeed: number
  calls: number
  feeds: number
  /** Done between these moments; one moment where no feed takes part. */
  end: { from: Date; to: Date }
}

/** `lines` changed slots, those that wait already included, with the budgets as they are now. Null: there is no way to send any. */
export function planBulk(lines: number, ways: Ways, now: Date): BulkPlan | null {
  const linesByFeed = linesForFeed(ways, lines, now)
  const linesByCall = lines - linesByFeed
  const calls = callsMs(ways, linesByCall, now)
  if (!Number.isFinite(calls)) return null
  const feed = linesByFeed > 0 ? feedMs(ways.feed!, linesByFeed, now) : { from: 0, to: 0 }
  const at = (ms: number) => new Date(now.getTime() + Math.ceil(ms))
  return {
    linesByCall,
    linesByFeed,
    calls: callsFor(ways, linesByCall, now).reduce((sum, count) => sum + count, 0),
    feeds: linesByFeed > 0 ? Math.ceil(linesByFeed / ways.feed!.lines) : 0,
    end: { from: at(Math.max(calls, feed.from)), to: at(Math.max(calls, feed.to)) },
  }
}
