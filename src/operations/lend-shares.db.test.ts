/** What marketplaces may sell of a variant that a channel lends: never more than our own shelves hold for them. */
import { expect, test } from 'vitest'
import { useLendingShop } from '../../test/support/lending-shop.ts'
import { dispatchOrders } from './dispatch-orders.ts'
import { refreshAllLent } from './lend-stock.ts'
import { moveStock } from './move-stock.ts'

const minute = 60_000
const shop = useLendingShop()
const { own, claimed, errands, lend, level, limits, market, order, oversold, pass, turn } = shop

const shared = async () =>
  own.db.run(`update pool_levels set mode = 'shared' where variant_id = $1`, [(await level()).variantId])

test('a canceled order leaves nothing on offer that no shelf has, also before the channel was asked', async () => {
  await shared()
  await lend(6)
  await order('S1', 4)
  await turn()
  expect(await limits()).toMatchObject({ amazon: 3 })
  const placedAt = new Date(shop.time)
  await pass(minute)
  await order('S1', 4, { state: 'canceled', placedAt })
  expect(await limits(), 'three are there').toEqual({ amazon: 3, storefront: 9 })
})

test('units of a refused dispatch are needed on our shelf at once', async () => {
  await shared()
  await lend(6)
  await order('S1', 3, { buyer: { name: 'Canary Buyer', address: { city: 'Testtown' } } })
  await market('A1', 1)
  await turn()
  expect(await errands()).toMatchObject([{ state: 'refused', code: 'address_incomplete' }])
  expect(await limits(), 'three are promised, one is sold, of three').toMatchObject({ amazon: 0 })
  expect(await level()).toMatchObject({ onHand: 9, availableToPromise: 5 })
})

test('a sale of lent units empties no marketplace, and is handed over although the shelf would hold it', async () => {
  await lend(6)
  await claimed(3)
  expect(await limits()).toMatchObject({ amazon: 3 })
  await order('S1', 2)
  expect(await limits(), 'three stand at Amazon, six are lent').toMatchObject({ amazon: 3 })
  await turn()
  expect(await errands()).toMatchObject([{ state: 'applied' }])
  expect(await limits()).toMatchObject({ amazon: 3 })
  await market('A1', 3)
  expect(await level()).toMatchObject({ short: 0 })
  expect(await oversold()).toEqual([])
})

test('nothing is raised on a dispatch that the channel may still refuse', async () => {
  await lend(6)
  await claimed(1)
  await order('S1', 4)
  expect(await limits(), 'four are promised and three are here').toMatchObject({ amazon: 1 })
  const due = () =>
    own.db.rows(
      `select s.wish from stock_slots s join accounts a on a.id = s.account_id
       where a.name = $1 and s.merchant_fulfilled and s.wish > s.claim`,
      [`Amazon ${shop.round}`],
    )
  expect(await due()).toEqual([])
})

test('a refused dispatch whose units a marketplace may still sell empties that', async () => {
  await lend(6)
  await claimed(3)
  await order('S1', 2, { buyer: { name: 'Canary Buyer', address: { city: 'Testtown' } } })
  expect(await limits()).toMatchObject({ amazon: 3 })
  await turn()
  expect(await errands()).toMatchObject([{ state: 'refused' }])
  expect(await limits(), 'one of three is free').toMatchObject({ amazon: 0 })
  expect(await oversold()).toEqual([])
})

test('an oversell that lent units would hide is told, and ends', async () => {
  await lend(6)
  await market('A1', 5)
  expect(await level(), 'the own store may sell four').toMatchObject({ short: 0, availableToPromise: 4 })
  expect(await oversold()).toEqual([{ units: 2 }])
  await own.db.transaction((tx) =>
    moveStock(tx, shop.world.ctx, { sku: shop.sku, location: `H${shop.round}`, kind: 'receipt', quantity: 2 }, 'test'),
  )
  expect(await oversold()).toEqual([])
  await market('A2', 1)
  expect(await oversold()).toEqual([{ units: 1 }])
  await lend(0)
  expect(await level(), 'what is short in all is told once').toMatchObject({ short: 1 })
  expect(await oversold()).toEqual([{ units: 1 }])
})

test('a dispatch without an answer keeps no marketplace for long', async () => {
  const recount = () => refreshAllLent(shop.world.ctx, shop.work.row)
  await lend(6)
  await claimed(3)
  await order('S1', 2)
  await dispatchOrders(shop.world.ctx, shop.work)
  expect(await errands()).toMatchObject([{ state: 'waiting' }])
  expect(await limits()).toMatchObject({ amazon: 3 })
  await pass(16 * minute)
  await recount()
  expect(await limits(), 'two of three are promised').toMatchObject({ amazon: 0 })
})

test('what an account that is halted was to ship is needed on our own shelf', async () => {
  await lend(6)
  await claimed(3)
  await order('S1', 2)
  await dispatchOrders(shop.world.ctx, shop.work)
  await own.db.run(`update accounts set halted_code = 'auth', halted_at = $2 where name = $1`, [
    `Amazon ${shop.round}`,
    new Date(shop.time),
  ])
  await refreshAllLent(shop.world.ctx, shop.work.row)
  expect(await limits()).toMatchObject({ amazon: 0 })
})
