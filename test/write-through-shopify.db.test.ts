/** Orders of Amazon written through to a store at Shopify: copied once, shipped there, told to Amazon once. */
import { expect, test } from 'vitest'
import { findAccount } from '../src/database/accounts.ts'
import { followCopies } from '../src/operations/follow-copies.ts'
import { sendErrands } from '../src/operations/send-errands.ts'
import { setWriteThrough } from '../src/operations/set-write-through.ts'
import { planCopies } from '../src/operations/write-through.ts'
import { useDatabase } from './support/database.ts'
import { minute, openHouse } from './support/shelf.ts'

const own = useDatabase()

test('copied, shipped in the store, told to Amazon once; the echo changes nothing', async () => {
  const house = await openHouse(own.db, { MUG: 20 })
  const { ctx } = house
  const turn = async (listings = false) => {
    await house.turn(listings)
    for (const channel of ['shopify', 'amazon'] as const) {
      const work = await house.work(channel)
      await planCopies(ctx, work)
      await followCopies(ctx, work)
      await sendErrands(ctx, work)
    }
  }
  const run = async (times: number) => {
    for (let count = 0; count < times; count += 1) {
      await house.pass(8 * minute)
      await turn()
    }
  }
  await turn(true)
  await run(12)
  const amazonRow = (await findAccount(own.db, 'Amazon'))!
  await own.db.transaction((tx) => setWriteThrough(tx, ctx, amazonRow, { store: 'Shop', isOn: true }, 'Ann'))
  await house.control('/faults', {
    channel: 'shopify',
    operation: 'orderCreate',
    kind: 'timeout-after-apply',
    count: 1,
  })
  const shownBefore = (await house.places()).shopify.shown.MUG!
  const { body } = await house.control('/orders', { channel: 'amazon', sku: 'MUG', quantity: 2 })
  const { orderId } = body as { orderId: string }
  await run(10)
  const { shopify } = await house.places()
  expect(shopify.orders).toHaveLength(1)
  const levels = async () => await own.db.one('select on_hand, reserved, short from pool_levels')
  expect(await levels()).toEqual({ on_hand: 20, reserved: 2, short: 0 })
  expect(shopify.shown.MUG).toBeLessThanOrEqual(shownBefore)
  const copy = shopify.orders[0]!
  const store = await house.work('shopify')
  const [told] = await own.db.rows<{ lines: { remoteId: string }[] }>('select lines from order_copies')
  const answer = await store.connector.shipments!.confirm(store.account, {
    reference: '1',
    orderRemoteId: copy.id,
    lines: [{ remoteId: told!.lines[0]!.remoteId, quantity: 2 }],
    shippedAt: ctx.clock.now(),
    carrier: 'UPS',
    trackingNumber: '1Z999',
    trackingUrl: null,
  })
  expect(answer.kind).not.toBe('failed')
  await house.control('/faults', {
    channel: 'amazon',
    operation: 'confirmShipment',
    kind: 'timeout-after-apply',
    count: 1,
  })
  await run(12)
  expect(await levels()).toEqual({ on_hand: 18, reserved: 0, short: 0 })
  const order = await own.db.rows('select remote_id, state from orders')
  expect(order).toEqual([{ remote_id: orderId, state: 'shipped' }])
  const total = (await house.places()).shopify.shown.MUG! + (await house.places()).amazon.shown.MUG!
  expect(total).toBeLessThanOrEqual(18)
}, 300_000)
