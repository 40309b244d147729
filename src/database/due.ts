/** What the pump looks at: slots whose wish should leave, and writes that nobody answered. */
import type { SlotWrites, Urgency } from '../domain/slots.ts'
import type { Sql } from './pool.ts'
import { isHeldByRevisions } from './revisions.ts'

export interface DueRow {
  id: string
  wish: number
  urgency: Urgency
  /** Since when it waits. */
  since: Date
  /** The feed that is not over and carries a write of it. */
  feedId: string | null
  feedValue: number | null
  feedOverdueAt: Date | null
}

export interface Picking {
  writes: SlotWrites
  watermark: Date | null
  /** Slots with a call under way. */
  calling: readonly string[]
  /** Changes of a listing are counted: what its day has no room for keeps no place. */
  isCounted?: boolean
}

/**
 * Asks all that `isDue` asks: a slot that is not due would keep its place, and others from their turn. Of a slot in a feed
 * only a zero may leave.
 */
const due = `account_id = $1 and dirty and not waits and (retry_at is null or retry_at <= $3)
  and (reason = 'alarm' or wish < coalesce(live_value, confirmed_value)
    or (wish = 0 and live_value is null and confirmed_value is null and $4)
    or (live_value is null and confirmed_value is not null and (hold_until is null or hold_until <= $2)))
  and (feed_id is null or wish = 0) and id <> all($5::uuid[])`
const settled = 'live_value is null and confirmed_value is not null'
const dueFor = ({ isCounted, writes }: Picking) =>
  [due, ...(isCounted ? [`not ${isHeldByRevisions('$3')}`] : []), ...(writes === 'look-first' ? [settled] : [])].join(
    ' and ',
  )
const place = 'id, wish, urgency, wish_at, feed_id'
const told = `id, wish, urgency, coalesce(wish_at, $3) as since, feed_id as "feedId",
  (select l.value from feed_lines l where l.feed_id = s.feed_id and l.slot_id = s.id) as "feedValue",
  (select f.overdue_at from feeds f where f.id = s.feed_id) as "feedOverdueAt"`

const values = (accountId: string, { writes, watermark, calling }: Picking, now: Date) => [
  accountId,
  watermark,
  now,
  writes === 'absolute',
  calling,
]

/** Up to `limit` slots of the account whose wish should leave now, the most urgent first. Not locked: their levels come first. */
export async function dueSlots(
  sql: Sql,
  accountId: string,
  picking: Picking,
  now: Date,
  limit: number,
): Promise<DueRow[]> {
  return await sql.rows<DueRow>(
    `select ${told} from (select ${place} from stock_slots where ${dueFor(picking)} order by urgency, wish_at limit $6) s order by urgency, wish_at`,
    [...values(accountId, picking, now), limit],
  )
}

/** The oldest of each urgency, at most `each`: where more waits than can be looked at for every call. */
export async function oldestDue(
  sql: Sql,
  accountId: string,
  picking: Picking,
  now: Date,
  each: number,
): Promise<DueRow[]> {
  return await sql.rows<DueRow>(
    `select ${told} from unnest('{0,1,2,3}'::smallint[]) u(level) cross join lateral (
       select ${place} from stock_slots where urgency = u.level and ${dueFor(picking)} order by wish_at limit $6) s order by urgency, wish_at`,
    [...values(accountId, picking, now), each],
  )
}

/** How many are due, counted up to `most`. */
export async function countDue(
  sql: Sql,
  accountId: string,
  picking: Picking,
  now: Date,
  most: number,
): Promise<number> {
  const row = await sql.one<{ count: number }>(
    `select count(*) as count from (select 1 from stock_slots where ${dueFor(picking)} limit $6) s`,
    [...values(accountId, picking, now), most],
  )
  return row!.count
}

/** Slots whose write on its way has no answer. Lines of feeds have theirs from the feed. */
export async function unansweredSlots(sql: Sql, accountId: string): Promise<string[]> {
  const rows = await sql.rows<{ id: string }>(
    `select id from stock_slots s where account_id = $1 and live_value is not null and live_accepted_at is null
       and not exists (select 1 from feed_lines l where l.feed_id = s.feed_id and l.slot_id = s.id and l.version = s.live_version)`,
    [accountId],
  )
  return rows.map((row) => row.id)
}
