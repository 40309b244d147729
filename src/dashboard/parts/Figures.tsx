import { Link } from '@tanstack/react-router'
import type { ReactNode } from 'react'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { Overview } from '../types.ts'
import { Icon } from './Icon.tsx'

interface Figure {
  label: string
  value: ReactNode
  note?: string
  to: string
  search?: Record<string, string>
  /** Red means loss; amber, look at it. */
  tone?: 'loss' | 'warning' | false
}

/** Every figure is a link to its rows. What was never read is words, not 0. */
export function Figures({ overview }: { overview: Overview }) {
  const t = useT()
  const orders = useOrderFigures(overview)
  const stock = useStockFigures(overview)
  return (
    <section aria-label={t('overview.figures')}>
      <ul className="figures">
        {[...orders, ...stock].map((one) => (
          <li key={one.label}>
            <Link to={one.to as '/'} search={(one.search ?? {}) as never} className={`figure ${one.tone || ''}`}>
              <span className="figure-label">
                {one.tone && <Icon name={one.tone} size={14} />}
                {one.label}
              </span>
              <span className="figure-value">{one.value}</span>
              {one.note && <span className="figure-note">{one.note}</span>}
            </Link>
          </li>
        ))}
      </ul>
    </section>
  )
}

function useOrderFigures({ orders, accounts }: Overview): Figure[] {
  const t = useT()
  const format = useFormat()
  const streams = accounts.flatMap((one) => one.streams.filter((stream) => stream.stream === 'orders'))
  const wasRead = orders.total > 0 || streams.some((one) => one.pulledAt !== null)
  const value = (count: number): ReactNode =>
    wasRead ? format.number(count) : <span className="words">{t('app.notRead')}</span>
  const view = (name: string) => ({ to: '/orders', search: { view: name } })
  return [
    { label: t('overview.late'), value: value(orders.late), ...view('late'), tone: orders.late > 0 && 'loss' },
    { label: t('overview.dueToday'), value: value(orders.dueToday), ...view('due-today') },
    { label: t('overview.toShip'), value: value(orders.toShip), ...view('to-ship') },
    { label: t('overview.pending'), value: value(orders.pending), ...view('pending') },
    {
      label: t('overview.unknownSku'),
      value: value(orders.unknownSku),
      ...view('problem'),
      tone: orders.unknownSku > 0 && 'warning',
    },
    { label: t('overview.short'), value: value(orders.short), ...view('problem'), tone: orders.short > 0 && 'loss' },
  ]
}

function useStockFigures({ stock, orders }: Overview): Figure[] {
  const t = useT()
  const format = useFormat()
  const { applied, refused, unknown, open } = stock.writes
  const settled = applied + refused + unknown
  const rate = settled === 0 ? null : applied / settled
  return [
    {
      label: t('overview.oversold'),
      value: format.number(stock.oversold),
      to: '/stock',
      search: { view: 'short' },
      tone: stock.oversold > 0 && 'loss',
    },
    { label: t('overview.soldOut'), value: format.number(stock.soldOut), to: '/stock', search: { view: 'sold-out' } },
    {
      label: t('overview.unequal'),
      to: '/stock',
      search: { view: 'unequal' },
      tone: stock.problemSlots > 0 && 'warning',
      value:
        stock.slots > 0 && stock.unreadSlots === stock.slots ? (
          <span className="words">{t('app.notRead')}</span>
        ) : (
          format.number(stock.dirtySlots)
        ),
      note: stock.unreadSlots > 0 ? t('overview.unread', { count: stock.unreadSlots }) : '',
    },
    {
      label: t('overview.onHand'),
      value: format.number(stock.onHand),
      to: '/stock',
      note: t('overview.availableText', {
        available: format.number(stock.available),
        variants: format.number(stock.variants),
      }),
    },
    {
      label: t('overview.writes'),
      to: '/journal',
      value: rate === null ? <span className="words">{t('app.none')}</span> : format.percent(rate),
      note:
        rate === null
          ? t('overview.writesNone')
          : t('overview.writesText', {
              applied: format.number(applied),
              settled: format.number(settled),
              open: format.number(open),
            }),
      tone: rate !== null && rate < 0.995 && 'warning',
    },
    {
      label: t('overview.delay'),
      value:
        orders.delaySeconds === null ? (
          <span className="words">{t('app.none')}</span>
        ) : (
          format.span(orders.delaySeconds * 1_000)
        ),
      note: t('overview.delayText'),
      to: '/accounts',
    },
  ]
}
