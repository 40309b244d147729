/** Passes: what is still to be carried to the slots after a rule or a category changed. */
import type { RuleScope } from '../domain/publishing.ts'
import type { Sql } from './pool.ts'
import { scopeConditions, slotsWithGoods } from './publishing-rules.ts'
import { conditions } from './views/page.ts'

export interface PassScope extends RuleScope {
  productId: string | null
}

export interface Pass extends PassScope {
  id: string
  cleared: boolean
  afterId: string | null
}

/** Begins a pass over a scope; one over the same scope that is still under way begins anew. Answers its size. */
export async function beginPass(tx: Sql, id: string, scope: PassScope, now: Date): Promise<number> {
  const values = [scope.accountId, scope.channel, scope.variantId, scope.category, scope.productId]
  await tx.run(
    `delete from publishing_passes where (account_id, channel, variant_id, category, product_id) is not distinct from
       ($1::uuid, $2::text, $3::uuid, $4::text, $5::uuid)`,
    values,
  )
  const where = conditions()
  for (const [text, value] of scopeConditions(scope)) where.add(text, value)
  const { total } = (await tx.one<{ total: number }>(
    `select count(*) as total from ${slotsWithGoods} ${where.where}`,
    where.values,
  ))!
  await tx.run(
    `insert into publishing_passes (id, account_id, channel, variant_id, category, product_id, cleared, done, total, created_at)
     values ($1, $2, $3, $4, $5, $6, false, 0, $7, $8)`,
    [id, ...values, total, now],
  )
  return total
}

/** The pass with the least left that no other process works on, locked: a change of one variant waits for no big one. */
export async function lockPass(tx: Sql): Promise<Pass | undefined> {
  return await tx.one<Pass>(
    `select id, account_id as "accountId", channel, variant_id as "variantId", category, product_id as "productId", cleared,
       after_id as "afterId" from publishing_passes order by total - done, seq limit 1 for update skip locked`,
  )
}

export async function clearPass(tx: Sql, id: string): Promise<void> {
  await tx.run('update publishing_passes set cleared = true where id = $1', [id])
}

/** The next slots of a pass, by id. */
export async function slotsOfPass(tx: Sql, pass: Pass, limit: number): Promise<string[]> {
  const where = conditions()
  for (const [text, value] of scopeConditions(pass)) where.add(text, value)
  if (pass.afterId) where.add('s.id > ?::uuid', pass.afterId)
  const rows = await tx.rows<{ id: string }>(
    `select s.id from ${slotsWithGoods} ${where.where} order by s.id limit ${limit}`,
    where.values,
  )
  return rows.map((row) => row.id)
}

/** Notes how far a pass came; `isDone` ends it. */
export async function savePass(tx: Sql, id: string, slotIds: readonly string[], isDone: boolean): Promise<void> {
  if (isDone) await tx.run('delete from publishing_passes where id = $1', [id])
  else
    await tx.run('update publishing_passes set after_id = $2, done = done + $3 where id = $1', [
      id,
      slotIds.at(-1),
      slotIds.length,
    ])
}
