import { expect, test } from 'vitest'
import { type ShopBench, shopBench } from '../../../test/support/shopify.ts'
import type { QuantityLine } from '../connector.ts'
import { pullListings } from './listings.ts'
import { pushQuantities, quantitiesIn, readQuantities } from './stock.ts'

let version = 0
const line = (remoteSku: string, expected: number | null, quantity: number): QuantityLine => ({
  key: `slot ${remoteSku}`,
  remoteSku,
  quantity,
  expected,
  version: (version += 1),
})
const fault = (bench: ShopBench, operation: string, kind: string, count = 1) =>
  bench.control('POST', '/faults', { channel: 'shopify', operation, kind, count })

test('listings are variants with a SKU; what a location shows is read by SKU, however it is written', async () => {
  const bench = shopBench()
  const pulled = await pullListings(bench.account(), null)
  expect(pulled).toMatchObject({ more: false })
  expect(pulled.items).toMatchObject([
    { remoteSku: 'MUG', merchantQuantity: 10, price: { amount: 1_490, currency: 'USD' }, buyable: true },
    { remoteSku: 'A/B "1"', merchantQuantity: 4 },
    { remoteSku: 'LAMP', merchantQuantity: 2 },
  ])
  const cold = bench.account()
  expect(await readQuantities(cold, ['A/B "1"', 'NONE', 'LAMP'])).toEqual([
    { remoteSku: 'A/B "1"', quantity: 4 },
    { remoteSku: 'NONE', quantity: null },
    { remoteSku: 'LAMP', quantity: 2 },
  ])
  expect(quantitiesIn(cold.journal.at(-1)!.response)).toContainEqual({ remoteSku: 'LAMP', quantity: 2 })
  // What is known needs one call, and the journal tells what it told.
  await readQuantities(cold, ['LAMP'])
  expect(quantitiesIn(cold.journal.at(-1)!.response)).toEqual([{ remoteSku: 'LAMP', quantity: 2 }])
})

test('a number is changed only if it still is what was expected; the others of the call are set all the same', async () => {
  const bench = shopBench()
  const account = bench.account()
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'LAMP', quantity: 1 })
  const outcomes = await pushQuantities(account, [
    line('MUG', 10, 7),
    line('LAMP', 2, 5),
    line('NONE', 0, 1),
    line('A/B "1"', null, 3),
  ])
  const byKey = Object.fromEntries(outcomes.map((one) => [one.key, one]))
  expect(byKey).toMatchObject({
    'slot MUG': { kind: 'applied' },
    'slot LAMP': { kind: 'mismatch', shown: 1 },
    'slot NONE': { kind: 'failed', error: { kind: 'missing', mayHaveApplied: false } },
    'slot A/B "1"': { kind: 'mismatch', shown: 4 },
  })
  expect((await bench.state()).shown).toMatchObject({ MUG: 7, LAMP: 1, 'A/B "1"': 4 })
})

test('every call has a key of its own, and compares', async () => {
  const bench = shopBench()
  const account = bench.account()
  await pushQuantities(account, [line('MUG', 10, 7)])
  await pushQuantities(account, [line('MUG', 7, 6)])
  const sent = bench.traffic.filter(({ query }) => query.includes('inventorySetQuantities'))
  expect(new Set(sent.map(({ variables }) => variables.key)).size).toBe(2)
  for (const { variables } of sent) {
    const { quantities } = variables.input as { quantities: { changeFromQuantity: number }[] }
    expect(quantities[0]!.changeFromQuantity).toBeTypeOf('number')
  }
})

test('a number below 0 counts as 0 shown, and is set by what it really is', async () => {
  const bench = shopBench({ skus: { MUG: 0 } })
  const account = bench.account()
  // An order taken on past 0, as stores that go on selling do.
  await bench.control('POST', '/shopify/policy', { sku: 'MUG', policy: 'CONTINUE' })
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 2 })
  expect(await readQuantities(account, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 0, belowZero: -2 }])
  expect(await pushQuantities(account, [line('MUG', 0, 5)])).toMatchObject([{ kind: 'applied', replaced: -2 }])
  expect((await bench.state()).shown.MUG).toBe(5)
})

test('an answer that is lost leaves its lines in doubt; a refused call does not', async () => {
  const bench = shopBench()
  const account = bench.account()
  await readQuantities(account, ['MUG', 'LAMP'])
  await fault(bench, 'inventorySetQuantities', 'timeout-after-apply')
  const lost = await pushQuantities(account, [line('MUG', 10, 7), line('LAMP', 2, 1)])
  for (const one of lost)
    expect(one).toMatchObject({ kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: true } })
  expect((await bench.state()).shown).toMatchObject({ MUG: 7, LAMP: 1 })
  const sent = bench.traffic.length
  await fault(bench, 'inventorySetQuantities', 'malformed')
  expect(await pushQuantities(account, [line('MUG', 7, 8)])).toMatchObject([
    { kind: 'failed', error: { mayHaveApplied: true } },
  ])
  // One call left each time: nothing is repeated.
  expect(bench.traffic.length).toBe(sent + 1)
  // A question that failed before anything was sent leaves no doubt.
  const cold = bench.account()
  await fault(bench, 'productVariants', 'drop')
  expect(await pushQuantities(cold, [line('MUG', 8, 9)])).toMatchObject([
    { kind: 'failed', error: { kind: 'unavailable', mayHaveApplied: false } },
  ])
})

test('numbers that move between reading and writing: asked again a few times, then given back as a conflict', async () => {
  const bench = shopBench({ skus: { MUG: 50, LAMP: 50 } })
  const account = bench.account()
  await readQuantities(account, ['MUG', 'LAMP'])
  await fault(bench, 'inventorySetQuantities', 'moved-between')
  expect(await pushQuantities(account, [line('MUG', 50, 40), line('LAMP', 50, 30)])).toMatchObject([
    { key: 'slot LAMP', kind: 'applied' },
    { key: 'slot MUG', kind: 'mismatch', shown: 49 },
  ])
})

/** The calls of the store by what they ask for. */
const callsOf = (bench: ShopBench, from: number) =>
  bench.traffic.slice(from).map(({ query, variables }) => {
    const { quantities } = (variables.input ?? {}) as { quantities?: unknown[] }
    return [query.match(/(?:query|mutation) (\w+)/)![1], quantities?.length ?? (variables.ids as unknown[]).length]
  })

test('the line that a refusal names is read alone, behind the call of the others', async () => {
  const bench = shopBench()
  const account = bench.account()
  await readQuantities(account, ['MUG', 'LAMP', 'A/B "1"'])
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'LAMP', quantity: 1 })
  const from = bench.traffic.length
  await pushQuantities(account, [line('MUG', 10, 7), line('LAMP', 2, 5), line('A/B "1"', 4, 3)])
  expect(callsOf(bench, from)).toEqual([
    ['SetQuantities', 3],
    ['SetQuantities', 2],
    ['ReadQuantities', 1],
  ])
})

test('a named line that fits all the same, and does not when it leaves again, is answered', async () => {
  const bench = shopBench({ skus: { MUG: 0, LAMP: 2 } })
  let calls = 0
  const account = bench.account({
    fetch: (async (url: string, init: RequestInit) => {
      // Below 0 all numbers count as 0 shown.
      if (String(init.body).includes('mutation SetQuantities') && (calls += 1) > 2) await order()
      return await bench.sim.handle(new Request(url, init))
    }) as typeof fetch,
  })
  await readQuantities(account, ['MUG', 'LAMP'])
  await bench.control('POST', '/shopify/policy', { sku: 'MUG', policy: 'CONTINUE' })
  const order = async () => await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 1 })
  await order()
  const outcomes = await pushQuantities(account, [line('MUG', 0, 5), line('LAMP', 2, 1)])
  expect(outcomes).toMatchObject([
    { key: 'slot LAMP', kind: 'applied' },
    { key: 'slot MUG', kind: 'failed', error: { kind: 'conflict', mayHaveApplied: false } },
  ])
  expect(calls).toBe(4)
})

test('a refusal that names no line: all are read, and those that fit leave again', async () => {
  const bench = shopBench()
  const account = bench.account({
    fetch: (async (url: string, init: RequestInit) => {
      const answer = await bench.sim.handle(new Request(url, init))
      const body = await answer.text()
      return new Response(body.replace(/"field":\[[^\]]*\]/, '"field":null'), answer)
    }) as typeof fetch,
  })
  await readQuantities(account, ['MUG', 'LAMP'])
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'LAMP', quantity: 1 })
  const outcomes = await pushQuantities(account, [line('MUG', 10, 7), line('LAMP', 2, 5)])
  expect(outcomes).toMatchObject([{ kind: 'mismatch', shown: 1 }, { kind: 'applied' }])
})

test('no points left to read what did not fit: a conflict, not a call that never left; the others are set', async () => {
  const bench = shopBench()
  const account = bench.account()
  await readQuantities(account, ['MUG', 'LAMP'])
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'LAMP', quantity: 1 })
  const throttled = { channel: 'shopify', operation: 'nodes', kind: 'status', status: 429, count: 1 }
  expect((await bench.control('POST', '/faults', throttled)).status).toBeLessThan(300)
  expect(await pushQuantities(account, [line('MUG', 10, 7), line('LAMP', 2, 5)])).toMatchObject([
    { key: 'slot MUG', kind: 'applied' },
    { key: 'slot LAMP', kind: 'failed', error: { kind: 'conflict', mayHaveApplied: false, retryAt: undefined } },
  ])
})

test('a reading of few numbers is not paid like one of many', async () => {
  const bench = shopBench()
  const account = bench.account()
  await readQuantities(account, ['MUG', 'LAMP'])
  const paid: number[] = []
  const { spend } = account.budget
  account.budget.spend = async (operation, points, by) => {
    paid.push(points!)
    return await spend(operation, points, by)
  }
  await readQuantities(account, ['MUG'])
  const { requestedQueryCost } = (bench.traffic.at(-1)!.answer as { extensions: { cost: Record<string, number> } })
    .extensions.cost
  expect(paid[0]).toBeGreaterThanOrEqual(requestedQueryCost!)
  expect(paid[0]).toBeLessThan(20)
})

test('several locations and none chosen: nothing is written; a chosen one is', async () => {
  const bench = shopBench({ locations: ['North', 'South'] })
  expect(await pushQuantities(bench.account(), [line('MUG', 10, 3)])).toMatchObject([
    { kind: 'failed', error: { kind: 'rejected', code: 'location_missing' } },
  ])
  const south = bench.account({ settings: { locationId: '6000000002' } })
  expect(await readQuantities(south, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 0 }])
  expect(await pushQuantities(south, [line('MUG', 0, 3)])).toMatchObject([{ kind: 'applied' }])
  expect((await bench.state()).levels.MUG).toMatchObject({
    '6000000001': { available: 10 },
    '6000000002': { available: 3 },
  })
})

test('a SKU that moved to another variant is written there; one that two variants have is not written at all', async () => {
  const bench = shopBench({ skus: { MUG: 10, LAMP: 2 } })
  const account = bench.account()
  await readQuantities(account, ['MUG'])
  await bench.control('POST', '/shopify/policy', { sku: 'LAMP', newSku: 'MUG' })
  expect(await readQuantities(bench.account(), ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: null }])
  expect(await pushQuantities(bench.account(), [line('MUG', 10, 3)])).toMatchObject([
    { kind: 'failed', error: { code: 'sku_not_unique' } },
  ])
  await bench.control('POST', '/shopify/policy', { sku: 'MUG', newSku: 'OLD MUG' })
  expect(await readQuantities(account, ['MUG'])).toEqual([{ remoteSku: 'MUG', quantity: 2 }])
  await pushQuantities(account, [line('MUG', 2, 6)])
  expect((await bench.state()).levels['OLD MUG']).toMatchObject({ '6000000001': { available: 10 } })
})

test('readings whose lookups need more calls than the allowance holds at once get on, a call at a time', async () => {
  const skus = Array.from({ length: 130 }, (_, index) => `SKU-${index}`)
  const bench = shopBench({ skus: Object.fromEntries(skus.map((sku) => [sku, 3])), points: 'none' })
  const plain = bench.account({ budget: false })
  let left = 0
  const account: typeof plain = {
    ...plain,
    http: async (request) => {
      left -= 1
      if (left < 0) throw new Error('no call is left')
      return await plain.http(request)
    },
  }
  for (let rounds = 1; ; rounds += 1) {
    expect(rounds).toBeLessThan(10)
    // The first time for the token and the location.
    left = rounds === 1 ? 2 : 1
    const read = await readQuantities(account, skus).catch(() => null)
    if (!read) continue
    expect(read).toEqual(skus.map((remoteSku) => ({ remoteSku, quantity: 3 })))
    return
  }
})
