/**
 * The simulation of many buyers over slots in memory, in short: after each step nothing is claimed that is not there, and no slot
 * can sell more than its claim; and it does oversell as soon as one rule is replaced by a tempting one.
 */
import { describe, expect, test } from 'vitest'
import { day } from '../../bench/oversell/assumptions.ts'
import { runPeriodic } from '../../bench/oversell/peers.ts'
import { type RunOptions, runHub, runReference } from '../../bench/oversell/run.ts'
import { planGuarded } from '../../src/domain/guard.ts'
import { planAdaptive, planShared } from '../../src/domain/modes.ts'
import { rulesOf, variants } from '../exploration/variants.ts'
import { simulatedBuyers as asks, patienceMs, printCount } from '../support/iterations.ts'

/** Little stock, so that the last units come often. */
const restockEvery = day
const base: RunOptions = { seed: 3, speed: 100, asks, planner: planGuarded, isNotified: false, restockEvery }
const trouble = { lost: 0.05, crashes: 10 }

describe('guarded', () => {
  test.each([
    ['polling, 1×', { speed: 1 }],
    ['polling, 100×', {}],
    ['notified, 100×', { isNotified: true }],
    ['polling, 100×, lost writes and crashes', trouble],
    ['notified, 100×, lost writes and crashes', { ...trouble, isNotified: true }],
  ] as [string, Partial<RunOptions>][])(
    '%s: nothing is oversold, and every claim holds after every step',
    (name, rest) => {
      const one = runHub({ ...base, ...rest })
      const central = runReference('central', base.seed, rest.speed ?? base.speed, asks, restockEvery)
      printCount(`orders (${name})`, one.orders)
      expect(one.oversold).toBe(0)
      expect(one.violations).toEqual([])
      expect(one.orders).toBeGreaterThan(asks / 2)
      // It sells, and for few writes: a policy that shows nothing would be safe as well.
      expect(one.sold).toBeGreaterThan(central.sold * 0.6)
      expect(one.writes).toBeLessThan(2.5 * one.orders)
    },
    patienceMs,
  )

  test('orders behind their watermark are noticed, each of them', () => {
    const one = runHub({ ...base, speed: 10, lies: 0.01 })
    expect(one.lateSeen).toBeGreaterThan(0)
    expect(one.alarms).toBeGreaterThan(0)
    expect(one.lateSeen).toBeGreaterThanOrEqual(one.alarms)
  })
})

describe('one rule less, and it oversells', () => {
  const planted: [string, Partial<RunOptions>][] = [
    ['the claim is replaced, not added to', {}],
    ['released at the confirmation', {}],
    ['a write without an answer is forgotten', { lost: 0.2, speed: 1 }],
    ['pending orders are ignored', {}],
  ]
  test.each(planted)(
    '%s',
    (name, rest) => {
      const variant = variants.find((one) => one.name === name)!
      const one = runHub({ ...base, ...rest, rules: rulesOf(variant) })
      process.stdout.write(`${name}: ${one.oversold} of ${one.sold + one.oversold} oversold, ${one.violations[0]}\n`)
      expect(one.oversold).toBeGreaterThan(0)
      expect(one.violations).not.toEqual([])
    },
    patienceMs,
  )
})

test('what the others do oversells, and sells no less than is there', () => {
  const periodic = runPeriodic(0.1, base.seed, base.speed, asks, restockEvery)
  const shared = runHub({ ...base, planner: planShared(1), checks: false })
  const adaptive = runHub({ ...base, speed: 1, planner: planAdaptive(0.001), checks: false })
  expect(periodic.oversold).toBeGreaterThan(shared.oversold)
  expect(shared.oversold).toBeGreaterThan(0)
  expect(adaptive.oversold / adaptive.orders).toBeLessThan(0.001)
})
