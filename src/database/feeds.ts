/** Feeds of an account, and the lines whose outcome is not known. */
import type { Sql } from './pool.ts'

export interface OpenFeed {
  id: string
  state: 'preparing' | 'leaving' | 'underway' | 'lost'
  receipt: string | null
  lines: number
  beganAt: Date
  leftAt: Date | null
  askAt: Date | null
  overdueAt: Date | null
  failures: number
  endedAt: Date | null
}

export interface FeedLine {
  slotId: string
  effectId: string
  value: number
  version: number
}

export type FeedOutcome = 'done' | 'canceled' | 'not-sent' | 'unknown'

/** Those that are not settled, the eldest first. */
export async function openFeeds(sql: Sql, accountId: string): Promise<OpenFeed[]> {
  return await sql.rows<OpenFeed>(
    `select id, state, receipt, lines, begun_at as "beganAt", left_at as "leftAt", ask_at as "askAt", overdue_at as "overdueAt", failures,
       ended_at as "endedAt" from feeds where account_id = $1 and state <> 'ended' order by begun_at, id`,
    [accountId],
  )
}

/** Adds lines to a feed that is being prepared; the first ones make it. */
export async function addLines(
  tx: Sql,
  feed: { id: string; accountId: string },
  lines: readonly FeedLine[],
  now: Date,
): Promise<void> {
  if (lines.length === 0) return
  await tx.run(
    `insert into feeds (id, account_id, state, lines, begun_at) values ($1, $2, 'preparing', $3, $4)
     on conflict (id) do update set lines = feeds.lines + excluded.lines`,
    [feed.id, feed.accountId, lines.length, now],
  )
  const slotIds = lines.map((line) => line.slotId)
  await tx.run(
    `insert into feed_lines (feed_id, slot_id, effect_id, value, version)
     select $1, t.* from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[]) as t(slot, effect, value, version)`,
    [
      feed.id,
      slotIds,
      lines.map((line) => line.effectId),
      lines.map((line) => line.value),
      lines.map((line) => line.version),
    ],
  )
  await tx.run('update stock_slots set feed_id = $1 where id = any($2::uuid[])', [feed.id, slotIds])
}

/** Committed before the first call of the submission leaves: from then on it may exist. */
export async function noteLeaving(tx: Sql, feedId: string, now: Date): Promise<void> {
  await tx.run(`update feeds set state = 'leaving', left_at = $2 where id = $1`, [feedId, now])
}

/** The channel took it. */
export async function noteTaken(
  tx: Sql,
  feedId: string,
  { receipt, askAt, overdueAt }: { receipt: string; askAt: Date; overdueAt: Date },
): Promise<void> {
  await tx.run(`update feeds set state = 'underway', receipt = $2, ask_at = $3, overdue_at = $4 where id = $1`, [
    feedId,
    receipt,
    askAt,
    overdueAt,
  ])
}

/** It left without an answer. Asked for first when a call of that time can no longer arrive; then it counts as stuck. */
export async function noteLost(tx: Sql, feedId: string, askAt: Date): Promise<void> {
  await tx.run(`update feeds set state = 'lost', ask_at = $2, overdue_at = $2 where id = $1`, [feedId, askAt])
}

export async function askLater(tx: Sql, feedId: string, askAt: Date, failures: number): Promise<void> {
  await tx.run('update feeds set ask_at = $2, failures = $3 where id = $1', [feedId, askAt, failures])
}

/** It is over since then; the first note stands. Answers that moment. */
export async function noteOver(tx: Sql, feedId: string, endedAt: Date, tookMs: number | null): Promise<Date> {
  const row = await tx.one<{ ended_at: Date }>(
    `update feeds set took_ms = case when ended_at is null then $3 else took_ms end, ended_at = coalesce(ended_at, $2), ask_at = $2
     where id = $1 returning ended_at`,
    [feedId, endedAt, tookMs],
  )
  return row!.ended_at
}

/** Lines of a feed that are not settled, by slot; only those of these slots where they are named. */
export async function linesOf(
  sql: Sql,
  feedId: string,
  limit: number,
  slotIds: readonly string[] | null = null,
): Promise<FeedLine[]> {
  return await sql.rows<FeedLine>(
    `select slot_id as "slotId", effect_id as "effectId", value, version from feed_lines
     where feed_id = $1 and ($3::uuid[] is null or slot_id = any($3)) order by slot_id limit $2`,
    [feedId, limit, slotIds],
  )
}

/** Their outcome is noted: calls may leave for these slots again. */
export async function closeLines(tx: Sql, feedId: string, slotIds: readonly string[]): Promise<void> {
  await tx.run('delete from feed_lines where feed_id = $1 and slot_id = any($2::uuid[])', [feedId, slotIds])
  await tx.run('update stock_slots set feed_id = null where feed_id = $1 and id = any($2::uuid[])', [feedId, slotIds])
}

export async function endFeed(tx: Sql, feedId: string, outcome: FeedOutcome, detail: unknown, now: Date) {
  await tx.run(
    `update feeds set state = 'ended', outcome = $2, outcome_detail = $3, ended_at = coalesce(ended_at, $4), ask_at = null where id = $1`,
    [feedId, outcome, JSON.stringify(detail), now],
  )
}

/** How long the last feeds took, the eldest first. */
export async function feedTimes(sql: Sql, accountId: string): Promise<number[]> {
  const rows = await sql.rows<{ took_ms: number }>(
    'select took_ms from feeds where account_id = $1 and took_ms is not null order by begun_at desc limit 8',
    [accountId],
  )
  return rows.map((row) => row.took_ms).reverse()
}
