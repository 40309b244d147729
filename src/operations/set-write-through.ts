/** The rule of an account: its orders are written through to the own store, or not. */
import { type AccountRow, findAccount } from '../database/accounts.ts'
import { saveWriteThrough, writeThroughOf } from '../database/copies.ts'
import type { Sql } from '../database/pool.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'

export interface GivenWriteThrough {
  /** Id or name of the store's account. */
  store: string
  isOn: boolean
  /** Orders placed since then; absent: since it was switched on. */
  since?: Date | undefined
}

/** Refusals: `unknown_account`, `write_through_store`. */
export async function setWriteThrough(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'registry'>,
  row: AccountRow,
  given: GivenWriteThrough,
  changedBy: string,
): Promise<void> {
  const store = await findAccount(tx, given.store)
  if (!store) throw new Problem('unknown_account', { account: given.store })
  const isStore = ctx.registry.get(store.channel)?.copies !== undefined
  // Copies of copies would go round for ever.
  const isSource = ctx.registry.get(row.channel)?.copies === undefined
  if (!isStore || !isSource || store.id === row.id)
    throw new Problem('write_through_store', { account: row.name, store: store.name })
  const now = ctx.clock.now()
  const before = await writeThroughOf(tx, row.id)
  const since = given.since ?? (before?.isOn ? before.since : now)
  await saveWriteThrough(tx, { accountId: row.id, storeId: store.id, isOn: given.isOn, since, changedBy }, now)
}
