/** What channels hold for us, as people see it: beside our own levels, never in them. */
import { type HeldSum, type HeldUnits, heldInAll } from '../../domain/held-stock.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface HeldView extends HeldUnits {
  /** Our SKU; null: the channel's SKU is not linked to a variant. */
  sku: string | null
  title: string | null
  channel: string
  account: string
  changedAt: string | null
  seenAt: string
}

const selectHeld = `select h.location_id, l.account_id as "accountId", a.channel, a.name as account, h.marketplace, h.remote_sku as "remoteSku",
    coalesce(s.units_per_sale, 1) as "unitsPerSale", v.sku, v.title, h.fulfillable, h.inbound, h.reserved, h.unsellable, h.changed_at, h.seen_at
  from held_stock h join locations l on l.id = h.location_id join accounts a on a.id = l.account_id
  left join stock_slots s on s.account_id = a.id and s.region = a.region and s.remote_sku = h.remote_sku and s.node = ''
  left join variants v on v.id = s.variant_id`

type RawHeld = Omit<HeldView, 'changedAt' | 'seenAt'> & { location_id: string; changed_at: Date | null; seen_at: Date }

const toView = ({ location_id: _, changed_at, seen_at, ...row }: RawHeld): HeldView => ({
  ...row,
  changedAt: changed_at?.toISOString() ?? null,
  seenAt: seen_at.toISOString(),
})

interface HeldOfVariant {
  rows: HeldView[]
  sum: HeldSum
  lending: { account: string; most: number; leave: number; free: number; dispatched: number } | null
  lenders: string[]
}

/** What is held of one variant, what that is together, and what of it the own store may sell. */
export async function heldOf(db: Sql, variantId: string, lendingChannels: readonly string[]): Promise<HeldOfVariant> {
  const rows = (
    await db.rows<RawHeld>(`${selectHeld} where s.variant_id = $1 order by a.name, h.remote_sku, h.marketplace`, [
      variantId,
    ])
  ).map(toView)
  const lending = await db.one<NonNullable<HeldOfVariant['lending']>>(
    `select a.name as account, l.most, l.leave, p.lent as free, greatest(0, coalesce(s.on_hand, 0) - p.lent) as dispatched
     from lendings l join accounts a on a.id = l.account_id join pool_levels p on p.variant_id = l.variant_id
     left join locations x on x.lender_id = l.account_id
     left join stock_levels s on s.location_id = x.id and s.variant_id = l.variant_id where l.variant_id = $1`,
    [variantId],
  )
  const lenders = rows.flatMap((row) => (lendingChannels.includes(row.channel) ? [row.account] : []))
  return { rows, sum: heldInAll(rows), lending: lending ?? null, lenders: [...new Set(lenders)] }
}

export type HeldFilter = PageQuery & {
  q?: string | undefined
  account?: string | undefined
  linked?: 'yes' | 'no' | undefined
}

/** Everything that channels hold, by their SKU. */
export async function listHeld(db: Sql, filter: HeldFilter): Promise<Page<HeldView>> {
  const where = conditions()
  if (filter.q) where.add(`(h.remote_sku ilike '%' || ? || '%' or v.sku ilike '%' || ? || '%')`, filter.q)
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.linked) where.add(filter.linked === 'yes' ? 'v.id is not null' : 'v.id is null')
  if (filter.cursor)
    where.add(
      '(h.remote_sku, h.location_id, h.marketplace) > (?::text, ?::uuid, ?::text)',
      ...readCursor(filter.cursor, 3),
    )
  const rows = await db.rows<RawHeld>(
    `${selectHeld} ${where.where} order by h.remote_sku, h.location_id, h.marketplace limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.remoteSku, row.location_id, row.marketplace])
  return { ...page, items: page.items.map(toView) }
}
