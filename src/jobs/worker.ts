/** Finds accounts without a worker and works for them; and the housekeeping that belongs to no account. */
import { type AccountRow, allAccounts, endHalt } from '../database/accounts.ts'
import { forgetReadings } from '../database/audit.ts'
import { forgetConsents } from '../database/connecting.ts'
import { endLateSales } from '../database/findings.ts'
import { forgetFiles } from '../database/imports.ts'
import { ensureJournalDays } from '../database/journal.ts'
import { heldAccounts } from '../database/leases.ts'
import { forgetNotifications } from '../database/notifications.ts'
import type { Sql } from '../database/pool.ts'
import { applyPublishingRules } from '../operations/apply-publishing-rules.ts'
import { runAskedChecks } from '../operations/check-account.ts'
import type { Context } from '../operations/context.ts'
import { createWebhookSender } from '../operations/deliver-webhooks.ts'
import { expireReservations } from '../operations/end-reservation.ts'
import { createEraser } from '../operations/erase-buyers.ts'
import { workOnImport } from '../operations/imports/work.ts'
import { workOnCatalog } from '../operations/make-catalog.ts'
import { type AccountRunner, type RunnerOptions, startRunner, stopGraceMs } from './account-runner.ts'
import { createSignal, type Signal } from './wait.ts'

export interface Worker {
  wake(): void
  stop(): Promise<void>
}

export interface WorkerOptions extends RunnerOptions {
  /** Pause between looks for accounts without a worker. */
  scanMs: number
}

const dayMs = 86_400_000
const upkeepLock = 736_003

export function startWorker(ctx: Context, options: WorkerOptions): Worker {
  const runners = new Map<string, AccountRunner>()
  const scan = createSignal()
  const chores = createSignal()
  const events = createSignal()
  const rules = createSignal()
  const rare = createSignal()
  const files = createSignal()
  const catalogs = createSignal()
  const checks = createSignal()
  const erasures = createSignal()
  const ending = new AbortController()
  const stopping = new AbortController()
  const eraser = createEraser(ctx)
  const sender = createWebhookSender(ctx, stopping.signal, () => events.wake())
  const scanning = repeat(ctx, scan, options.scanMs, 'accounts', () => takeAccounts(ctx, runners, options))
  const loops = [
    repeat(ctx, chores, options.idleMs, 'chores', async () => {
      if ((await expireReservations(ctx)) > 0) chores.wake()
    }),
    // A loop of its own: a receiver that does not answer must not keep units from being given back.
    repeat(ctx, events, options.idleMs, 'webhooks', async () => {
      if ((await sender.send()) > 0) events.wake()
    }),
    // A rule over a whole catalog takes many steps; nothing else waits for them.
    repeat(ctx, rules, options.idleMs, 'publishing rules', async () => {
      if ((await applyPublishingRules(ctx)).next === 'now') rules.wake()
    }),
    repeat(ctx, files, options.idleMs, 'imports', async () => {
      if (await workOnImport(ctx, { holder: options.holder, stopping: ending.signal })) files.wake()
    }),
    repeat(ctx, catalogs, options.idleMs, 'catalogs', async () => {
      if (await workOnCatalog(ctx)) catalogs.wake()
    }),
    repeat(ctx, checks, options.idleMs, 'checks', () => runAskedChecks(ctx, (id) => runners.get(id)?.work, options)),
    repeat(ctx, erasures, 30_000, 'erasures', async () => {
      if (await eraser.step()) erasures.wake()
    }),
    repeat(ctx, rare, 30_000, 'upkeep', () => ctx.db.transaction((tx) => keepUp(tx, ctx))),
  ]
  return {
    wake() {
      for (const runner of runners.values()) runner.wake()
      chores.wake()
      events.wake()
      rules.wake()
      files.wake()
      catalogs.wake()
      checks.wake()
      erasures.wake()
    },
    async stop() {
      for (const signal of [scan, chores, events, rules, rare, files, catalogs, checks, erasures]) signal.stop()
      // An import stops behind the batch at hand and is given back; whoever is there goes on with it.
      ending.abort()
      // No account is taken any more; then everything under way ends side by side.
      await scanning
      const timer = setTimeout(() => stopping.abort(), stopGraceMs)
      await Promise.all([...loops, ...[...runners.values()].map((runner) => runner.stop())])
      await sender.settled()
      clearTimeout(timer)
    },
  }
}

/** One process at a time; the others look again at their next turn. */
async function keepUp(tx: Sql, ctx: Context): Promise<void> {
  if (!(await tx.one<{ mine: boolean }>('select pg_try_advisory_xact_lock($1) as mine', [upkeepLock]))?.mine) return
  const now = ctx.clock.now()
  // Outside of the transaction: a day that cannot be made must not undo the rest.
  await ensureJournalDays(ctx.db, now)
  await ctx.db.run('delete from idempotency_keys where created_at < $1', [new Date(now.getTime() - 7 * dayMs)])
  await ctx.db.run('delete from sessions where expires_at < $1', [now])
  await forgetConsents(tx, new Date(now.getTime() - 7 * dayMs))
  await endLateSales(tx, new Date(now.getTime() - dayMs), now)
  await forgetNotifications(ctx.db, new Date(now.getTime() - 3 * dayMs))
  await forgetReadings(ctx.db, new Date(now.getTime() - 90 * dayMs))
  await forgetFiles(ctx.db, new Date(now.getTime() - 7 * dayMs), new Date(now.getTime() - dayMs))
}

async function takeAccounts(ctx: Context, runners: Map<string, AccountRunner>, options: WorkerOptions): Promise<void> {
  const rows = await allAccounts(ctx.db)
  if (rows.every((row) => runners.has(row.id))) return
  const held = await heldAccounts(ctx.db, ctx.leaseClock, options.isDead)
  for (const row of rows) {
    if (runners.has(row.id) || held.has(row.id) || row.stage === 'paused' || !ctx.registry.has(row.channel)) continue
    if (!(await mayWork(ctx, row))) continue
    // One account that cannot be started hides none of the others.
    const runner = await startRunner(ctx, row, options).catch((error: Error) => {
      ctx.log.error('account work did not start', { account: row.name, error: error.message })
      return undefined
    })
    if (!runner) continue
    runners.set(row.id, runner)
    void runner.done.finally(() => runners.delete(row.id))
  }
}

/** A halted account is tried again now and then: access that was given back resumes without a person. */
const retryHaltMs = 15 * 60_000

async function mayWork(ctx: Context, row: AccountRow): Promise<boolean> {
  if (row.halted_code === null) return true
  if (row.halted_at && ctx.clock.now().getTime() - row.halted_at.getTime() < retryHaltMs) return false
  // The finding stays until something succeeds.
  await endHalt(ctx.db, row.id, row.halted_at)
  return true
}

/** Repeats until stopped. A failure (a database that restarts, say) is logged and tried again. */
async function repeat(
  ctx: Context,
  signal: Signal,
  pauseMs: number,
  name: string,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.stopped) {
    try {
      await work()
    } catch (error) {
      ctx.log.error('work failed', { work: name, error: (error as Error).message })
    }
    await signal.wait(pauseMs)
  }
}
