import { expect, test } from 'vitest'
import { bulletOf, timesOf } from './bullet.ts'

test('the longer of bar and mark fills the width', () => {
  expect(bulletOf(5, 20)).toEqual({ bar: 25, mark: 100, isOver: false })
  expect(bulletOf(20, 5)).toEqual({ bar: 100, mark: 25, isOver: true })
  expect(bulletOf(5, 5)).toEqual({ bar: 100, mark: 100, isOver: false })
})

test('nothing at all draws nothing, and units without stock are over', () => {
  expect(bulletOf(0, 0)).toEqual({ bar: 0, mark: 0, isOver: false })
  expect(bulletOf(3, 0)).toEqual({ bar: 100, mark: 0, isOver: true })
})

test('how many times over is rounded, and infinity is no number', () => {
  expect(timesOf(84, 34)).toBe(2.5)
  expect(timesOf(0, 0)).toBe(0)
  expect(timesOf(1, 0)).toBeNull()
})
