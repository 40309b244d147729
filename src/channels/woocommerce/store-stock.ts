/** What the store counts. It has one shelf, and tells what it can sell; what it has promised is off that number already. */
import { z } from 'zod'
import type { StoreLevel } from '../capabilities.ts'
import type { Account, Pulled } from '../connector.ts'
import { newWalk, readCatalog, walkSchema } from './catalog.ts'
import { countOf, readTime } from './mapping.ts'

const location = { remoteId: 'store', name: 'WooCommerce' }

export const pullLocations = async () => [{ ...location, active: true }]

const cursorSchema = z.object({ walk: walkSchema.nullable() })

export async function pullStoreStock(account: Account, saved: unknown): Promise<Pulled<StoreLevel>> {
  const parsed = cursorSchema.safeParse(saved)
  const { found, unreadable, next } = await readCatalog(account, (parsed.success && parsed.data.walk) || newWalk)
  const items = new Map<string, StoreLevel>()
  for (const { wire } of found) {
    if (!wire.sku || wire.manage_stock !== true) continue
    const count = countOf(wire)
    if (count === null) {
      // It is counted, and how many there are did not come: not nothing.
      unreadable.push({ remoteId: wire.sku, where: 'stock_quantity', raw: wire })
      continue
    }
    items.set(wire.sku, {
      location,
      remoteSku: wire.sku,
      onHand: count,
      available: count,
      committed: 0,
      changedAt: wire.date_modified_gmt ? readTime(wire.date_modified_gmt) : null,
    })
  }
  return { items: [...items.values()], unreadable, next: { walk: next }, more: next !== null }
}
