import { bulletOf } from '../bullet.ts'

/** Units as a bar, with a mark at the units there are. The numbers stand beside it in words. */
export function Bullet({
  units,
  available,
  over = units > available,
}: {
  units: number
  available: number
  over?: boolean
}) {
  const { bar, mark } = bulletOf(units, available)
  return (
    <div className="bullet" aria-hidden="true">
      <div className={`bullet-bar${over ? ' over' : ''}`} style={{ width: `${bar}%` }} />
      <div className="bullet-mark" style={{ left: `${mark}%` }} />
    </div>
  )
}
