/** Reads one page of an account's listings: slots are made, equal SKUs linked, and what stands there is a reading. */
import type { IncomingListing, Unreadable } from '../channels/connector.ts'
import { getCursor, saveCursor } from '../database/accounts.ts'
import { countJoined } from '../database/claims.ts'
import { raise, resolve } from '../database/findings.ts'
import { noteFirstPage } from '../database/first-pulls.ts'
import { kitsAmong } from '../database/kits.ts'
import { fence } from '../database/leases.ts'
import { type ListingRow, upsertListings } from '../database/listings.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock } from '../database/stock.ts'
import { isChannelError } from '../domain/errors.ts'
import { partsOf } from '../domain/kits.ts'
import { attachWaitingLines, lockWaitingOrders } from './attach-waiting-lines.ts'
import type { AccountAtWork, Context } from './context.ts'
import { automaticLinks, gtinsBySku } from './match-listings.ts'
import { noteUnlinked } from './note-unlinked.ts'
import { type PullResult, pullFailed } from './pull-orders.ts'
import { applyReadings } from './read-stock.ts'

const stream = 'listings'

export async function pullListings(ctx: Context, work: AccountAtWork): Promise<PullResult> {
  const { row, connector, account } = work
  const capability = connector.listings
  if (!capability) throw new Error(`${connector.channel} has no listings to pull`)
  const startedAt = ctx.clock.now()
  const cursor = await getCursor(ctx.db, row.id, stream)
  try {
    const pulled = await capability.pull(account, cursor?.value ?? null)
    const now = ctx.clock.now()
    const nextAt = pulled.more ? now : new Date(startedAt.getTime() + capability.everyMs)
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await takeListings(tx, ctx, work, pulled.items, { askedAt: startedAt, at: now })
      await noteUnreadable(tx, ctx, work, pulled.unreadable ?? [], now)
      await saveCursor(tx, row.id, stream, { value: pulled.next, watermark: null, nextAt, now })
      const { items, remaining = null, more } = pulled
      const page = { items: items.length, remaining, isLast: !more, startedAt, now }
      if (cursor?.is_first !== false) await noteFirstPage(tx, row.id, stream, page)
      if (!pulled.more) await noteUnlinked(tx, ctx, row, now)
      await resolve(tx, 'pull_failing', [`account:${row.id}:${stream}`], now)
    })
    ctx.wake()
    return { more: pulled.more, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    return { more: false, notBefore: await pullFailed(ctx, work, stream, error, cursor?.failures ?? 0) }
  }
}

async function takeListings(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  items: readonly IncomingListing[],
  times: { askedAt: Date; at: Date },
): Promise<void> {
  if (items.length === 0) return
  const { row } = work
  const skus = [...new Set(items.map((item) => item.remoteSku))]
  const links = await automaticLinks(tx, row.id, items)
  const gtinOf = gtinsBySku(items)
  const rows = items.map((item): ListingRow & { id: string; slotId: string } => ({
    id: ctx.newId(),
    slotId: ctx.newId(),
    marketplace: item.marketplace,
    remoteSku: item.remoteSku,
    remoteId: item.remoteId,
    title: item.title.slice(0, 500),
    fulfilledBy: item.fulfilledBy,
    merchantFulfilled: item.merchantQuantity === null ? (item.fulfilledBy === 'channel' ? false : null) : true,
    buyable: item.buyable,
    price: item.price?.amount ?? null,
    currency: item.price?.currency ?? null,
    variantId: links.get(item.remoteSku)?.variantId ?? null,
    unitsPerSale: links.get(item.remoteSku)?.unitsPerSale ?? 1,
    told: {
      gtin: gtinOf.get(item.remoteSku) ?? null,
      asin: item.asin ?? null,
      imageUrl: item.imageUrl ?? null,
      options: item.options?.slice(0, 20) ?? null,
      product: item.product ?? null,
    },
  }))
  // The order of locks everywhere: orders, levels, slots.
  await lockWaitingOrders(tx, row.id, skus)
  const variantIds = [...new Set([...links.values()].map((one) => one.variantId))]
  const kits = await kitsAmong(tx, variantIds)
  const parts = [...new Set(variantIds.flatMap((id) => partsOf(kits, id).map((part) => part.variantId)))]
  await lockStock(tx, [...variantIds, ...parts])
  const slotOf = await upsertListings(tx, row, rows, times.at)
  await countJoined(tx, parts)
  await attachWaitingLines(tx, ctx, row.id, skus)
  const read = new Map(
    items
      .filter((item) => item.merchantQuantity !== null && !item.isUntold)
      .map((item) => [slotOf.get(item.remoteSku)!, item.merchantQuantity!]),
  )
  await applyReadings(
    tx,
    ctx,
    work,
    // A listing tells what can be bought: 0 as well where more was sold than there was.
    [...read].map(([slotId, quantity]) => ({ slotId, quantity, mayBeLess: quantity === 0 })),
    times,
  )
}

/** A walk through all listings takes less than this: a listing that was not seen unreadable for so long is over. */
const unreadableMs = 24 * 3_600_000

/** The others of its page are taken all the same; nothing is written to one that nobody could read. */
async function noteUnreadable(
  tx: Sql,
  ctx: Context,
  { row }: AccountAtWork,
  unreadable: readonly Unreadable[],
  now: Date,
): Promise<void> {
  await tx.run(
    `update findings set resolved_at = $2 where code = 'listing_unreadable' and account_id = $1 and resolved_at is null and last_at < $3`,
    [row.id, now, new Date(now.getTime() - unreadableMs)],
  )
  await raise(
    tx,
    unreadable.map(({ remoteId, where }) => ({
      code: 'listing_unreadable',
      severity: 'warning' as const,
      accountId: row.id,
      subject: `listing:${row.id}:${remoteId}`,
      data: { account: row.name, sku: remoteId, where },
    })),
    now,
    ctx.newId,
  )
}
