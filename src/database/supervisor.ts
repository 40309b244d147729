/** The built-in database: made, started, kept running, and ended with the hub. One hub a folder. */
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import {
  type Binaries,
  findBinaries,
  isAlive,
  isTaken,
  pickOsUser,
  readWhole,
  run,
  runsIn,
  syncFolder,
} from './binaries.ts'
import { findHome } from './home.ts'
import { boundLog, keepRunning, type Running, turnLog } from './keeper.ts'
import { takeLock } from './lock.ts'
import { type Context, existingServer, launch, passwordIn, ServerEnded, shutDown, waitUntilReady } from './server.ts'
import { type StorageTrouble, storageTrouble } from './storage.ts'

export { EmbeddedUnavailable } from './binaries.ts'
export { DataDirInUse } from './lock.ts'

export interface EmbeddedPostgres {
  /** Changes where the server could only be brought back on another port. */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
  /** Resolves with the reason when the server ended by itself and could not be brought back. */
  gaveUp: Promise<string>
  /** Why the folder of the database cannot take data now. */
  storage(): StorageTrouble | null
}

export interface EmbeddedOptions {
  dataDir: string
  /** Server settings that override ours; without effect on a server taken over from a hub that was killed. */
  settings?: Record<string, string>
  log?: (message: string) => void
  /** The server's own log is turned beyond this many bytes. */
  logLimitBytes?: number
  logCheckMs?: number
}

const START_LIMIT_MS = 30_000
const LOG_LIMIT_BYTES = 10_000_000
const LOG_CHECK_MS = 10_000
// Durability (fsync, synchronous_commit) stays as PostgreSQL has it: on.
const SMALL_MACHINE = {
  listen_addresses: '127.0.0.1',
  // A socket's path may have 107 bytes, a data folder's more.
  unix_socket_directories: '',
  max_connections: '60',
  // The hub connects as the one superuser: whoever else reads the database can never take the hub's own connections.
  superuser_reserved_connections: '20',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  jit: 'off',
  // Disks without moving parts: looking a row up is cheap. With the default, plans made while a table was small read all of it.
  random_page_cost: '1.1',
  // Nobody replicates from here, and processes that only read ahead cost more memory than they save time.
  max_logical_replication_workers: '0',
  io_method: 'sync',
  timezone: 'UTC',
  log_checkpoints: 'off',
  // Statements and details carry buyers' data; the hub gets every error itself.
  log_min_error_statement: 'panic',
  log_error_verbosity: 'terse',
}

/** Starts the database in `dataDir`, making it first where there is none, and keeps other hubs off that folder. */
export async function startEmbedded(options: EmbeddedOptions): Promise<EmbeddedPostgres> {
  const log = options.log ?? (() => {})
  const dataDir = prepareDataDir(options.dataDir)
  const lock = await takeLock(path.join(dataDir, 'hub.lock'))
  let context: Context | undefined
  const endNow = (): void => {
    if (context?.server?.alive()) context.server.signal('SIGINT')
    lock.release()
  }
  process.once('exit', endNow)
  let release = async (): Promise<void> => {}
  const finish = async (): Promise<void> => {
    const released = release()
    if (context?.server) await shutDown(context.server, log)
    await released
    // What was being brought back just then.
    if (context?.server?.alive()) await shutDown(context.server, log)
    process.removeListener('exit', endNow)
    lock.release()
  }
  try {
    const home = await findHome(dataDir, pickOsUser(path.join(dataDir, 'postgres')), log)
    const made = createContext(dataDir, home, options.settings ?? {}, log)
    context = made
    removeHalfMade(home, log)
    if (!fs.existsSync(path.join(made.cluster, 'PG_VERSION'))) await createCluster(made)
    const limitBytes = options.logLimitBytes ?? LOG_LIMIT_BYTES
    turnLog(made.logFile, limitBytes)
    const storage = (): StorageTrouble | null => storageTrouble(home)
    const keeper = keepRunning(await bringUp(made), { again: () => bringUp(made), storage, log })
    const bound = boundLog(made.logFile, { limitBytes, everyMs: options.logCheckMs ?? LOG_CHECK_MS })
    release = async () => {
      bound.stop()
      await keeper.release()
    }
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => {
      stopping ??= finish()
      return stopping
    }
    return {
      get url() {
        return keeper.current().url
      },
      get port() {
        return keeper.current().server.port
      },
      stop,
      gaveUp: keeper.gaveUp,
      storage,
    }
  } catch (error) {
    await finish()
    throw error
  }
}

/** The folder's real path. What we create as root others may pass through, for the server's user must. */
function prepareDataDir(wanted: string): string {
  const resolved = path.resolve(wanted)
  const first = fs.mkdirSync(resolved, { recursive: true, mode: 0o700 })
  if (first !== undefined && process.getuid?.() === 0) {
    for (let dir = resolved; dir.length >= first.length; dir = path.dirname(dir)) fs.chmodSync(dir, 0o711)
  }
  return fs.realpathSync(resolved)
}

function createContext(
  dataDir: string,
  home: string,
  settings: Record<string, string>,
  log: (m: string) => void,
): Context {
  const cluster = path.join(home, 'postgres')
  const user = pickOsUser(cluster)
  let found: Promise<Binaries> | undefined
  return {
    home,
    cluster,
    logFile: path.join(dataDir, 'postgres.log'),
    passwordFile: path.join(dataDir, 'postgres.password'),
    settings: { ...SMALL_MACHINE, ...settings },
    user,
    log,
    binaries: () => {
      found ??= findBinaries({ dataDir, user, log })
      return found
    },
  }
}

/** What a first start that was killed left behind. It is in the way of nothing, so failing to remove it is no reason to fail. */
function removeHalfMade(home: string, log: (m: string) => void): void {
  for (const name of fs.readdirSync(home)) {
    if (!name.startsWith('postgres.tmp-')) continue
    try {
      fs.rmSync(path.join(home, name), { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
    } catch (error) {
      log(`Could not remove ${name}, left by an interrupted first start: ${String(error)}`)
    }
  }
}

/** Makes the cluster aside and moves it into place when complete, so that there is never half of one. */
async function createCluster(context: Context): Promise<void> {
  const { user, home, cluster } = context
  const { initdb } = await context.binaries()
  const password = passwordIn(context.passwordFile)
  const temporary = fs.mkdtempSync(path.join(home, `postgres.tmp-${process.pid}-`))
  try {
    const passwordCopy = path.join(temporary, 'password')
    fs.writeFileSync(passwordCopy, password, { mode: 0o600 })
    if (user) for (const file of [temporary, passwordCopy]) fs.chownSync(file, user.uid, user.gid)
    const made = path.join(temporary, 'cluster')
    const locale = ['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8']
    const access = ['--username=entrepot', '--auth=scram-sha-256', `--pwfile=${passwordCopy}`]
    const { code, output } = await run(initdb, ['-D', made, ...locale, ...access, '--no-instructions'], { user })
    if (code !== 0) throw new Error(`The embedded PostgreSQL could not create its files in ${home}:\n${output}`)
    fs.renameSync(made, cluster)
    syncFolder(home)
    context.log(`Created the embedded database in ${cluster}`)
  } finally {
    fs.rmSync(temporary, { recursive: true, force: true })
  }
}

/** Takes over the server of a hub that was killed, or starts one. */
async function bringUp(context: Context): Promise<Running> {
  const deadline = Date.now() + START_LIMIT_MS
  for (;;) {
    const taken = await takeOver(context, deadline)
    if (taken) return taken
    try {
      context.server = await launch(context)
      return { server: context.server, url: await waitUntilReady(context, context.server, deadline) }
    } catch (error) {
      // A port taken in between, or processes of a killed server that need a moment to notice: worth another try.
      const passing = /could not bind|could not create any TCP|already exists|still in use/i
      if (/could not bind|could not create any TCP/i.test(String(error))) delete context.port
      if (!(error instanceof ServerEnded && passing.test(error.message)) || Date.now() > deadline) throw error
      await sleep(50)
    }
  }
}

/** The server a killed hub left running, if there is one. */
async function takeOver(context: Context, deadline: number): Promise<Running | undefined> {
  const file = path.join(context.cluster, 'postmaster.pid')
  const lines = (await readWhole(file, (text) => text.split('\n').length > 4))?.split('\n') ?? []
  // Empty after a power cut: the server would refuse to start for ever.
  if (lines.length <= 4) fs.rmSync(file, { force: true })
  const pid = Number(lines[0])
  // Of a dead server's file the next server disposes itself, after making sure that no process of the old one is left.
  if (!(pid > 0 && isTaken(pid))) return undefined
  const ours = isAlive(pid) && runsIn(pid, context.cluster)
  if (ours !== false) {
    const server = await existingServer(context, pid, Number(lines[3]))
    if (ours) context.server = server
    try {
      // Where a process cannot be recognized, only our password opening it shows that it is our server.
      const url = await waitUntilReady(context, server, ours ? deadline : Date.now() + 5000)
      context.server = server
      context.log(`Took over the database server of a hub that was killed (process ${pid})`)
      return { server, url }
    } catch (error) {
      if (error instanceof ServerEnded) return undefined
      if (ours) throw error
    }
  }
  // Another program has that number now, or nobody has collected the dead server yet. The next server would take it for
  // its predecessor; a number that cannot exist it takes for dead. Removing the file would also remove its check for
  // left processes.
  fs.writeFileSync(file, [2 ** 31 - 2, ...lines.slice(1)].join('\n'))
  return undefined
}
