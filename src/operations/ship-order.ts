/** A parcel left: it moves stock at once, and its channel is told once at most. */
import { countedAtOf } from '../database/counts.ts'
import { insertErrand } from '../database/errands.ts'
import { linesOf } from '../database/orders.ts'
import { lockOrderById, type OrderAtHand, shipUnits } from '../database/orders-shipped.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import { enqueueEvents } from '../database/webhooks.ts'
import { leftBefore } from '../domain/counts.ts'
import { Problem } from '../domain/errors.ts'
import type { KnownLine } from '../domain/intake.ts'
import type { Context } from './context.ts'
import { noteOversold } from './import-orders.ts'
import { refreshSlots } from './refresh-slots.ts'

export interface GivenShipment {
  /** Absent: all that is open. `line`: its id, or its id at the channel. Quantities are the listing's units. */
  lines?: readonly { line: string; quantity: number }[] | undefined
  carrier?: string | undefined
  trackingNumber?: string | undefined
  trackingUrl?: string | undefined
  shippedAt?: Date | undefined
}

export interface By {
  actor: string
  /** What makes it, where that may come twice. */
  cause?: string
}

export type ErrandContext = Pick<Context, 'clock' | 'newId' | 'registry'>

/** The order and its lines, locked. */
export async function orderAtHand(tx: Sql, id: string): Promise<{ order: OrderAtHand; lines: KnownLine[] }> {
  const order = await lockOrderById(tx, id)
  if (!order) throw new Problem('not_found', { what: 'order', id })
  return { order, lines: (await linesOf(tx, [id])).get(id) ?? [] }
}

/** Lines as they are named from outside, each once. Refusal: `unknown_line`. */
export function namedLines<T extends { line: string; quantity: number }>(
  given: readonly T[],
  lines: readonly KnownLine[],
): { line: KnownLine; quantity: number; given: T }[] {
  const named = new Map<string, { line: KnownLine; quantity: number; given: T }>()
  for (const one of given) {
    const line = lines.find(({ id }) => id === one.line) ?? lines.find(({ remoteId }) => remoteId === one.line)
    if (!line) throw new Problem('unknown_line', { line: one.line })
    const before = named.get(line.id)?.quantity ?? 0
    named.set(line.id, { line, quantity: before + one.quantity, given: one })
  }
  return [...named.values()]
}

export const openUnits = (line: Pick<KnownLine, 'quantity' | 'canceled' | 'shippedUnits' | 'unitsPerSale'>): number =>
  Math.max(0, line.quantity - line.canceled - Math.floor(line.shippedUnits / line.unitsPerSale))

/**
 * Answers the shipment's id; null where the same cause made one before. Refusals: `not_found`, `order_not_shippable`,
 * `unknown_line`, `more_than_open`, `line_unlinked`, `shipment_needs_tracking`.
 */
export async function shipOrder(
  tx: Sql,
  ctx: ErrandContext,
  orderId: string,
  given: GivenShipment,
  by: By,
): Promise<string | null> {
  const now = ctx.clock.now()
  const { order, lines } = await orderAtHand(tx, orderId)
  const shippable = order.fulfilledBy === 'merchant' && (order.state === 'open' || order.state === 'partly_shipped')
  if (!shippable)
    throw new Problem('order_not_shippable', {
      order: order.remoteId,
      state: order.fulfilledBy === 'merchant' ? order.state : 'channel',
    })
  const whole = lines.map((line) => ({ line: line.id, quantity: openUnits(line) })).filter((one) => one.quantity > 0)
  const leaving = namedLines(given.lines ?? whole, lines)
  for (const { line, quantity } of leaving) {
    const open = openUnits(line)
    if (quantity > open) throw new Problem('more_than_open', { line: line.remoteId, open, quantity })
    if (line.variantId === null) throw new Problem('line_unlinked', { line: line.remoteId })
  }
  if (leaving.length === 0) throw new Problem('order_not_shippable', { order: order.remoteId, state: 'shipped' })
  const capability = ctx.registry.get(order.channel)?.shipments
  if (capability?.needsTracking && !given.trackingNumber)
    throw new Problem('shipment_needs_tracking', { account: order.account })
  const id = ctx.newId()
  const shippedAt = given.shippedAt && given.shippedAt < now ? given.shippedAt : now
  const isNew = await insertErrand(
    tx,
    {
      id,
      accountId: order.accountId,
      orderId,
      kind: 'shipment',
      reference: packageNumber(id),
      target: order.remoteId,
      payload: {
        carrier: given.carrier ?? null,
        trackingNumber: given.trackingNumber ?? null,
        trackingUrl: given.trackingUrl ?? null,
        shippedAt: shippedAt.toISOString(),
      },
      state: capability ? 'waiting' : 'untold',
      dueAt: capability ? now : null,
      cause: by.cause ?? id,
      lines: leaving.map(({ line, quantity }) => ({ orderLineId: line.id, quantity, amount: null })),
    },
    by.actor,
    now,
  )
  if (!isNew) return null
  await book(tx, ctx, { id, orderId, shippedAt, now, actor: by.actor }, leaving)
  await enqueueEvents(tx, ctx, [{ event: 'shipment.created', data: told(id, order, shippedAt, leaving) }], now)
  return id
}

/** A positive number, because one channel takes no other name for a parcel; the same for ever. */
export const packageNumber = (id: string): string => String(Number.parseInt(id.replaceAll('-', '').slice(-13), 16) || 1)

/** Ids and units; where it travels is fetched by the shipment's id. */
function told(
  id: string,
  order: OrderAtHand,
  shippedAt: Date,
  leaving: readonly { line: KnownLine; quantity: number }[],
) {
  return {
    shipmentId: id,
    orderId: order.id,
    account: order.account,
    remoteId: order.remoteId,
    shippedAt: shippedAt.toISOString(),
    lines: leaving.map(({ line, quantity }) => ({ remoteId: line.remoteId, quantity })),
  }
}

/**
 * The same steps as of an order's version that says "shipped", and counted at the line: the channel's own word of it
 * finds them booked. What a count has not found any more leaves no shelf a second time.
 */
async function book(
  tx: Sql,
  ctx: ErrandContext,
  one: { id: string; orderId: string; shippedAt: Date; now: Date; actor: string },
  leaving: readonly { line: KnownLine; quantity: number }[],
): Promise<void> {
  const { now } = one
  const promises = leaving.flatMap(({ line }) => line.promises)
  const variantIds = promises.map((promise) => promise.variantId)
  const [stock, countedAt] = await Promise.all([
    lockStock(tx, variantIds, { promiseIds: promises.map((promise) => promise.id), places: true, allPromises: true }),
    countedAtOf(tx, variantIds),
  ])
  for (const { line, quantity } of leaving)
    for (const promise of line.promises) {
      const units = Math.min(quantity * promise.perSale, stock.promiseOf(promise.id)?.quantity ?? 0)
      if (units === 0) continue
      const cause = `line:${line.id}:shipment:${one.id}`
      if (leftBefore(one.shippedAt, countedAt.get(promise.variantId))) stock.release(promise.id, units, `${cause}:gone`)
      else stock.ship(promise.id, units, `${cause}:ship`, one.shippedAt)
    }
  const change = stock.change()
  const orderOf = () => one.orderId
  await saveStock(tx, change, { now, newId: ctx.newId, actor: one.actor, orderOf })
  await shipUnits(
    tx,
    one.orderId,
    leaving.map(({ line, quantity }) => ({ lineId: line.id, units: quantity * line.unitsPerSale })),
    now,
  )
  await refreshSlots(tx, ctx, [...change.levels.keys()], [], now)
  await noteOversold(tx, ctx, change.levels, now)
}
