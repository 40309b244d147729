/** Settlements raw, as channels gave them, and the sealed files that hold them. */
import type { Sql } from './pool.ts'

export interface NewSettlement {
  id: string
  remoteId: string
  name: string
  contentType: string
  from: Date | null
  until: Date | null
  sha256: string
  size: number
  sealed: Buffer
}

/** Keeps what is not kept yet. A settlement never changes: one that is told again is the same. Answers whether it was new. */
export async function saveSettlement(tx: Sql, accountId: string, one: NewSettlement, now: Date): Promise<boolean> {
  const isNew = await tx.run(
    `insert into settlements (id, account_id, remote_id, name, content_type, from_at, until_at, sha256, size, stored_at)
     values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) on conflict (account_id, remote_id) do nothing`,
    [one.id, accountId, one.remoteId, one.name, one.contentType, one.from, one.until, one.sha256, one.size, now],
  )
  if (isNew === 0) return false
  await tx.run('insert into files (id, sealed) values ($1, $2)', [one.id, one.sealed])
  return true
}

export interface StoredSettlement {
  id: string
  accountId: string
  remoteId: string
  name: string
  contentType: string
  sha256: string
  size: number
  sealed: Buffer
}

export async function settlementFile(sql: Sql, id: string): Promise<StoredSettlement | undefined> {
  return await sql.one<StoredSettlement>(
    `select s.id, s.account_id as "accountId", s.remote_id as "remoteId", s.name, s.content_type as "contentType", s.sha256, s.size, f.sealed
     from settlements s join files f on f.id = s.id where s.id = $1`,
    [id],
  )
}
