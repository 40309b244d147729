/** Sealed access tokens, minted by one caller of all processes at a time. */
import type { Sql } from './pool.ts'

/** How long a mint may take before another caller tries; longer than a call's deadline. */
const mintingMs = 30_000

export interface TokenStore {
  seal(text: string): Buffer
  open(sealed: Buffer): string
  now(): Date
  /** Waits in real time while another process mints. */
  sleep(ms: number): Promise<void>
}

const underway = new Map<string, Promise<string>>()

/** A valid token: the stored one, or a new one. Callers of this process share one mint; so do all processes. */
export async function getToken(
  db: Sql,
  store: TokenStore,
  accountId: string,
  name: string,
  mint: () => Promise<{ value: string; expiresAt: Date }>,
): Promise<string> {
  const key = `${accountId}:${name}`
  const shared = underway.get(key)
  if (shared) return await shared
  const work = find(db, store, accountId, name, mint).finally(() => underway.delete(key))
  underway.set(key, work)
  return await work
}

async function find(
  db: Sql,
  store: TokenStore,
  accountId: string,
  name: string,
  mint: () => Promise<{ value: string; expiresAt: Date }>,
): Promise<string> {
  await db.run('insert into tokens (account_id, name) values ($1, $2) on conflict do nothing', [accountId, name])
  for (;;) {
    const now = store.now()
    const row = await db.one<{ sealed: Buffer }>(
      'select sealed from tokens where account_id = $1 and name = $2 and sealed is not null and expires_at > $3',
      [accountId, name, now],
    )
    if (row) return store.open(row.sealed)
    const until = new Date(now.getTime() + mintingMs)
    const claimed = await db.run(
      `update tokens set minting_until = $4, sealed = null where account_id = $1 and name = $2
         and (sealed is null or expires_at <= $3) and (minting_until is null or minting_until <= $3)`,
      [accountId, name, now, until],
    )
    if (claimed === 1) return await mintAndStore(db, store, accountId, name, until, mint)
    await store.sleep(50)
  }
}

async function mintAndStore(
  db: Sql,
  store: TokenStore,
  accountId: string,
  name: string,
  /** Names the claim: one that was stopped for long must not replace what another stored since. */
  until: Date,
  mint: () => Promise<{ value: string; expiresAt: Date }>,
): Promise<string> {
  try {
    const { value, expiresAt } = await mint()
    await db.run(
      'update tokens set sealed = $3, expires_at = $4, minting_until = null where account_id = $1 and name = $2 and minting_until = $5',
      [accountId, name, store.seal(value), expiresAt, until],
    )
    return value
  } catch (error) {
    await db.run('update tokens set minting_until = null where account_id = $1 and name = $2 and minting_until = $3', [
      accountId,
      name,
      until,
    ])
    throw error
  }
}

/** A new holder of the account's lease waits for no mint of the one before it. */
export async function forgetMints(tx: Sql, accountId: string): Promise<void> {
  await tx.run('update tokens set minting_until = null where account_id = $1 and minting_until is not null', [
    accountId,
  ])
}

/** Forgets a token the channel refused, unless a newer one is stored already. */
export async function dropToken(
  db: Sql,
  store: TokenStore,
  accountId: string,
  name: string,
  value: string,
): Promise<void> {
  const row = await db.one<{ sealed: Buffer }>(
    'select sealed from tokens where account_id = $1 and name = $2 and sealed is not null',
    [accountId, name],
  )
  if (row && store.open(row.sealed) === value) {
    await db.run(
      'update tokens set sealed = null, expires_at = null where account_id = $1 and name = $2 and sealed = $3',
      [accountId, name, row.sealed],
    )
  }
}
