/** Works for one account while its lease is held: reads orders and listings, pumps quantities. */
import { type AccountRow, findAccount, getCursor } from '../database/accounts.ts'
import { acquireLease, LeaseLost, releaseLease, renewLease } from '../database/leases.ts'
import { waitsForSales } from '../database/slots.ts'
import { ChannelError } from '../domain/errors.ts'
import { bookStoreChanges } from '../operations/book-store-changes.ts'
import { collectFeeds } from '../operations/collect-feeds.ts'
import { type AccountAtWork, accountAtWork, type Context, type HeldLease } from '../operations/context.ts'
import { takesErrands } from '../operations/errand-calls.ts'
import { createHeeding } from '../operations/heed-notifications.ts'
import { createKeeping } from '../operations/keep-notifications.ts'
import { createNotificationDesk } from '../operations/notification-desk.ts'
import { pullHeldStock } from '../operations/pull-held-stock.ts'
import { pullListings } from '../operations/pull-listings.ts'
import { noteWorkFailing, type PullResult, pullFailed, pullOrders } from '../operations/pull-orders.ts'
import { pullSettlements } from '../operations/pull-settlements.ts'
import { pullStoreStock } from '../operations/pull-store-stock.ts'
import { createPump } from '../operations/push-stock.ts'
import { readQueue } from '../operations/read-queue.ts'
import { readStock } from '../operations/read-stock.ts'
import { recountOrders, recountStream } from '../operations/recount-orders.ts'
import { takeOver } from '../operations/take-over.ts'
import { errandLoop } from './errand-loop.ts'
import { createSignal } from './wait.ts'

export interface RunnerOptions {
  holder: string
  /** Whether the process of a holder's name is proven to be gone. Doubt is no proof. */
  isDead(holder: string): boolean
  /** Longer than a call's deadline, so that a fresh lease always covers one. */
  leaseMs: number
  /** Pause between looks while nothing is announced. */
  idleMs: number
}

export interface AccountRunner {
  accountId: string
  wake(): void
  /** The account under the runner's lease, for what a person asks for now and then. */
  work: AccountAtWork
  stop(): Promise<void>
  /** Resolves when the runner has ended, by itself or because it was told to. */
  done: Promise<void>
}

/** Undefined while another process works for the account. */
export async function startRunner(
  ctx: Context,
  row: AccountRow,
  options: RunnerOptions,
): Promise<AccountRunner | undefined> {
  const before = ctx.monotonic()
  const { holder, leaseMs, isDead } = options
  const taken = await acquireLease(ctx.db, ctx.leaseClock, row.id, holder, leaseMs, isDead)
  if (!taken) return undefined
  let lease: HeldLease = { ...taken, until: before + options.leaseMs }
  const stopping = new AbortController()
  const work = accountAtWork(ctx, row, () => lease, stopping.signal)
  const { connector } = work
  try {
    await takeOver(ctx, work)
  } catch (error) {
    // Nothing was done under this lease yet; whoever looks next need not wait for its end.
    await releaseLease(ctx.db, taken).catch(() => {})
    throw error
  }
  const slots = createSignal()
  const readings = createSignal()
  const pulls = createSignal()
  const feeds = createSignal()
  const queue = createSignal()
  const errands = createSignal()
  const ticks = createSignal()
  const wake = () => {
    for (const signal of [slots, readings, pulls, errands]) signal.wake()
  }
  // A channel that was silent answers again: what waits for its next try looks now.
  work.silence.onReturn = wake
  let clean = true
  const end = () => {
    for (const signal of [slots, readings, pulls, feeds, queue, errands, ticks]) signal.stop()
  }
  const guarded = async (name: string, loop: () => Promise<void>) => {
    try {
      await loop()
    } catch (error) {
      clean = false
      if (!(error instanceof LeaseLost))
        ctx.log.error('account work ended', { account: row.name, loop: name, error: describe(error) })
    } finally {
      end()
    }
  }
  const renewing = guarded('lease', async () => {
    while (!ticks.stopped) {
      await ticks.wait(options.leaseMs / 4)
      if (ticks.stopped) return
      lease = await renewed(ctx, lease, options.leaseMs, ticks)
    }
  })
  const loops = [
    renewing,
    guarded('pull', () => pullLoop(ctx, work, pulls, options)),
    guarded('push', () => pushLoop(ctx, work, slots, feeds, options)),
    guarded('read', () => readLoop(ctx, work, readings, options)),
    ...(connector.stock?.feed ? [guarded('feeds', () => feedLoop(ctx, work, feeds))] : []),
    ...(connector.notifications ? [guarded('queue', () => queueLoop(ctx, work, queue))] : []),
    ...(takesErrands(connector)
      ? [guarded('errands', () => errandLoop(ctx, work, errands, options.idleMs, createFailing(ctx, work)))]
      : []),
  ]
  const done = Promise.all(loops).then(async () => {
    // After an unclean end nobody knows what was sent: the lease is left to run out.
    if (clean) await releaseLease(ctx.db, lease).catch(() => {})
  })
  return {
    accountId: row.id,
    work,
    wake,
    async stop() {
      end()
      // Calls under way get a moment to be answered; then they are given up, and count as unanswered.
      const timer = setTimeout(() => stopping.abort(), stopGraceMs)
      await done
      clearTimeout(timer)
    },
    done,
  }
}

/** What a graceful stop waits for calls under way; the whole stop takes at most five seconds. */
export const stopGraceMs = 3_000

/** A renewal that fails is tried again while the lease still covers a call; only a lease that is gone is lost. */
async function renewed(ctx: Context, lease: HeldLease, leaseMs: number, ticks: Loop): Promise<HeldLease> {
  for (;;) {
    const asked = ctx.monotonic()
    try {
      const next = await renewLease(ctx.db, ctx.leaseClock, lease, leaseMs)
      if (!next) throw new LeaseLost(lease.accountId)
      return { ...next, until: asked + leaseMs }
    } catch (error) {
      if (error instanceof LeaseLost || ticks.stopped || ctx.monotonic() > lease.until) throw error
      ctx.log.warn('lease renewal failed', { error: describe(error) })
      await ticks.wait(500)
    }
  }
}

function describe(error: unknown): string {
  const { message, code } = error as { message?: string; code?: string }
  return `${code ? `${code} ` : ''}${message ?? error}`
}

type Loop = ReturnType<typeof createSignal>

/** Ends where a person paused the account, its access was refused, or it is gone. */
async function isWorking(ctx: Context, work: AccountAtWork): Promise<boolean> {
  const row = await findAccount(ctx.db, work.row.id)
  if (!row || row.stage === 'paused' || row.halted_code !== null) return false
  // What a connector was given of it stands still: with new settings the account is taken anew.
  if (JSON.stringify(row.settings) !== JSON.stringify(work.row.settings)) return false
  Object.assign(work.row, row)
  return true
}

async function pullLoop(ctx: Context, work: AccountAtWork, signal: Loop, options: RunnerOptions): Promise<void> {
  const notBefore = new Map<string, { until: Date | null; returns: number }>()
  const heeding = createHeeding(ctx, work)
  const keeping = createKeeping(ctx, work)
  const streams = [
    { name: 'listings', pull: work.connector.listings && (() => pullListings(ctx, work)) },
    { name: 'orders', pull: work.connector.orders && (() => pullOrders(ctx, work)) },
    { name: recountStream, pull: work.connector.orders?.recount && (() => recountOrders(ctx, work)) },
    // After the orders: nothing waits for it.
    { name: 'held-stock', pull: work.connector.heldStock && (() => pullHeldStock(ctx, work)) },
    { name: 'store-stock', pull: work.connector.storeStock && (() => pullStoreStock(ctx, work)) },
    { name: 'settlements', pull: work.connector.settlements && (() => pullSettlements(ctx, work)) },
  ]
  while (!signal.stopped) {
    try {
      if (!(await isWorking(ctx, work))) return
      await heeding.listen(streams.flatMap(({ name, pull }) => (pull ? [name] : [])))
      for (const { name, pull } of streams) {
        const wait = notBefore.get(name)
        const { returns } = work.silence
        const isBack = wait?.until != null && wait.returns !== returns
        const until = isBack ? null : (wait?.until ?? null)
        const isAnnounced = isBack || heeding.isDue(name)
        if (!pull || signal.stopped || !(await isPullDue(ctx, work, name, until, isAnnounced))) continue
        const began = ctx.clock.now()
        const result = await visibly(ctx, work, name, pull)
        notBefore.set(name, { until: result.notBefore, returns })
        if (result.more) signal.wake()
        else if (!result.notBefore) await heeding.looked(name, began)
      }
      // A reading of the store is judged once its orders are known, which is later than it was taken.
      if (work.connector.storeStock) await bookStoreChanges(ctx, work)
      if (!signal.stopped) await keeping.step()
    } catch (error) {
      // The database is away, say: the lease decides whether the account is still ours.
      if (error instanceof LeaseLost) throw error
      ctx.log.error('pull loop failed', { account: work.row.name, error: describe(error) })
    }
    await signal.wait(options.idleMs)
  }
}

/** What nobody foresaw (a fault of ours) is shown like a channel's failure and tried again, not lost in a log. */
async function visibly(
  ctx: Context,
  work: AccountAtWork,
  name: string,
  pull: () => Promise<PullResult>,
): Promise<PullResult> {
  try {
    return await pull()
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    ctx.log.error('pull failed inside', {
      account: work.row.name,
      stream: name,
      error: describe(error),
      stack: (error as Error).stack,
    })
    const failure = new ChannelError(
      'unavailable',
      'internal',
      'Entrepot could not work on the answer; the log tells more',
    )
    return { more: false, notBefore: await pullFailed(ctx, work, name, failure, failuresToShow) }
  }
}

/** A fault of ours is no passing trouble: it is shown at once. */
const failuresToShow = 3

/** What was asked for shows only after the channel's lag, so asking more often than this only burns allowance. */
const breathMs = 30_000

/** Whether the stream is to be pulled now. */
export async function isPullDue(
  ctx: Context,
  work: AccountAtWork,
  name: string,
  notBefore: Date | null,
  isAnnounced: boolean,
): Promise<boolean> {
  const now = ctx.clock.now()
  if (notBefore && notBefore > now) return false
  if (isAnnounced) return true
  const cursor = await getCursor(ctx.db, work.row.id, name)
  if (!cursor || cursor.next_at <= now) return true
  if (name !== 'orders') return false
  const sinceMs = cursor.pulled_at ? now.getTime() - cursor.pulled_at.getTime() : Number.POSITIVE_INFINITY
  if (work.row.look_again_at !== null && work.row.look_again_at <= now && sinceMs >= breathMs) return true
  // Asked seldom because notifications are proven: not while units wait for sales to be known.
  return sinceMs >= (work.connector.orders?.everyMs ?? 0) && (await waitsForSales(ctx.db, work.row.id))
}

/** Quantities out: a call leaves as soon as one has ended and something is due. */
async function pushLoop(
  ctx: Context,
  work: AccountAtWork,
  signal: Loop,
  feeds: Loop,
  options: RunnerOptions,
): Promise<void> {
  const pump = createPump(ctx, work, { onAnswer: () => signal.wake(), onFeed: () => feeds.wake() })
  const failing = createFailing(ctx, work)
  while (!signal.stopped) {
    try {
      const { sent, nextAt } = await pump.step()
      await failing.end()
      const untilNext = nextAt ? Math.max(1, nextAt.getTime() - ctx.clock.now().getTime()) : options.idleMs
      if (sent === 0) await signal.wait(Math.min(options.idleMs, untilNext))
    } catch (error) {
      await failing.note('push', error)
      await signal.wait(2_000)
    }
  }
  // A call under way is answered, or given up; its note must not come after the lease was given back.
  await pump.stop()
}

/** What slots show: beside the pump, for a reading takes as long as a push. */
async function readLoop(ctx: Context, work: AccountAtWork, signal: Loop, options: RunnerOptions): Promise<void> {
  const failing = createFailing(ctx, work)
  let readAfter: Date | null = null
  let returns = 0
  while (!signal.stopped) {
    try {
      let readings = 0
      if (!readAfter || readAfter <= ctx.clock.now() || returns !== work.silence.returns) {
        returns = work.silence.returns
        const result = await readStock(ctx, work)
        readings = result.read
        readAfter = result.nextAt
      }
      await failing.end()
      if (readings === 0) await signal.wait(options.idleMs)
    } catch (error) {
      await failing.note('read', error)
      await signal.wait(2_000)
    }
  }
}

/** Without a feed under way nothing is looked at: whoever hands one in wakes it. */
const feedIdleMs = 10 * 60_000

/** An empty queue at AWS answers late by itself; elsewhere it must not be asked in a circle. */
const queuePauseMs = 1_000
/** Without a queue: until a person gives one. */
const noQueueMs = 30_000

/** The seller's queue, where the channel has one. */
async function queueLoop(ctx: Context, work: AccountAtWork, signal: Loop): Promise<void> {
  const failing = createFailing(ctx, work)
  const desk = createNotificationDesk(ctx)
  while (!signal.stopped) {
    try {
      if (!work.connector.notifications!.isSetUp(work.row.settings)) {
        await signal.wait(noQueueMs)
        continue
      }
      const { messages, notBefore } = await readQueue(ctx, work, desk)
      await failing.end()
      const waitMs = notBefore ? notBefore.getTime() - ctx.clock.now().getTime() : messages > 0 ? 0 : queuePauseMs
      if (waitMs > 0) await signal.wait(waitMs)
    } catch (error) {
      await failing.note('queue', error)
      await signal.wait(2_000)
    }
  }
}

/** What became of feeds. */
async function feedLoop(ctx: Context, work: AccountAtWork, signal: Loop): Promise<void> {
  const failing = createFailing(ctx, work)
  while (!signal.stopped) {
    try {
      const nextAt = await collectFeeds(ctx, work)
      await failing.end()
      const waitMs = nextAt ? nextAt.getTime() - ctx.clock.now().getTime() : feedIdleMs
      await signal.wait(Math.max(50, Math.min(feedIdleMs, waitMs)))
    } catch (error) {
      await failing.note('feeds', error)
      await signal.wait(2_000)
    }
  }
}

/** Shows a fault of ours in a loop until it works again; a finding of an earlier holder ends with the first turn that works. */
function createFailing(ctx: Context, work: AccountAtWork) {
  let failing = true
  return {
    async end(): Promise<void> {
      if (failing) await noteWorkFailing(ctx, work, null)
      failing = false
    },
    async note(loop: string, error: unknown): Promise<void> {
      if (error instanceof LeaseLost) throw error
      ctx.log.error(`${loop} failed inside`, {
        account: work.row.name,
        error: describe(error),
        stack: (error as Error).stack,
      })
      failing = true
      await noteWorkFailing(ctx, work, 'internal').catch(() => {})
    },
  }
}
