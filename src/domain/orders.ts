/** One order model for all channels, and what a newer version of an order does to stock. Pure. */

export type OrderState = 'pending' | 'open' | 'partly_shipped' | 'shipped' | 'canceled' | 'unfulfillable' | 'unknown'

export type FulfilledBy = 'merchant' | 'channel'

/**
 * Which states may follow which. Channels repeat and reorder; a step that is not here is recorded with its version
 * but raises a finding, because facts are never refused.
 */
export const transitions: Record<OrderState, readonly OrderState[]> = {
  pending: ['open', 'partly_shipped', 'shipped', 'canceled', 'unfulfillable', 'unknown'],
  open: ['partly_shipped', 'shipped', 'canceled', 'unfulfillable', 'unknown'],
  partly_shipped: ['shipped', 'canceled', 'unknown'],
  shipped: [],
  canceled: [],
  unfulfillable: ['open', 'shipped', 'canceled', 'unknown'],
  unknown: ['pending', 'open', 'partly_shipped', 'shipped', 'canceled', 'unfulfillable'],
}

const rank: Record<OrderState, number> = {
  unknown: 0,
  pending: 1,
  open: 2,
  unfulfillable: 3,
  partly_shipped: 4,
  shipped: 5,
  canceled: 6,
}

/** An order line as its channel tells it. Quantities are in the listing's units, not in the variant's. */
export interface IncomingLine {
  remoteId: string
  /** Absent where the channel leaves it out; then the line is kept and shown as unknown. */
  remoteSku: string | null
  title: string
  quantity: number
  shipped: number
  /** Units of this line that are canceled although the order is not. */
  canceled: number
  unitPrice: number | null
}

export interface IncomingOrder {
  remoteId: string
  /** The channel's own last-updated time: the order's version. */
  updatedAt: Date
  placedAt: Date
  /** When its goods left, where the source says so; else a shipped version's own time stands for it. */
  shippedAt?: Date | null
  state: OrderState
  /** The store has not taken its units off its number yet: nobody has paid. */
  isUntaken?: true
  /** When the store had taken them at the latest; absent: with the sale. */
  takenBy?: Date
  /** Null where the channel does not say; then the listing decides. */
  fulfilledBy: FulfilledBy | null
  marketplace: string | null
  currency: string | null
  /** Minor units of `currency`; null while the channel does not tell. */
  total: number | null
  shipBy: Date | null
  deliverBy: Date | null
  /** The channel waits for an acknowledgement until then; absent or null: for none. */
  acknowledgeBy?: Date | null
  /** What has not left by then is canceled by the channel itself. */
  cancelsAt?: Date | null
  lines: readonly IncomingLine[]
  /** Personal data; goes sealed into its own store and nowhere else. */
  buyer: Buyer | null
  /** What the channel knows the buyer by (a user name, a number): only fingerprints of it are kept, to find the orders again. */
  buyerIds?: readonly string[]
  /** The channel's own text, kept sealed because it may hold buyer data. */
  raw: unknown
}

export interface Buyer {
  name?: string | undefined
  email?: string | undefined
  phone?: string | undefined
  address?: Record<string, string> | undefined
}

/** All that names the buyer of an order, each in one spelling. */
export function namesOf(order: Pick<IncomingOrder, 'buyer' | 'buyerIds'>): string[] {
  const names = [...(order.buyerIds ?? []), order.buyer?.email ?? '']
  return [...new Set(names.map(nameSpelling))].filter((name) => name !== '')
}

export const nameSpelling = (name: string): string => name.trim().toLowerCase()

/** What lines add up to, exactly; null where a price is missing or the sum is more than can be counted. */
export function totalOfLines(
  lines: readonly { quantity: number; unitPrice?: number | null | undefined }[],
): number | null {
  if (lines.length === 0 || lines.some((line) => typeof line.unitPrice !== 'number')) return null
  const sum = lines.reduce((total, line) => total + BigInt(line.unitPrice!) * BigInt(line.quantity), 0n)
  return Number.isSafeInteger(Number(sum)) ? Number(sum) : null
}

export type Freshness = 'new' | 'newer' | 'same' | 'older'

interface Version {
  updatedAt: Date
  state: OrderState
  lines?: readonly Pick<IncomingLine, 'canceled'>[]
}

/**
 * Whether a delivered version says something new. Channels stamp seconds, so two changes can share a version: of
 * equals, the one further along wins, and of equal states the one with more units canceled.
 */
export function freshness(known: Version | undefined, incoming: Version): Freshness {
  if (!known) return 'new'
  const difference =
    incoming.updatedAt.getTime() - known.updatedAt.getTime() ||
    rank[incoming.state] - rank[known.state] ||
    canceledIn(incoming) - canceledIn(known)
  return difference > 0 ? 'newer' : difference < 0 ? 'older' : 'same'
}

/** A canceled order as a whole is canceled, whatever its lines say. */
function canceledIn({ state, lines = [] }: Version): number {
  return state === 'canceled' ? 0 : lines.reduce((sum, line) => sum + line.canceled, 0)
}

/** Is this step in the table? Standing still is always allowed. */
export function isTransition(from: OrderState, to: OrderState): boolean {
  return from === to || transitions[from].includes(to)
}

/** What a line should hold, in the variant's units: still promised, and already gone. */
export interface LineTarget {
  open: number
  shipped: number
}

/**
 * The target of one line. Pending orders reserve; a canceled order holds nothing but what already left; a shipped
 * order has shipped everything that was not canceled.
 */
export function lineTarget(
  order: { state: OrderState; fulfilledBy: FulfilledBy },
  line: Pick<IncomingLine, 'quantity' | 'shipped' | 'canceled'>,
  unitsPerSale: number,
): LineTarget {
  if (order.fulfilledBy === 'channel') return { open: 0, shipped: 0 }
  const wanted = Math.max(0, line.quantity - line.canceled)
  const shipped = order.state === 'shipped' ? wanted : Math.min(wanted, line.shipped)
  const open = order.state === 'canceled' || order.state === 'shipped' ? 0 : wanted - shipped
  return { open: open * unitsPerSale, shipped: shipped * unitsPerSale }
}

/** Steps that bring a line from what it holds to its target, in the order in which they are booked. */
export interface LineSteps {
  promise: number
  ship: number
  release: number
}

/**
 * Shipped units never come back by an order version: goods return by a return. What left by our own word before the
 * channel tells of it is not promised once more.
 */
export function lineSteps(held: LineTarget, target: LineTarget): LineSteps {
  const ship = Math.max(0, target.shipped - held.shipped)
  const openAfterShip = held.open - ship
  const open = Math.max(0, target.open - Math.max(0, held.shipped - target.shipped))
  return {
    promise: Math.max(0, open - openAfterShip),
    ship,
    release: Math.max(0, openAfterShip - open),
  }
}
