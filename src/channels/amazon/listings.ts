/** All listings of the seller, 20 a page, oldest first (listingsItems_2021-08-01). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, IncomingListing, Pulled } from '../connector.ts'
import { client } from './client.ts'
import { readListings } from './mapping.ts'

const cursorSchema = z.object({
  pageToken: z.string().optional(),
  /** Where the window began that is being paged through. */
  createdAfter: z.string().optional(),
  /** Items of the window so far. */
  seen: z.number().int(),
  /** Page tokens refused in a row. */
  refused: z.number().int().default(0),
})

/** A search pages through this many at most (model, pageToken); the next window begins at the newest item seen. */
const windowItems = 1_000

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const cursor = parsed.success ? parsed.data : { seen: 0, refused: 0 }
  try {
    const answer = await client.searchListings(account, cursor)
    const items = answer.items.flatMap(readListings)
    const seen = cursor.seen + answer.items.length
    // A later window tells of itself only, and of what it has in common with the one before.
    const remaining = Math.max(0, answer.numberOfResults - seen)
    const pageToken = answer.pagination?.nextToken ?? undefined
    if (pageToken) return { items, next: { ...cursor, pageToken, seen, refused: 0 }, more: true, remaining }
    const newest = answer.items
      .flatMap((item) => (item.summaries ?? []).map((one) => one.createdDate ?? ''))
      .sort()
      .at(-1)
    const goesOn = Boolean(seen >= windowItems && newest && newest !== cursor.createdAfter)
    return { items, next: goesOn ? { createdAfter: newest, seen: 0, refused: 0 } : null, more: goesOn, remaining }
  } catch (error) {
    // A page token that is refused: begin anew, listings are only told again. After some times it is told instead.
    if (cursor.pageToken && cursor.refused < 3 && error instanceof ChannelError && error.kind === 'rejected') {
      return { items: [], next: { seen: 0, refused: cursor.refused + 1 }, more: true }
    }
    throw error
  }
}
