import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall } from '../queries.ts'
import type { Oversell } from '../types.ts'
import { Chip } from './Chip.tsx'
import { Icon, type IconName } from './Icon.tsx'
import { ErrorNotice } from './Notice.tsx'
import { Loading, OrderLink } from './Page.tsx'
import { Ago, Exact } from './Time.tsx'

/** After an oversell: its cause in words, what to do, and the events that led to it. */
export function OversellPanel({ sku }: { sku: string }) {
  const t = useT()
  const query = useCall('oversells', { params: { sku }, query: { limit: 5 } }, { every: 10_000 })
  if (query.error && !query.data) return <ErrorNotice error={query.error} title={t('error.load')} />
  if (!query.data) return <Loading />
  const { items } = query.data
  if (items.length === 0) return <p className="dim pad">{t('oversell.none')}</p>
  return (
    <ul className="oversells">
      {items.map((one, index) => (
        <One key={one.id} one={one} isNewest={index === 0} />
      ))}
    </ul>
  )
}

function One({ one, isNewest }: { one: Oversell; isNewest: boolean }) {
  const t = useT()
  const [isOpen, setOpen] = useState(isNewest)
  const told = [
    one.short > 0 ? t('oversell.short', { count: one.short }) : null,
    one.uncovered > 0 ? t('oversell.uncovered', { count: one.uncovered }) : null,
  ].filter((text) => text !== null)
  return (
    <li>
      <span className="chips">
        <Chip tone={one.short > 0 ? 'loss' : 'warning'} icon={one.short > 0 ? 'loss' : 'warning'}>
          {told.join(' · ')}
        </Chip>
        <span className="dim">
          <Ago at={one.at} />
        </span>
      </span>
      <strong>{one.title}</strong>
      <span className="dim">{one.next}</span>
      <button
        type="button"
        className="link-button"
        aria-expanded={isOpen}
        aria-controls={isOpen ? `oversell-${one.id}` : undefined}
        onClick={() => setOpen(!isOpen)}
      >
        <Icon name={isOpen ? 'down' : 'right'} size={14} />
        {t('oversell.events', { count: one.links.length })}
      </button>
      {isOpen && <Chain one={one} />}
    </li>
  )
}

type Step = Oversell['links'][number]

const icons: Partial<Record<Step['step'], IconName>> = {
  sold: 'orders',
  learned: 'orders',
  'learned-late': 'clock',
  late: 'clock',
  promised: 'orders',
  received: 'stock',
  lowered: 'stock',
  higher: 'eye',
  lower: 'eye',
  lost: 'eye',
  joined: 'eye',
  beyond: 'warning',
  mode: 'rules',
  oversold: 'loss',
  uncovered: 'warning',
  'oversold-uncovered': 'loss',
}

/** As it happened: the oldest on top, the oversell at the end. */
function Chain({ one }: { one: Oversell }) {
  const t = useT()
  return (
    <ol className="timeline" id={`oversell-${one.id}`}>
      {one.left > 0 && <li className="dim">{t('oversell.left', { count: one.left })}</li>}
      {one.links.map((link, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: a chain never changes once it is told
        <li key={i} className={link.isCause ? 'is-cause' : undefined}>
          <span className="dot">
            <Icon name={icons[link.step] ?? 'send'} size={14} />
          </span>
          <div>
            <span className="said">
              {link.isCause && (
                <Chip tone="warning" icon="warning">
                  {t('oversell.cause')}
                </Chip>
              )}{' '}
              {link.text}
            </span>
            <span className="dim">
              <Exact at={link.at} brief />
              {link.order && (
                <>
                  {' · '}
                  <OrderLink id={link.order.id} remoteId={link.order.remoteId} />
                </>
              )}
              {link.call && <Call call={link.call} />}
            </span>
          </div>
        </li>
      ))}
    </ol>
  )
}

function Call({ call }: { call: NonNullable<Step['call']> }) {
  const t = useT()
  const format = useFormat()
  const text = t('oversell.call', {
    method: call.method,
    operation: call.operation,
    status: call.status ?? t('oversell.noAnswer'),
    ms: format.number(call.durationMs),
  })
  return (
    <span className="mono">
      {' · '}
      {text}
      {call.requestId && ` · ${t('oversell.requestId', { id: call.requestId })}`}
    </span>
  )
}
