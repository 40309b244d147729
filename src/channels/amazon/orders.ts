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
import { looksPerSweepPage, sweepDue, sweepStart, sweepsSchema, swept } from './sweeps.ts'
import { order } from './wire.ts'

/** Amazon shows changes after about two minutes, sometimes later (facts §5). */
const overlapMs = 10 * 60_000

const listedAgainPages = 3

/** Where Amazon does not say up to when it has told, our own clock does; it may be fast by so much. */
const clockErrorMs = 15 * 60_000

/** Windows that may begin anew at once, and how long a refused token is tried before the next one. */
const restartsInARow = 5
const refusedMs = 30 * 60_000

/** A search that is being paged through; its filters must be repeated as they were sent. */
const windowSchema = z.object({
  lastUpdatedAfter: z.string(),
  includedData: z.string(),
  lastUpdatedBefore: z.string(),
  token: z.string(),
  restarts: z.number().int(),
  pages: z.number().int(),
  /** When its first page was read. */
  begunAt: z.iso.datetime().optional(),
})
type Window = z.output<typeof windowSchema>

const cursorSchema = z.object({
  /** Everything before this is durably stored. */
  completeTo: z.iso.datetime(),
  /** The same before the last window: the next one begins there, so that each order is listed at two different moments. */
  before: z.iso.datetime().optional(),
  /** Windows begun anew in a row because their token was refused. */
  restarts: z.number().int().default(0),
  window: windowSchema.optional(),
  sweeps: sweepsSchema,
  /** A search of the past that is under way, between the windows of new orders. */
  sweep: z
    .object({
      kind: z.enum(['short', 'long']),
      from: z.string(),
      restarts: z.number().int(),
      window: windowSchema.optional(),
    })
    .optional(),
  /** Windows of new orders since the last page of a sweep. */
  looks: z.number().int().default(0),
  isSweepsTurn: z.boolean().default(false),
})
type Cursor = z.output<typeof cursorSchema>

const fullData = 'BUYER,RECIPIENT,PROCEEDS,CANCELLATION,FULFILLMENT'
/** What is left when Amazon refuses a dataset for a while (models#5365): enough for stock. */
const leastData = 'FULFILLMENT'

/**
 * One page of new orders; now and then one of a sweep. A sweep of a busy account has a hundred pages at twenty an hour: it
 * takes turns, because whatever waits for it would wait for hours.
 */
export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  return cursor.isSweepsTurn ? await sweepOn(account, cursor) : await lookOn(account, cursor)
}

async function lookOn(account: Account, { window, ...cursor }: Cursor): Promise<Pulled<IncomingOrder>> {
  const now = account.now()
  const from = seconds(new Date(Date.parse(cursor.before ?? cursor.completeTo) - overlapMs))
  let read: Awaited<ReturnType<typeof readWindow>>
  try {
    read = await readWindow(account, window ?? from, cursor.restarts)
  } catch (error) {
    if (!window || !isRefused(error)) throw error
    return restart(cursor, window, error, now)
  }
  if (read.next)
    return { ...read.page, next: { ...cursor, restarts: 0, window: read.next } satisfies Cursor, more: true }
  const completeTo = new Date(Math.max(Date.parse(read.lastUpdatedBefore), Date.parse(cursor.completeTo)))
  const isSweepsTurn = cursor.sweep?.window
    ? cursor.looks + 1 >= looksPerSweepPage
    : cursor.sweep !== undefined || sweepDue(cursor.sweeps, now) !== null
  const next = {
    ...cursor,
    completeTo: completeTo.toISOString(),
    // What needs more pages would keep new orders waiting: the sweeps list it again.
    before: read.pages <= listedAgainPages ? cursor.completeTo : undefined,
    restarts: 0,
    looks: cursor.looks + 1,
    isSweepsTurn,
  }
  return { ...read.page, next: next satisfies Cursor, more: isSweepsTurn, watermark: completeTo }
}

/** A page of the sweep. Where none can be had, new orders come first again: a sweep never holds them up. */
async function sweepOn(account: Account, { sweep: saved, ...rest }: Cursor): Promise<Pulled<IncomingOrder>> {
  const now = account.now()
  const cursor = { ...rest, looks: 0, isSweepsTurn: false }
  const kind = saved?.kind ?? sweepDue(cursor.sweeps, now)
  if (!kind) return { items: [], next: cursor satisfies Cursor, more: false }
  const from = seconds(sweepStart(cursor.sweeps, kind, Date.parse(cursor.completeTo), overlapMs))
  const sweep = saved ?? { kind, from, restarts: 0 }
  try {
    const { page, next, pages } = await readWindow(account, sweep.window ?? sweep.from, sweep.restarts)
    const on = next ? { sweep: { ...sweep, window: next } } : { sweeps: swept(cursor.sweeps, kind, pages, now) }
    return { ...page, next: { ...cursor, ...on } satisfies Cursor, more: false }
  } catch (error) {
    if (!(error instanceof ChannelError) || error.kind === 'auth') throw error
    const { window: _, ...anew } = sweep
    if (!isRefused(error)) return { items: [], next: { ...cursor, sweep } satisfies Cursor, more: false }
    const restarts = sweep.restarts + 1
    // Its tokens are refused again and again: the next one looks as far back.
    const on =
      restarts > restartsInARow ? { sweeps: swept(cursor.sweeps, kind, 1, now) } : { sweep: { ...anew, restarts } }
    return { items: [], next: { ...cursor, ...on } satisfies Cursor, more: false }
  }
}

const isRefused = (error: unknown): error is ChannelError => error instanceof ChannelError && error.kind === 'rejected'

/** A page of the window, or the first one of the window from a moment on. */
async function readWindow(account: Account, window: Window | string, restarts: number) {
  const going = typeof window === 'string' ? undefined : window
  const lastUpdatedAfter = going?.lastUpdatedAfter ?? (window as string)
  let includedData = going?.includedData ?? fullData
  const ask = () =>
    client.searchOrders(account, {
      lastUpdatedAfter,
      includedData,
      ...(going ? { paginationToken: going.token } : {}),
    })
  let answer: Awaited<ReturnType<typeof ask>>
  try {
    answer = await ask()
  } catch (error) {
    if (going || !isRefused(error) || !/includedData/i.test(error.message)) throw error
    includedData = leastData
    answer = await ask()
  }
  const now = account.now()
  const lastUpdatedBefore =
    going?.lastUpdatedBefore ?? answer.lastUpdatedBefore ?? seconds(new Date(now.getTime() - clockErrorMs - 120_000))
  const token = answer.pagination?.nextToken
  const pages = (going?.pages ?? 0) + 1
  const begunAt = going?.begunAt ?? now.toISOString()
  const next: Window | undefined = token
    ? {
        lastUpdatedAfter,
        includedData,
        lastUpdatedBefore,
        token,
        restarts: going?.restarts ?? restarts,
        pages,
        begunAt,
      }
    : undefined
  return { page: readPage(answer.orders), lastUpdatedBefore, pages, next }
}

/**
 * A token that is not taken any more (24 h, or lost on Amazon's side): the window begins anew, nothing is skipped.
 * After five in a row the refusal itself is the trouble, and is told; the window still begins anew now and then, because
 * its token may be dead for good.
 */
function restart(cursor: Cursor, { restarts, begunAt }: Window, error: ChannelError, now: Date): Pulled<IncomingOrder> {
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
  const sweeps = { begin, firstAt: account.now().toISOString(), shortPages: 0 }
  return { completeTo: begin, restarts: 0, sweeps, looks: 0, isSweepsTurn: false }
}

/** Amazon's times have no fractions of a second. */
const seconds = (time: Date) => time.toISOString().replace(/\.\d{3}Z$/, 'Z')
