/** Checks and runs imports, batch by batch: what a batch did, its bad rows and the progress are one transaction. */
import {
  addBadRows,
  claimImport,
  failImport,
  fenceImport,
  finishCheck,
  finishRun,
  type ImportCounts,
  type ImportRow,
  noteProgress,
  releaseImport,
} from '../../database/imports.ts'
import type { Sql } from '../../database/pool.ts'
import type { RowFault } from '../../domain/import-rows.ts'
import type { Context } from '../context.ts'
import { type Batch, books } from './book-rows.ts'
import { FileBroken, FileErased, sealPiece } from './file.ts'
import { missingOf } from './manage.ts'
import type { RowResult } from './results.ts'
import { type Sampler, sampler } from './sample.ts'
import { type Entry, type Unit, unitsOf } from './units.ts'

export type WorkContext = Pick<
  Context,
  'db' | 'clock' | 'newId' | 'sealing' | 'registry' | 'leaseClock' | 'log' | 'wake'
>

export interface WorkOptions {
  holder: string
  /** Only this import. */
  only?: string | undefined
  stopping?: AbortSignal | undefined
  leaseMs?: number
  /** Rows a transaction. */
  batchSize?: number
}

/** Another process works on it now. */
class ImportLost extends Error {}

/** Takes one import that waits and works on it to its end. Answers false where none waits. */
export async function workOnImport(ctx: WorkContext, options: WorkOptions): Promise<boolean> {
  const leaseMs = options.leaseMs ?? 30_000
  const asOf = await ctx.leaseClock()
  const row = await claimImport(ctx.db, { ...options, asOf, leaseMs, now: ctx.clock.now() })
  if (!row) return false
  const work = new Work(ctx, row, { ...options, leaseMs, batchSize: options.batchSize ?? 1_000 })
  try {
    await work.go()
  } catch (error) {
    await endBadly(ctx, row, error)
  }
  ctx.wake()
  return true
}

async function endBadly(ctx: WorkContext, row: ImportRow, error: unknown): Promise<void> {
  if (error instanceof ImportLost) return
  const fail = (code: string, params = {}) => failImport(ctx.db, row.id, row.epoch, { code, params }, ctx.clock.now())
  if (error instanceof FileErased) return await fail('erased')
  if (error instanceof FileBroken) return await fail('quote_open', { row: error.row })
  const { message, code } = error as { message?: string; code?: string }
  ctx.log.error('import failed', { import: row.id, code, message })
  // A database that is away comes back; the lease runs out and the import goes on.
  if (isPassing(error)) throw error
  await fail('internal')
}

/** Connections, restarts, full disks, locks: the same work succeeds later. */
function isPassing(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  return /^(08|40|53|55|57|58|E[A-Z]+)/.test(code ?? '') || /timeout|terminated|connection/i.test(message ?? '')
}

/** Faults that come again with the same row. */
function isFaultOfData(error: unknown): boolean {
  const { code, message } = error as { code?: string; message?: string }
  if (code) return /^(22|23)/.test(code)
  return error instanceof RangeError || message?.startsWith('stock:') === true
}

class Work {
  readonly ctx: WorkContext
  readonly row: ImportRow
  readonly options: WorkOptions & { leaseMs: number; batchSize: number }
  readonly dry: boolean
  readonly counts: ImportCounts
  readonly sample: Sampler
  rowsDone: number

  constructor(ctx: WorkContext, row: ImportRow, options: Work['options']) {
    this.ctx = ctx
    this.row = row
    this.options = options
    this.dry = row.state === 'checking'
    // A check that was interrupted begins anew: it holds nothing that could be lost.
    this.counts = this.dry
      ? { new: 0, changed: 0, same: 0, bad: 0 }
      : { new: row.rows_new, changed: row.rows_changed, same: row.rows_same, bad: row.rows_bad }
    this.rowsDone = this.dry ? 0 : row.rows_done
    this.sample = sampler(row)
  }

  async go(): Promise<void> {
    const { ctx, row } = this
    const canRead = missingOf(row).length === 0
    const done = this.rowsDone
    let passed = 0
    let batch: Unit[] = []
    let size = 0
    for await (const unit of unitsOf(ctx, row)) {
      passed += unit.length
      if (passed <= done) continue
      batch.push(unit)
      size += unit.length
      if (size < this.options.batchSize) continue
      await this.take(batch, canRead)
      batch = []
      size = 0
      if (this.options.stopping?.aborted) return await releaseImport(ctx.db, row.id, row.epoch)
    }
    if (batch.length > 0) await this.take(batch, canRead)
    if (!this.dry) return await finishRun(ctx.db, row.id, row.epoch, ctx.clock.now())
    const sample = sealPiece(ctx, JSON.stringify(this.sample.taken()), `import:${row.id}:sample`)
    const preview = canRead ? this.counts : null
    await finishCheck(ctx.db, row.id, row.epoch, { rows: this.rowsDone, preview, sample })
  }

  /** Books a batch; one that the database refuses is taken unit by unit, so that only the culprit stays behind. */
  async take(batch: readonly Unit[], canRead: boolean): Promise<void> {
    const leaseUntil = new Date((await this.ctx.leaseClock()).getTime() + this.options.leaseMs)
    try {
      await this.book(batch, leaseUntil, canRead ? undefined : [])
    } catch (error) {
      if (!isFaultOfData(error)) throw error
      for (const unit of batch) await this.takeAlone(unit, leaseUntil)
    }
  }

  async takeAlone(unit: Unit, leaseUntil: Date): Promise<void> {
    try {
      await this.book([unit], leaseUntil)
    } catch (error) {
      if (!isFaultOfData(error)) throw error
      const { code } = error as { code?: string }
      this.ctx.log.warn('a row of an import was refused', { import: this.row.id, row: unit[0]!.line.row, code })
      await this.book([unit], leaseUntil, [{ code: 'refused', params: {} }])
    }
  }

  /** `faults`: what is wrong with all of them; then nothing is booked. */
  async book(batch: readonly Unit[], leaseUntil: Date, faults?: readonly RowFault[]): Promise<void> {
    const entries = batch.flat()
    const good = faults ? [] : entries.filter((entry) => entry.faults.length === 0)
    const written = await this.ctx.db.transaction(async (tx) => {
      if (!(await fenceImport(tx, this.row.id, this.row.epoch))) throw new ImportLost()
      const results = good.length > 0 ? await this.run(tx, good) : []
      const resultOf = new Map(good.map((entry, index) => [entry, results[index]!]))
      const judged = entries.map((entry) => ({
        entry,
        result: resultOf.get(entry) ?? badBy(faults ?? entry.faults, entry),
      }))
      const counts = { ...this.counts }
      for (const { result } of judged) counts[result.result] += 1
      const rowsDone = this.rowsDone + entries.length
      const bad = judged.flatMap(({ entry: { line }, result }) =>
        result.result === 'bad' ? [{ ...line, faults: result.faults }] : [],
      )
      if (bad.length > 0 && !this.dry) {
        const first = bad[0]!.row
        const name = `import:${this.row.id}:bad:${first}`
        await addBadRows(tx, this.row.id, first, sealPiece(this.ctx, JSON.stringify(bad), name))
      }
      await noteProgress(tx, this.row.id, { rowsDone, counts, leaseUntil })
      return { counts, rowsDone, judged }
    })
    Object.assign(this.counts, written.counts)
    this.rowsDone = written.rowsDone
    if (this.dry) for (const { entry, result } of written.judged) this.sample.add(entry, result)
  }

  async run(tx: Sql, entries: readonly Entry[]): Promise<RowResult[]> {
    const { ctx, row } = this
    const batch = {
      rows: entries.map((entry) => entry.row),
      causes: entries.map((entry) => `count:${row.id}:${entry.line.row}`),
      dry: this.dry,
      actor: row.created_by,
    }
    const book = books[row.kind] as (tx: Sql, ctx: WorkContext, batch: Batch<unknown>) => Promise<RowResult[]>
    return await book(tx, ctx, batch)
  }
}

const badBy = (faults: readonly RowFault[], entry: Entry): RowResult => ({
  result: 'bad',
  faults: faults.length > 0 ? faults : entry.faults,
})
