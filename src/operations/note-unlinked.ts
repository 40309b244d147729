/** Says how many listings no variant stands for. Those that a person set aside do not count. */
import type { AccountRow } from '../database/accounts.ts'
import { raise, resolve } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import type { Context } from './context.ts'

/** `isNews` false: only an account that was told of already is told anew, or that none is left. */
export async function noteUnlinked(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  row: Pick<AccountRow, 'id' | 'name'>,
  now: Date,
  isNews = true,
): Promise<void> {
  const subject = `account:${row.id}:unlinked`
  if (!isNews) {
    const open = `select 1 from findings where code = 'listings_unlinked' and subject = $1 and resolved_at is null`
    if (!(await tx.one(open, [subject]))) return
  }
  const found = await tx.one<{ count: number }>(
    `select count(*) as count from listings l where account_id = $1 and variant_id is null
       and not exists (select 1 from sku_decisions d where d.account_id = $1 and d.remote_sku = l.remote_sku and d.decision = 'ignored')`,
    [row.id],
  )
  const count = found?.count ?? 0
  if (count === 0) return await resolve(tx, 'listings_unlinked', [subject], now)
  const about = { severity: 'warning' as const, accountId: row.id, subject }
  await raise(tx, [{ ...about, code: 'listings_unlinked', data: { account: row.name, count } }], now, ctx.newId)
}
