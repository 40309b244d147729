import { Button } from '@mantine/core'
import { useState } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import { useCall, useChange } from '../queries.ts'
import { useMay } from '../session.ts'
import type { Errand, OrderDetail, OrderErrands } from '../types.ts'
import { announce } from './Announcer.tsx'
import { CancelForm, RefundForm } from './AskForms.tsx'
import { Chip, type Tone } from './Chip.tsx'
import type { IconName } from './Icon.tsx'
import { ErrorNotice } from './Notice.tsx'
import { Panel } from './Page.tsx'
import { ShipForm } from './ShipForm.tsx'
import { Exact } from './Time.tsx'

const looks: Record<Errand['state'], [Tone, IconName]> = {
  waiting: ['todo', 'clock'],
  sent: ['todo', 'send'],
  accepted: ['todo', 'clock'],
  unknown: ['warning', 'question'],
  applied: ['ok', 'ok'],
  refused: ['warning', 'warning'],
  undecided: ['loss', 'question'],
  dropped: ['quiet', 'cross'],
  untold: ['quiet', 'info'],
}

export const errandQueries = ['orderErrands', 'order', 'orders', 'overview', 'stock'] as const

/** What left and what was asked of the channel, what became of it, and the forms for the next step. */
export function ErrandsPanel({ order }: { order: OrderDetail }) {
  const t = useT()
  const may = useMay()
  const query = useCall('orderErrands', { params: { id: order.id } }, { every: 4_000 })
  if (!query.data) return query.error ? <ErrorNotice error={query.error} title={t('error.load')} /> : null
  const { items } = query.data
  return (
    <Panel title={t('errand.title')} id="errands">
      {items.length === 0 && <p className="dim pad">{t('errand.none')}</p>}
      <ul className="findings">
        {items.map((errand) => (
          <Row key={errand.id} errand={errand} />
        ))}
      </ul>
      {may('orders.write') && (
        <Forms order={order} can={{ ...query.data.can, refund: query.data.can.refund && may('orders.refund') }} />
      )}
    </Panel>
  )
}

function Row({ errand }: { errand: Errand }) {
  const t = useT()
  const [tone, icon] = looks[errand.state]
  return (
    <li className={tone === 'loss' || tone === 'warning' ? tone : undefined}>
      <Chip tone={tone} icon={icon}>
        {t(`errand.state.${errand.state}`)}
      </Chip>
      <div className="grow">
        <strong>
          {t(`errand.kind.${errand.kind}`)} <Units errand={errand} />
        </strong>
        <span className="next">
          <Said errand={errand} />
        </span>
        <Decide errand={errand} />
      </div>
      <span className="dim meta">
        {t('errand.by', { actor: errand.actor })} · <Exact at={errand.createdAt} />
      </span>
    </li>
  )
}

const linesShown = 3

function Units({ errand }: { errand: Errand }) {
  const t = useT()
  const format = useFormat()
  const amount = errand.lines.reduce((sum, line) => sum + (line.amount ?? 0), errand.shippingAmount ?? 0)
  if (errand.kind === 'refund') return <>{format.money(amount, errand.currency)}</>
  const units = errand.lines
    .slice(0, linesShown)
    .map((line) => t('errand.units', { quantity: format.number(line.quantity), sku: line.sku ?? line.remoteId }))
  const more = errand.lines.length - linesShown
  return <>{[...units, ...(more > 0 ? [t('errand.more', { count: more })] : [])].join(', ')}</>
}

function Said({ errand }: { errand: Errand }) {
  const t = useT()
  const format = useFormat()
  const parcel = [errand.carrier, errand.trackingNumber].filter(Boolean).join(' ')
  const { state, dueAt, problem } = errand
  const time = dueAt ? format.short(dueAt) : ''
  const text =
    state === 'waiting' || state === 'accepted' || state === 'unknown'
      ? t(`errand.stateText.${state}`, { time })
      : state === 'refused' || state === 'undecided' || state === 'untold'
        ? t(`errand.stateText.${state}`)
        : ''
  return (
    <>
      {parcel && <span>{parcel} </span>}
      {errand.trackingUrl && (
        <a href={errand.trackingUrl} rel="noreferrer" target="_blank">
          {t('errand.track')}
        </a>
      )}
      {text && <span>{text} </span>}
      {problem && (
        <span className="mono">
          {problem.code}: {problem.message}
        </span>
      )}
    </>
  )
}

/** A person's word ends the doubt; the buttons say what each of them means. */
function Decide({ errand }: { errand: Errand }) {
  const t = useT()
  const may = useMay()
  const change = useChange('decideErrand', errandQueries)
  if (!may('orders.write') || (errand.state !== 'refused' && errand.state !== 'undecided')) return null
  const decide = (decision: 'happened' | 'again' | 'drop') =>
    change.mutate({ params: { id: errand.id }, body: { decision } }, { onSuccess: () => announce(t('errand.decided')) })
  return (
    <span className="inline-form">
      <Button size="xs" variant="default" loading={change.isPending} onClick={() => decide('happened')}>
        {t('errand.happened')}
      </Button>
      <Button size="xs" variant="default" loading={change.isPending} onClick={() => decide('again')}>
        {errand.state === 'refused' ? t('errand.again') : t('errand.againUndecided')}
      </Button>
      <Button size="xs" variant="default" loading={change.isPending} onClick={() => decide('drop')}>
        {t('errand.drop')}
      </Button>
      {change.error && <ErrorNotice error={change.error} />}
    </span>
  )
}

type Form = 'ship' | 'cancel' | 'refund'

function Forms({ order, can }: { order: OrderDetail; can: OrderErrands['can'] }) {
  const t = useT()
  const [open, setOpen] = useState<Form | null>(null)
  const offered: Form[] = [
    ...(can.ship ? (['ship'] as const) : []),
    ...(can.cancel ? (['cancel'] as const) : []),
    ...(can.refund ? (['refund'] as const) : []),
  ]
  if (offered.length === 0) return null
  const done = (text: string) => {
    setOpen(null)
    announce(text)
  }
  return (
    <>
      <div className="inline-form pad">
        {offered.map((form) => (
          <Button
            key={form}
            size="xs"
            variant={form === 'ship' ? 'filled' : 'default'}
            aria-expanded={open === form}
            onClick={() => setOpen(open === form ? null : form)}
          >
            {t(`errand.${form}`)}
          </Button>
        ))}
      </div>
      {open === 'ship' && can.ship && <ShipForm order={order} can={can} onDone={done} />}
      {open === 'cancel' && can.cancel && <CancelForm order={order} can={can} onDone={done} />}
      {open === 'refund' && can.refund && <RefundForm order={order} onDone={done} />}
    </>
  )
}
