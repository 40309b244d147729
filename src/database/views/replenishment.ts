/** Replenishment as people see it: thresholds, proposals, what is on its way, and how long stock lasts. */
import { type Cover, coverOf, isBelow, proposals, type Shortfall } from '../../domain/replenishment.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

interface PlaceName {
  code: string
  name: string
}

export interface ThresholdView {
  id: string
  sku: string
  title: string
  location: PlaceName
  source: PlaceName
  minimum: number
  maximum: number
  /** At the location, unsellable and allocated units left out. */
  local: number
  incoming: number
  /** At the source, the same. */
  central: number
  isBelow: boolean
  /** Units to bring now; 0 where it is not below, or where the source has none to give. */
  proposal: number
  changedBy: string
  changedAt: string
}

type RawThreshold = Shortfall & {
  id: string
  sku: string
  title: string
  toCode: string
  toName: string
  fromCode: string
  fromName: string
  changedBy: string
  changedAt: Date
}

const free = (level: string) => `coalesce(${level}.on_hand - ${level}.unsellable - ${level}.allocated, 0)`
const openUnits = 'o.quantity - o.received - o.returned - o.lost'

const thresholds = `select t.id, v.sku, v.title, l.code as "toCode", l.name as "toName", f.code as "fromCode", f.name as "fromName",
    t.variant_id as "variantId", t.source_id as "sourceId", t.minimum, t.maximum, t.changed_by as "changedBy", t.changed_at as "changedAt",
    ${free('here')} as local, ${free('there')} as central,
    coalesce((select sum(${openUnits}) from transfers o where o.variant_id = t.variant_id and o.to_id = t.location_id and o.ended_at is null), 0)::bigint as incoming,
    p.on_hand - p.unsellable - p.reserved - p.allocated
      - coalesce((select sum(r.on_hand) from stock_levels r join locations x on x.id = r.location_id and x.kind = 'transit'
          where r.variant_id = t.variant_id), 0)::bigint as spare
  from stock_thresholds t join variants v on v.id = t.variant_id join pool_levels p on p.variant_id = t.variant_id
  join locations l on l.id = t.location_id join locations f on f.id = t.source_id
  left join stock_levels here on here.variant_id = t.variant_id and here.location_id = t.location_id
  left join stock_levels there on there.variant_id = t.variant_id and there.location_id = t.source_id`

export type ThresholdFilter = PageQuery & {
  q?: string | undefined
  location?: string | undefined
  /** below: only where something is missing. */
  view: 'all' | 'below'
}

/**
 * Thresholds by SKU, with what to bring. Locations of one variant compete for its units, so all of a variant are judged
 * together, whatever is asked for; pages end between variants, and may be a little longer than asked for.
 */
export async function listThresholds(db: Sql, filter: ThresholdFilter): Promise<Page<ThresholdView>> {
  const where = conditions()
  if (filter.q) where.add(`(v.sku ilike '%' || ? || '%' or v.title ilike '%' || ? || '%')`, filter.q)
  if (filter.location) where.add('l.code = ?', filter.location)
  if (filter.view === 'below')
    where.add(`${free('here')} + coalesce((select sum(${openUnits}) from transfers o
      where o.variant_id = t.variant_id and o.to_id = t.location_id and o.ended_at is null), 0) < t.minimum`)
  if (filter.cursor) where.add('v.sku > ?::text', ...readCursor(filter.cursor, 1))
  const found = await db.rows<{ id: string; sku: string }>(
    `select distinct v.sku, v.id from stock_thresholds t join variants v on v.id = t.variant_id join locations l on l.id = t.location_id
     left join stock_levels here on here.variant_id = t.variant_id and here.location_id = t.location_id
     ${where.where} order by v.sku limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(found, filter.limit, (row) => [row.sku])
  const rows = await db.rows<RawThreshold>(
    `${thresholds} where t.variant_id = any($1::uuid[]) order by v.sku, l.priority, l.code`,
    [page.items.map((row) => row.id)],
  )
  const units = proposals(rows)
  const items = rows
    .map((row, index) => thresholdView(row, units[index]!))
    .filter((one) => !filter.location || one.location.code === filter.location)
    .filter((one) => filter.view === 'all' || one.isBelow)
  return { items, nextCursor: page.nextCursor }
}

function thresholdView(row: RawThreshold, proposal: number): ThresholdView {
  const { id, sku, title, minimum, maximum, local, incoming, central, changedBy } = row
  return {
    id,
    sku,
    title,
    location: { code: row.toCode, name: row.toName },
    source: { code: row.fromCode, name: row.fromName },
    minimum,
    maximum,
    local,
    incoming,
    central,
    isBelow: isBelow(row),
    proposal,
    changedBy,
    changedAt: row.changedAt.toISOString(),
  }
}

export async function thresholdOf(db: Sql, id: string): Promise<ThresholdView | undefined> {
  const row = await db.one<{ sku: string; location: string; variant: string }>(
    `select v.sku, l.code as location, v.id as variant from stock_thresholds t join variants v on v.id = t.variant_id
     join locations l on l.id = t.location_id where t.id = $1`,
    [id],
  )
  if (!row) return undefined
  const rows = await db.rows<RawThreshold>(`${thresholds} where t.variant_id = $1`, [row.variant])
  const units = proposals(rows)
  const index = rows.findIndex((one) => one.id === id)
  return thresholdView(rows[index]!, units[index]!)
}

export interface TransferView {
  id: string
  sku: string
  title: string
  from: PlaceName
  to: PlaceName
  quantity: number
  received: number
  returned: number
  lost: number
  open: number
  actor: string
  createdAt: string
  endedAt: string | null
}

export type TransferFilter = PageQuery & {
  q?: string | undefined
  location?: string | undefined
  view: 'open' | 'all'
  ids?: readonly string[]
}

/** Transfers, newest first. */
export async function listTransfers(db: Sql, filter: TransferFilter): Promise<Page<TransferView>> {
  const where = conditions()
  if (filter.ids) where.add('o.id = any(?::uuid[])', filter.ids)
  if (filter.q) where.add(`(v.sku ilike '%' || ? || '%' or v.title ilike '%' || ? || '%')`, filter.q)
  if (filter.location) where.add('(l.code = ? or f.code = ?)', filter.location)
  if (filter.view === 'open') where.add('o.ended_at is null')
  if (filter.cursor) where.add('(o.created_at, o.id) < (?::timestamptz, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<
    Omit<TransferView, 'from' | 'to' | 'createdAt' | 'endedAt'> & {
      fromCode: string
      fromName: string
      toCode: string
      toName: string
      created_at: Date
      ended_at: Date | null
    }
  >(
    `select o.id, v.sku, v.title, f.code as "fromCode", f.name as "fromName", l.code as "toCode", l.name as "toName", o.quantity, o.received,
       o.returned, o.lost, ${openUnits} as open, o.actor, o.created_at, o.ended_at
     from transfers o join variants v on v.id = o.variant_id join locations f on f.id = o.from_id join locations l on l.id = o.to_id
     ${where.where} order by o.created_at desc, o.id desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.created_at.toISOString(), row.id])
  return {
    ...page,
    items: page.items.map(({ fromCode, fromName, toCode, toName, created_at, ended_at, ...row }) => ({
      ...row,
      from: { code: fromCode, name: fromName },
      to: { code: toCode, name: toName },
      createdAt: created_at.toISOString(),
      endedAt: ended_at?.toISOString() ?? null,
    })),
  }
}

export interface CoverView extends Cover {
  sku: string
  title: string
  available: number
  /** Units a day, over all slots and kits that sell it. */
  perDay: number
  leadDays: number | null
}

/**
 * What all slots that sell a variant, by itself or in kits, sell of it in a day. The same rule as `perHour` of
 * domain/demand.ts, summed where the rows lie; a test holds the two together.
 */
const perDay = (now: string, more = '') => `select coalesce(k.variant_id, s.variant_id) as variant_id,
    sum(24 * s.units_per_sale * coalesce(k.quantity, 1) * (s.demand->>'units')::float8 / greatest(
      (s.demand->>'hours')::float8 + case when coalesce(s.live_value, s.confirmed_value, 0) > 0
        then greatest(0, extract(epoch from ${now}::timestamptz) / 3600 - (s.demand->>'at')::float8 / 3600000) else 0 end,
      1.0 / 60))::float8 as per_day
  from stock_slots s left join kit_parts k on k.kit_id = s.variant_id
  where s.demand is not null and s.variant_id is not null ${more} group by 1`

/** Of one SKU only the slots that sell it, or a kit that holds it, are looked at. */
const sellsIt = (sku: string) => `and s.variant_id in (select id from variants where sku = ${sku}
    union select p.kit_id from kit_parts p join variants w on w.id = p.variant_id where w.sku = ${sku})`

/** Beyond every day that can be told. */
const never = 1_000_000

export type CoverFilter = PageQuery & {
  q?: string | undefined
  sku?: string | undefined
  view: 'all' | 'due' | 'selling'
}

/** How long stock lasts, what must be ordered first standing first; what says nothing about that stands last. */
export async function listCover(db: Sql, filter: CoverFilter, now: Date): Promise<Page<CoverView>> {
  const where = conditions(now)
  // First of all: its place is known below.
  if (filter.sku) where.add('sku = ?', filter.sku)
  if (filter.q) where.add(`(sku ilike '%' || ? || '%' or title ilike '%' || ? || '%')`, filter.q)
  if (filter.view === 'due') where.add('slack <= 0 and lead_days is not null')
  if (filter.view === 'selling') where.add('per_day > 0')
  if (filter.cursor) where.add('(slack, days, sku) > (?::float8, ?::float8, ?::text)', ...readCursor(filter.cursor, 3))
  const rows = await db.rows<{
    sku: string
    title: string
    available: number
    per_day: number
    lead_days: number | null
    slack: number
    days: number
  }>(
    `select * from (
       select v.sku, v.title, u.available, coalesce(d.per_day, 0) as per_day, v.lead_days,
         -- Who says nothing of his supplier is told when it runs out.
         coalesce(floor(greatest(u.available, 0) / d.per_day) - coalesce(v.lead_days, 0), ${never}) as slack,
         coalesce(floor(greatest(u.available, 0) / d.per_day), ${never}) as days
       from variants v join pool_levels p on p.variant_id = v.id
       cross join lateral (select p.on_hand - p.unsellable - p.reserved - p.allocated - p.short as available) u
       left join (${perDay('$1', filter.sku ? sellsIt('$2') : '')}) d on d.variant_id = v.id and d.per_day > 0
       where not exists (select 1 from kit_parts where kit_id = v.id)${filter.sku ? ' and v.sku = $2' : ''}) c
     ${where.where} order by slack, days, sku limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.slack, row.days, row.sku])
  return {
    ...page,
    items: page.items.map((row) => ({
      sku: row.sku,
      title: row.title,
      available: row.available,
      perDay: row.per_day,
      leadDays: row.lead_days,
      ...coverOf(row.available, row.per_day, row.lead_days, now),
    })),
  }
}

export async function countReplenishment(db: Sql, now: Date): Promise<{ below: number; open: number; due: number }> {
  return (await db.one(
    `select (select count(*) from stock_thresholds t left join stock_levels here on here.variant_id = t.variant_id and here.location_id = t.location_id
         where ${free('here')} + coalesce((select sum(${openUnits}) from transfers o
           where o.variant_id = t.variant_id and o.to_id = t.location_id and o.ended_at is null), 0) < t.minimum) as below,
       (select count(*) from transfers where ended_at is null) as open,
       (select count(*) from variants v join pool_levels p on p.variant_id = v.id join (${perDay('$1')}) d on d.variant_id = v.id
         where d.per_day > 0 and not exists (select 1 from kit_parts where kit_id = v.id)
           and floor(greatest(p.on_hand - p.unsellable - p.reserved - p.allocated - p.short, 0) / d.per_day) <= v.lead_days) as due`,
    [now],
  ))!
}
