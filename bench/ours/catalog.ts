/** A catalog of some thousand SKUs on two accounts, written set-based: how it got there is not what is measured. */
import type { AccountRow } from '../../src/database/accounts.ts'
import { findAccount } from '../../src/database/accounts.ts'
import type { Sql } from '../../src/database/pool.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { Context } from '../../src/operations/context.ts'

export const skuOf = (index: number): string => `SKU-${String(index).padStart(6, '0')}`

export interface Catalog {
  amazon: AccountRow
  store: AccountRow
  skus: number
  onHand: number
}

export interface CatalogOptions {
  skus: number
  onHand: number
  /** What Amazon shows of each variant; the store shows the rest. 'all': both show everything, in shared mode. */
  onAmazon: number | 'all'
  /** Where both accounts are spoken to; nobody listens where it is absent. */
  origin?: string
}

export const webhookSecret = `whsec_${Buffer.alloc(24, 1).toString('base64')}`

/** Two accounts, and each variant counted in, listed on both, and shown by both as it is. */
export async function fillCatalog(ctx: Context, { skus, onHand, onAmazon, origin }: CatalogOptions): Promise<Catalog> {
  const to = origin ?? 'http://127.0.0.1:9'
  await ctx.db.transaction(async (tx) => {
    await connectAccount(tx, ctx, {
      channel: 'amazon',
      name: 'Amazon',
      stage: 'live',
      settings: {
        sellerId: 'A1BENCH',
        region: 'na',
        marketplaceIds: ['ATVPDKIKX0DER'],
        endpoint: `${to}/amazon`,
        tokenEndpoint: `${to}/lwa/auth/o2/token`,
        historyDays: 7,
      },
      secrets: { clientId: 'client', clientSecret: 'secret', refreshToken: 'refresh' },
    })
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: 'Store',
      stage: 'live',
      settings: { webhookUrl: `${to}/storefront`, sameNetwork: true },
      secrets: { webhookSecret },
    })
  })
  const amazon = (await findAccount(ctx.db, 'Amazon'))!
  const store = (await findAccount(ctx.db, 'Store'))!
  const places: Place[] = [
    { account: amazon, shows: onAmazon === 'all' ? onHand : onAmazon },
    { account: store, shows: onAmazon === 'all' ? onHand : onHand - onAmazon },
  ]
  await ctx.db.transaction((tx) => fillVariants(tx, ctx, places, skus, onHand))
  for (const table of ['variants', 'pool_levels', 'stock_levels', 'listings', 'stock_slots'])
    await ctx.db.run(`analyze ${table}`)
  return { amazon, store, skus, onHand }
}

interface Place {
  account: AccountRow
  shows: number
}

export async function fillVariants(
  tx: Sql,
  ctx: Context,
  places: readonly Place[],
  skus: number,
  onHand: number,
): Promise<void> {
  const now = ctx.clock.now()
  const numbers = Array.from({ length: skus }, (_, index) => index)
  const ids = numbers.map(() => ctx.newId())
  const names = numbers.map(skuOf)
  const [product, location] = [ctx.newId(), ctx.newId()]
  const claimed = places.reduce((sum, { shows }) => sum + shows, 0)
  await tx.run('insert into products (id, title, created_at) values ($1, $2, $3)', [product, 'Benchmark goods', now])
  await tx.run(
    `insert into locations (id, code, name, kind, master, priority, created_at) values ($1, 'MAIN', 'Main', 'own', 'hub', 10, $2)`,
    [location, now],
  )
  await tx.run(
    `insert into variants (id, product_id, sku, title, created_at)
     select id, $1, sku, 'Stoneware mug ' || sku, $2 from unnest($3::uuid[], $4::text[]) as t(id, sku)`,
    [product, now, ids, names],
  )
  await tx.run(
    `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short, claimed, mode)
     select id, $2, 0, 0, 0, 0, $3, $4 from unnest($1::uuid[]) as t(id)`,
    [ids, onHand, claimed, claimed > onHand ? 'shared' : 'guarded'],
  )
  await tx.run(
    `insert into stock_levels (variant_id, location_id, on_hand, unsellable, allocated) select id, $2, $3, 0, 0 from unnest($1::uuid[]) as t(id)`,
    [ids, location, onHand],
  )
  await tx.run(
    `insert into stock_movements (id, variant_id, location_id, kind, on_hand, unsellable, reserved, allocated, short, cause, actor, at)
     select m, v, $3, 'receipt', $4, 0, 0, 0, 0, 'opening:' || v, 'bench', $5 from unnest($1::uuid[], $2::uuid[]) as t(m, v)`,
    [ids.map(() => ctx.newId()), ids, location, onHand, now],
  )
  for (const place of places) await listOn(tx, ctx, place, { ids, names })
}

async function listOn(
  tx: Sql,
  ctx: Context,
  { account, shows }: Place,
  { ids, names }: { ids: readonly string[]; names: readonly string[] },
): Promise<void> {
  const now = ctx.clock.now()
  const slots = ids.map(() => ctx.newId())
  await tx.run(
    `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish, wish_at, confirmed_value,
       confirmed_version, confirmed_at, claim)
     select s, $1, $2, sku, v, 1, true, $3, $4, $3, 0, $4, $3 from unnest($5::uuid[], $6::uuid[], $7::text[]) as t(s, v, sku)`,
    [account.id, account.region, shows, now, slots, ids, names],
  )
  await tx.run(
    `insert into listings (id, account_id, slot_id, marketplace, remote_sku, remote_id, variant_id, units_per_sale, title, fulfilled_by, buyable, price, currency, seen_at, created_at)
     select l, $1, s, 'ATVPDKIKX0DER', sku, null, v, 1, 'Stoneware mug ' || sku, 'merchant', true, 1490, 'USD', $2, $2
     from unnest($3::uuid[], $4::uuid[], $5::uuid[], $6::text[]) as t(l, s, v, sku)`,
    [account.id, now, ids.map(() => ctx.newId()), slots, ids, names],
  )
}
