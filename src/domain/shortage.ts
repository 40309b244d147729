/** What may stay where more is claimed than is there. Pure. */
import { claimedUnits } from './claims.ts'
import { chanceOfAtLeast } from './demand.ts'
import { type PoolView, standing, take, unitsOf } from './pool-view.ts'

/** Buyers may come so many times as fast as is believed. */
const surpriseFactor = 10
/** Where so many buyers come in no more than this part of the cases, there is plenty. */
const surpriseChance = 0.001

/**
 * What slots may go on showing though more is claimed than is there; what is not named goes to 0. Where that many buyers
 * do not come in the time in which 0 takes effect (an account was just taken over from a tool that showed everything
 * everywhere) the fastest slots that can be covered stay as they are: an empty shop sells nothing either.
 */
export function leftInShortage({ components, slots }: PoolView, short: readonly boolean[]): Map<number, number> {
  const left = new Map<number, number>()
  const units = components.map(standing)
  const isPlenty = units.every((available, component) => {
    const expected = slots.reduce((sum, one) => sum + one.perHour * one.darkHours * one.takes[component]!, 0)
    return !short[component] || chanceOfAtLeast(available, expected * surpriseFactor) < surpriseChance
  })
  if (!isPlenty) return left
  const fastest = [...slots.entries()].sort(([, one], [, other]) => other.perHour - one.perHour)
  for (const [index, slot] of fastest) {
    if (slot.shown === null || slot.claim.claim === null || slot.shown > slot.limit) continue
    const claimed = claimedUnits(slot.claim)
    const covered = unitsOf(slot, units)
    // A compare-and-set takes what it lowers from its claim.
    const value = slot.isCompareAndSet ? Math.min(slot.shown, covered - (claimed - slot.shown)) : slot.shown
    if (value <= 0 || claimed - (slot.shown - value) > covered) continue
    left.set(index, value)
    take(units, slot, claimed - (slot.shown - value))
  }
  return left
}
