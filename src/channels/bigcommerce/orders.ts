/**
 * Orders by overlapping windows of their last change, oldest change first. V2 has pages of numbers over a list that moves,
 * so no page is asked for by its number: the next one begins at the moment of the last order of the one before, and what
 * was told of that moment is left out. Orders that changed meanwhile stand further on, none is skipped. Many orders of one
 * second are walked by their number (facts: channels.md §5).
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { countedTry, triesAtMost } from '../one-by-one.ts'
import { completed, completeShape, windowStart } from '../order-windows.ts'
import { call } from './client.ts'
import { askWhole, lineKept, linePage, rawLinesOf, readEntry, withLines } from './lines.ts'
import { incomplete } from './mapping.ts'
import { readSettings } from './settings.ts'
import { listAnswer, order, orderMark } from './wire.ts'

/** How late the list is, is not published: assumed, and windows overlap by more. */
const lagMs = 60_000
const overlapMs = 10 * 60_000
const pageSize = 250
/**
 * Nobody promises full pages, but none is cut below what V2 answers without a limit: only a shorter one is the last. Behind
 * a page of as many another one is asked for, however few we wanted.
 */
const fewest = 50
const second = 1_000
/** Now and then everything of the last days is read again, for what came later than any overlap. */
const sweep = { everyMs: 6 * 3_600_000, backMs: 48 * 3_600_000 }

const aloneSchema = z.object({
  id: z.number(),
  modified: z.string(),
  total: z.number().nullable(),
  page: z.number(),
  lines: z.array(lineKept),
  tries: z.number().int().default(0),
})
type Alone = z.output<typeof aloneSchema>

const cursorSchema = z.object({
  ...completeShape,
  sweptAt: z.iso.datetime(),
  window: z
    .object({
      /** The next page begins here. */
      from: z.iso.datetime(),
      /** Told already of the second at which it begins. */
      seen: z.array(z.number()),
      /** All orders of one second, by number. */
      tie: z.object({ minId: z.number() }).optional(),
      isFirst: z.boolean(),
      isSweep: z.boolean(),
      isOver: z.boolean(),
      /** The store's time when its first page was read. */
      begunAt: z.iso.datetime().nullable(),
      alone: z.array(aloneSchema),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>
type Told = Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  const window = cursor.window ?? newWindow(cursor, account.now())
  return window.alone.length > 0 ? await readAlone(account, cursor, window) : await readPage(account, cursor, window)
}

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  return {
    completeTo: new Date(account.openedAt.getTime() - historyDays * 86_400_000).toISOString(),
    sweptAt: account.now().toISOString(),
  }
}

function newWindow(cursor: Cursor, now: Date): Window {
  const isSweep = now.getTime() - Date.parse(cursor.sweptAt) >= sweep.everyMs
  const from = windowStart(cursor, overlapMs, isSweep ? sweep.backMs : undefined).toISOString()
  return { from, seen: [], isFirst: true, isSweep, isOver: false, begunAt: null, alone: [] }
}

/** As BigCommerce writes times itself. */
const rfc2822 = (moment: string): string => new Date(moment).toUTCString().replace('GMT', '+0000')

async function readPage(account: Account, cursor: Cursor, window: Window): Promise<Pulled<IncomingOrder>> {
  const from = rfc2822(window.from)
  const { body: entries, at } = await call(account, {
    operation: 'getOrders',
    version: 'v2',
    method: 'GET',
    path: '/orders',
    query: {
      min_date_modified: from,
      ...(window.tie
        ? { max_date_modified: from, min_id: window.tie.minId, sort: 'id:asc' }
        : { sort: 'date_modified:asc' }),
      limit: pageSize,
      include: 'consignments.line_items',
      consignment_structure: 'object',
    },
    mayBeEmpty: true,
    // What was told of the second at which a page begins is there again: only a first page may be an empty list.
    isNeverBare: !window.isFirst,
    answer: listAnswer,
  })
  const { told, alone } = sort(entries, new Set(window.tie ? [] : window.seen))
  const begunAt = window.begunAt ?? at.toISOString()
  const next = { ...step(window, entries, entries.length < fewest), begunAt, alone, isFirst: false }
  return goOn(cursor, next, account.now(), told)
}

/** Where the next page begins. */
function step(window: Window, entries: readonly unknown[], isLast: boolean): Window {
  const marks = entries.flatMap((raw) => orderMark.safeParse(raw).data ?? [])
  if (window.tie) {
    // The second is told to its end: on to the next one.
    const { tie: _, ...rest } = window
    const after = new Date(Date.parse(window.from) + second).toISOString()
    if (isLast) return { ...rest, from: after, seen: [] }
    const minId = Math.max(...marks.map(({ id }) => id)) + 1
    // Nothing to go on from, or the same numbers once more.
    if (!(minId > window.tie.minId)) throw noWayOn()
    return { ...window, tie: { minId } }
  }
  if (isLast) return { ...window, isOver: true }
  if (marks.length === 0) throw noWayOn()
  const last = Math.max(...marks.map((mark) => Date.parse(mark.date_modified)))
  const from = new Date(last).toISOString()
  const there = marks.flatMap((mark) => (Date.parse(mark.date_modified) === last ? [mark.id] : []))
  const known = from === window.from ? window.seen : []
  if (from === window.from && there.every((id) => known.includes(id))) return { ...window, tie: { minId: 0 } }
  return { ...window, from, seen: [...new Set([...known, ...there])] }
}

const noWayOn = () => new ChannelError('unavailable', 'unreadable', 'no order of the page can be read')

/** One odd order never hides its page; what nobody bought is left out. */
function sort(entries: readonly unknown[], seen: ReadonlySet<number>): { told: Told; alone: Alone[] } {
  const items = new Map<string, IncomingOrder>()
  const unreadable: Unreadable[] = []
  const strange = new Map<string, StrangeField>()
  const alone: Alone[] = []
  for (const raw of entries) {
    const mark = orderMark.safeParse(raw).data
    if (mark && seen.has(mark.id)) continue
    if ((raw as { status_id?: unknown } | null)?.status_id === incomplete && mark) continue
    const read = readEntry(raw)
    if (read.kind === 'unreadable') unreadable.push(read.unreadable)
    else if (read.kind === 'alone')
      alone.push({ id: read.id, modified: read.modified, total: read.total, page: 1, lines: [], tries: 0 })
    else {
      items.set(read.order.remoteId, read.order)
      for (const field of read.strange) strange.set(field.field, field)
    }
  }
  return { told: { items: [...items.values()], unreadable, strange: [...strange.values()] }, alone }
}

/** What is left of the window, or its end. */
function goOn({ window: _, ...cursor }: Cursor, window: Window, now: Date, told: Told): Pulled<IncomingOrder> {
  if (!window.isOver || window.alone.length > 0) return { ...told, next: { ...cursor, window }, more: true }
  const { watermark, ...complete } = completed(cursor, Date.parse(window.begunAt!) - lagMs)
  const next = {
    ...cursor,
    ...complete,
    sweptAt: window.isSweep ? now.toISOString() : cursor.sweptAt,
  } satisfies Cursor
  return { ...told, next, more: false, watermark }
}

/** One page of lines of the first order that waits; after the last one the order itself. */
async function readAlone(account: Account, cursor: Cursor, window: Window): Promise<Pulled<IncomingOrder>> {
  const [one, ...others] = window.alone
  const rest = (told: Told, alone: Alone[] = others) => goOn(cursor, { ...window, alone }, account.now(), told)
  const { id, page, total } = one!
  try {
    const body = z.array(lineKept).safeParse(await linePage(account, String(id), page))
    // An odd line never holds up the list: the order is set aside with all of its lines.
    if (!body.success) return await finish(account, one!, await rawLinesOf(account, String(id)), rest, others)
    const lines = [...one!.lines, ...body.data]
    const units = lines.reduce((sum, line) => sum + line.quantity, 0)
    if (body.data.length > 0 && (total === null || units < total))
      return rest({ items: [] }, [{ ...one!, lines, page: page + 1, tries: 0 }, ...others])
    return await finish(account, one!, lines, rest, others)
  } catch (error) {
    // Deleted since.
    if (error instanceof ChannelError && error.kind === 'missing') return rest({ items: [] })
    const { code } = await countedTry(account, error, () => askOne(account))
    const tries = one!.tries + 1
    if (tries < triesAtMost) return rest({ items: [] }, [...others, { ...one!, tries }])
    return rest({ items: [], unreadable: [{ remoteId: String(id), where: code, raw: null }] })
  }
}

/** Any order at all: does the store list them? */
const askOne = (account: Account) =>
  call(account, {
    operation: 'getOrders',
    version: 'v2',
    method: 'GET',
    path: '/orders',
    query: { limit: 1 },
    mayBeEmpty: true,
    answer: listAnswer,
  })

async function finish(
  account: Account,
  { id, modified }: Alone,
  lines: readonly unknown[],
  rest: (told: Told, alone?: Alone[]) => Pulled<IncomingOrder>,
  others: Alone[],
): Promise<Pulled<IncomingOrder>> {
  const raw = await askWhole(account, String(id))
  const parsed = order.safeParse(raw)
  // It changed meanwhile: read once more, now. The list tells it again after the end of this window only, which is to
  // say that everything before is known.
  if (parsed.success && parsed.data.date_modified !== modified) {
    const { date_modified: since, items_total: total = null } = parsed.data
    return rest({ items: [] }, [{ id, modified: since, total, page: 1, lines: [], tries: 0 }, ...others])
  }
  const read = readEntry(withLines(raw, lines))
  if (read.kind === 'order') return rest({ items: [read.order], strange: read.strange })
  return rest({ items: [], unreadable: read.kind === 'unreadable' ? [read.unreadable] : [] })
}
