import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { clientSecrets, shopBench } from '../../../test/support/shopify.ts'
import type { HookVerdict, IncomingHook } from '../capabilities.ts'
import { shopify } from './index.ts'

const { storeStock, webhooks, checks } = shopify as Required<typeof shopify>
const address = 'https://hub.example/hooks/1'

test('levels of all locations, whole at first, then what changed since', async () => {
  const skus = Object.fromEntries(Array.from({ length: 170 }, (_, index) => [`SKU-${index}`, 3]))
  const bench = shopBench({ skus, locations: ['North', 'South'], points: 'none' })
  const account = bench.account({ budget: false })
  expect(await storeStock.locations(account)).toMatchObject([
    { remoteId: '6000000001', name: 'North', active: true },
    { name: 'South' },
  ])
  const told: number[] = []
  let cursor: unknown = null
  const walk = async () => {
    for (;;) {
      const pulled = await storeStock.pull(account, cursor)
      told.push(pulled.items.length)
      cursor = JSON.parse(JSON.stringify(pulled.next))
      if (!pulled.more) return pulled.items
    }
  }
  await bench.pass(600)
  await walk()
  expect(told).toEqual([150, 20, 150, 20])
  await bench.pass(3_600)
  await walk()
  expect(told.slice(4)).toEqual([0, 0])
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'SKU-7', quantity: 2 })
  await bench.pass(60)
  const [north] = [await storeStock.pull(account, cursor)]
  expect(north.items).toMatchObject([
    { remoteSku: 'SKU-7', location: { remoteId: '6000000001' }, onHand: 3, available: 1, committed: 2 },
  ])
})

function hook(
  topic: string,
  body: object,
  change: Partial<Record<string, string>> = {},
  secret?: string,
): IncomingHook {
  const bytes = Buffer.from(JSON.stringify(body))
  return {
    method: 'POST',
    address,
    query: {},
    headers: {
      'x-shopify-topic': topic,
      'x-shopify-shop-domain': 'simulated.myshopify.com',
      'x-shopify-webhook-id': 'word-1',
      'x-shopify-triggered-at': '2026-11-22T12:00:00.000Z',
      'x-shopify-hmac-sha256': createHmac('sha256', secret ?? clientSecrets().clientSecret)
        .update(bytes)
        .digest('base64'),
      ...(change as Record<string, string>),
    },
    body: bytes,
  }
}

test('words of the store: whose they are, and where to look again', async () => {
  const account = shopBench().account()
  const verify = (one: IncomingHook): Promise<HookVerdict> => webhooks.verify(account, one)
  expect(await verify(hook('orders/updated', { id: 5_001, email: 'x@example.com' }))).toEqual({
    kind: 'accepted',
    dedupe: 'word-1',
    topic: 'orders/updated',
    happenedAt: new Date('2026-11-22T12:00:00Z'),
    look: ['orders'],
    orderRemoteIds: ['5001'],
  })
  expect(await verify(hook('refunds/create', { id: 1, order_id: 5_001 }))).toMatchObject({ orderRemoteIds: ['5001'] })
  expect(await verify(hook('inventory_levels/update', { available: 3 }))).toMatchObject({ look: ['stock'] })
  expect(await verify(hook('app/uninstalled', {}))).toMatchObject({ look: ['account'] })
  expect(await verify(hook('some/news', {}))).toMatchObject({ kind: 'accepted', look: [] })
  expect(
    await verify(hook('customers/redact', { customer: { email: 'x@example.com' }, orders_to_redact: [1, 2] })),
  ).toMatchObject({ erase: { orderRemoteIds: ['1', '2'], buyer: 'x@example.com', whole: false } })
  expect(await verify(hook('shop/redact', {}))).toMatchObject({ erase: { whole: true } })
  const asked = hook('customers/data_request', { customer: { email: 'x@example.com' }, orders_requested: [3] })
  expect(await verify(asked)).toMatchObject({
    erase: { asks: 'export', orderRemoteIds: ['3'], buyer: 'x@example.com' },
  })
  const refused = [
    hook('orders/updated', { id: 1 }, {}, 'another secret'),
    hook('orders/updated', { id: 1 }, { 'x-shopify-hmac-sha256': '' }),
    hook('orders/updated', { id: 1 }, { 'x-shopify-shop-domain': 'other.myshopify.com' }),
    hook('orders/updated', { id: 1 }, { 'x-shopify-webhook-id': '' }),
    { ...hook('orders/updated', { id: 1 }), body: Buffer.from('{"id":2}') },
  ]
  for (const one of refused) expect((await verify(one)).kind).toBe('refused')
})

test('the published example of HMAC-SHA256 (RFC 4231, test case 2) is taken', async () => {
  const account = shopBench().account({ secrets: { accessToken: 'shpat_simulated', clientSecret: 'Jefe' } })
  const digest = '5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843'
  const one = hook('orders/create', {}, { 'x-shopify-hmac-sha256': Buffer.from(digest, 'hex').toString('base64') })
  const words = { ...one, body: Buffer.from('what do ya want for nothing?') }
  expect(await webhooks.verify(account, words)).toMatchObject({ kind: 'accepted', look: ['orders'] })
})

test('subscriptions are made, moved, kept, and made again when the store dropped them', async () => {
  const calls: Headers[] = []
  let isUp = true
  const bench = shopBench({
    fetch: (async (_url: string, init: RequestInit) => {
      calls.push(new Headers(init.headers))
      return new Response(null, { status: isUp ? 200 : 500 })
    }) as never,
  })
  const account = bench.account()
  const states = async (to = address) => new Set((await webhooks.subscribe!(account, to)).map(({ state }) => state))
  expect(await states()).toEqual(new Set(['created']))
  expect(await states()).toEqual(new Set(['kept']))
  expect(await states('https://hub.example/other')).toEqual(new Set(['created']))
  expect((await bench.state()).subscriptions).toHaveLength(10)
  isUp = false
  await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 1 })
  for (let count = 0; count < 10; count += 1) await bench.pass(7_200)
  const orders = calls.filter((one) => one.get('x-shopify-topic') === 'orders/create')
  expect(orders).toHaveLength(9)
  expect(new Set(orders.map((one) => one.get('x-shopify-webhook-id'))).size).toBe(1)
  expect((await bench.state()).subscriptions.map(({ topic }) => topic)).not.toContain('ORDERS_CREATE')
  isUp = true
  expect(await states('https://hub.example/other')).toEqual(new Set(['created', 'kept']))
})

test('what the simulated store sends is what the connector takes', async () => {
  const hooks: IncomingHook[] = []
  const bench = shopBench({
    fetch: (async (_url: string, init: RequestInit) => {
      hooks.push({
        method: 'POST',
        address,
        query: {},
        headers: Object.fromEntries(new Headers(init.headers)),
        body: Buffer.from(init.body as string),
      })
      return new Response()
    }) as never,
  })
  const account = bench.account()
  await webhooks.subscribe!(account, address)
  const { body } = await bench.control('POST', '/orders', { channel: 'shopify', sku: 'MUG', quantity: 1 })
  await bench.pass(1)
  const verdicts = await Promise.all(hooks.map((one) => webhooks.verify(account, one)))
  expect(verdicts.map((one) => one.kind === 'accepted' && one.topic).sort()).toEqual([
    'inventory_levels/update',
    'orders/create',
  ])
  expect(verdicts).toContainEqual(expect.objectContaining({ orderRemoteIds: [(body as { orderId: string }).orderId] }))
})

test('checks: all good; and each by what is missing', async () => {
  const run = async (bench = shopBench(), more = {}) =>
    Object.fromEntries(
      await Promise.all(
        checks.map(async ({ id, run: one }) => [id, await one(bench.account(more)).catch((error) => error)] as const),
      ),
    )
  const good = await run()
  for (const { id } of checks)
    if (id !== 'scope.read_all_orders') expect([id, good[id]]).toMatchObject([id, { ok: true }])
  expect(good.token).toMatchObject({ facts: { shop: 'simulated.myshopify.com', version: '2026-10' } })
  const poor = await run(
    shopBench({ scopes: ['read_orders', 'write_products'], buyerData: false, locations: ['A', 'B'] }),
  )
  expect(poor['scope.read_orders']).toEqual({ ok: true })
  expect(poor['scope.read_products']).toEqual({ ok: true })
  expect(poor['scope.write_inventory']).toMatchObject({ ok: false, code: 'scope_missing' })
  const several = await run(shopBench({ locations: ['A', 'B'], buyerData: false, shop: 'other.myshopify.com' }))
  expect(several.location).toMatchObject({ ok: false, code: 'location_missing' })
  expect(several.token).toMatchObject({ ok: false, code: 'other_shop' })
  const wrong = shopBench({ locations: ['A', 'B'] })
  expect((await run(wrong, { settings: { locationId: '42' } })).location).toMatchObject({ code: 'location_unknown' })
  expect((await run(wrong, { secrets: { clientId: 'a', clientSecret: 'b' } })).token).toMatchObject({
    code: 'invalid_client',
  })
  await wrong.control('POST', '/faults', {
    channel: 'shopify',
    operation: 'shop',
    kind: 'wrong-date',
    delayMs: 120_000,
  })
  expect((await run(wrong)).clock).toMatchObject({ ok: false, code: 'clock_off', facts: { seconds: '120' } })
})
