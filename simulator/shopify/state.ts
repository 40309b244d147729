import type { CallCount, Effect, Person } from '../state.ts'

/** Everything the simulated store remembers: plain JSON, as all of the simulator's state. */
export interface ShopifyState {
  items: Record<string, ShopItem>
  locations: ShopLocation[]
  orders: ShopOrder[]
  effects: Effect[]
  calls: Record<string, CallCount>
  bucket: { available: number; at: number; halved: boolean }
  tokens: Record<string, number>
  /** answers by idempotency key */
  keys: Record<string, { input: string; answer: unknown }>
  subscriptions: Subscription[]
  deliveries: Delivery[]
}

export interface ShopLocation {
  id: string
  name: string
  active: boolean
}

/** One variant, with its product and its inventory item. */
export interface ShopItem {
  sku: string
  title: string
  barcode: string | null
  price: number
  currency: string
  productId: string
  variantId: string
  itemId: string
  tracked: boolean
  policy: 'DENY' | 'CONTINUE'
  /** by location; where there is none it is not stocked */
  levels: Record<string, Level>
}

export interface Level {
  available: number
  /** the number before the last change, for stale reads */
  availableBefore: number
  /** promised to orders that have not left */
  committed: number
  updatedAt: number
}

export interface ShopOrder {
  id: string
  name: string
  createdAt: number
  updatedAt: number
  /** which of its changes the search knows from when on */
  indexed: { updatedAt: number; from: number }[]
  canceledAt: number | null
  cancelReason: string | null
  test: boolean
  financialStatus: string
  currency: string
  presentment: { currency: string; rate: number }
  sourceName: string
  sourceIdentifier: string | null
  tags: string[]
  attributes: { key: string; value: string }[]
  note: string | null
  buyer: Person | null
  lines: ShopLine[]
  /** did its units leave the available number? */
  claimed: boolean
  fulfillmentOrders: FulfillmentOrder[]
  fulfillments: Fulfillment[]
  refunds: Refund[]
  transactions: Transaction[]
  /** the search leaves it out until then */
  omittedUntil?: number
}

export interface ShopLine {
  id: string
  sku: string | null
  itemId: string | null
  title: string
  quantity: number
  unitPrice: number
  /** taken off the order before they left, and after */
  removed: number
  returned: number
}

export interface FulfillmentOrder {
  id: string
  locationId: string
  status: 'OPEN' | 'CLOSED' | 'CANCELLED' | 'ON_HOLD'
  lines: { id: string; lineId: string; total: number; remaining: number }[]
}

export interface Fulfillment {
  id: string
  createdAt: number
  locationId: string
  tracking: { company: string | null; number: string | null; url: string | null }[]
  lines: { id: string; lineId: string; quantity: number }[]
}

export interface Refund {
  id: string
  createdAt: number
  note: string | null
  /** minor units of the buyer's currency */
  amount: number
  lines: { id: string; lineId: string; quantity: number; restockType: string }[]
  transactionIds: string[]
}

export interface Transaction {
  id: string
  kind: 'SALE' | 'REFUND'
  gateway: string
  /** minor units of the buyer's currency */
  amount: number
}

export interface Subscription {
  id: string
  topic: string
  uri: string
}

export interface Delivery {
  id: string
  subscriptionId: string
  topic: string
  body: string
  happenedAt: number
  attempts: number
  nextAt: number
  state: 'waiting' | 'delivered' | 'given-up'
}

export interface ShopifyOptions {
  shop?: string
  clientId?: string
  clientSecret?: string
  /** a permanent token, as apps of before 2026 have it */
  accessToken?: string
  scopes?: string[]
  /** may the app read who the buyers are? */
  buyerData?: boolean
  plan?: 'Basic' | 'Advanced' | 'Plus'
  development?: boolean
  /** points of the bucket and how many come back a second */
  points?: { burst: number; rate: number } | 'none'
  locations?: string[]
  /** how late the search knows of a change, milliseconds */
  searchLagMs?: { min: number; max: number }
  /** what buyers pay in, and how much of it one unit of the store's currency is */
  presentment?: { currency: string; rate: number }
  /** orders that are not paid at once */
  pendingShare?: number
  /** does the store take its payments by Shopify Payments? */
  payments?: boolean
}

export interface ShopifySettings extends Required<Omit<ShopifyOptions, 'presentment'>> {
  presentment: { currency: string; rate: number } | null
}

/** All that the hub's app needs (facts: channels.md §3). */
export const usualScopes = [
  'read_orders',
  'write_orders',
  'read_products',
  'write_products',
  'read_inventory',
  'write_inventory',
  'read_locations',
  'read_merchant_managed_fulfillment_orders',
  'write_merchant_managed_fulfillment_orders',
  'read_shopify_payments_accounts',
  'read_shopify_payments_payouts',
]

export function shopifySettings(options: ShopifyOptions = {}): ShopifySettings {
  return {
    shop: 'simulated.myshopify.com',
    clientId: 'simulated-client-id',
    clientSecret: 'shpss_simulated',
    accessToken: 'shpat_simulated',
    scopes: usualScopes,
    buyerData: true,
    plan: 'Basic',
    development: false,
    // What the Standard plan gives (facts: channels.md §3); the size of the bucket is the twentyfold.
    points: { burst: 2_000, rate: 100 },
    locations: ['Main warehouse'],
    // Not published: assumed.
    searchLagMs: { min: 0, max: 5_000 },
    pendingShare: 0.05,
    payments: true,
    ...options,
    presentment: options.presentment ?? null,
  }
}
