/** The worked example for other stores: a shelf of the hub sold in a Magento store, through the bridge and the hub's own API. */
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Webhook } from 'standardwebhooks'
import { beforeEach, expect, test } from 'vitest'
import { createBridge } from '../examples/magento/bridge.ts'
import { createHub } from '../examples/magento/hub.ts'
import { createMagento } from '../examples/magento/magento.ts'
import { minorUnits, wordOf } from '../examples/magento/mapping.ts'
import { openMemory } from '../examples/magento/memory.ts'
import { connectAccount } from '../src/operations/connect-account.ts'
import type { AccountAtWork } from '../src/operations/context.ts'
import { addLocation, addProduct, linkListing } from '../src/operations/manage-catalog.ts'
import { moveStock } from '../src/operations/move-stock.ts'
import { pushStock } from '../src/operations/push-stock.ts'
import { readStock } from '../src/operations/read-stock.ts'
import { takeOver } from '../src/operations/take-over.ts'
import { emptyDatabase } from './simulation/installation.ts'
import { type OwnersApi, openOwnersApi } from './support/api.ts'
import { useDatabase } from './support/database.ts'
import { type FakeMagento, fakeMagento } from './support/fake-magento.ts'
import { magentoTurns, printCount } from './support/iterations.ts'
import { createWorld, deliverEvents, seeded, type World, workFor } from './support/world.ts'

const own = useDatabase()
const account = 'Magento'
const secret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`

let time: number
let world: World
let api: OwnersApi
let store: FakeMagento
let bridge: ReturnType<typeof createBridge>
let startBridge: () => void
let work: AccountAtWork

async function open(stock: Record<string, number>, { lagMs = 0, others = 0 } = {}): Promise<void> {
  await emptyDatabase(own.db)
  time = Date.UTC(2026, 10, 22, 8)
  store = fakeMagento(() => time, Object.fromEntries(Object.keys(stock).map((sku) => [sku, others])), lagMs)
  world = createWorld(own.db, {
    now: () => new Date(time),
    allowedOrigins: ['http://bridge.test'],
    fetch: (async (url: string, init: RequestInit) => await bridge.handle(new Request(url, init))) as typeof fetch,
  })
  const { ctx } = world
  api = await openOwnersApi(world)
  const file = join(mkdtempSync(join(tmpdir(), 'bridge-')), 'known.json')
  const secrets = [secret]
  startBridge = () => {
    bridge = createBridge({
      account,
      magento: createMagento({
        url: 'http://magento.test/',
        token: 'integration',
        source: 'default',
        stockId: 1,
        fetch: (async (url: string, init: RequestInit) => await store.handle(new Request(url, init))) as typeof fetch,
      }),
      hub: createHub({ url: 'http://hub.test', key: api.key, fetch: api.fetch }),
      memory: openMemory(file, wordOf(new Date(time))),
      secrets,
      now: () => new Date(time),
    })
  }
  startBridge()
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: account,
      stage: 'live',
      settings: { webhookUrl: 'http://bridge.test/', sameNetwork: true, lowersItself: true },
      secrets: { webhookSecret: secret },
    })
    for (const [sku, quantity] of Object.entries(stock)) {
      await addProduct(tx, ctx, { title: sku, variants: [{ sku }] })
      await linkListing(tx, ctx, {
        account,
        remoteSku: sku,
        sku,
        unitsPerSale: 1,
        marketplace: '',
        fulfilledBy: 'merchant',
      })
      await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity }, 'test')
    }
  })
  const endpoint = await api.post('/webhooks', { url: 'http://bridge.test/', events: ['shipment.created'] })
  secrets.push(endpoint.secret)
  work = await workFor(ctx, account)
  await takeOver(ctx, work)
}

/** Time passes, and everybody does what is due. */
async function turn(ms = 10_000): Promise<void> {
  time += ms
  Object.assign(work.lease(), { until: time + 60_000 })
  await own.db.run('update leases set expires_at = $1', [new Date(time + 60_000)])
  await bridge.pull()
  while ((await pushStock(world.ctx, work)).sent > 0);
  while ((await readStock(world.ctx, work)).read > 0);
  await deliverEvents(world.ctx)
}

async function turns(count: number, ms?: number): Promise<void> {
  for (let round = 0; round < count; round += 1) await turn(ms)
}

const levels = async () =>
  (await own.db.rows<{ sku: string; short: number; on_hand: number; reserved: number }>(
    'select v.sku, p.short, p.on_hand, p.reserved from pool_levels p join variants v on v.id = p.variant_id',
  )) ?? []

test('a shelf of the hub shows in the store, a sale comes in once with its buyer, and the parcel goes back', async () => {
  await open({ MUG: 10 })
  await turns(15)
  expect(store.salable('MUG')).toBe(10)
  const order = store.buy('MUG', 2, 'configurable')!
  await turns(3)
  const { items } = await api.ask('/orders')
  expect(items).toHaveLength(1)
  expect(items[0]).toMatchObject({ state: 'open', total: 2_020, currency: 'EUR' })
  expect(items[0].lines).toMatchObject([{ sku: 'MUG', quantity: 2, unitPrice: 1_010 }])
  expect(store.salable('MUG')).toBe(8)
  await api.post(`/orders/${items[0].id}/shipments`, { carrier: 'DHL', trackingNumber: 'JD01' })
  await turns(3)
  expect(order.state).toBe('complete')
  expect(store.shipments).toMatchObject([{ order_id: order.entity_id, tracks: [{ track_number: 'JD01' }] }])
  expect((await api.ask('/orders')).items[0].state).toBe('shipped')
  await turns(12, 60_000)
  expect(store.salable('MUG')).toBe(8)
  expect((await levels())[0]).toMatchObject({ on_hand: 8, short: 0 })
})

/** Asks the bridge as the hub does. */
async function ask(data: object): Promise<{ status: number; body: unknown }> {
  const now = new Date(time)
  const body = JSON.stringify({ type: 'stock.read', timestamp: now.toISOString(), data })
  const answer = await bridge.handle(
    new Request('http://bridge.test/', {
      method: 'POST',
      headers: {
        'webhook-id': 'msg_1',
        'webhook-timestamp': String(Math.floor(time / 1_000)),
        'webhook-signature': new Webhook(secret).sign('msg_1', new Date(Math.floor(time / 1_000) * 1_000), body),
      },
      body,
    }),
  )
  return { status: answer.status, body: await answer.json() }
}

test('no number is told before the orders behind it, and one edited by hand after a while', async () => {
  await open({ MUG: 5 }, { lagMs: 20_000 })
  await turns(15)
  const items = [{ sku: 'MUG' }]
  expect(await ask({ items })).toMatchObject({ status: 200, body: { items: [{ sku: 'MUG', quantity: 5 }] } })
  store.buy('MUG', 3)
  // Its units are gone and no list names the order yet: the bridge says nothing rather than a number.
  expect((await ask({ items })).status).toBe(503)
  time += 25_000
  expect(await ask({ items })).toMatchObject({ status: 200, body: { items: [{ sku: 'MUG', quantity: 2 }] } })
  expect((await levels())[0]).toMatchObject({ on_hand: 5, reserved: 3, short: 0 })
  store.source.set('MUG', 9)
  expect((await ask({ items })).status).toBe(503)
  time += 61_000
  expect(await ask({ items })).toMatchObject({ status: 200, body: { items: [{ sku: 'MUG', quantity: 6 }] } })
})

beforeEach(() => printCount('turns of Magento through the bridge', magentoTurns))

test.each([1, 2, 3])(
  'seed %i: sales, cancellations, lost writes, restarts: what is sold is never more than there was',
  async (seed) => {
    await open({ MUG: 30, LAMP: 2 }, { lagMs: 5_000, others: 1 })
    const random = seeded(seed)
    const bought: Record<string, number> = { MUG: 0, LAMP: 0 }
    await turns(15)
    for (let round = 0; round < magentoTurns; round += 1) {
      const sku = random() < 0.8 ? 'MUG' : 'LAMP'
      const draw = random()
      if (draw < 0.3) store.buy(sku, random() < 0.8 ? 1 : 2)
      else if (draw < 0.36) {
        const open = store.orders.filter(({ state }) => state === 'processing')
        const one = open[Math.floor(random() * open.length)]
        if (one) store.cancel(one)
      } else if (draw < 0.46) store.fates.push(random() < 0.5 ? 'lost' : 'vanished')
      else if (draw < 0.5) startBridge()
      else if (draw < 0.56)
        await own.db.transaction((tx) =>
          moveStock(tx, world.ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity: 1 }, 'test').then(() => {
            bought[sku]! += 1
          }),
        )
      await turn(Math.floor(random() * 20_000))
    }
    store.fates.length = 0
    await turns(40, 60_000)
    for (const { sku, short, on_hand, reserved } of await levels()) {
      expect(short, `${sku} is oversold`).toBe(0)
      const sold = store.orders
        .flatMap(({ items }) => items)
        .filter((line) => line.sku === sku)
        .reduce((sum, line) => sum + line.qty_ordered - line.qty_canceled, 0)
      expect(reserved, `${sku}: every sale is known once`).toBe(sold)
      // More is brought when what is shown runs low.
      expect(store.salable(sku), `${sku} shows more than is left`).toBeLessThanOrEqual(on_hand - reserved)
      expect(store.salable(sku), `${sku} shows nothing of what is left`).toBeGreaterThan(on_hand > reserved ? 0 : -1)
    }
  },
)

test('money is taken over to the cent', () => {
  expect(minorUnits(1.005, 'EUR')).toBe(101)
  expect(minorUnits(19.99, 'USD')).toBe(1_999)
  expect(minorUnits(1_500, 'JPY')).toBe(1_500)
})

test('a message that is not signed by the hub changes nothing', async () => {
  await open({ MUG: 1 })
  const answer = await bridge.handle(
    new Request('http://bridge.test/', { method: 'POST', body: '{"type":"stock.set"}' }),
  )
  expect(answer.status).toBe(401)
})
