/** All listings of the seller, 20 a page (listingsItems_2021-08-01). */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, IncomingListing, Pulled } from '../connector.ts'
import { client } from './client.ts'
import { readListings } from './mapping.ts'

const cursorSchema = z.object({ pageToken: z.string() })

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const cursor = cursorSchema.safeParse(saved)
  try {
    const answer = await client.searchListings(account, cursor.success ? cursor.data : {})
    const pageToken = answer.pagination?.nextToken
    return {
      items: answer.items.flatMap(readListings),
      next: pageToken ? { pageToken } : null,
      more: Boolean(pageToken),
    }
  } catch (error) {
    // A page token that is refused: begin at the first page, listings are only told again.
    if (cursor.success && error instanceof ChannelError && error.kind === 'rejected')
      return { items: [], next: null, more: true }
    throw error
  }
}
