/**
 * Replenishment: what should travel from one location to another, and until when to buy anew. Units that travel are still
 * ours and stay in the pool, at a place of their own; so a transfer neither makes nor loses a unit, and no channel needs
 * to be told of it.
 *
 * Pure. Quantities are units of a variant.
 */

/** A location that is below its threshold, as the books have it. */
export interface Shortfall {
  variantId: string
  /** Where it is filled from. */
  sourceId: string
  /** Unsellable and allocated units left out; below 0 never. */
  local: number
  /** On its way there. */
  incoming: number
  minimum: number
  maximum: number
  /** What lies at the source, unsellable and allocated units left out. */
  central: number
  /** What no order waits for, over all shelves. */
  spare: number
}

/** Units that may leave a shelf: those that lie there, as far as no order waits for them. */
export const mayLeave = (central: number, spare: number): number => Math.max(0, Math.min(central, spare))

/** Below its minimum, what is on its way there included. */
export const isBelow = ({ local, incoming, minimum }: Shortfall): boolean => local + incoming < minimum

/**
 * What to bring to each location: up to its maximum, never more than the source can give. Where several are filled from
 * one source, the emptiest is served first, and what it gets is gone for the others.
 */
export function proposals(rows: readonly Shortfall[]): number[] {
  const left = new Map<string, number>()
  const spare = new Map<string, number>()
  const result = rows.map(() => 0)
  const order = rows.map((row, index) => ({ row, index })).filter(({ row }) => isBelow(row))
  order.sort((a, b) => filled(a.row) - filled(b.row) || a.index - b.index)
  for (const { row, index } of order) {
    const source = `${row.variantId} ${row.sourceId}`
    const central = left.get(source) ?? row.central
    const free = spare.get(row.variantId) ?? row.spare
    const units = Math.max(0, Math.min(mayLeave(central, free), row.maximum - row.local - row.incoming))
    result[index] = units
    left.set(source, central - units)
    spare.set(row.variantId, free - units)
  }
  return result
}

/** The part of its minimum that is there. */
const filled = ({ local, incoming, minimum }: Shortfall) => (local + incoming) / minimum

export interface Cover {
  /** Full days until the last unit is sold, at today's speed; null where nothing is sold. */
  days: number | null
  /** The day on which it runs out, as a date of UTC. */
  runsOutOn: string | null
  /** The last day on which an order to the supplier arrives in time; null where nobody said how long that takes. */
  reorderBy: string | null
  /** That day is here, or gone by. */
  isDue: boolean
}

const dayMs = 86_400_000
/** Beyond so many days a date says nothing. */
const furthestDays = 10_000

/** How long units last at a speed, and by when to buy anew. */
export function coverOf(units: number, perDay: number, leadDays: number | null, now: Date): Cover {
  if (!(perDay > 0)) return { days: null, runsOutOn: null, reorderBy: null, isDue: false }
  const days = Math.min(furthestDays, Math.floor(Math.max(0, units) / perDay))
  const on = (after: number) => new Date(now.getTime() + after * dayMs).toISOString().slice(0, 10)
  return {
    days,
    runsOutOn: days === furthestDays ? null : on(days),
    reorderBy: leadDays === null || days === furthestDays ? null : on(days - leadDays),
    isDue: leadDays !== null && days <= leadDays,
  }
}
