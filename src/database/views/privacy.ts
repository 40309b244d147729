/** Requests about buyers' data as people see them, and what is held of one buyer. */
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface RequestView {
  id: string
  account: { id: string; name: string; channel: string }
  kind: 'erase' | 'export'
  /** Null: the channel. */
  askedBy: string | null
  whole: boolean
  orders: string[]
  found: number
  erased: number
  waiting: number
  receivedAt: string
  dueAt: string
  doneAt: string | null
  closedAt: string | null
  closedBy: string | null
}

type Times = 'receivedAt' | 'dueAt' | 'doneAt' | 'closedAt'
type Row = Omit<RequestView, 'account' | Times> & { accountId: string; accountName: string; channel: string } & {
  [K in Times]: Date | null
}

/** Of strangers nothing is shown: channels tell of every member whom they lose. */
export async function listRequests(
  sql: Sql,
  query: PageQuery & { open?: boolean | undefined; id?: string },
): Promise<Page<RequestView>> {
  const where = conditions()
  where.add('(r.found > 0 or r.whole or r.asked_by is not null)')
  if (query.id) where.add('r.id = ?', query.id)
  if (query.open) where.add('r.closed_at is null')
  if (query.cursor) where.add('(r.received_at, r.id) < (?::timestamptz, ?::uuid)', ...readCursor(query.cursor, 2))
  const rows = await sql.rows<Row>(
    `select r.id, r.account_id as "accountId", a.name as "accountName", a.channel, r.kind, r.asked_by as "askedBy", r.whole,
       r.order_ids as orders, r.found, r.erased, r.waiting, r.received_at as "receivedAt", r.due_at as "dueAt", r.done_at as "doneAt",
       r.closed_at as "closedAt", r.closed_by as "closedBy"
     from erasure_requests r join accounts a on a.id = r.account_id ${where.where}
     order by r.received_at desc, r.id desc limit ${query.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, query.limit, (row) => [row.receivedAt, row.id])
  const items = page.items.map(({ accountId, accountName, channel, ...row }) => ({
    ...row,
    account: { id: accountId, name: accountName, channel },
    receivedAt: row.receivedAt!.toISOString(),
    dueAt: row.dueAt!.toISOString(),
    doneAt: row.doneAt?.toISOString() ?? null,
    closedAt: row.closedAt?.toISOString() ?? null,
  }))
  return { items, nextCursor: page.nextCursor }
}

export interface HeldRow {
  id: string
  number: string
  marketplace: string | null
  state: string
  placedAt: Date
  currency: string | null
  total: number | null
  lines: { sku: string | null; title: string; quantity: number; unitPrice: number | null }[]
  sealed: Buffer | null
  epoch: string | null
}

/** Orders with what is sealed of their buyers. */
export async function heldOf(sql: Sql, orderIds: readonly string[]): Promise<HeldRow[]> {
  return await sql.rows<HeldRow>(
    `select o.id, o.remote_id as number, o.marketplace, o.state, o.placed_at as "placedAt", o.currency, o.total,
       (select coalesce(jsonb_agg(jsonb_build_object('sku', l.remote_sku, 'title', l.title, 'quantity', l.quantity, 'unitPrice', l.unit_price)
         order by l.id), '[]') from order_lines l where l.order_id = o.id) as lines, b.sealed, b.epoch
     from orders o left join buyer_data b on b.order_id = o.id where o.id = any($1::uuid[]) order by o.placed_at`,
    [orderIds],
  )
}
