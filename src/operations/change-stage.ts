/** Moves an account between its stages. Whose writes stand on the channel decides whether its claims count (P-10). */
import type { AccountRow } from '../database/accounts.ts'
import { countClaims, doubtClaims, lockLevelsOfAccount } from '../database/claims.ts'
import { lockWaitingErrands, saveErrand } from '../database/errands.ts'
import { resolve } from '../database/findings.ts'
import { lentVariants } from '../database/lendings.ts'
import type { Sql } from '../database/pool.ts'
import { beginPass } from '../database/publishing-passes.ts'
import { afterSilence } from '../domain/errands.ts'
import { Problem } from '../domain/errors.ts'
import { strayLifeMs } from '../domain/slots.ts'
import type { Context } from './context.ts'
import { refreshLent } from './lend-stock.ts'
import { noteErrand } from './note-errands.ts'
import { adoptAgain } from './set-master.ts'

/** In these nobody but us writes quantities. */
const isOurs = (stage: AccountRow['stage']) => stage === 'live' || stage === 'paused'

export async function changeStage(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  row: AccountRow,
  stage: AccountRow['stage'],
): Promise<void> {
  if (stage === row.stage) return
  const now = ctx.clock.now()
  if (stage === 'live') await refuseAnotherWriter(tx, row, now)
  const components = await lockLevelsOfAccount(tx, row.id)
  await tx.run('update accounts set stage = $2 where id = $1', [row.id, stage])
  // Nothing is written any more, so nobody need answer for it.
  if (row.stage === 'live') await resolve(tx, 'live_unchecked', [`account:${row.id}`], now)
  // Another tool wrote until now: nothing is raised until its writes are dead and what it left has been read.
  if (isOurs(stage) && !isOurs(row.stage)) {
    const after = new Date(now.getTime() + strayLifeMs)
    await doubtClaims(tx, row.id, after)
    await adoptAgain(tx, row.id, { now, after })
    await askAfterSilence(tx, ctx, row.id, now)
  }
  await countClaims(tx, components, 'fact')
  const everywhere = { channel: null, variantId: null, category: null, productId: null }
  // Who is not live ships nothing: what it lent is taken back, and lent again when it is.
  if (ctx.registry.get(row.channel)?.dispatches) await refreshLent(tx, ctx, row, await lentVariants(tx, row.id))
  await beginPass(tx, ctx.newId(), { accountId: row.id, ...everywhere }, now)
}

/** Nothing that waited since then leaves by itself. */
async function askAfterSilence(tx: Sql, ctx: Pick<Context, 'newId'>, accountId: string, now: Date): Promise<void> {
  for (const errand of await lockWaitingErrands(tx, accountId)) {
    const next = { ...errand, ...afterSilence(errand, errand.kind, now) }
    await saveErrand(tx, next, now)
    await noteErrand(tx, ctx, next, now)
  }
}

/** Nobody else wrote there for so long: the tool is off. */
const quietMs = 24 * 3_600_000

/** Who writes beside us would raise what we lowered: nobody goes live with that. */
async function refuseAnotherWriter(tx: Sql, row: AccountRow, now: Date): Promise<void> {
  const writer = await tx.one<{ sku: string }>(
    `select coalesce(data->>'sku', '') as sku from findings where code = 'another_writer' and account_id = $1 and resolved_at is null and last_at > $2 limit 1`,
    [row.id, new Date(now.getTime() - quietMs)],
  )
  if (writer) throw new Problem('another_writer_active', { account: row.name, sku: writer.sku })
}
