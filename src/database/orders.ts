/** The order book: a page is read and written in a handful of statements. */
import type {
  HeldLine,
  IntakePlan,
  KnownLine,
  KnownOrder,
  LinePromise,
  LineWrite,
  Mapping,
  OrderWrite,
} from '../domain/intake.ts'
import type { IncomingOrder, OrderState } from '../domain/orders.ts'
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

interface KnownRow {
  id: string
  remote_id: string
  updated_at: Date
  state: OrderState
  fulfilled_by: 'merchant' | 'channel'
  before_opening: boolean
}

const knownColumns = 'id, remote_id, updated_at, state, fulfilled_by, before_opening'

const toKnown = (rows: readonly KnownRow[]) =>
  new Map<string, KnownOrder>(
    rows.map((row) => [
      row.remote_id,
      {
        id: row.id,
        remoteId: row.remote_id,
        updatedAt: row.updated_at,
        state: row.state,
        fulfilledBy: row.fulfilled_by,
        beforeOpening: row.before_opening,
        lines: [],
      },
    ]),
  )

/** The versions of these orders that are stored. */
export async function findOrders(
  sql: Sql,
  accountId: string,
  remoteIds: readonly string[],
): Promise<Map<string, KnownOrder>> {
  return toKnown(
    await sql.rows<KnownRow>(`select ${knownColumns} from orders where account_id = $1 and remote_id = any($2)`, [
      accountId,
      remoteIds,
    ]),
  )
}

/** The same, locked. */
export async function lockOrders(
  tx: Sql,
  accountId: string,
  remoteIds: readonly string[],
): Promise<Map<string, KnownOrder>> {
  return toKnown(
    await tx.rows<KnownRow>(
      `select ${knownColumns} from orders where account_id = $1 and remote_id = any($2) order by remote_id for update`,
      [accountId, remoteIds],
    ),
  )
}

/** Lines of the orders at hand, by order id. Only read where a newer version came. */
export async function linesOf(tx: Sql, orderIds: readonly string[]): Promise<Map<string, KnownLine[]>> {
  const byOrder = new Map<string, KnownLine[]>()
  if (orderIds.length === 0) return byOrder
  const [rows, promises] = await Promise.all([
    tx.rows<Omit<KnownLine, 'promises'> & { orderId: string }>(
      `select order_id as "orderId", id, remote_id as "remoteId", variant_id as "variantId", units_per_sale as "unitsPerSale",
         slot_id as "slotId", quantity, canceled, shipped_units as "shippedUnits"
       from order_lines where order_id = any($1::uuid[])`,
      [orderIds],
    ),
    tx.rows<LinePromise & { orderLineId: string }>(
      `select order_line_id as "orderLineId", id, variant_id as "variantId", per_sale as "perSale" from reservation_lines
       where order_line_id in (select id from order_lines where order_id = any($1::uuid[])) order by id`,
      [orderIds],
    ),
  ])
  const ofLine = Map.groupBy(promises, (one) => one.orderLineId)
  for (const { orderId, ...line } of rows) {
    const lines = byOrder.get(orderId) ?? []
    lines.push({ ...line, promises: (ofLine.get(line.id) ?? []).map(({ orderLineId: _, ...promise }) => promise) })
    byOrder.set(orderId, lines)
  }
  return byOrder
}

/** What remote SKUs of an account stand for. One without a variant is absent. */
export async function mappingsOf(
  tx: Sql,
  accountId: string,
  remoteSkus: readonly string[],
): Promise<Map<string, Mapping>> {
  if (remoteSkus.length === 0) return new Map()
  const rows = await tx.rows<Mapping & { remoteSku: string }>(
    `select distinct on (remote_sku) remote_sku as "remoteSku", variant_id as "variantId", units_per_sale as "unitsPerSale",
       slot_id as "slotId", fulfilled_by as "fulfilledBy"
     from listings where account_id = $1 and remote_sku = any($2) and variant_id is not null order by remote_sku, marketplace`,
    [accountId, remoteSkus],
  )
  return new Map(rows.map(({ remoteSku, ...mapping }) => [remoteSku, mapping]))
}

/** The lines of a checkout that an order brings along; none where it was used, released or has run out. */
export async function takeReservation(
  tx: Sql,
  accountId: string,
  reservationId: string,
  orderId: string,
  now: Date,
): Promise<void> {
  await tx.run(
    `update reservations set state = 'ordered', order_id = $3, expires_at = null, changed_at = $4 where id = $1 and account_id = $2 and state in ('held', 'confirmed')`,
    [reservationId, accountId, orderId, now],
  )
}

export async function heldLines(tx: Sql, accountId: string, reservationId: string): Promise<HeldLine[]> {
  return await tx.rows<HeldLine>(
    `select l.id, l.variant_id as "variantId", l.quantity from reservation_lines l
     join reservations r on r.id = l.reservation_id
     where r.id = $2 and r.account_id = $1 and r.state in ('held', 'confirmed') and l.quantity > 0
     order by l.id for update of r`,
    [accountId, reservationId],
  )
}

const column = <T>(rows: readonly T[], pick: (row: T) => unknown) => rows.map(pick)

export interface SavePlanOptions {
  accountId: string
  now: Date
  newId: NewId
  sealBuyer(text: string, orderId: string): { sealed: Buffer; epoch: string }
  /** Fingerprints of all that names the buyer. */
  marksOf(order: IncomingOrder): Buffer[]
}

export async function savePlan(tx: Sql, plan: IntakePlan, options: SavePlanOptions): Promise<void> {
  const unknown = new Set(
    plan.lines
      .filter((line) => line.variantId === null && line.line.quantity > line.line.canceled)
      .map((line) => line.orderId),
  )
  await insertOrders(
    tx,
    plan.orders.filter((one) => one.isNew),
    unknown,
    options,
  )
  await updateOrders(
    tx,
    plan.orders.filter((one) => !one.isNew),
    unknown,
    plan.lines
      .filter((line) => (line.quantity - line.canceled) * line.unitsPerSale > line.shippedUnits)
      .map((line) => line.orderId),
    options,
  )
  await saveLines(tx, plan.lines)
  await saveBuyers(tx, plan.orders, options)
  if (plan.events.length > 0) {
    await tx.send(
      `insert into order_events (id, order_id, kind, data, at)
       select id, order_id, kind, data, $5 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) with ordinality as t(id, order_id, kind, data, n) order by n`,
      [
        column(plan.events, () => options.newId()),
        column(plan.events, (e) => e.orderId),
        column(plan.events, (e) => e.kind),
        column(plan.events, (e) => JSON.stringify(e.data)),
        options.now,
      ],
    )
  }
}

const orderColumns = (rows: readonly OrderWrite[], unknown: ReadonlySet<string>) => [
  column(rows, (r) => r.id),
  column(rows, (r) => r.order.state),
  column(rows, (r) => r.order.fulfilledBy),
  column(rows, (r) => r.order.marketplace),
  column(rows, (r) => r.order.currency),
  column(rows, (r) => r.order.total),
  column(rows, (r) => r.order.updatedAt),
  column(rows, (r) => r.order.shipBy),
  column(rows, (r) => r.order.deliverBy),
  column(rows, (r) => unknown.has(r.id)),
  column(rows, (r) => r.order.acknowledgeBy ?? null),
  column(rows, (r) => r.order.cancelsAt ?? null),
  column(rows, (r) => r.order.isUntaken === true),
  column(rows, (r) => r.order.takenBy ?? null),
]

async function insertOrders(
  tx: Sql,
  rows: readonly OrderWrite[],
  unknown: ReadonlySet<string>,
  { accountId, now }: SavePlanOptions,
): Promise<void> {
  if (rows.length === 0) return
  await tx.send(
    `insert into orders (id, state, fulfilled_by, marketplace, currency, total, updated_at, ship_by, deliver_by, has_unknown_sku,
       acknowledge_by, cancels_at, is_untaken, taken_by, remote_id, placed_at, before_opening, left_at, account_id, imported_at, changed_at)
     select t.*, $19, $20, $20 from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[],
       $8::timestamptz[], $9::timestamptz[], $10::boolean[], $11::timestamptz[], $12::timestamptz[], $13::boolean[], $14::timestamptz[], $15::text[], $16::timestamptz[], $17::boolean[], $18::timestamptz[])
       as t(id, state, fulfilled_by, marketplace, currency, total, updated_at, ship_by, deliver_by, unknown,
         acknowledge_by, cancels_at, is_untaken, taken_by, remote_id, placed_at, before_opening, left_at)`,
    [
      ...orderColumns(rows, unknown),
      column(rows, (r) => r.order.remoteId),
      column(rows, (r) => r.order.placedAt),
      column(rows, (r) => r.beforeOpening),
      column(rows, (r) => (r.beforeOpening ? r.leftAt : null)),
      accountId,
      now,
    ],
  )
}

async function updateOrders(
  tx: Sql,
  rows: readonly OrderWrite[],
  unknown: ReadonlySet<string>,
  /** Orders with units that have not left. */
  open: readonly string[],
  { now }: SavePlanOptions,
): Promise<void> {
  if (rows.length === 0) return
  await tx.send(
    `update orders o set state = t.state, fulfilled_by = t.fulfilled_by, marketplace = coalesce(t.marketplace, o.marketplace),
       currency = coalesce(t.currency, o.currency), total = coalesce(t.total, o.total), updated_at = t.updated_at,
       ship_by = coalesce(t.ship_by, o.ship_by), deliver_by = coalesce(t.deliver_by, o.deliver_by), has_unknown_sku = t.unknown, changed_at = $15,
       acknowledge_by = t.acknowledge_by, cancels_at = t.cancels_at, nothing_open = o.nothing_open and o.id <> all($16::uuid[]),
       is_untaken = t.is_untaken, taken_by = greatest(t.taken_by, o.taken_by, case when o.is_untaken and not t.is_untaken then t.updated_at end)
     from unnest($1::uuid[], $2::text[], $3::text[], $4::text[], $5::text[], $6::bigint[], $7::timestamptz[], $8::timestamptz[], $9::timestamptz[], $10::boolean[],
       $11::timestamptz[], $12::timestamptz[], $13::boolean[], $14::timestamptz[])
       as t(id, state, fulfilled_by, marketplace, currency, total, updated_at, ship_by, deliver_by, unknown, acknowledge_by, cancels_at, is_untaken, taken_by)
     where o.id = t.id`,
    [...orderColumns(rows, unknown), now, open],
  )
}

async function saveLines(tx: Sql, lines: readonly LineWrite[]): Promise<void> {
  if (lines.length === 0) return
  await tx.send(
    `insert into order_lines (id, order_id, remote_id, remote_sku, variant_id, slot_id, units_per_sale, title, quantity, canceled, shipped_units, unit_price)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::uuid[], $7::int[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::bigint[])
     on conflict (order_id, remote_id) do update set
       remote_sku = coalesce(excluded.remote_sku, order_lines.remote_sku), variant_id = excluded.variant_id, slot_id = excluded.slot_id,
       units_per_sale = excluded.units_per_sale, title = case when excluded.title = '' then order_lines.title else excluded.title end,
       quantity = excluded.quantity, canceled = excluded.canceled, shipped_units = excluded.shipped_units,
       unit_price = coalesce(excluded.unit_price, order_lines.unit_price)`,
    [
      column(lines, (l) => l.id),
      column(lines, (l) => l.orderId),
      column(lines, (l) => l.remoteId),
      column(lines, (l) => l.line.remoteSku),
      column(lines, (l) => l.variantId),
      column(lines, (l) => l.slotId),
      column(lines, (l) => l.unitsPerSale),
      column(lines, (l) => l.line.title.slice(0, 500)),
      column(lines, (l) => l.quantity),
      column(lines, (l) => l.canceled),
      column(lines, (l) => l.shippedUnits),
      column(lines, (l) => l.line.unitPrice),
    ],
  )
}

/**
 * Buyer and raw payload leave for their own sealed store; a version without them keeps what is there. Of an order whose buyer
 * was erased, or was placed before its buyer asked to be, nothing is kept any more. A version that no longer tells the buyer's
 * name is still theirs.
 */
async function saveBuyers(
  tx: Sql,
  orders: readonly OrderWrite[],
  { now, sealBuyer, marksOf }: SavePlanOptions,
): Promise<void> {
  const rows = orders
    .filter(({ order }) => order.buyer !== null || order.raw !== null)
    .map(({ id, order }) => ({
      id,
      marks: arrayOf(marksOf(order)),
      ...sealBuyer(JSON.stringify({ buyer: order.buyer, raw: order.raw }), id),
    }))
  if (rows.length === 0) return
  await tx.send(
    `insert into buyer_data (order_id, sealed, epoch, marks, sealed_at)
     select t.id, t.sealed, t.epoch, t.marks::bytea[], $5
     from unnest($1::uuid[], $2::bytea[], $3::text[], $4::text[]) as t(id, sealed, epoch, marks) join orders o on o.id = t.id
     where not exists (select 1 from erased_orders e where e.account_id = o.account_id and e.remote_id = o.remote_id)
       and not exists (select 1 from erased_buyers e
         where e.account_id = o.account_id and e.mark = any(t.marks::bytea[]) and o.placed_at <= e.at)
     on conflict (order_id) do update
       set sealed = excluded.sealed, epoch = excluded.epoch, sealed_at = excluded.sealed_at,
         marks = coalesce((select array_agg(distinct m) from unnest(buyer_data.marks || excluded.marks) as m), '{}')`,
    [
      column(rows, (r) => r.id),
      column(rows, (r) => r.sealed),
      column(rows, (r) => r.epoch),
      column(rows, (r) => r.marks),
      now,
    ],
  )
}

/** Lists of bytes inside a list: PostgreSQL would lay them end to end. */
export const arrayOf = (marks: readonly Buffer[]): string =>
  `{${marks.map((mark) => `"\\\\x${mark.toString('hex')}"`).join(',')}}`
