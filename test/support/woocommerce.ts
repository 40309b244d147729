/** The connector of WooCommerce against the simulated store, on a clock that the test moves; and one shelf sold there and on Amazon. */
import { createSimulator, type Simulator, type WooOptions, wooSettings } from '../../simulator/index.ts'
import type { Connector, Pulled } from '../../src/channels/connector.ts'
import { woocommerce } from '../../src/channels/woocommerce/index.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import type { Database } from '../../src/database/pool.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { addLocation, addProduct } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { createAccount, type TestAccount } from '../conformance/support/account.ts'
import { checkStep } from '../simulation/checks.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { amazonAccount } from './simulated-amazon.ts'
import { createWorld, workFor } from './world.ts'

/** By https: the key is sent as a password. */
export const origin = 'https://store.test'
export const minute = 60_000

export interface WooPlace {
  shown: Record<string, number>
  stock: Record<string, number>
  prices: Record<string, number>
  sold: Record<string, number>
  orders: {
    id: string
    status: string
    lines: { sku: string; quantity: number }[]
    notes: { note: string; toBuyer: boolean }[]
    trackings: string[]
    refunds: { amount: number; paid: boolean }[]
  }[]
  effects: { sku: string; quantity?: number; operation: string }[]
  calls: Record<string, { count: number; throttled: number }>
  webhooks: { id: number; topic: string; status: string; failures: number }[]
}

export const wooSecrets = (): { consumerKey: string; consumerSecret: string } => {
  const { consumerKey, consumerSecret } = wooSettings(undefined)
  return { consumerKey, consumerSecret }
}

export interface WooBench {
  sim: Simulator
  account(
    settings?: Record<string, unknown>,
    more?: { secrets?: Record<string, string>; budget?: boolean },
  ): TestAccount
  pass(ms: number): Promise<void>
  control(path: string, body?: unknown): Promise<{ status: number; body: never }>
  buy(sku: string, quantity?: number): Promise<string>
  store(): Promise<WooPlace>
  /** Every call that passed. */
  traffic: { method: string; url: URL; headers: Headers; body: unknown; status: number; answer: unknown }[]
}

export function wooBench(
  items: Record<string, { quantity: number; of?: string }>,
  { fetch: outside, at = '2026-11-22T12:00:00Z', ...options }: WooOptions & { fetch?: typeof fetch; at?: string } = {},
): WooBench {
  let now = Date.parse(at)
  const sim = createSimulator({
    seed: 1,
    realNow: () => now,
    ...(outside ? { fetch: outside } : {}),
    catalog: Object.entries(items).map(([sku, stock], index) => ({
      sku,
      title: `Thing ${index}`,
      asin: `B0SIM${index}`,
      price: 1_490 + index,
      currency: 'USD',
      woocommerce: stock,
    })),
    woocommerce: { pendingShare: 0, onHoldShare: 0, ...options },
  })
  const traffic: WooBench['traffic'] = []
  const handle = async (input: string | URL | Request, init?: RequestInit): Promise<Response> => {
    const request = new Request(input, init)
    const { method, headers } = request
    const sent = await request.clone().text()
    const answer = await sim.handle(request).catch((error: unknown) => {
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET', error } })
    })
    const parsed: unknown = await answer
      .clone()
      .json()
      .catch(() => undefined)
    const body: unknown = sent === '' ? undefined : JSON.parse(sent)
    traffic.push({ method, url: new URL(request.url), headers, body, status: answer.status, answer: parsed })
    return answer
  }
  const control: WooBench['control'] = async (path, body) => {
    const init = { method: body === undefined ? 'GET' : 'POST', headers: { 'content-type': 'application/json' } }
    const answer = await sim.handle(
      new Request(`${origin}/control${path}`, {
        ...init,
        ...(body === undefined ? {} : { body: JSON.stringify(body) }),
      }),
    )
    return { status: answer.status, body: (await answer.json()) as never }
  }
  return {
    sim,
    traffic,
    control,
    account: (settings = {}, { secrets, budget = false } = {}) =>
      createAccount({
        connector: woocommerce,
        fetch: handle as typeof globalThis.fetch,
        now: () => new Date(now),
        settings: { url: `${origin}/woocommerce`, historyDays: 7, ...settings },
        secrets: secrets ?? wooSecrets(),
        budget,
      }),
    async pass(ms) {
      now += ms
      await sim.tick()
    },
    async buy(sku, quantity = 1) {
      const { status, body } = await control('/orders', { channel: 'woocommerce', sku, quantity })
      if (status !== 201) throw new Error(`nobody could buy ${sku}`)
      return (body as { orderId: string }).orderId
    },
    store: async () => ((await control('/state')).body as { channels: { woocommerce: WooPlace } }).channels.woocommerce,
  }
}

/** A store whose index is shown to nobody who is not signed in, as plugins do. */
export const closed = (account: TestAccount): TestAccount => ({
  ...account,
  http: async (request) => {
    if (request.operation !== 'getIndex') return await account.http(request)
    const answer = await account.http(request)
    return { ...answer, status: 401, json: { code: 'rest_not_logged_in', message: 'You are not currently logged in.' } }
  },
})

/** Pulls until no page is left. */
export async function pullAll(
  pull: NonNullable<Connector['orders']>['pull'],
  account: TestAccount,
  cursor: unknown = null,
): Promise<{ items: IncomingOrder[]; last: Pulled<IncomingOrder>; pages: number }> {
  const items: IncomingOrder[] = []
  for (let pages = 1; ; pages += 1) {
    // A cursor is saved as JSON.
    const last = await pull(account, cursor === null ? null : JSON.parse(JSON.stringify(cursor)))
    items.push(...last.items)
    cursor = last.next
    if (!last.more) return { items, last, pages }
    if (pages > 1_000) throw new Error('the pages have no end')
  }
}

// — one shelf on Amazon and in a store with WooCommerce —

const base = 'https://marketplaces.test'
const names = { amazon: 'Amazon', woocommerce: 'Shop' } as const
type Channel = keyof typeof names

export interface WooHouse {
  ctx: Context
  sim: Simulator
  pass(ms: number): Promise<void>
  control(path: string, body?: unknown): Promise<{ status: number; body: never }>
  places(): Promise<{ amazon: Pick<WooPlace, 'shown' | 'sold'>; woocommerce: WooPlace }>
  work(channel: Channel): Promise<AccountAtWork>
  /** The process dies and another one takes over. */
  restart(): void
  /** Everything the loops do for both accounts, once. */
  turn(listings?: boolean): Promise<void>
}

/** `stock` by SKU, all of it on one shelf; both places begin with nothing. */
export async function openWooHouse(
  db: Database,
  stock: Record<string, number>,
  { seed = 1, woo = {} }: { seed?: number; woo?: WooOptions } = {},
): Promise<WooHouse> {
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
      woocommerce: { quantity: 0 },
    })),
    amazon: {
      limits: 'none',
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
    },
    woocommerce: woo,
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
  await connectBoth(db, ctx, stock)
  const held = new Map<Channel, AccountAtWork>()
  const one: WooHouse = {
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
      return { status: answer.status, body: (await answer.json()) as never }
    },
    places: async () =>
      ((await one.control('/state?limit=100000')).body as { channels: Awaited<ReturnType<WooHouse['places']>> })
        .channels,
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
      for (const channel of ['woocommerce', 'amazon'] as const) {
        const work = await one.work(channel)
        if (listings) while ((await pullListings(ctx, work)).more);
        while ((await pullOrders(ctx, work)).more);
        while ((await pushStock(ctx, work)).sent > 0);
        while ((await readStock(ctx, work)).read > 0);
        await checkStep(one)
      }
    },
  }
  return one
}

async function connectBoth(db: Database, ctx: Context, stock: Record<string, number>): Promise<void> {
  await db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, amazonAccount(names.amazon, base))
    await connectAccount(tx, ctx, {
      channel: 'woocommerce',
      name: names.woocommerce,
      stage: 'live',
      settings: { url: `${base}/woocommerce` },
      secrets: wooSecrets(),
    })
    for (const [sku, quantity] of Object.entries(stock)) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity }, 'test')
    }
  })
}
