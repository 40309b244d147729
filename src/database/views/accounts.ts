/** Accounts as the terminal asks for them. */
import { type AccountRow, allAccounts, findAccount } from '../accounts.ts'
import type { Sql } from '../pool.ts'

/** The one of this id or name; without a name all. */
export async function accountsFor(db: Sql, idOrName?: string): Promise<AccountRow[]> {
  if (idOrName === undefined) return await allAccounts(db)
  const found = await findAccount(db, idOrName)
  return found ? [found] : []
}
