import type { AmazonOptions, FeedPace, Lifecycle, MarketName, Profile } from './types.ts'

const second = 1_000
const minute = 60 * second

/**
 * Habits and delays of each marketplace, on top of those of the API that all of them speak here: its search shows nothing
 * of the last two minutes. "Fact" is published or reported; the rest is assumed and says so. Every effect
 * ends within the 15 minutes that a write may take at most, tails included; who wants worse gives options.
 */
export const profiles: Record<MarketName, Profile> = {
  amazon: {
    // Fact: seconds to minutes until a PATCH takes effect; the span is assumed.
    effectMs: { min: 5 * second, max: 40 * second },
    lostShare: 0,
    // Fact: orders show after about two minutes, for some much later; share and length of the tail are assumed.
    lagMs: { typical: 2 * minute, tail: 8 * minute, tailShare: 0.02 },
    restock: { byItself: true, afterMs: { min: 0, max: 0 } },
    refusesLarger: true,
  },
  'ebay-like': {
    // Fact: a bulk quantity call is answered offer by offer, so it is worked on at once. How soon buyers see it is not
    // published: assumed.
    effectMs: { min: second, max: 15 * second, tail: 2 * minute, tailShare: 0.01 },
    lostShare: 0,
    // Fact: unfinished checkouts do not show, and checks by eBay hold some orders back. The times are assumed.
    lagMs: { typical: 45 * second, tail: 10 * minute, tailShare: 0.03 },
    // Assumed, so that a marketplace without restock is among them.
    restock: { byItself: false, afterMs: { min: 0, max: 0 } },
    // Fact: a listing shows the smallest of its limits, and its quantity is what can be ordered.
    refusesLarger: true,
  },
  'walmart-like': {
    // Fact: files of quantities take about 30 minutes and sellers tell of hours; of the single write, which stands
    // behind this, nothing is published. Assumed: slower than the others, and within 15 minutes.
    effectMs: { min: 30 * second, max: 5 * minute, tail: 14 * minute, tailShare: 0.02 },
    // Fact: after some answers the state is unknown, and the order of writes is not guaranteed. The share is assumed.
    lostShare: 0.002,
    // Not published: assumed, and longer than search holds everything back anyway.
    lagMs: { min: 3 * minute, typical: 4 * minute, tail: 10 * minute, tailShare: 0.05 },
    // Assumed, so that a late restock is among them.
    restock: { byItself: true, afterMs: { min: minute, max: 10 * minute } },
    refusesLarger: true,
  },
}

/**
 * Fact: seconds in the queue when nothing is in the way; one feed at a time; reports run from minutes to about 30 (and,
 * stuck, to days). The middle is assumed.
 */
const feedPace: FeedPace = { queueMs: 5 * second, feedMs: 5 * minute, per1000Ms: 30 * second }

export interface MarketSettings extends Required<Omit<AmazonOptions, 'lifecycle' | 'feedPace'>> {
  lifecycle: Lifecycle
  feedPace: FeedPace
}

const firstMarketplace = { na: 'ATVPDKIKX0DER', eu: 'A1PA6795UKMFR9', fe: 'A1VC38T7YXB528' } as const

/** Invented: a seller of its own on each, so that a token of one is worth nothing at another. */
const sellers: Record<MarketName, { sellerId: string; word: string }> = {
  amazon: { sellerId: 'A1SIMULATEDSEL', word: 'simulated' },
  'ebay-like': { sellerId: 'A2EBAYLIKESEL', word: 'ebay-like' },
  'walmart-like': { sellerId: 'A3WALMARTLIKES', word: 'walmart-like' },
}

/** Everything that an option leaves open, filled in from the marketplace's profile. */
export function marketSettings(name: MarketName, options: AmazonOptions = {}): MarketSettings {
  const region = options.region ?? 'na'
  const { sellerId, word } = sellers[name]
  return {
    sellerId,
    region,
    marketplaceIds: [firstMarketplace[region]],
    clientId: `amzn1.application-oa2-client.${word}`,
    clientSecret: `amzn1.oa2-cs.v1.${word}`,
    refreshToken: `Atzr|${word}`,
    limits: 'published',
    largestPage: 100,
    ...profiles[name],
    ...options,
    feedPace: { ...feedPace, ...options.feedPace },
    lifecycle: {
      slowPaymentShare: 0.1,
      pendingCancelShare: 0.02,
      buyerCancelShare: 0.03,
      cancelRequestShare: 0.01,
      ...options.lifecycle,
    },
  }
}
