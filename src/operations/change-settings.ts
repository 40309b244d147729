/** Changes some of an account's settings and secrets; the others stay as they are. */
import { type AccountRow, endHalt, lookAgain } from '../database/accounts.ts'
import { forgetChecks } from '../database/connecting.ts'
import { resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { checkWith, lockedAccount, needlesslyKept, sealSecrets, secretsOf } from './account-values.ts'
import type { Context } from './context.ts'

export interface SettingsChange {
  settings?: Record<string, unknown> | undefined
  secrets?: Record<string, string> | undefined
}

/** What is null is taken away. The seller behind the account stays the same: another one is another account. */
export async function changeSettings(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'registry' | 'sealing'>,
  given: AccountRow,
  change: SettingsChange,
): Promise<void> {
  const row = await lockedAccount(tx, given)
  if (row.draft_since) throw new Problem('account_draft', { account: row.name })
  const connector = ctx.registry.get(row.channel)!
  const now = ctx.clock.now()
  if (change.settings) {
    const given = Object.entries({ ...(row.settings as object), ...change.settings }).filter(
      ([, value]) => value !== null,
    )
    const settings = checkWith(connector.settings, Object.fromEntries(given), 'settings')
    if ((connector.identityOf?.(settings) ?? null) !== row.identity)
      throw new Problem('bad_request', { message: 'settings: another seller or region is another account; connect it' })
    const missing = needlesslyKept(connector, row.settings, settings, change.secrets ?? {})
    if (missing.length > 0)
      throw new Problem('bad_request', {
        message: `secrets: another address gets none that were meant for the one before; give ${missing.join(', ')} again`,
      })
    await tx.run('delete from tokens where account_id = $1', [row.id])
    await tx.run('update accounts set settings = $2, region = $3 where id = $1', [
      row.id,
      JSON.stringify(settings),
      connector.regionOf(settings),
    ])
  }
  if (change.secrets) {
    const before = await secretsOf(tx, ctx, row.id)
    await sealSecrets(tx, ctx, row.id, checkWith(connector.secrets, { ...before, ...change.secrets }, 'secrets'))
  }
  // What was checked was checked with the values before.
  await forgetChecks(tx, row.id)
  await endHalt(tx, row.id)
  await resolve(tx, 'account_halted', [`account:${row.id}`], now)
  await lookAgain(tx, row.id, now)
  // A new queue or address is subscribed at once.
  await tx.run('update notification_health set subscribe_at = null where account_id = $1', [row.id])
}
