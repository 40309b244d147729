/** Orders of own stores that are copies of other accounts' orders, and the rules that make them. */
import type { StoreListing, ToldLine } from '../domain/copies.ts'
import type { Sql } from './pool.ts'

export interface CopyRow {
  remoteId: string
  orderId: string
  state: string
  lines: ToldLine[]
}

export interface ToldCopy {
  remoteId: string
  orderId: string | null
  sourceRemoteId: string | null
  isOurs: boolean
  state: string
  lines: readonly ToldLine[]
  updatedAt: Date
}

/** What the store told, where it is newer; then what was done with the copy is to be passed on. */
export async function saveCopies(tx: Sql, storeId: string, copies: readonly ToldCopy[], now: Date): Promise<void> {
  if (copies.length === 0) return
  const column = (pick: (copy: ToldCopy) => unknown) => copies.map(pick)
  await tx.run(
    `insert into order_copies as c (account_id, remote_id, order_id, source_remote_id, is_ours, state, lines, updated_at, look_at, first_at)
     select $1, t.*, $2, $2 from unnest($3::text[], $4::uuid[], $5::text[], $6::boolean[], $7::text[], $8::jsonb[], $9::timestamptz[])
       as t(remote_id, order_id, source, ours, state, lines, updated_at)
     on conflict (account_id, remote_id) do update set order_id = coalesce(c.order_id, excluded.order_id), state = excluded.state,
       lines = excluded.lines, updated_at = excluded.updated_at, look_at = $2, is_ours = c.is_ours or excluded.is_ours
       where excluded.updated_at > c.updated_at or excluded.state <> c.state or excluded.lines <> c.lines`,
    [
      storeId,
      now,
      column((c) => c.remoteId),
      column((c) => c.orderId),
      column((c) => c.sourceRemoteId),
      column((c) => c.isOurs),
      column((c) => c.state),
      column((c) => JSON.stringify(c.lines)),
      column((c) => c.updatedAt),
    ],
  )
}

/** Originals by the reference that our copies carry. */
export async function originalsByReference(
  sql: Sql,
  storeId: string,
  references: readonly string[],
): Promise<Map<string, { orderId: string; errandId: string }>> {
  const rows = await sql.rows<{ reference: string; orderId: string; errandId: string }>(
    `select reference, order_id as "orderId", id as "errandId" from errands where kind = 'copy' and account_id = $1 and reference = any($2)`,
    [storeId, references],
  )
  return new Map(rows.map(({ reference, ...one }) => [reference, one]))
}

/** Orders of other accounts by their id at the channel; of several the one of the channel named. */
export async function originalsByRemoteId(
  sql: Sql,
  storeId: string,
  remoteIds: readonly string[],
): Promise<{ remoteId: string; orderId: string; channel: string }[]> {
  return await sql.rows(
    `select o.remote_id as "remoteId", o.id as "orderId", a.channel from orders o join accounts a on a.id = o.account_id
     where o.account_id in (select id from accounts where id <> $1) and o.remote_id = any($2)`,
    [storeId, remoteIds],
  )
}

export async function otherChannels(sql: Sql, storeId: string): Promise<Set<string>> {
  const rows = await sql.rows<{ channel: string }>('select distinct channel from accounts where id <> $1', [storeId])
  return new Set(rows.map((row) => row.channel))
}

/** Copies whose original has come since. */
export async function linkLoneCopies(
  tx: Sql,
  storeId: string,
  now: Date,
): Promise<{ remoteId: string; orderId: string }[]> {
  return await tx.rows(
    `update order_copies c set order_id = o.id, look_at = $2 from orders o
     where c.account_id = $1 and c.order_id is null and o.remote_id = c.source_remote_id and o.account_id <> c.account_id
     returning c.remote_id as "remoteId", c.order_id as "orderId"`,
    [storeId, now],
  )
}

/** Copies without an original for so long that somebody should look. */
export async function loneSince(
  sql: Sql,
  storeId: string,
  before: Date,
): Promise<{ remoteId: string; source: string }[]> {
  return await sql.rows(
    `select remote_id as "remoteId", coalesce(source_remote_id, '') as source from order_copies
     where account_id = $1 and order_id is null and first_at < $2 limit 50`,
    [storeId, before],
  )
}

/** Copies of this store that something was done with. */
export async function copiesToFollow(sql: Sql, storeId: string, now: Date, limit: number): Promise<CopyRow[]> {
  return await sql.rows<CopyRow>(
    `select remote_id as "remoteId", order_id as "orderId", state, lines from order_copies
     where account_id = $1 and look_at <= $2 and order_id is not null order by look_at limit $3`,
    [storeId, now, limit],
  )
}

/** Passed on, or to be looked at later. */
export async function lookedAtCopy(tx: Sql, storeId: string, copy: CopyRow, again: Date | null): Promise<void> {
  await tx.run('update order_copies set look_at = $3 where account_id = $1 and remote_id = $2', [
    storeId,
    copy.remoteId,
    again,
  ])
}

/** Listings of an account by the variants they sell, or by their SKUs there. */
export async function storeListings(
  sql: Sql,
  accountId: string,
  by: { variantIds: readonly string[] } | { skus: readonly string[] },
): Promise<StoreListing[]> {
  const isByVariant = 'variantIds' in by
  return await sql.rows<StoreListing>(
    `select distinct on (remote_sku) remote_sku as "remoteSku", remote_id as "remoteId", variant_id as "variantId", units_per_sale as "unitsPerSale"
     from listings where account_id = $1 and variant_id is not null and ${isByVariant ? 'variant_id = any($2::uuid[])' : 'remote_sku = any($2::text[])'}
     order by remote_sku, marketplace`,
    [accountId, isByVariant ? by.variantIds : by.skus],
  )
}

/** Open orders of accounts written through to this store that have no copy yet, oldest first. */
export async function ordersToCopy(
  sql: Sql,
  storeId: string,
  /** What could not be copied is tried again when it was last seen before this. */
  triedBefore: Date,
  limit: number,
): Promise<{ id: string; remoteId: string }[]> {
  return await sql.rows(
    `select o.id, o.remote_id as "remoteId" from write_throughs w join orders o on o.account_id = w.account_id
     where w.store_id = $1 and w.is_on and o.placed_at >= w.since and not o.before_opening
       and o.fulfilled_by = 'merchant' and o.state in ('open', 'partly_shipped') and not o.nothing_open
       and not exists (select 1 from errands e where e.order_id = o.id and e.kind = 'copy')
       and not exists (select 1 from order_copies c where c.order_id = o.id)
       and not exists (select 1 from findings f where f.code = 'copy_impossible' and f.subject = 'order:' || o.id
         and f.resolved_at is null and f.last_at > $2)
     order by o.placed_at limit $3`,
    [storeId, triedBefore, limit],
  )
}

/** Copies whose original was canceled while they were not. */
export async function copiesToCancel(
  sql: Sql,
  storeId: string,
  limit: number,
): Promise<{ orderId: string; remoteId: string }[]> {
  return await sql.rows(
    `select c.order_id as "orderId", c.remote_id as "remoteId" from order_copies c join orders o on o.id = c.order_id
     where c.account_id = $1 and c.is_ours and o.state = 'canceled' and c.state not in ('canceled', 'shipped')
       and not exists (select 1 from errands e where e.order_id = o.id and e.account_id = c.account_id and e.kind = 'cancellation')
     limit $2`,
    [storeId, limit],
  )
}

export async function stateOfCopy(sql: Sql, storeId: string, remoteId: string): Promise<string | undefined> {
  return (
    await sql.one<{ state: string }>('select state from order_copies where account_id = $1 and remote_id = $2', [
      storeId,
      remoteId,
    ])
  )?.state
}

export interface WriteThrough {
  accountId: string
  storeId: string
  store: string
  isOn: boolean
  since: Date
  changedBy: string
  changedAt: Date
}

export async function writeThroughOf(sql: Sql, accountId: string): Promise<WriteThrough | undefined> {
  return await sql.one<WriteThrough>(
    `select w.account_id as "accountId", w.store_id as "storeId", a.name as store, w.is_on as "isOn", w.since,
       w.changed_by as "changedBy", w.changed_at as "changedAt"
     from write_throughs w join accounts a on a.id = w.store_id where w.account_id = $1`,
    [accountId],
  )
}

export async function saveWriteThrough(
  tx: Sql,
  rule: Pick<WriteThrough, 'accountId' | 'storeId' | 'isOn' | 'since' | 'changedBy'>,
  now: Date,
): Promise<void> {
  await tx.run(
    `insert into write_throughs (account_id, store_id, is_on, since, changed_by, changed_at) values ($1, $2, $3, $4, $5, $6)
     on conflict (account_id) do update set store_id = $2, is_on = $3, since = $4, changed_by = $5, changed_at = $6`,
    [rule.accountId, rule.storeId, rule.isOn, rule.since, rule.changedBy, now],
  )
}
