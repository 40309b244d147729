/** Claims of kits bind every component, whatever a kit is made of, before and after it changes (P-10). */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { createWorld, type World } from '../../test/support/world.ts'
import { countClaims } from '../database/claims.ts'
import type { Problem } from '../domain/errors.ts'
import { connectAccount } from './connect-account.ts'
import { defineKit } from './define-kit.ts'
import { addLocation, addProduct, linkListing } from './manage-catalog.ts'
import { moveStock } from './move-stock.ts'

const own = useDatabase()
let world: World
let round = 0
let store = ''
beforeEach(async () => {
  world = createWorld(own.db, { seed: 700 + (round += 1) })
  store = `Claims ${round}`
  await own.db.transaction(async (tx) => {
    await addLocation(tx, world.ctx, { code: `K${round}`, name: 'Main', kind: 'own', priority: 1 })
    await connectAccount(tx, world.ctx, {
      channel: 'storefront',
      name: store,
      stage: 'live',
      settings: { webhookUrl: 'https://store.example/hooks' },
      secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
    })
  })
})
afterEach(async () => expect(await miscounted()).toEqual([]))

/** Levels that do not say what the claims of the slots that draw from them add up to; a kit's own level binds nothing. */
const miscounted = () =>
  own.db.rows(
    `select v.sku, p.claimed, t.claimed as expected from pool_levels p join variants v on v.id = p.variant_id
     cross join lateral (
       select coalesce(sum(greatest(s.claim, 0) * s.units_per_sale * r.quantity), 0)::bigint as claimed
       from (select p.variant_id as sold, 1 as quantity where not exists (select 1 from kit_parts where kit_id = p.variant_id)
         union all select kit_id, quantity from kit_parts where variant_id = p.variant_id) r
       join stock_slots s on s.variant_id = r.sold and s.merchant_fulfilled) t
     where p.claimed <> t.claimed`,
  )

const name = (sku: string) => `${sku} ${round}`
async function variant(sku: string, units = 0): Promise<void> {
  await own.db.transaction(async (tx) => {
    await addProduct(tx, world.ctx, { title: sku, variants: [{ sku: name(sku) }] })
    const link = { remoteSku: name(sku), sku: name(sku), unitsPerSale: 1, marketplace: '' }
    await linkListing(tx, world.ctx, { account: store, ...link, fulfilledBy: 'merchant' })
    const move = { sku: name(sku), location: `K${round}`, kind: 'receipt' as const, quantity: units }
    if (units > 0) await moveStock(tx, world.ctx, move, 'test')
  })
}
const define = (sku: string, components: Record<string, number>) =>
  own.db.transaction((tx) =>
    defineKit(tx, world.ctx, {
      sku: name(sku),
      components: Object.entries(components).map(([one, quantity]) => ({ sku: name(one), quantity })),
    }),
  )
/** The slot of this SKU may sell so many, as a reading would say; everything it is made of is counted anew. */
const claim = (sku: string, units: number, by: 'fact' | 'send' = 'fact') =>
  own.db.transaction(async (tx) => {
    await tx.run('update stock_slots set claim = $2 where remote_sku = $1', [name(sku), units])
    const ids = await tx.rows<{ id: string }>(
      `select coalesce(k.variant_id, v.id) as id from variants v left join kit_parts k on k.kit_id = v.id where v.sku = $1`,
      [name(sku)],
    )
    await countClaims(
      tx,
      ids.map((one) => one.id),
      by,
    )
  })
const claimed = async (...skus: string[]) =>
  await Promise.all(
    skus.map(
      async (sku) =>
        (await own.db.one<{ claimed: number }>(
          'select p.claimed from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
          [name(sku)],
        ))!.claimed,
    ),
  )

test('a claim of a kit binds each of its parts, over all levels, and more than the scarcest part has is refused', async () => {
  await variant('CUP', 40)
  await variant('LID', 9)
  await variant('BOX')
  await variant('SET')
  await define('BOX', { CUP: 4, LID: 1 })
  await define('SET', { BOX: 2, CUP: 1 })
  for (const sku of ['CUP', 'LID', 'BOX', 'SET']) await claim(sku, 0)
  await claim('SET', 3, 'send')
  expect(await claimed('CUP', 'LID', 'BOX', 'SET')).toEqual([27, 6, 0, 0])
  await claim('CUP', 5, 'send')
  expect(await claimed('CUP', 'LID')).toEqual([32, 6])
  // Two more sets would take 18 cups, of which 8 are free; one would fit the lids, none the cups.
  await expect(claim('SET', 4, 'send')).rejects.toMatchObject({ constraint: 'claims_covered' })
  await claim('BOX', 2, 'send')
  expect(await claimed('CUP', 'LID')).toEqual([40, 8])
  await expect(claim('LID', 2, 'send')).rejects.toMatchObject({ constraint: 'claims_covered' })
})

test('a kit that is made of other things from now on binds those, and what it was made of is free again', async () => {
  await variant('CUP', 40)
  await variant('POT', 10)
  await variant('INNER')
  await variant('SET')
  await define('INNER', { CUP: 2 })
  await define('SET', { INNER: 1, POT: 1 })
  for (const sku of ['CUP', 'POT', 'INNER', 'SET']) await claim(sku, 0)
  await claim('SET', 5, 'send')
  await claim('INNER', 3, 'send')
  expect(await claimed('CUP', 'POT')).toEqual([16, 5])
  // The inner kit: what holds it follows.
  await define('INNER', { CUP: 3, POT: 1 })
  expect(await claimed('CUP', 'POT')).toEqual([24, 13])
  // Ten pots are there: what the definition took from under the claims is said, and no send can add to it.
  expect(
    await own.db.one('select p.uncovered from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1', [
      name('POT'),
    ]),
  ).toEqual({ uncovered: 3 })
  await define('SET', {})
  expect(await claimed('CUP', 'POT', 'SET')).toEqual([9, 3, 5])
  await define('SET', { CUP: 1 })
  expect(await claimed('CUP', 'POT', 'SET')).toEqual([14, 3, 0])
})

test('a variant that sold by itself and becomes a kit binds its components at once', async () => {
  await variant('CUP', 40)
  await variant('SET')
  await claim('CUP', 0)
  await claim('SET', 4)
  expect(await claimed('CUP', 'SET')).toEqual([0, 4])
  await define('SET', { CUP: 6 })
  expect(await claimed('CUP', 'SET')).toEqual([24, 0])
})

test('what cannot be a kit is refused with names, and nothing changes', async () => {
  const refusal = async (work: Promise<unknown>) => {
    const problem = (await work.then(
      () => undefined,
      (error: Problem) => error,
    )) as Problem | undefined
    return [problem?.code, problem?.params]
  }
  await variant('SCREW', 5)
  const kits = Array.from({ length: 21 }, (_, at) => `K${at}`)
  for (const sku of kits) await variant(sku)
  await define('K0', { SCREW: 1 })
  for (let at = 1; at < 20; at += 1) await define(kits[at]!, { [kits[at - 1]!]: 1 })
  const params = { sku: name('K20'), depth: 21, most: 20 }
  expect(await refusal(define('K20', { K19: 1 }))).toEqual(['kit_too_deep', params])
  // The innermost, not the outermost, is made deeper: what would be too deep is named.
  const outer = { sku: name('K19'), depth: 21, most: 20 }
  await define('K20', { SCREW: 2 })
  expect(await refusal(define('K0', { K20: 1 }))).toEqual(['kit_too_deep', outer])
  const cycle = ['K1', 'K3', 'K2', 'K1'].map(name).join(' → ')
  expect(await refusal(define('K1', { K3: 1, SCREW: 1 }))).toEqual(['kit_in_itself', { cycle }])
  expect(
    await own.db.one('select count(*) as n from kit_parts k join variants v on v.id = k.kit_id where v.sku = $1', [
      name('K20'),
    ]),
  ).toEqual({ n: 1 })
})

test('a slot of which nothing is known counts from the moment it is linked, for every part of what it sells', async () => {
  const unknown = async (sku: string) =>
    (await own.db.one<{ unknown: number }>(
      'select p.unknown_claims as unknown from pool_levels p join variants v on v.id = p.variant_id where v.sku = $1',
      [name(sku)],
    ))!.unknown
  await variant('CUP', 5)
  expect(await unknown('CUP')).toBe(1)
  await variant('SET')
  await define('SET', { CUP: 2 })
  expect([await unknown('CUP'), await unknown('SET')]).toEqual([2, 0])
  await claim('CUP', 0)
  await claim('SET', 0)
  expect(await unknown('CUP')).toBe(0)
  const link = { remoteSku: name('SET-2'), sku: name('SET'), unitsPerSale: 2, marketplace: '' }
  await own.db.transaction((tx) => linkListing(tx, world.ctx, { account: store, ...link, fulfilledBy: 'merchant' }))
  expect([await unknown('CUP'), await unknown('SET')]).toEqual([1, 0])
})
