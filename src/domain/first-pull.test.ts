import { expect, test } from 'vitest'
import { expectedEnd, type FirstPull, stateOfFirstPull } from './first-pull.ts'

const at = (second: number) => new Date(Date.UTC(2026, 10, 22, 8, 0, second))
const half: FirstPull = {
  pages: 2,
  items: 40,
  remaining: 60,
  startedAt: at(0),
  readAt: at(20),
  doneAt: null,
}

test('the end is expected at the pace so far', () => {
  expect(expectedEnd(half)).toEqual(at(50))
  expect(stateOfFirstPull(half)).toBe('running')
})

test('nobody guesses where the channel does not say how much there is, or nothing was read', () => {
  expect(expectedEnd({ ...half, remaining: null })).toBeNull()
  expect(expectedEnd({ ...half, items: 0, remaining: 60 })).toBeNull()
  expect(expectedEnd({ ...half, startedAt: null, readAt: null })).toBeNull()
  expect(stateOfFirstPull({ ...half, startedAt: null })).toBe('waiting')
})

test('what is over ended when it ended', () => {
  const done = { ...half, remaining: 0, doneAt: at(44) }
  expect(expectedEnd(done)).toEqual(at(44))
  expect(stateOfFirstPull(done)).toBe('done')
})
