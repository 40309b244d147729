/** A person (or a WMS) receives, adjusts or counts units at a location. */
import { saveCounts } from '../database/counts.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { refreshSlots } from './refresh-slots.ts'

export interface StockMove {
  sku: string
  location: string
  kind: 'receipt' | 'adjustment' | 'count' | 'return' | 'unsellable'
  /** `count` sets on hand, `unsellable` moves units out of sale, the others add. */
  quantity: number
  note?: string | undefined
}

/** Books the move. Promised units that are no longer there become short and are shown: a fact is never refused. */
export async function moveStock(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  move: StockMove,
  actor: string,
): Promise<string> {
  const now = ctx.clock.now()
  const variant = await tx.one<{ id: string; is_kit: boolean }>(
    'select id, exists (select 1 from kit_parts where kit_id = variants.id) as is_kit from variants where sku = $1',
    [move.sku],
  )
  if (!variant) throw new Problem('unknown_sku', { sku: move.sku })
  if (variant.is_kit) throw new Problem('kit_holds_nothing', { sku: move.sku })
  const location = await tx.one<{ id: string }>(
    `select id from locations where code = $1 and kind in ('own', 'third-party')`,
    [move.location],
  )
  if (!location) throw new Problem('unknown_location', { location: move.location })
  const stock = await lockStock(tx, [variant.id], { places: true, allPromises: true })
  const place = stock.place(variant.id, location.id)
  const onHand = move.kind === 'unsellable' ? 0 : move.kind === 'count' ? move.quantity - place.onHand : move.quantity
  const unsellable = move.kind === 'unsellable' ? move.quantity : 0
  const after = { onHand: place.onHand + onHand, unsellable: place.unsellable + unsellable }
  if (after.onHand < 0 || after.unsellable < 0 || after.unsellable + place.allocated > after.onHand) {
    throw new Problem('stock_below_zero', {
      sku: move.sku,
      location: move.location,
      onHand: place.onHand,
      unsellable: place.unsellable,
      allocated: place.allocated,
    })
  }
  if (move.kind === 'count') {
    const count = { variantId: variant.id, locationId: location.id, countedAt: now, onHand: move.quantity }
    await saveCounts(tx, [{ ...count, unsellable: null, cause: `manual:${actor}` }])
  }
  if (onHand !== 0 || unsellable !== 0) {
    const kind = move.kind === 'receipt' || move.kind === 'return' ? move.kind : 'adjustment'
    stock.adjust(kind, variant.id, location.id, { onHand, unsellable }, `manual:${ctx.newId()}`, move.note)
    const change = stock.change()
    await saveStock(tx, change, { now, newId: ctx.newId, actor })
    await refreshSlots(tx, ctx, [...change.levels.keys()], [], now)
    await noteOversold(tx, ctx, change.levels, now)
  }
  return variant.id
}
