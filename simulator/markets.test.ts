import { describe, expect, test } from 'vitest'
import { profiles } from './profiles.ts'
import type { State } from './state.ts'
import { type Bench, bench, market, ordersPath, quantityPatch, start } from './testing.ts'
import type { AmazonOptions, CatalogItem, FurtherMarket } from './types.ts'

const itemPath = (seller: string, sku: string) =>
  `/listings/2021-08-01/items/${seller}/${encodeURIComponent(sku)}?marketplaceIds=${market}`
const sellers: Record<FurtherMarket, string> = { 'ebay-like': 'A2EBAYLIKESEL', 'walmart-like': 'A3WALMARTLIKES' }

const mug = (sku: string): CatalogItem => ({
  sku,
  title: 'Mug',
  asin: 'B0SIM00001',
  price: 1_490,
  currency: 'USD',
  amazon: { quantity: 10 },
  markets: { 'ebay-like': { quantity: 7 }, 'walmart-like': { quantity: 6 } },
  storefront: { quantity: 5 },
})

const calm = { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 }
/** A marketplace under its own name whose habits are given; nothing is rationed. */
const withHabits = (options: AmazonOptions, name: FurtherMarket = 'ebay-like') =>
  bench({ catalog: [mug('MUG'), mug('CUP')], markets: { [name]: { limits: 'none', lifecycle: calm, ...options } } })

const stateOf = async (b: Bench, name: FurtherMarket | 'amazon' = 'ebay-like') =>
  (await b.control('GET', '/state')).body.channels[name]
const write = (b: Bench, quantity: number, name: FurtherMarket = 'ebay-like', sku = 'MUG') =>
  b.at(name, 'PATCH', itemPath(sellers[name], sku), quantityPatch(quantity))
const buy = (b: Bench, quantity = 1, channel: string = 'ebay-like') =>
  b.control('POST', '/orders', { channel, sku: 'MUG', quantity })

test('each has its own seller, numbers, orders, writes and allowances', async () => {
  const b = await bench({ catalog: [mug('MUG')], markets: { 'ebay-like': {}, 'walmart-like': {} } })
  await buy(b)
  await buy(b, 2, 'walmart-like')
  await write(b, 3, 'walmart-like')
  await b.pass(3_600)
  const { body } = await b.control('GET', '/state')
  const { amazon, 'ebay-like': ebay, 'walmart-like': walmart, storefront } = body.channels
  expect([amazon.shown.MUG, ebay.shown.MUG, walmart.shown.MUG, storefront.shown.MUG]).toEqual([10, 6, 3, 5])
  expect([amazon, ebay, walmart].map(({ orders, effects }) => [orders.length, effects.length])).toEqual([
    [0, 0],
    [1, 0],
    [1, 1],
  ])
  const found = await b.at('walmart-like', 'GET', `${ordersPath}?createdAfter=2026-11-22T00:00:00Z`)
  expect(found.body.orders.map(({ orderId }) => orderId)).toEqual(walmart.orders.map(({ id }) => id))
  // A token of one is nothing at another, and neither is its seller.
  const { access_token } = (
    await b.send('POST', '/ebay-like/auth/o2/token', {
      grant_type: 'refresh_token',
      refresh_token: 'Atzr|ebay-like',
      client_id: 'amzn1.application-oa2-client.ebay-like',
      client_secret: 'amzn1.oa2-cs.v1.ebay-like',
    })
  ).body
  const path = `/walmart-like${itemPath(sellers['walmart-like'], 'MUG')}`
  expect((await b.send('GET', path, undefined, { 'x-amz-access-token': access_token })).status).toBe(403)
  expect((await b.at('ebay-like', 'GET', itemPath(sellers['walmart-like'], 'MUG'))).status).toBe(403)
})

describe('habits', () => {
  test('a write takes as long as the marketplace takes, with a tail', async () => {
    const b = await withHabits({ effectMs: { min: 1_000, max: 5_000, tail: 60_000, tailShare: 0.2 }, lostShare: 0 })
    const delays: number[] = []
    for (let i = 0; i < 200; i++) {
      await write(b, i)
      const wroteAt = b.clock.now
      await b.pass(61)
      delays.push(Date.parse((await stateOf(b)).effects.at(-1)!.appliedAt) - wroteAt)
    }
    const late = delays.filter((delay) => delay > 5_000)
    expect(Math.min(...delays)).toBeGreaterThanOrEqual(1_000)
    expect(Math.max(...delays)).toBeLessThanOrEqual(60_000)
    expect(late.length).toBeGreaterThan(20)
    expect(late.length).toBeLessThan(65)
  })

  test('an accepted write may be lost, and never shows', async () => {
    const b = await withHabits({ lostShare: 0.3 })
    for (let i = 0; i < 100; i++) {
      expect((await write(b, 100 + i)).body.status).toBe('ACCEPTED')
      await b.pass(200)
    }
    const { effects, shown } = await stateOf(b)
    const lost = effects.filter(({ refused }) => refused === 'lost')
    expect(lost.length).toBeGreaterThan(15)
    expect(lost.length).toBeLessThan(50)
    expect(lost.every(({ applied }) => !applied)).toBe(true)
    expect(shown.MUG).toBe(effects.findLast(({ applied }) => applied)!.quantity)
  })

  test('an order shows in search when the marketplace shows it', async () => {
    const b = await withHabits({ lagMs: { typical: 240_000, tail: 240_000, tailShare: 1 } })
    await buy(b)
    const known = async () =>
      (await b.at('ebay-like', 'GET', `${ordersPath}?lastUpdatedAfter=2026-11-22T00:00:00Z`)).body.orders.length
    await b.pass(239)
    expect(await known()).toBe(0)
    await b.pass(1)
    expect(await known()).toBe(1)
  })

  test.each([
    { name: 'atomic', restock: { byItself: true, afterMs: { min: 0, max: 0 } }, at: [7, 7] },
    { name: 'late', restock: { byItself: true, afterMs: { min: 60_000, max: 60_000 } }, at: [5, 7] },
    { name: 'never', restock: { byItself: false, afterMs: { min: 0, max: 0 } }, at: [5, 5] },
  ])('units of a canceled order come back: $name', async ({ restock, at }) => {
    const b = await withHabits({ restock })
    const { orderId } = (await buy(b, 2)).body
    await b.control('POST', `/orders/${orderId}/cancel`, {})
    const before = (await stateOf(b)).shown.MUG
    await b.pass(60)
    expect([before, (await stateOf(b)).shown.MUG]).toEqual(at)
  })

  test('a person can overrule the habit', async () => {
    const b = await withHabits({ restock: { byItself: false, afterMs: { min: 0, max: 0 } } })
    const { orderId } = (await buy(b, 2)).body
    await b.control('POST', `/orders/${orderId}/cancel`, { restock: true })
    expect((await stateOf(b)).shown.MUG).toBe(7)
  })

  test('an order larger than what is shown: refused, or taken down to 0; at 0 nothing is sold', async () => {
    const strict = await withHabits({})
    expect((await buy(strict, 8)).status).toBe(409)
    const lax = await withHabits({ refusesLarger: false })
    expect((await buy(lax, 8)).status).toBe(201)
    expect([(await stateOf(lax)).shown.MUG, (await stateOf(lax)).sold.MUG]).toEqual([0, 8])
    expect((await buy(lax, 1)).status).toBe(409)
  })

  test('every profile ends its effects within the time that a write may take', () => {
    for (const { effectMs } of Object.values(profiles)) {
      expect(effectMs.tail ?? effectMs.max).toBeLessThanOrEqual(15 * 60_000)
      expect(effectMs.min).toBeLessThan(effectMs.max)
    }
  })
})

describe('started by control', () => {
  test('with habits of its own; what the catalog does not name shows 0', async () => {
    const catalog = [mug('MUG'), mug('CUP')].map(({ markets: _none, ...item }) => item)
    const b = await bench({ catalog })
    expect((await b.send('GET', '/ebay-like/orders/2026-01-01/orders')).status).toBe(404)
    expect((await buy(b)).status).toBe(404)
    const started = await b.control('POST', '/markets', {
      name: 'ebay-like',
      options: { effectMs: { min: 1_000, max: 1_000 }, limits: 'none' },
    })
    expect([started.status, started.body.listings]).toEqual([201, 2])
    expect((await stateOf(b)).shown).toEqual({ MUG: 0, CUP: 0 })
    await write(b, 4)
    await b.pass(1)
    expect((await stateOf(b)).shown.MUG).toBe(4)
    expect(
      (await b.control('POST', '/markets', { name: 'ebay-like', options: { effectMs: { min: 9, max: 1 } } })).status,
    ).toBe(400)
    expect((await b.control('POST', '/markets', { name: 'amazon' })).status).toBe(400)
    expect((await b.control('POST', '/markets', { name: 'ebay-like', options: { unknown: 1 } })).status).toBe(400)
  })

  test('it outlives a snapshot and a reset, with its habits', async () => {
    const b = await bench({ catalog: [mug('MUG')] })
    await b.control('POST', '/markets', { name: 'walmart-like', options: { lostShare: 1, limits: 'none' } })
    await write(b, 4, 'walmart-like')
    const again = await bench({ catalog: [mug('MUG')], snapshot: JSON.parse(JSON.stringify(b.sim.snapshot())) })
    again.clock.now = start + 1_000
    await write(again, 5, 'walmart-like')
    expect((await stateOf(again, 'walmart-like')).effects.map(({ refused }) => refused)).toEqual(['lost', 'lost'])
    await again.control('POST', '/reset', {})
    expect(await stateOf(again, 'walmart-like')).toMatchObject({ shown: { MUG: 6 }, effects: [] })
    await write(again, 5, 'walmart-like')
    expect((await stateOf(again, 'walmart-like')).effects.map(({ refused }) => refused)).toEqual(['lost'])
  })

  test('started anew, nothing of before is left, nor what was still to happen', async () => {
    const b = await withHabits({ effectMs: { min: 60_000, max: 60_000 } })
    await buy(b)
    await write(b, 1)
    await b.control('POST', '/markets', { name: 'ebay-like', options: { limits: 'none' } })
    await b.pass(3_600)
    expect(await stateOf(b)).toMatchObject({ shown: { MUG: 7 }, orders: [], effects: [] })
  })

  test('a snapshot from before there were further marketplaces is read', async () => {
    const b = await bench({ catalog: [mug('MUG')] })
    const { further: _further, ...old } = b.sim.snapshot() as State
    const { feeds: _feeds, documents: _documents, feedPace: _pace, ...amazon } = old.amazon
    const again = await bench({ catalog: [mug('MUG')], snapshot: { ...old, amazon }, markets: { 'ebay-like': {} } })
    expect((await stateOf(again)).shown.MUG).toBe(7)
    expect((await stateOf(again, 'amazon')).feeds).toEqual([])
  })
})

test('faults and buyers know it, and nothing of it moves Amazon’s chances', async () => {
  const amazonOf = async (further: boolean) => {
    const b = await bench({ catalog: [mug('MUG'), mug('CUP')], ...(further ? { markets: { 'ebay-like': {} } } : {}) })
    for (let i = 0; i < 30; i++) {
      if (further) {
        await buy(b)
        await write(b, 9)
      }
      await b.amazon('PATCH', itemPath('A1SIMULATEDSEL', 'CUP'), quantityPatch(i))
      await b.control('POST', '/orders', { channel: 'amazon', sku: 'CUP', quantity: 1 })
      await b.pass(60)
    }
    const { orders, effects } = await stateOf(b, 'amazon')
    return [orders.map(({ id }) => id), effects.map(({ appliedAt }) => appliedAt)]
  }
  expect(await amazonOf(true)).toEqual(await amazonOf(false))
  const b = await withHabits({})
  await b.control('POST', '/faults', { channel: 'ebay-like', operation: 'patchListingsItem', kind: 'status', count: 1 })
  expect((await write(b, 1)).status).toBe(500)
  expect((await b.control('POST', '/faults', { channel: 'walmart-like', operation: '*', kind: 'drop' })).status).toBe(
    404,
  )
  await b.control('POST', '/buyers', { perMinute: 60, channels: ['ebay-like'] })
  b.sim.buyers.stop()
  for (let i = 0; i < 5; i++) await b.sim.buyers.step()
  expect((await stateOf(b)).orders.length).toBeGreaterThan(0)
})
