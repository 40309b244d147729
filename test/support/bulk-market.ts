/**
 * A hub with many goods on one Amazon account, each shown and known, and a change of all of them: the pump and the
 * collector of feeds against the simulated marketplace over real HTTP, by a clock moved by hand and the hub's own budget.
 */
import assert from 'node:assert/strict'
import type { AmazonOptions } from '../../simulator/types.ts'
import type { Database } from '../../src/database/pool.ts'
import { applyPublishingRules } from '../../src/operations/apply-publishing-rules.ts'
import { collectFeeds } from '../../src/operations/collect-feeds.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { addRule, changeRule } from '../../src/operations/manage-publishing-rules.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { createPump, type Pump } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { takeOver } from '../../src/operations/take-over.ts'
import { stateOf } from '../simulation/checks.ts'
import { amazonName } from '../simulation/installation.ts'
import { goods } from './feed-lines.ts'
import { type Market, minute, openMarket } from './market.ts'
import { workFor } from './world.ts'

/** Units on the shelf of each SKU, and what the marketplace shows of them at first. */
export const onHand = 20
export const firstShown = 10

export interface Bulk {
  market: Market
  ctx: Context
  ruleId: string
  skus: string[]
  work(): Promise<AccountAtWork>
  pump(): Promise<Pump>
  /** What every slot shows at most from now on. */
  cap(units: number): Promise<void>
  sellOut(sku: string): Promise<void>
  /** Time goes by while the hub works. Ends early where `until` says so. */
  drive(ms: number, until?: () => Promise<boolean>): Promise<void>
  /** Everything in memory is gone; a new holder takes the account over. */
  restart(): void
  shown(): Promise<Record<string, number>>
  /** Slots whose wish is not what the marketplace shows, or that still wait. */
  unsettled(): Promise<number>
  feeds(): Promise<{ state: string; outcome: string | null; lines: number; detail: Record<string, unknown> | null }[]>
  /** Quantities above 0 that left for a slot while a feed that was not over carried it. */
  overlaps(): Promise<number>
  close(): Promise<void>
}

export interface BulkOptions {
  skus: number
  feedPace?: AmazonOptions['feedPace']
  /** How long the account's feeds took so far. */
  tookMs?: number
  amazon?: AmazonOptions
  /** Reads slots and orders, too. */
  isReading?: boolean
  /** Looks at least so often. */
  everyMs?: number
}

export async function openBulk(db: Database, options: BulkOptions): Promise<Bulk> {
  const catalog = goods(options.skus)
  const market = await openMarket(db, {
    catalog,
    bare: true,
    amazon: { ...(options.feedPace ? { feedPace: options.feedPace } : {}), ...options.amazon },
  })
  const { ctx } = market
  const plainDb = ctx.db
  const skus = catalog.map((one) => one.sku)
  await stock(ctx, skus)
  if (options.tookMs !== undefined) await remember(ctx, options.tookMs)
  const ruleId = await db.transaction((tx) => addRule(tx, ctx, {}, { cap: firstShown }, 'test'))
  const settle = async () => {
    while ((await applyPublishingRules(ctx)).next !== 'idle');
  }
  await settle()
  let held: Promise<AccountAtWork> | undefined
  let pumping: Promise<Pump> | undefined
  const now = () => ctx.clock.now().getTime()

  async function work(): Promise<AccountAtWork> {
    held ??= workFor(ctx, amazonName, `holder ${ctx.newId()}`).then(async (one) => {
      await takeOver(ctx, one)
      return one
    })
    const one = await held
    // The lease of a living process is always renewed in time.
    Object.assign(one.lease(), { until: ctx.monotonic() + minute })
    await plainDb.run('update leases set expires_at = $1', [new Date(now() + minute)])
    return one
  }

  async function round(): Promise<Date | null> {
    const pump = await bulk.pump()
    let at: Date | null = null
    for (let sent = 1; sent > 0; ) {
      await work()
      const result = await pump.step()
      await pump.settled()
      sent = result.sent
      at = result.nextAt
    }
    const asked = await collectFeeds(ctx, await work())
    return [at, asked].reduce((first, one) => (one && (!first || one < first) ? one : first), null)
  }

  let pullAt = 0
  async function look(): Promise<void> {
    if (now() >= pullAt) {
      pullAt = now() + 3 * minute
      while ((await pullOrders(ctx, await work())).more);
    }
    for (let read = 1; read > 0; ) read = (await readStock(ctx, await work())).read
  }

  const bulk: Bulk = {
    market,
    ctx,
    ruleId,
    skus,
    work,
    async pump() {
      pumping ??= work().then((one) => createPump(ctx, one, { onAnswer: () => {}, onFeed: () => {} }))
      return await pumping
    },
    async cap(units) {
      await db.transaction((tx) => changeRule(tx, ctx, ruleId, { cap: units }, 'test'))
      await settle()
    },
    async sellOut(sku) {
      const row = await db.one<{ on_hand: number }>(
        'select p.on_hand from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
        [sku],
      )
      const move = { sku, location: 'MAIN', kind: 'adjustment' as const, quantity: -row!.on_hand }
      await db.transaction((tx) => moveStock(tx, ctx, move, 'test'))
    },
    async drive(ms, until) {
      const end = now() + ms
      while (now() < end && !(await until?.())) {
        const next = await round()
        if (options.isReading) await look()
        const pause = Math.min(
          end - now(),
          Math.max(1, (next?.getTime() ?? Number.POSITIVE_INFINITY) - now()),
          options.everyMs ?? 20_000,
        )
        await market.pass(pause)
      }
    },
    restart() {
      held = undefined
      pumping = undefined
      ctx.db = plainDb
    },
    shown: async () => (await stateOf(market)).channels.amazon.shown,
    async unsettled() {
      const shown = await bulk.shown()
      const slots = await db.rows<{ remote_sku: string; wish: number; dirty: boolean; live: number | null }>(
        'select remote_sku, wish, dirty, live_value as live from stock_slots',
      )
      return slots.filter((slot) => slot.dirty || shown[slot.remote_sku] !== slot.wish).length
    },
    feeds: async () =>
      await db.rows(
        `select state, outcome, lines, outcome_detail as detail from feeds where not coalesce(outcome_detail->>'code' = 'past', false) order by begun_at, id`,
      ),
    async overlaps() {
      const row = await db.one<{ count: number }>(
        `select count(*) as count from effects e join feeds f on f.id = (e.intent->>'feed')::uuid
           join effects o on o.subject = e.subject and o.id <> e.id and o.intended_at >= e.intended_at and (o.intent->>'version')::int > (e.intent->>'version')::int
             and (o.intent->>'quantity')::int > 0 and (f.ended_at is null or o.intended_at < f.ended_at)`,
      )
      return row!.count
    },
    close: () => market.close(),
  }
  return bulk
}

/** Goods on the shelf, linked, read and known: nothing is open. */
async function stock(ctx: Context, skus: readonly string[]): Promise<void> {
  const { db } = ctx
  const now = ctx.clock.now()
  const ids = () => skus.map(() => ctx.newId())
  const [products, variants, slots, movements] = [ids(), ids(), ids(), ids()]
  await db.transaction(async (tx) => {
    await tx.run(
      'insert into products (id, title, created_at) select t.*, $3 from unnest($1::uuid[], $2::text[]) as t',
      [products, skus, now],
    )
    await tx.run(
      `insert into variants (id, product_id, sku, title, created_at)
       select v, p, s, s, $4 from unnest($1::uuid[], $2::uuid[], $3::text[]) as t(v, p, s)`,
      [variants, products, skus, now],
    )
    await tx.run(
      `insert into stock_levels (variant_id, location_id, on_hand, unsellable, allocated)
       select v, (select id from locations), $2, 0, 0 from unnest($1::uuid[]) as v`,
      [variants, onHand],
    )
    await tx.run(
      `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short, claimed)
       select v, $2, 0, 0, 0, 0, $3 from unnest($1::uuid[]) as v`,
      [variants, onHand, firstShown],
    )
    await tx.run(
      `insert into stock_movements (id, variant_id, location_id, kind, on_hand, unsellable, reserved, allocated, short, cause, actor, at)
       select m, v, (select id from locations), 'receipt', $3, 0, 0, 0, 0, 'first ' || v, 'test', $4 from unnest($1::uuid[], $2::uuid[]) as t(m, v)`,
      [movements, variants, onHand, now],
    )
    await tx.run(
      `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish, wish_at,
         confirmed_value, confirmed_version, confirmed_at, claim, show_cap)
       select s, (select id from accounts), 'na', k, v, 1, true, $4, $5, $4, 0, $5, $4, $4 from unnest($1::uuid[], $2::text[], $3::uuid[]) as t(s, k, v)`,
      [slots, skus, variants, firstShown, now],
    )
  })
  const { count } = (await db.one<{ count: number }>(
    'select count(*) as count from stock_slots where dirty is not true',
  ))!
  assert.equal(count, skus.length)
}

/** Feeds of the days before took so long. */
async function remember(ctx: Context, tookMs: number): Promise<void> {
  const begun = (index: number) => new Date(ctx.clock.now().getTime() - (index + 1) * 60 * minute)
  await ctx.db.run(
    `insert into feeds (id, account_id, state, lines, begun_at, left_at, ended_at, took_ms, outcome, outcome_detail)
     select t.id, (select id from accounts), 'ended', 1, t.at, t.at, t.at, $3, 'done', '{"code": "past"}' from unnest($1::uuid[], $2::timestamptz[]) as t(id, at)`,
    [Array.from({ length: 8 }, () => ctx.newId()), Array.from({ length: 8 }, (_, index) => begun(index)), tookMs],
  )
}
