import { expect, test } from 'vitest'
import {
  chanceOfAtLeast,
  demandAfterSale,
  demandOnChange,
  demandUntil,
  newDemand,
  perHour,
  severalOf,
  unitsThatLast,
} from './demand.ts'

const hour = 3_600_000

test('a slot that never sold has the floor, and less of it the longer nobody buys', () => {
  const fresh = newDemand(0)
  expect(perHour(fresh)).toBeCloseTo(0.5 / 24)
  expect(perHour(demandUntil(fresh, 240 * hour, true))).toBeLessThan(0.002)
})

test('hours at 0 say nothing about demand', () => {
  const fresh = newDemand(0)
  const empty = demandUntil(fresh, 240 * hour, false)
  expect(perHour(empty)).toBe(perHour(fresh))
  expect(demandUntil(empty, hour, true)).toBe(empty)
})

test('the rate does not jump where a slot begins or ends to show something', () => {
  const seen = newDemand(0)
  const dark = demandOnChange(seen, 8 * hour, true, false)!
  expect(perHour(demandUntil(dark, 8 * hour, false))).toBe(perHour(demandUntil(seen, 8 * hour, true)))
  const again = demandOnChange(dark, 9 * hour, false, true)!
  expect(perHour(demandUntil(again, 9 * hour, true))).toBe(perHour(dark))
  expect(demandOnChange(seen, 8 * hour, true, true)).toBe(seen)
})

test('what was sold lately weighs more', () => {
  let demand = newDemand(0)
  const sell = (count: number, every: number) => {
    for (let sale = 0; sale < count; sale += 1)
      demand = demandAfterSale(demandUntil(demand, demand.at + every * hour, true), 1)
  }
  sell(500, 0.5)
  expect(perHour(demand)).toBeCloseTo(2, 1)
  sell(500, 10)
  expect(perHour(demand)).toBeCloseTo(0.1, 1)
  expect(severalOf(demand)).toBeLessThan(0.03)
})

test('chances and units belong together', () => {
  for (const expected of [0, 0.001, 0.5, 4, 59, 61, 500])
    for (const chance of [0.2, 0.02, 0.001]) {
      const units = unitsThatLast(expected, chance)
      expect(chanceOfAtLeast(units + 1, expected)).toBeLessThanOrEqual(chance * 1.001)
      if (units > 0) expect(chanceOfAtLeast(units, expected)).toBeGreaterThan(chance * 0.5)
    }
  expect(chanceOfAtLeast(2, 1)).toBeCloseTo(1 - 2 / Math.E)
})
