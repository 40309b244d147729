/**
 * How late an account's list tells of sales, learned from every order that it tells: how long after the sale an order was
 * learned, and how far behind the moment up to which all sales were believed to be known it still turned up. The second
 * makes the account's margin: a list that is often late is believed later. What was seen once shrinks slowly, so that one
 * bad day does not bind stock for ever.
 *
 * Pure. Moments are milliseconds of UTC.
 */

/** The farthest behind that an order turned up, as it was at that moment. */
export interface LagTail {
  behindMs: number
  at: number
}

export interface Lag extends LagTail {
  /** Orders by how long after their sale they were learned, by size; the older the less they weigh. */
  learned: readonly number[]
}

/** One order that the list told for the first time. */
export interface LearnedOrder {
  /** From the sale until it was learned. */
  afterMs: number
  /** How far behind what was believed to be known it was placed; 0 where it was not. */
  behindMs: number
}

const dayMs = 86_400_000
/** What was seen counts half after so long. */
const halfLifeMs = 7 * dayMs
/** The next one may come later than any before. */
const headroom = 1.25
/**
 * A wider margin binds units for longer than it protects them: what a list hides for hours is no tail but a fault, told
 * each time it happens.
 */
const marginAtMostMs = 6 * 3_600_000
/** Sizes grow by the root of two, from a second up to ten days. */
const sizes = 41
const sizeOf = (ms: number) => Math.min(sizes - 1, Math.max(0, Math.ceil(2 * Math.log2(Math.max(1, ms / 1_000)))))
const upTo = (size: number) => 1_000 * 2 ** (size / 2)
/** After so many more orders an old one weighs a third. */
const memoryOrders = 1_000

/** Nothing known yet. */
export const newLag = (at: number): Lag => ({ behindMs: 0, at, learned: [] })

/** What is left of the tail by now. */
export function tailAt(tail: LagTail, now: number): number {
  return tail.behindMs * 0.5 ** (Math.max(0, now - tail.at) / halfLifeMs)
}

/** What is known after these orders were learned at `now`. */
export function lagAfter(lag: Lag, orders: readonly LearnedOrder[], now: number): Lag {
  const learned = Array.from({ length: sizes }, (_, size) => lag.learned[size] ?? 0)
  for (const { afterMs } of orders) {
    for (let size = 0; size < sizes; size += 1) learned[size]! *= 1 - 1 / memoryOrders
    learned[sizeOf(afterMs)]! += 1
  }
  const before = tailAt(lag, now)
  const farthest = orders.reduce((most, one) => Math.max(most, one.behindMs), 0)
  const tail = farthest > before ? { behindMs: farthest, at: now } : { behindMs: lag.behindMs, at: lag.at }
  return { ...tail, learned: learned.map((count) => Math.round(count * 1_000) / 1_000) }
}

/** How far behind its own mark the list is believed to show orders: never less than its channel says. */
export function marginOf(tail: LagTail | null, channelMs: number, now: number): number {
  if (!tail) return channelMs
  return Math.max(channelMs, Math.min(marginAtMostMs, Math.ceil(tailAt(tail, now) * headroom)))
}

/** So long after their sale this part of the orders was known; null where none was measured. */
export function learnedWithin(lag: Lag, part: number): number | null {
  const all = lag.learned.reduce((sum, count) => sum + count, 0)
  if (all === 0) return null
  let sum = 0
  for (const [size, count] of lag.learned.entries()) {
    sum += count
    if (sum >= all * part) return upTo(size)
  }
  return upTo(sizes - 1)
}
