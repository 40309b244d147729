/** Requests about a buyer's data, and what was erased. */
import type { ErasableOrder } from '../domain/erasure.ts'
import { arrayOf } from './orders.ts'
import type { Sql } from './pool.ts'

export type RequestKind = 'erase' | 'export'

export interface RequestRow {
  id: string
  accountId: string
  kind: RequestKind
  askedBy: string | null
  orderIds: readonly string[]
  marks: readonly Buffer[]
  whole: boolean
  buyerSealed: Buffer | null
  epoch: string | null
  receivedAt: Date
  dueAt: Date
  doneAt: Date | null
  erased: number
}

const columns = `id, account_id as "accountId", kind, asked_by as "askedBy", order_ids as "orderIds", marks, whole,
  buyer_sealed as "buyerSealed", epoch, received_at as "receivedAt", due_at as "dueAt", done_at as "doneAt", erased`

export async function insertRequest(
  tx: Sql,
  row: Omit<RequestRow, 'doneAt' | 'erased'> & { found: number },
): Promise<void> {
  await tx.run(
    `insert into erasure_requests (id, account_id, kind, asked_by, order_ids, marks, whole, buyer_sealed, epoch, received_at, due_at, found)
     values ($1, $2, $3, $4, $5, $6::text::bytea[], $7, $8, $9, $10, $11, $12)`,
    [
      row.id,
      row.accountId,
      row.kind,
      row.askedBy,
      row.orderIds,
      arrayOf(row.marks),
      row.whole,
      row.buyerSealed,
      row.epoch,
      row.receivedAt,
      row.dueAt,
      row.found,
    ],
  )
}

/** Requests to erase that are open and were not looked at since then. */
export async function requestsDue(db: Sql, before: Date): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(
    `select id from erasure_requests where kind = 'erase' and done_at is null and (looked_at is null or looked_at < $1)
     order by received_at limit 200`,
    [before],
  )
  return rows.map(({ id }) => id)
}

export async function lockRequest(tx: Sql, id: string): Promise<RequestRow | undefined> {
  return await tx.one<RequestRow>(`select ${columns} from erasure_requests where id = $1 for update`, [id])
}

export async function findRequest(db: Sql, id: string): Promise<RequestRow | undefined> {
  return await db.one<RequestRow>(`select ${columns} from erasure_requests where id = $1`, [id])
}

export async function saveLook(
  tx: Sql,
  id: string,
  state: { erased: number; waiting: number; doneAt: Date | null },
  now: Date,
): Promise<void> {
  // Whose data it was is no longer known here either.
  await tx.run(
    `update erasure_requests set erased = $2, waiting = $3, found = $6, done_at = $4, looked_at = $5,
       buyer_sealed = case when $4::timestamptz is null then buyer_sealed end where id = $1`,
    [id, state.erased, state.waiting, state.doneAt, now, state.erased + state.waiting],
  )
}

/** Closed once: whoever says it again changes nothing. */
export async function closeRequest(tx: Sql, id: string, by: string, now: Date): Promise<void> {
  await tx.run(
    `update erasure_requests set closed_at = coalesce(closed_at, $3), closed_by = coalesce(closed_by, $2),
       done_at = coalesce(done_at, case when kind = 'export' then $3::timestamptz end) where id = $1`,
    [id, by, now],
  )
}

export interface FoundOrder extends ErasableOrder {
  id: string
  remoteId: string
  hasBuyer: boolean
}

export type Wanted = Pick<RequestRow, 'accountId' | 'orderIds' | 'marks' | 'whole'>

/** Of an account's orders those that a request is about; where it is about all, those that still hold a buyer. */
export async function ordersWanted(tx: Sql, wanted: Wanted, limit = 1_000): Promise<FoundOrder[]> {
  const list = 'o.id, o.remote_id as "remoteId", o.state, o.fulfilled_by as "fulfilledBy"'
  if (wanted.whole)
    return await tx.rows<FoundOrder>(
      `select ${list}, true as "hasBuyer" from orders o join buyer_data b on b.order_id = o.id
       where o.account_id = $1 order by o.remote_id limit $2`,
      [wanted.accountId, limit],
    )
  return await tx.rows<FoundOrder>(
    `select ${list}, b.order_id is not null as "hasBuyer" from orders o left join buyer_data b on b.order_id = o.id
     where o.account_id = $1 and (o.remote_id = any($2)
       or o.id in (select order_id from buyer_data where marks && $3::text::bytea[])) order by o.remote_id`,
    [wanted.accountId, wanted.orderIds, arrayOf(wanted.marks)],
  )
}

/**
 * Destroys what is held of these orders' buyers, and sees to it that it does not come back. The orders are locked first: a
 * version that is being imported is waited for, and its buyer goes, too.
 */
export async function eraseOrders(
  tx: Sql,
  accountId: string,
  remoteIds: readonly string[],
  why: 'request' | 'age',
  now: Date,
): Promise<number> {
  if (remoteIds.length === 0) return 0
  await tx.rows('select id from orders where account_id = $1 and remote_id = any($2) order by remote_id for update', [
    accountId,
    remoteIds,
  ])
  await tx.run(
    `insert into erased_orders (account_id, remote_id, why, at) select distinct $1::uuid, t.id, $3, $4::timestamptz from unnest($2::text[]) as t(id)
     on conflict do nothing`,
    [accountId, remoteIds, why, now],
  )
  return await sweep(tx, now, accountId, remoteIds)
}

/** What is held although it was erased goes; without an account, everywhere. */
export async function sweep(
  tx: Sql,
  now: Date,
  accountId: string | null = null,
  remoteIds: readonly string[] | null = null,
): Promise<number> {
  const rows = await tx.rows<{ gone: number }>(
    `with gone as (
       delete from buyer_data b using orders o join erased_orders e on e.account_id = o.account_id and e.remote_id = o.remote_id
       where b.order_id = o.id and ($2::uuid is null or o.account_id = $2) and ($3::text[] is null or o.remote_id = any($3))
       returning b.epoch),
     spent as (insert into spent_epochs (epoch, at) select distinct epoch, $1::timestamptz from gone on conflict do nothing)
     select count(*) as gone from gone`,
    [now, accountId, remoteIds],
  )
  return rows[0]?.gone ?? 0
}

export async function rememberBuyers(tx: Sql, accountId: string, marks: readonly Buffer[], until: Date): Promise<void> {
  if (marks.length === 0) return
  await tx.run(
    `insert into erased_buyers as e (account_id, mark, at) select $1, m, $3 from unnest($2::text::bytea[]) as m
     on conflict (account_id, mark) do update set at = greatest(e.at, $3)`,
    [accountId, arrayOf(marks), until],
  )
}

/** Strangers' marks find nothing any more once first readings are over. */
export async function forgetStrangers(db: Sql, before: Date): Promise<void> {
  await db.run('delete from erased_buyers where at < $1', [before])
  await db.run(
    `delete from erasure_requests where done_at < $1 and found = 0 and asked_by is null and not whole and received_at < $1`,
    [before],
  )
}

export interface AsideRow {
  accountId: string
  remoteId: string
}

/** Orders set aside hold what the channel sent: these of the account, or all that came before then. */
export async function asideOf(
  tx: Sql,
  accountId: string,
  wanted: { remoteIds?: readonly string[]; whole?: boolean; before?: Date },
): Promise<AsideRow[]> {
  return await tx.rows<AsideRow>(
    `select account_id as "accountId", remote_id as "remoteId" from orders_aside
     where account_id = $1 and not is_blank and ($2 or remote_id = any($3) or at < $4) for update`,
    [accountId, wanted.whole ?? false, wanted.remoteIds ?? [], wanted.before ?? new Date(0)],
  )
}

/** Nothing stands behind it any more; that an order could not be read stays shown. */
export async function blankAside(tx: Sql, row: AsideRow, sealed: Buffer, epoch: string, now: Date): Promise<void> {
  await tx.run(
    `with before as (select epoch from orders_aside where account_id = $1 and remote_id = $2),
       spent as (insert into spent_epochs (epoch, at) select epoch, $5::timestamptz from before on conflict do nothing)
     update orders_aside set sealed = $3, epoch = $4, is_blank = true where account_id = $1 and remote_id = $2`,
    [row.accountId, row.remoteId, sealed, epoch, now],
  )
}

/** Orders of these accounts that ended before then, or were placed before `oldest`, and hold a buyer. */
export async function ordersOutlived(
  db: Sql,
  channel: string,
  ended: Date,
  oldest: Date,
  limit: number,
): Promise<{ accountId: string; remoteId: string }[]> {
  return await db.rows(
    `select o.account_id as "accountId", o.remote_id as "remoteId" from buyer_data b join orders o on o.id = b.order_id
       join accounts a on a.id = o.account_id
     where a.channel = $1 and o.placed_at < $2 and (o.placed_at < $3 or o.state in ('shipped', 'canceled')
       and least(o.updated_at, (select min(e.at) from order_events e where e.order_id = o.id and e.kind in ('shipped', 'canceled'))) < $2)
     order by o.placed_at limit $4`,
    [channel, ended, oldest, limit],
  )
}
