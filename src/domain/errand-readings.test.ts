import { expect, test } from 'vitest'
import { cancellationIn, refundIn, shipmentIn } from './errand-readings.ts'

const line = (remoteId: string, quantity: number) => ({ remoteId, quantity })
const parcel = (remoteId: string | null, trackingNumber: string | null, ...lines: ReturnType<typeof line>[]) => ({
  remoteId,
  trackingNumber,
  lines,
})
const ordered = new Map([
  ['A', 3],
  ['B', 1],
])
const none = new Set<string>()
const ours = { reference: '4711', lines: [line('A', 2)], trackingNumber: 'JD 014-6' }

test('a shipment is known by reference, then by its number, then by its units', () => {
  expect(shipmentIn([], ours, ordered, none)).toEqual({ kind: 'absent' })
  expect(shipmentIn([parcel('4711', null, line('A', 2))], ours, ordered, none)).toMatchObject({ kind: 'found' })
  expect(shipmentIn([parcel('x', 'jd0146', line('A', 2))], ours, ordered, none)).toEqual({
    kind: 'found',
    remoteId: 'x',
  })
  const plain = { ...ours, trackingNumber: null }
  expect(shipmentIn([parcel('x', null, line('A', 2))], plain, ordered, none)).toMatchObject({ kind: 'found' })
  expect(shipmentIn([parcel('x', null, line('A', 1))], plain, ordered, none)).toEqual({ kind: 'absent' })
})

test('what another errand is known as is not this one', () => {
  const plain = { ...ours, trackingNumber: null, lines: [line('A', 1)] }
  const known = [parcel('x', null, line('A', 1))]
  expect(shipmentIn(known, plain, ordered, new Set(['x']))).toEqual({ kind: 'absent' })
})

test('two errands in one parcel are told apart by their units; a merged parcel holds both', () => {
  const known = [parcel('x', 'JD0146', line('B', 1)), parcel('y', 'JD0146', line('A', 2))]
  expect(shipmentIn(known, ours, ordered, none)).toMatchObject({ remoteId: 'y' })
  expect(shipmentIn([parcel('z', 'JD0146', line('A', 2), line('B', 1))], ours, ordered, none)).toMatchObject({
    remoteId: 'z',
  })
})

test('no room left for it: somebody else told the channel', () => {
  expect(shipmentIn([parcel('x', 'OTHER', line('A', 2))], ours, ordered, none)).toMatchObject({ kind: 'unclear' })
  expect(shipmentIn([parcel('x', 'OTHER', line('A', 1))], ours, ordered, none)).toEqual({ kind: 'absent' })
})

test('a refund is known by its reference; one of the same amount without one is for a person', () => {
  const mine = { reference: 'r1', amount: 500, currency: 'EUR' }
  const there = { remoteId: '9', reference: 'r1', amount: 500, currency: 'EUR', state: 'done' as const }
  expect(refundIn([], mine, none)).toEqual({ kind: 'absent' })
  expect(refundIn([there], mine, none)).toEqual({ kind: 'found', remoteId: '9' })
  expect(refundIn([{ ...there, state: 'failed' }], mine, none)).toMatchObject({ kind: 'unclear' })
  expect(refundIn([{ ...there, reference: 'r2' }], mine, none)).toEqual({ kind: 'absent' })
  expect(refundIn([{ ...there, reference: null }], mine, none)).toMatchObject({ kind: 'unclear' })
  expect(refundIn([{ ...there, reference: null }], mine, new Set(['9']))).toEqual({ kind: 'absent' })
  expect(refundIn([{ ...there, reference: null, amount: 501 }], mine, none)).toEqual({ kind: 'absent' })
  // Told in pieces: together they may be this one.
  const pieces = (...amounts: number[]) =>
    amounts.map((amount, n) => ({ ...there, remoteId: `p${n}`, reference: null, amount }))
  expect(refundIn(pieces(400, 100), mine, none)).toMatchObject({ kind: 'unclear' })
  expect(refundIn(pieces(400, 50), mine, none)).toEqual({ kind: 'absent' })
  expect(refundIn(pieces(400, 100), mine, new Set(['p1']))).toEqual({ kind: 'absent' })
})

test('a cancellation shows in the order', () => {
  const order = { state: 'open', lines: [{ ...line('A', 3), canceled: 1 }] }
  const some = { isWhole: false, lines: [{ ...line('A', 1), before: 0 }] }
  expect(cancellationIn(order, some)).toMatchObject({ kind: 'found' })
  expect(cancellationIn(order, { ...some, lines: [{ ...line('A', 1), before: 1 }] })).toEqual({ kind: 'absent' })
  expect(cancellationIn(order, { isWhole: true, lines: [] })).toEqual({ kind: 'absent' })
  expect(cancellationIn({ ...order, state: 'canceled' }, { isWhole: true, lines: [] })).toMatchObject({ kind: 'found' })
})
