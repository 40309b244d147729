/** Rules reach the wishes, stay in force where stock moves, and are refused where they mean nothing. */
import { beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createRuleShop, type RuleShop } from '../../test/support/rule-shop.ts'
import { explain, previewRule, rulesApplying } from '../database/views/publishing.ts'
import { levelOf, listSlots } from '../database/views/stock.ts'
import { Problem, type ProblemCode } from '../domain/errors.ts'
import { noSettings } from '../domain/publishing.ts'
import { defineKit } from './define-kit.ts'
import { releaseReservation } from './end-reservation.ts'
import { importOrders } from './import-orders.ts'
import { changeProduct } from './manage-catalog.ts'
import { removeRule } from './manage-publishing-rules.ts'

const own = useDatabase()
let shop: RuleShop
let round = 0
beforeEach(async () => {
  shop = await createRuleShop(own.db, (round += 1))
})

const everywhere = { accountId: null, channel: null, variantId: null, category: null }

async function refusal(work: Promise<unknown>): Promise<ProblemCode> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  )
  if (error instanceof Problem) return error.code
  throw error ?? new Error('it was not refused')
}

describe('a rule', () => {
  test('changes the wishes of the slots it reaches, and no others', async () => {
    const shoe = await shop.stocked('shoe', { units: 10, category: 'Shoes' })
    const pair = await shop.stocked('pair', { units: 10, category: 'Shoes', unitsPerSale: 2 })
    const hat = await shop.stocked('hat', { units: 10 })
    const id = await shop.add({ category: 'Shoes' }, { safetyUnits: 3 })
    expect([await shop.wish(shoe), await shop.wish(pair), await shop.wish(hat)]).toEqual([10, 5, 10])
    await shop.settle()
    expect([await shop.wish(shoe), await shop.wish(pair), await shop.wish(hat)]).toEqual([7, 3, 10])
    await shop.change(id, { safetyUnits: null, cap: 2 })
    await shop.settle()
    expect([await shop.wish(shoe), await shop.wish(pair), await shop.wish(hat)]).toEqual([2, 2, 10])
    await own.db.transaction((tx) => removeRule(tx, shop.world.ctx, id))
    await shop.settle()
    expect([await shop.wish(shoe), await shop.wish(pair), await shop.wish(hat)]).toEqual([10, 5, 10])
    expect(await rulesApplying(own.db)).toBeNull()
  })

  test('of an account leaves other accounts alone; of a channel reaches them all', async () => {
    const sku = await shop.stocked('mug', { units: 10 })
    await own.db.transaction(async (tx) => {
      await shop.connect(tx, `Second ${round}`)
      await shop.link(tx, sku, `Second ${round}`)
    })
    await shop.add({ account: shop.account.name }, { cap: 4 })
    await shop.settle()
    expect([await shop.wish(sku), await shop.wish(sku, `Second ${round}`)]).toEqual([4, 10])
    await shop.add({ channel: 'storefront' }, { cap: 3, safetyUnits: 8 })
    await shop.settle()
    expect([await shop.wish(sku), await shop.wish(sku, `Second ${round}`)]).toEqual([2, 2])
  })

  test('stays in force through checkout, order, recount and release', async () => {
    const sku = await shop.stocked('mug', { units: 10 })
    await shop.add({ sku }, { safetyUnits: 2, cap: 5 })
    await shop.settle()
    expect(await shop.wish(sku)).toBe(5)
    const id = await shop.reserve(sku, 5, `a ${round}`)
    expect(await shop.wish(sku)).toBe(3)
    await own.db.transaction((tx) =>
      importOrders(tx, shop.world.ctx, { id: shop.account.id, openedAt: new Date(0) }, [
        {
          remoteId: `order ${round}`,
          placedAt: shop.world.clock.now(),
          updatedAt: shop.world.clock.now(),
          state: 'open',
          fulfilledBy: 'merchant',
          marketplace: null,
          currency: null,
          total: null,
          shipBy: null,
          deliverBy: null,
          buyer: null,
          raw: null,
          lines: [{ remoteId: '1', remoteSku: sku, title: sku, quantity: 2, shipped: 0, canceled: 0, unitPrice: null }],
        },
      ]),
    )
    expect(await shop.wish(sku)).toBe(1)
    await shop.receive(sku, -2)
    expect(await shop.wish(sku)).toBe(0)
    await own.db.transaction((tx) => releaseReservation(tx, shop.world.ctx, id))
    expect(await shop.wish(sku)).toBe(4)
    expect(await shop.wrongSlots()).toEqual([])
  })

  test('changes what is shown, never what a checkout may have', async () => {
    const sku = await shop.stocked('mug', { units: 5 })
    await shop.add({}, { cap: 0 })
    await shop.settle()
    expect(await shop.wish(sku)).toBe(0)
    await shop.reserve(sku, 5, `all ${round}`)
    expect((await levelOf(own.db, sku))!.availableToPromise).toBe(0)
    expect(await refusal(shop.reserve(sku, 1, `one more ${round}`))).toBe('insufficient_stock')
  })

  test('holds for a slot from its first moment', async () => {
    await shop.add({ category: 'Shoes' }, { cap: 1 })
    const shoe = await shop.stocked('shoe', { units: 10, category: 'Shoes' })
    expect(await shop.wish(shoe)).toBe(1)
  })

  test('is one for its scope, also when two people save at once', async () => {
    const answers = await Promise.allSettled([
      shop.add({ category: 'A' }, { cap: 1 }),
      shop.add({ category: 'A' }, { cap: 2 }),
    ])
    expect(answers.map((one) => one.status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(await refusal(shop.add({ category: 'A' }, { minimum: 1 }))).toBe('rule_exists')
    expect(await refusal(shop.add({}, {}))).toBe('rule_empty')
    expect(await refusal(shop.add({ channel: 'nowhere' }, { cap: 1 }))).toBe('unknown_channel')
    expect(await refusal(shop.add({ account: 'nobody' }, { cap: 1 }))).toBe('unknown_account')
    expect(await refusal(shop.add({ sku: 'nothing' }, { cap: 1 }))).toBe('unknown_sku')
    const id = await shop.add({ sku: await shop.stocked('mug', { units: 1 }) }, { minimum: 3 })
    expect(await refusal(shop.change(id, { cap: 2 }))).toBe('rule_minimum_above_cap')
    expect(await refusal(shop.change(id, { minimum: null }))).toBe('rule_empty')
  })

  test('is previewed as it will act', async () => {
    const skus = [
      await shop.stocked('a', { units: 1 }),
      await shop.stocked('b', { units: 9 }),
      await shop.stocked('c', { units: 0 }),
    ]
    const scope = { accountId: shop.account.id, channel: null, variantId: null, category: null }
    const settings = { ...noSettings, safetyUnits: 2 }
    const preview = await previewRule(own.db, scope, settings)
    expect(preview).toMatchObject({ slots: 3, changed: 2, toZero: 1, fromZero: 0, lower: 2, higher: 0 })
    expect(preview.samples).toContainEqual({ sku: skus[1], account: shop.account.name, from: 9, to: 7 })
    await shop.add({ account: shop.account.name }, { safetyUnits: 2 })
    await shop.settle()
    expect([await shop.wish(skus[0]!), await shop.wish(skus[1]!), await shop.wish(skus[2]!)]).toEqual([0, 7, 0])
    expect(await previewRule(own.db, scope, settings)).toMatchObject({ slots: 3, changed: 0 })
    expect(await previewRule(own.db, scope, noSettings)).toMatchObject({ changed: 2, higher: 2, fromZero: 1 })
  })
})

test('a new category brings its rules, and takes the old ones away', async () => {
  const sku = await shop.stocked('shoe', { units: 10 })
  await shop.add({ category: 'Shoes' }, { cap: 2 })
  await shop.add({ category: 'Sale' }, { safetyPercent: 50 })
  await shop.settle()
  const { productId } = (await levelOf(own.db, sku))!
  const put = (category: string | null) =>
    own.db.transaction((tx) => changeProduct(tx, shop.world.ctx, productId, { category }))
  const seen: (number | null)[] = []
  for (const category of ['Shoes', 'Sale', null]) {
    await put(category)
    await shop.settle()
    seen.push(await shop.wish(sku))
  }
  expect(seen).toEqual([2, 5, 10])
})

test('a slot tells the rules behind its number, and that a change is on its way', async () => {
  const sku = await shop.stocked('mug', { units: 10, category: 'Mugs', unitsPerSale: 2 })
  const id = await shop.add({ category: 'Mugs', account: shop.account.name }, { safetyUnits: 2 })
  await shop.settle()
  const slot = async () =>
    (await listSlots(own.db, { limit: 10, sku, account: shop.account.name }, shop.world.clock.now())).items[0]!
  expect((await slot()).explanation).toEqual({
    shows: 4,
    pending: false,
    reasons: [
      { code: 'available', amount: 10, value: 10, rule: null },
      {
        code: 'safety',
        amount: 2,
        value: 8,
        rule: { id, account: shop.account.name, channel: null, sku: null, category: 'Mugs' },
      },
      { code: 'pack', amount: 2, value: 4, rule: null },
    ],
  })
  await shop.change(id, { safetyUnits: 6 })
  const waiting = await slot()
  expect(waiting.explanation).toMatchObject({ shows: waiting.wish, pending: true })
  expect(waiting.explanation!.reasons[1]).toMatchObject({ amount: 2, rule: null })
  await shop.settle()
  expect(await slot()).toMatchObject({ wish: 2, explanation: { shows: 2, pending: false } })
  expect(await explain(own.db, [])).toEqual([])
})

test('a kit shows by the rules what its scarcest part allows', async () => {
  const part = await shop.stocked('part', { units: 10 })
  const kit = await shop.stocked('kit', { units: 0, category: 'Kits' })
  await own.db.transaction((tx) =>
    defineKit(tx, shop.world.ctx, { sku: kit, components: [{ sku: part, quantity: 2 }] }),
  )
  await shop.add({ category: 'Kits' }, { safetyUnits: 1, cap: 3 })
  expect(await previewRule(own.db, { ...everywhere, category: 'Kits' }, noSettings)).toMatchObject({ changed: 1 })
  await shop.settle()
  expect([await shop.wish(kit), await shop.wish(part)]).toEqual([3, 10])
  await shop.reserve(part, 4, `parts ${round}`)
  const [slot] = (await listSlots(own.db, { limit: 1, sku: kit }, shop.world.clock.now())).items
  expect(slot).toMatchObject({
    wish: 2,
    explanation: { shows: 2, reasons: [{ code: 'available', amount: 3 }, { amount: 1 }] },
  })
})
