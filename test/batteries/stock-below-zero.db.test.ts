/** Battery R of stock, where a warehouse has less than nothing (R10), and where a channel sells what is not there (R11). */
import { afterAll, beforeAll, expect, test } from 'vitest'
import { createSimulator, type Simulator } from '../../simulator/index.ts'
import { listOrders } from '../../src/database/views/orders.ts'
import { levelOf } from '../../src/database/views/stock.ts'
import type { Problem } from '../../src/domain/errors.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { addLocation, addProduct } from '../../src/operations/manage-catalog.ts'
import { moveStock, type StockMove } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { brokenBooks } from '../support/counters.ts'
import { useDatabase } from '../support/database.ts'
import { createWorld, type World, workFor } from '../support/world.ts'

const own = useDatabase()
const minute = 60_000
const places = ['amazon', 'ebay-like', 'walmart-like'] as const
type Place = (typeof places)[number]
const sellers: Record<Place, [sellerId: string, word: string, token: string]> = {
  amazon: ['A1SIMULATEDSEL', 'simulated', '/lwa/auth/o2/token'],
  'ebay-like': ['A2EBAYLIKESEL', 'ebay-like', '/ebay-like/auth/o2/token'],
  'walmart-like': ['A3WALMARTLIKES', 'walmart-like', '/walmart-like/auth/o2/token'],
}
/** As many as leave at once from a bucket of five: the hub keeps two for what was counted otherwise there. */
const skus = ['CUP', 'POT', 'LID']
const base = 'http://marketplaces.test'
const startAt = Date.UTC(2026, 10, 22, 8)
const lifecycle = { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 }
const effectMs = { min: 1_000, max: 5_000 }

let time = startAt
let world: World
let simulator: Simulator
let accounts: Map<Place, AccountAtWork>

const pass = async (ms: number) => {
  time += ms
  await simulator.tick()
}
const control = async <T>(path: string, body?: object): Promise<T> => {
  const init = body
    ? { method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify(body) }
    : {}
  const answer = await simulator.handle(new Request(`http://simulator/control${path}`, init))
  expect(answer.ok, path).toBe(true)
  return (await answer.json()) as T
}
interface Shop {
  shown: Record<string, number>
  calls: Record<string, { count: number; throttled: number }>
}
const shopAt = async (place: Place) =>
  (await control<{ channels: Record<Place, Shop> }>('/state?limit=100')).channels[place]
const shown = async () =>
  Object.fromEntries(await Promise.all(places.map(async (place) => [place, (await shopAt(place)).shown])))
const everywhere = (quantity: number) =>
  Object.fromEntries(places.map((place) => [place, Object.fromEntries(skus.map((sku) => [sku, quantity]))]))

/** Everybody reads and writes as it comes, for so long. */
async function live(minutes: number): Promise<void> {
  for (let n = 0; n < minutes; n += 1) {
    await pass(minute)
    for (const work of accounts.values()) {
      if (n % 3 === 0) while ((await pullOrders(world.ctx, work)).more);
      await pushStock(world.ctx, work)
      await readStock(world.ctx, work)
    }
  }
}
const move = (one: Omit<StockMove, 'location'>) =>
  own.db.transaction((tx) => moveStock(tx, world.ctx, { ...one, location: 'MAIN' }, 'warehouse'))
const oversold = () =>
  own.db.rows<{ sku: string; units: number }>(
    `select data->>'sku' as sku, (data->>'units')::int as units from findings where code = 'oversold' and resolved_at is null order by 1`,
  )

beforeAll(async () => {
  const listed = { quantity: 6 }
  const catalog = skus.map((sku, n) => ({
    sku,
    title: sku,
    asin: `B0SIM0000${n}`,
    price: 1_490,
    currency: 'USD',
    amazon: listed,
    markets: { 'ebay-like': listed, 'walmart-like': listed },
  }))
  const habits = { lifecycle, effectMs }
  simulator = createSimulator({
    seed: 3,
    realNow: () => time,
    startAt: new Date(startAt),
    catalog,
    amazon: habits,
    markets: { 'ebay-like': habits, 'walmart-like': habits },
  })
  const fetched: typeof fetch = (input, init) => simulator.handle(new Request(input, init))
  world = createWorld(own.db, { now: () => new Date(time), fetch: fetched, allowedOrigins: [base] })
  await own.db.transaction(async (tx) => {
    await addLocation(tx, world.ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    for (const sku of skus) await addProduct(tx, world.ctx, { title: sku, variants: [{ sku }] })
    for (const place of places) {
      const [sellerId, word, token] = sellers[place]
      const at = { endpoint: `${base}/${place}`, tokenEndpoint: `${base}${token}` }
      await connectAccount(tx, world.ctx, {
        channel: 'amazon',
        name: place,
        stage: 'live',
        settings: { sellerId, region: 'na', marketplaceIds: ['ATVPDKIKX0DER'], historyDays: 1, ...at },
        secrets: {
          clientId: `amzn1.application-oa2-client.${word}`,
          clientSecret: `amzn1.oa2-cs.v1.${word}`,
          refreshToken: `Atzr|${word}`,
        },
      })
    }
  })
  for (const sku of skus) await move({ sku, kind: 'receipt', quantity: 30 })
  accounts = new Map()
  for (const place of places) accounts.set(place, await workFor(world.ctx, place, 'test', 100 * 3_600_000))
  for (const work of accounts.values()) while ((await pullListings(world.ctx, work)).more);
  await live(45)
})
afterAll(async () => expect(await brokenBooks(own.db)).toEqual([]))

test('R10: less than nothing in the warehouse is refused with its numbers; the count is taken, shown, and every channel is at 0 within one burst', async () => {
  const before = await shown()
  for (const place of places) for (const sku of skus) expect(before[place]![sku], `${place} ${sku}`).toBeGreaterThan(0)
  await control('/orders', { channel: 'amazon', sku: 'CUP', quantity: 2 })
  await live(9)
  expect((await levelOf(own.db, 'CUP'))!.reserved).toBe(2)
  // −5 on the shelf cannot be: it says so, and clamps nothing in silence.
  const refused = await move({ sku: 'CUP', kind: 'adjustment', quantity: -35 }).catch((error: Problem) => error)
  expect(refused).toMatchObject({ code: 'stock_below_zero', params: { onHand: 30, sku: 'CUP', location: 'MAIN' } })
  expect((await levelOf(own.db, 'CUP'))!.onHand).toBe(30)
  expect(await oversold()).toEqual([])
  const calls = async () =>
    await Promise.all(
      places.map(async (place) => (await shopAt(place)).calls.patchListingsItem ?? { count: 0, throttled: 0 }),
    )
  // Every bucket is full, as it is most of the time.
  await pass(minute)
  const written = await calls()
  for (const sku of skus) await move({ sku, kind: 'count', quantity: 0 })
  expect(await oversold()).toEqual([{ sku: 'CUP', units: 2 }])
  // No time passes: what leaves now leaves in one burst.
  for (const work of accounts.values()) await pushStock(world.ctx, work)
  const after = await calls()
  expect(after.map((one, n) => one.count - written[n]!.count)).toEqual(places.map(() => skus.length))
  expect(after.map((one, n) => one.throttled - written[n]!.throttled)).toEqual(places.map(() => 0))
  await pass(6_000)
  expect(await shown()).toEqual(everywhere(0))
  // The person who counted wrong counts again: the order is served, and the finding ends.
  await move({ sku: 'CUP', kind: 'count', quantity: 2 })
  expect(await oversold()).toEqual([])
})

test('R11: a channel that sells after it was at 0: the order waits for a decision, nothing is canceled by itself', async () => {
  await live(24)
  expect(await shown()).toEqual(everywhere(0))
  // Somebody else wrote the channel's number; buyers take what it shows.
  await control('/quantities', { channel: 'amazon', sku: 'POT', quantity: 3 })
  const { orderId } = await control<{ orderId: string }>('/orders', { channel: 'amazon', sku: 'POT', quantity: 2 })
  await live(24)
  expect(await levelOf(own.db, 'POT')).toMatchObject({ onHand: 0, reserved: 0, short: 2, availableToPromise: 0 })
  expect(await oversold()).toEqual([{ sku: 'POT', units: 2 }])
  const [order] = (await listOrders(own.db, { limit: 10, view: 'problem' }, world.ctx.clock.now())).items
  expect(order).toMatchObject({ remoteId: orderId, state: 'open', problems: ['short'] })
  // What is left there is taken back, and nothing else was done on any channel.
  expect((await shopAt('amazon')).shown.POT).toBe(0)
  const kinds = await own.db.rows<{ kind: string }>('select distinct kind from effects')
  expect(kinds.map((one) => one.kind)).toEqual(['stock.push'])
  const state = await control<{ channels: Record<Place, { orders: { id: string; status: string }[] }> }>(
    '/state?limit=100',
  )
  expect(state.channels.amazon.orders.find((one) => one.id === orderId)!.status).toBe('UNSHIPPED')
})
