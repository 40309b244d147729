/**
 * Units that a channel holds for us in its own warehouses, and sells by itself. They are a pool of their own: no claim and
 * no level of ours counts them. What can be lent to the own store is bounded, and a guess: the channel may sell the same
 * units in the same moment, so it is *shared with a buffer*, never guarded.
 *
 * Pure. Quantities are units of a variant.
 */
import { unitsThatLast } from './demand.ts'

/** One SKU of a channel, as one of its marketplaces sees it. */
export interface HeldUnits {
  accountId: string
  marketplace: string
  remoteSku: string
  unitsPerSale: number
  fulfillable: number
  inbound: number
  reserved: number
  unsellable: number
}

export interface HeldSum {
  fulfillable: number
  inbound: number
  reserved: number
  unsellable: number
}

/**
 * What all accounts hold of a variant. Marketplaces of one account may tell of the same units, so the largest number
 * counts, never their sum; different SKUs and accounts lie apart.
 */
export function heldInAll(rows: readonly HeldUnits[]): HeldSum {
  const bySku = new Map<string, HeldSum>()
  for (const row of rows) {
    const key = `${row.accountId} ${row.remoteSku}`
    const known = bySku.get(key) ?? { fulfillable: 0, inbound: 0, reserved: 0, unsellable: 0 }
    const larger = (name: keyof HeldSum) => Math.max(known[name], row[name] * row.unitsPerSale)
    bySku.set(key, {
      fulfillable: larger('fulfillable'),
      inbound: larger('inbound'),
      reserved: larger('reserved'),
      unsellable: larger('unsellable'),
    })
  }
  const sum = (name: keyof HeldSum) => [...bySku.values()].reduce((all, one) => all + one[name], 0)
  return {
    fulfillable: sum('fulfillable'),
    inbound: sum('inbound'),
    reserved: sum('reserved'),
    unsellable: sum('unsellable'),
  }
}

/** What a person allows: the own store may sell so many of the units that a channel holds, and leaves it so many. */
export interface LendingRule {
  most: number
  leave: number
}

/** In so many cases the channel sells more than was kept back, and a sale of ours finds nothing. */
const surpriseChance = 0.001

/**
 * Units that the own store may show of what a channel holds. Kept back is what the channel itself may sell from the moment
 * its number was true until an order of ours would have reached it.
 */
export function lendable(
  fulfillable: number,
  rule: LendingRule,
  channel: { perHour: number; hoursOld: number; hoursToOrder: number },
): number {
  const expected = Math.max(0, channel.perHour * (channel.hoursOld + channel.hoursToOrder))
  const kept = rule.leave + unitsThatLast(expected, surpriseChance)
  return Math.max(0, Math.min(rule.most, fulfillable - kept))
}
