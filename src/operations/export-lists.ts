/** Lists as CSV files, page by page: what they hold comes back by an import as it was. No buyer data. */
import type { Database, Sql } from '../database/pool.ts'
import { type ExposureFilter, type ExposureView, listExposure } from '../database/views/exposure.ts'
import { listOrders, type OrderView } from '../database/views/orders.ts'
import type { Page } from '../database/views/page.ts'
import { listLevels } from '../database/views/stock.ts'
import { listListings, listVariants } from '../database/views/system.ts'
import { type ImportKind, importKinds } from '../domain/import-fields.ts'
import { writeAmount } from '../domain/values.ts'
import type { Context } from './context.ts'
import { type Cell, csvOf } from './imports/write-csv.ts'

export interface ExportFilter {
  q?: string | undefined
  account?: string | undefined
  channel?: string | undefined
  state?: string | undefined
  linked?: 'yes' | 'no' | undefined
  stockView?: 'all' | 'short' | 'sold-out' | 'unequal' | undefined
  orderView?: 'all' | 'to-ship' | 'late' | 'due-today' | 'problem' | 'pending' | undefined
  mode?: ExposureFilter['mode']
  exposureView?: ExposureFilter['view'] | undefined
}

/** What can be brought can be taken home; what is computed only goes out. */
export const exportKinds = [...importKinds, 'exposure'] as const
export type ExportKind = ImportKind | 'exposure'

const headers: Record<ExportKind, readonly string[]> = {
  variants: ['product', 'sku', 'title', 'gtin'],
  stock: ['sku', 'title', 'location', 'quantity', 'unsellable', 'allocated'],
  mappings: ['account', 'marketplace', 'remoteSku', 'sku', 'unitsPerSale', 'title', 'fulfilledBy'],
  orders: [
    'account',
    'order',
    'state',
    'placedAt',
    'updatedAt',
    'marketplace',
    'currency',
    'shipBy',
    'deliverBy',
    'line',
    'sku',
    'title',
    'quantity',
    'shipped',
    'canceled',
    'unitPrice',
    'fulfilledBy',
    'variantSku',
  ],
  exposure: [
    'sku',
    'title',
    'mode',
    'risk',
    'canSell',
    'onHand',
    'reserved',
    'allocated',
    'unsellable',
    'short',
    'places',
    'unreadPlaces',
    'offered',
    'claimed',
    'unknownClaims',
    'uncovered',
    'free',
    'worstCase',
  ],
}

type Rows = readonly (readonly Cell[])[]

/** The file, in pieces as the database answers them. */
export function exportCsv(
  ctx: Pick<Context, 'db' | 'clock'>,
  kind: ExportKind,
  filter: ExportFilter,
): AsyncGenerator<string> {
  const { db } = ctx
  const pages = {
    variants: () =>
      paged(
        (at) => listVariants(db, { ...filter, ...at }),
        (items) => variantRows(db, items),
      ),
    stock: () =>
      paged(
        (at) => listLevels(db, { q: filter.q, view: filter.stockView ?? 'all', ...at }),
        (items) => stockRows(db, items),
      ),
    mappings: () =>
      paged(
        (at) => listListings(db, { ...filter, ...at }),
        async (items) =>
          items.map((one) => [
            one.account,
            one.marketplace,
            one.remoteSku,
            one.sku,
            one.unitsPerSale,
            one.title,
            one.fulfilledBy,
          ]),
      ),
    orders: () =>
      paged(
        (at) => listOrders(db, { ...filter, view: filter.orderView ?? 'all', ...at }, ctx.clock.now()),
        async (items) => items.flatMap(orderRows),
      ),
    exposure: () =>
      paged(
        (at) =>
          listExposure(db, {
            q: filter.q,
            account: filter.account,
            mode: filter.mode,
            view: filter.exposureView ?? 'all',
            sort: 'sku',
            ...at,
          }),
        async (items) => items.map(exposureRow),
      ),
  }
  return csvOf(headers[kind], pages[kind]())
}

const pageSize = 500

async function* paged<T>(
  list: (at: { limit: number; cursor?: string }) => Promise<Page<T>>,
  rowsOf: (items: readonly T[]) => Promise<Rows>,
): AsyncGenerator<Rows> {
  for (let cursor: string | null = ''; cursor !== null; ) {
    const page: Page<T> = await list({ limit: pageSize, ...(cursor ? { cursor } : {}) })
    yield await rowsOf(page.items)
    cursor = page.nextCursor
  }
}

async function variantRows(
  db: Database,
  items: readonly { sku: string; title: string; gtin: string | null; productId: string }[],
): Promise<Rows> {
  const products = await db.rows<{ id: string; title: string }>(
    'select id, title from products where id = any($1::uuid[])',
    [[...new Set(items.map((one) => one.productId))]],
  )
  const titles = new Map(products.map((row) => [row.id, row.title]))
  return items.map((one) => [titles.get(one.productId) ?? '', one.sku, one.title, one.gtin])
}

interface PlaceRow {
  variantId: string
  location: string
  onHand: number
  unsellable: number
  allocated: number
}

/** One row a variant and location that ever held it; one that lies nowhere yet gets a row to be filled in. */
async function stockRows(db: Sql, items: readonly { variantId: string; sku: string; title: string }[]): Promise<Rows> {
  const places = await db.rows<PlaceRow>(
    `select s.variant_id as "variantId", l.code as location, s.on_hand as "onHand", s.unsellable, s.allocated
     from stock_levels s join locations l on l.id = s.location_id where s.variant_id = any($1::uuid[]) and l.kind in ('own', 'third-party') order by l.priority, l.code`,
    [items.map((one) => one.variantId)],
  )
  const first = await db.one<{ code: string }>(
    `select code from locations where kind in ('own', 'third-party') order by priority, code limit 1`,
  )
  const byVariant = new Map<string, PlaceRow[]>()
  for (const place of places) byVariant.set(place.variantId, [...(byVariant.get(place.variantId) ?? []), place])
  return items.flatMap((one) => {
    const own = byVariant.get(one.variantId) ?? [
      { location: first?.code ?? '', onHand: 0, unsellable: 0, allocated: 0 },
    ]
    return own.map((place) => [one.sku, one.title, place.location, place.onHand, place.unsellable, place.allocated])
  })
}

const exposureRow = (one: ExposureView): Cell[] => [
  one.sku,
  one.title,
  one.mode,
  one.risk,
  one.canSell,
  one.onHand,
  one.reserved,
  one.allocated,
  one.unsellable,
  one.short,
  one.places,
  one.unreadPlaces,
  one.offered,
  one.claimed,
  one.unknownClaims,
  one.uncovered,
  one.free,
  one.worstCase,
]

function orderRows(order: OrderView): Cell[][] {
  const { currency } = order
  const money = (amount: number | null) =>
    amount === null ? null : Number(writeAmount({ amount, currency: currency ?? 'USD' }))
  return order.lines.map((line) => {
    const left = line.quantity - line.canceled
    const shipped = order.state === 'shipped' ? left : Math.floor(line.shipped / line.unitsPerSale)
    return [
      order.account,
      order.remoteId,
      order.state,
      order.placedAt,
      order.updatedAt,
      order.marketplace,
      currency,
      order.shipBy,
      order.deliverBy,
      line.remoteId,
      line.remoteSku,
      line.title,
      line.quantity,
      shipped,
      line.canceled,
      money(line.unitPrice),
      order.fulfilledBy,
      line.sku,
    ]
  })
}
