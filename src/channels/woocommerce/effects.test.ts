/** Shipments with and without the plugin, cancellations and what they put back, refunds and who pays, copies, webhooks, checks. */
import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { closed, minute, pullAll, wooBench, wooSecrets } from '../../../test/support/woocommerce.ts'
import type { IncomingHook } from '../capabilities.ts'
import { woocommerce } from './index.ts'

const { shipments, cancellations, refunds, copies, webhooks, checks } = woocommerce
const orderOf = async (bench: ReturnType<typeof wooBench>, id: string) =>
  (await pullAll(woocommerce.orders!.pull, bench.account())).items.findLast(({ remoteId }) => remoteId === id)!

async function parcel(bench: ReturnType<typeof wooBench>, id: string, more: object = {}) {
  const order = await orderOf(bench, id)
  return {
    reference: '7',
    orderRemoteId: id,
    lines: order.lines.map(({ remoteId, quantity }) => ({ remoteId, quantity })),
    shippedAt: bench.sim.now(),
    carrier: 'DHL',
    trackingNumber: 'JD014600',
    trackingUrl: 'https://track.example/JD014600',
    ...more,
  }
}

test('without the plugin: completed, and one note that the buyer reads; told again, nothing happens', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } })
  const id = await bench.buy('MUG', 2)
  const one = await parcel(bench, id)
  expect(await shipments!.confirm(bench.account(), one)).toEqual({ kind: 'applied', remoteId: '7' })
  expect(await shipments!.confirm(bench.account(), one)).toEqual({ kind: 'applied', remoteId: '7' })
  const [order] = (await bench.store()).orders
  expect(order).toMatchObject({ status: 'completed', trackings: [] })
  expect(order!.notes).toEqual([{ note: 'Shipped with DHL: JD014600 https://track.example/JD014600', toBuyer: true }])
  // No line was added: none is ever sent with an order that is there.
  expect(order!.lines).toEqual([{ sku: 'MUG', quantity: 2 }])
  const silent = await bench.buy('MUG')
  await shipments!.confirm(bench.account({ tellBuyer: false }), await parcel(bench, silent, { reference: '8' }))
  expect((await bench.store()).orders[1]!.notes[0]!.toBuyer).toBe(false)
})

test('with the plugin: the number is there once, before the order is completed', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } }, { tracking: true })
  const id = await bench.buy('MUG')
  const one = await parcel(bench, id)
  await bench.control('/faults', { channel: 'woocommerce', operation: 'updateOrder', kind: 'drop', count: 1 })
  expect((await shipments!.confirm(bench.account(), one)).kind).toBe('failed')
  expect((await bench.store()).orders[0]).toMatchObject({ status: 'processing', trackings: ['JD014600'] })
  expect((await shipments!.confirm(bench.account(), one)).kind).toBe('applied')
  expect((await bench.store()).orders[0]).toMatchObject({ status: 'completed', trackings: ['JD014600'], notes: [] })
})

test('what a person completed in the store is read as shipped', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } })
  const id = await bench.buy('MUG', 2)
  await bench.control(`/orders/${id}/ship`, {})
  expect(await shipments!.read(bench.account(), id)).toMatchObject([{ remoteId: null, lines: [{ quantity: 2 }] }])
})

test('a cancellation puts the units back once; those that are missing stay away', async () => {
  const bench = wooBench({ MUG: { quantity: 9 }, CUP: { quantity: 9 } })
  const ask = async (sku: string, reason: 'buyer_asked' | 'out_of_stock') => {
    const id = await bench.buy(sku, 2)
    const request = { reference: '5', orderRemoteId: id, lines: null, reason }
    expect(await cancellations!.request(bench.account(), request)).toEqual({ kind: 'applied', remoteId: null })
    expect(await cancellations!.request(bench.account(), request)).toEqual({ kind: 'applied', remoteId: null })
  }
  await ask('MUG', 'buyer_asked')
  await ask('CUP', 'out_of_stock')
  const { stock, orders } = await bench.store()
  expect(stock).toEqual({ MUG: 9, CUP: 7 })
  // Lines were sent with their ids: none was added.
  expect(orders.map(({ lines }) => lines.length)).toEqual([1, 1])
})

test('refunds: the gateway pays, or the store only notes it; units never come back by themselves', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } })
  const id = await bench.buy('MUG', 2)
  const [line] = (await orderOf(bench, id)).lines
  const refund = {
    reference: '11',
    orderRemoteId: id,
    currency: 'USD',
    lines: [{ remoteId: line!.remoteId, quantity: 1, amount: 700 }],
    shippingAmount: 0,
    reason: 'returned' as const,
  }
  expect((await refunds!.issue(bench.account(), refund)).kind).toBe('applied')
  // The same one again is found by its reason.
  expect((await refunds!.issue(bench.account(), refund)).kind).toBe('applied')
  const noted = { ...refund, reference: '12' }
  expect((await refunds!.issue(bench.account({ refunds: 'noted' }), noted)).kind).toBe('applied')
  const { orders, stock } = await bench.store()
  expect(orders[0]!.refunds).toEqual([
    { amount: 700, paid: true },
    { amount: 700, paid: false },
  ])
  expect(stock.MUG).toBe(7)
  expect(await refunds!.read(bench.account(), id)).toMatchObject([
    { reference: '11', amount: 700, currency: 'USD', lines: [{ remoteId: line!.remoteId, quantity: 1 }] },
    { reference: '12' },
  ])
})

test('a gateway that cannot pay back refuses with a 500, and nothing was paid', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } })
  const made = await copies!.create(bench.account(), copy('entrepot-1'))
  const id = (made as { remoteId: string }).remoteId
  const [line] = (await orderOf(bench, id)).lines
  const refund = {
    reference: '13',
    orderRemoteId: id,
    currency: 'USD',
    lines: [{ remoteId: line!.remoteId, quantity: 1, amount: 100 }],
    shippingAmount: 0,
    reason: 'other' as const,
  }
  expect(await refunds!.issue(bench.account(), refund)).toMatchObject({
    kind: 'failed',
    error: { kind: 'rejected', code: 'woocommerce_rest_cannot_create_order_refund', mayHaveApplied: false },
  })
})

const copy = (reference: string) => ({
  reference,
  source: { channel: 'amazon', orderRemoteId: '302-1234567-1234567' },
  placedAt: new Date('2026-11-22T11:00:00Z'),
  currency: 'USD',
  lines: [{ remoteSku: 'MUG', remoteProductId: null, title: 'Mug', quantity: 2, unitPrice: 1_000 }],
  total: 2_500,
  buyer: { name: 'Maria Muster', email: 'maria@buyers.example' },
})

test('a copy takes nothing from the store, now or when it is canceled', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } })
  const made = await copies!.create(bench.account(), copy('entrepot-1'))
  const id = (made as { remoteId: string }).remoteId
  expect((await bench.store()).stock.MUG).toBe(9)
  const order = await orderOf(bench, id)
  expect(order).toMatchObject({ state: 'open', total: 2_500 })
  expect(order.buyer?.email).toBeUndefined()
  expect(copies!.copyOf(order.raw)).toEqual({
    reference: 'entrepot-1',
    channel: 'amazon',
    orderRemoteId: '302-1234567-1234567',
  })
  const request = { reference: '5', orderRemoteId: id, lines: null, reason: 'buyer_asked' as const }
  expect((await cancellations!.request(bench.account(), request)).kind).toBe('applied')
  expect((await bench.store()).stock.MUG).toBe(9)
})

test('orders that another tool copied are known by the number or by its meta data', () => {
  const of = (more: object) => copies!.copyOf({ number: '77', meta_data: [], ...more })
  expect(of({})).toBeNull()
  expect(of({ created_via: 'checkout' })).toBeNull()
  expect(of({ created_via: 'Amazon' })).toEqual({ reference: null, channel: 'amazon', orderRemoteId: null })
  const meta_data = [{ id: 1, key: '_wpla_amazon_order_id', value: '302-1234567-1234567' }]
  expect(of({ meta_data })).toMatchObject({ channel: 'amazon', orderRemoteId: '302-1234567-1234567' })
  expect(of({ meta_data: [{ id: 1, key: '_note', value: '302-1234567-1234567' }] })).toBeNull()
})

const hook = (headers: Record<string, string>, body: string): IncomingHook => ({
  method: 'POST',
  address: 'https://hub.example/h',
  query: {},
  headers,
  body: Buffer.from(body),
})

test('the unsigned ping is answered and never believed', async () => {
  const account = wooBench({}).account()
  const form = { 'content-type': 'application/x-www-form-urlencoded' }
  expect(await webhooks!.verify(account, hook(form, 'webhook_id=12'))).toMatchObject({ kind: 'answer', status: 200 })
  for (const body of ['webhook_id=12&x=1', 'webhook_id=', '{"id":1}', ''])
    expect((await webhooks!.verify(account, hook(form, body))).kind).toBe('refused')
  expect((await webhooks!.verify(account, hook({ 'content-type': 'application/json' }, 'webhook_id=12'))).kind).toBe(
    'refused',
  )
})

test('webhooks of another address, of an older key, or switched off are set right, and no second one is made', async () => {
  const bench = wooBench(
    { MUG: { quantity: 50 } },
    { fetch: (async () => new Response(null, { status: 500 })) as typeof fetch },
  )
  const states = async (account = bench.account(), address = 'https://hub.example/h') =>
    new Set((await webhooks!.subscribe!(account, address)).map(({ state }) => state))
  expect(await states()).toEqual(new Set(['created']))
  for (let count = 0; count < 8; count += 1) {
    await bench.buy('MUG')
    await bench.pass(2 * minute)
  }
  const off = (await bench.store()).webhooks.filter(({ status }) => status === 'disabled')
  expect(off.length).toBeGreaterThan(0)
  const check = checks!.find(({ id }) => id === 'webhooks')!
  expect(await check.run(bench.account())).toEqual({ ok: false, code: 'webhook_off' })
  expect(await states()).toEqual(new Set(['created', 'kept']))
  expect((await bench.store()).webhooks).toHaveLength(6)
  // The hub moved: the address of a webhook cannot be changed, and those of the old one go once the store has given them up.
  const elsewhere = 'https://hub.example/other'
  expect(await states(bench.account(), elsewhere)).toEqual(new Set(['created']))
  expect((await bench.store()).webhooks).toHaveLength(12)
  for (let count = 0; count < 8; count += 1) {
    await bench.buy('MUG')
    await bench.pass(2 * minute)
  }
  await states(bench.account(), elsewhere)
  const left = (await bench.store()).webhooks
  expect(left.length).toBeLessThan(12)
  expect(left.filter(({ status }) => status === 'disabled')).toEqual([])
})

test('checks name what is wrong with the store', async () => {
  const run = async (
    id: string,
    bench: ReturnType<typeof wooBench>,
    settings: object = {},
    secrets?: Record<string, string>,
  ) => await checks!.find((one) => one.id === id)!.run(bench.account({ ...settings }, secrets ? { secrets } : {}))
  expect(await run('write', wooBench({}, { permissions: 'read' }))).toEqual({ ok: false, code: 'read_only' })
  expect(await run('counting', wooBench({}, { manageStock: false }))).toEqual({ ok: false, code: 'stock_off' })
  expect(await run('hold', wooBench({}, { holdMs: 0 }))).toEqual({ ok: false, code: 'hold_off' })
  expect(await run('hold', wooBench({}))).toEqual({ ok: true, facts: { minutes: '60' } })
  expect(await run('cron', wooBench({}, { cron: false }))).toEqual({ ok: false, code: 'cron_off' })
  expect(await run('version', wooBench({}, { hpos: false }))).toEqual({
    ok: true,
    facts: { version: '10.0.2', storage: 'posts' },
  })
  expect(await run('site', wooBench({}))).toEqual({ ok: true, facts: { zone: 'UTC-5' } })
  expect(await run('tracking', wooBench({}, { tracking: true }))).toEqual({ ok: true, facts: { tracking: 'plugin' } })
  const http = { url: 'http://store.test/woocommerce', sameNetwork: true }
  expect(await run('https', wooBench({}), http)).toEqual({ ok: false, code: 'plain_http' })
  const other = { consumerKey: `ck_${'0'.repeat(40)}`, consumerSecret: `cs_${'0'.repeat(40)}` }
  expect(await run('token', wooBench({}), {}, other)).toEqual({ ok: false, code: 'nobody_known' })
  // The store knows itself under another address than the one that was entered.
  const elsewhere = wooBench({}, { homeUrl: 'https://www.store.test' })
  expect(await run('token', elsewhere, { signed: true })).toEqual({ ok: false, code: 'signature_refused' })
})

test('the store’s index is closed to strangers: the key is not taken for refused, and the number goes out as a note', async () => {
  const bench = wooBench({ MUG: { quantity: 9 } }, { tracking: true })
  const id = await bench.buy('MUG')
  const account = closed(bench.account())
  expect(await shipments!.confirm(account, await parcel(bench, id))).toMatchObject({ kind: 'applied' })
  expect((await bench.store()).orders[0]).toMatchObject({ status: 'completed', trackings: [] })
  await expect(checks!.find(({ id: name }) => name === 'site')!.run(account)).rejects.toMatchObject({
    kind: 'rejected',
  })
})

test('two orders of one second are two words, though the store gives both one number; a repeat is one', async () => {
  const account = wooBench({}).account()
  const { consumerSecret } = wooSecrets()
  const secret = createHmac('sha256', consumerSecret).update('entrepot webhooks').digest('hex')
  const word = async (body: string) => {
    const signature = createHmac('sha256', secret).update(body).digest('base64')
    const headers = { 'x-wc-webhook-topic': 'order.created', 'x-wc-webhook-delivery-id': 'one second' }
    return await webhooks!.verify(account, hook({ ...headers, 'x-wc-webhook-signature': signature }, body))
  }
  const [one, two, again] = [await word('{"id":1}'), await word('{"id":2}'), await word('{"id":1}')]
  expect(one).toMatchObject({ kind: 'accepted', orderRemoteIds: ['1'] })
  expect(again).toEqual(one)
  expect((two as { dedupe: string }).dedupe).not.toBe((one as { dedupe: string }).dedupe)
})
