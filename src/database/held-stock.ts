/** What channels hold for us in their own warehouses: kept apart from every level of ours. */
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

export interface HeldRow {
  marketplace: string
  remoteSku: string
  fulfillable: number
  inbound: number
  reserved: number
  unsellable: number
  changedAt: Date | null
}

/** The location of what the account's channel holds. Made when the first units are told of. */
export async function channelLocation(
  tx: Sql,
  account: { id: string; name: string },
  newId: NewId,
  now: Date,
): Promise<string> {
  const find = () => tx.one<{ id: string }>('select id from locations where account_id = $1', [account.id])
  const found = await find()
  if (found) return found.id
  const id = newId()
  await tx.run(
    `insert into locations (id, code, name, kind, master, priority, created_at, account_id)
     values ($1, $2, $3, 'channel', 'hub', 2147483647, $4, $5) on conflict (account_id) where account_id is not null do nothing`,
    [id, `held ${id.slice(-6)}`, account.name, now, account.id],
  )
  return (await find())!.id
}

export async function saveHeld(tx: Sql, locationId: string, rows: readonly HeldRow[], now: Date): Promise<void> {
  // A page may tell one SKU twice: what was told last counts.
  const unique = [...new Map(rows.map((row) => [`${row.marketplace}\0${row.remoteSku}`, row])).values()]
  if (unique.length === 0) return
  await tx.send(
    `insert into held_stock (location_id, marketplace, remote_sku, fulfillable, inbound, reserved, unsellable, changed_at, seen_at)
     select $1, t.*, $2 from unnest($3::text[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::timestamptz[])
       as t(marketplace, remote_sku, fulfillable, inbound, reserved, unsellable, changed_at)
     on conflict (location_id, marketplace, remote_sku) do update set fulfillable = excluded.fulfillable, inbound = excluded.inbound,
       reserved = excluded.reserved, unsellable = excluded.unsellable, changed_at = excluded.changed_at, seen_at = excluded.seen_at`,
    [
      locationId,
      now,
      unique.map((row) => row.marketplace),
      unique.map((row) => row.remoteSku),
      unique.map((row) => row.fulfillable),
      unique.map((row) => row.inbound),
      unique.map((row) => row.reserved),
      unique.map((row) => row.unsellable),
      unique.map((row) => row.changedAt),
    ],
  )
}

/** A whole walk has ended: what it did not tell of is not there any more. */
export async function forgetUntold(tx: Sql, accountId: string, since: Date): Promise<void> {
  await tx.send(
    `delete from held_stock h using locations l where l.id = h.location_id and l.account_id = $1 and h.seen_at < $2`,
    [accountId, since],
  )
}
