/** How far the first reading of an account is: what was there when it was connected. */
import type { Sql } from './pool.ts'

export interface FirstPullRow {
  stream: string
  pages: number
  items: number
  remaining: number | null
  asked_at: Date
  started_at: Date | null
  read_at: Date | null
  done_at: Date | null
  failed_at: Date | null
  failures: number
  failure: { code: string; message: string } | null
}

export async function beginFirstPulls(
  tx: Sql,
  accountId: string,
  streams: readonly string[],
  now: Date,
): Promise<void> {
  await tx.run(
    `insert into first_pulls (account_id, stream, pages, items, asked_at) select $1, t.stream, 0, 0, $3 from unnest($2::text[]) as t(stream)`,
    [accountId, streams, now],
  )
}

/** Counts a page in the transaction that saves it and its cursor. Nothing once the first reading is over. */
export async function noteFirstPage(
  tx: Sql,
  accountId: string,
  stream: string,
  page: { items: number; remaining: number | null; isLast: boolean; startedAt: Date; now: Date },
): Promise<void> {
  await tx.send(
    `update first_pulls set pages = pages + 1, items = items + $3, remaining = case when $5 then 0 else $4 end,
       started_at = coalesce(started_at, $6), read_at = $7, done_at = case when $5 then $7::timestamptz end
     where account_id = $1 and stream = $2 and done_at is null`,
    [accountId, stream, page.items, page.remaining, page.isLast, page.startedAt, page.now],
  )
}

export async function firstPullsOf(sql: Sql, accountId: string): Promise<FirstPullRow[]> {
  return await sql.rows<FirstPullRow>(
    `select f.*, c.failed_at, coalesce(c.failures, 0) as failures, c.failure from first_pulls f
       left join cursors c on c.account_id = f.account_id and c.stream = f.stream and c.failures > 0
     where f.account_id = $1 order by f.stream`,
    [accountId],
  )
}
