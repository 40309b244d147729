/** What our own side stands on: the product's database as the product runs it, and a context without a hub around it. */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Registry, registry } from '../src/channels/registry.ts'
import { journalWriter } from '../src/database/journal.ts'
import { databaseClock } from '../src/database/lease-clock.ts'
import { migrate } from '../src/database/migrate.ts'
import { type Database, openDatabase } from '../src/database/pool.ts'
import { startEmbedded } from '../src/database/supervisor.ts'
import type { Clock } from '../src/domain/values.ts'
import type { Context } from '../src/operations/context.ts'
import { epochKeyFolder } from '../src/sealing/key-files.ts'
import { createSealing } from '../src/sealing/sealing.ts'
import { realRandom, sleep, uuidv7 } from '../src/system.ts'

export interface Server {
  dataDir: string
  /** Makes an empty database on the server and answers its address. */
  create(name: string): Promise<string>
  run(text: string): Promise<number>
  stop(): Promise<void>
}

export const realClock: Clock = { now: () => new Date() }

/** The embedded server in a folder of its own, with the settings of the product: everything is forced to disk. */
export async function startServer(): Promise<Server> {
  const dataDir = mkdtempSync(join(tmpdir(), 'entrepot-bench-'))
  const postgres = await startEmbedded({ dataDir })
  const admin = openDatabase(postgres.url, { max: 1, queryTimeoutMs: 600_000 })
  return {
    dataDir,
    async create(name) {
      await admin.run(`create database ${name}`)
      const url = new URL(postgres.url)
      url.pathname = `/${name}`
      return url.toString()
    },
    run: (text) => admin.run(text),
    async stop() {
      await admin.close()
      await postgres.stop()
      rmSync(dataDir, { recursive: true, force: true })
    },
  }
}

/** An empty database with our schema. */
export async function openOurs(server: Server, name: string): Promise<{ db: Database; url: string }> {
  const url = await server.create(name)
  const db = openDatabase(url)
  await migrate(db, realClock)
  return { db, url }
}

export interface ContextOptions {
  clock?: Clock
  registry?: Registry
  fetch?: typeof fetch
  wake?: () => void
  monotonic?: () => number
}

const refuseNetwork: typeof fetch = async () => {
  throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
}

export const benchKey = Buffer.alloc(32, 7)

/** The same parts that a running hub is joined from. */
export function openContext(server: Server, db: Database, options: ContextOptions = {}): Context {
  const clock = options.clock ?? realClock
  const newId = uuidv7(() => clock.now().getTime(), realRandom)
  const keys = join(server.dataDir, 'epoch-keys')
  mkdirSync(keys, { recursive: true, mode: 0o700 })
  return {
    db,
    clock,
    leaseClock: databaseClock(db),
    monotonic: options.monotonic ?? (() => performance.now()),
    sleep,
    newId,
    sealing: createSealing(benchKey, epochKeyFolder(keys, benchKey, realRandom), realRandom),
    registry: options.registry ?? registry,
    fetch: options.fetch ?? refuseNetwork,
    journal: journalWriter(db, newId, {
      autoFlushMs: 250,
      lost: ({ operation }, why) => void process.stderr.write(`a call could not be journaled: ${operation} ${why}\n`),
    }),
    log: {
      info: () => {},
      warn: (message, data) => void process.stderr.write(`warn: ${message} ${JSON.stringify(data ?? {})}\n`),
      error: (message, data) => void process.stderr.write(`error: ${message} ${JSON.stringify(data ?? {})}\n`),
    },
    allowedOrigins: [],
    wake: options.wake ?? (() => {}),
  }
}
