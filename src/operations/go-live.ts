/**
 * Before an account's first write: every check that is not optional has passed, lately and with the values of today. Whoever
 * goes without says so, and that is kept.
 */
import type { Connector } from '../channels/connector.ts'
import type { AccountRow } from '../database/accounts.ts'
import { checksOf, noteOverride, roundOf } from '../database/connecting.ts'
import { raise, resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'

/** What was found longer ago says little of today: roles are taken back, plans end. */
export const checksLastMs = 24 * 3_600_000

/** How a person wants it. */
export interface LiveWord {
  /** Live although nothing was checked, or checks failed. */
  withoutChecks?: boolean | undefined
  by: string
}

const subjectOf = (accountId: string) => `account:${accountId}`

type Live = Pick<Context, 'clock' | 'newId' | 'registry'>

/** Refuses, or writes down whose word it was. Without a word, as where a terminal asks, only checks count. */
export async function proveForLive(tx: Sql, ctx: Live, row: AccountRow, word?: LiveWord): Promise<void> {
  const connector = ctx.registry.get(row.channel)!
  if (!connector.checks?.length) return
  const now = ctx.clock.now()
  if (!word?.withoutChecks) return await refuseUnchecked(tx, connector, row, now)
  const data = { account: row.name, by: word.by }
  await noteOverride(tx, { id: ctx.newId(), accountId: row.id, by: word.by, at: now })
  await raise(
    tx,
    [{ code: 'live_unchecked', severity: 'warning', accountId: row.id, subject: subjectOf(row.id), data }],
    now,
    ctx.newId,
  )
}

async function refuseUnchecked(tx: Sql, connector: Connector, row: AccountRow, now: Date): Promise<void> {
  const round = await roundOf(tx, row.id)
  if (!round?.ended_at) throw new Problem('checks_missing', { account: row.name })
  const failed = await failedChecks(tx, connector, row.id)
  if (failed.length > 0) throw new Problem('checks_failed', { account: row.name, checks: failed.join(', ') })
  if (now.getTime() - round.ended_at.getTime() > checksLastMs) throw new Problem('checks_old', { account: row.name })
}

/** Those that are needed and did not pass. */
async function failedChecks(db: Sql, connector: Connector, accountId: string): Promise<string[]> {
  const known = new Map((await checksOf(db, accountId)).map((one) => [one.check_id, one.state]))
  return (connector.checks ?? []).flatMap((one) => (one.optional || known.get(one.id) === 'ok' ? [] : [one.id]))
}

/** A round ended: where all that is needed passed, nobody's word stands for it any more. */
export async function endOverride(db: Sql, connector: Connector, accountId: string, now: Date): Promise<void> {
  if ((await failedChecks(db, connector, accountId)).length > 0) return
  await resolve(db, 'live_unchecked', [subjectOf(accountId)], now)
}
