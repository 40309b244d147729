/**
 * What changed in the own store that nobody told us: edits, sales at a till, goods that came in. The store's number is also
 * moved by what we write and by its orders, which the order book books. So of two readings only that part of the difference
 * counts that neither explains; the units of an order are never booked here as well.
 *
 * A reading is judged late: not before the store's sales are known beyond it. What may lie on either side of the reading, or
 * may not have happened at all, leaves the change open between two bounds, and only what holds for both of them is booked;
 * the rest waits for the next reading. Nothing is lost by waiting: each reading tells the whole difference since the last
 * one that was certain.
 *
 * Pure. Quantities are the slot's own units, moments are milliseconds of UTC by our clock.
 */

/** Something that moved the store's number and that we know of. */
export interface KnownStep {
  kind: 'sale' | 'restock' | 'write'
  /** What it adds there: less than 0 for a sale. */
  units: number
  /** It happened at some moment from here … */
  from: number
  /** … until here. */
  until: number
  /** False for a write without an answer: it may not have happened at all. */
  isSure: boolean
  /** It replaced what the store shows as 0, and nobody told what stood there: it may have been less. */
  isFromZero?: boolean
  /**
   * A write that the store did not compare: what it sold between our look and the write is off its number no more. So a sale
   * that may lie there may have happened to the number or not; the order tells of it either way.
   */
  isAbsolute?: boolean
  /**
   * By the store's own clock, of such a write and of its sales, when it set or lowered the number: closer, for no other clock is
   * compared with. A sale does so when it is placed, or else when it is paid; a restock when the order is changed.
   */
  there?: readonly Span[]
}

interface Span {
  from: number
  until: number
}

/** The last reading that was certain. Everything before it is booked. */
export interface StoreBasis {
  available: number
  committed: number
  /** Units booked since, of a change that is not certain to its last unit yet. */
  booked: number
}

export interface StoreReading {
  available: number
  committed: number
  /** It shows the store at some moment from here … */
  since: number
  /** … until here. */
  at: number
  /** When the store says that this number last changed; null where it does not. */
  changedAt: number | null
}

export type StoreVerdict =
  /** All of it is known: the reading becomes the basis. */
  | {
      kind: 'certain'
      /** Units that came (or went, less than 0) and that nobody told us. */
      change: number
      /** What may have happened and the store's own changes fit in several ways; the lowest level is believed. */
      isUnclear: boolean
    }
  /** `change` holds whatever the rest was; the basis stays, and the next reading tells more. */
  | { kind: 'open'; change: number; why: 'under_way' | 'order_coming' }

/** How far a change of the store may be behind what its clock says. */
export interface StoreTimes {
  marginMs: number
  /** An order that the store has committed units for, and that is not there yet, is waited for until this moment. */
  ordersUntil: number
  now: number
}

/**
 * Both moments of a step of the store's own clock, widened by how clocks compare. `takenBy`: when it was off the store's number
 * at the latest, where that is later than the sale; null while it is not.
 */
export const soldStep = (
  units: number,
  placedAt: number,
  marginMs: number,
  takenBy: number | null = placedAt,
): KnownStep => {
  const last = takenBy === null ? Number.POSITIVE_INFINITY : Math.max(placedAt, takenBy)
  const there = [placedAt, last].map((at) => ({ from: at, until: at }))
  return { kind: 'sale', units: -units, from: placedAt - marginMs, until: last + marginMs, there, isSure: true }
}

/** A cancellation gave the units back at some moment after they were sold and before we were told. */
export const restockedStep = (
  units: number,
  placedAt: number,
  toldAt: number,
  marginMs: number,
  /** When the order changed so, by the store's clock. */
  changedAt: number | null = null,
): KnownStep => ({
  kind: 'restock',
  units,
  from: placedAt - marginMs,
  until: toldAt,
  ...(changedAt === null ? {} : { there: [{ from: changedAt, until: changedAt }] }),
  isSure: true,
})

/** Steps that lie before a reading whatever the clocks say; those of a certain reading need not be kept. */
export const isBefore = (step: KnownStep, reading: StoreReading): boolean => step.until < reading.since
const isAfter = (step: KnownStep, reading: StoreReading): boolean => step.from > reading.at

/** `told`: all that are known and were not counted into the basis, also those that were learned late. */
export function judgeStore(
  basis: StoreBasis,
  reading: StoreReading,
  told: readonly KnownStep[],
  times: StoreTimes,
): StoreVerdict {
  const steps = told
    .map((step) => (step.isFromZero ? fromBelow(step, basis, told) : step))
    .map((step) => (mayBeOverwritten(step, told) ? { ...step, isSure: false } : step))
  const counted = steps.filter((step) => isBefore(step, reading))
  const sure = sum(counted.filter((step) => step.isSure))
  const doubtful = counted.filter((step) => !step.isSure && !isDisproved(step, reading, times))
  const under = steps.filter((step) => !isBefore(step, reading) && !isAfter(step, reading))
  const rest = reading.available - basis.available - basis.booked - sure
  const maybe = [...doubtful, ...under]
  const highest = rest - sum(maybe.filter((step) => step.units < 0))
  const lowest = rest - sum(maybe.filter((step) => step.units > 0))
  const coming = ordersComing(basis, reading, counted, times)
  if (under.length > 0) return { kind: 'open', change: held(common(lowest, highest), coming), why: 'under_way' }
  const { change, isUnclear } = likeliest(rest, basis.booked, doubtful)
  // A write that was lost must not hide behind an order that is on its way.
  if (coming > 0 && change < 0)
    return { kind: 'open', change: held(common(lowest, highest), coming), why: 'order_coming' }
  return { kind: 'certain', change, isUnclear }
}

const sum = (steps: readonly KnownStep[]) => steps.reduce((total, step) => total + step.units, 0)

/** With the units as well that the store was below 0 by all that is known: a write there sets a number, whatever stood before. */
function fromBelow(step: KnownStep, basis: StoreBasis, all: readonly KnownStep[]): KnownStep {
  const before = sum(all.filter((one) => one.isSure && one.until < step.from))
  return { ...step, units: step.units - Math.min(0, basis.available + basis.booked + before) }
}

/** The web servers of one store, and from an order's time until its units are off the number. */
const oneStoreMs = 15_000

/** The store's own sales and restocks change its number, unless a write of ours sets it in the same moment. */
function mayBeOverwritten(step: KnownStep, all: readonly KnownStep[]): boolean {
  if (step.kind === 'write') return false
  return all.some((write) => {
    if (!write.isAbsolute) return false
    const { there } = step
    if (!there || !write.there) return meet(step, write, 0)
    return write.there.some((one) => there.some((other) => meet(one, other, oneStoreMs)))
  })
}

const meet = (one: Span, other: Span, marginMs: number): boolean =>
  one.from <= other.until + marginMs && other.from <= one.until + marginMs

/** The part of a change that holds at both bounds. */
const common = (lowest: number, highest: number): number => (lowest > 0 ? lowest : Math.min(highest, 0))

/** Units that an order on its way may take are not booked as gone. */
const held = (change: number, coming: number): number => (change < 0 ? Math.min(0, change + coming) : change)

/** The store says that its number did not move since before the write left. */
const isDisproved = (step: KnownStep, { changedAt }: StoreReading, { marginMs }: StoreTimes): boolean =>
  step.kind === 'write' && changedAt !== null && changedAt + marginMs < step.from

/** Units that the store committed to orders beyond those we know of. Shipments only lower what is committed. */
function ordersComing(
  basis: StoreBasis,
  reading: StoreReading,
  counted: readonly KnownStep[],
  { ordersUntil, now }: StoreTimes,
): number {
  if (now >= ordersUntil) return 0
  const sold = -sum(counted.filter((step) => step.kind === 'sale'))
  return Math.max(0, reading.committed - basis.committed - sold)
}

/**
 * Writes without an answer either happened or did not, and so did sales that a write may have set off the number. Where the
 * number is what one of the ways leaves, nobody touched it: that a person changed it by the very same units within the same
 * minutes is not assumed. Otherwise, and where a part of a change is booked, so that somebody did, the lowest level counts.
 */
function likeliest(
  rest: number,
  booked: number,
  doubtful: readonly KnownStep[],
): { change: number; isUnclear: boolean } {
  let sums = new Set([0])
  for (const { units } of doubtful) sums = new Set([...sums].flatMap((one) => [one, one + units]))
  const changes = [...sums].map((one) => rest - one)
  if (booked === 0 && changes.includes(0)) return { change: 0, isUnclear: false }
  return { change: Math.min(...changes), isUnclear: changes.length > 1 }
}
