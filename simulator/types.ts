/** What a caller gives the simulator and gets from it. */

export interface CatalogItem {
  sku: string
  title: string
  asin: string
  gtin?: string
  /** in minor units of `currency` */
  price: number
  currency: string
  amazon?: { quantity: number; fulfilledBy?: FulfilledBy; marketplaceIds?: string[]; leadTimeDays?: number }
  storefront?: { quantity: number }
}

export type FulfilledBy = 'MERCHANT' | 'AMAZON'
export type Region = 'na' | 'eu' | 'fe'
export type ChannelName = 'amazon' | 'storefront'

export interface Lag {
  /** most changes show in search within this time, in milliseconds of simulator time */
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

export interface AmazonOptions {
  sellerId?: string
  region?: Region
  marketplaceIds?: string[]
  clientId?: string
  clientSecret?: string
  refreshToken?: string
  lagMs?: Lag
  effectMs?: { min: number; max: number }
  limits?: 'published' | 'none'
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
  storefront?: StorefrontConnection
  /** used by the simulated store to call the hub's REST API */
  fetch?: typeof fetch
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
