/**
 * The pump: sends wishes that differ from what stands, the most urgent first, within the allowance. Intent and live
 * write are committed before the call leaves; the outcome is fenced by the lease. Nothing is sent twice: what got no
 * answer is a stray until a reading or its death settles it.
 */
import type { QuantityOutcome } from '../channels/connector.ts'
import { lockLevelsOfSlots } from '../database/claims.ts'
import { type DueRow, dueSlots, oldestDue, type Picking } from '../database/due.ts'
import { type EffectOutcome, recordOutcomes } from '../database/journal.ts'
import { fence, LeaseLost } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { lockSlots, type SlotRow } from '../database/slots.ts'
import { lookAtStore } from '../database/store-stock.ts'
import { allowanceOf, nextCallAt } from '../domain/budget.ts'
import { claimExceeded, claimRefused } from '../domain/claims.ts'
import { ChannelError } from '../domain/errors.ts'
import { plan } from '../domain/planner.ts'
import { answered, type SlotWrites, type WriteAnswer } from '../domain/slots.ts'
import type { CallWay } from '../domain/split.ts'
import type { AccountAtWork, Context } from './context.ts'
import { createFeeder, feedsUnderWay, toWrite } from './feed-stock.ts'
import { commitCounted, commitWrites, isStillDue, type Leaving } from './leave-writes.ts'
import { saveAndPlan } from './plan-slots.ts'
import { halt } from './pull-orders.ts'
import { callWay, pushBucket, usualLatencyMs } from './push-ways.ts'
import { takeOver } from './take-over.ts'
import { watermarkOf } from './watermarks.ts'
import { interpret, noteRefusals } from './write-answers.ts'
import { writesOf } from './writes-of.ts'

export interface PushResult {
  /** Lines that left. */
  sent: number
  /** The allowance is used up until then; null where nothing holds the pump. */
  nextAt: Date | null
}

/** Accounts whose pump broke off (the database was away): what it sent is recorded nowhere but as an intent. */
const brokenOff = new WeakSet<AccountAtWork>()

/** The pump of an account at work; it has one. Only live accounts ever write. */
export interface Pump {
  /**
   * Lets as many calls leave as fit beside those under way, and does not wait for their answers. Throws what broke an
   * earlier call's note off, once every call under way has ended.
   */
  step(): Promise<PushResult>
  /** Resolves when nothing is under way; throws like `step`. */
  settled(): Promise<void>
  /** The same for good: a feed that has not left yet is given up. */
  stop(): Promise<void>
}

export interface PumpOptions {
  /** Called whenever a call has ended and was noted: another one may leave. */
  onAnswer(): void
  /** Called when a feed was handed in, or may have been. Absent: nobody collects feeds here, so none leaves. */
  onFeed?(): void
}

export function createPump(ctx: Context, work: AccountAtWork, { onAnswer, onFeed }: PumpOptions): Pump {
  const underWay = new Set<Promise<void>>()
  const calling = new Set<string>()
  let broken: { error: unknown } | undefined
  /** Calls that are paid and have not ended. */
  let paidFor = 0
  const note = together<Answered>((many) => noteAnswers(ctx, work, many))
  const pace = { latencyMs: usualLatencyMs, turn: 0, isBulk: false }
  const feeder =
    onFeed && createFeeder(ctx, work, { calling, pace, onFeed, onBroken: (error) => (broken ??= { error }) })

  function launch(batch: Leaving[]): void {
    for (const line of batch) calling.add(line.slotId)
    const leftAt = ctx.monotonic()
    const call = pushed(ctx, work, batch)
      .then(async (outcomes) => {
        pace.latencyMs += (ctx.monotonic() - leftAt - pace.latencyMs) / 8
        paidFor -= 1
        const { pushOperation, pushPoints } = work.connector.stock!
        await work.prepaid.giveBack(pushOperation, paidFor, pushPoints)
        await note({ batch, outcomes })
      })
      .catch((error: unknown) => {
        broken ??= { error }
      })
      .finally(() => {
        underWay.delete(call)
        for (const line of batch) calling.delete(line.slotId)
        onAnswer()
      })
    underWay.add(call)
  }

  async function settled(): Promise<void> {
    await feeder?.settled()
    while (underWay.size > 0) await Promise.all(underWay)
    if (broken) throw breakOff(broken.error)
  }

  function breakOff(error: unknown): unknown {
    broken = undefined
    paidFor = 0
    brokenOff.add(work)
    return error
  }

  async function leaveSome(): Promise<PushResult> {
    const capability = work.connector.stock
    if (!capability || work.row.stage !== 'live') return { sent: 0, nextAt: null }
    if (capability.pushAtOnce <= underWay.size) return { sent: 0, nextAt: null }
    await work.rates.settleRate(capability.pushOperation)
    const now = ctx.clock.now()
    const bucket = await pushBucket(ctx.db, work.row.id, capability)
    if (!bucket) return { sent: 0, nextAt: null }
    if (allowanceOf(bucket, now) === 0) return { sent: 0, nextAt: nextCallAt(bucket, now) }
    const way = callWay(capability, bucket, { underWay: underWay.size, latencyMs: pace.latencyMs })
    const { lines, again } = await leave(ctx, work, way, calling, pace)
    if (pace.isBulk) feeder?.consider()
    if (lines.length === 0) return { sent: 0, nextAt: again }
    const batches: Leaving[][] = []
    for (let from = 0; from < lines.length; from += capability.pushBatch)
      batches.push(lines.slice(from, from + capability.pushBatch))
    paidFor += batches.length
    await work.prepaid.prepay(capability.pushOperation, batches.length, capability.pushPoints)
    for (const batch of batches) launch(batch)
    return { sent: lines.length, nextAt: null }
  }

  return {
    async step() {
      if (broken) await settled()
      if (brokenOff.has(work)) {
        await takeOver(ctx, work)
        brokenOff.delete(work)
      }
      try {
        return await leaveSome()
      } catch (error) {
        // What was committed as under way may not have left; before that is settled the others' answers are waited for.
        await settled()
        throw breakOff(error)
      }
    },
    settled,
    async stop() {
      await feeder?.stop()
      await settled()
    },
  }
}

/** One step and its answers: for a person who asked for it, and for tests. */
export async function pushStock(ctx: Context, work: AccountAtWork): Promise<PushResult> {
  const pump = createPump(ctx, work, { onAnswer: () => {} })
  const result = await pump.step()
  await pump.settled()
  return result
}

/** So many of each urgency are looked at: more than leave at once, few enough to be read for every call. */
const window = 32

interface Pace {
  latencyMs: number
  /** Of the planner: every so often it is the turn of the write that waits longest. */
  turn: number
  /** More waits than was looked at. */
  isBulk: boolean
}

/** What the planner sends now, committed as under way. A slot with a call under way waits: two could arrive in the wrong order. */
async function leave(
  ctx: Context,
  work: AccountAtWork,
  way: CallWay,
  calling: ReadonlySet<string>,
  pace: Pace,
): Promise<{ lines: Leaving[]; again: Date | null }> {
  return await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const writes = await writesOf(tx, work)
    const watermark = await watermarkOf(tx, work, now)
    const most = Math.min(allowanceOf(way.bucket, now), way.atOnce - way.underWay) * way.lines
    const perDay = work.connector.stock?.revisionsPerDay
    const picking = { writes, watermark, calling: [...calling], isCounted: perDay !== undefined }
    const due = await dueNow(tx, work.row.id, picking, now, Math.max(window, most), pace)
    if (due.length === 0) return { lines: [], again: null }
    const round = plan({
      due: due.map(toWrite),
      behind: pace.isBulk ? 1 : 0,
      ways: { calls: [way] },
      calling,
      feeds: feedsUnderWay(due),
      turn: pace.turn,
      now,
    })
    const slotIds = round.calls.flatMap((call) => call.lines.map((line) => line.slot))
    if (slotIds.length === 0) return { lines: [], again: round.again }
    pace.turn = round.turn
    await lockLevelsOfSlots(tx, slotIds)
    const locked = await lockSlots(tx, { slotIds })
    const still = locked.filter((slot) => isStillDue(slot, watermark, now, writes))
    if (perDay === undefined) return { lines: await commitWrites(tx, ctx, work, still, now), again: null }
    return { lines: await commitCounted(tx, ctx, work, still, perDay, now), again: null }
  })
}

async function dueNow(
  tx: Sql,
  accountId: string,
  picking: Picking,
  now: Date,
  most: number,
  pace: Pace,
): Promise<DueRow[]> {
  if (!pace.isBulk) {
    const all = await dueSlots(tx, accountId, picking, now, most)
    if (all.length < most) return all
  }
  const oldest = await oldestDue(tx, accountId, picking, now, most)
  pace.isBulk = [0, 1, 2, 3].some((level) => oldest.filter(({ urgency }) => urgency === level).length === most)
  return oldest
}

interface Answered {
  batch: readonly Leaving[]
  outcomes: readonly QuantityOutcome[]
}

/**
 * Collects what comes while the work before it is under way, and hands it over together: a slow call delays nobody
 * else's note, and a hundred quick ones cost few transactions.
 */
function together<T>(work: (many: readonly T[]) => Promise<void>): (one: T) => Promise<void> {
  let waiting: T[] = []
  let underWay: Promise<void> = Promise.resolve()
  let next: Promise<void> | undefined
  return (one) => {
    waiting.push(one)
    next ??= underWay.then(async () => {
      const many = waiting
      waiting = []
      next = undefined
      const done = work(many)
      underWay = done.catch(() => {})
      await done
    })
    return next
  }
}

async function noteAnswers(ctx: Context, work: AccountAtWork, many: readonly Answered[]): Promise<void> {
  const lines = many.flatMap((one) => one.batch)
  const outcomes = many.flatMap((one) => one.outcomes)
  const bySlot = new Map(outcomes.map((outcome) => [outcome.key, outcome]))
  const now = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const watermark = await watermarkOf(tx, work, now)
    const writes = await writesOf(tx, work)
    const variantIds = await lockLevelsOfSlots(
      tx,
      lines.map((line) => line.slotId),
    )
    const all = await lockSlots(tx, { variantIds, slotIds: lines.map((line) => line.slotId) })
    const slots = new Map(all.map((slot) => [slot.id, slot]))
    const changed: SlotRow[] = []
    const effects: { id: string; outcome: EffectOutcome; detail?: unknown }[] = []
    for (const line of lines) {
      const outcome = bySlot.get(line.slotId)
      const slot = slots.get(line.slotId)!
      const { answer, effect, detail } = interpret(outcome, slot.problemAt, now)
      changed.push(afterAnswer(work, slot, line.version, answer, { now, watermark, writes }))
      effects.push({ id: line.effectId, outcome: effect, detail })
    }
    const answeredSlots = new Map(changed.map((slot) => [slot.id, slot]))
    const after = all.map((slot) => answeredSlots.get(slot.id) ?? slot)
    await saveAndPlan(tx, ctx, all, after, now)
    await noteRefusals(tx, ctx, work, changed, bySlot, now)
    await recordOutcomes(tx, effects, now)
    if (changed.some((slot) => slot.store !== null && bySlot.get(slot.id)?.kind === 'mismatch'))
      await lookAtStore(tx, work.row.id, now)
    const refused = outcomes.find((outcome) => outcome.kind === 'failed' && outcome.error.kind === 'auth')
    if (refused?.kind === 'failed') await halt(tx, ctx, work, refused.error)
  })
}

/**
 * Where the own store is the master another number there is a change of its own: the claim waits until it is booked. Elsewhere
 * a number above the claim can be sold at once, unless the store asks before it sells.
 */
function afterAnswer(
  { connector }: AccountAtWork,
  slot: SlotRow,
  version: number,
  answer: WriteAnswer,
  { now, watermark, writes }: { now: Date; watermark: Date | null; writes: SlotWrites },
): SlotRow {
  const next = { ...slot, ...answered(slot, version, answer, now, watermark, writes) }
  if (answer.kind !== 'mismatch') return next
  const isMasters = slot.store === 'following' && slot.claim.claim !== null
  if (isMasters) return { ...next, claim: claimRefused(slot.claim, version) }
  if (slot.store !== null || connector.ordersKnownAtOnce || slot.live?.version !== version) return next
  return { ...next, claim: claimExceeded(next.claim, answer.shown, slot.live.sentAt.getTime()) }
}

/** What nobody foresaw says nothing about whether the write left: it counts as unanswered, not as under way. */
async function pushed(ctx: Context, work: AccountAtWork, batch: readonly Leaving[]): Promise<QuantityOutcome[]> {
  try {
    return await work.connector.stock!.push(work.account, batch)
  } catch (error) {
    // Another holder takes these writes over; nothing of ours may be written any more.
    if (error instanceof LeaseLost) throw error
    ctx.log.error('push failed inside', {
      account: work.row.name,
      error: (error as Error).message,
      stack: (error as Error).stack,
    })
    const failure = new ChannelError('unavailable', 'internal', 'Entrepot failed while sending', {
      mayHaveApplied: true,
    })
    return batch.map(({ key }) => ({ key, kind: 'failed', error: failure }))
  }
}
