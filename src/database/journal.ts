/** What left this machine: every call (redacted), and every external write with intent and outcome. */

import type { NewId } from '../domain/values.ts'
import type { CallRecord } from '../http/client.ts'
import type { Database, Sql } from './pool.ts'

const dayMs = 86_400_000
const dayOf = (time: Date) => time.toISOString().slice(0, 10)

/**
 * Makes the journal's daily partitions some days ahead; rows of other days go to the default one. Making one needs the
 * whole journal for a moment: behind a long reader (a backup) it gives up soon, lest every call waits behind it.
 */
export async function ensureJournalDays(db: Database, now: Date, days = 4): Promise<void> {
  for (let day = 0; day < days; day += 1) {
    const from = dayOf(new Date(now.getTime() + day * dayMs))
    const to = dayOf(new Date(now.getTime() + (day + 1) * dayMs))
    const name = `channel_calls_${from.replaceAll('-', '')}`
    try {
      await db.transaction(async (tx) => {
        await tx.run(`set local lock_timeout = '300ms'`)
        await tx.run(
          `create table if not exists ${name} partition of channel_calls for values from ('${from} 00:00:00+00') to ('${to} 00:00:00+00')`,
        )
      })
    } catch (error) {
      const { code = '' } = error as { code?: string }
      if (code === tooBusy) return
      // Two processes may make the same day at once; and a day whose rows lie in the default partition stays there.
      if (!['42P07', '23514', '42P17', '40P01'].includes(code)) throw error
    }
  }
}

const tooBusy = '55P03'

export interface StoredCall extends CallRecord {
  accountId: string | null
}

export async function insertCalls(db: Sql, calls: readonly StoredCall[], newId: NewId): Promise<void> {
  if (calls.length === 0) return
  const column = (pick: (call: StoredCall) => unknown) => calls.map(pick)
  const json = (value: unknown) => (value === undefined || value === null ? null : JSON.stringify(value))
  await db.run(
    `insert into channel_calls (id, account_id, operation, method, url, request, status, response, request_id, error_kind, started_at, duration_ms)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::int[], $8::jsonb[], $9::text[], $10::text[], $11::timestamptz[], $12::int[])`,
    [
      column(() => newId()),
      column((c) => c.accountId),
      column((c) => c.operation),
      column((c) => c.method),
      column((c) => c.url),
      column((c) => json(c.request)),
      column((c) => c.status),
      column((c) => json(c.response)),
      column((c) => c.requestId),
      column((c) => c.error),
      column((c) => c.startedAt),
      column((c) => c.durationMs),
    ],
  )
}

export interface EffectIntent {
  id: string
  accountId: string
  kind: string
  subject: string
  intent: unknown
  epoch: number
}

/** Written and committed before the call leaves. */
export async function intend(tx: Sql, effects: readonly EffectIntent[], now: Date): Promise<void> {
  if (effects.length === 0) return
  const column = (pick: (effect: EffectIntent) => unknown) => effects.map(pick)
  await tx.run(
    `insert into effects (id, account_id, kind, subject, intent, epoch, intended_at)
     select t.*, $7 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::jsonb[], $6::bigint[]) as t(id, account_id, kind, subject, intent, epoch)`,
    [
      column((e) => e.id),
      column((e) => e.accountId),
      column((e) => e.kind),
      column((e) => e.subject),
      column((e) => JSON.stringify(e.intent)),
      column((e) => e.epoch),
      now,
    ],
  )
}

export type EffectOutcome = 'accepted' | 'applied' | 'mismatch' | 'refused' | 'unknown' | 'not-sent'

export async function recordOutcomes(
  tx: Sql,
  outcomes: readonly { id: string; outcome: EffectOutcome; detail?: unknown }[],
  now: Date,
): Promise<void> {
  if (outcomes.length === 0) return
  await tx.run(
    `update effects e set outcome = t.outcome, outcome_detail = t.detail, outcome_at = $4
     from unnest($1::uuid[], $2::text[], $3::jsonb[]) as t(id, outcome, detail) where e.id = t.id and e.outcome is null`,
    [
      outcomes.map((one) => one.id),
      outcomes.map((one) => one.outcome),
      outcomes.map((one) => (one.detail === undefined ? null : JSON.stringify(one.detail))),
      now,
    ],
  )
}

/**
 * Intents without an outcome while no call of the account is under way: nobody will tell any more, so they may have
 * been carried out. Lines of feeds are told by their feed.
 */
export async function closeOrphanEffects(tx: Sql, accountId: string, epoch: number, now: Date): Promise<number> {
  return await tx.run(
    `update effects e set outcome = 'unknown', outcome_at = $3 where account_id = $1 and outcome is null and epoch <= $2
       and not exists (select 1 from feed_lines l where l.effect_id = e.id)`,
    [accountId, epoch, now],
  )
}

/** Collects calls and writes them in the background: the journal never slows a call down. */
export function journalWriter(
  db: Sql,
  newId: NewId,
  options: { autoFlushMs: number | null; lost(call: StoredCall, why: string): void },
) {
  let waiting: StoredCall[] = []
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  /** Beyond this many the oldest are dropped: a database that is down must not fill the memory. */
  const most = 5_000
  /** A database that is away gets the calls later; a call that it cannot hold must not hold up the others. */
  const store = async (calls: readonly StoredCall[]): Promise<void> => {
    try {
      await insertCalls(db, calls, newId)
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string }
      if (!code.startsWith('22')) waiting = [...calls, ...waiting].slice(-most)
      else if (calls.length > 1) for (const call of calls) await store([call])
      else options.lost(calls[0]!, message)
    }
  }
  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    const calls = waiting
    waiting = []
    writing = writing.then(() => store(calls))
    await writing
  }
  return {
    flush,
    forAccount: (accountId: string | null) => ({
      record(call: CallRecord) {
        waiting.push({ ...call, accountId })
        if (options.autoFlushMs !== null) timer ??= setTimeout(() => void flush(), options.autoFlushMs).unref()
      },
    }),
  }
}
export type JournalWriter = ReturnType<typeof journalWriter>
