/**
 * One installation under load whose hub is killed again and again at random moments: the hub alone (its database goes
 * on and is taken over), hub and database together, and the hub during its start. After each restart everything that
 * was acknowledged is looked for.
 *
 * Back at work is measured from the kill; the restart command follows at once. Two things count, both durable: the
 * first new reservation that a shop gets a 201 for, and the first quantity that the worker sends to a channel (its
 * intent and live write, which are committed before it leaves; asked of the database every few milliseconds).
 */
import { mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Database, openDatabase } from '../../../src/database/pool.ts'
import { type EmbeddedPostgres, startEmbedded } from '../../../src/database/supervisor.ts'
import { embeddedUrl, names, seedInstallation, smallCatalog } from '../../support/real/installation.ts'
import {
  freePort,
  type HubProcess,
  type SimulatorProcess,
  startHubProcess,
  startSimulatorProcess,
  until,
} from '../../support/real/processes.ts'
import { type Store, serveStore } from '../../support/real/store.ts'
import { seeded } from '../../support/world.ts'
import { type Load, startLoad } from './load.ts'
import { clean, type EndFigures, type Verdict, verifyEnd, verifyEvents, verifyStep } from './verify.ts'

/** Whose database: the hub's own, or one behind DATABASE_URL. */
export type Variant = 'built-in' | 'url'
type Kind = 'hub' | 'hub and database' | 'start'

export interface Kill {
  kind: Kind
  /** The database said a moment before that a transaction of the hub was open. */
  asked: boolean
  /** The database noticed that a connection ended within a transaction; for a database that was killed, the same as `asked`. */
  open: boolean
  /** Milliseconds from the kill; null where another kill came before. */
  toAccepted: number | null
  toWritten: number | null
}

export interface Episode {
  seed: number
  variant: Variant
  kills: Kill[]
  verdict: Verdict
  end: EndFigures
  acknowledged: { reservations: number; movements: number; requests: number }
  /** Events that arrived more than once, which is allowed: their answer was lost in a kill. */
  eventsAgain: number
}

interface Scene {
  variant: Variant
  random: () => number
  dataDir: string
  /** The database behind DATABASE_URL. */
  outside: EmbeddedPostgres | undefined
  outsideDir: string
  port: number
  store: Store
  simulator: SimulatorProcess
  load: Load
  hub: HubProcess
  db: Database
  dbUrl: string
}

/** No process starts in less, so what arrives sooner was still under way from the one that was killed. */
const echoMs = 100
/** Of each SKU, at first. */
const units = 40

export async function runEpisode(
  options: { seed: number; variant: Variant; kills: number },
  progress: (kill: Kill) => void = () => {},
  /** When (performance.now) to leave it at what was done. */
  end = Number.POSITIVE_INFINITY,
): Promise<Episode> {
  const scene = {} as Scene
  const verdict: Verdict = { lost: [], doubled: [], broken: [] }
  const kills: Kill[] = []
  try {
    await open(scene, options)
    while (kills.length < options.kills && clean(verdict) && performance.now() < end) {
      for (const kill of await round(scene, options.kills - kills.length)) {
        kills.push(kill)
        progress(kill)
      }
      add(verdict, await verifyStep(scene.db, scene.load.ledger, scene.store))
    }
    const figures = await close(scene, verdict)
    const { ledger } = scene.load
    return {
      seed: options.seed,
      variant: options.variant,
      kills,
      verdict,
      end: figures,
      acknowledged: {
        reservations: ledger.reservations.size,
        movements: ledger.movements.size,
        requests: ledger.requests,
      },
      eventsAgain: [...scene.store.events.values()].filter((times) => times > 1).length,
    }
  } finally {
    await cleanUp(scene)
  }
}

function add(all: Verdict, one: Verdict): void {
  for (const key of ['lost', 'doubled', 'broken'] as const) all[key].push(...one[key])
}

/** Fills the scene step by step, so that what stands can be taken down wherever this fails. */
async function open(scene: Scene, { seed, variant }: { seed: number; variant: Variant }): Promise<void> {
  const catalog = smallCatalog(12)
  const skus = catalog.map((item) => item.sku)
  scene.variant = variant
  scene.random = seeded(seed)
  scene.dataDir = mkdtempSync(join(tmpdir(), 'entrepot-kills-'))
  scene.outsideDir = mkdtempSync(join(tmpdir(), 'entrepot-kills-db-'))
  scene.store = await serveStore(skus, units)
  scene.simulator = await startSimulatorProcess({ seed, catalog, limits: 'none', history: 300 })
  scene.outside = variant === 'url' ? await startEmbedded({ dataDir: scene.outsideDir }) : undefined
  const { apiKey, webhookSecret } = await seedInstallation({
    dataDir: scene.dataDir,
    ...(scene.outside ? { databaseUrl: scene.outside.url } : {}),
    simulator: scene.simulator.url,
    till: scene.store.origin,
    catalog,
    unitsEach: units,
  })
  scene.port = await freePort()
  const url = `http://127.0.0.1:${scene.port}`
  // Before the hub asks: a store that knows no secret refuses it, and the hub would halt the account.
  scene.simulator.order({ connect: { hubUrl: url, apiKey, account: names.store, webhookSecret } })
  scene.hub = startHub(scene)
  await scene.hub.ready
  scene.dbUrl = databaseOf(scene)
  scene.db = openDatabase(scene.dbUrl, { max: 2 })
  // A slot read for the first time is not raised for two minutes: its sales before that are not known. Here are none.
  const unread = 'select 1 from stock_slots where confirmed_at is null and merchant_fulfilled limit 1'
  await until('every slot read', 30_000, async () => !(await scene.db.one(unread)))
  await scene.db.run('update stock_slots set hold_until = null')
  scene.simulator.order({ buyers: { perMinute: 600 } })
  scene.load = startLoad({ url, apiKey, skus, clients: 12, random: scene.random, sold: scene.store.sell })
}

type Started = Pick<Scene, 'dataDir' | 'outside' | 'port' | 'store'>

function startHub({ dataDir, outside, port, store }: Started): HubProcess {
  return startHubProcess(
    { DATA_DIR: dataDir, PORT: String(port), ...(outside ? { DATABASE_URL: outside.url } : {}) },
    store.origin,
  )
}

const databaseOf = ({ outside, dataDir }: Pick<Scene, 'outside' | 'dataDir'>): string =>
  outside?.url ?? embeddedUrl(dataDir).url

/** From a hub at work to a hub at work; one kill, or two where the second hits the start. */
async function round(scene: Scene, left: number): Promise<Kill[]> {
  const draw = scene.random()
  const kind: Kind = draw < 0.15 && left > 1 ? 'start' : draw < 0.3 && !scene.outside ? 'hub and database' : 'hub'
  await pause(scene.random() * 700)
  const first = await kill(scene, kind === 'start' ? 'hub' : kind)
  const kills = [first]
  if (kind === 'start') {
    scene.hub = startHub(scene)
    await pause(scene.random() * 600)
    kills.push(await kill(scene, 'start'))
  }
  const last = kills.at(-1)!
  const { accepted } = scene.load.ledger
  const before = accepted.length
  const { at } = last
  scene.hub = startHub(scene)
  const times = { accepted: 0, written: 0 }
  await until('useful work', 60_000, async () => {
    times.accepted ||= accepted.slice(before).find((time) => time > at + echoMs) ?? 0
    if (!times.written && (await hasWritten(scene, last.atClock + echoMs))) times.written = performance.now()
    return times.accepted > 0 && times.written > 0
  }).catch((error: Error) => {
    throw new Error(`${error.message} ${JSON.stringify(times)}\n${scene.hub.output()}`)
  })
  Object.assign(last, { toAccepted: times.accepted - at, toWritten: times.written - at })
  await lookAround(scene, kills)
  return kills.map(({ kind, asked, open, toAccepted, toWritten }) => ({ kind, asked, open, toAccepted, toWritten }))
}

/** Whether the worker has committed the intent of a write to a channel since then. */
async function hasWritten(scene: Scene, since: number): Promise<boolean> {
  try {
    await followDatabase(scene)
    return (await scene.db.one('select 1 from effects where intended_at > $1 limit 1', [new Date(since)])) !== undefined
  } catch {
    // Its database is not up yet.
    return false
  }
}

/** A database that was started anew listens elsewhere. */
async function followDatabase(scene: Scene): Promise<void> {
  const url = databaseOf(scene)
  if (url === scene.dbUrl) return
  await scene.db.close()
  scene.db = openDatabase(url, { max: 2 })
  scene.dbUrl = url
}

interface Killed extends Kill {
  at: number
  atClock: number
  /** Size of the database's log at the kill. */
  log: number
}

async function kill(scene: Scene, kind: Kind): Promise<Killed> {
  const { hub } = scene
  const log = statSync(logOf(scene)).size
  // Asked on a connection that stands, so that the kill follows the answer at once; during a start there may be none.
  const asked = await scene.db
    .one<{ open: number }>(
      `select count(*) as open from pg_stat_activity where application_name = 'entrepot' and pid <> pg_backend_pid()
         and datname = current_database() and state in ('active', 'idle in transaction') and xact_start is not null`,
    )
    .then((row) => row!.open > 0)
    .catch(() => false)
  if (kind === 'hub and database') process.kill(embeddedUrl(scene.dataDir).postmaster, 'SIGKILL')
  hub.signal('SIGKILL')
  const at = performance.now()
  const atClock = Date.now()
  await hub.ended
  return { kind, asked, open: asked, toAccepted: null, toWritten: null, at, atClock, log }
}

const logOf = (scene: Scene) => join(scene.outside ? scene.outsideDir : scene.dataDir, 'postgres.log')

/** What the database wrote about the kills; and Amazon is due again, so that a later kill can hit a pull. */
async function lookAround(scene: Scene, kills: Killed[]): Promise<void> {
  const text = readFileSync(logOf(scene)).toString('utf8')
  for (const [index, one] of kills.entries()) {
    if (one.kind === 'hub and database') continue
    one.open = text.slice(one.log, kills[index + 1]?.log).includes('with an open transaction')
  }
  await dueAgain(scene)
}

/**
 * Amazon allows a pull in three minutes, and shows orders after two. So that kills hit pulls, all of its history is
 * read again from the beginning; the simulator keeps no limits in this battery.
 */
async function dueAgain({ db }: Scene): Promise<void> {
  await db.run('update budgets set tokens = burst')
  await db.run(`delete from cursors where stream = 'orders'`)
}

/** Everybody goes home; the hub comes to rest, and is stopped as a person stops it. */
async function close(scene: Scene, verdict: Verdict): Promise<EndFigures> {
  await scene.simulator.control('/buyers', { perMinute: 0 })
  await scene.load.stop()
  // Past the two minutes after which Amazon shows what was bought.
  await scene.simulator.control('/clock', { advanceMs: 180_000 })
  await until('every order known', 60_000, async () => {
    // A pull under way when the clock went on has not seen them.
    await scene.db.run('update budgets set tokens = burst')
    await scene.db.run(`update cursors set next_at = pulled_at where stream = 'orders' and next_at > pulled_at`)
    await pause(500)
    const trial: Verdict = { lost: [], doubled: [], broken: [] }
    await verifyEnd(scene.db, scene.simulator, trial)
    return trial.lost.length === 0
    // What is missing then is told below.
  }).catch(() => {})
  await scene.hub.end('SIGTERM')
  if (!scene.outside) {
    // The database went with its hub: opened once more, to be asked.
    await scene.db.close()
    scene.outside = await startEmbedded({ dataDir: scene.dataDir })
    scene.db = openDatabase(scene.outside.url, { max: 2 })
  }
  add(verdict, await verifyStep(scene.db, scene.load.ledger, scene.store))
  const figures = await verifyEnd(scene.db, scene.simulator, verdict)
  await verifyEvents(scene.db, scene.store, verdict)
  return figures
}

async function cleanUp({
  load,
  hub,
  db,
  outside,
  dataDir,
  outsideDir,
  simulator,
  store,
}: Partial<Scene>): Promise<void> {
  void load?.stop()
  await hub?.end()
  await db?.close().catch(() => {})
  // Adopts what a killed hub left running, to end it.
  const last = outside ?? (hub && (await startEmbedded({ dataDir: dataDir! }).catch(() => undefined)))
  await last?.stop()
  await simulator?.end()
  await store?.close()
  for (const dir of [dataDir, outsideDir]) if (dir) rmSync(dir, { recursive: true, force: true })
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
