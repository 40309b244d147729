/** What a benchmark says: one line a figure, on standard output; everything else goes to standard error. */

export interface Figure {
  bench: string
  metric: string
  case?: string
  /** Null where it could not be measured. */
  value: number | null
  unit: string
  /** Null where the figure is only reported. */
  target: number | null
  better: 'higher' | 'lower' | 'equal'
  ok: boolean
  /** Whom the figure compares with, or whose it is. */
  peer: string | null
  /** Rounds measured; the value is their median. */
  rounds: number
  min?: number
  max?: number
  /** Why there is no value. */
  skipped?: string
}

export interface Measured {
  metric: string
  case?: string
  unit: string
  target?: number
  better: Figure['better']
  peer?: string
  /** One value a round. */
  values: readonly number[]
}

const rounded = (value: number): number => (Math.abs(value) >= 100 ? Math.round(value) : Number(value.toPrecision(3)))

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  const middle = Math.floor(sorted.length / 2)
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2
}

export function isMet(value: number, target: number | null, better: Figure['better']): boolean {
  if (target === null) return true
  return better === 'higher' ? value >= target : better === 'lower' ? value <= target : value === target
}

/** The figure of some rounds: their median, beside the best and the worst. A promise is judged by its worst round. */
export function figureOf(bench: string, one: Measured): Figure {
  const { metric, unit, better, values } = one
  const target = one.target ?? null
  const value = better === 'equal' ? Math.max(...values) : median(values)
  return {
    bench,
    metric,
    ...(one.case === undefined ? {} : { case: one.case }),
    value: rounded(value),
    unit,
    target,
    better,
    ok: isMet(value, target, better),
    peer: one.peer ?? null,
    rounds: values.length,
    ...(values.length > 1 ? { min: rounded(Math.min(...values)), max: rounded(Math.max(...values)) } : {}),
  }
}

/** A figure that could not be measured, and why. It counts as skipped, never as reached. */
export function skippedFigure(bench: string, one: Omit<Measured, 'values'>, why: string): Figure {
  return {
    bench,
    metric: one.metric,
    ...(one.case === undefined ? {} : { case: one.case }),
    value: null,
    unit: one.unit,
    target: one.target ?? null,
    better: one.better,
    ok: false,
    peer: one.peer ?? null,
    rounds: 0,
    skipped: why,
  }
}

/** The share of a sorted list below which this part of it lies. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN
}
