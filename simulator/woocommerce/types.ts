import type { CallCount, Effect, Person } from '../state.ts'

/** What a caller gives for the simulated store. Times in milliseconds of simulator time. */
export interface WooOptions {
  consumerKey?: string
  consumerSecret?: string
  permissions?: 'read_write' | 'read'
  /** the store's address as WordPress knows it, which signatures are made of; absent: where it is called */
  homeUrl?: string
  /** the site's own time zone, hours from UTC */
  zoneHours?: number
  /** the same by its name, with a summer: moments of filters pass through its clock */
  zone?: string
  currency?: string
  /** the plugin Shipment Tracking is there */
  tracking?: boolean
  /** orders whose buyer pays later at the gateway: pending, then paid or given up */
  pendingShare?: number
  /** orders paid by bank transfer: on hold until then */
  onHoldShare?: number
  /** units of an unpaid checkout are kept so long */
  holdMs?: number
  /** from an event to its webhook */
  webhookDelayMs?: number
  cron?: boolean
  hpos?: boolean
  manageStock?: boolean
}

/** A thing that is bought: a simple product, or a variation of one. */
export interface WooItem {
  id: number
  /** 0: a simple product */
  parentId: number
  sku: string
  title: string
  gtin: string
  /** minor units */
  price: number
  manageStock: boolean | 'parent'
  stock: number
  /** the number before the last change, for stale reads */
  stockBefore: number
  backorders: 'no' | 'yes'
  createdAt: number
  modifiedAt: number
}

/** A variable product; its variations are items. */
export interface WooParent {
  id: number
  sku: string
  title: string
  /** what variations share that are counted at the parent; null: nothing is counted there */
  stock: number | null
  createdAt: number
  modifiedAt: number
}

export interface WooMeta {
  id: number
  key: string
  value: unknown
}

export interface WooLine {
  id: number
  name: string
  sku: string
  productId: number
  variationId: number
  quantity: number
  /** minor units, of all its units */
  total: number
  meta: WooMeta[]
}

export interface WooRefund {
  id: number
  createdAt: number
  /** minor units */
  amount: number
  reason: string
  /** the gateway paid it back */
  paid: boolean
  lines: { id: number; lineId: number; quantity: number; total: number }[]
}

export interface WooOrder {
  id: number
  status: string
  createdAt: number
  modifiedAt: number
  completedAt: number | null
  paidAt: number | null
  currency: string
  createdVia: string
  paymentMethod: string
  buyer: Person | null
  billing: Record<string, string>
  shipping: Record<string, string>
  lines: WooLine[]
  shippingLines: { id: number; title: string; method: string; total: number }[]
  refunds: WooRefund[]
  notes: { id: number; createdAt: number; note: string; toBuyer: boolean }[]
  trackings: { id: string; provider: string; custom: string; number: string; link: string; shipped: string }[]
  meta: WooMeta[]
  /** the order's own mark that its units were taken off */
  stockReduced: boolean
  /** until when its units are kept although it is not paid */
  heldUntil: number | null
  /** lists leave it out until then */
  omittedUntil?: number
}

export interface WooWebhook {
  id: number
  name: string
  status: string
  topic: string
  url: string
  secret: string
  failures: number
  createdAt: number
}

export interface WooDelivery {
  id: string
  webhookId: number
  topic: string
  /** of an order or a product; null: the ping */
  resource: number | null
  dueAt: number
}

export interface WooState {
  items: Record<string, WooItem>
  parents: WooParent[]
  orders: WooOrder[]
  webhooks: WooWebhook[]
  deliveries: WooDelivery[]
  effects: Effect[]
  calls: Record<string, CallCount>
  /** used once within a quarter of an hour */
  nonces: Record<string, number>
}
