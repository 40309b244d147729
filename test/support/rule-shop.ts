/** An account of its own with goods on the shelf, and what a person does with publishing rules. */
import { type AccountRow, findAccount } from '../../src/database/accounts.ts'
import type { Database, Sql } from '../../src/database/pool.ts'
import { allRules } from '../../src/database/publishing-rules.ts'
import { listSlots } from '../../src/database/views/stock.ts'
import { ruleBook, wishOf } from '../../src/domain/publishing.ts'
import { applyPublishingRules } from '../../src/operations/apply-publishing-rules.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import {
  addRule,
  changeRule,
  type GivenSettings,
  type NamedScope,
} from '../../src/operations/manage-publishing-rules.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { createWorld, reserve as reserveOne, shareOpenly, type World } from './world.ts'

interface Goods {
  units: number
  category?: string
  unitsPerSale?: number
}

export interface RuleShop {
  world: World
  account: AccountRow
  connect(tx: Sql, name: string): Promise<string>
  /** A variant with so many units on the shelf, linked to the store's SKU of the same name. */
  stocked(name: string, goods: Goods): Promise<string>
  link(tx: Sql, sku: string, to: string, unitsPerSale?: number): Promise<string>
  add(scope: NamedScope, settings: GivenSettings): Promise<string>
  change(id: string, settings: GivenSettings): Promise<void>
  reserve(sku: string, quantity: number, reference: string): Promise<string>
  receive(sku: string, quantity: number): Promise<string>
  /** All passes to their end. */
  settle(): Promise<void>
  wish(sku: string, of?: string): Promise<number | null>
  /** Judges every slot of the account by the rules and levels that stand in the tables, not by what it remembers. */
  wrongSlots(): Promise<string[]>
}

/** Rules of shops before are deleted: `round` tells one shop of a test file from the next. */
export async function createRuleShop(db: Database, round: number): Promise<RuleShop> {
  const world = createWorld(db, { seed: round })
  const { ctx } = world
  const location = `L${round}`
  await db.run('delete from publishing_rules')
  await db.run('delete from publishing_passes')
  const connect = (tx: Sql, name: string) =>
    connectAccount(tx, ctx, {
      channel: 'storefront',
      name,
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
  await db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: location, name: 'Main', kind: 'own', priority: 1 })
    await connect(tx, `Store ${round}`)
  })
  const account = (await findAccount(db, `Store ${round}`))!
  const link = (tx: Sql, sku: string, to: string, unitsPerSale = 1) =>
    linkListing(tx, ctx, { account: to, remoteSku: sku, sku, unitsPerSale, marketplace: '', fulfilledBy: 'merchant' })
  return {
    world,
    account,
    connect,
    link,
    async stocked(name, { units, category, unitsPerSale = 1 }) {
      const sku = `${name} ${round}`
      await db.transaction(async (tx) => {
        await addProduct(tx, ctx, { title: sku, category, variants: [{ sku }] })
        await shareOpenly(tx, sku)
        await moveStock(tx, ctx, { sku, location, kind: 'receipt', quantity: units }, 'test')
        await link(tx, sku, account.name, unitsPerSale)
      })
      return sku
    },
    add: (scope, settings) => db.transaction((tx) => addRule(tx, ctx, scope, settings, 'test')),
    change: (id, settings) => db.transaction((tx) => changeRule(tx, ctx, id, settings, 'test')),
    reserve: (sku, quantity, reference) =>
      reserveOne(ctx, account.name, { reference, expiresInSeconds: 900, lines: [{ sku, quantity }] }),
    receive: (sku, quantity) =>
      db.transaction((tx) => moveStock(tx, ctx, { sku, location, kind: 'adjustment', quantity }, 'test')),
    async settle() {
      for (let steps = 0; steps < 1_000; steps += 1) if ((await applyPublishingRules(ctx)).next === 'idle') return
      throw new Error('the passes do not end')
    },
    async wish(sku, of = account.name) {
      return (await listSlots(db, { limit: 10, sku, account: of }, world.clock.now())).items[0]!.wish
    },
    wrongSlots: () => wrongSlots(db, account.id),
  }
}

async function wrongSlots(db: Database, accountId: string): Promise<string[]> {
  const book = ruleBook(await allRules(db))
  const slots = await db.rows<{
    sku: string
    wish: number
    units: number
    atp: number
    accountId: string
    channel: string
    variantId: string
    category: string | null
  }>(
    `select v.sku, s.wish, s.units_per_sale as units, l.on_hand - l.unsellable - l.reserved - l.allocated as atp,
       s.account_id as "accountId", a.channel, s.variant_id as "variantId", p.category
     from stock_slots s join accounts a on a.id = s.account_id join variants v on v.id = s.variant_id
     join products p on p.id = v.product_id join pool_levels l on l.variant_id = v.id where s.merchant_fulfilled and a.id = $1`,
    [accountId],
  )
  return slots.flatMap((slot) => {
    const { shows } = wishOf(slot.atp, slot.units, book.of(slot).settings)
    return shows === slot.wish ? [] : [`${slot.sku} wishes ${slot.wish}, by the rules ${shows}`]
  })
}
