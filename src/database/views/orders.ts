/** Orders as people see them. */
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface OrderView {
  id: string
  channel: string
  account: string
  accountId: string
  remoteId: string
  state: 'pending' | 'open' | 'partly_shipped' | 'shipped' | 'canceled' | 'unfulfillable' | 'unknown'
  fulfilledBy: 'merchant' | 'channel'
  marketplace: string | null
  currency: string | null
  total: number | null
  placedAt: string
  updatedAt: string
  importedAt: string
  shipBy: string | null
  deliverBy: string | null
  problems: ('unknown-sku' | 'short' | 'late')[]
  lines: OrderLineView[]
}

export interface OrderLineView {
  id: string
  remoteId: string
  remoteSku: string | null
  sku: string | null
  title: string
  quantity: number
  canceled: number
  unitsPerSale: number
  unitPrice: number | null
  reserved: number
  short: number
  shipped: number
}

export type OrderFilter = PageQuery & {
  q?: string | undefined
  state?: string | undefined
  channel?: string | undefined
  account?: string | undefined
  view: 'all' | 'to-ship' | 'late' | 'due-today' | 'problem' | 'pending'
}

/** $1 is now in all of them. Only what we ship ourselves can be late. */
const toShip = `o.fulfilled_by = 'merchant' and o.state in ('open', 'partly_shipped') and not o.nothing_open`
const short =
  'o.id in (select l.order_id from reservation_lines r join order_lines l on l.id = r.order_line_id where r.short > 0)'
const views: Record<OrderFilter['view'], string | null> = {
  all: null,
  'to-ship': toShip,
  late: `${toShip} and o.ship_by < $1`,
  'due-today': `${toShip} and o.ship_by >= $1 and o.ship_by < $1::timestamptz + interval '24 hours'`,
  problem: `(o.has_unknown_sku or o.state = 'unknown' or ${short})`,
  pending: `o.state = 'pending'`,
}

const select = `select o.id, a.channel, a.name as account, o.account_id as "accountId", o.remote_id as "remoteId", o.state, o.fulfilled_by as "fulfilledBy",
    o.marketplace, o.currency, o.total, o.placed_at, o.updated_at, o.imported_at, o.ship_by, o.deliver_by, o.has_unknown_sku, o.nothing_open, o.state as s
  from orders o join accounts a on a.id = o.account_id`

interface Raw
  extends Omit<OrderView, 'placedAt' | 'updatedAt' | 'importedAt' | 'shipBy' | 'deliverBy' | 'problems' | 'lines'> {
  placed_at: Date
  updated_at: Date
  imported_at: Date
  ship_by: Date | null
  deliver_by: Date | null
  has_unknown_sku: boolean
  nothing_open: boolean
}

export async function listOrders(db: Sql, filter: OrderFilter, now: Date): Promise<Page<OrderView>> {
  const where = conditions(now)
  const view = views[filter.view]
  if (view) where.add(view)
  if (filter.state) where.add('o.state = ?', filter.state)
  if (filter.channel) where.add('a.channel = ?', filter.channel)
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.q)
    where.add(
      `(o.remote_id ilike '%' || ? || '%' or exists (select 1 from order_lines l left join variants v on v.id = l.variant_id where l.order_id = o.id and (l.remote_sku = ? or v.sku = ?)))`,
      filter.q,
    )
  if (filter.cursor) where.add('(o.placed_at, o.id) < (?::timestamptz, ?::uuid)', ...readCursor(filter.cursor, 2))
  // $1 has to appear for the driver to know its type.
  where.add('$1::timestamptz is not null')
  const rows = await db.rows<Raw>(
    `${select} ${where.where} order by o.placed_at desc, o.id desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.placed_at.toISOString(), row.id])
  return { ...page, items: await withLines(db, page.items, now) }
}

export async function getOrder(db: Sql, id: string, now: Date): Promise<OrderView | undefined> {
  const rows = await db.rows<Raw>(`${select} where o.id = $1`, [id])
  return (await withLines(db, rows, now))[0]
}

export interface OrderCounts {
  all: number
  toShip: number
  late: number
  dueToday: number
  problem: number
  pending: number
}

/** Each count on its own, so that each can use the index of its list. */
export async function countOrders(db: Sql, now: Date): Promise<OrderCounts> {
  const count = (view: keyof typeof views) => `(select count(*) from orders o where ${views[view] ?? 'true'})`
  return (await db.one<OrderCounts>(
    `select ${count('all')} as "all", ${count('to-ship')} as "toShip", ${count('late')} as late, ${count('due-today')} as "dueToday",
       ${count('problem')} as problem, ${count('pending')} as pending where $1::timestamptz is not null`,
    [now],
  ))!
}

async function withLines(db: Sql, rows: readonly Raw[], now: Date): Promise<OrderView[]> {
  const lines =
    rows.length === 0
      ? []
      : await db.rows<OrderLineView & { orderId: string }>(
          `select l.order_id as "orderId", l.id, l.remote_id as "remoteId", l.remote_sku as "remoteSku", v.sku, l.title, l.quantity, l.canceled,
       l.units_per_sale as "unitsPerSale", l.unit_price as "unitPrice", coalesce(r.reserved, 0)::bigint as reserved, coalesce(r.short, 0)::bigint as short,
       l.shipped_units as shipped
     from order_lines l left join variants v on v.id = l.variant_id
     -- Of a kit's parts the scarcest decides.
     left join lateral (select min((quantity - short) / per_sale) * l.units_per_sale as reserved,
         max((short + per_sale - 1) / per_sale) * l.units_per_sale as short
       from reservation_lines where order_line_id = l.id) r on true
     where l.order_id = any($1::uuid[]) order by l.remote_id`,
          [rows.map((row) => row.id)],
        )
  return rows.map((row) => {
    const own = lines.filter((line) => line.orderId === row.id).map(({ orderId: _, ...line }) => line)
    const isLate =
      row.fulfilledBy === 'merchant' &&
      (row.state === 'open' || row.state === 'partly_shipped') &&
      !row.nothing_open &&
      row.ship_by !== null &&
      row.ship_by < now
    return {
      id: row.id,
      channel: row.channel,
      account: row.account,
      accountId: row.accountId,
      remoteId: row.remoteId,
      state: row.state,
      fulfilledBy: row.fulfilledBy,
      marketplace: row.marketplace,
      currency: row.currency,
      total: row.total,
      placedAt: row.placed_at.toISOString(),
      updatedAt: row.updated_at.toISOString(),
      importedAt: row.imported_at.toISOString(),
      shipBy: row.ship_by?.toISOString() ?? null,
      deliverBy: row.deliver_by?.toISOString() ?? null,
      problems: [
        ...(row.has_unknown_sku ? (['unknown-sku'] as const) : []),
        ...(own.some((line) => line.short > 0) ? (['short'] as const) : []),
        ...(isLate ? (['late'] as const) : []),
      ],
      lines: own,
    }
  })
}

export interface TimelineEntry {
  at: string
  kind: string
  source: 'order' | 'stock' | 'channel'
  data: Record<string, unknown>
}

/** What happened to an order, oldest first: its own events and the ledger lines it caused, its checkout's included. */
export async function orderTimeline(db: Sql, id: string): Promise<TimelineEntry[]> {
  const events = await db.rows<{ at: Date; kind: string; data: Record<string, unknown>; seq: number }>(
    'select at, kind, data, seq from order_events where order_id = $1 order by seq',
    [id],
  )
  const movements = await db.rows<{ at: Date; kind: string; seq: number; data: Record<string, unknown> }>(
    `select m.at, m.kind, m.seq, jsonb_build_object('sku', v.sku, 'onHand', m.on_hand, 'reserved', m.reserved, 'short', m.short, 'seq', m.seq) as data
     from stock_movements m join variants v on v.id = m.variant_id
     where m.order_id = $1 or m.cause in (
       select 'reservation:' || r.reservation_id || ':' || r.id from reservation_lines r join order_lines l on l.id = r.order_line_id where l.order_id = $1)
     order by m.seq`,
    [id],
  )
  return [
    ...events.map((row) => ({ ...row, source: 'order' as const, rank: 0 })),
    ...movements.map((row) => ({ ...row, source: 'stock' as const, rank: 1 })),
  ]
    .sort((a, b) => a.at.getTime() - b.at.getTime() || a.rank - b.rank || a.seq - b.seq)
    .map(({ at, kind, source, data }) => ({ at: at.toISOString(), kind, source, data }))
}

export interface OrderFigures {
  total: number
  lastHour: number
  unknownSku: number
  short: number
  delaySeconds: number | null
}

export async function orderFigures(db: Sql, now: Date): Promise<OrderFigures> {
  return (await db.one<OrderFigures>(
    `select (select count(*) from orders) as total,
       (select count(*) from orders where imported_at > $1::timestamptz - interval '1 hour') as "lastHour",
       (select count(*) from orders where has_unknown_sku) as "unknownSku",
       (select count(*) from orders o where ${short}) as short,
       (select percentile_cont(0.5) within group (order by extract(epoch from o.imported_at - o.placed_at)::float8)
        from orders o join accounts a on a.id = o.account_id
        where o.imported_at > $1::timestamptz - interval '1 hour' and o.placed_at > a.opened_at) as "delaySeconds"`,
    [now],
  ))!
}

export async function ordersByHour(db: Sql, now: Date): Promise<{ hour: string; channel: string; orders: number }[]> {
  const rows = await db.rows<{ hour: Date; channel: string; orders: number }>(
    `select date_trunc('hour', o.placed_at, 'UTC') as hour, a.channel, count(*) as orders from orders o join accounts a on a.id = o.account_id
     where o.placed_at > $1::timestamptz - interval '24 hours' group by 1, 2 order by 1, 2`,
    [now],
  )
  return rows.map((row) => ({ ...row, hour: row.hour.toISOString() }))
}

/** Sealed buyer data of one order; undefined where there is none. */
export async function sealedBuyer(db: Sql, orderId: string): Promise<{ sealed: Buffer; epoch: string } | undefined> {
  return await db.one('select sealed, epoch from buyer_data where order_id = $1', [orderId])
}
