/**
 * Who works for an account. One process at a time; every change of hands raises the epoch, and every write of the
 * work is fenced by it. A lease is taken over after it ran out, and calls end before their lease does, so that no
 * call of an old holder leaves when a new one has begun (P-6); or at once where its holder is proven dead. What had
 * left by then may still take effect: the new holder treats it as unanswered either way (operations/take-over.ts).
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
 * Takes a lease that is free, run out, or held by a process that is proven dead; undefined while another one holds it.
 * The budgets stay as they are: every call is paid for, durably, before it leaves, so that nobody's end loses a spent
 * one.
 */
export async function acquireLease(
  db: { transaction<T>(work: (tx: Sql) => Promise<T>): Promise<T> },
  clock: LeaseClock,
  accountId: string,
  holder: string,
  ttlMs: number,
  isDead: (holder: string) => boolean = () => false,
): Promise<Lease | undefined> {
  const now = await clock()
  const expiresAt = new Date(now.getTime() + ttlMs)
  return await db.transaction(async (tx) => {
    // Locked: whoever is judged here is whom the lease is taken from.
    const before = await tx.one<{ holder: string }>('select holder from leases where account_id = $1 for update', [
      accountId,
    ])
    const row = await tx.one<{ epoch: number }>(
      `insert into leases (account_id, holder, epoch, expires_at, released) values ($1, $2, 1, $3, false)
       on conflict (account_id) do update set holder = $2, epoch = leases.epoch + 1, expires_at = $3, released = false
       where leases.expires_at <= $4 or leases.released or leases.holder = $5
       returning epoch`,
      [accountId, holder, expiresAt, now, before && isDead(before.holder) ? before.holder : null],
    )
    return row && { accountId, holder, epoch: row.epoch, expiresAt }
  })
}

/** Accounts whose lease somebody works under, as far as can be told without a lock. */
export async function heldAccounts(
  db: Sql,
  clock: LeaseClock,
  isDead: (holder: string) => boolean,
): Promise<Set<string>> {
  const now = await clock()
  const rows = await db.rows<{ account_id: string; holder: string }>(
    'select account_id, holder from leases where not released and expires_at > $1',
    [now],
  )
  return new Set(rows.filter((row) => !isDead(row.holder)).map((row) => row.account_id))
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

/** A clean hand-over: nothing is under way. */
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
