/**
 * Orders by when they were placed, over days that are past: the usual list asks by the last change, and what it omitted
 * or never told is in this one. A list by another filter, and one whose places hardly move.
 */
import { z } from 'zod'
import type { Account, Recounting } from '../connector.ts'
import { calls } from './calls.ts'
import { idOf, readListed } from './orders.ts'

const pageSize = 200
const pageSchema = z.object({ offset: z.number().int(), last: z.string() })

export const recount: Recounting = {
  // The usual list looks back 48 hours every six: what it brings late is no miss.
  afterMs: 60 * 3_600_000,
  pageEveryMs: 60_000,
  async pull(account: Account, { from, until }, saved) {
    const page = saved === null ? null : pageSchema.parse(saved)
    const offset = page?.offset ?? 0
    const window = { from: from.toISOString(), to: until.toISOString(), offset, limit: pageSize }
    const { orders, total } = await calls.getOrdersPlaced(account, window)
    const raws = orders ?? []
    // Each page begins with the last order of the one before: another one there, and something moved. Counted anew.
    if (page && idOf(raws[0]) !== page.last) return { items: [], next: null, more: true }
    const end = offset + raws.length
    const last = idOf(raws.at(-1))
    const more = raws.length >= 2 && end < total && last !== null
    return {
      ...readListed(page ? raws.slice(1) : raws),
      next: more ? { offset: end - 1, last } : null,
      more,
    }
  },
}
