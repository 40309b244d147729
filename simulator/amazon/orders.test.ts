import { expect, test } from 'vitest'
import { bench, market, ordersPath } from '../testing.ts'

const since = `${ordersPath}?lastUpdatedAfter=2026-11-22T11:00:00Z&includedData=FULFILLMENT,PROCEEDS,RECIPIENT,BUYER`
const lagMs = { typical: 120_000, tail: 480_000, tailShare: 0 }

test('an order is visible to getOrder within 30 s and to search only after its lag', async () => {
  const { amazon, control, pass } = await bench({ amazon: { lagMs } })
  const { body } = await control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 2 })
  const path = `${ordersPath}/${body.orderId}?includedData=FULFILLMENT`
  expect(body.orderId).toMatch(/^\d{3}-\d{7}-\d{7}$/)
  expect((await amazon('GET', path)).status).toBe(404)
  await pass(30)
  const seen = await amazon('GET', path)
  expect(seen.body.order.fulfillment.fulfillmentStatus).toBe('PENDING')
  expect(seen.body.order.orderItems[0]).toMatchObject({ quantityOrdered: 2, product: { sellerSku: 'MUG' } })
  expect(seen.body.order.orderItems[0].product.price).toBeUndefined()
  expect((await amazon('GET', since)).body.orders).toEqual([])
  await pass(4 * 60)
  const found = (await amazon('GET', since)).body
  expect(found.lastUpdatedBefore).toBe('2026-11-22T12:02:30Z')
  expect(found.orders[0]).toMatchObject({
    orderId: body.orderId,
    fulfillment: { fulfillmentStatus: 'UNSHIPPED', fulfilledBy: 'MERCHANT' },
    proceeds: { grandTotal: { amount: '29.80', currencyCode: 'USD' } },
  })
  expect(found.orders[0].lastUpdatedTime).toMatch(/:\d\dZ$/)
  expect(found.orders[0].recipient?.deliveryAddress.postalCode).toBeTruthy()
})

test('a dataset that was not asked for is absent', async () => {
  const { amazon, control, pass } = await bench()
  await control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })
  await pass(900)
  const [order] = (await amazon('GET', `${ordersPath}?lastUpdatedAfter=2026-11-22T11:00:00Z`)).body.orders
  expect(order.orderItems).toHaveLength(1)
  for (const part of ['fulfillment', 'proceeds', 'buyer', 'recipient']) expect(order).not.toHaveProperty(part)
})

test('searchOrders refuses what the documentation forbids', async () => {
  const { amazon } = await bench()
  const bad = [
    '',
    '?createdAfter=2026-11-22T11:00:00Z&lastUpdatedAfter=2026-11-22T11:00:00Z',
    '?lastUpdatedAfter=2026-11-22T11:00:00Z&createdBefore=2026-11-22T11:30:00Z',
    '?lastUpdatedAfter=2026-11-22T11:00:00Z&lastUpdatedBefore=2026-11-22T11:58:01Z',
    '?lastUpdatedAfter=yesterday',
    '?lastUpdatedAfter=2026-11-22T11:00:00Z&maxResultsPerPage=101',
    '?lastUpdatedAfter=2026-11-22T11:00:00Z&fulfillmentStatuses=Shipped',
    '?lastUpdatedAfter=2026-11-22T11:00:00Z&includedData=EVERYTHING',
    `?lastUpdatedAfter=2026-11-22T11:00:00Z&marketplaceIds=${Array(51).fill(market)}`,
  ]
  for (const query of bad) {
    const { status, body } = await amazon('GET', ordersPath + query)
    expect([query, status, body.errors[0].code]).toEqual([query, 400, 'InvalidInput'])
  }
})

test('pages: frozen list, repeated filters, tokens of 24 hours', async () => {
  const { amazon, control, pass } = await bench({ amazon: { limits: 'none' } })
  for (let i = 0; i < 5; i++) {
    await control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })
    await pass(1)
  }
  await pass(900)
  const ask = `${ordersPath}?createdAfter=2026-11-22T11:00:00Z&includedData=FULFILLMENT`
  const first = (await amazon('GET', `${ask}&maxResultsPerPage=2`)).body
  const token = first.pagination.nextToken
  expect(first.orders).toHaveLength(2)
  expect(first.createdBefore).toBe('2026-11-22T12:13:05Z')
  // An order that arrives between the pages is not in the list; a change of one that is shows.
  await control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 1 })
  const { body: state } = await control('GET', '/state')
  const last = state.channels.amazon.orders[4]!.id
  await control('POST', `/orders/${last}/ship`)
  await pass(900)
  const second = (await amazon('GET', `${ask}&maxResultsPerPage=3&paginationToken=${token}`)).body
  expect(second.orders).toHaveLength(3)
  expect(second.pagination).toBeUndefined()
  const changed = second.orders.find((order) => order.orderId === last)
  expect(changed?.fulfillment.fulfillmentStatus).toBe('SHIPPED')
  const other = await amazon('GET', `${ask}&fulfilledBy=MERCHANT&paginationToken=${token}`)
  expect(other.body.errors[0].code).toBe('InvalidInput')
  expect((await amazon('GET', `${ask}&paginationToken=nonsense`)).status).toBe(400)
  await pass(24 * 3600)
  expect((await amazon('GET', `${ask}&paginationToken=${token}`)).status).toBe(400)
})

test('cancellation keeps the ordered quantity and restocks by itself, unless told not to', async () => {
  const { amazon, control, pass } = await bench()
  const buy = async () =>
    (await control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 3 })).body.orderId
  const [first, second] = [await buy(), await buy()]
  const shown = async () => (await control('GET', '/state')).body.channels.amazon.shown.MUG
  expect(await shown()).toBe(4)
  await control('POST', `/orders/${first}/cancel`)
  expect(await shown()).toBe(7)
  await control('POST', `/orders/${second}/cancel`, { restock: false })
  expect(await shown()).toBe(7)
  expect((await control('POST', `/orders/${second}/cancel`)).status).toBe(409)
  await pass(30)
  const { order } = (await amazon('GET', `${ordersPath}/${first}?includedData=FULFILLMENT,CANCELLATION`)).body
  expect(order.fulfillment.fulfillmentStatus).toBe('CANCELLED')
  expect(order.orderItems[0]).toMatchObject({
    quantityOrdered: 3,
    fulfillment: { quantityUnfulfilled: 0 },
    cancellation: { cancellationExecution: { cancelledBy: 'BUYER' } },
  })
})

test('a purchase beyond what is shown is refused; FBA has its own number', async () => {
  const { control } = await bench()
  const buy = (sku: string, quantity: number) => control('POST', '/orders', { channel: 'amazon', sku, quantity })
  expect(await buy('MUG', 11)).toMatchObject({ status: 409, body: { shown: 10 } })
  expect((await buy('MUG', 10)).status).toBe(201)
  expect(await buy('MUG', 1)).toMatchObject({ status: 409, body: { shown: 0 } })
  expect((await buy('FBA', 2)).status).toBe(201)
  const { amazon } = (await control('GET', '/state')).body.channels
  expect([amazon.shown, amazon.fba]).toEqual([{ MUG: 0, 'A/B +1': 4 }, { FBA: 5 }])
})

test('an FBA order ships by itself', async () => {
  const { control, pass } = await bench()
  await control('POST', '/orders', { channel: 'amazon', sku: 'FBA', quantity: 1 })
  await pass(13 * 3600)
  expect((await control('GET', '/state')).body.channels.amazon.orders[0].status).toBe('SHIPPED')
})

test('confirmShipment: parcel by parcel, then no new reference', async () => {
  const { amazon, control, pass } = await bench({ amazon: { lagMs: { typical: 0, tail: 0, tailShare: 0 } } })
  const { orderId } = (await control('POST', '/orders', { channel: 'amazon', sku: 'MUG', quantity: 2 })).body
  await pass(200)
  const read = async () =>
    (await amazon('GET', `${ordersPath}/${orderId}?includedData=FULFILLMENT,PACKAGES`)).body.order
  const [{ orderItemId }] = (await read()).orderItems
  const confirm = (packageReferenceId: string, quantity: number) =>
    amazon('POST', `/orders/v0/orders/${orderId}/shipmentConfirmation`, {
      marketplaceId: market,
      packageDetail: {
        packageReferenceId,
        carrierCode: 'UPS',
        trackingNumber: `T${packageReferenceId}`,
        shipDate: '2026-11-22T12:10:00Z',
        orderItems: [{ orderItemId, quantity }],
      },
    })
  expect((await confirm('1', 1)).status).toBe(204)
  expect((await read()).fulfillment.fulfillmentStatus).toBe('PARTIALLY_SHIPPED')
  expect((await confirm('2', 2)).status).toBe(400)
  expect((await confirm('2', 1)).status).toBe(204)
  expect((await read()).packages).toHaveLength(2)
  expect((await confirm('3', 1)).body.errors[0].code).toBe('PackageToUpdateNotFound')
  expect((await confirm('2', 1)).status).toBe(204)
})

test('history: older than the lag, a quarter waiting, quantities as in the catalog', async () => {
  const { amazon, control } = await bench({ history: { orders: 400, days: 20 } })
  const found = (await amazon('GET', `${ordersPath}?createdAfter=2026-10-01T00:00:00Z`)).body
  expect(found.orders).toHaveLength(100)
  expect(found.pagination.nextToken).toBeTruthy()
  const { amazon: state } = (await control('GET', '/state')).body.channels
  const count = (status: string) => state.orders.filter((order: { status: string }) => order.status === status).length
  expect(state.orders).toHaveLength(400)
  expect(state.shown.MUG).toBe(10)
  expect(count('UNSHIPPED')).toBeGreaterThan(70)
  expect(count('UNSHIPPED')).toBeLessThan(130)
  for (const status of ['PENDING', 'SHIPPED', 'CANCELLED']) expect(count(status)).toBeGreaterThan(0)
})
