import type { CallCount, Effect, Person } from '../state.ts'

/** Everything the simulated store at BigCommerce remembers: plain JSON, as all of the simulator's state. */
export interface BigcommerceState {
  items: Record<string, BcItem>
  locations: BcLocation[]
  orders: BcOrder[]
  effects: Effect[]
  /** adjustments that were taken and do not show yet, by the number of their effect */
  due: Record<string, { sku: string; locationId: number; quantity: number }>
  calls: Record<string, CallCount>
  /** what the store's programs have spent of the window, all together */
  window: { from: number; used: number }
  hooks: BcHook[]
  deliveries: BcDelivery[]
  /** hosts that take words badly are left alone for a while */
  hosts: Record<string, { from: number; tried: number; good: number; blockedUntil: number }>
}

export interface BcLocation {
  id: number
  code: string
  label: string
  enabled: boolean
}

/** One variant with its product; `option` is what makes it a variant, null where the product has no others. */
export interface BcItem {
  sku: string
  title: string
  option: string | null
  upc: string
  price: number
  currency: string
  productId: number
  variantId: number
  tracking: 'none' | 'product' | 'variant'
  visible: boolean
  /** by location */
  levels: Record<string, BcLevel>
  /** when the last adjustment shows; later ones do not overtake it */
  effectsUntil: number
}

export interface BcLevel {
  onHand: number
  /** the number before the last change, for stale reads */
  onHandBefore: number
  safety: number
}

export interface BcOrder {
  id: number
  createdAt: number
  updatedAt: number
  /** which of its changes the list knows from when on */
  listed: { updatedAt: number; from: number }[]
  statusId: number
  currency: string
  buyer: Person | null
  addressId: number
  lines: BcLine[]
  shipments: BcShipment[]
  refunds: BcRefund[]
  externalOrderId: string | null
  externalSource: string | null
  staffNotes: string
  source: string
  /** paid by a way that the store can pay back, by hand, or not yet */
  paid: 'online' | 'offline' | 'no'
  /** where its units were taken; null: none were */
  locationId: number | null
  /** its units are still to be taken there */
  isUntaken?: true
  /** the list leaves it out until then */
  omittedUntil?: number
}

export interface BcLine {
  id: number
  /** '' for a product that is not in the catalog and has none */
  sku: string
  /** 0: it is not in the catalog */
  productId: number
  variantId: number
  title: string
  quantity: number
  shipped: number
  refunded: number
  unitPrice: number
}

export interface BcShipment {
  id: number
  createdAt: number
  provider: string
  carrier: string
  method: string
  trackingNumber: string
  trackingLink: string
  items: { lineId: number; quantity: number }[]
}

export interface BcRefund {
  id: number
  createdAt: number
  /** minor units */
  amount: number
  providerId: string
  offline: boolean
  items: { type: string; itemId: number; quantity?: number; amount: number; reason: string }[]
}

export interface BcHook {
  id: number
  scope: string
  destination: string
  active: boolean
  headers: Record<string, string> | null
  createdAt: number
  updatedAt: number
  lastEventAt: number
}

export interface BcDelivery {
  id: string
  hookId: number
  body: string
  attempts: number
  nextAt: number
  state: 'waiting' | 'delivered' | 'given-up'
}

export interface BigcommerceOptions {
  storeHash?: string
  accessToken?: string
  clientId?: string
  /** signs what the store sends */
  clientSecret?: string
  scopes?: string[]
  /** calls in 30 seconds, of all of the store's programs together */
  limits?: { requests: number; windowMs: number } | 'none'
  /** calls of other programs in each window */
  others?: number
  locations?: string[]
  /** from an accepted adjustment until it shows */
  effectMs?: { min: number; max: number }
  /** how late the list knows of a change */
  listLagMs?: { min: number; max: number }
  /** are units of canceled orders put back by the store itself? (`refund_order_stock_adjustment`) */
  restocks?: boolean
  /** when orders lower the store's numbers (`update_stock_behavior`) */
  lowersAt?: 'order_placed' | 'order_completed_or_shipped'
  /** orders that are not paid at once */
  pendingShare?: number
  /** buyers that leave an order behind that they never finished */
  incompleteShare?: number
  /** payments that the store cannot pay back: bank deposits, cash */
  offlineShare?: number
  /** hooks may call any address by http as well: for a hub on this machine */
  hooksAnywhere?: boolean
  /** the list never answers more orders than this */
  largestPage?: number
}

export type BigcommerceSettings = Required<BigcommerceOptions>

/** What an API account for the hub holds (facts: channels.md §5). */
export const usualScopes = ['orders', 'transactions', 'products', 'inventory', 'locations', 'information']

/** Published where the facts say so (channels.md §5), else assumed, and said so. */
export function bigcommerceSettings(options: BigcommerceOptions = {}): BigcommerceSettings {
  return {
    storeHash: 'simulated',
    accessToken: 'simulated-access-token',
    clientId: 'simulatedclientid0123456789abcde',
    clientSecret: 'simulated-client-secret-0123456789abcdef',
    scopes: usualScopes,
    // Standard and Plus: 150 in 30 seconds (api-rate-limits).
    limits: { requests: 150, windowMs: 30_000 },
    others: 0,
    locations: ['Default location'],
    // "There is some time delay" (inventory-adjustments); how much is assumed.
    effectMs: { min: 500, max: 8_000 },
    // Not published: assumed.
    listLagMs: { min: 0, max: 5_000 },
    restocks: true,
    lowersAt: 'order_placed',
    pendingShare: 0.05,
    incompleteShare: 0.03,
    offlineShare: 0,
    hooksAnywhere: false,
    largestPage: 250,
    ...options,
  }
}
