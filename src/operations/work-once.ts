/**
 * One round of an account's work, asked for by a person. Where nobody works for the account this process takes its lease
 * and gives it back; where somebody does, it asks them through the database and watches.
 */
import { type AccountRow, getCursor } from '../database/accounts.ts'
import { acquireLease, releaseLease, renewLease } from '../database/leases.ts'
import { readingsAsked } from '../database/views/probes.ts'
import { askAgain } from './connect-account.ts'
import { type AccountAtWork, accountAtWork, type Context, type HeldLease } from './context.ts'
import { pullHeldStock } from './pull-held-stock.ts'
import { pullListings } from './pull-listings.ts'
import { pullOrders } from './pull-orders.ts'
import { pullSettlements } from './pull-settlements.ts'
import { pullStoreStock } from './pull-store-stock.ts'
import { pushStock } from './push-stock.ts'
import { readStock } from './read-stock.ts'
import { takeOver } from './take-over.ts'

export interface OnceOptions {
  holder: string
  /** Longer than a call's deadline. */
  leaseMs: number
  /** Whether the process of that name is provably gone. */
  isDead(holder: string): boolean
  /** How long to work, or to watch another process, at most. */
  limitMs: number
}

export interface PullReport {
  account: string
  /** Who did it: this process, or the one that holds the account's lease. */
  by: 'self' | 'holder' | 'nobody'
  newOrders: number
  changedOrders: number
  listings: number
  /** What did not succeed, by stream. */
  troubles: { stream: string; code: string; message: string }[]
  /** The allowance is used up until then. */
  waitsUntil: string | null
  isDone: boolean
}

export interface PushReport {
  account: string
  by: 'self' | 'holder' | 'nobody'
  stage: AccountRow['stage']
  /** Writes by outcome. */
  writes: Record<string, number>
  /** Without an answer or a proof yet. */
  inFlight: number
  /** Slots that show another number than their wish. */
  differing: number
  refused: number
  isDone: boolean
}

const lookMs = 250

/** Runs `work` under the account's lease; undefined where another process holds it. */
export async function underLease<T>(
  ctx: Context,
  row: AccountRow,
  { holder, leaseMs, isDead }: OnceOptions,
  work: (at: AccountAtWork, rest: (ms: number) => Promise<void>) => Promise<T>,
): Promise<T | undefined> {
  const before = ctx.monotonic()
  const taken = await acquireLease(ctx.db, ctx.leaseClock, row.id, holder, leaseMs, isDead)
  if (!taken) return undefined
  let lease: HeldLease = { ...taken, until: before + leaseMs }
  const renew = async () => {
    const asked = ctx.monotonic()
    // A failure tells itself: no call leaves and nothing is stored when the lease is over.
    const next = await renewLease(ctx.db, ctx.leaseClock, lease, leaseMs).catch(() => undefined)
    if (next) lease = { ...next, until: asked + leaseMs }
  }
  const timer = setInterval(() => void renew(), leaseMs / 4)
  const rest = async (ms: number) => {
    for (let left = ms; left > 0; left -= leaseMs / 4) {
      await ctx.sleep(Math.min(left, leaseMs / 4))
      await renew()
    }
  }
  try {
    const at = accountAtWork(ctx, row, () => lease)
    await takeOver(ctx, at)
    const result = await work(at, rest)
    await releaseLease(ctx.db, lease)
    return result
  } finally {
    // After a failure the lease runs out by itself: nobody knows what was under way.
    clearInterval(timer)
  }
}

/** Reads listings and orders to their end. */
export async function pullOnce(ctx: Context, row: AccountRow, options: OnceOptions): Promise<PullReport> {
  const connector = ctx.registry.get(row.channel)
  // What channels hold is read too, but nobody waits for it.
  const streams = [connector?.listings && 'listings', connector?.orders && 'orders'].filter((one) => one !== undefined)
  const since = await newestChange(ctx, row.id)
  const report = async (by: PullReport['by'], rest: Partial<PullReport>): Promise<PullReport> => ({
    account: row.name,
    by,
    troubles: [],
    waitsUntil: null,
    isDone: true,
    ...(await whatCame(ctx, row.id, since)),
    ...rest,
  })
  if (streams.length === 0) return await report('nobody', {})
  const until = ctx.monotonic() + options.limitMs
  const own = await underLease(ctx, row, options, (work, rest) => pullStreams(ctx, work, rest, until))
  if (own) return await report('self', own)
  return await report('holder', await watchPull(ctx, row, streams, until))
}

type PullEnd = Pick<PullReport, 'troubles' | 'waitsUntil' | 'isDone'>

async function pullStreams(
  ctx: Context,
  work: AccountAtWork,
  rest: (ms: number) => Promise<void>,
  until: number,
): Promise<PullEnd> {
  const end: PullEnd = { troubles: [], waitsUntil: null, isDone: true }
  const pulls = [
    { stream: 'listings', pull: work.connector.listings && (() => pullListings(ctx, work)) },
    { stream: 'orders', pull: work.connector.orders && (() => pullOrders(ctx, work)) },
    { stream: 'held-stock', pull: work.connector.heldStock && (() => pullHeldStock(ctx, work)) },
    { stream: 'store-stock', pull: work.connector.storeStock && (() => pullStoreStock(ctx, work)) },
    { stream: 'settlements', pull: work.connector.settlements && (() => pullSettlements(ctx, work)) },
  ]
  for (const { stream, pull } of pulls) {
    for (let more = pull !== undefined; more; ) {
      const failures = (await getCursor(ctx.db, work.row.id, stream))?.failures ?? 0
      const result = await pull!()
      more = result.more
      if (!result.notBefore) {
        // What is left of a long stream waits for the next round.
        if (more && ctx.monotonic() > until) return { ...end, isDone: false }
        continue
      }
      const trouble = await troubleOf(ctx, work.row.id, stream, failures)
      if (trouble) {
        end.troubles.push(trouble)
        break
      }
      const wait = result.notBefore.getTime() - ctx.clock.now().getTime()
      if (ctx.monotonic() + wait > until) return { ...end, waitsUntil: result.notBefore.toISOString(), isDone: false }
      await rest(wait)
      more = true
    }
  }
  return end
}

async function troubleOf(ctx: Context, accountId: string, stream: string, before: number) {
  const row = await ctx.db.one<{ failures: number; failure: { code: string; message: string } | null }>(
    'select failures, failure from cursors where account_id = $1 and stream = $2',
    [accountId, stream],
  )
  return row && row.failures > before && row.failure ? { stream, ...row.failure } : undefined
}

/** The holder looks at `look_again_at` and at each cursor's next moment. */
async function watchPull(ctx: Context, row: AccountRow, streams: readonly string[], until: number): Promise<PullEnd> {
  const before = await cursorsOf(ctx, row.id)
  await ctx.db.transaction(async (tx) => {
    await askAgain(tx, ctx, row.id)
    await tx.run('update cursors set next_at = least(next_at, $2) where account_id = $1', [row.id, ctx.clock.now()])
  })
  const end: PullEnd = { troubles: [], waitsUntil: null, isDone: true }
  for (const waiting = new Set(streams); ; await ctx.sleep(lookMs)) {
    const now = await cursorsOf(ctx, row.id)
    for (const stream of waiting) {
      const [old, one] = [before.get(stream), now.get(stream)]
      if (!one) continue
      // More pages follow where the next moment is not later than the last reading.
      if (one.pulledAt > (old?.pulledAt ?? 0) && one.nextAt > one.pulledAt) waiting.delete(stream)
      else if (one.failedAt > (old?.failedAt ?? 0) && one.failure) {
        end.troubles.push({ stream, ...one.failure })
        waiting.delete(stream)
      }
    }
    if (waiting.size === 0) return end
    if (ctx.monotonic() > until) return { ...end, isDone: false }
  }
}

async function cursorsOf(ctx: Context, accountId: string) {
  const rows = await ctx.db.rows<{
    stream: string
    next_at: Date
    pulled_at: Date | null
    failed_at: Date | null
    failure: { code: string; message: string } | null
  }>('select stream, next_at, pulled_at, failed_at, failure from cursors where account_id = $1', [accountId])
  return new Map(
    rows.map((row) => [
      row.stream,
      {
        nextAt: row.next_at.getTime(),
        pulledAt: row.pulled_at?.getTime() ?? 0,
        failedAt: row.failed_at?.getTime() ?? 0,
        failure: row.failure,
      },
    ]),
  )
}

async function newestChange(ctx: Context, accountId: string): Promise<{ orders: Date; listings: Date }> {
  const row = await ctx.db.one<{ orders: Date | null; listings: Date | null }>(
    `select (select max(changed_at) from orders where account_id = $1) as orders,
       (select max(seen_at) from listings where account_id = $1) as listings`,
    [accountId],
  )
  return { orders: row?.orders ?? new Date(0), listings: row?.listings ?? new Date(0) }
}

async function whatCame(ctx: Context, accountId: string, since: { orders: Date; listings: Date }) {
  const row = (await ctx.db.one<{ new: number; changed: number; listings: number }>(
    `select count(*) filter (where imported_at > $2) as new, count(*) filter (where imported_at <= $2) as changed,
       (select count(*) from listings where account_id = $1 and seen_at > $3) as listings
     from orders where account_id = $1 and changed_at > $2`,
    [accountId, since.orders, since.listings],
  ))!
  return { newOrders: row.new, changedOrders: row.changed, listings: row.listings }
}

/** Reads every slot of the account that is due. Answers whether it was done in time. */
export async function readOnce(ctx: Context, row: AccountRow, options: OnceOptions): Promise<boolean> {
  const until = ctx.monotonic() + options.limitMs
  const asked = ctx.clock.now()
  const own = await underLease(ctx, row, options, async (work) => {
    while ((await readStock(ctx, work)).read > 0) if (ctx.monotonic() > until) return false
    return true
  })
  await ctx.journal.flush()
  if (own !== undefined) return own
  for (; (await readingsAsked(ctx.db, row.id, asked)) > 0; await ctx.sleep(lookMs))
    if (ctx.monotonic() > until) return false
  return true
}

/** Sends what differs and waits until the channel shows it. Refused lines are tried again. */
export async function pushOnce(ctx: Context, row: AccountRow, options: OnceOptions): Promise<PushReport> {
  const since = await newestEffect(ctx, row.id)
  const report = async (by: PushReport['by'], isDone: boolean): Promise<PushReport> => ({
    account: row.name,
    by,
    stage: row.stage,
    writes: await writesSince(ctx, row.id, since),
    ...(await slotCounts(ctx, row.id)),
    isDone,
  })
  if (!ctx.registry.get(row.channel)?.stock || row.stage !== 'live') return await report('nobody', true)
  // A person asks because they mended what was refused.
  await ctx.db.run(
    'update stock_slots set retry_at = null where account_id = $1 and dirty and live_value is null and problem_code is not null',
    [row.id],
  )
  const until = ctx.monotonic() + options.limitMs
  const own = await underLease(ctx, row, options, (work, rest) => pump(ctx, work, rest, until))
  if (own !== undefined) return await report('self', own)
  for (let quiet = 0; quiet < 4; await ctx.sleep(lookMs)) {
    const { inFlight, differing, refused } = await slotCounts(ctx, row.id)
    quiet = inFlight === 0 && differing <= refused ? quiet + 1 : 0
    if (ctx.monotonic() > until) return await report('holder', false)
  }
  return await report('holder', true)
}

/** Until nothing leaves, nothing is read and nothing is under way; false where the limit came first. */
async function pump(
  ctx: Context,
  work: AccountAtWork,
  rest: (ms: number) => Promise<void>,
  until: number,
): Promise<boolean> {
  for (let quiet = 0; quiet < 2; ) {
    const { sent } = await pushStock(ctx, work)
    const { read } = await readStock(ctx, work)
    const { inFlight } = await slotCounts(ctx, work.row.id)
    quiet = sent === 0 && read === 0 && inFlight === 0 ? quiet + 1 : 0
    if (ctx.monotonic() > until) return false
    if (sent === 0 && read === 0) await rest(lookMs)
  }
  return true
}

async function slotCounts(ctx: Context, accountId: string) {
  return (await ctx.db.one<{ inFlight: number; differing: number; refused: number }>(
    `select count(*) filter (where live_value is not null) as "inFlight", count(*) filter (where dirty) as differing,
       count(*) filter (where dirty and problem_code is not null) as refused
     from stock_slots where account_id = $1`,
    [accountId],
  ))!
}

async function newestEffect(ctx: Context, accountId: string): Promise<Date> {
  const row = await ctx.db.one<{ at: Date | null }>(
    'select max(intended_at) as at from effects where account_id = $1',
    [accountId],
  )
  return row?.at ?? new Date(0)
}

async function writesSince(ctx: Context, accountId: string, since: Date): Promise<Record<string, number>> {
  const rows = await ctx.db.rows<{ outcome: string; count: number }>(
    `select coalesce(outcome, 'waiting') as outcome, count(*) as count from effects where account_id = $1 and intended_at > $2 group by 1 order by 1`,
    [accountId, since],
  )
  return Object.fromEntries(rows.map((row) => [row.outcome, row.count]))
}
