/** Puts better bounds in the place of claims, once the sales up to them are known. */

import { lockLevelsOfSlots } from '../database/claims.ts'
import { fence } from '../database/leases.ts'
import { lockSlots, settlingSlots } from '../database/slots.ts'
import { settledHere, surelyKnown } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { saveAndPlan, timesOf } from './plan-slots.ts'
import { salesKnown } from './watermarks.ts'

const slotsAtOnce = 500

/** Answers how many slots were settled. */
export async function settleClaims(ctx: Context, work: AccountAtWork): Promise<number> {
  for (let settled = 0; ; ) {
    const count = await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const { until: watermark, lag } = await salesKnown(tx, work, now)
      if (!watermark) return 0
      const times = timesOf(ctx, { channel: work.row.channel, lag }, now)
      const until = surelyKnown(watermark, times)!
      const slotIds = await settlingSlots(tx, work.row.id, until, slotsAtOnce)
      if (slotIds.length === 0) return 0
      const variantIds = await lockLevelsOfSlots(tx, slotIds)
      const slots = await lockSlots(tx, { variantIds, slotIds })
      // Those of other accounts have watermarks of their own.
      const after = slots.map((slot) => (slot.accountId === work.row.id ? settledHere(slot, watermark, times) : slot))
      await saveAndPlan(tx, ctx, slots, after, now)
      return slotIds.length
    })
    settled += count
    if (count < slotsAtOnce) return settled
  }
}
