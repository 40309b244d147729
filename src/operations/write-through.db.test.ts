import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import {
  type ErrandShop,
  errandsOf,
  line,
  lost,
  marketName,
  openErrandShop,
  orderOf,
  refusal,
  storeName,
} from '../../test/support/errand-shop.ts'
import { findAccount } from '../database/accounts.ts'
import type { IncomingOrder } from '../domain/orders.ts'
import { changeStage } from './change-stage.ts'
import { followCopies } from './follow-copies.ts'
import { importOrders } from './import-orders.ts'
import { sendErrands } from './send-errands.ts'
import { setWriteThrough } from './set-write-through.ts'
import { shipOrder } from './ship-order.ts'
import { planCopies } from './write-through.ts'

const own = useDatabase()
const at = new Date(Date.UTC(2026, 10, 22))

async function opened() {
  const shop = await openErrandShop(own.db)
  const market = (await findAccount(own.db, marketName))!
  const rule = (isOn: boolean) =>
    own.db.transaction((tx) => setWriteThrough(tx, shop.ctx, market, { store: storeName, isOn, since: at }, 'Ann'))
  await rule(true)
  /** The store tells an order of its own list. */
  const told = async (orders: readonly IncomingOrder[]) => {
    const seller = { id: shop.ids.store, openedAt: new Date(0), channel: 'boutique' }
    return await own.db.transaction((tx) => importOrders(tx, shop.ctx, seller, orders))
  }
  return { ...shop, rule, told }
}
type Opened = Awaited<ReturnType<typeof opened>>

/** Both accounts at work until nothing is due. */
async function settle(shop: ErrandShop): Promise<void> {
  for (let turn = 0; turn < 120; turn += 1) {
    let nextAt: Date | null = null
    for (const name of [storeName, marketName]) {
      const work = await shop.work(name)
      await planCopies(shop.ctx, work)
      await followCopies(shop.ctx, work)
      const result = await sendErrands(shop.ctx, work)
      if (result.nextAt && (!nextAt || result.nextAt < nextAt)) nextAt = result.nextAt
    }
    if (!nextAt && turn > 1) return
    shop.clock.advance(Math.max(1_000, (nextAt?.getTime() ?? 0) - shop.clock.now().getTime()))
  }
  throw new Error('it never ends')
}

/** The copy as the store delivers it in its own list. */
const copyAs = (shop: Opened, more: Partial<IncomingOrder> & { version?: number } = {}): IncomingOrder => ({
  ...orderOf(more),
  remoteId: 'copy 1',
  raw: { copyOf: { reference: shop.store.copies[0]!.reference, channel: null, orderRemoteId: null } },
})

const orders = async () => (await own.db.one<{ count: number }>('select count(*) as count from orders'))!.count
const findings = async () =>
  (await own.db.rows<{ code: string }>('select code from findings where resolved_at is null order by code')).map(
    (row) => row.code,
  )

test('an order is copied once, with its buyer and the store’s own SKUs, and moves no stock', async () => {
  const shop = await opened()
  await shop.take([orderOf(), orderOf({ remoteId: 'old', placedAt: new Date(0) })])
  await settle(shop)
  expect(shop.store.copies).toHaveLength(1)
  expect(shop.store.copies[0]!.copy).toMatchObject({
    source: { channel: 'bazaar', orderRemoteId: 'M-1' },
    currency: 'EUR',
    total: 4_000,
    lines: [
      { remoteSku: 'MUG', quantity: 3, unitPrice: 1_000 },
      { remoteSku: 'LAMP', quantity: 1 },
    ],
    buyer: { name: 'Canary Buyer' },
  })
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 6, short: 0 })
  // The store delivers it, again and again: it is known, and holds nothing.
  for (const version of [1, 1, 2]) await shop.told([copyAs(shop, { version })])
  expect(await orders()).toBe(2)
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 6, short: 0 })
  expect(JSON.stringify(await own.db.rows('select * from errands, effects, order_copies'))).not.toContain('Canary')
})

test('switched off, or not live: no copy', async () => {
  const shop = await opened()
  await shop.rule(false)
  await shop.take([orderOf()])
  await settle(shop)
  await shop.rule(true)
  const work = await shop.work(storeName)
  const shadow = { ...work, row: { ...work.row, stage: 'shadow' as const } }
  expect(await planCopies(shop.ctx, shadow)).toBe(0)
  expect(shop.store.copies).toEqual([])
  await settle(shop)
  expect(shop.store.copies).toHaveLength(1)
})

test.each([true, false])('a lost answer, carried out: %s; still one copy', async (carried) => {
  const shop = await opened()
  shop.store.plan.push({ call: 'create', error: lost(), carried })
  await shop.take([orderOf()])
  await settle(shop)
  expect(shop.store.copies).toHaveLength(1)
  expect(await errandsOf(own.db)).toMatchObject([{ kind: 'copy', state: 'applied', remote_id: 'copy 1' }])
})

test('a question that got no answer leaves no doubt: the copy is made a little later', async () => {
  const shop = await opened()
  shop.store.plan.push({ call: 'find', error: lost(), carried: true })
  await shop.take([orderOf()])
  const work = await shop.work(storeName)
  await planCopies(shop.ctx, work)
  await sendErrands(shop.ctx, work)
  expect(await errandsOf(own.db)).toMatchObject([{ state: 'waiting', attempts: 0 }])
  await settle(shop)
  expect(shop.store.copies).toHaveLength(1)
})

test('the store delivers the copy before its answer is known: linked, and never made again', async () => {
  const shop = await opened()
  shop.store.plan.push({ call: 'create', error: lost(), carried: true })
  await shop.take([orderOf()])
  const work = await shop.work(storeName)
  await planCopies(shop.ctx, work)
  await sendErrands(shop.ctx, work)
  expect(await errandsOf(own.db)).toMatchObject([{ state: 'unknown' }])
  await shop.told([copyAs(shop)])
  expect(await errandsOf(own.db)).toMatchObject([{ state: 'applied', remote_id: 'copy 1' }])
  expect(await orders()).toBe(1)
})

test('a shipment of the copy ships the original, once; the echo changes nothing', async () => {
  const shop = await opened()
  await shop.take([orderOf()])
  await settle(shop)
  const parcel = { remoteId: 'f1', order: 'copy 1', carrier: 'DHL', trackingNumber: 'JD1', shippedAt: null }
  shop.store.shipments.push({ ...parcel, lines: [{ remoteId: '1', quantity: 2 }] })
  const lines = [line('1', 'MUG', 3, { shipped: 2 }), line('2', 'LAMP', 1)]
  for (const version of [1, 2, 3]) {
    await shop.told([copyAs(shop, { version, state: 'partly_shipped', lines })])
    await settle(shop)
  }
  expect(shop.market.shipments).toMatchObject([
    { order: 'M-1', trackingNumber: 'JD1', carrier: 'DHL', lines: [{ remoteId: '1', quantity: 2 }] },
  ])
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 1, short: 0 })
  await shop.take([orderOf({ version: 4, state: 'partly_shipped', lines })])
  await settle(shop)
  expect(shop.market.shipments).toHaveLength(1)
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 1, short: 0 })
})

test('a parcel that was told of the original by hand is not told again by its copy', async () => {
  const shop = await opened()
  const id = (await shop.take([orderOf()])).get('M-1')!
  await settle(shop)
  const given = { lines: [{ line: '1', quantity: 2 }], trackingNumber: 'JD-1' }
  await own.db.transaction((tx) => shipOrder(tx, shop.ctx, id, given, { actor: 'Ann' }))
  const parcel = { remoteId: 'f1', order: 'copy 1', carrier: null, trackingNumber: 'JD1', shippedAt: null }
  shop.store.shipments.push({ ...parcel, lines: [{ remoteId: '1', quantity: 2 }] })
  await shop.told([copyAs(shop, { version: 1, lines: [line('1', 'MUG', 3, { shipped: 2 }), line('2', 'LAMP', 1)] })])
  await settle(shop)
  expect(shop.market.shipments).toHaveLength(1)
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 1, short: 0 })
})

test('a cancellation and a refund of the copy reach the original, once', async () => {
  const shop = await opened()
  await shop.take([orderOf()])
  await settle(shop)
  const some = [line('1', 'MUG', 3, { canceled: 1 }), line('2', 'LAMP', 1)]
  const money = { reference: null, amount: 1_000, currency: 'EUR', state: 'done' as const }
  // The money of what is canceled is the marketplace's to give back.
  const given = { ...money, order: 'copy 1' }
  shop.store.refunds.push({ ...given, remoteId: 'r1', lines: [{ remoteId: '2', quantity: 1 }] })
  shop.store.refunds.push({ ...given, remoteId: 'r2', lines: [{ remoteId: '1', quantity: 1 }] })
  for (const version of [1, 2]) {
    await shop.told([copyAs(shop, { version, lines: some })])
    await settle(shop)
  }
  expect(shop.market.cancellations).toEqual([{ order: 'M-1', lines: [{ remoteId: '1', quantity: 1 }] }])
  expect(shop.market.refunds).toMatchObject([{ order: 'M-1', amount: 1_000, currency: 'EUR' }])
  // The marketplace says that it holds; then the whole copy is canceled.
  await shop.take([orderOf({ version: 3, lines: some })])
  await shop.told([copyAs(shop, { version: 4, state: 'canceled', lines: some })])
  await settle(shop)
  expect(shop.market.cancellations[1]).toEqual({ order: 'M-1', lines: null })
  await shop.take([orderOf({ version: 5, state: 'canceled' })])
  await shop.told([copyAs(shop, { version: 6, state: 'canceled', lines: some })])
  await settle(shop)
  expect(shop.market.cancellations).toHaveLength(2)
  expect(shop.market.refunds).toHaveLength(1)
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 0, short: 0 })
})

test('an original that is canceled cancels its copy, once', async () => {
  const shop = await opened()
  await shop.take([orderOf()])
  await settle(shop)
  await shop.told([copyAs(shop, { version: 1 })])
  await shop.take([orderOf({ version: 2, state: 'canceled' })])
  await settle(shop)
  expect(shop.store.cancellations).toEqual([{ order: 'copy 1', lines: null }])
  await shop.told([copyAs(shop, { version: 3, state: 'canceled' })])
  await settle(shop)
  expect(shop.store.cancellations).toHaveLength(1)
  expect(shop.market.cancellations).toEqual([])
})

test('what the original cannot take is a finding', async () => {
  const shop = await opened()
  delete (shop.market.connector as { refunds?: unknown }).refunds
  await shop.take([orderOf()])
  await settle(shop)
  const money = { reference: null, amount: 1_000, currency: 'EUR', state: 'done' as const }
  shop.store.refunds.push({ ...money, remoteId: 'r1', order: 'copy 1', lines: [] })
  await shop.told([copyAs(shop, { version: 1 })])
  await followCopies(shop.ctx, await shop.work(storeName))
  expect(await findings()).toEqual(['copy_not_followed'])
})

const byOthers = (remoteId: string, orderRemoteId: string | null, channel: string | null = null) => ({
  ...orderOf(),
  remoteId,
  raw: { copyOf: { reference: null, channel, orderRemoteId } },
})

test('a copy by another tool is linked, before or after its original is known; two of them are a finding', async () => {
  const shop = await opened()
  await shop.told([byOthers('X1', 'M-1', 'bazaar')])
  expect(await orders()).toBe(0)
  await shop.take([orderOf()])
  await settle(shop)
  expect(shop.store.copies).toEqual([])
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 3, short: 0 })
  await shop.told([byOthers('X2', 'M-1')])
  expect(await orders()).toBe(1)
  expect(await findings()).toEqual(['copied_twice'])
})

test('the seller’s own programs are told of each copy once, when it is linked, and of no buyer', async () => {
  const shop = await opened()
  const url = 'https://shop.example/hooks'
  await own.db.run(
    `insert into webhook_endpoints (id, url, events, secret_sealed, created_at) values ($1, $2, $3, '\\x00', $4)`,
    [shop.ctx.newId(), url, ['order.copied'], shop.clock.now()],
  )
  const events = async () =>
    (
      await own.db.rows<{ body: { type: string; data: Record<string, unknown> } }>(
        'select body from webhook_deliveries order by created_at, id',
      )
    ).map(({ body }) => [body.type, body.data.remoteId, body.data.copyRemoteId, body.data.isOurs])
  await shop.take([orderOf()])
  await settle(shop)
  for (const version of [1, 1, 2]) await shop.told([copyAs(shop, { version })])
  expect(await events()).toEqual([['order.copied', 'M-1', 'copy 1', true]])
  // By another tool, told before its original is.
  const lone = {
    ...orderOf(),
    remoteId: 'copy 2',
    raw: { copyOf: { reference: null, channel: 'bazaar', orderRemoteId: 'M-9' } },
  }
  await shop.told([lone])
  expect(await events()).toHaveLength(1)
  await shop.take([orderOf({ remoteId: 'M-9' })])
  await planCopies(shop.ctx, await shop.work(storeName))
  await planCopies(shop.ctx, await shop.work(storeName))
  await shop.told([lone])
  expect((await events()).slice(1)).toEqual([['order.copied', 'M-9', 'copy 2', false]])
  expect(JSON.stringify(await own.db.rows('select body from webhook_deliveries'))).not.toContain('Canary')
})

test('a copy of what nobody else tells is an order of the store; one that waits too long is a finding', async () => {
  const shop = await opened()
  await shop.told([byOthers('X1', 'E-7', 'some-other-market'), byOthers('X2', 'M-9', 'bazaar')])
  expect(await orders()).toBe(1)
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 3, short: 0 })
  shop.clock.advance(3 * 3_600_000)
  await planCopies(shop.ctx, await shop.work(storeName))
  expect(await findings()).toEqual(['copy_alone'])
  await shop.take([orderOf({ remoteId: 'M-9' })])
  await planCopies(shop.ctx, await shop.work(storeName))
  expect(await findings()).toEqual([])
})

test('an order that was taken for the store’s own gives its units back when it turns out to be a copy', async () => {
  const shop = await opened()
  await shop.rule(false)
  await shop.take([orderOf()])
  await shop.told([{ ...orderOf(), remoteId: 'X1' }])
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 6, short: 0 })
  await shop.told([byOthers('X1', 'M-1')])
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 3, short: 0 })
  await shop.told([byOthers('X1', 'M-1')])
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 3, short: 0 })
})

test('a line that the store does not list is a finding until it does', async () => {
  const shop = await opened()
  await own.db.run(`delete from listings where account_id = $1 and remote_sku = 'LAMP'`, [shop.ids.store])
  await shop.take([orderOf(), orderOf({ remoteId: 'M-2', lines: [line('1', 'MUG', 1)] })])
  await settle(shop)
  expect(await findings()).toEqual(['copy_impossible'])
  expect(shop.store.copies.map((one) => one.copy.source.orderRemoteId)).toEqual(['M-2'])
})

test('a refusal of the store waits for a person', async () => {
  const shop = await opened()
  shop.store.plan.push({ call: 'create', error: refusal(), carried: false })
  await shop.take([orderOf()])
  await settle(shop)
  expect(await errandsOf(own.db)).toMatchObject([{ state: 'refused' }])
  expect(await findings()).toEqual(['errand_refused'])
})

test('another writer of its quantities keeps an account from going live', async () => {
  const shop = await opened()
  const row = (await findAccount(own.db, marketName))!
  const stage = (to: 'shadow' | 'live') =>
    own.db.transaction(async (tx) => changeStage(tx, shop.ctx, (await findAccount(tx, marketName))!, to))
  await stage('shadow')
  await own.db.run(
    `insert into findings (id, code, severity, account_id, subject, data, first_at, last_at) values ($1, 'another_writer', 'loss', $2, 'slot:x', $3, $4, $4)`,
    [shop.ctx.newId(), row.id, JSON.stringify({ sku: 'MUG' }), shop.clock.now()],
  )
  await expect(stage('live')).rejects.toMatchObject({ code: 'another_writer_active', params: { sku: 'MUG' } })
  shop.clock.advance(25 * 3_600_000)
  await stage('live')
})
