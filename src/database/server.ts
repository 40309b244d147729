/** One PostgreSQL process on the cluster: started, waited for, signalled, shut down. */
import { spawn, spawnSync } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import fs from 'node:fs'
import path from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import pg from 'pg'
import type { Binaries, OsUser } from './binaries.ts'
import { freePort, giveTo, isAlive, serverEnvironment, sizeOf, startTime } from './binaries.ts'

/** The server ended while we waited for it; the message holds what it wrote to its log. */
export class ServerEnded extends Error {}

/** A running server, started by us or by a hub that was killed. */
export interface Server {
  port: number
  /** Size of the log file before this server wrote to it. */
  logFrom: number
  alive(): boolean
  signal(name: 'SIGINT' | 'SIGQUIT'): void
  ended: Promise<{ code: number | null }>
}

export interface Context {
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
  /** Where the last one listened: the next one tries the same, so that the address stays. */
  port?: number
}

/** Replaying the log after a crash can outlast the limit above; ending the server then would start it all over. */
const RECOVERY_LIMIT_MS = 10 * 60_000

/** The password, made when first asked for. */
export function passwordIn(file: string): string {
  if (!fs.existsSync(file)) {
    fs.writeFileSync(`${file}.tmp`, `${randomBytes(24).toString('base64url')}\n`, { mode: 0o600, flush: true })
    fs.renameSync(`${file}.tmp`, file)
  }
  return fs.readFileSync(file, 'utf8').trim()
}

export async function existingServer(context: Context, pid: number, port: number): Promise<Server> {
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

export async function launch(context: Context): Promise<Server> {
  const { cluster, user, logFile } = context
  const { postgres, version } = await context.binaries()
  const made = fs.readFileSync(path.join(cluster, 'PG_VERSION'), 'utf8').trim()
  if (Number(made) !== Number.parseInt(version, 10)) {
    throw new Error(`${cluster} was made by PostgreSQL ${made}, which version ${version} cannot read.`)
  }
  if (user && fs.statSync(cluster).uid === 0) giveTo(user, cluster)
  const port = Number(context.settings.port ?? context.port ?? (await freePort()))
  context.port = port
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
export async function waitUntilReady(context: Context, server: Server, deadline: number): Promise<string> {
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
      if (code === '3D000') await createDatabase(address)
      else await sleep(20)
    }
  }
}

/** One that a killed hub had begun to make may be finished between our look and our own try. */
const madeMeanwhile = new Set(['42P04', '23505', '55006'])

async function createDatabase(address: string): Promise<void> {
  try {
    await query(`${address}/postgres`, 'create database entrepot')
  } catch (error) {
    if (!madeMeanwhile.has(String((error as { code?: unknown }).code))) throw error
    await sleep(20)
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
export async function shutDown(server: Server, log: (m: string) => void): Promise<void> {
  for (const name of ['SIGINT', 'SIGQUIT'] as const) {
    if (server.alive()) server.signal(name)
    const limit = Date.now() + 5000
    while (server.alive() && Date.now() < limit) await sleep(10)
  }
  if (server.alive()) log('The database server did not stop in time; the next start takes it over')
}
