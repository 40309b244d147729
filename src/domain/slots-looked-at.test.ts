/** A slot whose number is looked at right before each write: what it replaced is known as long as one leaves at a time. */
import { expect, test } from 'vitest'
import { unknownClaim } from './claims.ts'
import { answered, isDue, type Slot, sent } from './slots.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 22) + second * 1_000)
const showing = (value: number): Slot => ({
  id: 's',
  wish: value,
  live: null,
  claim: { ...unknownClaim, claim: value },
  confirmed: { value, at: at(0), version: 0 },
  holdUntil: null,
  version: 0,
  readDueAt: null,
  retryAt: null,
})
/** A write left at second 10. */
const writing = (from: number, value: number) => sent({ ...showing(from), wish: value }, value, at(10), 'look-first')

test('for the claim it is an absolute write', () => {
  const slot = writing(5, 3)
  expect(slot.live).toMatchObject({ value: 3, expected: null })
  expect(slot.claim).toMatchObject({ claim: 8, live: { expected: null } })
})

test('one leaves at a time, a lower one as well, and none to a slot that was never read', () => {
  const live = writing(5, 3)
  expect(isDue({ ...live, wish: 0 }, at(99), at(11))).toBe('send')
  expect(isDue({ ...live, wish: 0 }, at(99), at(11), 'look-first')).toBe('wait')
  expect(isDue({ ...showing(5), wish: 0 }, at(99), at(11), 'look-first')).toBe('send')
  expect(isDue({ ...showing(5), confirmed: null, wish: 0 }, at(99), at(11), 'look-first')).toBe('wait')
})

test('a write without an answer stays on its way until a reading tells, a zero as well', () => {
  const slot = writing(5, 0)
  const lost = answered(slot, 1, { kind: 'unknown' }, at(11), null, 'look-first')
  expect(lost.live).toMatchObject({ value: 0 })
  expect(lost.readDueAt).not.toBeNull()
  expect(answered(slot, 1, { kind: 'unknown' }, at(11), null).live).toBeNull()
})
