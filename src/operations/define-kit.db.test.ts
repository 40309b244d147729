import { beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, reserve, shareOpenly, type World } from '../../test/support/world.ts'
import { findAccount } from '../database/accounts.ts'
import { levelOf } from '../database/views/stock.ts'
import { describeReservation } from '../database/views/system.ts'
import { Problem } from '../domain/errors.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import { connectAccount } from './connect-account.ts'
import { defineKit } from './define-kit.ts'
import { releaseReservation } from './end-reservation.ts'
import { importOrders } from './import-orders.ts'
import { addLocation, addProduct, linkListing } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'

const own = useDatabase()
let world: World
let round = 0
let store = ''
beforeEach(async () => {
  world = createWorld(own.db, { seed: 400 + (round += 1) })
  store = `Store ${round}`
  await own.db.transaction(async (tx) => {
    await addLocation(tx, world.ctx, { code: `L${round}`, name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, world.ctx, {
      channel: 'storefront',
      name: store,
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
  })
})

const name = (sku: string) => `${sku} ${round}`
const move = (sku: string, quantity: number) =>
  own.db.transaction((tx) =>
    moveStock(tx, world.ctx, { sku: name(sku), location: `L${round}`, kind: 'receipt', quantity }, 'test'),
  )
async function variant(sku: string, units = 0): Promise<void> {
  await own.db.transaction(async (tx) => {
    await addProduct(tx, world.ctx, { title: sku, variants: [{ sku: name(sku) }] })
    await shareOpenly(tx, name(sku))
    await linkListing(tx, world.ctx, {
      account: store,
      remoteSku: name(sku),
      sku: name(sku),
      unitsPerSale: 1,
      marketplace: '',
      fulfilledBy: 'merchant',
    })
  })
  if (units > 0) await move(sku, units)
}
const define = (sku: string, components: Record<string, number>) =>
  own.db.transaction((tx) =>
    defineKit(tx, world.ctx, {
      sku: name(sku),
      components: Object.entries(components).map(([one, quantity]) => ({ sku: name(one), quantity })),
    }),
  )
const wishes = async () =>
  Object.fromEntries(
    (
      await own.db.rows<{ remote_sku: string; wish: number }>(
        'select s.remote_sku, s.wish from stock_slots s join accounts a on a.id = s.account_id where a.name = $1',
        [store],
      )
    ).map((row) => [row.remote_sku.replace(` ${round}`, ''), row.wish]),
  )
const available = async (sku: string) => (await levelOf(own.db, name(sku)))!.availableToPromise
const refusal = async (work: Promise<unknown>) =>
  await work.then(
    () => undefined,
    (error) => (error instanceof Problem ? error.code : error),
  )
const checkout = (reference: string, lines: Record<string, number>) =>
  reserve(world.ctx, store, {
    reference,
    expiresInSeconds: 600,
    lines: Object.entries(lines).map(([sku, quantity]) => ({ sku: name(sku), quantity })),
  })
const take = async (orders: IncomingOrder[], reservations = new Map<string, string>()) => {
  const account = (await findAccount(own.db, store))!
  await own.db.transaction((tx) =>
    importOrders(tx, world.ctx, { id: account.id, openedAt: account.opened_at }, orders, reservations),
  )
}
const order = (more: Partial<IncomingOrder>, line: Partial<IncomingOrder['lines'][number]> = {}): IncomingOrder => ({
  remoteId: `O ${round}`,
  state: 'open',
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: null,
  total: null,
  placedAt: new Date('2026-11-22T09:00:00Z'),
  updatedAt: new Date('2026-11-22T09:00:00Z'),
  shipBy: null,
  deliverBy: null,
  buyer: null,
  raw: null,
  ...more,
  lines: [
    {
      remoteId: '1',
      remoteSku: name('SET'),
      title: 'Set',
      quantity: 2,
      shipped: 0,
      canceled: 0,
      unitPrice: null,
      ...line,
    },
  ],
})
const levelsOf = async (...skus: string[]) =>
  await Promise.all(
    skus.map(async (sku) => {
      const { onHand, reserved, short } = (await levelOf(own.db, name(sku)))!
      return [onHand, reserved, short]
    }),
  )

async function teaSet(): Promise<void> {
  await variant('CUP', 13)
  await variant('POT', 4)
  await variant('SET')
  await define('SET', { CUP: 4, POT: 1 })
}

test('a kit shows what its scarcest component makes, and follows every sale of a component', async () => {
  await teaSet()
  expect(await wishes()).toEqual({ CUP: 13, POT: 4, SET: 3 })
  await checkout('a cup', { CUP: 2 })
  expect(await wishes()).toEqual({ CUP: 11, POT: 4, SET: 2 })
  await move('CUP', 20)
  expect(await wishes()).toMatchObject({ CUP: 31, SET: 4 })
  expect(await available('SET')).toBe(4)
})

test('a checkout of kits takes their components, and shares them with what else it buys', async () => {
  await teaSet()
  expect(await refusal(checkout('too many', { SET: 3, CUP: 2 }))).toBe('insufficient_stock')
  const id = await checkout('fits', { SET: 3, CUP: 1 })
  expect(await levelsOf('CUP', 'POT', 'SET')).toEqual([
    [13, 13, 0],
    [4, 3, 0],
    [0, 0, 0],
  ])
  expect(await wishes()).toEqual({ CUP: 0, POT: 1, SET: 0 })
  expect((await describeReservation(own.db, id))!.lines).toEqual([
    { sku: name('SET'), quantity: 3 },
    { sku: name('CUP'), quantity: 1 },
  ])
  await own.db.transaction((tx) => releaseReservation(tx, world.ctx, id))
  expect(await levelsOf('CUP', 'POT')).toEqual([
    [13, 0, 0],
    [4, 0, 0],
  ])
  expect(await wishes()).toEqual({ CUP: 13, POT: 4, SET: 3 })
})

test('an order of a kit promises, ships and gives back its components; a repeat changes nothing', async () => {
  await teaSet()
  await take([order({})])
  await take([order({})])
  expect(await levelsOf('CUP', 'POT')).toEqual([
    [13, 8, 0],
    [4, 2, 0],
  ])
  await take([order({ updatedAt: new Date('2026-11-22T10:00:00Z'), state: 'partly_shipped' }, { shipped: 1 })])
  expect(await levelsOf('CUP', 'POT')).toEqual([
    [9, 4, 0],
    [3, 1, 0],
  ])
  // The kit is packed otherwise from now on: the order keeps what it promised.
  await define('SET', { CUP: 6, POT: 1 })
  await take([order({ updatedAt: new Date('2026-11-22T11:00:00Z'), state: 'canceled' }, { shipped: 1, canceled: 1 })])
  expect(await levelsOf('CUP', 'POT')).toEqual([
    [9, 0, 0],
    [3, 0, 0],
  ])
  expect(await wishes()).toEqual({ CUP: 9, POT: 3, SET: 1 })
})

test('a checkout of kits becomes their order, and the units are held once', async () => {
  await teaSet()
  const id = await checkout('bought', { SET: 2 })
  await take([order({})], new Map([[`O ${round}`, id]]))
  expect(await levelsOf('CUP', 'POT')).toEqual([
    [13, 8, 0],
    [4, 2, 0],
  ])
  await take([order({ updatedAt: new Date('2026-11-22T10:00:00Z'), state: 'shipped' }, { shipped: 2 })])
  expect(await levelsOf('CUP', 'POT')).toEqual([
    [5, 0, 0],
    [2, 0, 0],
  ])
})

test('a kit in a kit sells the parts of both; what it lacks is short at the part that lacks', async () => {
  await teaSet()
  await variant('TRAY', 1)
  await variant('GIFT')
  await define('GIFT', { SET: 1, TRAY: 1, CUP: 1 })
  expect(await wishes()).toMatchObject({ SET: 3, GIFT: 1 })
  await take([order({}, { remoteSku: name('GIFT') })])
  expect(await levelsOf('CUP', 'POT', 'TRAY')).toEqual([
    [13, 10, 0],
    [4, 2, 0],
    [1, 1, 1],
  ])
  // The inner kit changes: what holds it follows.
  await define('SET', { CUP: 1 })
  await move('TRAY', 9)
  expect(await wishes()).toEqual({ CUP: 3, POT: 2, SET: 3, TRAY: 8, GIFT: 1 })
})

test('a kit has no stock of its own: neither before nor after', async () => {
  await teaSet()
  expect(await refusal(move('SET', 1))).toBe('kit_holds_nothing')
  await variant('BOX', 3)
  expect(await refusal(define('BOX', { CUP: 1 }))).toBe('kit_has_stock')
  expect(await refusal(define('POT', { SET: 1 }))).toBe('kit_in_itself')
  expect(await refusal(define('SET', { SET: 1 }))).toBe('kit_in_itself')
  expect(await refusal(define('SET', { NOTHING: 1 }))).toBe('unknown_sku')
  // With no components it is a plain variant again, and has what lies on its own shelf: nothing.
  await define('SET', {})
  expect(await wishes()).toMatchObject({ SET: 0 })
  await move('SET', 2)
  expect(await wishes()).toMatchObject({ SET: 2 })
})

test('checkouts of different components at once leave the kit the wish of all', async () => {
  const plenty = ['POT', 'LID', 'BOX', 'TRAY']
  for (const sku of ['CUP', ...plenty]) await variant(sku, sku === 'CUP' ? 100 : 400)
  await variant('SET')
  await define('SET', { CUP: 1, POT: 1, LID: 1, BOX: 1, TRAY: 1 })
  for (let n = 1; n <= 25; n += 1) {
    await Promise.all(['CUP', ...plenty].map((sku) => checkout(`${sku} ${n}`, { [sku]: 1 })))
    expect((await wishes()).SET).toBe(100 - n)
  }
})
