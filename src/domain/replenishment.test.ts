import fc from 'fast-check'
import { expect, test } from 'vitest'
import { coverOf, proposals, type Shortfall } from './replenishment.ts'
import { openStock } from './stock.ts'

const row = (more: Partial<Shortfall>): Shortfall => ({
  variantId: 'cup',
  sourceId: 'main',
  local: 0,
  incoming: 0,
  minimum: 5,
  maximum: 20,
  central: 100,
  spare: 1_000,
  ...more,
})

test('up to the maximum, what is on its way counted, and only below the minimum', () => {
  expect(proposals([row({ local: 4 })])).toEqual([16])
  expect(proposals([row({ local: 5 })])).toEqual([0])
  expect(proposals([row({ local: 1, incoming: 3 })])).toEqual([16])
  expect(proposals([row({ local: 1, incoming: 4 })])).toEqual([0])
})

test('never more than the source has, nor than no order waits for', () => {
  expect(proposals([row({ central: 7 })])).toEqual([7])
  expect(proposals([row({ spare: 3 })])).toEqual([3])
  expect(proposals([row({ spare: -3 })])).toEqual([0])
})

test('of several that one source fills the emptiest comes first, and nothing is given twice', () => {
  const shops = [row({ local: 4, central: 25 }), row({ local: 1, central: 25 }), row({ local: 5, central: 25 })]
  expect(proposals(shops)).toEqual([6, 19, 0])
  // Two sources of one variant share what no order waits for.
  expect(proposals([row({ spare: 25 }), row({ spare: 25, sourceId: 'east', local: 1 })])).toEqual([20, 5])
  // Variants do not.
  expect(proposals([row({ spare: 20 }), row({ spare: 20, variantId: 'pot' })])).toEqual([20, 20])
})

test('proposals never take more from a shelf or a variant than is there, and never fill beyond a maximum', () => {
  const some = fc.record({
    variantId: fc.constantFrom('cup', 'pot'),
    sourceId: fc.constantFrom('main', 'east'),
    local: fc.nat(30),
    incoming: fc.nat(10),
    minimum: fc.nat(30),
    range: fc.nat(30),
  })
  const there = fc.record({ central: fc.nat(60), spare: fc.integer({ min: -10, max: 80 }) })
  fc.assert(
    fc.property(fc.array(some, { maxLength: 8 }), fc.array(there, { minLength: 4, maxLength: 4 }), (given, shelves) => {
      const shelf = (variantId: string, sourceId: string) =>
        shelves[(variantId === 'cup' ? 0 : 2) + (sourceId === 'main' ? 0 : 1)]!
      const rows = given.map(({ range, ...one }): Shortfall => {
        const { central } = shelf(one.variantId, one.sourceId)
        const { spare } = shelf(one.variantId, 'main')
        return { ...one, maximum: one.minimum + range, central, spare }
      })
      const units = proposals(rows)
      const sum = (fits: (one: Shortfall) => boolean) =>
        rows.reduce((all, one, index) => all + (fits(one) ? units[index]! : 0), 0)
      for (const variantId of ['cup', 'pot']) {
        expect(sum((one) => one.variantId === variantId)).toBeLessThanOrEqual(
          Math.max(0, shelf(variantId, 'main').spare),
        )
        for (const sourceId of ['main', 'east'])
          expect(sum((one) => one.variantId === variantId && one.sourceId === sourceId)).toBeLessThanOrEqual(
            shelf(variantId, sourceId).central,
          )
      }
      rows.forEach((one, index) => {
        expect(units[index]! >= 0 && Number.isInteger(units[index])).toBe(true)
        if (units[index]! > 0) expect(one.local + one.incoming + units[index]!).toBeLessThanOrEqual(one.maximum)
      })
    }),
  )
})

/** What a person, a truck or an order does to the shelves. */
const step = fc.oneof(
  fc.record({
    kind: fc.constant('move' as const),
    from: fc.nat(3),
    to: fc.nat(3),
    units: fc.integer({ min: 1, max: 9 }),
  }),
  fc.record({ kind: fc.constant('receipt' as const), to: fc.nat(2), units: fc.integer({ min: 1, max: 9 }) }),
  fc.record({ kind: fc.constant('sale' as const), units: fc.integer({ min: 1, max: 9 }) }),
)

test('a transfer neither makes nor loses a unit, whatever is sold, received or promised beside it', () => {
  const ids = ['main', 'east', 'shop', 'transit']
  fc.assert(
    fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
      const stock = openStock({
        levels: new Map(),
        places: new Map([['cup', ids.map((locationId) => ({ locationId, onHand: 0, unsellable: 0, allocated: 0 }))]]),
        promises: [],
      })
      const shelves = () => ids.reduce((sum, id) => sum + stock.place('cup', id).onHand, 0)
      let there = 0
      steps.forEach((one, n) => {
        const cause = String(n)
        if (one.kind === 'move') {
          const [from, to] = [ids[one.from]!, ids[one.to]!]
          const before = { ...stock.level('cup') }
          const units = Math.min(one.units, stock.place('cup', from).onHand)
          if (units === 0 || from === to) return
          stock.transfer('cup', from, to, units, cause)
          expect(stock.level('cup')).toEqual(before)
        } else if (one.kind === 'receipt') {
          stock.adjust('receipt', 'cup', ids[one.to]!, { onHand: one.units }, cause)
          there += one.units
        } else {
          const line = { id: `sale ${n}`, variantId: 'cup', promisedAt: new Date(n) }
          stock.promise(line, one.units, `${cause} promise`)
          // Shipped as far as the books hold it: what is found beyond is a receipt of its own.
          const { found } = stock.ship(line.id, one.units, `${cause} ship`)
          there += found - one.units
        }
        expect([shelves(), stock.level('cup').onHand]).toEqual([there, there])
      })
      // The ledger says the same, place by place.
      for (const id of ids) {
        const moved = stock.change().movements.filter((one) => one.locationId === id)
        expect(moved.reduce((sum, one) => sum + one.onHand, 0)).toBe(stock.place('cup', id).onHand)
      }
    }),
  )
})

test('more than lies there does not leave', () => {
  const place = { locationId: 'main', onHand: 5, unsellable: 1, allocated: 2 }
  const level = { onHand: 5, unsellable: 1, reserved: 0, allocated: 2, short: 0 }
  const stock = openStock({ levels: new Map([['cup', level]]), places: new Map([['cup', [place]]]), promises: [] })
  expect(() => stock.transfer('cup', 'main', 'shop', 3, 'a')).toThrow('cannot leave main')
  stock.transfer('cup', 'main', 'shop', 2, 'b')
  expect([stock.place('cup', 'main').onHand, stock.place('cup', 'shop').onHand]).toEqual([3, 2])
})

test('cover counts full days, and the last day to order leaves the supplier his time', () => {
  const now = new Date('2026-11-22T08:00:00Z')
  expect(coverOf(20, 1.9, 7, now)).toEqual({ days: 10, runsOutOn: '2026-12-02', reorderBy: '2026-11-25', isDue: false })
  expect(coverOf(20, 1.9, 10, now)).toMatchObject({ reorderBy: '2026-11-22', isDue: true })
  expect(coverOf(20, 1.9, 30, now)).toMatchObject({ reorderBy: '2026-11-02', isDue: true })
  expect(coverOf(20, 1.9, null, now)).toMatchObject({ days: 10, reorderBy: null, isDue: false })
  expect(coverOf(0, 0, 30, now)).toEqual({ days: null, runsOutOn: null, reorderBy: null, isDue: false })
  expect(coverOf(-4, 2, 0, now)).toMatchObject({ days: 0, runsOutOn: '2026-11-22', isDue: true })
  expect(coverOf(1_000_000, 0.01, 30, now)).toMatchObject({ days: 10_000, runsOutOn: null, reorderBy: null })
})
