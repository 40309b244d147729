import { expect, test } from 'vitest'
import { completed, windowStart } from './order-windows.ts'

const minute = 60_000
const at = (minutes: number) => new Date(minutes * minute).toISOString()
const overlap = 10 * minute
const startOf = (cursor: Parameters<typeof windowStart>[0], backMs?: number) =>
  windowStart(cursor, overlap, backMs).getTime() / minute

test('a window begins where the last but one ended, so that each moment is listed twice', () => {
  const opened = { completeTo: at(0) }
  expect(startOf(opened)).toBe(-10)
  const first = completed(opened, 60 * minute)
  expect([first.watermark, startOf(first)]).toEqual([new Date(60 * minute), 50])
  const second = completed(first, 61 * minute)
  expect(startOf(second)).toBe(50)
  // An hour of silence: all of it, and all of it once more.
  const third = completed(second, 121 * minute)
  expect(startOf(third)).toBe(51)
  const fourth = completed(third, 122 * minute)
  expect(startOf(fourth)).toBe(111)
})

test('a sweep looks farther back, and never less far than a window would', () => {
  const cursor = { completeTo: at(600), before: at(300) }
  expect(startOf(cursor, 60 * minute)).toBe(290)
  expect(startOf(cursor, 500 * minute)).toBe(100)
})

test('what is complete never goes back', () => {
  expect(completed({ completeTo: at(60), before: at(50) }, 55 * minute)).toMatchObject({
    completeTo: at(60),
    before: at(60),
  })
})

test('a window that is read in parts goes on behind each, and all of it is listed once more', () => {
  const quiet = { completeTo: at(61), before: at(60) }
  const part = completed(quiet, 90 * minute, true)
  expect([part.completeTo, startOf(part)]).toEqual([at(90), 80])
  const another = completed(part, 100 * minute, true)
  expect(startOf(another)).toBe(90)
  const last = completed(another, 120 * minute)
  expect([last.completeTo, startOf(last)]).toEqual([at(120), 51])
  expect(startOf(completed(last, 121 * minute))).toBe(110)
})
