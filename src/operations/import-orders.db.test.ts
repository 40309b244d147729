import fc from 'fast-check'
import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { type Arrivals, arrivals, expectedStock } from '../../test/support/intake-model.ts'
import { intakeInterleavingsInDatabase, printCount } from '../../test/support/iterations.ts'
import { createWorld, reserve } from '../../test/support/world.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import { connectAccount } from './connect-account.ts'
import { confirmReservation } from './end-reservation.ts'
import { importOrders } from './import-orders.ts'
import { addLocation, addProduct, linkListing } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'

const own = useDatabase()
const store = {
  channel: 'storefront',
  stage: 'live' as const,
  settings: { webhookUrl: 'https://shop.example/hook' },
  secrets: { webhookSecret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` },
}

async function shop(onHand: Record<string, number>) {
  const world = createWorld(own.db)
  const { ctx } = world
  await own.db.run('truncate accounts, products, variants, locations, stock_movements, findings cascade')
  const account = await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    const id = await connectAccount(tx, ctx, { ...store, name: 'Shop', openedAt: new Date(0) })
    for (const [sku, quantity] of Object.entries(onHand)) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      if (quantity > 0) await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity }, 'test')
      await linkListing(tx, ctx, {
        account: 'Shop',
        remoteSku: sku,
        sku,
        unitsPerSale: 1,
        marketplace: '',
        fulfilledBy: 'merchant',
      })
    }
    return { id, openedAt: new Date(0) }
  })
  const take = (orders: readonly IncomingOrder[], held?: ReadonlyMap<string, string>) =>
    own.db.transaction((tx) => importOrders(tx, ctx, account, orders, held))
  const level = async (sku: string) =>
    (await own.db.one<{ on_hand: number; reserved: number; short: number }>(
      'select p.* from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
      [sku],
    ))!
  return { ...world, account, take, level }
}

const order = (more: Partial<IncomingOrder>): IncomingOrder => ({
  remoteId: 'A',
  placedAt: new Date(1_000),
  updatedAt: new Date(2_000),
  state: 'open',
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: 'USD',
  total: 100,
  shipBy: null,
  deliverBy: null,
  buyer: null,
  raw: null,
  lines: [{ remoteId: '1', remoteSku: 'mug', title: 'Mug', quantity: 2, shipped: 0, canceled: 0, unitPrice: 50 }],
  ...more,
})

test('pages repeated, shuffled, late: the tables end where the single-thread model ends', async () => {
  printCount('order interleavings through the database', intakeInterleavingsInDatabase)
  await fc.assert(
    fc.asyncProperty(arrivals(), async (given: Arrivals) => {
      const { take, level } = await shop(given.onHand)
      for (const page of given.pages) await take(page)
      const model = expectedStock(given)
      for (const sku of Object.keys(given.onHand)) {
        const { on_hand, reserved, short } = await level(sku)
        expect({ sku, onHand: on_hand, promised: reserved + short, short }).toEqual({ sku, ...model[sku] })
      }
    }),
    { numRuns: intakeInterleavingsInDatabase, seed: 20_261_122 },
  )
}, 120_000)

test('a paid checkout and its order hold the units once, and the order shows where they come from', async () => {
  const { ctx, account, take, level } = await shop({ mug: 5 })
  const row = (await own.db.one<{ id: string }>('select * from accounts'))!
  const id = await reserve(ctx, row.id, {
    reference: 'c1',
    expiresInSeconds: 900,
    lines: [{ sku: 'mug', quantity: 2 }],
  })
  await own.db.transaction((tx) => confirmReservation(tx, ctx, id))
  expect(await level('mug')).toMatchObject({ reserved: 2 })
  await take([order({})], new Map([['A', id]]))
  expect(await level('mug')).toMatchObject({ reserved: 2, short: 0 })
  expect(await own.db.one('select state from reservations where id = $1', [id])).toEqual({ state: 'ordered' })
  await take([
    order({ updatedAt: new Date(3_000), state: 'canceled', lines: [{ ...order({}).lines[0]!, canceled: 2 }] }),
  ])
  expect(await level('mug')).toMatchObject({ reserved: 0, on_hand: 5 })
  expect(account.id).toBe(row.id)
})

test('an order that turns out to be the channel’s to fulfill gives its units back', async () => {
  const { take, level } = await shop({ mug: 5 })
  await take([order({ fulfilledBy: null, state: 'unknown' })])
  expect(await level('mug')).toMatchObject({ reserved: 2 })
  await take([order({ updatedAt: new Date(3_000), fulfilledBy: 'channel', state: 'shipped' })])
  expect(await level('mug')).toMatchObject({ reserved: 0, on_hand: 5 })
})

test('buyer and raw payload stand sealed in their own table and open only with the epoch key', async () => {
  const { ctx, take } = await shop({ mug: 5 })
  await take([order({ buyer: { name: 'Canary Buyer', email: 'canary@example.com' }, raw: { anything: 'Canary Raw' } })])
  const row = (await own.db.one<{ order_id: string; sealed: Buffer; epoch: string }>('select * from buyer_data'))!
  expect(row.sealed.toString('latin1')).not.toContain('Canary')
  expect(ctx.sealing.openBuyer(row.sealed, row.order_id, row.epoch)).toContain('Canary Buyer')
  expect(JSON.stringify(await own.db.rows('select * from orders, order_lines, order_events'))).not.toContain('Canary')
})

test('what two imports do at once to the same SKUs in opposite order never ends in a deadlock that is seen', async () => {
  const { take, level } = await shop({ mug: 1_000, lamp: 1_000 })
  const line = (sku: string, n: number) => ({
    remoteId: String(n),
    remoteSku: sku,
    title: '',
    quantity: 1,
    shipped: 0,
    canceled: 0,
    unitPrice: null,
  })
  await Promise.all(
    Array.from({ length: 60 }, (_, n) =>
      take([
        order({
          remoteId: `order-${n}`,
          lines: n % 2 ? [line('mug', 1), line('lamp', 2)] : [line('lamp', 1), line('mug', 2)],
        }),
      ]),
    ),
  )
  expect(await level('mug')).toMatchObject({ reserved: 60 })
  expect(await level('lamp')).toMatchObject({ reserved: 60 })
})
