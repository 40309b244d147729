/** What the drift audit found, as people see it. */
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export type DeviationKind = 'lower' | 'higher' | 'lost' | 'writer'

export interface DeviationView {
  id: string
  at: string
  channel: string
  account: string
  accountId: string
  sku: string | null
  remoteSku: string
  kind: DeviationKind
  expected: number | null
  shown: number
  isExplained: boolean
}

/** Fewer units than expected, and an order that was placed before and told since: the channel was right, and early. */
const explained = `(d.kind = 'lower' and exists (select 1 from order_lines l join orders o on o.id = l.order_id
  where l.variant_id = s.variant_id and l.slot_id = d.slot_id and o.placed_at <= d.at and o.imported_at >= d.at))`

export type DeviationFilter = PageQuery & {
  account?: string | undefined
  kind?: DeviationKind | undefined
  q?: string | undefined
  open?: 'yes' | undefined
}

export async function listDeviations(db: Sql, filter: DeviationFilter): Promise<Page<DeviationView>> {
  const where = conditions()
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.kind) where.add('d.kind = ?', filter.kind)
  if (filter.q) where.add(`(s.remote_sku ilike '%' || ? || '%' or v.sku ilike '%' || ? || '%')`, filter.q)
  if (filter.open) where.add(`not ${explained}`)
  if (filter.cursor) where.add('(d.at, d.id) < (?::timestamptz, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<Omit<DeviationView, 'at'> & { at: Date }>(
    `select d.id, d.at, a.channel, a.name as account, d.account_id as "accountId", v.sku, s.remote_sku as "remoteSku", d.kind, d.expected, d.shown,
       ${explained} as "isExplained"
     from deviations d join stock_slots s on s.id = d.slot_id join accounts a on a.id = d.account_id left join variants v on v.id = s.variant_id
     ${where.where} order by d.at desc, d.id desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.at.toISOString(), row.id])
  return { ...page, items: page.items.map((row) => ({ ...row, at: row.at.toISOString() })) }
}

const dayMs = 86_400_000
const hourOf = (column: string) => `date_bin('1 hour', ${column}, '2000-01-01 00:00:00+00'::timestamptz)`

/** The last 24 hours: slots that were read, those that showed another number for no known reason, and both hour by hour. */
export async function driftReport(db: Sql, account: string | undefined, now: Date) {
  const since = new Date(now.getTime() - dayMs)
  const of = '($2::text is null or a.name = $2 or a.id::text = $2)'
  const values = [since, account ?? null]
  const totals = (await db.one<{ slots: number; deviating: number; writers: number }>(
    `select
       (select count(*) from stock_slots s join accounts a on a.id = s.account_id where ${of} and a.stage in ('live', 'paused')
          and s.merchant_fulfilled and s.variant_id is not null and s.confirmed_at >= $1) as slots,
       (select count(distinct d.slot_id) from deviations d join stock_slots s on s.id = d.slot_id join accounts a on a.id = d.account_id
          where ${of} and d.at >= $1 and not ${explained}) as deviating,
       (select count(distinct d.slot_id) from deviations d join accounts a on a.id = d.account_id
          where ${of} and d.at >= $1 and d.kind = 'writer') as writers`,
    values,
  ))!
  const hours = await db.rows<{ hour: Date; readings: number; deviating: number }>(
    `select r.hour, r.readings, coalesce(d.deviating, 0) as deviating from
       (select r.hour, sum(r.readings)::bigint as readings from readings r join accounts a on a.id = r.account_id
          where ${of} and r.hour >= ${hourOf('$1::timestamptz')} group by r.hour) r
       left join (select ${hourOf('d.at')} as hour, count(distinct d.slot_id) as deviating
          from deviations d join stock_slots s on s.id = d.slot_id join accounts a on a.id = d.account_id
          where ${of} and d.at >= ${hourOf('$1::timestamptz')} and not ${explained} group by 1) d on d.hour = r.hour
     order by r.hour`,
    values,
  )
  const { slots, deviating } = totals
  return {
    ...totals,
    share: slots === 0 ? null : Math.min(1, deviating / slots),
    hours: hours.map((row) => ({ ...row, hour: row.hour.toISOString() })),
  }
}
