/**
 * How fast a slot sells, learned from its own sales: units over the hours in which it could sell. Hours at 0 say nothing
 * about demand, so they do not count. Older sales weigh less with every newer one: a fast slot forgets in hours, a slow one in
 * weeks. A new slot begins with a floor, so that it gets a unit to show what it can do.
 *
 * Pure. Moments are milliseconds of UTC.
 */

export interface Demand {
  /** Units sold, the older the less they weigh. */
  units: number
  /** Hours of showing something, weighed alike. */
  hours: number
  /** Sales, and those of more than one unit, weighed alike. */
  sales: number
  several: number
  /** Known up to here. */
  at: number
}

const hourMs = 3_600_000
/** After so many more sales an old one weighs a third. */
const memorySales = 60
/** What is assumed of a slot that never sold: so many units in so many hours. */
const floorUnits = 0.5
const floorHours = 24
/** What is assumed of how many buyers take more than one, as if so many had been seen. */
export const floorSeveral = 0.1
export const floorSales = 20

/** Nothing known yet. */
export const newDemand = (at: number): Demand => ({
  units: floorUnits,
  hours: floorHours,
  sales: 0,
  several: 0,
  at,
})

/** Time has passed, and the slot showed something in it or did not. */
export function demandUntil(demand: Demand, at: number, wasShowing: boolean): Demand {
  if (at <= demand.at) return demand
  return { ...demand, at, hours: wasShowing ? demand.hours + (at - demand.at) / hourMs : demand.hours }
}

/**
 * The slot begins to show something, or ends it: the hours up to now are counted by what was so until now. Left to the next
 * sale they would all be judged by what is shown then, and the rate would jump with every zero.
 */
export function demandOnChange(demand: Demand | null, at: number, wasShowing: boolean, isShowing: boolean) {
  return demand === null || wasShowing === isShowing ? demand : demandUntil(demand, at, wasShowing)
}

/** A sale became known. The hours up to it are counted by `demandUntil`. */
export function demandAfterSale(demand: Demand, units: number): Demand {
  const kept = 1 - 1 / memorySales
  return {
    units: demand.units * kept + units,
    hours: demand.hours * kept,
    sales: demand.sales * kept + 1,
    several: demand.several * kept + (units > 1 ? 1 : 0),
    at: demand.at,
  }
}

/** Units an hour. */
export const perHour = (demand: Demand): number => demand.units / Math.max(demand.hours, leastHours)

/** A slot that sold at once has been seen for a minute. */
const leastHours = 1 / 60

/** The part of the buyers that takes more than one unit, never quite none. */
export const severalOf = (demand: Demand): number =>
  (demand.several + floorSeveral * floorSales) / (demand.sales + floorSales)

/** Above this many, the shape of the distribution is that of its limit. */
export const manyExpected = 60

/** The chance that at least `units` are asked for where `expected` are on average (Poisson). */
export function chanceOfAtLeast(units: number, expected: number): number {
  if (units <= 0) return 1
  if (expected <= 0) return 0
  if (expected > manyExpected) return 1 / (1 + Math.exp((1.702 * (units - 0.5 - expected)) / Math.sqrt(expected)))
  let term = Math.exp(-expected)
  let below = term
  for (let n = 1; n < units; n += 1) {
    term *= expected / n
    below += term
  }
  return Math.max(0, 1 - below)
}

/** The least number of units that more buyers ask for with no more than this chance. */
export function unitsThatLast(expected: number, chance: number): number {
  if (expected > manyExpected)
    return Math.ceil(expected + 0.5 + (Math.sqrt(expected) * Math.log(1 / chance - 1)) / 1.702)
  let term = Math.exp(-expected)
  let below = term
  let units = 0
  while (1 - below > chance) {
    units += 1
    term *= expected / units
    below += term
  }
  return units
}
