/**
 * npm run bench -- [name …] [--quick]
 * Each figure is one JSON line on standard output; everything else goes to standard error. Results are kept under
 * bench/results, and a whole run writes docs/performance.md from them. Ends with 0 whenever it measured.
 */
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { cpus, totalmem } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Bench, PeerConfig, Run } from './bench.ts'
import { callsPerOrder } from './calls-per-order.ts'
import { convergence } from './convergence.ts'
import { eventToPush } from './event-to-push.ts'
import { type Figure, figureOf, skippedFigure } from './figure.ts'
import { growth } from './growth.ts'
import { ordersImport } from './orders-import.ts'
import { oversell } from './oversell/index.ts'
import { reconcile } from './reconcile.ts'
import { type Result, writeReport } from './report.ts'
import { reservations } from './reservations.ts'
import { simulate } from './simulate.ts'
import { start } from './start.ts'

const benches: readonly Bench[] = [
  ordersImport,
  reservations,
  eventToPush,
  convergence,
  callsPerOrder,
  reconcile,
  oversell,
  simulate,
  start,
  growth,
]
const root = join(import.meta.dirname, '..')
const results = join(import.meta.dirname, 'results')
const say = (line: string) => void process.stderr.write(`${line}\n`)

/** The commit, and whether something stands in the folder that it does not hold. What this program writes does not count. */
function stateOfSources(): { commit: string; isDirty: boolean } {
  try {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim()
    const changes = git('status', '--porcelain', '--', '.', ':!docs/performance.md', ':!docs/performance')
    return { commit: git('rev-parse', 'HEAD'), isDirty: changes !== '' }
  } catch {
    return { commit: 'unknown', isDirty: true }
  }
}

function machine() {
  return {
    processors: cpus().length,
    model: cpus()[0]?.model ?? 'unknown',
    memoryGb: Math.round(totalmem() / 2 ** 30),
    system: `${process.platform} ${process.arch}`,
    node: process.version,
  }
}

async function measure(bench: Bench, quick: boolean, state: ReturnType<typeof stateOfSources>): Promise<Result> {
  const figures: Figure[] = []
  const peers: Record<string, PeerConfig> = {}
  const kept: Record<string, unknown> = {}
  const notes: string[] = []
  const add = (figure: Figure) => {
    figures.push(figure)
    process.stdout.write(`${JSON.stringify(figure)}\n`)
  }
  const run: Run = {
    quick,
    rounds: quick ? 1 : 5,
    figure: (one) => add(figureOf(bench.name, one)),
    skip(one, why) {
      say(`skipped: ${bench.name} ${one.metric}: ${why}`)
      add(skippedFigure(bench.name, one, why))
    },
    peer(name, config) {
      peers[name] = config
    },
    note(line) {
      notes.push(line)
      say(`  ${line}`)
    },
    keep(name, value) {
      kept[name] = value
    },
  }
  say(`== ${bench.name}: ${bench.about}`)
  const began = new Date()
  await bench.run(run)
  return {
    bench: bench.name,
    ...state,
    quick,
    at: began.toISOString(),
    machine: machine(),
    peers,
    figures,
    kept,
    notes,
  }
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: { quick: { type: 'boolean', default: false } },
    allowPositionals: true,
  })
  const unknown = positionals.filter((name) => !benches.some((bench) => bench.name === name))
  if (unknown.length > 0) {
    say(`There is no benchmark ${unknown.join(', ')}. There are: ${benches.map((bench) => bench.name).join(', ')}.`)
    return 2
  }
  const state = stateOfSources()
  if (state.isDirty && !values.quick) {
    say(
      'The folder holds changes that no commit does, so nobody could repeat what is measured now. Commit them, or use --quick.',
    )
    return 2
  }
  if (values.quick)
    say(
      `One short round each${state.isDirty ? ', of a folder with uncommitted changes' : ''}: figures to look at, not to quote.`,
    )
  const chosen = benches.filter((bench) => positionals.length === 0 || positionals.includes(bench.name))
  mkdirSync(results, { recursive: true })
  let failed = 0
  for (const bench of chosen) {
    try {
      const result = await measure(bench, values.quick, state)
      writeFileSync(
        join(results, `${bench.name}${values.quick ? '.quick' : ''}.json`),
        `${JSON.stringify(result, null, 2)}\n`,
      )
    } catch (error) {
      failed += 1
      say(`${bench.name} could not be measured: ${(error as Error).stack ?? error}`)
    }
  }
  if (!values.quick) writeReport(join(root, 'docs'), readResults())
  return failed > 0 ? 1 : 0
}

/** The newest whole result of each benchmark. */
function readResults(): Result[] {
  return benches.flatMap((bench) => {
    try {
      return [JSON.parse(readFileSync(join(results, `${bench.name}.json`), 'utf8')) as Result]
    } catch {
      return []
    }
  })
}

process.exitCode = await main()
