/** Several processes on one database, as real programs: R39 (stopped and resumed), R44 (two by mistake), one killed. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import type { Database } from '../src/database/pool.ts'
import { shareWakes } from '../src/database/wakes.ts'
import { type Load, startLoad } from './batteries/kills/load.ts'
import { clean, verifyStep } from './batteries/kills/verify.ts'
import { useDatabase } from './support/database.ts'
import { printCount, processStops } from './support/iterations.ts'
import { names, type Seeded, seedInstallation, smallCatalog } from './support/real/installation.ts'
import {
  freePort,
  type HubProcess,
  type SimulatorProcess,
  startHubProcess,
  startSimulatorProcess,
  until,
} from './support/real/processes.ts'
import { type Store, serveStore } from './support/real/store.ts'

/** What a process waits for at most before it takes the lease of one that may be alive (src/hub.ts). */
const leaseMs = 15_000
const catalog = smallCatalog(8)
const skus = catalog.map((item) => item.sku)

interface Crew {
  db: Database
  url: string
  dataDir: string
  store: Store
  simulator: SimulatorProcess
  seeded: Seeded
  port: number
  hubs: HubProcess[]
  loads: Load[]
  start(role: 'all' | 'api' | 'worker', port?: number): Promise<HubProcess>
  put(url: string, clients: number): void
}

const closing: (() => Promise<unknown>)[] = []
afterAll(async () => {
  for (const close of closing.reverse()) await close()
})

async function gather(own: { db: Database; url: string }, seed: number): Promise<Crew> {
  const dataDir = mkdtempSync(join(tmpdir(), 'entrepot-processes-'))
  closing.push(async () => rmSync(dataDir, { recursive: true, force: true }))
  const store = await serveStore(skus, 40)
  closing.push(store.close)
  const simulator = await startSimulatorProcess({ seed, catalog, limits: 'published', history: 30 })
  closing.push(simulator.end)
  const { db, url } = own
  const place = { dataDir, databaseUrl: url, simulator: simulator.url, till: store.origin, catalog, unitsEach: 40 }
  const seeded = await seedInstallation(place)
  const hubs: HubProcess[] = []
  const loads: Load[] = []
  closing.push(async () => {
    await Promise.all(hubs.map((hub) => hub.end()))
    await Promise.all(loads.map((load) => load.stop()))
  })
  const port = await freePort()
  const { apiKey, webhookSecret } = seeded
  const connect = { hubUrl: `http://127.0.0.1:${port}`, apiKey, account: names.store, webhookSecret }
  simulator.order({ connect, buyers: { perMinute: 120 } })
  return {
    db,
    url,
    dataDir,
    store,
    simulator,
    seeded,
    port,
    hubs,
    loads,
    async start(role, at = 0) {
      const hub = startHubProcess({ DATA_DIR: dataDir, PORT: String(at), ROLE: role, DATABASE_URL: url }, store.origin)
      hubs.push(hub)
      await hub.ready
      return hub
    },
    put(to, clients) {
      const random = () => Math.random()
      loads.push(startLoad({ url: to, apiKey, skus, clients, random, sold: store.sell, prefix: `${loads.length}:` }))
    },
  }
}

interface Held {
  name: string
  pid: number
  epoch: number
}

async function held({ db }: Crew): Promise<Held[]> {
  const rows = await db.rows<{ name: string; holder: string; epoch: number }>(
    `select a.name, l.holder, l.epoch from leases l join accounts a on a.id = l.account_id
     where not l.released and l.expires_at > clock_timestamp() order by a.name`,
  )
  return rows.map(({ name, holder, epoch }) => ({ name, epoch, pid: Number(holder.split('|')[1]) }))
}

const allHeldBy = (crew: Crew, isIt: (pid: number) => boolean) => async () => {
  const leases = await held(crew)
  return leases.length === 3 && leases.every(({ pid }) => isIt(pid)) && leases
}

async function verify(crew: Crew): Promise<void> {
  for (const { ledger } of crew.loads) {
    const verdict = await verifyStep(crew.db, ledger, crew.store)
    expect(verdict, JSON.stringify(verdict)).toSatisfy(clean)
  }
}

/** Whether somebody has written under the lease as it stands now, for one of these accounts. */
const written = (crew: Crew, leases: readonly Held[]) => async () =>
  (await crew.db.one(
    `select 1 from effects e join leases l on l.account_id = e.account_id and l.epoch = e.epoch join accounts a on a.id = l.account_id
     where a.name = any($1) limit 1`,
    [leases.map(({ name }) => name)],
  )) !== undefined

/**
 * The new holder works, and has written, or owes no write: what differs waits for a write or stray that was under way at
 * the stop and is not dead yet (a raise waits 15 minutes), or for orders behind a reading.
 */
const worked = (crew: Crew, leases: readonly Held[], since: Date) => async () => {
  const accounts = leases.map(({ name }) => name)
  const called = await crew.db.one(
    'select 1 from channel_calls c join accounts a on a.id = c.account_id where a.name = any($1) and c.started_at > $2 limit 1',
    [accounts, since],
  )
  if (!called) return false
  if (await written(crew, leases)()) return true
  const owed = await crew.db.one(
    `select 1 from stock_slots s join accounts a on a.id = s.account_id
     where a.name = any($1) and s.dirty and s.live_value is null and s.hold_until is null and s.retry_at is null
       and jsonb_array_length(coalesce(s.claim_state->'strays', '[]')) = 0
       and coalesce(s.claim_state->'live', 'null') = 'null' limit 1`,
    [accounts],
  )
  return owed === undefined
}

/** All may be sold out and written by now: every slot of theirs is to be read. */
async function giveWork({ db }: Crew, leases: readonly Held[]): Promise<void> {
  // In whatever order it locks: a deadlock with the hub begins anew.
  await db.transaction((tx) =>
    tx.run('update stock_slots s set read_due_at = $2 from accounts a where a.id = s.account_id and a.name = any($1)', [
      leases.map(({ name }) => name),
      new Date(),
    ]),
  )
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms))
const seconds = (from: number) => `${((performance.now() - from) / 1_000).toFixed(1)} s`

const shared = useDatabase()
const mistaken = useDatabase()

test.concurrent('two API processes and three workers share the work; one that stood still writes nothing; one that died is replaced', async () => {
  const crew = await gather(shared, 1)
  const [apiOne, apiTwo] = await Promise.all([crew.start('api', crew.port), crew.start('api', await freePort())])
  await Promise.all([crew.start('worker'), crew.start('worker'), crew.start('worker')])
  const workers = () => crew.hubs.slice(2)
  await until(
    'every account at work',
    60_000,
    allHeldBy(crew, (pid) => workers().some((one) => one.pid === pid)),
  )
  await rings(crew, await apiTwo.ready)
  crew.put(await apiOne.ready, 3)
  crew.put(await apiTwo.ready, 3)
  await until('a write', 60_000, written(crew, await held(crew)))
  for (let round = 1; round <= processStops; round += 1) await standStill(crew, workers())
  await dieAndBeReplaced(crew, workers())
  for (const load of crew.loads) await load.stop()
  await verify(crew)
  await withinAllowance(crew)
}, 3_600_000)

/** What an API process commits is told to the others at once, not at their next look. */
async function rings(crew: Crew, url: string): Promise<void> {
  let heard = 0
  const wakes = shareWakes(crew.url, () => {
    heard += 1
  })
  closing.push(wakes.close)
  await until('listening', 30_000, () => heard > 0)
  const before = heard
  const answer = await fetch(`${url}/api/v1/stock/movements`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${crew.seeded.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': 'rings',
    },
    body: JSON.stringify({ sku: skus[0], location: 'MAIN', kind: 'receipt', quantity: 1 }),
  })
  expect(answer.status).toBe(201)
  await until('a ring', 30_000, () => heard > before)
}

/** R39. The stop is longer than the lease; by then another worker has taken over and written. */
async function standStill(crew: Crew, workers: HubProcess[]): Promise<void> {
  await until(
    'every account at work',
    leaseMs * 4,
    allHeldBy(crew, (pid) => workers.some((one) => one.pid === pid)),
  )
  const before = await held(crew)
  const { pid } = before.find((lease) => lease.name === names.till)!
  const stopped = workers.find((worker) => worker.pid === pid)!
  const lost = before.filter((lease) => lease.pid === pid)
  // Somewhere in the middle of its work, each time elsewhere.
  await pause(Math.random() * 200)
  stopped.signal('SIGSTOP')
  const from = performance.now()
  await pause(leaseMs / 4)
  // It may be alive, so nobody takes its lease before it ran out.
  expect((await held(crew)).filter((lease) => lease.pid === pid)).toHaveLength(lost.length)
  await until(
    'a take-over',
    leaseMs * 4,
    allHeldBy(crew, (other) => other !== pid),
  )
  process.stdout.write(`taken over from a process that stood still after ${seconds(from)}\n`)
  const since = new Date()
  await giveWork(crew, lost)
  await until('work of another worker', 60_000, worked(crew, lost, since))
  await pause(1_000)
  const newest = new Map<string, number>()
  for (const { sku, version } of crew.store.sets) newest.set(sku, Math.max(version, newest.get(sku) ?? 0))
  const sets = crew.store.sets.length
  const resumedAt = new Date()
  stopped.signal('SIGCONT')
  await pause(4_000)
  // Nothing of it arrives any more, and nothing that it learned too late is written.
  expect(crew.store.sets.slice(sets).filter(({ sku, version }) => version <= (newest.get(sku) ?? 0))).toEqual([])
  for (const { name, epoch } of lost) {
    const late = await crew.db.one<{ count: number }>(
      `select count(*) as count from effects e join accounts a on a.id = e.account_id
       where a.name = $1 and e.epoch <= $2 and (e.intended_at > $3 or e.outcome_at > $3)`,
      [name, epoch, resumedAt],
    )
    expect(late?.count, name).toBe(0)
  }
  expect(
    await crew.db.rows(
      `select code from findings where code in ('account_halted', 'pull_failing') and resolved_at is null`,
    ),
  ).toEqual([])
  await verify(crew)
}

async function dieAndBeReplaced(crew: Crew, workers: HubProcess[]): Promise<void> {
  const before = await held(crew)
  const { pid } = before.find((lease) => lease.name === names.till)!
  const lost = before.filter((lease) => lease.pid === pid)
  const from = performance.now()
  await workers.find((worker) => worker.pid === pid)!.end('SIGKILL')
  await until(
    'a take-over',
    leaseMs,
    allHeldBy(crew, (other) => other !== pid),
  )
  process.stdout.write(`taken over from a process that was killed after ${seconds(from)}\n`)
  const since = new Date()
  await giveWork(crew, lost)
  await until('work of another worker', 60_000, worked(crew, lost, since))
  await verify(crew)
}

/** Own 429s: at most one call of a thousand. */
async function withinAllowance(crew: Crew): Promise<void> {
  const { channels } = await crew.simulator.control<{
    channels: { amazon: { calls: Record<string, { count: number; throttled: number }> } }
  }>('/state?limit=1')
  const calls = Object.values(channels.amazon.calls)
  const count = calls.reduce((sum, one) => sum + one.count, 0)
  const throttled = calls.reduce((sum, one) => sum + one.throttled, 0)
  printCount('calls to Amazon by several processes', count)
  printCount('of these refused for lack of allowance', throttled)
  expect(count).toBeGreaterThan(0)
  expect(throttled / count).toBeLessThanOrEqual(0.001)
}

test.concurrent('two hubs started by mistake on one database do the work once', async () => {
  const crew = await gather(mistaken, 2)
  const [one] = await Promise.all([crew.start('all', crew.port), crew.start('all')])
  await until(
    'every account at work',
    60_000,
    allHeldBy(crew, () => true),
  )
  const url = await one.ready
  crew.put(url, 3)
  const expiring = await Promise.all(Array.from({ length: 12 }, (_, index) => letExpire(crew, url, index)))
  const expired = async () =>
    (await crew.db.one<{ count: number }>(
      `select count(*) as count from webhook_deliveries where event = 'reservation.expired'`,
    ))!.count
  await until('every reservation expired', 60_000, async () => (await expired()) === expiring.length)
  const pulls = async () =>
    (await crew.db.one<{ pages: number }>(
      `select count(*) as pages from channel_calls where operation = 'searchOrders'`,
    ))!.pages
  await until('Amazon read', 60_000, async () => (await pulls()) > 0)
  await crew.loads[0]!.stop()
  await crew.simulator.control('/buyers', { perMinute: 0 })
  // An order that is on its way when the buyers stop comes a moment later, and its event after it.
  let rows: { id: string; state: string }[] = []
  await until('every event delivered', 90_000, async () => {
    rows = await crew.db.rows('select id, state from webhook_deliveries')
    return rows.every(({ state }) => state !== 'waiting') && crew.store.events.size >= rows.length
  })
  // Each event once, to the number; an order of the store is at least one.
  expect([...crew.store.events.values()].filter((times) => times !== 1)).toEqual([])
  expect([...crew.store.events.keys()].sort()).toEqual(rows.map((row) => `msg_${row.id}`).sort())
  expect(rows.length).toBeGreaterThan(expiring.length)
  expect(await expired()).toBe(expiring.length)
  // Amazon is due every three minutes: read once, however many hubs there are.
  expect(await pulls()).toBe(1)
  await verify(crew)
  await withinAllowance(crew)
}, 300_000)

async function letExpire(crew: Crew, url: string, index: number): Promise<string> {
  const answer = await fetch(`${url}/api/v1/reservations`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${crew.seeded.apiKey}`,
      'content-type': 'application/json',
      'idempotency-key': `expires ${index}`,
    },
    body: JSON.stringify({
      account: names.till,
      reference: `expires ${index}`,
      lines: [{ sku: skus[index % skus.length], quantity: 1 }],
      expiresInSeconds: 10,
    }),
  })
  expect(answer.status).toBe(201)
  return ((await answer.json()) as { id: string }).id
}
