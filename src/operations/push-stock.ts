/**
 * The pump: sends wishes that differ from what stands, the most urgent first, within the allowance. Intent and live
 * write are committed before the call leaves; the outcome is fenced by the lease. Nothing is sent twice: what got no
 * answer is a stray until a reading or its death settles it.
 */
import type { QuantityLine, QuantityOutcome } from '../channels/connector.ts'
import { allowance } from '../database/budgets.ts'
import {
  type Component,
  componentsOf,
  countClaims,
  lockLevelsOfSlots,
  type Recipe,
  recipesOf,
} from '../database/claims.ts'
import { raise, resolve } from '../database/findings.ts'
import { type EffectOutcome, intend, recordOutcomes } from '../database/journal.ts'
import { fence, LeaseLost } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { clearProblems, dueSlots, lockSlots, type SlotRow, saveSlots, setProblem } from '../database/slots.ts'
import { chargeOf, mayLeave } from '../domain/claims.ts'
import { ChannelError } from '../domain/errors.ts'
import { answered, expectedValue, isDue, type QuantityWrites, sent, type WriteAnswer } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { partsOf, saveAndPlan } from './plan-slots.ts'
import { halt } from './pull-orders.ts'
import { noEntry } from './read-stock.ts'
import { takeOver } from './take-over.ts'
import { watermarkOf } from './watermarks.ts'

export interface PushResult {
  /** Lines that left. */
  sent: number
  /** The allowance is used up until then; null where nothing holds the pump. */
  nextAt: Date | null
}

interface Leaving extends QuantityLine {
  slotId: string
  effectId: string
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
  /** Resolves when no call is under way; throws like `step`. */
  settled(): Promise<void>
}

/** `onAnswer` is called whenever a call has ended and was noted: another one may leave. */
export function createPump(ctx: Context, work: AccountAtWork, onAnswer: () => void): Pump {
  const underWay = new Set<Promise<void>>()
  const calling = new Set<string>()
  let broken: { error: unknown } | undefined
  const note = together<Answered>((many) => noteAnswers(ctx, work, many))

  function launch(batch: Leaving[]): void {
    for (const line of batch) calling.add(line.slotId)
    const call = pushed(ctx, work, batch)
      .then((outcomes) => note({ batch, outcomes }))
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
    while (underWay.size > 0) await Promise.all(underWay)
    if (broken) throw breakOff(broken.error)
  }

  function breakOff(error: unknown): unknown {
    broken = undefined
    brokenOff.add(work)
    return error
  }

  async function leaveSome(): Promise<PushResult> {
    const capability = work.connector.stock
    if (!capability || work.row.stage !== 'live') return { sent: 0, nextAt: null }
    const room = capability.pushAtOnce - underWay.size
    if (room <= 0) return { sent: 0, nextAt: null }
    const now = ctx.clock.now()
    const { calls, nextAt } = await allowance(ctx.db, work.row.id, capability.pushOperation, now)
    if (calls === 0) return { sent: 0, nextAt }
    const lines = await leave(ctx, work, Math.min(room, calls) * capability.pushBatch, [...calling])
    if (lines.length === 0) return { sent: 0, nextAt: null }
    const batches: Leaving[][] = []
    for (let from = 0; from < lines.length; from += capability.pushBatch)
      batches.push(lines.slice(from, from + capability.pushBatch))
    await work.prepay(capability.pushOperation, batches.length)
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
  }
}

/** One step and its answers: for a person who asked for it, and for tests. */
export async function pushStock(ctx: Context, work: AccountAtWork): Promise<PushResult> {
  const pump = createPump(ctx, work, () => {})
  const result = await pump.step()
  await pump.settled()
  return result
}

/**
 * Picks what is due and commits it as under way. A slot with a call under way waits: two could arrive in the wrong order.
 * A write that would claim more than there is waits as well, until something changes for its variant.
 */
async function leave(ctx: Context, work: AccountAtWork, limit: number, calling: readonly string[]): Promise<Leaving[]> {
  return await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const writes = work.connector.quantityWrites
    const watermark = await watermarkOf(tx, work, now)
    const slotIds = await dueSlots(tx, work.row.id, { writes, watermark, calling }, now, limit)
    if (slotIds.length === 0) return []
    await lockLevelsOfSlots(tx, slotIds)
    const due = (await lockSlots(tx, { slotIds })).filter(
      (slot) => !slot.waits && (slot.reason === 'alarm' || isDue(slot, watermark, now, writes) === 'send'),
    )
    const replaced = new Map(due.map((slot) => [slot.id, expectedValue(slot)]))
    const recipes = await recipesOf(tx, [...new Set(due.flatMap((slot) => slot.variantId ?? []))])
    const components = await componentsOf(tx, partsOf(recipes, due))
    const { leaving, waiting } = lawful(due, recipes, components, writes, now)
    await saveSlots(tx, [...leaving, ...waiting], now)
    await countClaims(tx, partsOf(recipes, leaving), 'send')
    const lines = leaving.map(
      (slot): Leaving => ({
        key: slot.id,
        slotId: slot.id,
        effectId: ctx.newId(),
        remoteSku: slot.remoteSku,
        quantity: slot.live!.value,
        version: slot.live!.version,
        expected: slot.live!.expected,
      }),
    )
    await intend(
      tx,
      lines.map((line) => ({
        id: line.effectId,
        accountId: work.row.id,
        kind: 'stock.push',
        subject: `slot:${line.slotId}`,
        epoch: work.lease().epoch,
        intent: {
          sku: line.remoteSku,
          quantity: line.quantity,
          version: line.version,
          expected: line.expected,
          // What stood there: a reading that comes from memory may still say so.
          replaces: replaced.get(line.slotId) ?? null,
        },
      })),
      now,
    )
    return lines
  })
}

/** The slots whose write may leave, as they are when it has left, and those that must wait. One by one: each takes from what is free. */
function lawful(
  due: readonly SlotRow[],
  recipes: ReadonlyMap<string, Recipe>,
  components: ReadonlyMap<string, Component>,
  writes: QuantityWrites,
  now: Date,
) {
  const claimed = new Map([...components].map(([id, one]) => [id, one.claimed]))
  const leaving: SlotRow[] = []
  const waiting: SlotRow[] = []
  for (const slot of due) {
    const parts = (slot.variantId ? recipes.get(slot.variantId) : undefined)?.parts ?? []
    const pools = parts.map((part) => ({
      pool: components.get(part.variantId)!,
      takes: part.quantity * slot.unitsPerSale,
    }))
    const expected = writes === 'compare-and-set' ? (slot.confirmed?.value ?? null) : null
    const isGuarded = pools.some(({ pool }) => pool.mode === 'guarded')
    const free = Math.min(
      ...pools.map(({ pool, takes }) => Math.floor((pool.available - claimed.get(pool.variantId)!) / takes)),
    )
    if (isGuarded && !mayLeave(slot.claim, slot.wish!, expected, free)) {
      waiting.push({ ...slot, waits: true })
      continue
    }
    const charge = chargeOf(slot.wish!, expected)
    for (const { pool, takes } of pools) claimed.set(pool.variantId, claimed.get(pool.variantId)! + takes * charge)
    leaving.push({ ...slot, ...sent(slot, slot.wish!, now, writes) })
  }
  return { leaving, waiting }
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
      changed.push({ ...slot, ...answered(slot, line.version, answer, now, watermark) })
      effects.push({ id: line.effectId, outcome: effect, detail })
    }
    const answeredSlots = new Map(changed.map((slot) => [slot.id, slot]))
    const after = all.map((slot) => answeredSlots.get(slot.id) ?? slot)
    await saveAndPlan(tx, ctx, all, after, now)
    await noteRefusals(tx, ctx, work, changed, bySlot, now)
    await recordOutcomes(tx, effects, now)
    const refused = outcomes.find((outcome) => outcome.kind === 'failed' && outcome.error.kind === 'auth')
    if (refused?.kind === 'failed') await halt(tx, ctx, work, refused.error)
  })
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

function interpret(
  outcome: QuantityOutcome | undefined,
  /** Since when the slot is in trouble. */
  since: Date | null,
  now: Date,
): { answer: WriteAnswer; effect: EffectOutcome; detail?: unknown } {
  // A line the connector says nothing about may have been set.
  if (!outcome) return { answer: { kind: 'unknown' }, effect: 'unknown' }
  switch (outcome.kind) {
    case 'accepted':
      return { answer: { kind: 'accepted' }, effect: 'accepted', detail: outcome.detail }
    case 'applied':
      return { answer: { kind: 'applied' }, effect: 'applied' }
    case 'mismatch':
      return {
        answer: { kind: 'mismatch', shown: outcome.shown },
        effect: 'mismatch',
        detail: { shown: outcome.shown },
      }
    case 'failed': {
      const { error } = outcome
      const detail = { kind: error.kind, code: error.code }
      if (error.mayHaveApplied) return { answer: { kind: 'unknown' }, effect: 'unknown', detail }
      return {
        answer: { kind: 'refused', retryAt: retryAfter(error, since, now) },
        effect: error.code === 'budget' ? 'not-sent' : 'refused',
        detail,
      }
    }
  }
}

/** A refused line is tried after half an hour, then more and more seldom, and whenever it should show something else. */
const refusedAgainMs = 30 * 60_000
const refusedAtMostMs = 8 * 3_600_000

/** When a line that was certainly not carried out may leave again. */
function retryAfter(error: ChannelError, since: Date | null, now: Date): Date {
  if (error.retryAt) return error.retryAt
  const refusedFor = since ? now.getTime() - since.getTime() : 0
  const refusedMs = Math.min(refusedAtMostMs, Math.max(refusedAgainMs, refusedFor))
  const waits = {
    auth: 60_000,
    throttled: 5_000,
    rejected: refusedMs,
    missing: refusedMs,
    conflict: 30_000,
    unavailable: 10_000,
  }
  return new Date(now.getTime() + waits[error.kind])
}

/** A refused line is shown at its slot and as a finding, until a later write of it succeeds. */
async function noteRefusals(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  slots: readonly SlotRow[],
  outcomes: ReadonlyMap<string, QuantityOutcome>,
  now: Date,
): Promise<void> {
  const taken = slots.filter((slot) => ['accepted', 'applied'].includes(outcomes.get(slot.id)?.kind ?? ''))
  // An accepted write does not prove that there is an entry of ours: only a reading ends that doubt.
  await clearProblems(
    tx,
    taken.filter((slot) => slot.problemCode !== null && slot.problemCode !== noEntry.code).map((slot) => slot.id),
  )
  await resolve(
    tx,
    'slot_refused',
    taken.map((slot) => `slot:${slot.id}`),
    now,
  )
  const refused = slots.flatMap((slot) => {
    const outcome = outcomes.get(slot.id)
    return outcome?.kind === 'failed' && ['rejected', 'missing'].includes(outcome.error.kind)
      ? [{ slot, error: outcome.error }]
      : []
  })
  for (const { slot, error } of refused)
    await setProblem(tx, slot.id, { code: error.code, message: error.message }, now)
  await raise(
    tx,
    refused.map(({ slot, error }) => ({
      code: 'slot_refused',
      severity: 'warning' as const,
      accountId: work.row.id,
      subject: `slot:${slot.id}`,
      data: { account: work.row.name, sku: slot.remoteSku, quantity: slot.wish, code: error.code },
    })),
    now,
    ctx.newId,
  )
}
