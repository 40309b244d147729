import fc from 'fast-check'
import { expect, test } from 'vitest'
import { matchVerdicts, printCount, wrongGtins } from '../../test/support/iterations.ts'
import { type Candidate, matchSku, normalizeGtin, plainSku } from './match.ts'

const mug = '04006381333931'
const lamp = '05901234123457'
const variant = (sku: string, more: Partial<Candidate> = {}): Candidate => ({
  variantId: `id of ${sku}`,
  sku,
  gtin: null,
  knownAs: [],
  ...more,
})
const once = { unitsPerSale: 1, isGroup: false }

test.each([
  ['4006381333931', mug],
  ['  4006-3813 33931 ', mug],
  ['０４００６３８１３３３９３１', mug],
  ['036000291452', '00036000291452'],
  ['96385074', '00000096385074'],
  ['9780306406157', '09780306406157'],
  ['14006381333938', '14006381333938'],
])('%s is the GTIN %s', (text, gtin) => {
  expect(normalizeGtin(text)).toBe(gtin)
})

test.each([
  '4006381333932',
  '400638133393',
  '0',
  '00000000',
  '0000000000000',
  'B0SIM00001',
  '',
  null,
  undefined,
  '4006381333931 2',
  '-',
])('%s is none', (text) => {
  expect(normalizeGtin(text)).toBeNull()
})

test('one wrong digit, or two neighbors swapped, is found nearly always', () => {
  const runs = wrongGtins
  const digits = fc.stringMatching(/^[1-9]\d{12}$/)
  let found = 0
  let swapped = 0
  fc.assert(
    fc.property(digits, fc.nat(12), fc.nat(9), (first, at, digit) => {
      const whole = Array.from({ length: 10 }, (_, n) => `${first}${n}`).filter((one) => normalizeGtin(one))
      // Exactly one digit closes it.
      expect(whole).toHaveLength(1)
      const wrong = `${whole[0]!.slice(0, at)}${digit}${whole[0]!.slice(at + 1)}`
      if (wrong !== whole[0]) expect(normalizeGtin(wrong)).toBeNull()
      const other = [...whole[0]!]
      ;[other[at], other[at + 1]] = [other[at + 1]!, other[at]!]
      if (other[at] === other[at + 1]) return
      swapped += 1
      if (normalizeGtin(other.join('')) === null) found += 1
    }),
    { numRuns: runs, seed: 20 },
  )
  printCount('GTINs with a wrong digit', runs)
  expect(found / swapped).toBeGreaterThan(0.85)
})

test('the same SKU links by itself; case and spaces only suggest', () => {
  expect(matchSku({ remoteSku: 'MUG', gtin: null }, [variant('MUG')])).toMatchObject({ kind: 'automatic' })
  const similar = matchSku({ remoteSku: 'mug 1', gtin: null }, [variant('MUG1')])
  expect(similar).toMatchObject({ kind: 'open', suggestions: [{ sku: 'MUG1', reasons: ['similar_sku'] }] })
  expect(matchSku({ remoteSku: 'MUG-1', gtin: null }, [variant('MUG1')])).toEqual({ kind: 'none', suggestions: [] })
})

test('a GTIN that differs speaks against the SKU, and one that another variant has, too', () => {
  const own = variant('MUG', { gtin: lamp })
  expect(matchSku({ remoteSku: 'MUG', gtin: mug }, [own])).toMatchObject({
    kind: 'open',
    suggestions: [{ hasOtherGtin: true }],
  })
  const two = matchSku({ remoteSku: 'MUG', gtin: mug }, [variant('MUG'), variant('CUP', { gtin: mug })])
  expect(two).toMatchObject({ kind: 'open', suggestions: [{ sku: 'MUG' }, { sku: 'CUP' }] })
  // A number that is none says nothing.
  expect(matchSku({ remoteSku: 'MUG', gtin: mug }, [variant('MUG', { gtin: '12345678' })])).toMatchObject({
    kind: 'automatic',
  })
})

test('a GTIN or a known id names one variant surely, several none', () => {
  const byGtin = { remoteSku: 'X', gtin: mug }
  expect(matchSku(byGtin, [variant('MUG', { gtin: mug })])).toMatchObject({ kind: 'sure' })
  expect(matchSku(byGtin, [variant('MUG', { gtin: mug }), variant('CUP', { gtin: mug })]).kind).toBe('open')
  const known = { remoteSku: 'X', gtin: null }
  expect(matchSku(known, [variant('MUG', { knownAs: [once] })])).toMatchObject({ kind: 'sure' })
  expect(matchSku(known, [variant('MUG', { knownAs: [once] }), variant('CUP', { knownAs: [once] })]).kind).toBe('open')
  // The SKU is the seller's own word; the same ASIN may be sold new and used.
  expect(
    matchSku({ remoteSku: 'CUP', gtin: null }, [variant('CUP'), variant('MUG', { knownAs: [once] })]),
  ).toMatchObject({ kind: 'automatic', suggestions: [{ sku: 'CUP' }, { sku: 'MUG' }] })
})

test('an id that names a family is only a hint, and a pack brings its number of units', () => {
  const subject = { remoteSku: 'X', gtin: null }
  expect(matchSku(subject, [variant('MUG', { knownAs: [{ unitsPerSale: 1, isGroup: true }] })])).toMatchObject({
    kind: 'open',
    suggestions: [{ reasons: ['remote_id'] }],
  })
  const pack = variant('MUG', { knownAs: [{ unitsPerSale: 6, isGroup: false }] })
  expect(matchSku(subject, [pack])).toMatchObject({ kind: 'sure', suggestions: [{ unitsPerSale: 6 }] })
  const both = variant('MUG', { gtin: mug, knownAs: [once, { unitsPerSale: 6, isGroup: false }] })
  expect(matchSku({ remoteSku: 'X', gtin: mug }, [both])).toMatchObject({
    kind: 'open',
    suggestions: [{ unitsPerSale: 1 }],
  })
})

const anyGtin = fc.constantFrom(null, mug, lamp, '12345678')
const anyCandidate = fc.record({
  variantId: fc.uuid(),
  sku: fc.constantFrom('MUG', 'mug', 'M U G', 'LAMP', 'CUP'),
  gtin: anyGtin,
  knownAs: fc.array(fc.record({ unitsPerSale: fc.constantFrom(1, 6), isGroup: fc.boolean() }), { maxLength: 3 }),
})

test('whatever speaks for whom: order does not matter, and what is ambiguous is never linked unseen', () => {
  const runs = matchVerdicts
  fc.assert(
    fc.property(
      fc.record({ remoteSku: fc.constantFrom('MUG', 'mug ', 'X'), gtin: fc.constantFrom(null, mug, lamp) }),
      // SKUs are unique among variants.
      fc.uniqueArray(anyCandidate, { maxLength: 5, selector: (one) => one.sku }),
      (subject, candidates) => {
        const verdict = matchSku(subject, candidates)
        expect(matchSku(subject, [...candidates].reverse())).toEqual(verdict)
        const of = (sku: string) => candidates.find((one) => one.sku === sku)!
        if (verdict.kind === 'none') expect(verdict.suggestions).toEqual([])
        if (verdict.kind === 'automatic') expect(verdict.suggestions[0]!.sku).toBe(subject.remoteSku)
        if (verdict.kind === 'automatic' || verdict.kind === 'sure') {
          const [best, ...others] = verdict.suggestions
          const gtin = normalizeGtin(of(best!.sku).gtin)
          expect(gtin === null || subject.gtin === null || gtin === subject.gtin).toBe(true)
          // Nobody else has its GTIN, and for what is not its SKU nobody else is known by its id.
          for (const other of others) {
            if (subject.gtin) expect(normalizeGtin(of(other.sku).gtin)).not.toBe(subject.gtin)
            if (verdict.kind === 'sure') expect(of(other.sku).knownAs.every((one) => one.isGroup)).toBe(true)
          }
          expect(best!.reasons).not.toEqual(['similar_sku'])
        }
        for (const one of verdict.suggestions)
          if (one.reasons.includes('similar_sku')) expect(plainSku(one.sku)).toBe(plainSku(subject.remoteSku))
      },
    ),
    { numRuns: runs, seed: 6 },
  )
  printCount('verdicts', runs)
})
