import fc from 'fast-check'
import { expect, test } from 'vitest'
import { hiddenShort, lentLevel, linesToLend, sharesOf } from './lending.ts'

const at = (minute: number) => new Date(Date.UTC(2026, 10, 22, 12, minute))
const rule = { most: 10, leave: 2 }
const lender = { fulfillable: 8, readAt: at(0), perHour: 0 }

test('what the channel keeps is not lent, and never more than allowed', () => {
  expect(lentLevel(rule, lender, [], at(0))).toEqual({ onHand: 6, free: 6 })
  expect(lentLevel({ most: 3, leave: 0 }, lender, [], at(0))).toEqual({ onHand: 3, free: 3 })
  expect(lentLevel(rule, { ...lender, fulfillable: 1 }, [], at(0))).toEqual({ onHand: 0, free: 0 })
})

test('a channel that sells fast lends less, the more the older its number is', () => {
  const fast = { ...lender, fulfillable: 100, perHour: 6 }
  const free = (now: Date) => lentLevel({ most: 100, leave: 0 }, fast, [], now).free
  expect(free(at(0))).toBeLessThan(95)
  expect(free(at(59))).toBeLessThan(free(at(0)))
})

test('units of an order are taken off until the channel has told a number that knows of it', () => {
  const order = { units: 4, acceptedAt: null }
  expect(lentLevel(rule, lender, [order], at(0))).toEqual({ onHand: 6, free: 2 })
  const accepted = { units: 4, acceptedAt: at(5) }
  expect(lentLevel(rule, { ...lender, readAt: at(10) }, [accepted], at(10)), 'its number may be older').toEqual({
    onHand: 6,
    free: 2,
  })
  expect(lentLevel(rule, { ...lender, fulfillable: 4, readAt: at(40) }, [accepted], at(40))).toEqual({
    onHand: 6,
    free: 2,
  })
})

test('the newest lines go to the channel, whole ones, and no more than it lends', () => {
  const line = (lineId: string, minute: number, units: number) => ({
    lineId,
    orderId: lineId,
    placedAt: at(minute),
    units,
  })
  const waiting = [line('a', 1, 1), line('b', 2, 2), line('c', 3, 1)]
  const ids = (lacking: number, there: number) => linesToLend(lacking, there, waiting).map((one) => one.lineId)
  expect(ids(0, 9)).toEqual([])
  expect(ids(1, 9)).toEqual(['c'])
  expect(ids(2, 9)).toEqual(['c', 'b'])
  expect(ids(4, 9)).toEqual(['c', 'b', 'a'])
  expect(ids(4, 2), 'one too large is left to another').toEqual(['c', 'a'])
  fc.assert(
    fc.property(
      fc.nat(20),
      fc.nat(20),
      fc.array(fc.record({ minute: fc.nat(59), units: fc.integer({ min: 1, max: 5 }) })),
      (lacking, there, drawn) => {
        const lines = drawn.map(({ minute, units }, index) => line(`l${index}`, minute, units))
        const units = linesToLend(lacking, there, lines).reduce((sum, one) => sum + one.units, 0)
        expect(units).toBeLessThanOrEqual(there)
        expect(units).toBeLessThan(lacking + 5)
      },
    ),
  )
})

const side = fc.record({
  shelf: fc.nat(9),
  free: fc.nat(9),
  stale: fc.nat(9),
  taken: fc.nat(9),
  leaving: fc.nat(9),
  doubted: fc.nat(9),
  mayBe: fc.nat(9),
  others: fc.nat(9),
})

test('marketplaces are raised on no more than shelves hold if all fails that the channel has not taken', () => {
  fc.assert(
    fc.property(side, ({ shelf, stale, others, ...rest }) => {
      const dispatched = rest.taken + rest.leaving + rest.doubted
      const held = rest.free + dispatched + stale
      const mayBe = Math.min(rest.mayBe, rest.free)
      const known = { ...rest, held, mayBe }
      const available = shelf + held - others - dispatched - mayBe
      const { stores, raisable, keepable } = sharesOf(available, known)
      expect(raisable).toBe(shelf - others - rest.leaving - rest.doubted - mayBe)
      expect(keepable, 'what a person must decide is needed here').toBe(shelf - others - rest.doubted)
      expect(keepable).toBeGreaterThanOrEqual(raisable)
      expect(stores, 'what no order waits for any more is on offer nowhere').toBe(available - stale)
      expect(hiddenShort(available, known)).toBe(Math.max(0, others - shelf - Math.max(0, -available)))
    }),
  )
})

test('what is carried by units that went is needed on our shelves', () => {
  const gone = { held: 1, free: 0, taken: 4, leaving: 0, doubted: 0, mayBe: 0 }
  // Three on our shelf and one there, four promised.
  expect(sharesOf(0, gone)).toEqual({ stores: 0, raisable: 0, keepable: 0 })
})
