import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { QuantityLine } from '../connector.ts'
import { readReport, writeFeed } from './feeds-mapping.ts'
import type { WireReport } from './wire.ts'

const now = new Date('2026-11-22T08:00:00Z')
const line = (remoteSku: string, quantity = 1): QuantityLine => ({
  key: remoteSku,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})
const keys = ['a', 'b', 'c']
type Issue = WireReport['issues'][number]
const report = (issues: Partial<Issue>[], [processed, accepted, invalid] = [3, 3, 0]): WireReport => ({
  header: { feedId: 'F1' },
  issues: issues.map((one) => ({ messageId: null, code: 'X', severity: 'ERROR', message: 'why', ...one })),
  summary: { messagesProcessed: processed!, messagesAccepted: accepted!, messagesInvalid: invalid! },
})
const read = (one: WireReport) =>
  readReport(one, 'F1', keys).map((outcome) =>
    outcome.kind === 'failed' ? `${outcome.error.code}${outcome.error.mayHaveApplied ? '?' : ''}` : outcome.kind,
  )

describe('a feed', () => {
  test('holds what fits, in lines and in bytes; the rest waits', () => {
    const lines = Array.from({ length: 10 }, (_, index) => line(`SKU-${index}`))
    const byLines = writeFeed('S', lines, { maxLines: 4, maxBytes: 1e6, now })
    expect(byLines.sent.map(({ key }) => key)).toEqual(['SKU-0', 'SKU-1', 'SKU-2', 'SKU-3'])
    expect(byLines.outcomes).toHaveLength(6)
    expect(byLines.outcomes[0]).toMatchObject({ error: { kind: 'throttled', code: 'feed_full', retryAt: now } })
    const byBytes = writeFeed('S', lines, { maxLines: 100, maxBytes: 1_000, now })
    expect(byBytes.sent.length).toBeGreaterThan(2)
    expect(byBytes.sent.length).toBeLessThan(10)
    expect(byBytes.sent.length + byBytes.outcomes.length).toBe(10)
  })

  test('is JSON of the size that was counted, whatever the SKUs', () => {
    fc.assert(
      fc.property(
        fc.array(fc.string({ unit: 'binary' }), { maxLength: 30 }),
        fc.integer({ min: 200, max: 4_000 }),
        (skus, maxBytes) => {
          const { text, sent, outcomes } = writeFeed(
            'S',
            skus.map((sku) => line(sku)),
            { maxLines: 20, maxBytes, now },
          )
          expect(Buffer.byteLength(text)).toBeLessThanOrEqual(maxBytes)
          const { messages } = JSON.parse(text) as { messages: { messageId: number; sku: string }[] }
          expect(messages.map(({ sku }) => sku)).toEqual(sent.map(({ remoteSku }) => remoteSku))
          expect(messages.map(({ messageId }) => messageId)).toEqual(sent.map((_, index) => index + 1))
          expect(sent.length + outcomes.length).toBe(skus.length)
        },
      ),
    )
  })

  test('the longest of Amazon’s SKUs, 25,000 times, stays below 10 MiB', () => {
    const lines = Array.from({ length: 25_000 }, (_, index) =>
      line(`${'茶'.repeat(35)}${String(index).padStart(5, '0')}`, 99_999),
    )
    const { sent, text } = writeFeed('A2EXAMPLE12345', lines, { maxLines: 25_000, maxBytes: 10 * 1024 * 1024, now })
    expect(sent).toHaveLength(25_000)
    expect(Buffer.byteLength(text)).toBeLessThan(10 * 1024 * 1024)
  })
})

describe('a report', () => {
  test('that adds up: errors refuse, anything less does not', () => {
    expect(read(report([]))).toEqual(['accepted', 'accepted', 'accepted'])
    expect(read(report([{ messageId: 2 }], [3, 2, 1]))).toEqual(['accepted', 'X', 'accepted'])
    expect(read(report([{ messageId: 2 }, { messageId: 2, code: 'Y' }], [3, 2, 1]))).toEqual([
      'accepted',
      'X',
      'accepted',
    ])
    expect(read(report([{ messageId: 1, severity: 'WARNING' }, { severity: 'INFO' }]))).toEqual(
      Array(3).fill('accepted'),
    )
    expect(read(report([{ messageId: 1 }, { messageId: 2 }, { messageId: 3 }], [3, 0, 3]))).toEqual(['X', 'X', 'X'])
  })

  test.each([
    { what: 'fewer processed', counts: [2, 3, 0], issues: [] },
    { what: 'more processed', counts: [4, 3, 0], issues: [] },
    { what: 'invalid ones without a name', counts: [3, 3, 1], issues: [] },
    { what: 'fewer accepted than not refused', counts: [3, 2, 0], issues: [] },
    { what: 'an error that names no message', counts: [3, 3, 0], issues: [{}] },
    { what: 'a message that we never sent', counts: [3, 2, 1], issues: [{ messageId: 4 }] },
    { what: 'a message 0', counts: [3, 2, 1], issues: [{ messageId: 0 }] },
  ])('that does not add up ($what): nothing is accepted', ({ counts, issues }) => {
    expect(read(report(issues, counts as [number, number, number]))).toEqual(Array(3).fill('unaccounted?'))
  })

  test('that does not add up: what it refuses may have been carried out all the same', () => {
    expect(read(report([{ messageId: 1 }], [3, 3, 0]))).toEqual(['X?', 'unaccounted?', 'unaccounted?'])
    expect(read(report([{ messageId: 1 }, {}], [3, 2, 1]))).toEqual(['X?', 'unaccounted?', 'unaccounted?'])
  })

  test('a severity nobody knows leaves its line unknown', () => {
    expect(read(report([{ messageId: 3, severity: 'CRITICAL' }]))).toEqual(['accepted', 'accepted', 'unaccounted?'])
  })
})
