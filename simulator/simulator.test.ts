import { expect, test } from 'vitest'
import { createSimulator, demoCatalog, serveSimulator } from './index.ts'
import { createRandom, seedState } from './random.ts'
import { bench, credentials, listingPath, ordersPath, quantityPatch, start, webhookSecret } from './testing.ts'

/** A day in the life of a seller, as one text. */
async function run(seed: number): Promise<string> {
  let reservations = 0
  const b = await bench({
    seed,
    catalog: demoCatalog(),
    history: { orders: 50, days: 10 },
    storefront: { hubUrl: 'http://hub', apiKey: 'key', account: 'store', webhookSecret },
    fetch: async () => Response.json({ id: `r${++reservations}` }, { status: 201 }),
    amazon: {
      limits: 'published',
      lifecycle: { buyerCancelShare: 0.2, pendingCancelShare: 0.1, slowPaymentShare: 0.2 },
    },
  })
  await b.control('POST', '/faults', { channel: 'amazon', operation: '*', kind: 'status', rate: 0.1 })
  const answers: string[] = []
  for (let i = 0; i < 60; i++) {
    await b.sim.buyers.step()
    answers.push((await b.amazon('GET', `${ordersPath}?lastUpdatedAfter=2026-11-22T00:00:00Z`)).text)
    answers.push((await b.amazon('PATCH', listingPath('MUG-BLUE-01'), quantityPatch(i))).text)
    await b.pass(97)
  }
  answers.push((await b.control('GET', '/state')).text)
  return answers.join('\n')
}

test('the same seed gives the same answers, another seed others', async () => {
  const [first, second, other] = [await run(7), await run(7), await run(8)]
  expect(second).toBe(first)
  expect(other).not.toBe(first)
})

test('reading more often changes nothing that happens', async () => {
  const orders = async (looks: number) => {
    const b = await bench()
    for (let i = 0; i < 5; i++) {
      await b.control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })
      for (let look = 0; look < looks; look++) {
        b.clock.now += 1000
        await b.amazon('GET', `${ordersPath}?lastUpdatedAfter=2026-11-22T00:00:00Z`)
      }
      b.clock.now += (60 - looks) * 1000
    }
    await b.pass(3600)
    return (await b.control('GET', '/state')).body.channels.amazon.orders
  }
  expect(await orders(20)).toEqual(await orders(0))
})

test('the clock runs at its speed, jumps when told and never goes back', async () => {
  const b = await bench({ speed: 10, startAt: new Date('2030-01-01T00:00:00Z') })
  b.clock.now += 1000
  expect(b.sim.now().toISOString()).toBe('2030-01-01T00:00:10.000Z')
  await b.control('POST', '/clock', { speed: 1, advanceMs: 50_000 })
  b.clock.now += 1000
  expect(b.sim.now().toISOString()).toBe('2030-01-01T00:01:01.000Z')
  b.clock.now -= 60_000
  expect(b.sim.now().toISOString()).toBe('2030-01-01T00:01:01.000Z')
})

test('a snapshot goes on where it was taken', async () => {
  const b = await bench()
  const before = b.sim.changed()
  const { orderId } = (await b.control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })).body
  await b.amazon('PATCH', listingPath('MUG'), quantityPatch(3))
  expect(b.sim.changed()).toBeGreaterThan(before)
  const saved: unknown = JSON.parse(JSON.stringify(b.sim.snapshot()))
  expect(JSON.stringify(saved)).not.toContain(webhookSecret)
  const again = await bench({ snapshot: saved })
  for (const one of [b, again]) {
    one.clock.now = start + 600_000
    await one.sim.tick()
  }
  const state = async (one: typeof b) => (await one.control('GET', '/state')).body.channels.amazon
  expect((await state(again)).shown.MUG).toBe(3)
  expect((await state(again)).orders[0]).toMatchObject({ id: orderId, status: 'UNSHIPPED' })
  expect((await state(again)).orders).toEqual((await state(b)).orders)
  expect(() => createSimulator({ seed: 1, catalog: [], snapshot: { some: 'thing' } })).toThrow('snapshot')
})

test('reset starts anew, with another seed if given', async () => {
  const b = await bench({ history: { orders: 20, days: 10 } })
  const orders = async () => (await b.control('GET', '/state')).body.channels.amazon.orders
  const first = await orders()
  await b.control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })
  await b.control('POST', '/reset')
  expect(await orders()).toEqual(first)
  expect((await b.control('POST', '/reset', { seed: 5 })).body.seed).toBe(5)
  expect(await orders()).not.toEqual(first)
})

test('another writer edits a number; bad input is refused with a sentence', async () => {
  const { control } = await bench()
  const put = (channel: string) => control('POST', '/quantities', { channel, sku: 'MUG', quantity: 77 })
  expect([(await put('amazon')).status, (await put('storefront')).status]).toEqual([200, 200])
  const { amazon, storefront } = (await control('GET', '/state?limit=1')).body.channels
  expect([amazon.shown.MUG, storefront.shown.MUG]).toEqual([77, 77])
  const bad: [string, string, unknown][] = [
    ['POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 0 }],
    ['POST', '/orders', '{'],
    ['POST', '/clock', { speed: -1 }],
    ['POST', '/clock', { advanceMs: -1 }],
    ['POST', '/quantities', { channel: 'amazon', sku: 'MUG', quantity: -1 }],
    ['POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1, marketplaceId: 'NOWHERE' }],
  ]
  for (const [method, path, body] of bad) {
    const answer = await control(method, path, body)
    expect([path, answer.status, typeof answer.body.error]).toEqual([path, 400, 'string'])
  }
  expect((await control('POST', '/orders/000-0000000-0000000/cancel')).status).toBe(404)
})

test('over real HTTP: answers, and a socket that is destroyed', async () => {
  const sim = createSimulator({ seed: 1, catalog: demoCatalog() })
  const server = await serveSimulator(sim, { port: 0 })
  try {
    const post = (path: string, body: unknown) =>
      fetch(server.url + path, {
        method: 'POST',
        body: JSON.stringify(body),
        headers: { 'content-type': 'application/json' },
      })
    const minted = (await (await post('/lwa/auth/o2/token', credentials)).json()) as { access_token: string }
    const headers = { 'x-amz-access-token': minted.access_token }
    const path = listingPath('TEA TOWEL/RED+2')
    const listing = (await (await fetch(`${server.url}/amazon${path}`, { headers })).json()) as { sku: string }
    expect(listing.sku).toBe('TEA TOWEL/RED+2')
    await post('/control/faults', { channel: 'amazon', operation: 'getListingsItem', kind: 'drop', count: 1 })
    await expect(fetch(`${server.url}/amazon${path}`, { headers })).rejects.toThrow('fetch failed')
    expect((await fetch(`${server.url}/nowhere`)).status).toBe(404)
  } finally {
    await server.close()
  }
})

test('buyers buy by themselves until they are stopped', async () => {
  const sim = createSimulator({ seed: 1, speed: 6000, catalog: demoCatalog() })
  sim.buyers.start({ perMinute: 10, channels: ['amazon'] })
  await expect
    .poll(async () => {
      const state = await (await sim.handle(new Request('http://sim/control/state'))).json()
      return (state as { channels: { amazon: { orders: unknown[] } } }).channels.amazon.orders.length
    })
    .toBeGreaterThan(3)
  sim.buyers.stop()
})

test('the generator is even, and each stream is its own', () => {
  const random = createRandom(seedState(1, 'a'))
  const draws = Array.from({ length: 10_000 }, () => random.next())
  const mean = draws.reduce((sum, draw) => sum + draw, 0) / draws.length
  expect(Math.abs(mean - 0.5)).toBeLessThan(0.01)
  expect(Math.min(...draws)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...draws)).toBeLessThan(1)
  expect(seedState(1, 'a')).not.toEqual(seedState(1, 'b'))
  expect(seedState(1, 'a')).not.toEqual(seedState(2, 'a'))
})
