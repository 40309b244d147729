/** Carries changed rules to the slots they reach: settings and wish, some hundred slots a transaction. */

import { lockLevelsOfSlots } from '../database/claims.ts'
import type { Sql } from '../database/pool.ts'
import { clearPass, lockPass, savePass, slotsOfPass } from '../database/publishing-passes.ts'
import { applyRules, nobodyUsesOlderRules } from '../database/publishing-rules.ts'
import { lockSlots } from '../database/slots.ts'
import type { Context } from './context.ts'
import { type PlanContext, planSlots, savePlans } from './plan-slots.ts'

/** Small enough that an order which waits for one of these slots waits for milliseconds. */
const slotsAtOnce = 500

export interface PassResult {
  slots: number
  /** Call again: at once, after a moment, or when something wakes. */
  next: 'now' | 'soon' | 'idle'
}

/** One step of the oldest pass. What a crash interrupts goes on where it was committed. */
export async function applyPublishingRules(
  ctx: Pick<Context, 'db' | 'clock' | 'registry' | 'wake'>,
): Promise<PassResult> {
  const result = await ctx.db.transaction(async (tx): Promise<PassResult> => {
    const pass = await lockPass(tx)
    if (!pass) return { slots: 0, next: 'idle' }
    if (!pass.cleared) {
      // Somebody may just link a slot by the rules before: that slot must be there when its turn comes.
      if (!(await nobodyUsesOlderRules(tx))) return { slots: 0, next: 'soon' }
      await clearPass(tx, pass.id)
      return { slots: 0, next: 'now' }
    }
    const ids = await slotsOfPass(tx, pass, slotsAtOnce)
    await refreshRules(tx, ctx, ids, ctx.clock.now())
    await savePass(tx, pass.id, ids, ids.length < slotsAtOnce)
    return { slots: ids.length, next: 'now' }
  })
  if (result.slots > 0) ctx.wake()
  return result
}

/** Gives slots the settings that hold now, and them and all that share their stock the wishes that follow. */
export async function refreshRules(tx: Sql, ctx: PlanContext, slotIds: readonly string[], now: Date): Promise<void> {
  if (slotIds.length === 0) return
  const variantIds = await lockLevelsOfSlots(tx, slotIds)
  const rules = await applyRules(tx, slotIds)
  const slots = await lockSlots(tx, { variantIds, slotIds })
  const after = slots.map((slot) => ({ ...slot, rule: rules.get(slot.id) ?? slot.rule }))
  await savePlans(tx, slots, await planSlots(tx, ctx, after, now), now)
}
