/**
 * Orders by overlapping windows of their last change. A page is a place in a list that moves: an order that changes
 * leaves its place and the next one takes it. Where that is seen, the window is cut in half and begun anew (facts:
 * channels.md §1, orders). What is told twice is booked once.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { completed, completeShape, windowStart } from '../order-windows.ts'
import { calls } from './calls.ts'
import { strangeFields } from './fields.ts'
import { readOrder } from './mapping.ts'
import { anew, firstPlace, idOf, isLeft, pageSize, placeAfter, placeSchema } from './pages.ts'
import { readSettings } from './settings.ts'
import { order, orderMark } from './wire.ts'

/** eBay does not say how late its list is. What is younger than this may be missing, and windows overlap by more. */
const lagMs = 60_000
const overlapMs = 10 * 60_000
/** A window is not cut any smaller. */
const shortestMs = 60_000
/** Now and then everything of the last days is read again, for what came later than any overlap. */
const sweep = { firstMs: 15 * 60_000, everyMs: 6 * 3_600_000, backMs: 48 * 3_600_000 }
/** Requests for cancellation that were read lately, so that each version of an order is read singly once. */
const singlesKept = 200

const cursorSchema = z.object({
  ...completeShape,
  begin: z.iso.datetime(),
  firstAt: z.iso.datetime(),
  sweptAt: z.iso.datetime().optional(),
  /** The window that is being paged through. */
  window: placeSchema
    .extend({
      from: z.iso.datetime(),
      /** Null: up to now. */
      to: z.iso.datetime().nullable(),
      /** When its first page was asked for: later changes may be missing. */
      askedAt: z.iso.datetime(),
      isSweep: z.boolean(),
    })
    .optional(),
  /** Order and version of what was read singly. */
  singles: z.array(z.tuple([z.string(), z.string()])).default([]),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  const now = account.now()
  const window = cursor.window && !isLeft(cursor.window, now) ? cursor.window : newWindow(cursor, now)
  const { body, headers } = await calls.getOrders(account, { ...window, limit: pageSize })
  const raws = body.orders ?? []
  const place = placeAfter(window, { raws, total: body.total, now })
  const further =
    place === 'moved' ? (cut(window, now) ?? begun(anew(window, now), now)) : place && { ...window, ...place }
  const { page, singles } = await readPage(account, raws, cursor.singles)
  const next = { ...cursor, singles }
  if (further) return { ...page, next: { ...next, window: further } satisfies Cursor, more: true }
  return { ...page, ...finished(next, window, headers, account.now()) }
}

const begun = (window: Window, now: Date): Window => ({ ...window, askedAt: now.toISOString() })

/** The window is over: everything up to its end is known, less what the list may tell late. */
function finished(
  { window: _, ...cursor }: Cursor,
  window: Window,
  headers: Headers,
  now: Date,
): Pick<Pulled<IncomingOrder>, 'next' | 'more' | 'watermark'> {
  const told = Date.parse(headers.get('date') ?? '')
  // Its clock counts where it is behind ours: what it has not lived through yet it cannot have told.
  const askedAt = Math.min(Date.parse(window.askedAt), Number.isNaN(told) ? Number.POSITIVE_INFINITY : told)
  const until = window.to === null ? askedAt - lagMs : Math.min(Date.parse(window.to), askedAt - lagMs)
  const isOpen = window.to !== null
  const { watermark, ...complete } = completed(cursor, until, isOpen)
  const swept = window.isSweep && !isOpen ? { sweptAt: now.toISOString() } : {}
  const goesOn = isOpen
    ? { window: begun({ ...window, ...firstPlace, from: window.to!, to: null, pagedAt: now.toISOString() }, now) }
    : {}
  return {
    next: { ...cursor, ...swept, ...goesOn, ...complete },
    more: isOpen,
    watermark: isOpen ? undefined : watermark,
  }
}

function newWindow(cursor: Cursor, now: Date): Window {
  const since = now.getTime() - Date.parse(cursor.sweptAt ?? cursor.firstAt)
  const isSweep = since >= (cursor.sweptAt ? sweep.everyMs : sweep.firstMs)
  const complete = Date.parse(cursor.completeTo)
  const back = cursor.sweptAt ? sweep.backMs : complete - Date.parse(cursor.begin)
  const from = windowStart(cursor, overlapMs, isSweep ? back : undefined)
  return { ...firstPlace, from: from.toISOString(), to: null, askedAt: now.toISOString(), isSweep }
}

/** Half of the window, from its beginning; undefined where it is as short as it may be. */
function cut(window: Window, now: Date): Window | undefined {
  const from = Date.parse(window.from)
  const to = window.to === null ? Date.parse(window.askedAt) : Date.parse(window.to)
  if (to - from < 2 * shortestMs) return undefined
  const middle = new Date(Math.floor((from + to) / 2))
  return begun({ ...window, ...firstPlace, to: middle.toISOString(), pagedAt: now.toISOString() }, now)
}

/** A list never shows why an order is to be canceled; the single order does, and is kept instead. */
async function withRequests(account: Account, raw: unknown, singles: Map<string, string>): Promise<unknown> {
  const mark = orderMark.safeParse(raw).data
  const state = mark?.cancelStatus?.cancelState
  if (!mark || !state || state === 'NONE_REQUESTED') return raw
  if (singles.get(mark.orderId) === mark.lastModifiedDate) return raw
  try {
    const single = await calls.getOrder(account, mark.orderId)
    singles.set(mark.orderId, mark.lastModifiedDate)
    return idOf(single) === mark.orderId ? single : raw
  } catch (error) {
    // The list said what stock needs; the rest is asked for at the next turn.
    if (error instanceof ChannelError && error.kind !== 'auth') return raw
    throw error
  }
}

type Page = Required<Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>>

/** One odd order never hides the others of its page. */
async function readPage(
  account: Account,
  raws: readonly unknown[],
  before: Cursor['singles'],
): Promise<{ page: Page; singles: Cursor['singles'] }> {
  const items: IncomingOrder[] = []
  const unreadable: Unreadable[] = []
  const strange = new Map<string, StrangeField>()
  const singles = new Map(before)
  for (const listed of raws) {
    const one = readOne(await withRequests(account, listed, singles))
    if ('where' in one) {
      unreadable.push(one)
      continue
    }
    items.push(one.order)
    for (const field of one.strange) strange.set(field.field, field)
  }
  return { page: { items, unreadable, strange: [...strange.values()] }, singles: [...singles].slice(-singlesKept) }
}

/** The orders of a list as they stand in it. */
export function readListed(raws: readonly unknown[]): { items: IncomingOrder[]; unreadable: Unreadable[] } {
  const read = raws.map(readRaw)
  return {
    items: read.filter((one) => !('where' in one)) as IncomingOrder[],
    unreadable: read.filter((one) => 'where' in one) as Unreadable[],
  }
}

/** Whatever an order holds, it can only spoil itself. */
function readOne(raw: unknown): { order: IncomingOrder; strange: StrangeField[] } | Unreadable {
  try {
    const parsed = order.safeParse(raw)
    if (!parsed.success) return describe(raw, parsed.error.issues)
    return { order: readOrder(parsed.data, raw), strange: strangeFields(raw, parsed.data) }
  } catch (error) {
    return describe(raw, [{ path: [(error as Error).name] }])
  }
}

export function readRaw(raw: unknown): IncomingOrder | Unreadable {
  const one = readOne(raw)
  return 'where' in one ? one : one.order
}

function describe(raw: unknown, issues: readonly { path: readonly PropertyKey[] }[]): Unreadable {
  const where = issues
    .slice(0, 3)
    .map((issue) => issue.path.map(String).join('.'))
    .join(', ')
  return { remoteId: idOf(raw) ?? '?', where, raw }
}

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  const begin = new Date(account.openedAt.getTime() - historyDays * 86_400_000).toISOString()
  return { completeTo: begin, begin, firstAt: account.now().toISOString(), singles: [] }
}
