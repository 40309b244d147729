import type { Effect } from './state.ts'

const longest = 50_000

/** Notes a write from outside. A very long log loses its oldest settled half, so that a demo can run for weeks. */
export function logEffect(log: Effect[], effect: Effect): void {
  log.push(effect)
  if (log.length <= longest) return
  const old = log.splice(0, longest / 2)
  log.unshift(...old.filter(({ appliedAt, refused }) => appliedAt === null && refused === undefined))
}
