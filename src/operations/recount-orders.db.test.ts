/** Orders counted by ids: what nobody knows is read one by one, booked, and told; what cannot be read now is asked for again. */
import { beforeEach, expect, test } from 'vitest'
import { createSimulator, type Simulator, shopifySettings } from '../../simulator/index.ts'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World, workFor } from '../../test/support/world.ts'
import { ChannelError } from '../domain/errors.ts'
import { connectAccount } from './connect-account.ts'
import type { AccountAtWork } from './context.ts'
import { recountOrders } from './recount-orders.ts'

const own = useDatabase()
const day = 86_400_000
let world: World
let simulator: Simulator
let work: AccountAtWork
let time = 0
let round = 0

beforeEach(async () => {
  round += 1
  time = Date.UTC(2026, 10, 22, 8)
  const shop = `recount-${round}.myshopify.com`
  simulator = createSimulator({
    seed: 5,
    realNow: () => time,
    startAt: new Date(time),
    catalog: [
      { sku: 'MUG', title: 'Mug', asin: 'B0SIM00001', price: 1490, currency: 'USD', shopify: { quantity: 50 } },
    ],
    shopify: { shop, pendingShare: 0, points: 'none', searchLagMs: { min: 0, max: 0 } },
  })
  world = createWorld(own.db, {
    seed: round,
    now: () => new Date(time),
    fetch: (input, init) => simulator.handle(new Request(input, init)),
  })
  const { clientId, clientSecret } = shopifySettings()
  await own.db.transaction((tx) =>
    connectAccount(tx, world.ctx, {
      channel: 'shopify',
      name: `Shop ${round}`,
      stage: 'shadow',
      settings: { shop, endpoint: 'http://simulator.test/shopify', historyDays: 0 },
      secrets: { clientId, clientSecret },
    }),
  )
  work = await workFor(world.ctx, `Shop ${round}`, 'test', 400 * day)
})

const buy = async (): Promise<string> => {
  const answer = await simulator.handle(
    new Request('http://simulator/control/orders', {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ channel: 'shopify', sku: 'MUG', quantity: 1 }),
    }),
  )
  return ((await answer.json()) as { orderId: string }).orderId
}
const known = async () =>
  (await own.db.rows<{ remote_id: string }>('select remote_id from orders where account_id = $1', [work.row.id]))
    .map((row) => row.remote_id)
    .sort()
const state = async () =>
  (await own.db.one<{ value: { missing: number; span: unknown; last: { counted: number; missing: number } | null } }>(
    `select value from cursors where account_id = $1 and stream = 'recount'`,
    [work.row.id],
  ))!.value
const told = () =>
  own.db.rows<{ data: { count: number; orders: string } }>(
    `select data from findings where account_id = $1 and code = 'orders_missed' and resolved_at is null`,
    [work.row.id],
  )
async function shopping(): Promise<string[]> {
  time += 60_000
  await simulator.tick()
  const ids = [await buy(), await buy(), await buy()]
  time += 4 * day
  await simulator.tick()
  return ids.sort()
}

test('all that the usual list never told are booked and named', async () => {
  const ids = await shopping()
  await recountOrders(world.ctx, work)
  expect(await known()).toEqual(ids)
  expect((await state()).last).toMatchObject({ counted: 3, missing: 3 })
  expect((await told()).map(({ data }) => [data.count, data.orders.split(', ').sort()])).toEqual([[3, ids]])
})

test('where the reading ends midway, what was read is kept and the rest comes with the next turn, each once', async () => {
  const ids = await shopping()
  let reads = 0
  const { recount } = work.connector.orders!
  const cut: AccountAtWork = {
    ...work,
    connector: {
      ...work.connector,
      orders: {
        ...work.connector.orders!,
        recount: {
          ...recount!,
          async read(account, id) {
            reads += 1
            if (reads === 2)
              throw new ChannelError('throttled', 'planted', 'no more', { retryAt: new Date(time + 1_000) })
            return await recount!.read!(account, id)
          },
        },
      },
    },
  }
  await recountOrders(world.ctx, cut)
  expect([(await known()).length, (await state()).span]).toEqual([1, expect.anything()])
  time += 120_000
  await recountOrders(world.ctx, cut)
  expect([await known(), reads]).toEqual([ids, 4])
  expect((await state()).last).toMatchObject({ missing: 3 })
})
