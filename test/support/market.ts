/**
 * A hub with one Amazon account against the simulated marketplace behind a real port: real connector, real HTTP, a
 * clock moved by hand. Orders change only when a test says so.
 */
import assert from 'node:assert/strict'
import { type CatalogItem, createSimulator, type Simulator, serveSimulator } from '../../simulator/index.ts'
import type { AmazonOptions } from '../../simulator/types.ts'
import { ensureJournalDays } from '../../src/database/journal.ts'
import type { Database } from '../../src/database/pool.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { type PullResult, pullOrders } from '../../src/operations/pull-orders.ts'
import { checkCursor, checkStep, stateOf } from '../simulation/checks.ts'
import { amazonName, emptyDatabase } from '../simulation/installation.ts'
import { createWorld, type World, workFor } from './world.ts'

export const minute = 60_000
export const hour = 60 * minute
export const sku = 'MUG'

export interface MarketOptions {
  seed?: number
  startAt?: Date
  /** By how much the hub's clock is wrong. */
  skewMs?: number
  historyDays?: number
  /** Orders that are there when the account is opened. */
  history?: { orders: number; days: number }
  catalog?: CatalogItem[]
  lagMs?: AmazonOptions['lagMs']
  /** Units on the shelf of each SKU, here and on the marketplace. */
  onHand?: number
  /** Leaves the listings unlinked. */
  unlinked?: boolean
  /** The hub knows no goods yet. */
  bare?: boolean
  amazon?: AmazonOptions
}

export interface Market extends Pick<World, 'logged'> {
  ctx: Context
  sim: Simulator
  url: string
  /** Time passes on both sides. */
  pass(ms: number): Promise<void>
  control(path: string, body?: unknown, method?: string): Promise<{ status: number; body: unknown }>
  buy(wanted?: { sku?: string; quantity?: number }): Promise<string>
  change(orderId: string, verb: 'cancel' | 'ship'): Promise<void>
  fault(fault: { operation: string; kind: string; [more: string]: unknown }): Promise<void>
  calm(): Promise<void>
  work(): Promise<AccountAtWork>
  /** One page. */
  pullPage(): Promise<PullResult>
  /** All pages that wait now. */
  pull(): Promise<PullResult>
  /** Hours go by with a pull every so often. */
  run(ms: number, everyMs?: number): Promise<void>
  close(): Promise<void>
}

const item = (name: string, price: number, currency: string, quantity: number): CatalogItem => ({
  sku: name,
  title: name,
  asin: 'B0SIM00001',
  price,
  currency,
  amazon: { quantity },
})

export const calmLag = { typical: 60_000, tail: 60_000, tailShare: 0 }

export async function openMarket(db: Database, options: MarketOptions = {}): Promise<Market> {
  await emptyDatabase(db)
  let time = (options.startAt ?? new Date(Date.UTC(2026, 10, 22, 8))).getTime()
  const onHand = options.onHand ?? 100_000
  const catalog = options.catalog ?? [item(sku, 1_490, 'USD', onHand), item('LAMP', 990, 'USD', onHand)]
  const sim = createSimulator({
    seed: options.seed ?? 1,
    realNow: () => time,
    startAt: new Date(time),
    catalog,
    amazon: {
      lagMs: options.lagMs ?? calmLag,
      limits: 'none',
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
      ...options.amazon,
    },
    ...(options.history ? { history: options.history } : {}),
  })
  const server = await serveSimulator(sim, { port: 0 })
  const world = createWorld(db, {
    seed: options.seed ?? 1,
    now: () => new Date(time + (options.skewMs ?? 0)),
    allowedOrigins: [server.url],
    fetch,
  })
  const { ctx } = world
  await ensureJournalDays(db, ctx.clock.now(), 2)
  await seedHub(ctx, server.url, catalog, onHand, options)
  let held: AccountAtWork | undefined
  const market: Market = {
    ctx,
    sim,
    url: server.url,
    logged: world.logged,
    async pass(ms) {
      time += ms
      await sim.tick()
    },
    async control(path, body, method = body === undefined ? 'GET' : 'POST') {
      const init = { method, headers: { 'content-type': 'application/json' } }
      const request = new Request(
        `${server.url}/control${path}`,
        body === undefined ? init : { ...init, body: JSON.stringify(body) },
      )
      const answer = await sim.handle(request)
      return { status: answer.status, body: await answer.json() }
    },
    async buy(wanted = {}) {
      const answer = await market.control('/orders', { channel: 'amazon', sku, quantity: 1, ...wanted })
      assert.equal(answer.status, 201, JSON.stringify(answer.body))
      return (answer.body as { orderId: string }).orderId
    },
    async change(orderId, verb) {
      assert.equal((await market.control(`/orders/${orderId}/${verb}`, {})).status, 200)
    },
    async fault(fault) {
      const answer = await market.control('/faults', { channel: 'amazon', ...fault })
      assert.equal(answer.status, 201, JSON.stringify(answer.body))
    },
    calm: async () => void (await market.control('/faults', undefined, 'DELETE')),
    async work() {
      // The lease of a living process is always renewed in time; the budget of these tests is not what they are about.
      held ??= await workFor(ctx, amazonName)
      Object.assign(held.lease(), { until: ctx.monotonic() + minute })
      await db.run('update leases set expires_at = $1', [new Date(ctx.clock.now().getTime() + minute)])
      await db.run('update budgets set tokens = 1000000, burst = 1000000')
      return held
    },
    pullPage: async () => await pullOrders(ctx, await market.work()),
    async pull() {
      for (;;) {
        const result = await market.pullPage()
        if (!result.more) return result
      }
    },
    async run(ms, everyMs = 10 * minute) {
      for (let passed = 0; passed < ms; passed += everyMs) {
        await market.pass(everyMs)
        await market.pull()
      }
    },
    close: async () => await server.close(),
  }
  return market
}

async function seedHub(
  ctx: Context,
  url: string,
  catalog: readonly CatalogItem[],
  onHand: number,
  options: MarketOptions,
): Promise<void> {
  await ctx.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, {
      channel: 'amazon',
      name: amazonName,
      stage: 'live',
      settings: {
        sellerId: 'A1SIMULATEDSEL',
        region: 'na',
        marketplaceIds: ['ATVPDKIKX0DER'],
        endpoint: `${url}/amazon`,
        tokenEndpoint: `${url}/lwa/auth/o2/token`,
        historyDays: options.historyDays ?? 1,
      },
      secrets: {
        clientId: 'amzn1.application-oa2-client.simulated',
        clientSecret: 'amzn1.oa2-cs.v1.simulated',
        refreshToken: 'Atzr|simulated',
      },
    })
    for (const { sku: name } of options.bare ? [] : catalog) {
      await addProduct(tx, ctx, { title: name, variants: [{ sku: name }] })
      await moveStock(tx, ctx, { sku: name, location: 'MAIN', kind: 'receipt', quantity: onHand }, 'test')
      if (!options.unlinked) await link(tx, ctx, name)
    }
  })
}

export const link = (tx: Parameters<typeof linkListing>[0], ctx: Context, name: string) =>
  linkListing(tx, ctx, {
    account: amazonName,
    remoteSku: name,
    sku: name,
    unitsPerSale: 1,
    marketplace: '',
    fulfilledBy: 'merchant',
  })

const states: Record<string, string> = {
  PENDING: 'pending',
  UNSHIPPED: 'open',
  SHIPPED: 'shipped',
  CANCELLED: 'canceled',
}

/** P-1…P-3 and P-7, and that both sides say the same of every order and of every unit. */
export async function checkMarket(market: Market, onHand = 100_000): Promise<{ orders: number }> {
  const { db } = market.ctx
  await checkStep(market)
  await checkCursor(market)
  const { orders } = (await stateOf(market)).channels.amazon
  const rows = await db.rows<{ remote_id: string; state: string }>('select remote_id, state from orders')
  const known = new Map(rows.map((row) => [row.remote_id, row.state]))
  const different = orders.filter((order) => known.get(order.id) !== states[order.status])
  assert.deepEqual(
    different.map((order) => `${order.id} is ${known.get(order.id)} here, ${order.status} there`),
    [],
  )
  assert.equal(known.size, orders.length)
  // Orders that were shipped when they were first seen, from before the account was opened, move nothing.
  const still = new Set(
    (await db.rows<{ remote_id: string }>('select remote_id from orders where before_opening')).map(
      (row) => row.remote_id,
    ),
  )
  assert.deepEqual(
    orders.filter((order) => still.has(order.id) && !(order.past && order.status === 'SHIPPED')),
    [],
  )
  const levels = await db.rows<{ sku: string; on_hand: number; promised: number }>(
    'select v.sku, p.on_hand, p.reserved + p.short as promised from pool_levels p join variants v on v.id = p.variant_id',
  )
  for (const level of levels) {
    const units = (status: string[]) =>
      orders
        .filter((order) => status.includes(order.status) && !still.has(order.id))
        .flatMap((order) => order.lines)
        .reduce((sum, line) => sum + (line.sku === level.sku ? line.quantity : 0), 0)
    assert.deepEqual(level, {
      sku: level.sku,
      on_hand: onHand - units(['SHIPPED']),
      promised: units(['PENDING', 'UNSHIPPED']),
    })
  }
  return { orders: orders.length }
}

/** Everything that intake writes, as one text: equal texts mean that nothing was written in between. */
export async function everything(db: Database): Promise<string> {
  const row = await db.one<{ text: string }>(
    `select concat_ws(' ', (select md5(string_agg(t::text, '' order by id)) from orders t), (select md5(string_agg(t::text, '' order by id)) from order_lines t),
       (select md5(string_agg(t::text, '' order by id)) from order_events t), (select count(*) from stock_movements),
       (select md5(string_agg(t::text, '' order by id)) from reservation_lines t), (select md5(string_agg(t::text, '' order by variant_id)) from pool_levels t),
       (select md5(string_agg(t::text, '' order by id)) from stock_slots t), (select md5(string_agg(t::text, '' order by order_id)) from buyer_data t),
       (select count(*) from findings), (select count(*) from webhook_deliveries)) as text`,
  )
  return row!.text
}

/** What the marketplace knows of its orders. */
export const ordersThere = async (market: Market) => (await stateOf(market)).channels.amazon.orders

/** Open findings, as `code data`. */
export async function openFindings(db: Database, code: string): Promise<Record<string, unknown>[]> {
  return (
    await db.rows<{ data: Record<string, unknown> }>(
      'select data from findings where code = $1 and resolved_at is null order by subject',
      [code],
    )
  ).map((row) => row.data)
}
