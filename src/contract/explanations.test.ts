import { expect, test } from 'vitest'
import { explanationText } from './explanations.ts'

const rule = { account: 'Amazon EU', channel: null, sku: null, category: 'Shoes' }
const reasons = [
  { code: 'available', amount: 10, value: 10, rule: null },
  { code: 'safety', amount: 2, value: 8, rule },
  { code: 'pack', amount: 2, value: 4, rule: null },
  { code: 'cap', amount: 3, value: 3, rule: { ...rule, account: null, category: null } },
] as const

test('one sentence says why, in both languages', () => {
  expect(explanationText({ shows: 3, reasons }, 'en')).toBe(
    'Shows 3: 10 available, 2 kept as safety stock (rule for category Shoes on Amazon EU), 8 left, packs of 2 → 4, capped at 3 (rule for everything)',
  )
  expect(explanationText({ shows: 3, reasons }, 'zh')).toBe(
    '展示 3：可售 10 件，保留安全库存 2 件（规则：Amazon EU 的类目“Shoes”），剩余 8 件，每份 2 件 → 4 份，上限 3（规则：全部商品）',
  )
})

test('a minimum says so where fewer are there', () => {
  const steps = (value: number) => [
    {
      code: 'minimum',
      amount: 5,
      value,
      rule: { account: null, channel: 'Own store', sku: 'MUG', category: null },
    } as const,
  ]
  expect(explanationText({ shows: 5, reasons: steps(5) }, 'en')).toBe(
    'Shows 5: raised to the minimum of 5 (rule for SKU MUG on Own store)',
  )
  expect(explanationText({ shows: 3, reasons: steps(3) }, 'en')).toBe(
    'Shows 3: at least 5 wanted (rule for SKU MUG on Own store), 3 are there',
  )
  expect(explanationText({ shows: 3, reasons: steps(3) }, 'zh')).toMatch(
    /^展示 3：最少应展示 5（规则：.*），实际只有 3$/,
  )
})

test('names are not read as places to fill', () => {
  const odd = { account: '{value}', channel: null, sku: '{amount}', category: null }
  expect(explanationText({ shows: 1, reasons: [{ code: 'cap', amount: 1, value: 1, rule: odd }] }, 'en')).toBe(
    'Shows 1: capped at 1 (rule for SKU {amount} on {value})',
  )
})
