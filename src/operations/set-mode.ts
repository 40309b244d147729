/** How the stock of a variant is shared out among the channels. */

import { countClaims, type Mode, setModes } from '../database/claims.ts'
import { kitsAmong } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock } from '../database/stock.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { refreshSlots } from './refresh-slots.ts'

/** Refusals: `unknown_sku`; `kit_holds_nothing`: a kit follows its components. */
export async function setMode(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  sku: string,
  mode: Mode,
  actor: string,
): Promise<void> {
  const variant = await tx.one<{ id: string }>('select id from variants where sku = $1', [sku])
  if (!variant) throw new Problem('unknown_sku', { sku })
  if ((await kitsAmong(tx, [variant.id])).size > 0) throw new Problem('kit_holds_nothing', { sku })
  await lockStock(tx, [variant.id])
  const now = ctx.clock.now()
  await setModes(tx, [variant.id], mode, { actor, now })
  await countClaims(tx, [variant.id], 'fact')
  await refreshSlots(tx, ctx, [variant.id], [], now)
}
