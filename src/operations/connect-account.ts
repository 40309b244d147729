/** Accounts: their settings are checked against what the channel asks for, their secrets sealed at once. */
import type { Connector } from '../channels/connector.ts'
import { type AccountRow, endHalt, insertAccount, lookAgain, putSecrets } from '../database/accounts.ts'
import { ensureBudgets } from '../database/budgets.ts'
import { forgetChecks } from '../database/connecting.ts'
import { resolve } from '../database/findings.ts'
import { beginFirstPulls } from '../database/first-pulls.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { checkSome, checkWith, identityFree, lockedAccount } from './account-values.ts'
import { changeStage } from './change-stage.ts'
import type { Context } from './context.ts'
import { type LiveWord, proveForLive } from './go-live.ts'

export interface NewAccount {
  channel: string
  name: string
  stage: AccountRow['stage']
  settings: unknown
  secrets: Record<string, string>
  /** Orders shipped before this moment move nothing; now, unless an opening balance says otherwise. */
  openedAt?: Date
  /** Not all secrets are there yet; a person goes on with it. */
  draft?: boolean
}

type Connect = Pick<Context, 'clock' | 'newId' | 'registry' | 'sealing'>

export async function connectAccount(tx: Sql, ctx: Connect, account: NewAccount): Promise<string> {
  const connector = ctx.registry.get(account.channel)
  if (!connector)
    throw new Problem('bad_request', {
      message: `channel: there is none named ${account.channel}; known are ${[...ctx.registry.keys()].join(', ')}`,
    })
  const settings = checkWith(connector.settings, account.settings, 'settings')
  const secrets = account.draft
    ? checkSome(connector, account.secrets)
    : checkWith(connector.secrets, account.secrets, 'secrets')
  const taken = await tx.one('select 1 from accounts where name = $1', [account.name])
  if (taken) throw new Problem('bad_request', { message: `name: an account named ${account.name} exists already` })
  const identity = await identityFree(tx, connector, settings)
  const now = ctx.clock.now()
  const id = ctx.newId()
  await insertAccount(tx, {
    id,
    channel: account.channel,
    name: account.name,
    stage: account.stage,
    region: connector.regionOf(settings),
    identity,
    settings,
    opened_at: account.openedAt ?? now,
    created_at: now,
    draft_since: account.draft ? now : null,
  })
  await putSecrets(tx, id, ctx.sealing.sealSecret(JSON.stringify(secrets), `account:${id}`), now)
  await ensureBudgets(tx, id, connector.limits, now)
  // Of a draft nothing is read.
  if (!account.draft) await beginReading(tx, connector, id, now)
  return id
}

/** The same by a person's word: who begins live at once goes without checks, and says so. */
export async function addAccount(tx: Sql, ctx: Connect, account: NewAccount, word: LiveWord): Promise<string> {
  const id = await connectAccount(tx, ctx, account)
  if (account.stage === 'live') await proveForLive(tx, ctx, await lockedAccount(tx, { id }), word)
  return id
}

/** What the channel has already is read from now on, and shown as it comes. */
export async function beginReading(tx: Sql, connector: Connector, accountId: string, now: Date): Promise<void> {
  const streams = ([connector.listings && 'listings', connector.orders && 'orders'] as const).flatMap(
    (one) => one ?? [],
  )
  await beginFirstPulls(tx, accountId, streams, now)
}

/** New secrets end a halt: the account is tried again at once, with no token of the old ones left. */
export async function changeAccount(
  tx: Sql,
  ctx: Connect,
  given: AccountRow,
  change: {
    name?: string | undefined
    stage?: AccountRow['stage'] | undefined
    secrets?: Record<string, string> | undefined
  },
  word?: LiveWord,
): Promise<void> {
  const row = await lockedAccount(tx, given)
  const now = ctx.clock.now()
  if (row.draft_since && (change.stage !== undefined || change.secrets))
    throw new Problem('account_draft', { account: row.name })
  if (change.stage === 'live' && row.stage !== 'live') await proveForLive(tx, ctx, row, word)
  if (change.name !== undefined) await tx.run('update accounts set name = $2 where id = $1', [row.id, change.name])
  if (change.stage !== undefined) await changeStage(tx, ctx, row, change.stage)
  if (change.secrets) {
    const connector = ctx.registry.get(row.channel)!
    const secrets = checkWith(connector.secrets, change.secrets, 'secrets')
    await putSecrets(tx, row.id, ctx.sealing.sealSecret(JSON.stringify(secrets), `account:${row.id}`), now)
    await tx.run('delete from tokens where account_id = $1', [row.id])
    await forgetChecks(tx, row.id)
    await endHalt(tx, row.id)
    await resolve(tx, 'account_halted', [`account:${row.id}`], now)
    await lookAgain(tx, row.id, now)
  }
}

/**
 * A person asks for the account to be read now. That also ends a halt: they say that its cause is mended; if it is
 * not, the account halts anew.
 */
export async function askAgain(tx: Sql, ctx: Pick<Context, 'clock'>, accountId: string): Promise<void> {
  const now = ctx.clock.now()
  await endHalt(tx, accountId)
  await resolve(tx, 'account_halted', [`account:${accountId}`], now)
  await lookAgain(tx, accountId, now)
  await tx.run(
    `update stock_slots set read_due_at = least(coalesce(read_due_at, $2), $2) where account_id = $1 and merchant_fulfilled is not false`,
    [accountId, now],
  )
}
