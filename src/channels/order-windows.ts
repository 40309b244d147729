/**
 * Where the windows of an order list begin. What is known of sales is believed once they were listed at two different moments
 * (see `sales_known` of the cursors): each window begins where the last but one ended, less the overlap. After a silence the
 * first one covers all of it, and the second one once more.
 */
import { z } from 'zod'

export const completeShape = {
  /** Everything changed before this is durably stored. */
  completeTo: z.iso.datetime(),
  /** The same before the last window. */
  before: z.iso.datetime().optional(),
  /** Where the window that is read in parts began to be new. */
  partsFrom: z.iso.datetime().optional(),
}
const completeSchema = z.object(completeShape)
type Complete = z.output<typeof completeSchema>

/** `backMs`: how far a sweep looks back, from the newest that is complete; the overlap otherwise. */
export function windowStart(cursor: Complete, overlapMs: number, backMs = overlapMs): Date {
  const { completeTo, before = completeTo, partsFrom } = cursor
  const twice = partsFrom === undefined ? before : completeTo
  return new Date(Math.min(Date.parse(completeTo) - backMs, Date.parse(twice) - overlapMs))
}

/** After a window that told everything until then. The history that an account is opened with is listed once: nothing is sold by it. */
export function completed(
  { completeTo, before, partsFrom = completeTo }: Complete,
  until: number,
  isPart = false,
): Complete & { watermark: Date } {
  const watermark = new Date(Math.max(until, Date.parse(completeTo)))
  const next = watermark.toISOString()
  if (isPart) return { completeTo: next, before, partsFrom, watermark }
  return { completeTo: next, before: before === undefined ? next : partsFrom, partsFrom: undefined, watermark }
}
