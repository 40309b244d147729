/**
 * When a slot needs nothing, told by a few numbers of it alone. In guarded mode nothing is decided for a variant whose slots all
 * show what they need or all they may, within claims that are covered: nobody is raised, lent to or emptied (`guard.ts`). A
 * comparison of all slots asks this in the database (database/reconcile.ts) and plans only the others.
 *
 * What is needed is a bound from above here, never too low: what is passed over would be planned as it stands.
 */
import { floorSales, floorSeveral, newDemand, perHour, severalOf, unitsThatLast } from './demand.ts'
import { emptyChance, largerChance, unitsAtOnce } from './guard.ts'

/** The database counts with the same numbers, and may round them otherwise. */
const rounding = 1 + 1e-9

/** So many units at most are looked for by steps; who needs more is planned. */
const mostSteps = 75

/** Step n: buyers in the time of a raise, up to whom n units last. */
function lastingSteps(): number[] {
  const steps: number[] = []
  for (let units = 0, from = 0; units < mostSteps; units += 1) {
    let [low, high] = [from, units + 1]
    for (let round = 0; round < 60; round += 1) {
      const middle = (low + high) / 2
      if (unitsThatLast(middle, emptyChance) <= units) low = middle
      else high = middle
    }
    from = low
    steps.push(low / rounding)
  }
  return steps
}

export interface RestNumbers {
  steps: readonly number[]
  rounding: number
  largerChance: number
  /** What is added to the sales that were seen, and to those of several units. */
  floorSales: number
  floorSeveral: number
}

export const restNumbers = (): RestNumbers => ({
  steps: lastingSteps(),
  rounding,
  largerChance,
  floorSales,
  floorSeveral: floorSeveral * floorSales,
})

/** What a slot needs that never sold anything. */
export function needOfNew(refillHours: number): number {
  const demand = newDemand(0)
  return unitsThatLast(perHour(demand) * refillHours, emptyChance) + unitsAtOnce(severalOf(demand))
}
