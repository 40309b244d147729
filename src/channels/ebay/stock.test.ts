/** Quantities at the simulated eBay: writes by offer, readings, quotas, listings. */
import { expect, test } from 'vitest'
import { ebayBench, ebayItem, pullAllOf } from '../../../test/support/ebay.ts'
import type { QuantityLine } from '../connector.ts'
import { ebay } from './index.ts'

const minute = 60_000
const line = (remoteSku: string, quantity: number): QuantityLine => ({
  key: `slot ${remoteSku}`,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})
const stock = ebay.stock!

test('a raise reaches the item and its offers, a zero leaves without asking for them', async () => {
  const bench = ebayBench([
    ebayItem('TEA TOWEL/RED+2', 3, { marketplaceIds: ['EBAY_US', 'EBAY_GB'] }),
    ebayItem('MUG', 4),
  ])
  const account = bench.account()
  const outcomes = await stock.push(account, [line('TEA TOWEL/RED+2', 9), line('MUG', 0)])
  expect(outcomes).toEqual([
    { key: 'slot TEA TOWEL/RED+2', kind: 'accepted' },
    { key: 'slot MUG', kind: 'accepted' },
  ])
  await bench.pass(minute)
  const { shown, calls } = await bench.truth()
  expect(shown).toEqual({ 'TEA TOWEL/RED+2': 9, MUG: 0 })
  expect(calls.getOffers!.count).toBe(1)
  await stock.push(account, [line('TEA TOWEL/RED+2', 8)])
  expect((await bench.truth()).calls.getOffers!.count).toBe(1)
  expect(await stock.read(account, ['MUG', 'GONE', 'TEA TOWEL/RED+2'])).toEqual([
    { remoteSku: 'MUG', quantity: 0 },
    { remoteSku: 'GONE', quantity: null },
    { remoteSku: 'TEA TOWEL/RED+2', quantity: 9 },
  ])
})

test('one odd SKU in a batch of readings is untold by itself; the others are read', async () => {
  const bench = ebayBench(['MUG', 'ODD', 'CUP'].map((sku) => ebayItem(sku, 5)))
  const error = (errorId: number, category: string) => [{ errorId, category, message: 'odd' }]
  const lines: object[][] = [
    [{ sku: 'ODD', statusCode: 400, errors: error(25709, 'REQUEST') }],
    [{ sku: 'ODD', statusCode: 500, errors: error(25001, 'APPLICATION') }],
    [{ sku: 'ODD', statusCode: 200 }],
    [{ sku: 'ODD', statusCode: 'odd words' }],
    [
      {
        sku: 'ODD',
        statusCode: 200,
        inventoryItem: { availability: { shipToLocationAvailability: { quantity: -1 } } },
      },
    ],
    [{}],
    [],
  ]
  const reads = async (skus: string[], change: (responses: { sku: string }[]) => unknown) => {
    const account = bench.account({
      fetch: async (input, init) => {
        const answer = await bench.fetch(input, init)
        if (!String(input).endsWith('bulk_get_inventory_item')) return answer
        const { responses } = (await answer.json()) as { responses: { sku: string }[] }
        return Response.json({ responses: change(responses) }, { status: 207 })
      },
    })
    return await stock.read(account, skus)
  }
  for (const line of lines) {
    const told = await reads(['MUG', 'ODD', 'CUP'], (all) => all.flatMap((one) => (one.sku === 'ODD' ? line : one)))
    expect(told, JSON.stringify(line)).toEqual([
      { remoteSku: 'MUG', quantity: 5 },
      { remoteSku: 'ODD', quantity: null, isUntold: true },
      { remoteSku: 'CUP', quantity: 5 },
    ])
  }
  // By itself as well: the next batch begins with it again. An answer about nothing that was asked is none.
  const alone = (all: object[]) => all.map((one) => ({ ...one, statusCode: 400, errors: error(25709, 'REQUEST') }))
  expect(await reads(['ODD'], alone)).toEqual([{ remoteSku: 'ODD', quantity: null, isUntold: true }])
  await expect(reads(['MUG', 'ODD'], () => [])).rejects.toMatchObject({ kind: 'unavailable' })
})

test('24 SKUs of 25 go through; the one that is refused is told by itself', async () => {
  const skus = Array.from({ length: 25 }, (_, index) => `S${index}`)
  const bench = ebayBench(skus.map((sku) => ebayItem(sku, 1)))
  await bench.fault('bulkUpdatePriceQuantity', 'refuse', { count: 1 })
  const outcomes = await stock.push(
    bench.account(),
    skus.map((sku) => line(sku, 7)),
  )
  const failed = outcomes.filter((one) => one.kind === 'failed')
  expect(outcomes.filter((one) => one.kind === 'accepted')).toHaveLength(24)
  expect(failed).toMatchObject([{ error: { kind: 'rejected', code: '25019', mayHaveApplied: false } }])
})

test('24 offers of 25 of one SKU: what was taken stands, and the odd one is named', async () => {
  const marketplaceIds = Array.from({ length: 25 }, (_, index) => `EBAY_M${String.fromCharCode(65 + index)}`)
  const bench = ebayBench([ebayItem('MUG', 1, { marketplaceIds })])
  const account = bench.account()
  await bench.fault('bulkUpdatePriceQuantity', 'refuse', { count: 1 })
  const [outcome] = await stock.push(account, [line('MUG', 7)])
  expect(outcome).toMatchObject({
    kind: 'accepted',
    detail: { [String(Object.keys((outcome as { detail: object }).detail)[0])]: '25019' },
  })
  await bench.pass(minute)
  expect(await stock.read(account, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 7 }])
})

test('what certainly did not happen, and what may have', async () => {
  const bench = ebayBench([ebayItem('MUG', 1)])
  const account = bench.account()
  const failures: [fault: string, more: object, error: object][] = [
    ['timeout-after-apply', { count: 1 }, { kind: 'unavailable', mayHaveApplied: true }],
    ['malformed', { count: 1 }, { kind: 'unavailable', mayHaveApplied: true }],
    ['status', { count: 1, status: 500 }, { kind: 'unavailable', mayHaveApplied: true }],
    ['status', { count: 1, status: 403 }, { kind: 'auth', mayHaveApplied: false }],
    ['status', { count: 1, status: 429 }, { kind: 'throttled', code: '2001', mayHaveApplied: false }],
  ]
  await stock.push(account, [line('MUG', 2)])
  for (const [kind, more, error] of failures) {
    await bench.fault('bulkUpdatePriceQuantity', kind, more)
    expect(await stock.push(account, [line('MUG', 3)]), kind).toMatchObject([{ kind: 'failed', error }])
  }
  await bench.pass(minute)
  expect(await stock.push(account, [line('GONE', 0)])).toMatchObject([
    { kind: 'failed', error: { kind: 'missing', code: '25702' } },
  ])
  // Without its offers nothing of a raise has left.
  await bench.fault('getOffers', 'status', { count: 1, status: 500 })
  expect(await stock.push(bench.account(), [line('MUG', 3)])).toMatchObject([
    { kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: false } },
  ])
})

test('a token that ends amid the work is minted anew, once; a consent taken back is told', async () => {
  const bench = ebayBench([ebayItem('MUG', 1)])
  const account = bench.account()
  await bench.fault('bulkUpdatePriceQuantity', 'expire-access', { count: 1 })
  expect(await stock.push(account, [line('MUG', 2)])).toMatchObject([{ kind: 'accepted' }])
  expect((await bench.truth()).calls.token!.count).toBe(2)
  await bench.fault('token', 'revoke')
  await bench.pass(3 * 3_600_000)
  expect(await stock.push(account, [line('MUG', 2)])).toMatchObject([
    { kind: 'failed', error: { kind: 'auth', code: 'invalid_grant' } },
  ])
})

test('a quota that is used up is waited for until eBay says that it opens', async () => {
  const bench = ebayBench([ebayItem('MUG', 1)], { limits: 'published', quotas: { Inventory: 3 } })
  const account = bench.account()
  const opens = bench.sim.now().getTime() + 24 * 3_600_000
  for (let n = 0; n < 3; n += 1) await stock.read(account, ['MUG'])
  const error = await stock.read(account, ['MUG']).catch((thrown: unknown) => thrown)
  expect(error).toMatchObject({ kind: 'throttled', retryAt: new Date(opens) })
  expect(account.exhausted).toEqual(['bulkGetInventoryItem'])
})

test('all live listings, a page of items at a time; what is not published is none', async () => {
  const items = Array.from({ length: 120 }, (_, index) => ebayItem(`S${index}`, index))
  const bench = ebayBench([...items, ebayItem('NEVER', 1, { marketplaceIds: [] })], { outOfStockControl: false })
  const account = bench.account()
  await stock.push(account, [line('S7', 0)])
  await bench.pass(minute)
  const { items: found, pages } = await pullAllOf((cursor) => ebay.listings!.pull(account, cursor))
  expect(pages).toBe(3)
  expect(found.map((one) => one.remoteSku).sort()).toEqual(
    items
      .map(({ sku }) => sku)
      .filter((sku) => sku !== 'S7')
      .sort(),
  )
  expect(found.find(({ remoteSku }) => remoteSku === 'S9')).toMatchObject({
    marketplace: 'EBAY_US',
    title: 'Thing S9',
    fulfilledBy: 'merchant',
    merchantQuantity: 9,
    buyable: true,
    price: { amount: 1_490, currency: 'USD' },
  })
  expect(found.find(({ remoteSku }) => remoteSku === 'S0')).toMatchObject({ buyable: false })
})

test('a page of items that needs more calls than the allowance holds is told in parts, each item once', async () => {
  const skus = Array.from({ length: 60 }, (_, index) => `SKU-${index}`)
  const bench = ebayBench(skus.map((sku) => ebayItem(sku, 5)))
  let left = 0
  const account = bench.account({
    fetch: async (input, init) => {
      if (!/\/offer\?/.test(String(input))) return await bench.fetch(input, init)
      left -= 1
      return left < 0 ? new Response('{}', { status: 429 }) : await bench.fetch(input, init)
    },
  })
  const { items, pages } = await pullAllOf(async (cursor) => {
    await bench.pass(60_000)
    left = 12
    return await ebay.listings!.pull(account, JSON.parse(JSON.stringify(cursor)))
  })
  expect(items.map(({ remoteSku }) => remoteSku).toSorted()).toEqual(skus.toSorted())
  expect(pages).toBe(6)
})
