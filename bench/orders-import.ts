/**
 * Durable orders a second, from pages of 100, through the operation that pulls orders: one transaction a page with its
 * cursor. The peer is the usual queue: BullMQ over Redis, a job an order. Then the same pages once more, all known.
 */
import { amazon } from '../src/channels/amazon/index.ts'
import type { Connector } from '../src/channels/connector.ts'
import { storefront } from '../src/channels/storefront/index.ts'
import type { IncomingOrder } from '../src/domain/orders.ts'
import type { AccountAtWork, Context } from '../src/operations/context.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import type { Bench, Run } from './bench.ts'
import { openContext, openOurs, startServer } from './ground.ts'
import { workOn } from './ours/at-work.ts'
import { type Catalog, fillCatalog } from './ours/catalog.ts'
import { pagesOf, seeded, unitsOf } from './ours/pages.ts'
import { installedVersion, missingPeers, type Peer, startPeer, startRedis } from './peer.ts'

const skus = 10_000
const onHand = 1_000_000
const pageSize = 100

interface Round {
  perSecond: number
  replayPerSecond: number
  lost: number
  doubled: number
}

export const ordersImport: Bench = {
  name: 'orders-import',
  about: 'Durable orders a second from pages of 100, against BullMQ + Redis',
  async run(run) {
    const server = await startServer()
    const redis = await startRedis()
    const why = redis ? await missingPeers() : 'redis-server is not installed (Debian: apt-get install redis-server)'
    const peer = redis && !why ? startPeer('bullmq.js') : undefined
    try {
      const ours = await openOurSide(server)
      if (peer) {
        await peer.ask('open', { url: await server.create('bullmq'), port: redis!.port, skus, onHand })
        run.peer('BullMQ + Redis', {
          versions: { bullmq: installedVersion('bullmq'), ioredis: installedVersion('ioredis'), redis: redis!.version },
          durability: 'Redis AOF everysec; PostgreSQL fsync on, the same server as ours',
          batch:
            'addBulk of 100, worker concurrency 16, one transaction an order; finished jobs kept 1 h, at most 1,000',
        })
      }
      const own: Round[] = []
      const other: Round[] = []
      const pages = run.quick ? 20 : 60
      for (let round = 0; round < run.rounds; round += 1) {
        const prefix = `r${round}`
        const made = pagesOf(pages, pageSize, { prefix, skus, random: seeded(round + 1), at: new Date() })
        own.push(await ourRound(ours, made, prefix))
        run.note(`ours: ${JSON.stringify(own.at(-1))}`)
        if (!peer) continue
        other.push(await peerRound(peer, made, prefix))
        run.note(`BullMQ: ${JSON.stringify(other.at(-1))}`)
      }
      report(run, own, other, why)
      await peer?.ask('close')
      await ours.ctx.journal.flush()
      await ours.ctx.db.close()
    } finally {
      await peer?.close()
      await redis?.stop()
      await server.stop()
    }
  },
}

function report(run: Run, own: readonly Round[], other: readonly Round[], why: string | undefined): void {
  const isBroken = own.some((round) => round.lost > 0 || round.doubled > 0)
  const peerName = 'BullMQ + Redis'
  const ratio = (pick: (round: Round) => number) =>
    own.map((round, index) => (isBroken ? 0 : pick(round) / pick(other[index]!)))
  const wants = { unit: '×', better: 'higher' as const, peer: peerName }
  const speed = { metric: 'ratio', target: 20, ...wants }
  const replay = { metric: 'replay_ratio', target: 50, ...wants }
  if (why) {
    run.skip(speed, why)
    run.skip(replay, why)
  } else {
    run.figure({ ...speed, values: ratio((round) => round.perSecond) })
    run.figure({ ...replay, values: ratio((round) => round.replayPerSecond) })
  }
  const rate = { unit: 'orders/s', better: 'higher' as const }
  run.figure({
    metric: 'orders_per_s',
    target: 3_000,
    ...rate,
    values: own.map((round) => (isBroken ? 0 : round.perSecond)),
  })
  run.figure({ metric: 'lost', unit: 'orders', target: 0, better: 'equal', values: own.map((round) => round.lost) })
  run.figure({
    metric: 'doubled',
    unit: 'orders',
    target: 0,
    better: 'equal',
    values: own.map((round) => round.doubled),
  })
  run.figure({ metric: 'orders_per_s', case: 'replay', ...rate, values: own.map((round) => round.replayPerSecond) })
  if (why) return
  const theirs = { ...rate, peer: peerName }
  run.figure({ metric: 'orders_per_s', case: 'peer', ...theirs, values: other.map((round) => round.perSecond) })
  run.figure({
    metric: 'orders_per_s',
    case: 'peer-replay',
    ...theirs,
    values: other.map((round) => round.replayPerSecond),
  })
  for (const metric of ['lost', 'doubled'] as const)
    run.figure({
      metric,
      case: 'peer',
      unit: 'orders',
      better: 'lower',
      peer: peerName,
      values: other.map((round) => round[metric]),
    })
}

interface OurSide {
  ctx: Context
  work: AccountAtWork
  catalog: Catalog
  /** What the channel answers to the next pulls. */
  feed: IncomingOrder[][]
}

async function openOurSide(server: Awaited<ReturnType<typeof startServer>>): Promise<OurSide> {
  const { db } = await openOurs(server, 'ours')
  const feed: IncomingOrder[][] = []
  const fed: Connector = {
    ...amazon,
    orders: {
      ...amazon.orders!,
      everyMs: 180_000,
      async pull() {
        const items = feed.shift() ?? []
        return { items, next: { page: feed.length }, more: feed.length > 0, watermark: new Date() }
      },
    },
  }
  const ctx = openContext(server, db, {
    registry: new Map([
      [fed.channel, fed],
      ['storefront', storefront],
    ]),
  })
  const catalog = await fillCatalog(ctx, { skus, onHand, onAmazon: onHand / 2 })
  // Somebody listens to what happens to orders, so that events are written too.
  await db.run(
    'insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, $4, $5)',
    [
      ctx.newId(),
      'https://erp.example/hook',
      ['order.imported', 'order.changed'],
      ctx.sealing.sealSecret('whsec_none', 'webhook:bench'),
      new Date(),
    ],
  )
  return { ctx, work: await workOn(ctx, catalog.amazon), catalog, feed }
}

async function ourRound({ ctx, work, feed }: OurSide, pages: IncomingOrder[][], prefix: string): Promise<Round> {
  const orders = pages.flat()
  const before = await reserved(ctx)
  const take = async (): Promise<number> => {
    feed.push(...pages)
    const began = performance.now()
    for (let page = 0; page < pages.length; page += 1) await pullOrders(ctx, work)
    return (orders.length / (performance.now() - began)) * 1_000
  }
  const perSecond = await take()
  const replayPerSecond = await take()
  const stored = (await ctx.db.one<{ orders: number; different: number; units: number; sealed: number }>(
    `select count(*) as orders, count(distinct remote_id) as different,
       coalesce((select sum(l.quantity * l.units_per_sale)::bigint from order_lines l join orders x on x.id = l.order_id where x.remote_id like $1), 0) as units,
       (select count(*) from buyer_data b join orders x on x.id = b.order_id where x.remote_id like $1) as sealed
     from orders where remote_id like $1`,
    [`${prefix}-%`],
  ))!
  const moved = (await reserved(ctx)) - before
  const units = unitsOf(orders)
  return {
    perSecond,
    replayPerSecond,
    lost:
      orders.length - Math.min(stored.different, stored.sealed) + Math.max(0, units - Math.min(moved, stored.units)),
    doubled: stored.orders - stored.different + Math.max(0, Math.max(moved, stored.units) - units),
  }
}

async function reserved(ctx: Context): Promise<number> {
  return (await ctx.db.one<{ units: number }>('select sum(reserved)::bigint as units from pool_levels'))!.units
}

async function peerRound(peer: Peer, pages: IncomingOrder[][], prefix: string): Promise<Round> {
  const orders = pages.flat()
  // The buyer stands in the raw text too; the peer keeps that, unsealed.
  const jobs = pages.map((page) => page.map(({ buyer: _, ...order }) => order))
  const ask = (command: string, data: unknown) => peer.ask<Record<string, number>>(command, data)
  const before = await ask('verify', { prefix: 'none' })
  const first = await ask('run', { pages: jobs, expect: orders.length })
  // What the queue still remembers it drops by itself; the rest is looked up.
  const again = await ask('run', { pages: jobs, expect: 0 })
  const after = await ask('verify', { prefix: `${prefix}-` })
  const moved = after.reserved! - before.reserved!
  const units = unitsOf(orders)
  return {
    perSecond: (orders.length / first.tookMs!) * 1_000,
    replayPerSecond: (orders.length / again.tookMs!) * 1_000,
    lost: orders.length - after.different! + Math.max(0, units - moved),
    doubled: after.orders! - after.different! + Math.max(0, moved - units),
  }
}
