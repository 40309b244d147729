/** Listings as their channels tell them, and the slots they refer to. */
import type { Sql } from './pool.ts'
import { applyRules } from './publishing-rules.ts'

export interface ListingRow {
  marketplace: string
  remoteSku: string
  remoteId: string | null
  title: string
  fulfilledBy: 'merchant' | 'channel'
  merchantFulfilled: boolean | null
  buyable: boolean | null
  price: number | null
  currency: string | null
  variantId: string | null
  unitsPerSale: number
  /** What helps to find its variant, or to make one. What is not told again stays as it was told. */
  told?: {
    gtin: string | null
    asin: string | null
    imageUrl: string | null
    options: readonly { name: string; value: string }[] | null
    product: { remoteId: string; title: string } | null
  }
}

/**
 * Writes listings and the slots they refer to. A known link to a variant stays; `variantId` links where there is none.
 * Answers the slots by remote SKU.
 */
export async function upsertListings(
  tx: Sql,
  account: { id: string; region: string },
  rows: readonly (ListingRow & { id: string; slotId: string })[],
  now: Date,
): Promise<Map<string, string>> {
  const bySku = new Map(rows.map((row) => [row.remoteSku, row]))
  const slots = [...bySku.values()].sort((a, b) => (a.remoteSku < b.remoteSku ? -1 : 1))
  // Locked by id first, as everywhere: the statement below would lock them in the order of their SKUs.
  await tx.run(
    `select 1 from stock_slots where account_id = $1 and region = $2 and remote_sku = any($3) order by id for update`,
    [account.id, account.region, [...bySku.keys()]],
  )
  await tx.run(
    `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled)
     select t.id, $1, $2, t.sku, t.variant, t.units, t.merchant
     from unnest($3::uuid[], $4::text[], $5::uuid[], $6::int[], $7::boolean[]) as t(id, sku, variant, units, merchant)
     on conflict (account_id, region, remote_sku, node) do update set
       merchant_fulfilled = coalesce(excluded.merchant_fulfilled, stock_slots.merchant_fulfilled),
       variant_id = coalesce(stock_slots.variant_id, excluded.variant_id),
       units_per_sale = case when stock_slots.variant_id is null then excluded.units_per_sale else stock_slots.units_per_sale end`,
    [
      account.id,
      account.region,
      column(slots, (r) => r.slotId),
      column(slots, (r) => r.remoteSku),
      column(slots, (r) => r.variantId),
      column(slots, (r) => r.unitsPerSale),
      column(slots, (r) => r.merchantFulfilled),
    ],
  )
  const ids = await tx.rows<{ id: string; remote_sku: string }>(
    `select id, remote_sku from stock_slots where account_id = $1 and region = $2 and remote_sku = any($3) and node = ''`,
    [account.id, account.region, [...bySku.keys()]],
  )
  const slotOf = new Map(ids.map((row) => [row.remote_sku, row.id]))
  await applyRules(tx, [...slotOf.values()])
  await tx.run(
    `insert into listings (id, account_id, slot_id, marketplace, remote_sku, remote_id, variant_id, units_per_sale, title, fulfilled_by, buyable, price, currency,
       gtin, asin, image_url, options, product_remote_id, product_title, seen_at, created_at)
     select t.id, $1, t.slot, t.marketplace, t.sku, t.remote, t.variant, t.units, t.title, t.by, t.buyable, t.price, t.currency,
       t.gtin, t.asin, t.image, t.options, t.product, t.product_title, $2, $2
     from unnest($3::uuid[], $4::uuid[], $5::text[], $6::text[], $7::text[], $8::uuid[], $9::int[], $10::text[], $11::text[], $12::boolean[], $13::bigint[], $14::text[],
         $15::text[], $16::text[], $17::text[], $18::jsonb[], $19::text[], $20::text[])
       as t(id, slot, marketplace, sku, remote, variant, units, title, by, buyable, price, currency, gtin, asin, image, options, product, product_title)
     on conflict (account_id, marketplace, remote_sku) do update set
       remote_id = excluded.remote_id, title = excluded.title, fulfilled_by = excluded.fulfilled_by, buyable = excluded.buyable,
       price = excluded.price, currency = excluded.currency, seen_at = excluded.seen_at,
       gtin = coalesce(excluded.gtin, listings.gtin), asin = coalesce(excluded.asin, listings.asin),
       image_url = coalesce(excluded.image_url, listings.image_url), options = coalesce(excluded.options, listings.options),
       product_remote_id = coalesce(excluded.product_remote_id, listings.product_remote_id),
       product_title = coalesce(excluded.product_title, listings.product_title),
       variant_id = coalesce(listings.variant_id, excluded.variant_id),
       units_per_sale = case when listings.variant_id is null then excluded.units_per_sale else listings.units_per_sale end`,
    [
      account.id,
      now,
      column(rows, (r) => r.id),
      column(rows, (r) => slotOf.get(r.remoteSku)),
      column(rows, (r) => r.marketplace),
      column(rows, (r) => r.remoteSku),
      column(rows, (r) => r.remoteId),
      column(rows, (r) => r.variantId),
      column(rows, (r) => r.unitsPerSale),
      column(rows, (r) => r.title),
      column(rows, (r) => r.fulfilledBy),
      column(rows, (r) => r.buyable),
      column(rows, (r) => r.price),
      column(rows, (r) => r.currency),
      column(rows, (r) => r.told?.gtin ?? null),
      column(rows, (r) => r.told?.asin ?? null),
      column(rows, (r) => r.told?.imageUrl ?? null),
      column(rows, (r) => r.told?.options && JSON.stringify(r.told.options)),
      column(rows, (r) => r.told?.product?.remoteId ?? null),
      column(rows, (r) => r.told?.product?.title ?? null),
    ],
  )
  return slotOf
}

const column = <T>(rows: readonly T[], pick: (row: T) => unknown) => rows.map(pick)
