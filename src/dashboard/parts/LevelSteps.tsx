import { useElementSize } from '@mantine/hooks'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { StockDetail } from '../types.ts'
import { axisTop, Chart } from './Chart.tsx'

type History = StockDetail['history']
const height = 190
const left = 40
const bottom = 22
const top = 10

/** A level stays until the next movement: steps, never slopes. */
export function LevelSteps({ history }: { history: History }) {
  const t = useT()
  if (history.length === 0) return <p className="dim pad">{t('variant.historyNone')}</p>
  return (
    <Chart
      label={t('variant.history')}
      chart={
        <>
          <ul className="legend">
            <li>
              <svg width="18" height="14" aria-hidden="true">
                <line x1="0" x2="18" y1="7" y2="7" className="line-available" />
              </svg>
              {t('stock.available')}
            </li>
            <li>
              <svg width="18" height="14" aria-hidden="true">
                <line x1="0" x2="18" y1="7" y2="7" className="line-on-hand" />
              </svg>
              {t('stock.onHand')}
            </li>
          </ul>
          <Lines history={history} />
        </>
      }
      table={<HistoryTable history={history} />}
    />
  )
}

function Lines({ history }: { history: History }) {
  const t = useT()
  const format = useFormat()
  const { ref, width } = useElementSize()
  const from = Date.parse(history[0]?.at ?? '')
  const to = Date.parse(history[history.length - 1]?.at ?? '')
  const max = axisTop(Math.max(...history.map((one) => Math.max(one.onHand, one.available))))
  const plotWidth = Math.max(width - left - 8, 1)
  const x = (at: string) => left + (to === from ? 0 : ((Date.parse(at) - from) / (to - from)) * plotWidth)
  const y = (value: number) => top + (height - top - bottom) * (1 - value / max)
  const path = (of: (one: History[number]) => number) =>
    `${history.map((one, i) => (i === 0 ? `M${x(one.at)} ${y(of(one))}` : `H${x(one.at)}V${y(of(one))}`)).join('')}H${left + plotWidth}`
  return (
    <div ref={ref}>
      <svg width="100%" height={height} role="img" aria-label={t('variant.history')}>
        {[0, max / 2, max].map((tick) => (
          <g key={tick}>
            <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} className="grid" />
            <text x={left - 6} y={y(tick) + 4} textAnchor="end">
              {format.number(tick)}
            </text>
          </g>
        ))}
        <path d={path((one) => one.onHand)} className="line-on-hand" />
        <path d={path((one) => one.available)} className="line-available" />
        <text x={left} y={height - 4}>
          {format.short(from)}
        </text>
        {to > from && (
          <text x={left + plotWidth} y={height - 4} textAnchor="end">
            {format.short(to)}
          </text>
        )}
      </svg>
    </div>
  )
}

function HistoryTable({ history }: { history: History }) {
  const t = useT()
  const format = useFormat()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('variant.time')}</th>
          <th scope="col" className="number">
            {t('stock.onHand')}
          </th>
          <th scope="col" className="number">
            {t('stock.available')}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...history].reverse().map((one, i) => (
          // biome-ignore lint/suspicious/noArrayIndexKey: several movements can share a moment
          <tr key={`${one.at} ${i}`}>
            <td>{format.exact(one.at)}</td>
            <td className="number">{format.number(one.onHand)}</td>
            <td className="number">{format.number(one.available)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
