/** What an answer to a write means for its slot and for the journal, and how a refusal is shown. */
import type { QuantityOutcome, StoreSpan } from '../channels/connector.ts'
import { raise, resolve } from '../database/findings.ts'
import type { EffectOutcome } from '../database/journal.ts'
import type { Sql } from '../database/pool.ts'
import { clearProblems, type SlotRow, setProblem } from '../database/slots.ts'
import type { ChannelError } from '../domain/errors.ts'
import type { WriteAnswer } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { noEntry } from './read-stock.ts'
import { notLive } from './write-gate.ts'

export function interpret(
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
      return { answer: { kind: 'applied' }, effect: 'applied', detail: replacedBy(outcome) }
    case 'mismatch':
      return {
        answer: { kind: 'mismatch', shown: outcome.shown },
        effect: 'mismatch',
        detail: { shown: outcome.shown },
      }
    case 'failed': {
      const { error } = outcome
      const detail = { kind: error.kind, code: error.code, ...replacedBy(outcome) }
      if (error.mayHaveApplied) return { answer: { kind: 'unknown' }, effect: 'unknown', detail }
      const isOutdated = error.kind === 'conflict'
      return {
        answer: { kind: 'refused', retryAt: retryAfter(error, since, now), ...(isOutdated ? { isOutdated } : {}) },
        effect: error.code === 'budget' || error.code === notLive ? 'not-sent' : 'refused',
        detail,
      }
    }
  }
}

/** Kept where it is another number than was expected: below 0 all of them count as 0 shown. And when it was set there. */
function replacedBy({ replaced, within }: { replaced?: number; within?: StoreSpan }) {
  const isOther = replaced !== undefined && replaced < 0
  return isOther || within ? { ...(isOther ? { replaced } : {}), ...(within ? { within } : {}) } : undefined
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
export async function noteRefusals(
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
    if (outcome?.kind !== 'failed' || outcome.error.mayHaveApplied) return []
    return ['rejected', 'missing'].includes(outcome.error.kind) ? [{ slot, error: outcome.error }] : []
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
