import { Button, Modal, NativeSelect, PasswordInput } from '@mantine/core'
import { Link } from '@tanstack/react-router'
import { type FormEvent, useState } from 'react'
import { ApiProblem } from '../api.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import type { Account } from '../types.ts'
import { announce } from './Announcer.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'

const stages = ['sandbox', 'shadow', 'live', 'paused'] as const
type Stage = Account['stage']

export function AccountActions({ account }: { account: Account }) {
  const t = useT()
  const [open, setOpen] = useState<'stage' | 'secrets' | null>(null)
  const [result, setResult] = useState('')
  const lookAgain = useChange('lookAgain', ['accounts', 'overview'])
  const say = (text: string) => {
    setResult(text)
    setOpen(null)
    announce(text)
  }
  const look = () =>
    lookAgain.mutate({ params: { id: account.id }, body: {} }, { onSuccess: () => say(t('accounts.lookedAgain')) })
  const channels = useCall('channels', {}, { enabled: account.halted !== null }).data?.items
  const hasConsent = channels?.some((one) => one.channel === account.channel && one.consent !== null)
  return (
    <footer className="actions">
      {account.halted && hasConsent && (
        <Link to="/accounts/connect" search={{ account: account.id, step: 'consent' } as never} className="export">
          {t('connect.authorizeAgain')}
        </Link>
      )}
      {account.halted && (
        <Button size="xs" onClick={() => setOpen('secrets')}>
          {t('accounts.secretsButton')}
        </Button>
      )}
      <Button
        size="xs"
        variant="default"
        loading={lookAgain.isPending}
        disabled={account.halted !== null || account.stage === 'paused'}
        onClick={look}
      >
        {t('accounts.lookAgain')}
      </Button>
      <Button size="xs" variant="default" onClick={() => setOpen('stage')}>
        {t('accounts.changeStage')}
      </Button>
      <Link to="/accounts/connect" search={{ account: account.id, step: 'checks' } as never} className="export">
        {t('connect.checkNow')}
      </Link>
      {result && <span className="done">{result}</span>}
      {lookAgain.error && (
        <div className="full">
          <ErrorNotice error={lookAgain.error} />
        </div>
      )}
      <Modal
        opened={open === 'stage'}
        onClose={() => setOpen(null)}
        title={t('accounts.newStage', { name: account.name })}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
        // Locking would write a style into the page, which a strict content security policy refuses.
        lockScroll={false}
      >
        <StageForm account={account} onDone={say} />
      </Modal>
      <Modal
        opened={open === 'secrets'}
        onClose={() => setOpen(null)}
        title={t('accounts.secrets', { name: account.name })}
        closeButtonProps={{ 'aria-label': t('app.close') }}
        centered
        // Locking would write a style into the page, which a strict content security policy refuses.
        lockScroll={false}
      >
        <SecretsForm account={account} onDone={say} />
      </Modal>
    </footer>
  )
}

interface FormProps {
  account: Account
  onDone: (text: string) => void
}

/** Going live is the one step after which the hub writes to a marketplace: its effect stands above its button. */
function StageForm({ account, onDone }: FormProps) {
  const t = useT()
  const format = useFormat()
  const [stage, setStage] = useState<Stage>(account.stage)
  const [withoutChecks, setWithoutChecks] = useState(false)
  const change = useChange('changeAccount', ['accounts', 'overview'])
  const lacksChecks = change.error instanceof ApiProblem && change.error.code.startsWith('checks_')
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate(
      { params: { id: account.id }, body: { stage, withoutChecks } },
      {
        onSuccess: () => onDone(t('accounts.changed', { name: account.name, stage: t(`accounts.stage.${stage}`) })),
      },
    )
  }
  const goesLive = stage === 'live' && account.stage !== 'live'
  return (
    <form onSubmit={submit} className="form">
      <NativeSelect
        label={t('accounts.state')}
        description={t(`accounts.stageText.${stage}`)}
        data-autofocus
        value={stage}
        data={stages.map((value) => ({ value, label: t(`accounts.stage.${value}`) }))}
        onChange={(event) => setStage(event.currentTarget.value as Stage)}
      />
      {goesLive && (
        <Notice tone="warning" title={t('accounts.liveConfirm', { name: account.name })}>
          {t('accounts.liveText', { slots: format.number(account.slots.total) })}
        </Notice>
      )}
      {change.error && <ErrorNotice error={change.error} />}
      {goesLive && (lacksChecks || withoutChecks) && (
        <>
          <Link to="/accounts/connect" search={{ account: account.id, step: 'checks' } as never} className="export">
            {t('connect.checkNow')}
          </Link>
          <label className="check-field">
            <input
              type="checkbox"
              checked={withoutChecks}
              onChange={(event) => setWithoutChecks(event.currentTarget.checked)}
            />
            <span>
              {t('accounts.withoutChecks')}
              <span className="dim">{t('accounts.withoutChecksText')}</span>
            </span>
          </label>
        </>
      )}
      <Button type="submit" disabled={stage === account.stage} loading={change.isPending}>
        {goesLive ? t('accounts.liveButton') : t('accounts.apply', { stage: t(`accounts.stage.${stage}`) })}
      </Button>
    </form>
  )
}

function SecretsForm({ account, onDone }: FormProps) {
  const t = useT()
  const channels = useCall('channels', {}).data?.items
  const names = channels?.find((one) => one.channel === account.channel)?.secrets
  const [secrets, setSecrets] = useState<Record<string, string>>({})
  const change = useChange('changeAccount', ['accounts', 'overview'])
  const given = Object.fromEntries(Object.entries(secrets).filter(([, value]) => value !== ''))
  const submit = (event: FormEvent) => {
    event.preventDefault()
    change.mutate(
      { params: { id: account.id }, body: { secrets: given } },
      { onSuccess: () => onDone(t('accounts.secretsDone', { name: account.name })) },
    )
  }
  if (names?.length === 0) return <p>{t('accounts.secretsNone')}</p>
  return (
    <form onSubmit={submit} className="form">
      <p className="dim">{t('accounts.secretsText')}</p>
      {names?.map((name) => (
        <PasswordInput
          key={name}
          label={name}
          autoComplete="off"
          value={secrets[name] ?? ''}
          onChange={(event) => setSecrets({ ...secrets, [name]: event.currentTarget.value })}
        />
      ))}
      {change.error && <ErrorNotice error={change.error} />}
      <Button type="submit" disabled={Object.keys(given).length === 0} loading={change.isPending}>
        {t('accounts.secretsSave')}
      </Button>
    </form>
  )
}
