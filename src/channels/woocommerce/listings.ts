/** All products and variations that have a SKU. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled } from '../connector.ts'
import { newWalk, readCatalog, walkSchema } from './catalog.ts'
import { currencyOf } from './currency.ts'
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
    // Its ids are not remembered for writes: only a lookup by SKU sees that several things have it.
    items.set(one.remoteSku, one)
  }
  return { items: [...items.values()], unreadable, next: { walk: next }, more: next !== null }
}
