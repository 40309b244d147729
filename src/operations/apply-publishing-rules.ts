/** Carries changed rules to the slots they reach: settings and wish, some hundred slots a transaction. */
import type { Sql } from '../database/pool.ts'
import { clearPass, lockPass, savePass, slotsOfPass } from '../database/publishing-passes.ts'
import { applyRules, nobodyUsesOlderRules } from '../database/publishing-rules.ts'
import { lockSlots, saveSlots } from '../database/slots.ts'
import type { Context } from './context.ts'
import { availableNow, withWish } from './refresh-slots.ts'

/** Small enough that an order which waits for one of these slots waits for milliseconds. */
const slotsAtOnce = 500

export interface PassResult {
  slots: number
  /** Call again: at once, after a moment, or when something wakes. */
  next: 'now' | 'soon' | 'idle'
}

/** One step of the oldest pass. What a crash interrupts goes on where it was committed. */
export async function applyPublishingRules(ctx: Pick<Context, 'db' | 'clock' | 'wake'>): Promise<PassResult> {
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
    await refreshRules(tx, ids, ctx.clock.now())
    await savePass(tx, pass.id, ids, ids.length < slotsAtOnce)
    return { slots: ids.length, next: 'now' }
  })
  if (result.slots > 0) ctx.wake()
  return result
}

/**
 * Slots first, then their levels, unlocked: whoever changes a level sets the wishes of its slots afterwards, and waits
 * for these rows to do so.
 */
async function refreshRules(tx: Sql, slotIds: readonly string[], now: Date): Promise<void> {
  if (slotIds.length === 0) return
  const slots = await lockSlots(tx, { slotIds })
  const rules = await applyRules(tx, slotIds)
  const atp = await availableNow(tx, [...new Set(slots.map((slot) => slot.variantId).filter((id) => id !== null))])
  const changed = slots.map((slot) => {
    const rule = rules.get(slot.id)
    const units = slot.variantId ? atp.get(slot.variantId) : undefined
    return rule && units !== undefined ? withWish({ ...slot, rule }, units) : slot
  })
  await saveSlots(
    tx,
    changed.filter((slot, index) => slot.wish !== slots[index]!.wish),
    now,
  )
}
