/** A million variants on four accounts: all slots compared with what they should show, and one stock change at that size. */
import { openDatabase } from '../src/database/pool.ts'
import type { Context } from '../src/operations/context.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { reconcileSlots } from '../src/operations/reconcile-slots.ts'
import type { Bench, Run } from './bench.ts'
import { median, quantile } from './figure.ts'
import { openContext, openOurs, startServer } from './ground.ts'
import { fillMillion, putAtRest, shopSkuOf } from './ours/million.ts'

const wrongWishes = 1_000
const lostStocks = 500
const changes = 400

export const reconcile: Bench = {
  name: 'reconcile',
  about: 'Every slot of a million variants compared with what it should show, and one stock change at that size',
  async run(run) {
    const variants = run.quick ? 40_000 : 1_000_000
    const server = await startServer()
    try {
      const { db, url } = await openOurs(server, 'ours')
      const ctx = openContext(server, db)
      await fillMillion(ctx, variants, run.note)
      const rounds: Round[] = []
      for (let round = 0; round < run.rounds; round += 1) {
        rounds.push(await compare(ctx, variants, round))
        run.note(JSON.stringify(rounds.at(-1)))
        if (round + 1 < run.rounds) await putAtRest(ctx, () => {})
      }
      // What the comparisons left is swept as the product's server does it by itself.
      const quiet = openDatabase(url, { max: 1, queryTimeoutMs: 600_000 })
      await quiet.run('vacuum')
      await quiet.close()
      const times = await changeStock(ctx, variants)
      report(run, rounds, times)
      await db.close()
    } finally {
      await server.stop()
    }
  },
}

interface Round {
  seconds: number
  planned: number
  differing: number
  needless: number
  missed: number
}

/** Wrong wishes and lost stock that nobody told, one comparison, and what would leave after it. */
async function compare({ db, ...rest }: Context, variants: number, round: number): Promise<Round> {
  const ctx = { ...rest, db }
  const step = Math.floor(variants / (wrongWishes + lostStocks))
  const places = Array.from({ length: wrongWishes + lostStocks }, (_, index) => index * step + round)
  const skus = places.map(shopSkuOf)
  await db.run(
    `update stock_slots s set wish = s.wish + 1 from variants v, accounts a
     where v.sku = any($1) and s.variant_id = v.id and a.id = s.account_id and a.channel = 'storefront'`,
    [skus.slice(0, wrongWishes)],
  )
  await db.run(
    `update pool_levels p set on_hand = 0, uncovered = p.claimed from variants v where v.sku = any($1) and p.variant_id = v.id`,
    [skus.slice(wrongWishes)],
  )
  const lost = (await db.one<{ writes: number }>(
    `select count(*) as writes from stock_slots s join variants v on v.id = s.variant_id where v.sku = any($1) and s.confirmed_value > 0`,
    [skus.slice(wrongWishes)],
  ))!
  const began = performance.now()
  const found = await reconcileSlots(ctx, { mend: true })
  const seconds = (performance.now() - began) / 1_000
  const due = (await db.one<{ all: number; lost: number }>(
    `select count(*) as all, count(*) filter (where v.sku = any($1) and s.wish = 0) as lost
     from stock_slots s join variants v on v.id = s.variant_id where s.dirty and not s.waits`,
    [skus.slice(wrongWishes)],
  ))!
  return {
    seconds,
    planned: found.planned,
    differing: found.differing,
    needless: due.all - due.lost,
    missed: lost.writes - due.lost,
  }
}

/** One after the other, each as a whole. */
async function changeStock(ctx: Context, variants: number): Promise<number[]> {
  const times: number[] = []
  for (let change = 0; change < changes; change += 1) {
    const sku = shopSkuOf((change * 7_919 + 13) % variants)
    const began = performance.now()
    await ctx.db.transaction((tx) =>
      moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 1 }, 'bench'),
    )
    times.push(performance.now() - began)
  }
  return times.sort((a, b) => a - b)
}

function report(run: Run, rounds: readonly Round[], times: readonly number[]): void {
  const all = (of: (one: Round) => number) => rounds.map(of)
  run.figure({ metric: 'seconds', unit: 's', target: 5, better: 'lower', values: all((one) => one.seconds) })
  const rss = process.resourceUsage().maxRSS / 1_024
  run.figure({ metric: 'rss_mb', unit: 'MB', target: 300, better: 'lower', values: [rss] })
  const none = { unit: 'writes', target: 0, better: 'equal' } as const
  run.figure({ metric: 'needless_writes', ...none, values: all((one) => one.needless) })
  run.figure({ metric: 'missed_writes', ...none, values: all((one) => one.missed) })
  const change = { metric: 'change_ms', unit: 'ms', better: 'lower' } as const
  run.figure({ ...change, target: 5, values: [median(times)] })
  run.figure({ ...change, case: '99 % within', values: [quantile(times, 0.99)] })
}
