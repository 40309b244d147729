/** What was seen on a running store (facts of WooCommerce 10.0.2), held against the simulated one. */
import { expect, test } from 'vitest'
import { createSimulator, type Simulator, wooSettings } from './index.ts'

const origin = 'https://store.test'
const { consumerKey, consumerSecret } = wooSettings(undefined)
const authorization = `Basic ${Buffer.from(`${consumerKey}:${consumerSecret}`).toString('base64')}`

interface Sent {
  headers: Record<string, string>
  body: string
}

function open(more: { snapshot?: unknown } = {}) {
  let now = Date.parse('2026-11-22T12:00:00Z')
  const sent: Sent[] = []
  const sim = createSimulator({
    seed: 1,
    realNow: () => now,
    catalog: [
      { sku: 'MUG', title: 'Mug', asin: 'B0SIM00001', price: 1_000, currency: 'USD', woocommerce: { quantity: 5 } },
    ],
    woocommerce: { pendingShare: 0, onHoldShare: 0 },
    fetch: (async (_url: string, init: RequestInit) => {
      sent.push({ headers: init.headers as Record<string, string>, body: String(init.body) })
      return new Response(null)
    }) as typeof fetch,
    ...more,
  })
  const pass = async (ms: number) => {
    now += ms
    await sim.tick()
  }
  return { sim, sent, pass, call: callerOf(sim) }
}

function callerOf(sim: Simulator) {
  return async (method: string, path: string, body?: unknown, headers: Record<string, string> = { authorization }) => {
    const init = body === undefined ? { method, headers } : { method, headers, body: JSON.stringify(body) }
    const answer = await sim.handle(new Request(`${origin}/woocommerce/wp-json/wc/v3${path}`, init))
    return { status: answer.status, headers: answer.headers, body: (await answer.json()) as Record<string, never> }
  }
}

type Caller = ReturnType<typeof callerOf>
const stockOf = async (call: Caller) =>
  ((await call('GET', '/products?sku=MUG')).body as unknown as { stock_quantity: number }[])[0]!.stock_quantity
const order = (status: string) => ({ status, line_items: [{ product_id: 2_001, quantity: 1 }] })

test('stock moves with the status of an order, and a line without its id is another line', async () => {
  const { call } = open()
  const made = await call('POST', '/orders', order('pending'))
  const { id } = made.body as unknown as { id: number }
  expect([made.status, await stockOf(call)]).toEqual([201, 5])
  await call('PUT', `/orders/${id}`, { status: 'processing' })
  expect(await stockOf(call)).toBe(4)
  const doubled = await call('PUT', `/orders/${id}`, { line_items: [{ product_id: 2_001, quantity: 1 }] })
  expect([(doubled.body.line_items as unknown as unknown[]).length, await stockOf(call)]).toEqual([2, 3])
  await call('PUT', `/orders/${id}`, { status: 'cancelled' })
  expect(await stockOf(call)).toBe(5)
})

test('orders made through the API are never refused for lack of stock', async () => {
  const { call } = open()
  await call('POST', '/products/batch', { update: [{ id: 2_001, stock_quantity: 1 }] })
  const made = await Promise.all(Array.from({ length: 4 }, () => call('POST', '/orders', order('processing'))))
  expect(made.map(({ status }) => status)).toEqual([201, 201, 201, 201])
  expect(await stockOf(call)).toBe(-3)
})

test('pages, batches and refusals', async () => {
  const { call } = open()
  expect((await call('GET', '/orders?per_page=101')).body).toMatchObject({ code: 'rest_invalid_param' })
  const many = { update: Array.from({ length: 101 }, () => ({ id: 2_001 })) }
  expect((await call('POST', '/products/batch', many)).status).toBe(413)
  const half = await call('POST', '/products/batch', { update: [{ id: 2_001 }, { id: 7 }] })
  expect(half).toMatchObject({
    status: 200,
    body: { update: [{ id: 2_001 }, { id: 7, error: { data: { status: 400 } } }] },
  })
  const { headers } = await call('GET', '/products')
  expect([headers.get('x-wp-total'), headers.get('x-wp-totalpages')]).toEqual(['1', '1'])
  expect(await call('GET', '/orders', undefined, {})).toMatchObject({
    status: 401,
    body: { code: 'woocommerce_rest_cannot_view' },
  })
  const plain = await open().sim.handle(
    new Request('http://store.test/woocommerce/wp-json/wc/v3/orders', { headers: { authorization } }),
  )
  expect(plain.status).toBe(401)
})

test('a moment with a zone is told in the site’s own first; without one it is taken as it stands', async () => {
  const { call } = open()
  await call('POST', '/orders', order('processing'))
  const found = async (after: string) =>
    (await call('GET', `/orders?dates_are_gmt=true&modified_after=${after}`)).headers.get('x-wp-total')
  expect(await found('2026-11-22T11:59:59')).toBe('1')
  // Not the same second: later ones only.
  expect(await found('2026-11-22T12:00:00')).toBe('0')
  // Five hours behind UTC.
  expect(await found('2026-11-22T16:59:58Z')).toBe('1')
})

test('a webhook: an unsigned ping, then one word for two changes, built when it leaves', async () => {
  const { call, sent, pass } = open()
  const hook = { name: 'a', topic: 'order.updated', delivery_url: 'https://hub.example', secret: 'x' }
  const { body } = await call('POST', '/webhooks', hook)
  await pass(1_000)
  expect(sent.splice(0)).toEqual([
    { headers: { 'content-type': 'application/x-www-form-urlencoded' }, body: `webhook_id=${String(body.id)}` },
  ])
  const made = await call('POST', '/orders', order('processing'))
  await call('PUT', `/orders/${String(made.body.id)}`, { status: 'completed' })
  await pass(60_000)
  expect(sent).toHaveLength(1)
  expect(JSON.parse(sent[0]!.body)).toMatchObject({ id: made.body.id, status: 'completed' })
  expect(sent[0]!.headers['x-wc-webhook-signature']).toBeTruthy()
})

test('a snapshot goes on where it stood', async () => {
  const one = open()
  await one.call('POST', '/orders', order('processing'))
  const again = open({ snapshot: JSON.parse(JSON.stringify(one.sim.snapshot())) })
  expect(await stockOf(again.call)).toBe(4)
  expect((await again.call('GET', '/orders')).headers.get('x-wp-total')).toBe('1')
})
