/** Everything that the connector of WooCommerce sends and its simulator answers, held against the store's own description. */
import { afterAll, expect, test } from 'vitest'
import { woocommerce } from '../../src/channels/woocommerce/index.ts'
import { minute, pullAll, type WooBench, wooBench } from '../support/woocommerce.ts'
import { createWooJudge } from './support/woocommerce-judge.ts'

const judge = createWooJudge()
const tallies = new Map<string, Map<number, number>>()
/** The index is WordPress's own, and the plugin is described by its page only. */
const elsewhere = /^\/wp-json\/?$|^\/wp-json\/wc-shipment-tracking\//

function findingsOf({ traffic }: WooBench): string[] {
  return traffic.flatMap(({ method, url, body, status, answer }) => {
    const path = url.pathname.replace(/^\/woocommerce/, '')
    if (elsewhere.test(path)) return []
    const route = path.replace(/^\/wp-json/, '')
    const name = `${method} ${route.replace(/\d+/g, '{id}').replace('v{id}', 'v3')}`
    const tally = tallies.get(name) ?? new Map<number, number>()
    tallies.set(name, tally.set(status, (tally.get(status) ?? 0) + 1))
    const sent = judge.request(method, route, url.searchParams, body)
    if (!sent) return [`${name}: no route of the spec`]
    const answered = judge.answer(method, route, status, answer)
    return [
      ...sent.map((one) => `sent ${name}: ${one}`),
      ...answered.map((one) => `answered ${name} ${status}: ${one}`),
    ]
  })
}

const line = (remoteSku: string, quantity: number) => ({
  key: remoteSku,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})

const shop = {
  'TEA TOWEL/RED+2': { quantity: 30 },
  'a,b': { quantity: 30 },
  '茶-7': { quantity: 30 },
  'SHIRT-S': { quantity: 30, of: 'Shirt' },
  'SHIRT-M': { quantity: 30, of: 'Shirt' },
}

async function everything(bench: WooBench, settings: Record<string, unknown>) {
  const account = bench.account(settings)
  for (const list of ['listings', 'storeStock'] as const) {
    let cursor: unknown = null
    for (
      let page = await woocommerce[list]!.pull(account, cursor);
      ;
      page = await woocommerce[list]!.pull(account, cursor)
    ) {
      cursor = page.next
      if (!page.more) break
    }
  }
  const skus = Object.keys(shop)
  await woocommerce.stock!.push(
    account,
    [...skus, 'GONE'].map((sku) => line(sku, 40)),
  )
  await woocommerce.stock!.read(account, [...skus, 'GONE'])
  const prices = skus.map((sku) => ({
    key: sku,
    marketplace: '',
    remoteSku: sku,
    remoteId: null,
    amount: 999,
    currency: 'USD',
  }))
  await woocommerce.prices!.push(account, [...prices, { ...prices[0]!, key: 'gone', remoteId: '0/77' }])
  for (let count = 0; count < 12; count += 1) await bench.buy(skus[count % skus.length]!, 1 + (count % 2))
  await bench.pass(10 * minute)
  const { items } = await pullAll(woocommerce.orders!.pull, account)
  const { recount } = woocommerce.orders!
  const span = { from: new Date(bench.sim.now().getTime() - 60 * minute), until: bench.sim.now() }
  const { ids } = await recount!.pull(account, span, null)
  expect(ids).toHaveLength(12)
  await recount!.read!(account, ids![0]!)
  const open = items.filter(({ state }) => state === 'open')
  expect(open.length).toBeGreaterThan(4)
  for (const [index, order] of open.slice(0, 4).entries()) {
    const lines = order.lines.map(({ remoteId, quantity }) => ({ remoteId, quantity }))
    const about = { reference: `r${index}`, orderRemoteId: order.remoteId }
    const parcel = {
      carrier: 'UPS',
      trackingNumber: `1Z${index}`,
      trackingUrl: index % 2 ? 'https://track.example' : null,
    }
    await woocommerce.refunds!.issue(account, {
      ...about,
      currency: 'USD',
      lines: lines.map((one) => ({ ...one, quantity: 1, amount: 100 })),
      shippingAmount: index,
      reason: 'price',
    })
    await woocommerce.refunds!.read(account, order.remoteId)
    await woocommerce.shipments!.confirm(account, { ...about, ...parcel, lines, shippedAt: bench.sim.now() })
    await woocommerce.shipments!.read(account, order.remoteId)
  }
  for (const [index, order] of open.slice(4, 6).entries())
    await woocommerce.cancellations!.request(account, {
      reference: 'c',
      orderRemoteId: order.remoteId,
      lines: null,
      reason: index ? 'out_of_stock' : 'fraud',
    })
  const copy = {
    reference: 'entrepot-1',
    source: { channel: 'amazon', orderRemoteId: '302-1234567-1234567' },
    placedAt: bench.sim.now(),
    currency: 'USD',
    lines: ['a,b', 'SHIRT-M'].map((remoteSku) => ({
      remoteSku,
      remoteProductId: null,
      title: 'x',
      quantity: 1,
      unitPrice: 100,
    })),
    total: 450,
    buyer: { name: 'Maria', address: { line1: 'Hauptstr. 1', city: 'Lübeck', country: 'DE' } },
  }
  await woocommerce.copies!.create(account, copy)
  await woocommerce.copies!.find(account, 'entrepot-1')
  for (const address of ['https://hub.example/one', 'https://hub.example/one', 'https://hub.example/two'])
    await woocommerce.webhooks!.subscribe!(account, address)
  for (const check of woocommerce.checks!) await check.run(account)
}

test.each([
  ['with a password, by note', {}, {}],
  [
    'signed, with the plugin',
    { signed: true, refunds: 'noted' },
    { tracking: true, pendingShare: 0.2, onHoldShare: 0.2 },
  ],
])('everything that is called, %s', async (_name, settings, options) => {
  const outside = (async () => new Response(null, { status: 200 })) as typeof fetch
  const bench = wooBench(shop, { ...options, fetch: outside })
  await everything(bench, settings)
  expect(findingsOf(bench)).toEqual([])
})

test('refusals: a key that is gone, one that may only read, a busy host, orders that are not there', async () => {
  const bench = wooBench(shop)
  const account = bench.account()
  await bench.control('/faults', {
    channel: 'woocommerce',
    operation: 'listOrders',
    kind: 'status',
    status: 429,
    count: 1,
  })
  for (let count = 0; count < 2; count += 1) await woocommerce.orders!.pull(account, null).catch(() => {})
  await woocommerce.shipments!.read(account, '123456').catch(() => {})
  await woocommerce
    .orders!.pull(
      bench.account({}, { secrets: { consumerKey: `ck_${'0'.repeat(40)}`, consumerSecret: `cs_${'0'.repeat(40)}` } }),
      null,
    )
    .catch(() => {})
  const readOnly = wooBench(shop, { permissions: 'read' })
  await woocommerce.stock!.push(readOnly.account(), [line('a,b', 1)])
  expect([...findingsOf(bench), ...findingsOf(readOnly)]).toEqual([])
  expect([...tallies.get('GET /wc/v3/orders')!.keys()]).toEqual(expect.arrayContaining([200, 401, 429]))
  expect([...tallies.get('POST /wc/v3/products/batch')!.keys()]).toContain(401)
})

test('webhooks that the store switched off are switched on again, and those of an old address go', async () => {
  const outside = (async () => new Response(null, { status: 500 })) as typeof fetch
  const bench = wooBench(shop, { fetch: outside })
  const deaf = async (address: string) => {
    await woocommerce.webhooks!.subscribe!(bench.account(), address)
    for (let count = 0; count < 7; count += 1) {
      await bench.buy('a,b')
      await bench.pass(2 * minute)
    }
    await woocommerce.webhooks!.subscribe!(bench.account(), address)
  }
  await deaf('https://hub.example/one')
  await deaf('https://hub.example/two')
  expect(findingsOf(bench)).toEqual([])
  for (const method of ['PUT', 'DELETE'])
    expect(tallies.get(`${method} /wc/v3/webhooks/{id}`)?.get(200)).toBeGreaterThan(0)
})

test('every field that is read is one of the description', () => {
  const orders = judge.fields('/wc/v3/orders')
  for (const name of [
    'id',
    'status',
    'created_via',
    'date_created_gmt',
    'date_modified_gmt',
    'date_completed_gmt',
    'currency',
    'total',
    'number',
    'transaction_id',
    'billing',
    'shipping',
    'line_items',
    'refunds',
    'meta_data',
  ])
    expect(orders.has(name), name).toBe(true)
  const products = judge.fields('/wc/v3/products')
  for (const name of [
    'id',
    'parent_id',
    'type',
    'name',
    'sku',
    'status',
    'global_unique_id',
    'price',
    'purchasable',
    'manage_stock',
    'stock_quantity',
    'stock_status',
    'date_modified_gmt',
    'attributes',
  ])
    expect(products.has(name), name).toBe(true)
})

test('the judge bites: a surplus field, a wrong type, an unknown word, too many, a field that is not to be sent', () => {
  const query = (text: string) => new URLSearchParams(text)
  const orders = '/wc/v3/orders'
  expect(judge.request('GET', orders, query('modified_after=2026-11-22T08:00:00&per_page=100'), undefined)).toEqual([])
  for (const text of ['per_page=101', 'per_page=x', 'orderby=changed', 'limit=3', 'dates_are_gmt=yes'])
    expect(judge.request('GET', orders, query(text), undefined), text).toHaveLength(1)
  expect(judge.request('GET', '/wc/v3/parcels', query(''), undefined)).toBeUndefined()
  const put = (body: object) => judge.request('PUT', `${orders}/7`, query(''), body)
  expect(put({ status: 'completed', meta_data: [{ key: 'a', value: 'b' }] })).toEqual([])
  for (const body of [
    { status: 'shipped' },
    { total: '1.00' },
    { parcels: [] },
    { line_items: [{ id: '7' }] },
    { line_items: [{ sku: 'x' }] },
  ])
    expect(put(body), JSON.stringify(body)).toHaveLength(1)
  const batch = '/wc/v3/products/batch'
  expect(judge.request('POST', batch, query(''), { update: [{ id: 1, stock_quantity: 3 }] })).toEqual([])
  for (const body of [{ update: [{ id: 1, stock_quantity: '3' }] }, { update: [{ id: 1, stock: 3 }] }, { change: [] }])
    expect(judge.request('POST', batch, query(''), body), JSON.stringify(body)).toHaveLength(1)
  for (const one of [{ id: '7' }, { parcels: [] }, { status: 'shipped' }, { date_created_gmt: '2026-11-22T08:00:00Z' }])
    expect(judge.answer('GET', orders, 200, [one]), JSON.stringify(one)).toHaveLength(1)
  expect(judge.answer('GET', orders, 401, { error: 'no' })).toHaveLength(1)
})

afterAll(() => {
  const figures = [...tallies].map(
    ([name, by]) => `${name} ${[...by].map(([status, n]) => `${status}×${n}`).join(' ')}`,
  )
  process.stdout.write(`  woocommerce: ${figures.join(', ')}\n`)
})
