import { Button } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { Connection } from '../types.ts'
import { useVerdict } from './ConnectChecks.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { Panel } from './Page.tsx'

const stages = ['shadow', 'live', 'sandbox'] as const
type Stage = (typeof stages)[number]

/** The stage to begin in; live waits for the checks. */
export function ConnectStage({ connection, onDone }: { connection: Connection; onDone: () => void }) {
  const t = useT()
  const [stage, setStage] = useState<Stage>('shadow')
  const verdict = useVerdict(connection)
  const finish = useChange('finishDraft', ['accounts', 'overview', 'connection'])
  const mayLive = connection.checks.items.length === 0 || verdict?.blocks === false
  const submit = (event: FormEvent) => {
    event.preventDefault()
    finish.mutate({ params: { id: connection.id }, body: { stage } }, { onSuccess: onDone })
  }
  return (
    <Panel title={t('connect.stageTitle')} note={t('connect.stageAdvice')}>
      <form className="form pad file-form" onSubmit={submit}>
        <fieldset className="stages">
          <legend className="sr-only">{t('connect.stageTitle')}</legend>
          {stages.map((one) => {
            const isBlocked = one === 'live' && !mayLive
            return (
              <label key={one} className="check-field">
                <input
                  type="radio"
                  name="stage"
                  value={one}
                  checked={stage === one}
                  disabled={isBlocked}
                  onChange={() => setStage(one)}
                />
                <span>
                  {t(`accounts.stage.${one}`)}
                  <span className="dim">
                    {t(`accounts.stageText.${one}`)} {isBlocked && t('connect.stageLiveBlocked')}
                  </span>
                </span>
              </label>
            )
          })}
        </fieldset>
        {stage === 'live' && (
          <Notice tone="warning" title={t('accounts.liveConfirm', { name: connection.name })}>
            {t('accounts.liveText', { slots: 0 })}
          </Notice>
        )}
        {finish.error && <ErrorNotice error={finish.error} />}
        <Button size="xs" type="submit" loading={finish.isPending}>
          {t('connect.finish', { name: connection.name })}
        </Button>
      </form>
    </Panel>
  )
}

/** What comes next. */
export function ConnectDone({ connection }: { connection: Connection }) {
  const t = useT()
  return (
    <Panel title={t('connect.doneTitle', { name: connection.name })}>
      <div className="pad stack">
        <Notice tone="ok">{t(`connect.doneText.${connection.stage}`)}</Notice>
        <h3>{t('connect.doneNext')}</h3>
        <ol className="needs">
          {t('connect.doneSteps')
            .split('\n')
            .map((line) => (
              <li key={line}>{line}</li>
            ))}
        </ol>
        <p className="inline">
          <Link to="/accounts" hash={connection.id} className="export">
            {t('connect.toAccounts')}
          </Link>
          <Link to="/exposure" className="export">
            {t('connect.toExposure')}
          </Link>
          <Link to="/accounts/connect" className="export">
            {t('connect.another')}
          </Link>
        </p>
      </div>
    </Panel>
  )
}
