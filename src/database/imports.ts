/** Imports: their files (sealed pieces), their progress, and who works on them. */

import type { Sql } from './pool.ts'
import { type Page, type PageQuery, readCursor, toPage } from './views/page.ts'

export type ImportState = 'uploading' | 'checking' | 'checked' | 'waiting' | 'running' | 'done' | 'failed'

/** What holds for the whole file. */
export interface ImportOptions {
  mapping: Record<string, number>
  account?: string | undefined
  location?: string | undefined
  /** ISO time; absent: the moment the run began. */
  countedAt?: string | undefined
  timeZone: string
}

export interface ImportCounts {
  new: number
  changed: number
  same: number
  bad: number
}

export interface ImportRow {
  id: string
  kind: 'variants' | 'stock' | 'mappings' | 'orders'
  state: ImportState
  file_name: string
  sha256: string | null
  bytes: number
  encoding: string
  delimiter: string
  columns: string[] | null
  options: ImportOptions
  preview: ImportCounts | null
  sample: Buffer | null
  sample_epoch: string | null
  rows_total: number | null
  rows_done: number
  rows_new: number
  rows_changed: number
  rows_same: number
  rows_bad: number
  failure: { code: string; params: Record<string, string | number> } | null
  epoch: number
  created_by: string
  created_at: Date
  started_at: Date | null
  finished_at: Date | null
}

export interface NewImport {
  id: string
  kind: ImportRow['kind']
  fileName: string
  options: ImportOptions
  createdBy: string
}

export async function insertImport(db: Sql, one: NewImport, now: Date): Promise<void> {
  await db.run(
    `insert into imports (id, kind, state, file_name, bytes, encoding, delimiter, options, rows_done, rows_new, rows_changed, rows_same, rows_bad, epoch, created_by, created_at)
     values ($1, $2, 'uploading', $3, 0, '', '', $4, 0, 0, 0, 0, 0, 0, $5, $6)`,
    [one.id, one.kind, one.fileName, JSON.stringify(one.options), one.createdBy, now],
  )
}

export interface Sealed {
  sealed: Buffer
  epoch: string
}

export async function addChunk(db: Sql, id: string, n: number, { sealed, epoch }: Sealed): Promise<void> {
  await db.run('insert into import_chunks (import_id, n, sealed, epoch) values ($1, $2, $3, $4)', [
    id,
    n,
    sealed,
    epoch,
  ])
}

export async function chunkOf(db: Sql, id: string, n: number): Promise<Sealed | undefined> {
  return await db.one<Sealed>('select sealed, epoch from import_chunks where import_id = $1 and n = $2', [id, n])
}

/** The file is whole: it waits to be checked. */
export async function finishUpload(
  db: Sql,
  id: string,
  file: {
    bytes: number
    sha256: string
    encoding: string
    delimiter: string
    columns: readonly string[]
    options: ImportOptions
  },
): Promise<void> {
  const { bytes, sha256, encoding, delimiter } = file
  await db.run(
    `update imports set state = 'checking', bytes = $2, sha256 = $3, encoding = $4, delimiter = $5, columns = $6, options = $7 where id = $1`,
    [id, bytes, sha256, encoding, delimiter, JSON.stringify(file.columns), JSON.stringify(file.options)],
  )
}

/** When the same bytes were imported before, newest first; undefined where they never were. */
export async function importedBefore(db: Sql, row: ImportRow): Promise<Date | undefined> {
  const found = await db.one<{ at: Date }>(
    `select finished_at as at from imports where sha256 = $1 and kind = $2 and state = 'done' and id <> $3 order by finished_at desc limit 1`,
    [row.sha256, row.kind, row.id],
  )
  return found?.at
}

export async function getImport(db: Sql, id: string): Promise<ImportRow | undefined> {
  return await db.one<ImportRow>('select * from imports where id = $1', [id])
}

export async function lockImport(tx: Sql, id: string): Promise<ImportRow | undefined> {
  return await tx.one<ImportRow>('select * from imports where id = $1 for update', [id])
}

export async function listImports(db: Sql, kinds: readonly string[], query: PageQuery): Promise<Page<ImportRow>> {
  const after = query.cursor ? readCursor(query.cursor, 2) : null
  const rows = await db.rows<ImportRow>(
    `select * from imports where kind = any($1) and state <> 'uploading' and ($2::timestamptz is null or (created_at, id) < ($2::timestamptz, $3::uuid))
     order by created_at desc, id desc limit ${query.limit + 1}`,
    [kinds, after?.[0] ?? null, after?.[1] ?? null],
  )
  return toPage(rows, query.limit, (row) => [row.created_at.toISOString(), row.id])
}

/** A new mapping: what was checked before counts no more, and who was checking it is fenced off. */
export async function checkAgain(
  tx: Sql,
  id: string,
  change: { options: ImportOptions; encoding: string; delimiter: string; columns: readonly string[] },
): Promise<void> {
  await tx.run(
    `update imports set state = 'checking', options = $2, encoding = $3, delimiter = $4, columns = $5, preview = null, sample = null,
       rows_done = 0, rows_new = 0, rows_changed = 0, rows_same = 0, rows_bad = 0, failure = null, epoch = epoch + 1, lease_until = null, started_at = null
     where id = $1`,
    [id, JSON.stringify(change.options), change.encoding, change.delimiter, JSON.stringify(change.columns)],
  )
}

/** Asks for the run. A failed one goes on where it stopped. */
export async function askForRun(tx: Sql, id: string, options: ImportOptions, anew: boolean): Promise<void> {
  await tx.run(
    `update imports set state = 'waiting', options = $2, failure = null, epoch = epoch + 1, lease_until = null,
       rows_done = case when $3 then 0 else rows_done end, rows_new = case when $3 then 0 else rows_new end,
       rows_changed = case when $3 then 0 else rows_changed end, rows_same = case when $3 then 0 else rows_same end,
       rows_bad = case when $3 then 0 else rows_bad end
     where id = $1`,
    [id, JSON.stringify(options), anew],
  )
}

/** Takes an import that waits, or one whose worker is gone. `asOf`: the clock that leases are judged by. */
export async function claimImport(
  db: Sql,
  who: { holder: string; asOf: Date; leaseMs: number; now: Date; only?: string | undefined },
): Promise<ImportRow | undefined> {
  return await db.one<ImportRow>(
    `update imports set holder = $1, epoch = epoch + 1, lease_until = $3, started_at = coalesce(started_at, $4),
       state = case when state = 'waiting' then 'running' else state end
     where id = (select id from imports where state in ('checking', 'waiting', 'running') and (lease_until is null or lease_until <= $2)
         and ($5::uuid is null or id = $5::uuid) order by created_at limit 1 for update skip locked)
     returning *`,
    [who.holder, who.asOf, new Date(who.asOf.getTime() + who.leaseMs), who.now, who.only ?? null],
  )
}

/** Answers false where another one works on it now: then nothing of this batch may be written. */
export async function fenceImport(tx: Sql, id: string, epoch: number): Promise<boolean> {
  return (await tx.one('select 1 from imports where id = $1 and epoch = $2 for update', [id, epoch])) !== undefined
}

export async function noteProgress(
  tx: Sql,
  id: string,
  progress: { rowsDone: number; counts: ImportCounts; leaseUntil: Date },
): Promise<void> {
  const { counts } = progress
  await tx.run(
    `update imports set rows_done = $2, rows_new = $3, rows_changed = $4, rows_same = $5, rows_bad = $6, lease_until = $7 where id = $1`,
    [id, progress.rowsDone, counts.new, counts.changed, counts.same, counts.bad, progress.leaseUntil],
  )
}

/** Gives it back, so that the next worker takes it at once. */
export async function releaseImport(db: Sql, id: string, epoch: number): Promise<void> {
  await db.run('update imports set lease_until = null where id = $1 and epoch = $2', [id, epoch])
}

export async function finishCheck(
  db: Sql,
  id: string,
  epoch: number,
  checked: { rows: number; preview: ImportCounts | null; sample: Sealed },
): Promise<void> {
  await db.run(
    `update imports set state = 'checked', rows_total = $3, preview = $4, sample = $5, sample_epoch = $6, lease_until = null, started_at = null
     where id = $1 and epoch = $2`,
    [
      id,
      epoch,
      checked.rows,
      checked.preview && JSON.stringify(checked.preview),
      checked.sample.sealed,
      checked.sample.epoch,
    ],
  )
}

export async function finishRun(db: Sql, id: string, epoch: number, now: Date): Promise<void> {
  await db.run(
    `update imports set state = 'done', rows_total = rows_done, lease_until = null, finished_at = $3 where id = $1 and epoch = $2`,
    [id, epoch, now],
  )
}

export async function failImport(
  db: Sql,
  id: string,
  epoch: number,
  failure: NonNullable<ImportRow['failure']>,
  now: Date,
): Promise<void> {
  await db.run(
    `update imports set state = 'failed', failure = $3, lease_until = null, finished_at = $4 where id = $1 and epoch = $2`,
    [id, epoch, JSON.stringify(failure), now],
  )
}

export async function addBadRows(tx: Sql, id: string, firstRow: number, { sealed, epoch }: Sealed): Promise<void> {
  await tx.run('insert into import_bad_rows (import_id, first_row, sealed, epoch) values ($1, $2, $3, $4)', [
    id,
    firstRow,
    sealed,
    epoch,
  ])
}

export async function clearBadRows(tx: Sql, id: string): Promise<void> {
  await tx.run('delete from import_bad_rows where import_id = $1', [id])
}

/** The next piece of bad rows behind a row number. */
export async function badRowsAfter(
  db: Sql,
  id: string,
  row: number,
): Promise<(Sealed & { firstRow: number }) | undefined> {
  return await db.one(
    `select first_row as "firstRow", sealed, epoch from import_bad_rows where import_id = $1 and first_row > $2 order by first_row limit 1`,
    [id, row],
  )
}

export async function deleteImport(db: Sql, id: string): Promise<void> {
  await db.run('delete from imports where id = $1', [id])
}

/** Forgets files and bad rows of finished imports (the counts stay), and uploads that never became whole. */
export async function forgetFiles(db: Sql, olderThan: Date, brokenBefore: Date): Promise<void> {
  await db.run(`delete from imports where state = 'uploading' and created_at < $1`, [brokenBefore])
  await db.run(
    `delete from import_chunks c using imports i where i.id = c.import_id and i.created_at < $1 and i.state not in ('checking', 'waiting', 'running')`,
    [olderThan],
  )
  await db.run('delete from import_bad_rows b using imports i where i.id = b.import_id and i.created_at < $1', [
    olderThan,
  ])
  await db.run('update imports set sample = null, sample_epoch = null where created_at < $1 and sample is not null', [
    olderThan,
  ])
}
