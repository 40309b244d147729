/** Which daily keys are still needed, and by what. */
import { arrayOf } from './orders.ts'
import type { Sql } from './pool.ts'

export interface SealedRow {
  /** What the row's own key is bound to. */
  context: string
  sealed: Buffer
}

/** Days that sealed something erased, and are over. */
export async function spentEpochs(db: Sql, before: string): Promise<string[]> {
  const rows = await db.rows<{ epoch: string }>('select epoch from spent_epochs where epoch < $1 order by epoch', [
    before,
  ])
  return rows.map(({ epoch }) => epoch)
}

const places = [
  { table: 'buyer_data', context: 'order_id::text', sealed: 'sealed' },
  { table: 'orders_aside', context: `'aside:' || account_id || ':' || remote_id`, sealed: 'sealed' },
  { table: 'erasure_requests', context: `'erasure:' || id`, sealed: 'buyer_sealed' },
] as const
export type Place = (typeof places)[number]['table']

/** Some of what the day's key still seals. */
export async function sealedIn(db: Sql, epoch: string, limit: number): Promise<(SealedRow & { place: Place })[]> {
  for (const { table, context, sealed } of places) {
    const rows = await db.rows<SealedRow>(
      `select ${context} as context, ${sealed} as sealed from ${table} where epoch = $1 and ${sealed} is not null limit $2`,
      [epoch, limit],
    )
    if (rows.length > 0) return rows.map((row) => ({ ...row, place: table }))
  }
  return []
}

/** Only where it is still what was read: a newer version is sealed anew anyway. */
export async function moveTo(db: Sql, row: SealedRow & { place: Place }, to: { sealed: Buffer; epoch: string }) {
  const { table, context, sealed } = places.find((one) => one.table === row.place)!
  await db.run(`update ${table} set ${sealed} = $3, epoch = $4 where ${context} = $1 and ${sealed} = $2`, [
    row.context,
    row.sealed,
    to.sealed,
    to.epoch,
  ])
}

/** Files are forgotten after a week by themselves; until then their day stays. */
export async function hasFiles(db: Sql, epoch: string): Promise<boolean> {
  const row = await db.one<{ has: boolean }>(
    `select exists (select 1 from import_chunks where epoch = $1) or exists (select 1 from import_bad_rows where epoch = $1)
       or exists (select 1 from imports where sample_epoch = $1) as has`,
    [epoch],
  )
  return row!.has
}

export async function forgetEpoch(db: Sql, epoch: string): Promise<void> {
  await db.run('delete from spent_epochs where epoch = $1', [epoch])
}

/** Buyers that were sealed before their marks were kept. */
export async function unmarkedBuyers(
  db: Sql,
  limit: number,
): Promise<{ orderId: string; accountId: string; channel: string; sealed: Buffer; epoch: string }[]> {
  return await db.rows(
    `select b.order_id as "orderId", o.account_id as "accountId", a.channel, b.sealed, b.epoch
     from buyer_data b join orders o on o.id = b.order_id join accounts a on a.id = o.account_id where b.marks is null limit $1`,
    [limit],
  )
}

export async function markBuyer(db: Sql, orderId: string, marks: readonly Buffer[]): Promise<void> {
  await db.run('update buyer_data set marks = $2::text::bytea[] where order_id = $1 and marks is null', [
    orderId,
    arrayOf(marks),
  ])
}
