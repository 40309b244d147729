/** Accounts, findings, journal, people and catalog as people see them. */
import { learnedWithin, tailAt } from '../../domain/lag.ts'
import type { Recount } from '../../domain/recount.ts'
import type { AccountRow } from '../accounts.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

const iso = (time: Date | null) => time?.toISOString() ?? null

/** Machine and process number of a lease's holder; the rest of its name is for other processes. */
const placeOf = (holder: string) => holder.split('|').slice(0, 2).join(':')

export async function describeAccounts(db: Sql, rows: readonly AccountRow[], now: Date) {
  const ids = rows.map((row) => row.id)
  const streams = await db.rows<{
    account_id: string
    stream: string
    value: unknown
    watermark: Date | null
    next_at: Date
    pulled_at: Date | null
    failed_at: Date | null
    failures: number
    failure: { code: string; message: string } | null
  }>('select * from cursors where account_id = any($1::uuid[]) order by stream desc', [ids])
  const budgets = await db.rows<{ account_id: string; operation: string; tokens: number; rate: number; burst: number }>(
    `select account_id, operation, least(burst, tokens + greatest(0, extract(epoch from ($2::timestamptz - refilled_at))) * rate) as tokens, rate, burst
     from budgets where account_id = any($1::uuid[]) order by operation`,
    [ids, now],
  )
  const leases = await db.rows<{ account_id: string; holder: string; expires_at: Date }>(
    'select account_id, holder, expires_at from leases where account_id = any($1::uuid[]) and not released',
    [ids],
  )
  const slots = await db.rows<{ account_id: string; total: number; dirty: number; unread: number; problems: number }>(
    `select account_id, count(*) as total, count(*) filter (where dirty) as dirty, count(*) filter (where confirmed_at is null) as unread,
       count(*) filter (where problem_code is not null) as problems
     from stock_slots where account_id = any($1::uuid[]) and variant_id is not null and merchant_fulfilled is not false group by 1`,
    [ids],
  )
  const orders = await db.rows<{ account_id: string; count: number }>(
    'select account_id, count(*) as count from orders where account_id = any($1::uuid[]) group by 1',
    [ids],
  )
  return rows.map((row) => {
    const lease = leases.find((one) => one.account_id === row.id)
    const slot = slots.find((one) => one.account_id === row.id)
    return {
      id: row.id,
      channel: row.channel,
      name: row.name,
      region: row.region,
      stage: row.stage,
      draft: row.draft_since !== null,
      halted: row.halted_code ? { code: row.halted_code, at: row.halted_at!.toISOString() } : null,
      settings: row.settings as Record<string, unknown>,
      openedAt: row.opened_at.toISOString(),
      streams: streams
        .filter((one) => one.account_id === row.id && one.stream !== 'recount')
        .map((one) => ({
          stream: one.stream,
          pulledAt: iso(one.pulled_at),
          watermark: iso(one.watermark),
          nextAt: one.next_at.toISOString(),
          failure:
            one.failed_at && one.failure
              ? { at: one.failed_at.toISOString(), ...one.failure, failures: one.failures }
              : null,
        })),
      budgets: budgets.filter((one) => one.account_id === row.id).map(({ account_id: _, ...one }) => one),
      orderLag: {
        tailMs: row.lag ? Math.round(tailAt(row.lag, now.getTime())) : 0,
        medianMs: row.lag && learnedWithin(row.lag, 0.5),
        mostMs: row.lag && learnedWithin(row.lag, 0.99),
      },
      recount: recountIn(streams.find((one) => one.account_id === row.id && one.stream === 'recount')?.value),
      worker: lease ? { holder: placeOf(lease.holder), until: lease.expires_at.toISOString() } : null,
      slots: {
        total: slot?.total ?? 0,
        dirty: slot?.dirty ?? 0,
        unread: slot?.unread ?? 0,
        problems: slot?.problems ?? 0,
      },
      orders: orders.find((one) => one.account_id === row.id)?.count ?? 0,
    }
  })
}

/** The last span that was counted to its end. */
function recountIn(value: unknown): { checkedUntil: string; counted: number; missing: number } | null {
  const state = (value ?? null) as Recount | null
  if (!state?.last) return null
  return { checkedUntil: state.checkedUntil, counted: state.last.counted, missing: state.last.missing }
}

export interface FindingRow {
  id: string
  code: string
  severity: 'loss' | 'warning' | 'info'
  account: string | null
  account_id: string | null
  /** Of the variant or slot it is about. */
  sku: string | null
  subject: string
  data: Record<string, unknown>
  first_at: Date
  last_at: Date
}

const weight = `case f.severity when 'loss' then 0 when 'warning' then 1 else 2 end`

export async function listFindings(db: Sql, query: PageQuery): Promise<Page<FindingRow>> {
  const where = conditions()
  where.add('f.resolved_at is null')
  if (query.cursor) where.add(`(${weight}, f.id) > (?::int, ?::uuid)`, ...readCursor(query.cursor, 2))
  const rows = await db.rows<FindingRow & { weight: number }>(
    `select f.id, f.code, f.severity, a.name as account, f.account_id, v.sku, f.subject, f.data, f.first_at, f.last_at, ${weight} as weight
     from findings f left join accounts a on a.id = f.account_id
       left join stock_slots s on f.subject = 'slot:' || s.id left join variants v on v.id = s.variant_id or f.subject = 'variant:' || v.id or f.subject = 'lent:' || v.id ${where.where} order by ${weight}, f.id limit ${query.limit + 1}`,
    where.values,
  )
  return toPage(rows, query.limit, (row) => [row.weight, row.id])
}

export type CallFilter = PageQuery & {
  account?: string | undefined
  operation?: string | undefined
  failed?: 'yes' | 'no' | undefined
}

export async function listCalls(db: Sql, filter: CallFilter) {
  const where = conditions()
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.operation) where.add('c.operation = ?', filter.operation)
  if (filter.failed) where.add(`${filter.failed === 'yes' ? '' : 'not '}(c.status is null or c.status >= 400)`)
  if (filter.cursor) where.add('(c.started_at, c.id) < (?::timestamptz, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<{
    id: string
    account: string | null
    operation: string
    method: string
    url: string
    status: number | null
    error_kind: string | null
    error_code: string | null
    request_id: string | null
    started_at: Date
    duration_ms: number
    request: unknown
    response: unknown
  }>(
    `select c.*, a.name as account from channel_calls c left join accounts a on a.id = c.account_id ${where.where}
     order by c.started_at desc, c.id desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.started_at.toISOString(), row.id])
  return {
    ...page,
    items: page.items.map((row) => ({
      id: row.id,
      account: row.account,
      operation: row.operation,
      method: row.method,
      url: row.url,
      status: row.status,
      errorKind: row.error_kind,
      errorCode: row.error_code,
      requestId: row.request_id,
      startedAt: row.started_at.toISOString(),
      durationMs: row.duration_ms,
      request: row.request,
      response: row.response,
    })),
  }
}

export async function listListings(
  db: Sql,
  filter: PageQuery & { q?: string | undefined; account?: string | undefined; linked?: 'yes' | 'no' | undefined },
) {
  const where = conditions()
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.linked) where.add(`l.variant_id is ${filter.linked === 'yes' ? 'not ' : ''}null`)
  if (filter.q)
    where.add(`(l.remote_sku ilike '%' || ? || '%' or l.title ilike '%' || ? || '%' or l.remote_id = ?)`, filter.q)
  if (filter.cursor) where.add('(l.remote_sku, l.id) > (?::text, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<ListingView>(
    `${selectListing} ${where.where} order by l.remote_sku, l.id limit ${filter.limit + 1}`,
    where.values,
  )
  return toPage(rows, filter.limit, (row) => [row.remoteSku, row.id])
}

export interface ListingView {
  id: string
  channel: string
  account: string
  accountId: string
  marketplace: string
  remoteSku: string
  remoteId: string | null
  sku: string | null
  unitsPerSale: number
  title: string
  fulfilledBy: 'merchant' | 'channel'
  buyable: boolean | null
  price: number | null
  currency: string | null
  slotId: string
}

const selectListing = `select l.id, a.channel, a.name as account, l.account_id as "accountId", l.marketplace, l.remote_sku as "remoteSku", l.remote_id as "remoteId",
    v.sku, l.units_per_sale as "unitsPerSale", l.title, l.fulfilled_by as "fulfilledBy", l.buyable, l.price, l.currency, l.slot_id as "slotId"
  from listings l join accounts a on a.id = l.account_id left join variants v on v.id = l.variant_id`

export async function listingOfSlot(db: Sql, slotId: string): Promise<ListingView | undefined> {
  return await db.one<ListingView>(`${selectListing} where l.slot_id = $1 order by l.marketplace limit 1`, [slotId])
}

export interface VariantView {
  id: string
  sku: string
  title: string
  gtin: string | null
  productId: string
}

export async function listVariants(
  db: Sql,
  filter: PageQuery & { q?: string | undefined },
): Promise<Page<VariantView>> {
  const where = conditions()
  if (filter.q)
    where.add(`(sku ilike '%' || ? || '%' or title ilike '%' || ? || '%' or gtin = lpad(?, 14, '0'))`, filter.q)
  if (filter.cursor) where.add('sku > ?::text', ...readCursor(filter.cursor, 1))
  const rows = await db.rows<VariantView>(
    `select id, sku, title, gtin, product_id as "productId" from variants ${where.where} order by sku limit ${filter.limit + 1}`,
    where.values,
  )
  return toPage(rows, filter.limit, (row) => [row.sku])
}

export async function listProducts(
  db: Sql,
  filter: PageQuery & { q?: string | undefined; category?: string | undefined; id?: string },
) {
  const where = conditions()
  if (filter.id) where.add('p.id = ?::uuid', filter.id)
  if (filter.category) where.add('p.category = ?', filter.category)
  if (filter.q)
    where.add(
      `(p.title ilike '%' || ? || '%' or exists (select 1 from variants x where x.product_id = p.id and x.sku ilike '%' || ? || '%'))`,
      filter.q,
    )
  if (filter.cursor) where.add('(p.title, p.id) > (?::text, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<{
    id: string
    title: string
    category: string | null
    variants: { id: string; sku: string; title: string; gtin: string | null }[]
  }>(
    `select p.id, p.title, p.category, coalesce(jsonb_agg(jsonb_build_object('id', v.id, 'sku', v.sku, 'title', v.title, 'gtin', v.gtin) order by v.sku) filter (where v.id is not null), '[]') as variants
     from products p left join variants v on v.product_id = p.id ${where.where} group by p.id order by p.title, p.id limit ${filter.limit + 1}`,
    where.values,
  )
  return toPage(rows, filter.limit, (row) => [row.title, row.id])
}

/** Short lists that fit on one page, sorted by name. */
export async function listAll<T extends object>(
  db: Sql,
  table: 'locations' | 'users' | 'api_keys' | 'webhook_endpoints',
  query: PageQuery,
): Promise<Page<T & { id: string }>> {
  const selects = {
    locations: `select id, code, name, kind, master, priority from locations where kind not in ('transit', 'lent')`,
    users: `select id, email, name, role, language from users where disabled_at is null`,
    api_keys: `select id, name, prefix, role, created_at from api_keys where revoked_at is null`,
    webhook_endpoints: `select id, url, events, created_at, (select count(*) from webhook_deliveries d where d.endpoint_id = e.id and state = 'waiting') as waiting,
      (select count(*) from webhook_deliveries d where d.endpoint_id = e.id and state = 'dead') as dead from webhook_endpoints e where disabled_at is null`,
  }
  const after = query.cursor ? readCursor(query.cursor, 1) : ['00000000-0000-0000-0000-000000000000']
  const rows = await db.rows<T & { id: string }>(
    `select * from (${selects[table]}) t where id > $1::uuid order by id limit ${query.limit + 1}`,
    after,
  )
  return toPage(rows, query.limit, (row) => [row.id])
}

export async function describeReservation(db: Sql, id: string) {
  const row = await db.one<{
    id: string
    account: string
    reference: string
    state: 'held' | 'confirmed' | 'ordered' | 'released' | 'expired'
    expires_at: Date | null
    order_id: string | null
  }>(
    'select r.id, a.name as account, r.reference, r.state, r.expires_at, r.order_id from reservations r join accounts a on a.id = r.account_id where r.id = $1',
    [id],
  )
  if (!row) return undefined
  const lines = await db.rows<{ sku: string; quantity: number }>(
    `select sku, quantity from (
       select l.id, coalesce(s.remote_sku, v.sku) as sku, l.quantity / l.per_sale as quantity,
         rank() over (partition by l.slot_id order by l.variant_id) as part
       from reservation_lines l join variants v on v.id = l.variant_id left join stock_slots s on s.id = l.slot_id
       where l.reservation_id = $1) one
     -- One line for a kit, whatever it is made of.
     where part = 1 order by id`,
    [id],
  )
  return {
    id: row.id,
    account: row.account,
    reference: row.reference,
    state: row.state,
    expiresAt: iso(row.expires_at),
    orderId: row.order_id,
    lines,
  }
}
