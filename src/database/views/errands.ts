/** Errands as people see them: what channels were told, or are about to be. */
import type { ErrandKind, ErrandState } from '../../domain/errands.ts'
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface ErrandView {
  id: string
  kind: ErrandKind
  state: ErrandState
  orderId: string
  order: string
  account: string
  carrier: string | null
  trackingNumber: string | null
  trackingUrl: string | null
  shippedAt: string | null
  reason: string | null
  currency: string | null
  shippingAmount: number | null
  attempts: number
  dueAt: string | null
  leftAt: string | null
  problem: { code: string; message: string } | null
  remoteId: string | null
  actor: string
  createdAt: string
  changedAt: string
  lines: {
    line: string
    remoteId: string
    sku: string | null
    title: string
    quantity: number
    amount: number | null
  }[]
}

export type ErrandFilter = PageQuery & {
  kind?: ErrandKind | undefined
  account?: string | undefined
  order?: string | undefined
  view: 'all' | 'person' | 'under-way'
}

const views: Record<ErrandFilter['view'], string | null> = {
  all: null,
  person: `e.state in ('refused', 'undecided')`,
  'under-way': `e.state in ('waiting', 'sent', 'accepted', 'unknown')`,
}

/** Undefined where there is no such errand. */
export async function errandKind(db: Sql, id: string): Promise<string | undefined> {
  return (await db.one<{ kind: string }>('select kind from errands where id = $1', [id]))?.kind
}

/** How many orders of an account are copied, and how many copies are on their way. */
export async function countCopies(db: Sql, accountId: string): Promise<{ copies: number; waiting: number }> {
  return (await db.one<{ copies: number; waiting: number }>(
    `select (select count(*) from order_copies c join orders o on o.id = c.order_id where o.account_id = $1) as copies,
       (select count(*) from errands e join orders o on o.id = e.order_id
        where o.account_id = $1 and e.kind = 'copy' and e.state not in ('applied', 'dropped')) as waiting`,
    [accountId],
  ))!
}

/** The write-through rule of an account. */
export async function ruleOf(
  db: Sql,
  accountId: string,
): Promise<{ isOn: boolean; store: string; since: Date } | undefined> {
  return await db.one(
    `select w.is_on as "isOn", a.name as store, w.since from write_throughs w join accounts a on a.id = w.store_id where w.account_id = $1`,
    [accountId],
  )
}

interface Raw {
  id: string
  kind: ErrandKind
  state: ErrandState
  order_id: string
  order: string
  account: string
  payload: Record<string, unknown>
  attempts: number
  due_at: Date | null
  left_at: Date | null
  problem_code: string | null
  problem_message: string | null
  remote_id: string | null
  actor: string
  created_at: Date
  changed_at: Date
}

/** Newest first. */
export async function listErrands(db: Sql, filter: ErrandFilter): Promise<Page<ErrandView>> {
  const where = conditions()
  const view = views[filter.view]
  if (view) where.add(view)
  if (filter.kind) where.add('e.kind = ?', filter.kind)
  if (filter.account) where.add('(a.name = ? or a.id::text = ?)', filter.account)
  if (filter.order) where.add('e.order_id = ?', filter.order)
  if (filter.cursor) where.add('(e.created_at, e.id) < (?::timestamptz, ?::uuid)', ...readCursor(filter.cursor, 2))
  const rows = await db.rows<Raw>(
    `select e.*, o.remote_id as order, a.name as account
     from errands e join orders o on o.id = e.order_id join accounts a on a.id = e.account_id
     ${where.where} order by e.created_at desc, e.id desc limit ${filter.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, filter.limit, (row) => [row.created_at.toISOString(), row.id])
  return { ...page, items: await withLines(db, page.items) }
}

async function withLines(db: Sql, rows: readonly Raw[]): Promise<ErrandView[]> {
  const lines =
    rows.length === 0
      ? []
      : await db.rows<ErrandView['lines'][number] & { errandId: string }>(
          `select e.errand_id as "errandId", l.id as line, l.remote_id as "remoteId", v.sku, l.title, e.quantity, e.amount
           from errand_lines e join order_lines l on l.id = e.order_line_id left join variants v on v.id = l.variant_id
           where e.errand_id = any($1::uuid[]) order by l.remote_id`,
          [rows.map((row) => row.id)],
        )
  const ofErrand = Map.groupBy(lines, (line) => line.errandId)
  return rows.map((row) => ({
    ...toView(row),
    lines: (ofErrand.get(row.id) ?? []).map(({ errandId: _, ...line }) => line),
  }))
}

function toView(row: Raw): Omit<ErrandView, 'lines'> {
  const text = (name: string) => (typeof row.payload[name] === 'string' ? (row.payload[name] as string) : null)
  const { shippingAmount } = row.payload
  return {
    id: row.id,
    kind: row.kind,
    state: row.state,
    orderId: row.order_id,
    order: row.order,
    account: row.account,
    carrier: text('carrier'),
    trackingNumber: text('trackingNumber'),
    trackingUrl: text('trackingUrl'),
    shippedAt: text('shippedAt'),
    reason: text('reason'),
    currency: text('currency'),
    shippingAmount: typeof shippingAmount === 'number' ? shippingAmount : null,
    attempts: row.attempts,
    dueAt: row.due_at?.toISOString() ?? null,
    leftAt: row.left_at?.toISOString() ?? null,
    problem: row.problem_code === null ? null : { code: row.problem_code, message: row.problem_message ?? '' },
    remoteId: row.remote_id,
    actor: row.actor,
    createdAt: row.created_at.toISOString(),
    changedAt: row.changed_at.toISOString(),
  }
}
