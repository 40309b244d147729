/**
 * Is an order missing? Once a day all orders that were placed within a span are asked for by another way than the usual
 * list, and compared with ours. What is missing is imported at once, and a finding says so. Slow on purpose: the usual
 * list needs the allowance more.
 */
import type { Recounting, Unreadable } from '../channels/connector.ts'
import { getCursor, saveCursor } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import { fence } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { isChannelError } from '../domain/errors.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import { nextSpan, type Recount, recounted } from '../domain/recount.ts'
import type { AccountAtWork, Context } from './context.ts'
import { importOrders } from './import-orders.ts'
import { learnLag } from './learn-lag.ts'
import { isFaultOfData, type PullResult, pullFailed, readAtLast, setAside } from './pull-orders.ts'

export const recountStream = 'recount'

/** One page of the span that is due. */
export async function recountOrders(ctx: Context, work: AccountAtWork): Promise<PullResult> {
  const { row, connector, account } = work
  const capability = connector.orders?.recount
  if (!capability) throw new Error(`${connector.channel} has no other way to count orders`)
  const cursor = await getCursor(ctx.db, row.id, recountStream)
  const before = (cursor?.value ?? null) as Recount | null
  const now = ctx.clock.now()
  const begun = nextSpan(before, account.openedAt, now, capability.afterMs)
  if ('waitUntil' in begun) {
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await saveCursor(tx, row.id, recountStream, { value: begun.state, watermark: null, nextAt: begun.waitUntil, now })
    })
    return { more: false, notBefore: null }
  }
  try {
    const { span } = begun
    const asked = { from: new Date(span.from), until: new Date(span.until) }
    const pulled = await withMissing(ctx, work, capability, await capability.pull(account, asked, begun.page))
    const { unreadable } = pulled
    const missing = await missingAmong(ctx.db, row.id, pulled.items)
    await save(ctx, work, missing, async (tx, odd) => {
      await setAside(tx, ctx, row.id, [...(await newlyUnreadable(tx, row.id, unreadable)), ...odd])
      // A page of which not all was read is asked for again; what was missing is known by then.
      const told = pulled.isCut ? { counted: missing.length, next: begun.page, more: true } : pulled
      const state = recounted(begun, told, missing)
      const nextAt = state.span ? new Date(now.getTime() + capability.pageEveryMs) : now
      await saveCursor(tx, row.id, recountStream, { value: state, watermark: null, nextAt, now: ctx.clock.now() })
      await note(tx, ctx, work, state)
    })
    if (missing.length > 0) ctx.wake()
    return { more: false, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    return { more: false, notBefore: await pullFailed(ctx, work, recountStream, error, cursor?.failures ?? 0) }
  }
}

type Page = Awaited<ReturnType<Recounting['pull']>>

interface WholePage {
  items: IncomingOrder[]
  unreadable: Unreadable[]
  counted: number
  next: unknown
  more: boolean
  /** The allowance, or the channel, ended before all that was missing was read. */
  isCut: boolean
}

/** A page of ids: the orders that nobody knows are read one by one. */
async function withMissing(
  ctx: Context,
  { row, account }: AccountAtWork,
  { read }: Recounting,
  { items, ids = [], unreadable = [], next, more }: Page,
): Promise<WholePage> {
  const page: WholePage = {
    items: [...items],
    unreadable: [...unreadable],
    counted: items.length + ids.length + unreadable.length,
    next,
    more,
    isCut: false,
  }
  const known = await knownAmong(ctx.db, row.id, ids)
  let isFirst = true
  for (const id of ids) {
    if (known.has(id) || !read) continue
    try {
      const one = await read(account, id)
      if (one) 'where' in one ? page.unreadable.push(one) : page.items.push(one)
    } catch (error) {
      if (!isChannelError(error) || isFirst) throw error
      return { ...page, isCut: true }
    }
    isFirst = false
  }
  return page
}

/** Missing orders are booked with the place where the count stands; what cannot be booked is kept sealed and shown. */
async function save(
  ctx: Context,
  work: AccountAtWork,
  missing: readonly IncomingOrder[],
  finish: (tx: Sql, odd: { remoteId: string; where: string; raw: unknown }[]) => Promise<void>,
): Promise<void> {
  const { row, account } = work
  try {
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      const orders = await getCursor(tx, row.id, 'orders')
      const knownUntil = orders?.sales_sure ?? null
      const seller = { id: account.id, openedAt: account.openedAt, channel: row.channel, knownUntil }
      const told = await importOrders(tx, ctx, seller, missing)
      await learnLag(tx, ctx, row, orders, told, ctx.clock.now())
      await readAtLast(tx, row.id, missing, ctx.clock.now())
      await finish(tx, [])
    })
  } catch (error) {
    if (missing.length === 0 || !isFaultOfData(ctx, error, 0)) throw error
    const odd = missing.map(({ remoteId, raw }) => ({ remoteId, where: 'booking', raw }))
    await ctx.db.transaction(async (tx) => {
      await fence(tx, work.lease())
      await finish(tx, odd)
    })
  }
}

/** Known are orders, those set aside, and copies of others' orders. */
async function missingAmong(sql: Sql, accountId: string, orders: readonly IncomingOrder[]): Promise<IncomingOrder[]> {
  const remoteIds = orders.map((order) => order.remoteId)
  const known = await knownAmong(sql, accountId, remoteIds)
  return orders.filter((order) => !known.has(order.remoteId))
}

async function knownAmong(sql: Sql, accountId: string, remoteIds: readonly string[]): Promise<Set<string>> {
  if (remoteIds.length === 0) return new Set()
  const rows = await sql.rows<{ remote_id: string }>(
    `select remote_id from orders where account_id = $1 and remote_id = any($2)
     union all select remote_id from orders_aside where account_id = $1 and remote_id = any($2)
     union all select remote_id from order_copies where account_id = $1 and remote_id = any($2)`,
    [accountId, remoteIds],
  )
  return new Set(rows.map((row) => row.remote_id))
}

async function newlyUnreadable<T extends { remoteId: string }>(
  tx: Sql,
  accountId: string,
  list: readonly T[],
): Promise<T[]> {
  if (list.length === 0) return []
  const rows = await tx.rows<{ remote_id: string }>(
    `select remote_id from orders where account_id = $1 and remote_id = any($2)
     union all select remote_id from orders_aside where account_id = $1 and remote_id = any($2)`,
    [accountId, list.map((one) => one.remoteId)],
  )
  const known = new Set(rows.map((row) => row.remote_id))
  return list.filter((one) => !known.has(one.remoteId))
}

/** Raised with the page that found it; ended by the next whole span without any. */
async function note(tx: Sql, ctx: Context, { row }: AccountAtWork, state: Recount): Promise<void> {
  const now = ctx.clock.now()
  const subject = `account:${row.id}:recount`
  const found = state.span ? state : state.last
  if (!found) return
  if (found.missing === 0) {
    if (!state.span) await resolve(tx, 'orders_missed', [subject], now)
    return
  }
  const data = { account: row.name, count: found.missing, orders: found.missed.join(', ') }
  await raise(tx, [{ code: 'orders_missed', severity: 'loss', accountId: row.id, subject, data }], now, ctx.newId)
}
