/** Changes some of an account's settings and secrets; the others stay as they are. */
import { type AccountRow, endHalt, getSecrets, lookAgain, putSecrets } from '../database/accounts.ts'
import { forgetChecks } from '../database/connecting.ts'
import { resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import { needlesslyKept } from './account-values.ts'
import type { Context } from './context.ts'

export interface SettingsChange {
  settings?: Record<string, unknown> | undefined
  secrets?: Record<string, string> | undefined
}

/** What is null is taken away. The seller behind the account stays the same: another one is another account. */
export async function changeSettings(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'registry' | 'sealing'>,
  row: AccountRow,
  change: SettingsChange,
): Promise<void> {
  if (row.draft_since) throw new Problem('account_draft', { account: row.name })
  const connector = ctx.registry.get(row.channel)!
  const now = ctx.clock.now()
  if (change.settings) {
    const given = Object.entries({ ...(row.settings as object), ...change.settings }).filter(
      ([, value]) => value !== null,
    )
    const parsed = connector.settings.safeParse(Object.fromEntries(given))
    if (!parsed.success) throw refusal('settings', parsed.error.issues)
    if ((connector.identityOf?.(parsed.data) ?? null) !== row.identity)
      throw new Problem('bad_request', { message: 'settings: another seller or region is another account; connect it' })
    const missing = needlesslyKept(connector, row.settings, parsed.data, change.secrets ?? {})
    if (missing.length > 0)
      throw new Problem('bad_request', {
        message: `secrets: another address gets none that were meant for the one before; give ${missing.join(', ')} again`,
      })
    await tx.run('delete from tokens where account_id = $1', [row.id])
    await tx.run('update accounts set settings = $2, region = $3 where id = $1', [
      row.id,
      JSON.stringify(parsed.data),
      connector.regionOf(parsed.data),
    ])
  }
  if (change.secrets) {
    const sealed = await getSecrets(tx, row.id)
    const before = sealed ? (JSON.parse(ctx.sealing.openSecret(sealed, `account:${row.id}`)) as object) : {}
    const parsed = connector.secrets.safeParse({ ...before, ...change.secrets })
    if (!parsed.success) throw refusal('secrets', parsed.error.issues)
    await putSecrets(tx, row.id, ctx.sealing.sealSecret(JSON.stringify(parsed.data), `account:${row.id}`), now)
    await tx.run('delete from tokens where account_id = $1', [row.id])
  }
  // What was checked was checked with the values before.
  await forgetChecks(tx, row.id)
  await endHalt(tx, row.id)
  await resolve(tx, 'account_halted', [`account:${row.id}`], now)
  await lookAgain(tx, row.id, now)
  // A new queue or address is subscribed at once.
  await tx.run('update notification_health set subscribe_at = null where account_id = $1', [row.id])
}

function refusal(what: string, issues: readonly { path: PropertyKey[]; message: string }[]): Problem {
  const message = issues.map((issue) => `${what}.${issue.path.join('.')}: ${issue.message}`).join('; ')
  return new Problem('bad_request', { message })
}
