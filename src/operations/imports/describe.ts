/** Imports as the API and the terminal tell them. */
import { type ImportRow, importedBefore, listImports } from '../../database/imports.ts'
import type { Sql } from '../../database/pool.ts'
import type { Page, PageQuery } from '../../database/views/page.ts'
import { importFields } from '../../domain/import-fields.ts'
import type { RowFault } from '../../domain/import-rows.ts'
import type { Encoding } from './file.ts'
import { missingOf } from './manage.ts'

export type Described = ReturnType<typeof describe>

function describe(row: ImportRow, before: Date | undefined) {
  return {
    id: row.id,
    kind: row.kind,
    state: row.state as Exclude<ImportRow['state'], 'uploading'>,
    fileName: row.file_name,
    bytes: row.bytes,
    encoding: row.encoding as Encoding,
    delimiter: row.delimiter,
    columns: row.columns ?? [],
    fields: importFields[row.kind].map(({ name, required }) => ({ name, required })),
    mapping: row.options.mapping,
    missing: missingOf(row),
    account: row.options.account ?? null,
    location: row.options.location ?? null,
    countedAt: row.options.countedAt ?? null,
    timeZone: row.options.timeZone,
    preview: row.preview,
    rowsTotal: row.rows_total,
    rowsDone: row.rows_done,
    counts: { new: row.rows_new, changed: row.rows_changed, same: row.rows_same, bad: row.rows_bad },
    failure: row.failure,
    importedBefore: before?.toISOString() ?? null,
    createdBy: row.created_by,
    createdAt: row.created_at.toISOString(),
    startedAt: row.started_at?.toISOString() ?? null,
    finishedAt: row.finished_at?.toISOString() ?? null,
  }
}

export async function describeImport(db: Sql, row: ImportRow): Promise<Described> {
  return describe(row, await importedBefore(db, row))
}

/** The history, without the look for earlier runs of the same file. */
export async function listDescribed(db: Sql, kinds: readonly string[], query: PageQuery): Promise<Page<Described>> {
  const page = await listImports(db, kinds, query)
  return { ...page, items: page.items.map((row) => describe(row, undefined)) }
}

/** The fault with its field named as the file names the column. */
export function inColumns(row: Pick<ImportRow, 'columns' | 'options'>, fault: RowFault): RowFault {
  const { field } = fault.params
  const index = row.options.mapping[String(field)]
  const column = index === undefined ? undefined : row.columns?.[index]
  return column ? { ...fault, params: { ...fault.params, field: column } } : fault
}
