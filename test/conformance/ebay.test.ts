/** Everything that eBay's connector sends and its simulator answers, held against eBay's published specs. */
import { afterAll, describe, expect, test } from 'vitest'
import { orderFields } from '../../src/channels/ebay/fields.ts'
import { ebay } from '../../src/channels/ebay/index.ts'
import { type EbayBench, ebayBench, ebayItem, ebaySecrets, pullAllOf } from '../support/ebay.ts'
import { createEbayJudge, type EbayJudge } from './support/ebay-judge.ts'

const judge = createEbayJudge()
const tallies = new Map<string, Map<number, number>>()

interface Judged {
  bench: EbayBench
  findings: string[]
  account: EbayBench['account']
}

/** Each call and its answer is judged on its way. */
function judged(bench: EbayBench, by: EbayJudge = judge): Judged {
  const findings: string[] = []
  const plain = bench.account()
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    const path = url.pathname.replace(/^\/ebay/, '')
    const response = await bench.sim.handle(new Request(input, init)).catch((error: unknown) => {
      throw new TypeError('fetch failed', { cause: { code: 'ECONNRESET', error } })
    })
    if (path === '/identity/v1/oauth2/token') return response
    const operation = by.find(init?.method ?? 'GET', path)
    if (!operation) {
      findings.push(`${init?.method} ${path}: no operation of the specs`)
      return response
    }
    const text = await response.clone().text()
    const body = typeof init?.body === 'string' ? init.body : null
    const sent = by.request(operation, url.searchParams, body)
    const answered = by.answer(operation, response.status, text)
    for (const { at, problem } of sent) findings.push(`request ${operation.id}: ${at} ${problem}`)
    for (const { at, problem } of answered) findings.push(`answer ${operation.id} ${response.status}: ${at} ${problem}`)
    const tally = tallies.get(operation.id) ?? new Map<number, number>()
    tally.set(response.status, (tally.get(response.status) ?? 0) + 1)
    tallies.set(operation.id, tally)
    return response
  }
  return { bench, findings, account: (more) => ({ ...plain, ...bench.account({ fetch, ...more }) }) }
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
  test('listings, quantities and prices of awkward SKUs, also of one that is not there', async () => {
    const one = judged(ebayBench(skus.map((sku) => ebayItem(sku, 3, { marketplaceIds: ['EBAY_US', 'EBAY_DE'] }))))
    const account = one.account()
    expect((await pullAllOf((cursor) => ebay.listings!.pull(account, cursor))).items).toHaveLength(10)
    const outcomes = await ebay.stock!.push(
      account,
      [...skus, 'GONE'].map((sku) => line(sku, 7)),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual([...skus.map(() => 'accepted'), 'failed'])
    await one.bench.pass(60_000)
    expect((await ebay.stock!.read(account, [...skus, 'GONE'])).map(({ quantity }) => quantity)).toEqual([
      7,
      7,
      7,
      7,
      7,
      null,
    ])
    await ebay.prices!.push(account, [
      { key: 'p', marketplace: 'EBAY_DE', remoteSku: skus[0]!, remoteId: null, amount: 999, currency: 'USD' },
    ])
    expect(one.findings).toEqual([])
  })

  test('orders in all of their states, shipped, refunded and canceled', async () => {
    const one = judged(
      ebayBench([ebayItem('MUG', 500)], {
        lifecycle: { slowPaymentShare: 0.3, buyerCancelShare: 0.2, cancelRequestShare: 0.3 },
      }),
    )
    const account = one.account()
    const ids: string[] = []
    for (let n = 0; n < 60; n += 1) ids.push(await one.bench.buy('MUG', 1 + (n % 3)))
    await one.bench.pass(40 * 60_000)
    const { items } = await pullAllOf((cursor) => ebay.orders!.pull(account, cursor))
    expect(new Set(items.map(({ state }) => state)).size).toBeGreaterThanOrEqual(2)
    const open = items.filter(({ state }) => state === 'open')
    for (const [index, order] of open.slice(0, 12).entries()) {
      const lines = order.lines.map(({ remoteId, quantity }) => ({ remoteId, quantity }))
      const number =
        index % 2 ? { carrier: 'UPS', trackingNumber: `1Z-${index}` } : { carrier: null, trackingNumber: null }
      const about = { reference: `r${index}`, orderRemoteId: order.remoteId }
      await ebay.shipments!.confirm(account, {
        ...about,
        ...number,
        lines,
        shippedAt: one.bench.sim.now(),
        trackingUrl: null,
      })
      await ebay.shipments!.read(account, order.remoteId)
      const amounts = lines.map((each) => ({ ...each, amount: 100 }))
      const shippingAmount = index % 2 ? 50 : 0
      const refund = { ...about, currency: 'USD', reason: 'price' as const, lines: amounts, shippingAmount }
      await ebay.refunds!.issue(account, refund)
      await ebay.refunds!.issue(account, refund)
      await ebay.refunds!.read(account, order.remoteId)
    }
    for (const order of open.slice(12, 16))
      await ebay.cancellations!.request(account, {
        reference: 'c',
        orderRemoteId: order.remoteId,
        lines: null,
        reason: 'fraud',
      })
    await one.bench.pass(40 * 60_000)
    await pullAllOf((cursor) => ebay.orders!.pull(account, cursor))
    expect(one.findings).toEqual([])
  })

  test('refusals: quotas, tokens, permissions, broken servers', async () => {
    const one = judged(ebayBench([ebayItem('MUG', 5)], { limits: 'published', quotas: { Inventory: 6 } }))
    const account = one.account()
    await one.bench.fault('getOrders', 'expire-access', { count: 1 })
    for (const status of [403, 500]) await one.bench.fault('getOrders', 'status', { count: 1, status })
    for (let n = 0; n < 4; n += 1) await ebay.orders!.pull(account, null).catch(() => {})
    for (let n = 0; n < 8; n += 1) await ebay.stock!.push(account, [line('MUG', n)])
    await ebay.orders!.read({})
    expect(one.findings).toEqual([])
    expect([...tallies.get('getOrders')!.keys()].sort()).toEqual([200, 401, 403, 500])
    expect([...tallies.get('bulkUpdatePriceQuantity')!.keys()]).toContain(429)
  })

  test('notifications and checks', async () => {
    const one = judged(ebayBench([ebayItem('MUG', 5)]))
    const account = one.account()
    one.bench.outside.fetch = (async (input: string | URL | Request) => {
      const url = new URL(String(input))
      const query = Object.fromEntries(url.searchParams)
      const address = `${url.origin}${url.pathname}`
      const hook = { method: 'GET' as const, address, query, headers: {}, body: new Uint8Array() }
      const verdict = await ebay.webhooks!.verify(account, hook)
      return new Response(verdict.kind === 'answer' ? verdict.body : null)
    }) as typeof globalThis.fetch
    for (const address of ['https://hub.example/one', 'https://hub.example/one', 'https://hub.example/two'])
      await ebay.webhooks!.subscribe!(account, address)
    for (const check of ebay.checks!)
      expect([check.id, await check.run(account)]).toMatchObject([check.id, { ok: true }])
    expect(one.findings).toEqual([])
  })
})

test('signed calls stay within the specs', async () => {
  const one = judged(ebayBench([ebayItem('MUG', 5)]))
  const signingPrivateKey = 'MC4CAQAwBQYDK2VwBCIEIJ+DYvh6SEqVTm50DFtMDoQikTmiCqirVv9mWG9qfSnF'
  const account = one.account({ secrets: { ...ebaySecrets, signingKey: 'a.b.c', signingPrivateKey } })
  await ebay.stock!.push(account, [line('MUG', 3)])
  expect(one.findings).toEqual([])
})

test('the names of an order that we know are those of the spec', () => {
  const schemas = judge.schemas('sell_fulfillment_v1_oas3.json')
  const names = new Set<string>()
  const seen = new Set<string>()
  const walk = (name: string) => {
    if (seen.has(name)) return
    seen.add(name)
    for (const [field, one] of Object.entries(schemas[name]!.properties ?? {})) {
      names.add(field)
      const ref = one.$ref ?? one.items?.$ref
      if (ref) walk(ref.split('/').at(-1)!)
    }
  }
  walk('Order')
  expect(orderFields.flatMap((text) => text.split(' '))).toEqual([...names].sort())
})

test('the judge bites: a surplus field, a wrong type, an unknown parameter, a missing one', () => {
  const orders = judge.find('GET', '/sell/fulfillment/v1/order')!
  const update = judge.find('POST', '/sell/inventory/v1/bulk_update_price_quantity')!
  expect(judge.request(orders, new URLSearchParams({ page: '1' }), null)).toHaveLength(1)
  expect(judge.answer(orders, 200, '{"orders":[{"orderId":1}]}')).toHaveLength(1)
  expect(judge.answer(orders, 200, '{"orders":[{"legacy":"x"}]}')).toHaveLength(1)
  expect(judge.answer(orders, 418, '{}')).toHaveLength(1)
  expect(judge.answer(orders, 400, '{"errors":[{"errorId":"x"}]}')).toHaveLength(1)
  const good = { requests: [{ sku: 'a', shipToLocationAvailability: { quantity: 1 }, offers: [{ offerId: '1' }] }] }
  expect(judge.request(update, new URLSearchParams(), JSON.stringify(good))).toEqual([])
  expect(judge.request(update, new URLSearchParams(), null)).toHaveLength(1)
  const text = JSON.stringify(good)
  for (const [from, to] of [
    ['"quantity":1', '"quantity":"1"'],
    ['"offerId"', '"offer"'],
    ['"requests"', '"request"'],
  ])
    expect(judge.request(update, new URLSearchParams(), text.replace(from!, to!)), to).toHaveLength(1)
  expect(judge.find('GET', '/sell/fulfillment/v1/orders')).toBeUndefined()
})

afterAll(() => {
  const figures = [...tallies].map(([id, by]) => `${id} ${[...by].map(([status, n]) => `${status}×${n}`).join(' ')}`)
  process.stdout.write(`  ebay: ${figures.join(', ')}\n`)
})
