/** Which remote SKUs link by themselves, and what a person says of the others. */
import type { AccountRow } from '../database/accounts.ts'
import { countJoined } from '../database/claims.ts'
import { kitsAmong } from '../database/kits.ts'
import { decide, decisionsOn, forgetDecisions, unlink, variantsNamed, whyLinkStays } from '../database/matching.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock } from '../database/stock.ts'
import { judged, openSkus } from '../database/views/matching.ts'
import { Problem } from '../domain/errors.ts'
import { partsOf } from '../domain/kits.ts'
import { matchSku, normalizeGtin } from '../domain/match.ts'
import type { Context } from './context.ts'
import { type Link, type LinkOutcome, linkListings } from './link-listings.ts'
import { noteUnlinked } from './note-unlinked.ts'
import { refreshSlots } from './refresh-slots.ts'

type Linking = Pick<Context, 'clock' | 'newId' | 'registry'>

export interface AutomaticLink {
  variantId: string
  unitsPerSale: number
}

/** By remote SKU: the link that it has on another marketplace of the account, or the one that nothing speaks against. */
export async function automaticLinks(
  sql: Sql,
  accountId: string,
  items: readonly { remoteSku: string; gtin?: string | null }[],
): Promise<Map<string, AutomaticLink>> {
  const skus = [...new Set(items.map((item) => item.remoteSku))]
  const gtinOf = gtinsBySku(items)
  const [linked, named, decisions] = await Promise.all([
    sql.rows<{ sku: string; variant_id: string; units: number }>(
      `select distinct on (remote_sku) remote_sku as sku, variant_id, units_per_sale as units from stock_slots
       where account_id = $1 and remote_sku = any($2) and variant_id is not null order by remote_sku, id`,
      [accountId, skus],
    ),
    variantsNamed(sql, skus, [...gtinOf.values()]),
    decisionsOn(sql, accountId, skus),
  ])
  const links = new Map(linked.map((one) => [one.sku, { variantId: one.variant_id, unitsPerSale: one.units }]))
  const bySku = Map.groupBy(named, (one) => one.sku)
  const byGtin = Map.groupBy(named, (one) => normalizeGtin(one.gtin))
  for (const remoteSku of skus) {
    if (links.has(remoteSku) || decisions.has(remoteSku)) continue
    const gtin = gtinOf.get(remoteSku) ?? null
    const candidates = new Set([...(bySku.get(remoteSku) ?? []), ...((gtin && byGtin.get(gtin)) || [])])
    const { kind, suggestions } = matchSku({ remoteSku, gtin }, [...candidates])
    if (kind === 'automatic') links.set(remoteSku, suggestions[0]!)
  }
  return links
}

/** Where marketplaces tell different numbers for one SKU, none of them says anything. */
export function gtinsBySku(items: readonly { remoteSku: string; gtin?: string | null }[]): Map<string, string> {
  const all = new Map<string, Set<string>>()
  for (const { remoteSku, gtin } of items) {
    const number = normalizeGtin(gtin)
    if (number) all.set(remoteSku, (all.get(remoteSku) ?? new Set()).add(number))
  }
  return new Map([...all].flatMap(([sku, numbers]) => (numbers.size === 1 ? [[sku, [...numbers][0]!]] : [])))
}

/** A person's links, as they say, whatever was decided before. */
export async function linkByHand(
  tx: Sql,
  ctx: Linking,
  account: AccountRow,
  links: readonly { remoteSku: string; sku: string; unitsPerSale: number }[],
): Promise<LinkOutcome[]> {
  const wanted = links.map((link): Link => ({ ...link, marketplace: '', fulfilledBy: 'merchant' }))
  const { outcomes } = await linkListings(tx, ctx, account, wanted, { dry: false })
  await noteUnlinked(tx, ctx, account, ctx.clock.now(), false)
  return outcomes
}

export interface Accepted {
  checked: number
  linked: number
  /** The remote SKU to go on behind; null: that was all. */
  next: string | null
}

const acceptedAtOnce = 200

/** Links the next remote SKUs that a variant surely stands for. What a person undid is theirs to link. */
export async function acceptSure(tx: Sql, ctx: Linking, account: AccountRow, after: string): Promise<Accepted> {
  const rows = await openSkus(tx, account.id, after, acceptedAtOnce)
  const items = await judged(tx, rows)
  const links = items.flatMap(({ remoteSku, verdict, decision, suggestions }) =>
    (verdict === 'sure' || verdict === 'automatic') && decision === null
      ? [{ remoteSku, sku: suggestions[0]!.sku, unitsPerSale: suggestions[0]!.unitsPerSale }]
      : [],
  )
  const outcomes = links.length === 0 ? [] : await linkByHand(tx, ctx, account, links)
  const linked = outcomes.filter((one) => one === 'new' || one === 'changed').length
  return { checked: rows.length, linked, next: rows.length < acceptedAtOnce ? null : rows.at(-1)!.remoteSku }
}

/** Nothing of ours, or after all something. Orders that name an ignored SKU stay as they are. */
export async function setIgnored(
  tx: Sql,
  ctx: Linking,
  account: AccountRow,
  change: { remoteSkus: readonly string[]; isIgnored: boolean; actor: string },
): Promise<void> {
  const now = ctx.clock.now()
  const { remoteSkus, actor } = change
  if (change.isIgnored) await decide(tx, account.id, remoteSkus, { decision: 'ignored', actor, now })
  else await forgetDecisions(tx, account.id, remoteSkus)
  await noteUnlinked(tx, ctx, account, now, false)
}

/**
 * Takes a link back, where nothing happened through it: no order took its units, and nothing of ours can still be sold
 * there. It does not come back by itself.
 */
export async function unlinkSku(
  tx: Sql,
  ctx: Linking,
  account: AccountRow,
  remoteSku: string,
  actor: string,
): Promise<void> {
  const now = ctx.clock.now()
  const slot = await tx.one<{ variant_id: string | null }>(
    'select variant_id from stock_slots where account_id = $1 and remote_sku = $2 order by id limit 1',
    [account.id, remoteSku],
  )
  if (!slot) throw new Problem('not_found', { what: 'remote SKU', id: remoteSku })
  if (slot.variant_id === null) return
  const kits = await kitsAmong(tx, [slot.variant_id])
  const parts = partsOf(kits, slot.variant_id).map((part) => part.variantId)
  // Levels, then slots: an order that comes now is booked before, or finds no variant and waits.
  await lockStock(tx, [slot.variant_id, ...parts])
  const why = await whyLinkStays(tx, account.id, remoteSku)
  if (why === 'sold') throw new Problem('link_has_orders', { remoteSku, account: account.name })
  if (why === 'written') throw new Problem('link_was_written', { remoteSku, account: account.name })
  await unlink(tx, account.id, remoteSku)
  await decide(tx, account.id, [remoteSku], { decision: 'unlinked', actor, now })
  await countJoined(tx, parts)
  await refreshSlots(tx, ctx, [slot.variant_id, ...parts], [], now)
  await noteUnlinked(tx, ctx, account, now)
}
