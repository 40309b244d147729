/**
 * R37: one channel is dead for a day while all others are connected. Their quantities leave as soon as before, and when
 * it is back it converges as soon as its own budget allows. All by the hub's clock: see test/support/still-clock.ts.
 */
import { afterEach, expect, test } from 'vitest'
import type { CatalogItem } from '../../simulator/index.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { accountOf, allChannels } from '../simulation/places.ts'
import { useDatabase } from '../support/database.ts'
import { deadChannels, deadDaySteps, deadSlots, latencyRounds, patienceMs, printCount } from '../support/iterations.ts'
import { leastMs } from '../support/least-time.ts'
import { openFindings } from '../support/market.ts'
import { openStillHub, type StillHub } from '../support/still-clock.ts'

const own = useDatabase()
const second = 1_000
const minute = 60 * second
const hour = 60 * minute

/** Shown by all channels, and what is timed. More at once than Amazon's allowance holds, so that something waits. */
const probes = Array.from({ length: 12 }, (_, index) => `PROBE-${index + 1}`)
/** Not touched by the warehouse: buyers of the dead channel buy it. */
const bought = 'BOUGHT'
const units = 100

/** `crowd` is on the channel that will be dead, so that its return needs more than its allowance holds. */
function catalogFor(dead: string, crowd: readonly string[]): CatalogItem[] {
  const shown = (channels: readonly string[]) =>
    Object.fromEntries(channels.map((channel) => [channel, { quantity: units }]))
  return [bought, ...probes, ...crowd].map((sku, index) => ({
    sku,
    title: sku,
    asin: `B0SIM${String(index).padStart(5, '0')}`,
    price: 1_000,
    currency: 'USD',
    ...shown(crowd.includes(sku) ? ['storefront', dead] : allChannels),
  }))
}

/** From a write that was taken until it shows: always the same, so that it can be told from waiting. */
const effectMs: Readonly<Record<string, number>> = {
  amazon: 20 * second,
  ebay: 5 * second,
  bigcommerce: 8 * second,
  walmart: minute,
}
const fixed = (channel: string) => {
  const ms = effectMs[channel]!
  return { min: ms, max: ms, tail: ms, tailShare: 0 }
}
const calm = { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 }

let hub: StillHub | undefined
afterEach(async () => {
  await hub?.close()
  hub = undefined
})

async function opened(dead: string, crowd: readonly string[]): Promise<StillHub> {
  const catalog = catalogFor(dead, crowd)
  const it = await openStillHub(own.db, {
    channels: allChannels,
    catalog,
    units: () => units,
    days: 2,
    simulator: {
      amazon: { effectMs: fixed('amazon'), lifecycle: calm },
      ebay: { effectMs: fixed('ebay'), lifecycle: calm },
      walmart: { effectMs: fixed('walmart'), lifecycle: { fraudCancelShare: 0, cancelRequestShare: 0 } },
      bigcommerce: { effectMs: fixed('bigcommerce'), pendingShare: 0, incompleteShare: 0 },
      woocommerce: { pendingShare: 0, onHoldShare: 0 },
    },
  })
  hub = it
  await own.db.run(`update pool_levels set mode = 'shared'`)
  const slots = catalog.reduce((sum, item) => sum + allChannels.filter((channel) => channel in item).length, 0)
  await until(it, minute, 40 * minute, 'everything is known', async () => {
    const row = await own.db.one<{ known: number }>(
      'select count(*)::int as known from stock_slots where not dirty and confirmed_value is not null and live_value is null',
    )
    return row!.known === slots
  })
  // Raises wait until the orders are known up to the first reading.
  await it.pass(15 * minute, 3)
  return it
}

/** The clock moves on by steps until it holds. */
async function until(
  it: StillHub,
  stepMs: number,
  mostMs: number,
  what: string,
  holds: () => Promise<boolean>,
): Promise<void> {
  const from = it.now()
  while (!(await holds())) {
    expect(it.now() - from, `${what}: waited for too long`).toBeLessThan(mostMs)
    await it.pass(stepMs)
  }
}

/** What lies on the shelf of each SKU from now on. */
async function put(it: StillHub, wanted: ReadonlyMap<string, number>): Promise<void> {
  await own.db.transaction(async (tx) => {
    const rows = await tx.rows<{ sku: string; on_hand: number }>(
      'select v.sku, p.on_hand from pool_levels p join variants v on v.id = p.variant_id where v.sku = any($1)',
      [[...wanted.keys()]],
    )
    for (const { sku, on_hand } of rows) {
      const move = { sku, location: 'MAIN', kind: 'adjustment', quantity: wanted.get(sku)! - on_hand } as const
      await moveStock(tx, it.ctx, move, 'test')
    }
  })
}

/** Sold out, fewer and more of them, in turn. */
const turnOf = (index: number, turn: number) => [units - 10, 7, 0, units + 20][(index + turn) % 4]!

/** How exactly is measured. */
const stepMs = 200
const returnStepMs = 2 * second

/** Milliseconds from a change of stock until a channel was told, for each channel but the dead one; of each the 99th percentile. */
async function latencies(it: StillHub, dead: string, firstTurn: number): Promise<Map<string, number>> {
  const others = allChannels.filter((channel) => channel !== dead)
  const took = new Map(others.map((channel) => [channel, [] as number[]]))
  for (let round = 0; round < latencyRounds; round += 1) {
    const wanted = new Map(probes.map((sku, index) => [sku, turnOf(index, firstTurn + round)]))
    const from = it.now()
    await put(it, wanted)
    const open = new Map(others.map((channel) => [channel, new Set(probes)]))
    it.ctx.wake()
    await until(it, stepMs, 2 * minute, 'the others are told', async () => {
      const channels = await it.state()
      for (const [channel, skus] of open)
        for (const { sku, quantity, at } of channels[channel]!.effects.toReversed()) {
          const toldAt = Date.parse(at)
          if (toldAt < from) break
          if (quantity === wanted.get(sku) && skus.delete(sku)) took.get(channel)!.push(toldAt - from)
        }
      return [...open.values()].every((skus) => skus.size === 0)
    })
    // Readings prove it, and allowances are full again.
    await it.pass(5 * minute, 3)
  }
  return new Map([...took].map(([channel, list]) => [channel, percentile(list, 0.99)]))
}

const percentile = (list: readonly number[], share: number): number =>
  [...list].sort((a, b) => a - b)[Math.ceil(list.length * share) - 1]!

/** Slots of the account whose number there is not what it should be. */
async function different(it: StillHub, channel: string): Promise<number> {
  const slots = await own.db.rows<{ remote_sku: string; wish: number }>(
    'select s.remote_sku, s.wish from stock_slots s join accounts a on a.id = s.account_id where a.channel = $1',
    [channel],
  )
  const { shown } = (await it.state())[channel]!
  return slots.filter(({ remote_sku, wish }) => shown[remote_sku] !== wish).length
}

/** Until the last line that was broken off just before may leave again. */
async function pauseLeft(it: StillHub, channel: string): Promise<number> {
  const row = await own.db.one<{ last: Date | null }>(
    'select max(s.retry_at) as last from stock_slots s join accounts a on a.id = s.account_id where a.channel = $1 and s.dirty',
    [channel],
  )
  return Math.max(0, (row?.last?.getTime() ?? 0) - it.now())
}

const inSeconds = (ms: number) => `${(ms / second).toFixed(1)} s`

test.each(deadChannels)('R37 %s is dead for a day', { timeout: patienceMs }, async (dead) => {
  printCount(`rounds of changes that are timed while ${dead} is dead`, latencyRounds)
  const crowd = Array.from({ length: deadSlots(dead) }, (_, index) => `GOODS-${index + 1}`)
  const it = await opened(dead, crowd)
  const before = await latencies(it, dead, 1)

  // No answer for five seconds, then the connection breaks.
  await it.control('/faults', { channel: dead, operation: '*', kind: 'slow', delayMs: 5 * second })
  await it.control('/faults', { channel: dead, operation: '*', kind: 'drop' })
  const calls = it.traffic(dead).calls
  const buys: string[] = []
  for (let step = 0; step < deadDaySteps; step += 1) {
    const part = crowd.flatMap((sku, index) =>
      index % deadDaySteps === step ? [[sku, turnOf(index, 1)] as const] : [],
    )
    await put(it, new Map(part))
    if (step % Math.ceil(deadDaySteps / 4) === 0) {
      const { orderId } = (await it.control('/orders', { channel: dead, sku: bought, quantity: 1 })) as {
        orderId: string
      }
      buys.push(orderId)
    }
    await it.pass((24 * hour) / deadDaySteps)
  }
  const callsOfDay = it.traffic(dead).calls - calls
  const meanwhile = await latencies(it, dead, 1 + latencyRounds)
  // A raise without an answer may still land for 15 minutes, and is waited for so long: that is no matter of allowances.
  await it.pass(16 * minute, 2)
  // It is asked as often as in a real hour just before it is back.
  await it.pass(minute, 6)
  const failing = await openFindings(own.db, 'pull_failing')
  expect([...new Set(failing.map(({ account }) => account))]).toEqual([accountOf(dead)])

  const changed = await different(it, dead)
  await it.control('/faults', undefined, 'DELETE')
  const backAt = it.now()
  await until(
    it,
    5 * second,
    10 * minute,
    `${dead} is asked again`,
    async () => (it.traffic(dead).answeredAt ?? 0) > backAt,
  )
  const heardAt = it.now()
  const pauseMs = await pauseLeft(it, dead)
  await until(it, returnStepMs, 60 * minute, `${dead} converges`, async () => {
    return (await different(it, dead)) === 0
  })
  const tookMs = it.now() - heardAt
  const least = leastMs(it.ctx.registry.get(dead)!, changed)
  const known = await own.db.rows('select 1 from orders where remote_id = any($1)', [buys])
  process.stdout.write(
    `R37 ${dead}: ${changed} slots changed in ${deadDaySteps} steps of a day (${callsOfDay} calls into the void); asked again after ${inSeconds(heardAt - backAt)}, ` +
      `converged ${inSeconds(tookMs)} later: its budget allows ${inSeconds(least)}, its effects take ${inSeconds(effectMs[dead] ?? 0)}, what was broken off last pauses for ${inSeconds(pauseMs)}\n` +
      `  p99 to the others: ${[...before].map(([channel, ms]) => `${channel} ${inSeconds(ms)} -> ${inSeconds(meanwhile.get(channel)!)}`).join(', ')}\n`,
  )
  // A tenth of less than two seconds is less than one step.
  for (const [channel, ms] of before)
    expect(meanwhile.get(channel)!, `p99 of ${channel}`).toBeLessThanOrEqual(Math.max(ms * 1.1, ms + stepMs))
  expect(known).toHaveLength(buys.length)
  expect(pauseMs).toBeLessThanOrEqual(10 * second)
  expect(tookMs).toBeLessThanOrEqual(1.1 * (least + (effectMs[dead] ?? 0)) + pauseMs + returnStepMs)
})
