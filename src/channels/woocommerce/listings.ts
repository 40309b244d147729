/** All products and variations that have a SKU. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled } from '../connector.ts'
import { type CatalogPage, newWalk, readCatalog, walkSchema } from './catalog.ts'
import { currencyOf } from './currency.ts'
import { learnWalked } from './items.ts'
import { readListing } from './mapping.ts'

const cursorSchema = z.object({ walk: walkSchema.nullable() })

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const currency = await currencyOf(account)
  const walk = (parsed.success && parsed.data.walk) || newWalk
  const page = await readCatalog(account, walk)
  const { found, unreadable, next } = page
  learnWalked(account, { isFirst: walk.total === null, isLast: next === null, seen: seenOn(page) })
  // The same SKU on two products is one listing here; a page never names it twice.
  const items = new Map<string, IncomingListing>()
  for (const { wire, parent } of found) {
    const one = readListing(wire, parent, currency)
    if (!one) continue
    items.set(one.remoteSku, one)
  }
  return { items: [...items.values()], unreadable, next: { walk: next }, more: next !== null }
}

/** What has which SKU, with its ids where a quantity can be set there. What cannot be read has no ids, and is there. */
function seenOn({ found, parents, unreadable }: CatalogPage) {
  return [
    ...found.map(({ wire, parent }) => ({
      sku: wire.sku ?? '',
      ids: wire.manage_stock === true ? { parentId: parent?.id ?? 0, id: wire.id } : null,
    })),
    ...parents.map(({ sku }) => ({ sku: sku ?? '', ids: null })),
    ...unreadable.map(({ remoteId }) => ({ sku: remoteId ?? '', ids: null })),
  ]
}
