/** How well an account's notifications announce its orders; polling is as seldom, or as frequent, as that allows. */
import type { Connector } from '../channels/connector.ts'
import { raise, resolve } from '../database/findings.ts'
import { countAnnounced, getHealth, saveAnnounced } from '../database/notifications.ts'
import type { Sql } from '../database/pool.ts'
import { isDeliveryPoor, noteOrders, nothingAnnounced, pollEveryMs, shareOf } from '../domain/notifications.ts'
import type { AccountAtWork, Context } from './context.ts'

/** A pull may find an order a little before its notification arrives. */
const graceMs = 3 * 60_000
/** Longer ago nothing is judged: what came then is being forgotten. */
const reachMs = 24 * 3_600_000

const hears = ({ webhooks, notifications }: Connector) => webhooks !== undefined || notifications !== undefined

/** Milliseconds between the account's pulls of orders as things stand. */
export async function ordersEveryMs(
  db: Sql,
  { row, connector }: Pick<AccountAtWork, 'row' | 'connector'>,
  now: Date,
): Promise<number> {
  const everyMs = connector.orders?.everyMs ?? 0
  if (!hears(connector)) return everyMs
  const health = await getHealth(db, row.id)
  return pollEveryMs(everyMs, health?.announced ?? nothingAnnounced, now)
}

/** Judges the orders that are new since the last time. Nothing is expected where nothing was ever subscribed or heard. */
export async function judgeNotifications(ctx: Context, work: Pick<AccountAtWork, 'row' | 'connector'>): Promise<void> {
  const { row, connector } = work
  if (!connector.orders || !hears(connector)) return
  const health = await getHealth(ctx.db, row.id)
  if (!health || (health.subscribed_at === null && health.last_at === null)) return
  const now = ctx.clock.now()
  const until = new Date(now.getTime() - graceMs)
  const before = health.announced ?? nothingAnnounced
  if (health.judged_until === null) return await saveAnnounced(ctx.db, row.id, before, until)
  if (health.judged_until >= until) return
  const from = new Date(Math.max(health.judged_until.getTime(), until.getTime() - reachMs))
  const found = await countAnnounced(ctx.db, row.id, from, until, graceMs)
  const state = noteOrders(before, found, now)
  const subject = `account:${row.id}:missing`
  await ctx.db.transaction(async (tx) => {
    await saveAnnounced(tx, row.id, state, until)
    if (!isDeliveryPoor(state)) return await resolve(tx, 'notifications_missing', [subject], now)
    const { announced, missed } = shareOf(state)
    const minutes = Math.ceil(connector.orders!.everyMs / 60_000)
    const data = { account: row.name, missed, orders: announced + missed, minutes }
    const about = { severity: 'warning' as const, accountId: row.id, subject }
    await raise(tx, [{ ...about, code: 'notifications_missing', data }], now, ctx.newId)
  })
}
