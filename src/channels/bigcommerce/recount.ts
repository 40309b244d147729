/**
 * Orders by when they were placed and by their numbers, over days that are past: the usual list asks by the last change,
 * and what it omitted or never told is in this one. Only the numbers are taken; what nobody knows is read by itself.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Recounting, Unreadable } from '../connector.ts'
import { call } from './client.ts'
import { askWhole, describe, rawLinesOf, readEntry, withLines } from './lines.ts'
import { incomplete } from './mapping.ts'
import { listAnswer, orderMark } from './wire.ts'

const pageSize = 250
const pageSchema = z.object({ minId: z.number().int() })
const rfc2822 = (moment: Date): string => moment.toUTCString().replace('GMT', '+0000')
const isUnfinished = (raw: unknown): boolean => (raw as { status_id?: unknown } | null)?.status_id === incomplete

async function pull(account: Account, { from, until }: { from: Date; until: Date }, saved: unknown) {
  const { minId } = saved === null ? { minId: 0 } : pageSchema.parse(saved)
  const { body } = await call(account, {
    operation: 'getOrders',
    version: 'v2',
    method: 'GET',
    path: '/orders',
    query: {
      min_date_created: rfc2822(from),
      max_date_created: rfc2822(until),
      min_id: minId,
      sort: 'id:asc',
      limit: pageSize,
    },
    mayBeEmpty: true,
    isNeverBare: true,
    answer: listAnswer,
  })
  const unreadable: Unreadable[] = []
  const ids: number[] = []
  let last = minId - 1
  for (const raw of body) {
    const id = orderMark.shape.id.safeParse((raw as { id?: unknown } | null)?.id)
    if (!id.success) unreadable.push(describe(raw, [{ path: ['id'] }]))
    else {
      last = Math.max(last, id.data)
      if (!isUnfinished(raw)) ids.push(id.data)
    }
  }
  // Nobody promises full pages: only an empty one is the end.
  const more = body.length > 0 && last >= minId
  return { items: [], ids: ids.map(String), unreadable, next: more ? { minId: last + 1 } : null, more }
}

/** Null: it is gone, or nobody finished buying it. */
async function read(account: Account, remoteId: string): Promise<IncomingOrder | Unreadable | null> {
  try {
    // In this order: lines that changed in between stand under the older time, so that the list's version is newer.
    const raw = await askWhole(account, remoteId)
    if (isUnfinished(raw)) return null
    const lines = await rawLinesOf(account, remoteId)
    const entry = readEntry(withLines(raw, lines))
    if (entry.kind === 'order') return entry.order
    return entry.kind === 'unreadable' ? entry.unreadable : describe(raw, [{ path: ['consignments'] }])
  } catch (error) {
    if (error instanceof ChannelError && error.kind === 'missing') return null
    throw error
  }
}

export const recount: Recounting = {
  // The usual list looks back 48 hours every six: what it brings late is no miss.
  afterMs: 60 * 3_600_000,
  pageEveryMs: 60_000,
  pull,
  read,
}
