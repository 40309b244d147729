/** Joins the parts of a running hub, by hand: database, keys, operations, worker, HTTP. */
import { accessSync, constants, mkdirSync } from 'node:fs'
import { join } from 'node:path'
import { createMetrics } from './api/metrics.ts'
import { buildApi } from './api/server.ts'
import { registry } from './channels/registry.ts'
import type { Config } from './config.ts'
import { buildDashboard } from './dashboard-build.ts'
import { holders } from './database/holders.ts'
import { journalWriter } from './database/journal.ts'
import { databaseClock } from './database/lease-clock.ts'
import { migrate } from './database/migrate.ts'
import { checkDatabase, type Database, openDatabase } from './database/pool.ts'
import { storageTrouble } from './database/storage.ts'
import { DataDirInUse, type EmbeddedPostgres, EmbeddedUnavailable, startEmbedded } from './database/supervisor.ts'
import { troubleOf } from './database/trouble.ts'
import { shareWakes, type Wakes } from './database/wakes.ts'
import { databaseProblem, Problem } from './domain/errors.ts'
import type { Clock } from './domain/values.ts'
import { startWorker, type Worker } from './jobs/worker.ts'
import type { Context, Log } from './operations/context.ts'
import { createReservationDesk } from './operations/reservation-desk.ts'
import { epochKeyFolder, masterKeyFile } from './sealing/key-files.ts'
import { createSealing, readKey, type Sealing } from './sealing/sealing.ts'
import { newSetupToken, type SignInContext } from './sign-in/people.ts'
import { realRandom, sleep, uuidv7 } from './system.ts'

export interface Foundation {
  db: Database
  sealing: Sealing
  applied: string[]
  close(): Promise<void>
  /** Ends, with the reason, when the built-in database ended by itself and could not be brought back. */
  databaseEnded: Promise<string>
}

/** Folder, keys, database, migrations: what every command needs. */
export async function openFoundation(config: Config, clock: Clock, log: Log): Promise<Foundation> {
  try {
    return await open(config, clock, log)
  } catch (error) {
    const trouble = error instanceof Problem ? null : (troubleOf(error) ?? storageTrouble(config.dataDir))
    throw trouble ? databaseProblem(trouble, error) : error
  }
}

async function open(config: Config, clock: Clock, log: Log): Promise<Foundation> {
  prepareFolder(config.dataDir)
  const sealing = openSealing(config)
  const embedded = config.databaseUrl ? undefined : await startDatabase(config, log)
  const db = embedded
    ? openDatabase(() => embedded.url, { storage: embedded.storage })
    : openDatabase(config.databaseUrl!)
  const close = async () => {
    await db.close()
    await embedded?.stop()
  }
  try {
    await checkDatabase(db)
    const applied = await migrate(db, clock)
    await ensureLocation(db, clock)
    return { db, sealing, applied, close, databaseEnded: embedded?.gaveUp ?? new Promise(() => {}) }
  } catch (error) {
    await close().catch(() => {})
    throw error
  }
}

/** Goods need a shelf to leave from: a new installation has one. */
export async function ensureLocation(db: Database, clock: Clock): Promise<void> {
  const newId = uuidv7(() => clock.now().getTime(), realRandom)
  await db.run(
    `insert into locations (id, code, name, kind, master, priority, created_at)
     select $1, 'MAIN', 'Main warehouse', 'own', 'hub', 10, $2 where not exists (select 1 from locations) on conflict do nothing`,
    [newId(), clock.now()],
  )
}

export function prepareFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o755 })
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw new Problem('data_dir_unusable', { folder, reason: (error as { code?: string }).code ?? 'unknown' }, error)
  }
}

function openSealing(config: Config): Sealing {
  const key = config.key ? readKey(config.key) : masterKeyFile(config.keyFile, realRandom)
  if (!key) throw new Problem('key_unusable', { place: config.key ? 'ENTREPOT_KEY' : config.keyFile })
  return createSealing(key, epochKeyFolder(join(config.dataDir, 'epoch-keys'), key, realRandom), realRandom)
}

async function startDatabase(config: Config, log: Log): Promise<EmbeddedPostgres> {
  try {
    return await startEmbedded({ dataDir: config.dataDir, log: (message) => log.info(message) })
  } catch (error) {
    if (error instanceof DataDirInUse)
      throw new Problem('data_dir_in_use', { folder: config.dataDir, pid: error.pid }, error)
    if (error instanceof EmbeddedUnavailable)
      throw new Problem('embedded_unavailable', { reason: error.message }, error)
    throw error
  }
}

export interface HubOptions {
  config: Config
  clock: Clock
  log: Log
  foundation: Foundation
  /** The demo's marketplaces: they may be called although they are on this machine. */
  demo: { speed: number; origin: string } | null
}

export interface Hub {
  url: string
  ctx: Context
  people: SignInContext
  /** Undefined once there is an owner. */
  setupUrl: string | undefined
  startWork(): void
  stop(): Promise<void>
}

export async function startHub(options: HubOptions): Promise<Hub> {
  const { config, clock, foundation, demo, log } = options
  const newId = uuidv7(() => clock.now().getTime(), realRandom)
  const journal = journalWriter(foundation.db, newId, {
    autoFlushMs: 250,
    lost: ({ operation }, why) => log.error('a call could not be journaled', { operation, why }),
  })
  let worker: Worker | undefined
  let wakes: Wakes | undefined
  const ctx: Context = {
    db: foundation.db,
    clock,
    leaseClock: databaseClock(foundation.db),
    monotonic: () => performance.now(),
    sleep,
    newId,
    sealing: foundation.sealing,
    registry,
    fetch,
    journal,
    log,
    allowedOrigins: demo ? [demo.origin] : [],
    wake() {
      worker?.wake()
      wakes?.ring()
    },
  }
  const people: SignInContext = { db: ctx.db, clock, newId, sealing: ctx.sealing, random: realRandom }
  let built: Promise<string> | undefined
  const dashboard = () => (built ??= buildDashboard(join(config.dataDir, 'cache')))
  const app = await buildApi({
    ctx,
    people,
    desk: createReservationDesk(ctx),
    publicUrl: config.publicUrl,
    demo: demo && { speed: demo.speed },
    metrics: createMetrics(ctx.db, clock),
    dashboard,
    ready: () =>
      ctx.db.one('select 1 from migrations limit 1').then(
        (row) => row !== undefined || 'database_away',
        (error) => ctx.db.troubleOf(error) ?? 'database_away',
      ),
  })
  const url = await listen(app, config)
  // The demo's marketplaces are on this machine, so they reach the hub as it listens.
  ctx.publicUrl = config.outsideUrl ?? (demo ? url : undefined)
  // Built while the rest starts, so that the first page is not what waits for it.
  if (config.role !== 'worker') await dashboard()
  const setupToken = await onceBack(ctx.db, () => newSetupToken(people))
  // The built-in database has no second hub to tell.
  if (config.databaseUrl) wakes = shareWakes(config.databaseUrl, () => worker?.wake())
  return {
    url,
    ctx,
    people,
    // With PORT=0 only the listening server knows the port.
    setupUrl: setupToken && `${config.port === 0 ? url : config.publicUrl}/setup?token=${setupToken}`,
    startWork() {
      if (config.role === 'api') return
      const { name, isDead } = holders({ oneMachine: config.databaseUrl === undefined })
      worker = startWorker(ctx, {
        holder: name(newId().slice(-8)),
        isDead,
        leaseMs: 15_000,
        idleMs: demo ? 150 : 500,
        scanMs: 1_000,
      })
    },
    async stop() {
      await app.close()
      await worker?.stop()
      await journal.flush()
      await wakes?.close()
    },
  }
}

/** A database that restarts just now must not fail the start: half a minute is longer than it takes. */
async function onceBack<T>(db: Database, work: () => Promise<T>): Promise<T> {
  for (let attempt = 0; ; attempt += 1) {
    try {
      return await work()
    } catch (error) {
      if (attempt >= 60 || db.troubleOf(error) === null) throw error
      await sleep(500)
    }
  }
}

async function listen(app: Awaited<ReturnType<typeof buildApi>>, config: Config): Promise<string> {
  try {
    await app.listen({ host: config.host, port: config.port })
  } catch (error) {
    if ((error as { code?: string }).code === 'EADDRINUSE') {
      throw new Problem('port_taken', { host: config.host, port: config.port, next: config.port + 1 }, error)
    }
    throw error
  }
  const address = app.server.address()
  const port = typeof address === 'object' && address ? address.port : config.port
  return `http://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`
}
