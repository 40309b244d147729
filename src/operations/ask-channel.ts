/** Cancellations and refunds that a person or the own store wants: the channel is asked once at most. */
import type { CancelReason, OutgoingRefund } from '../channels/capabilities.ts'
import { insertErrand, toldUnits } from '../database/errands.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { type By, type ErrandContext, namedLines, openUnits, orderAtHand } from './ship-order.ts'

export interface GivenCancellation {
  /** Absent: the whole order. */
  lines?: readonly { line: string; quantity: number }[] | undefined
  reason: CancelReason
}

/**
 * Stock moves when the channel says that it holds, with the order's next version. Answers the errand's id; null where
 * the same cause made one before. Refusals: `not_found`, `channel_cannot`, `order_not_shippable`, `unknown_line`,
 * `more_than_open`.
 */
export async function cancelOrder(
  tx: Sql,
  ctx: ErrandContext,
  orderId: string,
  given: GivenCancellation,
  by: By,
): Promise<string | null> {
  const now = ctx.clock.now()
  const { order, lines } = await orderAtHand(tx, orderId)
  const capability = ctx.registry.get(order.channel)?.cancellations
  if (!capability || (given.lines && !capability.partial))
    throw new Problem('channel_cannot', { account: order.account, what: given.lines ? 'cancel_lines' : 'cancel' })
  if (!['pending', 'open', 'partly_shipped'].includes(order.state))
    throw new Problem('order_not_shippable', { order: order.remoteId, state: order.state })
  const asked = await toldUnits(tx, orderId, 'cancellation')
  const left = (line: (typeof lines)[number]) => Math.max(0, openUnits(line) - (asked.get(line.id)?.open ?? 0))
  const whole = lines.map((line) => ({ line: line.id, quantity: left(line) })).filter((one) => one.quantity > 0)
  const wanted = namedLines(given.lines ?? whole, lines)
  for (const { line, quantity } of wanted)
    if (quantity > left(line)) throw new Problem('more_than_open', { line: line.remoteId, open: left(line), quantity })
  if (wanted.length === 0) throw new Problem('order_not_shippable', { order: order.remoteId, state: 'asked' })
  const id = ctx.newId()
  const isNew = await insertErrand(
    tx,
    {
      id,
      accountId: order.accountId,
      orderId,
      kind: 'cancellation',
      reference: id,
      target: order.remoteId,
      payload: {
        reason: given.reason,
        isWhole: !given.lines,
        before: Object.fromEntries(wanted.map(({ line }) => [line.remoteId, line.canceled])),
      },
      state: 'waiting',
      dueAt: now,
      cause: by.cause ?? id,
      lines: wanted.map(({ line, quantity }) => ({ orderLineId: line.id, quantity, amount: null })),
    },
    by.actor,
    now,
  )
  return isNew ? id : null
}

export interface GivenRefund {
  /** `amount`: minor units for the goods of the line. */
  lines: readonly { line: string; quantity: number; amount: number }[]
  shippingAmount: number
  reason: OutgoingRefund['reason']
}

/**
 * Never more than the order's total, over all refunds that are not given up. Answers the errand's id; null where the same
 * cause made one before. Refusals: `not_found`, `channel_cannot`, `unknown_line`, `more_than_open`, `refund_too_large`.
 */
export async function refundOrder(
  tx: Sql,
  ctx: ErrandContext,
  orderId: string,
  given: GivenRefund,
  by: By,
): Promise<string | null> {
  const now = ctx.clock.now()
  const { order, lines } = await orderAtHand(tx, orderId)
  if (!ctx.registry.get(order.channel)?.refunds || order.currency === null)
    throw new Problem('channel_cannot', { account: order.account, what: 'refund' })
  const wanted = namedLines(given.lines, lines)
  const before = await toldUnits(tx, orderId, 'refund')
  for (const { line, quantity } of wanted) {
    const open = line.quantity - (before.get(line.id)?.units ?? 0)
    if (quantity > open) throw new Problem('more_than_open', { line: line.remoteId, open, quantity })
  }
  const amounts = amountsOf(given)
  const refunded = await refundedAmount(tx, orderId)
  const amount = given.shippingAmount + [...amounts.values()].reduce((sum, one) => sum + one, 0)
  const most = order.total === null ? Number.MAX_SAFE_INTEGER : order.total - refunded
  if (amount === 0 || amount > most)
    throw new Problem('refund_too_large', { order: order.remoteId, amount, most, currency: order.currency })
  const id = ctx.newId()
  const isNew = await insertErrand(
    tx,
    {
      id,
      accountId: order.accountId,
      orderId,
      kind: 'refund',
      reference: id,
      target: order.remoteId,
      payload: { currency: order.currency, shippingAmount: given.shippingAmount, reason: given.reason },
      state: 'waiting',
      dueAt: now,
      cause: by.cause ?? id,
      lines: wanted.map(({ line, quantity, given: one }) => ({
        orderLineId: line.id,
        quantity,
        amount: amounts.get(one.line) ?? 0,
      })),
    },
    by.actor,
    now,
  )
  return isNew ? id : null
}

/** By the name that the line was given under. */
function amountsOf({ lines }: GivenRefund): Map<string, number> {
  const amounts = new Map<string, number>()
  for (const one of lines) amounts.set(one.line, (amounts.get(one.line) ?? 0) + one.amount)
  return amounts
}

async function refundedAmount(tx: Sql, orderId: string): Promise<number> {
  const row = await tx.one<{ amount: number }>(
    `select (coalesce((select sum(l.amount) from errand_lines l join errands e on e.id = l.errand_id
         where e.order_id = $1 and e.kind = 'refund' and e.state <> 'dropped'), 0)
       + coalesce((select sum((payload->>'shippingAmount')::bigint) from errands
         where order_id = $1 and kind = 'refund' and state <> 'dropped'), 0))::bigint as amount`,
    [orderId],
  )
  return row!.amount
}
