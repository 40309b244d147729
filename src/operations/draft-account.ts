/**
 * Connecting step by step: a draft has valid settings and as many secrets as were given. It survives the browser that it was
 * begun in; nobody works for it before it is finished.
 */
import type { AccountRow } from '../database/accounts.ts'
import { forgetChecks } from '../database/connecting.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import {
  checkSome,
  checkWith,
  identityFree,
  lockedAccount,
  missingSecrets,
  needlesslyKept,
  sealSecrets,
  secretsOf,
} from './account-values.ts'
import { changeStage } from './change-stage.ts'
import { beginReading, connectAccount } from './connect-account.ts'
import type { Context } from './context.ts'
import { type LiveWord, proveForLive } from './go-live.ts'

export type Connecting = Pick<Context, 'clock' | 'newId' | 'registry' | 'sealing'>

export interface NewDraft {
  channel: string
  name: string
  settings: unknown
  /** Those that are known so far. */
  secrets: Record<string, string>
}

/** Begins a draft. It stands as paused: whoever looks at stages only leaves it alone, too. */
export async function draftAccount(tx: Sql, ctx: Connecting, draft: NewDraft): Promise<string> {
  return await connectAccount(tx, ctx, { ...draft, stage: 'paused', draft: true })
}

export function mustBeDraft(row: AccountRow): void {
  if (!row.draft_since) throw new Problem('account_connected', { account: row.name })
}

export async function changeDraft(
  tx: Sql,
  ctx: Connecting,
  given: AccountRow,
  change: { name?: string | undefined; settings?: unknown; secrets?: Record<string, string> | undefined },
): Promise<void> {
  const row = await lockedAccount(tx, given)
  mustBeDraft(row)
  const connector = ctx.registry.get(row.channel)!
  if (change.name !== undefined && change.name !== row.name) {
    if (await tx.one('select 1 from accounts where name = $1', [change.name]))
      throw new Problem('bad_request', { message: `name: an account named ${change.name} exists already` })
    await tx.run('update accounts set name = $2 where id = $1', [row.id, change.name])
  }
  if (change.settings !== undefined) await putSettings(tx, ctx, row, change.settings)
  if (change.secrets && Object.keys(change.secrets).length > 0) {
    const secrets = { ...(await secretsOf(tx, ctx, row.id)), ...checkSome(connector, change.secrets) }
    await sealSecrets(tx, ctx, row.id, secrets)
  }
}

/** New settings of a draft; its region and the seller behind it follow them. */
export async function putSettings(tx: Sql, ctx: Connecting, row: AccountRow, given: unknown): Promise<void> {
  const connector = ctx.registry.get(row.channel)!
  const settings = checkWith(connector.settings, given, 'settings')
  const identity = await identityFree(tx, connector, settings, row.id)
  // Secrets that were given for another address are given anew.
  if (needlesslyKept(connector, row.settings, settings, {}).length > 0) await sealSecrets(tx, ctx, row.id, {})
  await forgetChecks(tx, row.id)
  await tx.run('update accounts set settings = $2, region = $3, identity = $4 where id = $1', [
    row.id,
    JSON.stringify(settings),
    connector.regionOf(settings),
    identity,
  ])
}

/** Ends the draft: from now on it is worked for as its stage says. */
export async function finishDraft(
  tx: Sql,
  ctx: Connecting,
  given: AccountRow,
  stage: AccountRow['stage'],
  word?: LiveWord,
): Promise<void> {
  const row = await lockedAccount(tx, given)
  mustBeDraft(row)
  const connector = ctx.registry.get(row.channel)!
  const missing = missingSecrets(connector, await secretsOf(tx, ctx, row.id))
  if (missing.length > 0) throw new Problem('secrets_missing', { account: row.name, names: missing.join(', ') })
  if (stage === 'live') await proveForLive(tx, ctx, row, word)
  const now = ctx.clock.now()
  await tx.run('update accounts set draft_since = null, opened_at = $2 where id = $1', [row.id, now])
  await beginReading(tx, connector, row.id, now)
  await changeStage(tx, ctx, row, stage)
}

/** Throws the draft away, with all that was kept for it. */
export async function removeDraft(tx: Sql, given: AccountRow): Promise<void> {
  const row = await lockedAccount(tx, given)
  mustBeDraft(row)
  await tx.run('delete from accounts where id = $1', [row.id])
}
