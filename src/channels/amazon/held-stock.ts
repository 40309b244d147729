/**
 * Stock in Amazon's own warehouses (fbaInventory v1): all SKUs of one marketplace after the other, the whole list every
 * time. Asking for changes only is known to leave some out, and never tells of inbound units (docs#3130, model).
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account, HeldStock, Pulled, Unreadable } from '../connector.ts'
import { client } from './client.ts'
import { readHeldStock } from './mapping.ts'
import { readSettings } from './settings.ts'
import { inventorySummary } from './wire.ts'

const cursorSchema = z.object({
  /** The marketplace that is being read, by its place in the settings. */
  at: z.number().int(),
  nextToken: z.string().optional(),
  /** How often this marketplace began anew, because a page token was refused: one lives 30 seconds. */
  refused: z.number().int(),
})

export async function pullHeldStock(account: Account, saved: unknown): Promise<Pulled<HeldStock>> {
  const { marketplaceIds } = readSettings(account.settings)
  const parsed = cursorSchema.safeParse(saved)
  const cursor = parsed.success && parsed.data.at < marketplaceIds.length ? parsed.data : { at: 0, refused: 0 }
  const marketplace = marketplaceIds[cursor.at]!
  const goOn = (items: HeldStock[], unreadable: Unreadable[] = []): Pulled<HeldStock> => {
    const at = cursor.at + 1
    const more = at < marketplaceIds.length
    return { items, unreadable, next: more ? { at, refused: 0 } : null, more }
  }
  try {
    const answer = await client.getInventorySummaries(account, marketplace, cursor.nextToken)
    const items: HeldStock[] = []
    const unreadable: Unreadable[] = []
    // Each by itself, so that one odd SKU never hides the others of its page.
    for (const raw of answer.payload.inventorySummaries) {
      const one = inventorySummary.safeParse(raw)
      if (one.success) items.push(readHeldStock(one.data, marketplace))
      else unreadable.push({ remoteId: skuOf(raw), where: one.error.issues[0]!.path.join('.'), raw })
    }
    const nextToken = answer.pagination?.nextToken || undefined
    if (!nextToken) return goOn(items, unreadable)
    return { items, unreadable, next: { ...cursor, nextToken }, more: true }
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'rejected') throw error
    // A seller without stock at Amazon is refused, not answered with an empty list (facts §6).
    if (!cursor.nextToken) return goOn([])
    // A page token that ran out: this marketplace begins anew. After some times it is told instead.
    if (cursor.refused >= 3) throw error
    return { items: [], next: { at: cursor.at, refused: cursor.refused + 1 }, more: true }
  }
}

const skuOf = (raw: unknown): string => {
  const sku = (raw as { sellerSku?: unknown } | null)?.sellerSku
  return typeof sku === 'string' ? sku : ''
}
