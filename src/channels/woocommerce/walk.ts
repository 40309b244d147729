/**
 * How a list of orders that is sorted by a time is walked. A page begins at the second in which the one before ended.
 * Where a whole page lies in one second, it goes on by place within that second, and each page begins with the last order
 * of the one before; where another order stands there, that second is begun anew.
 */
import { z } from 'zod'

/** So often a second is begun anew before its pages are taken as they come. */
const restartsAtMost = 5

export const placeShape = {
  /** What lies after this second is asked for. */
  after: z.iso.datetime(),
  /** Places passed within it, and the order that the next page must begin with. */
  offset: z.number().int().min(0),
  last: z.number().int().nullable(),
  restarts: z.number().int(),
}
const place = z.object(placeShape)
export type Place = z.output<typeof place>

/** An order, and the time that the list is sorted by. */
export interface Mark {
  id: number
  at: Date
}

/** Undefined: the page begins as it must. */
export const begunAnew = <P extends Place>(place: P, first: Mark | undefined): P | undefined =>
  place.last === null || first?.id === place.last || place.restarts >= restartsAtMost
    ? undefined
    : { ...place, offset: 0, last: null, restarts: place.restarts + 1 }

/** Behind a page of these, whose last place is `end`: the next one begins with the last order that can be read. */
export function onward<P extends Place>(place: P, marks: readonly (Mark | undefined)[], end: number): P {
  const index = marks.findLastIndex((mark) => mark !== undefined)
  const last = marks[index]
  // What is not shown is passed by its place.
  if (!last) return { ...place, offset: end, last: null }
  const after = new Date(last.at.getTime() - 1_000)
  if (after.getTime() > Date.parse(place.after))
    return { ...place, after: after.toISOString(), offset: 0, last: null, restarts: 0 }
  // Where it is the page's first one the next page would be the same once more.
  return index > 0
    ? { ...place, offset: end - marks.length + index, last: last.id }
    : { ...place, offset: end, last: null }
}
