import fc from 'fast-check'
import { expect, test } from 'vitest'
import { redact } from './redact.ts'

const keep = new Set(['sku', 'quantity', 'status'])
const canary = 'canary-Ada-Lovelace'

test('keeps shapes, and values only under kept keys', () => {
  const order = {
    status: 'open',
    total: 1990,
    paid: true,
    note: null,
    buyer: { name: canary },
    lines: [{ sku: 'MUG', quantity: 2, title: canary }],
  }
  expect(redact(order, keep)).toEqual({
    status: 'open',
    total: '‹number›',
    paid: true,
    note: null,
    buyer: { name: `‹text ${canary.length}›` },
    lines: [{ sku: 'MUG', quantity: 2, title: `‹text ${canary.length}›` }],
  })
})

test('hides plain texts and numbers that stand alone', () => {
  expect(redact(canary, keep)).toBe(`‹text ${canary.length}›`)
  expect(redact(42, keep)).toBe('‹number›')
  expect(redact(undefined, keep)).toBe('‹undefined›')
})

test('a kept key keeps the values of its list, never the objects below it', () => {
  expect(redact({ sku: ['A', 'B'] }, keep)).toEqual({ sku: ['A', 'B'] })
  expect(redact({ sku: { name: canary } }, keep)).toEqual({ sku: { name: `‹text ${canary.length}›` } })
})

test('is bounded in depth, length and width', () => {
  let deep: unknown = canary
  for (let level = 0; level < 40; level += 1) deep = { deep }
  expect(JSON.stringify(redact(deep, keep))).toContain('‹deeper›')
  expect(
    redact(
      Array.from({ length: 60 }, () => 1),
      keep,
    ),
  ).toHaveLength(51)
  expect(
    (
      redact(
        Array.from({ length: 60 }, () => 1),
        keep,
      ) as unknown[]
    ).at(-1),
  ).toBe('‹10 more›')
  expect(redact({ sku: 'x'.repeat(500) }, keep)).toEqual({ sku: 'x'.repeat(200) })
  expect(
    Object.keys(redact(Object.fromEntries(Array.from({ length: 150 }, (_, n) => [`k${n}`, 1])), keep) as object),
  ).toHaveLength(100)
})

test('no text under an unknown key ever comes through', () => {
  const hidden = fc.string({ minLength: 1 }).map((text) => `${canary}${text}`)
  const tree = fc.letrec((tie) => ({
    node: fc.oneof(
      { maxDepth: 4 },
      hidden,
      fc.integer(),
      fc.array(tie('node'), { maxLength: 4 }),
      fc.dictionary(fc.constantFrom('name', 'address', 'lines', 'raw'), tie('node')),
    ),
  })).node
  fc.assert(fc.property(tree, (value) => !JSON.stringify(redact(value, keep)).includes('canary')))
})
