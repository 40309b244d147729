/** All inventory items of the seller, a page at a time, each with its offers: eBay lists no offers without their SKU. */
import { z } from 'zod'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { inTurn, readInTurn } from '../in-turn.ts'
import { calls } from './calls.ts'
import { readListings } from './mapping.ts'
import { readOffers } from './offers.ts'
import { inventoryItem, type WireItem } from './wire.ts'

/** Offers asked for at once. */
const atOnce = 10
/** A page is worked off within a lease: each of its items costs a call of its own. */
const pageSize = 50

const cursorSchema = inTurn.extend({
  page: z.number().int().min(0),
  /** SKUs that were told of it already: the allowance was used up before its end, or some are tried again. */
  told: z.array(z.string()).default([]),
})

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const { page, told, ...before } = cursorSchema.safeParse(saved).data ?? { page: 0, told: [], tries: 0 }
  const answer = await calls.getInventoryItems(account, { limit: pageSize, offset: page })
  const raws = answer.inventoryItems ?? []
  const { found, unreadable } = readEach(raws)
  const untold = found.filter(({ sku }) => !told.includes(sku))
  const ways = {
    read: async (item: WireItem) => readListings(item, await readOffers(account, item.sku)),
    ask: async (sku: string) => await readOffers(account, sku),
    now: account.now,
  }
  const { read, done, left, ...odd } = await readInTurn(untold, atOnce, ways, before)
  const items = read.flat()
  if (done.length < untold.length) {
    return { items, unreadable: odd.unreadable, next: { page, told: [...told, ...done], ...left }, more: true }
  }
  const more = raws.length > 0 && Boolean(answer.next)
  const next = more ? { page: page + 1, told: [], tries: 0, proof: left.proof } : null
  return { items, unreadable: [...unreadable, ...odd.unreadable], next, more }
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
