import { Link } from '@tanstack/react-router'
import { useHubNow } from '../clock.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { isLate } from '../overdue.ts'
import type { Account, Overview } from '../types.ts'
import { Chip, type Tone } from './Chip.tsx'
import type { IconName } from './Icon.tsx'
import { Ago } from './Time.tsx'
import { useWord } from './words.ts'

type Known = Overview['accounts'][number]

export function AccountStates({ accounts }: { accounts: readonly Known[] }) {
  const t = useT()
  if (accounts.length === 0) return <p className="dim pad">{t('overview.noAccounts')}</p>
  return (
    <ul className="rows">
      {accounts.map((one) => (
        <AccountState key={one.id} account={one} />
      ))}
    </ul>
  )
}

function AccountState({ account }: { account: Known }) {
  const t = useT()
  const word = useWord()
  return (
    <li>
      <span className="grow">
        <Link to="/accounts" hash={account.id}>
          {account.name}
        </Link>
        <span className="dim">
          {word('channel', account.channel)} · {t(`accounts.stage.${account.stage}`)}
        </span>
      </span>
      <ReadingState account={account} />
    </li>
  )
}

/** Never read, failing, halted and current are four things; none of them may look like another. */
function ReadingState({ account }: { account: Known }) {
  const t = useT()
  const format = useFormat()
  const now = useHubNow()
  if (account.halted) {
    return (
      <Chip tone="warning" icon="pause" title={account.halted.code}>
        {t('overview.haltedSince', { span: format.span(now - Date.parse(account.halted.at)) })}
      </Chip>
    )
  }
  const failing = account.streams.find((one) => one.failure)
  if (failing?.failure) {
    return (
      <Chip tone="warning" icon="warning" title={failing.failure.message}>
        {t('overview.failing', { span: format.span(now - Date.parse(failing.failure.at)) })}
      </Chip>
    )
  }
  const orders = account.streams.find((one) => one.stream === 'orders') ?? account.streams[0]
  if (!orders) return <span className="dim">{t('overview.pushed')}</span>
  if (!orders.pulledAt)
    return (
      <Chip tone="warning" icon="question">
        {t('overview.neverRead')}
      </Chip>
    )
  if (isLate(account, now))
    return (
      <Chip tone="warning" icon="clock">
        {t('overview.lateRead', { time: format.ago(orders.pulledAt, now) })}
      </Chip>
    )
  return (
    <span className="chip ok-plain" title={format.exact(orders.pulledAt)}>
      {t('overview.pulled', { time: format.ago(orders.pulledAt, now) })}
    </span>
  )
}

const stageLooks: Record<Account['stage'], [Tone, IconName]> = {
  live: ['ok', 'ok'],
  shadow: ['quiet', 'eye'],
  sandbox: ['quiet', 'box'],
  paused: ['quiet', 'pause'],
}

export function StageChip({ stage }: { stage: Account['stage'] }) {
  const t = useT()
  const [tone, icon] = stageLooks[stage]
  return (
    <Chip tone={tone} icon={icon} title={t(`accounts.stageText.${stage}`)}>
      {t(`accounts.stage.${stage}`)}
    </Chip>
  )
}

export function MaybeAgo({ at }: { at: string | null }) {
  const t = useT()
  return at === null ? <span className="is-warning">{t('app.notRead')}</span> : <Ago at={at} />
}
