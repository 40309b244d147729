import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { patienceMs, printCount, storeHistories } from '../../test/support/iterations.ts'
import { type Step, StoreWorld } from '../../test/support/store-world.ts'
import { claimMoved, claimRead, claimSettled, unknownClaim } from './claims.ts'
import { judgeStore, type KnownStep, restockedStep, type StoreReading, soldStep } from './store-changes.ts'

const marginMs = 10
const basis = { available: 10, committed: 0, booked: 0 }
const times = { marginMs, ordersUntil: 0, now: 10_000 }
const reading = (available: number, more: Partial<StoreReading> = {}): StoreReading => ({
  available,
  committed: 0,
  since: 1_000,
  at: 1_005,
  changedAt: null,
  ...more,
})
const write = (units: number, from: number, until: number, isSure = true): KnownStep => ({
  kind: 'write',
  units,
  from,
  until,
  isSure,
})

describe('what nobody told us', () => {
  test('is the difference of two readings, less our writes and the store’s orders', () => {
    expect(judgeStore(basis, reading(15), [], times)).toEqual({ kind: 'certain', change: 5, isUnclear: false })
    const steps = [write(-3, 100, 120), soldStep(2, 500, marginMs), restockedStep(1, 300, 700, marginMs)]
    expect(judgeStore(basis, reading(6), steps, times)).toEqual({ kind: 'certain', change: 0, isUnclear: false })
    expect(judgeStore(basis, reading(9), steps, times)).toMatchObject({ kind: 'certain', change: 3 })
  })

  test('leaves out what lies behind the reading', () => {
    const steps = [soldStep(2, 1_016, marginMs), write(-4, 1_006, 1_010)]
    expect(judgeStore(basis, reading(10), steps, times)).toEqual({ kind: 'certain', change: 0, isUnclear: false })
  })

  test('a sale that was learned late is given back where it was booked as gone', () => {
    expect(judgeStore(basis, reading(10), [soldStep(2, 200, marginMs)], times)).toMatchObject({ change: 2 })
  })
})

describe('a store that is looked at, not compared', () => {
  /** From 10 to 7; looked at and answered within the same second. */
  const looked = { ...write(-3, 500, 520), isAbsolute: true, there: [{ from: 500, until: 510 }] }
  const sale = (placedAt: number, takenBy?: number | null) => soldStep(2, placedAt, marginMs, takenBy)

  test('a sale between the look and the write is off the number no more, and is no change', () => {
    expect(judgeStore(basis, reading(7), [looked, sale(505)], times)).toMatchObject({ change: 0, isUnclear: false })
    // Or it came after the write.
    expect(judgeStore(basis, reading(5), [looked, sale(505)], times)).toMatchObject({ change: 0, isUnclear: false })
    expect(judgeStore(basis, reading(12), [looked, sale(505)], times)).toEqual({
      kind: 'certain',
      change: 5,
      isUnclear: true,
    })
  })

  test('one that lies elsewhere by the store’s own clock counts as any', () => {
    const far = { ...looked, there: [{ from: -99_000, until: -98_000 }] }
    expect(judgeStore(basis, reading(12), [far, sale(505)], times)).toMatchObject({ change: 7, isUnclear: false })
    const compared = write(-3, 500, 520)
    expect(judgeStore(basis, reading(7), [compared, sale(505)], times)).toMatchObject({ change: 2, isUnclear: false })
  })

  test('a sale that the store takes off once it is paid lasts until then', () => {
    const unpaid = [sale(100, null)]
    expect(judgeStore(basis, reading(10), unpaid, times)).toEqual({ kind: 'open', change: 0, why: 'under_way' })
    expect(judgeStore(basis, reading(13), unpaid, times)).toEqual({ kind: 'open', change: 3, why: 'under_way' })
    expect(judgeStore(basis, reading(8), [sale(100, 600)], times)).toMatchObject({ kind: 'certain', change: 0 })
    expect(judgeStore(basis, reading(8), [sale(100, 2_000)], times)).toMatchObject({ kind: 'open' })
    // It leaves the number at one of its ends: a write in between does not meet it.
    const late = { ...reading(10), since: 200_000, at: 200_005 }
    const steps = [looked, sale(-90_000, 90_000)]
    expect(judgeStore(basis, late, steps, times)).toEqual({ kind: 'certain', change: 5, isUnclear: false })
  })
})

describe('what is not certain', () => {
  test('a write without an answer that replaced nothing shown may have replaced less than nothing', () => {
    const sold = soldStep(12, 100, marginMs)
    const lost = { ...write(5, 300, 400, false), isFromZero: true }
    expect(judgeStore(basis, reading(5), [sold, lost], times)).toMatchObject({ change: 0, isUnclear: false })
    expect(judgeStore(basis, reading(-2), [sold, lost], times)).toMatchObject({ change: 0, isUnclear: false })
    expect(judgeStore(basis, reading(9), [sold, lost], times)).toMatchObject({ change: 4, isUnclear: true })
  })

  test('a sale about the moment of the reading: only what holds either way is booked', () => {
    const steps = [soldStep(2, 1_000, marginMs)]
    expect(judgeStore(basis, reading(8), steps, times)).toEqual({ kind: 'open', change: 0, why: 'under_way' })
    expect(judgeStore(basis, reading(10), steps, times)).toEqual({ kind: 'open', change: 0, why: 'under_way' })
    expect(judgeStore(basis, reading(60), steps, times)).toEqual({ kind: 'open', change: 50, why: 'under_way' })
    expect(judgeStore(basis, reading(3), steps, times)).toEqual({ kind: 'open', change: -5, why: 'under_way' })
    const after = { ...basis, booked: 50 }
    expect(judgeStore(after, reading(60), steps, times)).toMatchObject({ kind: 'open', change: 0 })
  })

  test('a write under way', () => {
    expect(judgeStore(basis, reading(6), [write(-4, 900, 2_000, false)], times)).toMatchObject({
      kind: 'open',
      change: 0,
    })
  })

  test('a write without an answer: the way that leaves nobody’s change is believed', () => {
    const lost = [write(-4, 100, 900, false)]
    expect(judgeStore(basis, reading(6), lost, times)).toEqual({ kind: 'certain', change: 0, isUnclear: false })
    expect(judgeStore(basis, reading(10), lost, times)).toEqual({ kind: 'certain', change: 0, isUnclear: false })
    // It came to 12 by 2 or by 6 units: the lower level counts, and is said to be unclear.
    expect(judgeStore(basis, reading(12), lost, times)).toEqual({ kind: 'certain', change: 2, isUnclear: true })
    const still = reading(12, { changedAt: 50 })
    expect(judgeStore(basis, still, lost, times)).toEqual({ kind: 'certain', change: 2, isUnclear: false })
  })

  test('… but not where a part of a change is booked: somebody did touch it', () => {
    const lost = [write(1, 100, 900, false)]
    const after = { ...basis, booked: -2 }
    expect(judgeStore(after, reading(8), lost, times)).toEqual({ kind: 'certain', change: -1, isUnclear: true })
  })

  test('units that the store committed to an order that is not there yet are waited for, not booked', () => {
    const coming = { ...times, ordersUntil: 20_000 }
    const seen = reading(5, { committed: 3 })
    expect(judgeStore(basis, seen, [], coming)).toEqual({ kind: 'open', change: -2, why: 'order_coming' })
    expect(judgeStore(basis, seen, [soldStep(3, 100, marginMs)], coming)).toMatchObject({ kind: 'certain', change: -2 })
    expect(judgeStore(basis, seen, [], { ...coming, now: 20_000 })).toMatchObject({ kind: 'certain', change: -5 })
  })
})

describe('the claim of the store’s slot', () => {
  const slot = { ...unknownClaim, claim: 7 }
  const at = { since: 1_000, soldSince: 0 }

  test('units that came may be sold there at once; those that went may not', () => {
    expect(claimMoved(slot, 5, { ...at, shown: 12 }).claim).toBe(12)
    expect(claimMoved(slot, -2, { ...at, shown: 5 }).claim).toBe(5)
    expect(claimMoved(unknownClaim, -2, { ...at, shown: 5 }).claim).toBeNull()
  })

  test('what a reading took already is not taken twice', () => {
    const read = claimSettled(claimRead(slot, 5, 1_000, 1_005), 5_000, { marginMs, staleMs: 0, lifeMs: 0 })
    expect(read.claim).toBe(5)
    expect(claimMoved(read, -2, { ...at, shown: 5 }).claim).toBe(5)
    expect(claimMoved({ ...read, claim: 4 }, -2, { ...at, shown: 5, soldSince: 1 }).claim).toBe(4)
  })
})

const few = fc.integer({ min: 1, max: 4 })
const step: fc.Arbitrary<Step> = fc.oneof(
  { weight: 3, arbitrary: fc.record({ op: fc.constant('edit' as const), units: fc.integer({ min: -4, max: 6 }) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('till' as const), units: few }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('order' as const),
      units: few,
      skew: fc.integer({ min: -2_000, max: 2_000 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('cancel' as const), pick: fc.nat(5) }) },
  { weight: 1, arbitrary: fc.record({ op: fc.constant('ship' as const), pick: fc.nat(5) }) },
  { weight: 2, arbitrary: fc.record({ op: fc.constant('elsewhere' as const), units: few }) },
  {
    weight: 4,
    arbitrary: fc.record({
      op: fc.constant('write' as const),
      want: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 16 })),
      fate: fc.constantFrom(
        'answered' as const,
        'answered' as const,
        'lost' as const,
        'vanished' as const,
        'late' as const,
      ),
      between: fc.constantFrom(0, 1, 2),
    }),
  },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('orders' as const) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('read' as const), slowMs: fc.constantFrom(0, 200, 4_000) }) },
  { weight: 4, arbitrary: fc.record({ op: fc.constant('judge' as const) }) },
  {
    weight: 5,
    arbitrary: fc.record({
      op: fc.constant('pass' as const),
      ms: fc.constantFrom(100, 3_000, 30_000, 120_000, 1_000_000),
    }),
  },
)

test.each([
  ['a store that compares', true],
  ['one that is looked at before each write', false],
] as const)(
  'in any history of %s the level is its truth once all is quiet, and before never higher than what is under way',
  (_, compares) => {
    const ends = { exact: 0, unclear: 0, coincided: 0, booked: 0, between: 0 }
    const run = fc.property(fc.nat(12), fc.nat(8), fc.array(step, { maxLength: 60 }), (units, elsewhere, steps) => {
      const world = new StoreWorld(units, elsewhere, compares)
      for (const one of steps) {
        world.run(one)
        // Nobody can tell an edit of the very same units from a lost write, and none that was written over (docs).
        world.coincided ||= world.overwrote
        if (world.coincided) break
        expect(world.level - world.truth).toBeLessThanOrEqual(world.underWay())
        if (world.slot.claim !== null && !world.slot.alarm)
          expect(Math.max(0, world.available) + world.unseen()).toBeLessThanOrEqual(world.slot.claim + world.comingUp())
      }
      if (!world.coincided) world.rest()
      world.coincided ||= world.overwrote
      ends.between += world.overwritten
      ends.booked += world.verdicts.filter((one) => one.change !== 0).length
      if (world.coincided) {
        ends.coincided += 1
        return
      }
      expect(world.level).toBeLessThanOrEqual(world.truth)
      if (world.wasUnclear) ends.unclear += 1
      else {
        expect(world.level).toBe(world.truth)
        // No unit stays bound that nobody can sell.
        if (!world.slot.alarm) expect(world.slot.claim).toBe(Math.max(0, world.available))
        ends.exact += 1
      }
    })
    const numRuns = storeHistories
    fc.assert(run, { numRuns, seed: 22 })
    const { exact, unclear, coincided, booked, between } = ends
    printCount(`store changes (${compares ? 'compared' : 'looked at'}): ${numRuns} histories`, exact)
    if (!compares) expect(between).toBeGreaterThan(numRuns / 30)
    expect(booked).toBeGreaterThan(numRuns / 4)
    expect(coincided + unclear).toBeLessThan(numRuns / 4)
  },
  patienceMs,
)
