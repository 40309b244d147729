/** Catalogs being made of accounts' listings. */
import type { Sql } from './pool.ts'

export interface CatalogRun {
  id: string
  accountId: string
  state: 'running' | 'done'
  after: string
  total: number
  done: number
  products: number
  variants: number
  linked: number
  leftOpen: number
  actor: string
  startedAt: Date
  workedAt: Date
  doneAt: Date | null
}

const columns = `id, account_id as "accountId", state, after, total, done, products, variants, linked, left_open as "leftOpen", actor,
  started_at as "startedAt", worked_at as "workedAt", done_at as "doneAt"`

/** Answers the run that is under way where there is one. */
export async function beginRun(
  tx: Sql,
  run: { id: string; accountId: string; total: number; actor: string; now: Date },
): Promise<void> {
  await tx.run(
    `insert into catalog_runs (id, account_id, state, after, total, done, products, variants, linked, left_open, actor, started_at, worked_at)
     values ($1, $2, 'running', '', $3, 0, 0, 0, 0, 0, $4, $5, $5) on conflict (account_id) where state = 'running' do nothing`,
    [run.id, run.accountId, run.total, run.actor, run.now],
  )
}

export async function newestRun(sql: Sql, accountId: string): Promise<CatalogRun | undefined> {
  return await sql.one<CatalogRun>(
    `select ${columns} from catalog_runs where account_id = $1 order by started_at desc, id desc limit 1`,
    [accountId],
  )
}

/** One that is not over, locked; whoever else works on it is passed by. */
export async function takeRun(tx: Sql): Promise<CatalogRun | undefined> {
  return await tx.one<CatalogRun>(
    `select ${columns} from catalog_runs where state = 'running' order by worked_at, id limit 1 for update skip locked`,
  )
}

/** What a page brought, in the transaction that did it. */
export async function advanceRun(
  tx: Sql,
  id: string,
  page: Pick<CatalogRun, 'after' | 'done' | 'products' | 'variants' | 'linked' | 'leftOpen'> & {
    isLast: boolean
    now: Date
  },
): Promise<void> {
  await tx.run(
    `update catalog_runs set after = $2, done = done + $3, products = products + $4, variants = variants + $5, linked = linked + $6,
       left_open = left_open + $7, worked_at = $8, state = case when $9 then 'done' else state end,
       done_at = case when $9 then $8::timestamptz end where id = $1`,
    [id, page.after, page.done, page.products, page.variants, page.linked, page.leftOpen, page.now, page.isLast],
  )
}
