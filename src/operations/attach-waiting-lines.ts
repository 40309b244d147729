/** Order lines whose SKU was unknown take their stock once the SKU is linked. */
import { countedAtOf } from '../database/counts.ts'
import { resolve } from '../database/findings.ts'
import { kitsAmong } from '../database/kits.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, type PromiseOwner, saveStock } from '../database/stock.ts'
import { leftBefore } from '../domain/counts.ts'
import { partsOf } from '../domain/kits.ts'
import { type FulfilledBy, lineTarget, type OrderState } from '../domain/orders.ts'
import type { SlotSale } from '../domain/slot-sales.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { refreshSlots } from './refresh-slots.ts'

interface WaitingLine {
  id: string
  order_id: string
  quantity: number
  canceled: number
  variant_id: string
  units_per_sale: number
  slot_id: string | null
  state: OrderState
  fulfilled_by: FulfilledBy
  before_opening: boolean
  placed_at: Date
  left_at: Date
}

/** Locks the orders that wait for these SKUs, in the order in which imports lock theirs. */
export async function lockWaitingOrders(tx: Sql, accountId: string, remoteSkus: readonly string[]): Promise<void> {
  await tx.run(
    `select 1 from orders o where o.account_id = $1 and o.has_unknown_sku and exists
       (select 1 from order_lines l where l.order_id = o.id and l.variant_id is null and l.remote_sku = any($2))
     order by o.remote_id for update`,
    [accountId, remoteSkus],
  )
}

/** Answers how many lines were attached. */
export async function attachWaitingLines(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  accountId: string,
  remoteSkus: readonly string[],
): Promise<number> {
  const now = ctx.clock.now()
  const lines = await tx.rows<WaitingLine>(
    `select l.id, l.order_id, l.quantity, l.canceled, m.variant_id, m.units_per_sale, m.slot_id, o.state, o.fulfilled_by, o.before_opening, o.placed_at,
       coalesce(o.left_at, o.updated_at) as left_at
     from order_lines l join orders o on o.id = l.order_id
     join lateral (select variant_id, units_per_sale, slot_id from listings
       where account_id = $1 and remote_sku = l.remote_sku and variant_id is not null order by marketplace limit 1) m on true
     where o.account_id = $1 and l.variant_id is null and l.remote_sku = any($2)
     order by o.placed_at, l.id`,
    [accountId, remoteSkus],
  )
  if (lines.length === 0) return 0
  const kits = await kitsAmong(
    tx,
    lines.map((line) => line.variant_id),
  )
  const countedAt = await countedAtOf(
    tx,
    lines.flatMap((line) => partsOf(kits, line.variant_id).map((part) => part.variantId)),
  )
  // Of an order from before the account's opening only what a count knows to have left later (kits have no count).
  const isLate = (line: WaitingLine) => {
    const at = countedAt.get(line.variant_id)
    return at !== undefined && !leftBefore(line.left_at, at)
  }
  const moving = lines.filter((line) => line.fulfilled_by === 'merchant' && (!line.before_opening || isLate(line)))
  const stock = await lockStock(
    tx,
    moving.flatMap((line) => partsOf(kits, line.variant_id).map((part) => part.variantId)),
    { places: true, allPromises: true },
  )
  const owners = new Map<string, PromiseOwner>()
  const sales: SlotSale[] = []
  const shipped = new Map<string, number>()
  for (const line of moving) {
    const target = lineTarget(
      { state: line.state, fulfilledBy: line.fulfilled_by },
      { quantity: line.quantity, canceled: line.canceled, shipped: 0 },
      1,
    )
    const sold = target.open + target.shipped
    if (sold === 0) continue
    for (const { variantId, quantity } of partsOf(kits, line.variant_id)) {
      const perSale = quantity * line.units_per_sale
      // A count found the shelf without what had left before it.
      const gone = leftBefore(line.left_at, countedAt.get(variantId)) ? target.shipped : 0
      if (sold === gone) continue
      const id = ctx.newId()
      owners.set(id, { orderLineId: line.id, perSale })
      const cause = `line:${line.id}:attach`
      stock.promise({ id, variantId, promisedAt: line.placed_at }, (sold - gone) * perSale, `${cause}:promise`)
      if (target.shipped > gone) stock.ship(id, target.shipped * perSale, `${cause}:ship`, line.left_at)
    }
    shipped.set(line.id, target.shipped * line.units_per_sale)
    if (line.slot_id && line.state !== 'canceled')
      sales.push({
        slotId: line.slot_id,
        orderId: line.order_id,
        quantity: line.quantity - line.canceled,
        restocked: 0,
        placedAt: line.placed_at,
        isSure: false,
        isLate: false,
      })
  }
  await tx.run(
    `update order_lines l set variant_id = t.variant, slot_id = t.slot, units_per_sale = t.units, shipped_units = t.shipped
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::int[], $5::bigint[]) as t(id, variant, slot, units, shipped) where l.id = t.id`,
    [
      lines.map((l) => l.id),
      lines.map((l) => l.variant_id),
      lines.map((l) => l.slot_id),
      lines.map((l) => l.units_per_sale),
      lines.map((l) => shipped.get(l.id) ?? 0),
    ],
  )
  const orderOf = new Map(lines.map((line) => [line.id, line.order_id]))
  const change = stock.change()
  await saveStock(tx, change, {
    now,
    newId: ctx.newId,
    actor: 'link',
    owners,
    orderOf: ({ cause }) => orderOf.get(cause.split(':')[1] ?? '') ?? null,
  })
  await refreshSlots(tx, ctx, [...change.levels.keys()], sales, now)
  await noteOversold(tx, ctx, change.levels, now)
  await endUnknown(tx, [...new Set(orderOf.values())], now)
  return lines.length
}

async function endUnknown(tx: Sql, orderIds: readonly string[], now: Date): Promise<void> {
  const known = await tx.rows<{ id: string }>(
    `update orders o set has_unknown_sku = false, changed_at = $2 where id = any($1::uuid[])
       and not exists (select 1 from order_lines l where l.order_id = o.id and l.variant_id is null) returning id`,
    [orderIds, now],
  )
  await resolve(
    tx,
    'unknown_sku',
    known.map((row) => `order:${row.id}`),
    now,
  )
}
