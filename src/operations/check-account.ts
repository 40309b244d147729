/**
 * Live checks: what a connector tries at its channel, one after the other, each result kept at once so that a person can watch.
 * They spend the account's budget, so only the holder of its lease runs them; a round is asked for through the database.
 */
import type { Check, CheckResult } from '../channels/capabilities.ts'
import type { Connector } from '../channels/connector.ts'
import { type AccountRow, findAccount } from '../database/accounts.ts'
import {
  askForRound,
  type CheckState,
  checksOf,
  endRound,
  noteCheck,
  roundOf,
  roundsAsked,
} from '../database/connecting.ts'
import { LeaseLost } from '../database/leases.ts'
import type { Sql } from '../database/pool.ts'
import { ChannelError, Problem } from '../domain/errors.ts'
import type { AccountAtWork, Context } from './context.ts'
import { endOverride } from './go-live.ts'
import { type OnceOptions, underLease } from './work-once.ts'

export interface CheckView {
  id: string
  state: CheckState
  isOptional: boolean
  /** Features that do not work without it. */
  serves: readonly string[]
  /** Why it failed. */
  code: string | null
  facts: Record<string, string>
  checkedAt: Date | null
}

export interface RoundView {
  /** Null: never asked for. */
  askedAt: Date | null
  endedAt: Date | null
  checks: CheckView[]
}

const checksIn = (connector: Connector | undefined): readonly Check[] => connector?.checks ?? []

/** Asks for a round; whoever holds the account's lease runs it. */
export async function askForChecks(tx: Sql, ctx: Pick<Context, 'clock' | 'registry'>, row: AccountRow): Promise<void> {
  const checks = checksIn(ctx.registry.get(row.channel))
  if (checks.length === 0) throw new Problem('checks_none', { channel: row.channel })
  await askForRound(
    tx,
    row.id,
    checks.map((one) => one.id),
    ctx.clock.now(),
  )
}

/** The newest round. Checks that it did not have (the program is newer) wait. */
export async function describeChecks(sql: Sql, ctx: Pick<Context, 'registry'>, row: AccountRow): Promise<RoundView> {
  const round = await roundOf(sql, row.id)
  const known = new Map((await checksOf(sql, row.id)).map((one) => [one.check_id, one]))
  return {
    askedAt: round?.asked_at ?? null,
    endedAt: round?.ended_at ?? null,
    checks: checksIn(ctx.registry.get(row.channel)).map(({ id, serves, optional }) => {
      const found = known.get(id)
      return {
        id,
        state: found?.state ?? 'waiting',
        isOptional: optional === true,
        serves,
        code: found?.code ?? null,
        facts: found?.facts ?? {},
        checkedAt: found?.checked_at ?? null,
      }
    }),
  }
}

/** Where the address is a check of its own, the sign-in comes after it. */
const signIn = 'token'

/** Runs the round that was asked for. Without the way in nothing else can be told. */
export async function runChecks(ctx: Context, work: AccountAtWork): Promise<void> {
  const round = await roundOf(ctx.db, work.row.id)
  if (!round || round.ended_at) return
  const { asked_at: askedAt } = round
  const note = (id: string, state: CheckState, result?: CheckResult) =>
    noteCheck(ctx.db, work.row.id, askedAt, {
      check_id: id,
      state,
      code: result && !result.ok ? result.code : null,
      facts: result?.facts ?? {},
      checked_at: result ? ctx.clock.now() : null,
    })
  let isShut = false
  for (const [index, check] of checksIn(work.connector).entries()) {
    if (isShut) {
      await note(check.id, 'skipped')
      continue
    }
    // A newer round took its place: it begins anew.
    if (!(await note(check.id, 'running'))) return
    const result = await resultOf(ctx, work, check)
    await note(check.id, result.ok ? 'ok' : 'failed', result)
    isShut = !result.ok && (index === 0 || check.id === signIn)
  }
  const now = ctx.clock.now()
  await endRound(ctx.db, work.row.id, askedAt, now)
  await endOverride(ctx.db, work.connector, work.row.id, now)
}

/** An allowance that is back so soon is waited for: a person watches. */
const patienceMs = 5_000

async function resultOf(ctx: Context, work: AccountAtWork, check: Check, waited = false): Promise<CheckResult> {
  try {
    return await check.run(work.account)
  } catch (error) {
    if (error instanceof LeaseLost) throw error
    const waitMs =
      error instanceof ChannelError && error.retryAt ? error.retryAt.getTime() - ctx.clock.now().getTime() : null
    if (waitMs !== null && waitMs <= patienceMs && !waited) {
      await ctx.sleep(Math.max(0, waitMs))
      return await resultOf(ctx, work, check, true)
    }
    if (error instanceof ChannelError) return { ok: false, code: error.kind, facts: { answer: error.code } }
    const { message, stack } = error as Error
    ctx.log.error('a check failed inside', { account: work.row.name, check: check.id, error: message, stack })
    return { ok: false, code: 'internal' }
  }
}

/** Rounds that wait, for accounts of which `mine` answers the work, and for those that nobody works for. */
export async function runAskedChecks(
  ctx: Context,
  mine: (accountId: string) => AccountAtWork | undefined,
  options: Omit<OnceOptions, 'limitMs'>,
): Promise<void> {
  const one = async (id: string) => {
    const work = mine(id)
    const row = work ? work.row : await findAccount(ctx.db, id)
    if (!row || !ctx.registry.has(row.channel)) return
    try {
      if (work) await runChecks(ctx, work)
      else await underLease(ctx, row, { ...options, limitMs: 0 }, (at) => runChecks(ctx, at))
    } catch (error) {
      // Whoever has the lease now takes the round up again.
      if (!(error instanceof LeaseLost)) throw error
    }
  }
  // Side by side: a channel that does not answer keeps nobody else waiting.
  await Promise.all((await roundsAsked(ctx.db)).map(one))
}

const lookMs = 200

/** Runs a round now and tells each result; where another process holds the lease, asks it and watches. */
export async function checkAccount(
  ctx: Context,
  row: AccountRow,
  options: OnceOptions,
  onResult: (view: CheckView) => void,
): Promise<RoundView & { isDone: boolean }> {
  await ctx.db.transaction((tx) => askForChecks(tx, ctx, row))
  const until = ctx.monotonic() + options.limitMs
  const told = new Set<string>()
  const look = async () => {
    const view = await describeChecks(ctx.db, ctx, row)
    for (const one of view.checks) {
      if (told.has(one.id) || one.state === 'waiting' || one.state === 'running') continue
      told.add(one.id)
      onResult(one)
    }
    return view
  }
  let own: Promise<unknown> | undefined
  for (;;) {
    // Asked anew each time: whoever held the lease may have gone.
    own ??= underLease(ctx, row, options, (at) => runChecks(ctx, at))
      .then(
        (result) => result,
        (error: unknown) => {
          if (!(error instanceof LeaseLost)) throw error
        },
      )
      .finally(() => (own = undefined))
    own.catch(() => {})
    await Promise.race([own, ctx.sleep(lookMs)])
    const view = await look()
    if (view.endedAt) return { ...view, isDone: true }
    if (ctx.monotonic() > until) return { ...view, isDone: false }
    await ctx.sleep(lookMs)
  }
}
