/** Adds and changes variants, set-based. Variants whose product has the same title belong together. */
import type { Sql } from '../database/pool.ts'
import { beginPass } from '../database/publishing-passes.ts'
import type { VariantRow } from '../domain/import-rows.ts'
import type { Context } from './context.ts'
import type { RowResult } from './imports/results.ts'

interface Known {
  id: string
  sku: string
  title: string
  gtin: string | null
  product_id: string
  product: string
  category: string | null
}

interface Wanted {
  id: string
  sku: string
  title: string
  gtin: string | null
  product: string
}

/** Saves the rows, or with `dry` only tells what they would change. Empty cells change nothing. */
export async function saveVariants(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId'>,
  rows: readonly VariantRow[],
  options: { dry: boolean },
): Promise<RowResult[]> {
  const found = await tx.rows<Known>(
    `select v.id, v.sku, v.title, v.gtin, v.product_id, p.title as product, p.category from variants v join products p on p.id = v.product_id
     where v.sku = any($1) order by v.id`,
    [rows.map((row) => row.sku)],
  )
  const known = new Map(found.map((row) => [row.sku, row]))
  const added: Wanted[] = []
  const changed: (Wanted & { from: Known })[] = []
  const results = rows.map((row): RowResult => {
    const before = known.get(row.sku)
    const gtin = row.gtin?.padStart(14, '0') ?? null
    if (!before) {
      const title = row.title ?? row.product
      if (title === null) return { result: 'bad', faults: [{ code: 'missing', params: { field: 'title' } }] }
      added.push({ id: ctx.newId(), sku: row.sku, title, gtin, product: row.product ?? title })
      return { result: 'new' }
    }
    const after: Wanted = {
      id: before.id,
      sku: row.sku,
      title: row.title ?? before.title,
      gtin: gtin ?? before.gtin,
      product: row.product ?? before.product,
    }
    if (after.title === before.title && after.gtin === before.gtin && after.product === before.product)
      return { result: 'same' }
    changed.push({ ...after, from: before })
    return { result: 'changed' }
  })
  if (!options.dry) await write(tx, ctx, added, changed)
  return results
}

async function write(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId'>,
  added: readonly Wanted[],
  changed: readonly (Wanted & { from: Known })[],
): Promise<void> {
  const now = ctx.clock.now()
  const moved = changed.filter((one) => one.product !== one.from.product)
  const products = await productsOf(
    tx,
    ctx,
    [...added, ...moved].map((one) => one.product),
    now,
  )
  if (added.length > 0) {
    await tx.run(
      `insert into variants (id, product_id, sku, title, gtin, created_at)
       select t.*, $6 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[]) as t(id, product, sku, title, gtin)`,
      [
        added.map((one) => one.id),
        added.map((one) => products.get(one.product)?.id),
        added.map((one) => one.sku),
        added.map((one) => one.title),
        added.map((one) => one.gtin),
        now,
      ],
    )
    await tx.run(
      `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short) select v, 0, 0, 0, 0, 0 from unnest($1::uuid[]) as t(v)`,
      [added.map((one) => one.id)],
    )
  }
  if (changed.length === 0) return
  await tx.run(
    `update variants v set title = t.title, gtin = t.gtin, product_id = t.product
     from unnest($1::uuid[], $2::text[], $3::text[], $4::uuid[]) as t(id, title, gtin, product) where v.id = t.id`,
    [
      changed.map((one) => one.id),
      changed.map((one) => one.title),
      changed.map((one) => one.gtin),
      changed.map((one) => products.get(one.product)?.id ?? one.from.product_id),
    ],
  )
  // In another category other publishing rules may hold.
  const nowhere = { accountId: null, channel: null, category: null, productId: null }
  for (const one of moved)
    if ((products.get(one.product)?.category ?? null) !== one.from.category)
      await beginPass(tx, ctx.newId(), { ...nowhere, variantId: one.id }, now)
  // A product that lost its last variant is nothing a person could find any more.
  await tx.run(
    'delete from products p where p.id = any($1::uuid[]) and not exists (select 1 from variants v where v.product_id = p.id)',
    [moved.map((one) => one.from.product_id)],
  )
}

interface Product {
  id: string
  category: string | null
}

/** The products with these titles, made where there are none. */
async function productsOf(
  tx: Sql,
  ctx: Pick<Context, 'newId'>,
  titles: readonly string[],
  now: Date,
): Promise<Map<string, Product>> {
  const wanted = [...new Set(titles)]
  if (wanted.length === 0) return new Map()
  const rows = await tx.rows<Product & { title: string }>(
    'select distinct on (title) id, title, category from products where title = any($1) order by title, id',
    [wanted],
  )
  const products = new Map(rows.map((row): [string, Product] => [row.title, row]))
  const fresh = wanted.filter((title) => !products.has(title)).map((title) => ({ id: ctx.newId(), title }))
  if (fresh.length > 0)
    await tx.run(
      'insert into products (id, title, created_at) select t.id, t.title, $3 from unnest($1::uuid[], $2::text[]) as t(id, title)',
      [fresh.map((one) => one.id), fresh.map((one) => one.title), now],
    )
  for (const one of fresh) products.set(one.title, { id: one.id, category: null })
  return products
}
