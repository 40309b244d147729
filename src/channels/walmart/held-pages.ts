/**
 * Pages of the list of what Walmart holds. A place in it moves when an item leaves; where the number of its entries changed
 * on the way, the walk begins anew.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { Account } from '../connector.ts'
import { calls } from './calls.ts'

const restartsAtMost = 3

export const heldPlace = z.object({
  offset: z.number().int().min(0),
  /** How many entries there were at the beginning. */
  total: z.number().int().nullable().default(null),
  restarts: z.number().int().default(0),
})
export type HeldPlace = z.output<typeof heldPlace>

export const firstHeld: HeldPlace = { offset: 0, total: null, restarts: 0 }

export async function readHeldPage(
  account: Account,
  { offset, total, restarts }: HeldPlace,
  limit: number,
): Promise<{ raws: unknown[]; next: HeldPlace | null }> {
  const { headers, payload } = await calls.getHeld(account, { limit, offset })
  const { totalCount } = headers
  if (total !== null && total !== totalCount && restarts < restartsAtMost)
    return { raws: [], next: { ...firstHeld, restarts: restarts + 1 } }
  const raws = payload.inventory
  const end = offset + raws.length
  if (raws.length === 0 && end < totalCount)
    throw new ChannelError('unavailable', 'incomplete', 'Walmart’s list of what it holds tells less than it says')
  return { raws, next: end < totalCount ? { offset: end, total: totalCount, restarts } : null }
}
