/**
 * A page's cursor that the store takes no more: the walk begins anew, nothing is skipped. After some times before it comes to
 * its end the refusal itself is the trouble, and is told; then it begins anew now and then, because its cursor may be dead.
 */
import { z } from 'zod'

const restartsAtMost = 5
const refusedMs = 30 * 60_000

export const restartsShape = {
  /** How often it began anew, and when last, since a walk came to its end. */
  restarts: z.number().int(),
  restartedAt: z.iso.datetime().optional(),
}
const restartsSchema = z.object(restartsShape)
type Restarts = z.output<typeof restartsSchema>

export const noRestarts: Restarts = { restarts: 0, restartedAt: undefined }

/** Undefined: it is too early to begin anew, and the refusal is told. */
export function restarted({ restarts, restartedAt }: Restarts, now: Date): Restarts | undefined {
  const isEarly = restartedAt !== undefined && now.getTime() - Date.parse(restartedAt) < refusedMs
  if (restarts >= restartsAtMost && isEarly) return undefined
  return { restarts: Math.min(restarts + 1, restartsAtMost), restartedAt: now.toISOString() }
}
