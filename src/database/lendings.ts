/** What channels lend of the units they hold for us: the rule, what is there, and the orders that are to be shipped from it. */
import { heldInAll } from '../domain/held-stock.ts'
import type { LentOrder } from '../domain/lending.ts'
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

/** The place where an account's lent units stand. Made when the first ones are lent. */
export async function lentPlace(
  tx: Sql,
  account: { id: string; name: string },
  newId: NewId,
  now: Date,
): Promise<string> {
  const find = () => tx.one<{ id: string }>('select id from locations where lender_id = $1', [account.id])
  const found = await find()
  if (found) return found.id
  const id = newId()
  // Its code may be anything: nobody ever names it.
  await tx.run(
    `insert into locations (id, code, name, kind, master, priority, created_at, lender_id)
     values ($1, $2, $3, 'lent', 'hub', 2147483647, $4, $5) on conflict (lender_id) where lender_id is not null do nothing`,
    [id, `lent ${id.slice(-6)}`, account.name, now, account.id],
  )
  return (await find())!.id
}

export interface Lending {
  variantId: string
  accountId: string
  most: number
  leave: number
}

/** Null: nothing is lent any more. Answers whether that is another rule than before. */
export async function saveLending(
  tx: Sql,
  key: { variantId: string; accountId: string },
  rule: { most: number; leave: number } | null,
  { actor, now }: { actor: string; now: Date },
): Promise<boolean> {
  const changed = rule
    ? await tx.run(
        `insert into lendings as l (variant_id, account_id, most, leave, actor, changed_at) values ($1, $2, $3, $4, $5, $6)
         on conflict (variant_id) do update set most = $3, leave = $4, actor = $5, changed_at = $6
           where l.account_id = $2 and (l.most, l.leave) <> ($3, $4)`,
        [key.variantId, key.accountId, rule.most, rule.leave, actor, now],
      )
    : await tx.run('delete from lendings where variant_id = $1 and account_id = $2', [key.variantId, key.accountId])
  return changed > 0
}

/** Variants of which the account lends, or once did and something still stands there. */
export async function lentVariants(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select variant_id as id from lendings where account_id = $1
     union select s.variant_id from locations l join stock_levels s on s.location_id = l.id and s.on_hand > 0 where l.lender_id = $1`,
    [accountId],
  )
  return rows.map((row) => row.id)
}

export interface LentVariant {
  rule: { most: number; leave: number } | null
  fulfillable: number
  /** Null: nothing was read of it. */
  readAt: Date | null
  /** Units that the channel sold by itself in the last 30 days, an hour. */
  perHour: number
  orders: LentOrder[]
}

/** Dispatches that channels have in hand, with their lines; those that are over have no next look. */
const openDispatches = `dispatches d join errands e on e.id = d.errand_id and e.state not in ('refused', 'dropped')
  join errand_lines el on el.errand_id = e.id join order_lines l on l.id = el.order_line_id`

const salesMs = 30 * 24 * 3_600_000

/** All that decides how much of these variants the account lends. */
export async function lentState(
  tx: Sql,
  accountId: string,
  variantIds: readonly string[],
  now: Date,
): Promise<Map<string, LentVariant>> {
  const ids = [...variantIds]
  const [rules, held, sold, orders] = await Promise.all([
    tx.rows<Lending>(
      `select variant_id as "variantId", account_id as "accountId", most, leave from lendings
       where account_id = $1 and variant_id = any($2::uuid[])`,
      [accountId, ids],
    ),
    tx.rows<HeldOfVariant>(
      `select s.variant_id as "variantId", h.marketplace, h.remote_sku as "remoteSku", s.units_per_sale as "unitsPerSale", h.fulfillable,
         h.seen_at as "seenAt"
       from held_stock h join locations l on l.id = h.location_id join accounts a on a.id = l.account_id
       join stock_slots s on s.account_id = a.id and s.region = a.region and s.remote_sku = h.remote_sku and s.node = ''
       where l.account_id = $1 and s.variant_id = any($2::uuid[]) and a.stage = 'live' and a.halted_code is null`,
      [accountId, ids],
    ),
    tx.rows<{ variantId: string; units: number }>(
      `select l.variant_id as "variantId", sum((l.quantity - l.canceled) * l.units_per_sale)::bigint as units
       from orders o join order_lines l on l.order_id = o.id
       where o.account_id = $1 and o.fulfilled_by = 'channel' and o.placed_at > $3 and l.variant_id = any($2::uuid[]) group by 1`,
      [accountId, ids, new Date(now.getTime() - salesMs)],
    ),
    tx.rows<{ variantId: string; units: number; promised: number; acceptedAt: Date | null }>(
      `select l.variant_id as "variantId", (l.quantity - l.canceled) * l.units_per_sale - l.shipped_units as units,
         coalesce((select sum(r.quantity) from reservation_lines r where r.order_line_id = l.id), 0)::bigint as promised,
         case when e.state in ('accepted', 'applied') then e.left_at end as "acceptedAt"
       from ${openDispatches} where d.account_id = $1 and d.next_at is not null and l.variant_id = any($2::uuid[])
         and (l.quantity - l.canceled) * l.units_per_sale > l.shipped_units`,
      [accountId, ids],
    ),
  ])
  return new Map(
    ids.map((id): [string, LentVariant] => {
      const rule = rules.find((one) => one.variantId === id)
      const rows = held.filter((one) => one.variantId === id)
      const units = sold.find((one) => one.variantId === id)?.units ?? 0
      return [
        id,
        {
          rule: rule ? { most: rule.most, leave: rule.leave } : null,
          fulfillable: fulfillableOf(accountId, rows),
          readAt: rows.length === 0 ? null : new Date(Math.min(...rows.map((row) => row.seenAt.getTime()))),
          perHour: units / (salesMs / 3_600_000),
          orders: orders.filter((one) => one.variantId === id),
        },
      ]
    }),
  )
}

interface HeldOfVariant {
  variantId: string
  marketplace: string
  remoteSku: string
  unitsPerSale: number
  fulfillable: number
  seenAt: Date
}

const fulfillableOf = (accountId: string, rows: readonly HeldOfVariant[]) =>
  heldInAll(rows.map((row) => ({ ...row, accountId, inbound: 0, reserved: 0, unsellable: 0 }))).fulfillable

/** Who lends of a variant; undefined: nobody. */
export async function lenderOf(
  sql: Sql,
  variantId: string,
): Promise<{ accountId: string; account: string } | undefined> {
  return await sql.one(
    `select l.account_id as "accountId", a.name as account from lendings l join accounts a on a.id = l.account_id where l.variant_id = $1`,
    [variantId],
  )
}

/** What of these variants the account lends and nobody waits for. The caller holds their levels' locks. */
export async function saveLent(tx: Sql, accountId: string, free: ReadonlyMap<string, number>): Promise<void> {
  // Another account may lend of them by now.
  await tx.send(
    `update pool_levels p set lent = t.free from unnest($1::uuid[], $2::bigint[]) as t(variant_id, free)
     where p.variant_id = t.variant_id
       and not exists (select 1 from lendings l where l.variant_id = t.variant_id and l.account_id <> $3)`,
    [[...free.keys()], [...free.values()], accountId],
  )
}

export interface Lack {
  variantId: string
  /** Units that orders wait for and marketplaces may sell, beyond what our own shelves hold and channels were told to ship. */
  lacking: number
  /** Lent units that no dispatch stands for. */
  there: number
}

/**
 * Where own shelves do not hold what orders wait for and what marketplaces may sell (not those channels, own `stores`), and this
 * account lends; of one variant, or of all.
 */
export async function lacksAt(
  sql: Sql,
  accountId: string,
  stores: readonly string[],
  variantId: string | null = null,
): Promise<Lack[]> {
  return await sql.rows<Lack>(
    `select * from (
       select s.variant_id as "variantId", s.on_hand - coalesce(t.units, 0) as there,
         coalesce((select sum(r.quantity) from reservation_lines r where r.variant_id = s.variant_id and r.quantity > 0 and r.order_line_id is not null), 0)::bigint
         + coalesce((select sum(greatest(c.claim, 0) * c.units_per_sale * v.quantity)
             from (select s.variant_id as id, 1 as quantity union all select kit_id, quantity from kit_parts where variant_id = s.variant_id) v
             join stock_slots c on c.variant_id = v.id and c.merchant_fulfilled
             join accounts a on a.id = c.account_id and a.stage in ('live', 'paused') and a.channel <> all($3::text[])), 0)::bigint
         - coalesce((select sum(o.on_hand - o.unsellable) from stock_levels o join locations x on x.id = o.location_id and x.kind <> 'lent'
             where o.variant_id = s.variant_id), 0)::bigint
         - coalesce((select sum((l.quantity - l.canceled) * l.units_per_sale - l.shipped_units) from ${openDispatches}
             where d.next_at is not null and l.variant_id = s.variant_id), 0)::bigint as lacking
       from locations p join stock_levels s on s.location_id = p.id and s.on_hand > 0
       left join lateral (select sum((l.quantity - l.canceled) * l.units_per_sale - l.shipped_units)::bigint as units from ${openDispatches}
         where d.account_id = $1 and d.next_at is not null and l.variant_id = s.variant_id) t on true
       where p.lender_id = $1 and ($2::uuid is null or s.variant_id = $2)) one where lacking > 0 and there > 0 order by "variantId"`,
    [accountId, variantId, [...stores]],
  )
}

/** Keeps these orders from being changed meanwhile: before any level is locked. */
export async function holdOrders(tx: Sql, ids: readonly string[]): Promise<void> {
  await tx.rows('select 1 from orders where id = any($1::uuid[]) order by id for update', [[...new Set(ids)]])
}

/** The channel's SKU that holds most of each variant, of those that can be handed out in whole units. */
export async function heldSkus(
  sql: Sql,
  accountId: string,
  variantIds: readonly string[],
): Promise<Map<string, { remoteSku: string; marketplace: string; unitsPerSale: number }[]>> {
  const rows = await sql.rows<{ id: string; remoteSku: string; marketplace: string; unitsPerSale: number }>(
    `select s.variant_id as id, h.remote_sku as "remoteSku", h.marketplace, s.units_per_sale as "unitsPerSale"
     from held_stock h join locations l on l.id = h.location_id join accounts a on a.id = l.account_id
     join stock_slots s on s.account_id = a.id and s.region = a.region and s.remote_sku = h.remote_sku and s.node = ''
     where l.account_id = $1 and s.variant_id = any($2::uuid[]) and h.fulfillable > 0
     order by h.fulfillable * s.units_per_sale desc, h.remote_sku, h.marketplace`,
    [accountId, [...variantIds]],
  )
  return Map.groupBy(rows, (row) => row.id)
}

/** Dispatches that the channel took and that are due to be looked at. */
export async function dueDispatches(sql: Sql, accountId: string, now: Date, limit: number): Promise<DispatchRow[]> {
  return await sql.rows<DispatchRow>(
    `select e.id, e.order_id as "orderId", e.reference, o.state as "orderState", d.booked, d.cancel_asked_at as "cancelAskedAt", e.left_at as "leftAt"
     from dispatches d join errands e on e.id = d.errand_id join orders o on o.id = e.order_id
     where d.account_id = $1 and d.next_at <= $2 and e.state = 'applied' order by d.next_at, e.id limit $3`,
    [accountId, now, limit],
  )
}

export interface DispatchRow {
  id: string
  orderId: string
  reference: string
  orderState: string
  booked: string[]
  cancelAskedAt: Date | null
  leftAt: Date | null
}

export async function saveDispatch(
  tx: Sql,
  one: {
    id: string
    accountId: string
    state: string
    booked: readonly string[]
    cancelAskedAt: Date | null
    nextAt: Date | null
  },
  now: Date,
): Promise<void> {
  await tx.run(
    `insert into dispatches (errand_id, account_id, next_at, state, booked, cancel_asked_at, changed_at) values ($1, $2, $3, $4, $5, $6, $7)
     on conflict (errand_id) do update set next_at = $3, state = $4, booked = $5, cancel_asked_at = $6, changed_at = $7`,
    [one.id, one.accountId, one.nextAt, one.state, [...one.booked], one.cancelAskedAt, now],
  )
}

/** Those that wait to leave although their order was canceled meanwhile. */
export async function needlessDispatches(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select e.id from dispatches d join errands e on e.id = d.errand_id join orders o on o.id = e.order_id
     where d.account_id = $1 and d.next_at is not null and e.state = 'waiting' and o.state in ('canceled', 'shipped')`,
    [accountId],
  )
  return rows.map((row) => row.id)
}

/** A dispatch that was given up is over. */
export async function closeDropped(sql: Sql, accountId: string): Promise<void> {
  await sql.run(
    `update dispatches d set next_at = null from errands e
     where d.account_id = $1 and d.next_at is not null and e.id = d.errand_id and e.state = 'dropped'`,
    [accountId],
  )
}

export async function variantsOfErrand(sql: Sql, errandId: string): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select distinct l.variant_id as id from errand_lines e join order_lines l on l.id = e.order_line_id
     where e.errand_id = $1 and l.variant_id is not null order by 1`,
    [errandId],
  )
  return rows.map((row) => row.id)
}
