/** A store's location with one SKU, and a settlement: rows for tests that ask every route. */
import type { Context } from '../../src/operations/context.ts'
import { keepSettlement } from '../../src/operations/pull-settlements.ts'
import { queries } from './matched.ts'

const all: Record<string, string> = {
  ...queries,
  'store-locations/levels': 'account=Store&location=loc-1',
  'store-locations/preview': 'account=Store&remoteId=loc-1&master=hub',
}

/** What a route must be asked with. */
export const queryOf = (path: string): string => (all[path.slice(1)] ? `?${all[path.slice(1)]}` : '')

export const storeBodies = {
  setMaster: () => ({ account: 'Store', remoteId: 'loc-1', master: 'hub', location: 'MAIN' }),
}

/** What files are told to be. */
export const fileTypes: Record<string, string | null> = {
  ...{ up: null, down: 'text/csv; charset=utf-8', raw: 'text/tab-separated-values' },
  privacyFile: 'application/json; charset=utf-8',
}

/** Answers the settlement's id. */
export async function fillStore(ctx: Context, accountId: string): Promise<string> {
  const now = ctx.clock.now()
  await ctx.db.run(
    `insert into store_locations (account_id, remote_id, name, is_active, seen_at) values ($1, 'loc-1', 'Shop', true, $2)`,
    [accountId, now],
  )
  await ctx.db.run(
    `insert into store_levels (id, account_id, remote_location, remote_sku, slot_id, on_hand, available, committed, read_since, read_at)
     select $1, $2, 'loc-1', 'MUG', (select id from stock_slots where account_id = $2 and remote_sku = 'MUG'), 9, 7, 2, $3, $3`,
    [ctx.newId(), accountId, now],
  )
  await keepSettlement(ctx.db, ctx, accountId, {
    remoteId: '50001',
    name: 'settlement-50001.txt',
    contentType: 'text/tab-separated-values',
    from: new Date(now.getTime() - 14 * 86_400_000),
    until: now,
    body: Buffer.from('settlement-id\ttotal-amount\n50001\t12.34\n'),
  })
  return (await ctx.db.one<{ id: string }>('select id from settlements where account_id = $1', [accountId]))!.id
}
