/** One order as it is told: with what it does not say itself, which units were given back and since when it was bought. */
import type { IncomingOrder } from '../../domain/orders.ts'
import type { Account, StrangeField, Unreadable } from '../connector.ts'
import { isDraft, isKnownStatus, readOrder, readTime } from './mapping.ts'
import { unitsRefunded } from './refunds.ts'
import { order, type WireOrder } from './wire.ts'

type Refunded = Record<string, number>

/** Of an order that is over it does not matter which units were given back. */
export const wantsRefunds = ({ status, refunds }: WireOrder): boolean =>
  ['processing', 'on-hold', 'pending'].includes(status) && Boolean(refunds?.length)

/** `earliest`: nobody had finished buying it before then. */
export function tell(
  wire: WireOrder,
  raw: unknown,
  { earliest, refunded }: { earliest: string | undefined; refunded?: Refunded },
): IncomingOrder {
  const isLater = earliest !== undefined && Date.parse(earliest) > readTime(wire.date_created_gmt).getTime()
  if (!isLater && !refunded) return readOrder({ ...wire, entrepot: undefined }, raw)
  const entrepot = { ...(isLater ? { placedAt: earliest } : {}), ...(refunded ? { refunded } : {}) }
  return readOrder({ ...wire, entrepot }, { ...(raw as object), entrepot })
}

/** One order by itself. Null: nobody finished buying it. */
export async function readWhole(account: Account, raw: unknown): Promise<IncomingOrder | Unreadable | null> {
  const parsed = order.safeParse(raw)
  if (!parsed.success) return describe(raw, parsed.error.issues)
  const wire = parsed.data
  if (isDraft(wire.status)) return null
  const refunded = wantsRefunds(wire) ? await unitsRefunded(account, wire.id, () => {}) : undefined
  return tell(wire, raw, { earliest: undefined, ...(refunded ? { refunded } : {}) })
}

export function strangeFields({ status, currency, total }: WireOrder): StrangeField[] {
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
