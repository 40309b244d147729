/** Outgoing events: messages, not wishes, so each one is kept until it was delivered or given up. */
import type { NewId } from '../domain/values.ts'
import type { Sql } from './pool.ts'

export interface OutgoingEvent {
  event: string
  data: unknown
}

export async function enqueueEvents(
  tx: Sql,
  ctx: { newId: NewId },
  events: readonly OutgoingEvent[],
  now: Date,
): Promise<void> {
  if (events.length === 0) return
  const endpoints = await tx.rows<{ id: string; events: string[] }>(
    'select id, events from webhook_endpoints where disabled_at is null',
  )
  const rows = endpoints.flatMap((endpoint) =>
    events
      .filter((one) => endpoint.events.includes(one.event))
      .map((one) => ({
        id: ctx.newId(),
        endpointId: endpoint.id,
        event: one.event,
        body: JSON.stringify({ type: one.event, timestamp: now.toISOString(), data: one.data }),
      })),
  )
  if (rows.length === 0) return
  await tx.send(
    `insert into webhook_deliveries (id, endpoint_id, event, body, state, attempts, next_at, created_at)
     select t.*, 'waiting', 0, $5, $5 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[]) as t(id, endpoint, event, body)`,
    [rows.map((r) => r.id), rows.map((r) => r.endpointId), rows.map((r) => r.event), rows.map((r) => r.body), now],
  )
}

export interface Delivery {
  id: string
  event: string
  body: unknown
  attempts: number
  url: string
  secret_sealed: Buffer
  endpoint_id: string
}

/**
 * A few of each endpoint, so that one that does not answer delays no other; none of those that are still being served.
 * Claims due deliveries by moving their next try beyond the call's deadline: a crash only delays them. The number of the
 * attempt names the claim.
 */
export async function claimDeliveries(
  db: Sql,
  now: Date,
  until: Date,
  limit: number,
  busy: readonly string[] = [],
): Promise<Delivery[]> {
  return await db.rows<Delivery>(
    `update webhook_deliveries d set next_at = $2, attempts = d.attempts + 1 from webhook_endpoints e
     where d.id in (
       select due.id from webhook_endpoints w cross join lateral (
         select id from webhook_deliveries where endpoint_id = w.id and state = 'waiting' and next_at <= $1 order by next_at limit $3 for update skip locked) due
       where w.disabled_at is null and w.id <> all($4::uuid[]))
       and e.id = d.endpoint_id
     returning d.id, d.event, d.body, d.attempts, e.url, e.secret_sealed, e.id as endpoint_id`,
    [now, until, limit, busy],
  )
}

/** What waits or was given up is due now, with all its tries. Undefined where there is no such endpoint. */
export async function replayDeliveries(tx: Sql, endpointId: string, now: Date): Promise<number | undefined> {
  const endpoint = await tx.one('select 1 from webhook_endpoints where id = $1 and disabled_at is null', [endpointId])
  if (!endpoint) return undefined
  return await tx.run(
    `update webhook_deliveries set state = 'waiting', attempts = 0, next_at = $2, done_at = null
     where endpoint_id = $1 and state in ('waiting', 'dead')`,
    [endpointId, now],
  )
}

export async function countDead(db: Sql, endpointId: string): Promise<number> {
  const row = await db.one<{ count: number }>(
    `select count(*) as count from webhook_deliveries where endpoint_id = $1 and state = 'dead'`,
    [endpointId],
  )
  return row?.count ?? 0
}

/** What became of a claimed delivery; without effect where it was claimed anew or settled meanwhile. */
export async function settleDelivery(
  db: Sql,
  { id, attempts }: Pick<Delivery, 'id' | 'attempts'>,
  result: { state: 'waiting' | 'delivered' | 'dead'; nextAt: Date | null; status: number | null; error: string | null },
  now: Date,
): Promise<void> {
  await db.run(
    `update webhook_deliveries set state = $2, next_at = $3, last_status = $4, last_error = $5, done_at = case when $2 = 'waiting' then null else $6::timestamptz end
     where id = $1 and state = 'waiting' and attempts = $7`,
    [id, result.state, result.nextAt, result.status, result.error, now, attempts],
  )
}
