/** Amazon and Walmart on one stock, guarded: buyers on both, writes that are lost, late and doubled; nothing is oversold. */
import { expect, test } from 'vitest'
import { planAcknowledgements } from '../src/operations/acknowledge-orders.ts'
import { connectAccount } from '../src/operations/connect-account.ts'
import type { AccountAtWork } from '../src/operations/context.ts'
import { addLocation, addProduct } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { sendErrands } from '../src/operations/send-errands.ts'
import { shipOrder } from '../src/operations/ship-order.ts'
import { emptyDatabase } from './simulation/installation.ts'
import { useDatabase } from './support/database.ts'
import { guardedDays, patienceMs, printCount } from './support/iterations.ts'
import { walmartBench, walmartItem, walmartSecrets, walmartSettings } from './support/walmart.ts'
import { createWorld, seeded, workFor } from './support/world.ts'

const own = useDatabase()
const minute = 60_000
const skus = ['MUG', 'TEA TOWEL/RED+2', 'LAMP']
const accounts = ['Amazon', 'Walmart']
const base = 'http://simulator.test'

interface Truth {
  channels: Record<'amazon' | 'walmart', { shown: Record<string, number>; sold: Record<string, number> }>
}

async function shop(seed: number, units: number) {
  await emptyDatabase(own.db)
  const catalog = skus.map((sku, index) => ({
    ...walmartItem(sku, index),
    asin: `B0SIM0000${index}`,
    amazon: { quantity: 1 },
  }))
  const lifecycle = { fraudCancelShare: 0, cancelRequestShare: 0.1 }
  // Late and slow as the simulated Walmart is by itself, and worse.
  const effectMs = { min: 5_000, max: 90_000, tail: 10 * minute, tailShare: 0.05 }
  const lagMs = { typical: 2 * minute, tail: 8 * minute, tailShare: 0.15 }
  const bench = walmartBench(catalog, { lifecycle, effectMs, lagMs, limits: 'published' }, seed, {
    amazon: {
      lifecycle: { slowPaymentShare: 0.2, buyerCancelShare: 0, cancelRequestShare: 0.1, pendingCancelShare: 0 },
    },
  })
  const world = createWorld(own.db, {
    seed,
    now: () => bench.sim.now(),
    fetch: bench.fetch,
    allowedOrigins: [base],
  })
  const { ctx } = world
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    const settings = {
      sellerId: 'A1SIMULATEDSEL',
      region: 'na',
      marketplaceIds: ['ATVPDKIKX0DER'],
      endpoint: `${base}/amazon`,
      tokenEndpoint: `${base}/lwa/auth/o2/token`,
    }
    const secrets = {
      clientId: 'amzn1.application-oa2-client.simulated',
      clientSecret: 'amzn1.oa2-cs.v1.simulated',
      refreshToken: 'Atzr|simulated',
    }
    await connectAccount(tx, ctx, { channel: 'amazon', name: 'Amazon', stage: 'live', settings, secrets })
    const walmart = { channel: 'walmart', name: 'Walmart', stage: 'live' as const }
    await connectAccount(tx, ctx, { ...walmart, settings: walmartSettings, secrets: walmartSecrets })
    for (const sku of skus) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: units }, 'test')
    }
  })
  const works = new Map<string, AccountAtWork>()
  const work = async (name: string) => {
    const one = works.get(name) ?? (await workFor(ctx, name))
    works.set(name, one)
    Object.assign(one.lease(), { until: ctx.monotonic() + minute })
    await own.db.run('update leases set expires_at = $1', [new Date(ctx.clock.now().getTime() + minute)])
    return one
  }
  for (const name of accounts) while ((await pullListings(ctx, await work(name))).more);
  return { bench, ctx, work }
}
type Shop = Awaited<ReturnType<typeof shop>>

/** What the loops of both accounts do in a minute. */
async function turn({ ctx, work, bench }: Shop): Promise<void> {
  for (const name of accounts) {
    const one = await work(name)
    while ((await pullOrders(ctx, one)).more);
    while ((await pushStock(ctx, one)).sent > 0);
    await readStock(ctx, one)
    await planAcknowledgements(ctx, one)
    while ((await sendErrands(ctx, one)).done > 0);
  }
  await bench.pass(minute)
}

const truthOf = async ({ bench }: Shop) => (await bench.control<Truth>('/state')).channels

const troubles: [operation: string, kind: string, more?: object][] = [
  ['updateInventoryForAnItem', 'timeout-after-apply'],
  ['updateInventoryForAnItem', 'drop'],
  ['updateInventoryForAnItem', 'malformed'],
  ['updateInventoryForAnItem', 'status', { status: 520 }],
  ['updateInventoryForAnItem', 'status', { status: 429 }],
  ['updateInventoryForAnItem', 'duplicate'],
  ['updateInventoryForAnItem', 'reorder'],
  ['updateInventoryForAnItem', 'refuse'],
  ['getMultiNodeInventoryForSkuAndAllShipnodes', 'status', { status: 503 }],
  ['getAllOrders', 'duplicate'],
  ['getAllOrders', 'reorder'],
  ['getAllOrders', 'malformed'],
  ['acknowledgeOrders', 'timeout-after-apply'],
  ['acknowledgeOrders', 'drop'],
  ['*', 'expire-access'],
]

async function promises({ ctx }: Shop): Promise<void> {
  const [row] = await ctx.db.rows<{ broken: number; short: number; uncovered: number }>(
    `select count(*) filter (where claimed > on_hand - unsellable - reserved - allocated + uncovered) as broken,
       sum(short)::float8 as short, sum(uncovered)::float8 as uncovered from pool_levels`,
  )
  expect(row).toEqual({ broken: 0, short: 0, uncovered: 0 })
}

test('a pool sold out over both, with every trouble on the way', { timeout: patienceMs }, async () => {
  let sold = 0
  let refused = 0
  for (let seed = 1; seed <= guardedDays; seed += 1) {
    const units = 12
    const it = await shop(seed, units)
    const random = seeded(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
    for (let n = 0; n < 30; n += 1) await turn(it)
    const before = await truthOf(it)
    // Both show something of what there is.
    for (const channel of ['amazon', 'walmart'] as const)
      expect(Object.values(before[channel].shown).some((shown) => shown > 0)).toBe(true)
    for (let n = 0; n < 70; n += 1) {
      if (random() < 0.3) {
        const [operation, kind, more] = pick(troubles)
        await it.bench.fault(operation, kind, { count: 1, ...more })
      }
      for (let buyers = Math.floor(random() * 3); buyers > 0; buyers -= 1) {
        const wanted = { channel: pick(['amazon', 'walmart']), sku: pick(skus), quantity: random() < 0.8 ? 1 : 2 }
        await it.bench.control('/orders', wanted).then(
          () => void (sold += 1),
          () => void (refused += 1),
        )
      }
      await turn(it)
      await promises(it)
    }
    await it.bench.clearFaults()
    for (let n = 0; n < 45; n += 1) await turn(it)
    await promises(it)
    const { amazon, walmart } = await truthOf(it)
    for (const sku of skus) {
      const gone = (amazon.sold[sku] ?? 0) + (walmart.sold[sku] ?? 0)
      expect(gone, `${sku} of seed ${seed}`).toBeLessThanOrEqual(units)
      expect(gone + amazon.shown[sku]! + walmart.shown[sku]!, `${sku} of seed ${seed}`).toBeLessThanOrEqual(units)
    }
    // Each of Walmart's orders is acknowledged, and none twice.
    await acknowledgedOnce(it)
    // At rest every slot shows its wish, and every order is known.
    const slots = await it.ctx.db.rows<{ wish: number; confirmed: number; channel: 'amazon' | 'walmart'; sku: string }>(
      `select s.wish, s.confirmed_value as confirmed, a.channel, s.remote_sku as sku from stock_slots s join accounts a on a.id = s.account_id`,
    )
    const shown = { amazon: amazon.shown, walmart: walmart.shown }
    expect(slots.map((slot) => [slot.channel, slot.sku, slot.confirmed, slot.wish])).toEqual(
      slots.map((slot) => [slot.channel, slot.sku, shown[slot.channel][slot.sku], shown[slot.channel][slot.sku]]),
    )
    const known = await it.ctx.db.one<{ units: number }>('select sum(quantity) as units from order_lines')
    const all = [amazon, walmart].flatMap((one) => Object.values(one.sold)).reduce((sum, one) => sum + one, 0)
    expect(Number(known!.units)).toBe(all)
  }
  expect(sold).toBeGreaterThan(20 * guardedDays)
  printCount('purchases on Amazon and Walmart of one guarded stock', sold)
  process.stdout.write(`  ${refused} found nothing shown\n`)
})

async function acknowledgedOnce({ bench }: Shop): Promise<void> {
  const { orders, effects } = await bench.truth()
  const sent = effects.filter(({ operation }) => operation === 'acknowledgeOrders').map((one) => one.sku)
  expect(sent.toSorted()).toEqual(orders.map(({ id }) => id).toSorted())
}

test('a purchase on Walmart lowers Amazon and writes nothing to Walmart; one on Amazon lowers Walmart', {
  timeout: patienceMs,
}, async () => {
  const it = await shop(7, 40)
  await own.db.run(`update pool_levels set mode = 'shared'`)
  for (let n = 0; n < 25; n += 1) await turn(it)
  const writes = async () => (await it.bench.truth()).effects.filter(({ sku }) => sku === 'MUG').length
  const before = await truthOf(it)
  const count = await writes()
  await it.bench.buy('MUG', 3)
  for (let n = 0; n < 15; n += 1) await turn(it)
  const between = await truthOf(it)
  expect(between.amazon.shown.MUG).toBe(before.amazon.shown.MUG! - 3)
  expect([between.walmart.shown.MUG, await writes()]).toEqual([before.walmart.shown.MUG! - 3, count])
  await it.bench.control('/orders', { channel: 'amazon', sku: 'MUG', quantity: 2 })
  for (let n = 0; n < 20; n += 1) await turn(it)
  expect((await truthOf(it)).walmart.shown.MUG).toBe(between.walmart.shown.MUG! - 2)
})

test('an order comes in once, is acknowledged, ships by our word, and is shipped', {
  timeout: patienceMs,
}, async () => {
  const it = await shop(3, 40)
  for (let n = 0; n < 20; n += 1) await turn(it)
  const id = await it.bench.buy('LAMP', 2)
  for (let n = 0; n < 12; n += 1) await turn(it)
  const orders = await own.db.rows<{ id: string; state: string; line: string }>(
    `select o.id, o.state, l.id as line from orders o join order_lines l on l.order_id = o.id where o.remote_id = $1`,
    [id],
  )
  expect(orders).toMatchObject([{ state: 'open' }])
  const { id: orderId, line } = orders[0]!
  await own.db.transaction(
    async (tx) =>
      await shipOrder(
        tx,
        it.ctx,
        orderId,
        { lines: [{ line, quantity: 2 }], carrier: 'UPS', trackingNumber: '1Z999AA10123456784' },
        { actor: 'test', cause: 'parcel-1' },
      ),
  )
  for (let n = 0; n < 15; n += 1) await turn(it)
  const { effects } = await it.bench.truth()
  const told = effects.filter(({ sku }) => sku === id).map(({ operation }) => operation)
  expect(told).toEqual(['acknowledgeOrders', 'shippingUpdates'])
  const [after] = await own.db.rows<{ state: string }>('select state from orders where id = $1', [orderId])
  expect(after).toEqual({ state: 'shipped' })
  await promises(it)
})
