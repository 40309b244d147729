/** Everything that BigCommerce's connector sends and its simulator answers, held against BigCommerce's published specs. */
import { afterAll, describe, expect, test } from 'vitest'
import { bigcommerce } from '../../src/channels/bigcommerce/index.ts'
import { type StoreBench, storeBench, storeItem } from '../support/bigcommerce.ts'
import { pullAllOf } from '../support/ebay.ts'
import { type BcJudge, createBcJudge } from './support/bigcommerce-judge.ts'

const judge = createBcJudge()
const tallies = new Map<string, Map<number, number>>()

/** Each call and its answer is judged on its way. */
function judged(bench: StoreBench, by: BcJudge = judge) {
  const findings: string[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    const path = url.pathname.replace(/^\/bigcommerce\/stores\/[^/]+/, '')
    const response = await bench.fetch(input, init)
    const operation = by.find(init?.method ?? 'GET', path)
    if (!operation) {
      findings.push(`${init?.method} ${path}: no operation of the specs`)
      return response
    }
    const text = await response.clone().text()
    const body = typeof init?.body === 'string' ? init.body : null
    for (const { at, problem } of by.request(operation, url.searchParams, body))
      findings.push(`request ${operation.id}: ${at} ${problem}`)
    for (const { at, problem } of by.answer(operation, response.status, text))
      findings.push(`answer ${operation.id} ${response.status}: ${at} ${problem}`)
    const tally = tallies.get(operation.id) ?? new Map<number, number>()
    tally.set(response.status, (tally.get(response.status) ?? 0) + 1)
    tallies.set(operation.id, tally)
    return response
  }
  return { bench, findings, account: () => bench.account({ fetch, budget: false }) }
}

const line = (remoteSku: string, quantity: number) => ({
  key: remoteSku,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})
const skus = ['TEA TOWEL/RED+2', 'BÜRSTE-01', 'BOARD-100%', 'a,b', '茶'.repeat(20)]

describe('traffic', () => {
  test('listings, quantities, prices and levels of awkward SKUs, also of one that is not there', async () => {
    const variants = ['S', 'M'].map((size) => storeItem(`SHIRT-${size}`, 3, 'Shirt'))
    const one = judged(storeBench([...skus.map((sku) => storeItem(sku, 3)), ...variants]))
    const account = one.account()
    const { items } = await pullAllOf((cursor) => bigcommerce.listings!.pull(account, cursor))
    expect(items).toHaveLength(7)
    const outcomes = await bigcommerce.stock!.push(
      account,
      [...skus, 'GONE'].map((sku) => line(sku, 7)),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual([...skus.map(() => 'accepted'), 'failed'])
    await one.bench.pass(60_000)
    const readings = await bigcommerce.stock!.read(one.account(), [...skus, 'GONE'])
    expect(readings.map(({ quantity }) => quantity)).toEqual([7, 7, 7, 7, 7, null])
    const wanted = [...skus, 'SHIRT-S', 'GONE'].map((remoteSku, index) => ({
      key: remoteSku,
      marketplace: '',
      remoteSku,
      remoteId: items.find((each) => each.remoteSku === remoteSku)?.remoteId ?? null,
      amount: 999 + index,
      currency: 'USD',
    }))
    const prices = await bigcommerce.prices!.push(account, wanted)
    expect(prices.map(({ kind }) => kind)).toEqual([...skus.map(() => 'applied'), 'applied', 'failed'])
    await pullAllOf((cursor) => bigcommerce.storeStock!.pull(account, cursor))
    // Refused in the middle of a batch: taken apart, one by one.
    await one.bench.fault('setInventory', 'refuse', { count: 2 })
    await bigcommerce.stock!.push(account, [line('SHIRT-S', 1), line('SHIRT-M', 2)])
    expect(one.findings).toEqual([])
  })

  test('orders in all of their states, shipped, refunded, canceled and copied', async () => {
    const one = judged(
      storeBench([storeItem('MUG', 500)], {
        pendingShare: 0.3,
        incompleteShare: 0.2,
        offlineShare: 0.2,
        limits: 'none',
      }),
    )
    const account = one.account()
    const pull = (cursor: unknown) => bigcommerce.orders!.pull(account, cursor)
    expect((await pullAllOf(pull)).items).toEqual([])
    for (let n = 0; n < 40; n += 1) await one.bench.buy('MUG', 1 + (n % 3))
    const { orderId: long } = await one.bench.control<{ orderId: string }>('/orders', {
      channel: 'bigcommerce',
      sku: 'MUG',
      quantity: 1,
      further: Array.from({ length: 60 }, () => ({ sku: 'MUG', quantity: 1 })),
    })
    await one.bench.pass(60_000)
    const { items } = await pullAllOf(pull)
    expect(items.find(({ remoteId }) => remoteId === long)!.lines).toHaveLength(61)
    expect(new Set(items.map(({ state }) => state)).size).toBeGreaterThanOrEqual(2)
    const open = items.filter(({ state, remoteId }) => state === 'open' && remoteId !== long)
    for (const [index, order] of open.slice(0, 12).entries()) {
      const lines = order.lines.map(({ remoteId, quantity }) => ({ remoteId, quantity }))
      const parcel =
        index % 3 === 2
          ? { carrier: null, trackingNumber: null, trackingUrl: null }
          : { carrier: index % 3 ? 'DHL' : 'UPS', trackingNumber: `1Z${index}`, trackingUrl: 'https://track.example/1' }
      const about = { reference: `r${index}`, orderRemoteId: order.remoteId }
      await bigcommerce.shipments!.confirm(account, { ...about, ...parcel, lines, shippedAt: one.bench.sim.now() })
      await bigcommerce.shipments!.read(account, order.remoteId)
      const amount = order.lines[0]!.unitPrice!
      const amounts = lines.map((each) => ({ ...each, quantity: 1, amount: index % 2 ? amount : 500 }))
      const refund = { ...about, currency: 'USD', reason: 'price' as const, lines: amounts, shippingAmount: 0 }
      await bigcommerce.refunds!.issue(account, refund)
      await bigcommerce.refunds!.issue(account, { ...refund, shippingAmount: 100_000 })
      await bigcommerce.refunds!.read(account, order.remoteId)
    }
    for (const order of open.slice(12, 15))
      await bigcommerce.cancellations!.request(account, {
        reference: 'c',
        orderRemoteId: order.remoteId,
        lines: null,
        reason: 'fraud',
      })
    for (const reference of ['copy-1', 'copy-1', 'copy-2'])
      await bigcommerce.copies!.create(account, {
        reference,
        source: { channel: 'amazon', orderRemoteId: '302-1234567-1234567' },
        placedAt: one.bench.sim.now(),
        currency: 'USD',
        lines: [{ remoteSku: 'MUG', remoteProductId: null, title: 'Mug', quantity: 2, unitPrice: 1_490 }],
        total: 2_980,
        buyer: reference === 'copy-2' ? null : { name: 'Maria Musterfrau', address: { postalCode: '23552' } },
      })
    await one.bench.pass(60_000)
    await pullAllOf(pull)
    const { recount } = bigcommerce.orders!
    const span = { from: new Date(one.bench.sim.now().getTime() - 86_400_000), until: one.bench.sim.now() }
    const { ids } = await recount!.pull(account, span, null)
    expect(ids!.length).toBeGreaterThan(40)
    await recount!.read!(account, ids![0]!)
    expect(one.findings).toEqual([])
    expect([...tallies.get('getOrders')!.keys()].sort()).toEqual([200, 204])
  })

  test('refusals: the shared allowance, tokens, broken servers, orders that are not there', async () => {
    const one = judged(storeBench([storeItem('MUG', 5)]))
    const account = one.account()
    for (const status of [403, 500, 503]) await one.bench.fault('getOrders', 'status', { count: 1, status })
    for (let n = 0; n < 4; n += 1) await bigcommerce.orders!.pull(account, null).catch(() => {})
    await bigcommerce.shipments!.read(account, '999999').catch(() => {})
    await bigcommerce.refunds!.read(account, '999999').catch(() => {})
    await one.bench.control('/bigcommerce', { others: 1_000 })
    await bigcommerce.stock!.push(account, [line('MUG', 4)])
    expect(one.findings).toEqual([])
    expect([...tallies.get('getOrders')!.keys()].sort()).toEqual(expect.arrayContaining([403, 500, 503]))
  })

  test('hooks and checks', async () => {
    const one = judged(storeBench([storeItem('MUG', 5)]))
    const account = one.account()
    for (const address of ['https://hub.example/one', 'https://hub.example/one', 'https://hub.example/two'])
      await bigcommerce.webhooks!.subscribe!(account, address)
    for (const check of bigcommerce.checks!)
      expect([check.id, await check.run(account)]).toMatchObject([check.id, { ok: true }])
    expect(one.findings).toEqual([])
  })
})

test('the judge bites: a surplus field, a wrong type, an unknown parameter, a missing body', () => {
  const orders = judge.find('GET', '/v2/orders')!
  const adjust = judge.find('PUT', '/v3/inventory/adjustments/absolute')!
  expect(judge.request(orders, new URLSearchParams({ min_date_changed: 'x' }), null)).toHaveLength(1)
  expect(judge.request(orders, new URLSearchParams({ sort: 'size:asc' }), null)).toHaveLength(1)
  expect(judge.request(orders, new URLSearchParams({ include: 'everything' }), null)).toHaveLength(1)
  expect(judge.request(orders, new URLSearchParams({ limit: 'many' }), null)).toHaveLength(1)
  expect(judge.answer(orders, 200, '[{"id":"1"}]')).toHaveLength(1)
  expect(judge.answer(orders, 200, '[{"identifier":1}]')).toHaveLength(1)
  expect(judge.answer(orders, 200, '{"id":1}')).toHaveLength(1)
  expect(judge.answer(orders, 200, '')).toHaveLength(1)
  expect(judge.answer(orders, 418, '{}')).toHaveLength(1)
  const good = JSON.stringify({ reason: 'x', items: [{ location_id: 1, sku: 'A', quantity: 1 }] })
  expect(judge.request(adjust, new URLSearchParams(), good)).toEqual([])
  expect(judge.request(adjust, new URLSearchParams(), null)).toHaveLength(1)
  for (const [from, to] of [
    ['"quantity":1', '"quantity":"1"'],
    ['"sku"', '"name"'],
    ['"location_id":1,', ''],
    ['"items"', '"lines"'],
  ])
    expect(judge.request(adjust, new URLSearchParams(), good.replace(from!, to!)).length, to).toBeGreaterThan(0)
  expect(judge.find('GET', '/v2/order')).toBeUndefined()
})

afterAll(() => {
  const figures = [...tallies].map(([id, by]) => `${id} ${[...by].map(([status, n]) => `${status}×${n}`).join(' ')}`)
  process.stdout.write(`  bigcommerce: ${figures.join(', ')}\n`)
})
