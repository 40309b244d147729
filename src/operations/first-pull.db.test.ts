/** What was there when an account was connected is read with its progress in sight, and a new process goes on with it. */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { amazonName } from '../../test/simulation/installation.ts'
import { useDatabase } from '../../test/support/database.ts'
import { type Market, openMarket } from '../../test/support/market.ts'
import { workFor } from '../../test/support/world.ts'
import { findAccount } from '../database/accounts.ts'
import { describeFirstPull } from '../database/views/first-pull.ts'
import { pullListings } from './pull-listings.ts'
import { pullOrders } from './pull-orders.ts'

const own = useDatabase()
let market: Market

const goods = Array.from({ length: 45 }, (_, n) => ({
  sku: `MUG-${n}`,
  title: `Mug ${n}`,
  asin: `B0SIM${String(n).padStart(5, '0')}`,
  price: 1_490,
  currency: 'USD',
  amazon: { quantity: 5 },
}))

beforeAll(async () => {
  market = await openMarket(own.db, {
    catalog: goods,
    onHand: 5,
    bare: true,
    historyDays: 30,
    history: { orders: 130, days: 30 },
  })
})
afterAll(async () => await market.close())

const progress = async () => {
  const told = await describeFirstPull(own.db, (await findAccount(own.db, amazonName))!)
  return { ...told, of: (stream: string) => told.streams.find((one) => one.stream === stream)! }
}

test('progress is told page by page, with the end that the pace so far promises', async () => {
  expect(await progress()).toMatchObject({ state: 'waiting', streams: [{ stream: 'listings' }, { stream: 'orders' }] })
  expect((await progress()).of('listings')).toMatchObject({ state: 'waiting', pages: 0, total: null, expectedAt: null })

  await pullListings(market.ctx, await market.work())
  expect((await progress()).of('listings')).toMatchObject({ state: 'running', pages: 1, items: 20, total: 45 })
  await market.pass(10_000)
  await pullListings(market.ctx, await market.work())
  const second = await progress()
  expect(second.state).toBe('running')
  expect(second.of('listings')).toMatchObject({ pages: 2, items: 40, total: 45 })
  // 40 in ten seconds: the other five take a little more than one.
  expect(Date.parse(second.of('listings').expectedAt!) - Date.parse(second.of('listings').readAt!)).toBe(1_250)
})

test('a new process goes on behind the page that was stored last', async () => {
  await own.db.run('update leases set released = true')
  const work = await workFor(market.ctx, amazonName, 'another process')
  expect(await pullListings(market.ctx, work)).toMatchObject({ more: false })
  expect((await progress()).of('listings')).toMatchObject({ state: 'done', pages: 3, items: 45, total: 45 })
  await own.db.run('update leases set released = true')
})

test('orders are read n days back, and what left before the account was opened moves nothing', async () => {
  const before = await own.db.one<{ count: number }>('select count(*) as count from stock_movements')
  const again = await workFor(market.ctx, amazonName, 'third process', 3_600_000)
  await own.db.run('update budgets set tokens = 1000000, burst = 1000000')
  await market.fault({ operation: 'searchOrders', kind: 'status', status: 500, count: 1 })
  await pullOrders(market.ctx, again)
  expect((await progress()).of('orders')).toMatchObject({ state: 'waiting', pages: 0, failure: { failures: 1 } })
  await pullOrders(market.ctx, again)
  expect((await progress()).of('orders')).toMatchObject({
    state: 'running',
    pages: 1,
    items: 100,
    total: null,
    failure: null,
  })
  while ((await pullOrders(market.ctx, again)).more);
  const { orders } = (await own.db.one<{ orders: number }>('select count(*) as orders from orders'))!
  expect(orders).toBe(130)
  expect((await progress()).of('orders')).toMatchObject({ state: 'done', items: 130, total: 130 })
  expect(await progress()).toMatchObject({ state: 'done' })
  expect(await own.db.one('select count(*) as count from stock_movements')).toEqual(before)

  // Later pulls are daily work: they do not count.
  await market.pass(600_000)
  await pullListings(market.ctx, again)
  expect((await progress()).of('listings')).toMatchObject({ pages: 3, items: 45 })
})
