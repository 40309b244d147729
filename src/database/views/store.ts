/** The own store's locations and what it holds there, as people see them. */
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface StoreLocationView {
  account: { id: string; name: string; channel: string }
  remoteId: string
  name: string
  isActive: boolean
  location: { code: string; name: string } | null
  master: 'hub' | 'store'
  masterSince: string | null
  changedBy: string | null
  /** SKUs told of there. */
  skus: number
  readAt: string | null
  movedAt: string | null
  /** SKUs whose number is not what stands at our slot. */
  different: number
  /** SKUs whose first certain reading is still to come, of a store that is the master. */
  waiting: number
  unclear: number
}

const expected = 'coalesce(s.live_value, s.confirmed_value)'
const differs = `s.variant_id is not null and ${expected} is not null and greatest(l.available, 0) <> ${expected}`

export async function listStoreLocations(sql: Sql): Promise<StoreLocationView[]> {
  const rows = await sql.rows<{
    account_id: string
    account: string
    channel: string
    remote_id: string
    name: string
    is_active: boolean
    code: string | null
    location: string | null
    master: 'hub' | 'store'
    master_since: Date | null
    changed_by: string | null
    skus: number
    read_at: Date | null
    moved_at: Date | null
    different: number
    waiting: number
    unclear: number
  }>(
    `select o.account_id, a.name as account, a.channel, o.remote_id, o.name, o.is_active, c.code, c.name as location, o.master, o.master_since, o.changed_by,
       coalesce(n.skus, 0)::float8 as skus, n.read_at, n.moved_at, coalesce(n.different, 0)::float8 as different,
       case when o.master = 'store' then coalesce(n.waiting, 0) else 0 end::float8 as waiting, coalesce(n.unclear, 0)::float8 as unclear
     from store_locations o join accounts a on a.id = o.account_id left join locations c on c.id = o.location_id
     left join lateral (select count(*) as skus, max(l.read_at) as read_at, max(l.moved_at) as moved_at, count(*) filter (where ${differs}) as different,
         count(*) filter (where l.basis_at is null and s.variant_id is not null) as waiting, count(*) filter (where l.is_unclear) as unclear
       from store_levels l left join stock_slots s on s.id = l.slot_id
       where l.account_id = o.account_id and l.remote_location = o.remote_id) n on true
     order by a.name, o.name, o.remote_id`,
  )
  return rows.map((row) => ({
    account: { id: row.account_id, name: row.account, channel: row.channel },
    remoteId: row.remote_id,
    name: row.name,
    isActive: row.is_active,
    location: row.code === null ? null : { code: row.code, name: row.location! },
    master: row.master,
    masterSince: row.master_since?.toISOString() ?? null,
    changedBy: row.changed_by,
    skus: row.skus,
    readAt: row.read_at?.toISOString() ?? null,
    movedAt: row.moved_at?.toISOString() ?? null,
    different: row.different,
    waiting: row.waiting,
    unclear: row.unclear,
  }))
}

export interface StoreLevelView {
  id: string
  sku: string | null
  remoteSku: string
  onHand: number
  available: number
  committed: number
  /** What should stand there by all that is known; null: not read yet, or not linked. */
  expected: number | null
  /** The last change that came from the store. */
  movedUnits: number | null
  movedAt: string | null
  readAt: string
  state: 'following' | 'waiting' | 'shown' | 'not_linked'
  isUnclear: boolean
}

export async function listStoreLevels(
  sql: Sql,
  query: PageQuery & { account: string; location: string; q?: string | undefined; view: 'all' | 'different' | 'moved' },
): Promise<Page<StoreLevelView>> {
  const where = conditions(query.account, query.location)
  where.add(
    'l.account_id = (select id from accounts where id::text = $1 or name = $1 limit 1) and l.remote_location = $2',
  )
  if (query.q) where.add(`(l.remote_sku ilike '%' || ? || '%' or v.sku ilike '%' || ? || '%')`, query.q)
  if (query.view === 'different') where.add(`${differs}`)
  if (query.view === 'moved') where.add('l.moved_at is not null')
  if (query.cursor) where.add('l.remote_sku > ?', readCursor(query.cursor, 1)[0])
  const rows = await sql.rows<Omit<StoreLevelView, 'movedAt' | 'readAt'> & { movedAt: Date | null; readAt: Date }>(
    `select l.id, v.sku, l.remote_sku as "remoteSku", l.on_hand as "onHand", l.available, l.committed, ${expected} as expected,
       l.moved_units as "movedUnits", l.moved_at as "movedAt", l.read_at as "readAt", l.is_unclear as "isUnclear",
       case when s.variant_id is null then 'not_linked' when o.master <> 'store' then 'shown' when l.basis_at is null then 'waiting' else 'following' end as state
     from store_levels l join store_locations o on o.account_id = l.account_id and o.remote_id = l.remote_location
     left join stock_slots s on s.id = l.slot_id left join variants v on v.id = s.variant_id
     ${where.where} order by l.remote_sku limit ${query.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, query.limit, (row) => [row.remoteSku])
  return {
    ...page,
    items: page.items.map((row) => ({
      ...row,
      movedAt: row.movedAt?.toISOString() ?? null,
      readAt: row.readAt.toISOString(),
    })),
  }
}
