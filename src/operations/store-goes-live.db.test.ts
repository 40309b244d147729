/** A store that is the master and another tool's until it goes live: its number is adopted once more, when that tool is off. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { ownStore, type StoreServer, startStore } from '../../test/support/own-store.ts'
import { createWorld, workFor } from '../../test/support/world.ts'
import { type AccountRow, findAccount } from '../database/accounts.ts'
import { levelOf } from '../database/views/stock.ts'
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
import { setMaster } from './set-master.ts'

const own = useDatabase()
let ctx: Context
let store: StoreServer
let work: AccountAtWork
let time = 0
let round = 0
let sku = ''
let place = ''

beforeEach(async () => {
  round += 1
  time = Date.UTC(2026, 10, 22, 8)
  sku = `CUP ${round}`
  place = `LIVE${round}`
  store = await startStore(() => time)
  store.stock(sku, 10)
  const world = createWorld(own.db, { seed: round, now: () => new Date(time), fetch })
  const connector = ownStore()
  ctx = { ...world.ctx, registry: new Map([...world.ctx.registry, [connector.channel, connector]]) }
  const name = `Going live ${round}`
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: place, name: 'Shop', kind: 'own', priority: 1 })
    await addProduct(tx, ctx, { title: 'Cup', variants: [{ sku }] })
    const settings = { origin: store.origin }
    await connectAccount(tx, ctx, { channel: 'own-store', name, stage: 'shadow', settings, secrets: {} })
  })
  work = await workFor(ctx, name, 'test', 30 * 24 * 3_600_000)
  await pullListings(ctx, work)
  await turns(4)
  const change = { account: work.row.id, remoteId: 'loc-1', master: 'store' as const, location: place }
  await own.db.transaction((tx) => setMaster(tx, ctx, change, 'somebody'))
  await turns(6)
})
afterEach(() => store.close())

async function turns(count: number): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    time += 60_000
    await pullOrders(ctx, work)
    await readStock(ctx, work)
    await pullStoreStock(ctx, work)
    await bookStoreChanges(ctx, work)
    if (work.row.stage === 'live') await pushStock(ctx, work)
  }
}
async function becomes(stage: AccountRow['stage']): Promise<void> {
  await own.db.transaction(async (tx) => changeStage(tx, ctx, (await findAccount(tx, work.row.id))!, stage))
  Object.assign(work.row, await findAccount(own.db, work.row.id))
  while ((await applyPublishingRules(ctx)).next !== 'idle');
}
/** A sale elsewhere that we book, and that the other tool takes off the store's number as well. */
async function soldElsewhere(quantity: number): Promise<void> {
  const move = { sku, location: place, kind: 'adjustment' as const, quantity: -quantity }
  await own.db.transaction((tx) => moveStock(tx, ctx, move, 'test'))
  store.edit(sku, -quantity)
}
const level = async () => (await levelOf(own.db, sku))!

test('what another tool wrote before we went live, and just after, is booked as nobody’s change in the end', async () => {
  expect(await level()).toMatchObject({ onHand: 10 })
  await soldElsewhere(1)
  await turns(6)
  await becomes('live')
  await turns(5)
  // A last write of the tool that is switched off now.
  await soldElsewhere(2)
  await turns(30)
  expect(store.shelf(sku).available).toBe(7)
  expect(await level()).toMatchObject({ onHand: 7, availableToPromise: 7 })
  const slot = await own.db.one('select claim, confirmed_value from stock_slots where account_id = $1', [work.row.id])
  expect(slot).toMatchObject({ claim: 7, confirmed_value: 7 })
  // From here on it follows the store again.
  store.edit(sku, 4)
  await turns(6)
  expect(await level()).toMatchObject({ onHand: 11, availableToPromise: 11 })
})

test('where we wrote before, the number there follows from ours: back from shadow its changes count, and it is not adopted', async () => {
  await becomes('live')
  await turns(30)
  const lent = { sku, location: place, kind: 'unsellable' as const, quantity: 4 }
  await own.db.transaction((tx) => moveStock(tx, ctx, lent, 'test'))
  await turns(6)
  expect(store.shelf(sku).available).toBe(6)
  await own.db.transaction((tx) => moveStock(tx, ctx, { ...lent, quantity: -4 }, 'test'))
  // Before the store shows them again, it is left alone for a while; a till sells one meanwhile.
  await becomes('shadow')
  store.edit(sku, -1)
  await turns(6)
  await becomes('live')
  await turns(30)
  expect(await level()).toMatchObject({ onHand: 9, availableToPromise: 9 })
})
