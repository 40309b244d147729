/** All listings of the seller, 20 a page, oldest first (listingsItems_2021-08-01). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { client } from './client.ts'
import { readListings } from './mapping.ts'
import { listingsItem, type WireListing } from './wire.ts'

const cursorSchema = z.object({
  pageToken: z.string().optional(),
  /** Where the window began that is being paged through. */
  createdAfter: z.string().optional(),
  /** Items of the window so far. */
  seen: z.number().int(),
  /** Page tokens refused in this walk. */
  refused: z.number().int().default(0),
  /** When the first page was read. */
  begunAt: z.iso.datetime().optional(),
})

/** So often a walk begins anew at once; then a refused token is tried for so long before it is given up. */
const refusedAtMost = 3
const refusedMs = 30 * 60_000

/** A search pages through this many at most (model, pageToken); the next window begins at the newest item seen. */
const windowItems = 1_000

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const cursor = parsed.success ? parsed.data : { seen: 0, refused: 0 }
  const { refused } = cursor
  const begunAt = cursor.begunAt ?? account.now().toISOString()
  try {
    const answer = await client.searchListings(account, cursor)
    const { read, unreadable } = readEach(answer.items)
    const items = read.flatMap(readListings)
    const seen = cursor.seen + answer.items.length
    // A later window tells of itself only, and of what it has in common with the one before.
    const remaining = Math.max(0, answer.numberOfResults - seen)
    const pageToken = answer.pagination?.nextToken ?? undefined
    if (pageToken) {
      return { items, unreadable, next: { ...cursor, pageToken, seen, begunAt }, more: true, remaining }
    }
    const newest = read
      .flatMap((item) => (item.summaries ?? []).map((one) => one.createdDate ?? ''))
      .sort()
      .at(-1)
    const goesOn = Boolean(seen >= windowItems && newest && newest !== cursor.createdAfter)
    const next = goesOn ? { createdAfter: newest, seen: 0, refused, begunAt } : null
    return { items, unreadable, next, more: goesOn, remaining }
  } catch (error) {
    // A page token that is refused: begin anew, listings are only told again. After some times it is told instead, but its
    // token may be dead for good.
    if (cursor.pageToken && error instanceof ChannelError && error.kind === 'rejected') {
      const isFresh = account.now().getTime() - Date.parse(begunAt) < refusedMs
      if (refused < refusedAtMost || !isFresh)
        return { items: [], next: { seen: 0, refused: Math.min(refused + 1, refusedAtMost) }, more: true }
    }
    throw error
  }
}

function readEach(raws: readonly unknown[]): { read: WireListing[]; unreadable: Unreadable[] } {
  const read: WireListing[] = []
  const unreadable: Unreadable[] = []
  for (const raw of raws) {
    const one = listingsItem.safeParse(raw)
    if (one.success) read.push(one.data)
    else unreadable.push({ remoteId: skuOf(raw), where: one.error.issues[0]!.path.join('.'), raw })
  }
  return { read, unreadable }
}

const skuOf = (raw: unknown): string => {
  const sku = (raw as { sku?: unknown } | null)?.sku
  return typeof sku === 'string' && sku !== '' ? sku : '?'
}
