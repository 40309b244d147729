/** All inventory items of the seller, a page at a time, each with its offers: eBay lists no offers without their SKU. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { readInTurn } from '../in-turn.ts'
import { calls } from './calls.ts'
import { readListings } from './mapping.ts'
import { readOffers } from './offers.ts'
import { inventoryItem, type WireItem } from './wire.ts'

/** Offers asked for at once. */
const atOnce = 10
/** A page is worked off within a lease: each of its items costs a call of its own. */
const pageSize = 50

const cursorSchema = z.object({
  page: z.number().int().min(0),
  /** SKUs that were told of it already: the allowance was used up before its end. */
  told: z.array(z.string()).default([]),
})

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const { page, told } = cursorSchema.safeParse(saved).data ?? { page: 0, told: [] }
  const answer = await calls.getInventoryItems(account, { limit: pageSize, offset: page })
  const raws = answer.inventoryItems ?? []
  const { found, unreadable } = readEach(raws)
  const untold = found.filter(({ sku }) => !told.includes(sku))
  const { read, done } = await readInTurn(untold, atOnce, {
    read: async (item) => readListings(item, await readOffers(account, item.sku)),
    now: account.now,
  })
  const items = read.flat()
  if (done < untold.length) {
    const further = untold.slice(0, done).map(({ sku }) => sku)
    return { items, next: { page, told: [...told, ...further] }, more: true }
  }
  const more = raws.length > 0 && Boolean(answer.next)
  return { items, unreadable, next: more ? { page: page + 1, told: [] } : null, more }
}

function readEach(raws: readonly unknown[]): { found: WireItem[]; unreadable: Unreadable[] } {
  const found: WireItem[] = []
  const unreadable: Unreadable[] = []
  for (const raw of raws) {
    const one = inventoryItem.safeParse(raw)
    if (one.success) found.push(one.data)
    else unreadable.push({ remoteId: skuOf(raw), where: one.error.issues[0]!.path.join('.'), raw })
  }
  return { found, unreadable }
}

const skuOf = (raw: unknown): string => {
  const sku = (raw as { sku?: unknown } | null)?.sku
  return typeof sku === 'string' && sku !== '' ? sku : '?'
}
