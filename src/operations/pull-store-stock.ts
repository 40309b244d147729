/** Reads one page of what the own store holds at its locations. Where it is the master, its changes are booked (book-store-changes.ts). */
import type { StoreLevel } from '../channels/capabilities.ts'
import { getCursor, saveCursor } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { masterOf, saveStoreLevels, saveStoreLocations } from '../database/store-stock.ts'
import { ChannelError, isChannelError } from '../domain/errors.ts'
import { bookStoreChanges } from './book-store-changes.ts'
import type { AccountAtWork, Context } from './context.ts'
import { type PullResult, pullFailed } from './pull-orders.ts'
import { applyReadings } from './read-stock.ts'

const stream = 'store-stock'

interface Walk {
  /** The connector's own cursor. */
  at: unknown
  /** Pages of this walk wait. */
  more: boolean
  unreadable: number
}

export async function pullStoreStock(ctx: Context, work: AccountAtWork): Promise<PullResult> {
  const { row, connector, account } = work
  const capability = connector.storeStock
  if (!capability) throw new Error(`${connector.channel} tells no stock of its own`)
  const startedAt = ctx.clock.now()
  const cursor = await getCursor(ctx.db, row.id, stream)
  const walk = (cursor?.value as Walk | null | undefined) ?? { at: null, more: false, unreadable: 0 }
  try {
    // A reading that can be judged by now makes room for the one that comes.
    await bookStoreChanges(ctx, work)
    const locations = walk.more ? null : await capability.locations(account)
    const askedAt = ctx.clock.now()
    const pulled = await capability.pull(account, walk.at)
    const now = ctx.clock.now()
    const nextAt = pulled.more ? now : new Date(startedAt.getTime() + capability.everyMs)
    const unreadable = (walk.more ? walk.unreadable : 0) + (pulled.unreadable?.length ?? 0)
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      if (locations) await saveStoreLocations(tx, row.id, locations, now)
      await takeLevels(tx, ctx, work, pulled.items, { askedAt, at: now })
      if (!pulled.more) await noteUnreadable(tx, ctx, work, unreadable, now)
      const value: Walk = { at: pulled.next, more: pulled.more, unreadable }
      await saveCursor(tx, row.id, stream, { value, watermark: null, nextAt, now })
      await resolve(tx, 'pull_failing', [`account:${row.id}:${stream}`], now)
    })
    await bookStoreChanges(ctx, work)
    ctx.wake()
    return { more: pulled.more, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    // A role that is missing for this alone must not halt orders and quantities; a refused login halts by their pulls.
    const told = error.kind === 'auth' ? new ChannelError('rejected', error.code, error.message) : error
    return { more: false, notBefore: await pullFailed(ctx, work, stream, told, cursor?.failures ?? 0) }
  }
}

async function takeLevels(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  items: readonly StoreLevel[],
  { askedAt, at }: { askedAt: Date; at: Date },
): Promise<void> {
  if (items.length === 0) return
  const master = await masterOf(tx, work.row.id)
  const shown = new Map(
    items.flatMap((item) => (item.location.remoteId === master?.remoteId ? [[item.remoteSku, item.available]] : [])),
  )
  if (shown.size > 0 && work.connector.stock) {
    // Levels and slots are locked before what is noted of them.
    const slots = await tx.rows<{ id: string; remote_sku: string }>(
      `select s.id, s.remote_sku from store_levels l join stock_slots s on s.id = l.slot_id
       where l.account_id = $1 and l.remote_location = $2 and l.basis_at is not null and s.remote_sku = any($3) and s.variant_id is not null`,
      [work.row.id, master!.remoteId, [...shown.keys()]],
    )
    // A till may sell more than there is; a slot shows no less than nothing.
    const readings = slots.map((slot) => ({ slotId: slot.id, quantity: Math.max(0, shown.get(slot.remote_sku)!) }))
    await applyReadings(tx, ctx, work, readings, { askedAt, at, isTold: true })
  }
  const since = new Date(askedAt.getTime() - (work.connector.stock?.readsMayBeOldMs ?? 0))
  const rows = items.map(({ location, remoteSku, onHand, available, committed, changedAt }) => ({
    remoteLocation: location.remoteId,
    remoteSku,
    onHand,
    available,
    committed,
    changedAt,
  }))
  await saveStoreLevels(tx, work.row.id, rows, { since, at }, ctx.newId)
}

async function noteUnreadable(tx: Sql, ctx: Context, work: AccountAtWork, count: number, now: Date): Promise<void> {
  const subject = `account:${work.row.id}:${stream}`
  const data = { account: work.row.name, count }
  const finding = {
    code: 'store_stock_unreadable',
    severity: 'warning' as const,
    accountId: work.row.id,
    subject,
    data,
  }
  if (count === 0) await resolve(tx, 'store_stock_unreadable', [subject], now)
  else await raise(tx, [finding], now, ctx.newId)
}
