import type { Effect } from './state.ts'

const longest = 50_000

/** Notes a write from outside. A very long log loses its oldest settled half, so that a demo can run for weeks. */
export function logEffect(log: Effect[], effect: Effect): void {
  log.push(effect)
  if (log.length <= longest) return
  const old = log.splice(0, longest / 2)
  log.unshift(...old.filter(({ appliedAt, refused }) => appliedAt === null && refused === undefined))
}

/** Numbers only grow along the log, so thousands of messages of a feed are found quickly. */
export function findEffect(log: readonly Effect[], id: number): Effect | undefined {
  let [low, high] = [0, log.length - 1]
  while (low <= high) {
    const middle = (low + high) >> 1
    const found = log[middle]!
    if (found.id === id) return found
    if (found.id < id) low = middle + 1
    else high = middle - 1
  }
  return undefined
}
