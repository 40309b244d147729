/** The own store as master: what people change there comes in as movements, and nothing is booked that an order books. */
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { ownStore, type StoreServer, startStore } from '../../test/support/own-store.ts'
import { createWorld, seeded, type World, workFor } from '../../test/support/world.ts'
import { findAccount } from '../database/accounts.ts'
import { levelOf } from '../database/views/stock.ts'
import { listStoreLevels, listStoreLocations } from '../database/views/store.ts'
import { applyPublishingRules } from './apply-publishing-rules.ts'
import { bookStoreChanges } from './book-store-changes.ts'
import { changeStage } from './change-stage.ts'
import { connectAccount } from './connect-account.ts'
import type { AccountAtWork, Context } from './context.ts'
import { addLocation, addProduct } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'
import { pullListings } from './pull-listings.ts'
import { pullOrders } from './pull-orders.ts'
import { pullStoreStock } from './pull-store-stock.ts'
import { pushStock } from './push-stock.ts'
import { readStock } from './read-stock.ts'
import { previewMaster, setMaster } from './set-master.ts'

const own = useDatabase()
const startAt = Date.UTC(2026, 10, 22, 8)
let world: World
let ctx: Context
let store: StoreServer
let work: AccountAtWork
let time = startAt
let round = 0
let sku = ''
let place = ''

beforeEach(async () => {
  round += 1
  time = startAt
  sku = `MUG ${round}`
  place = `SHOP${round}`
  store = await startStore(() => time)
  store.stock(sku, 10)
  world = createWorld(own.db, { seed: round, now: () => new Date(time), fetch })
  const connector = ownStore()
  ctx = { ...world.ctx, registry: new Map([...world.ctx.registry, [connector.channel, connector]]) }
  const name = `Store ${round}`
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: place, name: 'Shop', kind: 'own', priority: 1 })
    await addProduct(tx, ctx, { title: 'Mug', variants: [{ sku }] })
    const settings = { origin: store.origin }
    await connectAccount(tx, ctx, { channel: 'own-store', name, stage: 'shadow', settings, secrets: {} })
  })
  work = await workFor(ctx, name, 'test', 30 * 24 * 3_600_000)
  await pullListings(ctx, work)
})
afterEach(() => store.close())

/** One turn of the account's loops. */
async function turn(ms = 20_000): Promise<void> {
  time += ms
  await pullOrders(ctx, work)
  await readStock(ctx, work)
  await pullStoreStock(ctx, work)
  await bookStoreChanges(ctx, work)
  await pushStock(ctx, work)
}
async function turns(count: number, ms?: number): Promise<void> {
  for (let n = 0; n < count; n += 1) await turn(ms)
}
const change = (master: 'hub' | 'store') => ({ account: work.row.id, remoteId: 'loc-1', master, location: place })
const master = (who: 'hub' | 'store' = 'store') =>
  own.db.transaction((tx) => setMaster(tx, ctx, change(who), 'somebody'))
const level = async () => (await levelOf(own.db, sku))!
const slot = async () =>
  (await own.db.one<{ claim: number | null; confirmed_value: number | null; wish: number | null }>(
    'select claim, confirmed_value, wish from stock_slots where account_id = $1',
    [work.row.id],
  ))!
const movements = () =>
  own.db.rows<{ on_hand: number; kind: string; note: string | null; actor: string }>(
    `select on_hand, kind, note, actor from stock_movements m join variants v on v.id = m.variant_id
     where v.sku = $1 and cause like 'store:%' and kind = 'adjustment' order by seq`,
    [sku],
  )
const findings = () =>
  own.db.rows<{ code: string }>(
    'select code from findings where account_id = $1 and resolved_at is null order by code',
    [work.row.id],
  )

async function live(): Promise<void> {
  await own.db.transaction(async (tx) => {
    const row = (await findAccount(tx, work.row.id))!
    await changeStage(tx, ctx, row, 'live')
  })
  Object.assign(work.row, await findAccount(own.db, work.row.id))
  while ((await applyPublishingRules(ctx)).next !== 'idle');
  // What another tool may have written is dead by then.
  time += 16 * 60_000
  await turns(5, 60_000)
}

/** The store is the master, and its ten units are ours. */
async function begun(): Promise<void> {
  await turns(4)
  await master()
  await turns(6, 60_000)
  await live()
  expect(await level()).toMatchObject({ onHand: 10, availableToPromise: 10 })
}

describe('the store becomes the master', () => {
  test('its numbers become ours where we never wrote; the preview told so before', async () => {
    await turns(2)
    expect(await level()).toMatchObject({ onHand: 0 })
    const { steps, changed, units } = await previewMaster(own.db, ctx, change('store'), 50)
    expect([changed, units]).toEqual([1, 10])
    expect(steps).toEqual([{ sku, remoteSku: sku, onHand: 0, available: 10, committed: 0, becomes: 10, how: 'adopt' }])
    await master()
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 10, availableToPromise: 10 })
    expect(await movements()).toEqual([{ on_hand: 10, kind: 'adjustment', note: 'store', actor: 'store' }])
    await live()
    expect(await slot()).toMatchObject({ claim: 10, confirmed_value: 10 })
    const here = (await listStoreLocations(own.db)).find(
      (one) => one.account.id === work.row.id && one.remoteId === 'loc-1',
    )
    expect(here).toMatchObject({ master: 'store', location: { code: place }, skus: 1, different: 0, waiting: 0 })
  })

  test('orders that are open there are not counted twice', async () => {
    const order = store.buy(sku, 3)
    await turns(4)
    await master()
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 10, availableToPromise: 7 })
    store.ship(order)
    await turns(4)
    expect(await level()).toMatchObject({ onHand: 7, availableToPromise: 7 })
    expect(await movements()).toHaveLength(1)
  })

  test('where we wrote, only changes from then on count', async () => {
    await own.db.transaction((tx) => moveStock(tx, ctx, { sku, location: place, kind: 'receipt', quantity: 6 }, 'test'))
    await live()
    expect(store.shelf(sku).available).toBeLessThanOrEqual(6)
    expect((await previewMaster(own.db, ctx, change('store'), 50)).steps[0]).toMatchObject({
      how: 'keep',
      becomes: null,
    })
    await master()
    await turns(6, 60_000)
    expect(await movements()).toEqual([])
    store.edit(sku, -2)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 4, availableToPromise: 4 })
  })

  test('what cannot be: a second location of the same store, and a channel that does not compare', async () => {
    await begun()
    const other = { ...change('store'), remoteId: 'loc-2' }
    await expect(own.db.transaction((tx) => setMaster(tx, ctx, other, 'x'))).rejects.toMatchObject({
      code: 'master_taken',
    })
    const none = { account: work.row.id, remoteId: 'loc-2', master: 'store' as const }
    await expect(own.db.transaction((tx) => setMaster(tx, ctx, none, 'x'))).rejects.toMatchObject({
      code: 'master_needs_location',
    })
    const absolute: Context = {
      ...ctx,
      registry: new Map([['own-store', { ...ownStore(), quantityWrites: 'absolute' }]]),
    }
    await expect(previewMaster(own.db, absolute, change('store'), 1)).rejects.toMatchObject({
      code: 'store_cannot_be_master',
    })
  })
})

describe('what people change there', () => {
  test('units that come and go, and a sale at the till, are booked once, at the slot as well', async () => {
    await begun()
    store.edit(sku, 5)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 15, availableToPromise: 15 })
    expect(await slot()).toMatchObject({ claim: 15, wish: 15 })
    store.edit(sku, -2)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 13, availableToPromise: 13 })
    await turns(6, 60_000)
    expect((await movements()).map((one) => one.on_hand)).toEqual([10, 5, -2])
    expect(await findings()).toEqual([])
    const { items } = await listStoreLevels(own.db, {
      account: work.row.id,
      location: 'loc-1',
      limit: 10,
      view: 'moved',
    })
    expect(items).toMatchObject([{ sku, available: 13, expected: 13, movedUnits: -2, state: 'following' }])
    // No number of the store was written over.
    expect(await own.db.rows(`select 1 from effects where account_id = $1`, [work.row.id])).toEqual([])
  })

  test('its orders book themselves: nothing comes twice, whenever they are told', async () => {
    await begun()
    const order = store.buy(sku, 4)
    await turns(1)
    store.ship(store.buy(sku, 1))
    await turns(6, 60_000)
    store.cancel(order)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 9, availableToPromise: 9 })
    expect(await movements()).toHaveLength(1)
    expect(store.shelf(sku).available).toBe(9)
  })

  test('a till that sells beyond what is left takes it from other channels’ claims: uncovered, never hidden', async () => {
    await begun()
    const other = ctx.newId()
    // Another channel may still sell six of the ten.
    await own.db.transaction(async (tx) => {
      await connectAccount(tx, ctx, {
        channel: 'own-store',
        name: `Other ${round}`,
        stage: 'live',
        settings: { origin: store.origin },
        secrets: {},
      })
      await tx.run(`update stock_slots set claim = 4, confirmed_value = 4 where account_id = $1`, [work.row.id])
      await tx.run(
        `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, claim, confirmed_value, confirmed_at)
         select $1, a.id, '', $2, v.id, 1, true, 6, 6, $3 from accounts a, variants v where a.name = $4 and v.sku = $2`,
        [other, sku, new Date(time), `Other ${round}`],
      )
      await tx.run(`update pool_levels set claimed = 10 where variant_id = (select id from variants where sku = $1)`, [
        sku,
      ])
      await tx.run(
        `update store_levels set basis_available = 4, pending_on_hand = null, pending_available = null, pending_committed = null, pending_since = null, pending_at = null where account_id = $1`,
        [work.row.id],
      )
    })
    store.shelf(sku).available = 4
    store.edit(sku, -7)
    await turns(6, 60_000)
    const { uncovered } = (await own.db.one<{ uncovered: number }>(
      'select uncovered from pool_levels where variant_id = (select id from variants where sku = $1)',
      [sku],
    ))!
    expect(await level()).toMatchObject({ onHand: 3, availableToPromise: 3 })
    expect(uncovered).toBe(3)
    expect(await own.db.one('select wish from stock_slots where id = $1', [other])).toMatchObject({ wish: 0 })
  })

  test('what the location does not have is said, and booked once it is there', async () => {
    await begun()
    const move = { sku, location: place, kind: 'unsellable' as const, quantity: 8 }
    await own.db.transaction((tx) => moveStock(tx, ctx, move, 'test'))
    await turns(6, 60_000)
    expect(store.shelf(sku).available).toBe(2)
    store.edit(sku, -6)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 8, availableToPromise: 0 })
    expect((await findings()).map((one) => one.code)).toContain('store_beyond_books')
    await own.db.transaction((tx) => moveStock(tx, ctx, { ...move, quantity: -8 }, 'test'))
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 4, availableToPromise: 4 })
    expect((await findings()).map((one) => one.code)).not.toContain('store_beyond_books')
  })

  test('the hub is the master again: nothing is booked any more', async () => {
    await begun()
    await master('hub')
    store.edit(sku, -5)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 10 })
    expect(await movements()).toHaveLength(1)
  })
})

describe('our own writes', () => {
  test('are no changes of the store, answered or not', async () => {
    await begun()
    const book = (quantity: number) =>
      own.db.transaction((tx) => moveStock(tx, ctx, { sku, location: place, kind: 'adjustment', quantity }, 'test'))
    await book(-3)
    await turns(2)
    expect(store.shelf(sku).available).toBe(7)
    store.fates.push('lost')
    await book(-2)
    await turns(2)
    store.fates.push('vanished')
    await book(-1)
    // Each of the two binds units until it is dead, and a reading behind that is certain.
    for (let n = 0; n < 2; n += 1) {
      await turns(8, 60_000)
      time += 16 * 60_000
    }
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 4, availableToPromise: 4 })
    expect(store.shelf(sku).available).toBe(4)
    expect(await movements()).toHaveLength(1)
    store.edit(sku, 6)
    await turns(6, 60_000)
    expect(await level()).toMatchObject({ onHand: 10, availableToPromise: 10 })
  })
})

describe('a store that sells more than it has', () => {
  test.each(['answered', 'lost'] as const)(
    'what a write sets there from below 0 is no goods that came: %s',
    async (how) => {
      await begun()
      store.buy(sku, 12)
      await turns(6, 60_000)
      expect(store.shelf(sku).available).toBe(-2)
      expect(await level()).toMatchObject({ onHand: 10 })
      if (how === 'lost') store.fates.push('lost')
      const move = { sku, location: place, kind: 'receipt' as const, quantity: 7 }
      await own.db.transaction((tx) => moveStock(tx, ctx, move, 'test'))
      for (let n = 0; n < 3; n += 1) {
        await turns(6, 60_000)
        time += 16 * 60_000
      }
      await turns(6, 60_000)
      expect(store.shelf(sku).available).toBe(5)
      expect(await level()).toMatchObject({ onHand: 17, availableToPromise: 5 })
      expect(await movements()).toHaveLength(1)
    },
  )

  test.each([
    ['reading', readStock],
    ['listing', pullListings],
  ])('what a slot shows as 0 is not taken for a count: %s', async (_, look) => {
    await begun()
    store.buy(sku, 10)
    await turns(6, 60_000)
    // Sold out is noted as 0; then orders are taken all the same, and a reading of the slot comes first.
    store.buy(sku, 2)
    for (let n = 0; n < 8; n += 1) {
      await own.db.run('update stock_slots set read_due_at = $2 where account_id = $1', [work.row.id, new Date(time)])
      time += 60_000
      await pullOrders(ctx, work)
      await look(ctx, work)
      await bookStoreChanges(ctx, work)
    }
    expect(await movements()).toHaveLength(1)
    expect(await level()).toMatchObject({ onHand: 10 })
  })
})

test('people, buyers and the hub at once: once all is quiet the level is the store’s', async () => {
  await begun()
  const random = seeded(round)
  const pick = (most: number) => Math.floor(random() * most)
  const open: ReturnType<StoreServer['buy']>[] = []
  let hub = 0
  let edited = 0
  for (let n = 0; n < 40; n += 1) {
    const what = pick(6)
    const { available } = store.shelf(sku)
    const before = available
    if (what === 0) store.edit(sku, pick(5))
    if (what === 1) store.edit(sku, -Math.min(available, pick(3)))
    edited += store.shelf(sku).available - before
    if (what === 2 && available > 0) open.push(store.buy(sku, 1))
    if (what === 3 && open.length > 0) store.cancel(open.splice(pick(open.length), 1)[0]!)
    if (what === 4 && open.length > 0) store.ship(open.splice(pick(open.length), 1)[0]!)
    if (what === 5) {
      // Goods that leave the shelf by our books, e.g. sold elsewhere.
      const { availableToPromise: free } = await level()
      if (free > 0) {
        hub -= 1
        const move = { sku, location: place, kind: 'adjustment' as const, quantity: -1 }
        await own.db.transaction((tx) => moveStock(tx, ctx, move, 'test'))
      }
    }
    await turn(3_000 + pick(60_000))
  }
  await turns(4, 60_000)
  // What was canceled may come back for a quarter of an hour.
  time += 16 * 60_000
  await turns(10, 60_000)
  const { available, committed } = store.shelf(sku)
  const sold = store.orders.filter((one) => one.state !== 'canceled').reduce((sum, one) => sum + one.units, 0)
  expect((await level()).availableToPromise).toBe(10 + edited - sold + hub)
  expect((await level()).onHand).toBe((await level()).availableToPromise + committed)
  expect(hub).toBeLessThan(0)
  expect((await movements()).length).toBeGreaterThan(3)
  expect((await slot()).claim).toBe(available)
})
