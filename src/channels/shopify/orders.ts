/**
 * Orders by overlapping updated-at windows, oldest change first. What changes meanwhile moves to the end of the list, so
 * a page skips nothing; what the store's search shows late is told by the next window's overlap, or by a sweep.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { buyerDataDenied, call } from './client.ts'
import * as documents from './documents.ts'
import { isKnownState, readId, readOrder, removedOf, stateOf } from './mapping.ts'
import { readSettings } from './settings.ts'
import { order, orderAnswer, orderLine, ordersAnswer, returnedUnits, type WireLine, type WireOrder } from './wire.ts'

/** So long the search may be behind what was written. Not published: assumed, and watched by the hub. */
const searchLagMs = 30_000
const overlapMs = 10 * 60_000
const sweep = { everyMs: 6 * 3_600_000, backMs: 24 * 3_600_000 }
/** How long orders are read without their buyers before that is asked for again. */
const buyerDeniedMs = 12 * 3_600_000
const restartsInARow = 5

const cursorSchema = z.object({
  /** Everything before this is durably stored. */
  completeTo: z.iso.datetime(),
  sweptAt: z.iso.datetime(),
  /** Orders of one page; halved where the store finds a page too costly. */
  first: z.number().int().min(1),
  buyerDeniedAt: z.iso.datetime().optional(),
  restarts: z.number().int(),
  window: z
    .object({
      from: z.iso.datetime(),
      isSweep: z.boolean(),
      /** The store's time when its first page was read. */
      begunAt: z.iso.datetime(),
      /** Null: all pages are read, and only orders that are read alone are left. */
      after: z.string().nullable(),
      /** Orders with more lines than a page shows, or with units that came back: read one by one. No buyer data here. */
      alone: z.array(
        z.object({
          id: z.string(),
          updatedAt: z.string(),
          lines: z.array(orderLine),
          after: z.string().nullable(),
        }),
      ),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  try {
    return cursor.window && cursor.window.alone.length > 0
      ? await readAlone(account, cursor, cursor.window)
      : await readPage(account, cursor)
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    if (error.code === buyerDataDenied && wantsBuyer(account, cursor)) {
      const strange = [{ field: 'shippingAddress', isNew: false }]
      const next = { ...cursor, buyerDeniedAt: account.now().toISOString() } satisfies Cursor
      return { items: [], strange, next, more: true }
    }
    if (error.kind !== 'rejected') throw error
    if (error.code === 'MAX_COST_EXCEEDED' && cursor.first > 1) {
      return { items: [], next: { ...cursor, first: Math.floor(cursor.first / 2) } satisfies Cursor, more: true }
    }
    // A cursor of a page that is not taken any more: the window begins anew, nothing is skipped.
    if (!cursor.window?.after || cursor.restarts >= restartsInARow) throw error
    const { window: _, ...rest } = cursor
    return { items: [], next: { ...rest, restarts: cursor.restarts + 1 } satisfies Cursor, more: true }
  }
}

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  return {
    completeTo: new Date(account.openedAt.getTime() - historyDays * 86_400_000).toISOString(),
    sweptAt: account.now().toISOString(),
    first: documents.orderPage.orders,
    restarts: 0,
  }
}

const wantsBuyer = (account: Account, { buyerDeniedAt }: Cursor): boolean =>
  buyerDeniedAt === undefined || account.now().getTime() - Date.parse(buyerDeniedAt) > buyerDeniedMs

async function readPage(account: Account, before: Cursor): Promise<Pulled<IncomingOrder>> {
  const buyer = wantsBuyer(account, before)
  const cursor = buyer ? withoutDenial(before) : before
  const { window } = cursor
  const isSweep = window?.isSweep ?? account.now().getTime() - Date.parse(cursor.sweptAt) >= sweep.everyMs
  const from =
    window?.from ?? new Date(Date.parse(cursor.completeTo) - (isSweep ? sweep.backMs : overlapMs)).toISOString()
  const { data, at } = await call(
    account,
    documents.orders,
    {
      first: cursor.first,
      after: window?.after ?? null,
      query: `updated_at:>='${from}'`,
      lines: documents.orderPage.lines,
      linesAfter: null,
      buyer,
    },
    ordersAnswer,
    cursor.first,
  )
  const { nodes, pageInfo } = data.orders
  const { alone, ...told } = sort(nodes)
  const begunAt = window?.begunAt ?? at.toISOString()
  const after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null
  // "More" without saying from where would end the window too early.
  if (pageInfo.hasNextPage && after === null) throw new ChannelError('unavailable', 'unreadable', 'a page has no end')
  return goOn(cursor, { from, isSweep, begunAt, after, alone }, account.now(), told)
}

function withoutDenial({ buyerDeniedAt: _, ...cursor }: Cursor): Cursor {
  return cursor
}

/** What is left of the window, or its end. */
function goOn(
  { window: _, ...cursor }: Cursor,
  window: Window,
  now: Date,
  told: Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>,
): Pulled<IncomingOrder> {
  if (window.after !== null || window.alone.length > 0) {
    return { ...told, next: { ...cursor, restarts: 0, window } satisfies Cursor, more: true }
  }
  const complete = Math.max(Date.parse(window.begunAt) - searchLagMs, Date.parse(cursor.completeTo))
  const next = {
    ...cursor,
    restarts: 0,
    completeTo: new Date(complete).toISOString(),
    sweptAt: window.isSweep ? now.toISOString() : cursor.sweptAt,
  } satisfies Cursor
  return { ...told, next, more: false, watermark: new Date(complete) }
}

/** One odd order never hides its page; orders that nobody really bought are left out. */
function sort(nodes: readonly unknown[]) {
  const items: IncomingOrder[] = []
  const unreadable: Unreadable[] = []
  const strange = new Map<string, StrangeField>()
  const alone: Window['alone'] = []
  for (const raw of nodes) {
    const parsed = order.safeParse(raw)
    if (!parsed.success) {
      unreadable.push(describe(raw, parsed.error.issues))
      continue
    }
    const { data } = parsed
    if (data.test) continue
    for (const field of strangeFields(data)) strange.set(field.field, field)
    const { nodes: lines, pageInfo } = data.lineItems
    if (pageInfo?.hasNextPage) {
      alone.push({ id: data.id, updatedAt: data.updatedAt, lines, after: pageInfo.endCursor ?? null })
    } else if (mayHaveReturned(data, lines))
      alone.push({ id: data.id, updatedAt: data.updatedAt, lines: [], after: null })
    else items.push(readOrder(data, lines, new Map(), raw))
  }
  return { items, unreadable, strange: [...strange.values()], alone }
}

/** Units removed from an order of which some left: were they among those that left? */
const mayHaveReturned = (wire: WireOrder, lines: readonly WireLine[]): boolean =>
  ['shipped', 'partly_shipped'].includes(stateOf(wire)) && lines.some((line) => removedOf(line) > 0)

/** One page of lines of the first order that waits. An order that changed meanwhile is begun anew. */
async function readAlone(account: Account, cursor: Cursor, window: Window): Promise<Pulled<IncomingOrder>> {
  const [one, ...others] = window.alone
  const { id, lines: before, after, updatedAt } = one!
  const { data } = await call(
    account,
    documents.order,
    {
      id,
      lines: documents.orderPage.linesAlone,
      linesAfter: after,
      buyer: wantsBuyer(account, cursor) && cursor.buyerDeniedAt === undefined,
    },
    orderAnswer,
  )
  const rest = (told: Pick<Pulled<IncomingOrder>, 'items' | 'unreadable'>, alone = others) =>
    goOn(cursor, { ...window, alone }, account.now(), told)
  // Deleted since.
  if (data.order === null || data.order === undefined) return rest({ items: [] })
  const parsed = order.safeParse(data.order)
  if (!parsed.success) return rest({ items: [], unreadable: [describe(data.order, parsed.error.issues)] })
  const wire = parsed.data
  const { nodes, pageInfo } = wire.lineItems
  if (wire.updatedAt !== updatedAt && after !== null) {
    return rest({ items: [] }, [{ id, updatedAt: wire.updatedAt, lines: [], after: null }, ...others])
  }
  const lines = [...before, ...nodes]
  if (pageInfo?.hasNextPage) {
    return rest({ items: [] }, [{ id, updatedAt: wire.updatedAt, lines, after: pageInfo.endCursor ?? null }, ...others])
  }
  return rest({ items: [await wholeOf(account, wire, lines, data.order)] })
}

/** One order with all of its lines, by itself. Null: it is gone, or nobody really bought it. */
export async function readWhole(
  account: Account,
  id: string,
  buyer = true,
): Promise<IncomingOrder | Unreadable | null> {
  const lines: WireLine[] = []
  for (let after: string | null = null; ; ) {
    const asked: Record<string, unknown> = { id, lines: documents.orderPage.linesAlone, linesAfter: after, buyer }
    const raw: unknown = await call(account, documents.order, asked, orderAnswer).then(
      ({ data }) => data.order,
      (error: unknown) => {
        if (buyer && error instanceof ChannelError && error.code === buyerDataDenied) return buyerDataDenied
        throw error
      },
    )
    if (raw === buyerDataDenied) return await readWhole(account, id, false)
    if (raw === null || raw === undefined) return null
    const parsed = order.safeParse(raw)
    if (!parsed.success) return describe(raw, parsed.error.issues)
    const { nodes, pageInfo } = parsed.data.lineItems
    lines.push(...nodes)
    after = pageInfo?.hasNextPage ? (pageInfo.endCursor ?? null) : null
    if (after !== null) continue
    return parsed.data.test ? null : await wholeOf(account, parsed.data, lines, raw)
  }
}

async function wholeOf(account: Account, wire: WireOrder, lines: WireLine[], raw: unknown): Promise<IncomingOrder> {
  const returned = mayHaveReturned(wire, lines) ? await returnedOf(account, wire.id) : new Map<string, number>()
  const whole = { ...(raw as object), lineItems: { nodes: lines }, returned: Object.fromEntries(returned) }
  return readOrder(wire, lines, returned, whole)
}

/**
 * Units by line that had left before they were removed. Where a refund took nothing back into stock, nothing says
 * whether its units had left; they are believed to be at the buyer's, because the order shipped.
 */
async function returnedOf(account: Account, id: string): Promise<Map<string, number>> {
  const { data } = await call(account, documents.returnedUnits, { id }, returnedUnits)
  const found = new Map<string, number>()
  for (const refund of data.order?.refunds ?? []) {
    for (const { quantity, restockType, lineItem } of refund.refundLineItems.nodes) {
      if (restockType === 'CANCEL') continue
      found.set(lineItem.id, (found.get(lineItem.id) ?? 0) + quantity)
    }
  }
  return found
}

function strangeFields(wire: WireOrder): StrangeField[] {
  const fields: StrangeField[] = []
  if (!isKnownState(wire.displayFulfillmentStatus)) fields.push({ field: 'displayFulfillmentStatus', isNew: false })
  if (!wire.totalPriceSet) fields.push({ field: 'totalPriceSet', isNew: false })
  return fields
}

const keptReturned = z.object({ returned: z.record(z.string(), z.number()) })

/** Reads one order again from what was set aside. Never throws. */
export function readRaw(raw: unknown): IncomingOrder | Unreadable {
  const parsed = order.safeParse(raw)
  if (!parsed.success) return describe(raw, parsed.error.issues)
  const kept = keptReturned.safeParse(raw)
  const returned = new Map(Object.entries(kept.success ? kept.data.returned : {}))
  return readOrder(parsed.data, parsed.data.lineItems.nodes, returned, raw)
}

function describe(raw: unknown, issues: readonly { path: readonly PropertyKey[] }[]): Unreadable {
  const id = (raw as { id?: unknown } | null)?.id
  const where = issues
    .slice(0, 3)
    .map((issue) => issue.path.map(String).join('.'))
    .join(', ')
  return { remoteId: typeof id === 'string' ? readId(id) : '?', where, raw }
}
