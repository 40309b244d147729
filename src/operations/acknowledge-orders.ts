/**
 * Orders that the channel wants acknowledged become errands, one each, the earliest deadline first; and what presses is
 * shown before its deadline: orders not acknowledged, orders that the channel will cancel because they have not left.
 */
import {
  canceledSoon,
  needlessAcknowledgements,
  ordersToAcknowledge,
  type Pressing,
  unacknowledged,
} from '../database/acknowledgements.ts'
import { insertErrand, lockErrand, saveErrand } from '../database/errands.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import { decided } from '../domain/errands.ts'
import type { AccountAtWork, Context } from './context.ts'

const atOnce = 200
/** Of its time, what is left when a person is told. */
const lastShare = 1 / 4
/** Before the channel cancels an order. */
const cancelNoticeMs = 24 * 3_600_000

/** For an account at work. Answers how many errands were made; where as many as fit were, more may wait. */
export async function planAcknowledgements(ctx: Context, work: AccountAtWork): Promise<number> {
  const { row, connector } = work
  if (!connector.acknowledgements || row.stage !== 'live') return 0
  for (const id of await needlessAcknowledgements(ctx.db, row.id)) await takeBack(ctx, work, id)
  let made = 0
  for (;;) {
    const orders = await ordersToAcknowledge(ctx.db, row.id, atOnce)
    if (orders.length === 0) return made
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      for (const order of orders) {
        const id = ctx.newId()
        const errand = {
          id,
          accountId: row.id,
          orderId: order.id,
          kind: 'acknowledgement' as const,
          reference: id,
          target: order.remoteId,
          payload: {},
          state: 'waiting' as const,
          dueAt: now,
          deadlineAt: order.by,
          // One an order, whatever is told of it later.
          cause: order.id,
          lines: [],
        }
        if (await insertErrand(tx, errand, 'acknowledgement', now)) made += 1
      }
    })
    if (orders.length < atOnce) return made
  }
}

async function takeBack(ctx: Context, work: AccountAtWork, id: string): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const errand = await lockErrand(tx, id)
    if (errand?.state === 'waiting') await saveErrand(tx, { ...errand, ...decided(errand, 'drop', now) }, now)
  })
}

/** What a person must see of deadlines; ends by itself when nothing presses any more. */
export async function watchDeadlines(ctx: Context, work: AccountAtWork): Promise<void> {
  const { row, connector } = work
  if (!connector.acknowledgements || row.stage !== 'live') return
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const later = (ms: number) => new Date(now.getTime() + ms)
    const late = await unacknowledged(tx, row.id, later(connector.acknowledgements!.withinMs * lastShare))
    const soon = await canceledSoon(tx, row.id, now, later(cancelNoticeMs))
    const subject = `account:${row.id}`
    const { id: accountId, name: account } = row
    if (late) {
      const severity = severityOf(late, now)
      const { count } = late
      const [by, orders] = [late.by.toISOString(), late.orders.join(', ')]
      await raise(
        tx,
        [{ code: 'acknowledgements_pressing', severity, accountId, subject, data: { account, count, by, orders } }],
        now,
        ctx.newId,
      )
    } else await resolve(tx, 'acknowledgements_pressing', [subject], now)
    if (soon) {
      const severity = severityOf(soon, now)
      const { count } = soon
      const [by, orders] = [soon.by.toISOString(), soon.orders.join(', ')]
      await raise(
        tx,
        [{ code: 'orders_canceled_soon', severity, accountId, subject, data: { account, count, by, orders } }],
        now,
        ctx.newId,
      )
    } else await resolve(tx, 'orders_canceled_soon', [subject], now)
  })
}

const severityOf = ({ by }: Pressing, now: Date): 'loss' | 'warning' => (by <= now ? 'loss' : 'warning')
