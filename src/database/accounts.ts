import type { Lag } from '../domain/lag.ts'
import type { Sql } from './pool.ts'

export interface AccountRow {
  id: string
  channel: string
  name: string
  stage: 'sandbox' | 'shadow' | 'live' | 'paused'
  region: string
  identity: string | null
  settings: unknown
  opened_at: Date
  halted_code: string | null
  halted_at: Date | null
  look_again_at: Date | null
  /** How late its list tells of sales, as learned so far. */
  lag: Lag | null
  created_at: Date
  /** Since when it is being connected: nothing works for it before a person finishes that. */
  draft_since: Date | null
}

export async function findAccount(db: Sql, idOrName: string): Promise<AccountRow | undefined> {
  return await db.one<AccountRow>(
    'select * from accounts where id::text = $1 or name = $1 order by (id::text = $1) desc limit 1',
    [idOrName],
  )
}

/** Accounts by id or name, as they were asked for. */
export async function findAccounts(db: Sql, refs: readonly string[]): Promise<Map<string, AccountRow>> {
  const wanted = [...new Set(refs)]
  const rows = await db.rows<AccountRow>('select * from accounts where id::text = any($1) or name = any($1)', [wanted])
  const of = (ref: string) => rows.find((row) => row.id === ref) ?? rows.find((row) => row.name === ref)
  return new Map(wanted.flatMap((ref) => (of(ref) ? [[ref, of(ref)!]] : [])))
}

/**
 * The account as it is now, kept from other changes until the transaction ends; undefined where it is gone. What only refers to
 * it (its orders, say) is not held up.
 */
export async function lockAccount(tx: Sql, id: string): Promise<AccountRow | undefined> {
  return await tx.one<AccountRow>('select * from accounts where id = $1 for no key update', [id])
}

/** As it is now; undefined where the account is gone. */
export async function stageOf(db: Sql, accountId: string): Promise<AccountRow['stage'] | undefined> {
  return (await db.one<Pick<AccountRow, 'stage'>>('select stage from accounts where id = $1', [accountId]))?.stage
}

export async function allAccounts(db: Sql): Promise<AccountRow[]> {
  return await db.rows<AccountRow>('select * from accounts order by lower(name), name')
}

export async function insertAccount(
  db: Sql,
  row: Omit<AccountRow, 'halted_code' | 'halted_at' | 'look_again_at' | 'lag' | 'draft_since'> &
    Partial<Pick<AccountRow, 'draft_since'>>,
): Promise<void> {
  await db.run(
    `insert into accounts (id, channel, name, stage, region, identity, settings, opened_at, created_at, draft_since)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
    [
      row.id,
      row.channel,
      row.name,
      row.stage,
      row.region,
      row.identity,
      JSON.stringify(row.settings),
      row.opened_at,
      row.created_at,
      row.draft_since ?? null,
    ],
  )
}

export async function putSecrets(db: Sql, accountId: string, sealed: Buffer, now: Date): Promise<void> {
  await db.run(
    `insert into account_secrets (account_id, sealed, updated_at) values ($1, $2, $3)
     on conflict (account_id) do update set sealed = $2, updated_at = $3`,
    [accountId, sealed, now],
  )
}

export async function getSecrets(db: Sql, accountId: string): Promise<Buffer | undefined> {
  return (await db.one<{ sealed: Buffer }>('select sealed from account_secrets where account_id = $1', [accountId]))
    ?.sealed
}

/** Stops work on an account until a person has mended it. Answers whether it was working before. */
export async function haltAccount(db: Sql, accountId: string, code: string, now: Date): Promise<boolean> {
  return (
    (await db.run('update accounts set halted_code = $2, halted_at = $3 where id = $1 and halted_code is null', [
      accountId,
      code,
      now,
    ])) === 1
  )
}

/** `haltedAt`: only this halt, not one that another process made since. */
export async function endHalt(db: Sql, accountId: string, haltedAt: Date | null = null): Promise<void> {
  await db.run(
    'update accounts set halted_code = null, halted_at = null where id = $1 and ($2::timestamptz is null or halted_at = $2)',
    [accountId, haltedAt],
  )
}

/** Asks for the account to be read now; the asking is forgotten once a pull that began later is done. */
export async function lookAgain(db: Sql, accountId: string, now: Date): Promise<void> {
  await db.run('update accounts set look_again_at = greatest(coalesce(look_again_at, $2), $2) where id = $1', [
    accountId,
    now,
  ])
}

export interface CursorRow {
  value: unknown
  watermark: Date | null
  sales_known: Date | null
  /** Sales up to here were taken as known: what settled, settled by it. */
  sales_sure: Date | null
  /** Of its account. */
  lag: Lag | null
  next_at: Date
  pulled_at: Date | null
  failures: number
  /** What was there when the account was connected is still being read. */
  is_first: boolean
}

export async function getCursor(db: Sql, accountId: string, stream: string): Promise<CursorRow | undefined> {
  return await db.one<CursorRow>(
    `select c.value, c.watermark, c.sales_known, c.sales_sure, c.next_at, c.pulled_at, c.failures, a.lag, f.stream is not null as is_first
     from cursors c join accounts a on a.id = c.account_id
       left join first_pulls f on f.account_id = c.account_id and f.stream = c.stream and f.done_at is null
     where c.account_id = $1 and c.stream = $2`,
    [accountId, stream],
  )
}

/**
 * Saves where the stream stands, in the transaction that saves what was pulled (P-7). `sales_known` follows the watermark of a
 * pull once a later pull's lies behind that pull's end: sales placed before it were listed twice, by lists that were blind at
 * different moments (after a silence as well: channels/order-windows.ts). Less the account's margin, bounds settle by it
 * (`sales_sure`): every order placed before that which turns up later is late.
 */
export async function saveCursor(
  tx: Sql,
  accountId: string,
  stream: string,
  cursor: { value: unknown; watermark: Date | null; nextAt: Date; now: Date; marginMs?: number },
): Promise<void> {
  await tx.send(
    `insert into cursors as c (account_id, stream, value, watermark, next_at, pulled_at, sales_seen, sales_seen_at)
       values ($1, $2, $3, $4::timestamptz, $5, $6::timestamptz, $4, case when $4 is null then null else $6 end)
     on conflict (account_id, stream) do update set value = $3, watermark = coalesce($4, c.watermark), next_at = $5, pulled_at = $6,
       failed_at = null, failures = 0, failure = null,
       sales_known = case when $4 >= c.sales_seen_at then c.sales_seen else c.sales_known end,
       sales_sure = greatest(c.sales_sure, (case when $4 >= c.sales_seen_at then c.sales_seen else c.sales_known end) - $7::float8 * interval '1 millisecond'),
       sales_seen = case when c.sales_seen_at is null or $4 >= c.sales_seen_at then $4 else c.sales_seen end,
       sales_seen_at = case when $4::timestamptz is null then c.sales_seen_at when c.sales_seen_at is null or $4 >= c.sales_seen_at then $6 else c.sales_seen_at end`,
    [
      accountId,
      stream,
      JSON.stringify(cursor.value),
      cursor.watermark,
      cursor.nextAt,
      cursor.now,
      cursor.marginMs ?? null,
    ],
  )
}

export async function noteFailure(
  db: Sql,
  accountId: string,
  stream: string,
  failure: { code: string; message: string },
  now: Date,
  nextAt: Date,
): Promise<void> {
  await db.run(
    `insert into cursors (account_id, stream, value, next_at, failed_at, failures, failure) values ($1, $2, null, $5, $3, 1, $4)
     on conflict (account_id, stream) do update set failed_at = $3, failure = $4, next_at = $5, failures = cursors.failures + 1`,
    [accountId, stream, now, JSON.stringify(failure), nextAt],
  )
}

/** Answers whether there was a failure to forget. */
export async function clearFailure(db: Sql, accountId: string, stream: string, now: Date): Promise<number> {
  return await db.run(
    `update cursors set failed_at = null, failures = 0, failure = null, pulled_at = $3 where account_id = $1 and stream = $2 and failures > 0`,
    [accountId, stream, now],
  )
}

/** A page of the account's orders was read: what it taught, and whom it answered that had asked by `asked`. */
export async function noteRead(tx: Sql, accountId: string, lag: Lag | null, asked: Date | null): Promise<void> {
  await tx.run(
    `update accounts set lag = coalesce($2::jsonb, lag), look_again_at = case when look_again_at <= $3 then null else look_again_at end
     where id = $1 and (lag is distinct from coalesce($2::jsonb, lag) or look_again_at <= $3)`,
    [accountId, lag && JSON.stringify(lag), asked],
  )
}
