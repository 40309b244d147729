/** What the own store holds at its locations, and what of its changes is booked already. */
import type { KnownStep } from '../domain/store-changes.ts'
import { restockedStep, soldStep } from '../domain/store-changes.ts'
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

export interface StoreLocationRow {
  remoteId: string
  name: string
  active: boolean
}

/** A location that is not told of any more stays, as one that is not active. */
export async function saveStoreLocations(
  tx: Sql,
  accountId: string,
  list: readonly StoreLocationRow[],
  now: Date,
): Promise<void> {
  await tx.send(
    `insert into store_locations (account_id, remote_id, name, is_active, seen_at)
     select $1, t.*, $2 from unnest($3::text[], $4::text[], $5::boolean[]) as t(remote_id, name, is_active)
     on conflict (account_id, remote_id) do update set name = excluded.name, is_active = excluded.is_active, seen_at = excluded.seen_at`,
    [accountId, now, list.map((one) => one.remoteId), list.map((one) => one.name), list.map((one) => one.active)],
  )
  await tx.send('update store_locations set is_active = false where account_id = $1 and seen_at < $2 and is_active', [
    accountId,
    now,
  ])
}

export interface Master {
  remoteId: string
  locationId: string
}

/** Where the store of this account is the master. */
export async function masterOf(sql: Sql, accountId: string): Promise<Master | undefined> {
  return await sql.one<Master>(
    `select remote_id as "remoteId", location_id as "locationId" from store_locations where account_id = $1 and master = 'store'`,
    [accountId],
  )
}

export interface StoreLevelRow {
  remoteLocation: string
  remoteSku: string
  onHand: number
  available: number
  committed: number
  changedAt: Date | null
}

/** Notes a reading. While an earlier one waits for its orders, that one stays the one that is judged. */
export async function saveStoreLevels(
  tx: Sql,
  accountId: string,
  rows: readonly StoreLevelRow[],
  { since, at }: { since: Date; at: Date },
  newId: NewId,
): Promise<void> {
  const unique = [...new Map(rows.map((row) => [`${row.remoteLocation}\0${row.remoteSku}`, row])).values()]
  if (unique.length === 0) return
  await tx.send(
    `insert into store_levels as l (id, account_id, remote_location, remote_sku, slot_id, on_hand, available, committed, changed_at, read_since, read_at,
       pending_on_hand, pending_available, pending_committed, pending_changed_at, pending_since, pending_at)
     select t.id, $1, t.remote_location, t.remote_sku,
       -- A SKU that names several slots tells nothing of either.
       (select (array_agg(s.id))[1] from stock_slots s where s.account_id = $1 and s.remote_sku = t.remote_sku having count(*) = 1),
       t.on_hand, t.available, t.committed, t.changed_at, $2, $3, t.on_hand, t.available, t.committed, t.changed_at, $2, $3
     from unnest($4::uuid[], $5::text[], $6::text[], $7::bigint[], $8::bigint[], $9::bigint[], $10::timestamptz[])
       as t(id, remote_location, remote_sku, on_hand, available, committed, changed_at)
     on conflict (account_id, remote_location, remote_sku) do update set slot_id = excluded.slot_id, on_hand = excluded.on_hand,
       available = excluded.available, committed = excluded.committed, changed_at = excluded.changed_at, read_since = excluded.read_since, read_at = excluded.read_at,
       pending_on_hand = case when l.pending_at is null then excluded.pending_on_hand else l.pending_on_hand end,
       pending_available = case when l.pending_at is null then excluded.pending_available else l.pending_available end,
       pending_committed = case when l.pending_at is null then excluded.pending_committed else l.pending_committed end,
       pending_changed_at = case when l.pending_at is null then excluded.pending_changed_at else l.pending_changed_at end,
       pending_since = coalesce(l.pending_since, excluded.pending_since), pending_at = coalesce(l.pending_at, excluded.pending_at)`,
    [
      accountId,
      since,
      at,
      unique.map(() => newId()),
      unique.map((row) => row.remoteLocation),
      unique.map((row) => row.remoteSku),
      unique.map((row) => row.onHand),
      unique.map((row) => row.available),
      unique.map((row) => row.committed),
      unique.map((row) => row.changedAt),
    ],
  )
}

/**
 * Notes what slots showed that follow their store, below 0 included. Such a reading tells what can be sold there and no more;
 * the rest is as it was told last.
 */
export async function noteSlotsShown(
  tx: Sql,
  shown: readonly { slotId: string; quantity: number }[],
  { since, at }: { since: Date; at: Date },
): Promise<void> {
  if (shown.length === 0) return
  await tx.send(
    `update store_levels l set on_hand = l.on_hand + t.shown - l.available, available = t.shown, changed_at = null, read_since = $1, read_at = $2,
       pending_on_hand = coalesce(l.pending_on_hand, l.on_hand + t.shown - l.available), pending_available = coalesce(l.pending_available, t.shown),
       pending_committed = coalesce(l.pending_committed, l.committed),
       pending_since = coalesce(l.pending_since, $1), pending_at = coalesce(l.pending_at, $2)
     from unnest($3::uuid[], $4::bigint[]) as t(slot_id, shown), store_locations o
     where l.slot_id = t.slot_id and o.account_id = l.account_id and o.remote_id = l.remote_location and o.master = 'store'
       and l.read_at <= $1`,
    [since, at, shown.map((one) => one.slotId), shown.map((one) => one.quantity)],
  )
}

/** A reading that waits to be judged, and the last one that was certain. */
export interface PendingLevel {
  id: string
  slotId: string | null
  remoteSku: string
  pendingAvailable: number
  pendingCommitted: number
  pendingChangedAt: Date | null
  pendingSince: Date
  pendingAt: Date
  basisAvailable: number | null
  basisCommitted: number | null
  basisSince: Date | null
  basisAt: Date | null
  booked: number
  bookings: number
  waitingSince: Date | null
  movedUnits: number | null
  movedAt: Date | null
  isUnclear: boolean
}

const pendingColumns = `id, slot_id as "slotId", remote_sku as "remoteSku", pending_available as "pendingAvailable", pending_committed as "pendingCommitted",
  pending_changed_at as "pendingChangedAt", pending_since as "pendingSince", pending_at as "pendingAt", basis_available as "basisAvailable",
  basis_committed as "basisCommitted", basis_since as "basisSince", basis_at as "basisAt", booked, bookings, waiting_since as "waitingSince",
  moved_units as "movedUnits", moved_at as "movedAt", is_unclear as "isUnclear"`

/** Readings of the location that were taken until a moment, the eldest first. */
export async function pendingLevels(
  sql: Sql,
  accountId: string,
  remoteLocation: string,
  until: Date,
  limit: number,
): Promise<PendingLevel[]> {
  return await sql.rows<PendingLevel>(
    `select ${pendingColumns} from store_levels where account_id = $1 and remote_location = $2 and pending_at <= $3
     order by pending_at, id limit $4`,
    [accountId, remoteLocation, until, limit],
  )
}

/** The same once more, locked: after the levels and slots they are about. */
export async function lockPending(tx: Sql, ids: readonly string[]): Promise<PendingLevel[]> {
  return await tx.rows<PendingLevel>(
    `select ${pendingColumns} from store_levels where id = any($1::uuid[]) and pending_at is not null order by id for update`,
    [ids],
  )
}

/** Writes what was judged; the reading does not wait any more. */
export async function saveJudged(tx: Sql, rows: readonly PendingLevel[]): Promise<void> {
  if (rows.length === 0) return
  await tx.send(
    `update store_levels l set basis_available = t.basis_available, basis_committed = t.basis_committed, basis_since = t.basis_since, basis_at = t.basis_at,
       booked = t.booked, bookings = t.bookings, waiting_since = t.waiting_since, moved_units = t.moved_units, moved_at = t.moved_at, is_unclear = t.is_unclear,
       -- What was read meanwhile waits now: a store may tell a number once only.
       pending_on_hand = case when l.read_at > l.pending_at then l.on_hand end, pending_available = case when l.read_at > l.pending_at then l.available end,
       pending_committed = case when l.read_at > l.pending_at then l.committed end, pending_changed_at = case when l.read_at > l.pending_at then l.changed_at end,
       pending_since = case when l.read_at > l.pending_at then l.read_since end, pending_at = case when l.read_at > l.pending_at then l.read_at end
     from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::timestamptz[], $5::timestamptz[], $6::bigint[], $7::int[], $8::timestamptz[], $9::bigint[], $10::timestamptz[], $11::boolean[])
       as t(id, basis_available, basis_committed, basis_since, basis_at, booked, bookings, waiting_since, moved_units, moved_at, is_unclear)
     where l.id = t.id`,
    [
      rows.map((row) => row.id),
      rows.map((row) => row.basisAvailable),
      rows.map((row) => row.basisCommitted),
      rows.map((row) => row.basisSince),
      rows.map((row) => row.basisAt),
      rows.map((row) => row.booked),
      rows.map((row) => row.bookings),
      rows.map((row) => row.waitingSince),
      rows.map((row) => row.movedUnits),
      rows.map((row) => row.movedAt),
      rows.map((row) => row.isUnclear),
    ],
  )
}

export interface ToldSale {
  slotId: string
  orderId?: string
  changedAt?: Date
  quantity: number
  restocked: number
  placedAt: Date
}

/** What the orders of a store took and gave back, kept until a certain reading has counted it. */
export async function noteStoreSales(tx: Sql, sales: readonly ToldSale[], now: Date): Promise<void> {
  if (sales.length === 0) return
  await tx.send(
    `insert into store_sales (slot_id, order_id, sold, restocked, placed_at, changed_at, told_at)
     select t.*, $1 from unnest($2::uuid[], $3::uuid[], $4::bigint[], $5::bigint[], $6::timestamptz[], $7::timestamptz[])
       as t(slot_id, order_id, sold, restocked, placed_at, changed_at)`,
    [
      now,
      sales.map((sale) => sale.slotId),
      sales.map((sale) => sale.orderId ?? null),
      sales.map((sale) => sale.quantity),
      sales.map((sale) => sale.restocked),
      sales.map((sale) => sale.placedAt),
      sales.map((sale) => sale.changedAt ?? null),
    ],
  )
}

/** A step, and the told sale it comes from. */
export interface SlotStep extends KnownStep {
  seq: number | null
}

/**
 * Everything known that moved the store's number at these slots since their basis. A write without an answer may still
 * land until `lifeMs` after it left.
 */
export async function stepsOf(
  tx: Sql,
  slots: readonly { slotId: string; basisAt: Date | null }[],
  { marginMs, lifeMs }: { marginMs: number; lifeMs: number },
): Promise<Map<string, SlotStep[]>> {
  const steps = new Map<string, SlotStep[]>(slots.map((one) => [one.slotId, []]))
  const ids = [...steps.keys()]
  const sales = await tx.rows<{
    seq: number
    slot_id: string
    sold: number
    restocked: number
    placed_at: Date
    told_at: Date
    changed_at: Date | null
    is_untaken: boolean | null
    taken_by: Date | null
  }>(
    `select s.seq, s.slot_id, s.sold, s.restocked, s.placed_at, s.told_at, s.changed_at, o.is_untaken, o.taken_by
     from store_sales s left join orders o on o.id = s.order_id where s.slot_id = any($1::uuid[]) order by s.seq`,
    [ids],
  )
  for (const row of sales) {
    const placedAt = row.placed_at.getTime()
    const list = steps.get(row.slot_id)!
    const takenBy = row.is_untaken ? null : (row.taken_by?.getTime() ?? placedAt)
    if (row.sold > 0) list.push({ ...soldStep(row.sold, placedAt, marginMs, takenBy), seq: row.seq })
    if (row.restocked > 0)
      list.push({
        ...restockedStep(row.restocked, placedAt, row.told_at.getTime(), marginMs, row.changed_at?.getTime()),
        seq: row.seq,
      })
  }
  const writes = await tx.rows<{
    slot_id: string
    expected: number | null
    replaced: number | null
    before: number | null
    is_looked: boolean
    within: { from: string; until: string } | null
    quantity: number
    outcome: string | null
    intended_at: Date
    outcome_at: Date | null
  }>(
    `select t.slot_id, (e.intent->>'expected')::float8 as expected, (e.outcome_detail->>'replaced')::float8 as replaced, (e.intent->>'replaces')::float8 as before, e.intent ? 'looked' as is_looked, e.outcome_detail->'within' as within, (e.intent->>'quantity')::float8 as quantity, e.outcome, e.intended_at, e.outcome_at
     from unnest($1::uuid[], $2::timestamptz[]) as t(slot_id, since) join effects e on e.subject = 'slot:' || t.slot_id
     where e.kind = 'stock.push' and (t.since is null or e.intended_at > t.since)
       and (e.outcome is null or e.outcome in ('applied', 'accepted', 'unknown')) order by e.intended_at`,
    [slots.map((one) => one.slotId), slots.map((one) => one.basisAt)],
  )
  for (const row of writes) {
    const isSure = row.outcome === 'applied'
    const from = row.intended_at.getTime()
    const until = isSure ? row.outcome_at!.getTime() : from + lifeMs
    // From before the store was the master: what it replaced was not looked at. Nothing is certain while it may still land.
    const units = row.quantity - (row.replaced ?? row.expected ?? row.before ?? row.quantity)
    const isAbsolute = row.is_looked || row.expected === null
    const there = row.within && { from: Date.parse(row.within.from), until: Date.parse(row.within.until) }
    // What it replaced is not known by an answer: where the store shows nothing, it may have been below 0.
    const isFromZero = !isSure && row.expected === 0 && row.replaced === null
    steps.get(row.slot_id)!.push({
      kind: 'write',
      units,
      from,
      until,
      isSure,
      isFromZero,
      isAbsolute,
      ...(there ? { there: [there] } : {}),
      seq: null,
    })
  }
  return steps
}

export async function forgetSales(tx: Sql, seqs: readonly number[]): Promise<void> {
  if (seqs.length > 0) await tx.send('delete from store_sales where seq = any($1::bigint[])', [seqs])
}

/** Which of these slots we ever wrote: what stands there is then ours, not a count. */
export async function everWritten(tx: Sql, slotIds: readonly string[]): Promise<Set<string>> {
  const rows = await tx.rows<{ id: string }>(
    `select t.id from unnest($1::uuid[]) as t(id) where exists (select 1 from effects e where e.subject = 'slot:' || t.id
       and e.kind = 'stock.push' and (e.outcome is null or e.outcome in ('applied', 'accepted', 'unknown')))`,
    [slotIds],
  )
  return new Set(rows.map((row) => row.id))
}

/** By variant: units that open orders of the account hold and that are off its number, and how many of its SKUs sell it. */
export async function ordersOf(
  sql: Sql,
  accountId: string,
  variantIds: readonly string[],
): Promise<Map<string, { open: number; slots: number }>> {
  const rows = await sql.rows<{ id: string; open: number; slots: number }>(
    `select t.id, coalesce((select sum(r.quantity) from reservation_lines r join order_lines l on l.id = r.order_line_id
         join orders o on o.id = l.order_id where r.variant_id = t.id and r.quantity > 0 and o.account_id = $1 and not o.is_untaken), 0)::float8 as open,
       (select count(*) from stock_slots s where s.variant_id = t.id and s.account_id = $1)::float8 as slots
     from unnest($2::uuid[]) as t(id)`,
    [accountId, variantIds],
  )
  return new Map(rows.map((row) => [row.id, { open: row.open, slots: row.slots }]))
}

/** Of these slots' levels those that a count at the location set right after they were unclear. */
export async function countedSince(
  tx: Sql,
  locationId: string,
  rows: readonly { id: string; variantId: string; since: Date }[],
): Promise<Set<string>> {
  if (rows.length === 0) return new Set()
  const found = await tx.rows<{ id: string }>(
    `select t.id from unnest($2::uuid[], $3::uuid[], $4::timestamptz[]) as t(id, variant_id, since)
     join stock_counts c on c.variant_id = t.variant_id and c.location_id = $1 and c.counted_at > t.since`,
    [locationId, rows.map((row) => row.id), rows.map((row) => row.variantId), rows.map((row) => row.since)],
  )
  return new Set(found.map((row) => row.id))
}

/** Asks for the store's numbers soon: not sooner than half a minute after the last time. */
export async function lookAtStore(tx: Sql, accountId: string, now: Date): Promise<void> {
  await tx.send(
    `update cursors set next_at = least(next_at, greatest($2::timestamptz, coalesce(pulled_at, $2) + interval '30 seconds'))
     where account_id = $1 and stream = 'store-stock' and failures = 0`,
    [accountId, now],
  )
}

/** All of the store is told once more, not only what changed since. */
export async function lookAtWholeStore(tx: Sql, accountId: string): Promise<void> {
  await tx.send(`update cursors set value = null where account_id = $1 and stream = 'store-stock'`, [accountId])
}

/** The account's readings (of these slots) begin anew: nothing is booked before the next certain one. */
export async function forgetBasis(tx: Sql, accountId: string, slotIds: readonly string[] | null = null): Promise<void> {
  await tx.send(
    `update store_levels set basis_available = null, basis_committed = null, basis_since = null, basis_at = null, booked = 0, waiting_since = null,
       is_unclear = false, pending_on_hand = null, pending_available = null, pending_committed = null, pending_changed_at = null,
       pending_since = null, pending_at = null
     where account_id = $1 and ($2::uuid[] is null or slot_id = any($2))`,
    [accountId, slotIds],
  )
  await tx.send(
    `delete from store_sales where slot_id in (
       select slot_id from store_levels where account_id = $1 and slot_id is not null and ($2::uuid[] is null or slot_id = any($2)))`,
    [accountId, slotIds],
  )
  // What is still to come off the store's number comes after the next reading, or before: it is waited for.
  await tx.send(
    `insert into store_sales (slot_id, order_id, sold, restocked, placed_at, told_at)
     select l.slot_id, o.id, l.quantity - l.canceled, 0, o.placed_at, o.imported_at from orders o join order_lines l on l.order_id = o.id
     where o.account_id = $1 and o.is_untaken and l.slot_id is not null and l.quantity > l.canceled and ($2::uuid[] is null or l.slot_id = any($2))
       and exists (select 1 from store_levels x where x.slot_id = l.slot_id and x.account_id = $1)`,
    [accountId, slotIds],
  )
}
