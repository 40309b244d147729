/** What went wrong once, or would: each scene was found by looking for it, and stays. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Database } from '../src/database/pool.ts'
import { levelOf, listSlots } from '../src/database/views/stock.ts'
import { connectAccount } from '../src/operations/connect-account.ts'
import { linkListing } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pullListings } from '../src/operations/pull-listings.ts'
import { pullOrders } from '../src/operations/pull-orders.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { applyReadings, readStock } from '../src/operations/read-stock.ts'
import { stateOf } from './simulation/checks.ts'
import { amazonName, type Installation, install, storeName } from './simulation/installation.ts'
import { useDatabase } from './support/database.ts'
import { reserve } from './support/world.ts'

const own = useDatabase()
let it: Installation
const sku = 'PLAIN'
const minute = 60_000

beforeEach(async () => {
  it = await install(own.db, 4, { mode: 'shared' })
  const have = (await levelOf(own.db, sku))!.onHand
  await own.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity: 20 - have }, 'test'),
  )
  while ((await pullListings(it.ctx, await it.work(amazonName))).more);
  await settle(8)
})
afterEach(async () => await it.close())

async function settle(rounds: number): Promise<void> {
  for (let round = 0; round < rounds; round += 1) {
    while ((await pullOrders(it.ctx, await it.work(amazonName))).more);
    for (const name of [storeName, amazonName]) {
      while ((await pushStock(it.ctx, await it.work(name))).sent > 0);
      await readStock(it.ctx, await it.work(name))
    }
    it.advance(minute)
    await it.sim.tick()
  }
}
const slotOf = async (channel: string) =>
  (await listSlots(own.db, { limit: 50, sku }, it.ctx.clock.now())).items.find((slot) => slot.channel === channel)!
const move = (kind: 'receipt' | 'unsellable' | 'adjustment', quantity: number) =>
  own.db.transaction((tx) => moveStock(tx, it.ctx, { sku, location: 'MAIN', kind, quantity }, 'test'))
const patches = async () => (await stateOf(it)).channels.amazon.effects.filter((effect) => effect.sku === sku).length
async function sellOut(): Promise<void> {
  await move('unsellable', (await levelOf(own.db, sku))!.availableToPromise)
}

test('a sell-out that was committed and never left goes out as soon as another process takes over', async () => {
  await sellOut()
  const work = await it.work(amazonName)
  const died = {
    ...work,
    connector: { ...work.connector, stock: { ...work.connector.stock!, push: () => new Promise<never>(() => {}) } },
  }
  void pushStock(it.ctx, died)
  await expect.poll(async () => (await slotOf('amazon')).inFlight?.value).toBe(0)
  const before = await patches()
  it.restart()
  await it.work(amazonName)
  it.advance(4_000)
  expect((await pushStock(it.ctx, await it.work(amazonName))).sent).toBe(1)
  expect(await patches()).toBe(before + 1)
})

test('a write whose outcome could not be stored is settled by the next round of the same process', async () => {
  await sellOut()
  const work = await it.work(amazonName)
  const { db } = it.ctx
  let transactions = 0
  const failing: Database = {
    ...db,
    async transaction(task) {
      transactions += 1
      if (transactions === 2) throw Object.assign(new Error('connection lost'), { code: 'ECONNRESET' })
      return await db.transaction(task)
    },
  }
  const open = async () => (await db.rows('select 1 from effects where outcome is null')).length
  await expect(pushStock({ ...it.ctx, db: failing }, work)).rejects.toThrow('connection lost')
  expect(await open()).toBe(1)
  expect((await pushStock(it.ctx, work)).sent).toBe(0)
  expect(await open()).toBe(0)
  it.advance(4_000)
  expect((await pushStock(it.ctx, await it.work(amazonName))).sent, 'a lower number leaves again').toBe(1)
})

test('one answer without our entry changes nothing; a second one stops every write until an entry appears', async () => {
  const work = await it.work(amazonName)
  const { id, confirmed } = await slotOf('amazon')
  const read = (quantity: number | null) =>
    own.db.transaction((tx) => {
      const at = it.ctx.clock.now()
      return applyReadings(tx, it.ctx, work, [{ slotId: id, quantity }], { askedAt: at, at })
    })
  await read(null)
  await sellOut()
  expect((await pushStock(it.ctx, work)).sent).toBe(1)
  await read(null)
  await move('receipt', 3)
  expect(await slotOf('amazon')).toMatchObject({ merchantFulfilled: null, wish: null })
  expect((await pushStock(it.ctx, work)).sent).toBe(0)
  it.advance(minute)
  await read(confirmed)
  expect(await slotOf('amazon')).toMatchObject({ merchantFulfilled: true, wish: 3, confirmed })
})

test('a unit that the store sold without asking is not put back on sale before its order could be told', async () => {
  await it.control('/quantities', { channel: 'storefront', sku, quantity: (await slotOf('storefront')).confirmed! - 1 })
  await own.db.run('update stock_slots set read_due_at = $1', [it.ctx.clock.now()])
  await readStock(it.ctx, await it.work(storeName))
  expect((await pushStock(it.ctx, await it.work(storeName))).sent).toBe(0)
  await move('unsellable', 5)
  expect((await pushStock(it.ctx, await it.work(storeName))).sent, 'lower numbers still leave').toBe(1)
  await move('unsellable', -5)
  it.advance(3 * minute)
  expect((await pushStock(it.ctx, await it.work(storeName))).sent).toBe(1)
})

test.each(['sandbox', 'shadow', 'paused'])('stage %s writes nothing', async (stage) => {
  await own.db.run('update accounts set stage = $1', [stage])
  const before = await patches()
  await move('receipt', 4)
  expect((await pushStock(it.ctx, await it.work(amazonName))).sent).toBe(0)
  expect(await patches()).toBe(before)
})

test('an order that cannot be booked is kept sealed and shown; the others of its page go on', async () => {
  await it.control('/orders', { channel: 'amazon', sku, quantity: 1 })
  await it.control('/orders', { channel: 'amazon', sku: 'AWK/WARD+1', quantity: 1 })
  it.advance(9 * minute)
  await it.sim.tick()
  // The database refuses a value of one order.
  await own.db.run(`alter table order_lines add constraint planted check (remote_sku <> 'AWK/WARD+1') not valid`)
  try {
    while ((await pullOrders(it.ctx, await it.work(amazonName))).more);
    const aside = await own.db.rows<{ remote_id: string }>('select remote_id from orders_aside')
    const bought = (await stateOf(it)).channels.amazon.orders.filter((order) => !order.past)
    const known = await own.db.rows<{ remote_id: string }>('select remote_id from orders')
    for (const order of bought) {
      const isOdd = order.lines[0]!.sku === 'AWK/WARD+1'
      expect(
        (isOdd ? aside : known).some((row) => row.remote_id === order.id),
        order.id,
      ).toBe(true)
    }
    expect(
      await own.db.rows(`select 1 from findings where code = 'order_unreadable' and resolved_at is null`),
    ).not.toEqual([])
  } finally {
    await own.db.run('alter table order_lines drop constraint planted')
  }
  it.advance(5 * minute)
  await own.db.run(`update cursors set next_at = $1`, [it.ctx.clock.now()])
  while ((await pullOrders(it.ctx, await it.work(amazonName))).more);
  expect(await own.db.rows('select 1 from orders_aside')).toEqual([])
  expect(await own.db.rows(`select 1 from findings where code = 'order_unreadable' and resolved_at is null`)).toEqual(
    [],
  )
})

test('one seller of one region is connected once', async () => {
  const again = connectAccount(own.db, it.ctx, {
    channel: 'amazon',
    name: 'Again',
    stage: 'shadow',
    settings: { sellerId: 'A1SIMULATEDSEL', region: 'na', marketplaceIds: ['A2EUQ1WTGCTBG2'] },
    secrets: { clientId: 'a', clientSecret: 'b', refreshToken: 'c' },
  })
  await expect(again).rejects.toMatchObject({ code: 'bad_request' })
})

test('linking while people buy ends in no deadlock', async () => {
  await move('receipt', 500)
  const link = () =>
    own.db.transaction((tx) =>
      linkListing(tx, it.ctx, {
        account: storeName,
        remoteSku: sku,
        sku,
        unitsPerSale: 1,
        marketplace: '',
        fulfilledBy: 'merchant',
      }),
    )
  // As many processes, which meet only in the database.
  const buy = (n: number) =>
    reserve(it.ctx, storeName, { reference: `c${n}`, expiresInSeconds: 60, lines: [{ sku, quantity: 1 }] })
  const { deadlocks: before } = (await own.db.one<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  ))!
  await Promise.all(Array.from({ length: 120 }, (_, n) => (n % 3 === 0 ? link() : buy(n))))
  const { deadlocks } = (await own.db.one<{ deadlocks: number }>(
    'select deadlocks from pg_stat_database where datname = current_database()',
  ))!
  expect(deadlocks).toBe(before)
})

test('a reading that is refused because of one SKU is split: the others are read, the one is shown', async () => {
  const work = await it.work(amazonName)
  const stock = work.connector.stock!
  const { ChannelError } = await import('../src/domain/errors.ts')
  const picky = {
    ...work,
    connector: {
      ...work.connector,
      stock: {
        ...stock,
        async read(account: typeof work.account, skus: readonly string[]) {
          if (skus.includes('SCARCE')) throw new ChannelError('rejected', 'InvalidInput', 'one of them is odd')
          return await stock.read(account, skus)
        },
      },
    },
  }
  await own.db.run(`update stock_slots set read_due_at = $1 where account_id = $2`, [it.ctx.clock.now(), work.row.id])
  expect((await readStock(it.ctx, picky)).read).toBeGreaterThan(1)
  const odd = await own.db.rows<{ remote_sku: string }>(
    'select remote_sku from stock_slots where problem_code is not null',
  )
  expect(odd.map((row) => row.remote_sku)).toEqual(['SCARCE'])
})

test('a sold-out slot of the own store that was never read is read first: a compare-and-set needs to know what it replaces', async () => {
  // What a restore leaves behind, and a new link of a variant without stock.
  const have = (await levelOf(own.db, sku))!.onHand
  await own.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity: -have }, 'test'),
  )
  await own.db.run(
    `update stock_slots set confirmed_value = null, confirmed_version = null, confirmed_at = null, live_value = null, live_version = null,
       live_sent_at = null, live_accepted_at = null, live_expected = null, version = version + 1000
     where account_id = (select id from accounts where name = $1)`,
    [storeName],
  )
  await pushStock(it.ctx, await it.work(storeName))
  const refused = await own.db.rows(`select problem_code from stock_slots where problem_code is not null`)
  expect(refused).toEqual([])
  await settle(4)
  expect((await stateOf(it)).channels.storefront.shown[sku]).toBe(0)
})
