/** What the contract suite must know of a channel: how its simulator is started and told, and where things stand on its wire. */
import type { CancelReason, IncomingHook, OutgoingCopy, OutgoingRefund } from '../../src/channels/capabilities.ts'
import type { Connector } from '../../src/channels/connector.ts'
import type { Wire } from './wire.ts'

export interface Goods {
  sku: string
  quantity: number
  /** Lies in the channel's own warehouse. */
  held?: true
}

/** Trouble in the channel's own words, planted in its simulator. */
export type Trouble =
  /** The next call of the operation finds no allowance left. */
  | { kind: 'throttle'; operation: string }
  /** The access token of the next call is over, before its time. */
  | { kind: 'expire-access' }
  /** The seller took the consent back, or changed the secret: from now on nothing is allowed. */
  | { kind: 'revoke' }

/** A started simulator with these goods in it, and the settings and secrets of an account there. */
export interface Stage {
  settings: Record<string, unknown>
  secrets: Record<string, unknown>
  now(): Date
  /** Simulated time passes, and what was due by then has happened. */
  pass(ms: number): Promise<void>
  /** What buyers see now, without any lag; undefined where it is not listed. */
  shown(sku: string): Promise<number | undefined>
  /** Somebody else writes the number. */
  overwrite(sku: string, quantity: number): Promise<void>
  trouble(trouble: Trouble): Promise<void>
  /** A buyer buys; answers the order's remote id. */
  buy?(sku: string, quantity: number): Promise<string>
  /** The order is canceled by its buyer: it has another version. */
  cancel?(orderId: string): Promise<void>
  /** An order of so many lines. */
  buyLines?(lines: number): Promise<string>
  /** A price that buyers see now, in minor units. */
  price?(sku: string): Promise<number | undefined>
  /** What the channel would send to the address about this order; each as it would arrive. */
  hooks?(address: string, orderId: string): Promise<IncomingHook[]>
  /** Questions of the channel to the address, with the answer's body as it must be. */
  questions?(address: string): Promise<{ hook: IncomingHook; body: string }[]>
  /** Forgets one of the subscriptions, as the channel does after failures. */
  dropSubscription?(): Promise<void>
  /** What came back in the address once the seller has consented there. */
  consented?(url: string): Promise<Record<string, string>>
  close(): Promise<void>
}

/** Where a list stands in an answer, and what its entries hold. */
export interface ListWire {
  /** Its operation, as the connector names it. */
  operation: string
  /** Entries of one answer at most, as the stage is started. */
  page: number
  /** The raw entries: the array itself, so that it can be changed in place. Undefined: this answer holds no list. */
  in(answer: unknown): unknown[] | undefined
  /** The place of a documented field that nothing depends on. */
  optional?: string
  /** The place of what other calls are made by: with another word there it is another entry. */
  joinedBy?: string
  /** Places without which an entry is not there yet; a later pull tells of it. */
  absentWithout?: readonly string[]
}

export interface Harness {
  connector: Connector
  start(options: { goods: readonly Goods[] }): Promise<Stage>
  /** After this long an order is in the list in any case, and may be shipped. */
  orderShowsMs: number
  /** After this long a write shows, or never will. */
  writeShowsMs: number
  /** Makes a call ask for smaller pages than the connector does: no channel promises full ones. */
  smaller?(call: { url: string; body: string | null }): { url: string; body: string | null }
  /** The operation that mints access tokens; absent where the channel has none. */
  tokenOperation?: string
  orders?: ListWire & {
    idOf(raw: unknown): unknown
    /** Takes one off the number of orders, where the answer tells it beside the list. */
    countOff?(answer: unknown): void
    /** The place of the word that tells the state. */
    word: string
    /** True at this place: an order that nobody bought, left out. */
    leftOutBy?: string
    /** Makes it an order of so many lines of one unit each, where the simulator cannot. */
    grow?(raw: Record<string, unknown>, lines: number): void
    /** Places whose absence, or whose other form, leaves nothing to count on: the order waits aside. */
    needed: readonly string[]
  }
  listings?: ListWire & { skuOf(raw: unknown): unknown }
  heldStock?: ListWire
  storeStock?: ListWire
  stock?: {
    /** The calls that write and read, where the connector names their allowance otherwise. */
    push?: string
    read?: string
    /** Does it tell of a SKU that it does not know, in a list of several, which one that is? */
    unknownSku: string
  }
  /** The operation that carries the effect, and what it is called with. */
  effects?: {
    acknowledgements?: { operation: string }
    shipments?: { operation: string; carrier: string; trackingNumber: string }
    cancellations?: { operation: string; reason: CancelReason }
    refunds?: { operation: string; currency: string; reason: OutgoingRefund['reason'] }
    copies?: { operation: string; more?: Partial<OutgoingCopy> }
    prices?: { operation?: string; currency: string; marketplace: string }
  }
  settlements?: {
    /** The operations that list and fetch them, the one that begins first. */
    operations: readonly string[]
    /** They name each order that was sold. */
    tellOrders?: true
    /** What of a page stays the same however often it is asked for; all of it where left out. */
    same?(text: string): string
  }
  /** `asks`: the channel asks the address a question before it sends there. */
  webhooks?: { address: string; asks: boolean }
  consent?: { redirectUri: string; operation: string }
}

/** Everything a case works with. */
export interface Bench {
  harness: Harness
  connector: Connector
  stage: Stage
  wire: Wire
}
export type CaseRun = (bench: Bench) => Promise<void>

/** A function of the stage that the case cannot do without. */
export function needed<T>(value: T | undefined, what: string): T {
  if (value === undefined) throw new Error(`the channel's harness lacks ${what}`)
  return value
}

/** Every text among the secrets, however deep. */
export function secretsOf(stage: Stage): string[] {
  const texts = (value: unknown): string[] => {
    if (typeof value === 'string') return value.length >= 6 ? [value] : []
    return typeof value === 'object' && value !== null ? Object.values(value).flatMap(texts) : []
  }
  return texts(stage.secrets)
}
