import { expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import {
  type ErrandShop,
  errandsOf,
  line,
  lost,
  openErrandShop,
  orderOf,
  refusal,
} from '../../test/support/errand-shop.ts'
import { findAccount } from '../database/accounts.ts'
import { ChannelError } from '../domain/errors.ts'
import { cancelOrder, refundOrder } from './ask-channel.ts'
import { changeStage } from './change-stage.ts'
import { decideErrand } from './decide-errand.ts'
import { sendErrands } from './send-errands.ts'
import { type GivenShipment, shipOrder } from './ship-order.ts'

const own = useDatabase()
const minute = 60_000

async function opened() {
  const shop = await openErrandShop(own.db)
  const id = (await shop.take([orderOf()])).get('M-1')!
  const ship = (given: GivenShipment = {}, cause?: string) =>
    own.db.transaction((tx) => shipOrder(tx, shop.ctx, id, given, { actor: 'Ann', ...(cause ? { cause } : {}) }))
  const send = async () => await sendErrands(shop.ctx, await shop.work())
  const only = async () => (await errandsOf(own.db))[0]!
  return { ...shop, id, ship, send, only }
}

/** Turn by turn until nothing is due any more, at most a day. */
async function runOut(shop: ErrandShop & { send(): Promise<{ nextAt: Date | null }> }): Promise<void> {
  for (let turn = 0; turn < 200; turn += 1) {
    const { nextAt } = await shop.send()
    if (!nextAt) return
    shop.clock.advance(Math.max(1_000, nextAt.getTime() - shop.clock.now().getTime()))
  }
  throw new Error('it never ends')
}

const findings = async () =>
  (await own.db.rows<{ code: string }>('select code from findings where resolved_at is null order by code')).map(
    (row) => row.code,
  )

test('a shipment moves stock at once, is told once, and the channel’s own word of it moves nothing', async () => {
  const shop = await opened()
  await shop.ship({ lines: [{ line: '1', quantity: 2 }], carrier: 'DHL', trackingNumber: 'JD1' })
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 1, short: 0 })
  await shop.send()
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 1, remote_id: 'parcel 1' })
  expect(shop.market.shipments).toMatchObject([
    { order: 'M-1', carrier: 'DHL', trackingNumber: 'JD1', lines: [{ remoteId: '1', quantity: 2 }] },
  ])
  // An older word of the channel that comes later, then its own word of our parcel, then of another one.
  await shop.take([orderOf({ version: 1 })])
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 1, short: 0 })
  const lines = [line('1', 'MUG', 3, { shipped: 2 }), line('2', 'LAMP', 1)]
  await shop.take([orderOf({ version: 2, state: 'partly_shipped', lines })])
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 1, short: 0 })
  await shop.take([orderOf({ version: 3, state: 'shipped' })])
  expect(await shop.level('MUG')).toEqual({ on_hand: 7, reserved: 0, short: 0 })
  expect(await shop.level('LAMP')).toEqual({ on_hand: 9, reserved: 0, short: 0 })
  expect(shop.market.calls).toEqual(['confirm'])
})

test('the unit that is canceled after two of three left is the third', async () => {
  const shop = await opened()
  await shop.ship({ lines: [{ line: '1', quantity: 2 }] })
  await shop.take([orderOf({ version: 1, lines: [line('1', 'MUG', 3, { canceled: 1 }), line('2', 'LAMP', 1)] })])
  expect(await shop.level('MUG')).toEqual({ on_hand: 8, reserved: 0, short: 0 })
})

test('what cannot be shipped is refused and changes nothing', async () => {
  const shop = await opened()
  const refused = async (given: GivenShipment) =>
    await shop.ship(given).then(
      () => null,
      (error: { code: string }) => error.code,
    )
  expect(await refused({ lines: [{ line: '1', quantity: 4 }] })).toBe('more_than_open')
  const twice = { line: '1', quantity: 2 }
  expect(await refused({ lines: [twice, twice] })).toBe('more_than_open')
  expect(await refused({ lines: [{ line: 'x', quantity: 1 }] })).toBe('unknown_line')
  expect(await errandsOf(own.db)).toEqual([])
  await shop.ship()
  expect(await refused({})).toBe('order_not_shippable')
  expect(await shop.level('MUG')).toEqual({ on_hand: 7, reserved: 0, short: 0 })
  await shop.take([orderOf({ remoteId: 'M-2', state: 'pending' })])
  const [pending] = await own.db.rows<{ id: string }>(`select id from orders where remote_id = 'M-2'`)
  const attempt = own.db.transaction((tx) => shipOrder(tx, shop.ctx, pending!.id, {}, { actor: 'Ann' }))
  await expect(attempt).rejects.toMatchObject({ code: 'order_not_shippable' })
})

test('the same cause ships once', async () => {
  const shop = await opened()
  expect(await shop.ship({ lines: [{ line: '1', quantity: 1 }] }, 'copy:7')).not.toBeNull()
  expect(await shop.ship({ lines: [{ line: '1', quantity: 1 }] }, 'copy:7')).toBeNull()
  expect(await shop.level('MUG')).toEqual({ on_hand: 9, reserved: 2, short: 0 })
})

test('a lost answer: what was carried out is found, and not told again', async () => {
  const shop = await opened()
  shop.market.plan.push({ call: 'confirm', error: lost(), carried: true })
  await shop.ship({ trackingNumber: 'JD1' })
  await shop.send()
  expect(await shop.only()).toMatchObject({ state: 'unknown', problem_code: 'timeout' })
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 1, problem_code: null })
  expect(shop.market.shipments).toHaveLength(1)
})

test('a lost call: told again only after two readings, and when nothing can arrive any more', async () => {
  const shop = await opened()
  shop.market.plan.push({ call: 'confirm', error: lost(), carried: false })
  await shop.ship({ trackingNumber: 'JD1' })
  const begun = shop.clock.now().getTime()
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 2 })
  expect(shop.market.shipments).toHaveLength(1)
  expect(shop.clock.now().getTime() - begun).toBeGreaterThan(16 * minute)
  const last = shop.market.calls.slice(-3)
  expect(last).toEqual(['read shipments', 'read shipments', 'confirm'])
})

test('a later shipment of the order waits until it is known what became of the one before', async () => {
  const shop = await opened()
  shop.market.plan.push({ call: 'confirm', error: lost(), carried: false })
  await shop.ship({ lines: [{ line: '1', quantity: 1 }] })
  await shop.send()
  await shop.ship({ lines: [{ line: '1', quantity: 1 }] })
  await shop.send()
  expect(shop.market.calls.filter((call) => call === 'confirm')).toHaveLength(1)
  await runOut(shop)
  expect((await errandsOf(own.db)).map((one) => one.state)).toEqual(['applied', 'applied'])
  expect(shop.market.shipments).toHaveLength(2)
})

test('a refusal is a finding until a person sends it again', async () => {
  const shop = await opened()
  shop.market.plan.push({ call: 'confirm', error: refusal(), carried: false })
  const id = (await shop.ship({ trackingNumber: 'JD1' }))!
  await shop.send()
  expect(await shop.only()).toMatchObject({ state: 'refused', problem_code: 'InvalidInput', due_at: null })
  expect(await findings()).toEqual(['errand_refused'])
  await own.db.transaction((tx) => decideErrand(tx, shop.ctx, id, 'again', 'Ann'))
  expect(await findings()).toEqual([])
  await runOut(shop)
  expect(shop.market.shipments).toHaveLength(1)
  const again = own.db.transaction((tx) => decideErrand(tx, shop.ctx, id, 'again', 'Ann'))
  await expect(again).rejects.toMatchObject({ code: 'errand_closed' })
})

test('no allowance, or a channel that is down before it took the call: later, by itself', async () => {
  const shop = await opened()
  const retryAt = new Date(shop.clock.now().getTime() + 7 * minute)
  shop.market.plan.push(
    { call: 'confirm', error: new ChannelError('throttled', 'QuotaExceeded', 'slow', { retryAt }), carried: false },
    { call: 'confirm', error: new ChannelError('unavailable', 'connect', 'nobody there'), carried: false },
  )
  await shop.ship()
  await shop.send()
  expect(await shop.only()).toMatchObject({ state: 'waiting', due_at: retryAt, attempts: 0 })
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 1 })
})

test('only a live account is told anything', async () => {
  const shop = await opened()
  await shop.ship()
  for (const stage of ['sandbox', 'shadow', 'paused'] as const) {
    const work = await shop.work()
    const result = await sendErrands(shop.ctx, { ...work, row: { ...work.row, stage } })
    expect(result).toEqual({ done: 0, nextAt: null })
  }
  expect(shop.market.calls).toEqual([])
})

test('a cancellation holds when the order says so; without a word of it a person decides', async () => {
  const shop = await opened()
  const cancel = (lines?: { line: string; quantity: number }[]) =>
    own.db.transaction((tx) => cancelOrder(tx, shop.ctx, shop.id, { lines, reason: 'out_of_stock' }, { actor: 'Ann' }))
  await cancel([{ line: '1', quantity: 2 }])
  await expect(cancel([{ line: '1', quantity: 2 }])).rejects.toMatchObject({ code: 'more_than_open' })
  shop.market.plan.push({ call: 'cancel', error: lost(), carried: true })
  await shop.send()
  // Nothing moves before the channel says that it holds.
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 3, short: 0 })
  await shop.take([orderOf({ version: 1, lines: [line('1', 'MUG', 3, { canceled: 2 }), line('2', 'LAMP', 1)] })])
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 1 })
  expect(await shop.level('MUG')).toEqual({ on_hand: 10, reserved: 1, short: 0 })
  shop.market.plan.push({ call: 'cancel', error: lost(), carried: false })
  await cancel()
  await runOut(shop)
  expect((await errandsOf(own.db))[1]).toMatchObject({ state: 'undecided', attempts: 1 })
  expect(await findings()).toEqual(['errand_undecided'])
  expect(shop.market.cancellations).toHaveLength(1)
})

test('a refund is never more than was paid, and is told once', async () => {
  const shop = await opened()
  const refund = (amount: number, shippingAmount = 0, quantity = 1) =>
    own.db.transaction((tx) =>
      refundOrder(
        tx,
        shop.ctx,
        shop.id,
        { lines: [{ line: '1', quantity, amount }], shippingAmount, reason: 'damaged' },
        { actor: 'Ann' },
      ),
    )
  await expect(refund(4_001)).rejects.toMatchObject({ code: 'refund_too_large' })
  await expect(refund(0)).rejects.toMatchObject({ code: 'refund_too_large' })
  await expect(refund(100, 0, 4)).rejects.toMatchObject({ code: 'more_than_open' })
  shop.market.plan.push({ call: 'issue', error: lost(), carried: true })
  await refund(1_000, 500)
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 1, remote_id: 'refund 1' })
  expect(shop.market.refunds).toMatchObject([{ amount: 1_500, currency: 'EUR' }])
  await expect(refund(2_501)).rejects.toMatchObject({ code: 'refund_too_large' })
  await refund(2_500)
})

test('of two refunds in one turn the second waits while nobody knows what became of the first', async () => {
  const shop = await opened()
  const refund = (amount: number) =>
    own.db.transaction((tx) =>
      refundOrder(
        tx,
        shop.ctx,
        shop.id,
        { lines: [{ line: '1', quantity: 1, amount }], shippingAmount: 0, reason: 'damaged' },
        { actor: 'Ann' },
      ),
    )
  await refund(1_000)
  await refund(700)
  shop.market.plan.push({ call: 'issue', error: lost(), carried: false })
  await shop.send()
  expect(shop.market.calls.filter((call) => call === 'issue')).toHaveLength(1)
  expect((await errandsOf(own.db)).map((one) => one.state)).toEqual(['unknown', 'waiting'])
})

test('what waited until the account is live: a shipment is looked for first, a refund is asked of a person again', async () => {
  const shop = await opened()
  const becomes = async (stage: 'shadow' | 'live' | 'paused') =>
    await own.db.transaction(async (tx) => {
      const { row } = await shop.work()
      await changeStage(tx, shop.ctx, (await findAccount(tx, row.id))!, stage)
    })
  await becomes('paused')
  await becomes('shadow')
  await shop.ship({ lines: [{ line: '1', quantity: 1 }], trackingNumber: 'JD1' })
  await own.db.transaction((tx) =>
    refundOrder(
      tx,
      shop.ctx,
      shop.id,
      { lines: [{ line: '1', quantity: 1, amount: 500 }], shippingAmount: 0, reason: 'other' },
      { actor: 'Ann' },
    ),
  )
  await becomes('live')
  expect(await errandsOf(own.db)).toMatchObject([
    { kind: 'shipment', state: 'unknown' },
    { kind: 'refund', state: 'undecided', problem_code: 'before_live', due_at: null },
  ])
  expect(await findings()).toContain('errand_undecided')
  await shop.send()
  expect(shop.market.calls).not.toContain('confirm')
  await runOut(shop)
  expect(shop.market.calls.filter((call) => call === 'confirm')).toHaveLength(1)
  expect(shop.market.refunds).toEqual([])
  // After a mere pause everything leaves by itself.
  await becomes('paused')
  await shop.ship({ lines: [{ line: '1', quantity: 1 }] })
  await becomes('live')
  expect((await errandsOf(own.db)).filter((one) => one.kind === 'shipment').map((one) => one.state)).toEqual([
    'applied',
    'waiting',
  ])
})

test('what no call answers is an orphan of the next turn', async () => {
  const shop = await opened()
  await shop.ship({ trackingNumber: 'JD1' })
  // The note of the answer is lost with its connection.
  const work = await shop.work()
  let calls = 0
  const db = {
    ...shop.ctx.db,
    transaction: async <T>(run: Parameters<typeof own.db.transaction<T>>[0]): Promise<T> => {
      calls += 1
      if (calls === 2) throw new Error('away')
      return await own.db.transaction(run)
    },
  }
  await expect(sendErrands({ ...shop.ctx, db }, work)).rejects.toThrow('away')
  expect(await shop.only()).toMatchObject({ state: 'sent' })
  await runOut(shop)
  expect(await shop.only()).toMatchObject({ state: 'applied', attempts: 1 })
  expect(shop.market.shipments).toHaveLength(1)
  const outcomes = await own.db.rows<{ outcome: string }>('select outcome from effects')
  expect(outcomes).toEqual([{ outcome: 'unknown' }])
})
