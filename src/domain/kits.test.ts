import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Problem } from './errors.ts'
import { kitsAvailable, mostKitsDeep, mostUnitsPerKit, type Part, resolveKit } from './kits.ts'

const definitions = (kits: Record<string, Record<string, number>>) => (id: string) =>
  Object.entries(kits[id] ?? {}).map(([variantId, quantity]) => ({ variantId, quantity }))
const problemOf = (work: () => unknown): Problem | undefined => {
  try {
    work()
  } catch (error) {
    return error as Problem
  }
  return undefined
}
const code = (work: () => unknown) => problemOf(work)?.code

test('a part that several components share is counted once, with the sum', () => {
  const kits = definitions({ set: { cup: 2, box: 1 }, box: { cup: 4, lid: 1 } })
  expect(resolveKit('set', kits)).toEqual([
    { variantId: 'cup', quantity: 6 },
    { variantId: 'lid', quantity: 1 },
  ])
})

test('twenty kits in each other resolve to their part, and no more; a kit in itself is refused at any depth, with the way round', () => {
  const tower = (deep: number): Record<string, Record<string, number>> =>
    Object.fromEntries(
      Array.from({ length: deep }, (_, at) => [
        `k${at}`,
        at + 1 < deep ? { [`k${at + 1}`]: 1, screw: 1 } : { screw: 2 },
      ]),
    )
  expect(mostKitsDeep).toBe(20)
  expect(resolveKit('k0', definitions(tower(20)))).toEqual([{ variantId: 'screw', quantity: 21 }])
  const problem = problemOf(() => resolveKit('k0', definitions(tower(21)), (id) => id.toUpperCase()))
  expect([problem?.code, problem?.params]).toEqual(['kit_too_deep', { sku: 'K0', depth: 21, most: 20 }])
  const round = { ...tower(20), k19: { k17: 1 } }
  const cycle = problemOf(() => resolveKit('k0', definitions(round), (id) => id.toUpperCase()))
  expect([cycle?.code, cycle?.params]).toEqual(['kit_in_itself', { cycle: 'K17 → K18 → K19 → K17' }])
})

test('many ways to one part: the product of quantities along each, summed; depth is the longest way', () => {
  // A lattice: each level holds two of the next and one of the level after it. 3^n ways, resolved level by level.
  const kits: Record<string, Record<string, number>> = {}
  const made = (at: number): number => (at >= 12 ? 1 : 2 * made(at + 1) + (at + 2 <= 12 ? made(at + 2) : 0))
  for (let at = 0; at < 12; at += 1)
    kits[`k${at}`] = { [`k${at + 1}`]: 2, ...(at + 2 <= 12 ? { [`k${at + 2}`]: 1 } : {}) }
  expect(resolveKit('k0', definitions(kits))).toEqual([{ variantId: 'k12', quantity: made(0) }])
})

test('a kit of kits may not grow without bound', () => {
  const kits = definitions({ a: { b: 1_000 }, b: { c: 1_000 }, c: { d: 2 } })
  expect(resolveKit('b', kits)).toEqual([{ variantId: 'd', quantity: 2_000 }])
  expect(code(() => resolveKit('a', kits))).toBe('kit_too_large')
  expect(mostUnitsPerKit).toBe(1_000_000)
})

test('what is available of a kit can be made, and one more cannot', () => {
  const part = fc.record({ quantity: fc.integer({ min: 1, max: 9 }), free: fc.integer({ min: -3, max: 60 }) })
  fc.assert(
    fc.property(fc.array(part, { minLength: 1, maxLength: 5 }), (given) => {
      const parts: Part[] = given.map((one, index) => ({ variantId: String(index), quantity: one.quantity }))
      const made = kitsAvailable(parts, (id) => given[Number(id)]!.free)
      const possible = (kits: number) => given.every((one) => kits * one.quantity <= Math.max(0, one.free))
      expect([possible(made), possible(made + 1)]).toEqual([true, false])
    }),
  )
})
