import { seedAmazon } from './amazon/seed.ts'
import { createRandom, type Random, seedState } from './random.ts'
import type { CallCount, ScheduledEvent, State } from './state.ts'
import type { AmazonOptions, ChannelName, Lag, Lifecycle, SimulatorOptions, StorefrontConnection } from './types.ts'

type Stream = 'orders' | 'lags' | 'effects' | 'ids' | 'faults' | 'buyers' | 'store' | 'history'

interface AmazonSettings extends Required<Omit<AmazonOptions, 'lifecycle'>> {
  lifecycle: Lifecycle
  lagMs: Lag
}

/** What all parts share: settings, the one state, the clock, chance. */
export interface Core {
  options: SimulatorOptions
  amazon: AmazonSettings
  state: State
  changes: number
  now(): number
  realNow(): number
  random(stream: Stream): Random
  touch(): void
  /** counts one call of an operation */
  count(channel: ChannelName, operation: string): CallCount
  nextId(): number
  schedule(at: number, kind: ScheduledEvent['kind'], subject: string): void
  setClock(change: { speed?: number; advanceMs?: number }): void
  reset(seed: number): void
  fetch: typeof fetch
  /** the hub the store talks to; outside the state, so that a snapshot holds no key */
  connection: StorefrontConnection | null
}

const firstMarketplace = { na: 'ATVPDKIKX0DER', eu: 'A1PA6795UKMFR9', fe: 'A1VC38T7YXB528' } as const

function amazonSettings(options: AmazonOptions = {}): AmazonSettings {
  const region = options.region ?? 'na'
  return {
    sellerId: options.sellerId ?? 'A1SIMULATEDSEL',
    region,
    marketplaceIds: options.marketplaceIds ?? [firstMarketplace[region]],
    clientId: options.clientId ?? 'amzn1.application-oa2-client.simulated',
    clientSecret: options.clientSecret ?? 'amzn1.oa2-cs.v1.simulated',
    refreshToken: options.refreshToken ?? 'Atzr|simulated',
    lagMs: options.lagMs ?? { typical: 120_000, tail: 480_000, tailShare: 0.02 },
    effectMs: options.effectMs ?? { min: 5_000, max: 40_000 },
    limits: options.limits ?? 'published',
    largestPage: options.largestPage ?? 100,
    lifecycle: {
      slowPaymentShare: 0.1,
      pendingCancelShare: 0.02,
      buyerCancelShare: 0.03,
      cancelRequestShare: 0.01,
      ...options.lifecycle,
    },
  }
}

function firstState(options: SimulatorOptions, seed: number, clock: State['clock']): State {
  const storefront: State['storefront'] = {
    items: {},
    orders: [],
    untold: [],
    effects: [],
    calls: {},
  }
  for (const { sku, title, price, currency, storefront: stock } of options.catalog) {
    if (!stock) continue
    const shown = stock.quantity
    storefront.items[sku] = { sku, title, price, currency, shown, shownBefore: shown, version: 0 }
  }
  return {
    format: 1,
    seed,
    clock,
    streams: {},
    events: [],
    lastId: 0,
    faults: [],
    amazon: {
      items: {},
      orders: [],
      effects: [],
      calls: {},
      buckets: {},
      accessTokens: {},
      searches: {},
      pageTokens: {},
    },
    storefront,
    attempts: { made: 0, refused: 0 },
  }
}

function isState(value: unknown): value is State {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1
}

/** Builds the shared part; the state comes from the snapshot if there is one. */
export function createCore(options: SimulatorOptions): Core {
  const realNow = options.realNow ?? Date.now
  const amazon = amazonSettings(options.amazon)
  const realBase = realNow()
  const start = options.startAt?.getTime() ?? realBase
  const core: Core = {
    options,
    amazon,
    state: firstState(options, options.seed, { base: start, realBase, speed: options.speed ?? 1, latest: start }),
    changes: 0,
    realNow,
    fetch: options.fetch ?? fetch,
    connection: options.storefront ?? null,
    now() {
      const { clock } = core.state
      const time = Math.floor(clock.base + (realNow() - clock.realBase) * clock.speed)
      // A clock that runs backwards would break every promise of order the marketplaces make.
      clock.latest = Math.max(clock.latest, time)
      return clock.latest
    },
    random(stream) {
      core.state.streams[stream] ??= seedState(core.state.seed, stream)
      return createRandom(core.state.streams[stream])
    },
    touch() {
      core.changes += 1
    },
    count(channel, operation) {
      const { calls } = core.state[channel]
      calls[operation] ??= { count: 0, throttled: 0 }
      calls[operation].count += 1
      core.changes += 1
      return calls[operation]
    },
    nextId() {
      core.state.lastId += 1
      return core.state.lastId
    },
    schedule(at, kind, subject) {
      const event = { at, kind, subject, id: core.nextId() }
      const { events } = core.state
      let index = events.length
      while (index > 0 && events[index - 1]!.at > at) index--
      events.splice(index, 0, event)
    },
    setClock({ speed, advanceMs = 0 }) {
      const base = core.now() + advanceMs
      core.state.clock = { base, realBase: realNow(), speed: speed ?? core.state.clock.speed, latest: base }
      core.touch()
    },
    reset(seed) {
      core.state = firstState(options, seed, core.state.clock)
      seedAmazon(core)
      core.touch()
    },
  }
  if (options.snapshot === undefined) seedAmazon(core)
  else {
    if (!isState(options.snapshot)) throw new Error('The snapshot is not one of this simulator.')
    core.state = structuredClone(options.snapshot)
  }
  return core
}
