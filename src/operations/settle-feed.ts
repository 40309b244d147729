/** Notes what became of the lines of a feed, some hundred slots a transaction: they are free for calls again. */
import type { QuantityOutcome } from '../channels/connector.ts'
import { lockLevelsOfSlots } from '../database/claims.ts'
import { closeLines, linesOf } from '../database/feeds.ts'
import { recordOutcomes } from '../database/journal.ts'
import { fence } from '../database/leases.ts'
import { lockSlots } from '../database/slots.ts'
import { feedEnded } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { saveAndPlan } from './plan-slots.ts'
import { watermarkOf } from './watermarks.ts'
import { interpret, noteRefusals } from './write-answers.ts'

const slotsAtOnce = 500

export interface Settling {
  feedId: string
  /** It was over by then. */
  endedAt: Date
  /** Only these; absent: all that are not settled. */
  slotIds?: readonly string[]
}

export interface SettledLines {
  accepted: number
  refused: number
  unknown: number
}

/** What a crash interrupts goes on where it was committed: settled lines are gone. */
export async function settleLines(
  ctx: Context,
  work: AccountAtWork,
  { feedId, endedAt, slotIds }: Settling,
  outcomeOf: (slotId: string) => QuantityOutcome | undefined,
): Promise<SettledLines> {
  const tally: SettledLines = { accepted: 0, refused: 0, unknown: 0 }
  if (slotIds?.length === 0) return tally
  for (;;) {
    const count = await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const lines = await linesOf(tx, feedId, slotsAtOnce, slotIds ?? null)
      if (lines.length === 0) return 0
      const ids = lines.map((line) => line.slotId)
      const watermark = await watermarkOf(tx, work, now)
      const variantIds = await lockLevelsOfSlots(tx, ids)
      const all = await lockSlots(tx, { variantIds, slotIds: ids })
      const bySlot = new Map(all.map((slot) => [slot.id, slot]))
      const told = lines.map((line) => {
        const outcome = outcomeOf(line.slotId)
        const slot = bySlot.get(line.slotId)!
        const { answer, effect, detail } = interpret(outcome, slot.problemAt, now)
        const after = { ...slot, ...feedEnded(slot, line.version, answer, { endedAt, now, watermark }), feedId: null }
        return { outcome, slot: after, kind: answer.kind, effect: { id: line.effectId, outcome: effect, detail } }
      })
      const settled = new Map(told.map(({ slot }) => [slot.id, slot]))
      const after = all.map((slot) => settled.get(slot.id) ?? slot)
      await saveAndPlan(tx, ctx, all, after, now)
      const outcomes = new Map(told.flatMap(({ slot, outcome }) => (outcome ? [[slot.id, outcome] as const] : [])))
      await noteRefusals(tx, ctx, work, [...settled.values()], outcomes, now)
      await recordOutcomes(
        tx,
        told.map(({ effect }) => effect),
        now,
      )
      await closeLines(tx, feedId, ids)
      for (const { kind } of told)
        tally[kind === 'accepted' ? 'accepted' : kind === 'refused' ? 'refused' : 'unknown'] += 1
      return lines.length
    })
    ctx.wake()
    if (count < slotsAtOnce) return tally
  }
}
