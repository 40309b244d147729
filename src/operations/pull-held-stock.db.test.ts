/** What a channel holds stays apart from our levels; both kinds of listings of one variant sell beside each other. */
import { beforeEach, expect, test } from 'vitest'
import { type CatalogItem, createSimulator, type Simulator } from '../../simulator/index.ts'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import type { Connector, HeldStock, Pulled } from '../channels/connector.ts'
import { heldOf, listHeld } from '../database/views/held-stock.ts'
import { levelOf, listSlots } from '../database/views/stock.ts'
import { ChannelError } from '../domain/errors.ts'
import { connectAccount } from './connect-account.ts'
import type { AccountAtWork } from './context.ts'
import { addLocation, addProduct, linkListing } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'
import { pullHeldStock } from './pull-held-stock.ts'
import { pullListings } from './pull-listings.ts'
import { pullOrders } from './pull-orders.ts'

const own = useDatabase()
const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
const startAt = new Date('2026-11-22T08:00:00Z')
let world: World
let simulator: Simulator
let work: AccountAtWork
let time = 0
let round = 0

/** One mug, sold twice: from our shelf, and from Amazon's. */
const catalog = (): CatalogItem[] =>
  [
    { sku: `MUG ${round}`, amazon: { quantity: 10 } },
    { sku: `MUG-FBA ${round}`, amazon: { quantity: 25, fulfilledBy: 'AMAZON' as const, inbound: 7, unsellable: 2 } },
  ].map((one, n) => ({
    ...one,
    title: 'Mug',
    asin: `B0SIM0000${n}`,
    price: 1490,
    currency: 'USD',
  }))

beforeEach(async () => {
  round += 1
  time = startAt.getTime()
  simulator = createSimulator({
    seed: 5,
    realNow: () => time,
    startAt,
    catalog: catalog(),
    amazon: {
      sellerId: `A1SELLER${round}`,
      marketplaceIds,
      // Nothing happens by itself here.
      lifecycle: { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 },
    },
  })
  const fetched: typeof fetch = (input, init) => simulator.handle(new Request(input, init))
  world = createWorld(own.db, { seed: round, now: () => new Date(time), fetch: fetched })
  const name = `Amazon ${round}`
  await own.db.transaction(async (tx) => {
    await addLocation(tx, world.ctx, { code: `H${round}`, name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, world.ctx, {
      channel: 'amazon',
      name,
      stage: 'live',
      settings: { sellerId: `A1SELLER${round}`, region: 'na', marketplaceIds, historyDays: 1 },
      secrets: {
        clientId: 'amzn1.application-oa2-client.simulated',
        clientSecret: 'amzn1.oa2-cs.v1.simulated',
        refreshToken: 'Atzr|simulated',
      },
    })
    await addProduct(tx, world.ctx, { title: 'Mug', variants: [{ sku: `MUG ${round}` }] })
    const move = { sku: `MUG ${round}`, location: `H${round}`, kind: 'receipt' as const, quantity: 30 }
    await moveStock(tx, world.ctx, move, 'test')
  })
  work = await workFor(world.ctx, name, 'test', 3_600_000)
  while ((await pullListings(world.ctx, work)).more);
  const link = { account: name, remoteSku: `MUG-FBA ${round}`, sku: `MUG ${round}`, unitsPerSale: 1, marketplace: '' }
  await own.db.transaction((tx) => linkListing(tx, world.ctx, { ...link, fulfilledBy: 'channel' }))
})

const pass = async (ms: number) => {
  time += ms
  await simulator.tick()
}
const pullHeld = async () => {
  for (let more = true; more; await pass(1_000)) more = (await pullHeldStock(world.ctx, work)).more
}
const buy = async (sku: string, quantity: number) => {
  const body = JSON.stringify({ channel: 'amazon', sku, quantity })
  const headers = { 'content-type': 'application/json' }
  const answer = await simulator.handle(
    new Request('http://simulator/control/orders', { method: 'POST', headers, body }),
  )
  expect(answer.status).toBe(201)
}
const level = async () => (await levelOf(own.db, `MUG ${round}`))!
const held = async () => await heldOf(own.db, (await level()).variantId, [])

test('pulled, linked by the listing, and no part of any level; what two marketplaces tell is one pool', async () => {
  const before = await level()
  await pullHeld()
  const { rows, sum } = await held()
  expect(rows.map((one) => [one.marketplace, one.remoteSku, one.fulfillable, one.inbound, one.unsellable])).toEqual(
    [...marketplaceIds].sort().map((id) => [id, `MUG-FBA ${round}`, 25, 7, 2]),
  )
  expect(sum).toEqual({ fulfillable: 25, inbound: 7, reserved: 0, unsellable: 2 })
  expect(await level()).toEqual(before)
  expect((await listHeld(own.db, { limit: 10, q: `FBA ${round}` })).items).toHaveLength(2)
  expect(await own.db.one(`select kind, name from locations where account_id = $1`, [work.row.id])).toEqual({
    kind: 'channel',
    name: `Amazon ${round}`,
  })
})

test('listings of both kinds of one variant: a sale of one leaves the other pool alone, and only ours gets a quantity', async () => {
  await pullHeld()
  while ((await pullOrders(world.ctx, work)).more);
  const slots = async () =>
    (await listSlots(own.db, { limit: 10, account: work.row.name }, world.ctx.clock.now())).items.map((one) => [
      one.remoteSku.replace(` ${round}`, ''),
      one.sku,
      one.merchantFulfilled,
      one.wish === null,
      one.state === 'not-ours',
    ])
  const both = [
    ['MUG', `MUG ${round}`, true, false, false],
    ['MUG-FBA', `MUG ${round}`, false, true, true],
  ]
  expect(await slots()).toEqual(both)
  await buy(`MUG-FBA ${round}`, 4)
  await buy(`MUG ${round}`, 3)
  await pass(40 * 60_000)
  while ((await pullOrders(world.ctx, work)).more);
  await pullHeld()
  // Ours: three reserved of thirty. Amazon's: four fewer to sell, and waiting to leave there.
  expect(await level()).toMatchObject({ onHand: 30, reserved: 3, short: 0, availableToPromise: 27, slots: 1 })
  const { sum } = await held()
  expect(sum).toMatchObject({ fulfillable: 21 })
  expect(await slots()).toEqual(both)
  expect(
    await own.db.rows('select fulfilled_by, count(*) as n from orders where account_id = $1 group by 1 order by 1', [
      work.row.id,
    ]),
  ).toEqual([
    { fulfilled_by: 'channel', n: 1 },
    { fulfilled_by: 'merchant', n: 1 },
  ])
  // Its claim binds nothing of ours: only the merchant's slot counts.
  expect(
    await own.db.one(
      `select p.unknown_claims + p.claimed as bound, (select count(*) from stock_slots where variant_id = p.variant_id and merchant_fulfilled) as ours
       from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1`,
      [`MUG ${round}`],
    ),
  ).toMatchObject({ ours: 1 })
})

const units = { marketplace: 'X', fulfillable: 5, inbound: 0, reserved: 0, unsellable: 0, changedAt: null }
/** The account as it is, with a channel that answers these pages; an error is thrown. */
const answering = (...pages: (Partial<Pulled<HeldStock>> | ChannelError)[]): AccountAtWork => {
  const pull = async (): Promise<Pulled<HeldStock>> => {
    const page = pages.shift()!
    if (page instanceof ChannelError) throw page
    return { items: [], next: {}, more: false, ...page }
  }
  return { ...work, connector: { ...work.connector, heldStock: { pull, everyMs: 1_000 } } as Connector }
}
const skus = async () =>
  (await listHeld(own.db, { limit: 50, account: work.row.name })).items.map((one) => one.remoteSku)

test('what a whole walk no longer tells of is gone; a walk that was cut off, or could not be read, forgets nothing', async () => {
  const [one, two] = ['ONE', 'TWO'].map((remoteSku) => ({ ...units, remoteSku }))
  const run = async (at: AccountAtWork) => {
    await pass(60_000)
    return await pullHeldStock(world.ctx, at)
  }
  await run(answering({ items: [one!, two!] }))
  expect(await skus()).toEqual(['ONE', 'TWO'])
  expect(await run(answering({ items: [one!], more: true }))).toMatchObject({ more: true })
  expect(await skus()).toEqual(['ONE', 'TWO'])
  const lost = new ChannelError('unavailable', 'HTTP 503', 'away')
  expect((await run(answering(lost))).notBefore).toBeInstanceOf(Date)
  await run(answering({ unreadable: [{ remoteId: 'TWO', where: 'x', raw: null }] }))
  expect(await skus()).toEqual(['ONE', 'TWO'])
  const open = () =>
    own.db.rows(`select data from findings where code = 'held_stock_unreadable' and resolved_at is null`)
  expect(await open()).toEqual([{ data: { account: work.row.name, count: 1 } }])
  await run(answering({ items: [one!] }))
  expect([await skus(), await open()]).toEqual([['ONE'], []])
})

test('a role that is missing for held stock alone does not halt the account', async () => {
  const refused = new ChannelError('auth', 'Unauthorized', 'Access to requested resource is denied.')
  for (let n = 0; n < 3; n += 1) {
    await pass(400_000)
    await pullHeldStock(world.ctx, answering(refused))
  }
  expect(await own.db.one('select halted_code from accounts where id = $1', [work.row.id])).toEqual({
    halted_code: null,
  })
  expect(
    await own.db.one(`select data->>'stream' as stream from findings where account_id = $1 and code = 'pull_failing'`, [
      work.row.id,
    ]),
  ).toEqual({ stream: 'held-stock' })
})
