import { useHubNow } from '../clock.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall } from '../queries.ts'
import type { FirstPullStream } from '../types.ts'
import { Ago } from './Time.tsx'

const dayMs = 86_400_000

/** What was there when the account was connected, as it is read; gone a day after it is over. */
export function FirstPull({ accountId }: { accountId: string }) {
  const t = useT()
  const now = useHubNow()
  const found = useCall('firstPull', { params: { id: accountId } }, { every: 3_000 }).data
  if (!found || found.state === 'none') return null
  const isOver = (one: FirstPullStream) => one.doneAt !== null && now - Date.parse(one.doneAt) > dayMs
  if (found.streams.every(isOver)) return null
  return (
    <section className="first-pull pad" aria-label={t('firstPull.title')}>
      <h3>{t('firstPull.title')}</h3>
      <ul>
        {found.streams.map((one) => (
          <StreamBar key={one.stream} stream={one} isStopped={found.state === 'stopped'} />
        ))}
      </ul>
    </section>
  )
}

function StreamBar({ stream, isStopped }: { stream: FirstPullStream; isStopped: boolean }) {
  const t = useT()
  const format = useFormat()
  const now = useHubNow()
  const { state, items, total, pages, startedAt, expectedAt, doneAt, failure } = stream
  const name = t(`firstPull.${stream.stream === 'orders' ? 'orders' : 'listings'}`)
  const counted =
    total === null || doneAt
      ? t('firstPull.read', { items: format.number(items), pages: format.number(pages) })
      : t('firstPull.readOf', {
          items: format.number(items),
          total: format.number(total),
          pages: format.number(pages),
        })
  return (
    <li className="import-progress">
      <span className="first-pull-name">{name}</span>
      <progress
        aria-label={name}
        {...(doneAt
          ? { value: 1, max: 1 }
          : total !== null
            ? { value: items, max: Math.max(1, total) }
            : state === 'waiting'
              ? { value: 0, max: 1 }
              : {})}
      />
      <span>{state === 'waiting' ? t('firstPull.waiting') : counted}</span>
      <span className="dim">
        {doneAt ? (
          <>
            {t('firstPull.done')} <Ago at={doneAt} />
          </>
        ) : isStopped ? (
          t('firstPull.stopped')
        ) : (
          <>
            {startedAt && (
              <>
                {t('firstPull.begun')} <Ago at={startedAt} />
              </>
            )}{' '}
            {expectedAt && Date.parse(expectedAt) > now && (
              <>
                {t('firstPull.expected')} <Ago at={expectedAt} />
              </>
            )}
          </>
        )}
      </span>
      {failure && <span className="first-pull-failure">{t('firstPull.failure', { code: failure.code })}</span>}
    </li>
  )
}
