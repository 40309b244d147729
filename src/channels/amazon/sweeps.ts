/** When the past is searched once more, for orders that a search left out for hours, and how far back. */
import { z } from 'zod'

/** The first one repeats the history that was asked for, or its last days. */
const firstSweep = { afterMs: 15 * 60_000, backAtMostMs: 7 * 86_400_000 }
const shortSweep = { everyMs: 30 * 60_000, backMs: 2 * 3_600_000, pagesAtMost: 3 }
const longSweep = { everyMs: 6 * 3_600_000, backMs: 48 * 3_600_000 }

/** A page of a sweep after so many windows of new orders: a third of the calls at most. */
export const looksPerSweepPage = 2

export const sweepsSchema = z.object({
  /** When the first pull began. */
  firstAt: z.iso.datetime(),
  /** Where the history began that the account was opened with. */
  begin: z.iso.datetime(),
  /** When sweeps last ended; absent before the first one. */
  sweptShort: z.iso.datetime().optional(),
  sweptLong: z.iso.datetime().optional(),
  /** Pages of the last short sweep: a busy account leaves them to the long ones. */
  shortPages: z.number().int(),
})
type Sweeps = z.output<typeof sweepsSchema>
export type SweepKind = 'short' | 'long'

export function sweepDue({ firstAt, sweptShort, sweptLong, shortPages }: Sweeps, now: Date): SweepKind | null {
  const since = (time: string) => now.getTime() - Date.parse(time)
  if (sweptLong === undefined ? since(firstAt) >= firstSweep.afterMs : since(sweptLong) >= longSweep.everyMs)
    return 'long'
  const isShortDue = shortPages <= shortSweep.pagesAtMost && since(sweptShort ?? firstAt) >= shortSweep.everyMs
  return isShortDue ? 'short' : null
}

export function sweepStart({ begin, sweptLong }: Sweeps, kind: SweepKind, complete: number, overlapMs: number): Date {
  if (kind === 'short') return new Date(complete - shortSweep.backMs)
  if (sweptLong) return new Date(complete - longSweep.backMs)
  return new Date(Math.max(Date.parse(begin) - overlapMs, complete - firstSweep.backAtMostMs))
}

export function swept(sweeps: Sweeps, kind: SweepKind, pages: number, now: Date): Sweeps {
  if (kind === 'short') return { ...sweeps, sweptShort: now.toISOString(), shortPages: pages }
  // A long sweep covers what a short one would.
  return { ...sweeps, sweptShort: now.toISOString(), sweptLong: now.toISOString(), shortPages: 0 }
}
