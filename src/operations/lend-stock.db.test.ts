/** Multi-channel fulfillment: the own store sells what Amazon holds, Amazon ships it, and nobody else is offered it. */
import { expect, test } from 'vitest'
import { useLendingShop } from '../../test/support/lending-shop.ts'
import { setLending } from './lend-stock.ts'

const minute = 60_000
const shop = useLendingShop()
const { own, errands, fba, lend, level, limits, order, pass, places, pullHeld, turn } = shop

test('what is lent can be sold by the own store, and is offered nowhere else', async () => {
  await own.db.run(`update pool_levels set mode = 'shared' where variant_id = $1`, [(await level()).variantId])
  await lend(6, 2)
  expect(await level()).toMatchObject({ onHand: 9, availableToPromise: 9 })
  expect(await limits()).toEqual({ amazon: 3, storefront: 9 })
  expect(await places()).toEqual([
    ['own', 3],
    ['lent', 6],
  ])
  await lend(20, 4)
  expect(await level(), 'four are left to the channel').toMatchObject({ onHand: 9 })
  await lend(0)
  expect(await level()).toMatchObject({ onHand: 3 })
  expect(await limits()).toEqual({ amazon: 3, storefront: 3 })
})

test('an order beyond own shelves is handed over once, shipped by the channel and booked from its place', async () => {
  await lend(6)
  await order('S1', 2)
  await turn()
  expect(await errands(), 'own shelves hold it').toEqual([])
  await pass(minute)
  await order('S2', 2)
  await turn()
  expect(await errands()).toEqual([{ kind: 'dispatch', state: 'applied', code: null, order: `S2 ${shop.round}` }])
  expect(await fba()).toBe(8)
  await turn()
  expect(await fba(), 'once').toBe(8)
  expect(await level(), 'six more may be lent: two were taken off what was read').toMatchObject({
    availableToPromise: 7,
  })
  await pass(40 * minute)
  await pullHeld()
  expect(await level(), 'the channel’s new number knows of it: nothing is taken off twice').toMatchObject({
    onHand: 11,
    availableToPromise: 7,
  })
  await pass(7 * 60 * minute)
  await turn()
  expect(await level()).toMatchObject({ onHand: 9, reserved: 2 })
  expect(await places()).toEqual([
    ['own', 3],
    ['lent', 6],
  ])
  const shipped = await own.db.rows(
    `select o.remote_id, o.state, e.payload->>'trackingNumber' is not null as tracked from orders o
     left join errands e on e.order_id = o.id and e.kind = 'shipment' where o.account_id = $1 order by 1`,
    [shop.store.id],
  )
  expect(shipped).toEqual([
    // What state it is in is the store's own word; it is told of the parcel.
    { remote_id: `S1 ${shop.round}`, state: 'open', tracked: false },
    { remote_id: `S2 ${shop.round}`, state: 'open', tracked: true },
  ])
  await turn()
  expect(
    (await errands()).map((one) => one.kind),
    'it is over',
  ).toEqual(['dispatch', 'shipment'])
})

test('a lost answer is read back, never repeated', async () => {
  await lend(6)
  await order('S1', 4)
  const fault = { channel: 'amazon', operation: 'createFulfillmentOrder', kind: 'timeout-after-apply', count: 1 }
  const headers = { 'content-type': 'application/json' }
  const planted = await shop.simulator.handle(
    new Request('http://simulator/control/faults', { method: 'POST', headers, body: JSON.stringify(fault) }),
  )
  expect(planted.status).toBeLessThan(300)
  await turn()
  expect(await errands()).toMatchObject([{ state: 'unknown' }])
  expect(await fba()).toBe(6)
  await pass(2 * minute)
  await turn()
  expect(await errands()).toMatchObject([{ state: 'applied' }])
  expect(await fba()).toBe(6)
})

test('without a whole address it is for a person, and nothing is sent', async () => {
  await lend(6)
  await order('S1', 4, { buyer: { name: 'Canary Buyer', address: { city: 'Testtown' } } })
  await turn()
  expect(await errands()).toMatchObject([{ state: 'refused', code: 'address_incomplete' }])
  expect(await fba()).toBe(10)
  await turn()
  expect(await errands()).toHaveLength(1)
})

test('an order that is canceled is canceled there as well', async () => {
  await lend(6)
  await order('S1', 4)
  await turn()
  expect(await fba()).toBe(6)
  const placed = new Date(shop.time)
  await pass(16 * minute)
  await order('S1', 4, { state: 'canceled', placedAt: placed })
  await turn()
  expect(await fba()).toBe(10)
  expect(await level()).toMatchObject({ onHand: 9, reserved: 0 })
})

test('units that the channel sold itself are taken back: what they were promised to is short', async () => {
  await lend(6)
  await order('S1', 9)
  expect(await level()).toMatchObject({ reserved: 9, short: 0 })
  const body = JSON.stringify({ channel: 'amazon', sku: `FBA ${shop.round}`, quantity: 8 })
  const headers = { 'content-type': 'application/json' }
  await shop.simulator.handle(new Request('http://simulator/control/orders', { method: 'POST', headers, body }))
  await pullHeld()
  expect(await level()).toMatchObject({ onHand: 5, reserved: 5, short: 4 })
})

test('refusals', async () => {
  const set = (account: string, of = shop.sku) =>
    own.db.transaction((tx) => setLending(tx, shop.world.ctx, { sku: of, account }, { most: 1, leave: 0 }, 'test'))
  await expect(set('nobody')).rejects.toMatchObject({ code: 'unknown_account' })
  await expect(set(`Store ${shop.round}`)).rejects.toMatchObject({ code: 'channel_lends_nothing' })
  await expect(set(`Amazon ${shop.round}`, 'NOTHING')).rejects.toMatchObject({ code: 'unknown_sku' })
})
