/**
 * Orders by overlapping windows of their last change, oldest first (walk.ts): what changes meanwhile only moves to the end,
 * so nothing is skipped.
 */
import { z } from 'zod'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { completed, completeShape, windowStart } from '../order-windows.ts'
import { largestPage, page, wc } from './client.ts'
import { isDraft, readTime, writeTime } from './mapping.ts'
import { readSettings } from './settings.ts'
import { type Found, readWaiting, type Told, waitingSchema, withRefunds } from './waiting.ts'
import { begunAnew, type Mark, onward, placeShape } from './walk.ts'
import { describe, strangeFields, tell, wantsRefunds } from './whole.ts'
import { list, order, orderMark } from './wire.ts'
import { askedFrom } from './zone.ts'

/** The list is the database's own; only what several of its servers tell later than each other is allowed for. */
const lagMs = 15_000
const overlapMs = 10 * 60_000
const sweep = { everyMs: 6 * 3_600_000, backMs: 48 * 3_600_000 }
/** Open checkouts that are remembered. */
const draftsKept = 1_000

const cursorSchema = z.object({
  ...completeShape,
  sweptAt: z.iso.datetime(),
  /** Checkouts that nobody had finished yet: once they are orders, they were placed after what was complete then. */
  drafts: z.array(z.number().int()).default([]),
  /** Those that became orders lately, and since when at the earliest. */
  placed: z.array(z.tuple([z.number().int(), z.iso.datetime()])).default([]),
  window: z
    .object({
      isSweep: z.boolean(),
      /** The store's time when its first page was read. */
      begunAt: z.iso.datetime(),
      ...placeShape,
      /** All pages are read, and only orders that wait are left. */
      isOver: z.boolean().default(false),
      waiting: z.array(waitingSchema).default([]),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  const { window } = cursor
  if (!window || window.waiting.length === 0) return await pullPage(account, cursor)
  const { told, waiting } = await readWaiting(account, window.waiting, new Map(cursor.placed))
  return goOn(cursor, { ...window, waiting }, told, account.now())
}

async function pullPage(account: Account, cursor: Cursor): Promise<Pulled<IncomingOrder>> {
  const now = account.now()
  const isSweep = cursor.window?.isSweep ?? now.getTime() - Date.parse(cursor.sweptAt) >= sweep.everyMs
  const from = windowStart(cursor, overlapMs, isSweep ? sweep.backMs : undefined)
  const after = cursor.window?.after ?? from.toISOString()
  const offset = cursor.window?.offset ?? 0
  const {
    items: raws,
    total,
    at,
  } = await page(account, {
    operation: 'listOrders',
    path: wc('/orders'),
    query: {
      modified_after: writeTime(await askedFrom(account, new Date(after))),
      dates_are_gmt: 'true',
      orderby: 'modified',
      order: 'asc',
      per_page: largestPage,
      ...(offset > 0 ? { offset } : {}),
    },
    from: offset,
    // The store counts orders that the key's user may not read, and leaves them out. A walk goes on where it saw one.
    mayBeEmpty: !cursor.window || offset > 0,
    answer: list,
  })
  const window: Window = cursor.window ?? {
    isSweep,
    begunAt: at.toISOString(),
    after,
    offset,
    last: null,
    restarts: 0,
    isOver: false,
    waiting: [],
  }
  const again = begunAnew(window, markOf(raws[0]))
  if (again) return { items: [], next: { ...cursor, window: again } satisfies Cursor, more: true }
  const { told, waiting, memory } = await readPage(account, raws, cursor)
  const end = offset + (raws.length || largestPage)
  const isOver = end >= total
  const next = isOver ? window : onward(window, raws.map(markOf), end)
  const pulled = goOn({ ...cursor, ...memory }, { ...next, isOver, waiting }, told, now)
  return isOver ? pulled : { ...pulled, remaining: total - end }
}

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  return {
    completeTo: new Date(account.openedAt.getTime() - historyDays * 86_400_000).toISOString(),
    sweptAt: account.now().toISOString(),
    drafts: [],
    placed: [],
  }
}

function markOf(raw: unknown): Mark | undefined {
  const mark = orderMark.safeParse(raw).data
  return mark && { id: mark.id, at: readTime(mark.date_modified_gmt) }
}

/** What is left of the window, or its end. */
function goOn({ window: _, ...cursor }: Cursor, window: Window, told: Told, now: Date): Pulled<IncomingOrder> {
  const strange = [...new Map(told.strange.map((field) => [field.field, field])).values()]
  if (!window.isOver || window.waiting.length > 0)
    return { ...told, strange, next: { ...cursor, window } satisfies Cursor, more: true }
  const { watermark, ...complete } = completed(cursor, Date.parse(window.begunAt) - lagMs)
  const done: Cursor = {
    ...cursor,
    ...complete,
    sweptAt: window.isSweep ? now.toISOString() : cursor.sweptAt,
  }
  return { ...told, strange, next: done, more: false, watermark }
}

/** One odd order never hides the others of its page. */
async function readPage(account: Account, raws: readonly unknown[], cursor: Cursor) {
  const items: IncomingOrder[] = []
  const unreadable: Unreadable[] = []
  const strange: StrangeField[] = []
  const drafts = new Set(cursor.drafts)
  const placed = new Map(cursor.placed)
  const unasked: Found[] = []
  for (const raw of raws) {
    const parsed = order.safeParse(raw)
    if (!parsed.success) {
      unreadable.push(describe(raw, parsed.error.issues))
      continue
    }
    const wire = parsed.data
    if (isDraft(wire.status)) {
      drafts.add(wire.id)
      continue
    }
    // It was still a draft in all that was complete: the sale came later, whatever the draft's own date says.
    if (drafts.delete(wire.id)) placed.set(wire.id, cursor.completeTo)
    const earliest = placed.get(wire.id)
    if (wantsRefunds(wire)) unasked.push({ wire, raw, earliest })
    else items.push(tell(wire, raw, { earliest }))
    strange.push(...strangeFields(wire))
  }
  const memory = { drafts: [...drafts].slice(-draftsKept), placed: [...placed].slice(-draftsKept) }
  const { told, waiting } = await withRefunds(account, unasked)
  return {
    told: { items: [...items, ...told.items], unreadable, strange: [...strange, ...told.strange] },
    waiting,
    memory,
  }
}
