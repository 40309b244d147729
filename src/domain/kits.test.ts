import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { Problem } from './errors.ts'
import { kitsAvailable, mostUnitsPerKit, type Part, resolveKit } from './kits.ts'

const definitions = (kits: Record<string, Record<string, number>>) => (id: string) =>
  Object.entries(kits[id] ?? {}).map(([variantId, quantity]) => ({ variantId, quantity }))
const code = (work: () => unknown) => {
  try {
    work()
  } catch (error) {
    return (error as Problem).code
  }
  return undefined
}

test('a part that several components share is counted once, with the sum', () => {
  const kits = definitions({ set: { cup: 2, box: 1 }, box: { cup: 4, lid: 1 } })
  expect(resolveKit('set', kits)).toEqual([
    { variantId: 'cup', quantity: 6 },
    { variantId: 'lid', quantity: 1 },
  ])
})

test('twenty kits in each other resolve to their part; a kit in itself, at any depth, is refused', () => {
  const tower: Record<string, Record<string, number>> = {}
  for (let depth = 0; depth < 19; depth += 1) tower[`k${depth}`] = { [`k${depth + 1}`]: 1, screw: 1 }
  tower.k19 = { screw: 2 }
  expect(resolveKit('k0', definitions(tower))).toEqual([{ variantId: 'screw', quantity: 21 }])
  tower.k19 = { k0: 1 }
  expect(code(() => resolveKit('k0', definitions(tower)))).toBe('kit_in_itself')
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
