/** One installation in one process: the hub's operations, the simulated marketplaces, a clock moved by hand. */
import type { FastifyInstance } from 'fastify'
import { type CatalogItem, createSimulator, type Simulator } from '../../simulator/index.ts'
import { createMetrics } from '../../src/api/metrics.ts'
import { buildApi } from '../../src/api/server.ts'
import { findAccount } from '../../src/database/accounts.ts'
import type { Mode } from '../../src/database/claims.ts'
import { quoted, tablesOf } from '../../src/database/copy.ts'
import { ensureJournalDays, journalWriter } from '../../src/database/journal.ts'
import { acquireLease } from '../../src/database/leases.ts'
import { type Database, openDatabase } from '../../src/database/pool.ts'
import { type AccountAtWork, accountAtWork, type Context, type HeldLease } from '../../src/operations/context.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import type { SignInContext } from '../../src/sign-in/people.ts'
import { createWorld, seeded, seededBytes } from '../support/world.ts'
import { base, someChannels, startedOf, storeName } from './places.ts'
import { createProcess, type Process } from './process.ts'
import { catalogOf, seedInstallation } from './seeding.ts'
import { listen, type Wire } from './wire.ts'

/** The lease is held by a process that died or never learned that it has it; it runs out by itself. */
export class LeaseTaken extends Error {}

export interface TillOrder {
  remoteId: string
  lines: { sku: string; quantity: number }[]
  state: 'open' | 'shipped' | 'canceled'
  updatedAt: number
}

export interface Answer {
  status: number
  body: unknown
}

export interface Installation {
  ctx: Context
  sim: Simulator
  process: Process
  wire: Wire
  /** Where it sells. */
  channels: readonly string[]
  catalog: CatalogItem[]
  random: () => number
  /** The accounts at work; taken anew after a crash. */
  work(name: string): Promise<AccountAtWork>
  advance(ms: number): void
  /** After a crash inside a request: whether the next request finds a new process already. */
  backAtOnce: boolean
  /** Forgets everything in memory, as a restart does. */
  restart(): void
  control(path: string, body?: unknown, method?: string): Promise<Answer>
  /** Asks the hub's API under a key, again and again until it answers; what finds no answer now is repeated later. */
  insist(path: string, body: unknown, done: (answer: Answer) => void): Promise<number | null>
  /** Repeats what found no answer. */
  insistAgain(): Promise<void>
  /** Units that people (not orders) brought, by SKU. */
  brought: Map<string, number>
  /** Reservations of a checkout that never becomes an order. */
  baskets: string[]
  /** Orders that a till tells the hub, past the simulated store. */
  till: TillOrder[]
  /** SKUs whose quantity somebody else wrote: nothing bounds what they sell. */
  meddled: Set<string>
  /** Orders whose parcel left the shelf here, by channel and its id: goods are gone, be the order canceled there before it is told. */
  left: Set<string>
  /** Writes that the network doubled on their way, by channel: the hub sent them once. */
  doubled: Map<string, number>
  /** Where several operations should meet. */
  focus: string | null
  /** What goes to Amazon rides feeds, where one can be handed in. */
  feeds: boolean
  close(): Promise<void>
}

export { amazonName, storeName } from './places.ts'

export const leaseMs = 60_000

/** Orders change by the run's own actions only, so that at rest both sides can be compared. */
const quiet = {
  lifecycle: { slowPaymentShare: 0.05, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0.1 },
}

/** Every table that holds anything, and what refers to it: a truncation makes new files, and most tables need none. */
export async function emptyDatabase(db: Database): Promise<void> {
  const tables = await tablesOf(db)
  const filled = await db.rows<{ name: string }>(
    tables
      .map(({ name }) => `select '${name}' as name where exists (select 1 from ${quoted(name)})`)
      .join(' union all '),
  )
  if (filled.length > 0) await db.run(`truncate ${filled.map(({ name }) => quoted(name)).join(', ')} cascade`)
}

/** Connections for a run: what happens on one is in one order; a second one lets two operations meet. */
export interface Connections {
  each: readonly Database[]
  watcher: Database
  close(): Promise<void>
}

export function openConnections(url: string): Connections {
  const each = [0, 1].map(() => openDatabase(url, { max: 1 }))
  const watcher = openDatabase(url, { max: 1 })
  return {
    each,
    watcher,
    close: async () => void (await Promise.all([...each, watcher].map((db) => db.close()))),
  }
}

export interface InstallOptions {
  /** Amazon orders that are there before the account is opened. */
  history?: number
  /** The longest page of orders that Amazon gives. */
  largestPage?: number
  /** How all variants are shared out; guarded where absent. */
  mode?: Mode
  feeds?: boolean
  channels?: readonly string[]
  /** What buyers do by themselves; nothing that takes units where absent. */
  lifecycle?: { buyerCancelShare: number; cancelRequestShare: number }
  /** Goods of one's own, and how many of each are on the shelf. */
  goods?: { catalog: CatalogItem[]; units(item: CatalogItem): number }
}

export async function install(
  database: Connections | Database,
  seed: number,
  {
    history = 4,
    largestPage = 100,
    mode = 'guarded',
    feeds = false,
    channels = someChannels,
    goods,
    lifecycle,
  }: InstallOptions = {},
): Promise<Installation> {
  const connections = 'each' in database ? database : { each: [database], watcher: database }
  const plain = connections.each[0]!
  await emptyDatabase(plain)
  let time = Date.UTC(2026, 10, 22, 8)
  const wire = listen(
    (async (url: string, init: RequestInit) => await sim.handle(new Request(url, init))) as never,
    () => time,
  )
  // Streams of their own: what the hub draws for its ids must not change what happens in a seed.
  const random = seeded(seed ^ 0x5eed)
  const process = createProcess(connections.each, connections.watcher, seeded(seed ^ 0x7a57))
  const world = createWorld(process.db, {
    seed,
    now: () => new Date(time),
    allowedOrigins: [base],
    fetch: process.calling(wire.fetch),
  })
  const { ctx } = world
  // Who waits for another process waits for time to pass.
  ctx.sleep = async (ms) => void (time += ms)
  const catalog = goods?.catalog ?? catalogOf(random, channels, seeded(seed ^ 0xfa57))
  const held = new Map<string, AccountAtWork>()
  const api = createFrontDoor(() => it)
  const sim = createSimulator({
    seed,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    fetch: api.fetch,
    sleep: async (ms) => void (time += ms),
    amazon: { lifecycle: { ...quiet.lifecycle, ...lifecycle }, largestPage },
    ebay: { lifecycle: { ...quiet.lifecycle, buyerCancelShare: 0, ...lifecycle } },
    walmart: {
      lifecycle: {
        fraudCancelShare: lifecycle?.buyerCancelShare ?? 0,
        cancelRequestShare: lifecycle?.cancelRequestShare ?? quiet.lifecycle.cancelRequestShare,
      },
    },
    ...startedOf(channels),
    history: { orders: history, days: 2 },
  })
  const it: Installation = {
    ctx,
    sim,
    process,
    wire,
    channels,
    catalog,
    random,
    brought: new Map(),
    baskets: [],
    till: [],
    meddled: new Set(),
    left: new Set(),
    doubled: new Map(),
    focus: null,
    feeds,
    backAtOnce: false,
    async work(name) {
      const before = held.get(name)
      if (before && process.isShared()) return before
      if (before) {
        // The lease of a living process is always renewed in time here; losing it is what a crash is for.
        Object.assign(before.lease(), { until: ctx.monotonic() + leaseMs })
        const row = await process.outside(async () => {
          return await plain.one<AccountAtWork['row']>(
            'with renewed as (update leases set expires_at = $2 where account_id = $1) select * from accounts where id = $1',
            [before.row.id, new Date(time + leaseMs)],
          )
        })
        Object.assign(before.row, row)
        return before
      }
      const work = await takeAccount(ctx, name)
      held.set(name, work)
      return work
    },
    advance: (ms) => void (time += ms),
    restart() {
      process.begin()
      held.clear()
      desk = createReservationDesk(ctx)
      time += leaseMs + 1_000
      ctx.journal = journalWriter(process.db, ctx.newId, { autoFlushMs: null, lost: () => {} })
    },
    async control(path, body, method = body === undefined ? 'GET' : 'POST') {
      const answer = await sim.handle(
        new Request(`${base}/control${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      )
      return { status: answer.status, body: answer.status === 204 ? null : await answer.json() }
    },
    insist: api.insist,
    insistAgain: api.insistAgain,
    close: async () => await app.close(),
  }
  const people: SignInContext = {
    db: process.db,
    clock: ctx.clock,
    newId: ctx.newId,
    sealing: ctx.sealing,
    random: seededBytes(world.random),
  }
  let desk = createReservationDesk(ctx)
  const app = await buildApi({
    ctx,
    people,
    desk: { reserve: (wanted) => desk.reserve(wanted) },
    publicUrl: base,
    demo: null,
    metrics: createMetrics(plain, ctx.clock),
    dashboard: async () => '',
    ready: async () => true,
  })
  await ensureJournalDays(plain, ctx.clock.now(), 2)
  const { apiKey, webhookSecret } = await plain.transaction((tx) => seedInstallation(tx, ctx, it, goods?.units))
  await plain.run('update pool_levels set mode = $1', [mode])
  api.open(app, apiKey)
  sim.connectStorefront({ hubUrl: 'http://hub.test', apiKey, account: storeName, webhookSecret })
  return it
}

/** What a new holder of an account does before it works. */
async function takeAccount(ctx: Context, name: string): Promise<AccountAtWork> {
  const row = (await findAccount(ctx.db, name))!
  const asked = ctx.monotonic()
  const taken = await acquireLease(ctx.db, ctx.leaseClock, row.id, 'simulation', leaseMs, () => false)
  if (!taken) throw new LeaseTaken(`the lease of ${name} is taken`)
  const lease: HeldLease = { ...taken, until: asked + leaseMs }
  const work = accountAtWork(ctx, row, () => lease)
  await takeOver(ctx, work)
  return work
}

/** How many accepted requests come again under their key. */
const repeatShare = 0.1

const pathOf = (url: string) => {
  const { pathname, search } = new URL(url)
  return pathname + search
}

/** The hub's API as callers outside see it: it may be away, or come back between two tries. */
function createFrontDoor(installation: () => Installation) {
  let app: FastifyInstance | undefined
  let key = ''
  let waiting: (() => Promise<number | null>)[] = []
  const refused = () => {
    throw new TypeError('fetch failed', { cause: { code: 'ECONNREFUSED' } })
  }
  const call = async (url: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const it = installation()
    const answer = await it.process.answer(
      async () =>
        await app!.inject({
          method: (init?.method ?? 'GET') as 'POST',
          url: pathOf(String(url)),
          headers: init?.headers as Record<string, string>,
          payload: init?.body as string,
        }),
      refused as never,
      () => {
        if (it.backAtOnce) it.restart()
        return it.backAtOnce
      },
    )
    return new Response(answer.statusCode === 204 ? null : answer.body, {
      status: answer.statusCode,
      headers: { 'content-type': 'application/json' },
    })
  }
  const once = async (path: string, body: unknown, idempotencyKey: string): Promise<Answer | null> => {
    try {
      const answer = await call(`http://hub.test/api/v1${path}`, {
        method: 'POST',
        headers: {
          authorization: `Bearer ${key}`,
          'content-type': 'application/json',
          'idempotency-key': idempotencyKey,
        },
        body: JSON.stringify(body),
      })
      return answer.status >= 500 ? null : { status: answer.status, body: await answer.json() }
    } catch {
      return null
    }
  }
  /** The caller never saw the answer, or its client repeats by itself. */
  const repeat = async (it: Installation, path: string, body: unknown, idempotencyKey: string, first: Answer) => {
    const second = await once(path, body, idempotencyKey)
    if (second && JSON.stringify(second) !== JSON.stringify(first))
      it.wire.wrong.push(`a repeat of POST ${path} was answered otherwise`)
  }
  return {
    fetch: call as typeof fetch,
    open(opened: FastifyInstance, apiKey: string) {
      app = opened
      key = apiKey
    },
    async insist(path: string, body: unknown, done: (answer: Answer) => void): Promise<number | null> {
      const it = installation()
      const idempotencyKey = it.ctx.newId()
      const ask = async () => {
        for (let attempt = 0; attempt < 3; attempt += 1) {
          const answer = await once(path, body, idempotencyKey)
          if (!answer) continue
          done(answer)
          if (answer.status === 201 && it.random() < repeatShare) await repeat(it, path, body, idempotencyKey, answer)
          return answer.status
        }
        waiting.push(ask)
        return null
      }
      return await ask()
    },
    async insistAgain() {
      const list = waiting
      waiting = []
      for (const ask of list) await ask()
    },
  }
}
