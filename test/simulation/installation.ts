/** One installation in one process: the hub's operations, the simulated marketplaces, a clock moved by hand. */
import type { FastifyInstance } from 'fastify'
import { type CatalogItem, createSimulator, type Simulator } from '../../simulator/index.ts'
import { createMetrics } from '../../src/api/metrics.ts'
import { buildApi } from '../../src/api/server.ts'
import { quoted, tablesOf } from '../../src/database/copy.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import type { Database, Sql } from '../../src/database/pool.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { createReservationDesk } from '../../src/operations/reservation-desk.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { addApiKey, type SignInContext } from '../../src/sign-in/people.ts'
import { createWorld, seededBytes, workFor } from '../support/world.ts'

/** The process died: nothing after this point of the operation happened. */
export class Crash extends Error {}

export interface Installation {
  ctx: Context
  sim: Simulator
  catalog: CatalogItem[]
  random: () => number
  /** The accounts at work; taken anew after a crash. */
  work(name: string): Promise<AccountAtWork>
  advance(ms: number): void
  /** The next commit fails as if the process had died, before or after it. */
  crashAtNextCommit(when: 'before' | 'after'): void
  /** Forgets everything in memory, as a restart does. */
  restart(): void
  control(path: string, body?: unknown, method?: string): Promise<{ status: number; body: unknown }>
  /** Units that people (not orders) brought, by SKU. */
  brought: Map<string, number>
  close(): Promise<void>
}

export const leaseMs = 60_000
const base = 'http://marketplaces.test'
export const amazonName = 'Amazon'
export const storeName = 'Store'

/** Orders change by the run's own actions only, so that at rest both sides can be compared. */
const quiet = {
  lifecycle: { slowPaymentShare: 0.05, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0.1 },
}

/** Every table: a truncation that cascades reaches only those that refer to others. */
export async function emptyDatabase(db: Database): Promise<void> {
  await db.run(`truncate ${(await tablesOf(db)).map(({ name }) => quoted(name)).join(', ')}`)
}

function catalogOf(random: () => number): CatalogItem[] {
  const units = () => Math.floor(random() * 6)
  return ['PLAIN', 'AWK/WARD+1', 'SCARCE', 'FBA'].map(
    (sku, index): CatalogItem => ({
      sku,
      title: sku,
      asin: `B0SIM0000${index}`,
      price: 1_000,
      currency: 'USD',
      amazon: { quantity: sku === 'SCARCE' ? 1 : units(), fulfilledBy: sku === 'FBA' ? 'AMAZON' : 'MERCHANT' },
      ...(sku === 'FBA' ? {} : { storefront: { quantity: units() } }),
    }),
  )
}

export async function install(db: Database, seed: number): Promise<Installation> {
  await emptyDatabase(db)
  let time = Date.UTC(2026, 10, 22, 8)
  let crash: 'before' | 'after' | null = null
  const fragile: Database = {
    ...db,
    async transaction(task) {
      const when = crash
      crash = null
      if (when === 'before')
        return await db.transaction(async (tx) => {
          await task(tx)
          throw new Crash('before the commit')
        })
      const result = await db.transaction(task)
      if (when === 'after') throw new Crash('after the commit')
      return result
    },
  }
  let app: FastifyInstance | undefined
  const world = createWorld(fragile, {
    seed,
    now: () => new Date(time),
    allowedOrigins: [base],
    fetch: (async (url: string, init: RequestInit) => await sim.handle(new Request(url, init))) as typeof fetch,
  })
  const { ctx, random } = world
  const catalog = catalogOf(random)
  const toHub = async (url: string | URL | Request, init?: RequestInit) => {
    const answer = await app!.inject({
      method: (init?.method ?? 'GET') as 'POST',
      url: new URL(String(url)).pathname,
      headers: init?.headers as Record<string, string>,
      payload: init?.body as string,
    })
    return new Response(answer.statusCode === 204 ? null : answer.body, {
      status: answer.statusCode,
      headers: { 'content-type': 'application/json' },
    })
  }
  const sim = createSimulator({
    seed,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    fetch: toHub as typeof fetch,
    amazon: quiet,
    history: { orders: 4, days: 2 },
  })
  const people: SignInContext = {
    db: fragile,
    clock: ctx.clock,
    newId: ctx.newId,
    sealing: ctx.sealing,
    random: seededBytes(random),
  }
  app = await buildApi({
    ctx,
    people,
    desk: createReservationDesk(ctx),
    publicUrl: base,
    demo: null,
    metrics: createMetrics(db, ctx.clock),
    dashboard: async () => '',
    ready: async () => true,
  })
  await ensureJournalDays(db, ctx.clock.now(), 2)
  const brought = new Map<string, number>()
  const { apiKey, webhookSecret } = await db.transaction((tx) => seedInstallation(tx, ctx, catalog, brought))
  sim.connectStorefront({ hubUrl: 'http://hub.test', apiKey, account: storeName, webhookSecret })
  const held = new Map<string, AccountAtWork>()
  return {
    ctx,
    sim,
    catalog,
    random,
    brought,
    async work(name) {
      const before = held.get(name)
      if (before) {
        // The lease of a living process is always renewed in time here; losing it is what a crash is for.
        Object.assign(before.lease(), { until: ctx.monotonic() + leaseMs })
        await db.run('update leases set expires_at = $2 where account_id = $1', [
          before.row.id,
          new Date(time + leaseMs),
        ])
        const row = await db.one<AccountAtWork['row']>('select * from accounts where id = $1', [before.row.id])
        Object.assign(before.row, row)
        return before
      }
      const work = await workFor(ctx, name, 'simulation', leaseMs)
      held.set(name, work)
      await takeOver(ctx, work)
      return work
    },
    advance: (ms) => void (time += ms),
    crashAtNextCommit: (when) => void (crash = when),
    restart() {
      crash = null
      held.clear()
      time += leaseMs + 1_000
    },
    async control(path, body, method = body === undefined ? 'GET' : 'POST') {
      const answer = await sim.handle(
        new Request(`${base}/control${path}`, {
          method,
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      )
      return { status: answer.status, body: answer.status === 204 ? null : await answer.json() }
    },
    close: async () => await app!.close(),
  }
}

async function seedInstallation(tx: Sql, ctx: Context, catalog: readonly CatalogItem[], brought: Map<string, number>) {
  const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
  await connectAccount(tx, ctx, {
    channel: 'amazon',
    name: amazonName,
    stage: 'live',
    settings: {
      sellerId: 'A1SIMULATEDSEL',
      region: 'na',
      marketplaceIds: ['ATVPDKIKX0DER'],
      endpoint: `${base}/amazon`,
      tokenEndpoint: `${base}/lwa/auth/o2/token`,
      historyDays: 3,
    },
    secrets: {
      clientId: 'amzn1.application-oa2-client.simulated',
      clientSecret: 'amzn1.oa2-cs.v1.simulated',
      refreshToken: 'Atzr|simulated',
    },
  })
  await connectAccount(tx, ctx, {
    channel: 'storefront',
    name: storeName,
    stage: 'live',
    settings: { webhookUrl: `${base}/storefront/webhooks`, sameNetwork: true },
    secrets: { webhookSecret },
  })
  for (const item of catalog) {
    await addProduct(tx, ctx, { title: item.title, variants: [{ sku: item.sku }] })
    if (!item.storefront) continue
    const quantity = (item.amazon?.quantity ?? 0) + 4
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
  return { apiKey: (await addApiKey(tx, ctx, 'store', 'operator')).key, webhookSecret }
}
