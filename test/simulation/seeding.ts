/** What stands in an installation before a run begins. */
import type { CatalogItem } from '../../simulator/index.ts'
import type { Sql } from '../../src/database/pool.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { Context } from '../../src/operations/context.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { addApiKey } from '../../src/sign-in/people.ts'
import type { Installation } from './installation.ts'
import { base, placesOf, storeName } from './places.ts'

/** `further` draws what channels beside Amazon and the store show: from chance of their own, so that the rest stays. */
export function catalogOf(random: () => number, channels: readonly string[], further: () => number): CatalogItem[] {
  const units = (from = random) => Math.floor(from() * 6)
  const besides = channels.filter((channel) => channel !== 'amazon' && channel !== 'storefront')
  return ['PLAIN', 'AWK/WARD+1', 'SCARCE', 'FBA'].map(
    (sku, index): CatalogItem => ({
      sku,
      title: sku,
      asin: `B0SIM0000${index}`,
      price: 1_000,
      currency: 'USD',
      amazon: { quantity: sku === 'SCARCE' ? 1 : units(), fulfilledBy: sku === 'FBA' ? 'AMAZON' : 'MERCHANT' },
      ...(sku === 'FBA' ? {} : { storefront: { quantity: units() } }),
      ...(sku === 'FBA' ? {} : Object.fromEntries(besides.map((channel) => [channel, { quantity: units(further) }]))),
    }),
  )
}

export async function seedInstallation(
  tx: Sql,
  ctx: Context,
  { catalog, brought, channels }: Pick<Installation, 'catalog' | 'brought' | 'channels'>,
  units = (item: CatalogItem) => (item.amazon?.quantity ?? 0) + 4,
  address = base,
) {
  const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
  for (const { channel, account: name, settings, secrets } of placesOf(channels, address)) {
    const given = channel === 'storefront' ? { webhookSecret } : { ...secrets }
    await connectAccount(tx, ctx, { channel, name, stage: 'live', settings, secrets: given })
  }
  for (const item of catalog) {
    await addProduct(tx, ctx, { title: item.title, variants: [{ sku: item.sku }] })
    if (!item.storefront) continue
    const quantity = units(item)
    await moveStock(tx, ctx, { sku: item.sku, location: 'MAIN', kind: 'receipt', quantity }, 'seed')
    brought.set(item.sku, quantity)
    await linkListing(tx, ctx, {
      account: storeName,
      remoteSku: item.sku,
      sku: item.sku,
      unitsPerSale: 1,
      marketplace: '',
      fulfilledBy: 'merchant',
    })
  }
  await listenForEvents(tx, ctx, webhookSecret, address)
  return { apiKey: (await addApiKey(tx, ctx, 'store', 'operator')).key, webhookSecret }
}

/** Somebody outside wants to hear of orders; the simulated store takes such messages and does nothing with them. */
async function listenForEvents(tx: Sql, ctx: Context, secret: string, address: string): Promise<void> {
  const id = ctx.newId()
  await tx.run(
    'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
    [
      id,
      `${address}/storefront/webhooks`,
      ['order.imported', 'order.changed', 'reservation.expired'],
      ctx.sealing.sealSecret(secret, `webhook:${id}`),
      ctx.clock.now(),
    ],
  )
}
