import { useHubNow } from '../clock.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { isOverdue } from '../overdue.ts'
import { useMay } from '../session.ts'
import type { Account, AccountPlan } from '../types.ts'
import { AccountActions } from './AccountActions.tsx'
import { MaybeAgo, StageChip } from './AccountStates.tsx'
import { Budgets } from './Budgets.tsx'
import { Chip } from './Chip.tsx'
import { FirstPull } from './FirstPull.tsx'
import { Notice } from './Notice.tsx'
import { NotificationPart } from './NotificationPart.tsx'
import { TableFrame } from './Page.tsx'
import { Sending } from './PlanLines.tsx'
import { Ago, Exact } from './Time.tsx'
import { WriteThroughPart } from './WriteThroughPart.tsx'
import { useWord } from './words.ts'

export function AccountCard({ account, plan }: { account: Account; plan: AccountPlan | undefined }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  const now = useHubNow()
  const may = useMay()
  const { halted } = account
  return (
    <article className="panel account" id={account.id} aria-label={account.name}>
      <header className="panel-head">
        <h2>{account.name}</h2>
        <span className="dim">
          {word('channel', account.channel)}
          {account.region && ` · ${account.region.toUpperCase()}`}
        </span>
        <StageChip stage={account.stage} />
        <span className="push dim">{t('accounts.ordersCount', { count: account.orders })}</span>
      </header>
      {halted && (
        <Notice tone="warning" title={t('accounts.halted', { reason: word('accounts.haltedCode', halted.code) })}>
          {t('accounts.haltedText', { time: format.ago(halted.at, now) })}
        </Notice>
      )}
      <FirstPull accountId={account.id} />
      <Streams account={account} />
      <Budgets budgets={account.budgets} />
      <dl className="facts compact">
        <div>
          <dt>{t('accounts.slots')}</dt>
          <dd>
            <SlotCounts slots={account.slots} />
          </dd>
        </div>
        {plan && (
          <div>
            <dt>{t('plan.sending')}</dt>
            <dd>
              <Sending plan={plan} />
            </dd>
          </div>
        )}
        <div>
          <dt>{t('lag.title')}</dt>
          <dd>
            <OrderLag lag={account.orderLag} />
          </dd>
        </div>
        {account.recount && (
          <div>
            <dt>{t('recount.title')}</dt>
            <dd>
              {t('recount.text', {
                until: format.short(account.recount.checkedUntil),
                counted: format.number(account.recount.counted),
                missing: format.number(account.recount.missing),
              })}
            </dd>
          </div>
        )}
        <div>
          <dt>{t('notifications.title')}</dt>
          <dd>
            <NotificationPart account={account} />
          </dd>
        </div>
        <div>
          <dt>{t('accounts.worker')}</dt>
          <dd>{account.worker ? <span className="mono">{account.worker.holder}</span> : t('accounts.workerNone')}</dd>
        </div>
        <div>
          <dt>{t('accounts.since')}</dt>
          <dd>
            <Exact at={account.openedAt} />
          </dd>
        </div>
      </dl>
      <WriteThroughPart account={account} />
      {may('accounts.manage') && <AccountActions account={account} />}
    </article>
  )
}

/** What was learned of the channel's list, and what it makes of it. */
function OrderLag({ lag }: { lag: Account['orderLag'] }) {
  const t = useT()
  const format = useFormat()
  if (!lag) return t('lag.live')
  const { marginMs, tailMs, medianMs, mostMs } = lag
  return (
    <>
      {t('lag.margin', { margin: format.span(marginMs) })}{' '}
      {tailMs >= 1_000 ? t('lag.tail', { tail: format.span(tailMs) }) : t('lag.none')}{' '}
      {medianMs !== null && mostMs !== null && (
        <span className="dim">{t('lag.learned', { median: format.span(medianMs), most: format.span(mostMs) })}</span>
      )}
    </>
  )
}

function SlotCounts({ slots }: { slots: Account['slots'] }) {
  const t = useT()
  const format = useFormat()
  return t('accounts.slotsText', {
    total: format.number(slots.total),
    dirty: format.number(slots.dirty),
    unread: format.number(slots.unread),
    problems: format.number(slots.problems),
  })
}

function Streams({ account }: { account: Account }) {
  const t = useT()
  if (account.streams.length === 0) return <p className="dim pad">{t('accounts.noStreams')}</p>
  return (
    <TableFrame label={t('accounts.streams')}>
      <table>
        <thead>
          <tr>
            <th scope="col">{t('accounts.streams')}</th>
            <th scope="col">{t('accounts.state')}</th>
            <th scope="col">{t('accounts.read')}</th>
            <th scope="col">{t('accounts.watermark')}</th>
            <th scope="col">{t('accounts.next')}</th>
          </tr>
        </thead>
        <tbody>
          {account.streams.map((one) => (
            <Stream key={one.stream} stream={one} isStopped={account.halted !== null || account.stage === 'paused'} />
          ))}
        </tbody>
      </table>
    </TableFrame>
  )
}

function Stream({ stream, isStopped }: { stream: Account['streams'][number]; isStopped: boolean }) {
  const t = useT()
  const word = useWord()
  const now = useHubNow()
  const { failure } = stream
  const state = failure ? (
    <Chip tone="warning" icon="warning" title={failure.message}>
      {t('accounts.failed', { count: failure.failures })}
    </Chip>
  ) : stream.pulledAt === null ? (
    <Chip tone="warning" icon="question">
      {t('accounts.never')}
    </Chip>
  ) : isStopped ? (
    <Chip tone="quiet" icon="pause">
      {t('accounts.haltedWord')}
    </Chip>
  ) : isOverdue(stream, now) ? (
    <Chip tone="warning" icon="clock">
      {t('accounts.overdue')}
    </Chip>
  ) : (
    <Chip tone="ok" icon="ok">
      {t('accounts.ok')}
    </Chip>
  )
  return (
    <>
      <tr>
        <td>{word('streamWord', stream.stream)}</td>
        <td>{state}</td>
        <td>
          <MaybeAgo at={stream.pulledAt} />
        </td>
        <td>{stream.watermark ? <Ago at={stream.watermark} /> : <span className="dim">–</span>}</td>
        <td>
          {isStopped ? (
            <span className="dim">–</span>
          ) : Date.parse(stream.nextAt) <= now ? (
            t('accounts.due')
          ) : (
            <Ago at={stream.nextAt} />
          )}
        </td>
      </tr>
      {failure && (
        <tr className="sub">
          <td colSpan={5}>
            <span className="mono">{failure.code}</span> {failure.message}{' '}
            <span className="dim">
              · <Ago at={failure.at} />
            </span>
          </td>
        </tr>
      )}
    </>
  )
}
