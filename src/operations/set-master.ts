/** Who is the master of a location: the hub, or the own store; and what a change would do, before it is done. */
import type { Connector } from '../channels/connector.ts'
import type { Sql } from '../database/pool.ts'
import { everWritten, forgetBasis, lookAtStore, lookAtWholeStore, masterOf, ordersOf } from '../database/store-stock.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'

export interface MasterChange {
  account: string
  /** The store's own id of its location. */
  remoteId: string
  master: 'hub' | 'store'
  /** Code of the location of ours that it is. */
  location?: string | undefined
}

interface Found {
  accountId: string
  name: string
  connector: Connector | undefined
  locationId: string | null
  before: { master: 'hub' | 'store'; location_id: string | null }
}

/** What becomes of one SKU when the store becomes the master. */
export interface MasterStep {
  sku: string | null
  remoteSku: string
  /** On hand at the location now, in units of the variant. */
  onHand: number
  available: number
  committed: number
  /** On hand then; null where it stays as it is. */
  becomes: number | null
  how: 'adopt' | 'keep' | 'kit' | 'several' | 'not_linked'
}

async function find(sql: Sql, ctx: Pick<Context, 'registry'>, change: MasterChange): Promise<Found> {
  const account = await sql.one<{ id: string; name: string; channel: string }>(
    'select id, name, channel from accounts where id::text = $1 or name = $1',
    [change.account],
  )
  if (!account) throw new Problem('not_found', { what: 'account', id: change.account })
  const before = await sql.one<Found['before']>(
    'select master, location_id from store_locations where account_id = $1 and remote_id = $2',
    [account.id, change.remoteId],
  )
  if (!before) throw new Problem('not_found', { what: 'location of the store', id: change.remoteId })
  const connector = ctx.registry.get(account.channel)
  let locationId: string | null = null
  if (change.location !== undefined) {
    const location = await sql.one<{ id: string }>(
      `select id from locations where code = $1 and kind in ('own', 'third-party')`,
      [change.location],
    )
    if (!location) throw new Problem('unknown_location', { location: change.location })
    locationId = location.id
  }
  return { accountId: account.id, name: account.name, connector, locationId, before }
}

/** Only a write that knows what it replaces can be told from what people changed. */
const tellsWhatItReplaces = ({ quantityWrites, stock }: Connector) =>
  quantityWrites === 'compare-and-set' || stock?.looksFirst === true

/** Refusals that a preview says as well. */
async function check(sql: Sql, { accountId, name, connector, locationId }: Found, change: MasterChange): Promise<void> {
  if (change.master === 'hub') return
  if (!connector?.storeStock || !connector.orders || !tellsWhatItReplaces(connector))
    throw new Problem('store_cannot_be_master', { account: name })
  if (locationId === null) throw new Problem('master_needs_location', { account: name })
  const taken = await sql.one<{ name: string }>(
    `select a.name from store_locations s join accounts a on a.id = s.account_id
     where s.master = 'store' and (s.account_id = $1 or s.location_id = $2) and not (s.account_id = $1 and s.remote_id = $3) limit 1`,
    [accountId, locationId, change.remoteId],
  )
  if (taken) throw new Problem('master_taken', { account: taken.name })
}

/**
 * Says who is the master. Refusals: `not_found`, `unknown_location`, `store_cannot_be_master`, `master_needs_location`,
 * `master_taken`. Said again, nothing changes.
 */
export async function setMaster(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'registry'>,
  change: MasterChange,
  actor: string,
): Promise<void> {
  const found = await find(tx, ctx, change)
  await check(tx, found, change)
  const { accountId, before } = found
  const locationId = found.locationId ?? before.location_id
  if (before.master === change.master && before.location_id === locationId) return
  const now = ctx.clock.now()
  await tx.run(
    `update store_locations set master = $3, location_id = $4, master_since = $5, changed_by = $6 where account_id = $1 and remote_id = $2`,
    [accountId, change.remoteId, change.master, locationId, change.master === 'store' ? now : null, actor],
  )
  // The same moment for all: what a location is told by.
  await tx.run(
    `update locations l set master = case when exists (select 1 from store_locations s where s.location_id = l.id and s.master = 'store')
       then 'store' when l.master = 'store' then 'hub' else l.master end where l.id = any($1::uuid[])`,
    [[locationId, before.location_id].filter((id) => id !== null)],
  )
  await forgetBasis(tx, accountId)
  if (change.master === 'store') await rest(tx, await neverWritten(tx, accountId, change.remoteId), now)
  await lookAtWholeStore(tx, accountId)
  await lookAtStore(tx, accountId, now)
}

/** What the store shows where we never wrote is to become ours: nothing of ours must come before that. */
const restMs = 10 * 60_000

/**
 * The account's quantities are ours from now on. What another tool wrote there was booked as the store's changes, beside the
 * sales that it stood for; so where we never wrote, the store's number is adopted once more when that tool's last write has landed.
 */
export async function adoptAgain(
  tx: Sql,
  accountId: string,
  { now, after }: { now: Date; after: Date },
): Promise<void> {
  const master = await masterOf(tx, accountId)
  if (!master) return
  const ids = await neverWritten(tx, accountId, master.remoteId)
  await forgetBasis(tx, accountId, ids)
  await rest(tx, ids, after)
  await lookAtWholeStore(tx, accountId)
  await lookAtStore(tx, accountId, now)
}

/** Slots whose number at the location was never ours. */
async function neverWritten(tx: Sql, accountId: string, remoteId: string): Promise<string[]> {
  const slots = await tx.rows<{ id: string }>(
    `select s.id from stock_slots s join store_levels l on l.slot_id = s.id where l.account_id = $1 and l.remote_location = $2`,
    [accountId, remoteId],
  )
  const ids = slots.map((one) => one.id)
  const written = await everWritten(tx, ids)
  return ids.filter((id) => !written.has(id))
}

async function rest(tx: Sql, slotIds: readonly string[], after: Date): Promise<void> {
  await tx.run('update stock_slots set retry_at = $2 where id = any($1::uuid[])', [
    slotIds,
    new Date(after.getTime() + restMs),
  ])
}

interface LevelRow {
  slot_id: string | null
  variant_id: string | null
  sku: string | null
  remote_sku: string
  units_per_sale: number | null
  is_kit: boolean
  available: number
  committed: number
  on_hand: number
  unsellable: number
}

/** What the change would do to what is on hand, by the newest numbers of the store; as many rows as are asked for. */
export async function previewMaster(
  sql: Sql,
  ctx: Pick<Context, 'registry'>,
  change: MasterChange,
  limit: number,
): Promise<{ steps: MasterStep[]; changed: number; kept: number; units: number; writesOver: boolean }> {
  const found = await find(sql, ctx, change)
  await check(sql, found, change)
  if (change.master === 'hub') return { steps: [], changed: 0, kept: 0, units: 0, writesOver: false }
  const rows = await sql.rows<LevelRow>(
    `select l.slot_id, s.variant_id, v.sku, l.remote_sku, s.units_per_sale, l.available, l.committed,
       exists (select 1 from kit_parts k where k.kit_id = s.variant_id) as is_kit,
       coalesce(p.on_hand, 0) as on_hand, coalesce(p.unsellable, 0) as unsellable
     from store_levels l left join stock_slots s on s.id = l.slot_id left join variants v on v.id = s.variant_id
     left join stock_levels p on p.variant_id = s.variant_id and p.location_id = $3
     where l.account_id = $1 and l.remote_location = $2 order by l.remote_sku`,
    [found.accountId, change.remoteId, found.locationId],
  )
  const written = await everWritten(
    sql,
    rows.flatMap((row) => row.slot_id ?? []),
  )
  const orders = await ordersOf(
    sql,
    found.accountId,
    rows.flatMap((row) => row.variant_id ?? []),
  )
  const steps = rows.map((row) => stepOf(row, written, orders))
  const changed = steps.filter((one) => one.becomes !== null && one.becomes !== one.onHand)
  return {
    // What changes first, the largest first.
    steps: [...steps].sort((a, b) => sizeOf(b) - sizeOf(a)).slice(0, limit),
    changed: changed.length,
    kept: steps.length - changed.length,
    units: changed.reduce((sum, one) => sum + one.becomes! - one.onHand, 0),
    writesOver: found.connector!.quantityWrites === 'absolute',
  }
}

const sizeOf = (one: MasterStep) => (one.becomes === null ? -1 : Math.abs(one.becomes - one.onHand))

function stepOf(
  row: LevelRow,
  written: ReadonlySet<string>,
  orders: ReadonlyMap<string, { open: number; slots: number }>,
): MasterStep {
  const { sku, remote_sku: remoteSku, on_hand: onHand, available, committed } = row
  const step = { sku, remoteSku, onHand, available, committed, becomes: null }
  if (row.slot_id === null || row.variant_id === null) return { ...step, how: 'not_linked' }
  if (row.is_kit) return { ...step, how: 'kit' }
  const { open, slots } = orders.get(row.variant_id)!
  if (slots !== 1) return { ...step, how: 'several' }
  if (written.has(row.slot_id)) return { ...step, how: 'keep' }
  const becomes = Math.max(0, available * row.units_per_sale! + open + row.unsellable)
  return { ...step, becomes, how: 'adopt' }
}
