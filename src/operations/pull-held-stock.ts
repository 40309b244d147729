/** Reads one page of what an account's channel holds in its own warehouses. It is shown, and never mixed into our levels. */
import { getCursor, saveCursor } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import { channelLocation, forgetUntold, saveHeld } from '../database/held-stock.ts'
import { fence } from '../database/leases.ts'
import { ChannelError, isChannelError } from '../domain/errors.ts'
import type { AccountAtWork, Context } from './context.ts'
import { refreshAllLent } from './lend-stock.ts'
import { type PullResult, pullFailed } from './pull-orders.ts'

const stream = 'held-stock'
/** One that has not ended by then stands still: the next pull begins anew. */
const longestWalkMs = 2 * 3_600_000

/** One walk over everything that is held: what it has not told of when it ends is gone. */
interface Walk {
  startedAt: string
  unreadable: number
  /** The connector's own cursor. */
  at: unknown
}

export async function pullHeldStock(ctx: Context, work: AccountAtWork): Promise<PullResult> {
  const { row, connector, account } = work
  const capability = connector.heldStock
  if (!capability) throw new Error(`${connector.channel} holds no stock`)
  const startedAt = ctx.clock.now()
  const cursor = await getCursor(ctx.db, row.id, stream)
  const saved = cursor?.value as Walk | null | undefined
  const isUnderWay = saved && startedAt.getTime() - Date.parse(saved.startedAt) < longestWalkMs
  const walk = isUnderWay ? saved : { startedAt: startedAt.toISOString(), unreadable: 0, at: null }
  try {
    const pulled = await capability.pull(account, walk.at)
    const now = ctx.clock.now()
    const nextAt = pulled.more ? now : new Date(startedAt.getTime() + capability.everyMs)
    const unreadable = walk.unreadable + (pulled.unreadable?.length ?? 0)
    const subject = `account:${row.id}:${stream}`
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      if (pulled.items.length > 0) {
        const locationId = await channelLocation(tx, row, ctx.newId, now)
        await saveHeld(tx, locationId, pulled.items, now)
      }
      if (!pulled.more) {
        // A SKU that came but could not be read is not known to be gone; all are kept until a walk reads them again.
        if (unreadable === 0) await forgetUntold(tx, row.id, new Date(walk.startedAt))
        const data = { account: row.name, count: unreadable }
        if (unreadable > 0)
          await raise(
            tx,
            [{ code: 'held_stock_unreadable', severity: 'warning', accountId: row.id, subject, data }],
            now,
            ctx.newId,
          )
        else await resolve(tx, 'held_stock_unreadable', [subject], now)
      }
      const value: Walk | null = pulled.more ? { startedAt: walk.startedAt, unreadable, at: pulled.next } : null
      await saveCursor(tx, row.id, stream, { value, watermark: null, nextAt, now })
      await resolve(tx, 'pull_failing', [subject], now)
    })
    if (!pulled.more) await refreshAllLent(ctx, row)
    return { more: pulled.more, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    // A role that is missing for this alone must not halt orders and quantities; a refused login halts by their pulls.
    const told = error.kind === 'auth' ? new ChannelError('rejected', error.code, error.message) : error
    return { more: false, notBefore: await pullFailed(ctx, work, stream, told, cursor?.failures ?? 0) }
  }
}
