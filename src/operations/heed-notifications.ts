/**
 * Looks again because of what channels told us. Thousands of notifications make one pull; one is done when a pull that
 * began after it came has ended, and its orders, if it named any, are here.
 */
import type { LookAgain } from '../channels/capabilities.ts'
import { markLooked, stillAhead, type WaitingRow, waitingNotifications } from '../database/notifications.ts'
import { isLookDue, isSettledBy } from '../domain/notifications.ts'
import type { AccountAtWork, Context } from './context.ts'

/** What each stream of the account is looked at for. */
const looksOf: Record<string, readonly LookAgain[]> = {
  orders: ['orders', 'shipments', 'account'],
  listings: ['listings'],
  'held-stock': ['stock'],
  'store-stock': ['stock'],
}

/** A pull of these reads all there is, and some channels tell of every change of every listing. */
const closestMs: Record<string, number> = { listings: 10 * 60_000, 'held-stock': 60_000 }

export interface Heeding {
  /** Takes what waits; `streams` are those that the account has, in the order in which they are pulled. */
  listen(streams: readonly string[]): Promise<void>
  isDue(stream: string): boolean
  /** A pull of the stream that began then has read all there was. */
  looked(stream: string, began: Date): Promise<void>
}

/** Slots are asked for at most this often because a store says that its numbers changed: it does not say which. */
const readingsEveryMs = 60_000

export function createHeeding(ctx: Context, work: Pick<AccountAtWork, 'row' | 'connector'>): Heeding {
  const accountId = work.row.id
  const lastLooks = new Map<string, Date>()
  /** By stream and notification: when the last look began that knew of it. */
  const looked = new Map<string, Date>()
  let waiting: WaitingRow[] = []
  let readings: Date | null = null
  /** The stream behind which a look is done: the last one that serves it. */
  let servedBy = new Map<string, string>()
  const isFor = (row: WaitingRow, stream: string) =>
    row.look.some((look) => looksOf[stream]?.includes(look as LookAgain))
  const forget = async (rows: readonly WaitingRow[], looks: readonly string[]) => {
    const ids = rows.map(({ id }) => id)
    await markLooked(ctx.db, accountId, ids, looks, ctx.clock.now())
    for (const row of rows) row.look = row.look.filter((look) => !looks.includes(look))
    waiting = waiting.filter((row) => row.look.length > 0)
  }
  /** What no stream serves: numbers of slots are read one by one, the rest is nothing to us. */
  const serveOthers = async () => {
    const now = ctx.clock.now()
    const others = new Set(waiting.flatMap((row) => row.look).filter((look) => !servedBy.has(look)))
    if (others.has('stock') && work.connector.stock) {
      if (readings && now.getTime() - readings.getTime() < readingsEveryMs) others.delete('stock')
      else {
        readings = now
        await askForReadings(ctx, accountId, now)
      }
    }
    if (others.size === 0) return
    const looks = [...others]
    await forget(
      waiting.filter((row) => row.look.some((look) => others.has(look))),
      looks,
    )
  }
  const forgetOthers = () => {
    const ids = new Set(waiting.map(({ id }) => id))
    for (const name of looked.keys()) if (!ids.has(name.slice(name.indexOf(' ') + 1))) looked.delete(name)
  }
  return {
    async listen(streams) {
      waiting = await waitingNotifications(ctx.db, accountId)
      if (waiting.length === 0) return looked.clear()
      if (looked.size > 4 * waiting.length + 1_000) forgetOthers()
      servedBy = new Map(streams.flatMap((stream) => (looksOf[stream] ?? []).map((look) => [look, stream] as const)))
      await serveOthers()
    },
    isDue(stream) {
      const words = waiting.filter((row) => isFor(row, stream))
      return isLookDue(
        words.map(({ id, receivedAt, isAhead }) => ({
          receivedAt,
          isAhead: isAhead && stream === 'orders',
          lookedAt: looked.get(`${stream} ${id}`) ?? null,
        })),
        lastLooks.get(stream) ?? null,
        ctx.clock.now(),
        closestMs[stream],
      )
    },
    async looked(stream, began) {
      lastLooks.set(stream, began)
      for (const row of waiting) looked.set(`${stream} ${row.id}`, began)
      const looks = (looksOf[stream] ?? []).filter((look) => servedBy.get(look) === stream)
      const rows = waiting.filter((row) => row.look.some((look) => looks.includes(look as LookAgain)))
      if (rows.length === 0) return
      const named = rows.filter((row) => row.isAhead).map(({ id }) => id)
      const ahead =
        stream === 'orders' && named.length > 0 ? await stillAhead(ctx.db, accountId, named) : new Set<string>()
      await forget(
        rows.filter((row) => isSettledBy({ receivedAt: row.receivedAt, isAhead: ahead.has(row.id) }, began)),
        looks,
      )
    },
  }
}

async function askForReadings(ctx: Context, accountId: string, now: Date): Promise<void> {
  await ctx.db.run(
    `update stock_slots set read_due_at = least(coalesce(read_due_at, $2), $2) where account_id = $1 and merchant_fulfilled is not false`,
    [accountId, now],
  )
  ctx.wake()
}
