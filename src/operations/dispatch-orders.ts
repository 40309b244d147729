/**
 * Orders of the own store that own shelves cannot serve are handed to the channel that lends the units; when its parcels have
 * left, they are booked as ours. Handing in and reading back is an errand (send-errands.ts).
 */
import type { KnownDispatch } from '../channels/capabilities.ts'
import { insertErrand, lockErrand, saveErrand } from '../database/errands.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence, LeaseLost } from '../database/leases.ts'
import {
  closeDropped,
  type DispatchRow,
  dueDispatches,
  heldSkus,
  holdOrders,
  lacksAt,
  lentPlace,
  needlessDispatches,
  saveDispatch,
} from '../database/lendings.ts'
import { lentOtherwise, linesToShip } from '../database/lent-sides.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import { decided } from '../domain/errands.ts'
import { isChannelError } from '../domain/errors.ts'
import { linesToLend } from '../domain/lending.ts'
import type { AccountAtWork, Context } from './context.ts'
import type { DispatchPayload } from './errand-calls.ts'
import { refreshLent } from './lend-stock.ts'
import { ownStoreChannels } from './own-store.ts'
import { shipOrder } from './ship-order.ts'

const looksAtOnce = 20
/** What the channel took and does not show for so long is for a person. */
const lostMs = 24 * 3_600_000
const failedMs = 15 * 60_000
const later = (ctx: Context, ms: number) => new Date(ctx.clock.now().getTime() + ms)

/** What orders lack is handed out, what is needless taken back, what the channel has in hand looked at. */
export async function dispatchOrders(
  ctx: Context,
  work: AccountAtWork,
  isStopping: () => boolean = () => false,
): Promise<void> {
  if (!work.connector.dispatches || work.row.stage !== 'live') return
  await takeBack(ctx, work)
  await recount(ctx, work)
  await handOut(ctx, work)
  const due = await dueDispatches(ctx.db, work.row.id, ctx.clock.now(), looksAtOnce)
  for (const one of due) {
    if (isStopping()) break
    try {
      await follow(ctx, work, one)
    } catch (error) {
      if (error instanceof LeaseLost) throw error
      // One that cannot be booked waits, and is tried again; the others go on.
      ctx.log.error('a dispatch failed inside', { account: work.row.name, error: (error as Error).message })
      await save(ctx, work, one, { state: 'unknown', cancelAskedAt: one.cancelAskedAt, nextAt: later(ctx, failedMs) })
    }
  }
}

async function takeBack(ctx: Context, work: AccountAtWork): Promise<void> {
  for (const id of await needlessDispatches(ctx.db, work.row.id))
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const now = ctx.clock.now()
      const errand = await lockErrand(tx, id)
      if (errand?.state === 'waiting') await saveErrand(tx, { ...errand, ...decided(errand, 'drop', now) }, now)
    })
}

/** What orders, persons and refusals changed of what is lent, and nobody counted since. */
async function recount(ctx: Context, work: AccountAtWork): Promise<void> {
  await closeDropped(ctx.db, work.row.id)
  for (const variantId of await lentOtherwise(ctx.db, work.row.id))
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await refreshLent(tx, ctx, work.row, [variantId])
    })
}

/** Chooses lines for what own shelves lack, and notes their dispatch, one for each order. */
async function handOut(ctx: Context, work: AccountAtWork): Promise<void> {
  const stores = ownStoreChannels(ctx)
  const lacks = await lacksAt(ctx.db, work.row.id, stores)
  if (lacks.length === 0) return
  for (const { variantId } of lacks)
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const skus = (await heldSkus(tx, work.row.id, [variantId])).get(variantId) ?? []
      const choose = async () => {
        const [lack] = await lacksAt(tx, work.row.id, stores, variantId)
        if (!lack) return []
        const lines = await linesToShip(tx, variantId, stores)
        const fits = lines.filter((line) => skus.some((sku) => line.units % sku.unitsPerSale === 0))
        return linesToLend(lack.lacking, lack.there, fits)
      }
      // Orders are locked before levels, everywhere; under the level's lock nobody promises or ships meanwhile.
      const held = new Set((await choose()).map((line) => line.orderId))
      await holdOrders(tx, [...held])
      await lockStock(tx, [variantId])
      for (const line of await choose()) {
        // One that came in between has its turn next time.
        if (!held.has(line.orderId)) continue
        const sku = skus.find((one) => line.units % one.unitsPerSale === 0)!
        await note(tx, ctx, work, line, sku)
      }
      await refreshLent(tx, ctx, work.row, [variantId])
    })
}

async function note(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  line: { lineId: string; orderId: string; units: number; unitsPerSale: number },
  sku: { remoteSku: string; marketplace: string; unitsPerSale: number },
): Promise<void> {
  const id = ctx.newId()
  const now = ctx.clock.now()
  const quantity = line.units / sku.unitsPerSale
  const payload: DispatchPayload = {
    marketplace: sku.marketplace,
    lines: [{ orderLineId: line.lineId, remoteSku: sku.remoteSku, quantity }],
  }
  const isNew = await insertErrand(
    tx,
    {
      id,
      accountId: work.row.id,
      orderId: line.orderId,
      kind: 'dispatch',
      reference: id,
      target: null,
      payload,
      state: 'waiting',
      dueAt: now,
      cause: `line:${line.lineId}`,
      lines: [{ orderLineId: line.lineId, quantity: line.units / line.unitsPerSale, amount: null }],
    },
    'lending',
    now,
  )
  const begun = { state: 'working', booked: [], cancelAskedAt: null, nextAt: now }
  if (isNew) await saveDispatch(tx, { id, accountId: work.row.id, ...begun }, now)
}

/** Looks at one that the channel took. A call that fails is made again later. */
async function follow(ctx: Context, work: AccountAtWork, row: DispatchRow): Promise<void> {
  const { everyMs, visibleAfterMs } = work.connector.dispatches!
  const visibleAt = (row.leftAt?.getTime() ?? 0) + visibleAfterMs
  if (ctx.clock.now().getTime() < visibleAt) {
    await save(ctx, work, row, { state: 'working', cancelAskedAt: row.cancelAskedAt, nextAt: new Date(visibleAt) })
    return
  }
  let known: KnownDispatch | null
  let { cancelAskedAt } = row
  try {
    if (row.orderState === 'canceled' && !cancelAskedAt) {
      await work.connector.dispatches!.cancel(work.account, row.reference)
      cancelAskedAt = ctx.clock.now()
    }
    known = await work.connector.dispatches!.read(work.account, row.reference)
  } catch (error) {
    if (!isChannelError(error)) throw error
    await save(ctx, work, row, { state: 'unknown', cancelAskedAt, nextAt: error.retryAt ?? later(ctx, everyMs) })
    return
  }
  // It was taken: that it is not shown is the channel's trouble, for a day.
  const isYoung = ctx.clock.now().getTime() - visibleAt < lostMs
  if (!known && isYoung) {
    await save(ctx, work, row, { state: 'unknown', cancelAskedAt: null, nextAt: later(ctx, everyMs) })
    return
  }
  await bookParcels(ctx, work, row, known, { cancelAskedAt, later: later(ctx, everyMs) })
}

async function save(
  ctx: Context,
  work: AccountAtWork,
  row: DispatchRow,
  next: { state: KnownDispatch['state']; cancelAskedAt: Date | null; nextAt: Date | null },
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    await saveDispatch(tx, { id: row.id, accountId: work.row.id, booked: row.booked, ...next }, ctx.clock.now())
  })
}

/** Each parcel once. What the channel will not ship goes back to those who ship by hand, with a word to a person. */
async function bookParcels(
  ctx: Context,
  work: AccountAtWork,
  row: DispatchRow,
  known: KnownDispatch | null,
  { cancelAskedAt, later: nextLook }: { cancelAskedAt: Date | null; later: Date },
): Promise<void> {
  const state = known?.state ?? 'failed'
  const isOver = state === 'shipped' || state === 'canceled' || state === 'failed'
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    const now = ctx.clock.now()
    // Before any level; what the errand says does not change any more.
    await holdOrders(tx, [row.orderId])
    const lines = await tx.rows<{ id: string; variant_id: string; units: number; sales: number; open: number }>(
      `select l.id, l.variant_id, l.units_per_sale as units, e.quantity as sales, (l.quantity - l.canceled) * l.units_per_sale - l.shipped_units as open
       from errand_lines e join order_lines l on l.id = e.order_line_id where e.errand_id = $1 order by l.id`,
      [row.id],
    )
    const fresh = (known?.parcels ?? []).filter((parcel) => !row.booked.includes(parcel.remoteId))
    const { payload } = (await tx.one<{ payload: DispatchPayload }>('select payload from errands where id = $1', [
      row.id,
    ]))!
    for (const parcel of fresh) {
      const leaving = parcel.lines.flatMap(({ reference, quantity }) => {
        const line = lines.find((one) => one.id === reference)
        const told = payload.lines.find((one) => one.orderLineId === reference)
        if (!line || !told) return []
        // The channel counts its own SKU's units, and a line is booked in whole sales: the rest comes with its partner.
        const sales = Math.floor((quantity * line.sales) / told.quantity)
        const units = Math.min(line.open, sales * line.units)
        line.open -= units
        return units > 0 ? [{ line, units }] : []
      })
      if (leaving.length === 0 || row.orderState === 'canceled') continue
      await toShelf(tx, ctx, work, leaving)
      const given = {
        lines: leaving.map(({ line, units }) => ({ line: line.id, quantity: units / line.units })),
        ...(parcel.carrier ? { carrier: parcel.carrier } : {}),
        ...(parcel.trackingNumber ? { trackingNumber: parcel.trackingNumber } : {}),
        // Not when it left there: a count of our shelves in between says nothing about theirs.
      }
      await shipOrder(tx, ctx, row.orderId, given, { actor: 'lending', cause: `dispatch:${row.id}:${parcel.remoteId}` })
    }
    const booked = [...row.booked, ...fresh.map((parcel) => parcel.remoteId)]
    const nextAt = isOver ? null : nextLook
    await saveDispatch(tx, { id: row.id, accountId: work.row.id, state, booked, cancelAskedAt, nextAt }, now)
    const subject = `order:${row.orderId}`
    const isRefused = isOver && state !== 'shipped' && row.orderState !== 'canceled'
    if (isRefused)
      await raise(
        tx,
        [
          {
            code: 'dispatch_failed',
            severity: 'loss',
            accountId: work.row.id,
            subject,
            data: { account: work.row.name, state },
          },
        ],
        now,
        ctx.newId,
      )
    else if (isOver) await resolve(tx, 'dispatch_failed', [subject], now)
    await refreshLent(
      tx,
      ctx,
      work.row,
      lines.map((line) => line.variant_id),
    )
  })
}

/** Units that the channel shipped leave by an own shelf, for a shipment draws from there first. */
async function toShelf(
  tx: Sql,
  ctx: Context,
  work: AccountAtWork,
  leaving: readonly { line: { id: string; variant_id: string }; units: number }[],
): Promise<void> {
  const now = ctx.clock.now()
  const placeId = await lentPlace(tx, work.row, ctx.newId, now)
  const shelf = await tx.one<{ id: string }>(
    `select id from locations where kind in ('own', 'third-party') order by priority, code limit 1`,
  )
  if (!shelf) return
  const stock = await lockStock(
    tx,
    leaving.map(({ line }) => line.variant_id),
    { places: true },
  )
  for (const { line, units } of leaving) {
    const there = stock.place(line.variant_id, placeId).onHand
    const quantity = Math.min(units, there)
    if (quantity > 0) stock.transfer(line.variant_id, placeId, shelf.id, quantity, `lent:${ctx.newId()}`)
  }
  await saveStock(tx, stock.change(), { now, newId: ctx.newId, actor: 'lending' })
}
