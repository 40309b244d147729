/** Sets the wishes of the slots whose stock changed, in the transaction that changed it. */

import type { Sql } from '../database/pool.ts'
import { lockSlots, type SlotRow, saveSlots } from '../database/slots.ts'
import { availableToPromise, wishFor } from '../domain/availability.ts'
import type { SlotSale } from '../domain/intake.ts'
import { soldHere } from '../domain/slots.ts'
import type { PoolLevel } from '../domain/stock.ts'

/**
 * `levels`: the new levels of the variants that changed. `sales`: what channels sold at their own slots, which
 * lowered themselves and need no write. Answers whether some slot differs from its wish now.
 */
export async function refreshSlots(
  tx: Sql,
  levels: ReadonlyMap<string, PoolLevel>,
  sales: readonly SlotSale[],
  now: Date,
): Promise<void> {
  if (levels.size === 0 && sales.length === 0) return
  const slots = await lockSlots(tx, { variantIds: [...levels.keys()], slotIds: sales.map((sale) => sale.slotId) })
  const changed = slots.map((slot) => {
    let next: SlotRow = slot
    for (const sale of sales)
      if (sale.slotId === slot.id) next = { ...next, ...soldHere(next, sale.quantity, sale.placedAt) }
    const level = slot.variantId ? levels.get(slot.variantId) : undefined
    return level ? withWish(next, level) : next
  })
  await saveSlots(
    tx,
    changed.filter((slot, index) => slot !== slots[index]),
    now,
  )
}

/** A slot that the channel fulfills, or of which we do not know who does, has no wish. */
export function withWish(slot: SlotRow, level: PoolLevel): SlotRow {
  const wish = slot.merchantFulfilled ? wishFor(availableToPromise(level), slot.unitsPerSale) : null
  return wish === slot.wish ? slot : { ...slot, wish }
}
