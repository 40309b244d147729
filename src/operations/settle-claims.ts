/** Puts better bounds in the place of claims, once the sales up to them are known. */
import { fence } from '../database/leases.ts'
import { lockSettling, saveSlots } from '../database/slots.ts'
import { settledHere } from '../domain/slots.ts'
import type { AccountAtWork, Context } from './context.ts'
import { salesKnownUntil } from './read-stock.ts'

const slotsAtOnce = 500

/** Answers how many slots were settled. */
export async function settleClaims(ctx: Context, work: AccountAtWork): Promise<number> {
  for (let settled = 0; ; ) {
    const count = await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const watermark = await salesKnownUntil(tx, work, now)
      if (!watermark) return 0
      const slots = await lockSettling(tx, work.row.id, watermark, slotsAtOnce)
      await saveSlots(
        tx,
        slots.map((slot) => settledHere(slot, watermark)),
        now,
      )
      return slots.length
    })
    settled += count
    if (count < slotsAtOnce) return settled
  }
}
