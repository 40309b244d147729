/** Adds up what episodes found. */
import type { Episode } from './episode.ts'

export interface Figures {
  kills: number
  byKind: Record<string, number>
  /** Kills during an open transaction, as the database noticed them. */
  open: number
  openShare: number
  lost: number
  doubled: number
  broken: number
  acknowledged: number
  orders: number
  eventsAgain: number
  toAcceptedMs: Spread
  toWrittenMs: Spread
  /** What is lost, doubled or broken, with the seed that shows it. */
  faults: string[]
  ok: boolean
}

interface Spread {
  p50: number
  p99: number
  most: number
}

const backAtWorkMs = 2_000

export function add(episodes: readonly Episode[]): Figures {
  const kills = episodes.flatMap((one) => one.kills)
  const sum = (pick: (one: Episode) => number) => episodes.reduce((total, one) => total + pick(one), 0)
  const open = kills.filter((one) => one.open).length
  const byKind: Record<string, number> = {}
  for (const { kind } of kills) byKind[kind] = (byKind[kind] ?? 0) + 1
  const figures = {
    kills: kills.length,
    byKind,
    open,
    openShare: kills.length === 0 ? 0 : open / kills.length,
    lost: sum((one) => one.verdict.lost.length),
    doubled: sum((one) => one.verdict.doubled.length),
    broken: sum((one) => one.verdict.broken.length),
    acknowledged: sum((one) => one.acknowledged.reservations + one.acknowledged.movements),
    orders: sum((one) => one.end.orders),
    eventsAgain: sum((one) => one.eventsAgain),
    toAcceptedMs: spread(kills.flatMap((one) => one.toAccepted ?? [])),
    toWrittenMs: spread(kills.flatMap((one) => one.toWritten ?? [])),
    faults: episodes.flatMap(({ seed, variant, verdict }) =>
      Object.entries(verdict).flatMap(([kind, list]: [string, string[]]) =>
        list.slice(0, 20).map((what) => `seed ${seed} (${variant}): ${kind} ${what}`),
      ),
    ),
  }
  const { lost, doubled, broken, openShare, toAcceptedMs, toWrittenMs } = figures
  const quick = toAcceptedMs.p99 <= backAtWorkMs && toWrittenMs.p99 <= backAtWorkMs
  return { ...figures, ok: lost + doubled + broken === 0 && openShare >= 0.3 && quick }
}

function spread(values: number[]): Spread {
  const sorted = [...values].sort((a, b) => a - b)
  const at = (share: number) => Math.round(sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0)
  return { p50: at(0.5), p99: at(0.99), most: at(1) }
}

export function sentence(one: Figures): string {
  const times = ({ p50, p99, most }: Spread) => `p50 ${p50} ms, p99 ${p99} ms, most ${most} ms`
  const kinds = Object.entries(one.byKind).map(([kind, count]) => `${kind} ${count}`)
  return [
    `kills: ${one.kills} (${kinds.join(', ')}), during an open transaction: ${one.open} (${Math.round(one.openShare * 100)} %)`,
    `acknowledged: ${one.acknowledged}, orders: ${one.orders}; lost: ${one.lost}, doubled: ${one.doubled}, promises broken: ${one.broken}`,
    `from the kill to the first reservation accepted: ${times(one.toAcceptedMs)}`,
    `from the kill to the first write of the worker: ${times(one.toWrittenMs)}`,
    ...one.faults,
  ].join('\n')
}
