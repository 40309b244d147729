/** Units on their way between two locations, and how much a location should hold. */
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

export interface TransferRow {
  id: string
  variantId: string
  fromId: string
  toId: string
  quantity: number
  received: number
  returned: number
  lost: number
}

/** The one place where units lie that are on their way. Made when the first ones leave. */
export async function transitPlace(tx: Sql, newId: NewId, now: Date): Promise<string> {
  const find = () => tx.one<{ id: string }>(`select id from locations where kind = 'transit'`)
  const found = await find()
  if (found) return found.id
  const id = newId()
  // Its code may be anything: nobody ever names it.
  await tx.run(
    `insert into locations (id, code, name, kind, master, priority, created_at) values ($1, $2, 'In transit', 'transit', 'hub', $3, $4)
     on conflict (kind) where kind = 'transit' do nothing`,
    [id, `in transit ${id.slice(-6)}`, 2_147_483_647, now],
  )
  return (await find())!.id
}

export async function insertTransfers(
  tx: Sql,
  rows: readonly Pick<TransferRow, 'id' | 'variantId' | 'fromId' | 'toId' | 'quantity'>[],
  actor: string,
  now: Date,
): Promise<void> {
  if (rows.length === 0) return
  await tx.send(
    `insert into transfers (id, variant_id, from_id, to_id, quantity, received, returned, lost, actor, created_at)
     select t.*, 0, 0, 0, $6, $7 from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::bigint[]) as t(id, variant_id, from_id, to_id, quantity)`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.variantId),
      rows.map((row) => row.fromId),
      rows.map((row) => row.toId),
      rows.map((row) => row.quantity),
      actor,
      now,
    ],
  )
}

/** The variant of a transfer: its level is locked before the transfer itself. */
export async function variantOfTransfer(sql: Sql, id: string): Promise<string | undefined> {
  return (await sql.one<{ variant_id: string }>('select variant_id from transfers where id = $1', [id]))?.variant_id
}

export async function lockTransfer(tx: Sql, id: string): Promise<TransferRow | undefined> {
  return await tx.one<TransferRow>(
    `select id, variant_id as "variantId", from_id as "fromId", to_id as "toId", quantity, received, returned, lost
     from transfers where id = $1 for update`,
    [id],
  )
}

/** Writes what became of its units; it ends when nothing is open any more. */
export async function saveTransfer(tx: Sql, row: TransferRow, now: Date): Promise<void> {
  await tx.send(
    `update transfers set received = $2, returned = $3, lost = $4,
       ended_at = case when $2::bigint + $3::bigint + $4::bigint = quantity then $5::timestamptz end where id = $1`,
    [row.id, row.received, row.returned, row.lost, now],
  )
}

export interface ThresholdRow {
  variantId: string
  locationId: string
  sourceId: string
  minimum: number
  maximum: number
}

/** Sets the threshold of a variant at a location; the one before is replaced. Answers its id. */
export async function putThreshold(tx: Sql, id: string, row: ThresholdRow, by: string, now: Date): Promise<string> {
  const saved = await tx.one<{ id: string }>(
    `insert into stock_thresholds (id, variant_id, location_id, source_id, minimum, maximum, changed_by, changed_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8)
     on conflict (variant_id, location_id) do update set source_id = excluded.source_id, minimum = excluded.minimum,
       maximum = excluded.maximum, changed_by = excluded.changed_by, changed_at = excluded.changed_at
     returning id`,
    [id, row.variantId, row.locationId, row.sourceId, row.minimum, row.maximum, by, now],
  )
  return saved!.id
}

/** False where there is none. */
export async function deleteThreshold(tx: Sql, id: string): Promise<boolean> {
  return (await tx.run('delete from stock_thresholds where id = $1', [id])) === 1
}

/** How long the supplier takes; null: nobody says. Answers false for an unknown SKU. */
export async function putLeadDays(tx: Sql, sku: string, days: number | null): Promise<boolean> {
  return (await tx.run('update variants set lead_days = $2 where sku = $1', [sku, days])) === 1
}
