/** What channels told us unasked (the inbox), and how well that works (an account's health). */
import type { Announced } from '../domain/notifications.ts'
import type { Sql } from './pool.ts'

export interface InboxRow {
  id: string
  accountId: string
  dedupe: Buffer
  topic: string
  look: readonly string[]
  orderIds: readonly string[]
  happenedAt: Date | null
  receivedAt: Date
}

/** Adds what is new; answers the ids of those. One statement, in one order, so that two groups never wait in a circle. */
export async function insertNotifications(tx: Sql, rows: readonly InboxRow[]): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const document = rows.map((row) => ({
    id: row.id,
    account_id: row.accountId,
    dedupe: `\\x${row.dedupe.toString('hex')}`,
    topic: row.topic,
    look: row.look,
    order_ids: row.orderIds,
    happened_at: row.happenedAt?.toISOString() ?? null,
    received_at: row.receivedAt.toISOString(),
  }))
  const added = await tx.rows<{ id: string }>(
    `insert into notification_inbox (id, account_id, dedupe, topic, look, order_ids, happened_at, received_at, done_at)
     select t.id, t.account_id, t.dedupe, t.topic, t.look, t.order_ids, t.happened_at, t.received_at,
       case when t.look = '{}' then t.received_at end
     from jsonb_to_recordset($1) as t(id uuid, account_id uuid, dedupe bytea, topic text, look text[], order_ids text[],
       happened_at timestamptz, received_at timestamptz)
     order by t.account_id, t.dedupe on conflict do nothing returning id`,
    [JSON.stringify(document)],
  )
  return new Set(added.map(({ id }) => id))
}

export interface WaitingRow {
  id: string
  look: string[]
  receivedAt: Date
  orderIds: string[]
  /** It names orders that are not known here. */
  isAhead: boolean
}

/** Notifications read in one look at most; what is left of a flood is taken by the next one. */
export const mostAtOnce = 5_000

/** The account's that wait, oldest first. */
export async function waitingNotifications(db: Sql, accountId: string): Promise<WaitingRow[]> {
  return await db.rows<WaitingRow>(
    `select n.id, n.look, n.received_at as "receivedAt", n.order_ids as "orderIds",
       exists (select 1 from unnest(n.order_ids) as named(id)
         where not exists (select 1 from orders o where o.account_id = $1 and o.remote_id = named.id)) as "isAhead"
     from notification_inbox n where n.account_id = $1 and n.done_at is null order by n.received_at limit $2`,
    [accountId, mostAtOnce],
  )
}

/** Of those named, the ones whose orders are not all known by now. */
export async function stillAhead(tx: Sql, accountId: string, ids: readonly string[]): Promise<Set<string>> {
  const rows = await tx.rows<{ id: string }>(
    `select n.id from notification_inbox n where n.account_id = $1 and n.id = any($2)
       and exists (select 1 from unnest(n.order_ids) as named(id)
         where not exists (select 1 from orders o where o.account_id = $1 and o.remote_id = named.id))`,
    [accountId, ids],
  )
  return new Set(rows.map(({ id }) => id))
}

/** These were looked at for `looks`; a notification with nothing left to look at is done. */
export async function markLooked(
  tx: Sql,
  accountId: string,
  ids: readonly string[],
  looks: readonly string[],
  now: Date,
): Promise<void> {
  if (ids.length === 0) return
  await tx.send(
    `with looked as (
       update notification_inbox n set look = array(select l from unnest(n.look) as l where l <> all($3)),
         done_at = case when n.look <@ $3::text[] then $4::timestamptz end
       where account_id = $1 and id = any($2) and done_at is null returning received_at)
     insert into notification_health as h (account_id, last_at) select $1, max(received_at) from looked having count(*) > 0
     on conflict (account_id) do update set last_at = greatest(h.last_at, excluded.last_at)`,
    [accountId, ids, looks, now],
  )
}

/** What came earlier is of no use, done or not: a repeat that comes so late, and an account that was paused so long, only make one look more. */
export async function forgetNotifications(tx: Sql, before: Date): Promise<void> {
  await tx.run('delete from notification_inbox n using accounts a where n.account_id = a.id and n.received_at < $1', [
    before,
  ])
}

export async function countWaiting(db: Sql, accountId: string): Promise<number> {
  const row = await db.one<{ count: number }>(
    'select count(*) as count from notification_inbox where account_id = $1 and done_at is null',
    [accountId],
  )
  return row?.count ?? 0
}

export interface HealthRow {
  address: string | null
  subscribed_at: Date | null
  subscribe_at: Date | null
  topics: { topic: string; state: 'kept' | 'created' | 'failed' }[] | null
  failure: { code: string; message: string } | null
  last_at: Date | null
  refused_at: Date | null
  refused_why: string | null
  refused: number
  announced: Announced | null
  judged_until: Date | null
}

export async function getHealth(db: Sql, accountId: string): Promise<HealthRow | undefined> {
  return await db.one<HealthRow>('select * from notification_health where account_id = $1', [accountId])
}

/** What became of making the subscriptions what they should be, and when to look at them again. */
export async function saveSubscriptions(
  tx: Sql,
  accountId: string,
  result: { address: string | null; topics: HealthRow['topics']; failure: HealthRow['failure']; nextAt: Date },
  now: Date,
): Promise<void> {
  await tx.run(
    `insert into notification_health as h (account_id, address, subscribed_at, subscribe_at, topics, failure)
     values ($1, $2, case when $4::jsonb is null then $6::timestamptz end, $5, $3, $4)
     on conflict (account_id) do update set address = $2, subscribe_at = $5, failure = $4, topics = coalesce($3, h.topics),
       subscribed_at = case when $4::jsonb is null then $6 else h.subscribed_at end`,
    [
      accountId,
      result.address,
      result.topics && JSON.stringify(result.topics),
      result.failure && JSON.stringify(result.failure),
      result.nextAt,
      now,
    ],
  )
}

/** Notifications of the account that were refused since the last note, and why the last one was. */
export async function noteRefused(tx: Sql, accountId: string, count: number, why: string, now: Date): Promise<void> {
  await tx.run(
    `insert into notification_health as h (account_id, refused, refused_why, refused_at) values ($1, $2, $3, $4)
     on conflict (account_id) do update set refused = h.refused + $2, refused_why = $3, refused_at = $4`,
    [accountId, count, why, now],
  )
}

/**
 * Orders first seen in (from, until], told apart by whether a notification named them by `graceMs` later; where notifications
 * name no orders, whether one about orders came between the sale and then.
 */
export async function countAnnounced(
  db: Sql,
  accountId: string,
  from: Date,
  until: Date,
  graceMs: number,
): Promise<{ announced: number; missed: number }> {
  const row = await db.one<{ announced: number; missed: number }>(
    `with fresh as (
       select remote_id, placed_at, imported_at from orders
       where account_id = $1 and imported_at > $2 and imported_at <= $3 and not before_opening),
     heard as (
       select order_ids, received_at from notification_inbox
       where account_id = $1 and received_at > $2::timestamptz - interval '1 day'),
     named as (select n.id, min(h.received_at) as at from heard h cross join unnest(h.order_ids) as n(id) group by 1),
     judged as (
       select coalesce(named.at, case when not exists (select 1 from named) then
           (select min(h.received_at) from heard h where h.received_at >= f.placed_at - interval '1 minute') end)
         <= f.imported_at + $4::float8 * interval '1 millisecond' as is_announced
       from fresh f left join named on named.id = f.remote_id)
     select count(*) filter (where is_announced) as announced, count(*) filter (where is_announced is not true) as missed from judged`,
    [accountId, from, until, graceMs],
  )
  return row ?? { announced: 0, missed: 0 }
}

export async function saveAnnounced(
  tx: Sql,
  accountId: string,
  announced: Announced,
  judgedUntil: Date,
): Promise<void> {
  await tx.run(
    `insert into notification_health (account_id, announced, judged_until) values ($1, $2, $3)
     on conflict (account_id) do update set announced = $2, judged_until = $3`,
    [accountId, JSON.stringify(announced), judgedUntil],
  )
}
