/**
 * Pages of a list of orders that moves. Each page begins with the last order of the one before, so that it is seen where
 * one has left or come between; a list is over only where as many were told as it has.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import { unreadable } from './errors.ts'
import { orderId } from './wire.ts'

export const pageSize = 200
/** Times that a list is read from its beginning because it moved; then it is said. */
const restartsAtMost = 3
/** A list without a page for so long begins anew: what stood in its way may have left. */
const restsMs = 10 * 60_000

export const placeSchema = z.object({
  offset: z.number().int(),
  /** The order that the page must begin with; null at the first one. */
  last: z.string().nullable(),
  restarts: z.number().int().default(0),
  /** When the newest page came. */
  pagedAt: z.iso.datetime().optional(),
})
export type Place = z.output<typeof placeSchema>

export const firstPlace = { offset: 0, last: null, restarts: 0 } satisfies Place

export const idOf = (raw: unknown): string | null => orderId.safeParse(raw).data?.orderId ?? null

/**
 * Where the page behind this one begins; null behind the last one. 'moved': it begins with another order, or tells one
 * twice, which then stands in the place of one that nobody told.
 */
export function placeAfter(
  place: Place,
  { raws, total, now }: { raws: readonly unknown[]; total: number; now: Date },
): Place | 'moved' | null {
  const ids = raws.map(idOf)
  const known = ids.filter((id) => id !== null)
  if (raws.length === 0 && place.offset < total) throw incomplete()
  if ((place.last !== null && ids[0] !== place.last) || new Set(known).size < known.length) return 'moved'
  if (place.offset + raws.length >= total) return null
  const at = ids.findLastIndex((id) => id !== null)
  if (at > 0) return { ...place, offset: place.offset + at, last: ids[at]!, pagedAt: now.toISOString() }
  throw raws.length > 1 ? unreadable('getOrders', false) : incomplete()
}

export const isLeft = ({ pagedAt }: Place, now: Date): boolean =>
  pagedAt !== undefined && now.getTime() - Date.parse(pagedAt) > restsMs

/** From the beginning, a few times. */
export function anew<P extends Place>(place: P, now: Date): P {
  if (place.restarts >= restartsAtMost) throw incomplete()
  return { ...place, ...firstPlace, restarts: place.restarts + 1, pagedAt: now.toISOString() }
}

const incomplete = () =>
  new ChannelError('unavailable', 'incomplete', 'eBay’s list of orders tells less than it says that it has')
