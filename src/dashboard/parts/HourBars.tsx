import { useElementSize } from '@mantine/hooks'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'
import type { Overview } from '../types.ts'
import { axisTop, Chart } from './Chart.tsx'
import { useWord } from './words.ts'

type Rows = Overview['orders']['byHour']
const hourMs = 3_600_000
const height = 150
const left = 30
const bottom = 20
const top = 8

interface Hour {
  at: number
  total: number
  byChannel: Map<string, number>
}

function hoursOf(rows: Rows, now: string): Hour[] {
  const last = Math.floor(Date.parse(now) / hourMs) * hourMs
  const hours = Array.from(
    { length: 24 },
    (_, i): Hour => ({ at: last - (23 - i) * hourMs, total: 0, byChannel: new Map() }),
  )
  for (const row of rows) {
    const hour = hours.find((one) => one.at === Math.floor(Date.parse(row.hour) / hourMs) * hourMs)
    if (!hour) continue
    hour.total += row.orders
    hour.byChannel.set(row.channel, (hour.byChannel.get(row.channel) ?? 0) + row.orders)
  }
  return hours
}

/** Orders an hour, stacked by channel. Color and pattern both tell the channels apart. */
export function HourBars({ rows, now }: { rows: Rows; now: string }) {
  const t = useT()
  const channels = [...new Set(rows.map((one) => one.channel))].sort()
  const hours = hoursOf(rows, now)
  if (channels.length === 0) return <p className="dim pad">{t('overview.hoursNone')}</p>
  return (
    <Chart
      label={t('overview.hoursTitle')}
      chart={
        <>
          <Legend channels={channels} />
          <Bars hours={hours} channels={channels} />
        </>
      }
      table={<HourTable hours={hours} channels={channels} />}
    />
  )
}

function Bars({ hours, channels }: { hours: Hour[]; channels: string[] }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  const { ref, width } = useElementSize()
  const max = axisTop(Math.max(...hours.map((one) => one.total)))
  const plot = height - top - bottom
  const slot = Math.max(width - left, 0) / hours.length
  const y = (value: number) => top + plot - (value / max) * plot
  const every = slot < 22 ? 6 : slot < 44 ? 4 : 2
  return (
    <div ref={ref}>
      <svg width="100%" height={height} role="img" aria-label={t('overview.hoursTitle')}>
        <Patterns count={channels.length} />
        {[0, max / 2, max].map((tick) => (
          <g key={tick}>
            <line x1={left} x2={width} y1={y(tick)} y2={y(tick)} className="grid" />
            <text x={left - 6} y={y(tick) + 4} textAnchor="end">
              {format.number(tick)}
            </text>
          </g>
        ))}
        {hours.map((hour, i) => {
          let below = 0
          const x = left + i * slot
          return (
            <g key={hour.at} className={i === hours.length - 1 ? 'unfinished' : undefined}>
              <title>{`${format.hour(hour.at)}${t('error.colon')}${format.number(hour.total)}`}</title>
              {channels.map((channel, index) => {
                const value = hour.byChannel.get(channel) ?? 0
                below += value
                return value === 0 ? null : (
                  <rect
                    key={channel}
                    x={x + 1}
                    width={Math.max(slot - 2, 1)}
                    y={y(below)}
                    height={(value / max) * plot}
                    className={`series-${index % 6}`}
                    fill={`url(#series-${index % 6})`}
                  >
                    <title>{`${format.hour(hour.at)} ${word('channel', channel)}${t('error.colon')}${format.number(value)}`}</title>
                  </rect>
                )
              })}
              {(hours.length - 1 - i) % every === 0 && (
                <text
                  x={x + slot / 2}
                  y={height - 4}
                  textAnchor={i === hours.length - 1 ? 'end' : 'middle'}
                  dx={i === hours.length - 1 ? slot / 2 : 0}
                >
                  {format.hour(hour.at)}
                </text>
              )}
            </g>
          )
        })}
      </svg>
    </div>
  )
}

function Patterns({ count }: { count: number }) {
  const marks = ['', 'M0 6 6 0', 'M0 3H6', 'M3 0V6', 'M0 0 6 6', 'M3 3h.1']
  return (
    <defs>
      {marks.slice(0, count).map((mark, i) => (
        <pattern key={mark} id={`series-${i}`} width="6" height="6" patternUnits="userSpaceOnUse">
          <rect width="6" height="6" className={`series-fill-${i}`} />
          <path d={mark} className="series-mark" />
        </pattern>
      ))}
    </defs>
  )
}

function Legend({ channels }: { channels: string[] }) {
  const word = useWord()
  return (
    <ul className="legend">
      {channels.map((channel, i) => (
        <li key={channel}>
          <svg width="14" height="14" aria-hidden="true">
            <rect width="14" height="14" fill={`url(#series-${i % 6})`} />
          </svg>
          {word('channel', channel)}
        </li>
      ))}
    </ul>
  )
}

function HourTable({ hours, channels }: { hours: Hour[]; channels: string[] }) {
  const t = useT()
  const format = useFormat()
  const word = useWord()
  return (
    <table>
      <thead>
        <tr>
          <th scope="col">{t('overview.hour')}</th>
          {channels.map((one) => (
            <th scope="col" key={one} className="number">
              {word('channel', one)}
            </th>
          ))}
          <th scope="col" className="number">
            {t('orders.all')}
          </th>
        </tr>
      </thead>
      <tbody>
        {[...hours].reverse().map((hour) => (
          <tr key={hour.at}>
            <td>{format.short(hour.at)}</td>
            {channels.map((one) => (
              <td key={one} className="number">
                {format.number(hour.byChannel.get(one) ?? 0)}
              </td>
            ))}
            <td className="number">{format.number(hour.total)}</td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}
