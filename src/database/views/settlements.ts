/** Which settlements are kept. */
import type { Sql } from '../pool.ts'
import { conditions, type Page, type PageQuery, readCursor, toPage } from './page.ts'

export interface SettlementView {
  id: string
  account: { id: string; name: string; channel: string }
  remoteId: string
  name: string
  contentType: string
  from: string | null
  until: string | null
  sha256: string
  size: number
  storedAt: string
}

type Times = 'from' | 'until' | 'storedAt'
type Row = Omit<SettlementView, 'account' | Times> & { accountId: string; accountName: string; channel: string } & {
  from: Date | null
  until: Date | null
  storedAt: Date
}

export async function listSettlements(
  sql: Sql,
  query: PageQuery & { account?: string | undefined; since?: string | undefined; until?: string | undefined },
): Promise<Page<SettlementView>> {
  const where = conditions()
  if (query.account) where.add('s.account_id = ?', query.account)
  if (query.since) where.add('coalesce(s.until_at, s.stored_at) >= ?::date', query.since)
  if (query.until) where.add(`coalesce(s.from_at, s.stored_at) < ?::date + interval '1 day'`, query.until)
  if (query.cursor)
    where.add('(coalesce(s.until_at, s.stored_at), s.id) < (?::timestamptz, ?::uuid)', ...readCursor(query.cursor, 2))
  const rows = await sql.rows<Row>(
    `select s.id, s.account_id as "accountId", a.name as "accountName", a.channel, s.remote_id as "remoteId", s.name, s.content_type as "contentType",
       s.from_at as "from", s.until_at as "until", s.sha256, s.size, s.stored_at as "storedAt"
     from settlements s join accounts a on a.id = s.account_id ${where.where} order by coalesce(s.until_at, s.stored_at) desc, s.id desc limit ${query.limit + 1}`,
    where.values,
  )
  const page = toPage(rows, query.limit, (row) => [row.until ?? row.storedAt, row.id])
  const items = page.items.map(
    ({ accountId, accountName, channel, from, until, storedAt, ...row }): SettlementView => ({
      ...row,
      account: { id: accountId, name: accountName, channel },
      from: from?.toISOString() ?? null,
      until: until?.toISOString() ?? null,
      storedAt: storedAt.toISOString(),
    }),
  )
  return { items, nextCursor: page.nextCursor }
}
