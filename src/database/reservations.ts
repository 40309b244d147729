/** Reservations: checkouts and what became of them. */
import type { Sql } from './pool.ts'

export type ReservationState = 'held' | 'confirmed' | 'ordered' | 'released' | 'expired'

export interface ReservationRow {
  id: string
  accountId: string
  reference: string
  state: ReservationState
  expiresAt: Date | null
}

/** Reservations that stand under these references, by `accountId reference`. */
export async function findReservations(
  sql: Sql,
  wanted: readonly { accountId: string; reference: string }[],
): Promise<Map<string, ReservationRow>> {
  const rows = await sql.rows<ReservationRow>(
    `select r.id, r.account_id as "accountId", r.reference, r.state, r.expires_at as "expiresAt"
     from unnest($1::uuid[], $2::text[]) as t(account_id, reference)
     join reservations r on r.account_id = t.account_id and r.reference = t.reference`,
    [wanted.map((one) => one.accountId), wanted.map((one) => one.reference)],
  )
  return new Map(rows.map((row) => [`${row.accountId} ${row.reference}`, row]))
}

/** Inserts held reservations. A reference that came in the meantime fails the transaction. */
export async function insertReservations(
  tx: Sql,
  rows: readonly { id: string; accountId: string; reference: string; expiresAt: Date }[],
  now: Date,
): Promise<void> {
  if (rows.length === 0) return
  await tx.send(
    `insert into reservations (id, account_id, reference, expires_at, state, created_at, changed_at)
     select t.*, 'held', $5, $5 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::timestamptz[]) as t`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.accountId),
      rows.map((row) => row.reference),
      rows.map((row) => row.expiresAt),
      now,
    ],
  )
}
