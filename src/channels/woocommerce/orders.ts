/**
 * Orders by overlapping windows of their last change, oldest first (walk.ts): what changes meanwhile only moves to the end,
 * so nothing is skipped.
 */
import { z } from 'zod'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { largestPage, page, wc } from './client.ts'
import { isDraft, isKnownStatus, readOrder, readTime, writeTime } from './mapping.ts'
import { unitsRefunded } from './refunds.ts'
import { readSettings } from './settings.ts'
import { begunAnew, type Mark, onward, placeShape } from './walk.ts'
import { list, order, orderMark, type WireOrder } from './wire.ts'
import { askedFrom } from './zone.ts'

/** The list is the database's own; only what several of its servers tell later than each other is allowed for. */
const lagMs = 15_000
const overlapMs = 10 * 60_000
const sweep = { everyMs: 6 * 3_600_000, backMs: 48 * 3_600_000 }
/** Open checkouts that are remembered. */
const draftsKept = 1_000

const cursorSchema = z.object({
  /** Everything changed before this is durably stored. */
  completeTo: z.iso.datetime(),
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
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  const now = account.now()
  const isSweep = cursor.window?.isSweep ?? now.getTime() - Date.parse(cursor.sweptAt) >= sweep.everyMs
  const back = isSweep ? sweep.backMs : overlapMs
  const after = cursor.window?.after ?? new Date(Date.parse(cursor.completeTo) - back).toISOString()
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
  }
  const again = begunAnew(window, markOf(raws[0]))
  if (again) return { items: [], next: { ...cursor, window: again } satisfies Cursor, more: true }
  const read = await readPage(account, raws, cursor)
  return goOn({ ...cursor, ...read.memory }, window, raws, total, read.told, now)
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

type Told = Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>

function goOn(
  { window: _, ...cursor }: Cursor,
  window: Window,
  raws: readonly unknown[],
  total: number,
  told: Told,
  now: Date,
): Pulled<IncomingOrder> {
  const end = window.offset + (raws.length || largestPage)
  if (end < total) {
    const next = { ...cursor, window: onward(window, raws.map(markOf), end) } satisfies Cursor
    return { ...told, next, more: true, remaining: total - end }
  }
  const until = Math.max(Date.parse(window.begunAt) - lagMs, Date.parse(cursor.completeTo))
  const completeTo = new Date(until)
  const done: Cursor = {
    ...cursor,
    completeTo: completeTo.toISOString(),
    sweptAt: window.isSweep ? now.toISOString() : cursor.sweptAt,
  }
  return { ...told, next: done, more: false, watermark: completeTo }
}

/** One odd order never hides the others of its page. */
async function readPage(account: Account, raws: readonly unknown[], cursor: Cursor) {
  const items: IncomingOrder[] = []
  const unreadable: Unreadable[] = []
  const strange = new Map<string, StrangeField>()
  const drafts = new Set(cursor.drafts)
  const placed = new Map(cursor.placed)
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
    // Units of a refund that cannot be read stay sold.
    const onOdd = () => void strange.set('refunds', { field: 'refunds', isNew: false })
    const kept = await withOurs(account, wire, raw, placed.get(wire.id), onOdd)
    items.push(readOrder({ ...wire, entrepot: kept.entrepot }, kept.raw))
    for (const field of strangeFields(wire)) strange.set(field.field, field)
  }
  const memory = { drafts: [...drafts].slice(-draftsKept), placed: [...placed].slice(-draftsKept) }
  return { told: { items, unreadable, strange: [...strange.values()] }, memory }
}

/** One order by itself. Null: nobody finished buying it. */
export async function readWhole(account: Account, raw: unknown): Promise<IncomingOrder | Unreadable | null> {
  const parsed = order.safeParse(raw)
  if (!parsed.success) return describe(raw, parsed.error.issues)
  if (isDraft(parsed.data.status)) return null
  const kept = await withOurs(account, parsed.data, raw, undefined, () => {})
  return readOrder({ ...parsed.data, entrepot: kept.entrepot }, kept.raw)
}

/** What an order itself does not tell: since when it was bought at the earliest, and which units were given back. */
async function withOurs(
  account: Account,
  wire: WireOrder,
  raw: unknown,
  earliest: string | undefined,
  onOdd: () => void,
) {
  const isLater = earliest !== undefined && Date.parse(earliest) > readTime(wire.date_created_gmt).getTime()
  const isOpen = ['processing', 'on-hold', 'pending'].includes(wire.status)
  const refunded = isOpen && wire.refunds?.length ? await unitsRefunded(account, wire.id, onOdd) : undefined
  if (!isLater && !refunded) return { raw, entrepot: undefined }
  const entrepot = { ...(isLater ? { placedAt: earliest } : {}), ...(refunded ? { refunded } : {}) }
  return { raw: { ...(raw as object), entrepot }, entrepot }
}

function strangeFields({ status, currency, total }: WireOrder): StrangeField[] {
  const fields: StrangeField[] = []
  if (!isKnownStatus(status)) fields.push({ field: 'status', isNew: false })
  if (currency === null || currency === undefined) fields.push({ field: 'currency', isNew: false })
  if (total === null || total === undefined) fields.push({ field: 'total', isNew: false })
  return fields
}

/** Reads one order again from what was set aside. Never throws. */
export function readRaw(raw: unknown): IncomingOrder | Unreadable {
  const parsed = order.safeParse(raw)
  return parsed.success ? readOrder(parsed.data, raw) : describe(raw, parsed.error.issues)
}

export function describe(raw: unknown, issues: readonly { path: readonly PropertyKey[] }[]): Unreadable {
  const id = (raw as { id?: unknown } | null)?.id
  const where = issues
    .slice(0, 3)
    .map((issue) => issue.path.map(String).join('.'))
    .join(', ')
  return { remoteId: typeof id === 'number' ? String(id) : '?', where, raw }
}
