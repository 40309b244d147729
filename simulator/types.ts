/** What a caller gives the simulator and gets from it. */

import type { BigcommerceOptions } from './bigcommerce/state.ts'
import type { EbayOptions } from './ebay/types.ts'
import type { ShopifyOptions } from './shopify/state.ts'
import type { WalmartOptions } from './walmart/types.ts'
import type { WooOptions } from './woocommerce/types.ts'

export interface CatalogItem {
  sku: string
  title: string
  asin: string
  gtin?: string
  /** in minor units of `currency` */
  price: number
  currency: string
  amazon?: Listed
  /** where else it is listed */
  markets?: Partial<Record<FurtherMarket, Listed>>
  storefront?: { quantity: number }
  shopify?: { quantity: number }
  /** those of one `product` are its variants */
  bigcommerce?: { quantity: number; product?: string }
  /** those of one name are variations of it */
  woocommerce?: { quantity: number; of?: string }
  /** members of one group are variations of one listing */
  ebay?: { quantity: number; marketplaceIds?: string[]; group?: string }
  /** `held`: units in Walmart's own warehouses */
  walmart?: { quantity: number; held?: number }
}

export interface Listed {
  quantity: number
  fulfilledBy?: FulfilledBy
  marketplaceIds?: string[]
  leadTimeDays?: number
  /** of units that Amazon holds: on their way there, and damaged */
  inbound?: number
  unsellable?: number
}

export type FulfilledBy = 'MERCHANT' | 'AMAZON'
export type Region = 'na' | 'eu' | 'fe'
/** Marketplaces beside Amazon: they speak its API, with delays and habits of their own. */
export type FurtherMarket = 'ebay-like' | 'walmart-like'
export type MarketName = 'amazon' | FurtherMarket
export type ChannelName = MarketName | 'storefront' | 'shopify' | 'ebay' | 'bigcommerce' | 'woocommerce' | 'walmart'

export interface Lag {
  /** none shows in search sooner than this, in milliseconds of simulator time; absent: 0 */
  min?: number
  /** most changes show within this time */
  typical: number
  /** … and this share of them only within this longer one */
  tail: number
  tailShare: number
}

/** What happens to orders by itself; shares are probabilities of 0…1. */
export interface Lifecycle {
  /** orders whose payment takes up to half an hour instead of up to two minutes */
  slowPaymentShare: number
  /** orders that are canceled while still pending */
  pendingCancelShare: number
  /** merchant orders that the buyer cancels before they ship */
  buyerCancelShare: number
  /** merchant orders whose buyer asks for a cancellation that nobody carries out */
  cancelRequestShare: number
}

/** How late things happen on a marketplace, and what it does by itself. Times in milliseconds of simulator time. */
export interface Profile {
  /** from an accepted write to its effect: most lie between min and max, `tailShare` of them between max and `tail` */
  effectMs: { min: number; max: number; tail?: number; tailShare?: number }
  /** share of the accepted writes that never take effect */
  lostShare: number
  /** from a change of an order to its showing in search */
  lagMs: Lag
  /** does a cancellation give the units back by itself, and how much later; 0 is atomic */
  restock: { byItself: boolean; afterMs: { min: number; max: number } }
  /** is an order refused that is larger than what is shown? If not, the shown number falls to 0. */
  refusesLarger: boolean
}

/** How long feeds take; they are worked on one after the other. Milliseconds of simulator time. */
export interface FeedPace {
  /** from createFeed to the start, when no other feed is in the way */
  queueMs: number
  feedMs: number
  /** on top, for each 1,000 messages */
  per1000Ms: number
}

export interface AmazonOptions extends Partial<Profile> {
  sellerId?: string
  region?: Region
  marketplaceIds?: string[]
  clientId?: string
  clientSecret?: string
  refreshToken?: string
  feedPace?: Partial<FeedPace>
  limits?: 'published' | 'none'
  /** the seller's queue at AWS that notifications go to; absent: there is none */
  queue?: { arn: string; accessKeyId: string; secretAccessKey: string }
  /** searchOrders never answers more than this, whatever is asked for: Amazon promises no full pages */
  largestPage?: number
  lifecycle?: Partial<Lifecycle>
}

export interface StorefrontConnection {
  hubUrl: string
  apiKey: string
  account: string
  webhookSecret: string
}

export interface SimulatorOptions {
  seed: number
  /** real time source; the simulator's clock = startAt + (realNow − realNow at creation) × speed + advances */
  realNow?: () => number
  startAt?: Date
  speed?: number
  catalog: CatalogItem[]
  amazon?: AmazonOptions
  /** further marketplaces that are there from the start */
  markets?: Partial<Record<FurtherMarket, AmazonOptions>>
  ebay?: EbayOptions
  walmart?: WalmartOptions
  storefront?: StorefrontConnection
  /** a store at Shopify; absent: there is none */
  shopify?: ShopifyOptions
  /** a store at BigCommerce; absent: there is none */
  bigcommerce?: BigcommerceOptions
  /** a store with WooCommerce; absent: there is none */
  woocommerce?: WooOptions
  /** used by the simulated store to call the hub's REST API, and to deliver notifications */
  fetch?: typeof fetch
  /** waits, where a fault is slow, so many real milliseconds; with timers where absent */
  sleep?: (ms: number) => Promise<void>
  /** result of an earlier `snapshot()` */
  snapshot?: unknown
  /** past Amazon orders that exist from the start; they leave today's quantities alone */
  history?: { orders: number; days: number }
}

export interface BuyersOptions {
  /** purchase attempts per minute of simulator time */
  perMinute: number
  channels?: ChannelName[]
}

export interface Buyers {
  /** Goes on buying, at random moments, until `stop()`. */
  start(options: BuyersOptions): void
  stop(): void
  /** Makes one seeded purchase attempt. */
  step(): Promise<void>
}

export interface Simulator {
  /** Answers every request: marketplaces, webhooks, control. Rejects with `ConnectionLost` where a fault hangs up. */
  handle(request: Request): Promise<Response>
  now(): Date
  connectStorefront(connection: StorefrontConnection): void
  /** Brings everything up to the clock and repeats what the store could not tell the hub yet. */
  tick(): Promise<void>
  /** The full state, as plain JSON. */
  snapshot(): unknown
  /** Grows with every change of state, so that a caller knows when a snapshot is due. */
  changed(): number
  buyers: Buyers
}
