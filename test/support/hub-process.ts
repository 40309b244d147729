/** The hub as people start it, in a process of its own, and a window into its built-in database. */
import { type ChildProcess, spawn } from 'node:child_process'
import { chmodSync, existsSync, mkdtempSync, readFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { freePort } from '../../src/database/binaries.ts'
import { openDatabase } from '../../src/database/pool.ts'
import type { DemoFile } from '../../src/demo.ts'

const main = resolve(import.meta.dirname, '../../src/main.ts')

export interface HubProcess {
  child: ChildProcess
  dataDir: string
  demo: DemoFile
  output(): string
  /** Resolves with the exit code. */
  ended: Promise<number | null>
  stop(): Promise<number | null>
}

export interface HubOptions {
  dataDir: string
  env?: Record<string, string>
  command?: string[]
}

/** A folder that the database's own user may pass, also when root runs the test. */
export function newDataDir(): string {
  const folder = mkdtempSync(join(tmpdir(), 'entrepot-battery-'))
  chmodSync(folder, 0o711)
  return folder
}

export function spawnMain({ dataDir, env = {}, command = ['start', '--demo'] }: HubOptions) {
  const { PATH = '', HOME = '' } = process.env
  const child = spawn(process.execPath, [main, ...command], {
    env: { PATH, HOME, LOG_LEVEL: 'warn', PORT: '0', DATA_DIR: dataDir, ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let output = ''
  for (const stream of [child.stdout!, child.stderr!])
    stream.setEncoding('utf8').on('data', (text: string) => {
      output = (output + text).slice(-200_000)
    })
  const ended = new Promise<number | null>((done) => child.once('close', done))
  return { child, ended, output: () => output }
}

/** The demo: hub, simulated marketplaces and buyers. Resolves when it is ready. */
export async function startDemoProcess(options: HubOptions): Promise<HubProcess> {
  const run = spawnMain({ ...options, env: { ...options.env, PORT: String(await freePort()) } })
  await until('the hub is ready', 120_000, async () => {
    if (run.child.exitCode !== null) throw new Error(`the hub ended:\n${run.output()}`)
    return run.output().includes('Entrepot is ready')
  })
  const demo = JSON.parse(readFileSync(join(options.dataDir, 'demo.json'), 'utf8')) as DemoFile
  const stop = async () => {
    if (run.child.exitCode === null) run.child.kill('SIGTERM')
    return await run.ended
  }
  return { ...run, dataDir: options.dataDir, demo, stop }
}

/** Tries until the condition holds. */
export async function until<T>(
  what: string,
  ms: number,
  look: () => Promise<T | undefined | false | null>,
  pauseMs = 50,
): Promise<T> {
  const end = performance.now() + ms
  let last: unknown
  for (;;) {
    try {
      const found = await look()
      if (found) return found
    } catch (error) {
      if ((error as Error).message.startsWith('the hub ended')) throw error
      last = error
    }
    if (performance.now() > end) throw new Error(`not within ${ms} ms: ${what}${last ? ` (${String(last)})` : ''}`)
    await new Promise((done) => setTimeout(done, pauseMs))
  }
}

/** Number and port of the server of a data folder; undefined while there is none. */
export function postmasterOf(dataDir: string): { pid: number; port: number } | undefined {
  const file = join(homeOf(dataDir), 'postgres', 'postmaster.pid')
  if (!existsSync(file)) return undefined
  const lines = readFileSync(file, 'utf8').split('\n')
  return lines.length > 4 ? { pid: Number(lines[0]), port: Number(lines[3]) } : undefined
}

export function homeOf(dataDir: string): string {
  const pointer = join(dataDir, 'postgres.location')
  return existsSync(pointer) ? readFileSync(pointer, 'utf8').trim() : dataDir
}

export function databaseUrlOf(dataDir: string): string {
  const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim()
  return `postgres://entrepot:${password}@127.0.0.1:${postmasterOf(dataDir)?.port}/entrepot`
}

/** One statement on a connection of its own. */
export async function ask<T extends object>(url: string, text: string, values: unknown[] = []): Promise<T[]> {
  const db = openDatabase(url, { max: 1 })
  try {
    return await db.rows<T>(text, values)
  } finally {
    await db.close()
  }
}

export const percentile = (values: readonly number[], share: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN
