/**
 * What was done with a copy in the own store is passed on to its original as errands, once: shipments, cancellations,
 * refunds. What was done there already is an echo and changes nothing.
 */
import type { KnownRefund, KnownShipment } from '../channels/capabilities.ts'
import { type CopyRow, copiesToFollow, lookedAtCopy, storeListings } from '../database/copies.ts'
import { toldUnits } from '../database/errands.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { onOriginal, type StoreListing, unitsIn } from '../domain/copies.ts'
import { isChannelError, Problem } from '../domain/errors.ts'
import type { KnownLine } from '../domain/intake.ts'
import { cancelOrder, refundOrder } from './ask-channel.ts'
import type { AccountAtWork, Context } from './context.ts'
import { openUnits, orderAtHand, shipOrder } from './ship-order.ts'

const atOnce = 20
const againMs = 60_000
/** What the original cannot take now may be possible later: an order that is still pending, a tracking number that comes. */
const laterMs = 10 * 60_000
const actor = 'write-through'

/** For a store at work. Answers how many copies were looked at. */
export async function followCopies(
  ctx: Context,
  work: AccountAtWork,
  isStopping: () => boolean = () => false,
): Promise<number> {
  if (!work.connector.copies || work.row.stage !== 'live') return 0
  const copies = await copiesToFollow(ctx.db, work.row.id, ctx.clock.now(), atOnce)
  for (const copy of copies) {
    if (isStopping()) break
    await follow(ctx, work, copy)
  }
  if (copies.length > 0) ctx.wake()
  return copies.length
}

async function follow(ctx: Context, work: AccountAtWork, copy: CopyRow): Promise<void> {
  let there: { shipments: KnownShipment[]; refunds: KnownRefund[] }
  try {
    there = await whatWasDone(work, copy)
  } catch (error) {
    if (!isChannelError(error)) throw error
    const again = error.retryAt ?? new Date(ctx.clock.now().getTime() + againMs)
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await lookedAtCopy(tx, work.row.id, copy, again)
    })
    return
  }
  const problems: string[] = []
  // Each by itself: what the original refuses undoes nothing of the others.
  const attempt = async (pass: (tx: Sql) => Promise<unknown>) => {
    try {
      await ctx.db.transaction(async (tx) => {
        await fence(tx, work.lease())
        await pass(tx)
      })
    } catch (error) {
      if (!(error instanceof Problem)) throw error
      problems.push(error.code)
    }
  }
  for (const [index, shipment] of there.shipments.entries())
    await attempt((tx) => passShipment(tx, ctx, work, copy, shipment, index))
  await attempt((tx) => passCancellation(tx, ctx, work, copy))
  for (const refund of there.refunds) await attempt((tx) => passRefund(tx, ctx, work, copy, refund))
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    await lookedAtCopy(tx, work.row.id, copy, problems.length > 0 ? new Date(now.getTime() + laterMs) : null)
    await noteProblems(tx, ctx, work, copy, problems, now)
  })
}

async function whatWasDone({ connector, account }: AccountAtWork, copy: CopyRow) {
  const hasShipped = copy.lines.some((line) => line.shipped > 0)
  return {
    shipments: hasShipped && connector.shipments ? await connector.shipments.read(account, copy.remoteId) : [],
    refunds: connector.refunds ? await connector.refunds.read(account, copy.remoteId) : [],
  }
}

async function originalOf(tx: Sql, work: AccountAtWork, copy: CopyRow) {
  const { order, lines } = await orderAtHand(tx, copy.orderId)
  const skus = copy.lines.flatMap((line) => line.remoteSku ?? [])
  return { order, lines, listings: await storeListings(tx, work.row.id, { skus }) }
}

const causeOf = (work: AccountAtWork, copy: CopyRow, what: string) => `copy ${work.row.id} ${copy.remoteId} ${what}`
const plain = (text: string) => text.replace(/[^\p{L}\p{N}]/gu, '').toUpperCase()

async function passShipment(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  copy: CopyRow,
  shipment: KnownShipment,
  index: number,
): Promise<void> {
  const { order, lines, listings } = await originalOf(tx, work, copy)
  const cause = causeOf(work, copy, `shipment ${shipment.remoteId ?? index}`)
  if (await isKnown(tx, order.id, cause, shipment.trackingNumber)) return
  const leaving = onOriginal(unitsIn(shipment.lines, copy.lines, listings), withOpen(lines))
  if (leaving.length === 0) return
  await shipOrder(
    tx,
    ctx,
    order.id,
    {
      lines: leaving,
      carrier: shipment.carrier ?? undefined,
      trackingNumber: shipment.trackingNumber ?? undefined,
      shippedAt: shipment.shippedAt ?? undefined,
    },
    { actor, cause },
  )
}

const withOpen = (lines: readonly KnownLine[]) => lines.map((line) => ({ ...line, open: openUnits(line) }))

/** Passed on before, or told of the original itself: the same parcel. */
async function isKnown(tx: Sql, orderId: string, cause: string, tracking: string | null): Promise<boolean> {
  const rows = await tx.rows<{ cause: string; tracking: string | null }>(
    `select cause, payload->>'trackingNumber' as tracking from errands where order_id = $1 and kind = 'shipment'`,
    [orderId],
  )
  return rows.some(
    (row) =>
      row.cause === cause || (tracking !== null && row.tracking !== null && plain(row.tracking) === plain(tracking)),
  )
}

/** Units canceled on the copy and neither canceled nor asked for on the original. */
async function passCancellation(tx: Sql, ctx: Context, work: AccountAtWork, copy: CopyRow): Promise<void> {
  const canceled = copy.lines.filter((line) => line.canceled > 0)
  if (canceled.length === 0) return
  const { order, lines, listings } = await originalOf(tx, work, copy)
  if (order.state === 'canceled' || order.state === 'shipped') return
  const asked = await toldUnits(tx, order.id, 'cancellation')
  const units = canceledUnits(copy, lines, listings, asked)
  const left = lines.map((line) => ({ ...line, open: Math.max(0, openUnits(line) - (asked.get(line.id)?.open ?? 0)) }))
  const wanted = onOriginal(units, left)
  if (wanted.length === 0) return
  const isWhole =
    copy.state === 'canceled' &&
    left.every((line) => (wanted.find((one) => one.line === line.id)?.quantity ?? 0) === line.open)
  const total = canceled.reduce((sum, line) => sum + line.canceled, 0)
  const cause = causeOf(work, copy, `canceled ${total}`)
  await cancelOrder(tx, ctx, order.id, { ...(isWhole ? {} : { lines: wanted }), reason: 'other' }, { actor, cause })
}

function canceledUnits(
  copy: CopyRow,
  lines: readonly KnownLine[],
  listings: readonly StoreListing[],
  asked: ReadonlyMap<string, { open: number }>,
): Map<string, number> {
  const units = unitsIn(
    copy.lines.map((line) => ({ remoteId: line.remoteId, quantity: line.canceled })),
    copy.lines,
    listings,
  )
  for (const line of lines) {
    if (line.variantId === null || !units.has(line.variantId)) continue
    const known = (line.canceled + (asked.get(line.id)?.open ?? 0)) * line.unitsPerSale
    units.set(line.variantId, Math.max(0, units.get(line.variantId)! - known))
  }
  return units
}

/** A marketplace gives the money of what it cancels back by itself: passing it on would pay it twice. */
const isOfCanceled = (copy: CopyRow, refund: KnownRefund): boolean =>
  copy.state === 'canceled' ||
  refund.lines.some(({ remoteId }) => copy.lines.some((line) => line.remoteId === remoteId && line.canceled > 0))

/** The money as the store gave it back; a currency that is not the original's is for a person. */
async function passRefund(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  copy: CopyRow,
  refund: KnownRefund,
): Promise<void> {
  if (refund.state !== 'done' || isOfCanceled(copy, refund)) return
  const { order, lines, listings } = await originalOf(tx, work, copy)
  const cause = causeOf(work, copy, `refund ${refund.remoteId}`)
  const before = await tx.one(`select 1 from errands where order_id = $1 and kind = 'refund' and cause = $2`, [
    order.id,
    cause,
  ])
  if (before) return
  if (order.currency !== refund.currency)
    throw new Problem('channel_cannot', { account: order.account, what: 'refund' })
  const sold = lines.map((line) => ({ ...line, open: line.quantity }))
  const goods = onOriginal(unitsIn(refund.lines, copy.lines, listings), sold)
  // The store tells one sum: it stands at the first line, or as shipping where no goods are named.
  const given = goods.map((one, index) => ({ ...one, amount: index === 0 ? refund.amount : 0 }))
  const shippingAmount = given.length === 0 ? refund.amount : 0
  await refundOrder(tx, ctx, order.id, { lines: given, shippingAmount, reason: 'other' }, { actor, cause })
}

async function noteProblems(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  copy: CopyRow,
  problems: readonly string[],
  now: Date,
): Promise<void> {
  const subject = `order:${copy.orderId}`
  if (problems.length === 0) return await resolve(tx, 'copy_not_followed', [subject], now)
  const data = { account: work.row.name, order: copy.remoteId, code: problems[0]! }
  await raise(
    tx,
    [{ code: 'copy_not_followed', severity: 'warning', accountId: work.row.id, subject, data }],
    now,
    ctx.newId,
  )
}
