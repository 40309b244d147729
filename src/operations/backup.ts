/** Writes a backup of one moment while the hub works on, and reads it back before it counts. */
import { createReadStream, createWriteStream, rmSync } from 'node:fs'
import { open, rename, rm, stat } from 'node:fs/promises'
import { basename, dirname, join } from 'node:path'
import { Readable } from 'node:stream'
import { pipeline } from 'node:stream/promises'
import { constants, createZstdCompress, createZstdDecompress } from 'node:zlib'
import { appliedMigrations, openCopy, tablesOf } from '../database/copy.ts'
import { Problem } from '../domain/errors.ts'
import { ArchiveFault, OpenArchive, sealArchive } from '../sealing/archive.ts'
import type { RandomBytes } from '../sealing/sealing.ts'
import { type Manifest, type Part, readParts, writeParts } from './backup-file.ts'

export interface BackupOptions {
  url: string
  file: string
  masterKey: Buffer
  random: RandomBytes
  now(): Date
  product: string
  /** The journal of calls is large and needed by nobody's stock. */
  withoutJournal?: boolean
}

export interface BackupReport {
  snapshotAt: string
  product: string
  migrations: string[]
  without: string[]
  rows: Record<string, number>
  bytes: number
}

const journal = 'channel_calls'

/** The file appears under its name only when it is whole, on the disk, and was read back. */
export async function writeBackup(options: BackupOptions): Promise<BackupReport> {
  const { file, masterKey, random } = options
  const draft = join(dirname(file), `.${basename(file)}.${random(6).toString('hex')}.part`)
  // Ctrl+C ends the process in the middle of it.
  const removeDraft = () => rmSync(draft, { force: true })
  process.once('exit', removeDraft)
  try {
    await writeDraft(options, draft)
    const report = await readBackup(draft, masterKey)
    await rename(draft, file)
    await syncFolderOf(file)
    return report
  } catch (error) {
    await rm(draft, { force: true }).catch(() => {})
    throw asFileProblem(error, file)
  } finally {
    process.removeListener('exit', removeDraft)
  }
}

async function writeDraft(options: BackupOptions, draft: string): Promise<void> {
  const session = await openCopy(options.url, 'read')
  try {
    const applied = await appliedMigrations(session)
    if (!applied) throw new Problem('backup_nothing')
    // The first query took the snapshot.
    const snapshotAt = options.now().toISOString()
    const without = options.withoutJournal ? [journal] : []
    const tables = (await tablesOf(session)).filter((table) => !without.includes(table.name))
    const manifest: Manifest = { product: options.product, snapshotAt, migrations: applied, without }
    await pipeline(
      Readable.from(
        writeParts(manifest, tables, (table) => session.copyOut(table) as AsyncIterable<Buffer>),
        { objectMode: false },
      ),
      createZstdCompress({ params: { [constants.ZSTD_c_compressionLevel]: 3 } }),
      sealArchive(options.masterKey, options.random, { product: options.product, createdAt: snapshotAt }),
      createWriteStream(draft, { flags: 'wx', mode: 0o600, flush: true }),
    )
  } finally {
    await session.close()
  }
}

/** A rename is only safe from a power cut when its folder is on the disk. */
async function syncFolderOf(file: string): Promise<void> {
  if (process.platform === 'win32') return
  const folder = await open(dirname(file), 'r')
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

/** The parts of a backup, each authentic; an altered or cut file ends with a Problem. */
export async function* backupParts(file: string, masterKey: Buffer): AsyncGenerator<Part> {
  const plain = createZstdDecompress()
  const flowing = pipeline(createReadStream(file), new OpenArchive(masterKey), plain)
  // Told below, where the parts are read; a pipeline that nobody waits for yet must not end the process.
  flowing.catch(() => {})
  try {
    yield* readParts(plain as AsyncIterable<Buffer>)
    await flowing
  } catch (error) {
    // Whoever reads gives up first where the source was cut: the source's own words say why.
    const first = await flowing.catch((source: unknown) => source)
    throw asFileProblem(first instanceof Error && !isPremature(first) ? first : error, file)
  } finally {
    plain.destroy()
  }
}

const isPremature = (error: Error) => (error as { code?: string }).code === 'ERR_STREAM_PREMATURE_CLOSE'

/** Reads a backup to its end without touching anything. */
export async function readBackup(file: string, masterKey: Buffer): Promise<BackupReport> {
  let manifest: Manifest | undefined
  let rows: Record<string, number> = {}
  for await (const part of backupParts(file, masterKey)) {
    if (part.kind === 'manifest') manifest = part.manifest
    if (part.kind === 'end') rows = part.rows
  }
  const { size } = await stat(file)
  return {
    snapshotAt: manifest!.snapshotAt,
    product: manifest!.product,
    migrations: manifest!.migrations.map((one) => one.name),
    without: manifest!.without,
    rows,
    bytes: size,
  }
}

const noSuchPlace = new Set(['ENOENT', 'ENOTDIR'])
const unwritable = new Set([
  'EACCES',
  'EPERM',
  'EROFS',
  'ENOSPC',
  'EDQUOT',
  'EFBIG',
  'EISDIR',
  'EIO',
  'EEXIST',
  'ENAMETOOLONG',
])

/** What a file refuses, in words. */
export function asFileProblem(error: unknown, file: string): unknown {
  if (error instanceof ArchiveFault) {
    if (error.trouble === 'foreign') return new Problem('backup_foreign', { file }, error)
    if (error.trouble === 'newer') return new Problem('backup_newer', { what: 'its format' }, error)
    if (error.trouble === 'wrong-key') return new Problem('backup_wrong_key', { file }, error)
    return new Problem('backup_damaged', { file }, error)
  }
  const { code = '', path, syscall } = error as { code?: string; path?: string; syscall?: string }
  if (code.startsWith('ZSTD') || code === 'Z_DATA_ERROR') return new Problem('backup_damaged', { file }, error)
  if (noSuchPlace.has(code) && path !== undefined && !path.endsWith('.part'))
    return new Problem('file_missing', { file }, error)
  if (syscall !== undefined && (unwritable.has(code) || noSuchPlace.has(code)))
    return new Problem('file_unwritable', { file, reason: code }, error)
  return error
}
