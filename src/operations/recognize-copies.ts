/**
 * An order that an own store tells may be a copy of a marketplace's order, made by us or by another tool: it is linked
 * to its original and never imported as a second order, so it holds no stock.
 */
import {
  originalsByReference,
  originalsByRemoteId,
  otherChannels,
  saveCopies,
  type ToldCopy,
} from '../database/copies.ts'
import { lockErrand, saveErrand } from '../database/errands.ts'
import { raise } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { decided, isOver } from '../domain/errands.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import type { Context } from './context.ts'
import { noteErrand } from './note-errands.ts'
import { linkedAmong, tellCopies } from './tell-copies.ts'

type CopyContext = Pick<Context, 'clock' | 'newId' | 'registry'>

interface Said {
  order: IncomingOrder
  says: { reference: string | null; channel: string | null; orderRemoteId: string | null }
}

/** The orders of the page that are the store's own. */
export async function withoutCopies(
  tx: Sql,
  ctx: CopyContext,
  account: { id: string; channel?: string },
  orders: readonly IncomingOrder[],
): Promise<readonly IncomingOrder[]> {
  if (orders.length === 0 || ![...ctx.registry.values()].some((one) => one.copies)) return orders
  const copies = ctx.registry.get(account.channel ?? (await channelOf(tx, account.id)))?.copies
  if (!copies) return orders
  const said = orders.flatMap((order): Said[] => {
    const says = copies.copyOf(order.raw)
    return says ? [{ order, says }] : []
  })
  if (said.length === 0) return orders
  const now = ctx.clock.now()
  const found = await findOriginals(tx, account.id, said)
  const remoteIds = found.map(({ told }) => told.remoteId)
  const linked = await linkedAmong(tx, account.id, remoteIds)
  await saveCopies(
    tx,
    account.id,
    found.map(({ told }) => told),
    now,
  )
  const fresh = found.flatMap(({ told: { remoteId, orderId } }) =>
    orderId === null || linked.has(remoteId) ? [] : [{ remoteId, orderId }],
  )
  await tellCopies(tx, ctx, account.id, fresh, now)
  for (const { errandId, told } of found) if (errandId) await confirmCopy(tx, ctx, errandId, told.remoteId, now)
  await noteTwice(tx, ctx, account.id, found, now)
  const known = await tx.rows<{ remote_id: string }>(
    'select remote_id from orders where account_id = $1 and remote_id = any($2)',
    [account.id, remoteIds],
  )
  const before = new Set(known.map((row) => row.remote_id))
  // One that was taken for an order of the store's own gives back what it holds.
  return orders
    .filter((order) => !remoteIds.includes(order.remoteId) || before.has(order.remoteId))
    .map((order) => (before.has(order.remoteId) ? givenBack(order) : order))
}

async function channelOf(tx: Sql, accountId: string): Promise<string> {
  return (await tx.one<{ channel: string }>('select channel from accounts where id = $1', [accountId]))?.channel ?? ''
}

const givenBack = (order: IncomingOrder): IncomingOrder => ({
  ...order,
  state: 'canceled',
  lines: order.lines.map((line) => ({ ...line, shipped: 0, canceled: line.quantity })),
})

interface Found {
  told: ToldCopy
  errandId: string | null
}

/** What names no order and no channel of ours is an order that nobody else tells of: the store's own. */
async function findOriginals(tx: Sql, storeId: string, said: readonly Said[]): Promise<Found[]> {
  const textsOf = (pick: (one: Said['says']) => string | null) => said.flatMap(({ says }) => pick(says) ?? [])
  const [ours, byId, channels] = await Promise.all([
    originalsByReference(
      tx,
      storeId,
      textsOf((one) => one.reference),
    ),
    originalsByRemoteId(
      tx,
      storeId,
      textsOf((one) => one.orderRemoteId),
    ),
    otherChannels(tx, storeId),
  ])
  return said.flatMap(({ order, says }): Found[] => {
    const own = says.reference === null ? undefined : ours.get(says.reference)
    const named = byId.filter((one) => one.remoteId === says.orderRemoteId)
    const other = named.find((one) => one.channel === says.channel) ?? named[0]
    const isAwaited = says.orderRemoteId !== null && says.channel !== null && channels.has(says.channel.toLowerCase())
    if (!own && !other && !isAwaited) return []
    const told: ToldCopy = {
      remoteId: order.remoteId,
      orderId: own?.orderId ?? other?.orderId ?? null,
      sourceRemoteId: says.orderRemoteId,
      isOurs: own !== undefined,
      state: order.state,
      lines: order.lines.map(({ remoteId, remoteSku, canceled, shipped, quantity }) => ({
        remoteId,
        remoteSku,
        canceled: order.state === 'canceled' ? quantity : canceled,
        shipped: order.state === 'shipped' ? quantity - canceled : shipped,
      })),
      updatedAt: order.updatedAt,
    }
    return [{ told, errandId: own?.errandId ?? null }]
  })
}

/** It is there, whatever its answer was. A call under way tells by itself. */
async function confirmCopy(tx: Sql, ctx: CopyContext, errandId: string, remoteId: string, now: Date): Promise<void> {
  const errand = await lockErrand(tx, errandId)
  if (!errand || isOver(errand.state) || errand.state === 'sent') return
  const next = { ...errand, ...decided(errand, 'happened', now), remoteId }
  await saveErrand(tx, next, now)
  await noteErrand(tx, ctx, next, now)
}

/** Two tools write copies: each order is in the store twice, and will be shipped twice. */
async function noteTwice(
  tx: Sql,
  ctx: CopyContext,
  storeId: string,
  found: readonly Found[],
  now: Date,
): Promise<void> {
  const orderIds = found.flatMap(({ told }) => told.orderId ?? [])
  const twice = await tx.rows<{ orderId: string; order: string; account: string }>(
    `select c.order_id as "orderId", o.remote_id as order, a.name as account from order_copies c
     join orders o on o.id = c.order_id join accounts a on a.id = c.account_id
     where c.account_id = $1 and c.order_id = any($2::uuid[]) and c.state <> 'canceled' group by 1, 2, 3 having count(*) > 1`,
    [storeId, orderIds],
  )
  await raise(
    tx,
    twice.map(({ orderId, order, account }) => ({
      code: 'copied_twice',
      severity: 'loss' as const,
      accountId: storeId,
      subject: `order:${orderId}`,
      data: { account, order },
    })),
    now,
    ctx.newId,
  )
}
