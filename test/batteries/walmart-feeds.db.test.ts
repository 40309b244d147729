/**
 * R34 at Walmart: ten files an hour, and a file that is too large. Whatever becomes of files, sell-outs leave first, by single
 * calls, and so does the rest. The hub's own pump by a clock moved by hand, and its own budget.
 */
import { expect, test } from 'vitest'
import { collectFeeds } from '../../src/operations/collect-feeds.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { Context } from '../../src/operations/context.ts'
import { addLocation } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { createPump } from '../../src/operations/push-stock.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { patienceMs } from '../support/iterations.ts'
import { walmartBench, walmartItem, walmartSecrets, walmartSettings } from '../support/walmart.ts'
import { createWorld, workFor } from '../support/world.ts'

const own = useDatabase()
const minute = 60_000
const many = 500
const skus = Array.from({ length: many }, (_, index) => `SKU-${index + 1}`)

/** Goods on the shelf, linked, read and known at 10; every slot is to show 4 now. */
async function stock(ctx: Context): Promise<void> {
  const now = ctx.clock.now()
  const ids = () => skus.map(() => ctx.newId())
  const [products, variants, slots, movements] = [ids(), ids(), ids(), ids()]
  const feeds = Array.from({ length: 8 }, () => ctx.newId())
  await own.db.transaction(async (tx) => {
    await tx.run(
      'insert into products (id, title, created_at) select t.*, $3 from unnest($1::uuid[], $2::text[]) as t',
      [products, skus, now],
    )
    await tx.run(
      'insert into variants (id, product_id, sku, title, created_at) select v, p, s, s, $4 from unnest($1::uuid[], $2::uuid[], $3::text[]) as t(v, p, s)',
      [variants, products, skus, now],
    )
    await tx.run(
      `insert into stock_levels (variant_id, location_id, on_hand, unsellable, allocated)
       select v, (select id from locations where code = 'MAIN'), 20, 0, 0 from unnest($1::uuid[]) as v`,
      [variants],
    )
    await tx.run(
      `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short, claimed, mode)
       select v, 20, 0, 0, 0, 0, 10, 'shared' from unnest($1::uuid[]) as v`,
      [variants],
    )
    await tx.run(
      `insert into stock_movements (id, variant_id, location_id, kind, on_hand, unsellable, reserved, allocated, short, cause, actor, at)
       select m, v, (select id from locations where code = 'MAIN'), 'receipt', 20, 0, 0, 0, 0, 'first ' || v, 'test', $3 from unnest($1::uuid[], $2::uuid[]) as t(m, v)`,
      [movements, variants, now],
    )
    await tx.run(
      `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish, wish_at,
         confirmed_value, confirmed_version, confirmed_at, claim, show_cap)
       select s, (select id from accounts), '', k, v, 1, true, 4, $4, 10, 0, $4, 10, 4 from unnest($1::uuid[], $2::text[], $3::uuid[]) as t(s, k, v)`,
      [slots, skus, variants, now],
    )
    // Files of the days before were quick, so that the planner would choose one.
    await tx.run(
      `insert into feeds (id, account_id, state, lines, begun_at, left_at, ended_at, took_ms, outcome, outcome_detail)
       select t.id, (select id from accounts), 'ended', 1, $2, $2, $2, 1000, 'done', '{"code": "past"}' from unnest($1::uuid[]) as t(id)`,
      [feeds, new Date(now.getTime() - 60 * minute)],
    )
  })
}

async function opened() {
  await emptyDatabase(own.db)
  const bench = walmartBench(
    skus.map((sku) => walmartItem(sku, 10)),
    { limits: 'published' },
  )
  const { ctx } = createWorld(own.db, {
    seed: 1,
    now: () => bench.sim.now(),
    fetch: bench.fetch,
    allowedOrigins: ['http://simulator.test'],
  })
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    const given = { channel: 'walmart', name: 'Walmart', stage: 'live' as const }
    await connectAccount(tx, ctx, { ...given, settings: { ...walmartSettings, programs: [] }, secrets: walmartSecrets })
  })
  await stock(ctx)
  const work = await workFor(ctx, 'Walmart')
  const renew = async () => {
    Object.assign(work.lease(), { until: ctx.monotonic() + minute })
    await own.db.run('update leases set expires_at = $1', [new Date(ctx.clock.now().getTime() + minute)])
  }
  await renew()
  await takeOver(ctx, work)
  const pump = createPump(ctx, work, { onAnswer: () => {}, onFeed: () => {} })
  const drive = async (ms: number) => {
    const end = bench.sim.now().getTime() + ms
    while (bench.sim.now().getTime() < end) {
      let next: Date | null = null
      for (let sent = 1; sent > 0; ) {
        await renew()
        const result = await pump.step()
        await pump.settled()
        sent = result.sent
        next = result.nextAt
      }
      await collectFeeds(ctx, work)
      const waitMs = next ? next.getTime() - bench.sim.now().getTime() : 10_000
      await bench.pass(Math.min(end - bench.sim.now().getTime(), Math.max(100, Math.min(waitMs, 20_000))))
    }
  }
  return { bench, ctx, drive }
}

const waiting = async () =>
  Number((await own.db.one<{ count: number }>('select count(*) as count from stock_slots where dirty'))!.count)

test.each(['rationed', 'refused as too large', 'taken'])(
  'R34: files are %s, and six SKUs sell out',
  async (how) => {
    const { bench, ctx, drive } = await opened()
    if (how === 'rationed') await bench.fault('updateBulkInventory', 'status', { status: 429 })
    if (how === 'refused as too large') await bench.fault('updateBulkInventory', 'too-large')
    const soldOut = skus.slice(-6)
    await own.db.transaction(async (tx) => {
      for (const sku of soldOut)
        await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity: -20 }, 'test')
    })
    // By single calls it takes as long as their allowance says, and some tries of files between.
    if (how === 'taken') await drive(30 * minute)
    else for (let minutes = 0; minutes < 15 && (await waiting()) > 0; minutes += 1) await drive(minute)
    const { effects, feeds, shown, calls } = await bench.truth()
    const singly = effects.filter(({ operation }) => operation === 'updateInventoryForAnItem')
    // Ten leave at once, so the first ones may arrive in any order.
    expect(singly.slice(0, 16).map(({ sku }) => sku)).toEqual(expect.arrayContaining(soldOut))
    expect(feeds.map(({ status }) => status)).toEqual(how === 'taken' ? ['PROCESSED'] : [])
    // Tried now and then, never in a row, and no single call is refused for lack of allowance.
    expect(calls.updateBulkInventory?.count ?? 0).toBeLessThanOrEqual(how === 'taken' ? 1 : 4)
    expect(calls.updateInventoryForAnItem!.throttled).toBe(0)
    expect(await waiting()).toBe(0)
    const wrong = skus.filter((sku) => shown[sku] !== (soldOut.includes(sku) ? 0 : 4))
    expect(wrong).toEqual([])
    expect(await own.db.rows(`select code from findings where code = 'slot_refused' and resolved_at is null`)).toEqual(
      [],
    )
  },
  patienceMs,
)
