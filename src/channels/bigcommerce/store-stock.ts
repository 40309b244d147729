/** What the store holds at its locations: the inventory tells no times, so each walk is a whole one. */
import { z } from 'zod'
import type { StoreLevel } from '../capabilities.ts'
import type { Account, Pulled, Unreadable } from '../connector.ts'
import { call } from './client.ts'
import { pullLocations } from './items.ts'
import { locationItem, pageAnswer } from './wire.ts'

const pageSize = 1_000
const cursorSchema = z.object({
  left: z.array(z.object({ remoteId: z.string(), name: z.string() })).min(1),
  page: z.number().int().min(1),
})

export async function pullStoreStock(account: Account, saved: unknown): Promise<Pulled<StoreLevel>> {
  const parsed = cursorSchema.safeParse(saved)
  const cursor = parsed.success ? parsed.data : { left: await places(account), page: 1 }
  const [place, ...others] = cursor.left
  if (!place) return { items: [], next: null, more: false }
  const { body } = await call(account, {
    operation: 'getLocationItems',
    version: 'v3',
    method: 'GET',
    path: `/inventory/locations/${place.remoteId}/items`,
    query: { page: cursor.page, limit: pageSize },
    answer: pageAnswer,
  })
  const told = read(body.data, place)
  const { current_page: at, total_pages: last } = body.meta.pagination
  if (at < last && body.data.length > 0) return { ...told, next: { ...cursor, page: cursor.page + 1 }, more: true }
  if (others.length > 0) return { ...told, next: { left: others, page: 1 }, more: true }
  return { ...told, next: null, more: false }
}

const places = async (account: Account) =>
  (await pullLocations(account)).filter((one) => one.active).map(({ remoteId, name }) => ({ remoteId, name }))

function read(raws: readonly unknown[], location: StoreLevel['location']) {
  const items: StoreLevel[] = []
  const unreadable: Unreadable[] = []
  for (const raw of raws) {
    const parsed = locationItem.safeParse(raw)
    if (!parsed.success) {
      const sku = (raw as { identity?: { sku?: unknown } } | null)?.identity?.sku
      const where = parsed.error.issues[0]?.path.map(String).join('.') ?? ''
      unreadable.push({ remoteId: typeof sku === 'string' ? sku : '?', where, raw })
      continue
    }
    const { identity, total_inventory_onhand: onHand, available_to_sell: available } = parsed.data
    // An order lowers what is on hand when it is placed: the store tells of nothing that is only promised.
    if (identity.sku)
      items.push({ location, remoteSku: identity.sku, onHand, available, committed: 0, changedAt: null })
  }
  return { items, unreadable }
}
