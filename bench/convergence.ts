/**
 * Until thousands of changed slots show what they should: time against the token bucket's optimum, lost writes, refused
 * calls, and sell-outs first. Everything runs on virtual clocks, so nothing here depends on the machine.
 */
import type { Bench, Run } from './bench.ts'
import { runPlanned } from './ours/planned.ts'
import { installedVersion, missingPeers, type Peer, startPeer } from './peer.ts'
import { type Outcome, optimumMs, type Scene } from './virtual/scene.ts'

const latencies = [150, 350, 800]
const halvings = ['none', 'told', 'untold'] as const
const contestants = [
  { name: 'amazon-sp-api in a loop', client: 'amazon-sp-api', atOnce: 1 },
  { name: '@sp-api-sdk in a loop', client: '@sp-api-sdk', atOnce: 1 },
  { name: '@sp-api-sdk, 50 at once', client: '@sp-api-sdk', atOnce: 50 },
]
const ratioTarget = 1.02
const extraMs = 100
const selloutTarget = 1.05

interface Measured {
  scene: Scene
  outcome: Outcome
  ratio: number
  sellout: number
  /** Refused calls, as a share of the changes. */
  throttled: number
}

export const convergence: Bench = {
  name: 'convergence',
  about: 'Thousands of changed slots through one token bucket, against its optimum and the usual clients',
  async run(run) {
    const sizes = run.quick ? [1_000, 10_000] : [1_000, 10_000, 100_000]
    const kept: unknown[] = []
    const keep = (name: string, { scene, outcome, ratio, sellout }: Measured) =>
      kept.push({ name, ...scene, ...outcome, ratio, sellout })
    for (const changes of sizes) {
      for (const halving of halvings) {
        const all: Measured[] = []
        for (const scene of scenes(run, changes, halving)) all.push(measured(scene, await runPlanned(scene)))
        for (const one of all) keep('ours', one)
        reportOurs(run, caseOf(changes, halving), all)
      }
    }
    for (const changes of sizes.filter((size) => size >= 10_000)) await withFeeds(run, changes, keep)
    await peers(run, sizes, keep)
    run.keep('cases', kept)
  },
}

const caseOf = (changes: number, halving: Scene['halving']) =>
  `${changes.toLocaleString('en-US')} changes${halving === 'none' ? '' : `, halved, ${halving}`}`

/** Seeds move the way there only; the largest runs need no more than one. */
function scenes(run: Run, changes: number, halving: Scene['halving']): Scene[] {
  const seeds = Array.from({ length: changes > 10_000 ? 1 : run.rounds }, (_, seed) => seed + 1)
  return seeds.flatMap((seed) => latencies.map((latencyMs) => ({ changes, latencyMs, halving, seed })))
}

function measured(scene: Scene, outcome: Outcome): Measured {
  return {
    scene,
    outcome,
    ratio: outcome.tookMs / optimumMs(scene),
    sellout: outcome.soldOutMs / optimumMs(scene, scene.changes / 10),
    throttled: outcome.throttled / scene.changes,
  }
}

const worst = (all: readonly Measured[], of: (one: Measured) => number) => [Math.max(...all.map(of))]
const rounded = (value: number) => Math.floor(value * 10_000) / 10_000

function reportOurs(run: Run, name: string, all: readonly Measured[]): void {
  const { changes, halving } = all[0]!.scene
  const longest = Math.max(...all.map(({ scene }) => optimumMs(scene)))
  const refusals = Math.max(3, changes / 1_000) + (halving === 'none' ? 0 : 1)
  const figure = { case: name, better: 'lower' as const }
  const ratioTo = rounded(ratioTarget + extraMs / longest)
  run.figure({
    ...figure,
    metric: 'ratio_to_optimum',
    unit: '×',
    target: ratioTo,
    values: worst(all, (one) => one.ratio),
  })
  run.figure({
    ...figure,
    metric: 'lost',
    unit: 'writes',
    target: 0,
    better: 'equal',
    values: worst(all, (one) => one.outcome.lost),
  })
  run.figure({
    ...figure,
    metric: 'throttled_share',
    unit: '%',
    target: (refusals / changes) * 100,
    values: worst(all, (one) => one.throttled * 100),
  })
  run.figure({
    ...figure,
    metric: 'sellout_ratio',
    unit: '×',
    target: selloutTarget,
    values: worst(all, (one) => one.sellout),
  })
}

/** The same with feeds allowed: urgent ones by call, the rest by feed, both done together. */
async function withFeeds(run: Run, changes: number, keep: (name: string, one: Measured) => void): Promise<void> {
  for (const feedMs of [300_000, 1_800_000]) {
    const all: Measured[] = []
    for (const scene of scenes({ ...run, rounds: 1 }, changes, 'none')) {
      const withFeed = { ...scene, feedMs }
      all.push(measured(withFeed, await runPlanned(withFeed)))
    }
    for (const one of all) keep('ours', one)
    reportOurs(run, `${caseOf(changes, 'none')}, feeds of ${feedMs / 60_000} min`, all)
  }
}

async function peers(run: Run, sizes: readonly number[], keep: (name: string, one: Measured) => void): Promise<void> {
  const why = await missingPeers()
  const peer = why === undefined ? startPeer('amazon-clients.js') : undefined
  try {
    for (const contestant of contestants) {
      for (const latencyMs of latencies) {
        const figure = { case: `${contestant.name}, ${latencyMs / 1_000} s`, peer: contestant.client }
        const ratio = { ...figure, metric: 'ratio_to_optimum', unit: '×', better: 'lower' as const }
        if (!peer) {
          run.skip(ratio, why!)
          continue
        }
        const all = await runPeer(peer, contestant, latencyMs, sizes)
        for (const one of all) keep(contestant.name, one)
        const lost = worst(all, (one) => (one.outcome.lost / one.scene.changes) * 100)
        if (lost[0] === 0) run.figure({ ...ratio, values: worst(all, (one) => one.ratio) })
        else run.note(`${figure.case}: no time is given, since ${Math.round(lost[0]!)} % of the writes were lost`)
        const share = { ...figure, unit: '%', better: 'lower' as const }
        run.figure({ ...share, metric: 'lost', values: lost })
        run.figure({ ...share, metric: 'throttled_share', values: worst(all, (one) => one.throttled * 100) })
        if (lost[0] === 0)
          run.figure({ ...share, metric: 'sellout_ratio', unit: '×', values: worst(all, (one) => one.sellout) })
      }
    }
    if (peer) namePeers(run)
  } finally {
    await peer?.close()
  }
}

async function runPeer(
  peer: Peer,
  { client, atOnce }: (typeof contestants)[number],
  latencyMs: number,
  sizes: readonly number[],
): Promise<Measured[]> {
  const all: Measured[] = []
  for (const changes of sizes)
    for (const halving of halvings) {
      const scene: Scene = { changes, latencyMs, halving, seed: 1 }
      all.push(measured(scene, await peer.ask<Outcome>('run', { client, atOnce, scene })))
    }
  return all
}

function namePeers(run: Run): void {
  const shared = { durability: 'Virtual time, the same server and way as ours' }
  run.peer('amazon-sp-api', {
    ...shared,
    versions: { 'amazon-sp-api': installedVersion('amazon-sp-api') },
    batch: 'One call after the other, its own repeats after refusals on, as it comes',
  })
  run.peer('@sp-api-sdk', {
    ...shared,
    versions: {
      '@sp-api-sdk/listings-items-api-2021-08-01': installedVersion('@sp-api-sdk/listings-items-api-2021-08-01'),
      '@sp-api-sdk/common': installedVersion('@sp-api-sdk/common'),
    },
    batch:
      'One call after the other, or 50 loops over one list; rateLimiting.retry on; what fails in the end is given up',
  })
}
