import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { connectAccount } from '../operations/connect-account.ts'
import { allowance, ensureBudgets, leasedBudget } from './budgets.ts'
import { acquireLease, type Lease, releaseLease } from './leases.ts'

const database = useDatabase()

let world: World
let lease: Lease
let name = 0
beforeEach(async () => {
  world = createWorld(database.db, { seed: (name += 1) })
  const accountId = await connectAccount(database.db, world.ctx, {
    channel: 'storefront',
    name: `Store ${name}`,
    stage: 'live',
    settings: { webhookUrl: 'https://store.example/hooks' },
    secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
  })
  await ensureBudgets(
    database.db,
    accountId,
    {
      slow: { rate: 0.5, burst: 4 },
      sparse: { rate: 0.0056, burst: 1 },
      points: { rate: 100, burst: 2_000 },
    },
    world.clock.now(),
  )
  lease = (await acquireLease(database.db, world.ctx.leaseClock, accountId, 'test', 3_600_000))!
})

const budget = (of: { accountId: string; epoch: number } = lease) =>
  leasedBudget(database.db, of, () => world.clock.now())
const left = async (operation = 'slow') =>
  (await allowance(database.db, lease.accountId, operation, world.clock.now())).calls
const retryIn = (retryAt: Date | undefined) => retryAt && retryAt.getTime() - world.clock.now().getTime()

test('a full bucket grants its burst but the slack, then names the moment of the next token', async () => {
  for (let call = 0; call < 3; call += 1) expect(await budget().spend('slow')).toBeUndefined()
  expect(await left()).toBe(0)
  const retryAt = await budget().spend('slow')
  expect(retryIn(retryAt)).toBeGreaterThanOrEqual(2_000)
  expect(retryIn(retryAt)).toBeLessThan(2_010)
  world.clock.set(retryAt!)
  expect(await budget().spend('slow')).toBeUndefined()
  expect(await budget().spend('slow')).toBeInstanceOf(Date)
})

test('a bucket never holds more than its burst but the slack', async () => {
  await budget().spend('slow')
  world.clock.advance(86_400_000)
  expect(await left()).toBe(3)
})

test('a rate of one call in three minutes is kept exactly', async () => {
  expect(await budget().spend('sparse')).toBeUndefined()
  const retryAt = (await budget().spend('sparse'))!
  expect(Math.round(retryIn(retryAt)! / 1_000)).toBe(179)
  world.clock.set(new Date(retryAt.getTime() - 100))
  expect(await budget().spend('sparse')).toBeInstanceOf(Date)
  world.clock.set(retryAt)
  expect(await budget().spend('sparse')).toBeUndefined()
})

test('callers at once never spend more than there is', async () => {
  const answers = await Promise.all(Array.from({ length: 40 }, () => budget().spend('slow')))
  expect(answers.filter((one) => one === undefined)).toHaveLength(3)
})

test('a clock that steps back neither grants nor takes', async () => {
  await budget().spend('slow')
  world.clock.advance(-60_000)
  expect(await left()).toBe(2)
  expect(await budget().spend('slow')).toBeUndefined()
  world.clock.advance(60_000)
  expect(await left()).toBe(1)
})

test('what the channel says counts: empty is empty, a told rate is the rate', async () => {
  await budget().exhausted('slow')
  expect(await left()).toBe(0)
  // Half speed for a while: the channel did not say what its rate is.
  world.clock.advance(2_000)
  expect(await left()).toBe(0)
  world.clock.advance(2_000)
  expect(await left()).toBe(1)
  await budget().learned('slow', 2)
  world.clock.advance(1_000)
  expect(await left()).toBe(3)
})

const rate = async (operation = 'slow') =>
  (await database.db.one<{ rate: number }>('select rate from budgets where account_id = $1 and operation = $2', [
    lease.accountId,
    operation,
  ]))!.rate

test('what refusals teach is kept for the next holder, and ends where the channel tells another rate', async () => {
  const first = budget()
  await first.exhausted('slow')
  world.clock.advance(8_000)
  await first.exhausted('slow')
  const { learned } = (await database.db.one<{ learned: { rate: number } }>(
    'select learned from budgets where account_id = $1 and operation = $2',
    [lease.accountId, 'slow'],
  ))!
  expect(learned.rate).toBe(0.25)
  const next = budget()
  await next.recall()
  // The doubt about the last refusal has passed.
  world.clock.advance(60_000)
  await next.settleRate('slow')
  expect(await rate()).toBe(0.25)
  // The header repeats what refusals contradict.
  await next.learned('slow', 0.5)
  expect(await rate()).toBe(0.25)
  await next.learned('slow', 0.4)
  expect(await rate()).toBe(0.4)
  const later = budget()
  await later.recall()
  await later.exhausted('slow', 0.3)
  expect(await rate()).toBe(0.3)
})

test('only the holder of the lease spends', async () => {
  expect(await budget({ ...lease, epoch: lease.epoch - 1 }).spend('slow')).toBeInstanceOf(Date)
  expect(await budget({ ...lease, epoch: lease.epoch + 1 }).spend('slow')).toBeInstanceOf(Date)
  expect(await left()).toBe(3)
  await releaseLease(database.db, lease)
  expect(await budget().spend('slow')).toBeInstanceOf(Date)
  expect(await left()).toBe(3)
})

test('an operation without a budget is a fault of the program', async () => {
  await expect(budget().spend('no such')).rejects.toThrow('no budget for no such')
})

test('budgets that exist are left as they are', async () => {
  await budget().spend('slow')
  await ensureBudgets(
    database.db,
    lease.accountId,
    { slow: { rate: 9, burst: 9 }, fresh: { rate: 1, burst: 5 } },
    world.clock.now(),
  )
  expect([await left(), await left('fresh')]).toEqual([2, 4])
})

test('calls that cost points: each pays its own, a call larger than the bucket waits for a full one', async () => {
  expect(await budget().spend('slow', 2)).toBeUndefined()
  const retryAt = await budget().spend('slow', 2)
  expect(retryIn(retryAt)).toBeGreaterThanOrEqual(2_000)
  expect(retryIn(retryAt)).toBeLessThan(2_010)
  world.clock.advance(6_000)
  expect(await budget().spend('slow', 50)).toBeUndefined()
  expect(await left()).toBe(0)
})

test('what the channel tells of its bucket counts, less what is prepaid', async () => {
  const own = budget()
  await own.told!('slow', { tokens: 1_000, rate: 50, burst: 2_000 })
  expect(await left()).toBe(1_000)
  await own.prepay('slow', 5, 30)
  expect(await left()).toBe(850)
  await own.told!('slow', { tokens: 1_000, rate: 50, burst: 2_000 })
  expect(await left()).toBe(850)
  for (let call = 0; call < 5; call += 1) expect(await own.spend('slow', 30)).toBeUndefined()
  expect(await left()).toBe(850)
  await own.prepay('slow', 100, 300)
  expect(await left()).toBe(250)
})

test('what was paid for calls that never left is there again, and counts no more against what the channel tells', async () => {
  const own = budget()
  await own.prepay('points', 3, 100)
  expect(await own.spend('points', 100)).toBeUndefined()
  expect(await left('points')).toBe(1_660)
  // One of the other two is still under way.
  await own.giveBack('points', 1, 100)
  expect(await left('points')).toBe(1_760)
  await own.giveBack('points', 0, 100)
  expect(await left('points')).toBe(1_860)
  await own.told!('points', { tokens: 1_000, rate: 100, burst: 2_000 })
  expect(await left('points')).toBe(1_000)
})

test('of callers that share a bucket none is overtaken by one that needs less; a write waits for nobody', async () => {
  const own = budget()
  const costs = { listings: 753, orders: 960, readings: 750 }
  const started = world.clock.now().getTime()
  await own.told!('points', { tokens: 0, rate: 100, burst: 2_000 })
  const nextAt = new Map(Object.keys(costs).map((by) => [by, started]))
  const served: string[] = []
  const waits = new Map<string, number[]>(Object.keys(costs).map((by) => [by, []]))
  for (let second = 0; second < 600; second += 1) {
    for (const [by, points] of Object.entries(costs)) {
      const now = world.clock.now().getTime()
      if (nextAt.get(by)! > now) continue
      const retryAt = await own.spend('points', points, by)
      if (retryAt) nextAt.set(by, retryAt.getTime())
      else {
        served.push(by)
        waits.get(by)!.push((now - started) / 1_000)
      }
    }
    world.clock.advance(1_000)
  }
  // What flowed in was used, and each had the same turns.
  expect(served.reduce((sum, by) => sum + costs[by as keyof typeof costs], 0)).toBeGreaterThan(600 * 100 * 0.85)
  for (const moments of waits.values()) {
    expect(moments.length).toBeGreaterThanOrEqual(20)
    for (const [index, moment] of moments.entries())
      expect(moment - (moments[index - 1] ?? 0), 'seconds between two turns').toBeLessThan(32)
  }
  expect(await own.spend('points', 960, 'orders')).toBeInstanceOf(Date)
  world.clock.advance(1_000)
  expect(await own.spend('points', 12, 'setQuantities')).toBeUndefined()
  expect(await own.spend('points', 101, 'itemsBySku')).toBeInstanceOf(Date)
})

test('whoever waits and does not come back holds the others up for moments only', async () => {
  const own = budget()
  await own.told!('points', { tokens: 0, rate: 100, burst: 2_000 })
  const orders = (await own.spend('points', 960, 'orders'))!
  const listings = (await own.spend('points', 753, 'listings'))!
  expect(retryIn(orders)).toBe(9_601)
  expect(retryIn(listings)).toBe(17_131)
  world.clock.set(listings)
  expect(await own.spend('points', 753, 'listings')).toBeUndefined()
})
