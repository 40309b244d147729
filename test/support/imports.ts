/** Imports in tests: a file in, checked, run, and its bad rows read back. */
import { Readable } from 'node:stream'
import { parse } from 'csv-parse/sync'
import type { ImportRow } from '../../src/database/imports.ts'
import { badRowsCsv } from '../../src/operations/imports/bad-rows.ts'
import {
  acceptFile,
  type GivenFile,
  mustGetImport,
  receiveFile,
  runImport,
} from '../../src/operations/imports/manage.ts'
import { type WorkContext, workOnImport } from '../../src/operations/imports/work.ts'

export type Given = Partial<GivenFile> & { kind: GivenFile['kind'] }

const pieces = function* (bytes: Buffer) {
  for (let at = 0; at < bytes.length; at += 64 * 1024) yield bytes.subarray(at, at + 64 * 1024)
}

export async function upload(ctx: WorkContext, given: Given, text: string | Buffer): Promise<string> {
  const body = Readable.from(pieces(Buffer.from(text)))
  const file = await receiveFile(ctx, { fileName: 'test.csv', createdBy: 'test', ...given }, body)
  return await ctx.db.transaction((tx) => acceptFile(tx, file))
}

export async function work(ctx: WorkContext, holder = 'test'): Promise<void> {
  while (await workOnImport(ctx, { holder }));
}

/** Upload, check, run; answers the import as it is then. */
export async function importFile(ctx: WorkContext, given: Given, text: string | Buffer): Promise<ImportRow> {
  const id = await upload(ctx, given, text)
  await work(ctx)
  await ctx.db.transaction((tx) => runImport(tx, ctx, id))
  await work(ctx)
  return await mustGetImport(ctx.db, id)
}

export const countsOf = (row: ImportRow) => [row.rows_new, row.rows_changed, row.rows_same, row.rows_bad]

/** The bad rows as the file tells them; reasons are codes. */
export async function badRows(ctx: WorkContext, row: ImportRow): Promise<Record<string, string>[]> {
  let text = ''
  const say = ({ code }: { code: string }) => code
  for await (const part of badRowsCsv(ctx, row, { row: 'row', reason: 'reason', say })) text += part
  return parse(text, { bom: true, columns: true, record_delimiter: '\r\n' })
}
