/** Lines of a file as units that are booked whole: a row, or all rows of an order. */
import type { ImportRow } from '../../database/imports.ts'
import type { ImportKind } from '../../domain/import-fields.ts'
import { type FileOptions, keyOf, type OrderRow, type RowFault, type RowOf, readRow } from '../../domain/import-rows.ts'
import type { Context } from '../context.ts'
import { differsIn } from './book-rows.ts'
import { type Line, linesOf } from './file.ts'

type Files = Pick<Context, 'db' | 'sealing' | 'clock'>

/** One line: its row, or what is wrong with it. */
export interface Entry {
  line: Line
  row?: RowOf[ImportKind]
  faults: readonly RowFault[]
}

export type Unit = readonly Entry[]

/** The order that a line belongs to, whether the rest of it can be read or not. */
const orderOf = (line: Line, row: ImportRow): string => {
  const { mapping, account } = row.options
  const cell = (field: string) => (mapping[field] === undefined ? '' : (line.cells[mapping[field]] ?? ''))
  return JSON.stringify([cell('account') || (account ?? ''), cell('order')])
}

export async function* unitsOf(ctx: Files, row: ImportRow): AsyncGenerator<Unit> {
  const entries = entriesOf(ctx, row)
  if (row.kind !== 'orders') {
    for await (const entry of entries) yield [entry]
    return
  }
  const torn = await tornOrders(ctx, row)
  let key = ''
  let group: Entry[] = []
  for await (const entry of entries) {
    const next = orderOf(entry.line, row)
    if (next !== key && group.length > 0) {
      yield judgeOrder(group, torn.has(key))
      group = []
    }
    key = next
    group.push(entry)
  }
  if (group.length > 0) yield judgeOrder(group, torn.has(key))
}

async function* entriesOf(ctx: Files, row: ImportRow): AsyncGenerator<Entry> {
  const options: FileOptions = {
    account: row.options.account,
    location: row.options.location,
    // A check of a file that is counted "now" judges by the moment of the check.
    countedAt: row.options.countedAt ? new Date(row.options.countedAt) : ctx.clock.now(),
    timeZone: row.options.timeZone,
  }
  const seen = new Map<string, number>()
  for await (const line of linesOf(ctx, row)) {
    const read = readRow(row.kind, line.cells, row.columns!.length, row.options.mapping, options)
    if ('faults' in read) {
      yield { line, faults: read.faults }
      continue
    }
    const key = keyOf(row.kind, read.row)
    const first = seen.get(key)
    if (first === undefined) seen.set(key, line.row)
    const faults = first === undefined ? [] : [{ code: 'given_twice' as const, params: { row: first } }]
    yield { line, row: read.row, faults }
  }
}

/**
 * Orders whose rows do not stand together. A part of an order would be taken for the whole of it, and what is missing
 * for dropped, so none of their rows is taken.
 */
async function tornOrders(ctx: Files, row: ImportRow): Promise<Set<string>> {
  const seen = new Set<string>()
  const torn = new Set<string>()
  let key = ''
  for await (const line of linesOf(ctx, row)) {
    const next = orderOf(line, row)
    if (next === key) continue
    if (seen.has(next)) torn.add(next)
    seen.add(next)
    key = next
  }
  return torn
}

/** An order is taken whole or not at all. */
function judgeOrder(group: readonly Entry[], isTorn: boolean): Unit {
  if (isTorn)
    return group.map((entry) => ({ ...entry, faults: [...entry.faults, { code: 'order_not_together', params: {} }] }))
  const first = group.find((entry) => entry.row)?.row as OrderRow | undefined
  const judged = group.map((entry): Entry => {
    const field = entry.row && first ? differsIn(first, entry.row as OrderRow) : undefined
    return field ? { ...entry, faults: [...entry.faults, { code: 'order_rows_differ', params: { field } }] } : entry
  })
  const culprit = judged.find((entry) => entry.faults.length > 0)
  if (!culprit) return judged
  return judged.map((entry) =>
    entry.faults.length > 0
      ? entry
      : { ...entry, faults: [{ code: 'order_has_bad_row', params: { row: culprit.line.row } }] },
  )
}
