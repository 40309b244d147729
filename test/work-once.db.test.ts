/** One round of work that a person asks for: with a free lease by this process, else by whoever holds it. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { type AccountRow, findAccount } from '../src/database/accounts.ts'
import { levelOf } from '../src/database/views/stock.ts'
import type { Context } from '../src/operations/context.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { pullOnce, pushOnce } from '../src/operations/work-once.ts'
import { stateOf } from './simulation/checks.ts'
import { amazonName, type Installation, install, storeName } from './simulation/installation.ts'
import { useDatabase } from './support/database.ts'

const own = useDatabase()
const options = { holder: 'a person', isDead: () => false, leaseMs: 15_000, limitMs: 600_000 }
const minute = 60_000
let it: Installation
let ctx: Context

beforeEach(async () => {
  it = await install(own.db, 9, { mode: 'shared' })
  // Waiting lets the simulated time pass.
  ctx = { ...it.ctx, sleep: async (ms) => it.advance(ms) }
})
afterEach(async () => await it.close())

const account = async (name: string): Promise<AccountRow> => (await findAccount(own.db, name))!
const lease = async (name: string) =>
  await own.db.one(
    'select l.holder, l.released from leases l join accounts a on a.id = l.account_id where a.name = $1',
    [name],
  )
const buy = (sku: string) => it.control('/orders', { channel: 'amazon', sku, quantity: 1 })

test('a pull reads everything to its end and gives the lease back', async () => {
  const report = await pullOnce(ctx, await account(amazonName), options)
  expect(report).toMatchObject({ by: 'self', isDone: true, troubles: [], waitsUntil: null })
  expect(report.newOrders).toBe((await stateOf(it)).channels.amazon.orders.length)
  expect(report.listings).toBe(4)
  expect(await lease(amazonName)).toEqual({ holder: 'a person', released: true })
  const again = await pullOnce(ctx, await account(amazonName), options)
  expect(again).toMatchObject({ newOrders: 0, changedOrders: 0, isDone: true })
  expect(await pullOnce(ctx, await account(storeName), options)).toMatchObject({ by: 'nobody', isDone: true })
})

test('a push sends what differs and waits until the channel shows it', async () => {
  await pullOnce(ctx, await account(amazonName), options)
  it.advance(5 * minute)
  await pullOnce(ctx, await account(amazonName), options)
  const level = (await levelOf(own.db, 'PLAIN'))!
  const have = level.onHand - level.unsellable - level.reserved - level.allocated
  await own.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku: 'PLAIN', location: 'MAIN', kind: 'adjustment', quantity: 7 - have }, 'test'),
  )
  for (const name of [amazonName, storeName]) {
    await pushOnce(ctx, await account(name), options)
    // Raises wait for the orders up to the reading.
    it.advance(5 * minute)
    if (name === amazonName) await pullOnce(ctx, await account(name), options)
    const report = await pushOnce(ctx, await account(name), options)
    expect(report).toMatchObject({ by: 'self', isDone: true, inFlight: 0, refused: 0 })
  }
  const { channels } = await stateOf(it)
  expect([channels.amazon.shown.PLAIN, channels.storefront.shown.PLAIN]).toEqual([7, 7])
  const shadow = await account(amazonName)
  await own.db.run(`update accounts set stage = 'shadow' where id = $1`, [shadow.id])
  expect(await pushOnce(ctx, { ...shadow, stage: 'shadow' }, options)).toMatchObject({ by: 'nobody', writes: {} })
})

test('while another process holds the lease it is asked, watched, and keeps the lease', async () => {
  const work = await it.work(amazonName)
  while ((await pullListings(it.ctx, work)).more);
  while ((await pullOrders(it.ctx, work)).more);
  expect((await buy('PLAIN')).status).toBe(201)
  it.advance(10 * minute)
  let rounds = 0
  // What a worker's loops do when they are asked.
  const holder = async (ms: number) => {
    it.advance(ms)
    rounds += 1
    if (rounds === 2) {
      await it.work(amazonName)
      expect((await account(amazonName)).look_again_at).not.toBeNull()
      while ((await pullListings(it.ctx, work)).more);
      while ((await pullOrders(it.ctx, work)).more);
    }
  }
  await it.work(amazonName)
  const report = await pullOnce({ ...it.ctx, sleep: holder }, await account(amazonName), options)
  expect(report).toMatchObject({ by: 'holder', newOrders: 1, isDone: true })
  expect(await lease(amazonName)).toEqual({ holder: 'simulation', released: false })
  // Nobody answers: said, not hung.
  await it.work(amazonName)
  expect(await pullOnce(ctx, await account(amazonName), { ...options, limitMs: 5_000 })).toMatchObject({
    by: 'holder',
    isDone: false,
  })
})

test('a push through the holder tries refused lines again', async () => {
  const work = await it.work(storeName)
  while ((await readStock(it.ctx, work)).read > 0);
  while ((await pushStock(it.ctx, work)).sent > 0);
  it.advance(5 * minute)
  await it.work(storeName)
  const far = new Date(it.ctx.clock.now().getTime() + 60 * minute)
  await own.db.run(`update stock_slots set problem_code = 'x', retry_at = $1 where dirty and account_id = $2`, [
    far,
    work.row.id,
  ])
  const dirty = `select count(*) as count from stock_slots where account_id = $1 and dirty`
  expect(await own.db.one(dirty, [work.row.id])).not.toEqual({ count: 0 })
  const report = await pushOnce(
    {
      ...it.ctx,
      async sleep(ms) {
        it.advance(ms)
        await it.work(storeName)
        while ((await readStock(it.ctx, work)).read > 0);
        while ((await pushStock(it.ctx, work)).sent > 0);
      },
    },
    await account(storeName),
    options,
  )
  expect(report).toMatchObject({ by: 'holder', isDone: true, differing: 0 })
  expect(report.writes.applied).toBeGreaterThan(0)
})

test('a channel that fails is told with its code, and the lease is given back', async () => {
  await it.control('/faults', { channel: 'amazon', operation: 'searchOrders', kind: 'status', status: 500 })
  const report = await pullOnce(ctx, await account(amazonName), options)
  expect(report).toMatchObject({ by: 'self', newOrders: 0 })
  expect(report.troubles).toMatchObject([{ stream: 'orders' }])
  expect(await lease(amazonName)).toEqual({ holder: 'a person', released: true })
})

test('without allowance the pull says until when, and does not wait beyond its limit', async () => {
  await pullOnce(ctx, await account(amazonName), options)
  await own.db.run(`update budgets set tokens = 0, refilled_at = $1`, [it.ctx.clock.now()])
  const report = await pullOnce(ctx, await account(amazonName), { ...options, limitMs: 60_000 })
  expect(report).toMatchObject({ isDone: false, troubles: [] })
  expect(Date.parse(report.waitsUntil!)).toBeGreaterThan(it.ctx.clock.now().getTime() + 60_000)
  expect(await pullOnce(ctx, await account(amazonName), options)).toMatchObject({ isDone: true, waitsUntil: null })
})
