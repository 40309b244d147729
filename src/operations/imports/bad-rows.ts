/** The rows that were not taken, as a file to correct and bring again: the columns as they were, the reason behind. */
import { badRowsAfter, type ImportRow } from '../../database/imports.ts'
import { neutralizeGiven } from '../../domain/csv-text.ts'
import type { RowFault } from '../../domain/import-rows.ts'
import type { Context } from '../context.ts'
import { openPiece } from './file.ts'
import { csvOfTexts } from './write-csv.ts'

interface BadRow {
  row: number
  cells: string[]
  faults: RowFault[]
}

/** `say`: the words for what is wrong. */
export function badRowsCsv(
  ctx: Pick<Context, 'db' | 'sealing'>,
  row: ImportRow,
  words: { row: string; reason: string; say(fault: RowFault): string },
): AsyncGenerator<string> {
  const columns = row.columns ?? []
  async function* pages() {
    for await (const bad of badRowsOf(ctx, row)) {
      yield bad.map(({ row: number, cells, faults }) => [
        ...padded(cells, columns.length).map(neutralizeGiven),
        String(number),
        neutralizeGiven(faults.map(words.say).join(' ')),
      ])
    }
  }
  return csvOfTexts([...columns.map(neutralizeGiven), words.row, words.reason], pages())
}

const padded = (cells: readonly string[], width: number) => [
  ...cells,
  ...Array.from({ length: Math.max(0, width - cells.length) }, () => ''),
]

async function* badRowsOf(ctx: Pick<Context, 'db' | 'sealing'>, row: ImportRow): AsyncGenerator<BadRow[]> {
  for (let after = 0; ; ) {
    const piece = await badRowsAfter(ctx.db, row.id, after)
    if (!piece) return
    after = piece.firstRow
    const text = openPiece(ctx, piece, `import:${row.id}:bad:${piece.firstRow}`)
    if (text !== undefined) yield JSON.parse(text) as BadRow[]
  }
}
