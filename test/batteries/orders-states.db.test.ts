/** R8 (cancellations), R19, R22, R23: versions of an order in any order of arrival, unknown SKUs, equal ids. */
import fc from 'fast-check'
import { afterEach, expect, test, vi } from 'vitest'
import type { IncomingLine, IncomingOrder, OrderState } from '../../src/domain/orders.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { importOrders } from '../../src/operations/import-orders.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { checkStep } from '../simulation/checks.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { type Arrivals, arrivals, expectedStock } from '../support/intake-model.ts'
import { cancelHistories, linkHistories, patienceMs, printCount } from '../support/iterations.ts'
import {
  checkMarket,
  everything,
  hour,
  link,
  type Market,
  minute,
  openFindings,
  openMarket,
  sku,
} from '../support/market.ts'
import { createWorld } from '../support/world.ts'

vi.setConfig({ testTimeout: patienceMs })
const own = useDatabase()
let market: Market | undefined
afterEach(async () => {
  await market?.close()
  market = undefined
})

/** Accounts that share one shelf, filled by importing pages. */
async function shelf(names: readonly string[], onHand: Record<string, number>, linked = Object.keys(onHand)) {
  await emptyDatabase(own.db)
  const { ctx } = createWorld(own.db)
  const linkAll = async (name: string, skus: readonly string[]) => {
    for (const one of skus)
      await own.db.transaction((tx) =>
        linkListing(tx, ctx, {
          account: name,
          remoteSku: one,
          sku: one,
          unitsPerSale: 1,
          marketplace: '',
          fulfilledBy: 'merchant',
        }),
      )
  }
  await addLocation(own.db, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
  const accounts = new Map<string, { id: string; openedAt: Date }>()
  for (const [one, quantity] of Object.entries(onHand)) {
    await addProduct(own.db, ctx, { title: one, variants: [{ sku: one }] })
    if (quantity > 0)
      await own.db.transaction((tx) =>
        moveStock(tx, ctx, { sku: one, location: 'MAIN', kind: 'receipt', quantity }, 'test'),
      )
  }
  for (const name of names) {
    const openedAt = new Date(0)
    const id = await connectAccount(own.db, ctx, {
      channel: 'storefront',
      name,
      stage: 'live',
      openedAt,
      settings: { webhookUrl: `https://${name.toLowerCase()}.example/hook` },
      secrets: { webhookSecret: `whsec_${Buffer.alloc(24, 1).toString('base64')}` },
    })
    accounts.set(name, { id, openedAt })
    await linkAll(name, linked)
  }
  return {
    ctx,
    linkAll,
    take: (name: string, orders: readonly IncomingOrder[]) =>
      own.db.transaction((tx) => importOrders(tx, ctx, accounts.get(name)!, orders)),
    levels: async () =>
      Object.fromEntries(
        (
          await own.db.rows<{ sku: string; on_hand: number; promised: number; short: number }>(
            'select v.sku, p.on_hand, p.reserved + p.short as promised, p.short from pool_levels p join variants v on v.id = p.variant_id',
          )
        ).map((row) => [row.sku, { onHand: row.on_hand, promised: row.promised, short: row.short }]),
      ),
  }
}

const line = (remoteId: string, quantity: number, canceled = 0, remoteSku = 'mug'): IncomingLine => ({
  remoteId,
  remoteSku,
  title: remoteSku,
  quantity,
  shipped: 0,
  canceled,
  unitPrice: 100,
})
const order = (second: number, state: OrderState, lines: IncomingLine[], remoteId = 'A'): IncomingOrder => ({
  remoteId,
  placedAt: new Date(1_000),
  updatedAt: new Date(10_000 + second * 1_000),
  state,
  fulfilledBy: 'merchant',
  marketplace: null,
  currency: 'USD',
  total: 100,
  shipBy: null,
  deliverBy: null,
  buyer: null,
  raw: null,
  lines,
})

interface Cancellation {
  quantities: number[]
  /** Per version: seconds since the one before, and what is canceled of each line from then on. */
  steps: { after: number; canceled: number[] }[]
  end: 'open' | 'canceled'
  arrival: number[]
}

const cancellation: fc.Arbitrary<Cancellation> = fc
  .array(fc.integer({ min: 1, max: 6 }), { minLength: 1, maxLength: 3 })
  .chain((quantities) =>
    fc.record({
      quantities: fc.constant(quantities),
      // Several in one second are told apart by how much is canceled.
      steps: fc.array(
        fc.record({
          after: fc.constantFrom(0, 0, 1, 60),
          canceled: fc.tuple(...quantities.map((most) => fc.integer({ min: 0, max: most }))),
        }),
        { minLength: 1, maxLength: 4 },
      ),
      end: fc.constantFrom<'open' | 'canceled'>('open', 'canceled'),
      arrival: fc.array(fc.nat(1_000), { minLength: 40, maxLength: 40 }),
    }),
  )

/** Every version five times, in any order and in pages of any size. */
function delivered({ quantities, steps, end, arrival }: Cancellation): { pages: IncomingOrder[][]; left: number } {
  let second = 0
  let canceled = quantities.map(() => 0)
  const versions = [
    order(
      0,
      'open',
      quantities.map((quantity, n) => line(`l${n}`, quantity)),
    ),
  ]
  for (const step of steps) {
    second += step.after
    // A cancellation is never taken back.
    canceled = canceled.map((units, n) => Math.max(units, step.canceled[n]!))
    versions.push(
      order(
        second,
        'open',
        quantities.map((quantity, n) => line(`l${n}`, quantity, canceled[n])),
      ),
    )
  }
  if (end === 'canceled') {
    canceled = quantities
    versions.push(
      order(
        second,
        'canceled',
        quantities.map((quantity, n) => line(`l${n}`, quantity, quantity)),
      ),
    )
  }
  const copies = versions.flatMap((version) => Array.from({ length: 5 }, () => version))
  const shuffled = copies.map((one, n) => ({ one, key: arrival[n % arrival.length]! })).sort((a, b) => a.key - b.key)
  const pages: IncomingOrder[][] = []
  for (let at = 0; at < shuffled.length; at += 1 + (arrival[at % 40]! % 3))
    pages.push(shuffled.slice(at, at + 1 + (arrival[at % 40]! % 3)).map(({ one }) => one))
  const left = quantities.reduce((sum, quantity, n) => sum + quantity - canceled[n]!, 0)
  return { pages, left }
}

test('R8 cancellations, whole and of parts, five times each and shuffled: the units come back exactly once', async () => {
  printCount('R8 cancellations', cancelHistories)
  const { take, levels } = await shelf(['Shop'], { mug: 1_000_000 })
  let promised = 0
  let n = 0
  await fc.assert(
    fc.asyncProperty(cancellation, async (given) => {
      const { pages, left } = delivered(given)
      n += 1
      for (const page of pages)
        await take(
          'Shop',
          page.map((one) => ({ ...one, remoteId: `order-${n}` })),
        )
      const now = (await levels()).mug!
      expect(now).toEqual({ onHand: 1_000_000, promised: promised + left, short: 0 })
      promised = now.promised
    }),
    { numRuns: cancelHistories, seed: 8, endOnFailure: true },
  )
  await checkStep({ ctx: { db: own.db } })
  expect(await openFindings(own.db, 'odd_order_step')).toEqual([])
  // Every unit that was promised and is not any more has its one line in the ledger.
  const { given, back } = (await own.db.one<{ given: number; back: number }>(
    `select sum(reserved) filter (where reserved > 0)::bigint as given, -sum(reserved) filter (where reserved < 0)::bigint as back from stock_movements`,
  ))!
  expect(given - back).toBe(promised)
})

test('R8 units of a canceled order serve the next buyer who is short, once', async () => {
  const { take, levels } = await shelf(['Shop'], { mug: 2 })
  await take('Shop', [order(0, 'open', [line('1', 2)], 'first'), order(1, 'open', [line('1', 2)], 'second')])
  expect((await levels()).mug).toEqual({ onHand: 2, promised: 4, short: 2 })
  for (let n = 0; n < 5; n += 1) {
    await take('Shop', [order(2, 'canceled', [line('1', 2, 2)], 'first')])
    await take('Shop', [order(0, 'open', [line('1', 2)], 'first')])
  }
  expect((await levels()).mug).toEqual({ onHand: 2, promised: 2, short: 0 })
  expect(await openFindings(own.db, 'oversold')).toEqual([])
  await checkStep({ ctx: { db: own.db } })
})

const permutations = <T>(list: readonly T[]): T[][] =>
  list.length < 2
    ? [[...list]]
    : list.flatMap((one, n) => permutations(list.toSpliced(n, 1)).map((rest) => [one, ...rest]))

test('R19 pending, open, canceled in every order of arrival, in one second and apart, alone and in one page', async () => {
  const { take, levels } = await shelf(['Shop'], { mug: 50 })
  let n = 0
  for (const apart of [0, 1]) {
    const versions = (['pending', 'open', 'canceled'] as const).map((state, step) =>
      order(step * apart, state, [line('1', 3, state === 'canceled' ? 3 : 0)]),
    )
    for (const arrival of permutations(versions)) {
      for (const pages of [arrival.map((one) => [one]), [arrival], [[...arrival, ...arrival.toReversed()]]]) {
        n += 1
        for (const page of pages)
          await take(
            'Shop',
            page.map((one) => ({ ...one, remoteId: `order-${n}` })),
          )
        expect((await levels()).mug, arrival.map((one) => one.state).join()).toEqual({
          onHand: 50,
          promised: 0,
          short: 0,
        })
      }
    }
  }
  expect(await own.db.rows('select state, count(*) from orders group by 1')).toEqual([{ state: 'canceled', count: n }])
  printCount('R19 arrivals', n)
  await checkStep({ ctx: { db: own.db } })
})

test('R19 over the wire: old states come behind new ones, and the other way round', async () => {
  market = await openMarket(own.db, { lagMs: { typical: 30_000, tail: 480_000, tailShare: 0.5 } })
  const ids: string[] = []
  for (let n = 0; n < 20; n += 1) ids.push(await market.buy({ quantity: 2 }))
  await market.fault({ operation: 'searchOrders', kind: 'reorder', rate: 0.7 })
  await market.fault({ operation: 'searchOrders', kind: 'stale-read', rate: 0.3 })
  await market.run(3 * minute, minute)
  for (const id of ids) await market.change(id, 'cancel')
  await market.run(20 * minute, 2 * minute)
  await market.calm()
  await market.run(20 * minute)
  await checkMarket(market)
})

test('R22 an order with an unlinked SKU is kept, listed, and guarded; linked later, all ends as if it had been linked', async () => {
  printCount('R22 histories with a late link', linkHistories)
  await fc.assert(
    fc.asyncProperty(arrivals(), fc.nat(), fc.nat(7), async (given: Arrivals, moment, which) => {
      const skus = Object.keys(given.onHand)
      const later = skus.filter((_, n) => which & (1 << n))
      const { take, levels, linkAll } = await shelf(
        ['Shop'],
        given.onHand,
        skus.filter((one) => !later.includes(one)),
      )
      const at = moment % (given.pages.length + 1)
      for (const [n, page] of given.pages.entries()) {
        if (n === at) await linkAll('Shop', later)
        await take('Shop', page)
      }
      if (at === given.pages.length) await linkAll('Shop', later)
      const model = expectedStock(given)
      const now = await levels()
      for (const one of skus) expect({ sku: one, ...now[one] }).toEqual({ sku: one, ...model[one] })
      await checkStep({ ctx: { db: own.db } })
      expect(await openFindings(own.db, 'unknown_sku')).toEqual([])
    }),
    { numRuns: linkHistories, seed: 22 },
  )
})

test('R22 over the wire: nothing of it is reserved or lost while nobody knows what it is', async () => {
  market = await openMarket(own.db, { unlinked: true, onHand: 10 })
  const canceled = await market.buy({ quantity: 1 })
  const id = await market.buy({ quantity: 3 })
  await market.run(20 * minute)
  expect((await openFindings(own.db, 'unknown_sku')).map((data) => data.order).sort()).toEqual([canceled, id].sort())
  await market.change(canceled, 'cancel')
  await market.run(20 * minute)
  expect((await openFindings(own.db, 'unknown_sku')).map((data) => data.order)).toEqual([id])
  expect(await own.db.rows('select 1 from reservation_lines')).toEqual([])
  await own.db.transaction((tx) => link(tx, market!.ctx, sku))
  expect(await openFindings(own.db, 'unknown_sku')).toEqual([])
  await checkMarket(market, 10)
  await market.change(id, 'ship')
  await market.run(hour)
  await checkMarket(market, 10)
})

test('R23 two accounts with equal order ids, line ids and SKUs: each order is its own', async () => {
  const { take, levels, ctx } = await shelf(['One', 'Two'], { mug: 100 })
  const same = (state: OrderState, second: number, canceled = 0) =>
    order(second, state, [line('1', 4, canceled), line('2', 1, 0, 'nothing')], 'SAME')
  for (let n = 0; n < 3; n += 1)
    await Promise.all([
      take('One', [same('open', 0)]),
      take('Two', [{ ...same('open', 0), raw: { secret: 'of Two' } }]),
    ])
  expect((await levels()).mug).toEqual({ onHand: 100, promised: 8, short: 0 })
  expect(await openFindings(own.db, 'unknown_sku')).toHaveLength(2)
  await Promise.all([take('One', [same('canceled', 5, 4)]), take('Two', [same('shipped', 5)])])
  expect((await levels()).mug).toEqual({ onHand: 96, promised: 0, short: 0 })
  const rows = await own.db.rows<{ id: string; state: string; name: string }>(
    'select o.id, o.state, a.name from orders o join accounts a on a.id = o.account_id order by a.name',
  )
  expect(rows).toMatchObject([
    { name: 'One', state: 'canceled' },
    { name: 'Two', state: 'shipped' },
  ])
  const sealed = await own.db.rows<{ order_id: string; sealed: Buffer; epoch: string }>('select * from buyer_data')
  expect(sealed.map((row) => row.order_id)).toEqual([rows[1]!.id])
  expect(ctx.sealing.openBuyer(sealed[0]!.sealed, rows[1]!.id, sealed[0]!.epoch)).toContain('of Two')
  const before = await everything(own.db)
  await Promise.all([take('One', [same('shipped', 4)]), take('Two', [same('canceled', 4, 4)])])
  expect(await everything(own.db)).toBe(before)
  await checkStep({ ctx: { db: own.db } })
})
