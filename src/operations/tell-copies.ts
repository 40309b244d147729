/** Tells the seller's own programs that an order has a copy in an own store: which one it is, and once. */
import type { Sql } from '../database/pool.ts'
import { enqueueEvents } from '../database/webhooks.ts'
import type { Context } from './context.ts'

export interface LinkedCopy {
  /** The store's own id of the copy. */
  remoteId: string
  /** The original. */
  orderId: string
}

/** Copies of the store that are linked already. */
export async function linkedAmong(tx: Sql, storeId: string, remoteIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.rows<{ remote_id: string }>(
    'select remote_id from order_copies where account_id = $1 and remote_id = any($2) and order_id is not null',
    [storeId, remoteIds],
  )
  return new Set(rows.map((row) => row.remote_id))
}

export async function tellCopies(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  storeId: string,
  copies: readonly LinkedCopy[],
  now: Date,
): Promise<void> {
  if (copies.length === 0) return
  const rows = await tx.rows<{ id: string; remoteId: string; account: string; isOurs: boolean; copy: string }>(
    `select o.id, o.remote_id as "remoteId", o.account_id as account, c.is_ours as "isOurs", c.remote_id as copy
     from order_copies c join orders o on o.id = c.order_id where c.account_id = $1 and c.remote_id = any($2)
     order by c.remote_id`,
    [storeId, copies.map((one) => one.remoteId)],
  )
  const events = rows.map(({ id, remoteId, account, isOurs, copy }) => ({
    event: 'order.copied',
    data: { orderId: id, remoteId, accountId: account, storeAccountId: storeId, copyRemoteId: copy, isOurs },
  }))
  await enqueueEvents(tx, ctx, events, now)
}
