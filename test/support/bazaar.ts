/**
 * A channel that can do everything there is, in memory: listings and orders as a test puts them there, and a note of
 * every write that reached it.
 */
import { z } from 'zod'
import type { EffectAnswer } from '../../src/channels/capabilities.ts'
import type { Connector, IncomingListing, Pulled, QuantityLine } from '../../src/channels/connector.ts'
import { registry } from '../../src/channels/registry.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import type { Context } from '../../src/operations/context.ts'

export interface Bazaar {
  connector: Connector
  listings: IncomingListing[]
  orders: IncomingOrder[]
  /** What it shows, by SKU. */
  shown: Map<string, number>
  /** Every write that came, by capability and method. */
  writes: string[]
}

export const bazaarChannel = 'bazaar'

/** Listings in pages of `pageSize`. */
export function createBazaar(pageSize = 50): Bazaar {
  const bazaar: Omit<Bazaar, 'connector'> = { listings: [], orders: [], shown: new Map(), writes: [] }
  const wrote = (what: string) => void bazaar.writes.push(what)
  const applied = async (what: string): Promise<EffectAnswer> => {
    wrote(what)
    return { kind: 'applied', remoteId: what }
  }
  const page = <T>(all: readonly T[], cursor: unknown, now: Date): Pulled<T> => {
    const from = typeof cursor === 'number' ? cursor : 0
    const end = from + pageSize
    const more = end < all.length
    return {
      items: all.slice(from, end),
      next: more ? end : null,
      more,
      remaining: Math.max(0, all.length - end),
      watermark: more ? undefined : now,
    }
  }
  const set = (lines: readonly QuantityLine[]) => {
    for (const { remoteSku, quantity } of lines) bazaar.shown.set(remoteSku, quantity)
    return lines.map(({ key }) => ({ key, kind: 'accepted' as const }))
  }
  const connector: Connector = {
    channel: bazaarChannel,
    title: 'Bazaar',
    settings: z.object({ seller: z.string().default('me') }),
    secrets: z.object({}),
    regionOf: () => '',
    limits: { set: { rate: 100, burst: 1_000 }, feed: { rate: 1, burst: 10 }, read: { rate: 100, burst: 1_000 } },
    journalKeys: new Set(),
    quantityWrites: 'absolute',
    orders: {
      pull: async (account, cursor) => page(bazaar.orders, cursor, account.now()),
      read: (raw) => raw as IncomingOrder,
      everyMs: 60_000,
    },
    listings: { pull: async (account, cursor) => page(bazaar.listings, cursor, account.now()), everyMs: 3_600_000 },
    stock: {
      async push(_, lines) {
        for (const line of lines) wrote(`stock.push ${line.remoteSku}=${line.quantity}`)
        return set(lines)
      },
      pushBatch: 25,
      pushAtOnce: 4,
      pushOperation: 'set',
      feed: {
        maxLines: 1_000,
        fewest: 2,
        took: { typicalMs: 1_000, spread: 2 },
        submitOperations: ['feed'],
        collectOperations: ['read'],
        everyMs: 1_000,
        async submit(_, lines) {
          wrote('stock.feed.submit')
          set(lines)
          return { receipt: 'feed', outcomes: [] }
        },
        collect: async () => ({ kind: 'pending', startedAt: null }),
        unfinished: async () => false,
        async cancel() {
          wrote('stock.feed.cancel')
          return true
        },
      },
      read: async (_, skus) => skus.map((remoteSku) => ({ remoteSku, quantity: bazaar.shown.get(remoteSku) ?? null })),
      readBatch: 50,
      readOperation: 'read',
      readsMayBeOldMs: 0,
      delays: { effectMs: 100, salesKnownMs: 1_000 },
      marginMs: 1_000,
      auditEveryMs: 30 * 60_000,
    },
    acknowledgements: {
      withinMs: 4 * 3_600_000,
      send: () => applied('acknowledgements.send'),
      read: async () => true,
      visibleAfterMs: 0,
    },
    shipments: { confirm: () => applied('shipments.confirm'), read: async () => [], visibleAfterMs: 0 },
    cancellations: { request: () => applied('cancellations.request'), partial: true },
    refunds: { issue: () => applied('refunds.issue'), read: async () => [], visibleAfterMs: 0 },
    prices: {
      async push(_, lines) {
        wrote('prices.push')
        return lines.map(({ key }) => ({ key, kind: 'applied' as const }))
      },
      pushBatch: 10,
      pushOperation: 'set',
    },
    copies: {
      find: async () => [],
      create: () => applied('copies.create'),
      visibleAfterMs: 0,
      copyOf: () => null,
    },
    dispatches: {
      order: () => applied('dispatches.order'),
      read: async () => null,
      cancel: async () => wrote('dispatches.cancel'),
      visibleAfterMs: 0,
      everyMs: 60_000,
    },
    storeStock: {
      locations: async () => [],
      pull: async (account, cursor) => page([], cursor, account.now()),
      everyMs: 60_000,
    },
    webhooks: {
      status: { accepted: 200, refused: 401 },
      verify: async () => ({ kind: 'refused', why: 'never' }),
      async subscribe() {
        wrote('webhooks.subscribe')
        return []
      },
      everyMs: 60_000,
    },
    notifications: {
      read: async () => [],
      acknowledge: async () => {},
      async subscribe() {
        wrote('notifications.subscribe')
        return []
      },
      isSetUp: () => true,
      sendTest: async () => ({ kind: 'sent', dedupe: 'test' }),
    },
    consent: { url: () => 'https://bazaar.example', exchange: async () => ({ secrets: {} }) },
    checks: [{ id: 'token', serves: [], run: async () => ({ ok: true }) }],
    settlements: { pull: async (account, cursor) => page([], cursor, account.now()), everyMs: 60_000 },
  }
  return Object.assign(bazaar, { connector })
}

/** The hub knows this channel besides those that there are. */
export function knowBazaar(ctx: Context, bazaar: Bazaar): void {
  ctx.registry = new Map([...registry, [bazaarChannel, bazaar.connector]])
}

export const listingOf = (remoteSku: string, more: Partial<IncomingListing> = {}): IncomingListing => ({
  marketplace: 'main',
  remoteSku,
  remoteId: null,
  title: `Title of ${remoteSku}`,
  fulfilledBy: 'merchant',
  merchantQuantity: 5,
  buyable: true,
  price: { amount: 1_000, currency: 'USD' },
  ...more,
})
