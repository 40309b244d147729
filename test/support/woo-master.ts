/** A store with WooCommerce that is the master of a shelf, and Amazon, which sells of it as well: real HTTP, a clock that is moved by hand. */
import { createSimulator, type WooOptions } from '../../simulator/index.ts'
import { serveSimulator } from '../../simulator/server.ts'
import { findAccount } from '../../src/database/accounts.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import type { Database } from '../../src/database/pool.ts'
import { levelOf } from '../../src/database/views/stock.ts'
import { applyPublishingRules } from '../../src/operations/apply-publishing-rules.ts'
import { bookStoreChanges } from '../../src/operations/book-store-changes.ts'
import { changeStage } from '../../src/operations/change-stage.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { addLocation, addProduct } from '../../src/operations/manage-catalog.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pullStoreStock } from '../../src/operations/pull-store-stock.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { setMaster } from '../../src/operations/set-master.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { amazonAccount } from './simulated-amazon.ts'
import { type WooPlace, wooSecrets } from './woocommerce.ts'
import { createWorld, workFor } from './world.ts'

const minute = 60_000
const names = { amazon: 'Amazon', woocommerce: 'Shop' } as const
type Channel = keyof typeof names

/** `stock`: what the store shows of each SKU before anybody else sells it; one with a product is a variation. */
export async function openMasterHouse(
  db: Database,
  stock: Record<string, { quantity: number; of?: string }>,
  seed = 1,
  woo: WooOptions = {},
) {
  await emptyDatabase(db)
  let time = Date.UTC(2026, 10, 22, 8)
  const sim = createSimulator({
    seed,
    realNow: () => time,
    startAt: new Date(time),
    catalog: Object.entries(stock).map(([sku, there], index) => ({
      sku,
      title: sku,
      asin: `B0SIM0000${index}`,
      price: 1_000,
      currency: 'USD',
      amazon: { quantity: 0 },
      woocommerce: there,
    })),
    amazon: {
      limits: 'none',
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
    },
    woocommerce: { pendingShare: 0, onHoldShare: 0, ...woo },
  })
  const server = await serveSimulator(sim, { port: 0 })
  const base = server.url
  /** What happens between a look at a number and its write. */
  const between: (() => Promise<void>)[] = []
  const { ctx } = createWorld(db, {
    seed,
    now: () => new Date(time),
    allowedOrigins: [base],
    fetch: (async (url: string, init: RequestInit) => {
      if (init.method === 'POST' && url.includes('/products/') && url.includes('/batch')) await between.shift()?.()
      return await fetch(url, init)
    }) as typeof fetch,
  })
  await ensureJournalDays(db, ctx.clock.now(), 3)
  await db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, amazonAccount(names.amazon, base))
    const settings = { url: `${base}/woocommerce`, sameNetwork: true }
    await connectAccount(tx, ctx, {
      channel: 'woocommerce',
      name: names.woocommerce,
      stage: 'shadow',
      settings,
      secrets: wooSecrets(),
    })
    for (const sku of Object.keys(stock)) await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
  })
  const held = new Map<Channel, AccountAtWork>()
  async function work(channel: Channel): Promise<AccountAtWork> {
    const before = held.get(channel)
    const one = before ?? (await workFor(ctx, names[channel]))
    if (!before) await takeOver(ctx, one)
    held.set(channel, one)
    Object.assign(one.lease(), { until: ctx.monotonic() + minute })
    await db.run('update leases set expires_at = $1 where account_id = $2', [new Date(time + minute), one.row.id])
    return one
  }
  async function control(path: string, body?: unknown): Promise<{ status: number; body: never }> {
    const answer = await fetch(`${base}/control${path}`, {
      method: body === undefined ? 'GET' : 'POST',
      headers: { 'content-type': 'application/json' },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    })
    return { status: answer.status, body: (await answer.json()) as never }
  }
  const places = async () =>
    ((await control('/state?limit=100000')).body as { channels: Record<Channel, WooPlace> }).channels
  /** Everything the loops of both accounts do. */
  async function turn(ms = minute): Promise<void> {
    time += ms
    await sim.tick()
    for (const channel of ['woocommerce', 'amazon'] as const) {
      const one = await work(channel)
      while ((await pullOrders(ctx, one)).more);
      if (channel === 'woocommerce') {
        while ((await pullStoreStock(ctx, one)).more);
        await bookStoreChanges(ctx, one)
      }
      while ((await pushStock(ctx, one)).sent > 0);
      while ((await readStock(ctx, one)).read > 0);
    }
  }
  async function turns(count: number, ms?: number): Promise<void> {
    for (let n = 0; n < count; n += 1) await turn(ms)
  }
  const account = async () => (await findAccount(db, names.woocommerce))!
  const change = async (master: 'hub' | 'store' = 'store') => ({
    account: (await account()).id,
    remoteId: 'store',
    master,
    location: 'MAIN',
  })
  async function live(): Promise<void> {
    await db.transaction(async (tx) => changeStage(tx, ctx, await account(), 'live'))
    held.delete('woocommerce')
    while ((await applyPublishingRules(ctx)).next !== 'idle');
    // What another tool may have written is dead by then.
    await turns(10, 4 * minute)
  }
  const edits: { sku: string; units: number; at: number }[] = []
  /** A person puts units there, or takes some away, in the store's own screens. */
  async function edit(sku: string, units: number): Promise<void> {
    const { stock: shown } = (await places()).woocommerce
    await control('/woocommerce/items', { sku, stock: shown[sku]! + units })
    edits.push({ sku, units, at: time })
  }
  for (const channel of ['woocommerce', 'amazon'] as const) while ((await pullListings(ctx, await work(channel))).more);
  return {
    ctx,
    edits,
    close: () => server.close(),
    sim,
    between,
    work,
    control,
    places,
    turn,
    turns,
    live,
    edit,
    change,
    restart() {
      held.clear()
      time += 2 * minute
    },
    async pass(ms: number): Promise<void> {
      time += ms
      await sim.tick()
    },
    setMaster: async () => {
      const to = await change()
      await db.transaction((tx) => setMaster(tx, ctx, to, 'somebody'))
    },
    async buy(channel: Channel, sku: string, quantity = 1): Promise<string | null> {
      const { status, body } = await control('/orders', { channel, sku, quantity })
      return status === 201 ? (body as { orderId: string }).orderId : null
    },
    /** Units on the shelf that nobody bought. */
    async truth(sku: string): Promise<number> {
      const { amazon, woocommerce } = await places()
      const edited = edits.reduce((sum, one) => (one.sku === sku ? sum + one.units : sum), 0)
      return stock[sku]!.quantity + edited - (amazon.sold[sku] ?? 0) - (woocommerce.sold[sku] ?? 0)
    },
    level: async (sku: string) => (await levelOf(db, sku))!,
  }
}
export type MasterHouse = Awaited<ReturnType<typeof openMasterHouse>>
