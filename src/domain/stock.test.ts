import fc from 'fast-check'
import { expect, test } from 'vitest'
import { available, emptyLevel, openStock, type PoolLevel } from './stock.ts'

const shelf = (onHand: number) => ({
  levels: new Map([['v', { ...emptyLevel, onHand }]]),
  places: new Map([['v', [{ locationId: 'main', onHand, unsellable: 0, allocated: 0 }]]]),
  promises: [],
})
const at = (n: number) => new Date(Date.UTC(2026, 0, 1) + n * 1_000)

test('an own decision never takes what is not there', () => {
  const stock = openStock(shelf(2))
  expect(stock.tryPromise({ id: 'a', variantId: 'v', promisedAt: at(1) }, 2, 'a')).toBe(true)
  expect(stock.tryPromise({ id: 'b', variantId: 'v', promisedAt: at(2) }, 1, 'b')).toBe(false)
  expect(stock.level('v')).toMatchObject({ reserved: 2, short: 0 })
})

test('a fact that finds too little is recorded as short, and restock serves the oldest first', () => {
  const stock = openStock(shelf(1))
  stock.promise({ id: 'late', variantId: 'v', promisedAt: at(9) }, 1, 'late')
  stock.promise({ id: 'early', variantId: 'v', promisedAt: at(1) }, 2, 'early')
  expect(stock.level('v')).toMatchObject({ reserved: 1, short: 2 })
  stock.adjust('receipt', 'v', 'main', { onHand: 1 }, 'truck')
  expect(stock.promiseOf('early')).toMatchObject({ short: 1 })
  stock.adjust('receipt', 'v', 'main', { onHand: 5 }, 'truck 2')
  expect(stock.level('v')).toMatchObject({ onHand: 7, reserved: 3, short: 0 })
})

test('a recount that finds less makes the latest promise short', () => {
  const stock = openStock(shelf(5))
  stock.promise({ id: 'first', variantId: 'v', promisedAt: at(1) }, 2, 'first')
  stock.promise({ id: 'second', variantId: 'v', promisedAt: at(2) }, 2, 'second')
  stock.adjust('adjustment', 'v', 'main', { onHand: -2 }, 'count')
  expect(stock.promiseOf('first')).toMatchObject({ short: 0 })
  expect(stock.promiseOf('second')).toMatchObject({ short: 1 })
})

test('shipping what the books do not hold books it as found, with its own line', () => {
  const stock = openStock(shelf(0))
  stock.promise({ id: 'a', variantId: 'v', promisedAt: at(1) }, 2, 'a')
  expect(stock.ship('a', 2, 'gone')).toEqual({ found: 2 })
  expect(stock.level('v')).toMatchObject({ onHand: 0, reserved: 0, short: 0 })
  expect(stock.change().movements.some((movement) => movement.note === 'shipped beyond the books')).toBe(true)
})

interface Step {
  kind: 'try' | 'promise' | 'release' | 'ship' | 'adjust' | 'unsellable'
  line: number
  quantity: number
}
const step = fc.record<Step>({
  kind: fc.constantFrom('try', 'promise', 'release', 'ship', 'adjust', 'unsellable'),
  line: fc.integer({ min: 0, max: 5 }),
  quantity: fc.integer({ min: 1, max: 6 }),
})

function play(stock: ReturnType<typeof openStock>, { kind, line, quantity }: Step, index: number) {
  const id = `line ${line}`
  const cause = `step ${index}`
  const promise = stock.promiseOf(id)
  const place = stock.place('v', 'main')
  if (kind === 'try' && !promise) stock.tryPromise({ id, variantId: 'v', promisedAt: at(index) }, quantity, cause)
  if (kind === 'promise') stock.promise({ id, variantId: 'v', promisedAt: at(index) }, quantity, cause)
  if (kind === 'release' && promise) stock.release(id, quantity, cause)
  if (kind === 'ship' && promise) stock.ship(id, quantity, cause)
  if (kind === 'adjust')
    stock.adjust('adjustment', 'v', 'main', { onHand: Math.max(3 - quantity, place.unsellable - place.onHand) }, cause)
  if (kind === 'unsellable' && place.onHand - place.unsellable >= quantity)
    stock.adjust('adjustment', 'v', 'main', { unsellable: quantity }, cause)
}

test('whatever happens, P-1 and P-3 hold and short units are never beside free ones', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 8 }), fc.array(step, { maxLength: 30 }), (onHand, steps) => {
      const stock = openStock(shelf(onHand))
      steps.forEach((one, index) => {
        play(stock, one, index)
        const level = stock.level('v')
        expect(available(level)).toBeGreaterThanOrEqual(0)
        expect(level.short === 0 || available(level) === 0).toBe(true)
      })
      const { movements, promises } = stock.change()
      const sum = movements.reduce<PoolLevel>(
        (total, one) => ({
          onHand: total.onHand + one.onHand,
          unsellable: total.unsellable + one.unsellable,
          reserved: total.reserved + one.reserved,
          allocated: total.allocated + one.allocated,
          short: total.short + one.short,
        }),
        { ...emptyLevel, onHand },
      )
      expect(sum).toEqual(stock.level('v'))
      const open = [...promises.values()].reduce(
        (total, one) => ({ quantity: total.quantity + one.quantity, short: total.short + one.short }),
        { quantity: 0, short: 0 },
      )
      expect({ reserved: open.quantity - open.short, short: open.short }).toEqual({
        reserved: stock.level('v').reserved,
        short: stock.level('v').short,
      })
    }),
    { numRuns: 2_000 },
  )
})
