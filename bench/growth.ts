/**
 * An hour of peak traffic in simulated time: ten orders a second with what follows them (cancellations, shipments,
 * checkouts, quantities pushed and read again, events delivered). Then a plain vacuum: where are the bytes, and how much
 * of it is air?
 */
import { amazon } from '../src/channels/amazon/index.ts'
import type { Connector } from '../src/channels/connector.ts'
import { storefront } from '../src/channels/storefront/index.ts'
import type { AccountRow } from '../src/database/accounts.ts'
import { ensureJournalDays } from '../src/database/journal.ts'
import { type Database, openDatabase } from '../src/database/pool.ts'
import type { IncomingOrder } from '../src/domain/orders.ts'
import type { AccountAtWork, Context } from '../src/operations/context.ts'
import { expireReservations, releaseReservation } from '../src/operations/end-reservation.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { deliverEvents } from '../test/support/world.ts'
import type { Bench } from './bench.ts'
import { openContext, openOurs, startServer } from './ground.ts'
import { workOn } from './ours/at-work.ts'
import { fillCatalog, skuOf, webhookSecret } from './ours/catalog.ts'
import { createChannels } from './ours/channels.ts'
import { laterVersion, orderOf, seeded } from './ours/pages.ts'
import { type Relation, relationsOf, totalOf } from './ours/relations.ts'
import { openReserve, type Reserve } from './ours/reserve.ts'

const skus = 10_000
const onHand = 1_000
/** Ten seconds a step, a hundred orders in each. */
const stepMs = 10_000
const ordersPerStep = 100
const checkoutsPerStep = 20

export const growth: Bench = {
  name: 'growth',
  about: 'Bytes that an hour of peak traffic leaves, and how much of them is air',
  async run(run) {
    const server = await startServer()
    try {
      const steps = run.quick ? 36 : 360
      const { db, url } = await openOurs(server, 'ours')
      const hour = await openHour(server, db)
      await db.run('vacuum')
      const before = await relationsOf(db)
      for (let step = 0; step < steps; step += 1) {
        await hour.step(step)
        if (step % 36 === 35)
          run.note(`${(step + 1) * ordersPerStep} orders, ${Math.round(totalOf(await relationsOf(db)) / 1e6)} MB`)
      }
      await hour.end()
      await db.run('vacuum')
      const after = await relationsOf(db)
      await db.close()
      const packed = await packedCopy(server, url)
      const orders = steps * ordersPerStep
      run.figure({
        metric: 'mb_per_1000_orders',
        unit: 'MB',
        better: 'lower',
        values: [(((totalOf(after) - totalOf(before)) / 1e6) * 1_000) / orders],
      })
      run.figure({
        metric: 'bloat_ratio',
        unit: '×',
        target: 2,
        better: 'lower',
        values: [totalOf(after) / totalOf(packed)],
      })
      keepRelations(run, before, after, packed, orders)
    } finally {
      await server.stop()
    }
  },
}

/** Every byte that is there for a reason, for comparison: a copy, rewritten. */
async function packedCopy(server: Awaited<ReturnType<typeof startServer>>, url: string): Promise<Relation[]> {
  await server.run('create database packed template ours')
  const address = new URL(url)
  address.pathname = '/packed'
  const db = openDatabase(address.toString(), { max: 1, queryTimeoutMs: 600_000 })
  await db.run('vacuum full')
  const packed = await relationsOf(db)
  await db.close()
  return packed
}

function keepRelations(
  run: Parameters<Bench['run']>[0],
  before: Relation[],
  after: Relation[],
  packed: Relation[],
  orders: number,
): void {
  const sizeIn = (list: Relation[], name: string) => list.find((one) => one.name === name)?.bytes ?? 0
  const rows = after
    .map((one) => ({
      name: one.name,
      of: one.table,
      kind: one.kind,
      kbPer1000Orders: Math.round((((one.bytes - sizeIn(before, one.name)) / orders) * 1_000) / 1_000),
      mb: Number((one.bytes / 1e6).toFixed(2)),
      bloat: Number((one.bytes / Math.max(1, sizeIn(packed, one.name))).toFixed(2)),
    }))
    .filter((one) => one.mb > 0.05)
    .sort((a, b) => b.kbPer1000Orders - a.kbPer1000Orders)
  for (const one of rows.slice(0, 12)) run.note(JSON.stringify(one))
  run.keep('relations', rows)
}

interface Hour {
  step(number: number): Promise<void>
  end(): Promise<void>
}

async function openHour(server: Awaited<ReturnType<typeof startServer>>, db: Database): Promise<Hour> {
  let time = Date.UTC(2026, 10, 27, 8)
  const clock = { now: () => new Date(time) }
  const random = seeded(1)
  const feed: IncomingOrder[][] = []
  const channels = createChannels(onHand, () => {})
  const answer: typeof fetch = async (url, init) =>
    Response.json(
      String(url).includes('erp.example')
        ? {}
        : channels.answer(init?.method ?? 'GET', new URL(String(url)), String(init?.body ?? '')),
    )
  const connectors = new Map<string, Connector>([
    [amazon.channel, fedFrom(feed, clock)],
    [storefront.channel, storefront],
  ])
  const ctx = openContext(server, db, { clock, registry: connectors, fetch: answer })
  const catalog = await fillCatalog(ctx, { skus, onHand, onAmazon: onHand / 2 })
  await db.run(
    'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
    endpointRow(ctx),
  )
  const works = [await workOn(ctx, catalog.amazon), await workOn(ctx, catalog.store)]
  const reserve = openReserve(ctx, 900)
  const orders: IncomingOrder[] = []
  return {
    async step(number) {
      time += stepMs
      if (number % 3 === 0) await upkeep(ctx)
      const options = { prefix: 'g', skus, random, at: clock.now() }
      const fresh = Array.from({ length: ordersPerStep }, (_, n) => orderOf(number * ordersPerStep + n, options))
      feed.push([...fresh, ...laterVersions(orders, number, clock.now())])
      orders.push(...fresh)
      await pullOrders(ctx, works[0]!)
      await checkOut({ ctx, reserve, store: catalog.store }, number, random)
      await expireReservations(ctx)
      for (const work of works) await settle(ctx, work)
      while ((await deliverEvents(ctx)) > 0);
      await ctx.journal.flush()
    },
    end: () => ctx.journal.flush(),
  }
}

function fedFrom(feed: IncomingOrder[][], clock: { now(): Date }): Connector {
  return {
    ...amazon,
    orders: {
      ...amazon.orders!,
      everyMs: 180_000,
      pull: async () => ({ items: feed.shift() ?? [], next: {}, more: false, watermark: clock.now() }),
    },
  }
}

const endpointRow = (ctx: Context) => {
  const id = ctx.newId()
  const events = ['order.imported', 'order.changed', 'reservation.expired']
  return [
    id,
    'https://erp.example/hook',
    events,
    ctx.sealing.sealSecret(webhookSecret, `webhook:${id}`),
    ctx.clock.now(),
  ]
}

async function upkeep(ctx: Context): Promise<void> {
  await ensureJournalDays(ctx.db, ctx.clock.now())
}

/** Three in a hundred are canceled after ten minutes; of the others, most leave the house within half an hour. */
function laterVersions(orders: readonly IncomingOrder[], step: number, now: Date): IncomingOrder[] {
  const of = (minutes: number) => {
    const first = (step - minutes * 6) * ordersPerStep
    return first < 0 ? [] : orders.slice(first, first + ordersPerStep)
  }
  return [
    ...of(10)
      .slice(0, 3)
      .map((order) => laterVersion(order, 'canceled', now)),
    ...of(30)
      .slice(3, 83)
      .map((order) => laterVersion(order, 'shipped', now)),
  ]
}

interface Checkouts {
  ctx: Context
  reserve: Reserve
  store: AccountRow
}

/** Of twenty checkouts one is given up; the others are left to be ordered or to run out. */
async function checkOut(parts: Checkouts, step: number, random: () => number): Promise<void> {
  const { ctx, reserve, store } = parts
  for (let n = 0; n < checkoutsPerStep; n += 1) {
    const lines = [{ sku: skuOf(Math.floor(random() * skus)), quantity: 1 }]
    const id = await reserve(store, { reference: `g:${step}:${n}`, lines })
    if (n === 0 && id) await ctx.db.transaction((tx) => releaseReservation(tx, ctx, id))
  }
}

/** What the account's loops do in ten seconds. */
async function settle(ctx: Context, work: AccountAtWork): Promise<void> {
  for (let turn = 0; turn < 20; turn += 1) if ((await pushStock(ctx, work)).sent === 0) break
  for (let turn = 0; turn < 20; turn += 1) if ((await readStock(ctx, work)).read === 0) break
}
