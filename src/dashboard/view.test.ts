import { expect, test } from 'vitest'
import { choose, parseSearch, stringifySearch } from './view.ts'

test('an unknown filter falls back and says what it was', () => {
  expect(choose('late', ['all', 'late'], 'all')).toEqual({ value: 'late', unknown: null })
  expect(choose('nonsense', ['all', 'late'], 'all')).toEqual({ value: 'all', unknown: 'nonsense' })
  expect(choose(undefined, ['all', 'late'], 'all')).toEqual({ value: 'all', unknown: null })
})

test('the address holds plain text: a number in a search stays text, nothing stays out', () => {
  expect(stringifySearch({ q: '123', view: undefined, state: '' })).toBe('?q=123')
  expect(parseSearch('?q=123&view=late')).toEqual({ q: '123', view: 'late' })
})
