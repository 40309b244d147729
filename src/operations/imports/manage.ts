/** Imports as people handle them: bring a file, correct the mapping, run it, look at what happened. */
import {
  askForRun,
  checkAgain,
  clearBadRows,
  deleteImport,
  finishUpload,
  getImport,
  type ImportOptions,
  type ImportRow,
  insertImport,
  lockImport,
} from '../../database/imports.ts'
import type { Sql } from '../../database/pool.ts'
import { Problem } from '../../domain/errors.ts'
import { importFields, missingFields, suggestMapping } from '../../domain/import-fields.ts'
import { isTimeZone } from '../../domain/import-values.ts'
import type { Context } from '../context.ts'
import { type Encoding, headOf, type Received, readHead, storeFile } from './file.ts'

type Imports = Pick<Context, 'db' | 'clock' | 'newId' | 'sealing'>

export interface GivenFile {
  kind: ImportRow['kind']
  fileName: string
  createdBy: string
  account?: string | undefined
  location?: string | undefined
  countedAt?: string | undefined
  timeZone?: string | undefined
}

export interface Upload extends Received {
  id: string
  given: GivenFile
}

/** Takes the body in. Nothing is visible before `acceptFile`; what fails leaves nothing. */
export async function receiveFile(ctx: Imports, given: GivenFile, body: AsyncIterable<Uint8Array>): Promise<Upload> {
  const id = ctx.newId()
  const { kind, fileName, createdBy } = given
  await insertImport(ctx.db, { id, kind, fileName, createdBy, options: optionsOf(given, {}) }, ctx.clock.now())
  try {
    const received = await storeFile(ctx, id, body)
    readHead(received.head, received.encoding)
    return { id, given, ...received }
  } catch (error) {
    await deleteImport(ctx.db, id)
    throw error
  }
}

/** The upload was a repeat: its first one counts. */
export async function dropFile(ctx: Imports, upload: Upload): Promise<void> {
  await deleteImport(ctx.db, upload.id)
}

/** The file waits to be checked, with the mapping that its headers suggest and the caller's own choices over it. */
export async function acceptFile(tx: Sql, upload: Upload, chosen: Record<string, string> = {}): Promise<string> {
  const { delimiter, columns } = readHead(upload.head, upload.encoding)
  const mapping = suggestMapping(upload.given.kind, columns)
  for (const [field, column] of Object.entries(chosen)) {
    const index = columns.indexOf(column)
    if (index < 0) throw new Problem('bad_request', { message: `the file has no column "${column}"` })
    for (const [other, taken] of Object.entries(mapping)) if (taken === index) delete mapping[other]
    mapping[field] = index
  }
  const options = optionsOf(upload.given, mapping)
  checkOptions(upload.given.kind, options, columns.length)
  await finishUpload(tx, upload.id, { ...upload, delimiter, columns, options })
  return upload.id
}

function optionsOf(given: Partial<GivenFile>, mapping: Record<string, number>): ImportOptions {
  return {
    mapping,
    account: given.account || undefined,
    location: given.location || undefined,
    countedAt: given.countedAt || undefined,
    timeZone: given.timeZone || 'UTC',
  }
}

function checkOptions(kind: ImportRow['kind'], options: ImportOptions, columns: number): void {
  if (!isTimeZone(options.timeZone))
    throw new Problem('bad_request', {
      message: `timeZone: ${options.timeZone} is not known; give one like Asia/Shanghai`,
    })
  const names = new Set(importFields[kind].map((field) => field.name))
  for (const [field, index] of Object.entries(options.mapping)) {
    if (!names.has(field)) throw new Problem('bad_request', { message: `mapping: ${kind} has no field ${field}` })
    if (index < 0 || index >= columns)
      throw new Problem('bad_request', { message: `mapping: there is no column ${index}` })
  }
}

export interface ImportChange {
  mapping?: Record<string, number> | undefined
  account?: string | null | undefined
  location?: string | null | undefined
  countedAt?: string | null | undefined
  timeZone?: string | undefined
  encoding?: Encoding | undefined
}

async function mustLock(tx: Sql, id: string): Promise<ImportRow> {
  const row = await lockImport(tx, id)
  if (!row || row.state === 'uploading') throw new Problem('not_found', { what: 'import', id })
  return row
}

/** Another mapping, or other choices for the whole file: it is checked anew. Not while it runs, nor afterwards. */
export async function changeImport(tx: Sql, ctx: Imports, id: string, change: ImportChange): Promise<void> {
  const row = await mustLock(tx, id)
  // One that failed half-way goes on with the mapping it began with.
  const isBegun = row.state === 'failed' && row.started_at !== null && row.preview !== null
  if (row.state === 'waiting' || row.state === 'running' || row.state === 'done' || isBegun)
    throw new Problem('import_closed', { state: row.state })
  const { encoding: wanted, mapping: given, ...rest } = change
  const encoding = (wanted ?? row.encoding) as Encoding
  const head = encoding === row.encoding ? undefined : readHead(await headOf(ctx, id), encoding)
  const columns = head?.columns ?? row.columns!
  const mapping = given ?? (head ? suggestMapping(row.kind, columns) : row.options.mapping)
  const merged: Record<string, unknown> = { ...row.options, ...definedOf(rest), mapping }
  const options = optionsOf(merged as Partial<GivenFile>, mapping)
  checkOptions(row.kind, options, columns.length)
  await checkAgain(tx, id, { options, encoding, delimiter: head?.delimiter ?? row.delimiter, columns })
}

const definedOf = (change: object) =>
  Object.fromEntries(Object.entries(change).filter(([, value]) => value !== undefined))

/** Asks for the run. Asking again for one that waits, runs or is done changes nothing; a failed one goes on. */
export async function runImport(tx: Sql, ctx: Pick<Context, 'clock'>, id: string): Promise<void> {
  const row = await mustLock(tx, id)
  if (row.state === 'waiting' || row.state === 'running' || row.state === 'done') return
  if (row.preview === null) throw new Problem('import_closed', { state: row.state })
  const isAnew = row.state !== 'failed' || row.started_at === null
  // "Counted now" is settled here, once: whoever goes on with the run later must book the same moment.
  const countedAt = row.options.countedAt ?? ctx.clock.now().toISOString()
  if (isAnew) await clearBadRows(tx, id)
  await askForRun(tx, id, { ...row.options, ...(row.kind === 'stock' ? { countedAt } : {}) }, isAnew)
}

export async function mustGetImport(db: Sql, id: string): Promise<ImportRow> {
  const row = await getImport(db, id)
  if (!row || row.state === 'uploading') throw new Problem('not_found', { what: 'import', id })
  return row
}

/** Removes the import with its file. One at work is refused. */
export async function removeImport(tx: Sql, id: string): Promise<void> {
  const row = await mustLock(tx, id)
  if (row.state === 'running' || row.state === 'waiting') throw new Problem('import_closed', { state: row.state })
  await deleteImport(tx, id)
}

/** Required fields without a column or a choice. */
export function missingOf(row: Pick<ImportRow, 'kind' | 'options'>): string[] {
  return missingFields(row.kind, row.options.mapping, { ...row.options, countedAt: 'now' })
}
