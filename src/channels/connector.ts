/** What a connector is: a list of capabilities. An absent key means that the channel cannot do it. */
import type { z } from 'zod'
import { ChannelError } from '../domain/errors.ts'
import type { FeedTime } from '../domain/feed-time.ts'
import type { FulfilledBy, IncomingOrder } from '../domain/orders.ts'
import type { QuantityWrites } from '../domain/slots.ts'
import { type Budget, type Http, WireError } from '../http/client.ts'
import type {
  Acknowledgements,
  Cancellations,
  Check,
  Consent,
  Copies,
  Dispatches,
  Notifications,
  Prices,
  Refunds,
  Settlements,
  Shipments,
  StoreStock,
  Webhooks,
} from './capabilities.ts'

/** One seller's connection, as a connector sees it. The hub stores, locks and renews tokens and secrets. */
export interface Account {
  id: string
  name: string
  settings: unknown
  /** Orders before this moment were there when the account was opened. */
  openedAt: Date
  secrets(): Promise<unknown>
  http: Http
  budget: Budget
  /** A valid token, minted once for many callers and processes. */
  token(name: string, mint: () => Promise<{ value: string; expiresAt: Date }>): Promise<string>
  /** The channel refused the token: the next `token()` mints a new one. */
  dropToken(name: string, value: string): Promise<void>
  now(): Date
  newId(): string
}

/** A token bucket: calls per second, and how many at once. */
export interface Limit {
  rate: number
  burst: number
}

/** Something that could not be read. It is shown to a person; its neighbors on the page are not held up. */
export interface Unreadable {
  remoteId: string
  /** Where in the answer, in the channel's words; never a value. */
  where: string
  /** As it came; kept sealed. */
  raw: unknown
}

/** A field that came in another form than the channel documents; the item was read without it, or all the same. */
export interface StrangeField {
  /** Its place in the answer, in the channel's words; never a value. */
  field: string
  /** The documentation does not have it: nothing is lost by not reading it. */
  isNew: boolean
}

export interface Pulled<T> {
  items: T[]
  unreadable?: Unreadable[]
  strange?: StrangeField[]
  /** Where the next pull begins. Saved in the transaction that saves the items. */
  next: unknown
  /** More pages wait right now. */
  more: boolean
  /** Items behind this page, where the channel tells: for people who watch. */
  remaining?: number
  /** Everything up to here has been delivered; undefined while pages are missing. */
  watermark?: Date | undefined
}

export interface IncomingListing {
  marketplace: string
  remoteSku: string
  remoteId: string | null
  title: string
  fulfilledBy: FulfilledBy
  /** Is there a merchant entry whose quantity we may write? */
  merchantQuantity: number | null
  /** The entry is there without its number: that is no 0, and says nothing. */
  isUntold?: boolean
  buyable: boolean | null
  price: { amount: number; currency: string } | null
  /** As the channel has it; one whose check digit is wrong is kept nowhere. */
  gtin?: string | null
  /** The marketplace's own catalog number, where it has one besides `remoteId`; the same whoever sells it. */
  asin?: string | null
  imageUrl?: string | null
  /** What makes it this variant of its product: size, color. */
  options?: readonly { name: string; value: string }[]
  /** The channel's product that it is one variant of. */
  product?: { remoteId: string; title: string }
}

/** What the channel holds of one of our SKUs in its own warehouses, in the units of the listing. */
export interface HeldStock {
  marketplace: string
  remoteSku: string
  /** Can be sold there now. The same units may be told for several marketplaces. */
  fulfillable: number
  /** On their way to the channel's warehouses, or told to it. */
  inbound: number
  /** Sold and not gone yet, or moved between warehouses. */
  reserved: number
  /** Damaged, or being looked for. */
  unsellable: number
  changedAt: Date | null
}

export interface QuantityLine {
  /** The slot; the answer names it again. */
  key: string
  remoteSku: string
  quantity: number
  /** Never lower than one sent before for the same slot. */
  version: number
  /** What the slot must show now: for compare-and-set, and for a look before an absolute write. Null: whatever it shows. */
  expected: number | null
}

/** By the channel's own clock: from the look before a write until it had taken effect. */
export interface StoreSpan {
  from: Date
  until: Date
}

export type QuantityOutcome =
  | { key: string; kind: 'accepted'; detail?: Record<string, string> }
  /** `replaced`: of a line that expected something, the number that stood there, below 0 included. */
  | { key: string; kind: 'applied'; replaced?: number; within?: StoreSpan }
  | { key: string; kind: 'mismatch'; shown: number }
  /** `replaced`: what it takes the place of if it was carried out. */
  | { key: string; kind: 'failed'; error: ChannelError; replaced?: number }

export interface QuantityReading {
  remoteSku: string
  /** Null: the channel has no merchant quantity for it (gone, or fulfilled by the channel). */
  quantity: number | null
  /** The entry is there without its number: it is asked for again, and nothing follows from it. */
  isUntold?: boolean
  /** What stands there below 0, where more was sold than there was; `quantity` is 0 then. */
  belowZero?: number
}

/** What became of handing in a feed. Every line is in the feed or has an outcome, never both. */
export interface FeedSubmission {
  /** Plain text to ask with later, also after a restart; null: no feed is known to exist. */
  receipt: string | null
  /**
   * Lines that are not in it, or whose feed may exist without anybody knowing its receipt: then the error says
   * `mayHaveApplied`. No deadline ends that doubt, because a feed may wait for days; `unfinished` does.
   */
  outcomes: QuantityOutcome[]
}

/** How far a feed is. Where the question got no answer at all, a ChannelError is thrown: ask again. */
export type FeedProgress = { startedAt: Date | null } & (
  | { kind: 'pending' }
  /** It is over; each of its lines has an outcome. */
  | { kind: 'done'; endedAt: Date | null; outcomes: QuantityOutcome[] }
  /**
   * It is over, and nothing can be told of its lines one by one. `mayHaveApplied` false: none was carried out. Of kind
   * 'unavailable', asking again may tell more; of any other it is final.
   */
  | { kind: 'failed'; endedAt: Date | null; error: ChannelError }
)

/** Many quantities handed in as one file, which the channel works on when it gets to it. */
export interface QuantityFeed {
  /** Lines in one feed. */
  maxLines: number
  /** Fewer lines are never worth a feed. */
  fewest: number
  /** How long a feed takes, until those of the account tell better. */
  took: FeedTime
  /** What one submission spends, and what asking until the outcomes are read spends at least; each once. */
  submitOperations: readonly string[]
  collectOperations: readonly string[]
  /** Asking sooner than this after the last time tells nothing new. */
  everyMs: number
  /** Never repeats by itself. Lines that cannot be sent are refused; the others are handed in. */
  submit(account: Account, lines: readonly QuantityLine[]): Promise<FeedSubmission>
  collect(account: Account, receipt: string): Promise<FeedProgress>
  /**
   * Is any feed not over that was handed in since then, by whomever? For one whose answer was lost: once the question,
   * asked after the time in which such a call may still arrive, says no, it does not exist or is over.
   */
  unfinished(account: Account, since: Date): Promise<boolean>
  /** Takes back what has not been begun. False: too late. What became of it is told by `collect`. */
  cancel?(account: Account, receipt: string): Promise<boolean>
}

/** A second source of orders, which proves that none is missing. */
export interface Recounting {
  /** All orders placed within the span, asked for by another way than `orders.pull` asks. */
  pull(
    account: Account,
    span: { from: Date; until: Date },
    cursor: unknown,
  ): Promise<{
    items: IncomingOrder[]
    /** Orders of which only the remote ids are told: those that are missing are read one by one. */
    ids?: string[]
    unreadable?: Unreadable[]
    next: unknown
    more: boolean
  }>
  /** One order by its remote id, where `pull` tells ids. Null: there is none that counts. */
  read?(account: Account, remoteId: string): Promise<IncomingOrder | Unreadable | null>
  /** Younger orders are not counted yet: the usual list may still bring them. */
  afterMs: number
  /** From one page to the next. */
  pageEveryMs: number
}

export interface Connector {
  channel: string
  title: string
  /** What the seller gives; part of it is secret. */
  settings: z.ZodType
  secrets: z.ZodObject
  regionOf(settings: unknown): string
  /** Published allowances by operation. */
  limits: Record<string, Limit>
  /** Keys whose values are harmless in the journal. */
  journalKeys: ReadonlySet<string>
  requestIdHeader?: string
  quantityWrites: QuantityWrites
  /** Addresses come from the seller and may hold secrets: the journal keeps their host only. */
  secretUrls?: true
  /** What must not be connected twice, e.g. the seller and region; undefined where nothing says so. */
  identityOf?(settings: unknown): string | undefined
  /** Origins the seller's settings add to what may be called (an own store in the same network). */
  allowedOrigins?(settings: unknown): string[]
  /** Orders arrive through our own API as they happen: everything up to now is known. */
  ordersKnownAtOnce?: true
  orders?: {
    pull(account: Account, cursor: unknown): Promise<Pulled<IncomingOrder>>
    /** Reads one order again from what was set aside. Never throws. */
    read(raw: unknown): IncomingOrder | Unreadable
    /** Milliseconds between pulls while nothing hurries. */
    everyMs: number
    /** The channel allows a buyer's data to be kept for so many days after the order left; absent: it sets no term. */
    buyerKeptDays?: number
    /** Absent: the stream has no gaps, or there is no other way to ask. */
    recount?: Recounting
  }
  listings?: {
    pull(account: Account, cursor: unknown): Promise<Pulled<IncomingListing>>
    everyMs: number
  }
  /** Stock in the channel's own warehouses; a pool of its own. Every pull that ends has told all of it. */
  heldStock?: {
    pull(account: Account, cursor: unknown): Promise<Pulled<HeldStock>>
    everyMs: number
  }
  stock?: {
    push(account: Account, lines: readonly QuantityLine[]): Promise<QuantityOutcome[]>
    /** Lines in one call. */
    pushBatch: number
    /** Push calls under way at once at most; the budget may allow fewer. */
    pushAtOnce: number
    /** The budget that one push call spends. */
    pushOperation: string
    /** How much of it, where calls cost points; 1 where absent. */
    pushPoints?: number
    /**
     * Of absolute writes: `push` looks at a line that expects something right before it sets it, and answers 'mismatch'
     * where another number stands there. What changes in the moment between is written over.
     */
    looksFirst?: true
    /** Absent: the channel takes quantities by single calls only. */
    feed?: QuantityFeed
    /** A listing may be changed so often a day; the hub counts, and keeps some of them for sell-outs. Absent: no such bound. */
    revisionsPerDay?: number
    read(account: Account, remoteSkus: readonly string[]): Promise<QuantityReading[]>
    /**
     * What an answer tells of quantities as the journal keeps it, with all but `journalKeys` hidden. Nothing where the
     * operation tells none.
     */
    readingsIn?(operation: string, response: unknown): QuantityReading[]
    readBatch: number
    readOperation: string
    /** An answer to `read` may be this old: the channel may give it from memory. */
    readsMayBeOldMs: number
    /** What a write and a sale usually take: until buyers see it, and until the sales up to a moment are known. */
    delays: { effectMs: number; salesKnownMs: number }
    /** How far its clock may differ, and its lists show orders behind their own mark. */
    marginMs: number
    /** A slot at rest is read again after this long. */
    auditEveryMs: number
  }
  acknowledgements?: Acknowledgements
  shipments?: Shipments
  cancellations?: Cancellations
  refunds?: Refunds
  prices?: Prices
  copies?: Copies
  dispatches?: Dispatches
  storeStock?: StoreStock
  webhooks?: Webhooks
  notifications?: Notifications
  consent?: Consent
  /** In the order in which they help: each next one assumes those before. */
  checks?: readonly Check[]
  settlements?: Settlements
}

/** Turns a call without an answer into the kind that decides what happens next. */
export function asChannelError(error: unknown): ChannelError {
  if (error instanceof ChannelError) return error
  if (error instanceof WireError) {
    if (error.kind === 'budget')
      return new ChannelError('throttled', 'budget', error.message, { retryAt: error.retryAt })
    if (error.kind === 'refused-url') return new ChannelError('rejected', 'url_refused', error.message)
    return new ChannelError('unavailable', error.kind, error.message, { mayHaveApplied: error.left, cause: error })
  }
  throw error
}
