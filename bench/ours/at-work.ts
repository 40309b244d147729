/** An account under a lease of its own, as a worker holds it; for operations that are called without the worker's loops. */
import type { AccountRow } from '../../src/database/accounts.ts'
import { acquireLease } from '../../src/database/leases.ts'
import { type AccountAtWork, accountAtWork, type Context, type HeldLease } from '../../src/operations/context.ts'

const leaseMs = 24 * 3_600_000

export async function workOn(ctx: Context, row: AccountRow): Promise<AccountAtWork> {
  const taken = await acquireLease(ctx.db, ctx.leaseClock, row.id, 'bench', leaseMs, () => false)
  if (!taken) throw new Error(`the lease of ${row.name} is taken`)
  const lease: HeldLease = { ...taken, until: Number.POSITIVE_INFINITY }
  return accountAtWork(ctx, row, () => lease)
}
