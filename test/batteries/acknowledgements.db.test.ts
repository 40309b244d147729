/**
 * Orders at Walmart must be acknowledged within four hours. The hub was down for three and a half with all of them waiting;
 * Walmart takes one a second. Answers are lost on the way, and no order may be acknowledged twice.
 */
import { expect, test } from 'vitest'
import { planAcknowledgements, watchDeadlines } from '../../src/operations/acknowledge-orders.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { addLocation, addProduct } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { sendErrands } from '../../src/operations/send-errands.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { ordersToAcknowledge, patienceMs, printCount } from '../support/iterations.ts'
import { type WalmartBench, walmartBench, walmartItem, walmartSecrets, walmartSettings } from '../support/walmart.ts'
import { createWorld, workFor } from '../support/world.ts'

const own = useDatabase()
const minute = 60_000
const hour = 60 * minute
const sku = 'MUG'

async function installation(bench: WalmartBench) {
  await emptyDatabase(own.db)
  const world = createWorld(own.db, {
    seed: 1,
    now: () => bench.sim.now(),
    fetch: bench.fetch,
    allowedOrigins: ['http://simulator.test'],
  })
  const { ctx } = world
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    const given = { channel: 'walmart', name: 'Walmart', stage: 'live' as const }
    await connectAccount(tx, ctx, { ...given, settings: { ...walmartSettings, programs: [] }, secrets: walmartSecrets })
    await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
    await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: 10_000 }, 'test')
  })
  let one: AccountAtWork | undefined
  const work = async () => {
    one ??= await workFor(ctx, 'Walmart')
    Object.assign(one.lease(), { until: ctx.monotonic() + minute })
    await own.db.run('update leases set expires_at = $1', [new Date(ctx.clock.now().getTime() + minute)])
    return one
  }
  while ((await pullListings(ctx, await work())).more);
  return { ctx, work }
}
type Installation = Awaited<ReturnType<typeof installation>>

const openFindings = async () =>
  await own.db.rows<{ code: string; severity: string; data: { count: number } }>(
    `select code, severity, data from findings where resolved_at is null and code in ('acknowledgements_pressing', 'orders_canceled_soon') order by code`,
  )

/** What the loops do until nothing is due for a minute; answers how many calls were made. */
async function catchUp({ ctx, work }: Installation, bench: WalmartBench, untilMs: number): Promise<number> {
  const end = bench.sim.now().getTime() + untilMs
  let pulledAt = 0
  let calls = 0
  while (bench.sim.now().getTime() < end) {
    const one = await work()
    if (bench.sim.now().getTime() - pulledAt >= minute) {
      while ((await pullOrders(ctx, one)).more);
      pulledAt = bench.sim.now().getTime()
      await watchDeadlines(ctx, one)
    }
    await planAcknowledgements(ctx, one)
    const { done, nextAt } = await sendErrands(ctx, one)
    calls += done
    const nextPull = pulledAt + minute - bench.sim.now().getTime()
    const waitMs = nextAt ? nextAt.getTime() - bench.sim.now().getTime() : nextPull
    await bench.pass(done > 0 ? 50 : Math.max(50, Math.min(waitMs, nextPull)))
  }
  return calls
}

const acknowledged = async (bench: WalmartBench) => {
  const { orders, effects } = await bench.truth()
  const sent = new Map<string, number>()
  for (const one of effects.filter(({ operation }) => operation === 'acknowledgeOrders'))
    sent.set(one.sku, (sent.get(one.sku) ?? 0) + 1)
  return { orders, sent }
}

test('three and a half hours of downtime: every order within four hours, none twice', {
  timeout: patienceMs,
}, async () => {
  const count = ordersToAcknowledge
  const bench = walmartBench([walmartItem(sku, 9_000)], {
    limits: 'published',
    lagMs: { typical: 30_000, tail: 2 * minute, tailShare: 0.05 },
  })
  const it = await installation(bench)
  for (let n = 0; n < count; n += 1) {
    await bench.buy(sku)
    await bench.pass((3.5 * hour) / count)
  }
  for (const kind of ['timeout-after-apply', 'drop', 'malformed', 'timeout-after-apply', 'drop'])
    await bench.fault('acknowledgeOrders', kind, { count: 1 })
  await bench.fault('acknowledgeOrders', 'status', { status: 429, count: 2 })
  const one = await it.work()
  while ((await pullOrders(it.ctx, one)).more);
  await watchDeadlines(it.ctx, one)
  // Said before the deadline passes: some have less than an hour left.
  const [finding] = await openFindings()
  expect(finding).toMatchObject({ code: 'acknowledgements_pressing', severity: 'warning' })
  expect(finding!.data.count).toBeGreaterThan(count / 10)
  expect(finding!.data.count).toBeLessThan(count / 2)
  const calls = await catchUp(it, bench, 35 * minute + count * 1_050)
  const { orders, sent } = await acknowledged(bench)
  const late = orders.map(({ id, createdTime, acknowledgedTime }) => ({
    id,
    tookMs:
      acknowledgedTime === null ? Number.POSITIVE_INFINITY : Date.parse(acknowledgedTime) - Date.parse(createdTime),
  }))
  expect(orders).toHaveLength(count)
  expect(late.filter(({ tookMs }) => tookMs > 4 * hour)).toEqual([])
  expect([...sent.values()].filter((times) => times !== 1)).toEqual([])
  expect(sent.size).toBe(count)
  expect(await openFindings()).toEqual([])
  // None but the two that were planted: the pace is kept, and a bucket that is empty is not asked again and again.
  const { throttled } = (await bench.truth()).calls.acknowledgeOrders!
  expect(throttled).toBe(0)
  const notes = await own.db.one<{ unsent: number }>(
    `select count(*) filter (where outcome = 'not-sent')::float8 as unsent from effects where kind = 'acknowledgement.send'`,
  )
  expect(notes!.unsent).toBeLessThan(calls + count)
  printCount('orders acknowledged after 3.5 h of downtime', count)
  const longest = Math.max(...late.map(({ tookMs }) => tookMs))
  process.stdout.write(`  the last after ${(longest / hour).toFixed(3)} h; ${notes!.unsent} tries found no allowance\n`)
})

test('an order that nobody ships is shown before Walmart cancels it', { timeout: patienceMs }, async () => {
  const bench = walmartBench([walmartItem(sku, 10)], { shipWithinMs: 24 * hour })
  const it = await installation(bench)
  await bench.buy(sku, 2)
  await bench.pass(5 * minute)
  await catchUp(it, bench, 5 * minute)
  expect(await openFindings()).toEqual([])
  await bench.pass(4.5 * 24 * hour)
  const one = await it.work()
  while ((await pullOrders(it.ctx, one)).more);
  await watchDeadlines(it.ctx, one)
  expect(await openFindings()).toMatchObject([
    { code: 'orders_canceled_soon', severity: 'warning', data: { count: 1 } },
  ])
  await bench.pass(24 * hour)
  await catchUp(it, bench, 5 * minute)
  expect(await openFindings()).toEqual([])
  const [order] = await own.db.rows<{ state: string; acknowledge_by: Date | null }>(
    'select state, acknowledge_by from orders',
  )
  expect(order).toEqual({ state: 'canceled', acknowledge_by: null })
})

test('canceled before it could be acknowledged: nothing is sent', { timeout: patienceMs }, async () => {
  const bench = walmartBench([walmartItem(sku, 10)])
  const it = await installation(bench)
  const id = await bench.buy(sku)
  await bench.pass(5 * minute)
  const one = await it.work()
  while ((await pullOrders(it.ctx, one)).more);
  expect(await planAcknowledgements(it.ctx, one)).toBe(1)
  expect(await planAcknowledgements(it.ctx, one)).toBe(0)
  await bench.control(`/orders/${id}/cancel`, {})
  await bench.pass(5 * minute)
  await it.work()
  while ((await pullOrders(it.ctx, one)).more);
  await planAcknowledgements(it.ctx, one)
  expect((await sendErrands(it.ctx, await it.work())).done).toBe(0)
  expect((await acknowledged(bench)).sent.size).toBe(0)
})
