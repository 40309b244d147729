/** Consents that were begun, and what live checks found. */
import type { Sql } from './pool.ts'

export interface ConsentRow {
  id: string
  account_id: string
  user_id: string | null
  redirect_uri: string
  created_at: Date
  expires_at: Date
  used_at: Date | null
  ended_at: Date | null
  failure: { code: string; params: Record<string, string> } | null
}

const consentColumns =
  'id, account_id, user_id, redirect_uri, created_at, expires_at, used_at, ended_at, failure' as const

export async function insertConsent(
  tx: Sql,
  row: Pick<ConsentRow, 'id' | 'account_id' | 'user_id' | 'redirect_uri' | 'created_at' | 'expires_at'>,
  stateHash: Buffer,
): Promise<void> {
  await tx.run(
    `insert into consents (id, account_id, state_hash, user_id, redirect_uri, created_at, expires_at)
     values ($1, $2, $3, $4, $5, $6, $7)`,
    [row.id, row.account_id, stateHash, row.user_id, row.redirect_uri, row.created_at, row.expires_at],
  )
}

export async function findConsent(db: Sql, stateHash: Buffer): Promise<ConsentRow | undefined> {
  return await db.one<ConsentRow>(`select ${consentColumns} from consents where state_hash = $1`, [stateHash])
}

/** Of those who come back with one state at once, one gets true. */
export async function useConsent(db: Sql, id: string, now: Date): Promise<boolean> {
  return (await db.run('update consents set used_at = $2 where id = $1 and used_at is null', [id, now])) === 1
}

export async function endConsent(db: Sql, id: string, failure: ConsentRow['failure'], now: Date): Promise<void> {
  await db.run('update consents set ended_at = $2, failure = $3 where id = $1', [
    id,
    now,
    failure && JSON.stringify(failure),
  ])
}

export async function newestConsent(db: Sql, accountId: string): Promise<ConsentRow | undefined> {
  return await db.one<ConsentRow>(
    `select ${consentColumns} from consents where account_id = $1 order by created_at desc, id desc limit 1`,
    [accountId],
  )
}

/** Nobody comes back any more to those that ran out before then. */
export async function forgetConsents(db: Sql, before: Date): Promise<void> {
  await db.run('delete from consents where expires_at < $1', [before])
}

/** An account went live by somebody's word alone. */
export async function noteOverride(
  tx: Sql,
  row: { id: string; accountId: string; by: string; at: Date },
): Promise<void> {
  await tx.run('insert into live_overrides (id, account_id, by, at) values ($1, $2, $3, $4)', [
    row.id,
    row.accountId,
    row.by,
    row.at,
  ])
}

export type CheckState = 'waiting' | 'running' | 'ok' | 'failed' | 'skipped'

export interface CheckRow {
  check_id: string
  state: CheckState
  code: string | null
  facts: Record<string, string>
  checked_at: Date | null
}

/** A new round takes the place of the one before. */
export async function askForRound(tx: Sql, accountId: string, ids: readonly string[], now: Date): Promise<void> {
  await tx.run(
    `insert into check_rounds (account_id, asked_at, ended_at) values ($1, $2, null)
     on conflict (account_id) do update set asked_at = $2, ended_at = null`,
    [accountId, now],
  )
  await tx.run('delete from checks where account_id = $1', [accountId])
  await tx.run(
    `insert into checks (account_id, check_id, position, state, facts)
     select $1, t.id, t.position, 'waiting', '{}' from unnest($2::text[]) with ordinality as t(id, position)`,
    [accountId, ids],
  )
}

/** What was found with other settings or secrets says nothing any more. */
export async function forgetChecks(tx: Sql, accountId: string): Promise<void> {
  await tx.run('delete from check_rounds where account_id = $1', [accountId])
}

export async function roundOf(
  db: Sql,
  accountId: string,
): Promise<{ asked_at: Date; ended_at: Date | null } | undefined> {
  return await db.one('select asked_at, ended_at from check_rounds where account_id = $1', [accountId])
}

/** Accounts whose round waits for somebody, or was left in the middle. */
export async function roundsAsked(db: Sql): Promise<string[]> {
  const rows = await db.rows<{ id: string }>(
    'select account_id as id from check_rounds where ended_at is null order by asked_at',
  )
  return rows.map((row) => row.id)
}

export async function checksOf(db: Sql, accountId: string): Promise<CheckRow[]> {
  return await db.rows<CheckRow>(
    'select check_id, state, code, facts, checked_at from checks where account_id = $1 order by position',
    [accountId],
  )
}

/** False where the round was replaced by a newer one, which begins anew. */
export async function noteCheck(
  db: Sql,
  accountId: string,
  askedAt: Date,
  { check_id, state, code, facts, checked_at }: CheckRow,
): Promise<boolean> {
  const noted = await db.run(
    `update checks c set state = $4, code = $5, facts = $6, checked_at = $7 from check_rounds r
     where c.account_id = $1 and c.check_id = $3 and r.account_id = c.account_id and r.asked_at = $2`,
    [accountId, askedAt, check_id, state, code, JSON.stringify(facts), checked_at],
  )
  return noted === 1
}

export async function endRound(db: Sql, accountId: string, askedAt: Date, now: Date): Promise<void> {
  await db.run('update check_rounds set ended_at = $3 where account_id = $1 and asked_at = $2', [
    accountId,
    askedAt,
    now,
  ])
}
