/** Passes: in steps, after a crash, beside each other, and beside everything that moves stock. */
import { beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { printCount, ruleRaces } from '../../test/support/iterations.ts'
import { createRuleShop, type RuleShop } from '../../test/support/rule-shop.ts'
import { shareOpenly } from '../../test/support/world.ts'
import { rulesApplying } from '../database/views/publishing.ts'
import { levelOf } from '../database/views/stock.ts'
import { Problem } from '../domain/errors.ts'
import { applyPublishingRules } from './apply-publishing-rules.ts'
import { addProduct, changeProduct } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'

const own = useDatabase()
let shop: RuleShop
let round = 0
beforeEach(async () => {
  shop = await createRuleShop(own.db, (round += 1))
})

/** A promise and what fulfills it. */
function gate(): [passed: Promise<void>, open: () => void] {
  let open: () => void = () => {}
  const passed = new Promise<void>((resolve) => {
    open = resolve
  })
  return [passed, open]
}

describe('a pass', () => {
  /** So many slots at once, past the operations. */
  async function catalog(count: number): Promise<void> {
    const { ctx } = shop.world
    const rows = Array.from({ length: count }, (_, n) => ({
      variant: ctx.newId(),
      slot: ctx.newId(),
      sku: `many ${round} ${n}`,
    }))
    const product = ctx.newId()
    const now = shop.world.clock.now()
    await own.db.run('insert into products (id, title, created_at) values ($1, $2, $3)', [product, 'Many', now])
    const columns = [rows.map((one) => one.variant), rows.map((one) => one.slot), rows.map((one) => one.sku)]
    await own.db.run(
      `insert into variants (id, product_id, sku, title, created_at) select v, $3, sku, sku, $4 from unnest($1::uuid[], $2::text[]) as t(v, sku)`,
      [columns[0], columns[2], product, now],
    )
    await own.db.run(
      `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short, mode) select v, 10, 0, 0, 0, 0, 'shared' from unnest($1::uuid[]) as t(v)`,
      [columns[0]],
    )
    await own.db.run(
      `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish)
       select s, $4, '', sku, v, 1, true, 10 from unnest($1::uuid[], $2::uuid[], $3::text[]) as t(v, s, sku)`,
      [...columns, shop.account.id],
    )
  }
  const wishesOf = async () =>
    await own.db.rows<{ wish: number; count: number }>(
      'select wish, count(*) as count from stock_slots where account_id = $1 group by wish order by wish',
      [shop.account.id],
    )

  test('goes in steps, shows how far it came, and goes on where it was cut off', async () => {
    await catalog(1_200)
    await shop.add({ account: shop.account.name }, { cap: 4 })
    expect(await rulesApplying(own.db)).toEqual({ rules: 1, slots: 1_200, done: 0 })
    expect(await applyPublishingRules(shop.world.ctx)).toEqual({ slots: 0, next: 'now' })
    expect(await applyPublishingRules(shop.world.ctx)).toEqual({ slots: 500, next: 'now' })
    expect(await wishesOf()).toEqual([
      { wish: 4, count: 500 },
      { wish: 10, count: 700 },
    ])
    expect(await rulesApplying(own.db)).toEqual({ rules: 1, slots: 1_200, done: 500 })
    // The process dies before the commit of the next step.
    const dying = {
      ...shop.world.ctx,
      db: {
        ...own.db,
        transaction: <T>(work: Parameters<typeof own.db.transaction<T>>[0]) =>
          own.db.transaction(async (tx) => {
            await work(tx)
            throw new Error('died')
          }),
      },
    }
    await expect(applyPublishingRules(dying)).rejects.toThrow('died')
    expect(await rulesApplying(own.db)).toEqual({ rules: 1, slots: 1_200, done: 500 })
    await shop.settle()
    expect(await wishesOf()).toEqual([{ wish: 4, count: 1_200 }])
  })

  test('of one variant waits for no pass over the catalog', async () => {
    await catalog(1_200)
    const sku = await shop.stocked('urgent', { units: 10 })
    await shop.add({ account: shop.account.name }, { safetyUnits: 1 })
    await applyPublishingRules(shop.world.ctx)
    await shop.add({ sku }, { cap: 0 })
    await applyPublishingRules(shop.world.ctx)
    await applyPublishingRules(shop.world.ctx)
    expect(await shop.wish(sku)).toBe(0)
    expect(await rulesApplying(own.db)).toMatchObject({ rules: 1 })
    await shop.settle()
  })

  test('begins anew where its rule changes again under way', async () => {
    await catalog(1_200)
    const id = await shop.add({ account: shop.account.name }, { cap: 4 })
    await applyPublishingRules(shop.world.ctx)
    await applyPublishingRules(shop.world.ctx)
    await shop.change(id, { cap: 6 })
    expect(await rulesApplying(own.db)).toEqual({ rules: 1, slots: 1_200, done: 0 })
    await shop.settle()
    expect(await wishesOf()).toEqual([{ wish: 6, count: 1_200 }])
  })

  test('takes the level of whoever holds its slots, not the one before', async () => {
    const sku = await shop.stocked('mug', { units: 10 })
    await shop.add({ sku }, { safetyUnits: 1 })
    expect(await applyPublishingRules(shop.world.ctx)).toEqual({ slots: 0, next: 'now' })
    const [hold, release] = gate()
    const [isHeld, held] = gate()
    const counting = own.db.transaction(async (tx) => {
      await moveStock(tx, shop.world.ctx, { sku, location: `L${round}`, kind: 'adjustment', quantity: -6 }, 'test')
      held()
      await hold
    })
    await isHeld
    const pass = applyPublishingRules(shop.world.ctx)
    const waiting = () =>
      own.db.one(`select 1 from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`)
    while (!(await waiting()));
    release()
    await Promise.all([counting, pass])
    expect(await shop.wish(sku)).toBe(3)
  })

  test('waits for whoever still links by the rules before', async () => {
    const sku = await shop.stocked('mug', { units: 10 })
    const [held, finish] = gate()
    const [isLinked, linked] = gate()
    await own.db.transaction((tx) => shop.connect(tx, `Late ${round}`))
    const linking = own.db.transaction(async (tx) => {
      await shop.link(tx, sku, `Late ${round}`)
      linked()
      await held
    })
    await isLinked
    await shop.add({ sku }, { cap: 3 })
    for (let n = 0; n < 3; n += 1)
      expect(await applyPublishingRules(shop.world.ctx)).toEqual({ slots: 0, next: 'soon' })
    finish()
    await linking
    await shop.settle()
    expect([await shop.wish(sku), await shop.wish(sku, `Late ${round}`)]).toEqual([3, 3])
  })
})

test('rules, categories, sales, counts and links at once end in wishes that follow the rules', async () => {
  printCount('races of rules with stock', ruleRaces)
  const skus = await Promise.all(
    ['a', 'b', 'c', 'd'].map((name, n) =>
      shop.stocked(name, { units: 30, category: `C${n % 2}`, unitsPerSale: 1 + (n % 2) }),
    ),
  )
  const all = await shop.add({}, { safetyUnits: 1 })
  const category = await shop.add({ category: 'C0' }, { cap: 9 })
  const products = await Promise.all(skus.map(async (sku) => (await levelOf(own.db, sku))!.productId))
  const { random } = shop.world
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)]!
  const actions = [
    (n: number) => shop.reserve(pick(skus), 1, `race ${round} ${n}`),
    () => shop.receive(pick(skus), 1 + Math.floor(random() * 3)),
    () => shop.change(all, { safetyUnits: Math.floor(random() * 5) }),
    () => shop.change(category, { cap: Math.floor(random() * 12) }),
    (n: number) =>
      own.db.transaction((tx) => changeProduct(tx, shop.world.ctx, pick(products), { category: `C${n % 3}` })),
    async (n: number) => {
      const sku = `new ${round} ${n}`
      await own.db.transaction(async (tx) => {
        await addProduct(tx, shop.world.ctx, { title: sku, category: pick(['C0', 'C1']), variants: [{ sku }] })
        await shareOpenly(tx, sku)
        await moveStock(tx, shop.world.ctx, { sku, location: `L${round}`, kind: 'receipt', quantity: 20 }, 'test')
        await shop.link(tx, sku, shop.account.name)
      })
    },
    () => applyPublishingRules(shop.world.ctx),
    () => applyPublishingRules(shop.world.ctx),
  ]
  for (let turn = 0; turn < ruleRaces / 10; turn += 1) {
    const chosen = Array.from({ length: 10 }, (_, n) => ({ run: pick(actions), n: turn * 10 + n }))
    const answers = await Promise.allSettled(chosen.map(({ run, n }) => run(n)))
    const failed = answers.filter((one) => one.status === 'rejected').map((one) => one.reason as Error)
    expect(failed.filter((error) => !(error instanceof Problem && error.code === 'insufficient_stock'))).toEqual([])
  }
  await shop.settle()
  expect(await shop.wrongSlots()).toEqual([])
})
