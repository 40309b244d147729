import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { printCount, publishingCases } from '../../test/support/iterations.ts'
import type { ProblemCode } from './errors.ts'
import {
  checkRule,
  noSettings,
  type PublishingRule,
  type Reason,
  type RuleScope,
  type RuleTarget,
  ruleBook,
  type ShowSettings,
  scopeKey,
  scopesOf,
  settingNames,
  wishOf,
} from './publishing.ts'

const number = (max: number) => fc.option(fc.integer({ min: 0, max }), { nil: null })
const someSettings: fc.Arbitrary<ShowSettings> = fc.record({
  safetyUnits: number(30),
  safetyPercent: number(100),
  cap: number(30),
  minimum: number(30),
  stopBelow: number(30),
})
const someStock = { atp: fc.integer({ min: 0, max: 60 }), unitsPerSale: fc.integer({ min: 1, max: 6 }) }
const runs = { numRuns: publishingCases, seed: 20_261_122 }
const shows = (atp: number, settings: Partial<ShowSettings>, unitsPerSale = 1) =>
  wishOf(atp, unitsPerSale, { ...noSettings, ...settings }).shows

describe('what a slot shows', () => {
  test('without rules everything, in its own units', () => {
    expect([shows(10, {}), shows(10, {}, 3), shows(0, {}), shows(2, {}, 3)]).toEqual([10, 3, 0, 0])
  })

  // The table of docs/publishing-rules.md.
  test.each([
    ['2 units kept back', 10, 1, { safetyUnits: 2 }, 8],
    ['20 % of 9 is 1.8: 2 kept back', 9, 1, { safetyPercent: 20 }, 7],
    ['both: the larger', 10, 1, { safetyUnits: 2, safetyPercent: 50 }, 5],
    ['kept back before packing', 10, 2, { safetyUnits: 1 }, 4],
    ['a cap in what the listing shows', 100, 2, { cap: 5 }, 5],
    ['a minimum out of the safety stock', 3, 1, { safetyUnits: 2, minimum: 3 }, 3],
    ['a minimum, but fewer are there', 3, 1, { safetyUnits: 2, minimum: 5 }, 3],
    ['no minimum where safety stock leaves nothing', 2, 1, { safetyUnits: 2, minimum: 3 }, 0],
    ['selling stops', 4, 1, { stopBelow: 5 }, 0],
    ['selling goes on', 5, 1, { stopBelow: 5 }, 5],
    ['one at a time until five are left', 9, 1, { cap: 1, stopBelow: 5 }, 1],
    ['one at a time until five are left: over', 4, 1, { cap: 1, stopBelow: 5 }, 0],
    ['a cap of 0 shows nothing', 10, 1, { cap: 0 }, 0],
    ['a cap beats a minimum of a wider rule', 10, 1, { cap: 2, minimum: 4 }, 2],
  ])('%s', (_, atp, unitsPerSale, settings, expected) => {
    expect(shows(atp, settings, unitsPerSale)).toBe(expected)
  })

  test('never more than there is, and never below 0', () => {
    printCount('publishing rules tried', publishingCases)
    fc.assert(
      fc.property(fc.record({ ...someStock, settings: someSettings }), ({ atp, unitsPerSale, settings }) => {
        const { shows: shown } = wishOf(atp, unitsPerSale, settings)
        expect(shown).toBeLessThanOrEqual(Math.floor(atp / unitsPerSale))
        expect(shown).toBeGreaterThanOrEqual(0)
        if (settings.cap !== null) expect(shown).toBeLessThanOrEqual(settings.cap)
      }),
      runs,
    )
  })

  test('more stock never shows less', () => {
    fc.assert(
      fc.property(fc.record({ ...someStock, settings: someSettings }), ({ atp, unitsPerSale, settings }) => {
        expect(wishOf(atp + 1, unitsPerSale, settings).shows).toBeGreaterThanOrEqual(
          wishOf(atp, unitsPerSale, settings).shows,
        )
      }),
      runs,
    )
  })

  test('nothing is shown below the stop, before the cap', () => {
    fc.assert(
      fc.property(fc.record({ ...someStock, settings: someSettings }), ({ atp, unitsPerSale, settings }) => {
        const uncapped = wishOf(atp, unitsPerSale, { ...settings, cap: null }).shows
        expect(uncapped === 0 || uncapped >= (settings.stopBelow ?? 0)).toBe(true)
      }),
      runs,
    )
  })

  test('while safety stock leaves something, the minimum is shown as far as it is there', () => {
    fc.assert(
      fc.property(fc.record({ ...someStock, settings: someSettings }), ({ atp, unitsPerSale, settings }) => {
        const open = { ...settings, cap: null, stopBelow: null }
        const plain = wishOf(atp, unitsPerSale, { ...open, minimum: null }).shows
        const wanted = Math.min(settings.minimum ?? 0, Math.floor(atp / unitsPerSale))
        expect(wishOf(atp, unitsPerSale, open).shows).toBe(plain === 0 ? 0 : Math.max(plain, wanted))
      }),
      runs,
    )
  })
})

describe('the explanation', () => {
  /** Works the steps out again from their own numbers. */
  function replay([first, ...steps]: readonly Reason[]): number {
    expect(first).toMatchObject({ code: 'available', amount: first!.value })
    const possible = { units: first!.value, perSale: 1 }
    return steps.reduce((left, { code, amount, value }) => {
      if (code === 'pack') possible.perSale = amount
      const next = {
        available: left,
        safety: left - amount,
        pack: Math.floor(left / amount),
        minimum: Math.min(amount, Math.floor(possible.units / possible.perSale)),
        'stop-below': left < amount ? 0 : left,
        cap: Math.min(left, amount),
      }[code]
      expect({ code, value: next }).toEqual({ code, value })
      // A step that changes nothing has nothing to explain; a pack is named all the same.
      if (code !== 'pack') expect(value).not.toBe(left)
      return next
    }, first!.value)
  }

  test('adds up to what is shown', () => {
    fc.assert(
      fc.property(fc.record({ ...someStock, settings: someSettings }), ({ atp, unitsPerSale, settings }) => {
        const wish = wishOf(atp, unitsPerSale, settings)
        expect(replay(wish.reasons)).toBe(wish.shows)
      }),
      runs,
    )
  })

  test('names the steps in order', () => {
    const settings = { ...noSettings, safetyUnits: 2, cap: 3, stopBelow: 1 }
    expect(wishOf(10, 2, settings).reasons).toEqual([
      { code: 'available', amount: 10, value: 10 },
      { code: 'safety', amount: 2, value: 8 },
      { code: 'pack', amount: 2, value: 4 },
      { code: 'cap', amount: 3, value: 3 },
    ])
  })
})

describe('which rule holds', () => {
  const target: RuleTarget = { accountId: 'eu', channel: 'market', variantId: 'shoe', category: 'Shoes' }
  const scope = (more: Partial<RuleScope>): RuleScope => ({
    accountId: null,
    channel: null,
    variantId: null,
    category: null,
    ...more,
  })
  const rule = (id: string, where: Partial<RuleScope>, settings: Partial<ShowSettings>): PublishingRule => ({
    id,
    ...scope(where),
    ...noSettings,
    ...settings,
  })

  test('the order of scopes is written down', () => {
    expect(scopesOf(target)).toEqual([
      scope({ variantId: 'shoe', accountId: 'eu' }),
      scope({ variantId: 'shoe', channel: 'market' }),
      scope({ variantId: 'shoe' }),
      scope({ category: 'Shoes', accountId: 'eu' }),
      scope({ category: 'Shoes', channel: 'market' }),
      scope({ category: 'Shoes' }),
      scope({ accountId: 'eu' }),
      scope({ channel: 'market' }),
      scope({}),
    ])
    expect(new Set(scopesOf(target).map(scopeKey)).size).toBe(9)
  })

  test('goods without a category are reached by no category’s rule', () => {
    expect(scopesOf({ ...target, category: null })).toHaveLength(6)
    const book = ruleBook([rule('a', { category: 'Shoes' }, { cap: 1 })])
    expect(book.of({ ...target, category: null }).settings).toEqual(noSettings)
  })

  test('a rule that only caps leaves the wider safety stock in force', () => {
    const book = ruleBook([rule('all', {}, { safetyUnits: 2, cap: 9 }), rule('one', { variantId: 'shoe' }, { cap: 3 })])
    expect(book.of(target)).toEqual({
      settings: { ...noSettings, safetyUnits: 2, cap: 3 },
      from: { safety: 'all', cap: 'one', minimum: null, stopBelow: null },
    })
  })

  test('safety stock in percent replaces a wider one in units, and the other way round', () => {
    const wide = rule('all', {}, { safetyUnits: 5 })
    const book = ruleBook([wide, rule('one', { category: 'Shoes' }, { safetyPercent: 10 })])
    expect(book.of(target).settings).toEqual({ ...noSettings, safetyPercent: 10 })
    const off = ruleBook([rule('all', {}, { safetyPercent: 50 }), rule('one', { accountId: 'eu' }, { safetyUnits: 0 })])
    expect(off.of(target).settings).toEqual({ ...noSettings, safetyUnits: 0 })
  })

  test('the most specific wins for each setting by itself, in whatever order the rules come', () => {
    const nine = scopesOf(target)
    const foreign = [
      scope({ accountId: 'us' }),
      scope({ category: 'Hats' }),
      scope({ variantId: 'hat', channel: 'market' }),
    ]
    const drawn = fc.uniqueArray(fc.record({ at: fc.nat({ max: 11 }), settings: someSettings }), {
      selector: (one) => one.at,
      maxLength: 12,
    })
    fc.assert(
      fc.property(drawn, (list) => {
        const rules = list.map(({ at, settings }) => ({ id: String(at), ...[...nine, ...foreign][at]!, ...settings }))
        const effective = ruleBook(rules).of(target)
        const reaching = rules.filter((one) => Number(one.id) < 9).sort((a, b) => Number(a.id) - Number(b.id))
        for (const name of settingNames) {
          const winner = reaching.find((one) =>
            name === 'safety' ? one.safetyUnits !== null || one.safetyPercent !== null : one[name] !== null,
          )
          expect(effective.from[name]).toBe(winner?.id ?? null)
          if (name !== 'safety') expect(effective.settings[name]).toBe(winner?.[name] ?? null)
          else {
            expect(effective.settings.safetyUnits).toBe(winner?.safetyUnits ?? null)
            expect(effective.settings.safetyPercent).toBe(winner?.safetyPercent ?? null)
          }
        }
      }),
      runs,
    )
  })
})

describe('a rule is refused', () => {
  const everywhere: RuleScope = { accountId: null, channel: null, variantId: null, category: null }
  const refusal = (scope: Partial<RuleScope>, settings: Partial<ShowSettings>): ProblemCode | undefined => {
    try {
      checkRule({ ...everywhere, ...scope }, { ...noSettings, ...settings })
      return undefined
    } catch (error) {
      return (error as { code: ProblemCode }).code
    }
  }

  test.each([
    ['rule_empty', {}, {}],
    ['rule_scope', { accountId: 'a', channel: 'c' }, { cap: 1 }],
    ['rule_scope', { variantId: 'v', category: 'c' }, { cap: 1 }],
    ['rule_number', {}, { safetyUnits: -1 }],
    ['rule_number', {}, { safetyPercent: 101 }],
    ['rule_number', {}, { cap: 1.5 }],
    ['rule_number', {}, { minimum: 1_000_000_001 }],
    ['rule_minimum_above_cap', {}, { minimum: 3, cap: 2 }],
    [undefined, { accountId: 'a', category: 'c' }, { minimum: 2, cap: 2, stopBelow: 9, safetyPercent: 100 }],
  ])('%s', (code, scope, settings) => {
    expect(refusal(scope, settings)).toBe(code)
  })
})
