import { expect, test } from 'vitest'
import { type KnownSale, probe, type Reading, type SentWrite, type SlotHistory } from './probes.ts'

const minute = 60_000
const times = { lifeMs: 15 * minute, skewMs: 2_000, marginMs: 10 * minute }
const reading = (at: number, value: number): Reading => ({ since: at * minute, at: at * minute + 500, value })
const write = (at: number, value: number, isTaken = true): SentWrite => ({ sentAt: at * minute, value, isTaken })
const sale = (at: number, quantity = 1, more: Partial<KnownSale> = {}): KnownSale => ({
  placedAt: at * minute,
  knownAt: (at + 2) * minute,
  quantity,
  canceled: 0,
  marketplace: 'US',
  ...more,
})
const slot = (more: Partial<SlotHistory>): SlotHistory => ({
  sku: 'A',
  variantId: 'v',
  unitsPerSale: 1,
  readings: [],
  writes: [],
  sales: [],
  ...more,
})

test('a number that falls by what was sold shows that the channel lowers itself', () => {
  const { lowersItself, marketplaces } = probe(
    [slot({ readings: [reading(0, 5), reading(30, 3)], sales: [sale(10), sale(20, 1, { marketplace: 'CA' })] })],
    times,
  )
  expect(lowersItself).toEqual({ holds: 1, against: [] })
  expect(marketplaces).toEqual([
    { marketplace: 'CA', holds: 1 },
    { marketplace: 'US', holds: 1 },
  ])
})

test('one that stays where it was speaks against it', () => {
  const { lowersItself } = probe([slot({ readings: [reading(0, 5), reading(30, 5)], sales: [sale(10)] })], times)
  expect(lowersItself).toEqual({
    holds: 0,
    against: [{ sku: 'A', at: 30 * minute + 500, before: 5, after: 5 }],
  })
})

test.each<[string, Partial<SlotHistory>]>([
  ['a write on its way', { writes: [write(-10, 5)] }],
  ['a write between them', { writes: [write(15, 5)] }],
  ['a cancellation', { sales: [sale(10, 2, { canceled: 1 })] }],
  ['a sale too near to a reading', { sales: [sale(0)] }],
  ['an answer from memory', { readings: [reading(0, 5), { since: 5 * minute, at: 30 * minute, value: 5 }] }],
])('with %s nothing is concluded', (_, more) => {
  const history = slot({ readings: [reading(0, 5), reading(30, 5)], sales: [sale(10)], ...more })
  const { lowersItself } = probe([history], times)
  expect(lowersItself).toEqual({ holds: 0, against: [] })
})

test('a number that rises by itself is another writer, or a write that happened twice', () => {
  const { staysDown } = probe(
    [
      slot({ readings: [reading(0, 2), reading(30, 4), reading(60, 4)] }),
      slot({ sku: 'B', readings: [reading(0, 1)] }),
    ],
    times,
  )
  expect(staysDown.holds).toBe(1)
  expect(staysDown.against).toEqual([{ sku: 'A', at: 30 * minute + 500, before: 2, after: 4 }])
})

test('a write took no longer than to the first reading that can only come from it', () => {
  const { writesLand } = probe(
    [
      slot({
        readings: [reading(0, 2), reading(11, 2), reading(12, 9), reading(14, 8)],
        writes: [write(10, 9)],
        sales: [sale(13)],
      }),
    ],
    times,
  )
  expect(writesLand).toMatchObject({ holds: 1, against: [], within: { count: 1, mostMs: 2 * minute + 500 } })
})

test('a write that was taken and does not show after its life speaks against it; one without an answer does not', () => {
  const readings = [reading(0, 2), reading(40, 2)]
  expect(probe([slot({ readings, writes: [write(10, 9)] })], times).writesLand).toMatchObject({
    holds: 0,
    against: [{ before: 9, after: 2 }],
  })
  expect(probe([slot({ readings, writes: [write(10, 9, false)] })], times).writesLand.against).toEqual([])
  // What it showed before could be the write: nothing is told.
  expect(probe([slot({ readings, writes: [write(10, 2)] })], times).writesLand).toMatchObject({ holds: 0, against: [] })
})

test('orders later than the margin are counted', () => {
  const late = sale(10, 1, { knownAt: 40 * minute })
  expect(probe([slot({ sales: [sale(1), late] })], times).ordersShow).toMatchObject({ later: 1, within: { count: 2 } })
  expect(probe([], times).ordersShow).toEqual({ later: 0, within: null })
})

test('two slots of one variant are one quantity where a sale at one lowers the other', () => {
  const sold = slot({ readings: [reading(0, 5), reading(30, 4)], sales: [sale(10)] })
  const other = (value: number) => slot({ sku: 'B', readings: [reading(0, 5), reading(30, value)] })
  const elsewhere = slot({ sku: 'C', variantId: 'w', readings: [reading(0, 5), reading(30, 4)] })
  expect(probe([sold, other(5), elsewhere], times).neighbors).toEqual([{ skus: ['A', 'B'], separate: 1, shared: 0 }])
  expect(probe([sold, other(4)], times).neighbors).toEqual([{ skus: ['A', 'B'], separate: 0, shared: 1 }])
  expect(probe([sold, other(1)], times).neighbors).toEqual([{ skus: ['A', 'B'], separate: 0, shared: 0 }])
})
