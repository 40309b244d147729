import { Link } from '@tanstack/react-router'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { TimelineEntry } from '../types.ts'
import { Icon, type IconName } from './Icon.tsx'
import { Exact } from './Time.tsx'

const icons: Record<TimelineEntry['source'], IconName> = { order: 'orders', stock: 'stock', channel: 'send' }

/** The hub tells it in causal order; here the newest stands on top. */
export function Timeline({ entries }: { entries: readonly TimelineEntry[] }) {
  const t = useT()
  if (entries.length === 0) return <p className="dim pad">{t('order.timelineNone')}</p>
  return (
    <ol className="timeline">
      {[...entries].reverse().map((entry, i) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: entries have no id; the list holds no state
        <li key={`${entry.at} ${entry.kind} ${i}`}>
          <span className="dot" title={t(`order.source.${entry.source}`)}>
            <Icon name={icons[entry.source]} size={14} />
          </span>
          <div>
            <span className="said">
              <Said entry={entry} />
            </span>
            <span className="dim">
              <Exact at={entry.at} />
              <Figures data={entry.data} source={entry.source} />
            </span>
          </div>
        </li>
      ))}
    </ol>
  )
}

/** What the hub writes into `data`, read with care: an unknown kind is shown as text. */
function useData(data: TimelineEntry['data']) {
  const t = useT()
  const text = (name: string): string | null => {
    const value = data[name]
    return typeof value === 'string' || typeof value === 'number' ? String(value) : null
  }
  const state = (name: string): string => {
    const value = text(name)
    const known = ['pending', 'open', 'partly_shipped', 'shipped', 'canceled', 'unfulfillable', 'unknown'] as const
    const found = known.find((one) => one === value)
    return found ? t(`orderState.${found}`) : (value ?? '–')
  }
  return { text, state }
}

function Said({ entry }: { entry: TimelineEntry }) {
  const t = useT()
  const format = useFormat()
  const { text, state } = useData(entry.data)
  const from = text('from')
  const units = text('units') ?? '?'
  if (entry.source === 'stock') return <StockSaid entry={entry} />
  switch (entry.kind) {
    case 'imported': {
      const placedAt = text('placedAt')
      return placedAt
        ? t('timeline.importedPlaced', { to: state('to'), placed: format.exact(placedAt) })
        : t('timeline.imported', { to: state('to') })
    }
    case 'changed':
      return from === text('to')
        ? t('timeline.changedSame', { to: state('to') })
        : t('timeline.changed', { from: state('from'), to: state('to') })
    case 'canceled':
      return from === null ? t('timeline.canceledNew') : t('timeline.canceled', { from: state('from') })
    case 'shipped':
      return from === null ? t('timeline.shippedNew') : t('timeline.shipped', { from: state('from') })
    case 'unknown-sku':
      return t('timeline.unknownSku', { sku: text('sku') ?? '–' })
    case 'short':
      return t('timeline.short', { units })
    case 'found':
      return t('timeline.found', { units })
    case 'late-sale':
      return t('drift.lateSale', {
        quantity: text('quantity') ?? '?',
        sku: text('sku') ?? '–',
        time: format.span(Number(text('behindMs') ?? 0)),
      })
    case 'decided': {
      const kind = kinds.find((one) => one === text('errand')) ?? 'shipment'
      const decision = { happened: 'errand.happened', again: 'errand.again', drop: 'errand.drop' } as const
      const said = decision[(text('decision') ?? 'drop') as keyof typeof decision]
      return t('errand.decisionSaid', { by: text('by') ?? '–', decision: t(said), kind: t(`errand.kind.${kind}`) })
    }
    case 'odd-step':
      return t('timeline.oddStep', { from: state('from'), to: state('to') })
    default: {
      const operation = text('operation')
      return entry.source === 'channel' && operation ? t('timeline.call', { operation }) : <Unknown entry={entry} />
    }
  }
}

const kinds = ['acknowledgement', 'shipment', 'cancellation', 'refund', 'copy', 'dispatch'] as const
const stockKinds = ['reservation', 'release', 'shipment', 'adjustment', 'allocation', 'return'] as const
/** Which figure of a movement tells its size. */
const sizeOf = {
  reservation: 'reserved',
  release: 'reserved',
  shipment: 'onHand',
  adjustment: 'onHand',
  allocation: 'allocated',
  return: 'onHand',
} as const

function StockSaid({ entry }: { entry: TimelineEntry }) {
  const t = useT()
  const format = useFormat()
  const { text } = useData(entry.data)
  const kind = stockKinds.find((one) => one === entry.kind)
  const size = text('quantity') ?? (kind ? text(sizeOf[kind]) : null)
  if (!kind || size === null) return <Unknown entry={entry} />
  const sku = text('sku') ?? ''
  const amount = Number(size)
  const shown = Number.isNaN(amount) ? size : format.number(kind === 'adjustment' ? amount : Math.abs(amount))
  const said = t(`timeline.${kind}`, { quantity: shown, sku })
  return sku ? (
    <Link to="/stock/$sku" params={{ sku }}>
      {said}
    </Link>
  ) : (
    said
  )
}

function Unknown({ entry }: { entry: TimelineEntry }) {
  const rest = Object.entries(entry.data).map(
    ([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`,
  )
  return (
    <>
      {entry.kind}
      {rest.length > 0 && <span className="dim"> {rest.join(' · ')}</span>}
    </>
  )
}

const figures = ['onHand', 'reserved', 'allocated', 'unsellable', 'short'] as const

/** A stock step says what it changed, with signs. */
function Figures({ data, source }: { data: TimelineEntry['data']; source: TimelineEntry['source'] }) {
  const t = useT()
  if (source !== 'stock') return null
  const parts: string[] = figures.flatMap((name) => {
    const value = data[name]
    return typeof value === 'number' && value !== 0 ? [t(`figure.${name}`, { value: signed(value) })] : []
  })
  const place = data.location
  if (typeof place === 'string') parts.push(t('figure.location', { value: place }))
  return parts.length > 0 && <> · {parts.join(' · ')}</>
}

/** A real minus sign: as wide as the plus, and read aloud as one. */
export const signed = (value: number): string => (value > 0 ? `+${value}` : value < 0 ? `−${-value}` : '0')
