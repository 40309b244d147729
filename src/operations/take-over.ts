/**
 * What a new holder of an account's lease does first, and a holder whose own round broke off: nobody will answer for
 * what was under way.
 */
import { ensureBudgets } from '../database/budgets.ts'
import { lockLevelsOfSlots } from '../database/claims.ts'
import { unansweredSlots } from '../database/due.ts'
import { closeOrphanEffects } from '../database/journal.ts'
import { fence } from '../database/leases.ts'
import { lockSlots } from '../database/slots.ts'
import { forgetMints } from '../database/tokens.ts'
import { answered } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { takeOverFeeds } from './feed-stock.ts'
import { saveAndPlan } from './plan-slots.ts'
import { watermarkOf } from './watermarks.ts'
import { writesOf } from './writes-of.ts'

/**
 * Writes without an answer may have left or not. Lower values leave anew at once; raises wait for readings, as after
 * any lost answer. Also after a round of the pump that broke off, for its own writes; nothing of it may be under way.
 */
export async function takeOver(ctx: Context, work: AccountAtWork): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    const lease = work.lease()
    await fence(tx, lease)
    const now = ctx.clock.now()
    await forgetMints(tx, work.row.id)
    // A newer version of the connector may call what this account never called.
    await ensureBudgets(tx, work.row.id, work.connector.limits, now)
    await closeOrphanEffects(tx, work.row.id, lease.epoch, now)
    const watermark = await watermarkOf(tx, work, now)
    const writes = await writesOf(tx, work)
    const slotIds = await unansweredSlots(tx, work.row.id)
    const variantIds = await lockLevelsOfSlots(tx, slotIds)
    const slots = await lockSlots(tx, { variantIds, slotIds })
    const open = new Set(slotIds)
    const after = slots.map((slot) =>
      open.has(slot.id) && slot.live && slot.live.acceptedAt === null
        ? { ...slot, ...answered(slot, slot.live.version, { kind: 'unknown' }, now, watermark, writes) }
        : slot,
    )
    await saveAndPlan(tx, ctx, slots, after, now)
  })
  await work.rates.recall()
  await takeOverFeeds(ctx, work)
}
