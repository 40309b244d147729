/** Token buckets in the database. Only the holder of the account's lease spends. */
import type { Bucket } from '../domain/budget.ts'
import { knownRate, type LearnedRate, rateNow, refused, taken } from '../domain/learned-rate.ts'
import { pointsAhead, served, type Turns, waiting } from '../domain/turns.ts'
import type { Budget } from '../http/client.ts'
import type { Sql } from './pool.ts'

export interface BucketRow {
  operation: string
  tokens: number
  rate: number
  burst: number
  refilled_at: Date
}

/**
 * A bucket of several is not filled to what the channel allows: calls do not arrive as evenly as they leave, and one that
 * arrives early after one that was late would meet an empty bucket there. `capacityOf` in domain/budget.ts is the rule.
 */
const capacity = 'burst - least(floor(burst / 2), greatest(1, ceil(rate * 0.4)))'
const filled = `least(${capacity}, tokens + greatest(0, extract(epoch from ($3::timestamptz - refilled_at))) * rate)`

/**
 * What must be there for a call while others wait for theirs. What flows in within a second (a write) is no wait to speak
 * of, and waits for nobody.
 */
const needed = (points: string, ahead: string) =>
  `least(${points}::float8, ${capacity}) + case when ${points}::float8 <= rate then 0 else ${ahead}::float8 end`

/** Makes missing buckets, full: the allowance of an account that was never called. */
export async function ensureBudgets(
  db: Sql,
  accountId: string,
  limits: Record<string, { rate: number; burst: number }>,
  now: Date,
): Promise<void> {
  const names = Object.keys(limits)
  await db.run(
    `insert into budgets (account_id, operation, tokens, rate, burst, refilled_at)
     select $1, o, b, r, b, $5 from unnest($2::text[], $3::float8[], $4::float8[]) as t(o, r, b)
     on conflict do nothing`,
    [accountId, names, names.map((name) => limits[name]!.rate), names.map((name) => limits[name]!.burst), now],
  )
}

export interface LeasedBudget extends Budget {
  /**
   * Pays for up to `count` calls at once that are about to leave; those spend nothing more. What is paid and not used
   * before the process ends is lost: too little is sent, never too much.
   */
  prepay(operation: string, count: number, pointsEach?: number): Promise<void>
  /** So many of those calls are still under way: what others did not spend (no token, say) is there again. */
  giveBack(operation: string, underWay: number, pointsEach?: number): Promise<void>
  /** What refusals taught an earlier holder. */
  recall(): Promise<void>
  /** Brings the bucket's rate up to what is believed by now; a statement only where a refusal taught something. */
  settleRate(operation: string): Promise<void>
}

export function leasedBudget(db: Sql, lease: { accountId: string; epoch: number }, now: () => Date): LeasedBudget {
  const { accountId, epoch } = lease
  const paid = new Map<string, number>()
  const turns = new Map<string, Turns>()
  const rates = learnedRates(db, accountId, now)
  let telling: Promise<void> = Promise.resolve()
  return {
    recall: rates.recall,
    settleRate: rates.settle,
    async prepay(operation, count, pointsEach = 1) {
      const row = await db.one<{ granted: number }>(
        `with due as (select least($5::float8, floor(${filled} / $6::float8)) * $6::float8 as granted from budgets
           where account_id = $1 and operation = $2 and ${filled} >= $6::float8
             and exists (select 1 from leases where account_id = $1 and epoch = $4 and not released) for update)
         update budgets set tokens = ${filled} - due.granted, refilled_at = greatest(refilled_at, $3) from due
         where account_id = $1 and operation = $2 returning due.granted`,
        [accountId, operation, now(), epoch, count, pointsEach],
      )
      if (row) paid.set(operation, (paid.get(operation) ?? 0) + row.granted)
    },
    async giveBack(operation, underWay, pointsEach = 1) {
      const left = paid.get(operation) ?? 0
      const unused = left - underWay * pointsEach
      if (unused <= 0) return
      paid.set(operation, left - unused)
      await db.run(
        `update budgets set tokens = least(${capacity}, ${filled} + $5::float8), refilled_at = greatest(refilled_at, $3)
         where account_id = $1 and operation = $2 and exists (select 1 from leases where account_id = $1 and epoch = $4 and not released)`,
        [accountId, operation, now(), epoch, unused],
      )
    },
    async spend(operation, points = 1, by = operation) {
      const left = paid.get(operation) ?? 0
      if (left >= points) {
        paid.set(operation, left - points)
        return undefined
      }
      await rates.settle(operation)
      const at = now()
      const queue = turns.get(operation) ?? []
      const ahead = pointsAhead(queue, by, at)
      const spent = await db.run(
        `update budgets set tokens = greatest(0, ${filled} - $5::float8), refilled_at = greatest(refilled_at, $3)
         where account_id = $1 and operation = $2 and ${filled} >= ${needed('$5', '$6')}
           and exists (select 1 from leases where account_id = $1 and epoch = $4 and not released)`,
        [accountId, operation, at, epoch, points, ahead],
      )
      if (spent === 1) {
        turns.set(operation, served(turns.get(operation) ?? [], by))
        return undefined
      }
      const row = await db.one<{ missing: number; rate: number }>(
        `select greatest(0, ${needed('$4', '$5')} - ${filled}) as missing, rate
         from budgets where account_id = $1 and operation = $2`,
        [accountId, operation, at, points, ahead],
      )
      if (!row) throw new Error(`no budget for ${operation}`)
      const retryAt = new Date(at.getTime() + Math.ceil((row.missing / row.rate) * 1_000) + 1)
      if (points > row.rate) turns.set(operation, waiting(turns.get(operation) ?? [], by, points, retryAt, at))
      return retryAt
    },
    async exhausted(operation, told) {
      paid.delete(operation)
      const row = await db.one<{ rate: number; burst: number }>(
        'update budgets set tokens = 0, refilled_at = $3 where account_id = $1 and operation = $2 returning rate, burst',
        [accountId, operation, now()],
      )
      if (!row) return
      if (told === undefined || rates.isOldNews(operation, told, row.rate)) await rates.refused(operation, row)
      else await rates.told(operation, told)
    },
    async learned(operation, rate) {
      if (rates.isOldNews(operation, rate, null)) rates.taken(operation)
      else await rates.told(operation, rate)
    },
    taken: rates.taken,
    async told(operation, bucket) {
      rates.forget(operation)
      const note = async () =>
        void (await db.run(
          `update budgets set tokens = $4, rate = $5, burst = $6, learned = null, refilled_at = $3
           where account_id = $1 and operation = $2`,
          [
            accountId,
            operation,
            now(),
            Math.max(0, bucket.tokens - (paid.get(operation) ?? 0)),
            bucket.rate,
            bucket.burst,
          ],
        ))
      // On connections of their own an older word could be written over a newer one.
      const noted = telling.then(note)
      telling = noted.catch(() => {})
      await noted
    },
  }
}

/** What refusals teach of rates that the channel does not name; kept with the bucket, so that a new holder need not learn it anew. */
function learnedRates(db: Sql, accountId: string, now: () => Date) {
  const known = new Map<string, LearnedRate>()
  const written = new Map<string, number>()
  const write = async (operation: string, rate: number, learned: LearnedRate | null) => {
    written.set(operation, rate)
    await db.run(
      `update budgets set tokens = ${filled}, refilled_at = greatest(refilled_at, $3), rate = $4, learned = $5
       where account_id = $1 and operation = $2 and (rate <> $4 or learned is distinct from $5::jsonb)`,
      [accountId, operation, now(), rate, learned && JSON.stringify(learned)],
    )
  }
  const settle = async (operation: string): Promise<void> => {
    const learned = known.get(operation)
    if (!learned) return
    const rate = rateNow(learned, now())
    if (rate !== written.get(operation)) await write(operation, rate, learned)
  }
  return {
    settle,
    /** The channel repeats what refusals contradict (its header tells what it should be, not what it is). */
    isOldNews: (operation: string, rate: number, inBucket: number | null) =>
      (known.get(operation)?.published ?? inBucket) === rate,
    /** Who tells its bucket need not be guessed. */
    forget(operation: string): void {
      known.delete(operation)
      written.delete(operation)
    },
    taken(operation: string): void {
      const learned = known.get(operation)
      if (learned) known.set(operation, taken(learned, now()))
    },
    async refused(operation: string, bucket: { rate: number; burst: number }): Promise<void> {
      const learned = refused(known.get(operation) ?? knownRate(bucket.rate, bucket.burst), now())
      known.set(operation, learned)
      await write(operation, rateNow(learned, now()), learned)
    },
    async told(operation: string, rate: number): Promise<void> {
      if (!known.delete(operation) && written.get(operation) === rate) return
      await write(operation, rate, null)
    },
    async recall(): Promise<void> {
      const rows = await db.rows<{ operation: string; rate: number; learned: LearnedRate }>(
        'select operation, rate, learned from budgets where account_id = $1 and learned is not null',
        [accountId],
      )
      for (const { operation, rate, learned } of rows) {
        // What was taken since the last note is not known: counting begins anew.
        known.set(operation, { ...learned, ...momentsOf(learned), seen: null, streak: null })
        written.set(operation, rate)
      }
    },
  }
}

/** Moments come as text out of JSON. */
function momentsOf(learned: LearnedRate): Pick<LearnedRate, 'doubtUntil' | 'easeUntil' | 'climbAt'> {
  const date = (moment: Date | null) => (moment === null ? null : new Date(moment))
  return {
    doubtUntil: date(learned.doubtUntil),
    easeUntil: date(learned.easeUntil),
    climbAt: date(learned.climbAt),
  }
}

/** The buckets as they stand, for rules that look ahead. */
export async function bucketsOf(
  db: Sql,
  accountId: string,
  operations: readonly string[],
): Promise<Map<string, Bucket>> {
  const rows = await db.rows<BucketRow>(
    'select operation, tokens, rate, burst, refilled_at from budgets where account_id = $1 and operation = any($2)',
    [accountId, operations],
  )
  return new Map(
    rows.map(({ operation, tokens, rate, burst, refilled_at }) => [
      operation,
      { tokens, rate, burst, refilledAt: refilled_at },
    ]),
  )
}

export interface Allowance {
  /** Calls that could leave right now. */
  calls: number
  /** When the next one may leave, where none may now. */
  nextAt: Date | null
}

export async function allowance(db: Sql, accountId: string, operation: string, now: Date): Promise<Allowance> {
  const row = await db.one<{ tokens: number; rate: number }>(
    `select ${filled} as tokens, rate from budgets where account_id = $1 and operation = $2`,
    [accountId, operation, now],
  )
  const { tokens, rate } = row ?? { tokens: 0, rate: 0 }
  if (tokens >= 1 || rate === 0) return { calls: Math.floor(tokens), nextAt: null }
  return { calls: 0, nextAt: new Date(now.getTime() + Math.ceil(((1 - tokens) / rate) * 1_000)) }
}
