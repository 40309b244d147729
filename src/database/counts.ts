/** Stock counts and what the ledger says happened since. */
import type { Sql } from './pool.ts'

export interface StoredCount {
  variantId: string
  locationId: string
  countedAt: Date
  onHand: number
  unsellable: number | null
}

/** The newest count of each location of these variants. */
export async function countsOf(tx: Sql, variantIds: readonly string[]): Promise<StoredCount[]> {
  return await tx.rows<StoredCount>(
    `select variant_id as "variantId", location_id as "locationId", counted_at as "countedAt", on_hand as "onHand", unsellable
     from stock_counts where variant_id = any($1::uuid[])`,
    [variantIds],
  )
}

/** By variant, up to when its counts know what had left: the earliest one, so that no unit is ever offered twice. */
export async function countedAtOf(tx: Sql, variantIds: readonly string[]): Promise<Map<string, Date>> {
  if (variantIds.length === 0) return new Map()
  const rows = await tx.rows<{ id: string; at: Date }>(
    'select variant_id as id, min(counted_at) as at from stock_counts where variant_id = any($1::uuid[]) group by variant_id',
    [[...new Set(variantIds)]],
  )
  return new Map(rows.map((row) => [row.id, row.at]))
}

export async function saveCounts(tx: Sql, counts: readonly (StoredCount & { cause: string })[]): Promise<void> {
  if (counts.length === 0) return
  await tx.run(
    `insert into stock_counts (variant_id, location_id, counted_at, on_hand, unsellable, cause)
     select * from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::bigint[], $5::bigint[], $6::text[])
     on conflict (variant_id, location_id) do update set counted_at = excluded.counted_at, on_hand = excluded.on_hand,
       unsellable = excluded.unsellable, cause = excluded.cause where stock_counts.counted_at <= excluded.counted_at`,
    [
      counts.map((one) => one.variantId),
      counts.map((one) => one.locationId),
      counts.map((one) => one.countedAt),
      counts.map((one) => one.onHand),
      counts.map((one) => one.unsellable),
      counts.map((one) => one.cause),
    ],
  )
}

export interface MovedSince {
  variantId: string
  at: Date
  locationId: string
  shipped: number
  other: number
}

/**
 * What moved at each location since a moment, by when it happened. Counts, and goods that were found while shipping,
 * are left out: the first are what is being settled, the second say only that the books were wrong.
 */
export async function movedSince(tx: Sql, since: readonly { variantId: string; at: Date }[]): Promise<MovedSince[]> {
  return await tx.rows<MovedSince>(
    `select t.variant as "variantId", t.at, m.location_id as "locationId",
       coalesce(-sum(m.on_hand) filter (where m.kind = 'shipment'), 0)::bigint as shipped,
       coalesce(sum(m.on_hand) filter (where m.kind <> 'shipment'), 0)::bigint as other
     from unnest($1::uuid[], $2::timestamptz[]) as t(variant, at) join stock_movements m on m.variant_id = t.variant
     where m.on_hand <> 0 and m.location_id is not null and coalesce(m.effective_at, m.at) >= t.at
       and m.cause not like 'count:%' and m.cause not like '%:found'
     group by 1, 2, 3`,
    [since.map((one) => one.variantId), since.map((one) => one.at)],
  )
}

/** A line of an order from before its account was opened, whose goods left after the variant was counted. */
export interface LateLine {
  id: string
  orderId: string
  variantId: string
  units: number
  unitsPerSale: number
  placedAt: Date
  leftAt: Date
}

/** Lines that moved nothing so far although the count holds their goods; their orders come first, so they are locked. */
export async function lateLines(
  tx: Sql,
  since: readonly { variantId: string; at: Date }[],
  options: { lock: boolean },
): Promise<LateLine[]> {
  return await tx.rows<LateLine>(
    `select l.id, l.order_id as "orderId", l.variant_id as "variantId", ((l.quantity - l.canceled) * l.units_per_sale)::bigint as units, l.units_per_sale as "unitsPerSale",
       o.placed_at as "placedAt", coalesce(o.left_at, o.updated_at) as "leftAt"
     from unnest($1::uuid[], $2::timestamptz[]) as t(variant, at)
     join order_lines l on l.variant_id = t.variant join orders o on o.id = l.order_id
     where o.before_opening and o.fulfilled_by = 'merchant' and l.shipped_units = 0 and l.quantity > l.canceled
       and coalesce(o.left_at, o.updated_at) >= t.at
     order by o.remote_id, l.id ${options.lock ? 'for update of o' : ''}`,
    [since.map((one) => one.variantId), since.map((one) => one.at)],
  )
}

export async function markShipped(tx: Sql, lines: readonly LateLine[]): Promise<void> {
  if (lines.length === 0) return
  await tx.run(
    `update order_lines l set shipped_units = t.units from unnest($1::uuid[], $2::bigint[]) as t(id, units) where l.id = t.id`,
    [lines.map((line) => line.id), lines.map((line) => line.units)],
  )
}
