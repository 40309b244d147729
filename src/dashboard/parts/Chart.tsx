import { type ReactNode, useState } from 'react'
import { useT } from '../i18n.ts'

/** Every chart can be read as a table. */
export function Chart({ label, chart, table }: { label: string; chart: ReactNode; table: ReactNode }) {
  const t = useT()
  const [isTable, setTable] = useState(false)
  return (
    <div className="chart">
      {isTable ? <div className="chart-table">{table}</div> : chart}
      <button
        type="button"
        className="link-button"
        aria-label={`${label}${t('error.colon')}${isTable ? t('app.viewChart') : t('app.viewTable')}`}
        onClick={() => setTable(!isTable)}
      >
        {isTable ? t('app.viewChart') : t('app.viewTable')}
      </button>
    </div>
  )
}

/** A round number at or above `value`, so that the axis ends on a figure people read at a glance. */
export function axisTop(value: number): number {
  if (value <= 4) return 4
  const size = 10 ** Math.floor(Math.log10(value))
  for (const step of [1, 1.2, 1.6, 2, 2.4, 3, 4, 5, 6, 8, 10]) {
    const top = step * size
    // Its half stands on the axis too, and half an order does not exist.
    if (top >= value && top % 2 === 0) return top
  }
  return value
}
