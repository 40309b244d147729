import { Button } from '@mantine/core'
import { useT } from '../i18n.ts'
import { useChange } from '../queries.ts'
import type { Connection } from '../types.ts'
import { RedirectUri } from './ConnectForm.tsx'
import { ErrorNotice, Notice } from './Notice.tsx'
import { Panel } from './Page.tsx'
import { useWord } from './words.ts'

/** Sends the seller to the channel's own page; what cannot work is told before. */
export function ConnectConsent({
  connection,
  onBack,
  onNext,
}: {
  connection: Connection
  onBack: () => void
  onNext: () => void
}) {
  const t = useT()
  const word = useWord()
  const begin = useChange('beginConsent', ['connection'])
  const channel = word('channel', connection.channel)
  const { consent } = connection
  const go = () =>
    begin.mutate(
      { params: { id: connection.id }, body: {} },
      {
        // In this window: the way back ends here again.
        onSuccess: ({ url }) => window.location.assign(url),
      },
    )
  const isDone = consent?.state === 'done'
  return (
    <Panel title={t('connect.consentTitle', { channel })}>
      <div className="pad stack">
        <p>{t('connect.consentText')}</p>
        {consent?.state === 'waiting' && <Notice tone="info">{t('connect.consentWaiting')}</Notice>}
        {consent?.state === 'expired' && <Notice tone="warning">{t('connect.consentExpired')}</Notice>}
        {isDone && <Notice tone="ok">{t('connect.consentDone')}</Notice>}
        {consent?.failure && (
          <Notice tone="warning" title={consent.failure.title} alert>
            {consent.failure.next}
          </Notice>
        )}
        {begin.error && <ErrorNotice error={begin.error} />}
      </div>
      {consent && <RedirectUri value={consent.redirectUri} />}
      <div className="pad inline">
        {isDone && (
          <Button size="xs" onClick={onNext}>
            {t('connect.consentNext')}
          </Button>
        )}
        <Button size="xs" variant={isDone ? 'default' : 'filled'} loading={begin.isPending} onClick={go}>
          {consent && consent.state !== 'none' ? t('connect.consentAgain') : t('connect.consentButton', { channel })}
        </Button>
        {connection.draft && (
          <Button size="xs" variant="default" onClick={onBack}>
            {t('connect.consentSkip')}
          </Button>
        )}
      </div>
    </Panel>
  )
}
