/**
 * Buyers' data goes: because a channel or a person asked, because it was kept as long as the channel allows, and from what a
 * restored backup brought back. Orders keep their numbers; a daily key that sealed something erased is destroyed as well, so that
 * older copies of the database open no more than this one.
 */

import { forgetEpoch, hasFiles, markBuyer, moveTo, sealedIn, spentEpochs, unmarkedBuyers } from '../database/epochs.ts'
import {
  asideOf,
  blankAside,
  eraseOrders,
  forgetStrangers,
  lockRequest,
  ordersOutlived,
  ordersWanted,
  type RequestRow,
  rememberBuyers,
  requestsDue,
  saveLook,
  sweep,
} from '../database/erasures.ts'
import { resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { keptSince, mayErase, oldestMs } from '../domain/erasure.ts'
import { namesOf } from '../domain/orders.ts'
import { marksOf } from './buyer-marks.ts'
import type { Context } from './context.ts'

type Erasing = Pick<Context, 'db' | 'clock' | 'sealing' | 'registry' | 'monotonic'>

export interface Eraser {
  /** A step; true where more waits. */
  step(): Promise<boolean>
}

const hourMs = 3_600_000
const dayMs = 86_400_000
const rowsAtOnce = 500
/** First readings reach two years back at most, and are over by then. */
const strangersMs = 90 * dayMs

export function createEraser(ctx: Erasing): Eraser {
  let isMended = false
  let rareAt = Number.NEGATIVE_INFINITY
  return {
    async step() {
      if (!isMended) await eraseNoted(ctx)
      isMended = true
      if (await markBuyers(ctx)) return true
      const now = ctx.clock.now()
      const due = await requestsDue(ctx.db, new Date(now.getTime() - hourMs))
      for (const id of due) await answer(ctx, id)
      if (due.length > 0) return true
      if (ctx.monotonic() - rareAt < hourMs) return false
      if (await eraseByAge(ctx)) return true
      if (await spend(ctx)) return true
      // Whatever slipped in beside an erasure, an order that was first read just then say.
      await sweep(ctx.db, now)
      await forgetStrangers(ctx.db, new Date(now.getTime() - strangersMs))
      rareAt = ctx.monotonic()
      return false
    },
  }
}

/** Lines of the list beside the keys: an order whose buyer was erased at somebody's word. */
const lineOf = (accountId: string, remoteId: string) => `order ${JSON.stringify([accountId, remoteId])}`

function ordersNoted(lines: readonly string[]): Map<string, string[]> {
  const pairs = lines.flatMap((line) =>
    line.startsWith('order ') ? [JSON.parse(line.slice('order '.length)) as [string, string]] : [],
  )
  const byAccount = Map.groupBy(pairs, ([accountId]) => accountId)
  return new Map([...byAccount].map(([id, list]) => [id, list.map(([, remoteId]) => remoteId)]))
}

/** A database of before, restored, holds again what had been erased: the list beside the keys is carried out first. */
export async function eraseNoted(ctx: Erasing): Promise<void> {
  const noted = ordersNoted(ctx.sealing.epochs.noted())
  if (noted.size === 0) return
  const now = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    for (const [accountId, remoteIds] of noted) {
      if (await tx.one('select 1 from accounts where id = $1', [accountId]))
        await eraseEverywhere(tx, ctx, accountId, remoteIds, 'request', now)
    }
  })
}

async function eraseEverywhere(
  tx: Sql,
  ctx: Erasing,
  accountId: string,
  remoteIds: readonly string[],
  why: 'request' | 'age',
  now: Date,
): Promise<number> {
  for (const row of await asideOf(tx, accountId, { remoteIds })) await blank(tx, ctx, row, now)
  return await eraseOrders(tx, accountId, remoteIds, why, now)
}

async function blank(tx: Sql, ctx: Erasing, row: { accountId: string; remoteId: string }, now: Date): Promise<void> {
  const { sealed, epoch } = ctx.sealing.sealBuyer('null', `aside:${row.accountId}:${row.remoteId}`, now)
  await blankAside(tx, row, sealed, epoch, now)
}

/** One request, as far as it can be answered now. Asked again, it finds what was left, and then nothing. */
async function answer(ctx: Erasing, id: string): Promise<void> {
  const now = ctx.clock.now()
  await ctx.db.transaction(async (tx) => {
    const request = await lockRequest(tx, id)
    if (!request || request.doneAt) return
    const { accountId, marks, whole } = request
    const found = await ordersWanted(tx, request)
    const ready = found.filter((order) => mayErase(order, request.dueAt, now))
    // An order that was never here is remembered, too: it may still be read.
    const unknown = request.orderIds.filter((one) => !found.some((order) => order.remoteId === one))
    const remoteIds = [...unknown, ...ready.map((order) => order.remoteId)]
    await rememberBuyers(tx, accountId, marks, request.receivedAt)
    if (whole) for (const row of await asideOf(tx, accountId, { whole })) await blank(tx, ctx, row, now)
    // Noted before it is stored: what is on the list and not yet erased is erased at the next start.
    if (remoteIds.length > 0) ctx.sealing.epochs.note(remoteIds.map((one) => lineOf(accountId, one)))
    const gone = await eraseEverywhere(tx, ctx, accountId, remoteIds, 'request', now)
    await finish(tx, request, { gone, waiting: found.length - ready.length }, now)
  })
}

async function finish(
  tx: Sql,
  request: RequestRow,
  { gone, waiting }: { gone: number; waiting: number },
  now: Date,
): Promise<void> {
  // Of a whole account a thousand at a time: it is done when a look finds none.
  const isDone = waiting === 0 && (!request.whole || gone === 0)
  const erased = request.erased + gone
  if (isDone && request.epoch)
    await tx.run('insert into spent_epochs (epoch, at) values ($1, $2) on conflict do nothing', [request.epoch, now])
  const looked = request.whole && !isDone && waiting === 0 ? new Date(0) : now
  await saveLook(tx, request.id, { erased, waiting, doneAt: isDone ? now : null }, looked)
  if (isDone && erased === 0)
    await resolve(tx, request.whole ? 'erasure_of_all' : 'erasure_asked', [`erasure:${request.id}`], now)
}

/** Buyers that were sealed before fingerprints were kept get theirs. */
async function markBuyers(ctx: Erasing): Promise<boolean> {
  const rows = await unmarkedBuyers(ctx.db, rowsAtOnce)
  for (const { orderId, accountId, channel, sealed, epoch } of rows) {
    const text = ctx.sealing.openBuyer(sealed, orderId, epoch)
    const held = text === undefined ? null : (JSON.parse(text) as { buyer: { email?: string } | null; raw: unknown })
    const read = held?.raw ? ctx.registry.get(channel)?.orders?.read(held.raw) : undefined
    const order = read && 'lines' in read ? read : { buyer: held?.buyer ?? null }
    await markBuyer(ctx.db, orderId, marksOf(ctx, accountId, namesOf(order)))
  }
  return rows.length > 0
}

/** What channels allow to be kept for so many days only. */
async function eraseByAge(ctx: Erasing): Promise<boolean> {
  const now = ctx.clock.now()
  let count = 0
  for (const { channel, orders } of ctx.registry.values()) {
    if (orders?.buyerKeptDays === undefined) continue
    const ended = keptSince(orders.buyerKeptDays, now)
    const outlived = await ordersOutlived(ctx.db, channel, ended, new Date(now.getTime() - oldestMs), rowsAtOnce)
    for (const [accountId, rows] of Map.groupBy(outlived, (one) => one.accountId))
      await ctx.db.transaction((tx) =>
        eraseOrders(
          tx,
          accountId,
          rows.map((one) => one.remoteId),
          'age',
          now,
        ),
      )
    const accounts = await ctx.db.rows<{ id: string }>('select id from accounts where channel = $1', [channel])
    for (const { id } of accounts)
      await ctx.db.transaction(async (tx) => {
        for (const row of await asideOf(tx, id, { before: ended })) await blank(tx, ctx, row, now)
      })
    count += outlived.length
  }
  return count > 0
}

/** Moves what a spent day still seals to the key of today, and destroys the day's. Today's own is in use by everybody. */
async function spend(ctx: Erasing): Promise<boolean> {
  const now = ctx.clock.now()
  const yesterday = new Date(now.getTime() - dayMs).toISOString().slice(0, 10)
  for (const epoch of await spentEpochs(ctx.db, yesterday)) {
    const rows = await sealedIn(ctx.db, epoch, rowsAtOnce)
    const moved = rows.map((row) => ({ row, to: ctx.sealing.rewrapBuyer(row.sealed, row.context, epoch, now) }))
    for (const { row, to } of moved) if (to) await moveTo(ctx.db, row, to)
    if (moved.some(({ to }) => to)) return true
    if (await hasFiles(ctx.db, epoch)) continue
    ctx.sealing.epochs.destroy(epoch)
    await forgetEpoch(ctx.db, epoch)
  }
  return false
}
