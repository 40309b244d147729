/** Fields of a channel that came in another form than it documents: shown once an account and field, not per order. */
import type { StrangeField } from '../channels/connector.ts'
import { raise } from '../database/findings.ts'
import type { Sql } from '../database/pool.ts'
import type { Context } from './context.ts'

/** So many at once tell a person as much as more would. */
const most = 50
/** A field that was not seen for so long is over. */
const quietMs = 7 * 86_400_000

export async function noteStrangeFields(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  account: { id: string; name: string },
  strange: readonly StrangeField[],
  now: Date,
): Promise<void> {
  await tx.run(
    `update findings set resolved_at = $2 where code = 'strange_field' and account_id = $1 and resolved_at is null and last_at < $3`,
    [account.id, now, new Date(now.getTime() - quietMs)],
  )
  if (strange.length === 0) return
  const open = await tx.rows<{ subject: string }>(
    `select subject from findings where code = 'strange_field' and account_id = $1 and resolved_at is null`,
    [account.id],
  )
  const subjects = new Set(open.map((row) => row.subject))
  const subjectOf = ({ field }: StrangeField) => `field:${account.id}:${field}`
  const again = strange.filter((one) => subjects.has(subjectOf(one)))
  const more = strange.filter((one) => !subjects.has(subjectOf(one))).slice(0, Math.max(0, most - open.length))
  await raise(
    tx,
    [...again, ...more].map((one) => ({
      code: 'strange_field',
      severity: one.isNew ? ('info' as const) : ('warning' as const),
      accountId: account.id,
      subject: subjectOf(one),
      data: { account: account.name, field: one.field },
    })),
    now,
    ctx.newId,
  )
}
