/** An errand that waits for a person is shown as a finding of its order, until somebody decided. */
import type { ErrandRow } from '../database/errands.ts'
import { raise, resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import type { Context } from './context.ts'

/** In the transaction that saved it. */
export async function noteErrand(tx: Sql, ctx: Pick<Context, 'newId'>, errand: ErrandRow, now: Date): Promise<void> {
  const row = (await tx.one<{ account: string; order: string; refused: number; undecided: number }>(
    `select a.name as account, o.remote_id as order,
       (select count(*) from errands where order_id = o.id and state = 'refused') as refused,
       (select count(*) from errands where order_id = o.id and state = 'undecided') as undecided
     from orders o, accounts a where o.id = $1 and a.id = $2`,
    [errand.orderId, errand.accountId],
  ))!
  const subject = `order:${errand.orderId}`
  const data = { account: row.account, order: row.order, code: errand.problem?.code ?? '' }
  const { accountId } = errand
  if (errand.state === 'refused')
    await raise(tx, [{ code: 'errand_refused', severity: 'warning', accountId, subject, data }], now, ctx.newId)
  if (errand.state === 'undecided')
    await raise(tx, [{ code: 'errand_undecided', severity: 'loss', accountId, subject, data }], now, ctx.newId)
  if (row.refused === 0) await resolve(tx, 'errand_refused', [subject], now)
  if (row.undecided === 0) await resolve(tx, 'errand_undecided', [subject], now)
}
