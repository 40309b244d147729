import type { CallCount, Effect, Person } from '../state.ts'
import type { Lag } from '../types.ts'

/** What a caller gives for the simulated Walmart. Times in milliseconds of simulator time. */
export interface WalmartOptions {
  /** the seller's partner id */
  partnerId?: string
  clientId?: string
  clientSecret?: string
  limits?: 'published' | 'none'
  /** from an accepted write to its effect */
  effectMs?: { min: number; max: number; tail: number; tailShare: number }
  lagMs?: Lag
  /** does a cancellation give the units back by itself */
  restocks?: boolean
  feedPace?: Partial<WalmartFeedPace>
  lifecycle?: Partial<WalmartLifecycle>
  /** from an order to the day its parcels must leave */
  shipWithinMs?: number
  /** days after that on which what has not left is canceled */
  autoCancelDays?: number
}

export interface WalmartFeedPace {
  queueMs: number
  feedMs: number
  /** on top, for each 1,000 items */
  per1000Ms: number
}

export interface WalmartLifecycle {
  /** orders that Walmart cancels itself a while later, for fraud */
  fraudCancelShare: number
  /** orders whose buyer asks for a cancellation that only the seller can carry out */
  cancelRequestShare: number
}

export interface WalmartItem {
  sku: string
  title: string
  gtin: string | null
  wpid: string
  currency: string
  /** minor units */
  price: number
  /** shown to buyers, of the seller's own */
  quantity: number
  /** the number before the last change, for stale reads */
  quantityBefore: number
  /** in Walmart's warehouses; null: not there */
  held: number | null
  heldBefore: number
  published: boolean
  /** when the last queued write takes effect; later ones do not overtake it */
  effectsUntil: number
}

export interface WalmartLine {
  lineNumber: string
  sku: string
  title: string
  quantity: number
  /** minor units */
  unitPrice: number
}

export interface WalmartParcel {
  lineNumber: string
  quantity: number
  /** of Walmart's list, or another's name */
  carrier: string
  isOther: boolean
  tracking: string
  url: string | null
  methodCode: string
  shippedAt: number
}

export interface WalmartRefund {
  refundId: string
  lineNumber: string
  reason: string
  chargeType: string
  chargeName: string
  /** minor units, as it was given: below zero */
  amount: number
  comment: string | null
}

/** One state of an order, and since when which operation shows it. */
export interface WalmartVersion {
  acknowledged: boolean
  parcels: WalmartParcel[]
  /** units by line, and why */
  canceled: { lineNumber: string; quantity: number; reason: string }[]
  refunds: WalmartRefund[]
  wantsCancel: boolean
  updatedAt: number
  searchableAt: number
  readableAt: number
}

export type NodeType = 'SellerFulfilled' | 'WFSFulfilled'

export interface WalmartOrder {
  /** purchaseOrderId */
  id: string
  customerOrderId: string
  nodeType: NodeType
  createdAt: number
  shipBy: number
  deliverBy: number
  currency: string
  buyer: Person
  phone: string
  lines: WalmartLine[]
  versions: WalmartVersion[]
  omittedUntil?: number
}

export interface WalmartFeed {
  feedId: string
  feedType: 'inventory' | 'price'
  createdAt: number
  startedAt: number | null
  endedAt: number | null
  status: 'RECEIVED' | 'INPROGRESS' | 'PROCESSED' | 'ERROR'
  lines: {
    sku: string
    amount: number
    state: 'INPROGRESS' | 'SUCCESS' | 'DATA_ERROR' | 'SYSTEM_ERROR' | 'TIMEOUT_ERROR'
    code?: string
    why?: string
  }[]
  isStuck?: boolean
}

export interface WalmartSubscription {
  subscriptionId: string
  eventType: string
  eventVersion: string
  resourceName: string
  eventUrl: string
  status: 'ACTIVE' | 'INACTIVE'
  authDetails: Record<string, string>
}

/** A word on its way to a subscription's address. */
export interface WalmartWord {
  id: string
  subscriptionId: string
  eventAt: number
  dueAt: number
  attempts: number
  subEventType: string
  orderId: string
}

export interface WalmartState {
  items: Record<string, WalmartItem>
  orders: WalmartOrder[]
  effects: Effect[]
  calls: Record<string, CallCount>
  buckets: Record<string, { tokens: number; at: number }>
  tokens: Record<string, number>
  feeds: WalmartFeed[]
  /** pages of the list of inventories that were handed out: where the next one begins */
  cursors: Record<string, number>
  subscriptions: WalmartSubscription[]
  words: WalmartWord[]
}
