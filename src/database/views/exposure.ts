/** What every variant's places may sell, against what is there (S7). */
import type { Mode } from '../claims.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import { listSlots, type SlotView } from './stock.ts'

export interface ExposureView {
  variantId: string
  sku: string
  title: string
  category: string | null
  isKit: boolean
  mode: Mode
  onHand: number
  reserved: number
  allocated: number
  unsellable: number
  short: number
  canSell: number
  places: number
  unreadPlaces: number
  offered: number | null
  claimed: number
  unknownClaims: number
  uncovered: number
  free: number | null
  worstCase: number | null
  risk: 'short' | 'uncovered' | 'unknown' | 'exposed' | 'covered' | 'nowhere'
}

/** What slots show, without those whose stock is the channel's. Summed as floats: exact far beyond any stock, and quick. */
const shown = (
  each: string,
) => `sum(s.confirmed_value::float8 * s.units_per_sale * ${each}) as offered, count(*) as places,
    count(*) filter (where s.confirmed_at is null) as unread`
const sold = 's.merchant_fulfilled is not false'

/** The places of one variant: its slots, and those of kits that hold it. For lists whose rows are few. */
const ofRow = `left join lateral (
    select ${shown('t.quantity')} from (
      select p.variant_id as sold, 1 as quantity union all select kp.kit_id, kp.quantity from kit_parts kp where kp.variant_id = p.variant_id) t
    join stock_slots s on s.variant_id = t.sold and ${sold}) o on true`
/** The same of all variants at once: what the order by risk needs. */
const ofAll = `left join (
    select s.variant_id, ${shown('1')} from stock_slots s where ${sold} and s.variant_id is not null group by 1) own on own.variant_id = p.variant_id
  left join (
    select kp.variant_id, ${shown('kp.quantity')} from kit_parts kp join stock_slots s on s.variant_id = kp.kit_id and ${sold} group by 1) kitted
    on kitted.variant_id = p.variant_id
  cross join lateral (
    select case when kitted.variant_id is null then own.offered else coalesce(own.offered, 0) + coalesce(kitted.offered, 0) end as offered,
      coalesce(own.places, 0) + coalesce(kitted.places, 0) as places, coalesce(own.unread, 0) + coalesce(kitted.unread, 0) as unread) o`

/** A kit has the stock of its scarcest part, and is as guarded as the strictest of them. */
const kits = `left join (
    select kp.kit_id, min((c.on_hand - c.unsellable - c.reserved - c.allocated) / kp.quantity) as atp,
      max(c.unknown_claims) as unknown, min(case c.mode when 'guarded' then 0 when 'adaptive' then 1 else 2 end) as strictness
    from kit_parts kp join pool_levels c on c.variant_id = kp.variant_id group by kp.kit_id) k on k.kit_id = p.variant_id
  left join lateral (
    select coalesce(sum(greatest(s.claim, 0) * s.units_per_sale), 0)::bigint as claimed
    from stock_slots s join accounts a on a.id = s.account_id and a.stage in ('live', 'paused')
    where s.variant_id = k.kit_id and s.merchant_fulfilled) kc on k.kit_id is not null`

const levels = (placesOf: string) => `select p.variant_id, v.sku, v.title, d.category, k.kit_id is not null as is_kit,
    case k.strictness when 0 then 'guarded' when 1 then 'adaptive' when 2 then 'shared' else p.mode end as mode,
    p.on_hand, p.reserved, p.allocated, p.unsellable, p.short,
    greatest(0, coalesce(k.atp, p.on_hand - p.unsellable - p.reserved - p.allocated)) as can_sell,
    coalesce(o.places, 0) as places, coalesce(o.unread, 0) as unread, o.offered,
    case when k.kit_id is null then p.claimed else kc.claimed end as claimed,
    coalesce(k.unknown, p.unknown_claims) as unknown, case when k.kit_id is null then p.uncovered else 0 end as uncovered
  from pool_levels p join variants v on v.id = p.variant_id join products d on d.id = v.product_id ${kits} ${placesOf}`

/** In another mode claims above what is there are what was chosen. */
const isUncovered = `(e.mode = 'guarded' and e.uncovered > 0)`
const rank = `case when e.short > 0 or ${isUncovered} then 0 when e.unknown > 0 then 1 else 2 end`
/** Offered by available, the largest first; places without units before all others, no places at all last. */
const ratio = `case when e.offered is null then 1 when e.can_sell > 0 then -(e.offered / e.can_sell) when e.offered > 0 then -1e15 else 0 end`

const views = {
  all: null,
  uncovered: `(e.short > 0 or ${isUncovered})`,
  unknown: 'e.unknown > 0',
  exposed: 'e.offered > e.can_sell',
}
export type ExposureFilter = PageQuery & {
  q?: string | undefined
  account?: string | undefined
  mode?: Mode | undefined
  view: keyof typeof views
  sort: 'risk' | 'sku'
}

interface Raw {
  variant_id: string
  sku: string
  title: string
  category: string | null
  is_kit: boolean
  mode: Mode
  on_hand: number
  reserved: number
  allocated: number
  unsellable: number
  short: number
  can_sell: number
  places: number
  unread: number
  offered: number | null
  claimed: number
  unknown: number
  uncovered: number
  rank: number
  ratio: number
}

/** The riskiest first, or by SKU: pages by SKU neither skip nor repeat while numbers change. */
export async function listExposure(db: Sql, filter: ExposureFilter): Promise<Page<ExposureView>> {
  const where = conditions()
  const view = views[filter.view]
  if (view) where.add(view)
  if (filter.q) where.add(`(e.sku ilike '%' || ? || '%' or e.title ilike '%' || ? || '%')`, filter.q)
  if (filter.mode) where.add('e.mode = ?', filter.mode)
  if (filter.account)
    where.add(
      `exists (select 1 from stock_slots f join accounts b on b.id = f.account_id
         where f.variant_id = e.variant_id and (b.name = ? or b.id::text = ?))`,
      filter.account,
    )
  const isBySku = filter.sort === 'sku'
  const isNarrow = isBySku || filter.q !== undefined || filter.view === 'uncovered' || filter.view === 'unknown'
  if (filter.cursor && isBySku) where.add('e.sku > ?::text', ...readCursor(filter.cursor, 1))
  if (filter.cursor && !isBySku)
    where.add(`(${rank}, ${ratio}, e.sku) > (?::int, ?::float8, ?::text)`, ...readCursor(filter.cursor, 3))
  const rows = await db.rows<Raw>(
    `select e.*, ${rank} as rank, ${ratio} as ratio from (${levels(isNarrow ? ofRow : ofAll)}) e ${where.where}
     order by ${isBySku ? 'e.sku' : 'rank, ratio, e.sku'} limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => (isBySku ? [row.sku] : [row.rank, row.ratio, row.sku]))
  return { ...page, items: page.items.map(toView) }
}

export async function exposureOf(db: Sql, sku: string): Promise<ExposureView | undefined> {
  const row = await db.one<Raw>(
    `select e.*, ${rank} as rank, ${ratio} as ratio from (${levels(ofRow)}) e where e.sku = $1`,
    [sku],
  )
  return row && toView(row)
}

export async function countExposure(db: Sql): Promise<{ all: number; uncovered: number; unknown: number }> {
  return (await db.one(
    `select count(*) as "all", count(*) filter (where short > 0 or (mode = 'guarded' and uncovered > 0 and not is_kit)) as uncovered,
       count(*) filter (where unknown_claims > 0 and not is_kit) as unknown
     from (select p.*, exists (select 1 from kit_parts where kit_id = p.variant_id) as is_kit from pool_levels p) one`,
  ))!
}

function toView(row: Raw): ExposureView {
  const isKnown = row.unknown === 0
  return {
    variantId: row.variant_id,
    sku: row.sku,
    title: row.title,
    category: row.category,
    isKit: row.is_kit,
    mode: row.mode,
    onHand: row.on_hand,
    reserved: row.reserved,
    allocated: row.allocated,
    unsellable: row.unsellable,
    short: row.short,
    canSell: row.can_sell,
    places: row.places,
    unreadPlaces: row.unread,
    offered: row.offered,
    claimed: row.claimed,
    unknownClaims: row.unknown,
    uncovered: row.uncovered,
    free: isKnown ? Math.max(0, row.can_sell - row.claimed) : null,
    worstCase: isKnown ? row.short + Math.max(0, row.claimed - row.can_sell) : null,
    risk: riskOf(row),
  }
}

function riskOf(row: Raw): ExposureView['risk'] {
  if (row.short > 0) return 'short'
  if (row.mode === 'guarded' && row.uncovered > 0) return 'uncovered'
  if (row.unknown > 0) return 'unknown'
  if (row.claimed > row.can_sell || (row.offered ?? 0) > row.can_sell) return 'exposed'
  return row.places === 0 ? 'nowhere' : 'covered'
}

export interface PlaceView extends SlotView {
  /** Units of the variant that one sale takes. */
  units: number
  /** Its claim in such units. */
  claimUnits: number | null
  /** Nobody else writes it: its claim counts. */
  isCounted: boolean
}

/** More places of one variant nobody looks through. */
const placesAtMost = 500

/** Every place where a unit of the variant may be sold, as a variant or within a kit. */
export async function placesOfVariant(db: Sql, variantId: string, now: Date): Promise<PlaceView[]> {
  const rows = await db.rows<{ id: string; units: number }>(
    `select s.id, s.units_per_sale * t.quantity as units from stock_slots s join (
       select $1::uuid as sold, 1 as quantity union all select kit_id, quantity from kit_parts where variant_id = $1::uuid) t on t.sold = s.variant_id
     order by s.id limit ${placesAtMost}`,
    [variantId],
  )
  const units = new Map(rows.map((row) => [row.id, row.units]))
  const { items } = await listSlots(db, { limit: placesAtMost, ids: [...units.keys()] }, now)
  return items
    .map((slot): PlaceView => {
      const each = units.get(slot.id)!
      return {
        ...slot,
        units: each,
        claimUnits: slot.claim === null ? null : slot.claim * each,
        isCounted: slot.merchantFulfilled === true && (slot.stage === 'live' || slot.stage === 'paused'),
      }
    })
    .sort((a, b) => (b.claimUnits ?? Infinity) - (a.claimUnits ?? Infinity) || a.account.localeCompare(b.account))
}

/** Stock that channels hold: pools of their own, never part of what is shown elsewhere. */
export async function channelHeld(db: Sql, variantId: string) {
  return await db.rows<{ code: string; name: string; onHand: number; unsellable: number }>(
    `select l.code, l.name, s.on_hand as "onHand", s.unsellable from stock_levels s join locations l on l.id = s.location_id
     where s.variant_id = $1 and l.kind = 'channel' order by l.name, l.code`,
    [variantId],
  )
}
