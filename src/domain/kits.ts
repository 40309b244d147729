/** Kits: a variant made of others. What lies on a shelf are its parts; a kit has no stock of its own. */
import { Problem } from './errors.ts'
import { compareText } from './values.ts'

/** Units of a variant that one unit of the kit takes. */
export interface Part {
  variantId: string
  quantity: number
}

/** Parts of the kits among some variants; a variant that is absent is no kit. */
export type Kits = ReadonlyMap<string, readonly Part[]>

/** What one unit of the variant takes from the shelf: its parts, or itself. */
export function partsOf(kits: Kits, variantId: string): readonly Part[] {
  return kits.get(variantId) ?? [{ variantId, quantity: 1 }]
}

/** How many kits can be made of what is available of each part; the scarcest part decides. */
export function kitsAvailable(parts: readonly Part[], availableOf: (variantId: string) => number): number {
  return Math.min(...parts.map((part) => Math.floor(Math.max(0, availableOf(part.variantId)) / part.quantity)))
}

/** Units of one part in one kit, over all levels of nesting. */
export const mostUnitsPerKit = 1_000_000

/** Kits in kits: so many in each other, the outermost and the innermost included. */
export const mostKitsDeep = 20

interface Resolved {
  units: ReadonlyMap<string, number>
  /** 0 for what lies on a shelf, else one more than its deepest component. */
  depth: number
}

/**
 * Resolves a kit down to what lies on a shelf; a part that several components share is counted once, with the sum.
 * `nameOf` is how people know a variant. Refusals: `kit_in_itself` (names the cycle), `kit_too_deep`, `kit_too_large`.
 */
export function resolveKit(
  kitId: string,
  componentsOf: (variantId: string) => readonly Part[],
  nameOf: (variantId: string) => string = (id) => id,
): Part[] {
  const resolved = new Map<string, Resolved>()
  const resolve = (id: string, within: readonly string[]): Resolved => {
    if (within.includes(id)) {
      const cycle = [...within.slice(within.indexOf(id)), id]
      throw new Problem('kit_in_itself', { cycle: cycle.map(nameOf).join(' → ') })
    }
    const done = resolved.get(id)
    if (done) return done
    const components = componentsOf(id)
    const units = new Map<string, number>(components.length === 0 ? [[id, 1]] : [])
    let depth = 0
    for (const component of components) {
      const inner = resolve(component.variantId, [...within, id])
      depth = Math.max(depth, inner.depth + 1)
      for (const [part, each] of inner.units) {
        const sum = (units.get(part) ?? 0) + each * component.quantity
        if (sum > mostUnitsPerKit) throw new Problem('kit_too_large', { most: mostUnitsPerKit })
        units.set(part, sum)
      }
    }
    resolved.set(id, { units, depth })
    return { units, depth }
  }
  const { units, depth } = resolve(kitId, [])
  if (depth > mostKitsDeep) throw new Problem('kit_too_deep', { sku: nameOf(kitId), depth, most: mostKitsDeep })
  return [...units]
    .map(([variantId, quantity]) => ({ variantId, quantity }))
    .sort((a, b) => compareText(a.variantId, b.variantId))
}
