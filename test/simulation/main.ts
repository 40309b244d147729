/**
 * `npm run simulate -- --seeds N [--seed S] [--steps N] [--at-once N]`: runs seeds and prints what broke, with its log; on as many
 * processors as there are.
 * `--planted <name>|all`: plants bugs and looks for the first seed that finds each; `--stored` runs only the seeds that
 * are kept in finding-seeds.ts, each with its bug and without. `--database URL` uses an empty database that is there.
 */
import { fork } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { availableParallelism, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { migrate } from '../../src/database/migrate.ts'
import { openDatabase } from '../../src/database/pool.ts'
import { startEmbedded } from '../../src/database/supervisor.ts'
import { simulationSteps } from '../support/iterations.ts'
import { findingSeeds, searchedOnly } from './finding-seeds.ts'
import { type Connections, openConnections } from './installation.ts'
import { loadPlanted } from './load.ts'
import { type Planted, planted } from './planted.ts'
import { runSeed } from './run.ts'

const { values } = parseArgs({
  options: {
    seeds: { type: 'string', default: '50' },
    seed: { type: 'string', default: '1' },
    steps: { type: 'string' },
    planted: { type: 'string' },
    stored: { type: 'boolean', default: false },
    database: { type: 'string' },
    'at-once': { type: 'string' },
  },
})
const first = Number(values.seed)
const count = Number(values.seeds)
const steps = Number(values.steps ?? simulationSteps)

/** What is told to whoever started this. */
export interface SimulationEnd {
  passed: number
  failed: number
  /** Simulated. */
  passedMs: number
}

/** Nothing of it outlives the run, so nothing waits for a disk; each seed begins with empty tables, so nothing is swept. */
const inMemory = { fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off', autovacuum: 'off' }

async function withDatabase(work: (url: string) => Promise<number>): Promise<number> {
  if (values.database) return await work(values.database)
  const dataDir = mkdtempSync(join(tmpdir(), 'entrepot-simulation-'))
  const postgres = await startEmbedded({ dataDir, settings: inMemory })
  try {
    return await work(postgres.url)
  } finally {
    await postgres.stop()
    rmSync(dataDir, { recursive: true, force: true })
  }
}

const atStart = { now: () => new Date('2026-11-22T00:00:00Z') }

/** The schema that stands in the database: as it is, or as a bug left it. */
let schema: string | undefined

async function prepare(url: string, bug?: Planted): Promise<void> {
  const wanted = bug?.schema ?? ''
  if (schema === wanted) return
  const db = openDatabase(url, { max: 2 })
  try {
    await db.run('drop schema public cascade')
    await db.run('create schema public')
    await migrate(db, atStart)
    if (wanted) await db.run(wanted)
    schema = wanted
  } finally {
    await db.close()
  }
}

async function connected<T>(url: string, work: (connections: Connections) => Promise<T>): Promise<T> {
  const connections = openConnections(url)
  try {
    return await work(connections)
  } finally {
    await connections.close()
  }
}

async function runSeeds(url: string): Promise<number> {
  await prepare(url)
  const end: SimulationEnd = { passed: 0, failed: 0, passedMs: 0 }
  await connected(url, async (connections) => {
    for (let seed = first; seed < first + count; seed += 1) {
      const result = await runSeed(connections, seed, steps)
      end.passedMs += result.passedMs
      if (result.broken) {
        end.failed += 1
        console.log(
          `seed ${seed} BROKEN ${result.broken}\nrepeat with: npm run simulate -- --seeds 1 --seed ${seed} --steps ${steps}\n${result.log.join('\n')}`,
        )
      } else {
        end.passed += 1
        console.log(`seed ${seed} ok ${result.hash}`)
      }
    }
  })
  return tell(end)
}

const began = performance.now()

function tell(end: SimulationEnd): number {
  process.send?.(end)
  const { passed, failed, passedMs } = end
  const seconds = (performance.now() - began) / 1_000
  const speed = Math.round(passedMs / 1_000 / seconds)
  console.log(
    `${passed} passed, ${failed} failed; ${(passedMs / 3_600_000).toFixed(1)} h in ${seconds.toFixed(1)} s, ${speed} × real time`,
  )
  return failed
}

/** Each process has a database of its own on one server, and its part of the seeds. */
async function runAtOnce(url: string, processes: number): Promise<number> {
  const admin = openDatabase(url, { max: 1 })
  const parts = Array.from({ length: processes }, (_, part) => {
    const [from, to] = [part, part + 1].map((one) => first + Math.floor((one * count) / processes))
    return { from: from!, seeds: to! - from!, name: `simulation_${part}` }
  })
  for (const { name } of parts) await admin.run(`create database ${name}`)
  await admin.close()
  const ends = await Promise.all(
    parts.map(({ from, seeds, name }) => {
      const address = new URL(url)
      address.pathname = `/${name}`
      const rest = ['--seeds', `${seeds}`, '--seed', `${from}`, '--steps', `${steps}`, '--at-once', '1']
      return partOf([...rest, '--database', address.toString()])
    }),
  )
  const sum = (of: (end: SimulationEnd) => number) => ends.reduce((total, end) => total + of(end), 0)
  return tell({
    passed: sum((end) => end.passed),
    failed: sum((end) => end.failed),
    passedMs: sum((end) => end.passedMs),
  })
}

function partOf(args: readonly string[]): Promise<SimulationEnd> {
  return new Promise((resolve, reject) => {
    const child = fork(import.meta.filename, args, { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
    let end: SimulationEnd | undefined
    child.on('message', (message) => {
      end = message as SimulationEnd
    })
    child.once('close', () => (end ? resolve(end) : reject(new Error(`no end: ${args.join(' ')}`))))
  })
}

/** The seed that found the bug, or null. */
async function find(url: string, bug: Planted, seeds: Iterable<number>): Promise<number | null> {
  await prepare(url, bug)
  const copy = await loadPlanted<typeof import('./run.ts')>(bug, 'run.ts')
  return await connected(url, async (connections) => {
    for (const seed of seeds) {
      const { broken } = await copy.runSeed(connections, seed, steps)
      if (!broken) continue
      console.log(`planted ${bug.name}: seed ${seed} finds it: ${broken}`)
      return seed
    }
    console.log(`planted ${bug.name}: NOT FOUND`)
    return null
  })
}

function* upwards(from: number, number: number) {
  for (let seed = from; seed < from + number; seed += 1) yield seed
}

async function runPlanted(url: string, name: string): Promise<number> {
  const bugs = planted.filter(
    (bug) => (name === 'all' || bug.name === name) && !(values.stored && searchedOnly.includes(bug.name)),
  )
  if (bugs.length === 0)
    throw new Error(`no planted bug is called ${name}: ${planted.map((bug) => bug.name).join(', ')}`)
  let failed = 0
  const found = new Set<number>()
  for (const bug of bugs) {
    const seed = await find(url, bug, values.stored ? (findingSeeds[bug.name] ?? []) : upwards(first, count))
    if (seed === null) failed += 1
    else found.add(seed)
  }
  if (!values.stored) return failed
  await prepare(url)
  for (const seed of found) {
    const { broken } = await connected(url, (connections) => runSeed(connections, seed, steps))
    if (broken) failed += 1
    console.log(`without a bug: seed ${seed} ${broken ? `BROKEN ${broken}` : 'ok'}`)
  }
  return failed
}

const wanted = values.planted
const processes = Math.min(count, Number(values['at-once'] ?? (values.database ? 1 : availableParallelism())))
const failed = await withDatabase((url) => {
  if (wanted) return runPlanted(url, wanted)
  return processes > 1 ? runAtOnce(url, processes) : runSeeds(url)
})
process.exitCode = failed > 0 ? 1 : 0
