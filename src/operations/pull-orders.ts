/** Reads one page of an account's orders and stores page and cursor together (P-7). */

import type { Unreadable } from '../channels/connector.ts'
import { type CursorRow, getCursor, haltAccount, noteFailure, noteRead, saveCursor } from '../database/accounts.ts'
import { raise, resolve, resolveStops } from '../database/findings.ts'
import { noteFirstPage } from '../database/first-pulls.ts'
import { fence, LeaseLost } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { type ChannelError, isChannelError } from '../domain/errors.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import type { AccountAtWork, Context } from './context.ts'
import { importOrders, type SellingAccount } from './import-orders.ts'
import { ordersEveryMs } from './judge-notifications.ts'
import { learnLag } from './learn-lag.ts'
import { noteStrangeFields } from './note-strange-fields.ts'
import { timesOf } from './plan-slots.ts'
import { settleClaims } from './settle-claims.ts'

export interface PullResult {
  /** More pages wait. */
  more: boolean
  /** After a failure, or without allowance: not before this moment again, whoever asks. */
  notBefore: Date | null
}

const stream = 'orders'

export async function pullOrders(ctx: Context, work: AccountAtWork): Promise<PullResult> {
  const { row, connector, account } = work
  const capability = connector.orders
  if (!capability) throw new Error(`${connector.channel} has no orders to pull`)
  const startedAt = ctx.clock.now()
  const cursor = await getCursor(ctx.db, row.id, stream)
  const seller = {
    id: account.id,
    channel: row.channel,
    openedAt: account.openedAt,
    // What bounds were settled by, not what the margin says now: it may have grown since.
    knownUntil: cursor?.sales_sure ?? null,
  }
  try {
    const pulled = await capability.pull(account, cursor?.value ?? null)
    const now = ctx.clock.now()
    const everyMs = pulled.more ? 0 : await ordersEveryMs(ctx.db, work, now)
    const nextAt = pulled.more ? now : new Date(startedAt.getTime() + everyMs)
    const { unreadable = [] } = pulled
    const finish = async (tx: Sql, aside: readonly Unreadable[]) => {
      await setAside(tx, ctx, row.id, aside)
      await noteStrangeFields(tx, ctx, row, pulled.strange ?? [], now)
      const { marginMs } = timesOf(ctx, { channel: row.channel, lag: cursor?.lag ?? null }, now)
      const watermark = pulled.watermark ?? null
      await saveCursor(tx, row.id, stream, { value: pulled.next, watermark, nextAt, now, marginMs })
      const items = pulled.items.length + unreadable.length
      const page = { items, remaining: pulled.remaining ?? null, isLast: !pulled.more, startedAt, now }
      if (cursor?.is_first !== false) await noteFirstPage(tx, row.id, stream, page)
      await noteRead(tx, row.id, cursor?.lag ?? null, pulled.watermark ? startedAt : null)
      await resolveStops(tx, row.id, stream, startedAt, now)
    }
    try {
      await ctx.db.transaction(async (tx) => {
        await fence(tx, work.lease())
        const told = await importOrders(tx, ctx, seller, pulled.items)
        await learnLag(tx, ctx, row, cursor, told, now)
        await readAtLast(tx, row.id, pulled.items, now)
        await finish(tx, unreadable)
      })
    } catch (error) {
      const failures = cursor?.failures ?? 0
      if (!isFaultOfData(ctx, error, failures)) throw error
      const odd = await importHalves(ctx, work, seller, cursor, pulled.items, failures)
      await ctx.db.transaction(async (tx) => {
        await fence(tx, work.lease())
        await finish(tx, [...unreadable, ...odd])
      })
    }
    if (pulled.watermark) await settleClaims(ctx, work)
    ctx.wake()
    return { more: pulled.more, notBefore: null }
  } catch (error) {
    if (!isChannelError(error)) throw error
    return { more: false, notBefore: await pullFailed(ctx, work, stream, error, cursor?.failures ?? 0) }
  }
}

/** An order that cannot be booked, whoever is to blame, is kept sealed and shown; the others go on. */
async function importHalves(
  ctx: Context,
  work: AccountAtWork,
  seller: SellingAccount,
  cursor: CursorRow | undefined,
  orders: readonly IncomingOrder[],
  failures: number,
): Promise<Unreadable[]> {
  const middle = Math.ceil(orders.length / 2)
  const odd: Unreadable[] = []
  for (const part of [orders.slice(0, middle), orders.slice(middle)]) {
    if (part.length === 0) continue
    try {
      await ctx.db.transaction(async (tx) => {
        await fence(tx, work.lease())
        const told = await importOrders(tx, ctx, seller, part)
        await learnLag(tx, ctx, work.row, cursor, told, ctx.clock.now())
        await readAtLast(tx, work.row.id, part, ctx.clock.now())
      })
    } catch (error) {
      if (!isFaultOfData(ctx, error, failures)) throw error
      if (part.length > 1) {
        odd.push(...(await importHalves(ctx, work, seller, cursor, part, failures)))
        continue
      }
      const { message, code } = error as { message: string; code?: string }
      const { remoteId, raw } = part[0]!
      ctx.log.error('order could not be booked', { account: work.row.name, order: remoteId, code, message })
      odd.push({ remoteId, where: code ?? 'booking', raw })
    }
  }
  return odd
}

/** Tries of a page that fails for a reason nobody foresaw; then the order it comes from is set aside. */
const triesAtMost = 5

/** Faults that come again with the same data: of types, of values the database refuses, of a rule broken by them. */
export function isFaultOfData(ctx: Context, error: unknown, failures: number): boolean {
  if (error instanceof LeaseLost || ctx.db.troubleOf(error)) return false
  const { code, message } = error as { code?: string; message?: string }
  // 42501 is what a read-only disk answers: no order is to blame for it.
  if (code && /^(22|23|42)/.test(code) && code !== '42501') return true
  if (!code && (error instanceof TypeError || error instanceof RangeError || message?.startsWith('stock:'))) return true
  // Locks, limits and interruptions pass; they say nothing about an order.
  if (code && /^(40|55|57)/.test(code)) return false
  return failures + 1 >= triesAtMost
}

export async function setAside(tx: Sql, ctx: Context, accountId: string, list: readonly Unreadable[]): Promise<void> {
  const now = ctx.clock.now()
  for (const { remoteId, where, raw } of list) {
    const { sealed, epoch } = ctx.sealing.sealBuyer(JSON.stringify(raw ?? null), `aside:${accountId}:${remoteId}`, now)
    await tx.run(
      `insert into orders_aside (account_id, remote_id, reason, sealed, epoch, at) select $1::uuid, $2::text, $3, $4::bytea, $5, $6::timestamptz
       where not exists (select 1 from erased_orders where account_id = $1 and remote_id = $2)
       on conflict (account_id, remote_id) do update set reason = $3, sealed = $4, epoch = $5, at = $6, is_blank = false`,
      [accountId, remoteId, where, sealed, epoch, now],
    )
  }
  await raise(
    tx,
    list.map(({ remoteId, where }) => ({
      code: 'order_unreadable',
      severity: 'loss' as const,
      accountId,
      subject: `remote:${accountId}:${remoteId}`,
      data: { order: remoteId, where },
    })),
    now,
    ctx.newId,
  )
}

/** Orders that were set aside and could be booked now. */
export async function readAtLast(
  tx: Sql,
  accountId: string,
  orders: readonly IncomingOrder[],
  now: Date,
): Promise<void> {
  const rows = await tx.rows<{ remote_id: string }>(
    'delete from orders_aside where account_id = $1 and remote_id = any($2) returning remote_id',
    [accountId, orders.map((order) => order.remoteId)],
  )
  await resolve(
    tx,
    'order_unreadable',
    rows.map((row) => `remote:${accountId}:${row.remote_id}`),
    now,
  )
}

/** Waits after failures: 5 s, 10 s, 20 s … at most 5 min. A refused token halts the account and asks a person. */
export async function pullFailed(
  ctx: Context,
  work: AccountAtWork,
  name: string,
  error: ChannelError,
  failures: number,
): Promise<Date> {
  const { row } = work
  const now = ctx.clock.now()
  if (error.kind === 'throttled') return error.retryAt ?? new Date(now.getTime() + 60_000)
  const nextAt = new Date(now.getTime() + Math.min(300_000, 5_000 * 2 ** Math.min(failures, 6)))
  await ctx.db.transaction(async (tx) => {
    // The failure of a holder that was replaced meanwhile says nothing about the account.
    await fence(tx, work.lease())
    await noteFailure(tx, row.id, name, { code: error.code, message: error.message }, now, nextAt)
    if (error.kind === 'auth') await halt(tx, ctx, work, error)
    else if (failures >= 2) {
      await raise(
        tx,
        [
          {
            code: 'pull_failing',
            severity: 'warning',
            accountId: row.id,
            subject: `account:${row.id}:${name}`,
            data: { account: row.name, stream: name, code: error.code, failures: failures + 1 },
          },
        ],
        now,
        ctx.newId,
      )
    }
  })
  ctx.log.warn('pull failed', { account: row.name, stream: name, kind: error.kind, code: error.code })
  return nextAt
}

/** Inside a fenced transaction: only the holder's word halts an account. */
export async function halt(
  tx: Sql,
  ctx: Context,
  work: Pick<AccountAtWork, 'row'>,
  error: ChannelError,
): Promise<void> {
  const now = ctx.clock.now()
  await haltAccount(tx, work.row.id, error.code, now)
  await raise(
    tx,
    [
      {
        code: 'account_halted',
        severity: 'loss',
        accountId: work.row.id,
        subject: `account:${work.row.id}`,
        data: { account: work.row.name, code: error.code },
      },
    ],
    now,
    ctx.newId,
  )
}

/** The pump itself failed (a fault of ours), or works again: `code` null. */
export async function noteWorkFailing(ctx: Context, work: AccountAtWork, code: string | null): Promise<void> {
  const { row } = work
  const now = ctx.clock.now()
  const subject = `account:${row.id}:slots`
  await ctx.db.transaction(async (tx) => {
    await fence(tx, work.lease())
    if (code === null) return await resolve(tx, 'push_failing', [subject], now)
    await raise(
      tx,
      [{ code: 'push_failing', severity: 'warning', accountId: row.id, subject, data: { account: row.name, code } }],
      now,
      ctx.newId,
    )
  })
}
