/** Sets the wishes of the slots whose stock changed, in the transaction that changed it. */
import { noteSlotEvents, type SlotEvent } from '../database/oversells.ts'
import type { Sql } from '../database/pool.ts'
import { isOurs, lockSlots, type SlotRow } from '../database/slots.ts'
import { noteStoreSales } from '../database/store-stock.ts'
import type { ClaimTimes } from '../domain/claims.ts'
import { demandAfterSale, demandUntil, newDemand } from '../domain/demand.ts'
import type { SlotSale } from '../domain/slot-sales.ts'
import { expectedValue, restockedHere, soldHere } from '../domain/slots.ts'
import { type FactContext, saveAndPlan, timesOf } from './plan-slots.ts'

/**
 * `variantIds`: whose levels changed, saved and locked. `sales`: what channels sold at their own slots, which lowered
 * themselves and need no write.
 */
export async function refreshSlots(
  tx: Sql,
  ctx: FactContext,
  variantIds: readonly string[],
  sales: readonly SlotSale[],
  now: Date,
): Promise<void> {
  if (variantIds.length === 0 && sales.length === 0) return
  const slots = await lockSlots(tx, { variantIds, slotIds: sales.map((sale) => sale.slotId) })
  await saveChangedSlots(tx, ctx, slots, sales, now)
}

/** Writes the slots that sold something, and the wishes that are others now. */
export async function saveChangedSlots(
  tx: Sql,
  ctx: FactContext,
  slots: readonly SlotRow[],
  sales: readonly SlotSale[],
  now: Date,
): Promise<void> {
  const salesOf = Map.groupBy(sales, (sale) => sale.slotId)
  const after = slots.map((slot) =>
    (salesOf.get(slot.id) ?? []).reduce((next, sale) => afterSale(next, sale, timesOf(ctx, slot, now), now), slot),
  )
  const followed = new Set(slots.flatMap((slot) => (slot.store === null ? [] : [slot.id])))
  if (followed.size > 0)
    await noteStoreSales(
      tx,
      sales.filter((sale) => followed.has(sale.slotId)),
      now,
    )
  if (sales.length > 0)
    await noteSlotEvents(
      tx,
      slots.flatMap((slot, index) => misfits(slot, after[index]!, salesOf.get(slot.id) ?? [])),
      now,
    )
  await saveAndPlan(tx, ctx, slots, after, now)
}

/** Sales behind the watermark, and more sales than there could be: what proves the slot's claim wrong. */
function misfits(before: SlotRow, after: SlotRow, sales: readonly SlotSale[]): SlotEvent[] {
  if (!isOurs(after)) return []
  const late = sales.filter((sale) => sale.isLate && sale.isSure && sale.quantity > 0)
  if (late.length > 0)
    return late.map((sale) => ({
      slotId: after.id,
      kind: 'late',
      data: { quantity: sale.quantity, placedAt: sale.placedAt.toISOString() },
    }))
  if (!after.claim.alarm || before.claim.alarm) return []
  return [{ slotId: after.id, kind: 'beyond', data: { quantity: Math.max(0, -(after.claim.claim ?? 0)) } }]
}

/** Units that came back first: learned together with their sale they must not look like too many sold. */
function afterSale(slot: SlotRow, sale: SlotSale, times: ClaimTimes, now: Date): SlotRow {
  const back = sale.restocked > 0 ? { ...slot, ...restockedHere(slot, sale.restocked, now, times) } : slot
  if (sale.quantity === 0) return back
  const before = slot.demand ?? newDemand(now.getTime())
  const demand = demandAfterSale(demandUntil(before, now.getTime(), (expectedValue(slot) ?? 0) > 0), sale.quantity)
  return { ...back, ...soldHere(back, { ...sale, canceled: Math.min(sale.quantity, sale.restocked) }, times), demand }
}
