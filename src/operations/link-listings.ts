/** Links remote SKUs of one account to our variants, set-based. */
import type { AccountRow } from '../database/accounts.ts'
import { countJoined } from '../database/claims.ts'
import { kitsAmong } from '../database/kits.ts'
import { forgetDecisions } from '../database/matching.ts'
import type { Sql } from '../database/pool.ts'
import { type ListingRow, upsertListings } from '../database/slots.ts'
import { lockStock } from '../database/stock.ts'
import { partsOf } from '../domain/kits.ts'
import { attachWaitingLines, lockWaitingOrders } from './attach-waiting-lines.ts'
import type { Context } from './context.ts'
import { refreshSlots } from './refresh-slots.ts'

export interface Link {
  remoteSku: string
  sku: string
  unitsPerSale: number
  marketplace: string
  title?: string | undefined
  fulfilledBy: 'merchant' | 'channel'
}

/** `taken`: the remote SKU stands for another variant or number of units; `unknown`: there is no such variant. */
export type LinkOutcome = 'new' | 'changed' | 'same' | 'taken' | 'unknown'

interface Known {
  marketplace: string
  remote_sku: string
  remote_id: string | null
  title: string
  fulfilled_by: 'merchant' | 'channel'
  buyable: boolean | null
  price: number | null
  currency: string | null
  variant_id: string | null
  units_per_sale: number
  merchant: boolean | null
}

/**
 * Links what can be linked, or with `dry` only tells what would be; orders that waited take their stock at once.
 * Answers the slots by remote SKU too.
 */
export async function linkListings(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  account: AccountRow,
  links: readonly Link[],
  options: { dry: boolean },
): Promise<{ outcomes: LinkOutcome[]; slots: Map<string, string> }> {
  const now = ctx.clock.now()
  const variants = await tx.rows<{ id: string; sku: string; title: string }>(
    'select id, sku, title from variants where sku = any($1)',
    [links.map((link) => link.sku)],
  )
  const variantOf = new Map(variants.map((row) => [row.sku, row]))
  const known = await tx.rows<Known>(
    `select l.*, s.merchant_fulfilled as merchant from listings l join stock_slots s on s.id = l.slot_id
     where l.account_id = $1 and l.remote_sku = any($2) order by l.marketplace`,
    [account.id, links.map((link) => link.remoteSku)],
  )
  // Our own store tells nothing about its listings: what is declared here is what it has.
  const declared = ctx.registry.get(account.channel)?.listings === undefined
  const plan = planLinks(links, variantOf, known, declared)
  if (options.dry || plan.rows.length === 0) {
    const slots = await tx.rows<{ id: string; remote_sku: string }>(
      `select slot_id as id, remote_sku from listings where account_id = $1 and remote_sku = any($2)`,
      [account.id, links.map((link) => link.remoteSku)],
    )
    return { outcomes: plan.outcomes, slots: new Map(slots.map((row) => [row.remote_sku, row.id])) }
  }
  const remoteSkus = [...new Set(plan.rows.map((row) => row.remoteSku))]
  const variantIds = [...new Set(plan.rows.map((row) => row.variantId!))]
  // The order of locks everywhere: orders, levels, slots.
  await lockWaitingOrders(tx, account.id, remoteSkus)
  const kits = await kitsAmong(tx, variantIds)
  const parts = [...new Set(variantIds.flatMap((id) => partsOf(kits, id).map((part) => part.variantId)))]
  await lockStock(tx, [...variantIds, ...parts])
  const rows = plan.rows.map((row) => ({ ...row, id: ctx.newId(), slotId: ctx.newId() }))
  const slots = await upsertListings(tx, account, rows, now)
  await countJoined(tx, parts)
  await attachWaitingLines(tx, ctx, account.id, remoteSkus)
  await refreshSlots(tx, ctx, variantIds, [], now)
  // A person's newer word.
  await forgetDecisions(tx, account.id, remoteSkus)
  return { outcomes: plan.outcomes, slots }
}

function planLinks(
  links: readonly Link[],
  variantOf: ReadonlyMap<string, { id: string; title: string }>,
  known: readonly Known[],
  declared: boolean,
): { outcomes: LinkOutcome[]; rows: ListingRow[] } {
  const listings = new Map<string, ListingRow[]>()
  const add = (row: ListingRow) => listings.set(row.remoteSku, [...(listings.get(row.remoteSku) ?? []), row])
  for (const one of known)
    add({
      marketplace: one.marketplace,
      remoteSku: one.remote_sku,
      remoteId: one.remote_id,
      title: one.title,
      fulfilledBy: one.fulfilled_by,
      merchantFulfilled: one.merchant,
      buyable: one.buyable,
      price: one.price,
      currency: one.currency,
      variantId: one.variant_id,
      unitsPerSale: one.units_per_sale,
    })
  const written = new Map<string, ListingRow>()
  const outcomes = links.map((link): LinkOutcome => {
    const variant = variantOf.get(link.sku)
    if (!variant) return 'unknown'
    const own = listings.get(link.remoteSku) ?? []
    const isOther = (one: ListingRow) =>
      one.variantId !== null && (one.variantId !== variant.id || one.unitsPerSale !== link.unitsPerSale)
    if (own.some(isOther)) return 'taken'
    const isThere =
      own.length > 0 && (link.marketplace === '' || own.some((one) => one.marketplace === link.marketplace))
    if (!isThere)
      add({
        marketplace: link.marketplace,
        remoteSku: link.remoteSku,
        remoteId: null,
        title: link.title ?? variant.title,
        fulfilledBy: link.fulfilledBy,
        merchantFulfilled: link.fulfilledBy === 'channel' ? false : declared ? true : null,
        buyable: null,
        price: null,
        currency: null,
        variantId: null,
        unitsPerSale: link.unitsPerSale,
      })
    const unlinked = listings.get(link.remoteSku)!.filter((one) => one.variantId === null)
    for (const one of unlinked) {
      Object.assign(one, { variantId: variant.id, unitsPerSale: link.unitsPerSale })
      written.set(JSON.stringify([one.remoteSku, one.marketplace]), one)
    }
    return unlinked.length === 0 ? 'same' : isThere ? 'changed' : 'new'
  })
  return { outcomes, rows: [...written.values()] }
}
