import { expect, test } from 'vitest'
import type { DecidedOrder, KnownLine, KnownOrder } from './intake.ts'
import { lateEvents, slotSale } from './slot-sales.ts'

const placedAt = new Date('2026-11-22T08:00:00Z')
const order = (state: DecidedOrder['state'] = 'open') => ({ state, placedAt, fulfilledBy: 'merchant' }) as DecidedOrder
const line = (quantity: number, canceled = 0) => ({
  remoteId: '1',
  remoteSku: 'A',
  title: '',
  quantity,
  canceled,
  shipped: 0,
  unitPrice: null,
})
const before = (quantity: number, canceled = 0) => ({ quantity, canceled }) as KnownLine
const base = {
  order: order(),
  known: undefined,
  before: undefined,
  boundSales: 0,
  slotId: 's',
  knownUntil: null,
  isSure: true,
}
const canceledBefore = { state: 'canceled' } as KnownOrder

test.each([
  ['a new sale', { line: line(3) }, { quantity: 3, restocked: 0 }],
  ['a new sale of which a part was canceled', { line: line(3, 1) }, { quantity: 3, restocked: 1 }],
  ['first seen when it was canceled', { order: order('canceled'), line: line(2) }, { quantity: 2, restocked: 2 }],
  ['told by its checkout already', { line: line(2), boundSales: 2 }, null],
  ['one unit more than the checkout held', { line: line(3), boundSales: 2 }, { quantity: 1, restocked: 0 }],
  ['nothing new', { line: line(2, 1), before: before(2, 1) }, null],
  ['canceled in part', { line: line(3, 2), before: before(3, 1) }, { quantity: 0, restocked: 1 }],
  [
    'canceled as a whole, a part before',
    { order: order('canceled'), line: line(3, 1), before: before(3, 1) },
    { quantity: 0, restocked: 2 },
  ],
  [
    'canceled before as well',
    { order: order('canceled'), known: canceledBefore, line: line(3), before: before(3) },
    null,
  ],
  ['ordered more', { line: line(5), before: before(3) }, { quantity: 2, restocked: 0 }],
  ['ordered less', { line: line(1), before: before(3) }, { quantity: 0, restocked: 2 }],
  ['sold at no slot of ours', { line: line(3), slotId: null }, null],
])('%s', (_what, given, expected) => {
  const sale = slotSale({ ...base, ...given })
  expect(sale).toEqual(expected && { slotId: 's', placedAt, isSure: true, isLate: false, ...expected })
})

test('a sale placed before what is believed to be known is late', () => {
  expect(slotSale({ ...base, line: line(1), knownUntil: placedAt })?.isLate).toBe(true)
  expect(slotSale({ ...base, line: line(1), knownUntil: new Date(placedAt.getTime() - 1) })?.isLate).toBe(false)
})

test('a late sale is told to people, unless it lowered nothing there', () => {
  const knownUntil = new Date(placedAt.getTime() + 90_000)
  const late = slotSale({ ...base, line: line(2), knownUntil })!
  expect(lateEvents('o', line(2), late, knownUntil)).toEqual([
    { orderId: 'o', kind: 'late-sale', data: { line: '1', sku: 'A', quantity: 2, behindMs: 90_000 } },
  ])
  expect(lateEvents('o', line(2), { ...late, isSure: false }, knownUntil)).toEqual([])
  expect(lateEvents('o', line(2), { ...late, isLate: false }, knownUntil)).toEqual([])
  expect(lateEvents('o', line(2), { ...late, quantity: 0 }, knownUntil)).toEqual([])
})
