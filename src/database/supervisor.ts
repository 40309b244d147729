import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Binaries, OsUser } from './binaries.ts'
import {
  findBinaries,
  freePort,
  giveTo,
  isAlive,
  pickOsUser,
  readWhole,
  run,
  runsIn,
  serverEnvironment,
  sizeOf,
  startTime,
  syncFolder,
} from './binaries.ts'

import { findHome } from './home.ts'
import { takeLock } from './lock.ts'

export { EmbeddedUnavailable } from './binaries.ts'
export { DataDirInUse } from './lock.ts'

export interface EmbeddedPostgres {
  url: string
  port: number
  stop(): Promise<void>
  /** Resolves when the server ends without stop() having been called. */
  exited: Promise<{ code: number | null }>
}

export interface EmbeddedOptions {
  dataDir: string
  /** Server settings that override ours; without effect on a server taken over from a hub that was killed. */
  settings?: Record<string, string>
  log?: (message: string) => void
}

/** The server ended while we waited for it; the message holds what it wrote to its log. */
class ServerEnded extends Error {}

/** A running server, started by us or by a hub that was killed. */
interface Server {
  port: number
  /** Size of the log file before this server wrote to it. */
  logFrom: number
  alive(): boolean
  signal(name: 'SIGINT' | 'SIGQUIT'): void
  ended: Promise<{ code: number | null }>
}

interface Context {
  /** Where the cluster lies: the data folder, or the one it names. */
  home: string
  cluster: string
  logFile: string
  passwordFile: string
  settings: Record<string, string>
  user: OsUser | undefined
  log: (message: string) => void
  binaries(): Promise<Binaries>
  /** The server as soon as it has a process, so that it can be ended at any moment. */
  server?: Server
}

const START_LIMIT_MS = 30_000
/** Replaying the log after a crash can outlast the limit above; ending the server then would start it all over. */
const RECOVERY_LIMIT_MS = 10 * 60_000
const LOG_LIMIT_BYTES = 10_000_000
// Durability (fsync, synchronous_commit) stays as PostgreSQL has it: on.
const SMALL_MACHINE = {
  listen_addresses: '127.0.0.1',
  // A socket's path may have 107 bytes, a data folder's more.
  unix_socket_directories: '',
  max_connections: '60',
  shared_buffers: '64MB',
  max_wal_size: '512MB',
  jit: 'off',
  // Disks without moving parts: looking a row up is cheap. With the default, plans made while a table was small read all of it.
  random_page_cost: '1.1',
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
  const finish = async (): Promise<void> => {
    if (context?.server) await shutDown(context.server, log)
    process.removeListener('exit', endNow)
    lock.release()
  }
  try {
    const home = await findHome(dataDir, pickOsUser(path.join(dataDir, 'postgres')), log)
    context = createContext(dataDir, home, options.settings ?? {}, log)
    removeHalfMade(home, log)
    if (!fs.existsSync(path.join(context.cluster, 'PG_VERSION'))) await createCluster(context)
    const { server, url } = await bringUp(context)
    let stopping: Promise<void> | undefined
    const stop = (): Promise<void> => {
      stopping ??= finish()
      return stopping
    }
    const exited = new Promise<{ code: number | null }>((resolve) => {
      void server.ended.then((end) => stopping ?? resolve(end))
    })
    return { url, port: server.port, stop, exited }
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

/** The password, made when first asked for. */
function passwordIn(file: string): string {
  if (!fs.existsSync(file)) {
    fs.writeFileSync(`${file}.tmp`, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true })
    fs.renameSync(`${file}.tmp`, file)
  }
  return fs.readFileSync(file, 'utf8').trim()
}

/** Takes over the server of a hub that was killed, or starts one. */
async function bringUp(context: Context): Promise<{ server: Server; url: string }> {
  if (sizeOf(context.logFile) > LOG_LIMIT_BYTES) fs.truncateSync(context.logFile)
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
      if (!(error instanceof ServerEnded && passing.test(error.message)) || Date.now() > deadline) throw error
      await sleep(200)
    }
  }
}

/** The server a killed hub left running, if there is one. */
async function takeOver(context: Context, deadline: number): Promise<{ server: Server; url: string } | undefined> {
  const file = path.join(context.cluster, 'postmaster.pid')
  const lines = (await readWhole(file, (text) => text.split('\n').length > 4))?.split('\n') ?? []
  // Empty after a power cut: the server would refuse to start for ever.
  if (lines.length <= 4) fs.rmSync(file, { force: true })
  const pid = Number(lines[0])
  // Of a dead server's file the next server disposes itself, after making sure that no process of the old one is left.
  if (!(pid > 0 && isAlive(pid))) return undefined
  const ours = runsIn(pid, context.cluster)
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
  // Another program has that number now. The server would take it for its predecessor; a number that cannot exist it
  // takes for dead. Removing the file would also remove its check for left processes.
  fs.writeFileSync(file, [2 ** 31 - 2, ...lines.slice(1)].join('\n'))
  return undefined
}

async function existingServer(context: Context, pid: number, port: number): Promise<Server> {
  const started = startTime(pid)
  const alive = (): boolean => isAlive(pid) && startTime(pid) === started
  const ended = new Promise<{ code: null }>((resolve) => {
    const timer = setInterval(() => {
      if (alive()) return
      clearInterval(timer)
      resolve({ code: null })
    }, 200).unref()
  })
  return { port, logFrom: sizeOf(context.logFile), alive, ended, signal: await signalling(context, pid) }
}

/** How to signal the server. Windows knows no signals; there PostgreSQL's own program stands in for them. */
async function signalling(context: Context, pid: number): Promise<Server['signal']> {
  const pgCtl = process.platform === 'win32' ? (await context.binaries()).pgCtl : undefined
  return (name) => {
    if (pgCtl) spawnSync(pgCtl, ['kill', name.slice(3), String(pid)], { windowsHide: true })
    else if (isAlive(pid)) process.kill(pid, name)
  }
}

async function launch(context: Context): Promise<Server> {
  const { cluster, user, logFile } = context
  const { postgres, version } = await context.binaries()
  const made = fs.readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim()
  if (Number(made) !== Number.parseInt(version, 10)) {
    throw new Error(`${cluster} was made by PostgreSQL ${made}, which version ${version} cannot read.`)
  }
  if (user && fs.statSync(cluster).uid === 0) giveTo(user, cluster)
  const port = Number(context.settings.port ?? (await freePort()))
  const settings = Object.entries({ ...context.settings, port: String(port) })
  const output = fs.openSync(logFile, 'a', 0o600)
  const logFrom = sizeOf(logFile)
  const child = spawn(postgres, ['-D', cluster, ...settings.flatMap(([name, value]) => ['-c', `${name}=${value}`])], {
    cwd: path.dirname(postgres),
    env: serverEnvironment(),
    uid: user?.uid,
    gid: user?.gid,
    // A group of its own: Ctrl+C in the hub's terminal must not end the server before the hub has finished.
    detached: true,
    stdio: ['ignore', output, output],
    windowsHide: true,
  })
  fs.closeSync(output)
  child.unref()
  const ended = new Promise<{ code: number | null }>((resolve) => {
    child.once('exit', (code) => resolve({ code }))
    child.once('error', (error) => {
      fs.appendFileSync(logFile, `${error.message}\n`)
      resolve({ code: null })
    })
  })
  const alive = (): boolean => child.pid !== undefined && child.exitCode === null && child.signalCode === null
  return { port, logFrom, alive, ended, signal: await signalling(context, child.pid ?? 0) }
}

/** Waits until our database answers, creating it where missing; gives its address. */
async function waitUntilReady(context: Context, server: Server, deadline: number): Promise<string> {
  const address = `postgres://entrepot:${passwordIn(context.passwordFile)}@127.0.0.1:${server.port}`
  const recoveryDeadline = Date.now() + RECOVERY_LIMIT_MS
  for (;;) {
    if (!server.alive()) {
      const words = fs.readFileSync(context.logFile).subarray(server.logFrom).toString().trim().split('\n')
      throw new ServerEnded(`The embedded PostgreSQL did not start. Its last words:\n${words.slice(-15).join('\n')}`)
    }
    try {
      await query(`${address}/entrepot`, 'select 1')
      return `${address}/entrepot`
    } catch (error) {
      const code = (error as { code?: unknown }).code
      if (code === '28P01') throw new Error(`${context.passwordFile} does not hold the password of this database.`)
      if (Date.now() > (code === '57P03' ? recoveryDeadline : deadline)) {
        throw new Error(`The embedded PostgreSQL does not answer: ${String(error)}`, { cause: error })
      }
      if (code === '3D000') await query(`${address}/postgres`, 'create database entrepot')
      else await sleep(20)
    }
  }
}

async function query(connectionString: string, text: string): Promise<void> {
  const client = new pg.Client({ connectionString, ssl: false, connectionTimeoutMillis: 5000 })
  client.on('error', () => {})
  try {
    await client.connect()
    await client.query(text)
  } finally {
    await client.end()
  }
}

/** Fast shutdown; a server that takes too long stops without a checkpoint and recovers at its next start. */
async function shutDown(server: Server, log: (m: string) => void): Promise<void> {
  for (const name of ['SIGINT', 'SIGQUIT'] as const) {
    if (server.alive()) server.signal(name)
    const limit = Date.now() + 5000
    while (server.alive() && Date.now() < limit) await sleep(10)
  }
  if (server.alive()) log('The database server did not stop in time; the next start takes it over')
}
