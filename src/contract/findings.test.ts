import { expect, test } from 'vitest'
import { findingText } from './findings.ts'

test('a long list of topics is told by its first two and how many there are', () => {
  const titles = (count: number) => {
    const topics = Array.from({ length: count }, (_, n) => `store/${n}`).join(', ')
    const data = { account: 'Store', topics }
    return (['en', 'zh'] as const).map((language) => findingText('subscribing_failing', data, language).title)
  }
  expect(titles(12)).toEqual([
    'Store: notifications could not be subscribed (store/0, store/1 and 10 more)',
    'Store：无法订阅通知（store/0、store/1 等 12 项）',
  ])
  expect(titles(3)).toEqual([
    'Store: notifications could not be subscribed (store/0, store/1, store/2)',
    'Store：无法订阅通知（store/0、store/1、store/2）',
  ])
  expect(titles(1)[0]).toContain('(store/0)')
})
