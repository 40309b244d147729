/** Token buckets in the database. Only the holder of the account's lease spends. */
import type { Bucket } from '../domain/budget.ts'
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
  prepay(operation: string, count: number): Promise<void>
}

export function leasedBudget(db: Sql, lease: { accountId: string; epoch: number }, now: () => Date): LeasedBudget {
  const { accountId, epoch } = lease
  const paid = new Map<string, number>()
  return {
    async prepay(operation, count) {
      const row = await db.one<{ granted: number }>(
        `with due as (select least($5::float8, floor(${filled})) as granted from budgets
           where account_id = $1 and operation = $2 and ${filled} >= 1
             and exists (select 1 from leases where account_id = $1 and epoch = $4 and not released) for update)
         update budgets set tokens = ${filled} - due.granted, refilled_at = greatest(refilled_at, $3) from due
         where account_id = $1 and operation = $2 returning due.granted`,
        [accountId, operation, now(), epoch, count],
      )
      if (row) paid.set(operation, (paid.get(operation) ?? 0) + row.granted)
    },
    async spend(operation) {
      const at = now()
      const left = paid.get(operation) ?? 0
      if (left > 0) {
        paid.set(operation, left - 1)
        return undefined
      }
      const spent = await db.run(
        `update budgets set tokens = ${filled} - 1, refilled_at = greatest(refilled_at, $3)
         where account_id = $1 and operation = $2 and ${filled} >= 1
           and exists (select 1 from leases where account_id = $1 and epoch = $4 and not released)`,
        [accountId, operation, at, epoch],
      )
      if (spent === 1) return undefined
      const row = await db.one<{ tokens: number; rate: number }>(
        `select ${filled} as tokens, rate from budgets where account_id = $1 and operation = $2`,
        [accountId, operation, at],
      )
      if (!row) throw new Error(`no budget for ${operation}`)
      return new Date(at.getTime() + Math.ceil((Math.max(0, 1 - row.tokens) / row.rate) * 1_000) + 1)
    },
    async exhausted(operation) {
      paid.delete(operation)
      await db.run('update budgets set tokens = 0, refilled_at = $3 where account_id = $1 and operation = $2', [
        accountId,
        operation,
        now(),
      ])
    },
    async learned(operation, rate) {
      await db.run(
        `update budgets set tokens = ${filled}, refilled_at = greatest(refilled_at, $3), rate = $4
         where account_id = $1 and operation = $2 and rate <> $4`,
        [accountId, operation, now(), rate],
      )
    },
  }
}

/** The bucket as it stands, for plans; undefined where the account never called. */
export async function bucketOf(db: Sql, accountId: string, operation: string): Promise<Bucket | undefined> {
  const row = await db.one<BucketRow>(
    'select operation, tokens, rate, burst, refilled_at from budgets where account_id = $1 and operation = $2',
    [accountId, operation],
  )
  return row && { tokens: row.tokens, rate: row.rate, burst: row.burst, refilledAt: row.refilled_at }
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
