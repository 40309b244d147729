/**
 * Tells a channel what is due, one after the other: noted as sent and as an intent before the call leaves, fenced by the
 * lease. Nothing is repeated by guess: what got no answer is read back (domain/errands.ts).
 */
import { lookAgain } from '../database/accounts.ts'
import {
  dueErrands,
  type ErrandRow,
  hasSent,
  holdKind,
  lockErrand,
  mayStillAct,
  nextErrandAt,
  orderOfErrand,
  saveErrand,
  sentErrands,
} from '../database/errands.ts'
import { type EffectOutcome, intend, recordOutcomes } from '../database/journal.ts'
import { fence, LeaseLost } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { answered, type ErrandAnswer, type ErrandReading, leave, lookedAt, orphaned } from '../domain/errands.ts'
import { ChannelError, isChannelError } from '../domain/errors.ts'
import type { Buyer } from '../domain/orders.ts'
import type { AccountAtWork, Context } from './context.ts'
import { effectKind, lookBackOf, lookUp, takesErrands, tell } from './errand-calls.ts'
import { recountDispatched } from './lend-stock.ts'
import { noteErrand } from './note-errands.ts'
import { halt } from './pull-orders.ts'

export interface ErrandsResult {
  /** Calls that were made. */
  done: number
  /** When the next is due. */
  nextAt: Date | null
}

const atOnce = 20

/** Only live accounts are told anything. `isStopping`: asked before each call. */
export async function sendErrands(
  ctx: Context,
  work: AccountAtWork,
  isStopping: () => boolean = () => false,
): Promise<ErrandsResult> {
  if (work.row.stage !== 'live' || !takesErrands(work.connector)) return { done: 0, nextAt: null }
  await adoptOrphans(ctx, work)
  const ids = await dueErrands(ctx.db, work.row.id, ctx.clock.now(), atOnce)
  let done = 0
  for (const id of ids) {
    if (isStopping()) break
    if (await step(ctx, work, id)) done += 1
  }
  return { done, nextAt: await nextErrandAt(ctx.db, work.row.id) }
}

/** Nothing is under way here now: a send that was never noted as ended belonged to a process, or a turn, that broke off. */
async function adoptOrphans(ctx: Context, work: AccountAtWork): Promise<void> {
  if (!(await hasSent(ctx.db, work.row.id))) return
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const left = await sentErrands(tx, work.row.id)
    for (const errand of left) {
      const next = { ...errand, ...orphaned(errand, now, lookBackOf(work.connector, errand.kind)) }
      await save(tx, ctx, next, now)
    }
    await recordOutcomes(
      tx,
      left.flatMap(({ effectId }) => (effectId ? [{ id: effectId, outcome: 'unknown' as const }] : [])),
      now,
    )
  })
}

/** One errand, one call. False where there was nothing to do after all. */
async function step(ctx: Context, work: AccountAtWork, id: string): Promise<boolean> {
  const errand = await begin(ctx, work, id)
  if (!errand) return false
  const order = await orderOfErrand(ctx.db, errand)
  const askedAt = ctx.clock.now()
  if (errand.state === 'sent') {
    const buyer = errand.kind === 'copy' || errand.kind === 'dispatch' ? await buyerOf(ctx, errand.orderId) : null
    const answer = await attempt(ctx, work, () => tell(work, errand, order, buyer))
    await noteAnswer(ctx, work, errand, answer)
    await afterDispatch(ctx, work, errand)
    return true
  }
  const reading = await attempt(ctx, work, () => lookUp(ctx, work, errand, order))
  await noteReading(ctx, work, errand, reading, askedAt)
  await afterDispatch(ctx, work, errand)
  return true
}

/** By itself: levels are never locked behind an errand. Where this is lost, the next turn finds it (dispatch-orders.ts). */
async function afterDispatch(ctx: Context, work: AccountAtWork, errand: ErrandRow): Promise<void> {
  if (errand.kind === 'dispatch') await recountDispatched(ctx, work, errand.id)
}

/** Locked, judged again and, where it leaves, committed as sent. */
async function begin(ctx: Context, work: AccountAtWork, id: string): Promise<ErrandRow | undefined> {
  return await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const errand = await lockErrand(tx, id)
    if (!errand?.dueAt || errand.dueAt > now) return undefined
    const back = lookBackOf(work.connector, errand.kind)
    if (!back) {
      // The channel was told such things once, and cannot be any more.
      await save(tx, ctx, { ...errand, ...orphaned(errand, now, null) }, now)
      return undefined
    }
    if (errand.state !== 'waiting') return errand
    if (!(await mayStillAct(tx, id))) return undefined
    const effectId = ctx.newId()
    const sent = { ...errand, ...leave(errand, now), effectId }
    await intend(
      tx,
      [
        {
          id: effectId,
          accountId: work.row.id,
          kind: effectKind[errand.kind],
          subject: `errand:${id}`,
          epoch: work.lease().epoch,
          intent: { order: errand.target, reference: errand.reference, attempt: sent.attempts },
        },
      ],
      now,
    )
    await saveErrand(tx, sent, now)
    return sent
  })
}

/** What nobody foresaw says nothing about whether the call left. A lease that was lost leaves all to its new holder. */
async function attempt<T>(
  ctx: Context,
  work: AccountAtWork,
  call: () => Promise<T>,
): Promise<T | { kind: 'failed'; error: ChannelError }> {
  try {
    return await call()
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    if (isChannelError(error)) return { kind: 'failed', error }
    const { message, stack } = error as Error
    ctx.log.error('an errand failed inside', { account: work.row.name, error: message, stack })
    const failure = new ChannelError('unavailable', 'internal', 'Entrepot failed on the way', { mayHaveApplied: true })
    return { kind: 'failed', error: failure }
  }
}

async function noteAnswer(ctx: Context, work: AccountAtWork, errand: ErrandRow, answer: ErrandAnswer): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const locked = await lockErrand(tx, errand.id)
    if (locked?.effectId !== errand.effectId || locked?.state !== 'sent') return
    const back = lookBackOf(work.connector, errand.kind)
    await save(tx, ctx, withoutWords({ ...locked, ...answered(locked, answer, now, back) }), now)
    await recordOutcomes(tx, [{ id: errand.effectId!, ...outcomeOf(answer) }], now)
    // Else each of them would try, to no end but a note of it.
    if (answer.kind === 'failed' && answer.error.kind === 'throttled' && answer.error.retryAt)
      await holdKind(tx, work.row.id, errand.kind, answer.error.retryAt)
    // The order's next version tells whether a cancellation holds.
    if (errand.kind === 'cancellation') await lookAgain(tx, work.row.id, now)
    if (answer.kind === 'failed' && answer.error.kind === 'auth') await halt(tx, ctx, work, answer.error)
  })
}

async function noteReading(
  ctx: Context,
  work: AccountAtWork,
  errand: ErrandRow,
  reading: ErrandReading | { kind: 'failed'; error: ChannelError },
  askedAt: Date,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const locked = await lockErrand(tx, errand.id)
    // A person may have decided meanwhile.
    if (locked?.state !== errand.state || locked.dueAt === null) return
    const back = lookBackOf(work.connector, errand.kind)
    if (!back) return
    await save(tx, ctx, { ...locked, ...lookedAt(locked, reading, askedAt, now, back) }, now)
    if (reading.kind === 'failed' && reading.error instanceof ChannelError && reading.error.kind === 'auth')
      await halt(tx, ctx, work, reading.error)
  })
}

/** Where a buyer's address was sent, the channel's words may repeat it: only its code is kept. */
const withoutWords = (errand: ErrandRow): ErrandRow =>
  errand.problem && (errand.kind === 'copy' || errand.kind === 'dispatch')
    ? { ...errand, problem: { code: errand.problem.code, message: '' } }
    : errand

function outcomeOf(answer: ErrandAnswer): { outcome: EffectOutcome; detail?: unknown } {
  if (answer.kind !== 'failed') return { outcome: answer.kind }
  const { error } = answer
  const detail = { kind: error.kind, code: error.code }
  if (error.mayHaveApplied) return { outcome: 'unknown', detail }
  return { outcome: error.code === 'budget' ? 'not-sent' : 'refused', detail }
}

/** Beside the row, what a person must see of it. */
async function save(tx: Sql, ctx: Context, errand: ErrandRow, now: Date): Promise<void> {
  await saveErrand(tx, errand, now)
  await noteErrand(tx, ctx, errand, now)
}

async function buyerOf(ctx: Context, orderId: string): Promise<Buyer | null> {
  const row = await ctx.db.one<{ sealed: Buffer; epoch: string }>(
    'select sealed, epoch from buyer_data where order_id = $1',
    [orderId],
  )
  const text = row && ctx.sealing.openBuyer(row.sealed, orderId, row.epoch)
  return text === undefined ? null : ((JSON.parse(text) as { buyer: Buyer | null }).buyer ?? null)
}
