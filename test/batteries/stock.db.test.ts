/** Battery R of stock: the last unit, kits, opposite orders, recounts. Numbers of one line stand in iterations.ts. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { defineKit } from '../../src/operations/define-kit.ts'
import { brokenBooks, type Counters, deadlocksOf, isSold, openCounters, type Sold } from '../support/counters.ts'
import { useDatabase } from '../support/database.ts'
import {
  hotBuyers,
  lastUnitBuyers,
  lastUnitRounds,
  mixedRounds,
  oppositeCheckouts,
  patienceMs,
  printCount,
  recountedOrders,
} from '../support/iterations.ts'

const own = useDatabase()
const processes = 4
let shop: Counters
beforeEach(async () => {
  shop = await openCounters(own.db, processes)
})
afterEach(async () => {
  await shop.close()
  expect(await brokenBooks(own.db)).toEqual([])
})

/** All at once. */
const rush = <T>(count: number, one: (index: number) => Promise<T>): Promise<T[]> =>
  Promise.all(Array.from({ length: count }, (_, index) => one(index)))
const sold = (all: readonly Sold[]) => all.filter(isSold)
const refusals = (all: readonly Sold[]) => all.flatMap((one) => (isSold(one) ? [] : [one]))
const name = (sku: string) => `${sku} ${shop.account.name}`

test('R1: one unit goes to exactly one of any number of buyers, at one process or four', {
  timeout: patienceMs,
}, async () => {
  const sku = name('LAST')
  await shop.stocked(sku, 1)
  const slow: number[] = []
  let won = 0
  for (let round = 0; round < lastUnitRounds; round += 1) {
    const buyers = lastUnitBuyers[round % lastUnitBuyers.length]!
    const at = (round % processes) + 1
    const all = await rush(buyers, (n) => shop.reserve(n % at, `R1 ${round} ${n}`, { [sku]: 1 }))
    const winners = sold(all)
    expect(winners).toHaveLength(1)
    expect(new Set(refusals(all).map((one) => `${one.refused} ${one.available}`))).toEqual(
      new Set(['insufficient_stock 0']),
    )
    slow.push(...refusals(all).map((one) => one.ms))
    won += 1
    expect(await shop.level(sku)).toEqual({ onHand: 1, reserved: 1, short: 0, available: 0 })
    await shop.release(winners[0]!.id)
  }
  slow.sort((a, b) => a - b)
  printCount('R1 rounds over the last unit', lastUnitRounds)
  process.stdout.write(`R1 a refusal took p50 ${mid(slow, 0.5)} ms, p99 ${mid(slow, 0.99)} ms\n`)
  // No checkout of a loser is left behind.
  expect(await own.db.one('select count(*) as n from reservations where account_id = $1', [shop.account.id])).toEqual({
    n: won,
  })
})

const mid = (sorted: readonly number[], part: number) => Math.round(sorted[Math.floor(sorted.length * part)] ?? 0)

test('R2: K units and 500 buyers of 1 to 5: what is left is less than anyone was refused for', {
  timeout: patienceMs,
}, async () => {
  printCount('R2 rounds', mixedRounds)
  const { random } = shop.world
  for (let round = 0; round < mixedRounds; round += 1) {
    const sku = name(`MIXED ${round}`)
    const units = 1 + Math.floor(random() * 900)
    await shop.stocked(sku, units)
    const wanted = Array.from({ length: 500 }, () => 1 + Math.floor(random() * 5))
    const all = await rush(500, (n) => shop.reserve(n, `R2 ${round} ${n}`, { [sku]: wanted[n]! }))
    const taken = all.reduce((sum, one, n) => sum + (isSold(one) ? wanted[n]! : 0), 0)
    const smallestRefused = Math.min(...all.map((one, n) => (isSold(one) ? Number.POSITIVE_INFINITY : wanted[n]!)))
    expect(await shop.level(sku)).toEqual({ onHand: units, reserved: taken, short: 0, available: units - taken })
    expect(units - taken).toBeLessThan(smallestRefused)
    if (smallestRefused === Number.POSITIVE_INFINITY) expect(taken).toBe(wanted.reduce((sum, one) => sum + one, 0))
  }
})

test('R3: one SKU on several lines of a checkout, or of an order, counts together', {
  timeout: patienceMs,
}, async () => {
  const sku = name('TWICE')
  await shop.stocked(sku, 100)
  const line = (quantity: number) => ({ sku, quantity })
  const all = await rush(200, (n) => shop.reserve(n, `R3 ${n}`, [line(1), line(2), line(1)]))
  expect(sold(all)).toHaveLength(25)
  expect(await shop.level(sku)).toMatchObject({ reserved: 100, available: 0 })
  await shop.take(0, [order('R3', [sku, sku, sku])])
  expect(await shop.level(sku)).toMatchObject({ reserved: 100, short: 3 })
  // Delivered again in one page, twice: the lines stay three.
  await shop.take(0, [order('R3', [sku, sku, sku]), order('R3', [sku, sku, sku])])
  expect(await shop.level(sku)).toMatchObject({ reserved: 100, short: 3 })
})

test('R4: kits twenty deep that share components, sold at once with the components themselves', {
  timeout: patienceMs,
}, async () => {
  const [bolt, nut] = [name('BOLT'), name('NUT')]
  await shop.stocked(bolt, 1_000)
  await shop.stocked(nut, 400)
  const kits = Array.from({ length: 20 }, (_, depth) => name(`KIT ${depth}`))
  for (const [depth, sku] of kits.entries()) {
    await shop.stocked(sku, 0)
    // Each holds the one before it and a bolt; the innermost holds a bolt and a nut.
    const components = [
      { sku: bolt, quantity: 1 },
      depth === 0 ? { sku: nut, quantity: 1 } : { sku: kits[depth - 1]!, quantity: 1 },
    ]
    await own.db.transaction((tx) => defineKit(tx, shop.world.ctx, { sku, components }))
  }
  expect((await shop.level(kits[19]!)).available).toBe(50)
  const all = await rush(300, (n) =>
    n % 3 === 2
      ? shop.reserve(n, `R4 ${n}`, { [bolt]: 2 })
      : shop.reserve(n, `R4 ${n}`, { [kits[n % 20]!]: 1, [nut]: 1 }),
  )
  let [bolts, nuts] = [0, 0]
  for (const [n, one] of all.entries()) {
    if (!isSold(one)) continue
    bolts += n % 3 === 2 ? 2 : (n % 20) + 1
    nuts += n % 3 === 2 ? 0 : 2
  }
  expect([(await shop.level(bolt)).reserved, (await shop.level(nut)).reserved]).toEqual([bolts, nuts])
  expect(refusals(all).every((one) => one.refused === 'insufficient_stock')).toBe(true)
  // One page of orders for every depth, shared components and all, in one go; what lacks is short at its own part.
  await shop.take(
    0,
    kits.map((sku, depth) => order(`R4 ${depth}`, [sku, sku])),
  )
  const [boltLevel, nutLevel] = [await shop.level(bolt), await shop.level(nut)]
  expect(boltLevel.reserved + boltLevel.short).toBe(bolts + 2 * 210)
  expect(nutLevel.reserved + nutLevel.short).toBe(nuts + 40)
})

test('R5: checkouts and orders of the same SKUs in opposite orders never end in a deadlock', {
  timeout: patienceMs,
}, async () => {
  printCount('R5 checkouts and orders in opposite orders', oppositeCheckouts)
  const before = await deadlocksOf(own.db)
  const skus = Array.from({ length: 8 }, (_, n) => name(`RING ${n}`))
  for (const sku of skus) await shop.stocked(sku, 3 * oppositeCheckouts)
  const kit = name('RING KIT')
  await shop.stocked(kit, 0)
  await own.db.transaction((tx) =>
    defineKit(tx, shop.world.ctx, { sku: kit, components: [skus[6]!, skus[1]!].map((sku) => ({ sku, quantity: 1 })) }),
  )
  const some = (n: number) => {
    const turned = [...skus.slice(n % 8), ...skus.slice(0, n % 8), kit]
    return (n % 2 === 0 ? turned : turned.reverse()).slice(0, 2 + (n % 5))
  }
  const atOnce = 100
  for (let from = 0; from < oppositeCheckouts; from += atOnce) {
    await rush(Math.min(atOnce, oppositeCheckouts - from), async (index) => {
      const n = from + index
      if (n % 4 === 3) await shop.take(n, [order(`R5 ${n}`, some(n)), order(`R5 b${n}`, some(n + 1))])
      else if (n % 16 === 5) await shop.move(n, { sku: skus[n % 8]!, kind: 'receipt', quantity: 1 })
      else
        expect(isSold(await shop.reserve(n, `R5 ${n}`, Object.fromEntries(some(n).map((sku) => [sku, 1]))))).toBe(true)
    })
  }
  expect(await deadlocksOf(own.db)).toBe(before)
})

test('R6: whoever wants something else waits neither for a hot SKU nor behind its buyers', {
  timeout: patienceMs,
}, async () => {
  const [hot, other] = [name('HOT'), name('OTHER')]
  await shop.stocked(hot, hotBuyers)
  await shop.stocked(other, hotBuyers)
  const alone: number[] = []
  for (let n = 0; n < 50; n += 1) alone.push((await shop.reserve(0, `R6 alone ${n}`, { [other]: 1 })).ms)
  let pending = 0
  const beside: number[] = []
  const buyers = await own.db.transaction(async (tx) => {
    // Nobody gets past the lock of the hot one until this transaction ends.
    await tx.rows(
      'select 1 from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1 for update of p',
      [hot],
    )
    const all = rush(hotBuyers, async (n) => {
      pending += 1
      const answer = await shop.reserve(0, `R6 ${n}`, { [hot]: 1 })
      pending -= 1
      return answer
    })
    for (let n = 0; n < 50; n += 1) beside.push((await shop.reserve(0, `R6 beside ${n}`, { [other]: 1 })).ms)
    expect(pending).toBe(hotBuyers)
    return { all }
  })
  expect(sold(await buyers.all)).toHaveLength(hotBuyers)
  expect(await shop.level(hot)).toEqual({ onHand: hotBuyers, reserved: hotBuyers, short: 0, available: 0 })
  printCount('R6 buyers that waited for one SKU', hotBuyers)
  const half = (all: number[]) =>
    mid(
      all.sort((a, b) => a - b),
      0.5,
    )
  process.stdout.write(
    `R6 a checkout of something else took p50 ${half(alone)} ms alone, ${half(beside)} ms beside them\n`,
  )
})

test('R9: a recount while orders arrive: the count stands, and nothing sold is forgotten', {
  timeout: patienceMs,
}, async () => {
  printCount('R9 orders beside recounts', recountedOrders)
  const sku = name('COUNTED')
  await shop.stocked(sku, 50)
  const counts = Math.ceil(recountedOrders / 10)
  let promised = 0
  await Promise.all([
    (async () => {
      const atOnce = 100
      for (let from = 0; from < recountedOrders; from += atOnce)
        await rush(Math.min(atOnce, recountedOrders - from), async (index) => {
          await shop.take(from + index, [order(`R9 ${from + index}`, [sku])])
          promised += 1
        })
    })(),
    (async () => {
      for (let n = 0; n < counts; n += 1) await shop.move(n, { sku, kind: 'count', quantity: 20 + (n % 60) })
    })(),
  ])
  const level = await shop.level(sku)
  expect(level.onHand).toBe(20 + ((counts - 1) % 60))
  expect(level.reserved + level.short).toBe(promised)
  expect(level.reserved).toBe(Math.min(promised, level.onHand))
  // More is found than was sold: every short order is served, and the rest can be sold.
  await shop.move(0, { sku, kind: 'count', quantity: promised + 7 })
  expect(await shop.level(sku)).toEqual({ onHand: promised + 7, reserved: promised, short: 0, available: 7 })
})

function order(remoteId: string, skus: readonly string[]): IncomingOrder {
  const at = new Date('2026-11-22T08:00:01Z')
  return {
    remoteId: `${remoteId} ${shop.account.name}`,
    state: 'open',
    fulfilledBy: 'merchant',
    marketplace: null,
    currency: null,
    total: null,
    placedAt: at,
    updatedAt: at,
    shipBy: null,
    deliverBy: null,
    buyer: null,
    raw: null,
    lines: skus.map((sku, index) => ({
      remoteId: String(index),
      remoteSku: sku,
      title: sku,
      quantity: 1,
      shipped: 0,
      canceled: 0,
      unitPrice: null,
    })),
  }
}
