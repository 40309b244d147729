/** A new installation for real processes: accounts on simulated marketplaces and on the test's own store, goods, a key. */
import { cpSync, readFileSync } from 'node:fs'
import { basename, join } from 'node:path'
import type { CatalogItem } from '../../../simulator/index.ts'
import { registry } from '../../../src/channels/registry.ts'
import { readConfig } from '../../../src/config.ts'
import { buildDashboard } from '../../../src/dashboard-build.ts'
import type { Database } from '../../../src/database/pool.ts'
import { openFoundation } from '../../../src/hub.ts'
import { connectAccount } from '../../../src/operations/connect-account.ts'
import { addProduct, linkListing } from '../../../src/operations/manage-catalog.ts'
import { moveStock } from '../../../src/operations/move-stock.ts'
import { addApiKey } from '../../../src/sign-in/people.ts'
import { realRandom, uuidv7 } from '../../../src/system.ts'
import { shareOpenly } from '../world.ts'
import { receiverOrigin } from './processes.ts'

export const names = { amazon: 'Amazon', store: 'Own store', till: 'Till' }

export interface Seeded {
  apiKey: string
  webhookSecret: string
}

export function smallCatalog(skus: number): CatalogItem[] {
  return Array.from({ length: skus }, (_, index) => ({
    sku: `SKU-${index + 1}`,
    title: `Thing ${index + 1}`,
    asin: `B0KILL${String(index + 1).padStart(4, '0')}`,
    price: 1_000,
    currency: 'USD',
    amazon: { quantity: 40 },
    storefront: { quantity: 40 },
  }))
}

export interface Wanted {
  dataDir: string
  databaseUrl?: string
  simulator: string
  /** Origin of the test's own store. */
  till: string
  catalog: readonly CatalogItem[]
  unitsEach: number
}

/** Built once for all installations under test, and kept while its sources are the same. */
async function giveDashboard(dataDir: string): Promise<void> {
  const built = await buildDashboard(join(import.meta.dirname, '../../../node_modules/.cache/entrepot-dashboard'))
  cpSync(built, join(dataDir, 'cache', basename(built)), { recursive: true })
}

/** Opens the foundation as a start does, fills it, and closes it again. */
export async function seedInstallation(wanted: Wanted): Promise<Seeded> {
  const config = readConfig({ DATA_DIR: wanted.dataDir, DATABASE_URL: wanted.databaseUrl }, process.cwd())
  const clock = { now: () => new Date() }
  const quiet = { info: () => {}, warn: () => {}, error: () => {} }
  await giveDashboard(wanted.dataDir)
  const foundation = await openFoundation(config, clock, quiet)
  try {
    return await fill(foundation.db, { ...wanted, ...foundation, clock })
  } finally {
    await foundation.close()
  }
}

type Filled = Wanted & Pick<Awaited<ReturnType<typeof openFoundation>>, 'sealing'> & { clock: { now(): Date } }

async function fill(db: Database, { sealing, clock, simulator, till, catalog, unitsEach }: Filled): Promise<Seeded> {
  const newId = uuidv7(() => clock.now().getTime(), realRandom)
  const ctx = { clock, newId, registry, sealing }
  const webhookSecret = `whsec_${realRandom(24).toString('base64')}`
  return await db.transaction(async (tx) => {
    await connectAccount(tx, ctx, {
      channel: 'amazon',
      name: names.amazon,
      stage: 'live',
      settings: {
        sellerId: 'A1SIMULATEDSEL',
        region: 'na',
        marketplaceIds: ['ATVPDKIKX0DER'],
        endpoint: `${simulator}/amazon`,
        tokenEndpoint: `${simulator}/lwa/auth/o2/token`,
        historyDays: 3,
      },
      secrets: {
        clientId: 'amzn1.application-oa2-client.simulated',
        clientSecret: 'amzn1.oa2-cs.v1.simulated',
        refreshToken: 'Atzr|simulated',
      },
    })
    for (const [name, webhookUrl] of [
      [names.store, `${simulator}/storefront/webhooks`],
      [names.till, `${till}/till`],
    ] as const)
      await connectAccount(tx, ctx, {
        channel: 'storefront',
        name,
        stage: 'live',
        settings: { webhookUrl, sameNetwork: true },
        secrets: { webhookSecret },
      })
    for (const [index, { sku, title }] of catalog.entries()) {
      await addProduct(tx, ctx, { title, variants: [{ sku }] })
      // Guarded slots need few writes: with these there is always one to lose.
      if (index % 2 === 0) await shareOpenly(tx, sku)
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: unitsEach }, 'seed')
      for (const account of [names.store, names.till])
        await linkListing(tx, ctx, {
          account,
          remoteSku: sku,
          sku,
          unitsPerSale: 1,
          marketplace: '',
          fulfilledBy: 'merchant',
        })
    }
    const endpoint = newId()
    const sealed = sealing.sealSecret(webhookSecret, `webhook:${endpoint}`)
    await tx.run(
      'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
      [
        endpoint,
        `${receiverOrigin}/events`,
        ['order.imported', 'order.changed', 'reservation.expired'],
        sealed,
        clock.now(),
      ],
    )
    const { key } = await addApiKey(tx, { clock, newId, sealing }, 'test', 'owner')
    return { apiKey: key, webhookSecret }
  })
}

/** Address of the built-in database of a folder, as long as its server runs. */
export function embeddedUrl(dataDir: string): { url: string; postmaster: number } {
  let home = dataDir
  try {
    home = readFileSync(join(dataDir, 'postgres.location'), 'utf8').trim()
  } catch {
    // It lies in the folder itself.
  }
  const lines = readFileSync(join(home, 'postgres', 'postmaster.pid'), 'utf8').split('\n')
  const password = readFileSync(join(dataDir, 'postgres.password'), 'utf8').trim()
  return { url: `postgres://entrepot:${password}@127.0.0.1:${lines[3]}/entrepot`, postmaster: Number(lines[0]) }
}
