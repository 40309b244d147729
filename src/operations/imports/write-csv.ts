/** Rows as CSV that every spreadsheet opens: UTF-8 with its mark, CRLF, nothing that runs as a formula. */
import { stringify } from 'csv-stringify/sync'
import { neutralize } from '../../domain/csv-text.ts'

/** A number stands as it is; a text that would run is made a text again. */
export type Cell = string | number | null

const mark = '\uFEFF'

const lines = (rows: readonly (readonly string[])[]): string =>
  stringify(rows as string[][], { record_delimiter: '\r\n' })

const cellText = (cell: Cell): string =>
  cell === null ? '' : typeof cell === 'number' ? String(cell) : neutralize(cell)

/** A file from pages of rows, a page at a time. */
export async function* csvOf(header: readonly string[], pages: AsyncIterable<readonly (readonly Cell[])[]>) {
  yield mark + lines([header.map(neutralize)])
  for await (const rows of pages) if (rows.length > 0) yield lines(rows.map((row) => row.map(cellText)))
}

/** The same from cells that are text already and safe. */
export async function* csvOfTexts(header: readonly string[], pages: AsyncIterable<readonly (readonly string[])[]>) {
  yield mark + lines([header])
  for await (const rows of pages) if (rows.length > 0) yield lines(rows)
}
