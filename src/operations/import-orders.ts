/** Takes a page of orders into the order book: orders, lines, sealed buyers, ledger, wishes; one transaction. */
import { countedAtOf } from '../database/counts.ts'
import { raise, resolve } from '../database/findings.ts'
import { kitsAmong, kitsListed } from '../database/kits.ts'
import {
  findOrders,
  heldLines,
  linesOf,
  lockOrders,
  mappingsOf,
  savePlan,
  takeReservation,
} from '../database/orders.ts'
import type { Sql } from '../database/pool.ts'
import { lockStock, saveStock } from '../database/stock.ts'
import { enqueueEvents } from '../database/webhooks.ts'
import {
  freshOrders,
  type HeldLine,
  type IntakePlan,
  type KnownLine,
  type KnownOrder,
  neededFor,
  newestVersions,
  planIntake,
} from '../domain/intake.ts'
import { type Kits, partsOf } from '../domain/kits.ts'
import { type IncomingOrder, namesOf } from '../domain/orders.ts'
import type { PoolLevel } from '../domain/stock.ts'
import { marksOf } from './buyer-marks.ts'
import type { Context } from './context.ts'
import { withoutCopies } from './recognize-copies.ts'
import { refreshSlots } from './refresh-slots.ts'

export interface ImportResult {
  counts: IntakePlan['counts']
  /** Ids of the orders written, by remote id. */
  written: Map<string, string>
  /** Orders that were not known before: they tell how late the account's list is. */
  learned: { remoteId: string; placedAt: Date }[]
  /** Sales that turned up behind what was believed to be known. */
  late: LateSale[]
}

export interface LateSale {
  orderId: string
  remoteId: string
  sku: string | null
  quantity: number
  behindMs: number
}

export interface SellingAccount {
  id: string
  openedAt: Date
  /** Its orders are believed to be known up to here; one that was placed before is late. Null where nothing is believed. */
  knownUntil?: Date | null
  /** An own store tells orders that lowered nothing there as well; absent: what is sold there is lowered there. */
  lowersItself?: boolean
  /** Of an own store: its orders may be copies of others'. */
  channel?: string
}

type ImportContext = Pick<Context, 'clock' | 'newId' | 'sealing' | 'registry'>

/** `reservationIds`: by remote order id, the checkout the order came from. */
export async function importOrders(
  tx: Sql,
  ctx: ImportContext,
  account: SellingAccount,
  told: readonly IncomingOrder[],
  reservationIds: ReadonlyMap<string, string> = new Map(),
): Promise<ImportResult> {
  const now = ctx.clock.now()
  const orders = await withoutCopies(tx, ctx, account, told)
  const { page, known } = await whatIsNew(tx, account.id, orders)
  const counts = { new: 0, changed: 0, same: newestVersions(orders).length - page.length, older: 0 }
  if (page.length === 0) return { counts, written: new Map(), learned: [], late: [] }

  const { remoteSkus } = neededFor(page)
  const [mappings, listed] = await Promise.all([
    mappingsOf(tx, account.id, remoteSkus),
    kitsListed(tx, account.id, remoteSkus),
    withLines(tx, known),
  ])
  const knownLines = [...known.values()].flatMap((order) => order.lines)
  const kits = new Map([...listed, ...(await kitsOfKnown(tx, knownLines, listed))])
  const held = new Map<string, HeldLine[]>()
  for (const [remoteId, id] of reservationIds) held.set(remoteId, await heldLines(tx, account.id, id))
  const heldNow = [...held.values()].flat()
  const ofVariant = (id: string | null) => (id === null ? [] : partsOf(kits, id).map((part) => part.variantId))
  const variantIds = [
    ...[...mappings.values()].flatMap((mapping) => ofVariant(mapping.variantId)),
    ...knownLines.flatMap((line) => [...ofVariant(line.variantId), ...line.promises.map((one) => one.variantId)]),
    ...heldNow.map((line) => line.variantId),
  ]
  const promiseIds = [
    ...knownLines.flatMap((line) => line.promises.map((one) => one.id)),
    ...heldNow.map((line) => line.id),
  ]
  const ships = page.some((order) => order.state === 'shipped' || order.lines.some((line) => line.shipped > 0))
  const [stock, countedAt] = await Promise.all([
    lockStock(tx, variantIds, { promiseIds, places: ships, allPromises: ships }),
    ships ? countedAtOf(tx, variantIds) : undefined,
  ])
  const plan = planIntake(
    {
      orders: page,
      known,
      mappings,
      kits,
      held,
      openedAt: account.openedAt,
      knownUntil: account.knownUntil ?? null,
      lowersItself: account.lowersItself ?? true,
      ...(countedAt ? { countedAt } : {}),
      now,
      newId: ctx.newId,
    },
    stock,
  )

  await savePlan(tx, plan, {
    accountId: account.id,
    now,
    newId: ctx.newId,
    sealBuyer: (text, orderId) => ctx.sealing.sealBuyer(text, orderId, now),
    marksOf: (order) => marksOf(ctx, account.id, namesOf(order)),
  })
  const written = new Map(plan.orders.map((one) => [one.order.remoteId, one.id]))
  for (const [remoteId, id] of reservationIds) {
    const orderId = written.get(remoteId)
    if (orderId) await takeReservation(tx, account.id, id, orderId, now)
  }
  const change = stock.change()
  const orderOfLine = new Map(plan.lines.map((line) => [line.id, line.orderId]))
  await saveStock(tx, change, {
    now,
    newId: ctx.newId,
    actor: 'order',
    owners: plan.promisedFor,
    orderOf: ({ cause }) => orderOfLine.get(cause.split(':')[1] ?? '') ?? null,
  })
  await refreshSlots(tx, ctx, [...change.levels.keys()], plan.sales, now)
  await noteFindings(tx, ctx, account.id, plan, change.levels, now)
  await enqueueEvents(
    tx,
    ctx,
    plan.orders.map((one) => ({
      event: one.isNew ? 'order.imported' : 'order.changed',
      // Whom it concerns is fetched by id: no buyer data leaves in an event.
      data: {
        orderId: one.id,
        remoteId: one.order.remoteId,
        state: one.order.state,
        updatedAt: one.order.updatedAt.toISOString(),
      },
    })),
    now,
  )
  return {
    counts: { ...plan.counts, same: counts.same, older: 0 },
    written,
    learned: learnedOf(plan),
    late: lateOf(plan),
  }
}

/**
 * The orders of a page that say something new, and what is known of them, locked. A replay takes no lock and writes
 * nothing: versions only go forward, so what is old to a reader stays old.
 */
async function whatIsNew(tx: Sql, accountId: string, orders: readonly IncomingOrder[]) {
  const newer = (known: ReadonlyMap<string, KnownOrder>, page: readonly IncomingOrder[]) =>
    freshOrders(page, known).flatMap((one) => (one.fresh === 'new' || one.fresh === 'newer' ? [one.order] : []))
  const idsOf = (page: readonly IncomingOrder[]) => page.map((order) => order.remoteId)
  const seen = await findOrders(tx, accountId, idsOf(orders))
  const page = newer(seen, orders)
  const changed = page.filter((order) => seen.has(order.remoteId))
  if (changed.length === 0) return { page, known: new Map<string, KnownOrder>() }
  const known = await lockOrders(tx, accountId, idsOf(changed))
  return { page: newer(known, page), known }
}

async function withLines(tx: Sql, known: Map<string, KnownOrder>): Promise<void> {
  const lines = await linesOf(
    tx,
    [...known.values()].map((order) => order.id),
  )
  for (const [remoteId, order] of known) known.set(remoteId, { ...order, lines: lines.get(order.id) ?? [] })
}

/** Parts of kits that known lines stand for and no listing of the page does any more. */
async function kitsOfKnown(tx: Sql, lines: readonly KnownLine[], listed: Kits): Promise<Kits> {
  const ids = lines.flatMap(({ variantId }) => (variantId && !listed.has(variantId) ? [variantId] : []))
  return await kitsAmong(tx, [...new Set(ids)])
}

const learnedOf = (plan: IntakePlan) =>
  plan.orders.flatMap(({ isNew, order: { remoteId, placedAt } }) => (isNew ? [{ remoteId, placedAt }] : []))

function lateOf(plan: IntakePlan): LateSale[] {
  const remoteIds = new Map(plan.orders.map((one) => [one.id, one.order.remoteId]))
  return plan.events.flatMap(({ kind, orderId, data }) =>
    kind === 'late-sale'
      ? [
          {
            orderId,
            remoteId: remoteIds.get(orderId)!,
            sku: data.sku as string | null,
            quantity: data.quantity as number,
            behindMs: data.behindMs as number,
          },
        ]
      : [],
  )
}

/** Unknown SKUs and oversold variants wait for a person, visibly, and end by themselves when their cause does. */
async function noteFindings(
  tx: Sql,
  ctx: ImportContext,
  accountId: string,
  plan: IntakePlan,
  levels: ReadonlyMap<string, PoolLevel>,
  now: Date,
): Promise<void> {
  const unknown = plan.events.filter((event) => event.kind === 'unknown-sku')
  const stillUnknown = new Set(
    plan.lines.filter((line) => line.variantId === null && line.quantity > line.canceled).map((line) => line.orderId),
  )
  const mended = plan.orders.filter(
    (one) => !one.isNew && (one.order.state === 'canceled' || !stillUnknown.has(one.id)),
  )
  await resolve(
    tx,
    'unknown_sku',
    mended.map((one) => `order:${one.id}`),
    now,
  )
  const remoteIds = new Map(plan.orders.map((one) => [one.id, one.order.remoteId]))
  await raise(
    tx,
    unknown.map((event) => ({
      code: 'unknown_sku',
      severity: 'warning' as const,
      accountId,
      subject: `order:${event.orderId}`,
      data: { order: remoteIds.get(event.orderId), sku: event.data.sku },
    })),
    now,
    ctx.newId,
  )
  const odd = plan.events.filter((event) => event.kind === 'odd-step')
  await raise(
    tx,
    odd.map((event) => ({
      code: 'odd_order_step',
      severity: 'info' as const,
      accountId,
      subject: `order:${event.orderId}`,
      data: { order: remoteIds.get(event.orderId), ...event.data },
    })),
    now,
    ctx.newId,
  )
  await noteOversold(tx, ctx, levels, now)
}

/** Raises or ends "oversold" of the variants whose level changed. */
export async function noteOversold(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  levels: ReadonlyMap<string, PoolLevel>,
  now: Date,
): Promise<void> {
  const short = [...levels].filter(([, level]) => level.short > 0)
  if (short.length > 0) {
    const skus = await tx.rows<{ id: string; sku: string }>('select id, sku from variants where id = any($1::uuid[])', [
      short.map(([id]) => id),
    ])
    const skuOf = new Map(skus.map((row) => [row.id, row.sku]))
    await raise(
      tx,
      short.map(([id, level]) => ({
        code: 'oversold',
        severity: 'loss' as const,
        accountId: null,
        subject: `variant:${id}`,
        data: { sku: skuOf.get(id), units: level.short },
      })),
      now,
      ctx.newId,
    )
  }
  await resolve(
    tx,
    'oversold',
    [...levels].filter(([, level]) => level.short === 0).map(([id]) => `variant:${id}`),
    now,
  )
}
