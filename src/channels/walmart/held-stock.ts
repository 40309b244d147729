/** Stock in Walmart's own warehouses (WFS): the whole list, every time. Only of sellers who take part in it. */
import { z } from 'zod'
import type { Account, HeldStock, Pulled, Unreadable } from '../connector.ts'
import { calls } from './calls.ts'
import { readHeld } from './mapping.ts'
import { readSettings } from './settings.ts'
import { heldLine } from './wire.ts'

const pageSize = 300
const cursorSchema = z.object({ offset: z.number().int().min(0) })

export async function pullHeldStock(account: Account, saved: unknown): Promise<Pulled<HeldStock>> {
  if (!readSettings(account.settings).programs.includes('wfs')) return { items: [], next: null, more: false }
  const { offset } = cursorSchema.safeParse(saved).data ?? { offset: 0 }
  const { headers, payload } = await calls.getHeld(account, { limit: pageSize, offset })
  const items: HeldStock[] = []
  const unreadable: Unreadable[] = []
  for (const raw of payload.inventory) {
    const one = heldLine.safeParse(raw)
    if (one.success) items.push(readHeld(one.data))
    else unreadable.push({ remoteId: skuOf(raw), where: one.error.issues[0]!.path.join('.'), raw })
  }
  const end = offset + payload.inventory.length
  const more = payload.inventory.length > 0 && end < headers.totalCount
  return { items, unreadable, next: more ? { offset: end } : null, more }
}

const skuOf = (raw: unknown): string => {
  const sku = (raw as { sku?: unknown } | null)?.sku
  return typeof sku === 'string' ? sku : ''
}
