import { describe, expect, test } from 'vitest'
import { rowFaultTexts } from '../contract/row-faults.ts'
import type { ImportKind } from './import-fields.ts'
import { readRow, rowFaultCodes } from './import-rows.ts'
import { readInteger, readState, readTime } from './import-values.ts'

const options = { countedAt: new Date('2026-11-22T08:00:00Z'), timeZone: 'Asia/Shanghai' }

/** Reads one row given by field. */
function read<K extends ImportKind>(kind: K, given: Record<string, string>) {
  const fields = Object.keys(given)
  const mapping = Object.fromEntries(fields.map((field, index) => [field, index]))
  return readRow(kind, Object.values(given), fields.length, mapping, options)
}
const faultsOf = (kind: ImportKind, given: Record<string, string>) => {
  const answer = read(kind, given)
  return 'faults' in answer ? answer.faults.map((fault) => fault.code) : []
}

describe('cells', () => {
  test('numbers as people and spreadsheets write them', () => {
    for (const [text, number] of [
      ['12', 12],
      ['1,200', 1_200],
      ['12.0', 12],
      ['１２', 12],
      [' 7 ', 7],
      ['-3', -3],
      ['-0', 0],
    ] as const)
      expect(readInteger(text), text).toBe(number)
    for (const text of ['', '1.5', '1.200', '12a', '1,20', '9'.repeat(20), '1e3'])
      expect(readInteger(text), text).toBeUndefined()
  })

  test('times with an offset, or by the wall clock of a zone', () => {
    const at = (text: string, zone = 'Asia/Shanghai') => readTime(text, zone)?.toISOString()
    expect(at('2026-11-22T18:00:00Z')).toBe('2026-11-22T18:00:00.000Z')
    expect(at('2026-11-22 18:00')).toBe('2026-11-22T10:00:00.000Z')
    expect(at('2026/1/2 3:04:05')).toBe('2026-01-01T19:04:05.000Z')
    expect(at('2026年11月22日')).toBe('2026-11-21T16:00:00.000Z')
    // Summer and winter, and the hour that is skipped in spring.
    expect(at('2026-07-01 12:00', 'America/New_York')).toBe('2026-07-01T16:00:00.000Z')
    expect(at('2026-12-01 12:00', 'America/New_York')).toBe('2026-12-01T17:00:00.000Z')
    for (const text of ['03/04/2026', '2026-02-30', '2026-11-22 25:00', 'yesterday', ''])
      expect(at(text), text).toBeUndefined()
  })

  test('states by the words of channels and people', () => {
    expect(['Unshipped', 'PARTIALLY_SHIPPED', '已发货', 'Cancelled', '待发货'].map(readState)).toEqual([
      'open',
      'partly_shipped',
      'shipped',
      'canceled',
      'open',
    ])
    expect(readState('whatever')).toBeUndefined()
  })
})

describe('a row', () => {
  test('is understood, its neutralized cells included', () => {
    expect(read('variants', { sku: ' A-1 ', title: "'=SUM(1)", gtin: '4006381333931', product: '' })).toEqual({
      row: { sku: 'A-1', title: '=SUM(1)', gtin: '4006381333931', product: null },
    })
  })

  test('tells all that is wrong with it at once', () => {
    expect(faultsOf('stock', { sku: '', location: 'x'.repeat(41), quantity: 'many' })).toEqual([
      'missing',
      'too_long',
      'not_a_number',
    ])
    expect(faultsOf('variants', { sku: 'A', gtin: '4.00638E+12' })).toEqual(['damaged_number'])
    expect(
      faultsOf('orders', { account: 'S', order: '1', state: 'odd', placedAt: '1/2/26', sku: 'A', quantity: '0' }),
    ).toEqual(['not_a_time', 'unknown_word'])
  })

  test('with a stray delimiter is not taken: its cells stand in the wrong columns', () => {
    expect(readRow('stock', ['A', 'MAIN', '1', '2'], 3, { sku: 0, location: 1, quantity: 2 }, options)).toMatchObject({
      faults: [{ code: 'columns', params: { expected: 3, found: 4 } }],
    })
    expect(readRow('stock', ['A', 'MAIN', '1', ''], 3, { sku: 0, location: 1, quantity: 2 }, options)).toHaveProperty(
      'row',
    )
  })
})

test('every reason has its words in both languages, and no words are left over', () => {
  expect(Object.keys(rowFaultTexts).sort()).toEqual([...rowFaultCodes].sort())
  for (const [code, { en, zh }] of Object.entries(rowFaultTexts)) {
    const places = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map((one) => one[1]).sort()
    expect(places(zh), code).toEqual(places(en))
    expect(zh, code).toMatch(/\p{Script=Han}/u)
  }
})
