/** What each account has still to send, and what is on its way. */
import type { Sql } from '../pool.ts'

export interface Sending {
  accountId: string
  account: string
  channel: string
  stage: 'sandbox' | 'shadow' | 'live' | 'paused'
  isHalted: boolean
  /** Slots that wait to be sent. */
  due: number
  /** Of the others that differ: their units are bound by claims. */
  waiting: number
  inCalls: number
  inFeeds: number
}

export async function sendings(db: Sql, accountId: string | null): Promise<Sending[]> {
  return await db.rows<Sending>(
    `select a.id as "accountId", a.name as account, a.channel, a.stage, a.halted_code is not null as "isHalted",
       count(s.id) filter (where s.dirty and not s.waits and s.feed_id is null) as due,
       count(s.id) filter (where s.dirty and s.waits and s.feed_id is null) as waiting,
       count(s.id) filter (where s.live_value is not null and s.live_accepted_at is null and s.feed_id is null) as "inCalls",
       count(s.id) filter (where s.feed_id is not null) as "inFeeds"
     from accounts a left join stock_slots s on s.account_id = a.id and (s.dirty or s.live_value is not null or s.feed_id is not null)
     where $1::uuid is null or a.id = $1 group by a.id order by lower(a.name), a.name`,
    [accountId],
  )
}

/** Listings that show goods of ours, by account: the most that a change of so many variants can concern. */
export async function slotsOfVariants(db: Sql, variants: number): Promise<Map<string, number>> {
  const rows = await db.rows<{ id: string; slots: number }>(
    `select account_id as id, count(*) as slots from stock_slots where merchant_fulfilled and variant_id is not null group by 1`,
  )
  return new Map(rows.map((row) => [row.id, Math.min(row.slots, variants)]))
}
