/** What may be promised. How much of it a slot shows is decided by the publishing rules (publishing.ts). */
import { type Kits, kitsAvailable } from './kits.ts'
import { available, type PoolLevel } from './stock.ts'

/**
 * Units available to promise, by variant. Incoming stock is not in it. A kit has what can be made of its parts, whose
 * free units are given apart.
 */
export function availableToPromise(
  levels: ReadonlyMap<string, PoolLevel>,
  kits: Kits = new Map(),
  ofParts: ReadonlyMap<string, number> = new Map(),
): Map<string, number> {
  const units = new Map([...levels].map(([id, level]) => [id, Math.max(0, available(level))]))
  for (const [id, parts] of kits)
    units.set(
      id,
      kitsAvailable(parts, (part) => ofParts.get(part) ?? 0),
    )
  return units
}
