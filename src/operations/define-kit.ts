/** Says what a variant is made of. Wishes of every slot that sells it, or a kit that holds it, follow at once. */
import { countJoined } from '../database/claims.ts'
import { kitsAmong, lockDefinitions, saveDefinition, saveParts, skusOf } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock } from '../database/stock.ts'
import { Problem } from '../domain/errors.ts'
import { type Part, resolveKit } from '../domain/kits.ts'
import type { Context } from './context.ts'
import { refreshSlots } from './refresh-slots.ts'

export interface KitDefinition {
  sku: string
  /** None: the variant is no kit any more. Open orders keep the parts that they promised. */
  components: readonly { sku: string; quantity: number }[]
}

/** Refusals: `unknown_sku`, `kit_has_stock`, `kit_in_itself`, `kit_too_deep`, `kit_too_large`, `bad_request` (a component twice). */
export async function defineKit(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  definition: KitDefinition,
): Promise<string> {
  const skus = [definition.sku, ...definition.components.map((one) => one.sku)]
  const twice = definition.components.find((one, index) => skus.indexOf(one.sku) !== index + 1 && one.sku !== skus[0])
  if (twice) throw new Problem('bad_request', { message: `component ${twice.sku} is given twice` })
  const rows = await tx.rows<{ id: string; sku: string }>('select id, sku from variants where sku = any($1)', [skus])
  const idOf = new Map(rows.map((row) => [row.sku, row.id]))
  const mustFind = (sku: string) => {
    const id = idOf.get(sku)
    if (!id) throw new Problem('unknown_sku', { sku })
    return id
  }
  const kitId = mustFind(definition.sku)
  const components = definition.components.map((one) => ({ variantId: mustFind(one.sku), quantity: one.quantity }))

  const definitions = await lockDefinitions(tx)
  definitions.set(kitId, components)
  const affected = affectedKits(kitId, definitions)
  const before = [...(await kitsAmong(tx, affected)).values()].flat()
  const skuOf = await skusOf(tx, definitions)
  const kits = new Map(affected.map((id) => [id, partsWithin(id, definitions, skuOf)] as const))
  // All parts, old and new: a sale that runs now either saw the old definition and is booked, or waits here.
  const parts = [...before, ...[...kits.values()].flat()].map((part) => part.variantId)
  const ids = [...new Set([kitId, ...parts])]
  const stock = await lockStock(tx, ids)
  if (components.length > 0) await refuseOwnStock(tx, kitId, stock.level(kitId), definition.sku)
  await saveDefinition(tx, kitId, components)
  await saveParts(tx, kits)
  // What the kit's slots may still sell binds other units from now on.
  await countJoined(tx, ids)
  await refreshSlots(tx, ctx, ids, [], ctx.clock.now())
  return kitId
}

function partsWithin(
  kitId: string,
  definitions: ReadonlyMap<string, readonly Part[]>,
  skuOf: ReadonlyMap<string, string>,
): Part[] {
  const own = definitions.get(kitId) ?? []
  const nameOf = (id: string) => skuOf.get(id) ?? id
  return own.length === 0 ? [] : resolveKit(kitId, (id) => definitions.get(id) ?? [], nameOf)
}

/** The kit and every kit that holds it, at any depth. */
function affectedKits(kitId: string, definitions: ReadonlyMap<string, readonly Part[]>): string[] {
  const affected = new Set([kitId])
  for (let grown = true; grown; ) {
    const size = affected.size
    for (const [id, components] of definitions)
      if (components.some((one) => affected.has(one.variantId))) affected.add(id)
    grown = affected.size > size
  }
  return [...affected]
}

/** Its stock is its components' from now on, so it may not have any of its own, nor owe any. */
async function refuseOwnStock(
  tx: Sql,
  kitId: string,
  level: { onHand: number; short: number },
  sku: string,
): Promise<void> {
  const open = await tx.one('select 1 from reservation_lines where variant_id = $1 and quantity > 0 limit 1', [kitId])
  if (level.onHand > 0 || level.short > 0 || open) throw new Problem('kit_has_stock', { sku, onHand: level.onHand })
}
