import { type AccountPlan, accountPlans } from '../../operations/account-plans.ts'
import { resolveScope } from '../../operations/manage-publishing-rules.ts'
import type { Handlers } from './handler.ts'

const iso = (time: Date | null) => time?.toISOString() ?? null

/** A plan as it is told outside. */
export function tellPlan({ isHalted: _, plan, feeds, ...rest }: AccountPlan) {
  const { end, ...counts } = plan ?? { end: null }
  return {
    ...rest,
    feeds: feeds.map((feed) => ({ ...feed, leftAt: iso(feed.leftAt), overdueAt: iso(feed.overdueAt) })),
    plan:
      plan && end
        ? { ...(counts as Omit<typeof plan, 'end'>), from: end.from.toISOString(), to: end.to.toISOString() }
        : null,
  }
}

export const planHandlers: Handlers<'plan'> = {
  plan: async ({ sql, input, options }) => {
    const { account, lines = 0 } = input.query
    const { accountId } = await resolveScope(sql, options.ctx, { account })
    const plans = await accountPlans(sql, options.ctx, { accountId, more: { get: () => lines } })
    return { items: plans.map(tellPlan) }
  },
}
