/** The least time in which an account's own allowance lets so many numbers leave: what a return is measured against. */
import type { Connector } from '../../src/channels/connector.ts'

/** By what the connector declares of its channel: buckets, lines in a call, and feeds where they would be sooner. */
export function leastMs({ channel, stock, limits }: Connector, lines: number): number {
  if (!stock) throw new Error(`${channel} takes no quantities`)
  const { rate, burst } = limits[stock.pushOperation]!
  const points = stock.pushPoints ?? 1
  const callsMs = (count: number) => {
    const calls = Math.ceil(count / stock.pushBatch)
    return (Math.max(0, calls * points - burst) / rate) * 1_000
  }
  const { feed } = stock
  if (!feed || lines < feed.fewest) return callsMs(lines)
  let least = callsMs(lines)
  for (let byCall = 0; byCall < lines; byCall += 1)
    least = Math.min(least, Math.max(callsMs(byCall), feed.took.typicalMs))
  return least
}
