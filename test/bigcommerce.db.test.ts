/** Amazon and a store at BigCommerce on one stock: guarded, through every trouble; shipped once, copied once. */
import { expect, test } from 'vitest'
import { findAccount } from '../src/database/accounts.ts'
import { ensureJournalDays } from '../src/database/journal.ts'
import { connectAccount } from '../src/operations/connect-account.ts'
import type { AccountAtWork } from '../src/operations/context.ts'
import { followCopies } from '../src/operations/follow-copies.ts'
import { addLocation, addProduct } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { sendErrands } from '../src/operations/send-errands.ts'
import { setWriteThrough } from '../src/operations/set-write-through.ts'
import { shipOrder } from '../src/operations/ship-order.ts'
import { planCopies } from '../src/operations/write-through.ts'
import { emptyDatabase } from './simulation/installation.ts'
import { type StoreTruth, storeBench, storeItem, storeSecrets, storeSettings } from './support/bigcommerce.ts'
import { useDatabase } from './support/database.ts'
import { guardedDays, patienceMs, printCount } from './support/iterations.ts'
import { createWorld, seeded, workFor } from './support/world.ts'

const own = useDatabase()
const minute = 60_000
const skus = ['MUG', 'ONE,TWO', 'LAMP']
const accounts = ['Amazon', 'Store']
const base = 'http://simulator.test'

interface Truth {
  amazon: { shown: Record<string, number>; sold: Record<string, number>; orders: { id: string; status: string }[] }
  bigcommerce: StoreTruth
}

async function shop(seed: number, units: number, options: Parameters<typeof storeBench>[1] = {}) {
  await emptyDatabase(own.db)
  const lifecycle = { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 }
  const bench = storeBench(
    skus.map((sku, index) => ({ ...storeItem(sku, 0), asin: `B0SIM0000${index}`, amazon: { quantity: 0 } })),
    options,
    { seed, amazon: { limits: 'none', lifecycle } },
  )
  const { ctx } = createWorld(own.db, {
    seed,
    now: () => bench.sim.now(),
    fetch: bench.fetch,
    allowedOrigins: [base],
  })
  await ensureJournalDays(own.db, ctx.clock.now(), 3)
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
    await connectAccount(tx, ctx, {
      channel: 'bigcommerce',
      name: 'Store',
      stage: 'live',
      settings: storeSettings,
      secrets: storeSecrets(),
    })
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
async function turn({ ctx, work, bench }: Shop, times = 1): Promise<void> {
  for (let count = 0; count < times; count += 1) {
    for (const name of accounts) {
      const one = await work(name)
      while ((await pullOrders(ctx, one)).more);
      while ((await pushStock(ctx, one)).sent > 0);
      await readStock(ctx, one)
      await planCopies(ctx, one)
      await followCopies(ctx, one)
      await sendErrands(ctx, one)
    }
    await bench.pass(minute)
  }
}

const truthOf = async ({ bench }: Shop) => (await bench.control<{ channels: Truth }>('/state')).channels
const levelOf = async (sku: string) =>
  await own.db.one(
    'select p.on_hand, p.reserved, p.short from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
    [sku],
  )

const troubles: [operation: string, kind: string, more?: object][] = [
  ['setInventory', 'timeout-after-apply'],
  ['setInventory', 'drop'],
  ['setInventory', 'malformed'],
  ['setInventory', 'status', { status: 500 }],
  ['setInventory', 'refuse'],
  ['getInventoryItems', 'stale-read'],
  ['getInventoryItems', 'status', { status: 503 }],
  ['getOrders', 'duplicate'],
  ['getOrders', 'malformed'],
  ['getOrders', 'omit', { delayMs: 45_000 }],
  ['*', 'bucket-halved'],
]

async function promises(): Promise<void> {
  const [row] = await own.db.rows<{ broken: number; short: number; uncovered: number }>(
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
    const late = { effectMs: { min: 500, max: 20_000 }, listLagMs: { min: 0, max: 40_000 } }
    const it = await shop(seed, units, { ...late, pendingShare: 0.2, incompleteShare: 0.2 })
    const random = seeded(seed)
    const pick = <T>(list: readonly T[]) => list[Math.floor(random() * list.length)]!
    await turn(it, 15)
    const before = await truthOf(it)
    for (const channel of ['amazon', 'bigcommerce'] as const)
      expect(Object.values(before[channel].shown).some((shown) => shown > 0)).toBe(true)
    for (let n = 0; n < 40; n += 1) {
      if (random() < 0.3) {
        const [operation, kind, more] = pick(troubles)
        await it.bench.fault(operation, kind, { count: 1, ...more })
      }
      // Other programs of the seller's spend of the same allowance, now and then all of it.
      if (random() < 0.2) await it.bench.control('/bigcommerce', { others: random() < 0.3 ? 1_000 : 100 })
      for (let buyers = Math.floor(random() * 3); buyers > 0; buyers -= 1) {
        const wanted = { channel: pick(['amazon', 'bigcommerce']), sku: pick(skus), quantity: random() < 0.8 ? 1 : 2 }
        await it.bench.control('/orders', wanted).then(
          () => void (sold += 1),
          () => void (refused += 1),
        )
      }
      await turn(it)
      await promises()
    }
    await it.bench.clearFaults()
    await turn(it, 25)
    await promises()
    const { amazon, bigcommerce } = await truthOf(it)
    for (const sku of skus) {
      const gone = (amazon.sold[sku] ?? 0) + (bigcommerce.sold[sku] ?? 0)
      const shown = amazon.shown[sku]! + bigcommerce.shown[sku]!
      expect(gone + shown, `${sku} of seed ${seed}`).toBeLessThanOrEqual(units)
    }
    // At rest every slot shows its wish, and every order is known once.
    const slots = await own.db.rows<{ wish: number; confirmed: number; channel: keyof Truth; sku: string }>(
      `select s.wish, s.confirmed_value as confirmed, a.channel, s.remote_sku as sku from stock_slots s join accounts a on a.id = s.account_id`,
    )
    const shown = { amazon: amazon.shown, bigcommerce: bigcommerce.shown }
    expect(slots.map((slot) => [slot.channel, slot.sku, slot.confirmed, slot.wish])).toEqual(
      slots.map((slot) => [slot.channel, slot.sku, shown[slot.channel][slot.sku], shown[slot.channel][slot.sku]]),
    )
    const known = await own.db.one<{ units: number }>('select sum(quantity) as units from order_lines')
    const all = [amazon, bigcommerce].flatMap((one) => Object.values(one.sold)).reduce((sum, one) => sum + one, 0)
    expect(Number(known!.units)).toBe(all)
  }
  expect(sold).toBeGreaterThan(10 * guardedDays)
  printCount('purchases on Amazon and BigCommerce of one guarded stock', sold)
  process.stdout.write(`  ${refused} found nothing shown\n`)
})

test('an order of the store: in once, its own sale written nowhere, shipped once though the answer was lost', async () => {
  const it = await shop(5, 20)
  await turn(it, 15)
  expect((await truthOf(it)).bigcommerce.shown.MUG).toBeGreaterThanOrEqual(2)
  const writes = async () => (await it.bench.truth()).effects.filter(({ sku }) => sku === 'MUG').length
  const count = await writes()
  const remoteId = await it.bench.buy('MUG', 2)
  await turn(it, 4)
  const orders = async () =>
    await own.db.rows<{ id: string; remote_id: string; state: string }>('select id, remote_id, state from orders')
  const [order, ...more] = await orders()
  expect([order!.remote_id, order!.state, more]).toEqual([remoteId, 'open', []])
  expect(await levelOf('MUG')).toEqual({ on_hand: 20, reserved: 2, short: 0 })
  expect(await writes()).toBe(count)
  await it.bench.fault('createShipment', 'timeout-after-apply', { count: 1 })
  await own.db.transaction((tx) =>
    shipOrder(tx, it.ctx, order!.id, { carrier: 'UPS', trackingNumber: '1Z999AA10123456784' }, { actor: 'test' }),
  )
  await turn(it, 8)
  const there = (await truthOf(it)).bigcommerce.orders.find(({ id }) => id === remoteId)
  expect(there).toMatchObject({ shipments: 1, status: 'Shipped' })
  expect((await it.bench.truth()).calls.createShipment!.count).toBe(1)
  expect((await orders()).map(({ state }) => state)).toEqual(['shipped'])
  expect(await levelOf('MUG')).toEqual({ on_hand: 18, reserved: 0, short: 0 })
  const errands = await own.db.rows<{ state: string }>('select state from errands')
  expect(errands).toEqual([{ state: 'applied' }])
})

test('an order of Amazon is copied into the store once, and the store’s number stays as it is', async () => {
  const it = await shop(6, 20)
  await turn(it, 25)
  const row = (await findAccount(own.db, 'Amazon'))!
  await own.db.transaction((tx) => setWriteThrough(tx, it.ctx, row, { store: 'Store', isOn: true }, 'Ann'))
  await it.bench.fault('createOrder', 'timeout-after-apply', { count: 1 })
  const shownBefore = (await truthOf(it)).bigcommerce.shown.MUG!
  const written = (await it.bench.truth()).effects.length
  const { orderId } = await it.bench.control<{ orderId: string }>('/orders', {
    channel: 'amazon',
    sku: 'MUG',
    quantity: 2,
  })
  await turn(it, 25)
  const { bigcommerce } = await truthOf(it)
  expect(bigcommerce.orders).toHaveLength(1)
  expect(bigcommerce.calls.createOrder!.count).toBe(1)
  const sinceThen = bigcommerce.effects.slice(written).filter(({ sku }) => sku === 'MUG')
  // Only what we write moves it; the copy itself never does.
  expect(bigcommerce.shown.MUG).toBe(sinceThen.at(-1)?.quantity ?? shownBefore)
  expect(await levelOf('MUG')).toEqual({ on_hand: 20, reserved: 2, short: 0 })
  expect(await own.db.rows('select remote_id from orders')).toEqual([{ remote_id: orderId }])
  // Shipped in the store, told to Amazon.
  const store = await it.work('Store')
  const [told] = await own.db.rows<{ lines: { remoteId: string }[] }>('select lines from order_copies')
  const answer = await store.connector.shipments!.confirm(store.account, {
    reference: '1',
    orderRemoteId: bigcommerce.orders[0]!.id,
    lines: [{ remoteId: told!.lines[0]!.remoteId, quantity: 2 }],
    shippedAt: it.ctx.clock.now(),
    carrier: 'UPS',
    trackingNumber: '1Z999AA10123456784',
    trackingUrl: null,
  })
  expect(answer.kind).toBe('applied')
  await turn(it, 25)
  expect(await own.db.rows('select remote_id, state from orders')).toEqual([{ remote_id: orderId, state: 'shipped' }])
  expect(await levelOf('MUG')).toEqual({ on_hand: 18, reserved: 0, short: 0 })
})
