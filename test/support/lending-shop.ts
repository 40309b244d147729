/** One product on an own shelf, held by Amazon as well, sold at Amazon and in an own store that Amazon lends to. */
import { beforeEach } from 'vitest'
import { type CatalogItem, createSimulator, type Simulator } from '../../simulator/index.ts'
import { countClaims } from '../../src/database/claims.ts'
import { levelOf, listSlots, placesOf } from '../../src/database/views/stock.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { dispatchOrders } from '../../src/operations/dispatch-orders.ts'
import { importOrders } from '../../src/operations/import-orders.ts'
import { setLending } from '../../src/operations/lend-stock.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullHeldStock } from '../../src/operations/pull-held-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { refreshSlots } from '../../src/operations/refresh-slots.ts'
import { sendErrands } from '../../src/operations/send-errands.ts'
import { useDatabase } from './database.ts'
import { createWorld, type World, workFor } from './world.ts'

export function useLendingShop() {
  const own = useDatabase()
  const startAt = new Date('2026-11-22T08:00:00Z')
  let world: World
  let simulator: Simulator
  let work: AccountAtWork
  let store: { id: string; openedAt: Date }
  let sku: string
  let time = 0
  let round = 0

  const buyer = {
    name: 'Canary Buyer',
    address: { line1: '1 Test Way', city: 'Testtown', region: 'OR', postalCode: '97000', country: 'US' },
  }

  beforeEach(async () => {
    round += 1
    sku = `MUG ${round}`
    time = startAt.getTime()
    const catalog: CatalogItem[] = [
      { sku, amazon: { quantity: 0 } },
      { sku: `FBA ${round}`, amazon: { quantity: 10, fulfilledBy: 'AMAZON' as const } },
    ].map((one, n) => ({ ...one, title: 'Mug', asin: `B0SIM0000${n}`, price: 1490, currency: 'USD' }))
    simulator = createSimulator({
      seed: 5,
      realNow: () => time,
      startAt,
      catalog,
      amazon: { sellerId: `A1SELLER${round}` },
    })
    const fetched: typeof fetch = (input, init) => simulator.handle(new Request(input, init))
    world = createWorld(own.db, { seed: round, now: () => new Date(time), fetch: fetched })
    const { ctx } = world
    await own.db.transaction(async (tx) => {
      await addLocation(tx, ctx, { code: `H${round}`, name: 'Main', kind: 'own', priority: 1 })
      await connectAccount(tx, ctx, {
        channel: 'amazon',
        name: `Amazon ${round}`,
        stage: 'live',
        settings: { sellerId: `A1SELLER${round}`, region: 'na', marketplaceIds: ['ATVPDKIKX0DER'], historyDays: 1 },
        secrets: {
          clientId: 'amzn1.application-oa2-client.simulated',
          clientSecret: 'amzn1.oa2-cs.v1.simulated',
          refreshToken: 'Atzr|simulated',
        },
      })
      await connectAccount(tx, ctx, {
        channel: 'storefront',
        name: `Store ${round}`,
        stage: 'live',
        settings: { webhookUrl: `https://store${round}.example/hooks` },
        secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
      })
      await addProduct(tx, ctx, { title: 'Mug', variants: [{ sku }] })
      await moveStock(tx, ctx, { sku, location: `H${round}`, kind: 'receipt', quantity: 3 }, 'test')
    })
    work = await workFor(ctx, `Amazon ${round}`, 'test', 3 * 24 * 3_600_000)
    while ((await pullListings(ctx, work)).more);
    await own.db.transaction(async (tx) => {
      const row = await tx.one<{ id: string; opened_at: Date }>('select id, opened_at from accounts where name = $1', [
        `Store ${round}`,
      ])
      store = { id: row!.id, openedAt: row!.opened_at }
      const link = { account: `Amazon ${round}`, sku, unitsPerSale: 1, marketplace: '' }
      await linkListing(tx, ctx, { ...link, remoteSku: `FBA ${round}`, fulfilledBy: 'channel' })
      await linkListing(tx, ctx, { ...link, account: `Store ${round}`, remoteSku: sku, fulfilledBy: 'merchant' })
    })
    await pullHeld()
  })

  const pass = async (ms: number) => {
    time += ms
    await simulator.tick()
  }
  const pullHeld = async () => {
    await pass(2_000)
    while ((await pullHeldStock(world.ctx, work)).more) await pass(2_000)
  }
  const lend = (most: number, leave = 0) =>
    own.db.transaction((tx) =>
      setLending(
        tx,
        world.ctx,
        { sku, account: `Amazon ${round}` },
        most + leave === 0 ? null : { most, leave },
        'test',
      ),
    )
  const take = async (account: { id: string; openedAt: Date }, id: string, quantity: number, more: object) => {
    const at = new Date(time)
    await own.db.transaction((tx) =>
      importOrders(tx, world.ctx, account, [
        {
          remoteId: `${id} ${round}`,
          placedAt: at,
          updatedAt: at,
          state: 'open',
          fulfilledBy: 'merchant',
          marketplace: null,
          currency: 'USD',
          total: null,
          shipBy: null,
          deliverBy: null,
          lines: [{ remoteId: '1', remoteSku: sku, title: 'Mug', quantity, shipped: 0, canceled: 0, unitPrice: 1490 }],
          buyer,
          raw: {},
          ...more,
        },
      ]),
    )
  }
  const order = (id: string, quantity: number, more: object = {}) => take(store, id, quantity, more)
  const level = async () => (await levelOf(own.db, sku))!
  const places = async () =>
    (await placesOf(own.db, (await level()).variantId)).flatMap(({ kind, onHand }) =>
      onHand > 0 ? [[kind, onHand]] : [],
    )
  const limits = async () => {
    const { items } = await listSlots(own.db, { limit: 200, sku }, new Date(time))
    return Object.fromEntries(items.filter((one) => one.wish !== null).map((one) => [one.channel, one.wish]))
  }
  const turn = async () => {
    await dispatchOrders(world.ctx, work)
    await sendErrands(world.ctx, work)
  }
  const errands = () =>
    own.db.rows<{ kind: string; state: string; code: string | null; order: string }>(
      `select e.kind, e.state, e.problem_code as code, o.remote_id as order from errands e join orders o on o.id = e.order_id
       where o.account_id = $1 order by e.created_at, e.id`,
      [store.id],
    )
  const fba = async () => {
    const answer = await simulator.handle(new Request('http://simulator/control/state'))
    const { channels } = (await answer.json()) as { channels: { amazon: { fba: Record<string, number> } } }
    return channels.amazon.fba[`FBA ${round}`]
  }

  /** What Amazon itself sold of our shelf. */
  const market = async (id: string, quantity: number) => {
    const find = 'select id, opened_at as "openedAt" from accounts where name = $1'
    const account = (await own.db.one<{ id: string; openedAt: Date }>(find, [`Amazon ${round}`]))!
    await take(account, id, quantity, { marketplace: 'ATVPDKIKX0DER' })
  }
  /** What Amazon's slot shows and may sell, as if it had been written and settled. */
  const claimed = async (units: number) => {
    await own.db.transaction(async (tx) => {
      const { variantId } = await level()
      await tx.run('select 1 from pool_levels where variant_id = $1 for update', [variantId])
      await tx.run(
        `update stock_slots s set claim = t.units, confirmed_value = t.units, confirmed_at = $3, wish = t.units, waits = false, claim_state = null
         from accounts a join unnest($1::text[], $2::bigint[]) as t(name, units) on t.name = a.name
         where a.id = s.account_id and s.merchant_fulfilled and s.variant_id = $4`,
        [[`Amazon ${round}`, `Store ${round}`], [units, 0], new Date(time), variantId],
      )
      await countClaims(tx, [variantId], 'fact')
      await refreshSlots(tx, world.ctx, [variantId], [], new Date(time))
    })
  }
  const oversold = async () =>
    await own.db.rows<{ units: number }>(
      `select (data->>'units')::int as units from findings where code = 'oversold' and resolved_at is null and data->>'sku' = $1`,
      [sku],
    )

  return {
    own,
    buyer,
    claimed,
    errands,
    fba,
    lend,
    level,
    limits,
    market,
    order,
    oversold,
    pass,
    places,
    pullHeld,
    turn,
    get world() {
      return world
    },
    get simulator() {
      return simulator
    },
    get work() {
      return work
    },
    get store() {
      return store
    },
    get sku() {
      return sku
    },
    get time() {
      return time
    },
    get round() {
      return round
    },
  }
}
