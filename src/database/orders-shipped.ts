/** One order at hand, and what left of it by our own word. */
import type { FulfilledBy, OrderState } from '../domain/orders.ts'
import type { Sql } from './pool.ts'

export interface OrderAtHand {
  id: string
  accountId: string
  account: string
  channel: string
  remoteId: string
  state: OrderState
  fulfilledBy: FulfilledBy
  marketplace: string | null
  currency: string | null
  total: number | null
}

/** Locked, as imports lock theirs. */
export async function lockOrderById(tx: Sql, id: string): Promise<OrderAtHand | undefined> {
  return await tx.one<OrderAtHand>(
    `select o.id, o.account_id as "accountId", a.name as account, a.channel, o.remote_id as "remoteId", o.state,
       o.fulfilled_by as "fulfilledBy", o.marketplace, o.currency, o.total
     from orders o join accounts a on a.id = o.account_id where o.id = $1 for update of o`,
    [id],
  )
}

/** Counts what left at the lines: a version of the channel that says the same finds it booked. */
export async function shipUnits(
  tx: Sql,
  orderId: string,
  lines: readonly { lineId: string; units: number }[],
  now: Date,
): Promise<void> {
  await tx.run(
    `update order_lines l set shipped_units = l.shipped_units + t.units
     from unnest($1::uuid[], $2::bigint[]) as t(id, units) where l.id = t.id`,
    [lines.map((line) => line.lineId), lines.map((line) => line.units)],
  )
  await tx.run(
    `update orders o set changed_at = $2, nothing_open = not exists (select 1 from order_lines l
       where l.order_id = o.id and (l.quantity - l.canceled) * l.units_per_sale > l.shipped_units) where o.id = $1`,
    [orderId, now],
  )
}
