/** Stock as people see it: levels, slots, ledger. */
import { type Demand, demandUntil, perHour } from '../../domain/demand.ts'
import type { GuardReason } from '../../domain/pool-view.ts'
import type { Mode } from '../claims.ts'
import { atp, kitAtp } from '../kits.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'
import { type ExplainableSlot, type Explanation, explain } from './publishing.ts'

export interface LevelView {
  variantId: string
  sku: string
  title: string
  productId: string
  category: string | null
  onHand: number
  unsellable: number
  reserved: number
  allocated: number
  short: number
  availableToPromise: number
  isKit: boolean
  mode: Mode
  claimed: number
  unknownClaims: number
  uncovered: number
  shown: number | null
  slots: number
  dirtySlots: number
  unreadSlots: number
}

const selectLevels = `select p.variant_id as "variantId", v.sku, v.title, v.product_id as "productId", d.category, p.on_hand as "onHand",
    p.unsellable, p.reserved, p.allocated, p.short, ${atp} as "availableToPromise", k.atp is not null as "isKit", p.mode, p.claimed,
    p.unknown_claims as "unknownClaims", p.uncovered, s.shown,
    coalesce(s.slots, 0) as slots, coalesce(s.dirty, 0) as "dirtySlots", coalesce(s.unread, 0) as "unreadSlots"
  from pool_levels p join variants v on v.id = p.variant_id join products d on d.id = v.product_id ${kitAtp}
  left join lateral (select sum(confirmed_value * units_per_sale) as shown, count(*) as slots, count(*) filter (where dirty) as dirty,
      count(*) filter (where confirmed_at is null) as unread
    from stock_slots where variant_id = p.variant_id and merchant_fulfilled is not false) s on true`

const isOurs =
  'exists (select 1 from stock_slots o where o.variant_id = p.variant_id and o.merchant_fulfilled is not false)'

const views = {
  all: null,
  short: 'p.short > 0',
  // A variant that only the channel ships has no stock of ours that could sell out.
  'sold-out': `${atp} = 0 and ${isOurs}`,
  unequal: 's.dirty > 0',
}

export async function listLevels(
  db: Sql,
  filter: PageQuery & { q?: string | undefined; view: keyof typeof views },
): Promise<Page<LevelView>> {
  const where = conditions()
  const view = views[filter.view]
  if (view) where.add(view)
  if (filter.q) where.add(`(v.sku ilike '%' || ? || '%' or v.title ilike '%' || ? || '%')`, filter.q)
  if (filter.cursor) where.add('v.sku > ?::text', ...readCursor(filter.cursor, 1))
  const rows = await db.rows<LevelView>(
    `${selectLevels} ${where.where} order by v.sku limit ${filter.limit + 1}`,
    where.values,
  )
  return toPage(rows, filter.limit, (row) => [row.sku])
}

export async function lowLevels(db: Sql, limit: number): Promise<LevelView[]> {
  return await db.rows<LevelView>(
    `${selectLevels} where p.short > 0 or (${atp} <= 5 and ${isOurs}) order by p.short desc, "availableToPromise", v.sku limit $1`,
    [limit],
  )
}

export async function levelOf(db: Sql, sku: string): Promise<LevelView | undefined> {
  return await db.one<LevelView>(`${selectLevels} where v.sku = $1`, [sku])
}

export async function countLevels(db: Sql): Promise<{ all: number; short: number; soldOut: number; unequal: number }> {
  return (await db.one(
    `select count(*) as "all", count(*) filter (where ${views.short}) as short, count(*) filter (where ${views['sold-out']}) as "soldOut",
       count(*) filter (where exists (select 1 from stock_slots s where s.variant_id = p.variant_id and s.dirty)) as unequal
     from pool_levels p ${kitAtp}`,
  ))!
}

/** Where the variant lies. What is on its way between locations is a place too, while something is. */
export async function placesOf(db: Sql, variantId: string) {
  return await db.rows<{
    code: string
    name: string
    kind: 'own' | 'third-party' | 'transit' | 'lent'
    onHand: number
    unsellable: number
    allocated: number
    incoming: number
  }>(
    `select l.code, l.name, l.kind, coalesce(s.on_hand, 0) as "onHand", coalesce(s.unsellable, 0) as unsellable,
       coalesce(s.allocated, 0) as allocated,
       coalesce((select sum(t.quantity - t.received - t.returned - t.lost) from transfers t
         where t.variant_id = $1 and t.to_id = l.id and t.ended_at is null), 0)::bigint as incoming
     from locations l left join stock_levels s on s.location_id = l.id and s.variant_id = $1
     where l.kind in ('own', 'third-party') or (l.kind in ('transit', 'lent') and s.on_hand > 0)
     order by l.kind = 'lent', l.kind = 'transit', l.priority, l.code`,
    [variantId],
  )
}

/** What a kit is made of; none for a plain variant. */
export async function componentsOf(
  db: Sql,
  kitId: string,
): Promise<{ sku: string; title: string; quantity: number }[]> {
  return await db.rows(
    `select v.sku, v.title, k.quantity from kit_components k join variants v on v.id = k.component_id where k.kit_id = $1 order by v.sku`,
    [kitId],
  )
}

/** The level after each of the newest movements, oldest first: summed backwards from today's level. */
export async function levelHistory(
  db: Sql,
  variantId: string,
  limit: number,
): Promise<{ at: string; onHand: number; available: number }[]> {
  const rows = await db.rows<{ at: Date; onHand: number; available: number }>(
    `select at, on_hand_after::bigint as "onHand", available_after::bigint as available from (
       select m.seq, m.at, m.kind,
         p.on_hand - coalesce(sum(m.on_hand) over newer, 0) as on_hand_after,
         p.on_hand - p.unsellable - p.reserved - p.allocated
           - coalesce(sum(m.on_hand - m.unsellable - m.reserved - m.allocated) over newer, 0) as available_after
       from stock_movements m join pool_levels p on p.variant_id = m.variant_id where m.variant_id = $1
       window newer as (order by m.seq desc rows between unbounded preceding and 1 preceding)
       order by m.seq desc limit $2) h where kind <> 'transfer' order by seq`,
    [variantId, limit],
  )
  return rows.map((row) => ({ ...row, at: row.at.toISOString() }))
}

export interface SlotView {
  id: string
  sku: string | null
  remoteSku: string
  channel: string
  account: string
  accountId: string
  stage: 'sandbox' | 'shadow' | 'live' | 'paused'
  region: string
  marketplaces: string[]
  unitsPerSale: number
  merchantFulfilled: boolean | null
  perHour: number | null
  wish: number | null
  wishAt: string | null
  reason: GuardReason | null
  explanation: Explanation | null
  inFlight: { value: number; version: number; sentAt: string; acceptedAt: string | null } | null
  confirmed: number | null
  confirmedAt: string | null
  strays: number
  claim: number | null
  watermark: string | null
  holdUntil: string | null
  state: 'clean' | 'waiting' | 'sending' | 'unread' | 'problem' | 'not-ours' | 'unlinked'
  problem: { code: string; message: string; at: string } | null
}

interface RawSlot {
  id: string
  sku: string | null
  remote_sku: string
  channel: string
  account: string
  account_id: string
  stage: SlotView['stage']
  region: string
  marketplaces: string[] | null
  units_per_sale: number
  merchant_fulfilled: boolean | null
  demand: Demand | null
  wish: number | null
  wish_at: Date | null
  reason: GuardReason | null
  live_value: number | null
  live_version: number
  live_sent_at: Date
  live_accepted_at: Date | null
  confirmed_value: number | null
  confirmed_at: Date | null
  hold_until: Date | null
  problem_code: string | null
  problem_message: string
  problem_at: Date
  dirty: boolean
  strays: number
  claim: number | null
  watermark: Date | null
  variant_id: string | null
  category: string | null
  atp: number | null
  show_safety_units: number | null
  show_safety_percent: number | null
  show_cap: number | null
  show_minimum: number | null
  show_stop_below: number | null
}

export type SlotFilter = PageQuery & {
  sku?: string | undefined
  account?: string | undefined
  dirty?: 'yes' | 'no' | undefined
  ids?: readonly string[]
}

export async function listSlots(db: Sql, filter: SlotFilter, now: Date): Promise<Page<SlotView>> {
  const where = conditions(now)
  if (filter.sku) where.add('(v.sku = ? or s.remote_sku = ?)', filter.sku)
  if (filter.ids) where.add('s.id = any(?::uuid[])', filter.ids)
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.dirty) where.add(filter.dirty === 'yes' ? 's.dirty' : 'not s.dirty')
  if (filter.cursor) where.add('(s.remote_sku, s.id) > (?::text, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<RawSlot>(
    `select s.*, v.sku, a.channel, a.name as account, a.stage, c.watermark, d.category,
       greatest(${atp}, 0) as atp,
       (select array_agg(l.marketplace order by l.marketplace) from listings l where l.slot_id = s.id and l.marketplace <> '') as marketplaces,
       (select count(*) from jsonb_to_recordset(s.claim_state->'strays') as t(version bigint, "deadAt" float8)
          where t.version is not null and t."deadAt" > extract(epoch from $1::timestamptz) * 1000) as strays
     from stock_slots s join accounts a on a.id = s.account_id left join variants v on v.id = s.variant_id
     left join products d on d.id = v.product_id left join pool_levels p on p.variant_id = s.variant_id ${kitAtp}
     left join cursors c on c.account_id = a.id and c.stream = 'orders'
     ${where.where} order by s.remote_sku, s.id limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.remote_sku, row.id])
  const explanations = await explain(db, page.items.map(explainable))
  return { ...page, items: page.items.map((row, index) => slotView(row, explanations[index] ?? null, now)) }
}

const explainable = (row: RawSlot): ExplainableSlot => ({
  accountId: row.account_id,
  channel: row.channel,
  variantId: row.variant_id,
  category: row.category,
  unitsPerSale: row.units_per_sale,
  atp: row.atp,
  wish: row.wish,
  settings: {
    safetyUnits: row.show_safety_units,
    safetyPercent: row.show_safety_percent,
    cap: row.show_cap,
    minimum: row.show_minimum,
    stopBelow: row.show_stop_below,
  },
})

function slotView(row: RawSlot, explanation: Explanation | null, now: Date): SlotView {
  return {
    id: row.id,
    sku: row.sku,
    remoteSku: row.remote_sku,
    channel: row.channel,
    account: row.account,
    accountId: row.account_id,
    stage: row.stage,
    region: row.region,
    marketplaces: row.marketplaces ?? [],
    unitsPerSale: row.units_per_sale,
    merchantFulfilled: row.merchant_fulfilled,
    perHour: demandOf(row, now),
    wish: row.wish,
    wishAt: row.wish_at?.toISOString() ?? null,
    reason: row.reason,
    explanation,
    inFlight:
      row.live_value === null
        ? null
        : {
            value: row.live_value,
            version: row.live_version,
            sentAt: row.live_sent_at.toISOString(),
            acceptedAt: row.live_accepted_at?.toISOString() ?? null,
          },
    confirmed: row.confirmed_value,
    confirmedAt: row.confirmed_at?.toISOString() ?? null,
    strays: row.strays,
    claim: row.claim === null ? null : Math.max(0, row.claim),
    watermark: row.watermark?.toISOString() ?? null,
    holdUntil: row.hold_until?.toISOString() ?? null,
    state: stateOf(row),
    problem:
      row.problem_code === null
        ? null
        : { code: row.problem_code, message: row.problem_message, at: row.problem_at.toISOString() },
  }
}

/** Units an hour, to three digits behind the point; null where it never sold. */
function demandOf({ demand, live_value, confirmed_value }: RawSlot, now: Date): number | null {
  if (!demand) return null
  const isShowing = (live_value ?? confirmed_value ?? 0) > 0
  return Math.round(perHour(demandUntil(demand, now.getTime(), isShowing)) * 1_000) / 1_000
}

function stateOf(row: RawSlot): SlotView['state'] {
  if (row.sku === null) return 'unlinked'
  if (row.merchant_fulfilled === false) return 'not-ours'
  if (row.problem_code !== null) return 'problem'
  if (row.confirmed_value === null) return 'unread'
  if (row.live_value !== null) return 'sending'
  return row.dirty ? 'waiting' : 'clean'
}

export interface MovementView {
  id: string
  seq: number
  at: string
  sku: string
  location: string | null
  kind: 'receipt' | 'adjustment' | 'reservation' | 'allocation' | 'release' | 'shipment' | 'return' | 'transfer'
  onHand: number
  unsellable: number
  reserved: number
  allocated: number
  short: number
  order: { id: string; remoteId: string } | null
  actor: string
  note: string | null
}

export async function listMovements(
  db: Sql,
  filter: PageQuery & { sku?: string | undefined; order?: string | undefined },
): Promise<Page<MovementView>> {
  const where = conditions()
  if (filter.sku) where.add('v.sku = ?', filter.sku)
  if (filter.order) where.add('m.order_id = ?::uuid', filter.order)
  if (filter.cursor) where.add('m.seq < ?::bigint', ...readCursor(filter.cursor, 1))
  const rows = await db.rows<
    Omit<MovementView, 'at' | 'order'> & { at: Date; order_id: string | null; remote_id: string }
  >(
    `select m.id, m.seq, m.at, v.sku, l.code as location, m.kind, m.on_hand as "onHand", m.unsellable, m.reserved, m.allocated, m.short,
       m.order_id, o.remote_id, m.actor, m.note
     from stock_movements m join variants v on v.id = m.variant_id left join locations l on l.id = m.location_id left join orders o on o.id = m.order_id
     ${where.where} order by m.seq desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.seq])
  return {
    ...page,
    items: page.items.map(({ order_id, remote_id, at, ...row }) => ({
      ...row,
      at: at.toISOString(),
      order: order_id ? { id: order_id, remoteId: remote_id } : null,
    })),
  }
}

export async function stockFigures(db: Sql, now: Date) {
  const levels = (await db.one<{
    variants: number
    onHand: number
    available: number
    oversold: number
    soldOut: number
  }>(
    `select count(*) as variants, coalesce(sum(on_hand), 0)::bigint as "onHand", coalesce(sum(on_hand - unsellable - reserved - allocated), 0)::bigint as available,
       coalesce(sum(short), 0)::bigint as oversold, count(*) filter (where ${views['sold-out']}) as "soldOut" from pool_levels p ${kitAtp}`,
  ))!
  const slots = (await db.one<{ slots: number; dirtySlots: number; unreadSlots: number; problemSlots: number }>(
    `select count(*) as slots, count(*) filter (where dirty) as "dirtySlots", count(*) filter (where confirmed_at is null) as "unreadSlots",
       count(*) filter (where problem_code is not null) as "problemSlots" from stock_slots where variant_id is not null and merchant_fulfilled is not false`,
  ))!
  const writes = (await db.one<{
    lastHour: number
    accepted: number
    applied: number
    refused: number
    unknown: number
    open: number
  }>(
    `select count(*) as "lastHour", count(*) filter (where outcome = 'accepted') as accepted, count(*) filter (where outcome = 'applied') as applied,
       count(*) filter (where outcome in ('refused', 'mismatch', 'not-sent')) as refused, count(*) filter (where outcome = 'unknown') as unknown,
       count(*) filter (where outcome is null) as open from effects where kind = 'stock.push' and intended_at > $1::timestamptz - interval '1 hour'`,
    [now],
  ))!
  return { ...levels, ...slots, writes }
}
