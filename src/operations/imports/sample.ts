/** Some rows of a file as they were understood, for the preview: the first, the first changes, the first bad ones. */
import type { ImportRow } from '../../database/imports.ts'
import { restore } from '../../domain/csv-text.ts'
import type { RowFault } from '../../domain/import-rows.ts'
import type { Context } from '../context.ts'
import { openPiece } from './file.ts'
import type { RowResult } from './results.ts'
import type { Entry } from './units.ts'

export interface SampleRow {
  row: number
  /** By our field: the cells that the mapping names, and no others. */
  values: Record<string, string>
  result: RowResult['result']
  before: number | null
  after: number | null
  faults: readonly RowFault[]
}

export interface Sample {
  first: SampleRow[]
  changed: SampleRow[]
  bad: SampleRow[]
}

const most = { first: 10, changed: 20, bad: 20 }

export function sampler(row: ImportRow) {
  const sample: Sample = { first: [], changed: [], bad: [] }
  const fields = Object.entries(row.options.mapping)
  return {
    add({ line, ...entry }: Entry, result: RowResult) {
      const lists = [
        ...(sample.first.length < most.first ? [sample.first] : []),
        ...(result.result === 'bad' && sample.bad.length < most.bad ? [sample.bad] : []),
        ...((result.result === 'changed' || result.result === 'new') && sample.changed.length < most.changed
          ? [sample.changed]
          : []),
      ]
      if (lists.length === 0) return
      const one: SampleRow = {
        row: line.row,
        values: Object.fromEntries(
          fields.map(([field, index]) => [field, restore(line.cells[index] ?? '').slice(0, 200)]),
        ),
        result: result.result,
        before: 'before' in result ? (result.before ?? null) : null,
        after: 'after' in result ? (result.after ?? null) : null,
        faults: result.result === 'bad' ? result.faults : entry.faults,
      }
      for (const list of lists) list.push(one)
    },
    taken: () => sample,
  }
}
export type Sampler = ReturnType<typeof sampler>

/** The sample of a checked import; empty where it was not checked yet or its file was forgotten. */
export function openSample(ctx: Pick<Context, 'sealing'>, row: ImportRow): Sample {
  const nothing: Sample = { first: [], changed: [], bad: [] }
  if (!row.sample || row.sample_epoch === null) return nothing
  const text = openPiece(ctx, { sealed: row.sample, epoch: row.sample_epoch }, `import:${row.id}:sample`)
  return text === undefined ? nothing : (JSON.parse(text) as Sample)
}
