import { expect, test } from 'vitest'
import { allowanceOf, emptied, fullBucket, nextCallAt, paid, tokensAt, waitFor, withRate } from './budget.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 22) + second * 1_000)
const full = fullBucket(2, 5, at(0))

test('a bucket of several is filled to less than the channel allows; a bucket of one to one', () => {
  expect(allowanceOf(full, at(0))).toBe(4)
  expect(allowanceOf(full, at(3_600))).toBe(4)
  expect(allowanceOf(fullBucket(2, 1, at(0)), at(9))).toBe(1)
  // Amazon's listings patches: 5 a second, 10 at once.
  expect(allowanceOf(fullBucket(5, 10, at(0)), at(0))).toBe(8)
  expect(allowanceOf(fullBucket(100, 10, at(0)), at(0))).toBe(5)
})

test('only whole calls that are there are paid', () => {
  const { bucket, granted } = paid(full, 9, at(0))
  expect(granted).toBe(4)
  expect(paid(bucket, 1, at(0.4))).toEqual({ bucket, granted: 0 })
  expect(nextCallAt(bucket, at(0))).toEqual(at(0.501))
  expect(nextCallAt(bucket, at(7))).toEqual(at(7))
  expect(paid(bucket, 9, at(1.2)).granted).toBe(2)
  expect([1, 4].map((nth) => waitFor(bucket, nth, at(0)))).toEqual([500, 2_000])
})

test('a refusal empties it, and another rate counts from now on', () => {
  expect(tokensAt(emptied(full, at(5)), at(6))).toBe(2)
  const slower = withRate(emptied(full, at(5)), 1, at(6))
  expect(tokensAt(slower, at(7))).toBe(3)
  // A clock that went back refills nothing.
  expect(tokensAt(slower, at(1))).toBe(2)
})
