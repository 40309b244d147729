/** docs/performance.md with its charts, written from results: what stands there was measured, and says at which commit. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { PeerConfig } from './bench.ts'
import { barChart } from './chart.ts'
import type { Figure } from './figure.ts'
import { type Panel, scatterChart } from './scatter.ts'

export interface Result {
  bench: string
  commit: string
  isDirty: boolean
  quick: boolean
  at: string
  machine: { processors: number; model: string; memoryGb: number; system: string; node: string }
  peers: Record<string, PeerConfig>
  figures: Figure[]
  kept: Record<string, unknown>
  notes: string[]
}

const titles: Record<string, { title: string; text: string }> = {
  'orders-import': {
    title: 'Orders in',
    text: 'Pages of 100 orders (1.3 lines each, 10,000 SKUs on two accounts) through the operation that pulls them: orders, lines, sealed buyers, ledger, reservations, wishes of both accounts and events, in one transaction a page with its cursor. `replay` is the same pages again. The peer stores orders, lines and stock; it seals nothing, keeps no ledger and writes no events.',
  },
  reservations: {
    title: 'Reservations',
    text: '64 callers in a closed loop, each asking for one unit as soon as it was answered: all for one SKU (`hot`), or for any of 10,000 (`spread`). `http` is a hub in a process of its own, asked over 64 connections by another. In `half refused` twice as many units are asked for as there are.',
  },
  'event-to-push': {
    title: 'From a change to the wire',
    text: '200 orders a second. The clock starts when the transaction that stored the change has returned, and stops when the other channel’s request arrives at its receiver in another process.',
  },
  convergence: {
    title: 'Thousands of changed slots',
    text: 'How long it takes until 1,000 / 10,000 / 100,000 changed quantities stand at a server that takes 5 calls a second, 5 at once (a token bucket, as Amazon’s patchListingsItem), against the least time that such a bucket allows; one change in ten is a sell-out. `halved`: halfway the server takes half as many, and its answers tell the new rate (`told`) or nothing (`untold`). All contestants run on virtual clocks against the same server, with answers after 0.15, 0.35 and 0.8 s; what stands here is the worst of the three, and of all seeds. The clients’ own retries are at work, in a loop over the changes or 50 at once; where writes were lost, a time says nothing. Ours is the planner with the budget’s arithmetic, without the database.',
  },
  'calls-per-order': {
    title: 'Calls per order and per slot',
    text: 'Calls of the hub’s own operations to simulated channels, counted in its journal, against the least that each API permits: full pages of orders (at Shopify as many as 1,000 points hold), full batches of quantities. `orders_ratio` counts every look that brought a new order; looks that found nothing new stand beside it, per order, with notifications not yet proven (proven ones make them fewer). `slots_ratio` counts writes of slots whose rule shows everything, changed in one step, and what had to be looked up for them; readings of the hour after it (they prove a write, and audit) stand beside it. Without tokens, walks through listings and sweeps; eBay’s pages overlap by one order, which costs a small bulk more than is shown here (1,000 orders: six pages instead of five).',
  },
  reconcile: {
    title: 'A million variants compared',
    text: '1,000,000 variants on four accounts (three Amazon regions and the own store), at rest by the project’s own rules: a fifth sold out, one in seven with fewer units than its slots need, four slots in ten with sales of their own (10,000 of them put at rest by the rules, a hundred times over with ids of their own). Before each round 1,000 slots are told a wrong number and 500 variants lose their stock, both behind the hub’s back. `seconds` is the time until every slot was compared with what it should show, those that differ are mended, and calls and their end are planned; `needless_writes` and `missed_writes` compare what would leave then with what was changed. `rss_mb` is the most that the process ever took. `change_ms` is one receipt of a unit as a whole: locks, ledger, claims, the wishes of four slots, and the commit on disk.',
  },
  oversell: {
    title: 'Oversells against sell-through',
    text: 'The same buyers for everybody, 400 variants on four channels with published delays; the project’s rules over slots in memory. Gaps are percentage points of the units that a reference without any delay sells: `split` shows no more than there is, `central` is one shelf. With `5 % lost` one write in forty never arrives and as many answers, and the hub crashes 40 times.',
  },
  simulate: {
    title: 'The simulation',
    text: 'How fast the whole hub runs against simulated marketplaces with faults and crashes, every promise checked after each step, on a PostgreSQL that does not wait for its disk: simulated time against real time, and seeds a minute.',
  },
  start: {
    title: 'Start and memory',
    text: 'An empty data folder, nothing but installed packages; the dashboard is built on the way. Memory is what the kernel counts for the hub and all processes of its database after a minute without work; the hub’s own process counts whole, pages it could share with other Node processes included.',
  },
  growth: {
    title: 'Growth',
    text: 'An hour of peak traffic: ten orders a second with cancellations, shipments, checkouts, quantity writes, readings and delivered events; then a plain vacuum. `bloat_ratio` compares with a copy of the database that was rewritten whole.',
  },
}

/** Bars of a chart: figures of one unit, by metric and case. */
const charts: Record<
  string,
  { unit: string; bars: readonly [metric: string, one: string | undefined, label: string][] }
> = {
  'orders-import': {
    unit: 'orders/s',
    bars: [
      ['orders_per_s', undefined, 'Entrepot, new'],
      ['orders_per_s', 'peer', 'BullMQ + Redis, new'],
      ['orders_per_s', 'replay', 'Entrepot, known'],
      ['orders_per_s', 'peer-replay', 'BullMQ + Redis, known'],
    ],
  },
  reservations: {
    unit: 'per second',
    bars: [
      ['per_s', 'hot', 'Entrepot, one SKU'],
      ['per_s', 'peer hot', 'Medusa, one SKU'],
      ['per_s', 'spread', 'Entrepot, 10,000 SKUs'],
      ['per_s', 'peer spread', 'Medusa, 10,000 SKUs'],
      ['http_per_s', undefined, 'Entrepot over HTTP'],
    ],
  },
  'event-to-push': {
    unit: 'ms',
    bars: [
      ['p50_ms', 'Amazon order → store webhook', 'order → store, half within'],
      ['p99_ms', 'Amazon order → store webhook', 'order → store, 99 % within'],
      ['p50_ms', 'store checkout → Amazon PATCH', 'checkout → Amazon, half within'],
      ['p99_ms', 'store checkout → Amazon PATCH', 'checkout → Amazon, 99 % within'],
    ],
  },
  convergence: {
    unit: '× optimum',
    bars: [
      ['ratio_to_optimum', '1,000 changes', 'Entrepot, answers in 0.15 – 0.8 s'],
      ['ratio_to_optimum', 'amazon-sp-api in a loop, 0.15 s', 'amazon-sp-api, 0.15 s'],
      ['ratio_to_optimum', 'amazon-sp-api in a loop, 0.35 s', 'amazon-sp-api, 0.35 s'],
      ['ratio_to_optimum', 'amazon-sp-api in a loop, 0.8 s', 'amazon-sp-api, 0.8 s'],
      ['ratio_to_optimum', '@sp-api-sdk in a loop, 0.15 s', '@sp-api-sdk, 0.15 s'],
      ['ratio_to_optimum', '@sp-api-sdk in a loop, 0.35 s', '@sp-api-sdk, 0.35 s'],
      ['ratio_to_optimum', '@sp-api-sdk in a loop, 0.8 s', '@sp-api-sdk, 0.8 s'],
    ],
  },
  start: {
    unit: 's',
    bars: [
      ['first_start_s', undefined, 'first start'],
      ['restart_s', undefined, 'restart'],
      ['first_order_s', undefined, 'demo: start to first order'],
    ],
  },
}

export function writeReport(docs: string, results: readonly Result[]): void {
  const folder = join(docs, 'performance')
  rmSync(folder, { recursive: true, force: true })
  mkdirSync(folder, { recursive: true })
  for (const result of results) {
    const drawn = chartOf(result)
    if (drawn) writeFileSync(join(folder, `${result.bench}.svg`), drawn)
  }
  writeFileSync(join(docs, 'performance.md'), pageOf(results))
}

function chartOf({ bench, figures }: Result): string | undefined {
  if (bench === 'oversell') return oversellChart(figures)
  const chart = charts[bench]
  if (!chart) return undefined
  const bars = chart.bars.flatMap(([metric, one, label]) => {
    const figure = figures.find((each) => each.metric === metric && each.case === one)
    return figure?.value == null ? [] : [{ label, value: figure.value, isPeer: figure.peer !== null }]
  })
  return bars.length > 0 ? barChart(titles[bench]!.title, chart.unit, bars) : undefined
}

/** What each way to share out costs in sales, and how often it sells what is not there. */
function oversellChart(figures: readonly Figure[]): string | undefined {
  const panels = ['1×', '10×', '100×'].flatMap((speed): Panel[] => {
    const name = `${speed} polling`
    const gapOf = (one: string) =>
      figures.find((each) => each.metric === 'sell_through_gap' && each.case === one)?.value
    const gap = gapOf(`${name}, to central`)
    if (gap == null) return []
    const guarded = { label: 'Entrepot, guarded', x: gap, y: 0, isPeer: false }
    const others = figures.flatMap((one) => {
      if (!/^(adaptive|peer)_per_million$/.test(one.metric) || !one.case?.startsWith(`${name}, `)) return []
      const x = gapOf(`${one.case}, to central`)
      if (x == null || one.value === null) return []
      const isPeer = one.peer !== null
      const what = one.case.slice(name.length + 2)
      return [{ label: isPeer ? what : `Entrepot, adaptive ${what}`, x, y: one.value, isPeer }]
    })
    return [{ title: `Demand ${speed}`, points: [guarded, ...others] }]
  })
  if (panels.length === 0) return undefined
  const axes = [
    'sales lost, percentage points against one shelf without delay',
    'units oversold per million orders',
  ] as const
  return scatterChart(titles.oversell!.title, axes, panels)
}

/** The page. Pure, so that a test can read it. */
export function pageOf(results: readonly Result[]): string {
  const intro = [
    '# Performance',
    '',
    'Measured with `npm run bench`, ours and the peer in turns (five rounds; the median, with the lowest and the highest beside',
    'it) on the same machine and the same database server. A promise that was broken (an order lost or doubled, a unit sold',
    'twice) makes a figure 0. This page is written by the benchmarks; nothing in it is typed.',
    '',
    ...howTo,
  ]
  const parts = results.length > 0 ? results.map(partOf) : ['Nothing was measured yet.\n']
  return `${intro.join('\n')}\n${parts.join('\n')}`
}

const howTo = [
  '## Measure it yourself',
  '',
  '```',
  'npm ci && npm run bench                      # all, about half an hour; the folder must hold no uncommitted changes',
  'npm run bench -- reservations --quick        # one short round, to look at',
  '```',
  '',
  'Each figure is one line of JSON on standard output. The peers are fetched with `npm ci` in `bench/peers` at their first use;',
  'Redis comes from the system (`apt-get install redis-server`). What is missing is said and counts as skipped. Memory is',
  'measured on Linux only.',
  '',
]

function partOf(result: Result): string {
  const { title, text } = titles[result.bench]!
  const { machine } = result
  const lines = [
    `## ${title}`,
    '',
    text,
    '',
    ...(charts[result.bench] || result.bench === 'oversell'
      ? [`![${title}](performance/${result.bench}.svg)`, '']
      : []),
    '| figure | value | lowest – highest | wanted | |',
    '|---|---|---|---|---|',
    ...result.figures.map(rowOf),
    '',
    ...result.figures.filter((one) => one.unit === '×' && one.peer && one.value !== null && one.value < 1).map(winsOf),
    ...Object.entries(result.peers).map(([name, peer]) => peerOf(name, peer)),
    `Commit ${result.commit.slice(0, 12)}, ${result.at.slice(0, 10)}; ${machine.processors} × ${machine.model}, ${machine.memoryGb} GB, ${machine.system}, Node ${machine.node}.`,
    '',
    ...relationsTable(result.kept.relations),
  ]
  return lines.join('\n')
}

const signs = { higher: '≥', lower: '≤', equal: '=' }

function rowOf(one: Figure): string {
  const name = `${one.metric}${one.case ? ` (${one.case})` : ''}`
  if (one.value === null) return `| ${name} | skipped | | | ${one.skipped} |`
  const range = one.min === undefined ? '' : `${one.min} – ${one.max}`
  const wanted = one.target === null ? '' : `${signs[one.better]} ${one.target}`
  const verdict = one.target === null ? '' : one.ok ? 'reached' : '**missed**'
  return `| ${name} | ${one.value} ${one.unit} | ${range} | ${wanted} | ${verdict} |`
}

function winsOf(one: Figure): string {
  return `**${one.peer} is faster here**: ${one.metric} is ${one.value}.\n`
}

function peerOf(name: string, { versions, durability, batch }: PeerConfig): string {
  const list = Object.entries(versions).map(([part, version]) => `${part} ${version ?? 'unknown'}`)
  return `${name}: ${list.join(', ')}. ${durability}. ${batch}.\n`
}

interface Kept {
  name: string
  of: string
  kind: string
  kbPer1000Orders: number
  mb: number
  bloat: number
}

/** Where the bytes are: the largest tables and indexes. */
function relationsTable(kept: unknown): string[] {
  if (!Array.isArray(kept)) return []
  const rows = (kept as Kept[]).slice(0, 15)
  return [
    '| where | KB per 1,000 orders | MB in all | bloat |',
    '|---|---|---|---|',
    ...rows.map(
      (one) =>
        `| \`${one.name}\`${one.kind === 'index' ? ` (index of ${one.of})` : ''} | ${one.kbPer1000Orders} | ${one.mb} | ${one.bloat} × |`,
    ),
    '',
  ]
}
