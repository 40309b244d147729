import { expect, test } from 'vitest'
import { faultKinds } from './faults.ts'
import { type Bench, bench, credentials, listingPath, ordersPath, quantityPatch, seller } from './testing.ts'

const search = `${ordersPath}?createdAfter=2026-11-22T11:00:00Z&includedData=FULFILLMENT`
const lagMs = { typical: 0, tail: 0, tailShare: 0 }

async function plant({ control }: Bench, operation: string, kind: string, more: object = { count: 1 }): Promise<void> {
  const { status } = await control('POST', '/faults', { channel: 'amazon', operation, kind, ...more })
  expect(status).toBe(201)
}

/** All planted faults have fired. */
async function allFired({ control }: Bench): Promise<void> {
  for (const fault of (await control('GET', '/faults')).body.faults) expect(fault.fired, fault.kind).toBeGreaterThan(0)
}

async function withOrders(count: number): Promise<Bench> {
  const b = await bench({ amazon: { limits: 'published', lagMs } })
  for (let i = 0; i < count; i++) {
    await b.control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })
    await b.pass(1)
  }
  await b.pass(900)
  return b
}
const ids = (orders: { orderId: string }[]) => orders.map(({ orderId }) => orderId)

test('status: every code in its form, nothing applied', async () => {
  const b = await bench()
  for (const [status, code] of [
    [500, 'InternalFailure'],
    [503, 'ServiceUnavailable'],
    [403, 'Unauthorized'],
    [400, 'InvalidInput'],
    [429, 'QuotaExceeded'],
  ] as const) {
    await plant(b, 'patchListingsItem', 'status', { status, count: 1 })
    const answer = await b.amazon('PATCH', listingPath('MUG'), quantityPatch(1))
    expect([answer.status, answer.body.errors[0].code]).toEqual([status, code])
  }
  expect((await b.control('GET', '/state')).body.channels.amazon.effects).toEqual([])
  await plant(b, 'token', 'status', { status: 503, count: 1 })
  expect((await b.send('POST', '/lwa/auth/o2/token', credentials)).body.error).toBe('server_error')
  await allFired(b)
})

test('timeout-after-apply applies, drop does not; both hang up', async () => {
  const b = await bench()
  const write = (quantity: number) => b.amazon('PATCH', listingPath('MUG'), quantityPatch(quantity))
  await plant(b, 'patchListingsItem', 'timeout-after-apply')
  await expect(write(1)).rejects.toThrow('connection lost')
  await plant(b, 'patchListingsItem', 'drop')
  await expect(write(2)).rejects.toThrow('connection lost')
  const { effects } = (await b.control('GET', '/state')).body.channels.amazon
  expect(effects).toMatchObject([{ quantity: 1 }])
  await allFired(b)
})

test('slow waits as long as the delay lasts at this speed', async () => {
  const b = await bench({ speed: 100 })
  await plant(b, 'getListingsItem', 'slow', { delayMs: 4000, count: 1 })
  const before = performance.now()
  expect((await b.amazon('GET', listingPath('MUG'))).status).toBe(200)
  expect(performance.now() - before).toBeGreaterThan(35)
  await allFired(b)
})

test('malformed: a cut body or a page of HTML, the write applied', async () => {
  const b = await bench()
  for (let i = 0; i < 8; i++) {
    await plant(b, 'patchListingsItem', 'malformed')
    const answer = await b.amazon('PATCH', listingPath('MUG'), quantityPatch(i))
    expect([answer.status, answer.body]).toEqual([200, undefined])
  }
  expect((await b.control('GET', '/state')).body.channels.amazon.effects).toHaveLength(8)
  await allFired(b)
})

test('stale-read: the value before the last change, and orders as they were', async () => {
  const b = await withOrders(1)
  await plant(b, 'getListingsItem', 'stale-read', { durationMs: 60_000 })
  const path = `${listingPath('MUG')}&includedData=fulfillmentAvailability`
  const quantity = async () => (await b.amazon('GET', path)).body.fulfillmentAvailability[0].quantity
  expect([await quantity(), await quantity()]).toEqual([10, 10])
  await b.pass(60)
  expect(await quantity()).toBe(9)
  const status = (order: { fulfillment: { fulfillmentStatus: string } }) => order.fulfillment.fulfillmentStatus
  await plant(b, 'searchOrders', 'stale-read')
  expect((await b.amazon('GET', search)).body.orders.map(status)).toEqual(['PENDING'])
  const [order] = (await b.amazon('GET', search)).body.orders
  expect(status(order)).toBe('UNSHIPPED')
  await plant(b, 'getOrder', 'stale-read')
  const one = await b.amazon('GET', `${ordersPath}/${order.orderId}?includedData=FULFILLMENT`)
  expect(status(one.body.order)).toBe('PENDING')
  await allFired(b)
})

test('duplicate: orders twice, a page twice, a write twice; nothing is missing', async () => {
  const b = await withOrders(5)
  const whole = ids((await b.amazon('GET', search)).body.orders)
  const pages = async (kindAt: number) => {
    const seen: string[] = []
    let token: string | undefined
    for (let page = 0; page < 10; page++) {
      if (page === kindAt) await plant(b, 'searchOrders', 'duplicate')
      const next: string = token ? `&paginationToken=${token}` : ''
      const { orders, pagination } = (await b.amazon('GET', `${search}&maxResultsPerPage=2${next}`)).body
      expect(orders.length).toBeLessThanOrEqual(2)
      seen.push(...ids(orders))
      token = pagination?.nextToken
      if (!token) return seen
    }
    throw new Error('the pages have no end')
  }
  for (const page of [0, 1]) {
    const seen = await pages(page)
    expect(seen.length).toBeGreaterThan(5)
    expect(new Set(seen)).toEqual(new Set(whole))
  }
  await plant(b, 'patchListingsItem', 'duplicate')
  await b.amazon('PATCH', listingPath('MUG'), quantityPatch(1))
  expect((await b.control('GET', '/state')).body.channels.amazon.effects).toHaveLength(2)
  await allFired(b)
})

test('reorder: pages shuffled with old states behind, a write overtaken by a later one', async () => {
  const b = await withOrders(8)
  const whole = ids((await b.amazon('GET', search)).body.orders)
  await plant(b, 'searchOrders', 'reorder')
  const { orders } = (await b.amazon('GET', search)).body
  expect(ids(orders.slice(0, 8))).not.toEqual(whole)
  expect(ids(orders.slice(0, 8)).sort()).toEqual([...whole].sort())
  expect(orders[8]?.fulfillment.fulfillmentStatus).toBe('PENDING')
  await plant(b, 'patchListingsItem', 'reorder')
  for (const quantity of [1, 2]) await b.amazon('PATCH', listingPath('MUG'), quantityPatch(quantity))
  const shown = async () => (await b.control('GET', '/state')).body.channels.amazon.shown.MUG
  await b.pass(60)
  expect(await shown()).toBe(2)
  await b.pass(120)
  expect(await shown()).toBe(1)
  await allFired(b)
})

test('expire-token: the access token, or the page token of a request that has one', async () => {
  const b = await withOrders(3)
  await plant(b, 'getListingsItem', 'expire-token')
  const token = (await b.send('POST', '/lwa/auth/o2/token', credentials)).body.access_token
  const get = () => b.send('GET', `/amazon${listingPath('MUG')}`, undefined, { 'x-amz-access-token': token })
  expect([(await get()).status, (await get()).status]).toEqual([403, 403])
  const first = (await b.amazon('GET', `${search}&maxResultsPerPage=1`)).body
  await plant(b, 'searchOrders', 'expire-token')
  const next = `${search}&maxResultsPerPage=1&paginationToken=${first.pagination.nextToken}`
  expect((await b.amazon('GET', next)).status).toBe(400)
  expect((await b.amazon('GET', next)).status).toBe(200)
  await allFired(b)
})

test('bucket-halved: half the burst', async () => {
  const b = await bench({ amazon: { limits: 'published' } })
  await plant(b, 'patchListingsItem', 'bucket-halved', {})
  const statuses: number[] = []
  for (let i = 0; i < 4; i++) statuses.push((await b.amazon('PATCH', listingPath('MUG'), quantityPatch(1))).status)
  expect(statuses).toEqual([200, 200, 429, 429])
  await allFired(b)
})

test('revoke: the refresh token is no longer good, until the fault is cleared', async () => {
  const b = await bench()
  await plant(b, 'token', 'revoke', {})
  const ask = async () => (await b.send('POST', '/lwa/auth/o2/token', credentials)).body.error
  expect([await ask(), await ask()]).toEqual(['invalid_grant', 'invalid_grant'])
  await allFired(b)
  expect((await b.control('DELETE', '/faults')).body).toEqual({ cleared: 1 })
  expect(await ask()).toBeUndefined()
})

test('listings search: reorder and stale-read', async () => {
  const b = await withOrders(1)
  const path = `/listings/2021-08-01/items/${seller}?marketplaceIds=ATVPDKIKX0DER&includedData=fulfillmentAvailability`
  await plant(b, 'searchListingsItems', 'reorder')
  await plant(b, 'searchListingsItems', 'stale-read')
  expect((await b.amazon('GET', path)).body.items).toHaveLength(3)
  await allFired(b)
})

test('a rate fires now and then, a star everywhere', async () => {
  const b = await bench()
  await plant(b, '*', 'status', { rate: 0.3, status: 503 })
  await b.control('POST', '/faults', { channel: 'storefront', operation: 'products', kind: 'status' })
  let failed = 0
  for (let i = 0; i < 200; i++) if ((await b.send('GET', `/amazon${listingPath('MUG')}`)).status === 503) failed += 1
  expect(failed).toBeGreaterThan(30)
  expect(failed).toBeLessThan(90)
  expect((await b.send('GET', '/storefront/products')).status).toBe(500)
})

test('a fault that could never fire is refused with a sentence', async () => {
  const { control } = await bench()
  const refuse = async (body: object) => {
    const answer = await control('POST', '/faults', body)
    expect(answer.status).toBe(400)
    expect(answer.body.error).toMatch(/\.$/)
  }
  await refuse({ channel: 'amazon', operation: 'getOrders', kind: 'drop' })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'revoke' })
  await refuse({ channel: 'bazaar', operation: 'getOrder', kind: 'drop' })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'explode' })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'drop', rate: 2 })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'drop', status: 500 })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'drop', orderId: '1' })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'slow', delayMs: -1 })
  await refuse({ channel: 'amazon', operation: 'getOrder', kind: 'rewrite' })
  await refuse({ channel: 'amazon', operation: 'searchOrders', kind: 'omit', changes: [] })
  expect(Object.keys(faultKinds.amazon)).toContain('searchOrders')
})
