/** What is stored of an account's slots that tells how its channel behaves. */
import type { Sql } from '../pool.ts'

export interface ProbedSlot {
  id: string
  sku: string
  variantId: string | null
  unitsPerSale: number
}

export async function probedSlots(db: Sql, accountId: string): Promise<ProbedSlot[]> {
  return await db.rows<ProbedSlot>(
    `select id, remote_sku as sku, variant_id as "variantId", units_per_sale as "unitsPerSale" from stock_slots
     where account_id = $1 and variant_id is not null and merchant_fulfilled order by remote_sku`,
    [accountId],
  )
}

export interface ProbedWrite {
  slotId: string
  sentAt: Date
  value: number
  outcome: string | null
}

/** Writes that left or may have. */
export async function probedWrites(db: Sql, accountId: string, since: Date): Promise<ProbedWrite[]> {
  return await db.rows<ProbedWrite>(
    `select substr(subject, 6) as "slotId", intended_at as "sentAt", (intent->>'quantity')::int as value, outcome from effects
     where account_id = $1 and kind = 'stock.push' and intended_at >= $2 and outcome is distinct from 'not-sent' and outcome is distinct from 'refused'
     order by intended_at, id`,
    [accountId, since],
  )
}

export interface ProbedSale {
  slotId: string
  placedAt: Date
  knownAt: Date
  quantity: number
  canceled: number
  marketplace: string | null
}

export async function probedSales(db: Sql, accountId: string, since: Date): Promise<ProbedSale[]> {
  return await db.rows<ProbedSale>(
    `select l.slot_id as "slotId", o.placed_at as "placedAt", o.imported_at as "knownAt", l.quantity,
       case when o.state = 'canceled' then l.quantity else l.canceled end as canceled, o.marketplace
     from orders o join order_lines l on l.order_id = o.id
     where o.account_id = $1 and o.placed_at >= $2 and not o.before_opening and l.slot_id is not null order by o.placed_at, l.id`,
    [accountId, since],
  )
}

export interface ProbedCall {
  operation: string
  response: unknown
  startedAt: Date
  durationMs: number
}

/** The newest answered calls, oldest first. */
export async function probedCalls(db: Sql, accountId: string, since: Date, limit: number): Promise<ProbedCall[]> {
  const rows = await db.rows<ProbedCall>(
    `select operation, response, started_at as "startedAt", duration_ms as "durationMs" from channel_calls
     where account_id = $1 and started_at >= $2 and response is not null and status between 200 and 299
       and operation <> all(array['token', 'searchOrders', 'patchListingsItem', 'stock.set'])
     order by started_at desc limit $3`,
    [accountId, since, limit],
  )
  return rows.reverse()
}

/** Asks for a reading of slots that sold something since their last one: each tells whether the channel lowered itself. */
export async function askForReadings(db: Sql, accountId: string, now: Date, limit: number): Promise<number> {
  return await db.run(
    `update stock_slots set read_due_at = $2 where id in (
       select s.id from stock_slots s where s.account_id = $1 and s.merchant_fulfilled and s.live_value is null and s.read_due_at is null
         and exists (select 1 from order_lines l join orders o on o.id = l.order_id
           where l.variant_id = s.variant_id and l.slot_id = s.id and o.placed_at > s.confirmed_at)
       order by s.id limit $3 for update skip locked)`,
    [accountId, now, limit],
  )
}

export async function readingsAsked(db: Sql, accountId: string, until: Date): Promise<number> {
  const row = await db.one<{ count: number }>(
    'select count(*) as count from stock_slots where account_id = $1 and read_due_at <= $2',
    [accountId, until],
  )
  return row!.count
}
