/** What the planner makes of what waits, and of what a bulk change would add: calls, feeds, and when it is done. */
import { openFeeds } from '../database/feeds.ts'
import type { Sql } from '../database/pool.ts'
import { type Sending, sendings } from '../database/views/plan.ts'
import { type BulkPlan, planBulk } from '../domain/plan-bulk.ts'
import type { Context } from './context.ts'
import { waysOf } from './push-ways.ts'

export interface FeedView {
  id: string
  lines: number
  leftAt: Date | null
  overdueAt: Date | null
  /** Nobody answered when it was handed in: it may exist. */
  isLost: boolean
}

export interface AccountPlan extends Sending {
  /** Lines that a change would add. */
  more: number
  feeds: FeedView[]
  /** Null: nothing leaves (the account is not live, or has no allowance). */
  plan: BulkPlan | null
}

/** `more`: lines that a change would add, by account. */
export async function accountPlans(
  sql: Sql,
  ctx: Pick<Context, 'clock' | 'registry'>,
  { accountId = null, more }: { accountId?: string | null; more?: Pick<ReadonlyMap<string, number>, 'get'> } = {},
): Promise<AccountPlan[]> {
  const plans: AccountPlan[] = []
  for (const one of await sendings(sql, accountId)) {
    const added = more?.get(one.accountId) ?? 0
    const open = one.inFeeds > 0 ? await openFeeds(sql, one.accountId) : []
    const feeds = open.map(({ id, lines, leftAt, overdueAt, state }) => ({
      id,
      lines,
      leftAt,
      overdueAt,
      isLost: state === 'lost',
    }))
    plans.push({ ...one, more: added, feeds, plan: await planOf(sql, ctx, one, added) })
  }
  return plans
}

async function planOf(
  sql: Sql,
  ctx: Pick<Context, 'clock' | 'registry'>,
  { accountId, channel, stage, isHalted, due }: Sending,
  added: number,
): Promise<BulkPlan | null> {
  const stock = ctx.registry.get(channel)?.stock
  if (!stock || stage !== 'live' || isHalted) return null
  const ways = await waysOf(sql, accountId, stock)
  return ways ? planBulk(due + added, ways, ctx.clock.now()) : null
}
