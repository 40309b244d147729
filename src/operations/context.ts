/** What operations are given. Time, ids, randomness and network are injected here. */
import type { Account, Connector } from '../channels/connector.ts'
import type { Registry } from '../channels/registry.ts'
import { type AccountRow, getSecrets, stageOf } from '../database/accounts.ts'
import { type LeasedBudget, leasedBudget } from '../database/budgets.ts'
import type { JournalWriter } from '../database/journal.ts'
import type { LeaseClock } from '../database/lease-clock.ts'
import { type Lease, LeaseLost } from '../database/leases.ts'
import type { Database } from '../database/pool.ts'
import { dropToken, getToken, type TokenStore } from '../database/tokens.ts'
import type { Clock, NewId } from '../domain/values.ts'
import { createHttp, type HttpOptions } from '../http/client.ts'
import { refuseUrl } from '../http/guard.ts'
import type { Sealing } from '../sealing/sealing.ts'
import { gated } from './write-gate.ts'

export interface Log {
  info(message: string, data?: Record<string, unknown>): void
  warn(message: string, data?: Record<string, unknown>): void
  error(message: string, data?: Record<string, unknown>): void
}

export interface Context {
  db: Database
  clock: Clock
  leaseClock: LeaseClock
  /** Milliseconds that never jump, for deadlines inside this process. */
  monotonic(): number
  sleep(ms: number): Promise<void>
  newId: NewId
  sealing: Sealing
  registry: Registry
  fetch: typeof fetch
  journal: JournalWriter
  log: Log
  /** Origins that may be called although they are private, e.g. the demo's simulator. */
  allowedOrigins: readonly string[]
  /** Something to write may be waiting: the pumps look at once instead of at their next turn. */
  wake(): void
  /** Where channels reach this installation from outside; absent where nobody said that they can. */
  publicUrl?: string | undefined
}

/** The lease as its holder sees it: `until` is this process's own monotonic time, read before the database was asked. */
export interface HeldLease extends Lease {
  until: number
}

/** One account at work: its row, its connector, and what the connector is given. */
export interface AccountAtWork {
  row: AccountRow
  connector: Connector
  account: Account
  lease(): HeldLease
  /** Pays for calls that are about to leave, in one step; and takes back what was not spent. */
  prepaid: Pick<LeasedBudget, 'prepay' | 'giveBack'>
  /** What refusals taught of the account's rates: from an earlier holder, and as the moments pass. */
  rates: Pick<LeasedBudget, 'recall' | 'settleRate'>
  silence: Silence
}

/** A channel that answers nobody, until it is back. */
export interface Silence {
  /** How often it came back so far. What failed before that says nothing of how long to wait now. */
  readonly returns: number
  /** Called when it is back. */
  onReturn: (() => void) | undefined
}

/** So many calls in a row without an answer are silence: of a single operation that fails, others' answers lie in between. */
const silentAfter = 3

function createSilence(): Silence & { heard(isAnswered: boolean): void } {
  let unanswered = 0
  let returns = 0
  return {
    get returns() {
      return returns
    },
    onReturn: undefined,
    heard(isAnswered) {
      const before = unanswered
      unanswered = isAnswered ? 0 : unanswered + 1
      if (!isAnswered || before < silentAfter) return
      returns += 1
      this.onReturn?.()
    },
  }
}

/** A call ends this long after it left, and always before its lease. */
export const callTimeoutMs = 8_000

export function accountAtWork(
  ctx: Context,
  row: AccountRow,
  lease: () => HeldLease,
  stopping?: AbortSignal,
): AccountAtWork {
  const found = ctx.registry.get(row.channel)
  if (!found) throw new Error(`no connector for ${row.channel}`)
  const connector = gated(found, () => stageNow(ctx, row))
  const budget = leasedBudget(ctx.db, lease(), () => ctx.clock.now())
  const silence = createSilence()
  const account = openAccount(ctx, row, connector, {
    budget,
    heard: (isAnswered) => silence.heard(isAnswered),
    ...(stopping ? { stopping } : {}),
    beforeCall(timeoutMs) {
      if (ctx.monotonic() + timeoutMs > lease().until) throw new LeaseLost(row.id)
    },
  })
  return { row, connector, account, lease, prepaid: budget, rates: budget, silence }
}

/** What a connector is given of an account, whoever asks: the holder of its lease, or a question beside it. */
export function openAccount(
  ctx: Context,
  row: AccountRow,
  connector: Connector,
  asking: Pick<HttpOptions, 'budget' | 'beforeCall' | 'heard' | 'stopping'>,
): Account {
  const store: TokenStore = {
    seal: (text) => ctx.sealing.sealSecret(text, `token:${row.id}`),
    open: (sealed) => ctx.sealing.openSecret(sealed, `token:${row.id}`),
    now: () => ctx.clock.now(),
    sleep: ctx.sleep,
  }
  const allowedOrigins = [...ctx.allowedOrigins, ...(connector.allowedOrigins?.(row.settings) ?? [])]
  return {
    id: row.id,
    name: row.name,
    settings: row.settings,
    openedAt: row.opened_at,
    secrets: () => openSecrets(ctx, row.id),
    budget: asking.budget,
    http: createHttp({
      ...asking,
      fetch: ctx.fetch,
      now: () => ctx.clock.now(),
      journal: ctx.journal.forAccount(row.id),
      keep: connector.journalKeys,
      guard: (url) => refuseUrl(url, { allowedOrigins }),
      timeoutMs: callTimeoutMs,
      hidePaths: connector.secretUrls === true,
      ...(connector.requestIdHeader ? { requestIdHeader: connector.requestIdHeader } : {}),
    }),
    token: (name, mint) => getToken(ctx.db, store, row.id, name, mint),
    dropToken: (name, value) => dropToken(ctx.db, store, row.id, name, value),
    now: () => ctx.clock.now(),
    newId: ctx.newId,
  }
}

/** What was read some seconds ago lets nothing leave: a person may have stopped the account since. */
async function stageNow(ctx: Context, row: AccountRow): Promise<AccountRow['stage']> {
  if (row.stage === 'live') row.stage = (await stageOf(ctx.db, row.id)) ?? 'paused'
  return row.stage
}

/**
 * An account to whoever does not hold its lease: only calls that cost no allowance can be made (a consent's, say). A budget is
 * fenced by the lease's epoch, and none has this one.
 */
export function accountAside(ctx: Context, row: AccountRow): Account {
  const none: HeldLease = { accountId: row.id, holder: '', epoch: 0, expiresAt: row.created_at, until: Infinity }
  return accountAtWork(ctx, row, () => none).account
}

async function openSecrets(ctx: Context, accountId: string): Promise<unknown> {
  const sealed = await getSecrets(ctx.db, accountId)
  return sealed ? JSON.parse(ctx.sealing.openSecret(sealed, `account:${accountId}`)) : {}
}
