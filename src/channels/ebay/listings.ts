/** All inventory items of the seller, a page at a time, each with its offers: eBay lists no offers without their SKU. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled } from '../connector.ts'
import { calls } from './calls.ts'
import { readListings } from './mapping.ts'
import { readOffers } from './offers.ts'

/** Offers asked for at once. */
const atOnce = 10
/** A page is worked off within a lease: each of its items costs a call of its own. */
const pageSize = 50

const cursorSchema = z.object({ page: z.number().int().min(0) })

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const { page } = parsed.success ? parsed.data : { page: 0 }
  const answer = await calls.getInventoryItems(account, { limit: pageSize, offset: page })
  const found = answer.inventoryItems ?? []
  const items: IncomingListing[] = []
  for (let from = 0; from < found.length; from += atOnce) {
    const some = found.slice(from, from + atOnce)
    const offers = await Promise.all(some.map((item) => readOffers(account, item.sku)))
    for (const [index, item] of some.entries()) items.push(...readListings(item, offers[index]!))
  }
  const more = found.length > 0 && Boolean(answer.next)
  return { items, next: more ? { page: page + 1 } : null, more }
}
