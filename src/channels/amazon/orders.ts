/**
 * Orders by overlapping last-updated windows (orders/2026-01-01). The window begins ten minutes before the newest
 * moment we know complete, so a late order is read again; its start is inclusive, so no second falls between two.
 * Searches were seen to omit orders for hours (models#3945, jlevers#763): sweeps look further back now and then.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { client } from './client.ts'
import { strangeFields } from './fields.ts'
import { readOrder } from './mapping.ts'
import { readSettings } from './settings.ts'
import { order } from './wire.ts'

/** Amazon shows changes after about two minutes, sometimes later (facts §5). */
const overlapMs = 10 * 60_000

/** Where Amazon does not say up to when it has told, our own clock does; it may be fast by so much. */
const clockErrorMs = 15 * 60_000

/** When a sweep is due, and how far it looks back. The first one repeats the whole history that was asked for. */
const firstSweepMs = 15 * 60_000
const shortSweep = { everyMs: 30 * 60_000, backMs: 2 * 3_600_000, pagesAtMost: 3 }
const longSweep = { everyMs: 6 * 3_600_000, backMs: 48 * 3_600_000 }

/** Windows that may begin anew at once, and how long a refused token is tried before the next one. */
const restartsInARow = 5
const refusedMs = 30 * 60_000

const cursorSchema = z.object({
  /** Everything before this is durably stored. */
  completeTo: z.iso.datetime(),
  /** When the first pull began. */
  firstAt: z.iso.datetime(),
  /** Windows begun anew in a row because their token was refused. */
  restarts: z.number().int().default(0),
  /** Where the history began that the account was opened with. */
  begin: z.iso.datetime(),
  /** When sweeps were last begun; absent before the first one. */
  sweptShort: z.iso.datetime().optional(),
  sweptLong: z.iso.datetime().optional(),
  /** Pages of the last short sweep: a busy account leaves them to the long ones. */
  shortPages: z.number().int().default(0),
  /** The window that is being paged through; its filters must be repeated as they were sent. */
  window: z
    .object({
      lastUpdatedAfter: z.string(),
      includedData: z.string(),
      lastUpdatedBefore: z.string(),
      token: z.string(),
      restarts: z.number().int(),
      pages: z.number().int(),
      sweep: z.enum(['none', 'short', 'long']),
      /** When its first page was read. */
      begunAt: z.iso.datetime().optional(),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>

const fullData = 'BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT'
/** What is left when Amazon refuses a dataset for a while (models#5365): enough for stock. */
const leastData = 'FULFILLMENT'

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  const { window } = cursor
  const sweep = window?.sweep ?? sweepDue(cursor, account.now())
  const from = window?.lastUpdatedAfter ?? seconds(windowStart(cursor, sweep))
  let includedData = window?.includedData ?? fullData
  const ask = () =>
    client.searchOrders(account, {
      lastUpdatedAfter: from,
      includedData,
      ...(window ? { paginationToken: window.token } : {}),
    })
  let answer: Awaited<ReturnType<typeof ask>>
  try {
    answer = await ask()
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind !== 'rejected') throw error
    if (window) return restart(cursor, window, error, account.now())
    if (!/includedData/i.test(error.message)) throw error
    includedData = leastData
    answer = await ask()
  }
  const lastUpdatedBefore =
    window?.lastUpdatedBefore ??
    answer.lastUpdatedBefore ??
    seconds(new Date(account.now().getTime() - clockErrorMs - 120_000))
  const token = answer.pagination?.nextToken
  const page = readPage(answer.orders)
  const pages = (window?.pages ?? 0) + 1
  if (token) {
    const paging = {
      lastUpdatedAfter: from,
      includedData,
      lastUpdatedBefore,
      token,
      restarts: window?.restarts ?? cursor.restarts,
      pages,
      sweep,
      begunAt: window?.begunAt ?? account.now().toISOString(),
    }
    return { ...page, next: { ...cursor, restarts: 0, window: paging } satisfies Cursor, more: true }
  }
  const completeTo = new Date(Math.max(Date.parse(lastUpdatedBefore), Date.parse(cursor.completeTo)))
  return {
    ...page,
    next: { ...swept(cursor, sweep, pages, account.now()), completeTo: completeTo.toISOString(), restarts: 0 },
    more: false,
    watermark: completeTo,
  }
}

type Sweep = 'none' | 'short' | 'long'

function sweepDue(cursor: Cursor, now: Date): Sweep {
  const since = (time: string | undefined) => now.getTime() - Date.parse(time ?? cursor.firstAt)
  if (cursor.sweptLong === undefined ? since(undefined) >= firstSweepMs : since(cursor.sweptLong) >= longSweep.everyMs)
    return 'long'
  if (cursor.shortPages <= shortSweep.pagesAtMost && since(cursor.sweptShort) >= shortSweep.everyMs) return 'short'
  return 'none'
}

function windowStart(cursor: Cursor, sweep: Sweep): Date {
  const complete = Date.parse(cursor.completeTo)
  if (sweep === 'none') return new Date(complete - overlapMs)
  if (sweep === 'short') return new Date(complete - shortSweep.backMs)
  return new Date(cursor.sweptLong ? complete - longSweep.backMs : Date.parse(cursor.begin) - overlapMs)
}

function swept({ window: _, ...cursor }: Cursor, sweep: Sweep, pages: number, now: Date): Cursor {
  if (sweep === 'none') return cursor
  if (sweep === 'short') return { ...cursor, sweptShort: now.toISOString(), shortPages: pages }
  // A long sweep covers what a short one would.
  return { ...cursor, sweptShort: now.toISOString(), sweptLong: now.toISOString(), shortPages: 0 }
}

/**
 * A token that is not taken any more (24 h, or lost on Amazon's side): the window begins anew, nothing is skipped.
 * After five in a row the refusal itself is the trouble, and is told; the window still begins anew now and then, because
 * its token may be dead for good.
 */
function restart(
  { window: _, ...cursor }: Cursor,
  { restarts, begunAt }: NonNullable<Cursor['window']>,
  error: ChannelError,
  now: Date,
): Pulled<IncomingOrder> {
  const isFresh = begunAt !== undefined && now.getTime() - Date.parse(begunAt) < refusedMs
  if (restarts >= restartsInARow && isFresh) throw error
  const next = { ...cursor, restarts: Math.min(restarts + 1, restartsInARow) } satisfies Cursor
  return { items: [], next, more: true }
}

/** One odd order never hides the other 99 of its page. */
export function readPage(
  raws: readonly unknown[],
): Required<Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>> {
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
  const id = (raw as { orderId?: unknown } | null)?.orderId
  const where = issues
    .slice(0, 3)
    .map((issue) => issue.path.map(String).join('.'))
    .join(', ')
  return { remoteId: typeof id === 'string' ? id : '?', where, raw }
}

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  const begin = new Date(account.openedAt.getTime() - historyDays * 86_400_000).toISOString()
  return { completeTo: begin, begin, firstAt: account.now().toISOString(), shortPages: 0, restarts: 0 }
}

/** Amazon's times have no fractions of a second. */
const seconds = (time: Date) => time.toISOString().replace(/\.\d{3}Z$/, 'Z')
