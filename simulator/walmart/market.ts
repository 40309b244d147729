import type { Core } from '../core.ts'
import { createRandom, type Random, seedState } from '../random.ts'
import type { ScheduledEvent } from '../state.ts'
import type { CatalogItem } from '../types.ts'
import type { WalmartFeedPace, WalmartItem, WalmartLifecycle, WalmartOptions, WalmartState } from './types.ts'

const second = 1_000
const minute = 60 * second
const day = 86_400_000

export interface WalmartSettings extends Required<Omit<WalmartOptions, 'lifecycle' | 'feedPace'>> {
  lifecycle: WalmartLifecycle
  feedPace: WalmartFeedPace
}

/** Walmart, as its own code sees it: nothing of the other marketplaces. */
export interface Walmart {
  core: Core
  settings: WalmartSettings
  readonly state: WalmartState
  now(): number
  random(stream: 'orders' | 'lags' | 'effects' | 'ids' | 'words'): Random
  schedule(at: number, kind: ScheduledEvent['kind'], subject: string): void
}

/** Everything that an option leaves open. What is not published is assumed, and says so. */
export function walmartSettings(options: WalmartOptions = {}): WalmartSettings {
  return {
    partnerId: '10001234567',
    clientId: '5c1d6f4e-simulated-client',
    clientSecret: 'simulated-walmart-secret',
    limits: 'published',
    // Of the single write nothing is published: assumed, slower than eBay's, and within 15 minutes.
    effectMs: { min: 5 * second, max: 90 * second, tail: 10 * minute, tailShare: 0.02 },
    // Not published: assumed.
    lagMs: { typical: 2 * minute, tail: 8 * minute, tailShare: 0.03 },
    // Not published: assumed.
    restocks: true,
    shipWithinMs: 2 * day,
    // facts: channels.md §2, orders: Estimated Ship Date + 4 calendar days
    autoCancelDays: 4,
    ...options,
    // A file of quantities takes about 30 minutes (facts: assurance.md, numbers of Walmart).
    feedPace: { queueMs: minute, feedMs: 8 * minute, per1000Ms: 2 * minute, ...options.feedPace },
    lifecycle: { fraudCancelShare: 0.01, cancelRequestShare: 0.02, ...options.lifecycle },
  }
}

/** A fresh Walmart: the catalog is listed, nobody has bought anything. */
export function firstWalmart(catalog: readonly CatalogItem[], options: WalmartOptions | undefined): WalmartState {
  void options
  return {
    items: seedItems(catalog),
    orders: [],
    effects: [],
    calls: {},
    buckets: {},
    tokens: {},
    feeds: [],
    cursors: {},
    subscriptions: [],
    words: [],
  }
}

function seedItems(catalog: readonly CatalogItem[]): Record<string, WalmartItem> {
  const items: Record<string, WalmartItem> = {}
  for (const { sku, title, gtin, price, currency, walmart } of catalog) {
    if (!walmart) continue
    // The same for the same thing, whatever the seed: what was linked once stays linked.
    const wpid = createRandom(seedState(0, `wpid ${sku}`))
      .letters(12)
      .toUpperCase()
    const { quantity, held = null } = walmart
    items[sku] = {
      sku,
      title,
      gtin: gtin ?? null,
      wpid,
      currency,
      price,
      quantity,
      quantityBefore: quantity,
      held,
      heldBefore: held ?? 0,
      published: true,
      effectsUntil: 0,
    }
  }
  return items
}

const known = new WeakMap<Core, Walmart>()

export function walmartOf(core: Core): Walmart {
  const found = known.get(core)
  if (found) return found
  const walmart: Walmart = {
    core,
    settings: walmartSettings(core.options.walmart),
    get state() {
      return core.state.walmart
    },
    now: () => core.now(),
    random: (stream) => core.random(`walmart ${stream}`),
    schedule: (at, kind, subject) => core.schedule({ at, kind, subject, market: 'walmart' }),
  }
  known.set(core, walmart)
  return walmart
}

export function findItem({ state }: Walmart, sku: string): WalmartItem | undefined {
  return Object.hasOwn(state.items, sku) ? state.items[sku] : undefined
}

/** What a buyer can get, from whichever warehouse. */
export const shownNow = (item: WalmartItem): number => (item.published ? item.quantity + (item.held ?? 0) : 0)

/** Every change of the number goes through here, so that a stale read knows the one before. */
export function setQuantity(item: WalmartItem, quantity: number): void {
  item.quantityBefore = item.quantity
  item.quantity = quantity
}
