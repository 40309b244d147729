/** Buyers' data goes when it must, everywhere, and does not come back; orders keep their numbers. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { insertAccount } from '../database/accounts.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import { createEraser } from './erase-buyers.ts'
import { importOrders } from './import-orders.ts'
import { askAboutBuyer, closeAsked, exportHeld } from './privacy-requests.ts'
import { setAside } from './pull-orders.ts'

const own = useDatabase()
const dayMs = 86_400_000
let world: World
let accountId: string
let hours = 0

beforeEach(async () => {
  world = createWorld(own.db)
  hours = 0
  world.ctx.monotonic = () => hours * 3_600_000
  accountId = await account('ebay', 'Seller')
})
afterEach(() => own.db.run('truncate accounts, spent_epochs cascade'))

async function account(channel: string, name: string): Promise<string> {
  const id = world.ctx.newId()
  const now = world.clock.now()
  const row = { id, channel, name, stage: 'live' as const, region: 'x', identity: null, settings: {} }
  await insertAccount(own.db, { ...row, opened_at: new Date(0), created_at: now })
  return id
}

interface Change extends Partial<IncomingOrder> {
  account?: string
}
const orderOf = (remoteId: string, change: Change = {}): IncomingOrder => ({
  remoteId,
  updatedAt: world.clock.now(),
  placedAt: new Date(world.clock.now().getTime() - 3_600_000),
  state: 'shipped',
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: 'USD',
  total: 1_990,
  shipBy: null,
  deliverBy: null,
  lines: [{ remoteId: '1', remoteSku: 'MUG', title: 'Mug', quantity: 1, shipped: 0, canceled: 0, unitPrice: 1_990 }],
  buyer: { name: 'Canary Lovelace', email: 'ada@example.com' },
  buyerIds: ['ada_l'],
  raw: { buyer: { username: 'ada_l' }, note: 'Canary' },
  ...change,
})
const take = async ({ account = accountId, ...change }: Change & { remoteId: string }) =>
  await own.db.transaction((tx) =>
    importOrders(tx, world.ctx, { id: account, openedAt: new Date(0) }, [orderOf(change.remoteId, change)]),
  )
const ask = async (change: Partial<Parameters<typeof askAboutBuyer>[2]> = {}) =>
  await own.db.transaction((tx) =>
    askAboutBuyer(tx, world.ctx, {
      ...{ accountId, kind: 'erase', askedBy: null, orderIds: [], names: ['ada_l'] },
      ...change,
    }),
  )
/** As the worker does it, until nothing is left for now. */
async function work(eraser = createEraser(world.ctx)): Promise<void> {
  for (let steps = 0; await eraser.step(); steps += 1) expect(steps).toBeLessThan(50)
}
const held = async () =>
  (
    await own.db.rows<{ id: string }>(
      'select o.remote_id as id from buyer_data b join orders o on o.id = b.order_id order by 1',
    )
  ).map((one) => one.id)
const request = async (id: string) =>
  await own.db.one<{ done: boolean; erased: number; waiting: number; sealed: boolean }>(
    `select done_at is not null as done, erased, waiting, buyer_sealed is not null as sealed from erasure_requests where id = $1`,
    [id],
  )

test('by the name that the channel knows: all orders of that buyer, of nobody else, and of no other account', async () => {
  const other = await account('ebay', 'Second')
  for (const remoteId of ['A-1', 'A-2']) await take({ remoteId })
  await take({ remoteId: 'B-1', buyerIds: ['bob'], buyer: { email: 'bob@example.com' } })
  await take({ remoteId: 'C-1', account: other })
  const { id, orders } = await ask({ names: [' ADA_L '], buyer: 'ada_l' })
  expect(orders).toEqual(['A-1', 'A-2'])
  await work()
  expect(await held()).toEqual(['B-1', 'C-1'])
  expect(await request(id)).toEqual({ done: true, erased: 2, waiting: 0, sealed: false })
  // The order keeps its numbers.
  expect(await own.db.one(`select total, state from orders where remote_id = 'A-1'`)).toEqual({
    total: 1_990,
    state: 'shipped',
  })
  expect(
    await own.db.rows(
      `select quantity from order_lines l join orders o on o.id = l.order_id where o.remote_id = 'A-1'`,
    ),
  ).toHaveLength(1)
})

test('by order number and by e-mail; what stands in the database tells no name', async () => {
  await take({ remoteId: 'A-1', buyerIds: [] })
  await take({ remoteId: 'A-2', buyerIds: [], buyer: null })
  const text = JSON.stringify(await own.db.rows('select * from buyer_data'))
  expect(text).not.toContain('Canary')
  await ask({ names: ['ada@example.com'], orderIds: ['A-2'] })
  await work()
  expect(await held()).toEqual([])
})

test('nothing comes back: a newer version, an order first read later, one that is set aside', async () => {
  await take({ remoteId: 'A-1' })
  await ask({ orderIds: ['A-1', 'A-9'] })
  await work()
  const before = world.clock.now()
  world.clock.advance(60_000)
  await take({ remoteId: 'A-1', updatedAt: world.clock.now(), total: 990 })
  expect(await own.db.one(`select total from orders where remote_id = 'A-1'`)).toEqual({ total: 990 })
  // Never here, but named; never here and not named, but by the same buyer and from before.
  await take({ remoteId: 'A-9', buyerIds: [], buyer: { name: 'Canary' } })
  await take({ remoteId: 'A-5', placedAt: before })
  await own.db.transaction((tx) =>
    setAside(tx, world.ctx, accountId, [{ remoteId: 'A-9', where: 'lines', raw: 'Canary' }]),
  )
  expect(await held()).toEqual([])
  expect(await own.db.rows('select 1 from orders_aside')).toEqual([])
  // Who buys again is a buyer again.
  world.clock.advance(60_000)
  await take({ remoteId: 'A-6', placedAt: world.clock.now() })
  expect(await held()).toEqual(['A-6'])
})

test('goods that must still leave keep their address until they have left, or until there is no more time', async () => {
  await take({ remoteId: 'A-1', state: 'open' })
  await take({ remoteId: 'A-2', state: 'open' })
  await take({ remoteId: 'A-3', state: 'open', fulfilledBy: 'channel' })
  const { id } = await ask()
  const eraser = createEraser(world.ctx)
  await work(eraser)
  expect(await held()).toEqual(['A-1', 'A-2'])
  expect(await request(id)).toMatchObject({ done: false, waiting: 2 })
  world.clock.advance(2 * 3_600_000)
  await take({ remoteId: 'A-1', updatedAt: world.clock.now() })
  await work(eraser)
  expect(await held()).toEqual(['A-2'])
  world.clock.advance(28 * dayMs)
  await work(eraser)
  expect(await held()).toEqual([])
  expect(await request(id)).toMatchObject({ done: true, waiting: 0 })
})

test('a whole account, once, however often it is asked', async () => {
  const other = await account('ebay', 'Second')
  for (const n of [1, 2, 3]) await take({ remoteId: `A-${n}`, buyerIds: [`buyer ${n}`] })
  await take({ remoteId: 'C-1', account: other })
  await own.db.transaction((tx) =>
    setAside(tx, world.ctx, accountId, [{ remoteId: 'X-1', where: 'lines', raw: 'Canary' }]),
  )
  const { id } = await ask({ whole: true, names: [] })
  const again = await ask({ whole: true, names: [] })
  await work()
  expect(await held()).toEqual(['C-1'])
  expect([(await request(id))?.done, (await request(again.id))?.done]).toEqual([true, true])
  const [aside] = await own.db.rows<{ sealed: Buffer; epoch: string }>('select sealed, epoch from orders_aside')
  expect(world.ctx.sealing.openBuyer(aside!.sealed, `aside:${accountId}:X-1`, aside!.epoch)).toBe('null')
})

test('an import that is under way is waited for, and its buyer goes, too', async () => {
  await take({ remoteId: 'A-1' })
  await ask()
  world.clock.advance(60_000)
  let letGo = () => {}
  const gate = new Promise<void>((resolve) => (letGo = resolve))
  let isIn = () => {}
  const inside = new Promise<void>((resolve) => (isIn = resolve))
  const importing = own.db.transaction(async (tx) => {
    const newer = orderOf('A-1', { updatedAt: world.clock.now(), buyerIds: [], buyer: { name: 'Canary' } })
    await importOrders(tx, world.ctx, { id: accountId, openedAt: new Date(0) }, [newer])
    isIn()
    await gate
  })
  await inside
  const erasing = work()
  await expect
    .poll(async () => (await own.db.rows('select 1 from pg_locks where not granted')).length, { timeout: 10_000 })
    .toBeGreaterThan(0)
  letGo()
  await Promise.all([importing, erasing])
  expect(await held()).toEqual([])
})

test('the day’s key goes as well: an older copy opens no more, and everything else of that day still does', async () => {
  await take({ remoteId: 'A-1' })
  await take({ remoteId: 'B-1', buyerIds: ['bob'], buyer: { name: 'Bob' } })
  const [copy] = await own.db.rows<{ id: string; sealed: Buffer; epoch: string }>(
    `select b.order_id as id, b.sealed, b.epoch from buyer_data b join orders o on o.id = b.order_id where o.remote_id = 'A-1'`,
  )
  const open = () => world.ctx.sealing.openBuyer(copy!.sealed, copy!.id, copy!.epoch)
  expect(open()).toContain('Canary')
  await ask()
  const eraser = createEraser(world.ctx)
  await work(eraser)
  expect(open()).toContain('Canary')
  world.clock.advance(2 * dayMs)
  hours = 48
  await work(eraser)
  expect(open()).toBeUndefined()
  expect(await own.db.rows('select 1 from spent_epochs')).toEqual([])
  const [kept] = await own.db.rows<{ id: string; sealed: Buffer; epoch: string }>(
    'select order_id as id, sealed, epoch from buyer_data',
  )
  expect(kept!.epoch).not.toBe(copy!.epoch)
  expect(world.ctx.sealing.openBuyer(kept!.sealed, kept!.id, kept!.epoch)).toContain('Bob')
})

test('what a restored backup brings back goes again at the start', async () => {
  await take({ remoteId: 'A-1' })
  const rows = await own.db.rows<{ order_id: string; sealed: Buffer; epoch: string; sealed_at: Date }>(
    'select * from buyer_data',
  )
  await ask()
  await work()
  // The backup knows neither the request nor what became of it.
  await own.db.run('truncate erasure_requests, erased_orders, erased_buyers, spent_epochs')
  for (const { order_id, sealed, epoch, sealed_at } of rows)
    await own.db.run('insert into buyer_data (order_id, sealed, epoch, sealed_at, marks) values ($1, $2, $3, $4, $5)', [
      ...[order_id, sealed, epoch, sealed_at],
      [],
    ])
  expect(await held()).toEqual(['A-1'])
  await work(createEraser(world.ctx))
  expect(await held()).toEqual([])
  world.clock.advance(60_000)
  await take({ remoteId: 'A-1', updatedAt: world.clock.now(), buyerIds: [] })
  expect(await held()).toEqual([])
})

test('orders sealed before fingerprints were kept are found all the same', async () => {
  await take({ remoteId: 'A-1' })
  await own.db.run('update buyer_data set marks = null')
  await ask({ names: ['ada@example.com'] })
  await work()
  expect(await held()).toEqual([])
})

test('a channel’s own term: thirty days after the order left, and never an order that must still leave', async () => {
  const amazon = await account('amazon', 'Amazon')
  await take({ remoteId: 'old', account: amazon })
  await take({ remoteId: 'open', account: amazon, state: 'open' })
  await take({ remoteId: 'ebay' })
  world.clock.advance(29 * dayMs)
  await take({ remoteId: 'old', account: amazon, updatedAt: world.clock.now(), total: 5 })
  await take({ remoteId: 'young', account: amazon })
  await work()
  expect(await held()).toEqual(['ebay', 'old', 'open', 'young'])
  world.clock.advance(2 * dayMs)
  await work()
  // A change of the order later on does not prolong it.
  expect(await held()).toEqual(['ebay', 'open', 'young'])
  expect(await own.db.rows('select remote_id, why from erased_orders')).toEqual([{ remote_id: 'old', why: 'age' }])
})

test('a request to know: everything held, in one file; closed by a person', async () => {
  await take({ remoteId: 'A-1' })
  await take({ remoteId: 'B-1', buyerIds: ['bob'], buyer: { name: 'Bob' } })
  const { id } = await ask({ kind: 'export' })
  await work()
  expect(await held()).toEqual(['A-1', 'B-1'])
  const { body } = await exportHeld(own.db, world.ctx, id)
  const told = JSON.parse(body.toString())
  expect(told.orders).toMatchObject([
    { number: 'A-1', buyer: { name: 'Canary Lovelace' }, asTheChannelToldIt: { note: 'Canary' } },
  ])
  expect([told.about.en, told.about.zh].every((text) => text.length > 20)).toBe(true)
  await own.db.transaction((tx) => closeAsked(tx, world.ctx, id, 'Olga'))
  await own.db.transaction((tx) => closeAsked(tx, world.ctx, id, 'Second'))
  expect(await own.db.one('select closed_by, done_at is not null as done from erasure_requests')).toEqual({
    closed_by: 'Olga',
    done: true,
  })
})
