import type { AmazonOptions, FeedPace, Lifecycle, MarketName, Profile } from './types.ts'

const second = 1_000
const minute = 60 * second

/**
 * Habits and delays of each marketplace, on top of those of the API that all of them speak here: its search shows nothing
 * of the last two minutes. What is published or reported has its place in the facts beside it; the rest is assumed, and
 * says so. Every effect ends within the 15 minutes that a write may take at most, tails included; who wants worse gives
 * options.
 */
export const profiles: Record<MarketName, Profile> = {
  amazon: {
    // Seconds to minutes until a PATCH takes effect (facts: amazon.md §6); the span is assumed.
    effectMs: { min: 5 * second, max: 40 * second },
    lostShare: 0,
    // About two minutes, for some accounts hours (facts: amazon.md §5); share and length of the tail are assumed.
    lagMs: { typical: 2 * minute, tail: 8 * minute, tailShare: 0.02 },
    restock: { byItself: true, afterMs: { min: 0, max: 0 } },
    refusesLarger: true,
  },
  'ebay-like': {
    // A quantity call is answered offer by offer, so it is worked on at once (facts: channels.md §0.3). How soon buyers
    // see it is not published: assumed.
    effectMs: { min: second, max: 15 * second, tail: 2 * minute, tailShare: 0.01 },
    lostShare: 0,
    // Unfinished checkouts do not show (facts: channels.md §1, orders); the times are assumed.
    lagMs: { typical: 45 * second, tail: 10 * minute, tailShare: 0.03 },
    // Assumed, so that a marketplace without restock is among them.
    restock: { byItself: false, afterMs: { min: 0, max: 0 } },
    // The smallest of a listing's limits is what can be ordered (facts: channels.md §1, inventory).
    refusesLarger: true,
  },
  'walmart-like': {
    // A file of quantities takes about 30 minutes (facts: assurance.md, numbers of Walmart). Of the single write, which
    // is meant here, nothing is published. Assumed: slower than the others, and within 15 minutes.
    effectMs: { min: 30 * second, max: 5 * minute, tail: 14 * minute, tailShare: 0.02 },
    // After some answers the state is unknown, and the order of writes is not promised (facts: channels.md §2,
    // inventory and errors). The share is assumed.
    lostShare: 0.002,
    // Not published: assumed, and longer than search holds everything back anyway.
    lagMs: { min: 3 * minute, typical: 4 * minute, tail: 10 * minute, tailShare: 0.05 },
    // Assumed, so that a late restock is among them.
    restock: { byItself: true, afterMs: { min: minute, max: 10 * minute } },
    refusesLarger: true,
  },
}

/**
 * One feed at a time; about 30 minutes in March 2026, 12 hours behind slow ones, days when stuck (facts: amazon.md §6). A
 * good day's pace is not published: assumed.
 */
const feedPace: FeedPace = { queueMs: 5 * second, feedMs: 5 * minute, per1000Ms: 30 * second }

export interface MarketSettings
  extends Required<Omit<AmazonOptions, 'lifecycle' | 'feedPace' | 'queue'>>,
    Pick<AmazonOptions, 'queue'> {
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
