/** Where the lines of an order stand: most come along in the list; those of long orders are asked for one by one. */
import { z } from 'zod'
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, StrangeField, Unreadable } from '../connector.ts'
import { call } from './client.ts'
import { isKnownStatus, readOrder } from './mapping.ts'
import {
  aside,
  consignments,
  listAnswer,
  order,
  orderLine,
  orderMark,
  shippingAddress,
  type WireOrder,
} from './wire.ts'

export type ReadEntry =
  | { kind: 'order'; order: IncomingOrder; wire: WireOrder; strange: StrangeField[] }
  /** Not all of its lines came along. */
  | { kind: 'alone'; id: number; modified: string; total: number | null }
  | { kind: 'unreadable'; unreadable: Unreadable }

type Issue = { path: readonly PropertyKey[] }

/** Reads one entry of the list, whatever it holds. */
export function readEntry(raw: unknown): ReadEntry {
  const parsed = order.safeParse(raw)
  if (!parsed.success) return { kind: 'unreadable', unreadable: describe(raw, parsed.error.issues) }
  const wire = parsed.data
  const found = rawLines(raw)
  const own = found?.lines.map((line) => orderLine.safeParse(line))
  const odd = own?.find((line) => !line.success)
  if (odd?.error) return { kind: 'unreadable', unreadable: describe(raw, odd.error.issues) }
  const lines = own?.map((line) => line.data!)
  const units = lines?.reduce((sum, line) => sum + line.quantity, 0) ?? 0
  // The list shows the first lines only; how many units there are in all says whether these are all of them.
  if (!lines || (!found!.isAside && (wire.items_total == null || units < wire.items_total)))
    return { kind: 'alone', id: wire.id, modified: wire.date_modified, total: wire.items_total ?? null }
  const shipTo = shippingAddress.safeParse(raw).data?.consignments.shipping[0] ?? null
  return { kind: 'order', order: readOrder(wire, lines, shipTo, raw), wire, strange: strangeFields(wire) }
}

function rawLines(raw: unknown): { lines: unknown[]; isAside: boolean } | undefined {
  const beside = aside.safeParse(raw)
  if (beside.success) return { lines: beside.data.products, isAside: true }
  const along = consignments.safeParse(raw)
  if (!along.success) return undefined
  const { shipping, pickups, downloads, email } = along.data.consignments
  const all = [...shipping, ...pickups, ...downloads, ...email.gift_certificates]
  return { lines: all.flatMap((one) => one.line_items), isAside: false }
}

/** One order with its addresses; its lines are asked for beside it. */
export async function askWhole(account: Account, id: string): Promise<object> {
  const { body } = await call(account, {
    operation: 'getOrder',
    version: 'v2',
    method: 'GET',
    path: `/orders/${id}`,
    query: { include: 'consignments', consignment_structure: 'object' },
    answer: z.looseObject({ id: z.number() }),
  })
  return body
}

const linesAtOnce = 250
/** Asked for more, the store may answer as many all the same: what V2 gives where nobody says how many. */
export const fewestAtOnce = 50

/** One page of an order's lines, as they came. */
export async function linePage(account: Account, id: string, page: number): Promise<unknown[]> {
  const { body } = await call(account, {
    operation: 'getOrderProducts',
    version: 'v2',
    method: 'GET',
    path: `/orders/${id}/products`,
    query: { page, limit: linesAtOnce },
    mayBeEmpty: true,
    answer: listAnswer,
  })
  return body
}

/** All lines of an order, as they came. */
export async function rawLinesOf(account: Account, id: string): Promise<unknown[]> {
  const lines: unknown[] = []
  for (let page = 1; ; page += 1) {
    const some = await linePage(account, id, page)
    lines.push(...some)
    if (some.length < fewestAtOnce) return lines
  }
}

/** What stands in the cursor of a line that was read alone: no word of the buyer's. */
export const lineKept = orderLine
export type KeptLine = z.output<typeof lineKept>

export const withLines = (raw: object, lines: readonly unknown[]): object => ({ ...raw, products: lines })

function strangeFields(wire: WireOrder): StrangeField[] {
  const fields: StrangeField[] = []
  if (!isKnownStatus(wire.status_id)) fields.push({ field: 'status_id', isNew: false })
  if (wire.total_inc_tax === null) fields.push({ field: 'total_inc_tax', isNew: false })
  return fields
}

export function describe(raw: unknown, issues: readonly Issue[]): Unreadable {
  const where = issues
    .slice(0, 3)
    .map((issue) => issue.path.map(String).join('.'))
    .join(', ')
  const mark = orderMark.shape.id.safeParse((raw as { id?: unknown } | null)?.id)
  return { remoteId: mark.success ? String(mark.data) : '?', where, raw }
}

/** Reads one order again from what was set aside. Never throws. */
export function readRaw(raw: unknown): IncomingOrder | Unreadable {
  const read = readEntry(raw)
  if (read.kind === 'order') return read.order
  return read.kind === 'unreadable' ? read.unreadable : describe(raw, [{ path: ['consignments'] }])
}
