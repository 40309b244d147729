/** What a page of orders teaches about the list that it came from; and what is said where the list was too late. */
import type { AccountRow, CursorRow } from '../database/accounts.ts'
import { raise } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { lagAfter, newLag } from '../domain/lag.ts'
import type { Context } from './context.ts'
import type { ImportResult } from './import-orders.ts'
import { timesOf } from './plan-slots.ts'

/**
 * In the transaction that booked the page, after it. `cursor`: as it was before the page; up to its mark the list's own word
 * was that all sales are told. Orders from before the account was opened teach nothing.
 */
export async function learnLag(
  tx: Sql,
  ctx: Pick<Context, 'newId' | 'registry'>,
  row: AccountRow,
  cursor: CursorRow | undefined,
  { learned, late }: Pick<ImportResult, 'learned' | 'late'>,
  now: Date,
): Promise<void> {
  // Before the first page nothing was believed.
  if (!cursor) return
  const mark = cursor.sales_known
  const orders = learned
    .filter(({ placedAt }) => placedAt >= row.opened_at)
    .map(({ placedAt }) => ({
      afterMs: Math.max(0, now.getTime() - placedAt.getTime()),
      behindMs: mark === null ? 0 : Math.max(0, mark.getTime() - placedAt.getTime()),
    }))
  if (orders.length === 0 && late.length === 0) return
  // Saved with the cursor. A page that is booked in parts learns part by part.
  cursor.lag = lagAfter(cursor.lag ?? newLag(now.getTime()), orders, now.getTime())
  const { marginMs } = timesOf(ctx, { channel: row.channel, lag: cursor.lag }, now)
  await raise(
    tx,
    late.map((sale) => ({
      code: 'late_sale',
      severity: 'warning' as const,
      accountId: row.id,
      subject: `order:${sale.orderId}`,
      data: {
        account: row.name,
        order: sale.remoteId,
        sku: sale.sku,
        units: sale.quantity,
        minutes: Math.max(1, Math.round(sale.behindMs / 60_000)),
        margin: Math.round(marginMs / 60_000),
      },
    })),
    now,
    ctx.newId,
  )
}
