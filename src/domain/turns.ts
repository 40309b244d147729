/**
 * Calls of different sizes that are paid from one bucket. Without turns whoever needs least would take what flows in, and
 * a dearer call would wait for as long as there are cheaper ones: a store's orders behind a walk through its listings.
 */
export interface Turn {
  by: string
  points: number
  /** Whoever does not come back until then has given it up. */
  until: Date
}

/** Those that wait, in the order in which they were refused. */
export type Turns = readonly Turn[]

/** A caller comes back at the moment that it was told; a loop that is busy meanwhile, a little later. */
const graceMs = 5_000

/** What others wait for longer than this caller. */
export function pointsAhead(turns: Turns, by: string, now: Date): number {
  const waiting = turns.filter((turn) => turn.until >= now)
  const own = waiting.findIndex((turn) => turn.by === by)
  return waiting.slice(0, own < 0 ? waiting.length : own).reduce((sum, turn) => sum + turn.points, 0)
}

/** The caller was refused until then; where it waits already it keeps its place. */
export function waiting(turns: Turns, by: string, points: number, retryAt: Date, now: Date): Turns {
  const turn = { by, points, until: new Date(retryAt.getTime() + graceMs) }
  const still = turns.filter((one) => one.until >= now)
  return still.some((one) => one.by === by) ? still.map((one) => (one.by === by ? turn : one)) : [...still, turn]
}

export const served = (turns: Turns, by: string): Turns => turns.filter((turn) => turn.by !== by)
