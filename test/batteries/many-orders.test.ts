/**
 * Ten million orders (a few thousand in `npm test`) over the project's rules with slots in memory: crashes, writes that are lost,
 * answers that are lost or come after everybody gave up waiting, orders told twice and late. Nothing is oversold, and every claim holds
 * after every step. Then one order in a thousand is told behind its watermark: each is noticed.
 */
import { expect, test } from 'vitest'
import { day, world } from '../../bench/oversell/assumptions.ts'
import { type Outcome, runHub } from '../../bench/oversell/run.ts'
import { planGuarded } from '../../src/domain/guard.ts'
import { lyingOrders, manyOrders, manyOrdersAtOnce, patienceMs, printCount } from '../support/iterations.ts'

/** Demand, how orders are heard of, and how scarce the goods are. */
const settings = [
  { speed: 1, isNotified: false, restockEvery: world.restockEvery },
  { speed: 10, isNotified: false, restockEvery: day },
  { speed: 100, isNotified: false, restockEvery: day },
  { speed: 100, isNotified: true, restockEvery: day },
]
const trouble = { lost: 0.05, late: 0.05 }
/** A crash for so many buyers. */
const buyersPerCrash = 1_000

/** Runs with seeds of their own until there were so many orders. */
function untilOrders(orders: number, run: (seed: number) => Outcome): Outcome[] {
  const all: Outcome[] = []
  for (let sum = 0; sum < orders; sum += all.at(-1)!.orders) all.push(run(all.length + 1))
  return all
}
const sumOf = (all: readonly Outcome[], of: (one: Outcome) => number) => all.reduce((sum, one) => sum + of(one), 0)

test(
  'no order is oversold, whatever happens to writes, answers and orders on their way',
  () => {
    const all = untilOrders(manyOrders, (seed) =>
      runHub({
        ...settings[seed % settings.length]!,
        ...trouble,
        seed,
        asks: manyOrdersAtOnce,
        crashes: Math.ceil(manyOrdersAtOnce / buyersPerCrash),
        planner: planGuarded,
      }),
    )
    printCount(
      'orders with crashes, lost and late answers, told twice and late',
      sumOf(all, (one) => one.orders),
    )
    expect(all.flatMap((one) => one.violations)).toEqual([])
    expect(sumOf(all, (one) => one.oversold)).toBe(0)
    // What nobody lied about raises no alarm.
    expect(sumOf(all, (one) => one.lateSeen)).toBe(0)
    // Each kind of run had its part.
    expect(all.length).toBeGreaterThanOrEqual(settings.length)
    expect(sumOf(all, (one) => one.orders)).toBeGreaterThan(sumOf(all, (one) => one.asks) / 2)
  },
  patienceMs,
)

test(
  'an order behind its watermark is noticed, each time',
  () => {
    const polled = settings.filter((one) => !one.isNotified)
    const all = untilOrders(lyingOrders, (seed) =>
      runHub({
        ...polled[seed % polled.length]!,
        seed,
        asks: manyOrdersAtOnce,
        lies: 0.001,
        planner: planGuarded,
      }),
    )
    const told = sumOf(all, (one) => one.liesTold)
    const oversold = sumOf(all, (one) => one.oversold)
    printCount('orders told behind their watermark', told)
    process.stdout.write(`${oversold} units oversold by them\n`)
    expect(told).toBeGreaterThan(0)
    expect(sumOf(all, (one) => one.liesMissed)).toBe(0)
    expect(sumOf(all, (one) => one.lateSeen)).toBeGreaterThanOrEqual(told)
    // The watermark is what the rule stands on: more than was hidden it cannot lose.
    expect(oversold).toBeLessThanOrEqual(3 * told)
  },
  patienceMs,
)
