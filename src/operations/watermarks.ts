/** Up to when an account's orders, and its sales, are known. */
import { getCursor } from '../database/accounts.ts'
import type { Sql } from '../database/pool.ts'
import type { LagTail } from '../domain/lag.ts'
import { toldWithinMs } from '../domain/suspicion.ts'
import type { AccountAtWork } from './context.ts'

/** Orders of the account are known up to here. */
export async function watermarkOf(
  tx: Sql,
  work: Pick<AccountAtWork, 'row' | 'connector'>,
  now: Date,
): Promise<Date | null> {
  if (work.connector.ordersKnownAtOnce) return new Date(now.getTime() - toldWithinMs)
  return (await getCursor(tx, work.row.id, 'orders'))?.watermark ?? null
}

/** Sales of the account that were placed before `until` are known, as far as its lists tell, and how late they were seen to be. */
export async function salesKnown(
  tx: Sql,
  work: Pick<AccountAtWork, 'row' | 'connector'>,
  now: Date,
): Promise<{ until: Date | null; lag: LagTail | null }> {
  if (work.connector.ordersKnownAtOnce) return { until: new Date(now.getTime() - toldWithinMs), lag: null }
  const cursor = await getCursor(tx, work.row.id, 'orders')
  return { until: cursor?.sales_known ?? null, lag: cursor?.lag ?? null }
}
