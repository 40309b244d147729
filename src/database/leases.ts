/**
 * Who works for an account. One process at a time; every change of hands raises the epoch, and every write of the
 * work is fenced by it. A lease is taken over only after it ran out, and calls end before their lease does, so no
 * call of an old holder is under way when a new one begins (P-6).
 */

import type { LeaseClock } from './lease-clock.ts'
import type { Sql } from './pool.ts'

export interface Lease {
  accountId: string
  holder: string
  epoch: number
  expiresAt: Date
}

/** The lease was lost: what was about to be written must not be. */
export class LeaseLost extends Error {
  constructor(accountId: string) {
    super(`the lease of account ${accountId} belongs to another process now`)
    this.name = 'LeaseLost'
  }
}

/**
 * Takes a free or run-out lease; undefined while another process holds it. After an unclean end the budgets start
 * empty: nobody knows what the former holder spent.
 */
export async function acquireLease(
  db: { transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> },
  clock: LeaseClock,
  accountId: string,
  holder: string,
  ttlMs: number,
  budgetNow: Date,
): Promise<Lease | undefined> {
  const now = await clock()
  const expiresAt = new Date(now.getTime() + ttlMs)
  return await db.transaction(async (tx) => {
    const before = await tx.one<{ released: boolean }>('select released from leases where account_id = $1 for update', [
      accountId,
    ])
    const row = await tx.one<{ epoch: number }>(
      `insert into leases (account_id, holder, epoch, expires_at, released) values ($1, $2, 1, $3, false)
       on conflict (account_id) do update set holder = $2, epoch = leases.epoch + 1, expires_at = $3, released = false
       where leases.expires_at <= $4 or leases.released
       returning epoch`,
      [accountId, holder, expiresAt, now],
    )
    if (!row) return undefined
    if (before && !before.released) {
      await tx.run('update budgets set tokens = 0, refilled_at = $2 where account_id = $1', [accountId, budgetNow])
    }
    return { accountId, holder, epoch: row.epoch, expiresAt }
  })
}

/** Extends a lease that is still ours; undefined where it is not. */
export async function renewLease(db: Sql, clock: LeaseClock, lease: Lease, ttlMs: number): Promise<Lease | undefined> {
  const now = await clock()
  const expiresAt = new Date(now.getTime() + ttlMs)
  const renewed = await db.run(
    'update leases set expires_at = $3 where account_id = $1 and epoch = $2 and expires_at > $4 and not released',
    [lease.accountId, lease.epoch, expiresAt, now],
  )
  return renewed === 1 ? { ...lease, expiresAt } : undefined
}

/** A clean hand-over: nothing is under way, the budgets are right. */
export async function releaseLease(db: Sql, lease: Lease): Promise<void> {
  await db.run('update leases set released = true where account_id = $1 and epoch = $2', [lease.accountId, lease.epoch])
}

/** Called inside a transaction before it writes results of the work: throws where the lease changed hands. */
export async function fence(tx: Sql, lease: Pick<Lease, 'accountId' | 'epoch'>): Promise<void> {
  const row = await tx.one('select 1 from leases where account_id = $1 and epoch = $2 and not released for share', [
    lease.accountId,
    lease.epoch,
  ])
  if (!row) throw new LeaseLost(lease.accountId)
}
