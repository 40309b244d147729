/**
 * Asks what became of feeds, as often as it can tell anything and the allowance lets it. A feed's lines are settled when
 * it is over; until then no call but a zero leaves for their slots.
 */
import type { FeedProgress, QuantityFeed, QuantityOutcome } from '../channels/connector.ts'
import { clearFailure, getCursor } from '../database/accounts.ts'
import { askLater, endFeed, type FeedOutcome, noteOver, type OpenFeed, openFeeds } from '../database/feeds.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import { ChannelError, isChannelError } from '../domain/errors.ts'
import type { AccountAtWork, Context } from './context.ts'
import { pullFailed } from './pull-orders.ts'
import { settleLines } from './settle-feed.ts'

const stream = 'feeds'
/** A feed that takes long is asked for less often: a tenth of its age, at most this. */
const rarelyMs = 30 * 60_000
/** A report that cannot be had is asked for so often; then any of its lines counts as possibly carried out. */
const reportTries = 4
/** Clocks, and lists of feeds, may differ by this. */
const sinceMarginMs = 10 * 60_000

/** One turn over the feeds that are due. Answers when the next one is; null while there is none. */
export async function collectFeeds(ctx: Context, work: AccountAtWork): Promise<Date | null> {
  const feed = work.connector.stock?.feed
  if (!feed) return null
  for (const open of await openFeeds(ctx.db, work.row.id)) {
    if (!open.askAt || open.askAt > ctx.clock.now()) continue
    try {
      await (open.state === 'lost' ? collectLost(ctx, work, feed, open) : collect(ctx, work, feed, open))
      await noteAnswered(ctx, work)
    } catch (error) {
      if (!isChannelError(error)) throw error
      const failures = (await getCursor(ctx.db, work.row.id, stream))?.failures ?? 0
      await later(ctx, work, open, await pullFailed(ctx, work, stream, error, failures), open.failures)
    }
  }
  const times = (await openFeeds(ctx.db, work.row.id)).flatMap(({ askAt }) => (askAt ? [askAt.getTime()] : []))
  return times.length === 0 ? null : new Date(Math.min(...times))
}

async function noteAnswered(ctx: Context, work: AccountAtWork): Promise<void> {
  const now = ctx.clock.now()
  if ((await clearFailure(ctx.db, work.row.id, stream, now)) === 0) return
  await resolve(ctx.db, 'pull_failing', [`account:${work.row.id}:${stream}`], now)
}

async function later(ctx: Context, work: AccountAtWork, { id }: OpenFeed, at: Date, failures: number): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await askLater(tx, id, at, failures)
  })
}

async function collect(ctx: Context, work: AccountAtWork, feed: QuantityFeed, open: OpenFeed): Promise<void> {
  const progress = await feed.collect(work.account, open.receipt!)
  if (progress.kind === 'pending') return await stillPending(ctx, work, feed, open)
  const isAskedAgain =
    progress.kind === 'failed' && progress.error.kind === 'unavailable' && open.failures + 1 < reportTries
  if (isAskedAgain) return await later(ctx, work, open, soon(ctx, feed, open), open.failures + 1)
  const { outcome, outcomeOf, detail } = meaningOf(progress)
  const tookMs = progress.kind === 'done' ? tookOf(ctx, open, progress.endedAt) : null
  await settle(ctx, work, open, { outcome, outcomeOf, detail, tookMs })
}

/** A feed whose receipt nobody knows does not exist, or is over, once the channel has none unfinished of that time. */
async function collectLost(ctx: Context, work: AccountAtWork, feed: QuantityFeed, open: OpenFeed): Promise<void> {
  const since = new Date((open.leftAt ?? open.beganAt).getTime() - sinceMarginMs)
  if (await feed.unfinished(work.account, since)) return await stillPending(ctx, work, feed, open)
  await settle(ctx, work, open, {
    outcome: 'unknown',
    outcomeOf: () => undefined,
    detail: { code: 'lost' },
    tookMs: null,
  })
}

interface Ending {
  outcome: FeedOutcome
  outcomeOf: (slotId: string) => QuantityOutcome | undefined
  detail: Record<string, unknown>
  tookMs: number | null
}

function meaningOf(progress: Exclude<FeedProgress, { kind: 'pending' }>): Omit<Ending, 'tookMs'> {
  if (progress.kind === 'done') {
    const bySlot = new Map(progress.outcomes.map((one) => [one.key, one]))
    return { outcome: 'done', outcomeOf: (slotId) => bySlot.get(slotId), detail: {} }
  }
  const { error } = progress
  // Refused as a whole: the lines are not at fault, and a call may carry them at once.
  return {
    outcome: error.mayHaveApplied ? 'unknown' : 'canceled',
    outcomeOf: (key) => ({ key, kind: 'failed', error: error.mayHaveApplied ? error : neverBegun(error.message) }),
    detail: { code: error.code },
  }
}

const neverBegun = (message: string) => new ChannelError('unavailable', 'budget', message)

/** Settles all lines, however often it is interrupted; then the feed has ended. */
async function settle(ctx: Context, work: AccountAtWork, open: OpenFeed, ending: Ending): Promise<void> {
  const endedAt = await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    return await noteOver(tx, open.id, ctx.clock.now(), ending.tookMs)
  })
  const tally = await settleLines(ctx, work, { feedId: open.id, endedAt }, ending.outcomeOf)
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    await endFeed(tx, open.id, ending.outcome, { ...ending.detail, ...tally }, now)
    await resolve(tx, 'feed_stuck', [`feed:${open.id}`], now)
  })
  ctx.log.info('feed ended', { account: work.row.name, outcome: ending.outcome, ...tally })
}

/** The channel tells when it was done; a clock that is off must not teach nonsense. */
function tookOf(ctx: Context, { leftAt, beganAt }: OpenFeed, endedAt: Date | null): number {
  const since = (leftAt ?? beganAt).getTime()
  const now = ctx.clock.now().getTime()
  const told = endedAt?.getTime() ?? now
  return Math.max(1_000, Math.min(told > since ? told : now, now) - since)
}

function soon(ctx: Context, feed: QuantityFeed, { leftAt, beganAt }: OpenFeed): Date {
  const now = ctx.clock.now().getTime()
  const age = now - (leftAt ?? beganAt).getTime()
  return new Date(now + Math.max(feed.everyMs, Math.min(rarelyMs, age / 10)))
}

async function stillPending(ctx: Context, work: AccountAtWork, feed: QuantityFeed, open: OpenFeed): Promise<void> {
  await later(ctx, work, open, soon(ctx, feed, open), 0)
  const now = ctx.clock.now()
  if (!open.overdueAt || open.overdueAt > now) return
  const hours = (now.getTime() - (open.leftAt ?? open.beganAt).getTime()) / 3_600_000
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await raise(
      tx,
      [
        {
          code: 'feed_stuck',
          severity: 'warning',
          accountId: work.row.id,
          subject: `feed:${open.id}`,
          data: { account: work.row.name, lines: open.lines, hours: Math.round(hours * 10) / 10 },
        },
      ],
      now,
      ctx.newId,
    )
  })
}
