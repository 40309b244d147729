import { useHubNow } from '../clock.ts'
import { useFormat } from '../format.ts'
import { useT } from '../i18n.ts'

/** A moment by its age, measured with the hub's clock; the exact time, with its zone, on hover. */
export function Ago({ at }: { at: string }) {
  const now = useHubNow()
  const format = useFormat()
  return (
    <time dateTime={at} title={format.exact(at)}>
      {format.ago(at, now)}
    </time>
  )
}

/** A moment exactly; in dense tables without year and zone, which then stand in the hint. */
export function Exact({ at, brief = false }: { at: string; brief?: boolean }) {
  const now = useHubNow()
  const format = useFormat()
  const ago = format.ago(at, now)
  return (
    <time dateTime={at} title={brief ? `${format.exact(at)} · ${ago}` : ago}>
      {brief ? format.stamp(at) : format.exact(at)}
    </time>
  )
}

/** A deadline by the time left. Only an open order can be late. */
export function Deadline({ at, open }: { at: string | null; open: boolean }) {
  const now = useHubNow()
  const format = useFormat()
  const t = useT()
  if (at === null) return <span className="dim">–</span>
  const left = Date.parse(at) - now
  if (!open)
    return (
      <time dateTime={at} title={format.exact(at)} className="dim">
        {format.short(at)}
      </time>
    )
  const text =
    left < 0 ? t('orders.overdue', { time: format.span(left) }) : t('orders.shipIn', { time: format.span(left) })
  return (
    <time
      dateTime={at}
      title={format.exact(at)}
      className={left < 0 ? 'is-loss' : left < 4 * 3_600_000 ? 'is-warning' : undefined}
    >
      {text}
    </time>
  )
}
