import { useHubNow } from '../clock.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { AccountPlan } from '../types.ts'
import { Notice } from './Notice.tsx'
import { Ago } from './Time.tsx'

/** How the quantities of each account leave, and when they are all there: before a change is saved. */
export function PlanLines({ plans }: { plans: readonly AccountPlan[] }) {
  const t = useT()
  const text = usePlanText()
  if (plans.length === 0) return null
  return (
    <div className="plan-lines">
      <strong>{t('plan.title')}</strong>
      <ul className="samples">
        {plans.map((one) => (
          <li key={one.accountId}>{t('plan.line', { account: one.account, text: text(one) })}</li>
        ))}
      </ul>
    </div>
  )
}

function usePlanText() {
  const t = useT()
  const format = useFormat()
  const now = useHubNow()
  return ({ plan, stage, more }: AccountPlan): string => {
    if (!plan) return t(stage === 'live' ? 'plan.noWay' : 'plan.notLive', { count: more })
    const how =
      plan.feeds === 0
        ? t('plan.byCall', { count: plan.calls })
        : t('plan.byFeed', {
            count: plan.feeds,
            calls: format.number(plan.calls),
            lines: format.number(plan.linesByFeed),
          })
    const [from, to] = [Date.parse(plan.from) - now, Date.parse(plan.to) - now]
    const end =
      to < 2_000
        ? t('plan.atOnce')
        : to - from < 60_000
          ? t('plan.doneIn', { time: format.span(to) })
          : t('plan.doneBetween', { from: format.span(Math.max(1_000, from)), to: format.span(to) })
    return t('plan.both', { how, end })
  }
}

/** What an account has still to send. */
export function Sending({ plan }: { plan: AccountPlan }) {
  const t = useT()
  const format = useFormat()
  const now = useHubNow()
  const text = usePlanText()
  const counts = t('plan.counts', {
    due: format.number(plan.due),
    calls: format.number(plan.inCalls),
    feeds: format.number(plan.inFeeds),
    waiting: format.number(plan.waiting),
  })
  const stuck = plan.feeds.filter((feed) => feed.isLost || (feed.overdueAt && Date.parse(feed.overdueAt) < now))
  return (
    <>
      <span>{counts}</span>
      {plan.due > 0 && <span className="dim block">{text(plan)}</span>}
      {plan.feeds.map((feed) => (
        <span key={feed.id} className="dim block">
          {t(feed.isLost ? 'plan.feedLost' : 'plan.feed', { count: feed.lines })}{' '}
          {feed.leftAt && <Ago at={feed.leftAt} />}
        </span>
      ))}
      {stuck.length > 0 && <Notice tone="warning">{t('plan.stuck')}</Notice>}
    </>
  )
}
