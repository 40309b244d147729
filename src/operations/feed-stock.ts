/**
 * Hands many writes in as one feed, where that brings them to their slots sooner than calls. Lines are committed as live
 * writes first, some hundred slots a transaction, then the feed is noted as leaving, then it leaves: wherever this ends,
 * the next holder knows whether it can exist.
 */
import type { FeedSubmission, QuantityFeed } from '../channels/connector.ts'
import { lockLevelsOfSlots } from '../database/claims.ts'
import { countDue, type DueRow, dueSlots, type Picking } from '../database/due.ts'
import { addLines, endFeed, noteLeaving, noteLost, noteTaken, openFeeds } from '../database/feeds.ts'
import { fence, LeaseLost } from '../database/leases.ts'
import { lockSlots } from '../database/slots.ts'
import { ChannelError } from '../domain/errors.ts'
import { type FeedTime, latest, soonest } from '../domain/feed-time.ts'
import { type FeedUnderWay, plan, type Write } from '../domain/planner.ts'
import { strayLifeMs } from '../domain/slots.ts'
import { feedLinesNow } from '../domain/split.ts'
import type { AccountAtWork, Context } from './context.ts'
import { commitWrites, isStillDue, type Leaving } from './leave-writes.ts'
import { halt } from './pull-orders.ts'
import { waysOf } from './push-ways.ts'
import { settleLines } from './settle-feed.ts'
import { watermarkOf } from './watermarks.ts'

/** Small enough that an order which waits for one of these slots waits for milliseconds. */
const slotsAtOnce = 500
/** A plan of everything that waits is made no more often than this. */
const considerEveryMs = 5_000
/** As many are counted, and planned, at most. */
const mostDue = 200_000
/** After a feed that could not be handed in: twice as long each time. */
const pauseMs = { first: 60_000, longest: 30 * 60_000 }

export interface FeederOptions {
  /** Slots with a call under way. */
  calling: ReadonlySet<string>
  pace: { latencyMs: number; turn: number }
  /** A feed was handed in, or may have been. */
  onFeed(): void
  onBroken(error: unknown): void
}

export interface Feeder {
  /** More waits than leaves soon: a feed may be worth it. Works beside the calls. */
  consider(): void
  /** Resolves when no feed is being handed in. */
  settled(): Promise<void>
  /** The same, and a feed that has not left yet is given up. */
  stop(): Promise<void>
}

/** As the planner sees a due slot. */
export const toWrite = ({ id, wish, urgency, since }: DueRow): Write => ({ slot: id, value: wish, urgency, since })

/** The feeds that carry writes of due slots. */
export function feedsUnderWay(due: readonly DueRow[]): FeedUnderWay[] {
  const fed = due.filter((row) => row.feedId !== null)
  return [...Map.groupBy(fed, (row) => row.feedId!)].map(([id, rows]) => ({
    id,
    values: new Map(rows.map((row) => [row.id, row.feedValue ?? 0])),
    overdueAt: rows[0]!.feedOverdueAt ?? new Date(8.64e15),
    // A zero that passed is due again only where a reading said that it does not stand there.
    zeroed: new Set(),
  }))
}

export function createFeeder(ctx: Context, work: AccountAtWork, options: FeederOptions): Feeder {
  const feed = work.connector.stock?.feed
  let underWay: Promise<void> | undefined
  let isEnding = false
  let notBefore = 0
  let failures = 0

  async function run(): Promise<void> {
    for (const { slots, took } of await worthFeeds(ctx, work, options)) {
      if (isEnding) return
      const isTaken = await handIn(ctx, work, feed!, {
        slots,
        took,
        calling: options.calling,
        isGivenUp: () => isEnding,
      })
      options.onFeed()
      failures = isTaken ? 0 : failures + 1
      if (isTaken) continue
      const pause = Math.min(pauseMs.longest, pauseMs.first * 2 ** (failures - 1))
      notBefore = ctx.clock.now().getTime() + pause
      return
    }
  }

  return {
    consider() {
      const now = ctx.clock.now().getTime()
      if (!feed || underWay || isEnding || now < notBefore) return
      notBefore = now + considerEveryMs
      underWay = run()
        .catch(options.onBroken)
        .finally(() => (underWay = undefined))
    },
    async settled() {
      await underWay
    },
    async stop() {
      isEnding = true
      await underWay
    },
  }
}

interface Worth {
  slots: string[]
  took: FeedTime
}

/** The feeds that the planner would hand in now, given all that waits. None while one may exist that nobody knows of. */
async function worthFeeds(ctx: Context, work: AccountAtWork, { calling, pace }: FeederOptions): Promise<Worth[]> {
  const { row, connector } = work
  const now = ctx.clock.now()
  const open = await openFeeds(ctx.db, row.id)
  // The channel works on one after the other: behind a stuck one another would wait as long.
  if (open.some((one) => one.state !== 'underway' || (one.overdueAt && one.overdueAt <= now))) return []
  const ways = await waysOf(ctx.db, row.id, connector.stock!, { underWay: calling.size, latencyMs: pace.latencyMs })
  if (!ways?.feed) return []
  const watermark = await watermarkOf(ctx.db, work, now)
  const picking: Picking = { writes: connector.quantityWrites, watermark, calling: [...calling] }
  if (feedLinesNow(ways, await countDue(ctx.db, row.id, picking, now, mostDue), now) === 0) return []
  const due = await dueSlots(ctx.db, row.id, picking, now, mostDue)
  const feeds = feedsUnderWay(due)
  const planned = plan({ due: due.map(toWrite), ways, calling, feeds, turn: pace.turn, now })
  return planned.feeds.map((lines) => ({ slots: lines.map((line) => line.slot), took: ways.feed!.took }))
}

/** Everything due in one feed, however few: for a person who asked for it, and for tests. Answers how many lines. */
export async function feedStock(ctx: Context, work: AccountAtWork): Promise<number> {
  const feed = work.connector.stock?.feed
  if (!feed || work.row.stage !== 'live') return 0
  if ((await openFeeds(ctx.db, work.row.id)).some((one) => one.state !== 'underway')) return 0
  const picking = {
    writes: work.connector.quantityWrites,
    watermark: await watermarkOf(ctx.db, work, ctx.clock.now()),
    calling: [],
  }
  const due = await dueSlots(ctx.db, work.row.id, picking, ctx.clock.now(), feed.maxLines)
  const slots = due.filter((row) => row.feedId === null).map((row) => row.id)
  const given = { slots, took: feed.took, calling: new Set<string>(), isGivenUp: () => false }
  await handIn(ctx, work, { ...feed, fewest: 1 }, given)
  return slots.length
}

interface HandingIn extends Worth {
  calling: ReadonlySet<string>
  isGivenUp(): boolean
}

/** Answers whether the channel took it. */
async function handIn(ctx: Context, work: AccountAtWork, feed: QuantityFeed, given: HandingIn): Promise<boolean> {
  const feedId = ctx.newId()
  const lines = await prepare(ctx, work, feedId, given)
  if (lines.length === 0) return true
  if (given.isGivenUp() || lines.length < feed.fewest) {
    await giveUp(ctx, work, feedId)
    return true
  }
  const leftAt = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await noteLeaving(tx, feedId, leftAt)
  })
  const { receipt, outcomes } = await submitted(ctx, work, feed, lines)
  const now = ctx.clock.now()
  const mayExist = outcomes.some((one) => one.kind === 'failed' && one.error.mayHaveApplied)
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const after = (ms: number) => new Date(now.getTime() + ms)
    if (receipt !== null) {
      const askAt = after(Math.max(feed.everyMs, soonest(given.took)))
      await noteTaken(tx, feedId, { receipt, askAt, overdueAt: after(latest(given.took)) })
    } else if (mayExist) await noteLost(tx, feedId, after(strayLifeMs))
    const refused = outcomes.find((one) => one.kind === 'failed' && one.error.kind === 'auth')
    if (refused?.kind === 'failed') await halt(tx, ctx, work, refused.error)
  })
  if (receipt === null && mayExist) return false
  // Lines that are in no feed go back into the line, at once: a call may carry them.
  const bySlot = new Map(outcomes.map((one) => [one.key, one]))
  await settleLines(ctx, work, { feedId, endedAt: now, slotIds: [...bySlot.keys()] }, (slotId) => {
    const outcome = bySlot.get(slotId)
    const isOfLine = receipt !== null && outcome?.kind === 'failed' && outcome.error.kind === 'rejected'
    return isOfLine || outcome?.kind !== 'failed' ? outcome : { ...outcome, error: backInLine(outcome.error, now) }
  })
  if (receipt !== null) return true
  await ended(ctx, work, feedId, 'not-sent', { code: codeOf(outcomes) })
  return false
}

const codeOf = (outcomes: FeedSubmission['outcomes']) =>
  outcomes.flatMap((one) => (one.kind === 'failed' ? one.error.code : []))[0] ?? null

const backInLine = ({ kind, message }: ChannelError, now: Date) =>
  new ChannelError(kind, 'budget', message, { retryAt: now })

/** Commits the lines as under way by this feed. */
async function prepare(ctx: Context, work: AccountAtWork, feedId: string, given: HandingIn): Promise<Leaving[]> {
  const all: Leaving[] = []
  for (let from = 0; from < given.slots.length && !given.isGivenUp(); from += slotsAtOnce) {
    const slotIds = given.slots.slice(from, from + slotsAtOnce)
    const lines = await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const writes = work.connector.quantityWrites
      const watermark = await watermarkOf(tx, work, now)
      await lockLevelsOfSlots(tx, slotIds)
      const slots = await lockSlots(tx, { slotIds })
      // A call that nobody answered yet may land after the feed.
      const free = slots.filter(
        (slot) => !slot.feedId && !given.calling.has(slot.id) && (!slot.live || slot.live.acceptedAt !== null),
      )
      const due = free.filter((slot) => isStillDue(slot, watermark, now, writes))
      const leaving = await commitWrites(tx, ctx, work, due, now, feedId)
      const rows = leaving.map(({ slotId, effectId, quantity, version }) => ({
        slotId,
        effectId,
        value: quantity,
        version,
      }))
      await addLines(tx, { id: feedId, accountId: work.row.id }, rows, now)
      return leaving
    })
    all.push(...lines)
  }
  return all
}

/** What nobody foresaw says nothing about whether the feed left. */
async function submitted(
  ctx: Context,
  work: AccountAtWork,
  feed: QuantityFeed,
  lines: readonly Leaving[],
): Promise<FeedSubmission> {
  try {
    return await feed.submit(work.account, lines)
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    const { message, stack } = error as Error
    ctx.log.error('feed failed inside', { account: work.row.name, error: message, stack })
    const failure = new ChannelError('unavailable', 'internal', 'Entrepot failed while handing in a feed', {
      mayHaveApplied: true,
    })
    return { receipt: null, outcomes: lines.map(({ key }) => ({ key, kind: 'failed', error: failure })) }
  }
}

/** It never left: its lines go back into the line. */
async function giveUp(ctx: Context, work: AccountAtWork, feedId: string): Promise<void> {
  const now = ctx.clock.now()
  const failure = new ChannelError('unavailable', 'budget', 'the feed never left', { retryAt: now })
  await settleLines(ctx, work, { feedId, endedAt: now }, (key) => ({ key, kind: 'failed', error: failure }))
  await ended(ctx, work, feedId, 'not-sent', null)
}

async function ended(ctx: Context, work: AccountAtWork, feedId: string, outcome: 'not-sent', detail: unknown) {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await endFeed(tx, feedId, outcome, detail, ctx.clock.now())
  })
}

/**
 * Feeds of a holder that is gone, or whose work broke off. One that was only prepared never left; of one that was about
 * to leave nobody knows: its slots get no call but a 0 until the channel has none unfinished of that time.
 */
export async function takeOverFeeds(ctx: Context, work: AccountAtWork): Promise<void> {
  if (!work.connector.stock?.feed) return
  for (const feed of await openFeeds(ctx.db, work.row.id)) {
    if (feed.state === 'preparing') await giveUp(ctx, work, feed.id)
    if (feed.state !== 'leaving') continue
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await noteLost(tx, feed.id, new Date(feed.leftAt!.getTime() + strayLifeMs))
    })
  }
}
