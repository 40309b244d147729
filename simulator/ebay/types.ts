import type { CallCount, Effect, Person } from '../state.ts'
import type { Lag } from '../types.ts'

/** What a caller gives for the simulated eBay. Times in milliseconds of simulator time. */
export interface EbayOptions {
  sellerId?: string
  clientId?: string
  clientSecret?: string
  refreshToken?: string
  /** the name that stands for the address of return, and that address */
  ruName?: string
  acceptUrl?: string
  marketplaceIds?: string[]
  limits?: 'published' | 'none'
  /** calls a day by API, where they are other than published */
  quotas?: Partial<Record<Api, number>>
  revisionsPerDay?: number
  /** at 0 a listing stays, hidden; without it it ends */
  outOfStockControl?: boolean
  effectMs?: { min: number; max: number; tail: number; tailShare: number }
  lagMs?: Lag
  /** does a cancellation give the units back by itself */
  restocks?: boolean
  lifecycle?: Partial<EbayLifecycle>
}

export interface EbayLifecycle {
  slowPaymentShare: number
  buyerCancelShare: number
  cancelRequestShare: number
}

/** APIs that have a quota of their own. */
export type Api =
  | 'Inventory'
  | 'Fulfillment'
  | 'Account'
  | 'Notification'
  | 'Post-Order'
  | 'Analytics'
  | 'Finances'
  | 'Identity'

export interface EbayOffer {
  offerId: string
  marketplaceId: string
  listingId: string
  /** the offer's own number; what shows is the smaller one of it and the item's */
  available: number
  /** minor units */
  price: number
  status: 'ACTIVE' | 'ENDED'
  sold: number
}

export interface EbayItem {
  sku: string
  title: string
  gtin: string | null
  currency: string
  /** number of the item on all marketplaces */
  total: number
  /** the number before the last change, for stale reads */
  totalBefore: number
  offers: EbayOffer[]
  /** when the last queued write takes effect; later ones do not overtake it */
  effectsUntil: number
}

export interface EbayLine {
  lineItemId: string
  sku: string
  title: string
  legacyItemId: string
  marketplaceId: string
  quantity: number
  /** minor units */
  unitPrice: number
}

export interface EbayParcel {
  fulfillmentId: string
  carrier: string | null
  tracking: string | null
  shippedAt: number
  lines: { lineItemId: string; quantity: number }[]
}

export interface EbayRefund {
  refundId: string
  /** minor units */
  amount: number
  at: number
  status: 'PENDING' | 'REFUNDED' | 'FAILED'
  lines: { lineItemId: string; amount: number }[]
}

/** One state of an order, and since when which operation shows it. */
export interface EbayVersion {
  payment: 'PAID' | 'PENDING' | 'FAILED' | 'PARTIALLY_REFUNDED' | 'FULLY_REFUNDED'
  cancel: 'NONE_REQUESTED' | 'IN_PROGRESS' | 'CANCELED'
  canceledBy?: 'BUYER' | 'SELLER'
  cancelId?: string
  parcels: EbayParcel[]
  refunds: EbayRefund[]
  updatedAt: number
  searchableAt: number
  readableAt: number
}

export interface EbayOrder {
  id: string
  createdAt: number
  currency: string
  buyer: Person
  username: string
  /** eBay takes it over the border: it goes to the hub */
  isInternational: boolean
  lines: EbayLine[]
  versions: EbayVersion[]
  omittedUntil?: number
}

export interface EbayDestination {
  destinationId: string
  name: string
  endpoint: string
  verificationToken: string
  status: 'ENABLED' | 'DISABLED' | 'MARKED_DOWN'
  /** deliveries that failed one after the other */
  failures: number
}

export interface EbaySubscription {
  subscriptionId: string
  topicId: string
  destinationId: string
  schemaVersion: string
  status: 'ENABLED' | 'DISABLED'
  createdAt: number
}

/** A word on its way to a destination. */
export interface EbayWord {
  id: string
  topicId: string
  destinationId: string
  schemaVersion: string
  eventAt: number
  dueAt: number
  attempts: number
  data: Record<string, unknown>
}

export interface EbayState {
  items: Record<string, EbayItem>
  orders: EbayOrder[]
  effects: (Effect & { offerIds?: string[] })[]
  calls: Record<string, CallCount>
  /** calls of the day by API */
  used: Record<string, { count: number; resetsAt: number }>
  /** revisions of the day by listing */
  revisions: Record<string, { day: string; count: number }>
  tokens: Record<string, { expiresAt: number; as: 'seller' | 'app' }>
  codes: Record<string, number>
  destinations: EbayDestination[]
  subscriptions: EbaySubscription[]
  words: EbayWord[]
}
