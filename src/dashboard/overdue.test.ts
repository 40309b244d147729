import { expect, test } from 'vitest'
import { isLate } from './overdue.ts'

const at = (minutes: number) => new Date(minutes * 60_000).toISOString()
const account = (nextAt: number) => ({
  stage: 'live' as const,
  halted: null,
  streams: [{ stream: 'orders', pulledAt: at(0), watermark: at(0), nextAt: at(nextAt), failure: null }],
})

test('a reading that did not come is late; a halted or paused account says so itself', () => {
  expect(isLate(account(20), 25 * 60_000)).toBe(false)
  expect(isLate(account(2), 25 * 60_000)).toBe(true)
  expect(isLate({ ...account(2), stage: 'paused' }, 25 * 60_000)).toBe(false)
  expect(isLate({ ...account(2), halted: { code: 'auth', at: at(1) } }, 25 * 60_000)).toBe(false)
})
