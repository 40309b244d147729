import { emptyQueue } from './amazon/notifications.ts'
import { seedMarket } from './amazon/seed.ts'
import { firstStore } from './bigcommerce/store.ts'
import { firstEbay } from './ebay/market.ts'
import { type MarketSettings, marketSettings } from './profiles.ts'
import { createRandom, type Random, seedState } from './random.ts'
import { firstShop } from './shopify/shop.ts'
import type { CallCount, MarketState, ScheduledEvent, State } from './state.ts'
import type {
  AmazonOptions,
  ChannelName,
  FurtherMarket,
  MarketName,
  SimulatorOptions,
  StorefrontConnection,
} from './types.ts'
import { firstWalmart } from './walmart/market.ts'
import { firstWoo } from './woocommerce/store.ts'

/** Each use of chance on a marketplace has a stream of its own. */
type MarketStream = 'orders' | 'lags' | 'effects' | 'ids' | 'faults' | 'history'

/** One marketplace, as its own code sees it: nothing of the others. */
export interface Market {
  core: Core
  name: MarketName
  settings: MarketSettings
  readonly state: MarketState
  now(): number
  random(stream: MarketStream): Random
  touch(): void
  count(operation: string): CallCount
  nextId(): number
  schedule(at: number, kind: ScheduledEvent['kind'], subject: string): void
}

/** What all parts share: settings, the one state, the clock, chance. */
export interface Core {
  options: SimulatorOptions
  state: State
  changes: number
  now(): number
  realNow(): number
  random(stream: string): Random
  touch(): void
  /** counts one call of an operation */
  count(channel: ChannelName, operation: string): CallCount
  nextId(): number
  schedule(event: Omit<ScheduledEvent, 'id'>): void
  readonly amazon: Market
  /** Amazon and whatever was started beside it */
  markets(): Market[]
  market(name: MarketName): Market | undefined
  /** starts a marketplace, or starts it anew with other options */
  startMarket(name: FurtherMarket, options: AmazonOptions): Market
  setClock(change: { speed?: number; advanceMs?: number }): void
  reset(seed: number): void
  fetch: typeof fetch
  /** the hub the store talks to; outside the state, so that a snapshot holds no key */
  connection: StorefrontConnection | null
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
    amazon: emptyMarket(marketSettings('amazon', options.amazon)),
    further: {},
    storefront,
    ebay: firstEbay(options.catalog, options.ebay),
    walmart: firstWalmart(options.catalog, options.walmart),
    attempts: { made: 0, refused: 0 },
  }
}

function emptyMarket(settings: MarketSettings): MarketState {
  return {
    items: {},
    orders: [],
    effects: [],
    calls: {},
    buckets: {},
    accessTokens: {},
    searches: {},
    pageTokens: {},
    feeds: [],
    documents: {},
    feedPace: settings.feedPace,
    ...(settings.queue ? { queue: emptyQueue(settings.queue.arn) } : {}),
  }
}

/** What one marketplace's code gets. Amazon's streams have no prefix: they were there first, and seeds are kept. */
function marketOf(core: Core, name: MarketName, options: AmazonOptions | undefined): Market {
  const prefix = name === 'amazon' ? '' : `${name} `
  return {
    core,
    name,
    settings: marketSettings(name, options),
    get state() {
      return name === 'amazon' ? core.state.amazon : core.state.further[name]!.state
    },
    now: () => core.now(),
    random: (stream) => core.random(`${prefix}${stream}`),
    touch: () => core.touch(),
    count: (operation) => core.count(name, operation),
    nextId: () => core.nextId(),
    schedule: (at, kind, subject) =>
      core.schedule({ at, kind, subject, ...(name === 'amazon' ? {} : { market: name }) }),
  }
}

function isState(value: unknown): value is State {
  return typeof value === 'object' && value !== null && 'format' in value && value.format === 1
}

/** Builds the shared part; the state comes from the snapshot if there is one. */
export function createCore(options: SimulatorOptions): Core {
  const realNow = options.realNow ?? Date.now
  const realBase = realNow()
  const start = options.startAt?.getTime() ?? realBase
  const all = new Map<MarketName, Market>()
  const core: Core = {
    options,
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
      const { calls } = callsAt(core, channel)
      calls[operation] ??= { count: 0, throttled: 0 }
      calls[operation].count += 1
      core.changes += 1
      return calls[operation]
    },
    nextId() {
      core.state.lastId += 1
      return core.state.lastId
    },
    schedule(planned) {
      const event = { ...planned, id: core.nextId() }
      const { events } = core.state
      // Behind all that come at the same time; a feed plans thousands, so the place is not searched one by one.
      let [low, high] = [0, events.length]
      while (low < high) {
        const middle = (low + high) >> 1
        if (events[middle]!.at <= event.at) low = middle + 1
        else high = middle
      }
      events.splice(low, 0, event)
    },
    get amazon() {
      return all.get('amazon')!
    },
    markets: () => [...all.values()],
    market: (name) => all.get(name),
    startMarket(name, given) {
      const market = marketOf(core, name, given)
      core.state.further[name] = { options: given, state: emptyMarket(market.settings) }
      // What was planned there before is over.
      core.state.events = core.state.events.filter((event) => event.market !== name)
      all.set(name, market)
      seedMarket(market)
      core.touch()
      return market
    },
    setClock({ speed, advanceMs = 0 }) {
      const base = core.now() + advanceMs
      core.state.clock = { base, realBase: realNow(), speed: speed ?? core.state.clock.speed, latest: base }
      core.touch()
    },
    reset(seed) {
      const started = core.state.further
      core.state = firstState(options, seed, core.state.clock)
      seedMarket(core.amazon)
      if (options.shopify) core.state.shopify = firstShop(core, core.now())
      if (options.bigcommerce) core.state.bigcommerce = firstStore(core, core.now())
      if (options.woocommerce) core.state.woocommerce = firstWoo(core, core.now())
      for (const [name, { options: given }] of entries(started)) core.startMarket(name, given)
      core.touch()
    },
  }
  all.set('amazon', marketOf(core, 'amazon', options.amazon))
  if (options.snapshot === undefined) seedMarket(core.amazon)
  else {
    if (!isState(options.snapshot)) throw new Error('The snapshot is not one of this simulator.')
    core.state = completed(structuredClone(options.snapshot), core.amazon.settings, core.state)
    for (const [name, { options: given }] of entries(core.state.further)) all.set(name, marketOf(core, name, given))
  }
  if (options.shopify) core.state.shopify ??= firstShop(core, core.now())
  if (options.bigcommerce) core.state.bigcommerce ??= firstStore(core, core.now())
  if (options.woocommerce) core.state.woocommerce ??= firstWoo(core, core.now())
  for (const [name, given] of entries(options.markets ?? {})) if (!all.has(name)) core.startMarket(name, given)
  return core
}

const entries = <K extends string, V>(record: Partial<Record<K, V>>) => Object.entries(record) as [K, V][]

/** Where the calls of a channel are counted. */
function callsAt(core: Core, channel: ChannelName): { calls: Record<string, CallCount> } {
  if (channel === 'storefront') return core.state.storefront
  if (channel === 'shopify') return core.state.shopify!
  if (channel === 'bigcommerce') return core.state.bigcommerce!
  if (channel === 'woocommerce') return core.state.woocommerce!
  if (channel === 'walmart') return core.state.walmart
  return channel === 'ebay' ? core.state.ebay : core.market(channel)!.state
}

/** Snapshots from before there were feeds, further marketplaces, eBay and Walmart lack them. */
function completed(state: State, settings: MarketSettings, fresh: State): State {
  const { feeds = [], documents = {}, feedPace = settings.feedPace } = state.amazon as Partial<MarketState>
  return {
    ...state,
    amazon: { ...state.amazon, feeds, documents, feedPace },
    further: state.further ?? {},
    ebay: state.ebay ?? fresh.ebay,
    walmart: state.walmart ?? fresh.walmart,
  }
}
