/** What can be wrong with lists of orders: orders left out, lists that move, answers of another form. */
import { expect, test } from 'vitest'
import { type Bench, bench, ordersPath } from './testing.ts'

const since = `${ordersPath}?lastUpdatedAfter=2026-11-22T11:00:00Z&includedData=FULFILLMENT,PROCEEDS`
const lagMs = { typical: 0, tail: 0, tailShare: 0 }
const hour = 3600

async function withOrders(count: number): Promise<Bench & { placed: string[] }> {
  const b = await bench({ amazon: { lagMs, limits: 'none' } })
  const placed: string[] = []
  for (let i = 0; i < count; i++) {
    placed.push((await b.control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })).body.orderId)
    await b.pass(1)
  }
  await b.pass(900)
  return { ...b, placed }
}
const plant = async ({ control }: Bench, more: object) => {
  expect((await control('POST', '/faults', { channel: 'amazon', operation: 'searchOrders', ...more })).status).toBe(201)
}
const found = async ({ amazon }: Bench, path = since) =>
  ((await amazon('GET', path)).body.orders as { orderId: string }[]).map(({ orderId }) => orderId).sort()

test('omit: search leaves the order out for as long as the delay lasts, getOrder shows it all the time', async () => {
  const b = await withOrders(4)
  const late = b.placed[1]!
  await plant(b, { kind: 'omit', orderId: late, delayMs: 12 * hour * 1000, count: 1 })
  const others = b.placed.filter((id) => id !== late).sort()
  expect(await found(b)).toEqual(others)
  await b.pass(12 * hour - 1)
  expect(await found(b)).toEqual(others)
  expect((await b.amazon('GET', `${ordersPath}/${late}?includedData=FULFILLMENT`)).status).toBe(200)
  await b.pass(1)
  expect(await found(b)).toEqual([...b.placed].sort())
})

test('omit without an order: a whole page comes empty and leads on', async () => {
  const b = await withOrders(3)
  await plant(b, { kind: 'omit', delayMs: hour * 1000, count: 1 })
  const first = (await b.amazon('GET', `${since}&maxResultsPerPage=2`)).body
  expect(first.orders).toEqual([])
  const second = await found(b, `${since}&maxResultsPerPage=2&paginationToken=${first.pagination.nextToken}`)
  expect(second).toHaveLength(1)
  await b.pass(hour)
  expect(await found(b)).toEqual([...b.placed].sort())
})

test('moving-list: an order that changes after the first page pulls another one over the page edge', async () => {
  const b = await withOrders(4)
  const first = (await b.amazon('GET', `${since}&maxResultsPerPage=2`)).body
  const told = (first.orders as { orderId: string }[]).map(({ orderId }) => orderId)
  await b.control('POST', `/orders/${told[0]}/cancel`, {})
  await plant(b, { kind: 'moving-list', count: 1 })
  const second = await found(b, `${since}&maxResultsPerPage=2&paginationToken=${first.pagination.nextToken}`)
  expect(second).toHaveLength(1)
  expect(b.placed.filter((id) => !told.includes(id) && !second.includes(id))).toHaveLength(1)
})

test('rewrite: one order, or the answer itself, has another form than the documented one', async () => {
  const b = await withOrders(2)
  const [one] = b.placed
  const changes = [{ at: '/orderItems/0/quantityOrdered', value: '1' }, { at: '/salesChannel' }, { at: '/none/0/x' }]
  await plant(b, { kind: 'rewrite', orderId: one, changes, count: 1 })
  const { orders } = (await b.amazon('GET', since)).body
  const odd = orders.find(({ orderId }) => orderId === one)!
  expect(odd.orderItems[0].quantityOrdered).toBe('1')
  expect(odd).not.toHaveProperty('salesChannel')
  expect(orders.find(({ orderId }) => orderId !== one)).toHaveProperty('salesChannel')
  await plant(b, { kind: 'rewrite', changes: [{ at: '/lastUpdatedBefore' }], count: 1 })
  expect((await b.amazon('GET', since)).body.lastUpdatedBefore).toBeUndefined()
  expect((await b.amazon('GET', since)).body.lastUpdatedBefore).toBeDefined()
})

test('expire-access ends the access token amid pages; wrong-date sets the Date header off', async () => {
  const b = await withOrders(3)
  const first = (await b.amazon('GET', `${since}&maxResultsPerPage=2`)).body
  await plant(b, { kind: 'expire-access', count: 1 })
  const next = `${since}&maxResultsPerPage=2&paginationToken=${first.pagination.nextToken}`
  expect((await b.amazon('GET', next)).status).toBe(403)
  await b.pass(3_001)
  await plant(b, { kind: 'wrong-date', delayMs: -7_200_000, count: 1 })
  const answer = await b.amazon('GET', next)
  expect(answer.status).toBe(200)
  expect(Date.parse(answer.headers.get('date')!)).toBe(Math.floor(b.clock.now / 1000) * 1000 - 7_200_000)
})
