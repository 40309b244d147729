/** A variant that an Amazon account and an own store sell, and what leads to an oversell of it, told by hand. */
import { findAccount } from '../../src/database/accounts.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork, Context } from '../../src/operations/context.ts'
import { importOrders } from '../../src/operations/import-orders.ts'
import { addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { applyReadings } from '../../src/operations/read-stock.ts'
import { settleClaims } from '../../src/operations/settle-claims.ts'
import { type World, workFor } from './world.ts'

export const minute = 60_000
export const storeOrigin = 'https://store.example'

/** A store that takes whatever it is told. */
export const takingStore: typeof fetch = async (_, init) => {
  const { data } = JSON.parse(String(init!.body)) as { data: { items: { sku: string }[] } }
  return Response.json({ items: data.items.map(({ sku }) => ({ sku, applied: true })) })
}

export interface OversoldShop {
  sku: string
  amazon: string
  store: string
  move(kind: 'receipt' | 'count' | 'adjustment', quantity: number): Promise<void>
  /** The slot is read, and its sales up to then become known: it claims what it showed. */
  knows(account: string, quantity: number): Promise<void>
  reads(account: string, quantity: number): Promise<void>
  pushes(account: string): Promise<number>
  /** An order of Amazon becomes known now. */
  sells(quantity: number, order?: { placedAt?: Date; knownUntil?: Date | null; sku?: string }): Promise<string>
  links(account: string, remoteSku: string, sku: string, unitsPerSale?: number): Promise<void>
}

let shops = 0

export async function openShop(world: World, units: number): Promise<OversoldShop> {
  const { ctx, clock } = world
  const number = (shops += 1)
  const [sku, amazon, store] = [`SKU-${number}`, `Amazon ${number}`, `Store ${number}`]
  const works = new Map<string, AccountAtWork>()
  await ctx.db.transaction(async (tx) => {
    await connectAccount(tx, ctx, amazonAccount(amazon, number))
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: store,
      stage: 'live',
      settings: { webhookUrl: `${storeOrigin}/hooks` },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
    await addProduct(tx, ctx, { title: `Goods ${number}`, variants: [{ sku }] })
  })
  /** The lease of a living process is always renewed in time. */
  async function workOf(account: string): Promise<AccountAtWork> {
    const work = works.get(account) ?? (await workFor(ctx, account))
    works.set(account, work)
    Object.assign(work.lease(), { until: ctx.monotonic() + minute })
    await ctx.db.run('update leases set expires_at = $1', [new Date(clock.now().getTime() + minute)])
    await ctx.db.run('update budgets set tokens = 100, burst = 100')
    return work
  }
  const slotOf = async (account: string) =>
    (await ctx.db.one<{ id: string }>(
      'select s.id from stock_slots s join accounts a on a.id = s.account_id where a.name = $1 and s.remote_sku = $2',
      [account, sku],
    ))!.id
  const shop: OversoldShop = {
    sku,
    amazon,
    store,
    async move(kind, quantity) {
      await ctx.db.transaction((tx) => moveStock(tx, ctx, { sku, location: 'MAIN', kind, quantity }, 'Li'))
    },
    async reads(account, quantity) {
      const work = await workOf(account)
      const slotId = await slotOf(account)
      const askedAt = clock.now()
      clock.advance(1_000)
      const times = { askedAt, at: clock.now() }
      await ctx.db.transaction((tx) => applyReadings(tx, ctx, work, [{ slotId, quantity }], times))
    },
    async knows(account, quantity) {
      await shop.reads(account, quantity)
      clock.advance(15 * minute)
      await knowSales(ctx, account)
      await settleClaims(ctx, await workOf(account))
    },
    async pushes(account) {
      const { sent } = await pushStock(ctx, await workOf(account))
      await ctx.journal.flush()
      return sent
    },
    async sells(quantity, order = {}) {
      const { id, opened_at: openedAt } = (await findAccount(ctx.db, amazon))!
      const remoteId = `R-${ctx.newId().slice(-12)}`
      const placedAt = order.placedAt ?? new Date(clock.now().getTime() - 3 * minute)
      await ctx.db.transaction((tx) =>
        importOrders(tx, ctx, { id, openedAt, knownUntil: order.knownUntil ?? null }, [
          soldOrder(remoteId, order.sku ?? sku, quantity, placedAt),
        ]),
      )
      return remoteId
    },
    async links(account, remoteSku, to, unitsPerSale = 1) {
      const listing = { account, remoteSku, sku: to, unitsPerSale, marketplace: '', fulfilledBy: 'merchant' as const }
      await ctx.db.transaction((tx) => linkListing(tx, ctx, listing))
    },
  }
  await shop.links(amazon, sku, sku)
  await shop.links(store, sku, sku)
  if (units > 0) await shop.move('receipt', units)
  return shop
}

const amazonAccount = (name: string, number: number) => ({
  channel: 'amazon',
  name,
  stage: 'live' as const,
  settings: {
    sellerId: `A1SIMULATED${number}`,
    region: 'na',
    marketplaceIds: ['ATVPDKIKX0DER'],
    endpoint: 'https://amazon.example',
    tokenEndpoint: 'https://amazon.example/token',
    historyDays: 1,
  },
  secrets: {
    clientId: 'amzn1.application-oa2-client.simulated',
    clientSecret: 'amzn1.oa2-cs.v1.simulated',
    refreshToken: 'Atzr|simulated',
  },
})

/** As after two pulls that saw everything up to now. */
async function knowSales(ctx: Context, account: string): Promise<void> {
  const now = ctx.clock.now()
  await ctx.db.run(
    `insert into cursors (account_id, stream, value, next_at, watermark, sales_known) select id, 'orders', null, $2, $2, $2 from accounts where name = $1
     on conflict (account_id, stream) do update set watermark = $2, sales_known = $2`,
    [account, now],
  )
}

const soldOrder = (remoteId: string, remoteSku: string, quantity: number, placedAt: Date) => ({
  remoteId,
  updatedAt: placedAt,
  placedAt,
  state: 'open' as const,
  fulfilledBy: 'merchant' as const,
  marketplace: null,
  currency: 'USD',
  total: 1_000,
  shipBy: null,
  deliverBy: null,
  lines: [{ remoteId: '1', remoteSku, title: 'Goods', quantity, shipped: 0, canceled: 0, unitPrice: 1_000 }],
  buyer: null,
  raw: null,
})

/** As if a recount had found two units less than were shown. */
export const anOversell = `with deviation as (
    insert into deviations (id, slot_id, account_id, kind, expected, shown, at)
    select gen_random_uuid(), s.id, s.account_id, 'higher', 3, 5, $2 from stock_slots s join variants v on v.id = s.variant_id where v.sku = $1)
  insert into oversells (variant_id, at, short, uncovered, uncovered_before, unknown_claims, mode)
  select id, $2, 0, 2, 0, 0, 'guarded' from variants where sku = $1`
