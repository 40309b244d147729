import { expect, test } from 'vitest'
import { majorText, minorDigits } from './format.ts'
import { axisTop } from './parts/Chart.tsx'

test('minor units follow the currency', () => {
  expect([minorDigits('USD'), minorDigits('JPY'), minorDigits('KWD'), minorDigits('nonsense')]).toEqual([2, 0, 3, 2])
  expect([majorText(1_234, 'USD'), majorText(1_234, 'JPY'), majorText(5, 'KWD')]).toEqual(['12.34', '1234', '0.005'])
})

test('an axis ends on an even round number at or above the value', () => {
  expect([0, 3, 5, 7, 11, 55, 117, 950].map(axisTop)).toEqual([4, 4, 6, 8, 12, 60, 120, 1_000])
})
