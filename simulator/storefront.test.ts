import { Webhook } from 'standardwebhooks'
import { expect, test } from 'vitest'
import { type Bench, bench, webhookSecret } from './testing.ts'

interface HubCall {
  path: string
  key: string
  body: Record<string, unknown>
}

/** A hub of a few lines: notes what it is sent and answers as told. */
function fakeHub(answer: (call: HubCall, nth: number) => Response | Error = () => ok()) {
  const calls: HubCall[] = []
  const fetch: typeof globalThis.fetch = async (input, init) => {
    const headers = new Headers(init?.headers)
    expect(headers.get('authorization')).toBe('Bearer key')
    const path = new URL(String(input)).pathname
    calls.push({ path, key: headers.get('idempotency-key') ?? '', body: JSON.parse(String(init?.body)) })
    const result = answer(calls.at(-1)!, calls.length)
    if (result instanceof Error) throw result
    return result
  }
  const storefront = { hubUrl: 'http://hub', apiKey: 'key', account: 'store', webhookSecret }
  return { calls, fetch, storefront }
}

const ok = () => Response.json({ id: 'r1' }, { status: 201 })
const buy = ({ control }: Bench, quantity: number) =>
  control('POST', '/orders', { channel: 'storefront', sku: 'MUG', quantity })
const store = async ({ control }: Bench) => (await control('GET', '/state')).body.channels.storefront

function signed({ sim, send }: Bench, type: string, data: unknown, change: Record<string, string> = {}) {
  const body = JSON.stringify({ type, timestamp: sim.now().toISOString(), data })
  return send('POST', '/storefront/webhooks', body, {
    'webhook-id': 'msg_1',
    'webhook-timestamp': String(Math.floor(sim.now().getTime() / 1000)),
    'webhook-signature': new Webhook(webhookSecret).sign('msg_1', sim.now(), body),
    ...change,
  })
}
const set = (b: Bench, quantity: number, expected: number, version: number, sku = 'MUG') =>
  signed(b, 'stock.set', { items: [{ sku, quantity, expected, version }] })

test('a purchase reserves, confirms and reports, each under its own key', async () => {
  const hub = fakeHub()
  const b = await bench(hub)
  const { status, body } = await buy(b, 2)
  expect(status).toBe(201)
  expect(hub.calls.map(({ path }) => path)).toEqual([
    '/api/v1/reservations',
    '/api/v1/reservations/r1/confirm',
    '/api/v1/orders',
  ])
  expect(new Set(hub.calls.map(({ key }) => key)).size).toBe(3)
  const [reservation, confirmation, order] = hub.calls.map((call) => call.body)
  expect(reservation).toEqual({
    account: 'store',
    reference: body.orderId,
    lines: [{ sku: 'MUG', quantity: 2 }],
    expiresInSeconds: 900,
  })
  expect(confirmation).toEqual({})
  expect(order).toMatchObject({
    account: 'store',
    remoteId: body.orderId,
    state: 'open',
    currency: 'USD',
    placedAt: '2026-11-22T12:00:00.000Z',
    lines: [{ sku: 'MUG', quantity: 2, unitPrice: 1490, title: 'Mug' }],
    reservationId: 'r1',
  })
  expect((await store(b)).shown.MUG).toBe(3)
  expect((await b.send('GET', '/storefront/products')).body.items[0]).toMatchObject({ sku: 'MUG', quantity: 3 })
})

test('refused: by the store when it shows too little, by the hub with its code', async () => {
  const hub = fakeHub(() => Response.json({ code: 'insufficient_stock' }, { status: 409 }))
  const b = await bench(hub)
  expect(await buy(b, 6)).toMatchObject({ status: 409, body: { shown: 5 } })
  expect(hub.calls).toHaveLength(0)
  expect(await buy(b, 5)).toMatchObject({ status: 409, body: { code: 'insufficient_stock' } })
  expect(hub.calls).toHaveLength(1)
  expect(await store(b)).toMatchObject({ shown: { MUG: 5 }, orders: [] })
})

test('a hub that stumbles is asked again under the same key, five times at most', async () => {
  const hub = fakeHub((_, nth) =>
    nth === 1 ? new Error('reset') : nth === 2 ? new Response('', { status: 503 }) : ok(),
  )
  expect((await buy(await bench(hub), 1)).status).toBe(201)
  expect(new Set(hub.calls.slice(0, 3).map(({ key }) => key)).size).toBe(1)
  const dead = fakeHub(() => new Error('refused'))
  const b = await bench(dead)
  expect((await buy(b, 1)).status).toBe(503)
  expect(dead.calls).toHaveLength(5)
  expect((await store(b)).shown.MUG).toBe(5)
})

test('what the hub could not be told is told later', async () => {
  let down = true
  const hub = fakeHub((call) => (down && call.path !== '/api/v1/reservations' ? new Error('down') : ok()))
  const b = await bench(hub)
  expect((await buy(b, 1)).status).toBe(201)
  expect((await store(b)).orders[0].untold).toEqual(['confirm', 'order'])
  down = false
  await b.pass(1)
  expect((await store(b)).orders[0].untold).toEqual([])
  expect(new Set(hub.calls.filter(({ path }) => path.endsWith('confirm')).map(({ key }) => key)).size).toBe(1)
})

test('a number lowered during the checkout wins: the reservation is released', async () => {
  let b: Bench | undefined
  const hub = fakeHub(ok)
  const slow: typeof fetch = async (input, init) => {
    const answer = await hub.fetch(input, init)
    if (hub.calls.length === 1) await set(b!, 0, 5, 1)
    return answer
  }
  b = await bench({ ...hub, fetch: slow })
  expect((await buy(b, 1)).status).toBe(409)
  expect(hub.calls.map(({ path }) => path)).toEqual(['/api/v1/reservations', '/api/v1/reservations/r1/release'])
  expect((await store(b)).shown.MUG).toBe(0)
})

test('a cancellation is told; the units go back only if asked', async () => {
  const hub = fakeHub()
  const b = await bench(hub)
  const { orderId } = (await buy(b, 2)).body
  await b.control('POST', `/orders/${orderId}/cancel`)
  expect(hub.calls.at(-1)).toMatchObject({ path: '/api/v1/orders', body: { remoteId: orderId, state: 'canceled' } })
  expect(hub.calls.at(-1)?.key).not.toBe(hub.calls.at(-2)?.key)
  expect((await store(b)).shown.MUG).toBe(3)
  const again = (await buy(b, 1)).body.orderId
  await b.control('POST', `/orders/${again}/cancel`, { restock: true })
  expect((await store(b)).shown.MUG).toBe(3)
})

test('stock.set compares before it sets', async () => {
  const b = await bench(fakeHub())
  const item = async (reply: ReturnType<typeof set>) => (await reply).body.items[0]
  expect(await item(set(b, 9, 4, 1))).toEqual({ sku: 'MUG', applied: false, reason: 'mismatch', quantity: 5 })
  expect(await item(set(b, 9, 5, 2))).toEqual({ sku: 'MUG', applied: true, quantity: 9 })
  await buy(b, 1)
  // The answer to version 2 was lost and it is sent again: nothing changes twice.
  expect(await item(set(b, 9, 5, 2))).toEqual({ sku: 'MUG', applied: true, quantity: 8, version: 2 })
  expect(await item(set(b, 1, 8, 1))).toEqual({ sku: 'MUG', applied: false, reason: 'stale', quantity: 8 })
  expect(await item(set(b, 1, 8, 3, 'NONE'))).toEqual({ sku: 'NONE', applied: false, reason: 'unknown' })
  const read = await signed(b, 'stock.read', { items: [{ sku: 'MUG' }, { sku: 'NONE' }] })
  expect(read.body.items).toEqual([
    { sku: 'MUG', quantity: 8, version: 2 },
    { sku: 'NONE', quantity: null },
  ])
  expect((await store(b)).effects).toMatchObject([{ applied: false }, { applied: true, quantity: 9 }])
})

test('webhooks without the right signature are turned away', async () => {
  const b = await bench(fakeHub())
  expect((await signed(b, 'order.created', {})).status).toBe(204)
  const bad: Record<string, string>[] = [
    { 'webhook-signature': 'v1,AAAA' },
    { 'webhook-id': 'msg_2' },
    { 'webhook-timestamp': String(Math.floor(b.clock.now / 1000) - 3600) },
    { 'webhook-signature': '' },
  ]
  for (const change of bad) expect((await signed(b, 'stock.read', { items: [] }, change)).status).toBe(401)
  const unconnected = await bench()
  expect((await signed(unconnected, 'stock.read', { items: [] })).status).toBe(401)
  unconnected.sim.connectStorefront(fakeHub().storefront)
  expect((await signed(unconnected, 'stock.read', { items: [] })).status).toBe(200)
})

test('faults on the way to the hub: lost answers are repeated under the same key, doubles share it', async () => {
  const hub = fakeHub()
  const b = await bench(hub)
  const fault = (operation: string, kind: string) =>
    b.control('POST', '/faults', { channel: 'storefront', operation, kind, count: 1 })
  for (const kind of ['timeout-after-apply', 'drop', 'duplicate']) await fault('reserve', kind)
  expect((await buy(b, 1)).status).toBe(201)
  const reservations = hub.calls.filter(({ path }) => path === '/api/v1/reservations')
  expect(reservations.length).toBe(3)
  expect(new Set(reservations.map(({ key }) => key)).size).toBe(1)
  const { faults } = (await b.control('GET', '/faults')).body
  expect(faults.map((one: { fired: number }) => one.fired)).toEqual([1, 1, 1])
})
