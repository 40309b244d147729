/**
 * Orders by overlapping updated-at windows, oldest change first. What changes meanwhile moves to the end of the list, so
 * a page skips nothing; what the store's search shows late is told by the next window's overlap, or by a sweep.
 */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, Pulled, StrangeField, Unreadable } from '../connector.ts'
import { countedTry, triesAtMost } from '../one-by-one.ts'
import { completed, completeShape, windowStart } from '../order-windows.ts'
import { buyerDataDenied, call } from './client.ts'
import * as documents from './documents.ts'
import { isKnownState, readId, readOrder, removedOf, stateOf } from './mapping.ts'
import { pageShape, remembered, roomAtFirst, togetherAtMost, togetherShape } from './page-shape.ts'
import { noRestarts, restarted, restartsShape } from './restarts.ts'
import { readSettings } from './settings.ts'
import {
  order,
  orderAnswer,
  orderLine,
  ordersAnswer,
  ordersByIdAnswer,
  returnedUnits,
  type WireLine,
  type WireOrder,
} from './wire.ts'

/** So long the search may be behind what was written. Not published: assumed, and watched by the hub. */
const searchLagMs = 30_000
const overlapMs = 10 * 60_000
const sweep = { everyMs: 6 * 3_600_000, backMs: 24 * 3_600_000 }
/** How long orders are read without their buyers before that is asked for again. */
const buyerDeniedMs = 12 * 3_600_000

const cursorSchema = z.object({
  ...completeShape,
  sweptAt: z.iso.datetime(),
  /** Points that a page may ask for; fewer where the store finds one too costly. */
  room: z.number().int().min(1).default(roomAtFirst),
  /** How many lines the orders had that came last. */
  seen: z.array(z.number().int()).default([]),
  buyerDeniedAt: z.iso.datetime().optional(),
  ...restartsShape,
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
          /** How it is read: together with others, or by itself where that was not enough. */
          isTogether: z.boolean().default(false),
          tries: z.number().int().default(0),
        }),
      ),
    })
    .optional(),
})
type Cursor = z.output<typeof cursorSchema>
type Window = NonNullable<Cursor['window']>
type Alone = Window['alone'][number]
type Told = Pick<Pulled<IncomingOrder>, 'items' | 'unreadable' | 'strange'>

export async function pullOrders(account: Account, saved: unknown): Promise<Pulled<IncomingOrder>> {
  const cursor = saved === null ? firstCursor(account) : cursorSchema.parse(saved)
  try {
    const { window } = cursor
    if (!window || mayGoOn(window)) return await readPage(account, cursor)
    const isTogether = window.alone.filter((one) => one.isTogether).length > 1
    return isTogether ? await readTogether(account, cursor, window) : await readAlone(account, cursor, window)
  } catch (error) {
    if (!(error instanceof ChannelError)) throw error
    if (error.code === buyerDataDenied && wantsBuyer(account, cursor)) {
      const strange = [{ field: 'shippingAddress', isNew: false }]
      const next = { ...cursor, buyerDeniedAt: account.now().toISOString() } satisfies Cursor
      return { items: [], strange, next, more: true }
    }
    if (error.kind !== 'rejected') throw error
    if (isTooCostly(error, cursor)) {
      return { items: [], next: { ...cursor, room: Math.floor(cursor.room * 0.8) } satisfies Cursor, more: true }
    }
    const again = cursor.window?.after ? restarted(cursor, account.now()) : undefined
    if (!again) throw error
    const { window: _, ...rest } = cursor
    return { items: [], next: { ...rest, ...again } satisfies Cursor, more: true }
  }
}

/** By the number of orders and lines that are asked for: fewer will do. */
const isTooCostly = (error: unknown, { room }: Cursor): boolean =>
  error instanceof ChannelError && error.code === 'MAX_COST_EXCEEDED' && room > 20

/** Orders that are read again wait for as many as one call takes, while there are pages. */
const mayGoOn = ({ after, alone }: Window): boolean =>
  alone.length === 0 || (after !== null && alone.length < togetherAtMost && alone.every((one) => one.isTogether))

function firstCursor(account: Account): Cursor {
  const { historyDays } = readSettings(account.settings)
  return {
    completeTo: new Date(account.openedAt.getTime() - historyDays * 86_400_000).toISOString(),
    sweptAt: account.now().toISOString(),
    room: roomAtFirst,
    seen: [],
    ...noRestarts,
  }
}

const wantsBuyer = (account: Account, { buyerDeniedAt }: Cursor): boolean =>
  buyerDeniedAt === undefined || account.now().getTime() - Date.parse(buyerDeniedAt) > buyerDeniedMs

const since = (from: string): string => `updated_at:>='${from}'`

async function readPage(account: Account, before: Cursor): Promise<Pulled<IncomingOrder>> {
  const buyer = wantsBuyer(account, before)
  const cursor = buyer ? withoutDenial(before) : before
  const { window } = cursor
  const isSweep = window?.isSweep ?? account.now().getTime() - Date.parse(cursor.sweptAt) >= sweep.everyMs
  const from = window?.from ?? windowStart(cursor, overlapMs, isSweep ? sweep.backMs : undefined).toISOString()
  const shape = pageShape(cursor.room, cursor.seen)
  const { data, at } = await call(
    account,
    documents.orders,
    {
      first: shape.orders,
      after: window?.after ?? null,
      query: since(from),
      lines: shape.lines,
      linesAfter: null,
      buyer,
    },
    ordersAnswer,
    `${shape.orders} ${shape.lines} ${buyer}`,
  )
  const { nodes, pageInfo } = data.orders
  const { alone, ...told } = sort(nodes)
  const begunAt = window?.begunAt ?? at.toISOString()
  const after = pageInfo.hasNextPage ? (pageInfo.endCursor ?? null) : null
  // "More" without saying from where would end the window too early.
  if (pageInfo.hasNextPage && after === null) throw new ChannelError('unavailable', 'unreadable', 'a page has no end')
  const known = { ...cursor, seen: withCounts(cursor.seen, told.items) }
  // Told again, changed meanwhile: as it is now.
  const still = (window?.alone ?? []).filter((one) => !alone.some(({ id }) => id === one.id))
  return goOn(known, { from, isSweep, begunAt, after, alone: [...still, ...alone] }, account.now(), told)
}

const withCounts = (seen: readonly number[], orders: readonly IncomingOrder[]): number[] =>
  [...seen, ...orders.map(({ lines }) => lines.length)].slice(-remembered)

function withoutDenial({ buyerDeniedAt: _, ...cursor }: Cursor): Cursor {
  return cursor
}

/** What is left of the window, or its end. */
function goOn({ window: _, ...cursor }: Cursor, window: Window, now: Date, told: Told): Pulled<IncomingOrder> {
  if (window.after !== null || window.alone.length > 0) {
    return { ...told, next: { ...cursor, window } satisfies Cursor, more: true }
  }
  const { watermark, ...complete } = completed(cursor, Date.parse(window.begunAt) - searchLagMs)
  const next = {
    ...cursor,
    ...noRestarts,
    ...complete,
    sweptAt: window.isSweep ? now.toISOString() : cursor.sweptAt,
  } satisfies Cursor
  return { ...told, next, more: false, watermark }
}

/** One odd order never hides its page; orders that nobody really bought are left out. */
function sort(nodes: readonly unknown[]) {
  const items: IncomingOrder[] = []
  const unreadable: Unreadable[] = []
  const strange = new Map<string, StrangeField>()
  const alone: Alone[] = []
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
    const again = { id: data.id, updatedAt: data.updatedAt, tries: 0 }
    if (pageInfo?.hasNextPage)
      alone.push({ ...again, lines, after: pageInfo.endCursor ?? null, isTogether: !mayHaveReturned(data, lines) })
    else if (mayHaveReturned(data, lines)) alone.push({ ...again, lines: [], after: null, isTogether: false })
    else items.push(readOrder(data, lines, new Map(), raw))
  }
  return { items, unreadable, strange: [...strange.values()], alone }
}

/** Units removed from an order of which some left: were they among those that left? */
const mayHaveReturned = (wire: WireOrder, lines: readonly WireLine[]): boolean =>
  ['shipped', 'partly_shipped'].includes(stateOf(wire)) && lines.some((line) => removedOf(line) > 0)

/** Orders with more lines than their page showed, several by one call, from their first line on. */
async function readTogether(account: Account, cursor: Cursor, window: Window): Promise<Pulled<IncomingOrder>> {
  const waiting = window.alone.filter(({ isTogether }) => isTogether)
  const shape = togetherShape(cursor.room, waiting.length)
  const asked = waiting.slice(0, shape.orders)
  const ids = asked.map(({ id }) => id)
  const buyer = wantsBuyer(account, cursor) && cursor.buyerDeniedAt === undefined
  const others = window.alone.filter(({ id }) => !ids.includes(id))
  const rest = (told: Told, left: Alone[]) => {
    const known = { ...cursor, seen: withCounts(cursor.seen, told.items) }
    const alone = left.map((one) => ({ ...one, isTogether: false }))
    return goOn(known, { ...window, alone: [...alone, ...others] }, account.now(), told)
  }
  try {
    const { data } = await call(
      account,
      documents.ordersById,
      { ids, lines: shape.lines, linesAfter: null, buyer },
      ordersByIdAnswer,
      `${ids.length} ${shape.lines} ${buyer}`,
    )
    // Deleted since: nothing stands in its place.
    const { alone, ...told } = sort(data.nodes.filter((node) => node !== null))
    return rest(told, alone)
  } catch (error) {
    if (isTooCostly(error, cursor)) throw error
    // Which of them it is shows where each is read by itself, from its first line on.
    await countedTry(account, error, () => askOne(account, window))
    return rest(
      { items: [] },
      asked.map((one) => ({ ...one, lines: [], after: null })),
    )
  }
}

/** One page of lines of the first order that waits. */
async function readAlone(account: Account, cursor: Cursor, window: Window): Promise<Pulled<IncomingOrder>> {
  const [one, ...others] = window.alone
  const rest = (told: Told, left: Alone[]) =>
    goOn({ ...cursor, seen: withCounts(cursor.seen, told.items) }, { ...window, alone: left }, account.now(), told)
  try {
    const buyer = wantsBuyer(account, cursor) && cursor.buyerDeniedAt === undefined
    const { told, left } = await readLines(account, one!, buyer)
    return rest(told, left ? [left, ...others] : others)
  } catch (error) {
    const { kind, code } = await countedTry(account, error, () => askOne(account, window))
    const { id, tries, ...before } = one!
    if (tries + 1 >= triesAtMost)
      return rest({ items: [], unreadable: [{ remoteId: readId(id), where: code, raw: null }] }, others)
    // What is refused may be the place among its lines.
    const anew = kind === 'rejected' ? { lines: [], after: null } : {}
    return rest({ items: [] }, [...others, { id, ...before, ...anew, tries: tries + 1 }])
  }
}

/** Any order of the window: does the store list them? */
const askOne = (account: Account, { from }: Window) =>
  call(
    account,
    documents.orders,
    { first: 1, after: null, query: since(from), lines: 1, linesAfter: null, buyer: false },
    ordersAnswer,
    '1 1 false',
  )

/** `left`: what still waits of it. An order that changed meanwhile is begun anew. */
async function readLines(account: Account, one: Alone, buyer: boolean): Promise<{ told: Told; left?: Alone }> {
  const { id, lines: before, after, updatedAt } = one
  const { data } = await call(
    account,
    documents.order,
    { id, lines: documents.linesAlone, linesAfter: after, buyer },
    orderAnswer,
  )
  // Deleted since.
  if (data.order === null || data.order === undefined) return { told: { items: [] } }
  const parsed = order.safeParse(data.order)
  if (!parsed.success) return { told: { items: [], unreadable: [describe(data.order, parsed.error.issues)] } }
  const wire = parsed.data
  const { nodes, pageInfo } = wire.lineItems
  const left = { id, updatedAt: wire.updatedAt, lines: [], after: null, isTogether: false, tries: 0 }
  if (wire.updatedAt !== updatedAt && after !== null) return { told: { items: [] }, left }
  const lines = [...before, ...nodes]
  if (pageInfo?.hasNextPage) return { told: { items: [] }, left: { ...left, lines, after: pageInfo.endCursor ?? null } }
  return { told: { items: [await wholeOf(account, wire, lines, data.order)] } }
}

/** One order with all of its lines, by itself. Null: it is gone, or nobody really bought it. */
export async function readWhole(
  account: Account,
  id: string,
  buyer = true,
): Promise<IncomingOrder | Unreadable | null> {
  const lines: WireLine[] = []
  for (let after: string | null = null; ; ) {
    const asked: Record<string, unknown> = { id, lines: documents.linesAlone, linesAfter: after, buyer }
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
