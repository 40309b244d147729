/** Remote SKUs and the variants they stand for, as a person sorts them out: those that orders wait for come first. */
import { matchSku, type Suggestion, type Verdict } from '../../domain/match.ts'
import { candidatesFor, type Decision, plain } from '../matching.ts'
import type { Sql } from '../pool.ts'
import { conditions, type PageQuery, readCursor, toPage } from './page.ts'

export type MatchView = 'unmatched' | 'suggested' | 'ignored' | 'linked'

export interface MatchFilter {
  view: MatchView
  account?: string | undefined
  q?: string | undefined
}

/** What the channel says of a remote SKU: of its listing, and of the orders that wait for it. */
export interface RemoteSku {
  accountId: string
  account: string
  channel: string
  remoteSku: string
  /** Null where only orders name it. */
  title: string | null
  remoteId: string | null
  gtin: string | null
  imageUrl: string | null
  options: { name: string; value: string }[]
  productRemoteId: string | null
  productTitle: string | null
  marketplaces: string[]
  price: number | null
  currency: string | null
  fulfilledBy: 'merchant' | 'channel' | null
  shown: number | null
  unitsPerSale: number
  sku: string | null
  waitingOrders: number
  waitingUnits: number
  decision: Decision | null
}

export type MatchSuggestion = Suggestion & { title: string }

const waiting = `select o.account_id, l.remote_sku, count(distinct o.id) as orders, sum(l.quantity - l.canceled) as units
  from order_lines l join orders o on o.id = l.order_id
  where l.variant_id is null and l.remote_sku is not null and o.has_unknown_sku and l.quantity > l.canceled
  group by o.account_id, l.remote_sku`

/** Each remote SKU once, whatever marketplaces it is on. */
const places = {
  open: `select account_id, remote_sku from listings where variant_id is null union select account_id, remote_sku from waiting`,
  linked: 'select account_id, remote_sku from listings where variant_id is not null group by 1, 2',
}

const suggested = `(exists (select 1 from variants v where ${plain('v.sku')} = ${plain('x.remote_sku')})
  or exists (select 1 from listings o join variants v on v.gtin = o.gtin where o.account_id = x.account_id and o.remote_sku = x.remote_sku)
  or exists (select 1 from listings o join listings k on k.remote_id = o.remote_id and k.variant_id is not null join accounts ka on ka.id = k.account_id
    where o.account_id = x.account_id and o.remote_sku = x.remote_sku and ka.channel = a.channel)
  or exists (select 1 from listings o join listings k on k.asin = o.asin and k.variant_id is not null where o.account_id = x.account_id and o.remote_sku = x.remote_sku))`

const joins = `join accounts a on a.id = x.account_id
  left join waiting w on w.account_id = x.account_id and w.remote_sku = x.remote_sku
  left join sku_decisions d on d.account_id = x.account_id and d.remote_sku = x.remote_sku`

function conditionsOf(filter: MatchFilter) {
  const where = conditions()
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.view === 'ignored') where.add(`d.decision = 'ignored'`)
  if (filter.view === 'unmatched' || filter.view === 'suggested') where.add(`d.decision is distinct from 'ignored'`)
  if (filter.view === 'suggested') where.add(suggested)
  if (filter.q)
    where.add(
      `(x.remote_sku ilike '%' || ? || '%' or exists (select 1 from listings f where f.account_id = x.account_id and f.remote_sku = x.remote_sku
         and (f.title ilike '%' || ? || '%' or f.remote_id = ? or f.gtin = lpad(?, 14, '0'))))`,
      filter.q,
    )
  return where
}

const placesOf = (view: MatchView) => (view === 'linked' ? places.linked : places.open)

/** What is told of the remote SKUs in `page`, in its order. */
const told = (
  order: string,
) => `select p.account_id as "accountId", p.name as account, p.channel, p.remote_sku as "remoteSku", l.title, l.remote_id as "remoteId", l.gtin,
    l.image_url as "imageUrl", coalesce(l.options, '[]') as options, l.product_remote_id as "productRemoteId", l.product_title as "productTitle",
    coalesce((select array_agg(m.marketplace order by m.marketplace) from listings m where m.account_id = p.account_id and m.remote_sku = p.remote_sku), '{}') as marketplaces,
    l.price, l.currency, l.fulfilled_by as "fulfilledBy", s.confirmed_value as shown, coalesce(l.units_per_sale, 1) as "unitsPerSale", v.sku,
    p.orders as "waitingOrders", p.units as "waitingUnits", p.decision
  from page p
    left join lateral (select * from listings f where f.account_id = p.account_id and f.remote_sku = p.remote_sku order by f.marketplace limit 1) l on true
    left join stock_slots s on s.id = l.slot_id left join variants v on v.id = l.variant_id
  order by ${order}`

const pageOf = `x.account_id, x.remote_sku, a.name, a.channel, coalesce(w.orders, 0)::bigint as orders, coalesce(w.units, 0)::bigint as units, d.decision`

async function remoteSkus(sql: Sql, filter: MatchFilter & PageQuery): Promise<RemoteSku[]> {
  const where = conditionsOf(filter)
  if (filter.cursor)
    where.add(
      '(-coalesce(w.orders, 0), x.remote_sku, x.account_id) > (?::bigint, ?::text, ?::uuid)',
      ...readCursor(filter.cursor, 3),
    )
  return await sql.rows<RemoteSku>(
    `with waiting as (${waiting}),
     page as (select ${pageOf} from (${placesOf(filter.view)}) x ${joins} ${where.where}
       order by -coalesce(w.orders, 0), x.remote_sku, x.account_id limit ${filter.limit + 1})
     ${told('-p.orders, p.remote_sku, p.account_id')}`,
    where.values,
  )
}

/**
 * Open remote SKUs of one account by SKU, for whoever walks through all of them: read from an index, from where the walk
 * stands.
 */
async function walk(sql: Sql, accountId: string, by: string, value: unknown, limit: number): Promise<RemoteSku[]> {
  const open = (one: string) =>
    `${one}.remote_sku ${by} and not exists (select 1 from sku_decisions g where g.account_id = $1 and g.remote_sku = ${one}.remote_sku and g.decision = 'ignored')`
  return await sql.rows<RemoteSku>(
    `with waiting as (${waiting.replace('where', 'where o.account_id = $1 and')}),
     page as (select ${pageOf} from (
         (select account_id, remote_sku from listings f where variant_id is null and account_id = $1 and ${open('f')} group by 1, 2 order by 2 limit $3)
         union (select account_id, remote_sku from waiting t where ${open('t')} order by remote_sku limit $3)) x ${joins}
       order by x.remote_sku limit $3)
     ${told('p.remote_sku')}`,
    [accountId, value, limit],
  )
}

export type MatchItem = RemoteSku & { verdict: Verdict['kind']; suggestions: MatchSuggestion[] }

/** As many suggestions as a person can weigh. */
const suggestionsAtMost = 5

/** What speaks for whom, by the one rule (domain/match.ts). */
export async function judged(sql: Sql, rows: readonly RemoteSku[]): Promise<MatchItem[]> {
  const candidates = await candidatesFor(sql, rows)
  return rows.map((row, index) => {
    const found = candidates[index]!
    const titles = new Map(found.map((one) => [one.variantId, one.title]))
    const { kind, suggestions } = matchSku(row, found)
    return {
      ...row,
      verdict: kind,
      suggestions: suggestions
        .slice(0, suggestionsAtMost)
        .map((one) => ({ ...one, title: titles.get(one.variantId) ?? '' })),
    }
  })
}

export async function listMatching(sql: Sql, query: PageQuery & MatchFilter) {
  const rows = await remoteSkus(sql, query)
  const page = toPage(rows, query.limit, (row) => [-row.waitingOrders, row.remoteSku, row.accountId])
  const items =
    query.view === 'linked'
      ? page.items.map((row): MatchItem => ({ ...row, verdict: 'none', suggestions: [] }))
      : await judged(sql, page.items)
  return { ...page, items }
}

/** The next open remote SKUs of an account behind `after`, by SKU. */
export const openSkus = (sql: Sql, accountId: string, after: string, limit: number): Promise<RemoteSku[]> =>
  walk(sql, accountId, '> $2::text', after, limit)

/** Those of these that are open. */
export const openSkusNamed = (sql: Sql, accountId: string, skus: readonly string[]): Promise<RemoteSku[]> =>
  walk(sql, accountId, '= any($2::text[])', skus, skus.length)

/** How many there are in each view. */
export async function countMatching(sql: Sql, account: string | undefined): Promise<Record<MatchView, number>> {
  const count = async (view: MatchView) => {
    const where = conditionsOf({ view, account })
    const row = await sql.one<{ count: number }>(
      `with waiting as (${waiting}) select count(*) as count from (${placesOf(view)}) x ${joins} ${where.where}`,
      where.values,
    )
    return row!.count
  }
  return {
    unmatched: await count('unmatched'),
    suggested: await count('suggested'),
    ignored: await count('ignored'),
    linked: await count('linked'),
  }
}
