import { expect, test } from 'vitest'
import { exceptions, readSources, roomOf, violations } from './imports.ts'

const files = readSources(['src', 'simulator', 'test', 'bench', 'examples', 'scripts'], ['.ts', '.tsx'])

test('every file is in a room', () => {
  expect(files.length).toBeGreaterThan(150)
  expect(files.filter((file) => roomOf(file.path) === undefined).map((file) => file.path)).toEqual([])
})

test('no import passes a wall', () => {
  expect(violations(files)).toEqual([])
})

test('every exception gives its reason in one line', () => {
  for (const { why } of exceptions) expect(why).toMatch(/^[^\n]{10,120}$/)
})
