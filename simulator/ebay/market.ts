import type { Core } from '../core.ts'
import type { Random } from '../random.ts'
import type { ScheduledEvent } from '../state.ts'
import { seedItems } from './seed.ts'
import type { Api, EbayItem, EbayLifecycle, EbayOptions, EbayState } from './types.ts'

const second = 1_000
const minute = 60 * second

export interface EbaySettings extends Required<Omit<EbayOptions, 'lifecycle' | 'quotas'>> {
  lifecycle: EbayLifecycle
  quotas: Record<Api, number>
}

/** Published, each per day (facts: channels.md §1, default daily quotas). */
const quotas: Record<Api, number> = {
  Inventory: 2_000_000,
  Fulfillment: 100_000,
  Account: 25_000,
  Notification: 10_000,
  'Post-Order': 5_000,
  Analytics: 5_000,
  Finances: 15_000,
  Identity: 5_000,
}

/** eBay, as its own code sees it: nothing of the other marketplaces. */
export interface Ebay {
  core: Core
  settings: EbaySettings
  readonly state: EbayState
  now(): number
  random(stream: 'orders' | 'lags' | 'effects' | 'ids' | 'words'): Random
  schedule(at: number, kind: ScheduledEvent['kind'], subject: string): void
}

/** Everything that an option leaves open. What is not published is assumed, and says so. */
export function ebaySettings(options: EbayOptions = {}): EbaySettings {
  return {
    sellerId: 'simulated_seller',
    clientId: 'SimulatedApp-PRD-1',
    clientSecret: 'PRD-simulated-secret',
    refreshToken: 'v^1.1#simulated-refresh',
    ruName: 'Simulated_Seller-Simulate-App-abcdef',
    acceptUrl: 'http://127.0.0.1:4310/connect/return',
    marketplaceIds: ['EBAY_US'],
    limits: 'published',
    revisionsPerDay: 250,
    outOfStockControl: true,
    // A quantity call is answered offer by offer, so it is worked on at once. How soon buyers see it: assumed.
    effectMs: { min: second, max: 15 * second, tail: 2 * minute, tailShare: 0.01 },
    // Not published: assumed.
    lagMs: { typical: 45 * second, tail: 8 * minute, tailShare: 0.02 },
    // Not published: assumed, so that a marketplace without restock is among them.
    restocks: false,
    ...options,
    quotas: { ...quotas, ...options.quotas },
    lifecycle: { slowPaymentShare: 0.05, buyerCancelShare: 0.02, cancelRequestShare: 0.02, ...options.lifecycle },
  }
}

/** A fresh eBay: the catalog is listed, nobody has bought anything. */
export function firstEbay(catalog: Core['options']['catalog'], options: EbayOptions | undefined): EbayState {
  return {
    items: seedItems(catalog, ebaySettings(options)),
    orders: [],
    effects: [],
    calls: {},
    used: {},
    revisions: {},
    tokens: {},
    codes: {},
    destinations: [],
    subscriptions: [],
    words: [],
  }
}

const known = new WeakMap<Core, Ebay>()

export function ebayOf(core: Core): Ebay {
  const found = known.get(core)
  if (found) return found
  const ebay: Ebay = {
    core,
    settings: ebaySettings(core.options.ebay),
    get state() {
      return core.state.ebay
    },
    now: () => core.now(),
    random: (stream) => core.random(`ebay ${stream}`),
    schedule: (at, kind, subject) => core.schedule({ at, kind, subject, market: 'ebay' }),
  }
  known.set(core, ebay)
  return ebay
}

export function findItem({ state }: Ebay, sku: string): EbayItem | undefined {
  return Object.hasOwn(state.items, sku) ? state.items[sku] : undefined
}

/** What a buyer of this offer can get. */
export const shownOf = (item: EbayItem, offer: EbayItem['offers'][number]): number =>
  offer.status === 'ACTIVE' ? Math.min(item.total, offer.available) : 0

/** The most that any of its offers shows. */
export const shownNow = (item: EbayItem): number => Math.max(0, ...item.offers.map((offer) => shownOf(item, offer)))

/** Every change of the item's number goes through here, so that a stale read knows the one before. */
export function setTotal(item: EbayItem, total: number): void {
  item.totalBefore = item.total
  item.total = total
}
