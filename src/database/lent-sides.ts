/**
 * What of a variant's units and promises lies at a channel that lends, told from what lies on our own shelves. Only shelves serve
 * marketplaces, so it is counted anew from promises as they are now, also where what is lent has not been counted since.
 */
import { type LentSide, linesToLend, type WaitingLine } from '../domain/lending.ts'
import type { Sql } from './pool.ts'

/** Lines of open orders of own stores that could be shipped from what is lent: whole, of the variant itself, for the first time. */
const mayBeShipped = `r.quantity > 0 and r.short = 0 and l.variant_id = r.variant_id and a.channel = any($2::text[]) and a.stage = 'live'
  and o.state = 'open' and o.fulfilled_by = 'merchant' and l.shipped_units = 0
  and r.quantity = (l.quantity - l.canceled) * l.units_per_sale
  and not exists (select 1 from errand_lines e join errands x on x.id = e.errand_id where e.order_line_id = l.id and x.kind in ('dispatch', 'shipment'))`
const fromPromise = `reservation_lines r join order_lines l on l.id = r.order_line_id join orders o on o.id = l.order_id
  join accounts a on a.id = o.account_id`

export async function linesToShip(
  sql: Sql,
  variantId: string,
  stores: readonly string[],
): Promise<(WaitingLine & { accountId: string; unitsPerSale: number })[]> {
  return await sql.rows(
    `select l.id as "lineId", o.id as "orderId", o.account_id as "accountId", o.placed_at as "placedAt", r.quantity as units,
       l.units_per_sale as "unitsPerSale"
     from ${fromPromise} where r.variant_id = $1 and ${mayBeShipped} order by o.placed_at desc, l.id desc limit ${linesAtMost}`,
    [variantId, [...stores]],
  )
}
const linesAtMost = 500

/** Dispatches that are not over, with the units that are still promised by them. `d` is open, `e` its errand. */
const openDispatches = `dispatches d join errands e on e.id = d.errand_id and e.state not in ('refused', 'dropped')
  join errand_lines el on el.errand_id = e.id join reservation_lines r on r.order_line_id = el.order_line_id and r.quantity > 0`

/** A dispatch that waits for its answer longer than this is needed on our own shelves until it comes. */
const answerMs = 15 * 60_000

/** Of variants of which something is lent. */
export async function lentSides(
  sql: Sql,
  variantIds: readonly string[],
  stores: readonly string[],
  now: Date,
): Promise<Map<string, LentSide>> {
  const ids = [...variantIds]
  const places = await sql.rows<{ variantId: string; held: number; free: number }>(
    `select p.variant_id as "variantId", p.lent as free, coalesce((select sum(s.on_hand) from stock_levels s
         where s.variant_id = p.variant_id and s.location_id in (select id from locations where kind = 'lent')), 0)::bigint as held
     from pool_levels p where p.variant_id = any($1::uuid[])`,
    [ids],
  )
  const dispatched = await sql.rows<{ variantId: string; state: string; units: number }>(
    `select r.variant_id as "variantId", case when e.state = 'applied' then 'taken' 
         when e.state in ('waiting', 'sent', 'accepted', 'unknown') and e.created_at > $2 and a.stage = 'live' and a.halted_code is null then 'leaving'
         else 'doubted' end as state, sum(r.quantity)::bigint as units
     from ${openDispatches} join accounts a on a.id = d.account_id
     where d.next_at is not null and r.variant_id = any($1::uuid[]) group by 1, 2`,
    [ids, new Date(now.getTime() - answerMs)],
  )
  const waiting = await sql.rows<WaitingLine & { variantId: string }>(
    `select r.variant_id as "variantId", l.id as "lineId", o.id as "orderId", o.placed_at as "placedAt", r.quantity as units
     from ${fromPromise} where r.variant_id = any($1::uuid[]) and ${mayBeShipped}
       and exists (select 1 from lendings n join accounts la on la.id = n.account_id and la.stage = 'live' and la.halted_code is null
         join locations hl on hl.account_id = la.id join held_stock h on h.location_id = hl.id and h.fulfillable > 0
         join stock_slots s on s.account_id = la.id and s.region = la.region and s.remote_sku = h.remote_sku and s.node = '' and s.variant_id = r.variant_id
         where n.variant_id = r.variant_id and r.quantity % s.units_per_sale = 0)`,
    [ids, [...stores]],
  )
  return new Map(
    places.map(({ variantId, held, free }): [string, LentSide] => {
      const of = (state: string) =>
        dispatched.find((one) => one.variantId === variantId && one.state === state)?.units ?? 0
      const lines = waiting.filter((one) => one.variantId === variantId)
      const mayBe = linesToLend(Number.POSITIVE_INFINITY, free, lines).reduce((sum, one) => sum + one.units, 0)
      return [variantId, { held, free, taken: of('taken'), leaving: of('leaving'), doubted: of('doubted'), mayBe }]
    }),
  )
}

/** Everything that some channel lends. */
export async function lentAnywhere(sql: Sql): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select distinct s.variant_id as id from locations l join stock_levels s on s.location_id = l.id and s.on_hand > 0 where l.kind = 'lent' order by 1`,
  )
  return rows.map((row) => row.id)
}

/** Variants of which another number stands at the account's place than is free there and promised by dispatches. */
export async function lentOtherwise(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select s.variant_id as id from locations p join stock_levels s on s.location_id = p.id
       join pool_levels l on l.variant_id = s.variant_id
       left join (select r.variant_id, sum(r.quantity) as units from ${openDispatches} where d.next_at is not null and d.account_id = $1 group by 1) t
         on t.variant_id = s.variant_id
     where p.lender_id = $1 and not exists (select 1 from lendings n where n.variant_id = s.variant_id and n.account_id <> $1)
       and s.on_hand <> l.lent + coalesce(t.units, 0) order by 1`,
    [accountId],
  )
  return rows.map((row) => row.id)
}
