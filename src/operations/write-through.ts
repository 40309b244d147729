/** Orders of marketplaces become errands of the own store: each is copied there once, and canceled there with its original. */
import { copiesToCancel, linkLoneCopies, loneSince, ordersToCopy, storeListings } from '../database/copies.ts'
import { insertErrand } from '../database/errands.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import { linesOf } from '../database/orders.ts'
import { lockOrderById } from '../database/orders-shipped.ts'
import type { Sql } from '../database/pool.ts'
import { copyLines } from '../domain/copies.ts'
import type { AccountAtWork, Context } from './context.ts'
import { openUnits } from './ship-order.ts'
import { tellCopies } from './tell-copies.ts'

const atOnce = 50
const triedAgainMs = 10 * 60_000
/** So long a marketplace may take to tell of an order that another tool has copied already. */
const loneForMs = 2 * 3_600_000

/** For a store at work: what is to be copied, and what is to be canceled there. Answers how many errands were made. */
export async function planCopies(ctx: Context, work: AccountAtWork): Promise<number> {
  const { row, connector } = work
  if (!connector.copies || row.stage !== 'live') return 0
  const now = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await tellCopies(tx, ctx, row.id, await linkLoneCopies(tx, row.id, now), now)
    await noteLone(tx, ctx, work, now)
  })
  let made = 0
  for (const { id } of await ordersToCopy(ctx.db, row.id, new Date(now.getTime() - triedAgainMs), atOnce))
    if (await copyOrder(ctx, work, id)) made += 1
  if (connector.cancellations)
    for (const one of await copiesToCancel(ctx.db, row.id, atOnce)) if (await cancelCopy(ctx, work, one)) made += 1
  return made
}

async function noteLone(tx: Sql, ctx: Context, { row }: AccountAtWork, now: Date): Promise<void> {
  const lone = await loneSince(tx, row.id, new Date(now.getTime() - loneForMs))
  await raise(
    tx,
    lone.map(({ remoteId, source }) => ({
      code: 'copy_alone',
      severity: 'warning' as const,
      accountId: row.id,
      subject: `copy:${row.id}:${remoteId}`,
      data: { account: row.name, order: remoteId, source },
    })),
    now,
    ctx.newId,
  )
  await tx.run(
    `update findings f set resolved_at = $2 where f.code = 'copy_alone' and f.account_id = $1 and f.resolved_at is null
       and not exists (select 1 from order_copies c where c.account_id = $1 and c.order_id is null
         and f.subject = 'copy:' || c.account_id || ':' || c.remote_id)`,
    [row.id, now],
  )
}

/** Locked, so that nothing of it ships or ends between. */
async function copyOrder(ctx: Context, work: AccountAtWork, orderId: string): Promise<boolean> {
  const { row } = work
  return await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const order = await lockOrderById(tx, orderId)
    if (order?.state !== 'open' && order?.state !== 'partly_shipped') return false
    const known = (await linesOf(tx, [orderId])).get(orderId) ?? []
    const lines = known.map((line) => ({ ...line, open: openUnits(line) }))
    const variantIds = lines.flatMap((line) => line.variantId ?? [])
    const copy = copyLines(lines, await storeListings(tx, row.id, { variantIds }))
    const subject = `order:${orderId}`
    if ('lacking' in copy) {
      const data = { account: row.name, order: order.remoteId, line: copy.lacking }
      const finding = { code: 'copy_impossible', severity: 'warning' as const, accountId: row.id, subject, data }
      await raise(tx, [finding], now, ctx.newId)
      return false
    }
    await resolve(tx, 'copy_impossible', [subject], now)
    if (copy.lines.length === 0) return false
    return await insertErrand(
      tx,
      {
        id: ctx.newId(),
        accountId: row.id,
        orderId,
        kind: 'copy',
        reference: orderId,
        target: null,
        payload: { lines: copy.lines },
        state: 'waiting',
        dueAt: now,
        cause: orderId,
        lines: lines
          .filter((line) => line.open > 0)
          .map((line) => ({ orderLineId: line.id, quantity: line.open, amount: null })),
      },
      'write-through',
      now,
    )
  })
}

async function cancelCopy(
  ctx: Context,
  work: AccountAtWork,
  { orderId, remoteId }: { orderId: string; remoteId: string },
): Promise<boolean> {
  return await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    const id = ctx.newId()
    return await insertErrand(
      tx,
      {
        id,
        accountId: work.row.id,
        orderId,
        kind: 'cancellation',
        reference: id,
        target: remoteId,
        // The copy took no units, so none may come back: stores put back what they believe to have.
        payload: { reason: 'out_of_stock', isWhole: true, before: {} },
        state: 'waiting',
        dueAt: now,
        cause: `original of ${remoteId}`,
        lines: [],
      },
      'write-through',
      now,
    )
  })
}
