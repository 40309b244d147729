import { useElementSize } from '@mantine/hooks'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { Drift } from '../types.ts'
import { Chart } from './Chart.tsx'

const hourMs = 3_600_000
const height = 150
const left = 44
const bottom = 20
const top = 8

interface Hour {
  at: number
  readings: number
  deviating: number
}

function hoursOf(rows: Drift['hours'], now: number): Hour[] {
  const last = Math.floor(now / hourMs) * hourMs
  return Array.from({ length: 24 }, (_, index) => {
    const at = last - (23 - index) * hourMs
    const row = rows.find((one) => Math.floor(Date.parse(one.hour) / hourMs) * hourMs === at)
    return { at, readings: row?.readings ?? 0, deviating: row?.deviating ?? 0 }
  })
}

const shareOf = ({ readings, deviating }: Hour) => (readings === 0 ? 0 : Math.min(1, deviating / readings))

/** A share at or above the largest bar and the limit, that reads well on the axis. */
const topOf = (most: number, floor: number) =>
  [0.01, 0.02, 0.04, 0.1, 0.2, 0.4, 1].find((one) => one >= Math.max(most, floor * 1.5)) ?? 1

/** The share of readings that deviate, hour by hour, against what is too much. */
export function DriftBars({ drift, now }: { drift: Drift; now: number }) {
  const t = useT()
  if (drift.hours.length === 0) return <p className="dim pad">{t('drift.hoursNone')}</p>
  const hours = hoursOf(drift.hours, now)
  return (
    <Chart
      label={t('drift.hoursTitle')}
      chart={<Bars hours={hours} floor={drift.floor} />}
      table={<HourTable hours={hours} />}
    />
  )
}

function Bars({ hours, floor }: { hours: Hour[]; floor: number }) {
  const t = useT()
  const format = useFormat()
  const { ref, width } = useElementSize()
  const max = topOf(Math.max(...hours.map(shareOf)), floor)
  const plot = height - top - bottom
  const slot = Math.max(width - left, 0) / hours.length
  const y = (value: number) => top + plot - (value / max) * plot
  const every = slot < 22 ? 6 : slot < 44 ? 4 : 2
  return (
    <div ref={ref}>
      <svg width="100%" height={height} role="img" aria-label={t('drift.hoursTitle')}>
        {[0, max / 2, max].map((tick) => (
          <g key={tick}>
            <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} className="grid" />
            <text x={left - 6} y={y(tick) + 4} textAnchor="end">
              {format.percent(tick)}
            </text>
          </g>
        ))}
        {hours.map((hour, i) => {
          const share = shareOf(hour)
          const isLast = i === hours.length - 1
          const x = left + i * slot
          return (
            <g key={hour.at} className={isLast ? 'unfinished' : undefined}>
              <title>{`${format.hour(hour.at)}${t('error.colon')}${format.percent(share)} (${format.number(hour.deviating)} / ${format.number(hour.readings)})`}</title>
              <rect x={x} y={top} width={Math.max(slot, 1)} height={plot} className="bar-room" />
              {share > 0 && (
                <rect
                  x={x + 1}
                  width={Math.max(slot - 2, 1)}
                  y={Math.min(y(share), y(0) - 2)}
                  height={Math.max((share / max) * plot, 2)}
                  className={share > floor ? 'bar-over' : 'bar-under'}
                />
              )}
              {(hours.length - 1 - i) % every === 0 && (
                <text x={x + slot / 2} y={height - 4} textAnchor={isLast ? 'end' : 'middle'} dx={isLast ? slot / 2 : 0}>
                  {format.hour(hour.at)}
                </text>
              )}
            </g>
          )
        })}
        <line x1={left} x2={width} y1={y(floor)} y2={y(floor)} className="bar-limit" />
        <text x={left + 6} y={y(floor) - 5}>
          {t('drift.limit', { floor: format.percent(floor) })}
        </text>
      </svg>
    </div>
  )
}

function HourTable({ hours }: { hours: Hour[] }) {
  const t = useT()
  const format = useFormat()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('drift.hour')}</th>
          <th scope="col" className="number">
            {t('drift.readings')}
          </th>
          <th scope="col" className="number">
            {t('drift.deviating')}
          </th>
          <th scope="col" className="number">
            {t('drift.shareColumn')}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...hours].reverse().map((hour) => (
          <tr key={hour.at}>
            <td>{format.short(hour.at)}</td>
            <td className="number">{format.number(hour.readings)}</td>
            <td className="number">{format.number(hour.deviating)}</td>
            <td className="number">{hour.readings === 0 ? '–' : format.percent(shareOf(hour))}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
