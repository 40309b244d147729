import { Button } from '@mantine/core'
import { useQueryClient } from '@tanstack/react-query'
import { Link } from '@tanstack/react-router'
import i18next from 'i18next'
import { type ReactNode, useEffect, useRef, useState } from 'react'
import { type Step, stepNow, stepsOf } from '../connect-steps.ts'
import { useLanguage, useT } from '../i18n.ts'
import { announce } from '../parts/Announcer.tsx'
import { ConnectChecks, isChecking } from '../parts/ConnectChecks.tsx'
import { ConnectConsent } from '../parts/ConnectConsent.tsx'
import { ConnectForm, ConnectNeeds, useChannelText } from '../parts/ConnectForm.tsx'
import { ConnectDone, ConnectStage } from '../parts/ConnectStage.tsx'
import { Empty, ErrorNotice, Notice } from '../parts/Notice.tsx'
import { Loading, Page, Panel } from '../parts/Page.tsx'
import { useWord } from '../parts/words.ts'
import { isStatus, useCall, useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Channel, Connection } from '../types.ts'
import { useView } from '../view.ts'

/** Connecting an account, step by step. Account and step stand in the address, so a reload goes on where it stood. */
export function ConnectPage() {
  const t = useT()
  const may = useMay()
  return (
    <Page title={t('connect.title')} back={{ to: '/accounts', label: t('accounts.title') }}>
      {may('accounts.manage') ? <Steps /> : <p className="dim">{t('accounts.forbidden')}</p>}
    </Page>
  )
}

function Steps() {
  const t = useT()
  const [view, set] = useView()
  const client = useQueryClient()
  const language = useLanguage()
  const channels = useCall('channels', {})
  const [isLive, setLive] = useState(false)
  const asked = useCall(
    'connection',
    { params: { id: view.account ?? '' } },
    { enabled: Boolean(view.account), ...(isLive ? { every: 500 } : {}) },
  )
  // What was loaded for another account is nobody's answer here.
  const connection = asked.data?.id === view.account ? asked.data : undefined
  const shouldLive = connection !== undefined && (isChecking(connection) || connection.consent?.state === 'waiting')
  useEffect(() => setLive(shouldLive), [shouldLive])
  const items = channels.data?.items
  const channel = items?.find((one) => one.channel === (connection?.channel ?? view.channel))
  const steps = stepsOf(channel)
  const step = connection ? stepNow(connection, view.step, steps) : channel ? 'settings' : 'channel'
  // Whoever watches the checks stays there when they end: a step is left by its button only.
  const isPinned = !connection || !items || view.step === step
  useEffect(() => {
    if (!isPinned) set({ step })
  })
  if (channels.error && !items) return <ErrorNotice error={channels.error} title={t('error.load')} />
  if (view.account && asked.error && !connection)
    return isStatus(asked.error, 404) ? <Gone /> : <ErrorNotice error={asked.error} title={t('error.load')} />
  if (!items || (view.account && !connection)) return <Loading />
  const saved = (answer: Connection) => {
    // What was answered is the newest there is: the next step follows from it.
    client.setQueryData(['connection', { params: { id: answer.id } }, language], answer)
    set({ account: answer.id, channel: undefined, step: undefined, problem: undefined })
  }
  const go = (to: Step) => set({ step: to, problem: undefined })
  return (
    <>
      <StepList steps={steps} at={step} />
      <Returned problem={view.problem} />
      <Focused step={step}>
        {step === 'channel' && <ChooseChannel channels={items} onChoose={(one) => set({ channel: one })} />}
        {step === 'settings' && channel && (
          <>
            <ConnectNeeds channel={channel} />
            <ConnectForm key={connection?.id ?? channel.channel} channel={channel} known={connection} onSaved={saved} />
          </>
        )}
        {connection && step === 'consent' && (
          <ConnectConsent connection={connection} onBack={() => go('settings')} onNext={() => go('checks')} />
        )}
        {connection && step === 'checks' && (
          <ConnectChecks
            connection={connection}
            onBack={connection.draft ? () => go('settings') : null}
            onNext={connection.draft ? () => go('stage') : null}
          />
        )}
        {connection && step === 'stage' && <ConnectStage connection={connection} onDone={() => go('done')} />}
        {connection && step === 'done' && <ConnectDone connection={connection} />}
      </Focused>
      {connection?.draft && <RemoveDraft key={connection.id} connection={connection} />}
    </>
  )
}

/** A step begins where its words begin, also for those who do not see it change. */
function Focused({ step, children }: { step: Step; children: ReactNode }) {
  const box = useRef<HTMLDivElement>(null)
  const first = useRef(true)
  // biome-ignore lint/correctness/useExhaustiveDependencies: focus moves when the step does
  useEffect(() => {
    if (!first.current) box.current?.focus()
    first.current = false
  }, [step])
  return (
    <div className="connect-step" ref={box} tabIndex={-1}>
      {children}
    </div>
  )
}

function StepList({ steps, at }: { steps: readonly Step[]; at: Step }) {
  const t = useT()
  const now = steps.indexOf(at)
  return (
    <>
      <p className="step-of dim">{t('connect.stepOf', { at: now + 1, of: steps.length })}</p>
      <ol className="step-list" aria-label={t('connect.stepsLabel')}>
        {steps.map((step, index) => (
          <li
            key={step}
            className={index < now ? 'is-done' : ''}
            {...(index === now ? { 'aria-current': 'step' as const } : {})}
          >
            {t(`connect.steps.${step}`)}
          </li>
        ))}
      </ol>
    </>
  )
}

/** What the way back from the channel brought, where the account itself does not tell. */
function Returned({ problem }: { problem: string | undefined }) {
  const t = useT()
  const key = `connect.problem.${problem ?? ''}`
  if (!problem || !i18next.exists(key)) return null
  return (
    <Notice tone="warning" alert>
      {String(t(key as never))}
    </Notice>
  )
}

function ChooseChannel({ channels, onChoose }: { channels: Channel[]; onChoose: (channel: string) => void }) {
  const t = useT()
  const drafts = useCall('accounts', { query: { limit: 100 } }).data?.items.filter((one) => one.draft) ?? []
  return (
    <>
      {drafts.length > 0 && (
        <Panel title={t('connect.draftsTitle')} note={t('connect.draftsNote')}>
          <p className="pad inline">
            {drafts.map((draft) => (
              <Link key={draft.id} to="/accounts/connect" search={{ account: draft.id } as never} className="export">
                {t('connect.goOn', { name: draft.name })}
              </Link>
            ))}
          </p>
        </Panel>
      )}
      <Panel title={t('connect.choose')} note={t('connect.chooseNote')}>
        {channels.length === 0 && <Empty title={t('connect.noChannels')} />}
        <ul className="channel-list">
          {channels.map((one) => (
            <ChannelChoice key={one.channel} channel={one} onChoose={onChoose} />
          ))}
        </ul>
      </Panel>
    </>
  )
}

function ChannelChoice({ channel, onChoose }: { channel: Channel; onChoose: (channel: string) => void }) {
  const t = useT()
  const word = useWord()
  const about = useChannelText('connect.about', channel.channel)
  const name = word('channel', channel.channel)
  return (
    <li>
      <div>
        <strong>{name}</strong>
        <p className="dim">{about}</p>
      </div>
      <Button size="xs" variant="default" onClick={() => onChoose(channel.channel)}>
        {t('connect.chooseButton', { channel: name })}
      </Button>
    </li>
  )
}

function Gone() {
  const t = useT()
  return (
    <Empty
      title={t('connect.gone')}
      text={t('connect.goneText')}
      action={<Link to="/accounts">{t('connect.toAccounts')}</Link>}
    />
  )
}

/** Asked twice: what was given, secrets among it, is gone then. */
function RemoveDraft({ connection }: { connection: Connection }) {
  const t = useT()
  const [, set] = useView()
  const [isSure, setSure] = useState(false)
  const remove = useChange('removeDraft', ['accounts', 'overview'])
  const removeNow = () =>
    remove.mutate(
      { params: { id: connection.id } },
      {
        onSuccess: () => {
          announce(t('connect.removed', { name: connection.name }))
          set({ account: undefined, step: undefined, problem: undefined })
        },
      },
    )
  return (
    <div className="inline">
      {remove.error && <ErrorNotice error={remove.error} />}
      {isSure ? (
        <>
          <span>{t('connect.removeSure', { name: connection.name })}</span>
          <Button size="xs" variant="default" loading={remove.isPending} onClick={removeNow}>
            {t('connect.removeYes')}
          </Button>
          <Button size="xs" variant="default" onClick={() => setSure(false)}>
            {t('connect.removeNo')}
          </Button>
        </>
      ) : (
        <button type="button" className="link-button" onClick={() => setSure(true)}>
          {t('connect.remove')}
        </button>
      )}
    </div>
  )
}
