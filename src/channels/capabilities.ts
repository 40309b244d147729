/**
 * What a channel may be able to do beyond orders, listings and quantities: effects that must happen once at most, the own
 * store as master, words from the channel, consent, checks, raw settlements. Cut so fine that no channel does one by half.
 */
import type { ChannelError } from '../domain/errors.ts'
import type { Buyer } from '../domain/orders.ts'
import type { Account, Pulled } from './connector.ts'

/**
 * What became of one effect. `accepted`: the channel works on it and `read` tells later. An error with `mayHaveApplied`
 * leaves the effect unknown: it is read back, after `visibleAfterMs` and more than once, before anybody repeats it.
 */
export type EffectAnswer =
  | { kind: 'applied' | 'accepted'; remoteId: string | null }
  | { kind: 'failed'; error: ChannelError }

export interface LineUnits {
  /** The channel's id of the order line. */
  remoteId: string
  /** In the listing's units. */
  quantity: number
}

/** A parcel that left. */
export interface OutgoingShipment {
  /** Ours, the same for ever; sent where the channel has a place for it. */
  reference: string
  orderRemoteId: string
  /** Where it was sold, as the order says; null or absent where it does not. */
  marketplace?: string | null
  lines: readonly LineUnits[]
  shippedAt: Date
  /** A carrier's name as people write it; the mapping finds the channel's word. Null with a null number only. */
  carrier: string | null
  trackingNumber: string | null
  trackingUrl: string | null
}

export interface KnownShipment {
  remoteId: string | null
  lines: LineUnits[]
  carrier: string | null
  trackingNumber: string | null
  shippedAt: Date | null
}

export interface Shipments {
  /** Never repeats by itself. */
  confirm(account: Account, shipment: OutgoingShipment): Promise<EffectAnswer>
  /** What the channel knows as shipped, by whomever it was told. `remoteId` may be our own reference. */
  read(account: Account, orderRemoteId: string): Promise<KnownShipment[]>
  visibleAfterMs: number
  /** It takes no shipment without a tracking number. */
  needsTracking?: true
}

/** An order of the own store that the channel ships from the units it holds for us. */
export interface OutgoingDispatch {
  /** Ours; the channel knows the order by it, and takes it once. */
  reference: string
  /** What the buyer knows the order by. */
  orderName: string
  placedAt: Date
  marketplace: string | null
  lines: readonly { reference: string; remoteSku: string; quantity: number }[]
  buyer: Buyer
}

export interface KnownDispatch {
  state: 'working' | 'shipped' | 'partly_shipped' | 'canceled' | 'failed' | 'unknown'
  parcels: {
    remoteId: string
    shippedAt: Date | null
    carrier: string | null
    trackingNumber: string | null
    /** `reference` as the line was handed in. */
    lines: { reference: string; quantity: number }[]
  }[]
}

/** Multi-channel fulfillment. */
export interface Dispatches {
  /** Never repeats by itself. What is missing for it in the buyer's address is `rejected`. */
  order(account: Account, dispatch: OutgoingDispatch): Promise<EffectAnswer>
  /** Null: the channel does not know it. */
  read(account: Account, reference: string): Promise<KnownDispatch | null>
  /** Safe to repeat. Whether it was in time is told by `read`. */
  cancel(account: Account, reference: string): Promise<void>
  visibleAfterMs: number
  /** Milliseconds between looks while it is worked on. */
  everyMs: number
}

/** Orders that must be acknowledged in time, before they may ship. */
export interface Acknowledgements {
  /** From the order's placing. */
  withinMs: number
  /** The whole order. Never repeats by itself. */
  send(account: Account, acknowledgement: { reference: string; orderRemoteId: string }): Promise<EffectAnswer>
  /** Does the channel wait for it no more, whoever sent it? */
  read(account: Account, orderRemoteId: string): Promise<boolean>
  visibleAfterMs: number
}

export type CancelReason = 'buyer_asked' | 'out_of_stock' | 'address' | 'price' | 'fraud' | 'other'

export interface Cancellations {
  /** Lines null: the whole order. Whether it holds is told by the order's next version. Never repeats by itself. */
  request(
    account: Account,
    cancellation: {
      reference: string
      orderRemoteId: string
      lines: readonly LineUnits[] | null
      reason: CancelReason
    },
  ): Promise<EffectAnswer>
  /** Can single lines, or single units of a line, be canceled? */
  partial: boolean
}

export interface OutgoingRefund {
  reference: string
  orderRemoteId: string
  currency: string
  /** Minor units for the goods of each line. */
  lines: readonly (LineUnits & { amount: number })[]
  /** Minor units. */
  shippingAmount: number
  reason: 'returned' | 'canceled' | 'damaged' | 'not_received' | 'price' | 'other'
}

export interface KnownRefund {
  remoteId: string
  reference: string | null
  /** Minor units. */
  amount: number
  currency: string
  state: 'pending' | 'done' | 'failed' | 'unknown'
  lines: LineUnits[]
}

export interface Refunds {
  /** Never repeats by itself. */
  issue(account: Account, refund: OutgoingRefund): Promise<EffectAnswer>
  read(account: Account, orderRemoteId: string): Promise<KnownRefund[]>
  visibleAfterMs: number
}

export interface PriceLine {
  key: string
  marketplace: string
  remoteSku: string
  remoteId: string | null
  /** Minor units of `currency`. */
  amount: number
  currency: string
}

export type PriceOutcome =
  | { key: string; kind: 'applied' | 'accepted' }
  | { key: string; kind: 'failed'; error: ChannelError }

export interface Prices {
  push(account: Account, lines: readonly PriceLine[]): Promise<PriceOutcome[]>
  pushBatch: number
  pushOperation: string
}

/** An order of a marketplace as it is written into the own store. */
export interface OutgoingCopy {
  /** Unique for the order: found again by it before anything is created. */
  reference: string
  /** For people: which channel, which order there. */
  source: { channel: string; orderRemoteId: string }
  placedAt: Date
  currency: string
  lines: readonly {
    remoteSku: string
    remoteProductId: string | null
    title: string
    quantity: number
    unitPrice: number | null
  }[]
  /** Minor units; null where the marketplace does not tell. */
  total: number | null
  buyer: Buyer | null
}

export interface KnownCopy {
  remoteId: string
  reference: string | null
  createdAt: Date
}

/** Writing orders of marketplaces through to the own store. A copy never moves the store's stock a second time. */
export interface Copies {
  find(account: Account, reference: string): Promise<KnownCopy[]>
  create(account: Account, copy: OutgoingCopy): Promise<EffectAnswer>
  visibleAfterMs: number
  /** What an order of the store says of being a copy; by any tool. Null: an order of the store's own. */
  copyOf(raw: unknown): { reference: string | null; channel: string | null; orderRemoteId: string | null } | null
}

/** What the own store holds at one of its locations, in the units of the listing. */
export interface StoreLevel {
  location: { remoteId: string; name: string }
  remoteSku: string
  onHand: number
  available: number
  /** Promised by the store's own orders. */
  committed: number
  changedAt: Date | null
}

export interface StoreStock {
  locations(account: Account): Promise<{ remoteId: string; name: string; active: boolean }[]>
  pull(account: Account, cursor: unknown): Promise<Pulled<StoreLevel>>
  everyMs: number
}

/** A call that came in from outside, as it came: nothing is parsed before it is verified. */
export interface IncomingHook {
  method: 'GET' | 'POST'
  /** The address as it was registered at the channel, byte for byte. */
  address: string
  query: Record<string, string>
  /** Names in lower case. */
  headers: Record<string, string>
  body: Uint8Array
}

/** What to look at again. A word from the channel is never more than that. */
export type LookAgain = 'orders' | 'listings' | 'stock' | 'shipments' | 'account'

export type HookVerdict =
  /** Not from the channel: nothing is kept. */
  | { kind: 'refused'; why: string }
  /** A question of the channel, answered at once. */
  | { kind: 'answer'; status: number; contentType: string; body: string }
  | {
      kind: 'accepted'
      /** The same for a repeat of the same word. */
      dedupe: string
      topic: string
      /** When the channel says that it happened. */
      happenedAt: Date | null
      look: readonly LookAgain[]
      /** Orders it is about, where it says so. */
      orderRemoteIds?: readonly string[]
      /** A person's data must go (or be handed out, where it asks for that): whose, as far as the channel says. */
      erase?: {
        asks?: 'erase' | 'export'
        orderRemoteIds: readonly string[]
        buyer: string | null
        /** All that the channel knows the person by, as orders name them (`IncomingOrder.buyerIds`); absent: `buyer`. */
        buyerIds?: readonly string[]
        whole: boolean
      }
    }

export interface Webhooks {
  /** Statuses the channel takes for "got it", and for "not yours". */
  status: { accepted: number; refused: number }
  verify(account: Account, hook: IncomingHook): Promise<HookVerdict>
  /**
   * Makes the subscriptions at the channel what they should be: creates those that are missing or were dropped, moves
   * those with another address. Safe to repeat.
   */
  subscribe?(account: Account, address: string): Promise<{ topic: string; state: 'kept' | 'created' | 'failed' }[]>
  everyMs: number
}

/** Words from the channel that wait in a queue of the seller's. Told twice and in any order. */
export interface Notifications {
  /** Waits for words as long as the queue itself does, at most `waitMs`. */
  read(account: Account, waitMs: number): Promise<{ receipt: string; verdict: HookVerdict }[]>
  /** What is not acknowledged comes again. */
  acknowledge(account: Account, receipts: readonly string[]): Promise<void>
  subscribe(account: Account): Promise<{ topic: string; state: 'kept' | 'created' | 'failed' }[]>
  /** Has the seller given a queue at all? */
  isSetUp(settings: unknown): boolean
  /**
   * Looks whether the channel may write into the queue, and puts a word into it as the channel would; that it was read is
   * seen by its `dedupe`. `why` is a code. Absent: the channel has no such test.
   */
  sendTest?(account: Account): Promise<{ kind: 'sent'; dedupe: string } | { kind: 'failed'; why: string }>
}

/** Connecting by the seller's consent in a browser. */
export interface Consent {
  /** Names of the secrets that it brings, so that nobody is asked for them; `refreshToken` where it is left out. */
  brings?: readonly string[]
  /** Where the seller is sent. `redirectUri` is sent as it must stand at the channel, to the last slash. */
  url(settings: unknown, request: { state: string; redirectUri: string }): string
  /** What came back in the address → the secrets to keep. Values of `returned` are the query's. */
  exchange(
    account: Account,
    returned: Record<string, string>,
    redirectUri: string,
  ): Promise<{ secrets: unknown; settings?: unknown }>
}

/** A live check. What it serves and what to do are told in the hub's words, by `id`. */
export interface Check {
  id: string
  /** What does not work without it; shown beside it. */
  serves: readonly string[]
  /** Failing it does not hinder going live. */
  optional?: true
  run(account: Account): Promise<CheckResult>
}

export type CheckResult =
  /** `facts` are shown as they are: harmless words and numbers only. */
  { ok: true; facts?: Record<string, string> } | { ok: false; code: string; facts?: Record<string, string> }

/** A settlement as the channel gives it, kept raw. */
export interface RawSettlement {
  remoteId: string
  /** Its name for people, with the ending that tells its form. */
  name: string
  contentType: string
  from: Date | null
  until: Date | null
  body: Uint8Array
}

export interface Settlements {
  pull(account: Account, cursor: unknown): Promise<Pulled<RawSettlement>>
  everyMs: number
}
