/** Keeps what an oversell is explained by: rises of short and uncovered, and what did not fit at a slot. */
import type { Sql } from './pool.ts'

/**
 * Tells what of these levels is news: a line where short or, in guarded mode, uncovered rose since it was last told. The
 * caller holds their locks, at the end of the fact that changed them.
 */
export async function noteRises(tx: Sql, variantIds: readonly string[], now: Date): Promise<void> {
  if (variantIds.length === 0) return
  await tx.send(
    `with news as (
       select variant_id, short - short_told as short, case when mode = 'guarded' then uncovered - uncovered_told else 0 end as uncovered,
         uncovered_told, unknown_claims, mode
       from pool_levels where variant_id = any($1::uuid[])),
     kept as (
       insert into oversells (variant_id, at, short, uncovered, uncovered_before, unknown_claims, mode)
       select variant_id, $2, greatest(0, short), greatest(0, uncovered), uncovered_told, unknown_claims, mode
       from news where short > 0 or uncovered > 0 order by variant_id)
     update pool_levels set short_told = short, uncovered_told = uncovered where variant_id = any($1::uuid[])`,
    [variantIds, now],
  )
}

export interface SlotEvent {
  slotId: string
  kind: 'higher' | 'lower' | 'lost' | 'late' | 'beyond' | 'joined'
  data: Record<string, number | string | null>
}

/** What did not fit at slots. Mostly there is nothing to write. */
export async function noteSlotEvents(tx: Sql, events: readonly SlotEvent[], now: Date): Promise<void> {
  if (events.length === 0) return
  await tx.send(
    `insert into slot_events (slot_id, kind, data, at)
     select slot_id, kind, data, $4 from unnest($1::uuid[], $2::text[], $3::jsonb[]) with ordinality as t(slot_id, kind, data, n) order by n`,
    [
      events.map((one) => one.slotId),
      events.map((one) => one.kind),
      events.map((one) => JSON.stringify(one.data)),
      now,
    ],
  )
}
