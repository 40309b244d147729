/** S13: a count and the orders around it end in the same levels, whichever is learned first. */
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { settleCount } from './counts.ts'
import { type IntakeInput, type KnownOrder, planIntake } from './intake.ts'
import type { IncomingOrder, OrderState } from './orders.ts'
import { emptyLevel, type Movement, openStock, type PlaceLevel, type PoolLevel, type StockPromise } from './stock.ts'

const countedAt = new Date(50_000)
const variantId = 'mug'

interface Order {
  placed: number
  left: number
  state: OrderState
  quantity: number
  /** It was delivered as an open order before. */
  seenOpen: boolean
}

const order = fc.record({
  placed: fc.integer({ min: 0, max: 90 }),
  left: fc.integer({ min: 0, max: 90 }),
  state: fc.constantFrom<OrderState>('open', 'pending', 'shipped', 'canceled'),
  quantity: fc.integer({ min: 1, max: 5 }),
  seenOpen: fc.boolean(),
})

/** The versions in which the order is delivered. */
const versions = (one: Order, index: number): IncomingOrder[] =>
  one.state === 'shipped' && one.seenOpen
    ? [incoming({ ...one, state: 'open', left: 0 }, index), incoming(one, index)]
    : [incoming(one, index)]

const incoming = (one: Order, index: number): IncomingOrder => ({
  remoteId: `order-${index}`,
  placedAt: new Date(one.placed * 1_000),
  updatedAt: new Date(Math.max(one.placed, one.left) * 1_000),
  state: one.state,
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: null,
  total: null,
  shipBy: null,
  deliverBy: null,
  lines: [
    { remoteId: '1', remoteSku: 'mug', title: '', quantity: one.quantity, shipped: 0, canceled: 0, unitPrice: null },
  ],
  buyer: null,
  raw: null,
})

/** The rules over one variant at two locations, with its ledger. */
function book(openedAt: Date) {
  let next = 0
  const newId = () => `id-${(next += 1)}`
  let level: PoolLevel = { ...emptyLevel }
  let places: PlaceLevel[] = ['a', 'b'].map((locationId) => ({ locationId, onHand: 0, unsellable: 0, allocated: 0 }))
  const promises = new Map<string, StockPromise>()
  const known = new Map<string, KnownOrder>()
  const leftAt = new Map<string, Date>()
  const ledger: Movement[] = []
  let counted: Date | undefined
  const open = () =>
    openStock({
      levels: new Map([[variantId, level]]),
      places: new Map([[variantId, places]]),
      promises: [...promises.values()],
    })
  const save = (stock: ReturnType<typeof open>) => {
    const change = stock.change()
    level = { ...(change.levels.get(variantId) ?? level) }
    places = change.places.get(variantId) ?? places
    for (const [id, promise] of change.promises) promises.set(id, promise)
    ledger.push(...change.movements)
  }
  return {
    level: () => ({ ...level, places: places.map((place) => place.onHand) }),
    take(orders: IncomingOrder[]) {
      const stock = open()
      const input: IntakeInput = {
        orders,
        known,
        mappings: new Map([['mug', { variantId, unitsPerSale: 1, slotId: null, fulfilledBy: 'merchant' }]]),
        kits: new Map(),
        knownUntil: null,
        lowersItself: true,
        held: new Map(),
        openedAt,
        ...(counted ? { countedAt: new Map([[variantId, counted]]) } : {}),
        now: new Date(100_000),
        newId,
      }
      const plan = planIntake(input, stock)
      save(stock)
      for (const one of plan.orders) {
        leftAt.set(one.id, one.leftAt)
        const lines = plan.lines.filter((line) => line.orderId === one.id)
        const { remoteId, updatedAt, state, fulfilledBy } = one.order
        known.set(remoteId, {
          id: one.id,
          remoteId,
          updatedAt,
          state,
          fulfilledBy,
          beforeOpening: one.beforeOpening,
          lines,
        })
      }
    },
    /** What operations/count-stock.ts does with tables. */
    count(units: readonly number[]) {
      const moved = (locationId: string) =>
        ledger
          .filter((one) => one.locationId === locationId && one.onHand !== 0 && !/^count:|:found$/.test(one.cause))
          .filter((one) => (one.effectiveAt ?? countedAt) >= countedAt)
          .reduce((sum, one) => sum - one.onHand, 0)
      const settled = settleCount(
        places.map((place, n) => ({ counted: units[n]!, shipped: moved(place.locationId), other: 0, floor: 0 })),
      )
      const stock = open()
      const steps = places.map((place, n) => ({ place, delta: settled[n]! - place.onHand }))
      for (const { place, delta } of [...steps].sort((a, b) => b.delta - a.delta))
        stock.adjust(
          'adjustment',
          variantId,
          place.locationId,
          { onHand: delta },
          `count:${place.locationId}`,
          'count',
          countedAt,
        )
      for (const one of known.values()) {
        const left = leftAt.get(one.id)!
        const line = one.lines[0]!
        if (!one.beforeOpening || line.shippedUnits > 0 || left < countedAt) continue
        const id = newId()
        stock.promise({ id, variantId, promisedAt: new Date(0) }, line.quantity, `line:${line.id}:count:promise`)
        stock.ship(id, line.quantity, `line:${line.id}:count:ship`, left)
        line.shippedUnits = line.quantity
      }
      save(stock)
      counted = countedAt
    },
  }
}

test('orders first, count first or in between: the same levels', () => {
  let moved = 0
  fc.assert(
    fc.property(
      fc.array(order, { minLength: 1, maxLength: 8 }),
      fc.tuple(fc.integer({ min: 0, max: 12 }), fc.integer({ min: 0, max: 12 })),
      fc.nat(),
      fc.infiniteStream(fc.nat()),
      fc.constantFrom(new Date(0), new Date(60_000)),
      (orders, units, when, shuffle, openedAt) => {
        const pages = orders.flatMap(versions).map((one) => [one])
        const keys = pages.map(() => shuffle.next().value as number)
        const shuffled = pages.map((page, n) => ({ page, key: keys[n]! })).sort((a, b) => a.key - b.key)
        const first = book(openedAt)
        first.count(units)
        for (const page of pages) first.take(page)
        const other = book(openedAt)
        const at = when % (pages.length + 1)
        shuffled.forEach(({ page }, n) => {
          if (n === at) other.count(units)
          other.take(page)
        })
        if (at === pages.length) other.count(units)
        expect(other.level()).toEqual(first.level())

        // And they are right: what left since the count is off the shelf, what is open is promised.
        const left = orders.filter((one) => one.state === 'shipped' && Math.max(one.placed, one.left) >= 50)
        const sold = orders.filter((one) => one.state === 'open' || one.state === 'pending')
        const sum = (list: Order[]) => list.reduce((total, one) => total + one.quantity, 0)
        const onHand = Math.max(0, units[0] + units[1] - sum(left))
        expect(first.level()).toMatchObject({ onHand, reserved: Math.min(onHand, sum(sold)) })
        if (left.length > 0) moved += 1
      },
    ),
    { numRuns: 2_000 },
  )
  expect(moved).toBeGreaterThan(200)
})

test('what left is drawn from the shelves in order, and what no shelf can give was found', () => {
  const place = { counted: 5, shipped: 0, other: 0, floor: 0 }
  expect(settleCount([{ ...place, shipped: 7 }, place])).toEqual([0, 3])
  expect(settleCount([place, { ...place, shipped: 4 }])).toEqual([1, 5])
  expect(settleCount([{ ...place, shipped: 12 }, place])).toEqual([0, 0])
  expect(settleCount([{ ...place, shipped: 4, floor: 3 }, place])).toEqual([3, 3])
  expect(settleCount([{ ...place, other: 2 }])).toEqual([7])
})
