/** Makes variants of what a channel says of its listings, and links them. Variants of one product become one product. */
import type { AccountRow } from '../database/accounts.ts'
import type { Sql } from '../database/pool.ts'
import type { RemoteSku } from '../database/views/matching.ts'
import { productKeyOf } from '../domain/catalog-plan.ts'
import { normalizeGtin } from '../domain/match.ts'
import type { Context } from './context.ts'

type Catalog = Pick<Context, 'clock' | 'newId'>

/** A remote SKU, and what its variant is to be called. */
export interface VariantWish {
  from: RemoteSku
  sku: string
  title: string
  gtin: string | null
}

export type CreateOutcome = 'created' | 'sku_taken' | 'gtin_taken'

const makersLock = 736_004

/** Nothing is linked yet. Whoever makes variants of the same account waits. */
export async function createVariants(
  tx: Sql,
  ctx: Catalog,
  account: AccountRow,
  wishes: readonly VariantWish[],
): Promise<{ outcomes: CreateOutcome[]; products: number }> {
  if (wishes.length === 0) return { outcomes: [], products: 0 }
  await tx.run('select pg_advisory_xact_lock($1, hashtext($2))', [makersLock, account.id])
  const now = ctx.clock.now()
  const gtins = wishes.map((one) => normalizeGtin(one.gtin))
  const taken = await tx.rows<{ sku: string; gtin: string | null }>(
    'select sku, gtin from variants where sku = any($1) or gtin = any($2)',
    [wishes.map((one) => one.sku), gtins.filter((one) => one !== null)],
  )
  const skus = new Set(taken.map((one) => one.sku))
  const numbers = new Set(taken.map((one) => one.gtin))
  const outcomes = wishes.map(({ sku }, index): CreateOutcome => {
    const gtin = gtins[index]!
    if (skus.has(sku)) return 'sku_taken'
    if (gtin && numbers.has(gtin)) return 'gtin_taken'
    skus.add(sku)
    if (gtin) numbers.add(gtin)
    return 'created'
  })
  const made = wishes.flatMap((wish, index) =>
    outcomes[index] === 'created' ? [{ ...wish, gtin: gtins[index]!, id: ctx.newId() }] : [],
  )
  if (made.length === 0) return { outcomes, products: 0 }
  const { idOf, products } = await productsFor(tx, ctx, account.id, made, now)
  await tx.run(
    `insert into variants (id, product_id, sku, title, gtin, options, image_url, created_at)
     select t.*, $8 from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::text[], $6::jsonb[], $7::text[]) as t`,
    [
      made.map((one) => one.id),
      made.map((one) => idOf.get(productKeyOf(one.from))),
      made.map((one) => one.sku),
      made.map((one) => one.title),
      made.map((one) => one.gtin),
      made.map((one) => (one.from.options.length > 0 ? JSON.stringify(one.from.options) : null)),
      made.map((one) => one.from.imageUrl),
      now,
    ],
  )
  await tx.run(
    `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short) select v, 0, 0, 0, 0, 0 from unnest($1::uuid[]) as t(v)`,
    [made.map((one) => one.id)],
  )
  return { outcomes, products }
}

/** The products these belong to: those made of the same remote products before, and new ones. */
async function productsFor(
  tx: Sql,
  ctx: Catalog,
  accountId: string,
  made: readonly VariantWish[],
  now: Date,
): Promise<{ idOf: Map<string, string>; products: number }> {
  const keys = [...new Set(made.map((one) => productKeyOf(one.from)))]
  const known = await tx.rows<{ remote_id: string; product_id: string }>(
    'select remote_id, product_id from product_sources where account_id = $1 and remote_id = any($2)',
    [accountId, keys],
  )
  const idOf = new Map(known.map((row) => [row.remote_id, row.product_id]))
  const fresh = keys
    .filter((key) => !idOf.has(key))
    .map((key) => {
      const first = made.find((one) => productKeyOf(one.from) === key)!
      return { key, id: ctx.newId(), title: first.from.productTitle ?? first.title }
    })
  if (fresh.length > 0) {
    await tx.run(
      'insert into products (id, title, created_at) select t.id, t.title, $3 from unnest($1::uuid[], $2::text[]) as t(id, title)',
      [fresh.map((one) => one.id), fresh.map((one) => one.title.slice(0, 300)), now],
    )
    await tx.run(
      'insert into product_sources (account_id, remote_id, product_id) select $1, t.key, t.id from unnest($2::text[], $3::uuid[]) as t(key, id)',
      [accountId, fresh.map((one) => one.key), fresh.map((one) => one.id)],
    )
  }
  for (const one of fresh) idOf.set(one.key, one.id)
  return { idOf, products: fresh.length }
}
