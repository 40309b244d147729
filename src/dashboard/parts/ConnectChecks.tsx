import { Button } from '@mantine/core'
import i18next from 'i18next'
import { useEffect, useRef } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { CheckTold, Connection } from '../types.ts'
import { announce } from './Announcer.tsx'
import { Chip, type Tone } from './Chip.tsx'
import type { IconName } from './Icon.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { Panel } from './Page.tsx'

const looks: Record<CheckTold['state'], [Tone, IconName]> = {
  waiting: ['quiet', 'clock'],
  running: ['todo', 'refresh'],
  ok: ['ok', 'ok'],
  failed: ['warning', 'warning'],
  skipped: ['quiet', 'question'],
}

export const isChecking = ({ checks }: Connection) => checks.askedAt !== null && checks.endedAt === null

/** How the round ended, in words; null while there is none. */
export function useVerdict({ checks }: Connection): { tone: 'ok' | 'warning'; text: string; blocks: boolean } | null {
  const t = useT()
  if (checks.endedAt === null) return null
  const bad = checks.items.filter((one) => one.state !== 'ok')
  const needed = bad.filter((one) => !one.optional).length
  const shut = bad.some((one) => one.state === 'skipped') && bad.find((one) => one.state === 'failed')
  if (shut) return { tone: 'warning', text: t('connect.checksShut', { check: shut.title }), blocks: true }
  if (needed > 0) return { tone: 'warning', text: t('connect.checksBad', { count: needed }), blocks: true }
  const text = bad.length > 0 ? t('connect.checksGoodOptional', { count: bad.length }) : t('connect.checksGood')
  return { tone: 'ok', text, blocks: false }
}

/** Live checks, each shown as it ends. They run once by themselves, then when a person asks. */
export function ConnectChecks({
  connection,
  onBack,
  onNext,
}: {
  connection: Connection
  /** To the settings and on to the stage, of a draft; null where it is connected. */
  onBack: (() => void) | null
  onNext: (() => void) | null
}) {
  const t = useT()
  const verdict = useVerdict(connection)
  const run = useChange('checkAccount', ['connection'])
  const { askedAt, items } = connection.checks
  const isRunning = isChecking(connection) || run.isPending
  const ask = () => run.mutate({ params: { id: connection.id }, body: {} })
  const began = useRef(false)
  useEffect(() => {
    if (askedAt !== null || began.current) return
    began.current = true
    run.mutate({ params: { id: connection.id }, body: {} })
  })
  const said = useRef<string | null>(null)
  const text = verdict?.text ?? null
  useEffect(() => {
    if (text !== null && said.current !== text) announce(text)
    said.current = text
  }, [text])
  const done = items.filter((one) => one.state !== 'waiting' && one.state !== 'running').length
  return (
    <Panel title={t('connect.checksTitle')} note={t('connect.checksNote')}>
      <div className="pad stack">
        {isRunning ? (
          <p className="inline" role="status">
            <progress max={items.length} value={done} aria-label={t('connect.checksTitle')} />
            {t('connect.checksRunning', { done, total: items.length })}
          </p>
        ) : (
          verdict && <Notice tone={verdict.tone}>{verdict.text}</Notice>
        )}
        {run.error && <ErrorNotice error={run.error} />}
      </div>
      <ul className="check-list" aria-busy={isRunning}>
        {items.map((check) => (
          <CheckRow key={check.id} check={check} />
        ))}
      </ul>
      <div className="pad inline">
        {onNext && verdict && (
          <Button size="xs" variant={verdict.blocks ? 'default' : 'filled'} onClick={onNext}>
            {t('connect.toStage')}
          </Button>
        )}
        <Button size="xs" variant="default" loading={isRunning} onClick={ask}>
          {askedAt === null ? t('connect.checksRun') : t('connect.checksAgain')}
        </Button>
        {onBack && (
          <Button size="xs" variant={verdict?.blocks ? 'filled' : 'default'} onClick={onBack}>
            {t('connect.toSettings')}
          </Button>
        )}
      </div>
    </Panel>
  )
}

function CheckRow({ check }: { check: CheckTold }) {
  const t = useT()
  const [tone, icon] = looks[check.state]
  const facts = Object.entries(check.facts).map(([name, given]) => {
    const key = `connect.fact.${name}`
    const word = `connect.factValue.${name}.${given}`
    const value = i18next.exists(word) ? String(t(word as never)) : given
    return i18next.exists(key) ? String(t(key as never, { value } as never)) : `${name} ${value}`
  })
  return (
    <li>
      <Chip tone={tone} icon={icon}>
        {t(`connect.checkState.${check.state}`)}
      </Chip>
      <div>
        <p>
          <strong>{check.title}</strong>
          {check.optional && <span className="dim"> · {t('connect.checkOptional')}</span>}
        </p>
        <p className="dim">
          {t('connect.serves', { list: check.serves.map((one) => one.title).join(' · ') })}
          {check.state === 'ok' && facts.length > 0 && ` — ${facts.join(' · ')}`}
        </p>
        {check.cause && <p>{check.cause}</p>}
        {check.next && <p className="next">{check.next}</p>}
      </div>
    </li>
  )
}
