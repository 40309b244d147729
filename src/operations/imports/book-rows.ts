/** Books a batch of understood rows by the operation of its kind, or with `dry` tells what it would do. */
import { type AccountRow, findAccount } from '../../database/accounts.ts'
import { lockOrders } from '../../database/orders.ts'
import type { Sql } from '../../database/pool.ts'
import type { CountRow, MappingRow, OrderRow, RowFault, VariantRow } from '../../domain/import-rows.ts'
import { freshness, type IncomingOrder } from '../../domain/orders.ts'
import type { Context } from '../context.ts'
import { countStock } from '../count-stock.ts'
import { importOrders } from '../import-orders.ts'
import { type LinkOutcome, linkListings } from '../link-listings.ts'
import { saveVariants } from '../save-variants.ts'
import type { RowResult } from './results.ts'

export type BookContext = Pick<Context, 'clock' | 'newId' | 'sealing' | 'registry'>

export interface Batch<R> {
  rows: readonly R[]
  /** One for each row, the same whenever the import is repeated. */
  causes: readonly string[]
  dry: boolean
  actor: string
}

export const books = {
  variants: async (tx: Sql, ctx: BookContext, batch: Batch<VariantRow>) =>
    await saveVariants(tx, ctx, batch.rows, batch),
  stock: async (tx: Sql, ctx: BookContext, batch: Batch<CountRow>) =>
    await countStock(tx, ctx, batch.rows, batch.causes, batch),
  mappings: bookMappings,
  orders: bookOrders,
}

const bad = (code: RowFault['code'], params: RowFault['params']): RowResult => ({
  result: 'bad',
  faults: [{ code, params }],
})

/** Calls `book` once an account with its rows, accounts in order of their names, and puts the answers in the rows' places. */
async function byAccount<R extends { account: string }>(
  tx: Sql,
  rows: readonly R[],
  book: (account: AccountRow, rows: readonly R[]) => Promise<RowResult[]>,
): Promise<RowResult[]> {
  const results: RowResult[] = []
  const names = [...new Set(rows.map((row) => row.account))].sort()
  for (const name of names) {
    const places = rows.flatMap((row, index) => (row.account === name ? [index] : []))
    const account = await findAccount(tx, name)
    const answers = account
      ? await book(
          account,
          places.map((index) => rows[index]!),
        )
      : places.map(() => bad('unknown_account', { account: name }))
    places.forEach((index, n) => void (results[index] = answers[n]!))
  }
  return results
}

async function bookMappings(tx: Sql, ctx: BookContext, batch: Batch<MappingRow>): Promise<RowResult[]> {
  return await byAccount(tx, batch.rows, async (account, rows) => {
    const links = rows.map(({ title, ...row }) => ({ ...row, title: title ?? undefined }))
    const { outcomes } = await linkListings(tx, ctx, account, links, batch)
    const told: Record<LinkOutcome, (row: MappingRow) => RowResult> = {
      new: () => ({ result: 'new' }),
      changed: () => ({ result: 'changed' }),
      same: () => ({ result: 'same' }),
      taken: (row) => bad('listing_taken', { remoteSku: row.remoteSku }),
      unknown: (row) => bad('unknown_sku', { sku: row.sku }),
    }
    return rows.map((row, index) => told[outcomes[index]!](row))
  })
}

/** What rows of one order must agree on. */
const shared = [
  'state',
  'placedAt',
  'updatedAt',
  'shippedAt',
  'marketplace',
  'currency',
  'shipBy',
  'deliverBy',
  'fulfilledBy',
] as const

/** The first thing in which two rows of one order differ. */
export function differsIn(a: OrderRow, b: OrderRow): string | undefined {
  const plain = (value: unknown) => (value instanceof Date ? value.getTime() : value)
  return shared.find((name) => plain(a[name]) !== plain(b[name]))
}

/** Rows of one order as that order. */
function toOrder(rows: readonly OrderRow[]): IncomingOrder {
  const first = rows[0]!
  const hasPrices = rows.every((row) => row.unitPrice !== null)
  return {
    remoteId: first.order,
    updatedAt: first.updatedAt,
    placedAt: first.placedAt,
    shippedAt: first.shippedAt,
    state: first.state,
    fulfilledBy: first.fulfilledBy,
    marketplace: first.marketplace,
    currency: first.currency,
    total: hasPrices ? rows.reduce((sum, row) => sum + row.unitPrice! * row.quantity, 0) : null,
    shipBy: first.shipBy,
    deliverBy: first.deliverBy,
    lines: rows.map((row) => ({
      remoteId: row.line ?? row.sku,
      remoteSku: row.sku,
      title: row.title,
      quantity: row.quantity,
      shipped: row.shipped,
      canceled: row.state === 'canceled' ? row.quantity - Math.min(row.quantity, row.shipped) : row.canceled,
      unitPrice: row.unitPrice,
    })),
    // Files are no place for buyers' names: what a channel tells stays, what a file holds is not taken.
    buyer: null,
    raw: null,
  }
}

async function bookOrders(tx: Sql, ctx: BookContext, batch: Batch<OrderRow>): Promise<RowResult[]> {
  return await byAccount(tx, batch.rows, async (account, rows) => {
    const groups = new Map<string, OrderRow[]>()
    for (const row of rows) groups.set(row.order, [...(groups.get(row.order) ?? []), row])
    const orders = [...groups.values()].map(toOrder)
    const ids = orders.map((order) => order.remoteId)
    const known = batch.dry ? await versionsOf(tx, account.id, ids) : await lockOrders(tx, account.id, ids)
    const results = new Map(
      orders.map((order): [string, RowResult] => {
        const fresh = freshness(known.get(order.remoteId), order)
        return [order.remoteId, { result: fresh === 'new' ? 'new' : fresh === 'newer' ? 'changed' : 'same' }]
      }),
    )
    if (!batch.dry) await importOrders(tx, ctx, { id: account.id, openedAt: account.opened_at }, orders)
    return rows.map((row) => results.get(row.order)!)
  })
}

async function versionsOf(tx: Sql, accountId: string, remoteIds: readonly string[]) {
  const rows = await tx.rows<{ remoteId: string; updatedAt: Date; state: IncomingOrder['state'] }>(
    'select remote_id as "remoteId", updated_at as "updatedAt", state from orders where account_id = $1 and remote_id = any($2)',
    [accountId, remoteIds],
  )
  return new Map(rows.map((row) => [row.remoteId, row]))
}
