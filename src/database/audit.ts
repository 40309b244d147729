/** What the drift audit reads, and what it remembers of it. */
import { idleClaimMs, leastRestMs, type Suspect, type Suspicion, type Trace } from '../domain/suspicion.ts'
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

export interface SlotToRead {
  id: string
  remoteSku: string
}

const ours = 's.account_id = $1 and s.variant_id is not null and s.merchant_fulfilled is not false'
const rests = 's.live_value is null and s.read_due_at is null'

/** Slots that must be read: never read, or asked for by a write or by a reading before. The longest waiting first. */
export async function slotsDue(db: Sql, accountId: string, now: Date, limit: number): Promise<SlotToRead[]> {
  return await db.rows(
    `select s.id, s.remote_sku as "remoteSku" from stock_slots s
     where ${ours} and (s.read_due_at <= $2 or (s.confirmed_at is null and ${rests}))
     order by s.read_due_at is null, s.read_due_at limit $3`,
    [accountId, now, limit],
  )
}

/** So many of each kind are compared by their score at once. */
const candidates = 200

/**
 * Slots at rest that may be due: those not read for longest, those that were odd before, and those that claim more than they
 * show. Which of them are worth it is for domain/suspicion.ts to say.
 */
export async function slotsAtRest(
  db: Sql,
  accountId: string,
  now: Date,
  auditEveryMs: number,
): Promise<(SlotToRead & Suspect)[]> {
  const before = (ms: number) => new Date(now.getTime() - ms)
  const rows = await db.rows<RestRow>(
    `select s.id, s.remote_sku, s.confirmed_at, s.confirmed_value, s.claim, s.settle_at, s.problem_at, s.suspicion,
       s.reason is not distinct from 'alarm' as alarm, p.claimed, p.on_hand - p.unsellable - p.reserved - p.allocated as available
     from stock_slots s left join pool_levels p on p.variant_id = s.variant_id where s.id in (
       (select s.id from stock_slots s where ${ours} and ${rests} and s.confirmed_at <= $2 order by s.confirmed_at limit $5)
       union (select s.id from stock_slots s where ${ours} and ${rests} and s.suspicion is not null and s.confirmed_at <= $3
         order by s.confirmed_at limit $5)
       union (select s.id from stock_slots s where ${ours} and ${rests} and s.settle_at is null
           and (s.claim is null or s.claim > s.confirmed_value) and s.confirmed_at <= $4
         order by s.confirmed_at limit $5))`,
    [
      accountId,
      before(auditEveryMs / 2),
      before(Math.min(leastRestMs, auditEveryMs)),
      before(Math.min(idleClaimMs, auditEveryMs)),
      candidates,
    ],
  )
  return rows.map((row) => ({
    id: row.id,
    remoteSku: row.remote_sku,
    readAt: row.confirmed_at.getTime(),
    claim: row.claim,
    shown: row.confirmed_value,
    isAlarmed: row.alarm,
    isSettling: row.settle_at !== null,
    refusedAt: row.problem_at?.getTime() ?? null,
    suspicion: row.suspicion,
    available: row.available,
    claimed: row.claimed,
  }))
}

interface RestRow {
  id: string
  remote_sku: string
  confirmed_at: Date
  confirmed_value: number
  claim: number | null
  settle_at: Date | null
  problem_at: Date | null
  suspicion: Suspicion | null
  alarm: boolean
  claimed: number | null
  available: number | null
}

/**
 * What these slots may have shown since then by all that we know: sent, sold, and what a cancellation would put back.
 * `memory`: how old an answer of the channel may be.
 */
export async function tracesOf(
  tx: Sql,
  slots: readonly { id: string; variantId: string | null }[],
  { since, memory }: { since: Date; memory: Date },
): Promise<Map<string, Trace>> {
  const ids = slots.map((slot) => slot.id)
  const variantIds = [...new Set(slots.flatMap((slot) => slot.variantId ?? []))]
  const [sent, sold, open] = await Promise.all([
    tx.rows<{ slot_id: string; quantity: number; replaces: number | null; intended_at: Date }>(
      `select s.id as slot_id, (e.intent->>'quantity')::bigint as quantity, (e.intent->>'replaces')::bigint as replaces, e.intended_at
       from unnest($1::uuid[]) as s(id) join effects e on e.subject = 'slot:' || s.id
       where e.kind = 'stock.push' and e.intended_at >= $2`,
      [ids, since],
    ),
    tx.rows<{ slot_id: string; units: number }>(
      `select slot_id, sum(units)::bigint as units from (
         select l.slot_id, l.quantity as units from orders o join order_lines l on l.order_id = o.id
           where o.imported_at >= $2 and l.slot_id = any($1::uuid[])
         union all
         select r.slot_id, r.quantity from reservation_lines r
           where r.variant_id = any($3::uuid[]) and r.quantity > 0 and r.promised_at >= $2 and r.slot_id = any($1::uuid[])) t
       group by slot_id`,
      [ids, since, variantIds],
    ),
    tx.rows<{ slot_id: string; units: number }>(
      `select l.slot_id, sum(r.quantity)::bigint as units from reservation_lines r join order_lines l on l.id = r.order_line_id
       where r.variant_id = any($2::uuid[]) and r.quantity > 0 and l.slot_id = any($1::uuid[]) group by l.slot_id`,
      [ids, variantIds],
    ),
  ])
  const of = (id: string) => sent.filter((row) => row.slot_id === id)
  return new Map(
    ids.map((id): [string, Trace] => [
      id,
      {
        numbers: of(id).flatMap(({ quantity, replaces }) => (replaces === null ? [quantity] : [quantity, replaces])),
        replaced: of(id).flatMap(({ replaces, intended_at }) =>
          replaces !== null && intended_at >= memory ? [replaces] : [],
        ),
        sold: sold.find((row) => row.slot_id === id)?.units ?? 0,
        returnable: open.find((row) => row.slot_id === id)?.units ?? 0,
      },
    ]),
  )
}

export async function saveSuspicions(tx: Sql, rows: ReadonlyMap<string, Suspicion | null>): Promise<void> {
  if (rows.size === 0) return
  await tx.send(
    `update stock_slots s set suspicion = t.suspicion from unnest($1::uuid[], $2::jsonb[]) as t(id, suspicion) where s.id = t.id`,
    [[...rows.keys()], [...rows.values()].map((one) => one && JSON.stringify(one))],
  )
}

export interface Deviation {
  slotId: string
  kind: 'lower' | 'higher' | 'lost' | 'writer'
  expected: number | null
  shown: number
}

/** The same number read again within this time is the same deviation. */
const sameMs = 3_600_000

/** Counts the readings, and keeps those that were not as expected. */
export async function noteReadings(
  tx: Sql,
  accountId: string,
  count: number,
  deviations: readonly Deviation[],
  now: Date,
  newId: NewId,
): Promise<void> {
  const hour = new Date(Math.floor(now.getTime() / 3_600_000) * 3_600_000)
  await tx.send(
    `insert into readings as r (account_id, hour, readings) values ($1, $2, $3)
     on conflict (account_id, hour) do update set readings = r.readings + $3`,
    [accountId, hour, count],
  )
  if (deviations.length === 0) return
  const column = (pick: (one: Deviation) => unknown) => deviations.map(pick)
  await tx.send(
    `insert into deviations (id, slot_id, account_id, kind, expected, shown, at)
     select t.id, t.slot, $1, t.kind, t.expected, t.shown, $2
     from unnest($4::uuid[], $5::uuid[], $6::text[], $7::bigint[], $8::bigint[]) as t(id, slot, kind, expected, shown)
     where not exists (select 1 from deviations d
       where d.slot_id = t.slot and d.kind = t.kind and d.shown = t.shown and d.at > $3)`,
    [
      accountId,
      now,
      new Date(now.getTime() - sameMs),
      column(() => newId()),
      column((one) => one.slotId),
      column((one) => one.kind),
      column((one) => one.expected),
      column((one) => one.shown),
    ],
  )
}

/** What was read before then is forgotten. */
export async function forgetReadings(db: Sql, before: Date): Promise<void> {
  await db.run('delete from deviations where at < $1', [before])
  await db.run('delete from readings where hour < $1', [before])
}
