/** All products and variations that have a SKU. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled } from '../connector.ts'
import { newWalk, readCatalog, walkSchema } from './catalog.ts'
import { currencyOf } from './currency.ts'
import { rememberItem } from './items.ts'
import { readListing } from './mapping.ts'

const cursorSchema = z.object({ walk: walkSchema.nullable() })

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const currency = await currencyOf(account)
  const { found, unreadable, next } = await readCatalog(account, (parsed.success && parsed.data.walk) || newWalk)
  // The same SKU on two products is one listing here; a page never names it twice.
  const items = new Map<string, IncomingListing>()
  for (const { wire, parent } of found) {
    const one = readListing(wire, parent, currency)
    if (!one) continue
    items.set(one.remoteSku, one)
    rememberItem(account, one.remoteSku, { parentId: parent?.id ?? 0, id: wire.id })
  }
  return { items: [...items.values()], unreadable, next: { walk: next }, more: next !== null }
}
