/** The simulated eBay by itself: limits, revisions, late orders, effects, notifications. */
import { createHash, createPublicKey, createVerify } from 'node:crypto'
import { expect, test } from 'vitest'
import { bench as simulatorBench } from '../simulator/testing.ts'
import { ebayBench, ebayItem } from './support/ebay.ts'

const minute = 60_000
const options = {
  catalog: [ebayItem('MUG', 9)],
  ebay: {
    limits: 'none' as const,
    effectMs: { min: 1_000, max: 1_000, tail: 1_000, tailShare: 0 },
    lifecycle: { slowPaymentShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
  },
}
const update = (sku: string, quantity: number) => ({ requests: [{ sku, shipToLocationAvailability: { quantity } }] })
const bulk = '/sell/inventory/v1/bulk_update_price_quantity'

test('the 251st revision of a listing in a day is refused, the next day brings new ones', async () => {
  const bench = await simulatorBench(options)
  for (let n = 1; n <= 250; n += 1) expect((await bench.ebay('POST', bulk, update('MUG', n))).status).toBe(200)
  const refused = await bench.ebay('POST', bulk, update('MUG', 1))
  expect(refused.status).toBe(207)
  expect(refused.text).toContain('25019')
  await bench.pass(24 * 3_600)
  expect((await bench.ebay('POST', bulk, update('MUG', 1))).status).toBe(200)
})

test('a quota of a day is kept for the app, and getRateLimits tells what is left', async () => {
  const bench = await simulatorBench({
    ...options,
    ebay: { ...options.ebay, limits: 'published', quotas: { Inventory: 2 } },
  })
  const read = () => bench.ebay('GET', '/sell/inventory/v1/inventory_item')
  expect([(await read()).status, (await read()).status]).toEqual([200, 200])
  const refused = await read()
  expect([refused.status, refused.text]).toEqual([429, expect.stringContaining('"errorId":2001')])
  const left = await bench.ebay('GET', '/developer/analytics/v1_beta/rate_limit/', undefined, 'app')
  expect(left.text).toMatch(/"remaining":0,"reset":"2026-11-23T12:00:00.000Z"/)
})

test('what its lists refuse', async () => {
  const bench = await simulatorBench(options)
  const refusals: [path: string, status: number, errorId: string][] = [
    ['/sell/fulfillment/v1/order?limit=201', 400, '31100'],
    ['/sell/fulfillment/v1/order?filter=lastmodifieddate:%5B2030-01-01T00:00:00.000Z..%5D', 400, '30850'],
    ['/sell/fulfillment/v1/order?filter=lastmodifieddate:%5B2020-01-01T00:00:00.000Z..%5D', 400, '30830'],
    ['/sell/fulfillment/v1/order?filter=color:%7Bred%7D', 400, '30700'],
    ['/sell/inventory/v1/offer', 400, '25707'],
    ['/sell/inventory/v1/offer?sku=GONE', 404, '25713'],
  ]
  for (const [path, status, errorId] of refusals) {
    const answer = await bench.ebay('GET', path)
    expect([path, answer.status, answer.text]).toEqual([path, status, expect.stringContaining(`"errorId":${errorId}`)])
  }
  const two = await bench.ebay('POST', bulk, { requests: [...update('MUG', 1).requests, ...update('MUG', 1).requests] })
  expect(two.status).toBe(400)
})

test('with both dates only that of creation counts; an order shows late, and singly a little sooner', async () => {
  const lagMs = { typical: 120_000, tail: 120_000, tailShare: 0, min: 120_000 }
  const bench = await simulatorBench({ ...options, ebay: { ...options.ebay, lagMs } })
  const bought = await bench.control('POST', '/orders', { channel: 'ebay', sku: 'MUG', quantity: 1 })
  const since = (name: string, from: string) => `${name}:%5B${from}..%5D`
  const orders = async (filter: string) =>
    (JSON.parse((await bench.ebay('GET', `/sell/fulfillment/v1/order?filter=${filter}`)).text) as { orders: unknown[] })
      .orders
  await bench.pass(60)
  expect(await orders(since('creationdate', '2026-11-22T00:00:00.000Z'))).toEqual([])
  expect((await bench.ebay('GET', `/sell/fulfillment/v1/order/${bought.body.orderId}`)).status).toBe(200)
  await bench.pass(60)
  expect(await orders(since('creationdate', '2026-11-22T00:00:00.000Z'))).toHaveLength(1)
  await bench.pass(3_600)
  const both = `${since('lastmodifieddate', '2026-11-22T12:30:00.000Z')},${since('creationdate', '2026-11-22T00:00:00.000Z')}`
  expect(await orders(both)).toHaveLength(1)
  expect(await orders(since('lastmodifieddate', '2026-11-22T12:30:00.000Z'))).toEqual([])
})

test('a destination must answer the challenge; deliveries are signed, repeated, and given up', async () => {
  const bench = ebayBench([ebayItem('MUG', 90)])
  const account = bench.account()
  const endpoint = 'https://hub.example/hooks/1'
  const token = 'a-verification-token-of-32-letters-or-more'
  const heard: { body: string; signature: string }[] = []
  let isUp = true
  bench.outside.fetch = (async (input: string | URL | Request, init?: RequestInit) => {
    const challenge = new URL(String(input)).searchParams.get('challenge_code')
    if (challenge !== null) {
      const challengeResponse = createHash('sha256').update(`${challenge}${token}${endpoint}`).digest('hex')
      return Response.json({ challengeResponse: isUp ? challengeResponse : 'wrong' })
    }
    heard.push({ body: String(init!.body), signature: new Headers(init!.headers).get('x-ebay-signature')! })
    return new Response(null, { status: isUp ? 200 : 503 })
  }) as typeof fetch
  const base = 'http://simulator.test/ebay'
  const fields = new URLSearchParams({ grant_type: 'client_credentials', scope: 'any' })
  const basic = `Basic ${Buffer.from('SimulatedApp-PRD-1:PRD-simulated-secret').toString('base64')}`
  const send = async (method: string, path: string, body?: unknown, authorization?: string) => {
    const headers = { 'content-type': 'application/json', ...(authorization ? { authorization } : {}) }
    const text = body instanceof URLSearchParams ? body.toString() : body === undefined ? null : JSON.stringify(body)
    return await bench.sim.handle(new Request(`${base}${path}`, { method, headers, body: text }))
  }
  const minted = (await (await send('POST', '/identity/v1/oauth2/token', fields, basic)).json()) as {
    access_token: string
  }
  const bearer = `Bearer ${minted.access_token}`
  const destination = { name: 'hub', status: 'ENABLED', deliveryConfig: { endpoint, verificationToken: token } }
  const place = '/commerce/notification/v1'
  isUp = false
  expect((await send('POST', `${place}/destination`, destination, bearer)).status).toBe(409)
  isUp = true
  const created = await send('POST', `${place}/destination`, destination, bearer)
  expect(created.status).toBe(201)
  const destinationId = created.headers.get('location')!.split('/').at(-1)
  const payload = { format: 'JSON', schemaVersion: '1.0', deliveryProtocol: 'HTTPS' }
  const topicId = 'ORDER_CONFIRMATION'
  const subscription = { topicId, destinationId, status: 'ENABLED', payload }
  expect((await send('POST', `${place}/subscription`, subscription, bearer)).status).toBe(201)
  expect((await send('POST', `${place}/subscription`, subscription, bearer)).status).toBe(409)

  const orderId = await bench.buy('MUG')
  await bench.pass(10_000)
  expect(heard).toHaveLength(1)
  const { body, signature } = heard[0]!
  expect(JSON.parse(body)).toMatchObject({
    metadata: { topic: topicId },
    notification: { data: { order: { orderId } } },
  })
  const { kid, signature: signed } = JSON.parse(Buffer.from(signature, 'base64').toString()) as Record<string, string>
  const { key } = (await (await send('GET', `${place}/public_key/${kid}`, undefined, bearer)).json()) as { key: string }
  const pem = key.replace('-----BEGIN PUBLIC KEY-----', '$&\n').replace('-----END PUBLIC KEY-----', '\n$&')
  expect(createVerify('sha1').update(body).verify(createPublicKey(pem), signed!, 'base64')).toBe(true)

  isUp = false
  for (let n = 0; n < 4; n += 1) await bench.buy('MUG')
  for (let n = 0; n < 20; n += 1) await bench.pass(minute)
  const shown = (await (await send('GET', `${place}/destination`, undefined, bearer)).json()) as {
    destinations: { status: string }[]
  }
  expect(shown.destinations[0]!.status).toBe('MARKED_DOWN')
  expect(account.exhausted).toEqual([])
})
