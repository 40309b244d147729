/** Products, variants, locations, and the link between a remote SKU and a variant. */
import { type AccountRow, findAccount } from '../database/accounts.ts'
import type { Sql } from '../database/pool.ts'
import { beginPass } from '../database/publishing-passes.ts'
import { Problem } from '../domain/errors.ts'
import type { Context } from './context.ts'
import { type Link, linkListings } from './link-listings.ts'

type Catalog = Pick<Context, 'clock' | 'newId'>

export interface NewVariant {
  sku: string
  title?: string | undefined
  gtin?: string | undefined
}

/** Adds a product with its variants, each with an empty level. A SKU that exists is refused. */
export async function addProduct(
  tx: Sql,
  ctx: Catalog,
  product: { title: string; category?: string | undefined; variants: readonly NewVariant[] },
): Promise<string> {
  const now = ctx.clock.now()
  const id = ctx.newId()
  const taken = await tx.one<{ sku: string }>('select sku from variants where sku = any($1) limit 1', [
    product.variants.map((one) => one.sku),
  ])
  if (taken || new Set(product.variants.map((one) => one.sku)).size < product.variants.length) {
    throw new Problem('bad_request', { message: `SKU ${taken?.sku ?? 'given twice'} exists already: SKUs are unique` })
  }
  await tx.run('insert into products (id, title, category, created_at) values ($1, $2, $3, $4)', [
    id,
    product.title,
    product.category ?? null,
    now,
  ])
  const rows = product.variants.map((variant) => ({ id: ctx.newId(), ...variant }))
  await tx.run(
    `insert into variants (id, product_id, sku, title, gtin, created_at)
     select t.id, $1, t.sku, t.title, t.gtin, $2 from unnest($3::uuid[], $4::text[], $5::text[], $6::text[]) as t(id, sku, title, gtin)`,
    [
      id,
      now,
      rows.map((r) => r.id),
      rows.map((r) => r.sku),
      rows.map((r) => r.title || product.title),
      rows.map((r) => r.gtin?.padStart(14, '0') ?? null),
    ],
  )
  await tx.run(
    `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short) select v, 0, 0, 0, 0, 0 from unnest($1::uuid[]) as t(v)`,
    [rows.map((r) => r.id)],
  )
  return id
}

/** Changes title or category. The publishing rules of the new category reach its slots by a pass. */
export async function changeProduct(
  tx: Sql,
  ctx: Catalog,
  id: string,
  change: { title?: string | undefined; category?: string | null | undefined },
): Promise<void> {
  const before = await tx.one<{ title: string; category: string | null }>(
    'select title, category from products where id = $1 for update',
    [id],
  )
  if (!before) throw new Problem('not_found', { what: 'product', id })
  const { title = before.title, category = before.category } = change
  await tx.run('update products set title = $2, category = $3 where id = $1', [id, title, category])
  if (category === before.category) return
  const everywhere = { accountId: null, channel: null, variantId: null, category: null }
  await beginPass(tx, ctx.newId(), { ...everywhere, productId: id }, ctx.clock.now())
}

export async function addLocation(
  tx: Sql,
  ctx: Catalog,
  location: { code: string; name: string; kind: 'own' | 'third-party'; priority: number },
): Promise<string> {
  const id = ctx.newId()
  const added = await tx.run(
    `insert into locations (id, code, name, kind, master, priority, created_at) values ($1, $2, $3, $4, 'hub', $5, $6) on conflict (code) do nothing`,
    [id, location.code, location.name, location.kind, location.priority, ctx.clock.now()],
  )
  if (added === 0)
    throw new Problem('bad_request', { message: `location ${location.code} exists already: codes are unique` })
  return id
}

export async function mustFindAccount(tx: Sql, ref: string): Promise<AccountRow> {
  const account = await findAccount(tx, ref)
  if (!account) throw new Problem('unknown_account', { account: ref })
  return account
}

/** Links a remote SKU; orders that waited for it take their stock at once. A link to another variant is refused. */
export async function linkListing(
  tx: Sql,
  ctx: Pick<Context, 'clock' | 'newId' | 'registry'>,
  link: Link & { account: string },
): Promise<string> {
  const account = await mustFindAccount(tx, link.account)
  const { outcomes, slots } = await linkListings(tx, ctx, account, [link], { dry: false })
  if (outcomes[0] === 'unknown') throw new Problem('unknown_sku', { sku: link.sku })
  if (outcomes[0] === 'taken') throw new Problem('listing_taken', { remoteSku: link.remoteSku, account: account.name })
  return slots.get(link.remoteSku)!
}
