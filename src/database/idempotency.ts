/** Answers given under an Idempotency-Key, stored in the transaction that made the change. */
import type { Sql } from './pool.ts'

export interface StoredAnswer {
  hash: Buffer
  status: number
  /** Sealed: an answer may hold a key that is shown once. */
  answer: Buffer
}

export interface AnswerKey {
  /** Whose key it is: `user:<id>` or `key:<id>`. */
  caller: string
  key: string
}

/** Answers that are stored, by `caller key`. */
export async function findAnswers(sql: Sql, keys: readonly AnswerKey[]): Promise<Map<string, StoredAnswer>> {
  if (keys.length === 0) return new Map()
  const rows = await sql.rows<StoredAnswer & AnswerKey>(
    `select i.caller, i.key, i.request_hash as hash, i.status, i.answer from unnest($1::text[], $2::text[]) as t(caller, key)
     join idempotency_keys i on i.caller = t.caller and i.key = t.key`,
    [keys.map((one) => one.caller), keys.map((one) => one.key)],
  )
  return new Map(rows.map((row) => [`${row.caller} ${row.key}`, row]))
}

/** Stores answers. A key that was used in the meantime fails the transaction. */
export async function insertAnswers(tx: Sql, rows: readonly (StoredAnswer & AnswerKey)[], now: Date): Promise<void> {
  if (rows.length === 0) return
  await tx.send(
    `insert into idempotency_keys (caller, key, request_hash, status, answer, created_at)
     select t.*, $6 from unnest($1::text[], $2::text[], $3::bytea[], $4::int[], $5::bytea[]) as t`,
    [
      rows.map((row) => row.caller),
      rows.map((row) => row.key),
      rows.map((row) => row.hash),
      rows.map((row) => row.status),
      rows.map((row) => row.answer),
      now,
    ],
  )
}
