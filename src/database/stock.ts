/** Reads and writes the ledger. Levels are locked in one order, so that callers never wait for each other in a circle. */
import {
  type Movement,
  openStock,
  type PlaceLevel,
  type PoolLevel,
  type Stock,
  type StockChange,
  type StockPromise,
} from '../domain/stock.ts'
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

interface LevelRow {
  variant_id: string
  on_hand: number
  unsellable: number
  reserved: number
  allocated: number
  short: number
}

const levelColumns = 'variant_id, on_hand, unsellable, reserved, allocated, short'

const toLevels = (rows: readonly LevelRow[]) =>
  new Map<string, PoolLevel>(
    rows.map((row) => [
      row.variant_id,
      {
        onHand: row.on_hand,
        unsellable: row.unsellable,
        reserved: row.reserved,
        allocated: row.allocated,
        short: row.short,
      },
    ]),
  )

/**
 * Locks the variants' levels and opens a working copy. `promiseIds`: reservation lines that will be changed.
 * `allPromises`: load every open promise (needed where a fact lowers stock); otherwise only those that restock could serve.
 */
export async function lockStock(
  tx: Sql,
  variantIds: readonly string[],
  options: { promiseIds?: readonly string[]; allPromises?: boolean; places?: boolean } = {},
): Promise<Stock> {
  const ids = [...new Set(variantIds)].sort()
  const rows =
    ids.length === 0
      ? []
      : await tx.rows<LevelRow>(
          `select ${levelColumns} from pool_levels where variant_id = any($1::uuid[]) order by variant_id for update`,
          [ids],
        )
  if (rows.length !== ids.length) throw new Error('stock: a variant has no level')
  const levels = toLevels(rows)
  const whole = options.allPromises ? ids : rows.filter((row) => row.short > 0).map((row) => row.variant_id)
  const promiseIds = options.promiseIds ?? []
  const promises =
    whole.length === 0 && promiseIds.length === 0
      ? []
      : await tx.rows<{ id: string; variant_id: string; quantity: number; short: number; promised_at: Date }>(
          `select id, variant_id, quantity, short, promised_at from reservation_lines
     where (variant_id = any($1::uuid[]) and quantity > 0) or id = any($2::uuid[])`,
          [whole, promiseIds],
        )
  const places = new Map<string, PlaceLevel[]>()
  if (options.places) {
    const list = await tx.rows<{
      variant_id: string
      location_id: string
      on_hand: number
      unsellable: number
      allocated: number
    }>(
      `select v.id as variant_id, l.id as location_id, coalesce(s.on_hand, 0) as on_hand, coalesce(s.unsellable, 0) as unsellable, coalesce(s.allocated, 0) as allocated
       from unnest($1::uuid[]) as v(id) cross join locations l
       left join stock_levels s on s.variant_id = v.id and s.location_id = l.id
       -- What is on its way is taken after the shelves: where an order shipped beyond them, it must have arrived. Last
       -- comes what a channel lends.
       where l.kind <> 'channel' order by v.id, l.kind = 'lent', l.kind = 'transit', l.priority, l.code`,
      [ids],
    )
    for (const row of list) {
      const place = {
        locationId: row.location_id,
        onHand: row.on_hand,
        unsellable: row.unsellable,
        allocated: row.allocated,
      }
      places.set(row.variant_id, [...(places.get(row.variant_id) ?? []), place])
    }
  }
  return openStock({
    levels,
    places,
    promises: promises.map(
      (row): StockPromise => ({
        id: row.id,
        variantId: row.variant_id,
        quantity: row.quantity,
        short: row.short,
        promisedAt: row.promised_at,
      }),
    ),
  })
}

/** Who a promise belongs to. */
export interface PromiseOwner {
  orderLineId?: string
  /** Units of the variant that one sale takes. */
  perSale: number
  reservationId?: string
  slotId?: string | null
}

export interface SaveOptions {
  now: Date
  newId: NewId
  actor: string
  /** Owners of new promises, or of such as gained one; others keep theirs. */
  owners?: ReadonlyMap<string, PromiseOwner>
  orderOf?: (movement: Movement) => string | null
}

const column = <T>(rows: readonly T[], pick: (row: T) => unknown) => rows.map(pick)

/** The one function that writes movements and levels, in the transaction that locked them. */
export async function saveStock(tx: Sql, change: StockChange, options: SaveOptions): Promise<void> {
  await saveMovements(tx, change.movements, options)
  const levels = [...change.levels]
  if (levels.length > 0) {
    await tx.send(
      `update pool_levels p set on_hand = t.on_hand, unsellable = t.unsellable, reserved = t.reserved, allocated = t.allocated, short = t.short,
         uncovered = greatest(0, p.claimed - (t.on_hand - t.unsellable - t.reserved - t.allocated))
       from unnest($1::uuid[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
         as t(variant_id, on_hand, unsellable, reserved, allocated, short)
       where p.variant_id = t.variant_id`,
      [
        column(levels, ([id]) => id),
        column(levels, ([, l]) => l.onHand),
        column(levels, ([, l]) => l.unsellable),
        column(levels, ([, l]) => l.reserved),
        column(levels, ([, l]) => l.allocated),
        column(levels, ([, l]) => l.short),
      ],
    )
  }
  const places = [...change.places].flatMap(([variantId, list]) => list.map((place) => ({ variantId, ...place })))
  if (places.length > 0) {
    await tx.send(
      `insert into stock_levels (variant_id, location_id, on_hand, unsellable, allocated)
       select * from unnest($1::uuid[], $2::uuid[], $3::bigint[], $4::bigint[], $5::bigint[])
       on conflict (variant_id, location_id) do update
         set on_hand = excluded.on_hand, unsellable = excluded.unsellable, allocated = excluded.allocated`,
      [
        column(places, (p) => p.variantId),
        column(places, (p) => p.locationId),
        column(places, (p) => p.onHand),
        column(places, (p) => p.unsellable),
        column(places, (p) => p.allocated),
      ],
    )
  }
  await savePromises(tx, change, options)
}

async function saveMovements(tx: Sql, movements: readonly Movement[], options: SaveOptions): Promise<void> {
  // A step that moves nothing (a promise wholly covered before) leaves no line.
  const rows = movements.filter((m) => m.onHand || m.unsellable || m.reserved || m.allocated || m.short)
  if (rows.length === 0) return
  await tx.send(
    `insert into stock_movements (id, variant_id, location_id, kind, on_hand, unsellable, reserved, allocated, short, cause, order_id, note, effective_at, actor, at)
     select id, variant_id, location_id, kind, on_hand, unsellable, reserved, allocated, short, cause, order_id, note, effective_at, $14, $15
     from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::text[], $5::bigint[], $6::bigint[], $7::bigint[], $8::bigint[], $9::bigint[], $10::text[], $11::uuid[], $12::text[], $13::timestamptz[])
       with ordinality as t(id, variant_id, location_id, kind, on_hand, unsellable, reserved, allocated, short, cause, order_id, note, effective_at, n)
     order by n`,
    [
      column(rows, () => options.newId()),
      column(rows, (m) => m.variantId),
      column(rows, (m) => m.locationId),
      column(rows, (m) => m.kind),
      column(rows, (m) => m.onHand),
      column(rows, (m) => m.unsellable),
      column(rows, (m) => m.reserved),
      column(rows, (m) => m.allocated),
      column(rows, (m) => m.short),
      column(rows, (m) => m.cause),
      column(rows, (m) => options.orderOf?.(m) ?? null),
      column(rows, (m) => m.note),
      column(rows, (m) => m.effectiveAt ?? null),
      options.actor,
      options.now,
    ],
  )
}

async function savePromises(tx: Sql, change: StockChange, { owners }: SaveOptions): Promise<void> {
  const owner = (promise: StockPromise) => owners?.get(promise.id)
  const changed = [...change.promises.values()]
  const fresh = changed.filter((promise) => change.newPromises.has(promise.id))
  if (fresh.length > 0) {
    await tx.send(
      `insert into reservation_lines (id, variant_id, reservation_id, slot_id, order_line_id, quantity, short, promised_at, per_sale)
       select * from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[], $5::uuid[], $6::bigint[], $7::bigint[], $8::timestamptz[], $9::int[])`,
      [
        column(fresh, (p) => p.id),
        column(fresh, (p) => p.variantId),
        column(fresh, (p) => owner(p)?.reservationId ?? null),
        column(fresh, (p) => owner(p)?.slotId ?? null),
        column(fresh, (p) => owner(p)?.orderLineId ?? null),
        column(fresh, (p) => p.quantity),
        column(fresh, (p) => p.short),
        column(fresh, (p) => p.promisedAt),
        column(fresh, (p) => owner(p)?.perSale ?? 1),
      ],
    )
  }
  const known = changed.filter((promise) => !change.newPromises.has(promise.id))
  if (known.length > 0) {
    await tx.send(
      `update reservation_lines r set quantity = t.quantity, short = t.short
       from unnest($1::uuid[], $2::bigint[], $3::bigint[]) as t(id, quantity, short) where r.id = t.id`,
      [column(known, (p) => p.id), column(known, (p) => p.quantity), column(known, (p) => p.short)],
    )
  }
  const joined = [...(owners ?? [])].filter(([id, one]) => one.orderLineId && !change.newPromises.has(id))
  if (joined.length > 0) {
    await tx.send(
      `update reservation_lines r set order_line_id = t.line, per_sale = t.per_sale from unnest($1::uuid[], $2::uuid[], $3::int[]) as t(id, line, per_sale)
       where r.id = t.id and r.order_line_id is distinct from t.line`,
      [
        column(joined, ([id]) => id),
        column(joined, ([, one]) => one.orderLineId),
        column(joined, ([, one]) => one.perSale),
      ],
    )
  }
}
