import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { isLate } from '../overdue.ts'
import { useChange } from '../queries.ts'
import type { Finding, Overview } from '../types.ts'
import { announce } from './Announcer.tsx'
import { Chip, type Tone } from './Chip.tsx'
import type { IconName } from './Icon.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { Panel } from './Page.tsx'
import { Ago } from './Time.tsx'

const looks: Record<Finding['severity'], [Tone, IconName]> = {
  loss: ['loss', 'loss'],
  warning: ['warning', 'warning'],
  info: ['quiet', 'info'],
}
const rank: Record<Finding['severity'], number> = { loss: 0, warning: 1, info: 2 }

export function Findings({ overview }: { overview: Overview }) {
  const t = useT()
  const format = useFormat()
  const findings = [...overview.findings].sort((a, b) => rank[a.severity] - rank[b.severity])
  const unread = overview.accounts.filter(
    (one) => one.stage !== 'paused' && one.streams.some((stream) => stream.pulledAt === null),
  )
  const late = overview.accounts.filter((one) => isLate(one, Date.parse(overview.now)))
  const time = format.clock(overview.now)
  return (
    <Panel title={t('overview.risk')} note={t('app.asOf', { time })}>
      {late.length > 0 && (
        <Notice tone="warning" title={t('overview.lateTitle', { list: late.map((one) => one.name).join(' · ') })}>
          {t('overview.lateNext')} <Link to="/accounts">{t('overview.open')}</Link>
        </Notice>
      )}
      {findings.length === 0 && late.length === 0 && (
        <Notice
          tone={unread.length > 0 ? 'info' : 'ok'}
          title={unread.length > 0 ? t('overview.nothingYet') : t('overview.nothing')}
        >
          {unread.length > 0 ? unread.map((one) => one.name).join(' · ') : t('overview.nothingText', { time })}
        </Notice>
      )}
      <ul className="findings">
        {findings.map((finding) => (
          <FindingRow key={finding.id} finding={finding} />
        ))}
      </ul>
    </Panel>
  )
}

function FindingRow({ finding }: { finding: Finding }) {
  const t = useT()
  const [tone, icon] = looks[finding.severity]
  const target = targetOf(finding)
  return (
    <li className={tone}>
      <Chip tone={tone} icon={icon}>
        {t(`overview.severity.${finding.severity}`)}
      </Chip>
      <div className="grow">
        <strong>{finding.title}</strong>
        <span className="next">{finding.next}</span>
        <Replay finding={finding} />
      </div>
      <span className="dim meta">
        {finding.account}
        {finding.account && ' · '}
        <Ago at={finding.firstAt} />
      </span>
      {target && (
        <Link
          to={target.to as '/'}
          search={(target.search ?? {}) as never}
          {...(target.hash ? { hash: target.hash } : {})}
          className="button-link"
        >
          {t('overview.open')}
        </Link>
      )}
    </li>
  )
}

/** One click tries again what was set aside or given up; the finding goes when that worked. */
function Replay({ finding }: { finding: Finding }) {
  const t = useT()
  const isOrder = finding.code === 'order_unreadable'
  const order = useChange('replayFinding', ['overview', 'orders'])
  const webhook = useChange('replayWebhook', ['overview'])
  if (!isOrder && finding.code !== 'webhook_given_up') return null
  const replay = isOrder ? order : webhook
  // A webhook's finding is about its address.
  const id = isOrder ? finding.id : finding.subject.replace('webhook:', '')
  const run = () => replay.mutate({ params: { id }, body: {} }, { onSuccess: () => announce(t('overview.replayed')) })
  return (
    <>
      <Button className="replay" size="xs" variant="default" loading={replay.isPending} onClick={run}>
        {t('overview.replay')}
      </Button>
      {replay.error && <ErrorNotice error={replay.error} />}
    </>
  )
}

interface Target {
  to: string
  search?: Record<string, string>
  hash?: string
}

/** The page a finding is about; an order that could not be read has none and is searched for. */
function targetOf({ code, target, subject, data }: Finding): Target | null {
  if (code === 'listings_unlinked' && target) return { to: '/matching', search: { account: target.id } }
  if (target?.kind === 'order') return { to: `/orders/${target.id}` }
  if (target?.kind === 'variant') return { to: `/stock/${encodeURIComponent(target.id)}` }
  if (subject.startsWith('remote:') && typeof data.order === 'string')
    return { to: '/orders', search: { q: data.order } }
  return target ? { to: '/accounts', hash: target.id } : null
}
