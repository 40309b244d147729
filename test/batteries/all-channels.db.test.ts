/**
 * Every channel of the demo at once, and each by itself, with 1 % of every kind of fault: the hub's own operations in the order of its loops,
 * on a clock that the test moves. Nothing is lost, nothing is done twice, nothing is sold that is not there.
 */
import { expect, test } from 'vitest'
import type { CatalogItem } from '../../simulator/index.ts'
import { Problem } from '../../src/domain/errors.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { shipOrder } from '../../src/operations/ship-order.ts'
import { pick } from '../simulation/chance.ts'
import { checkClaims, checkRest, checkStep } from '../simulation/checks.ts'
import { emptyDatabase, type Installation, install } from '../simulation/installation.ts'
import { allChannels } from '../simulation/places.ts'
import { ordersIn, parcelsOf, stateOf } from '../simulation/theirs.ts'
import { type Loops, openLoops } from '../support/channel-loops.ts'
import { useDatabase } from '../support/database.ts'
import { countFaults, plantEverywhere } from '../support/every-fault.ts'
import { isLong, ordersOnAllChannels, patienceMs, printCount, secondsOnAllChannels } from '../support/iterations.ts'

const own = useDatabase()

/** Some goods are plenty, some are gone within a minute. */
const quantityOf = (index: number) => (index % 4 === 0 ? 1 : Math.ceil(ordersOnAllChannels / 60))
const catalogOn = (channels: readonly string[]): CatalogItem[] =>
  Array.from({ length: 40 }, (_, index) => ({
    sku: index === 1 ? 'AWK/WARD+1' : `SKU-${index + 1}`,
    title: `Thing ${index + 1}`,
    asin: `B0SIM${String(index + 1).padStart(5, '0')}`,
    price: 1_490,
    currency: 'USD',
    ...Object.fromEntries(channels.map((channel) => [channel, { quantity: quantityOf(index) }])),
  }))

/** A buyer somewhere wants something; whether the marketplace sold it. */
async function buy(it: Installation): Promise<boolean> {
  const channel = pick(it, it.channels)
  const sku = it.catalog[Math.floor(it.random() ** 1.5 * it.catalog.length)]!.sku
  const quantity = it.random() < 0.85 ? 1 : 2
  // A connection that breaks under a buyer of the store is a purchase that was not made, or one that it tells later.
  const answer = await it.control('/orders', { channel, sku, quantity }).catch(() => null)
  return answer?.status === 201
}

/** The warehouse: one parcel leaves, and a delivery comes for what is sold out. */
async function staff(it: Installation): Promise<void> {
  const { ctx } = it
  const order = await ctx.db.one<{ id: string; at: string }>(
    `select o.id, a.channel || ' ' || o.remote_id as at from orders o join accounts a on a.id = o.account_id
     where o.state = 'open' and a.channel <> 'storefront' and o.placed_at < $1
       and not exists (select 1 from errands e where e.order_id = o.id and e.kind <> 'acknowledgement')
       and not exists (select 1 from reservation_lines r join order_lines l on l.id = r.order_line_id where l.order_id = o.id and r.short > 0)
     order by o.placed_at, o.id limit 1`,
    [new Date(ctx.clock.now().getTime() - 10_000)],
  )
  if (order) {
    const parcel = { carrier: 'UPS', trackingNumber: `1Z${order.id.slice(-12)}` }
    // A buyer may have asked to cancel meanwhile.
    try {
      await ctx.db.transaction((tx) => shipOrder(tx, ctx, order.id, parcel, { actor: 'staff' }))
      it.left.add(order.at)
    } catch (error) {
      if (!(error instanceof Problem)) throw error
    }
  }
  if (it.random() > 0.1) return
  const { sku } = pick(it, it.catalog)
  const move = { sku, location: 'MAIN', kind: 'receipt', quantity: 12 } as const
  await ctx.db.transaction((tx) => moveStock(tx, ctx, move, 'staff'))
  it.brought.set(sku, (it.brought.get(sku) ?? 0) + 12)
}

/** No unit is sold twice, by the marketplaces' own word, and none is promised here that is not there. */
async function checkSold(it: Installation): Promise<void> {
  const sold = new Map<string, number>()
  for (const order of ordersIn(it, await stateOf(it))) {
    if (/^cancell?ed$/i.test(order.status)) continue
    for (const { sku, quantity } of order.lines) sold.set(sku, (sold.get(sku) ?? 0) + quantity)
  }
  for (const [sku, quantity] of sold) expect(quantity, `${sku} is oversold`).toBeLessThanOrEqual(it.brought.get(sku)!)
  const short = await it.ctx.db.one<{ units: number }>('select coalesce(sum(short), 0)::int as units from pool_levels')
  expect(short!.units, 'units promised that are not there').toBe(0)
}

/** A write that the network carries out twice is beyond what claims promise: at most once is assumed of it. */
async function passOverDoubled(it: Installation): Promise<void> {
  for (const { effects } of Object.values((await stateOf(it)).channels)) {
    const seen = new Set<string>()
    for (const { sku, quantity, at, operation } of effects.filter((one) => one.applied)) {
      const write = `${operation} ${sku} ${quantity} ${at}`
      if (seen.has(write)) it.meddled.add(sku)
      seen.add(write)
    }
  }
}

/** Every channel reads the last days again within that. */
const sweepsMs = 7 * 3_600_000

/** Until every order is known, told and shipped, and every slot shows what it should. */
async function rest(it: Installation, loops: Loops): Promise<void> {
  await it.control('/faults', undefined, 'DELETE')
  let swept = false
  for (let turns = 0; turns < 150; turns += 1) {
    it.advance(60_000)
    await it.sim.tick()
    await it.insistAgain()
    if (turns === 20) await it.ctx.db.run('update stock_slots set read_due_at = $1', [it.ctx.clock.now()])
    await loops.turn()
    if (turns <= 22 || (await loops.busy()).length > 0) continue
    if (swept) return
    // What a search left out is found by the next sweep only.
    it.advance(sweepsMs)
    swept = true
  }
  throw new Error(`it never came to rest: ${(await loops.busy()).join(', ')}`)
}

const calm = { buyerCancelShare: 0.01, cancelRequestShare: 0.02 }

/** All at once; and each beside the own store, where what is rare on one of seven happens often. */
const places: { channels: readonly string[]; orders: number; seconds: number; seed: number }[] = [
  { channels: allChannels, orders: ordersOnAllChannels, seconds: secondsOnAllChannels, seed: 5 },
  ...allChannels
    .filter((channel) => isLong && channel !== 'storefront')
    .flatMap((channel) =>
      [5, 11, 12].map((seed) => ({
        channels: [channel, 'storefront'],
        orders: ordersOnAllChannels * 0.3,
        seconds: secondsOnAllChannels,
        seed,
      })),
    ),
]

test.each(places)(
  '$orders orders on $channels, seed $seed: none lost, none double, none oversold, no needless refusal',
  {
    timeout: 2 * patienceMs,
  },
  async ({ channels, orders: wanted, seconds, seed }) => {
    await emptyDatabase(own.db)
    const catalog = catalogOn(channels)
    const units = (item: CatalogItem) => channels.length * quantityOf(catalog.indexOf(item))
    const it = await install(own.db, seed, { history: 0, channels, goods: { catalog, units }, lifecycle: calm })
    it.ctx.publicUrl = 'http://hub.test'
    const loops = openLoops(it)
    // The accounts are taken over and everything is known before the rush begins.
    for (let turns = 0; turns < 25; turns += 1) {
      it.advance(60_000)
      await it.sim.tick()
      await loops.turn()
    }
    const planted = await plantEverywhere(it)
    let placed = 0
    let refused = 0
    for (let second = 1; second <= seconds; second += 1) {
      const due = Math.round((wanted * second) / seconds)
      for (let tries = 0; placed < due && tries < 40; tries += 1) {
        if (await buy(it)) placed += 1
        else refused += 1
      }
      it.advance(1_000)
      await it.sim.tick()
      await staff(it)
      await loops.turn()
      if (second % 5 === 0) {
        await checkStep(it)
        await passOverDoubled(it)
        expect(await checkClaims(it)).toBeGreaterThan(0)
      }
      if (second % 10 === 0) await checkSold(it)
    }
    const faults = await countFaults(it)
    it.doubled = faults.doubled
    await rest(it, loops)
    await checkStep(it)
    await checkSold(it)
    await checkRest(it)
    const state = await stateOf(it)
    const orders = ordersIn(it, state)
    for (const order of orders) expect(parcelsOf(order), `parcels of ${order.id}`).toBeLessThan(2)
    const calls = Object.values(state.channels).flatMap((one) => Object.values(one.calls))
    const count = calls.reduce((sum, one) => sum + one.count, 0)
    const throttled = calls.reduce((sum, one) => sum + one.throttled, 0)
    const told = await loops.shipments()
    printCount(`orders on ${channels.join(', ')} at once`, orders.length)
    process.stdout.write(
      `  ${refused} found nothing shown; ${faults.fired} faults of ${faults.kinds} kinds, ${faults.hit} of ${planted} planted; ` +
        `${count} calls, ${throttled} refused for their number (${faults.halvings} halvings of a bucket); ` +
        `${told} parcels told; 0 lost, 0 double, 0 oversold\n`,
    )
    expect(placed).toBe(wanted)
    expect(orders.length).toBeGreaterThanOrEqual(wanted)
    expect(faults.fired).toBeGreaterThan(0)
    expect(told).toBeGreaterThan(0)
    expect(throttled).toBeLessThanOrEqual(Math.max(3, count / 1_000) + faults.halvings)
  },
)
