/** Multi-channel fulfillment: the own store sells what Amazon holds, Amazon ships it, and nobody else is offered it. */
import { beforeEach, expect, test } from 'vitest'
import { type CatalogItem, createSimulator, type Simulator } from '../../simulator/index.ts'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import { levelOf, listSlots, placesOf } from '../database/views/stock.ts'
import { connectAccount } from './connect-account.ts'
import type { AccountAtWork } from './context.ts'
import { dispatchOrders } from './dispatch-orders.ts'
import { importOrders } from './import-orders.ts'
import { setLending } from './lend-stock.ts'
import { addLocation, addProduct, linkListing } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'
import { pullHeldStock } from './pull-held-stock.ts'
import { pullListings } from './pull-listings.ts'
import { sendErrands } from './send-errands.ts'

const own = useDatabase()
const startAt = new Date('2026-11-22T08:00:00Z')
const minute = 60_000
let world: World
let simulator: Simulator
let work: AccountAtWork
let store: { id: string; openedAt: Date }
let sku: string
let time = 0
let round = 0

const buyer = {
  name: 'Canary Buyer',
  address: { line1: '1 Test Way', city: 'Testtown', region: 'OR', postalCode: '97000', country: 'US' },
}

beforeEach(async () => {
  round += 1
  sku = `MUG ${round}`
  time = startAt.getTime()
  const catalog: CatalogItem[] = [
    { sku, amazon: { quantity: 0 } },
    { sku: `FBA ${round}`, amazon: { quantity: 10, fulfilledBy: 'AMAZON' as const } },
  ].map((one, n) => ({ ...one, title: 'Mug', asin: `B0SIM0000${n}`, price: 1490, currency: 'USD' }))
  simulator = createSimulator({
    seed: 5,
    realNow: () => time,
    startAt,
    catalog,
    amazon: { sellerId: `A1SELLER${round}` },
  })
  const fetched: typeof fetch = (input, init) => simulator.handle(new Request(input, init))
  world = createWorld(own.db, { seed: round, now: () => new Date(time), fetch: fetched })
  const { ctx } = world
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: `H${round}`, name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, {
      channel: 'amazon',
      name: `Amazon ${round}`,
      stage: 'live',
      settings: { sellerId: `A1SELLER${round}`, region: 'na', marketplaceIds: ['ATVPDKIKX0DER'], historyDays: 1 },
      secrets: {
        clientId: 'amzn1.application-oa2-client.simulated',
        clientSecret: 'amzn1.oa2-cs.v1.simulated',
        refreshToken: 'Atzr|simulated',
      },
    })
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: `Store ${round}`,
      stage: 'live',
      settings: { webhookUrl: `https://store${round}.example/hooks` },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
    await addProduct(tx, ctx, { title: 'Mug', variants: [{ sku }] })
    await moveStock(tx, ctx, { sku, location: `H${round}`, kind: 'receipt', quantity: 3 }, 'test')
  })
  work = await workFor(ctx, `Amazon ${round}`, 'test', 3 * 24 * 3_600_000)
  while ((await pullListings(ctx, work)).more);
  await own.db.transaction(async (tx) => {
    const row = await tx.one<{ id: string; opened_at: Date }>('select id, opened_at from accounts where name = $1', [
      `Store ${round}`,
    ])
    store = { id: row!.id, openedAt: row!.opened_at }
    const link = { account: `Amazon ${round}`, sku, unitsPerSale: 1, marketplace: '' }
    await linkListing(tx, ctx, { ...link, remoteSku: `FBA ${round}`, fulfilledBy: 'channel' })
    await linkListing(tx, ctx, { ...link, account: `Store ${round}`, remoteSku: sku, fulfilledBy: 'merchant' })
  })
  await pullHeld()
})

const pass = async (ms: number) => {
  time += ms
  await simulator.tick()
}
const pullHeld = async () => {
  await pass(2_000)
  while ((await pullHeldStock(world.ctx, work)).more) await pass(2_000)
}
const lend = (most: number, leave = 0) =>
  own.db.transaction((tx) =>
    setLending(tx, world.ctx, { sku, account: `Amazon ${round}` }, most + leave === 0 ? null : { most, leave }, 'test'),
  )
const order = async (id: string, quantity: number, more: object = {}) => {
  const at = new Date(time)
  await own.db.transaction((tx) =>
    importOrders(tx, world.ctx, store, [
      {
        remoteId: `${id} ${round}`,
        placedAt: at,
        updatedAt: at,
        state: 'open',
        fulfilledBy: 'merchant',
        marketplace: null,
        currency: 'USD',
        total: null,
        shipBy: null,
        deliverBy: null,
        lines: [{ remoteId: '1', remoteSku: sku, title: 'Mug', quantity, shipped: 0, canceled: 0, unitPrice: 1490 }],
        buyer,
        raw: {},
        ...more,
      },
    ]),
  )
}
const level = async () => (await levelOf(own.db, sku))!
const places = async () =>
  (await placesOf(own.db, (await level()).variantId)).flatMap(({ kind, onHand }) =>
    onHand > 0 ? [[kind, onHand]] : [],
  )
const limits = async () => {
  const { items } = await listSlots(own.db, { limit: 200, sku }, new Date(time))
  return Object.fromEntries(items.filter((one) => one.wish !== null).map((one) => [one.channel, one.wish]))
}
const turn = async () => {
  await dispatchOrders(world.ctx, work)
  await sendErrands(world.ctx, work)
}
const errands = () =>
  own.db.rows<{ kind: string; state: string; code: string | null; order: string }>(
    `select e.kind, e.state, e.problem_code as code, o.remote_id as order from errands e join orders o on o.id = e.order_id
     where o.account_id = $1 order by e.created_at, e.id`,
    [store.id],
  )
const fba = async () => {
  const answer = await simulator.handle(new Request('http://simulator/control/state'))
  const { channels } = (await answer.json()) as { channels: { amazon: { fba: Record<string, number> } } }
  return channels.amazon.fba[`FBA ${round}`]
}

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
  expect(await errands()).toEqual([{ kind: 'dispatch', state: 'applied', code: null, order: `S2 ${round}` }])
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
    [store.id],
  )
  expect(shipped).toEqual([
    // What state it is in is the store's own word; it is told of the parcel.
    { remote_id: `S1 ${round}`, state: 'open', tracked: false },
    { remote_id: `S2 ${round}`, state: 'open', tracked: true },
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
  const planted = await simulator.handle(
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
  const placed = new Date(time)
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
  const body = JSON.stringify({ channel: 'amazon', sku: `FBA ${round}`, quantity: 8 })
  const headers = { 'content-type': 'application/json' }
  await simulator.handle(new Request('http://simulator/control/orders', { method: 'POST', headers, body }))
  await pullHeld()
  expect(await level()).toMatchObject({ onHand: 5, reserved: 5, short: 4 })
})

test('refusals', async () => {
  const set = (account: string, of = sku) =>
    own.db.transaction((tx) => setLending(tx, world.ctx, { sku: of, account }, { most: 1, leave: 0 }, 'test'))
  await expect(set('nobody')).rejects.toMatchObject({ code: 'unknown_account' })
  await expect(set(`Store ${round}`)).rejects.toMatchObject({ code: 'channel_lends_nothing' })
  await expect(set(`Amazon ${round}`, 'NOTHING')).rejects.toMatchObject({ code: 'unknown_sku' })
})
