/**
 * Which orders there are, by when they were placed, over days that are past: the usual list asks by the last change, and
 * what it omitted or never told is in this one. Only ids are taken; an order that nobody knows is read by itself.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Recounting, Unreadable } from '../connector.ts'
import { call, largestPage, page, wc } from './client.ts'
import { isDraft, readTime, writeTime } from './mapping.ts'
import { begunAnew, type Mark, onward, placeShape } from './walk.ts'
import { describe, readWhole } from './whole.ts'
import { list, orderBirth } from './wire.ts'
import { askedFrom } from './zone.ts'

const placeSchema = z.object({
  ...placeShape,
  /** Orders of the second in which the page before ended. */
  told: z.array(z.number().int()),
})
type Place = z.output<typeof placeSchema>

interface Entry {
  raw: unknown
  id: number | undefined
  isUnfinished: boolean
  mark: Mark | undefined
}

/** The bounds themselves are not listed: a span has its first second, and not that in which it ends. */
async function pull(account: Account, { from, until }: { from: Date; until: Date }, saved: unknown) {
  const first: Place = { after: secondBefore(from).toISOString(), offset: 0, last: null, restarts: 0, told: [] }
  const place = saved === null ? first : placeSchema.parse(saved)
  const { items: raws, total } = await page(account, {
    operation: 'listOrders',
    path: wc('/orders'),
    query: {
      after: writeTime(await askedFrom(account, new Date(place.after))),
      before: writeTime(until),
      dates_are_gmt: 'true',
      orderby: 'date',
      order: 'asc',
      per_page: largestPage,
      ...(place.offset > 0 ? { offset: place.offset } : {}),
    },
    from: place.offset,
    // The store counts orders that the key's user may not read, and leaves them out. A walk goes on where it saw one.
    mayBeEmpty: saved === null || place.offset > 0,
    answer: list,
  })
  const entries = raws.map(entryOf)
  const again = begunAnew(place, entries[0]?.mark)
  if (again) return { items: [], next: again, more: true }
  const unreadable: Unreadable[] = []
  const ids: string[] = []
  for (const { raw, id, isUnfinished, mark } of entries) {
    if (id === undefined) unreadable.push(describe(raw, [{ path: ['id'] }]))
    else if (!isUnfinished && !place.told.includes(id) && isWithin(mark, place, until)) ids.push(String(id))
  }
  const end = place.offset + (raws.length || largestPage)
  const next = end < total ? behind(place, entries, end) : null
  return { items: [], ids, unreadable, next, more: next !== null }
}

const secondBefore = (time: Date): Date => new Date(readTime(writeTime(time)).getTime() - 1_000)

function entryOf(raw: unknown): Entry {
  const birth = orderBirth.safeParse(raw).data
  const created = birth?.date_created_gmt
  return {
    raw,
    id: birth?.id,
    isUnfinished: birth !== undefined && isDraft(birth.status),
    mark: birth && created ? { id: birth.id, at: readTime(created) } : undefined,
  }
}

/** In the night in which clocks are put forward the store tells of more than was asked for. */
const isWithin = (mark: Mark | undefined, { after }: Place, until: Date): boolean =>
  mark === undefined || (mark.at > new Date(after) && mark.at < readTime(writeTime(until)))

function behind(place: Place, entries: readonly Entry[], end: number): Place {
  const marks = entries.map(({ mark }) => mark)
  const next = onward(place, marks, end)
  const told = marks.flatMap((mark) => (mark && mark.at > new Date(next.after) ? [mark.id] : []))
  return { ...next, told: next.after === place.after ? [...new Set([...place.told, ...told])] : told }
}

/** Null: it is gone, or nobody finished buying it. */
async function read(account: Account, remoteId: string): Promise<IncomingOrder | Unreadable | null> {
  try {
    const path = wc(`/orders/${encodeURIComponent(remoteId)}`)
    const { body } = await call(account, { operation: 'getOrder', method: 'GET', path, answer: z.unknown() })
    return await readWhole(account, body)
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
