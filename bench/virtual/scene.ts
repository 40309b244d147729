/** What all contestants are given: the same changes, the same server, the same way there. And the best there can be. */
import { createRandom, seedState } from '../../simulator/random.ts'
import type { VirtualClock } from './clock.ts'

export interface Scene {
  changes: number
  /** From leaving to the answer. */
  latencyMs: number
  /** Halfway the server takes half as many calls; its answers tell the new rate, or nothing. */
  halving: 'none' | 'told' | 'untold'
  /** Feeds are allowed, and take this long. */
  feedMs?: number
  seed: number
}

export interface Change {
  sku: string
  quantity: number
  /** Where it was shown with before. */
  before: number
}

export interface Outcome {
  tookMs: number
  soldOutMs: number
  calls: number
  throttled: number
  feeds: number
  /** Slots that do not show their quantity at the end. */
  lost: number
}

/** patchListingsItem, and JSON_LISTINGS_FEED. */
export const limit = { rate: 5, burst: 5 }
export const feedLimit = { lines: 25_000, count: 5, windowMs: 5 * 60_000 }
/** How much of the way there may vary. */
const jitter = 0.3

/** Every tenth change is a sell-out; the others lower, raise from nothing, and raise. */
export function changesOf({ changes, seed }: Scene): Change[] {
  const random = createRandom(seedState(seed, 'changes'))
  const shown = [
    [0, 7],
    [2, 7],
    [5, 0],
    [9, 4],
  ] as const
  const kinds = Array.from({ length: changes }, (_, index) => (index < changes / 10 ? 0 : 1 + (index % 3)))
  return random.shuffle(kinds).map((kind, index) => {
    const [quantity, before] = shown[kind]!
    return { sku: `SKU-${String(index).padStart(6, '0')}`, quantity, before }
  })
}

const halvesAt = ({ changes, halving }: Scene): number =>
  halving === 'none' ? Number.POSITIVE_INFINITY : (Math.max(0, changes - limit.burst) / limit.rate / 2) * 1_000

/** Milliseconds in which `lines` calls can leave: a full bucket, then its rate. */
function leaveMs(scene: Scene, lines: number): number {
  const even = (Math.max(0, lines - limit.burst) / limit.rate) * 1_000
  const halved = halvesAt(scene)
  return even <= halved ? even : halved + (even - halved) * 2
}

/** The token-bucket optimum in closed form. */
export function optimumMs(scene: Scene, lines = scene.changes): number {
  const byCalls = leaveMs(scene, lines) + scene.latencyMs
  if (scene.feedMs === undefined || byCalls <= scene.feedMs) return byCalls
  const windows = (byFeed: number) => Math.floor((Math.ceil(byFeed / feedLimit.lines) - 1) / feedLimit.count)
  let best = byCalls
  for (let byFeed = 1; byFeed <= lines; byFeed += 1) {
    const calls = leaveMs(scene, lines - byFeed) + scene.latencyMs
    best = Math.min(best, Math.max(calls, scene.feedMs + windows(byFeed) * feedLimit.windowMs))
  }
  return best
}

export interface Answer {
  status: 200 | 429
  /** The rate header, where there is one. */
  rate: number | null
}

export interface Wire {
  /** One call. The answer comes after the latency; nobody repeats it. */
  call(sku: string, quantity: number, answered: (answer: Answer) => void): void
  feed(lines: readonly { sku: string; quantity: number }[], ended: () => void): void
  outcome(): Outcome
}

/** The server and the way there. */
export function createWire(clock: VirtualClock, scene: Scene, changes: readonly Change[]): Wire {
  const random = createRandom(seedState(scene.seed, 'way'))
  const wanted = new Map(changes.map(({ sku, quantity }) => [sku, quantity]))
  const shown = new Map(changes.map(({ sku, before }) => [sku, before]))
  // The first call arrives half the latency after the start, and so does the halving.
  const halved = halvesAt(scene) + scene.latencyMs / 2
  const bucket = { tokens: limit.burst, at: 0 }
  const tally = { calls: 0, throttled: 0, feeds: 0, tookMs: 0, soldOutMs: 0 }

  const rateAt = (ms: number) => (ms < halved ? limit.rate : limit.rate / 2)
  function takes(ms: number): boolean {
    const before = Math.max(0, Math.min(ms, halved) - bucket.at) / 1_000
    const after = Math.max(0, ms - Math.max(bucket.at, halved)) / 1_000
    bucket.tokens = Math.min(limit.burst, bucket.tokens + (before + after / 2) * limit.rate)
    bucket.at = ms
    if (bucket.tokens < 1 - 1e-9) return false
    bucket.tokens -= 1
    return true
  }
  function show(sku: string, quantity: number, knownMs: number): void {
    if (!wanted.has(sku)) throw new Error(`nobody sells ${sku}`)
    shown.set(sku, quantity)
    tally.tookMs = Math.max(tally.tookMs, knownMs)
    if (quantity === 0) tally.soldOutMs = Math.max(tally.soldOutMs, knownMs)
  }

  return {
    call(sku, quantity, answered) {
      const left = clock.now()
      tally.calls += 1
      clock.at(left + (scene.latencyMs / 2) * (1 + jitter * (2 * random.next() - 1)), () => {
        const isTaken = takes(clock.now())
        if (isTaken) show(sku, quantity, left + scene.latencyMs)
        else tally.throttled += 1
        const rate = scene.halving === 'untold' ? null : rateAt(clock.now())
        clock.at(left + scene.latencyMs, () => answered({ status: isTaken ? 200 : 429, rate }))
      })
    },
    feed(lines, ended) {
      tally.feeds += 1
      if (lines.length > feedLimit.lines) throw new Error('too long a feed')
      clock.at(clock.now() + scene.feedMs!, () => {
        for (const { sku, quantity } of lines) show(sku, quantity, clock.now())
        ended()
      })
    },
    outcome: () => ({ ...tally, lost: [...wanted].filter(([sku, quantity]) => shown.get(sku) !== quantity).length }),
  }
}
