/** Everything that Walmart's connector sends and its simulator answers, held against Walmart's published specs. */
import { afterAll, describe, expect, test } from 'vitest'
import { feed } from '../../src/channels/walmart/feeds.ts'
import { orderFields } from '../../src/channels/walmart/fields.ts'
import { walmart } from '../../src/channels/walmart/index.ts'
import { pullAllOf } from '../support/ebay.ts'
import { type WalmartBench, walmartBench, walmartItem } from '../support/walmart.ts'
import type { RawSchema } from './support/models.ts'
import { createWalmartJudge, namesBelow } from './support/walmart-judge.ts'

const judge = createWalmartJudge()
const tallies = new Map<string, Map<number, number>>()

interface Judged {
  bench: WalmartBench
  findings: string[]
  account: WalmartBench['account']
}

/** Each call and its answer is judged on its way. */
function judged(bench: WalmartBench): Judged {
  const findings: string[] = []
  const cursors = new Set<string>()
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const url = new URL(String(input))
    const path = url.pathname.replace(/^\/walmart/, '')
    const response = await bench.fetch(input, init)
    const operation = judge.find(init?.method ?? 'GET', path, url.searchParams)
    if (!operation) {
      findings.push(`${init?.method} ${path}: no operation of the specs`)
      return response
    }
    const text = await response.clone().text()
    const headers = new Headers(init?.headers)
    const isJson = headers.get('content-type')?.startsWith('application/json')
    const body = typeof init?.body === 'string' && isJson ? init.body : null
    const sent = judge.request(operation, url.searchParams, headers, body)
    if (url.searchParams.has('hasMoreElements') && !cursors.has(url.search)) findings.push('a cursor was changed')
    const next = /"nextCursor":"(\?[^"]+)"/.exec(text)?.[1]
    if (next) cursors.add(next)
    for (const { at, problem } of sent) findings.push(`request ${operation.id}: ${at} ${problem}`)
    for (const { at, problem } of judge.answer(operation, response.status, text))
      findings.push(`answer ${operation.id} ${response.status}: ${at} ${problem}`)
    const tally = tallies.get(operation.id) ?? new Map<number, number>()
    tally.set(response.status, (tally.get(response.status) ?? 0) + 1)
    tallies.set(operation.id, tally)
    return response
  }
  return { bench, findings, account: (more) => bench.account({ fetch, ...more }) }
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
    const held = walmartItem('HELD', 0, { held: 7 })
    const one = judged(walmartBench([...skus.map((sku) => walmartItem(sku, 3)), held]))
    const account = one.account()
    const { items } = await pullAllOf((cursor) => walmart.listings!.pull(account, cursor))
    expect(new Set(items.map(({ remoteSku }) => remoteSku)).size).toBe(6)
    const outcomes = await walmart.stock!.push(
      account,
      [...skus, 'GONE'].map((sku) => line(sku, 7)),
    )
    expect(outcomes.map(({ kind }) => kind)).toEqual([...skus.map(() => 'accepted'), 'failed'])
    await one.bench.pass(60_000)
    const readings = await walmart.stock!.read(account, [...skus, 'GONE'])
    expect(readings.map(({ quantity }) => quantity)).toEqual([7, 7, 7, 7, 7, null])
    expect((await walmart.heldStock!.pull(account, null)).items).toMatchObject([{ remoteSku: 'HELD', fulfillable: 7 }])
    const price = (key: string) => ({
      key,
      marketplace: 'WALMART_US',
      remoteSku: key,
      remoteId: null,
      amount: 999,
      currency: 'USD',
    })
    await walmart.prices!.push(account, [price(skus[0]!)])
    await walmart.prices!.push(
      account,
      Array.from({ length: 30 }, (_, index) => price(skus[index % 5]!)),
    )
    expect(one.findings).toEqual([])
  })

  test('feeds, from handing in to the word on each line', async () => {
    const one = judged(walmartBench(skus.map((sku) => walmartItem(sku, 3))))
    const account = one.account()
    const lines = [...skus, 'GONE'].map((sku) => line(sku, 9))
    const { receipt } = await feed.submit(account, lines)
    expect(await feed.unfinished(account, new Date(0))).toBe(true)
    expect((await feed.collect(account, receipt!)).kind).toBe('pending')
    for (let n = 0; n < 3; n += 1) await one.bench.pass(10 * 60_000)
    const progress = await feed.collect(account, receipt!)
    expect(progress.kind === 'done' && progress.outcomes.map(({ kind }) => kind)).toEqual([
      ...skus.map(() => 'accepted'),
      'failed',
    ])
    expect(await feed.unfinished(account, new Date(0))).toBe(false)
    expect(one.findings).toEqual([])
  })

  test('orders in all of their states: acknowledged, shipped, refunded, canceled', async () => {
    const one = judged(
      walmartBench([walmartItem('MUG', 900)], { lifecycle: { fraudCancelShare: 0.1, cancelRequestShare: 0.2 } }),
    )
    const account = one.account()
    for (let n = 0; n < 250; n += 1) await one.bench.buy('MUG', 1 + (n % 3))
    await one.bench.pass(70 * 60_000)
    const { items, pages } = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
    expect(pages).toBeGreaterThan(1)
    const open = items.filter(({ state }) => state === 'open')
    for (const [index, order] of open.slice(0, 16).entries()) {
      const about = { reference: String(4_000 + index), orderRemoteId: order.remoteId }
      const lines = order.lines.map(({ remoteId, quantity }) => ({ remoteId, quantity }))
      await walmart.acknowledgements!.send(account, about)
      await one.bench.pass(60_000)
      expect(await walmart.acknowledgements!.read(account, order.remoteId)).toBe(true)
      if (index % 4 === 3) {
        await walmart.cancellations!.request(account, {
          ...about,
          lines: index % 8 === 7 ? lines : null,
          reason: 'fraud',
        })
        continue
      }
      const trackingUrl = index % 2 ? 'https://parcels.example/1' : null
      const carrier = index % 2 ? 'Parcels Unlimited' : 'fedex'
      const parcel = {
        ...about,
        lines,
        carrier,
        trackingNumber: `1Z${index}`,
        trackingUrl,
        shippedAt: one.bench.sim.now(),
      }
      expect(await walmart.shipments!.confirm(account, parcel)).toMatchObject({ kind: 'applied' })
      await one.bench.pass(60_000)
      expect(await walmart.shipments!.read(account, order.remoteId)).toHaveLength(1)
      const amounts = lines.map((each) => ({ ...each, amount: 100 }))
      const refund = {
        ...about,
        currency: 'USD',
        reason: 'price' as const,
        lines: amounts,
        shippingAmount: index % 2 ? 50 : 0,
      }
      await walmart.refunds!.issue(account, refund)
      await walmart.refunds!.read(account, order.remoteId)
    }
    await one.bench.pass(40 * 60_000)
    const after = await pullAllOf((cursor) => walmart.orders!.pull(account, cursor))
    expect(new Set(after.items.map(({ state }) => state))).toEqual(new Set(['open', 'shipped', 'canceled']))
    for (const page of [await walmart.orders!.pull(account, null)]) expect(page.strange).toEqual([])
    const span = { from: new Date(one.bench.sim.now().getTime() - 86_400_000), until: one.bench.sim.now() }
    const counted: string[] = []
    for (let [cursor, more]: [unknown, boolean] = [null, true]; more; ) {
      const page = await walmart.orders!.recount!.pull(account, span, cursor)
      counted.push(...page.items.map(({ remoteId }) => remoteId))
      ;({ next: cursor, more } = page)
    }
    expect(counted).toHaveLength(250)
    expect(one.findings).toEqual([])
  })

  test('refusals: allowances, tokens, permissions, broken servers', async () => {
    const one = judged(walmartBench([walmartItem('MUG', 5)], { limits: 'published' }))
    const account = one.account({ budget: false })
    await one.bench.buy('MUG')
    await one.bench.pass(60_000)
    await one.bench.fault('getAllOrders', 'expire-access', { count: 1 })
    for (const status of [403, 500]) await one.bench.fault('getAllOrders', 'status', { count: 1, status })
    for (let n = 0; n < 4; n += 1) await walmart.orders!.pull(account, null).catch(() => {})
    for (let n = 0; n < 203; n += 1) await walmart.stock!.push(account, [line('MUG', n)])
    expect(one.findings).toEqual([])
    expect([...tallies.get('getAllOrders')!.keys()].sort()).toEqual([200, 401, 403, 404, 500])
    expect([...tallies.get('updateInventoryForAnItem')!.keys()]).toContain(429)
  })

  test('subscriptions, settlements and checks', async () => {
    const one = judged(walmartBench([walmartItem('MUG', 5)]))
    const account = one.account()
    for (const address of ['https://hub.example/one', 'https://hub.example/one', 'https://hub.example/two'])
      await walmart.webhooks!.subscribe!(account, address)
    for (const check of walmart.checks!)
      expect([check.id, await check.run(account)]).toMatchObject([check.id, { ok: true }])
    const { items } = await pullAllOf((cursor) => walmart.settlements!.pull(account, cursor))
    expect(items).toHaveLength(10)
    expect(one.findings).toEqual([])
  })
})

test('the names of an order that we know are those of the spec', () => {
  const { raw, spec } = judge.operation('getAllOrders')
  const within = (schema: RawSchema, name: string): RawSchema => {
    const whole = schema.$ref ? spec.components!.schemas![schema.$ref.split('/').at(-1)!]! : schema
    return whole.properties![name]!
  }
  const list = within(raw.responses['200']!.content!['application/json']!.schema!, 'list')
  const names = namesBelow(within(within(list, 'elements'), 'order'), spec)
  expect(orderFields.flatMap((text) => text.split(' ')).toSorted()).toEqual([...names].toSorted())
})

test('the judge bites: a surplus field, a wrong type, an unknown parameter, a missing header', () => {
  const orders = judge.find('GET', '/v3/orders', new URLSearchParams())!
  const put = judge.find('PUT', '/v3/inventory', new URLSearchParams())!
  const headers = new Headers({ 'WM_SEC.ACCESS_TOKEN': 'x', 'WM_QOS.CORRELATION_ID': 'x', 'WM_SVC.NAME': 'x' })
  expect(judge.request(orders, new URLSearchParams({ page: '1' }), headers, null)).toHaveLength(1)
  expect(judge.request(orders, new URLSearchParams(), new Headers(), null)).toHaveLength(3)
  expect(
    judge.answer(orders, 200, '{"list":{"meta":{},"elements":{"order":[{"purchaseOrderId":1}]}}}').length,
  ).toBeGreaterThan(1)
  expect(judge.answer(orders, 200, '{"list":{"meta":{},"elements":{},"more":1}}')).toHaveLength(1)
  expect(judge.answer(orders, 418, '{}')).not.toEqual([])
  expect(judge.answer(orders, 400, '{"errors":{"error":[{"description":"no code"}]}}')).toHaveLength(1)
  const query = new URLSearchParams({ sku: 'a' })
  const good = JSON.stringify({ sku: 'a', quantity: { unit: 'EACH', amount: 1 } })
  expect(judge.request(put, query, headers, good)).toEqual([])
  expect(judge.request(put, new URLSearchParams(), headers, good)).toHaveLength(1)
  for (const [from, to] of [
    ['"amount":1', '"amount":"1"'],
    ['"EACH"', '"PIECE"'],
    ['"sku"', '"SKU"'],
  ])
    expect(judge.request(put, query, headers, good.replace(from!, to!)), to).not.toEqual([])
  expect(judge.find('GET', '/v3/order', new URLSearchParams())).toBeUndefined()
})

afterAll(() => {
  const figures = [...tallies].map(([id, by]) => `${id} ${[...by].map(([status, n]) => `${status}×${n}`).join(' ')}`)
  process.stdout.write(`  walmart: ${figures.join(', ')}\n`)
})
