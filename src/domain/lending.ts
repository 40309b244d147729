/**
 * Units that a channel holds and lends to the own store: they stand in the pool at a place of their own, which is drawn
 * from last, and only the own store may sell them. The channel sells them as well, so what is lent is a guess with a buffer
 * (`lendable`), never guarded against the channel's own sales.
 *
 * Pure. Quantities are units of the variant.
 */
import { type LendingRule, lendable } from './held-stock.ts'

/** The channel's number may still be that of so long before it was read. */
export const heldMayBeOldMs = 30 * 60_000

/** Units of an order of ours that the channel is to ship, or does. */
export interface LentOrder {
  units: number
  /** What of them is promised here still: nothing of an order that was canceled meanwhile. Absent: all. */
  promised?: number
  /** When the channel took it; null while it has not. */
  acceptedAt: Date | null
}

export interface Lender {
  fulfillable: number
  /** When that was read. */
  readAt: Date
  /** What the channel itself sells in an hour. */
  perHour: number
}

/** From the hub's decision until the channel has set units aside for an order. */
const hoursToOrder = 0.5
const hourMs = 3_600_000

/** What the place should hold: units that orders wait for, and beside them what may be sold. */
export function lentLevel(
  rule: LendingRule,
  lender: Lender,
  orders: readonly LentOrder[],
  now: Date,
): { onHand: number; free: number } {
  const knownSince = lender.readAt.getTime() - heldMayBeOldMs
  const sum = (list: readonly LentOrder[]) => list.reduce((units, one) => units + one.units, 0)
  const notTakenOff = sum(orders.filter((one) => !one.acceptedAt || one.acceptedAt.getTime() > knownSince))
  const hoursOld = Math.max(0, now.getTime() - lender.readAt.getTime() + heldMayBeOldMs) / hourMs
  const free = lendable(lender.fulfillable - notTakenOff, rule, { perHour: lender.perHour, hoursOld, hoursToOrder })
  return { onHand: orders.reduce((units, one) => units + (one.promised ?? one.units), 0) + free, free }
}

/** What stands at a lending channel of a variant, and which promises it carries instead of our own shelves. */
export interface LentSide {
  /** On hand at places of channels that lend, as it was counted last. */
  held: number
  /** Of that, what no order waits for. */
  free: number
  /** Promised by dispatches that the channel took. */
  taken: number
  /** Promised by dispatches that it is to answer any moment. */
  leaving: number
  /** Promised by dispatches that it does not answer, or of which a person must say what became of them. */
  doubted: number
  /** Promised to lines that are handed over as soon as own shelves do not hold them. */
  mayBe: number
}

/**
 * Of what is available (promises taken off; below 0 where more is promised than is there): what own stores may sell, and what
 * marketplaces may. These are served from our own shelves alone.
 */
export function sharesOf(available: number, side: LentSide): { stores: number; raisable: number; keepable: number } {
  const { held, free, taken, leaving, doubted, mayBe } = side
  // An order that was canceled leaves units there that were never ours to show: they go with the next count.
  const stale = Math.max(0, held - free - taken - leaving - doubted)
  const shelves = available - held
  return {
    stores: available - stale,
    // What the channel may still refuse is needed here then: nothing is raised on it.
    raisable: shelves + Math.min(held, taken),
    // Emptying marketplaces for it would take longer than its answer does.
    keepable: shelves + Math.min(held, taken + leaving + mayBe),
  }
}

/** Units sold that neither our own shelves have nor channels ship, though the units that are lent hide it. */
export function hiddenShort(available: number, side: LentSide): number {
  const carried = Math.min(side.held, side.taken + side.leaving + side.doubted + side.mayBe)
  // What is short in all is told by itself.
  return Math.max(0, -(available - side.held + carried) - Math.max(0, -available))
}

/** A line of the own store that is promised and has no shipment by a channel yet. */
export interface WaitingLine {
  lineId: string
  orderId: string
  placedAt: Date
  units: number
}

/**
 * Which lines the channel ships: as many as our own shelves lack for all that is promised, the newest first, for the
 * older ones were promised what is here. A line is shipped whole by one of both.
 */
export function linesToLend<L extends WaitingLine>(lacking: number, lentOnHand: number, waiting: readonly L[]): L[] {
  const newest = [...waiting].sort(
    (a, b) => b.placedAt.getTime() - a.placedAt.getTime() || (a.lineId < b.lineId ? 1 : -1),
  )
  const chosen: L[] = []
  let [left, there] = [lacking, lentOnHand]
  for (const line of newest) {
    if (left <= 0) break
    if (line.units > there) continue
    chosen.push(line)
    left -= line.units
    there -= line.units
  }
  return chosen
}
