/**
 * Orders by overlapping windows of their last change, without an upper end: an order that changes then only moves within
 * the list. Walmart tells the orders of each kind of warehouse by themselves, and a page's cursor is an opaque query.
 * What is told twice is booked once (facts: channels.md §2, orders).
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { completed, completeShape, windowStart } from '../order-windows.ts'
import { calls } from './calls.ts'
import { strangeFields } from './fields.ts'
import { readOrder } from './mapping.ts'
import { readSettings } from './settings.ts'
import { incomplete, isShort, nothingTold, toldSchema, withPage } from './told.ts'
import { order, orderMark } from './wire.ts'

const dayMs = 86_400_000
/** Walmart does not say how late its list is. What is younger than this may be missing, and windows overlap by more. */
const lagMs = 2 * 60_000
const overlapMs = 10 * 60_000
export const pageSize = 200
/** Orders are shown for 180 days; without this bound only those of the last seven are. */
export const listedMs = 179 * dayMs
/**
 * Now and then everything of the last days is read again, for what came later than any overlap: often enough that it can be
 * acknowledged in its four hours.
 */
const sweep = { firstMs: 15 * 60_000, everyMs: 3 * 3_600_000, backMs: 48 * 3_600_000 }
/** Of one list; to ask for what lies behind them is an error (Order Management, getAllOrders). */
export const listedAtMost = 20_000
/** No window is cut shorter: its end must lie behind what is known already. */
const shortestMs = 60_000
/** Times that a window begins anew: a cursor that is refused, or a list that had more than it told. */
const restartsAtMost = 3
/**
 * A window without a page for so long begins anew: its cursor may be over, its bounds too old to be asked for, and what
 * stood in its way gone; what came meanwhile is told by it.
 */
const windowRestsMs = 10 * 60_000

const cursorSchema = z.object({
  ...completeShape,
  begin: z.iso.datetime(),
  firstAt: z.iso.datetime(),
  sweptAt: z.iso.datetime().optional(),
  /** The window that is being paged through. */
  window: toldSchema
    .extend({
      from: z.iso.datetime(),
      createdFrom: z.iso.datetime(),
      /** Of one that was too large as a whole. */
      to: z.iso.datetime().optional(),
      /** When its first page was asked for: later changes may be missing. */
      askedAt: z.iso.datetime(),
      /** Whose orders, by place in `nodeTypes`. */
      at: z.number().int(),
      /** The query of the next page, as it came. */
      next: z.string().nullable(),
      /** When its newest page came. */
      pagedAt: z.iso.datetime().optional(),
      restarts: z.number().int(),
      isSweep: z.boolean(),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>

export function nodeTypes(account: Account): string[] {
  const { programs } = readSettings(account.settings)
  const more = [
    ...(programs.includes('3pl') ? ['3PLFulfilled'] : []),
    ...(programs.includes('wfs') ? ['WFSFulfilled'] : []),
  ]
  return ['SellerFulfilled', ...more]
}

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  const now = account.now()
  return await pullWindow(account, cursor, restingWindow(cursor, now) ?? newWindow(cursor, now))
}

function restingWindow({ window }: Cursor, now: Date): Window | undefined {
  if (!window || now.getTime() - Date.parse(window.pagedAt ?? window.askedAt) > windowRestsMs) return undefined
  return window
}

async function pullWindow(account: Account, cursor: Cursor, window: Window): Promise<Pulled<IncomingOrder>> {
  const types = nodeTypes(account)
  const asked = { next: window.next, fields: fieldsOf(window, types[window.at] ?? types[0]!) }
  const page = await askPage(account, asked).catch((error: unknown) => {
    // A cursor that ran out: the window is read anew. After some times it is told instead.
    if (isCursorOver(error, window) && window.restarts < restartsAtMost) return null
    throw error
  })
  if (page === null) return { items: [], next: again(cursor, window), more: true }
  const raws = page.orders
  const read = readPage(raws)
  const smaller = window.next === null && (page.total ?? 0) > listedAtMost ? halfOf(window, cursor) : undefined
  if (smaller) return { ...read, next: { ...cursor, window: smaller } satisfies Cursor, more: true }
  const told: Window = {
    ...window,
    ...withPage(window, page),
    askedAt: earlier(window.askedAt, page.dated),
    pagedAt: account.now().toISOString(),
  }
  if (page.nextCursor && raws.length > 0)
    return { ...read, next: { ...cursor, window: { ...told, next: page.nextCursor } } satisfies Cursor, more: true }
  if (page.nextCursor || isShort(told)) return { ...read, next: again(cursor, told), more: true }
  // Where there is nothing, the next kind is asked at once.
  if (window.at + 1 < types.length && raws.length === 0)
    return await pullWindow(account, cursor, begun(told, window.at + 1))
  if (window.at + 1 < types.length)
    return { ...read, next: { ...cursor, window: begun(told, window.at + 1) } satisfies Cursor, more: true }
  return { ...read, ...finished(cursor, told, account.now()) }
}

const begun = (window: Window, at: number): Window => ({
  ...window,
  at,
  next: null,
  ...nothingTold,
  restarts: 0,
})

/**
 * What was listed before (by a sweep, or once more) and is too large, or never comes whole, is left out; any other window
 * ends in the middle of its time. Undefined: it cannot be smaller.
 */
function halfOf(window: Window, cursor: Cursor): Window | undefined {
  const complete = Date.parse(cursor.completeTo)
  const usual = complete - overlapMs
  const from = Date.parse(window.from)
  const { to: _, ...whole } = begun(window, 0)
  if (from < usual) return { ...whole, from: new Date(usual).toISOString() }
  const to = Math.round((from + Date.parse(window.to ?? window.askedAt)) / 2)
  return to - complete < shortestMs ? undefined : { ...whole, to: new Date(to).toISOString() }
}

export interface Page {
  orders: unknown[]
  nextCursor: string | null
  total: number | null
  /** The answer's own time. */
  dated: number
}

const fieldsOf = (window: Window, shipNodeType: string) => ({
  lastModifiedStartDate: window.from,
  ...(window.to ? { lastModifiedEndDate: window.to } : {}),
  createdStartDate: window.createdFrom,
  shipNodeType,
  limit: String(pageSize),
})

/** The first page by its fields, each further one by what the one before told. */
export async function askPage(
  account: Account,
  { next, fields }: { next: string | null; fields: Record<string, string> },
): Promise<Page> {
  try {
    const { body, headers } = await calls.getAllOrders(account, next === null ? { fields } : { cursor: next })
    const { meta, elements } = body.list
    return {
      orders: elements.order,
      nextCursor: meta.nextCursor || null,
      total: meta.totalCount ?? null,
      dated: Date.parse(headers.get('date') ?? ''),
    }
  } catch (error) {
    // Nothing at all is "not found" here (facts §6.11).
    if (next === null && error instanceof ChannelError && error.kind === 'missing')
      return { orders: [], nextCursor: null, total: 0, dated: Number.NaN }
    throw error
  }
}

export const isCursorOver = (error: unknown, { next }: Pick<Window, 'next'>): boolean =>
  next !== null && error instanceof ChannelError && ['rejected', 'missing'].includes(error.kind)

/** A list that moved, or whose cursor is over, is read again, some times; then in halves. What cannot be halved is said. */
function again(cursor: Cursor, window: Window): Cursor {
  if (window.restarts < restartsAtMost)
    return { ...cursor, window: { ...begun(window, window.at), restarts: window.restarts + 1 } }
  const half = halfOf(window, cursor)
  if (!half) throw incomplete()
  return { ...cursor, window: half }
}

/** Its clock counts where it is behind ours: what it has not lived through yet it cannot have told. */
const earlier = (askedAt: string, dated: number): string =>
  Number.isNaN(dated) || dated >= Date.parse(askedAt) ? askedAt : new Date(dated).toISOString()

/** The window is over: everything up to its asking is known, less what the list may tell late. */
function finished(
  { window: _, ...cursor }: Cursor,
  window: Window,
  now: Date,
): Pick<Pulled<IncomingOrder>, 'next' | 'more' | 'watermark'> {
  const until = Math.min(Date.parse(window.askedAt) - lagMs, Date.parse(window.to ?? window.askedAt))
  const { watermark, ...complete } = completed(cursor, until, window.to !== undefined)
  const swept = window.isSweep ? { sweptAt: now.toISOString() } : {}
  const next = { ...cursor, ...swept, ...complete } satisfies Cursor
  return window.to ? { next, more: true } : { next, more: false, watermark }
}

function newWindow(cursor: Cursor, now: Date): Window {
  const since = now.getTime() - Date.parse(cursor.sweptAt ?? cursor.firstAt)
  const isSweep = since >= (cursor.sweptAt ? sweep.everyMs : sweep.firstMs)
  const complete = Date.parse(cursor.completeTo)
  const back = cursor.sweptAt ? sweep.backMs : complete - Date.parse(cursor.begin)
  const oldest = now.getTime() - listedMs
  const from = new Date(Math.max(oldest, windowStart(cursor, overlapMs, isSweep ? back : undefined).getTime()))
  return {
    from: from.toISOString(),
    createdFrom: new Date(oldest).toISOString(),
    askedAt: now.toISOString(),
    at: 0,
    next: null,
    ...nothingTold,
    restarts: 0,
    isSweep,
  }
}

type Read = Required<Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>>

/** One odd order never hides the others of its page. */
export function readPage(raws: readonly unknown[]): Read {
  const items: IncomingOrder[] = []
  const unreadable: Unreadable[] = []
  const strange = new Map<string, StrangeField>()
  for (const raw of raws) {
    const one = readOne(raw)
    if ('where' in one) {
      unreadable.push(one)
      continue
    }
    items.push(one.order)
    for (const field of one.strange) strange.set(field.field, field)
  }
  return { items, unreadable, strange: [...strange.values()] }
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
  return { remoteId: orderMark.safeParse(raw).data?.purchaseOrderId ?? '?', where, raw }
}

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  const begin = new Date(account.openedAt.getTime() - historyDays * dayMs).toISOString()
  return { completeTo: begin, begin, firstAt: account.now().toISOString() }
}
