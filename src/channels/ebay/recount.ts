/**
 * Orders by when they were placed, over days that are past: the usual list asks by the last change, and what it omitted
 * or never told is in this one. A list by another filter, and one whose places hardly move.
 */
import type { Account, Recounting } from '../connector.ts'
import { calls } from './calls.ts'
import { readListed } from './orders.ts'
import { anew, firstPlace, isLeft, pageSize, placeAfter, placeSchema } from './pages.ts'

export const recount: Recounting = {
  // The usual list looks back 48 hours every six: what it brings late is no miss.
  afterMs: 60 * 3_600_000,
  pageEveryMs: 60_000,
  async pull(account: Account, { from, until }, saved) {
    const now = account.now()
    const begun = saved === null ? firstPlace : placeSchema.parse(saved)
    const place = isLeft(begun, now) ? firstPlace : begun
    const window = { from: from.toISOString(), to: until.toISOString(), offset: place.offset, limit: pageSize }
    const { orders, total } = await calls.getOrdersPlaced(account, window)
    const raws = orders ?? []
    const next = placeAfter(place, { raws, total, now })
    if (next === 'moved') return { items: [], next: anew(place, now), more: true }
    return { ...readListed(place.last === null ? raws : raws.slice(1)), next, more: next !== null }
  },
}
