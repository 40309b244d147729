import type { Sql } from '../database/pool.ts'
import { masterOf } from '../database/store-stock.ts'
import type { SlotWrites } from '../domain/slots.ts'
import type { AccountAtWork } from './context.ts'

/** How the account's numbers are written now: absolute ones look first while the store is the master there. */
export async function writesOf(sql: Sql, { row, connector }: AccountAtWork): Promise<SlotWrites> {
  if (!connector.stock?.looksFirst) return connector.quantityWrites
  return (await masterOf(sql, row.id)) ? 'look-first' : connector.quantityWrites
}
