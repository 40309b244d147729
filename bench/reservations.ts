/**
 * Reservations a second in a closed loop of 64 callers: over one SKU, and over 10,000. The peer is Medusa's inventory
 * module with the lock per item that its stock flow takes, on the same server.
 */
import type { Context } from '../src/operations/context.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import type { Bench, Run } from './bench.ts'
import { openContext, openOurs, type Server, startServer } from './ground.ts'
import { type Catalog, fillCatalog, skuOf } from './ours/catalog.ts'
import { measureHttp } from './ours/over-http.ts'
import { openReserve, type Reserve } from './ours/reserve.ts'
import { installedVersion, missingPeers, type Peer, startPeer } from './peer.ts'
import { closedLoop, type Loop } from './peers/serve.ts'

const skus = 10_000
const plenty = 1_000_000_000
const callers = 64
const peerName = '@medusajs/inventory'

interface Judged extends Loop {
  /** Units that were given away without being there, or taken without being given. */
  wrong: number
}

interface Rounds {
  hot: Judged[]
  spread: Judged[]
  half: Pick<Judged, 'perSecond' | 'wrong'>[]
  peerHot: Judged[]
  peerSpread: Judged[]
}

interface Ours {
  ctx: Context
  catalog: Catalog
  reserve: Reserve
  url: string
}

export const reservations: Bench = {
  name: 'reservations',
  about: 'Durable reservations a second on one SKU and on 10,000, against Medusa with its lock',
  async run(run) {
    const server = await startServer()
    const why = await missingPeers()
    const peer = why ? undefined : startPeer('medusa.js')
    try {
      const { db, url } = await openOurs(server, 'ours')
      const ctx = openContext(server, db)
      const catalog = await fillCatalog(ctx, { skus, onHand: plenty, onAmazon: 0 })
      const ours: Ours = { ctx, catalog, reserve: openReserve(ctx), url }
      if (peer) await openPeer(run, server, peer)
      const durationMs = run.quick ? 2_500 : 5_000
      const rounds: Rounds = { hot: [], spread: [], half: [], peerHot: [], peerSpread: [] }
      for (let round = 0; round < run.rounds; round += 1) {
        rounds.hot.push(await ourLoop(ours, `h${round}`, 1, durationMs))
        if (peer) rounds.peerHot.push(await peer.ask<Judged>('run', { hot: true, callers, durationMs }))
        rounds.spread.push(await ourLoop(ours, `s${round}`, skus, durationMs))
        if (peer) rounds.peerSpread.push(await peer.ask<Judged>('run', { hot: false, callers, durationMs }))
        rounds.half.push(await halfRefused(ours, `d${round}`, (rounds.hot.at(-1)!.perSecond * durationMs) / 1_000))
        for (const [name, list] of Object.entries(rounds))
          if (list.length > 0) run.note(`${name}: ${JSON.stringify(list.at(-1))}`)
      }
      const http = await measureHttp(run, ours, durationMs)
      report(run, rounds, http, why)
      await peer?.ask('close')
      await db.close()
    } finally {
      await peer?.close()
      await server.stop()
    }
  },
}

async function openPeer(run: Run, server: Server, peer: Peer): Promise<void> {
  await peer.ask('open', { url: await server.create('medusa') })
  await peer.ask('seed', { count: skus, stocked: plenty })
  run.peer(peerName, {
    versions: { '@medusajs/inventory': installedVersion('@medusajs/inventory') },
    durability: 'PostgreSQL fsync on, the same server as ours',
    batch: 'one createReservationItems a call, with an in-process lock per inventory item around it',
  })
}

/** Each caller asks for the next unit as soon as it has its answer. */
async function ourLoop(
  { ctx, catalog, reserve }: Ours,
  name: string,
  over: number,
  durationMs: number,
): Promise<Judged> {
  const before = await reservedUnits(ctx)
  const loop = await closedLoop(callers, durationMs, async (caller, turn) => {
    const sku = skuOf(over === 1 ? 0 : Math.floor(Math.random() * over))
    const asked = { reference: `${name}:${caller}:${turn}`, lines: [{ sku, quantity: 1 }] }
    return (await reserve(catalog.store, asked)) !== undefined
  })
  const moved = (await reservedUnits(ctx)) - before
  const lines = await reservationLines(ctx, name)
  return { ...loop, wrong: Math.abs(moved - loop.done) + Math.abs(lines - loop.done) }
}

/** As many ask as twice the units there are: exactly half of them may get one. */
async function halfRefused(
  { ctx, catalog, reserve }: Ours,
  name: string,
  wanted: number,
): Promise<Pick<Judged, 'perSecond' | 'wrong'>> {
  const asks = Math.max(callers, 2 * Math.floor(wanted / 2))
  const stock = asks / 2
  const sku = skuOf(1)
  const given = (await ctx.db.one<{ reserved: number }>(
    'select p.reserved from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
    [sku],
  ))!.reserved
  await ctx.db.transaction((tx) =>
    moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'count', quantity: given + stock }, 'bench'),
  )
  const before = await reservedUnits(ctx)
  let accepted = 0
  let next = 0
  const began = performance.now()
  const loop = async () => {
    while (next < asks) {
      next += 1
      if (await reserve(catalog.store, { reference: `${name}:${next}`, lines: [{ sku, quantity: 1 }] })) accepted += 1
    }
  }
  await Promise.all(Array.from({ length: callers }, loop))
  const perSecond = (asks / (performance.now() - began)) * 1_000
  const moved = (await reservedUnits(ctx)) - before
  return { perSecond, wrong: Math.abs(accepted - stock) + Math.abs(moved - accepted) }
}

async function reservedUnits(ctx: Context): Promise<number> {
  return (await ctx.db.one<{ units: number }>('select sum(reserved)::bigint as units from pool_levels'))!.units
}

async function reservationLines(ctx: Context, name: string): Promise<number> {
  return (await ctx.db.one<{ units: number }>(
    `select coalesce(sum(l.quantity), 0)::bigint as units from reservation_lines l join reservations r on r.id = l.reservation_id where r.reference like $1`,
    [`${name}:%`],
  ))!.units
}

function report(run: Run, rounds: Rounds, http: Judged, why: string | undefined): void {
  const wrong = rounds.hot.map((hot, round) => hot.wrong + rounds.spread[round]!.wrong + rounds.half[round]!.wrong)
  wrong[wrong.length - 1]! += http.wrong
  const isBroken = wrong.some((units) => units > 0)
  const rate = { unit: 'reservations/s', better: 'higher' as const }
  const compare = (metric: string, own: Judged[], other: Judged[], target?: number) => {
    const figure = { metric, unit: '×', better: 'higher' as const, peer: peerName, ...(target ? { target } : {}) }
    if (why) run.skip(figure, why)
    else
      run.figure({
        ...figure,
        values: own.map((loop, round) => (isBroken ? 0 : loop.perSecond / other[round]!.perSecond)),
      })
  }
  compare('hot_ratio', rounds.hot, rounds.peerHot, 200)
  compare('spread_ratio', rounds.spread, rounds.peerSpread)
  for (const name of ['hot', 'spread'] as const) {
    run.figure({
      metric: 'p99_ms',
      case: name,
      unit: 'ms',
      target: 50,
      better: 'lower',
      values: rounds[name].map((loop) => loop.p99),
    })
    run.figure({ metric: 'per_s', case: name, ...rate, values: rounds[name].map((loop) => loop.perSecond) })
  }
  run.figure({
    metric: 'per_s',
    case: 'hot, half refused',
    unit: 'decisions/s',
    better: 'higher',
    values: rounds.half.map((loop) => loop.perSecond),
  })
  run.figure({ metric: 'http_per_s', ...rate, values: [http.perSecond] })
  run.figure({ metric: 'p99_ms', case: 'http', unit: 'ms', better: 'lower', values: [http.p99] })
  run.figure({ metric: 'oversold', unit: 'units', target: 0, better: 'equal', values: wrong })
  if (why) return
  const theirs = { peer: peerName, ...rate }
  run.figure({ metric: 'per_s', case: 'peer hot', ...theirs, values: rounds.peerHot.map((loop) => loop.perSecond) })
  run.figure({
    metric: 'per_s',
    case: 'peer spread',
    ...theirs,
    values: rounds.peerSpread.map((loop) => loop.perSecond),
  })
  run.figure({
    metric: 'p99_ms',
    case: 'peer hot',
    unit: 'ms',
    better: 'lower',
    peer: peerName,
    values: rounds.peerHot.map((loop) => loop.p99),
  })
  run.figure({
    metric: 'oversold',
    case: 'peer',
    unit: 'units',
    better: 'lower',
    peer: peerName,
    values: rounds.peerHot.map((loop, round) => loop.wrong + rounds.peerSpread[round]!.wrong),
  })
}
