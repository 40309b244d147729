import { expect, test } from 'vitest'
import { leftAfter, newPace } from './pace.ts'

test('answers to calls that left together raise nothing, whichever comes last; time does', () => {
  const pace = newPace()
  pace.underWay = 9
  expect(leftAfter(pace, 90, 5, 0)).toBe(81)
  pace.underWay = 0
  // Taken before the other one, answered after it.
  expect(leftAfter(pace, 97, 5, 0)).toBe(90)
  expect(leftAfter(pace, 99, 5, 1_000)).toBe(95)
  expect(leftAfter(pace, 60, 5, 2_000)).toBe(60)
})

test('no more is under way than there is', () => {
  const pace = newPace()
  pace.underWay = 3
  expect(leftAfter(pace, 1, 5, 0)).toBe(0)
})
