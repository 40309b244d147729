/**
 * A single-thread model of order intake to compare with, and an order book in memory that runs the real rules. The
 * model knows nothing of reservations or ledgers: it looks at the newest version of each order and adds up.
 */
import fc from 'fast-check'
import { type IntakePlan, type KnownOrder, type Mapping, planIntake } from '../../src/domain/intake.ts'
import type { IncomingOrder, OrderState } from '../../src/domain/orders.ts'
import { emptyLevel, openStock, type PoolLevel, type StockPromise } from '../../src/domain/stock.ts'

export interface Arrivals {
  onHand: Record<string, number>
  /** In the order in which they arrive: repeated, shuffled, late. */
  pages: IncomingOrder[][]
}

const skus = ['mug', 'lamp', 'bowl']

/** Histories that a channel could produce, by the states an order goes through. */
const histories: OrderState[][] = [
  ['pending', 'open'],
  ['pending', 'canceled'],
  ['pending', 'open', 'canceled'],
  ['pending', 'open', 'shipped'],
  ['open', 'partly_shipped', 'shipped'],
  ['canceled'],
  ['open'],
]

const history = fc.record({
  states: fc.constantFrom(...histories),
  lines: fc.array(fc.record({ sku: fc.constantFrom(...skus), quantity: fc.integer({ min: 1, max: 4 }) }), {
    minLength: 1,
    maxLength: 3,
  }),
  placed: fc.integer({ min: 0, max: 1_000 }),
  byChannel: fc.boolean(),
  /** Later versions sell fewer units (an edit). */
  edited: fc.boolean(),
})

/** Arrivals: every version at least once, in any order, some of them many times. */
export function arrivals(): fc.Arbitrary<Arrivals> {
  return fc
    .record({
      orders: fc.array(history, { minLength: 1, maxLength: 6 }),
      stock: fc.tuple(...skus.map(() => fc.integer({ min: 0, max: 12 }))),
      repeats: fc.array(fc.nat(), { maxLength: 8 }),
      order: fc.infiniteStream(fc.nat()),
      pageSize: fc.integer({ min: 1, max: 5 }),
    })
    .map(({ orders, stock, repeats, order, pageSize }) => {
      const versions = orders.flatMap((one, index) => one.states.map((state, step) => version(one, index, state, step)))
      const all = [...versions, ...repeats.map((n) => versions[n % versions.length]!)]
      const keys = all.map(() => order.next().value as number)
      const shuffled = all
        .map((one, index) => ({ one, key: keys[index]! }))
        .sort((a, b) => a.key - b.key)
        .map(({ one }) => one)
      const pages: IncomingOrder[][] = []
      for (let from = 0; from < shuffled.length; from += pageSize) pages.push(shuffled.slice(from, from + pageSize))
      return { onHand: Object.fromEntries(skus.map((sku, index) => [sku, stock[index]!])), pages }
    })
}

type History = {
  states: OrderState[]
  lines: { sku: string; quantity: number }[]
  placed: number
  byChannel: boolean
  edited: boolean
}

function version(one: History, index: number, state: OrderState, step: number): IncomingOrder {
  const lines = one.lines.map(({ sku, quantity }, n) => ({
    remoteId: `${index}-${n}`,
    remoteSku: sku,
    title: sku,
    quantity: one.edited && step > 0 ? Math.max(1, quantity - 1) : quantity,
    shipped: state === 'partly_shipped' && n === 0 ? 1 : 0,
    canceled: 0,
    unitPrice: 100,
  }))
  return {
    remoteId: `order-${index}`,
    placedAt: new Date((10_000 + one.placed) * 1_000),
    updatedAt: new Date((20_000 + one.placed + step) * 1_000),
    state,
    fulfilledBy: one.byChannel ? 'channel' : 'merchant',
    marketplace: null,
    currency: 'USD',
    total: null,
    shipBy: null,
    deliverBy: null,
    lines,
    buyer: null,
    raw: null,
  }
}

/** What must be there at the end, by SKU: only the newest version of each order counts. */
export function expectedStock({
  onHand,
  pages,
}: Arrivals): Record<string, { onHand: number; promised: number; short: number }> {
  const newest = new Map<string, IncomingOrder>()
  for (const order of pages.flat()) {
    const seen = newest.get(order.remoteId)
    if (!seen || order.updatedAt > seen.updatedAt) newest.set(order.remoteId, order)
  }
  // Goods shipped although a newer version is canceled cannot happen in these histories, so shipped = the newest's.
  const result = Object.fromEntries(
    Object.entries(onHand).map(([sku, units]) => [sku, { onHand: units, promised: 0, short: 0 }]),
  )
  for (const order of newest.values()) {
    if (order.fulfilledBy === 'channel') continue
    for (const line of order.lines) {
      const own = result[line.remoteSku!]!
      const shipped = order.state === 'shipped' ? line.quantity : Math.min(line.shipped, line.quantity)
      own.onHand -= shipped
      if (order.state !== 'canceled') own.promised += line.quantity - shipped
    }
  }
  for (const own of Object.values(result)) {
    // Shipped beyond the books: the goods were there, the count was wrong.
    own.onHand = Math.max(0, own.onHand)
    own.short = Math.max(0, own.promised - own.onHand)
  }
  return result
}

/** The real rules over maps instead of tables. */
export function memoryBook(onHand: Record<string, number>, options: { openedAt?: Date } = {}) {
  let next = 0
  const newId = () => `id-${String((next += 1)).padStart(6, '0')}`
  const levels = new Map<string, PoolLevel>(
    Object.entries(onHand).map(([sku, units]) => [sku, { ...emptyLevel, onHand: units }]),
  )
  const promises = new Map<string, StockPromise>()
  const known = new Map<string, KnownOrder>()
  const mappings = new Map<string, Mapping>(
    Object.keys(onHand).map((sku) => [
      sku,
      { variantId: sku, unitsPerSale: 1, slotId: `slot ${sku}`, fulfilledBy: 'merchant' },
    ]),
  )
  return {
    level: (sku: string) => levels.get(sku)!,
    orders: () => known.size,
    take(orders: readonly IncomingOrder[]): IntakePlan {
      const places = new Map(
        [...levels].map(([sku, level]) => [
          sku,
          [{ locationId: 'main', onHand: level.onHand, unsellable: 0, allocated: 0 }],
        ]),
      )
      const stock = openStock({ levels, places, promises: [...promises.values()] })
      const plan = planIntake(
        {
          orders,
          known,
          mappings,
          kits: new Map(),
          held: new Map(),
          openedAt: options.openedAt ?? new Date(0),
          knownUntil: null,
          lowersItself: true,
          now: new Date(0),
          newId,
        },
        stock,
      )
      const change = stock.change()
      for (const [sku, level] of change.levels) levels.set(sku, level)
      for (const [id, promise] of change.promises) promises.set(id, promise)
      for (const { id, order, beforeOpening } of plan.orders) {
        const lines = plan.lines.filter((line) => line.orderId === id)
        known.set(order.remoteId, {
          id,
          remoteId: order.remoteId,
          updatedAt: order.updatedAt,
          state: order.state,
          fulfilledBy: order.fulfilledBy,
          beforeOpening,
          lines,
        })
      }
      return plan
    },
  }
}
