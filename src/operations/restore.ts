/** Fills an empty database from a backup. The file is read to its end first; the database changes at once or not at all. */
import { once } from 'node:events'
import type { Writable } from 'node:stream'
import { finished } from 'node:stream/promises'
import { brokenSums, forgetWhatMayBeStale } from '../database/after-restore.ts'
import { type CopySession, openCopy, quoted, type TableShape, tablesOf } from '../database/copy.ts'
import {
  advanceCounters,
  countRows,
  dropEverything,
  hubsConnected,
  lookAtTarget,
  makePartitions,
  setAsideConstraints,
} from '../database/load.ts'
import { applyMigration, type Migration, migrations, migrationsTable } from '../database/migrate.ts'
import { addressOf } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { strayLifeMs } from '../domain/slots.ts'
import { type BackupReport, backupParts, readBackup } from './backup.ts'
import type { Manifest } from './backup-file.ts'

export interface RestoreOptions {
  url: string
  file: string
  masterKey: Buffer
  now(): Date
  /** Removes what the database holds. */
  replace?: boolean
  /** Nobody else can be there: the database was started for this. */
  alone?: boolean
  /** The last moment before anything changes: the file is whole, the target free. */
  beforeChange?(): void
  /** The steps that this version knows. */
  known?: readonly Migration[]
}

export interface RestoreReport extends BackupReport {
  /** Steps of the schema that are newer than the backup. */
  applied: string[]
  /** Where the ledger did not add up when the backup was made. */
  broken: string[]
}

/** Restores; answers what came in. */
export async function restoreBackup(options: RestoreOptions): Promise<RestoreReport> {
  const { file, masterKey } = options
  const known = options.known ?? migrations()
  const report = await readBackup(file, masterKey)
  const session = await openCopy(options.url, 'write')
  try {
    const hasTables = await examineTarget(session, options)
    options.beforeChange?.()
    if (hasTables) await dropEverything(session)
    const now = options.now()
    let manifest: Manifest | undefined
    let setAside: string[] = []
    const tables: TableShape[] = []
    let filling: Filling | undefined
    for await (const part of backupParts(file, masterKey)) {
      if (part.kind === 'manifest') {
        manifest = part.manifest
        await makeSchema(session, manifest, known, now)
        setAside = await setAsideConstraints(session)
      } else if (part.kind === 'table') {
        await filling?.end()
        await makePartitions(session, part.table)
        tables.push(part.table)
        filling = fill(session.copyIn(part.table))
      } else if (part.kind === 'rows') await filling!.write(part.bytes)
      else await filling?.end()
    }
    for (const statement of setAside) await session.run(statement)
    await advanceCounters(session)
    const broken = await compare(session, tables, report)
    const applied = known.filter((one) => !manifest!.migrations.some(({ name }) => name === one.name))
    for (const one of applied) await applyMigration(session, one, now)
    await forgetWhatMayBeStale(session, now, strayLifeMs)
    await session.commit()
    return { ...report, applied: applied.map((one) => one.name), broken }
  } finally {
    await session.close().catch(() => {})
  }
}

/** Refuses what must not be overwritten; answers whether there are tables of ours to remove. */
async function examineTarget(session: CopySession, { url, replace, alone }: RestoreOptions): Promise<boolean> {
  const address = addressOf(url)
  const there = await lookAtTarget(session)
  if (!there.isOurs && !there.isEmpty) throw new Problem('restore_foreign', { address })
  const hubs = alone ? 0 : await hubsConnected(session)
  if (hubs > 0) throw new Problem('restore_hub_running', { address, count: hubs })
  if (!there.isEmpty && !replace) {
    const { accounts, orders, newestOrderAt } = there
    throw new Problem('restore_not_empty', { accounts, orders, newest: newestOrderAt?.toISOString() ?? '–' })
  }
  return there.isOurs
}

/** The schema as it was when the backup was made. */
async function makeSchema(
  session: CopySession,
  manifest: Manifest,
  known: readonly Migration[],
  now: Date,
): Promise<void> {
  await session.run(migrationsTable)
  for (const { name, hash } of manifest.migrations) {
    const step = known.find((one) => one.name === name && one.hash === hash)
    if (!step) throw new Problem('backup_newer', { what: name })
    await applyMigration(session, step, now)
  }
  // A step may fill tables by itself; what the backup holds takes the place of that.
  const tables = await tablesOf(session)
  if (tables.length > 0) await session.run(`truncate ${tables.map(({ name }) => quoted(name)).join(', ')}`)
}

interface Filling {
  write(bytes: Buffer): Promise<void>
  end(): Promise<void>
}

function fill(into: Writable): Filling {
  const done = finished(into)
  // A refusal of the database arrives here first; the writer below reports it.
  done.catch(() => {})
  return {
    async write(bytes) {
      if (!into.write(bytes)) await Promise.race([once(into, 'drain'), done])
    },
    async end() {
      if (!into.writableEnded) into.end()
      await done
    },
  }
}

async function compare(session: CopySession, tables: readonly TableShape[], report: BackupReport): Promise<string[]> {
  const counts = await countRows(session, tables)
  const wrong = Object.entries(report.rows).filter(([name, count]) => counts[name] !== count)
  if (wrong.length > 0) throw new Error(`restore: ${wrong.map(([name]) => name).join(', ')} came in with other counts`)
  // A fault that was in the original is no reason to refuse its only copy: it is told.
  return (await brokenSums(session)).map(({ promise, what }) => `${promise} ${what}`)
}
