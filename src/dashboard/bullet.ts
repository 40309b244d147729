/** A bar of units against the units there are: both in percent of whichever is more. */
export interface Bullet {
  bar: number
  mark: number
  isOver: boolean
}

export function bulletOf(units: number, available: number): Bullet {
  const top = Math.max(units, available, 1)
  return { bar: (units / top) * 100, mark: (available / top) * 100, isOver: units > available }
}

/** How many times what is there: one digit behind the point. Null where nothing is there and something is offered. */
export function timesOf(units: number, available: number): number | null {
  if (units === 0) return 0
  return available === 0 ? null : Math.round((units / available) * 10) / 10
}
