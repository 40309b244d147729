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

/** Bodies as JSON text: what waits for the database takes a fraction of the memory that parsed bodies would. */
export interface StoredCall extends Omit<CallRecord, 'request' | 'response'> {
  accountId: string | null
  request: string | null
  response: string | null
}

const text = (body: unknown) => (body === undefined || body === null ? null : JSON.stringify(body))

export const storedCall = (call: CallRecord, accountId: string | null): StoredCall => ({
  ...call,
  accountId,
  request: text(call.request),
  response: text(call.response),
})

export async function insertCalls(db: Sql, calls: readonly StoredCall[], newId: NewId): Promise<void> {
  if (calls.length === 0) return
  const column = (pick: (call: StoredCall) => unknown) => calls.map(pick)
  await db.run(
    `insert into channel_calls (id, account_id, operation, method, url, request, status, response, request_id, error_kind, started_at, duration_ms)
     select * from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::int[], $8::jsonb[], $9::text[], $10::text[], $11::timestamptz[], $12::int[])`,
    [
      column(() => newId()),
      column((c) => c.accountId),
      column((c) => c.operation),
      column((c) => c.method),
      column((c) => c.url),
      column((c) => c.request),
      column((c) => c.status),
      column((c) => c.response),
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

/** Beyond these the oldest are let go: a database that is away or slow must not fill the memory. Bytes are of bodies. */
const waitAtMost = { calls: 5_000, bytes: 64 * 2 ** 20 }
const sizeOf = ({ request, response }: StoredCall) => (request?.length ?? 0) + (response?.length ?? 0)

/** Collects calls and writes them in the background: the journal never slows a call down. */
export function journalWriter(
  db: Sql,
  newId: NewId,
  options: { autoFlushMs: number | null; lost(call: StoredCall, why: string): void; most?: typeof waitAtMost },
) {
  const { most = waitAtMost } = options
  let waiting: StoredCall[] = []
  let bytes = 0
  let isLettingGo = false
  let writing: Promise<void> = Promise.resolve()
  let timer: NodeJS.Timeout | undefined
  /** Of those that are let go in a row the first is told. */
  const letGo = () => {
    while (waiting.length > most.calls || bytes > most.bytes) {
      const call = waiting.shift()!
      bytes -= sizeOf(call)
      if (!isLettingGo) options.lost(call, 'the database does not keep up: the oldest calls are let go')
      isLettingGo = true
    }
  }
  /** A database that is away gets the calls later; a call that it cannot hold must not hold up the others. */
  const store = async (calls: readonly StoredCall[]): Promise<void> => {
    try {
      await insertCalls(db, calls, newId)
      isLettingGo = false
    } catch (error) {
      const { code = '', message } = error as { code?: string; message: string }
      if (!code.startsWith('22')) {
        waiting = [...calls, ...waiting]
        bytes = waiting.reduce((sum, call) => sum + sizeOf(call), 0)
        letGo()
      } else if (calls.length > 1) for (const call of calls) await store([call])
      else options.lost(calls[0]!, message)
    }
  }
  /** One statement at a time: what comes meanwhile waits, and counts as waiting. */
  const storeWaiting = async () => {
    const calls = waiting
    waiting = []
    bytes = 0
    await store(calls)
  }
  const flush = async () => {
    clearTimeout(timer)
    timer = undefined
    writing = writing.then(storeWaiting)
    await writing
  }
  return {
    flush,
    forAccount: (accountId: string | null) => ({
      record(call: CallRecord) {
        const stored = storedCall(call, accountId)
        waiting.push(stored)
        bytes += sizeOf(stored)
        letGo()
        if (options.autoFlushMs !== null) timer ??= setTimeout(() => void flush(), options.autoFlushMs).unref()
      },
    }),
  }
}
export type JournalWriter = ReturnType<typeof journalWriter>
