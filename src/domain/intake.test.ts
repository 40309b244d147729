import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Arrivals, arrivals, expectedStock, memoryBook } from '../../test/support/intake-model.ts'
import { intakeInterleavings, printCount } from '../../test/support/iterations.ts'
import type { IncomingOrder } from './orders.ts'

const order = (more: Partial<IncomingOrder> & { at: number }): IncomingOrder => ({
  remoteId: 'A',
  placedAt: new Date(1_000),
  state: 'open',
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: null,
  total: null,
  shipBy: null,
  deliverBy: null,
  buyer: null,
  raw: null,
  updatedAt: new Date(more.at * 1_000),
  lines: [{ remoteId: '1', remoteSku: 'mug', title: '', quantity: 2, shipped: 0, canceled: 0, unitPrice: null }],
  ...more,
})

test('pending reserves, cancellation releases', () => {
  const book = memoryBook({ mug: 5 })
  book.take([order({ at: 1, state: 'pending' })])
  expect(book.level('mug')).toMatchObject({ reserved: 2 })
  book.take([order({ at: 2, state: 'canceled' })])
  expect(book.level('mug')).toMatchObject({ reserved: 0, onHand: 5 })
})

test('a cancellation before its order leaves nothing reserved, whatever comes later', () => {
  const book = memoryBook({ mug: 5 })
  book.take([order({ at: 2, state: 'canceled' })])
  book.take([order({ at: 1, state: 'pending' })])
  expect(book.level('mug')).toMatchObject({ reserved: 0 })
})

test('of two versions with one time stamp the one further along wins', () => {
  const book = memoryBook({ mug: 5 })
  book.take([order({ at: 1, state: 'canceled' })])
  book.take([order({ at: 1, state: 'open' })])
  expect(book.level('mug')).toMatchObject({ reserved: 0 })
})

test('lines fulfilled by the channel are recorded and touch nothing', () => {
  const book = memoryBook({ mug: 5 })
  const plan = book.take([order({ at: 1, fulfilledBy: 'channel' })])
  expect(plan.lines).toHaveLength(1)
  expect(book.level('mug')).toMatchObject({ reserved: 0, onHand: 5 })
})

test('an order with an unknown SKU is kept and told of', () => {
  const book = memoryBook({ mug: 5 })
  const lines = [
    { remoteId: '1', remoteSku: 'nobody knows', title: '', quantity: 1, shipped: 0, canceled: 0, unitPrice: null },
  ]
  const plan = book.take([order({ at: 1, lines })])
  expect(plan.orders).toHaveLength(1)
  expect(plan.events.map((event) => event.kind)).toContain('unknown-sku')
})

test('two lines of one SKU both hold their units', () => {
  const book = memoryBook({ mug: 5 })
  const line = { remoteSku: 'mug', title: '', quantity: 2, shipped: 0, canceled: 0, unitPrice: null }
  book.take([
    order({
      at: 1,
      lines: [
        { ...line, remoteId: '1' },
        { ...line, remoteId: '2' },
      ],
    }),
  ])
  expect(book.level('mug')).toMatchObject({ reserved: 4 })
})

test('goods that were shipped before they were known leave the shelf once', () => {
  const book = memoryBook({ mug: 5 })
  book.take([order({ at: 3, state: 'shipped' })])
  book.take([order({ at: 3, state: 'shipped' }), order({ at: 1, state: 'pending' })])
  expect(book.level('mug')).toMatchObject({ onHand: 3, reserved: 0 })
})

test('an order shipped before the account was opened moves nothing, then or later', () => {
  const book = memoryBook({ mug: 5 }, { openedAt: new Date(5_000) })
  book.take([order({ at: 2, state: 'shipped' })])
  book.take([order({ at: 9, state: 'shipped' })])
  expect(book.level('mug')).toMatchObject({ onHand: 5, reserved: 0 })
})

test('a sale is noted at its slot once, and a version that sells more notes the difference', () => {
  const book = memoryBook({ mug: 5 })
  const lines = (quantity: number) => [
    { remoteId: '1', remoteSku: 'mug', title: '', quantity, shipped: 0, canceled: 0, unitPrice: null },
  ]
  expect(book.take([order({ at: 1, lines: lines(1) })]).sales).toMatchObject([{ quantity: 1 }])
  expect(book.take([order({ at: 1, lines: lines(1) })]).sales).toEqual([])
  expect(book.take([order({ at: 2, lines: lines(3) })]).sales).toMatchObject([{ quantity: 2 }])
})

test('pages repeated, shuffled, late, canceled before created: the same stock as the single-thread model', () => {
  printCount('order interleavings', intakeInterleavings)
  fc.assert(
    fc.property(arrivals(), (given: Arrivals) => {
      const book = memoryBook(given.onHand)
      for (const page of given.pages) book.take(page)
      const model = expectedStock(given)
      for (const sku of Object.keys(given.onHand)) {
        const { onHand, reserved, short } = book.level(sku)
        expect({ sku, onHand, promised: reserved + short, short }).toEqual({ sku, ...model[sku] })
      }
      expect(book.orders()).toBe(new Set(given.pages.flat().map((one) => one.remoteId)).size)
    }),
    { numRuns: intakeInterleavings },
  )
})
