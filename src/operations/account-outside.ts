/** An account for questions beside its lease, such as checking what came in from outside. */
import type { Account, Connector } from '../channels/connector.ts'
import type { AccountRow } from '../database/accounts.ts'
import { type Bucket, fullBucket, nextCallAt, paid } from '../domain/budget.ts'
import type { Budget } from '../http/client.ts'
import { type Context, openAccount } from './context.ts'

/** Its secrets are read once: the object lives for seconds. What it may ask is little, whatever arrives. */
export function accountOutside(ctx: Context, row: AccountRow, connector: Connector, budget: Budget): Account {
  const account = openAccount(ctx, row, connector, { budget })
  let opened: Promise<unknown> | undefined
  return { ...account, secrets: () => (opened ??= account.secrets()) }
}

/**
 * The account's own allowance belongs to the holder of its lease. Beside it a process asks very little (a key to check a
 * signature with): one call in two seconds, ten at once, so that whoever sends rubbish cannot spend what is the account's.
 */
export function sparing(ctx: Pick<Context, 'clock'>): Budget {
  let bucket: Bucket = fullBucket(0.5, 10, ctx.clock.now())
  return {
    async spend() {
      const now = ctx.clock.now()
      const { bucket: next, granted } = paid(bucket, 1, now)
      bucket = next
      return granted === 1 ? undefined : nextCallAt(bucket, now)
    },
    async exhausted() {
      bucket = { ...bucket, tokens: 0, refilledAt: ctx.clock.now() }
    },
    async learned() {},
  }
}
