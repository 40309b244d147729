import fc from 'fast-check'
import { expect, test } from 'vitest'
import { chanceOfAtLeast } from './demand.ts'
import { type HeldUnits, heldInAll, lendable } from './held-stock.ts'

const row = (more: Partial<HeldUnits>): HeldUnits => ({
  accountId: 'a',
  marketplace: 'US',
  remoteSku: 'CUP-FBA',
  unitsPerSale: 1,
  fulfillable: 10,
  inbound: 4,
  reserved: 2,
  unsellable: 1,
  ...more,
})

test('marketplaces of one account tell of the same units; SKUs and accounts add up; packs count their units', () => {
  expect(heldInAll([row({}), row({ marketplace: 'CA', fulfillable: 8, inbound: 6 })])).toEqual({
    fulfillable: 10,
    inbound: 6,
    reserved: 2,
    unsellable: 1,
  })
  expect(heldInAll([row({}), row({ remoteSku: 'CUP-2', unitsPerSale: 2, fulfillable: 3 })]).fulfillable).toBe(16)
  expect(heldInAll([row({}), row({ accountId: 'b' })]).fulfillable).toBe(20)
  expect(heldInAll([])).toEqual({ fulfillable: 0, inbound: 0, reserved: 0, unsellable: 0 })
})

test('lent is what the rule allows, less what the channel is left and what it sells meanwhile', () => {
  const quiet = { perHour: 0, hoursOld: 0.25, hoursToOrder: 0.1 }
  expect(lendable(10, { most: 5, leave: 0 }, quiet)).toBe(5)
  expect(lendable(10, { most: 50, leave: 3 }, quiet)).toBe(7)
  expect(lendable(2, { most: 50, leave: 3 }, quiet)).toBe(0)
  // Two an hour, half an hour: one is expected, and five in one case of a thousand.
  expect(lendable(10, { most: 50, leave: 3 }, { perHour: 2, hoursOld: 0.4, hoursToOrder: 0.1 })).toBe(2)
})

test('never more than the rule or the channel has; older and faster lends less; the chance holds', () => {
  const given = fc.record({
    fulfillable: fc.nat(200),
    most: fc.nat(100),
    leave: fc.nat(20),
    perHour: fc.double({ min: 0, max: 20, noNaN: true }),
    hours: fc.double({ min: 0, max: 2, noNaN: true }),
    more: fc.double({ min: 0, max: 2, noNaN: true }),
  })
  fc.assert(
    fc.property(given, ({ fulfillable, most, leave, perHour, hours, more }) => {
      const at = (old: number) => lendable(fulfillable, { most, leave }, { perHour, hoursOld: old, hoursToOrder: 0.1 })
      const lent = at(hours)
      expect(lent >= 0 && lent <= most && lent <= Math.max(0, fulfillable - leave)).toBe(true)
      expect(at(hours + more)).toBeLessThanOrEqual(lent)
      // Were more sold there than is left beside what is lent and left alone, the case is one of a thousand.
      if (lent > 0)
        expect(chanceOfAtLeast(fulfillable - leave - lent + 1, perHour * (hours + 0.1))).toBeLessThan(0.0011)
    }),
  )
})
