/** Stock in Walmart's own warehouses (WFS): the whole list, every time. Only of sellers who take part in it. */
import type { Account, HeldStock, Pulled, Unreadable } from '../connector.ts'
import { firstHeld, heldPlace, readHeldPage } from './held-pages.ts'
import { readHeld } from './mapping.ts'
import { readSettings } from './settings.ts'
import { heldLine } from './wire.ts'

const pageSize = 300

export async function pullHeldStock(account: Account, saved: unknown): Promise<Pulled<HeldStock>> {
  if (!readSettings(account.settings).programs.includes('wfs')) return { items: [], next: null, more: false }
  const { raws, next } = await readHeldPage(account, heldPlace.safeParse(saved).data ?? firstHeld, pageSize)
  const items: HeldStock[] = []
  const unreadable: Unreadable[] = []
  for (const raw of raws) {
    const one = heldLine.safeParse(raw)
    if (one.success) items.push(readHeld(one.data))
    else unreadable.push({ remoteId: skuOf(raw), where: one.error.issues[0]!.path.join('.'), raw })
  }
  return { items, unreadable, next, more: next !== null }
}

const skuOf = (raw: unknown): string => {
  const sku = (raw as { sku?: unknown } | null)?.sku
  return typeof sku === 'string' ? sku : ''
}
