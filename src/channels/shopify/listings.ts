/** All product variants that have a SKU, by id. */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, IncomingListing, Pulled, Unreadable } from '../connector.ts'
import { call } from './client.ts'
import * as documents from './documents.ts'
import { locationOf, rememberItem } from './items.ts'
import { readId, readListing, readListingId } from './mapping.ts'
import { noRestarts, restarted, restartsShape } from './restarts.ts'
import { listing, listingsAnswer } from './wire.ts'

const cursorSchema = z.object({
  after: z.string().nullable(),
  first: z.number().int().min(1),
  ...restartsShape,
})

export async function pullListings(account: Account, saved: unknown): Promise<Pulled<IncomingListing>> {
  const parsed = cursorSchema.safeParse(saved)
  const cursor = parsed.success ? parsed.data : { after: null, first: documents.listingsPage, ...noRestarts }
  try {
    const location = await locationOf(account)
    const { after, first } = cursor
    const { data } = await call(account, documents.listings, { first, after, location }, listingsAnswer, first)
    const { nodes, pageInfo } = data.productVariants
    // The same SKU on two variants is one listing here; a page never names it twice.
    const items = new Map<string, IncomingListing>()
    const unreadable: Unreadable[] = []
    for (const raw of nodes) {
      const node = listing.safeParse(raw)
      if (!node.success) {
        unreadable.push(describe(raw, node.error.issues[0]?.path ?? []))
        continue
      }
      const one = readListing(node.data, data.shop.currencyCode)
      if (one) items.set(one.remoteSku, one)
    }
    for (const one of items.values()) {
      const ids = readListingId(one.remoteId)
      if (ids && one.merchantQuantity !== null) rememberItem(account, one.remoteSku, ids)
    }
    const next = pageInfo.hasNextPage
      ? { ...cursor, after: pageInfo.endCursor ?? null }
      : { first, after: null, ...noRestarts }
    return { items: [...items.values()], unreadable, next, more: pageInfo.hasNextPage }
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'rejected') throw error
    if (error.code === 'MAX_COST_EXCEEDED' && cursor.first > 1)
      return { items: [], next: { ...cursor, first: Math.floor(cursor.first / 2) }, more: true }
    const again = cursor.after === null ? undefined : restarted(cursor, account.now())
    if (!again) throw error
    return { items: [], next: { ...cursor, after: null, ...again }, more: true }
  }
}

function describe(raw: unknown, path: readonly PropertyKey[]): Unreadable {
  const { id, sku } = (raw ?? {}) as { id?: unknown; sku?: unknown }
  const remoteId = typeof sku === 'string' ? sku : typeof id === 'string' ? readId(id) : '?'
  return { remoteId, where: path.map(String).join('.'), raw }
}
