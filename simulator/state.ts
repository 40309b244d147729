import type { BigcommerceState } from './bigcommerce/state.ts'
import type { EbayState } from './ebay/types.ts'
import type { RandomState } from './random.ts'
import type { ShopifyState } from './shopify/state.ts'
import type { AmazonOptions, ChannelName, FeedPace, FulfilledBy, FurtherMarket, MarketName } from './types.ts'
import type { WalmartState } from './walmart/types.ts'
import type { WooState } from './woocommerce/types.ts'

/** Everything the simulator remembers: plain JSON, so that a snapshot is a copy of it. */
export interface State {
  format: 1
  seed: number
  clock: ClockState
  streams: Record<string, RandomState>
  events: ScheduledEvent[]
  lastId: number
  faults: Fault[]
  amazon: MarketState
  /** marketplaces that were started beside Amazon, with what they were started with */
  further: Partial<Record<FurtherMarket, { options: AmazonOptions; state: MarketState }>>
  storefront: StorefrontState
  /** absent: it was not started */
  shopify?: ShopifyState
  /** absent: it was not started */
  bigcommerce?: BigcommerceState
  woocommerce?: WooState
  ebay: EbayState
  walmart: WalmartState
  /** purchase attempts of the simulated buyers */
  attempts: { made: number; refused: number }
}

interface ClockState {
  base: number
  realBase: number
  speed: number
  /** the clock never shows less than this, also when the real time source was changed over a restart */
  latest: number
}

/** Something that will happen by itself at a time of the simulator's clock. */
export interface ScheduledEvent {
  at: number
  id: number
  kind: 'pay' | 'cancel' | 'request-cancel' | 'ship' | 'restock' | 'effect' | 'feed' | 'refund'
  /** the id of an order or a feed, or the number of an effect */
  subject: string
  /** where it happens; absent: on Amazon */
  market?: MarketName | 'ebay' | 'bigcommerce' | 'woocommerce' | 'walmart'
}

export interface Fault {
  id: number
  channel: ChannelName
  /** name of an operation, or '*' */
  operation: string
  kind: FaultKind
  rate: number
  /** how often it may still fire; null is without end */
  left: number | null
  status: number
  delayMs: number
  /** simulator time at which it ends by itself */
  until: number | null
  fired: number
  /** the one order it is about; absent: whatever comes */
  orderId?: string
  changes?: Rewrite[]
}

export type FaultKind =
  | 'status'
  | 'slow'
  | 'timeout-after-apply'
  | 'drop'
  | 'stale-read'
  | 'duplicate'
  | 'reorder'
  | 'expire-token'
  | 'malformed'
  | 'bucket-halved'
  | 'revoke'
  | 'expire-access'
  | 'wrong-date'
  | 'omit'
  | 'moving-list'
  | 'rewrite'
  | 'moved-between'
  | 'too-large'
  | FeedFault

/** What can become of a feed, and of its processing report. */
export type FeedFault =
  | 'stuck'
  | 'fatal'
  | 'cancelled'
  | 'refuse'
  | 'warn'
  | 'corrupt'
  | 'bomb'
  | 'no-report'
  | 'miscount'

/** A change of an answer: the place as a JSON pointer, and what stands there then; without a value it is removed. */
export interface Rewrite {
  at: string
  value?: unknown
}

export type OrderStatus = 'PENDING' | 'UNSHIPPED' | 'PARTIALLY_SHIPPED' | 'SHIPPED' | 'CANCELLED'

export interface Parcel {
  reference: string
  carrier: string
  tracking?: string
  shippedAt: number
  items: { itemId: string; quantity: number }[]
}

/** One state of an order, and since when which operation shows it. */
export interface OrderVersion {
  status: OrderStatus
  updatedAt: number
  /** search shows it from here on */
  searchableAt: number
  /** getOrder shows it from here on: earlier than search */
  readableAt: number
  canceledBy?: 'BUYER' | 'MERCHANT' | 'AMAZON'
  cancelRequested?: boolean
  parcels?: Parcel[]
}

/** The seller's queue, and who put what into it. */
export interface QueueState {
  messages: { id: string; body: string; visibleAt: number; receipt: string | null }[]
  policy: string
  destinations: { destinationId: string; name: string; resource: { sqs: { arn: string } } }[]
  subscriptions: { subscriptionId: string; type: string; payloadVersion: string; destinationId: string }[]
}

export interface AmazonOrder {
  id: string
  marketplaceId: string
  fulfilledBy: FulfilledBy
  createdAt: number
  currency: string
  buyer: Person
  lines: AmazonLine[]
  versions: OrderVersion[]
  /** search leaves it out until then, whatever its age; getOrder does not */
  omittedUntil?: number
  /** true: it is part of the invented past and never took from today's quantities */
  past: boolean
}

export interface AmazonLine {
  itemId: string
  sku: string
  asin: string
  title: string
  quantity: number
  /** minor units */
  unitPrice: number
}

export interface Person {
  name: string
  email: string
  line1: string
  city: string
  state: string
  postalCode: string
  country: string
}

export interface AmazonItem {
  sku: string
  title: string
  asin: string
  gtin: string | null
  price: number
  currency: string
  fulfilledBy: FulfilledBy
  marketplaceIds: string[]
  /** number of the merchant's own entry (DEFAULT); null: there is no such entry */
  quantity: number | null
  /** the number before the last change, for stale reads */
  quantityBefore: number | null
  fbaQuantity: number
  /** the number before the last change, for stale reads */
  fbaBefore?: number
  /** beside what can be sold: on its way to Amazon, and damaged there */
  fbaBeside?: { inbound: number; unsellable: number }
  leadTimeDays: number | null
  /** when the last queued write takes effect; later ones do not overtake it */
  effectsUntil: number
  createdAt: number
  updatedAt: number
}

/** A write from outside and what became of it. */
export interface Effect {
  id: number
  at: number
  operation: string
  sku: string
  /** what it writes; null: the entry is removed; absent: it writes no quantity */
  quantity?: number | null
  leadTimeDays?: number | null
  price?: number
  dueAt: number
  appliedAt: number | null
  refused?: string
  outOfOrder?: boolean
}

export interface CallCount {
  count: number
  throttled: number
}

export interface FrozenSearch {
  ids: string[]
  filters: string
  watermark: number
  by: 'created' | 'updated'
}

interface PageToken {
  search: string
  offset: number
  previous: number
  issuedAt: number
}

/** A file handed in, or a processing report. */
export interface FeedDocument {
  id: string
  /** part of its addresses: who does not know it gets nothing */
  secret: string
  contentType: string
  /** null: not uploaded yet, or read and no longer kept */
  text: string | null
  createdAt: number
  /** how a report is spoilt when it is fetched */
  flaw?: 'corrupt' | 'bomb'
}

export interface Feed {
  id: string
  documentId: string
  marketplaceIds: string[]
  status: 'IN_QUEUE' | 'IN_PROGRESS' | 'DONE' | 'FATAL' | 'CANCELLED'
  createdAt: number
  startedAt: number | null
  /** when it will be done */
  dueAt: number | null
  endedAt: number | null
  resultDocumentId: string | null
  messages: number
}

export interface OutboundOrder {
  id: string
  marketplaceId: string
  displayableOrderId: string
  displayableOrderDate: string
  displayableOrderComment: string
  shippingSpeedCategory: string
  address: Record<string, string | undefined>
  receivedAt: number
  canceledAt: number | null
  shipmentId: string
  items: { sellerSku: string; sellerFulfillmentOrderItemId: string; quantity: number }[]
}

export interface MarketState {
  items: Record<string, AmazonItem>
  orders: AmazonOrder[]
  effects: Effect[]
  calls: Record<string, CallCount>
  buckets: Record<string, { tokens: number; at: number }>
  /** absent: the seller has none */
  queue?: QueueState
  accessTokens: Record<string, number>
  searches: Record<string, FrozenSearch>
  pageTokens: Record<string, PageToken>
  feeds: Feed[]
  documents: Record<string, FeedDocument>
  /** orders that the seller has shipped from here; absent before the first one */
  outbound?: OutboundOrder[]
  /** set by control; otherwise as it was started */
  feedPace: FeedPace
  /** set by control; absent: everything is allowed */
  access?: Access
  /** of sellers who authorized, until they are exchanged */
  codes?: Record<string, { redirectUri: string; expiresAt: number }>
}

/** What the seller's account and the application may do. */
export interface Access {
  roles: string[]
  plan: 'PROFESSIONAL' | 'INDIVIDUAL'
  /** marketplaces that the seller does not take part in, and those with suspended listings */
  away: string[]
  suspended: string[]
  /** addresses that sellers may be sent back to; null: any */
  redirectUris: string[] | null
}

export interface StorefrontItem {
  sku: string
  title: string
  price: number
  currency: string
  shown: number
  shownBefore: number
  /** version of the last quantity the hub has set */
  version: number
}

export interface StorefrontOrder {
  id: string
  sku: string
  quantity: number
  unitPrice: number
  currency: string
  title: string
  buyer: Person
  createdAt: number
  updatedAt: number
  state: 'open' | 'canceled' | 'shipped'
  reservationId: string
  /** what the hub does not know yet; empty when all is told */
  untold: ('confirm' | 'order')[]
  /** how often each message's content changed: part of its idempotency key */
  revision: number
  refusedByHub?: string
}

interface StorefrontState {
  items: Record<string, StorefrontItem>
  orders: StorefrontOrder[]
  /** ids of the orders of which the hub does not know everything */
  untold: string[]
  effects: Effect[]
  calls: Record<string, CallCount>
}
