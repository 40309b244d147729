/**
 * Accounts that are not live see sales, counts, rules and changed prices for days, with everything at work that works for
 * an account, and nothing is written: not to a marketplace over real HTTP, and not to a channel that can do all there is.
 * What would have been written stands as wishes. Live, the same days write.
 */
import { afterEach, expect, test } from 'vitest'
import { type AccountRow, findAccount } from '../../src/database/accounts.ts'
import { type AccountRunner, startRunner } from '../../src/jobs/account-runner.ts'
import { applyPublishingRules } from '../../src/operations/apply-publishing-rules.ts'
import { changeStage } from '../../src/operations/change-stage.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { accountAtWork } from '../../src/operations/context.ts'
import { addRule, changeRule } from '../../src/operations/manage-publishing-rules.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { stateOf } from '../simulation/checks.ts'
import { amazonName } from '../simulation/installation.ts'
import { type Bazaar, bazaarChannel, createBazaar, knowBazaar, listingOf } from '../support/bazaar.ts'
import { useDatabase } from '../support/database.ts'
import { printCount, shadowDays } from '../support/iterations.ts'
import { hour, type Market, minute, openMarket, sku } from '../support/market.ts'
import { seeded, workFor } from '../support/world.ts'

const own = useDatabase()
const bazaarName = 'Bazaar'
/** Longer than the days of a test, and short enough for a timer. */
const leaseMs = 60 * 24 * hour
const onHand = 400
let market: Market
let bazaar: Bazaar
let runners: AccountRunner[] = []

afterEach(async () => {
  await Promise.all(runners.map((runner) => runner.stop()))
  runners = []
  await market.close()
})

async function open(): Promise<void> {
  market = await openMarket(own.db, { onHand, seed: 20 })
  bazaar = createBazaar()
  knowBazaar(market.ctx, bazaar)
  bazaar.listings = [listingOf(sku, { merchantQuantity: 120 }), listingOf('LAMP', { merchantQuantity: 120 })]
  for (const one of bazaar.listings) bazaar.shown.set(one.remoteSku, 120)
  await own.db.transaction((tx) =>
    connectAccount(tx, market.ctx, {
      channel: bazaarChannel,
      name: bazaarName,
      stage: 'shadow',
      settings: {},
      secrets: {},
    }),
  )
}

const accounts = async () => [(await findAccount(own.db, amazonName))!, (await findAccount(own.db, bazaarName))!]

async function setStage(stage: AccountRow['stage']): Promise<void> {
  for (const row of await accounts()) await own.db.transaction((tx) => changeStage(tx, market.ctx, row, stage))
}

/** Everything that works for an account, as in a running hub. */
async function atWork(): Promise<void> {
  await own.db.run('update budgets set tokens = 1000000, burst = 1000000')
  for (const row of await accounts()) {
    const runner = await startRunner(market.ctx, row, { holder: 'test', isDead: () => false, leaseMs, idleMs: 2 })
    runners.push(runner!)
  }
}

/** What reached a channel. */
const written = async () => ({
  amazon: (await stateOf(market)).channels.amazon.effects.length,
  bazaar: bazaar.writes.length,
})

const until = async (what: string, isSo: () => Promise<boolean>) => {
  for (let tries = 0; !(await isSo()); tries += 1) {
    if (tries > 20_000) throw new Error(`still waiting: ${what}`)
    for (const runner of runners) runner.wake()
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
}

/** Half an hour: units come and go, people buy, a rule and a price change, and all of it is read. */
async function halfHour(random: () => number, rule: string): Promise<void> {
  const { ctx } = market
  await market.pass(30 * minute)
  const goods = random() < 0.5 ? sku : 'LAMP'
  await own.db.transaction((tx) =>
    moveStock(tx, ctx, { sku: goods, location: 'MAIN', kind: 'adjustment', quantity: random() < 0.5 ? 3 : -2 }, 'test'),
  )
  // Where it shows nothing the marketplace refuses.
  if (random() < 0.6) await market.control('/orders', { channel: 'amazon', sku: goods, quantity: 1 })
  const price = 1_000 + Math.floor(random() * 500)
  bazaar.listings = bazaar.listings.map((one) => ({ ...one, price: { amount: price, currency: 'USD' } }))
  if (random() < 0.2)
    await own.db.transaction((tx) => changeRule(tx, ctx, rule, { cap: 1 + Math.floor(random() * 90) }, 'test'))
  while ((await applyPublishingRules(ctx)).next === 'now');
  const now = ctx.clock.now()
  await until('orders are read', async () => {
    const rows = await own.db.rows<{ at: Date }>(`select pulled_at as at from cursors where stream = 'orders'`)
    return rows.length === 2 && rows.every((row) => row.at >= now)
  })
}

async function days(count: number, seed: number, rule: string): Promise<void> {
  const random = seeded(seed)
  for (let step = 0; step < count * 48; step += 1) await halfHour(random, rule)
}

/** Slots that show something else than they should: what would have been written. */
const wishes = async () =>
  (await own.db.one<{ count: number }>(
    'select count(*) as count from stock_slots where dirty and wish <> confirmed_value',
  ))!.count
const effects = async () => (await own.db.one<{ count: number }>('select count(*) as count from effects'))!.count

test('days in shadow write nothing, live the same days write, and back in shadow nothing again', async () => {
  await open()
  await setStage('shadow')
  const rule = await own.db.transaction((tx) => addRule(tx, market.ctx, {}, { cap: 50 }, 'test'))
  await atWork()
  await days(shadowDays, 1, rule)
  expect(await written()).toEqual({ amazon: 0, bazaar: 0 })
  expect(await effects()).toBe(0)
  expect(await wishes()).toBeGreaterThan(0)
  printCount('days in shadow', shadowDays)

  // The same can be seen where it may happen: the check can fail.
  await setStage('live')
  const random = seeded(2)
  for (let step = 0; step < 48 && Object.values(await written()).includes(0); step += 1) await halfHour(random, rule)
  expect(Object.values(await written())).not.toContain(0)

  await setStage('shadow')
  await until('nothing is under way', async () => {
    const row = await own.db.one<{ count: number }>('select count(*) as count from effects where outcome is null')
    return row!.count === 0
  })
  const before = await written()
  await days(0.25, 3, rule)
  expect(await written()).toEqual(before)
}, 600_000)

test('a pump that still believes the account is live is stopped at the gate', async () => {
  await open()
  await own.db.run('update leases set released = true')
  const work = await workFor(market.ctx, bazaarName, 'test', leaseMs)
  await own.db.run('update budgets set tokens = 1000000, burst = 1000000')
  await setStage('live')
  Object.assign(work.row, (await findAccount(own.db, bazaarName))!)
  while ((await pullListings(market.ctx, work)).more);
  await own.db.run(
    `update stock_slots set claim = 5, claim_state = null, waits = false, wish = 0, confirmed_value = 5, confirmed_at = $1
    where account_id = $2`,
    [market.ctx.clock.now(), work.row.id],
  )
  // A person stops it; this process has not looked again.
  await setStage('shadow')
  expect(work.row.stage).toBe('live')
  const { sent } = await pushStock(market.ctx, work)
  expect(sent).toBeGreaterThan(0)
  expect(bazaar.writes).toEqual([])
  expect(work.row.stage).toBe('shadow')
  const told = await own.db.rows(`select distinct outcome from effects where account_id = $1`, [work.row.id])
  expect(told).toEqual([{ outcome: 'not-sent' }])
  const left = await own.db.rows('select live_value, problem_code from stock_slots where account_id = $1', [
    work.row.id,
  ])
  expect(left).toEqual(left.map(() => ({ live_value: null, problem_code: null })))
  // Round the gate it would have arrived: what is counted here is real.
  const lines = [{ key: 'k', remoteSku: sku, quantity: 1, version: 9, expected: null }]
  await market.ctx.registry.get(bazaarChannel)!.stock!.push(work.account, lines)
  expect(bazaar.writes).toHaveLength(1)
  const { connector, account } = accountAtWork(market.ctx, { ...work.row, stage: 'live' }, work.lease)
  expect(await connector.stock!.push(account, lines)).toMatchObject([{ kind: 'failed' }])
  expect(bazaar.writes).toHaveLength(1)
})
