import { Button } from '@mantine/core'
import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Account, NotificationHealth } from '../types.ts'
import { announce } from './Announcer.tsx'
import { Chip, type Tone } from './Chip.tsx'
import type { IconName } from './Icon.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { Ago } from './Time.tsx'

const looks: Record<NotificationHealth['state'], [Tone, IconName]> = {
  none: ['quiet', 'info'],
  optional: ['quiet', 'info'],
  unreachable: ['warning', 'warning'],
  failing: ['warning', 'warning'],
  unproven: ['todo', 'clock'],
  proven: ['ok', 'ok'],
  poor: ['warning', 'warning'],
}

/** How well the channel's notifications arrive, and what to do where they do not. */
export function NotificationPart({ account }: { account: Account }) {
  const t = useT()
  const may = useMay()
  const health = useCall('notifications', { params: { id: account.id } }, { every: 10_000 }).data
  if (!health) return <span className="dim">–</span>
  const [tone, icon] = looks[health.state]
  return (
    <>
      <Chip tone={tone} icon={icon}>
        {t(`notifications.state.${health.state}`)}
      </Chip>
      <span className="dim block">{t(`notifications.text.${health.state}`)}</span>
      {health.way !== 'none' && <Figures health={health} />}
      {health.address && (
        <details>
          <summary>{t('notifications.address')}</summary>
          <span className="dim block">{t('notifications.addressText')}</span>
          <code className="wrap-anywhere">{health.address}</code>
        </details>
      )}
      {health.way === 'queue' && may('accounts.manage') && <QueueTest account={account} />}
    </>
  )
}

function Figures({ health }: { health: NotificationHealth }) {
  const t = useT()
  const format = useFormat()
  const { announced, missed } = health.announced
  const failed = health.topics.filter((one) => one.state === 'failed').map((one) => one.topic)
  return (
    <>
      <span className="block">
        {t('notifications.last')}: {health.lastAt ? <Ago at={health.lastAt} /> : t('notifications.lastNever')}
        {health.waiting > 0 && ` · ${t('notifications.waiting', { count: health.waiting })}`}
      </span>
      {announced + missed > 0 && (
        <span className="block">
          {t('notifications.share', { announced: format.number(announced), orders: format.number(announced + missed) })}
        </span>
      )}
      {health.pollSeconds > 0 && (
        <span className="block">{t('notifications.poll', { every: format.span(health.pollSeconds * 1_000) })}</span>
      )}
      {failed.length > 0 && <span className="block">{t('notifications.failed', { topics: failed.join(', ') })}</span>}
      {health.failure && (
        <span className="block">
          <span className="mono">{health.failure.code}</span> {health.failure.message}
        </span>
      )}
      {health.refused && (
        <span className="block">
          {t('notifications.refused', { count: health.refused.count, why: health.refused.why })}{' '}
          <Ago at={health.refused.at} />
        </span>
      )}
    </>
  )
}

const known = ['no_queue', 'policy_missing', 'fifo_queue', 'another_queue'] as const

function QueueTest({ account }: { account: Account }) {
  const t = useT()
  const [result, setResult] = useState<{ ok: boolean; text: string } | null>(null)
  const test = useChange('testNotifications', ['notifications'])
  const run = () =>
    test.mutate(
      { params: { id: account.id }, body: {} },
      {
        onSuccess: ({ kind, why }) => {
          const word = known.find((one) => one === why)
          const text =
            kind === 'sent'
              ? t('notifications.sent')
              : word
                ? t(`notifications.why.${word}`)
                : t('notifications.why.other', { code: why ?? '' })
          setResult({ ok: kind === 'sent', text })
          announce(text)
        },
      },
    )
  return (
    <div className="stack">
      <div>
        <Button size="xs" variant="default" loading={test.isPending} onClick={run}>
          {t('notifications.test')}
        </Button>
      </div>
      {result?.ok && <span className="done">{result.text}</span>}
      {result && !result.ok && <Notice tone="warning">{result.text}</Notice>}
      {test.error && <ErrorNotice error={test.error} />}
    </div>
  )
}
