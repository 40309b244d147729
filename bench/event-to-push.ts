/**
 * From a change to the wire: an Amazon page is committed → the store's new quantity arrives; a checkout of the store is
 * committed → Amazon's new quantity arrives. Both at 200 orders a second, through the worker's own loops, in shared mode:
 * in guarded mode a sale needs no write elsewhere.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { amazon } from '../src/channels/amazon/index.ts'
import type { Connector } from '../src/channels/connector.ts'
import { storefront } from '../src/channels/storefront/index.ts'
import type { Database } from '../src/database/pool.ts'
import type { IncomingOrder } from '../src/domain/orders.ts'
import { startWorker, type Worker } from '../src/jobs/worker.ts'
import type { Context } from '../src/operations/context.ts'
import type { Bench, Run } from './bench.ts'
import { quantile } from './figure.ts'
import { openContext, openOurs, startServer } from './ground.ts'
import { type Catalog, fillCatalog, skuOf } from './ours/catalog.ts'
import { pagesOf, seeded } from './ours/pages.ts'
import { openReserve } from './ours/reserve.ts'
import { type Peer, startPeer } from './peer.ts'

const skus = 10_000
const onHand = 1_000
const perSecond = 200
const pageSize = 10
/** The first moments are not counted: connections are opened, statements planned. */
const warmMs = 1_000

type Channel = 'amazon' | 'storefront'
/** Quantities of a channel as they arrived, by the machine's one clock. */
type Arrival = [channel: Channel, sku: string, quantity: number, at: number]
interface Change {
  sku: string
  /** What the other channel must show from here on, or less. */
  left: number
  at: number
}

const nowMs = () => Number(process.hrtime.bigint()) / 1e6

export const eventToPush: Bench = {
  name: 'event-to-push',
  about: `From a committed change to the quantity on the wire, at ${perSecond} orders a second`,
  async run(run) {
    const server = await startServer()
    const receiver = startPeer('receiver.ts', `${import.meta.dirname}/ours`)
    const { db } = await openOurs(server, 'ours')
    let worker: Worker | undefined
    try {
      const { origin } = await receiver.ask<{ origin: string }>('open', { onHand })
      const feed = pacedFeed()
      const connectors = new Map<string, Connector>([
        [amazon.channel, feed.connector],
        [storefront.channel, storefront],
      ])
      const ctx = openContext(server, stampedDatabase(db, feed.committed), {
        registry: connectors,
        fetch,
        wake: () => worker?.wake(),
      })
      const catalog = await fillCatalog(ctx, { skus, onHand, onAmazon: 'all', origin })
      // The allowance of Amazon is what a simulator would lift.
      await db.run('update budgets set rate = 100000, burst = 100000, tokens = 100000 where account_id = $1', [
        catalog.amazon.id,
      ])
      worker = startWorker(ctx, { holder: 'bench', isDead: () => false, leaseMs: 15_000, idleMs: 500, scanMs: 1_000 })
      await measure(run, { ctx, catalog, feed, receiver })
      await worker.stop()
      await ctx.journal.flush()
    } finally {
      await receiver.close()
      await db.close()
      await server.stop()
    }
  },
}

interface Parts {
  ctx: Context
  catalog: Catalog
  feed: ReturnType<typeof pacedFeed>
  receiver: Peer
}

async function measure(run: Run, parts: Parts): Promise<void> {
  const durationMs = run.quick ? 5_000 : 20_000
  const sold = new Map<string, number>()
  const names = { toStore: 'Amazon order → store webhook', toAmazon: 'store checkout → Amazon PATCH' }
  const rounds = { toStore: [] as Spread[], toAmazon: [] as Spread[] }
  await sleep(1_500)
  for (let round = 0; round < run.rounds; round += 1) {
    const orders = await feedOrders(parts, sold, round, durationMs)
    rounds.toStore.push(spreadOf(orders, await arrived(parts.receiver, 'storefront', orders)))
    const checkouts = await checkOut(parts, sold, round, durationMs)
    rounds.toAmazon.push(spreadOf(checkouts, await arrived(parts.receiver, 'amazon', checkouts)))
    run.note(`${names.toStore}: ${JSON.stringify(rounds.toStore.at(-1))}`)
    run.note(`${names.toAmazon}: ${JSON.stringify(rounds.toAmazon.at(-1))}`)
  }
  for (const way of ['toStore', 'toAmazon'] as const) {
    const missing = rounds[way].reduce((sum, one) => sum + one.missing, 0)
    // A change that never arrived is later than any other.
    const values = (pick: (one: Spread) => number) => rounds[way].map((one) => (missing > 0 ? 60_000 : pick(one)))
    const figure = { case: names[way], unit: 'ms', better: 'lower' as const }
    run.figure({ metric: 'p50_ms', target: 10, ...figure, values: values((one) => one.p50) })
    run.figure({ metric: 'p99_ms', target: 50, ...figure, values: values((one) => one.p99) })
    run.figure({
      metric: 'lost',
      case: names[way],
      unit: 'changes',
      target: 0,
      better: 'equal',
      values: rounds[way].map((one) => one.missing),
    })
  }
}

/** A connector whose orders come at their pace: a page of ten 20 times a second, whoever asks. */
function pacedFeed() {
  const pages: { orders: IncomingOrder[]; due: number }[] = []
  let handedOut: IncomingOrder[] = []
  let onCommit: (orders: IncomingOrder[], at: number) => void = () => {}
  const { listings: _, ...rest } = amazon
  const connector: Connector = {
    ...rest,
    orders: {
      ...amazon.orders!,
      everyMs: 200,
      async pull() {
        const page = pages.shift()
        if (page) await sleep(Math.max(0, page.due - nowMs()))
        handedOut = page?.orders ?? []
        return { items: handedOut, next: {}, more: pages.length > 0, watermark: new Date() }
      },
    },
  }
  return {
    connector,
    pages,
    committed: (at: number) => onCommit(handedOut, at),
    listen: (listener: typeof onCommit) => {
      onCommit = listener
    },
  }
}

/** Tells when a transaction that stored orders has returned. */
function stampedDatabase(db: Database, committed: (at: number) => void): Database {
  return {
    ...db,
    async transaction(work) {
      let storesOrders = false
      const result = await db.transaction((tx) =>
        work({
          ...tx,
          send: (text, values) => {
            storesOrders ||= text.startsWith('insert into orders (')
            return tx.send(text, values)
          },
        }),
      )
      if (storesOrders) committed(nowMs())
      return result
    },
  }
}

async function feedOrders(
  { ctx, feed, receiver }: Parts,
  sold: Map<string, number>,
  round: number,
  durationMs: number,
): Promise<Change[]> {
  const changes: Change[] = []
  const count = Math.round(((durationMs / 1_000) * perSecond) / pageSize)
  const made = pagesOf(count, pageSize, { prefix: `e${round}`, skus, random: seeded(round + 1), at: new Date() })
  let left = made.length
  const done = new Promise<void>((resolve) => {
    feed.listen((orders, at) => {
      const lines = orders.flatMap((order) => order.lines)
      for (const line of lines) changes.push(soldNow(sold, line.remoteSku!, line.quantity, at))
      void receiver.ask('sell', { channel: 'amazon', lines: lines.map((line) => [line.remoteSku, line.quantity]) })
      left -= 1
      if (left === 0) resolve()
    })
  })
  const began = nowMs() + 300
  feed.pages.push(...made.map((orders, index) => ({ orders, due: began + (index * 1_000 * pageSize) / perSecond })))
  ctx.wake()
  await done
  return afterWarmUp(changes, began)
}

/** A checkout every five milliseconds, whether the ones before are answered or not. */
async function checkOut(
  { ctx, catalog, receiver }: Parts,
  sold: Map<string, number>,
  round: number,
  durationMs: number,
): Promise<Change[]> {
  const reserve = openReserve(ctx)
  const random = seeded(1_000 + round)
  const changes: Change[] = []
  const under: Promise<void>[] = []
  const began = nowMs() + 300
  for (let index = 0; index < (durationMs / 1_000) * perSecond; index += 1) {
    await sleep(Math.max(0, began + (index * 1_000) / perSecond - nowMs()))
    const sku = skuOf(Math.floor(random() * skus))
    under.push(
      reserve(catalog.store, { reference: `c${round}:${index}`, lines: [{ sku, quantity: 1 }] }).then(() => {
        changes.push(soldNow(sold, sku, 1, nowMs()))
        void receiver.ask('sell', { channel: 'storefront', lines: [[sku, 1]] })
      }),
    )
  }
  await Promise.all(under)
  return afterWarmUp(changes, began)
}

function soldNow(sold: Map<string, number>, sku: string, quantity: number, at: number): Change {
  const total = (sold.get(sku) ?? 0) + quantity
  sold.set(sku, total)
  return { sku, left: onHand - total, at }
}

const afterWarmUp = (changes: readonly Change[], began: number) => changes.filter((one) => one.at >= began + warmMs)

/** What arrived of a channel, once every change has, or after a while without. */
async function arrived(receiver: Peer, channel: Channel, changes: readonly Change[]): Promise<Arrival[]> {
  const all: Arrival[] = []
  const limit = nowMs() + 60_000
  for (;;) {
    all.push(...(await receiver.ask<Arrival[]>('take')).filter(([one]) => one === channel))
    if (spreadOf(changes, all).missing === 0 || nowMs() > limit) return all
    await sleep(100)
  }
}

interface Spread {
  changes: number
  missing: number
  p50: number
  p99: number
  max: number
}

/** How long after its commit each change first stood in what arrived. */
function spreadOf(changes: readonly Change[], arrivals: readonly Arrival[]): Spread {
  const bySku = new Map<string, Arrival[]>()
  for (const one of arrivals) bySku.set(one[1], [...(bySku.get(one[1]) ?? []), one])
  const took: number[] = []
  let missing = 0
  for (const { sku, left, at } of changes) {
    const first = bySku.get(sku)?.find(([, , quantity]) => quantity <= left)
    if (first) took.push(Math.max(0, first[3] - at))
    else missing += 1
  }
  const sorted = took.sort((a, b) => a - b)
  return {
    changes: changes.length,
    missing,
    p50: quantile(sorted, 0.5),
    p99: quantile(sorted, 0.99),
    max: sorted.at(-1) ?? Number.NaN,
  }
}
