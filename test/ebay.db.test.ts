/** Amazon and eBay on one stock, guarded: buyers on both, writes that are lost, late and doubled; nothing is oversold. */
import { expect, test } from 'vitest'
import { connectAccount } from '../src/operations/connect-account.ts'
import type { AccountAtWork } from '../src/operations/context.ts'
import { addLocation, addProduct } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { emptyDatabase } from './simulation/installation.ts'
import { useDatabase } from './support/database.ts'
import { ebayBench, ebayItem, ebaySecrets, ebaySettings } from './support/ebay.ts'
import { guardedDays, patienceMs, printCount } from './support/iterations.ts'
import { createWorld, seeded, workFor } from './support/world.ts'

const own = useDatabase()
const minute = 60_000
const skus = ['MUG', 'TEA TOWEL/RED+2', 'LAMP']
const accounts = ['Amazon', 'eBay']
const base = 'http://simulator.test'

interface Truth {
  channels: Record<'amazon' | 'ebay', { shown: Record<string, number>; sold: Record<string, number> }>
}

async function shop(seed: number, units: number) {
  await emptyDatabase(own.db)
  const catalog = skus.map((sku, index) => ({
    ...ebayItem(sku, index, { marketplaceIds: index === 0 ? ['EBAY_US', 'EBAY_GB'] : ['EBAY_US'] }),
    asin: `B0SIM0000${index}`,
    amazon: { quantity: 1 },
  }))
  const lifecycle = { slowPaymentShare: 0.2, buyerCancelShare: 0, cancelRequestShare: 0.1 }
  // Late and slow as the simulated eBay is by itself.
  const effectMs = { min: 1_000, max: 15_000, tail: 2 * minute, tailShare: 0.05 }
  const lagMs = { typical: 45_000, tail: 8 * minute, tailShare: 0.15 }
  const bench = ebayBench(catalog, { lifecycle, effectMs, lagMs, limits: 'published' }, seed, {
    amazon: { lifecycle: { ...lifecycle, pendingCancelShare: 0 } },
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
    const ebay = { channel: 'ebay', name: 'eBay', stage: 'live' as const, settings: ebaySettings, secrets: ebaySecrets }
    await connectAccount(tx, ctx, ebay)
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
  }
  await bench.pass(minute)
}

const truthOf = async ({ bench }: Shop) => (await bench.control<Truth>('/state')).channels

const troubles: [operation: string, kind: string, more?: object][] = [
  ['bulkUpdatePriceQuantity', 'timeout-after-apply'],
  ['bulkUpdatePriceQuantity', 'drop'],
  ['bulkUpdatePriceQuantity', 'malformed'],
  ['bulkUpdatePriceQuantity', 'status', { status: 500 }],
  ['bulkUpdatePriceQuantity', 'duplicate'],
  ['bulkUpdatePriceQuantity', 'reorder'],
  ['bulkUpdatePriceQuantity', 'refuse'],
  ['bulkGetInventoryItem', 'status', { status: 503 }],
  ['getOrders', 'duplicate'],
  ['getOrders', 'reorder'],
  ['getOrders', 'malformed'],
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
    for (const channel of ['amazon', 'ebay'] as const)
      expect(Object.values(before[channel].shown).some((shown) => shown > 0)).toBe(true)
    for (let n = 0; n < 70; n += 1) {
      if (random() < 0.3) {
        const [operation, kind, more] = pick(troubles)
        await it.bench.fault(operation, kind, { count: 1, ...more })
      }
      for (let buyers = Math.floor(random() * 3); buyers > 0; buyers -= 1) {
        const wanted = { channel: pick(['amazon', 'ebay']), sku: pick(skus), quantity: random() < 0.8 ? 1 : 2 }
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
    const { amazon, ebay } = await truthOf(it)
    for (const sku of skus) {
      const gone = (amazon.sold[sku] ?? 0) + (ebay.sold[sku] ?? 0)
      expect(gone, `${sku} of seed ${seed}`).toBeLessThanOrEqual(units)
      expect(gone + amazon.shown[sku]! + ebay.shown[sku]!, `${sku} of seed ${seed}`).toBeLessThanOrEqual(units)
    }
    // At rest every slot shows its wish, and every order is known.
    const slots = await it.ctx.db.rows<{ wish: number; confirmed: number; channel: 'amazon' | 'ebay'; sku: string }>(
      `select s.wish, s.confirmed_value as confirmed, a.channel, s.remote_sku as sku from stock_slots s join accounts a on a.id = s.account_id`,
    )
    const shown = { amazon: amazon.shown, ebay: ebay.shown }
    expect(slots.map((slot) => [slot.channel, slot.sku, slot.confirmed, slot.wish])).toEqual(
      slots.map((slot) => [slot.channel, slot.sku, shown[slot.channel][slot.sku], shown[slot.channel][slot.sku]]),
    )
    const known = await it.ctx.db.one<{ units: number }>('select sum(quantity) as units from order_lines')
    const all = [amazon, ebay].flatMap((one) => Object.values(one.sold)).reduce((sum, one) => sum + one, 0)
    expect(Number(known!.units)).toBe(all)
  }
  expect(sold).toBeGreaterThan(20 * guardedDays)
  printCount('purchases on Amazon and eBay of one guarded stock', sold)
  process.stdout.write(`  ${refused} found nothing shown\n`)
})

test('a purchase on eBay lowers Amazon and writes nothing to eBay; one on Amazon lowers eBay', {
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
  expect([between.ebay.shown.MUG, await writes()]).toEqual([before.ebay.shown.MUG! - 3, count])
  await it.bench.control('/orders', { channel: 'amazon', sku: 'MUG', quantity: 2 })
  for (let n = 0; n < 20; n += 1) await turn(it)
  expect((await truthOf(it)).ebay.shown.MUG).toBe(between.ebay.shown.MUG! - 2)
})
