/** What the terminal's commands work with: the same parts as a hub, without its server and worker. */
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { registry } from './channels/registry.ts'
import type { Tools } from './cli/tools.ts'
import type { Config } from './config.ts'
import { type EmbeddedUse, startOrJoin } from './database/attach.ts'
import { holders } from './database/holders.ts'
import { journalWriter } from './database/journal.ts'
import { databaseClock } from './database/lease-clock.ts'
import { migrate, migrationLock, schemaState } from './database/migrate.ts'
import { checkDatabase, type Database, openDatabase } from './database/pool.ts'
import { DataDirInUse, EmbeddedUnavailable, startEmbedded } from './database/supervisor.ts'
import { Problem } from './domain/errors.ts'
import type { Clock } from './domain/values.ts'
import { ensureLocation, prepareFolder } from './hub.ts'
import { writeBackup } from './operations/backup.ts'
import type { Context, Log } from './operations/context.ts'
import { restoreBackup } from './operations/restore.ts'
import { openKeys, sealKeys } from './sealing/key-archive.ts'
import { epochKeyFolder, epochKeysIn, masterKeyFile, putEpochKeys, putMasterKey } from './sealing/key-files.ts'
import { createSealing, readKey, type Sealing } from './sealing/sealing.ts'
import type { SignInContext } from './sign-in/people.ts'
import { realRandom, sleep, uuidv7 } from './system.ts'

export interface TerminalContext {
  ctx: Context
  people: SignInContext
  /** Names this process among the holders of leases. */
  holder: string
  isDead(holder: string): boolean
  publicUrl: string
  environment: Readonly<Record<string, string | undefined>>
  close(): Promise<void>
}

/**
 * Opens the installation for one command. Where a hub runs on the same folder its database is joined; else the embedded
 * one runs as long as the command. A schema that is behind is never changed behind a running hub's back.
 */
export async function openContext(
  config: Config,
  clock: Clock,
  log: Log,
  environment: TerminalContext['environment'] = {},
): Promise<TerminalContext> {
  prepareFolder(config.dataDir)
  const { db, close } = await connectTo(config, log, { max: 4 })
  try {
    const isNew = await isWithoutSchema(db)
    // What is there was sealed with a key: a new one, made on this machine, would open none of it.
    if (!isNew) presentKey(config)
    // The key is there before the schema, so that whoever joins meanwhile finds both.
    const sealing = openSealing(config)
    if (isNew) {
      await migrate(db, clock)
      await ensureLocation(db, clock)
    }
    const newId = uuidv7(() => clock.now().getTime(), realRandom)
    const { name, isDead } = holders({ oneMachine: config.databaseUrl === undefined })
    const journal = journalWriter(db, newId, {
      autoFlushMs: 250,
      lost: ({ operation }, why) => log.error('a call could not be journaled', { operation, why }),
    })
    const ctx: Context = {
      db,
      clock,
      leaseClock: databaseClock(db),
      monotonic: () => performance.now(),
      sleep,
      newId,
      sealing,
      registry,
      fetch,
      journal,
      log,
      allowedOrigins: [],
      wake: () => {},
    }
    const flushAndClose = async () => {
      await journal.flush()
      await close()
    }
    return {
      ctx,
      people: { db, clock, newId, sealing, random: realRandom },
      holder: name(newId().slice(-8)),
      isDead,
      publicUrl: config.publicUrl,
      environment,
      close: flushAndClose,
    }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

/** Whether the database is new. One that is not of this version is refused. */
async function isWithoutSchema(db: Database): Promise<boolean> {
  // A hub that is just starting has the lock until its schema is whole.
  await db.session(async (session) => {
    await session.rows('select pg_advisory_lock($1)', [migrationLock])
    await session.rows('select pg_advisory_unlock($1)', [migrationLock])
  })
  const state = await schemaState(db)
  if (!state) return true
  if (state.unknown.length > 0) throw new Problem('database_newer', { migration: state.unknown.at(-1)! })
  if (state.missing.length > 0) throw new Problem('schema_behind', { migration: state.missing[0]! })
  return false
}

async function useDatabase(config: Config, log: Log): Promise<EmbeddedUse> {
  if (config.databaseUrl) return { url: config.databaseUrl, joined: true, stop: async () => {} }
  return await inWords(config, () => startOrJoin({ dataDir: config.dataDir, log: (message) => log.info(message) }))
}

/** A connection that answers. A joined database whose keeper just stops is sought again. */
async function connectTo(config: Config, log: Log, options: { max: number; name?: string }) {
  for (let attempt = 1; ; attempt += 1) {
    const used = await useDatabase(config, log)
    const db = openDatabase(used.url, options)
    const close = async () => {
      await db.close()
      await used.stop()
    }
    try {
      await checkDatabase(db)
      return { db, close }
    } catch (error) {
      await close().catch(() => {})
      if (config.databaseUrl || !used.joined || attempt === 20) throw error
      await sleep(250)
    }
  }
}

async function inWords<T>(config: Config, work: () => Promise<T>): Promise<T> {
  try {
    return await work()
  } catch (error) {
    if (error instanceof DataDirInUse)
      throw new Problem('data_dir_in_use', { folder: config.dataDir, pid: error.pid }, error)
    if (error instanceof EmbeddedUnavailable)
      throw new Problem('embedded_unavailable', { reason: error.message }, error)
    throw error
  }
}

const epochFolder = (config: Config) => join(config.dataDir, 'epoch-keys')

function openSealing(config: Config): Sealing {
  const key = config.key ? readKey(config.key) : masterKeyFile(config.keyFile, realRandom)
  if (!key) throw new Problem('key_unusable', { place: config.key ? 'ENTREPOT_KEY' : config.keyFile })
  return createSealing(key, epochKeyFolder(epochFolder(config), key, realRandom), realRandom)
}

/** The key there is; none is made. */
function presentKey(config: Config): Buffer {
  if (!config.key && !existsSync(config.keyFile)) throw new Problem('key_missing', { place: config.keyFile })
  const key = readKey(config.key ?? readFileSync(config.keyFile, 'utf8'))
  if (!key) throw new Problem('key_unusable', { place: config.key ? 'ENTREPOT_KEY' : config.keyFile })
  return key
}

/** Backup and restore, bound to this installation. */
export function backupTools(config: Config, clock: Clock, log: Log, product: string): Tools['backups'] {
  const now = () => clock.now()
  const check: Tools['backups']['check'] = async (file, key) => {
    const folder = mkdtempSync(join(tmpdir(), 'entrepot-check-'))
    try {
      const scratch = await inWords(config, () =>
        // What is thrown away afterwards needs no safe place.
        startEmbedded({ dataDir: folder, settings: { fsync: 'off', synchronous_commit: 'off' } }),
      )
      try {
        return await restoreBackup({ url: scratch.url, file, masterKey: key ?? presentKey(config), now, alone: true })
      } finally {
        await scratch.stop()
      }
    } finally {
      removeScratch(folder)
    }
  }
  return {
    check,
    async backup(file, options) {
      const masterKey = presentKey(config)
      prepareFolder(config.dataDir)
      const { db, close } = await connectTo(config, log, { max: 1, name: 'entrepot look' })
      try {
        return await writeBackup({ ...options, url: db.url, file, masterKey, random: realRandom, now, product })
      } finally {
        await close()
      }
    },
    sealKeys: (passphrase) =>
      sealKeys({ masterKey: presentKey(config), epochKeys: epochKeysIn(epochFolder(config)) }, passphrase, realRandom),
    async openKeys(text, passphrase, file) {
      const keys = await openKeys(text, passphrase)
      if (keys === 'foreign') throw new Problem('keys_foreign', { file })
      if (keys === 'refused') throw new Problem('keys_refused', { file })
      return keys
    },
    async restore(file, { keys, replace }) {
      prepareFolder(config.dataDir)
      const masterKey = keys?.masterKey ?? presentKey(config)
      if (config.key && !readKey(config.key)?.equals(masterKey))
        throw new Problem('key_differs', { place: 'ENTREPOT_KEY' })
      if (!config.key && existsSync(config.keyFile) && !presentKey(config).equals(masterKey))
        throw new Problem('key_differs', { place: config.keyFile })
      const server = config.databaseUrl
        ? undefined
        : await inWords(config, () => startEmbedded({ dataDir: config.dataDir, log: (message) => log.info(message) }))
      try {
        if (config.databaseUrl) await reachable(config.databaseUrl)
        return await restoreBackup({
          url: config.databaseUrl ?? server!.url,
          file,
          masterKey,
          now,
          replace,
          alone: server !== undefined,
          beforeChange() {
            if (!keys) return
            if (!config.key) putMasterKey(config.keyFile, masterKey, realRandom)
            putEpochKeys(epochFolder(config), keys.epochKeys, realRandom)
          },
        })
      } finally {
        await server?.stop()
      }
    },
    epochKeyCount: () => Object.keys(epochKeysIn(epochFolder(config))).length,
  }
}

async function reachable(url: string): Promise<void> {
  const db = openDatabase(url, { max: 1, name: 'entrepot look' })
  try {
    await checkDatabase(db)
  } finally {
    await db.close()
  }
}

/** As root the scratch cluster may lie elsewhere: the folder names it. */
function removeScratch(folder: string): void {
  const pointer = join(folder, 'postgres.location')
  const places = existsSync(pointer) ? [readFileSync(pointer, 'utf8').trim(), folder] : [folder]
  for (const place of places) rmSync(place, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
}
