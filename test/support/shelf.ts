/** One shelf, sold on Amazon and at a store of Shopify, against the simulated marketplaces. */
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import type { Database } from '../../src/database/pool.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { addLocation, addProduct } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { type PullResult, pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { checkStep } from '../simulation/checks.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { clientSecrets, type ShopState } from './shopify.ts'
import { amazonAccount } from './simulated-amazon.ts'
import { createWorld, workFor } from './world.ts'

export const base = 'http://marketplaces.test'
export const minute = 60_000
const names = { amazon: 'Amazon', shopify: 'Shop' } as const
type Channel = keyof typeof names

export interface Places {
  amazon: { shown: Record<string, number>; sold: Record<string, number> }
  shopify: ShopState
}

/** A hub with an Amazon account and a store at Shopify, turned by hand. */
export interface House {
  ctx: Context
  sim: Simulator
  pass(ms: number): Promise<void>
  control(path: string, body?: unknown): Promise<{ status: number; body: unknown }>
  places(): Promise<Places>
  work(channel: Channel): Promise<AccountAtWork>
  /** The process dies and another one takes over. */
  restart(): void
  /** Everything the loops do for both accounts, once; whatever lacks allowance waits for it, as they do. */
  turn(listings?: boolean): Promise<void>
}

/** `stock` by SKU, all of it on one shelf; both places begin with nothing. */
export async function openHouse(db: Database, stock: Record<string, number>, seed = 1): Promise<House> {
  await emptyDatabase(db)
  let time = Date.UTC(2026, 10, 22, 8)
  const sim = createSimulator({
    seed,
    realNow: () => time,
    startAt: new Date(time),
    catalog: Object.keys(stock).map((sku, index) => ({
      sku,
      title: sku,
      asin: `B0SIM0000${index}`,
      price: 1_000,
      currency: 'USD',
      amazon: { quantity: 0 },
      shopify: { quantity: 0 },
    })),
    amazon: {
      limits: 'none',
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
    },
    shopify: {},
  })
  const { ctx } = createWorld(db, {
    seed,
    now: () => new Date(time),
    allowedOrigins: [base],
    fetch: (async (url: string, init: RequestInit) => {
      try {
        return await sim.handle(new Request(url, init))
      } catch {
        throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET' } })
      }
    }) as typeof fetch,
  })
  await ensureJournalDays(db, ctx.clock.now(), 3)
  await db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, amazonAccount(names.amazon, base))
    await connectAccount(tx, ctx, {
      channel: 'shopify',
      name: names.shopify,
      stage: 'live',
      settings: { shop: 'simulated.myshopify.com', endpoint: `${base}/shopify` },
      secrets: clientSecrets(),
    })
    for (const [sku, quantity] of Object.entries(stock)) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity }, 'test')
    }
  })
  const held = new Map<Channel, AccountAtWork>()
  async function through(channel: Channel, step: (work: AccountAtWork) => Promise<PullResult>): Promise<void> {
    for (;;) {
      const { more, notBefore } = await step(await one.work(channel))
      if (notBefore && notBefore.getTime() - time < minute) await one.pass(Math.max(0, notBefore.getTime() - time))
      else if (!more) return
    }
  }
  const one: House = {
    ctx,
    sim,
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    async control(path, body) {
      const answer = await sim.handle(
        new Request(`${base}/control${path}`, {
          method: body === undefined ? 'GET' : 'POST',
          headers: { 'content-type': 'application/json' },
          ...(body === undefined ? {} : { body: JSON.stringify(body) }),
        }),
      )
      return { status: answer.status, body: await answer.json() }
    },
    places: async () => ((await one.control('/state?limit=100000')).body as { channels: Places }).channels,
    async work(channel) {
      const before = held.get(channel)
      const work = before ?? (await workFor(ctx, names[channel]))
      if (!before) await takeOver(ctx, work)
      held.set(channel, work)
      Object.assign(work.lease(), { until: ctx.monotonic() + minute })
      await db.run('update leases set expires_at = $1 where account_id = $2', [new Date(time + minute), work.row.id])
      return work
    },
    restart() {
      held.clear()
      time += 2 * minute
    },
    async turn(listings = false) {
      for (const channel of ['shopify', 'amazon'] as const) {
        if (listings) await through(channel, async (work) => await pullListings(ctx, work))
        await through(channel, async (work) => await pullOrders(ctx, work))
        while ((await pushStock(ctx, await one.work(channel))).sent > 0);
        await through(channel, async (work) => {
          const { read, nextAt } = await readStock(ctx, work)
          return { more: read > 0, notBefore: nextAt }
        })
        await checkStep(one)
      }
    },
  }
  return one
}
