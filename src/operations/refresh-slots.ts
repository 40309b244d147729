/** Sets the wishes of the slots whose stock changed, in the transaction that changed it. */
import { kitSupplies } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { lockSlots, type SlotRow, saveSlots, saveWishes } from '../database/slots.ts'
import { readLevels } from '../database/stock.ts'
import { availableToPromise } from '../domain/availability.ts'
import { wishOf } from '../domain/publishing.ts'
import type { SlotSale } from '../domain/slot-sales.ts'
import { restockedHere, type Slot, soldHere } from '../domain/slots.ts'
import type { PoolLevel } from '../domain/stock.ts'

/**
 * `levels`: the new levels of the variants that changed, saved. `sales`: what channels sold at their own slots, which
 * lowered themselves and need no write.
 */
export async function refreshSlots(
  tx: Sql,
  levels: ReadonlyMap<string, PoolLevel>,
  sales: readonly SlotSale[],
  now: Date,
): Promise<void> {
  if (levels.size === 0 && sales.length === 0) return
  const variantIds = [...levels.keys()]
  // Levels of other parts of a kit are read behind the slots' lock: whoever changes them at the same time comes after.
  const [slots, { kits, available }] = await Promise.all([
    lockSlots(tx, { variantIds, slotIds: sales.map((sale) => sale.slotId) }),
    kitSupplies(tx, variantIds),
  ])
  await saveChangedSlots(tx, slots, availableToPromise(levels, kits, available), sales, now)
}

/** Writes the slots that sold something, or whose wish is another one now. */
export async function saveChangedSlots(
  tx: Sql,
  slots: readonly SlotRow[],
  units: ReadonlyMap<string, number>,
  sales: readonly SlotSale[],
  now: Date,
): Promise<void> {
  const salesOf = Map.groupBy(sales, (sale) => sale.slotId)
  const changed = slots.map((slot) => {
    let next: SlotRow = slot
    for (const sale of salesOf.get(slot.id) ?? []) next = { ...next, ...afterSale(next, sale, now) }
    const atp = slot.variantId ? units.get(slot.variantId) : undefined
    return atp === undefined ? next : withWish(next, atp)
  })
  const different = changed.filter((slot, index) => slot !== slots[index])
  const [sold, wished] = [true, false].map((isSale) => different.filter((slot) => salesOf.has(slot.id) === isSale))
  await saveSlots(tx, sold!, now)
  await saveWishes(tx, wished!, now)
}

/** Units that came back first: learned together with their sale they must not look like too many sold. */
function afterSale(slot: SlotRow, sale: SlotSale, now: Date): Slot {
  const back = sale.restocked > 0 ? restockedHere(slot, sale.restocked, now) : slot
  return sale.quantity > 0 ? soldHere(back, { ...sale, canceled: Math.min(sale.quantity, sale.restocked) }) : back
}

/** A slot that the channel fulfills, or of which we do not know who does, has no wish. `atp`: units of its variant. */
export function withWish(slot: SlotRow, atp: number): SlotRow {
  const wish = slot.merchantFulfilled ? wishOf(atp, slot.unitsPerSale, slot.rule).shows : null
  return wish === slot.wish ? slot : { ...slot, wish }
}

/** Units available of these variants as committed, kits included. */
export async function availableNow(tx: Sql, variantIds: readonly string[]): Promise<Map<string, number>> {
  const [levels, { kits, available }] = await Promise.all([readLevels(tx, variantIds), kitSupplies(tx, variantIds)])
  return availableToPromise(levels, kits, available)
}
