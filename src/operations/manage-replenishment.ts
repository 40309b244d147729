/** How much a location should hold of a variant, from where it is filled, and how long the supplier takes. */
import { kitsAmong } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { deleteThreshold, putLeadDays, putThreshold } from '../database/transfers.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { findPlaces } from './transfer-stock.ts'

export interface Threshold {
  sku: string
  location: string
  /** Where it is filled from. */
  source: string
  minimum: number
  maximum: number
}

/**
 * Sets the threshold of a variant at a location, whether there was one or not. Answers its id.
 * Refusals: `unknown_sku`, `unknown_location`, `kit_holds_nothing`, `transfer_same_place`, `threshold_order`.
 */
export async function setThreshold(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId'>,
  { sku, location, source, minimum, maximum }: Threshold,
  actor: string,
): Promise<string> {
  if (maximum < minimum) throw new Problem('threshold_order', { minimum, maximum })
  if (location === source) throw new Problem('transfer_same_place', { location })
  const variant = await tx.one<{ id: string }>('select id from variants where sku = $1', [sku])
  if (!variant) throw new Problem('unknown_sku', { sku })
  if ((await kitsAmong(tx, [variant.id])).size > 0) throw new Problem('kit_holds_nothing', { sku })
  const places = await findPlaces(tx, [location, source])
  const row = { variantId: variant.id, locationId: places(location), sourceId: places(source), minimum, maximum }
  return await putThreshold(tx, ctx.newId(), row, actor, ctx.clock.now())
}

/** Refusals: `not_found`. */
export async function removeThreshold(tx: Sql, id: string): Promise<void> {
  if (!(await deleteThreshold(tx, id))) throw new Problem('not_found', { what: 'threshold', id })
}

/** Refusals: `unknown_sku`. */
export async function setLeadTime(tx: Sql, sku: string, days: number | null): Promise<void> {
  if (!(await putLeadDays(tx, sku, days))) throw new Problem('unknown_sku', { sku })
}
