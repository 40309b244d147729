/**
 * A hub with several channels connected and the loops of its worker at work, against the simulated marketplaces over real
 * HTTP, on one clock that stands still until a test moves it. It moves only when nobody works any more: what took time by
 * this clock was waited for (an allowance, an answer, a lock, a retry), however busy the machine is.
 */
import assert from 'node:assert/strict'
import { type CatalogItem, createSimulator, type SimulatorOptions, serveSimulator } from '../../simulator/index.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import type { Database } from '../../src/database/pool.ts'
import { startWorker } from '../../src/jobs/worker.ts'
import type { Context } from '../../src/operations/context.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { accountOf, startedOf } from '../simulation/places.ts'
import { seedInstallation } from '../simulation/seeding.ts'
import type { Theirs } from '../simulation/theirs.ts'
import { createWorld } from './world.ts'

const day = 24 * 3_600_000
/** Longer than any statement here takes: what is under way for so long waits for the clock, or for who waits for it. */
const stuckMs = 2_000

export interface StillHub {
  ctx: Context
  now(): number
  /** Time passes on both sides, in so many steps; after each all loops look once and work until nothing is left to do. */
  pass(ms: number, steps?: number): Promise<void>
  control(path: string, body?: unknown, method?: string): Promise<unknown>
  state(): Promise<Theirs['channels']>
  /** Calls of a channel that left so far, and when it last answered. */
  traffic(channel: string): { calls: number; answeredAt: number | null }
  close(): Promise<void>
}

export interface StillOptions {
  channels: readonly string[]
  catalog: CatalogItem[]
  units(item: CatalogItem): number
  simulator?: Partial<SimulatorOptions>
  /** So many days may pass. */
  days: number
}

export async function openStillHub(
  db: Database,
  { channels, catalog, units, simulator, days }: StillOptions,
): Promise<StillHub> {
  await emptyDatabase(db)
  let time = Date.UTC(2026, 10, 22, 8)
  let sleepers: { until: number; wake(): void }[] = []
  const started = startedOf(channels)
  const sim = createSimulator({
    seed: 5,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    sleep: (ms) => new Promise((wake) => void sleepers.push({ until: time + ms, wake })),
    ...started,
    ...simulator,
  })
  const server = await serveSimulator(sim, { port: 0 })
  const work = watched(db)
  const traffic = new Map(channels.map((channel) => [channel, { calls: 0, answeredAt: null as number | null }]))
  let calling = 0
  const { ctx } = createWorld(work.db, {
    now: () => new Date(time),
    allowedOrigins: [server.url],
    fetch: (async (url: string, init: RequestInit) => {
      const one = traffic.get(new URL(url).pathname.split('/')[1]!.replace('lwa', 'amazon'))
      if (one) one.calls += 1
      calling += 1
      try {
        const answer = await fetch(url, init)
        const body = await answer.arrayBuffer()
        if (one) one.answeredAt = time
        return new Response(body.byteLength > 0 ? body : null, answer)
      } finally {
        calling -= 1
      }
    }) as typeof fetch,
  })
  await ensureJournalDays(db, ctx.clock.now(), days + 2)
  const { webhookSecret, apiKey } = await db.transaction((tx) =>
    seedInstallation(tx, ctx, { catalog, brought: new Map(), channels }, units, server.url),
  )
  sim.connectStorefront({ hubUrl: 'http://hub.test', apiKey, account: accountOf('storefront'), webhookSecret })
  // Loops look when the clock has moved, and not by themselves.
  const worker = startWorker(ctx, {
    holder: 'test',
    isDead: () => false,
    leaseMs: (days + 2) * day,
    idleMs: 60_000,
    scanMs: 60_000,
  })
  ctx.wake = () => worker.wake()

  /** Until nothing is under way but calls that the other side keeps waiting. */
  async function quiet(): Promise<void> {
    let seen = -1
    let movedAt = performance.now()
    for (let still = 0; still < 3; ) {
      const begun = work.begun() + calling
      if (begun !== seen) movedAt = performance.now()
      const isBusy = work.underWay() + Math.max(0, calling - sleepers.length) > 0
      still = isBusy || begun !== seen ? 0 : still + 1
      seen = begun
      if (performance.now() - movedAt > stuckMs) return
      await new Promise((resolve) => (isBusy ? setTimeout(resolve, 1) : setImmediate(resolve)))
    }
  }

  async function moveTo(next: number): Promise<void> {
    time = next
    const due = sleepers.filter(({ until }) => until <= time)
    sleepers = sleepers.filter(({ until }) => until > time)
    for (const one of due) one.wake()
    await sim.tick()
    worker.wake()
    await quiet()
  }

  const hub: StillHub = {
    ctx,
    now: () => time,
    async pass(ms, steps = 1) {
      for (let step = 0; step < steps; step += 1) await moveTo(time + ms / steps)
    },
    async control(path, body, method = body === undefined ? 'GET' : 'POST') {
      const init = { method, headers: { 'content-type': 'application/json' } }
      const answer = await sim.handle(
        new Request(
          `${server.url}/control${path}`,
          body === undefined ? init : { ...init, body: JSON.stringify(body) },
        ),
      )
      const told = answer.status === 204 ? null : await answer.json()
      assert.ok(answer.ok, `${path}: ${answer.status} ${JSON.stringify(told)}`)
      return told
    },
    state: async () => ((await hub.control('/state?limit=5000')) as Theirs).channels,
    traffic: (channel) => traffic.get(channel)!,
    async close() {
      await hub.control('/faults', undefined, 'DELETE')
      for (const one of sleepers) one.wake()
      await worker.stop()
      await server.close()
    },
  }
  return hub
}

/** The same database, which knows what is under way. */
function watched(db: Database) {
  let begun = 0
  let underWay = 0
  const counted =
    <A extends unknown[], R>(call: (...given: A) => Promise<R>) =>
    async (...given: A): Promise<R> => {
      begun += 1
      underWay += 1
      try {
        return await call(...given)
      } finally {
        underWay -= 1
      }
    }
  const own: Pick<Database, 'rows' | 'one' | 'run' | 'send' | 'transaction' | 'session'> = {
    rows: counted(db.rows) as Database['rows'],
    one: counted(db.one) as Database['one'],
    run: counted(db.run),
    send: counted(db.send),
    transaction: counted((work) => db.transaction(work as never)) as Database['transaction'],
    session: counted((work) => db.session(work as never)) as Database['session'],
  }
  return { db: Object.assign(Object.create(db) as Database, own), begun: () => begun, underWay: () => underWay }
}
