/** A full comparison names exactly the slots that planning everything, one variant after the other, would change. */
import { beforeEach, describe, expect, test } from 'vitest'
import { useDatabase } from '../../test/support/database.ts'
import { printCount, reconciledVariants } from '../../test/support/iterations.ts'
import { createWorld, seeded } from '../../test/support/world.ts'
import { type AccountRow, allAccounts } from '../database/accounts.ts'
import { countClaims } from '../database/claims.ts'
import type { Database } from '../database/pool.ts'
import { allRules, applyRules, insertRule } from '../database/publishing-rules.ts'
import { kitSets } from '../database/reconcile.ts'
import { readSlots, type SlotRow } from '../database/slots.ts'
import { noSettings, ruleBook, type ShowSettings } from '../domain/publishing.ts'
import { connectAccount } from './connect-account.ts'
import type { Context } from './context.ts'
import { planSlots } from './plan-slots.ts'
import { reconcileSlots } from './reconcile-slots.ts'

const own = useDatabase()

interface Shop {
  ctx: Context
  random: () => number
  accounts: AccountRow[]
  pick<T>(list: readonly T[]): T
  upTo(most: number): number
}

async function openShop(db: Database, seed: number): Promise<Shop> {
  const { ctx } = createWorld(db, { seed })
  const random = seeded(seed)
  const store = (name: string, stage: AccountRow['stage']) =>
    db.transaction((tx) =>
      connectAccount(tx, ctx, {
        channel: 'storefront',
        name,
        stage,
        settings: { webhookUrl: 'https://store.example/hooks' },
        secrets: { webhookSecret: `whsec_${'A'.repeat(32)}` },
      }),
    )
  await store('Store', 'live')
  await store('Paused', 'paused')
  await store('Shadow', 'shadow')
  for (const [name, region] of [
    ['US', 'na'],
    ['EU', 'eu'],
  ] as const)
    await db.run(
      `insert into accounts (id, channel, name, stage, region, settings, opened_at, created_at) values ($1, 'amazon', $2, 'live', $3, '{}', $4, $4)`,
      [ctx.newId(), name, region, ctx.clock.now()],
    )
  return {
    ctx,
    random,
    accounts: await allAccounts(db),
    pick: (list) => list[Math.floor(random() * list.length)]!,
    upTo: (most) => Math.floor(random() * (most + 1)),
  }
}

interface Made {
  variant: string
  units: number
  mode: string
  claimed: number
  unknown: number
  slots: Slot[]
}
interface Slot {
  id: string
  account: AccountRow
  sku: string
  shown: number | null
  live: number | null
  wish: number | null
  claim: number | null
  state: unknown
  demand: unknown
  perSale: number
  merchant: boolean | null
  waits: boolean
}

/** Mostly quiet, as a catalog is; each kind of unrest comes now and then. */
function someVariant(shop: Shop, name: string): Made {
  const { ctx, random, pick, upTo, accounts } = shop
  const now = ctx.clock.now().getTime()
  const isQuiet = random() < 0.6
  const rarely = (chance = 0.03) => !isQuiet && random() < chance
  const units = pick([0, 0, 1, 3, 20, 60, 60, 200, 200])
  const isEven = isQuiet || random() < 0.7
  const share = Math.floor(units / 5)
  const slots = accounts.map((account, index): Slot => {
    const shown = rarely(0.02) ? null : isEven ? share : upTo(share + 1)
    const claim = rarely(0.02) ? null : Math.max(0, (shown ?? 0) + (rarely(0.2) ? upTo(4) - 2 : 0))
    const sales = upTo(40)
    return {
      id: ctx.newId(),
      account,
      sku: `${name} ${index}`,
      shown,
      live: rarely(0.02) ? upTo(share) : null,
      wish: rarely() ? upTo(units) : account.stage === 'shadow' ? (rarely(0.2) ? upTo(units) : units) : (shown ?? 0),
      claim,
      state: rarely(0.02) ? { alarm: rarely(0.5), strays: [], settlements: [], live: null, doubtedUntil: 0 } : null,
      demand:
        random() < 0.5
          ? null
          : {
              units: 0.5 + sales,
              hours: rarely(0.1) ? 0 : pick([24, 500, 500]),
              sales,
              several: upTo(sales),
              at: now - upTo(1e8),
            },
      perSale: rarely(0.1) ? 2 : 1,
      merchant: rarely(0.03) ? pick([false, null]) : true,
      waits: rarely(0.02),
    }
  })
  const counted = slots.filter((slot) => slot.merchant && ['live', 'paused'].includes(slot.account.stage))
  return {
    variant: ctx.newId(),
    units,
    mode: isQuiet ? 'guarded' : pick(['guarded', 'guarded', 'shared', 'adaptive']),
    claimed: counted.reduce((sum, { claim, perSale }) => sum + (claim ?? 0) * perSale, 0),
    unknown: counted.filter((slot) => slot.claim === null).length,
    slots,
  }
}

async function fill(shop: Shop, count: number): Promise<Made[]> {
  const { ctx } = shop
  const now = ctx.clock.now()
  const products = [null, 'mugs', 'books'].map((category) => ({ id: ctx.newId(), category }))
  const made = Array.from({ length: count }, (_, index) => someVariant(shop, `v${index}`))
  await ctx.db.run(
    'insert into products (id, title, category, created_at) select id, $3, category, $4 from unnest($1::uuid[], $2::text[]) as t(id, category)',
    [products.map((one) => one.id), products.map((one) => one.category), 'Goods', now],
  )
  await ctx.db.run(
    'insert into variants (id, product_id, sku, title, created_at) select id, product, sku, sku, $4 from unnest($1::uuid[], $2::uuid[], $3::text[]) as t(id, product, sku)',
    [made.map((one) => one.variant), made.map(() => shop.pick(products).id), made.map((_, index) => `v${index}`), now],
  )
  await ctx.db.run(
    `insert into pool_levels (variant_id, on_hand, unsellable, reserved, allocated, short, mode, claimed, unknown_claims, uncovered)
     select id, units, 0, 0, 0, 0, mode, claimed, unknown, greatest(0, claimed - units)
     from unnest($1::uuid[], $2::bigint[], $3::text[], $4::bigint[], $5::int[]) as t(id, units, mode, claimed, unknown)`,
    [
      made.map((one) => one.variant),
      made.map((one) => one.units),
      made.map((one) => one.mode),
      made.map((one) => one.claimed),
      made.map((one) => one.unknown),
    ],
  )
  const slots = made.flatMap(({ variant, slots }) => slots.map((slot) => ({ ...slot, variant })))
  await ctx.db.run(
    `insert into stock_slots (id, account_id, region, remote_sku, variant_id, units_per_sale, merchant_fulfilled, wish, version, live_value, live_version,
       live_sent_at, confirmed_value, confirmed_at, claim, claim_state, demand, waits)
     select id, account, region, sku, variant, per_sale, merchant, wish, 1, live, case when live is not null then 1 end, case when live is not null then $13::timestamptz end,
       shown, case when shown is not null then $13::timestamptz end, claim, state, demand, waits
     from unnest($1::uuid[], $2::uuid[], $3::text[], $4::text[], $5::uuid[], $6::int[], $7::boolean[], $8::bigint[], $9::bigint[], $10::bigint[], $11::bigint[],
       $12::jsonb[], $14::jsonb[], $15::boolean[]) as t(id, account, region, sku, variant, per_sale, merchant, wish, live, shown, claim, state, demand, waits)`,
    [
      slots.map((s) => s.id),
      slots.map((s) => s.account.id),
      slots.map((s) => s.account.region),
      slots.map((s) => s.sku),
      slots.map((s) => s.variant),
      slots.map((s) => s.perSale),
      slots.map((s) => s.merchant),
      slots.map((s) => s.wish),
      slots.map((s) => s.live),
      slots.map((s) => s.shown),
      slots.map((s) => s.claim),
      slots.map((s) => s.state && JSON.stringify(s.state)),
      now,
      slots.map((s) => s.demand && JSON.stringify(s.demand)),
      slots.map((s) => s.waits),
    ],
  )
  return made
}

/** Every variant planned by the rules; what is another one then than it is now. */
async function plannedOneByOne({ ctx }: Shop, sets: readonly (readonly string[])[]): Promise<number> {
  const book = ruleBook(await allRules(ctx.db))
  const categories = new Map(
    (
      await ctx.db.rows<{ id: string; category: string | null }>(
        'select v.id, p.category from variants v join products p on p.id = v.product_id',
      )
    ).map((row) => [row.id, row.category]),
  )
  let differing = 0
  for (const set of sets) {
    const slots = await readSlots(ctx.db, set)
    const ruled = slots.map((slot): SlotRow => {
      const target = { ...slot, variantId: slot.variantId!, category: categories.get(slot.variantId!) ?? null }
      return { ...slot, rule: book.of(target).settings }
    })
    const planned = await planSlots(ctx.db, ctx, ruled, ctx.clock.now())
    differing += slots.filter(
      (slot, index) =>
        slot.wish !== planned[index]!.wish ||
        slot.waits !== planned[index]!.waits ||
        JSON.stringify(slot.rule) !== JSON.stringify(ruled[index]!.rule),
    ).length
  }
  return differing
}

/** Of each kind of scope, with settings drawn by chance. */
async function someRules({ ctx, random, pick, upTo, accounts }: Shop, made: readonly Made[]): Promise<void> {
  const settings = (): ShowSettings => ({
    safetyUnits: random() < 0.4 ? upTo(4) : null,
    safetyPercent: random() < 0.3 ? upTo(50) : null,
    // A rule sets something.
    cap: 3 + upTo(200),
    minimum: random() < 0.3 ? upTo(2) : null,
    stopBelow: random() < 0.3 ? upTo(5) : null,
  })
  const nowhere = { accountId: null, channel: null, variantId: null, category: null }
  const scopes = [
    nowhere,
    { ...nowhere, channel: 'amazon' },
    { ...nowhere, accountId: pick(accounts).id },
    { ...nowhere, category: 'mugs' },
    { ...nowhere, category: 'mugs', accountId: pick(accounts).id },
    ...made.slice(0, 5).map((one) => ({ ...nowhere, variantId: one.variant })),
  ]
  await ctx.db.transaction(async (tx) => {
    for (const scope of scopes)
      if (random() < 0.6)
        await insertRule(tx, { id: ctx.newId(), ...noSettings, ...scope, ...settings() }, 'test', ctx.clock.now())
  })
  // Not all slots were told yet.
  const told = made.flatMap((one) => one.slots).filter(() => random() < 0.95)
  await ctx.db.transaction(
    async (tx) =>
      void (await applyRules(
        tx,
        told.map((slot) => slot.id),
      )),
  )
}

/** Channels take what they are told, and then some stock and some wishes change behind everybody's back. */
async function restAndDisturb({ ctx, random, upTo }: Shop, made: readonly Made[]): Promise<void> {
  const { db } = ctx
  for (let round = 0; round < 4; round += 1) {
    await reconcileSlots(ctx, { mend: true })
    await db.run(
      `update stock_slots set confirmed_value = wish, confirmed_at = $1, claim = wish, live_value = null, live_version = null, live_sent_at = null,
         claim_state = null where variant_id is not null and wish is not null`,
      [ctx.clock.now()],
    )
    await db.transaction((tx) =>
      countClaims(
        tx,
        made.map((one) => one.variant),
        'fact',
      ),
    )
  }
  for (const { variant } of made.filter(() => random() < 0.2))
    await db.run('update pool_levels set on_hand = $2, uncovered = claimed where variant_id = $1', [variant, upTo(60)])
  for (const slot of made.flatMap((one) => one.slots).filter(() => random() < 0.02))
    await db.run('update stock_slots set wish = $2 where id = $1', [slot.id, upTo(60)])
}

let shop: Shop
let seed = 0
beforeEach(async () => {
  seed += 1
  await own.db.run(
    'truncate accounts, products, pool_levels, stock_slots, publishing_rules, kit_parts, kit_components cascade',
  )
  shop = await openShop(own.db, seed)
})

describe('a full comparison', () => {
  test.each(['without rules', 'with rules', 'without rules again'])(
    'names what planning everything would change, %s',
    async (name) => {
      const made = await fill(shop, reconciledVariants)
      if (name === 'with rules') {
        await someRules(shop, made)
        await restAndDisturb(shop, made)
      }
      const result = await reconcileSlots(shop.ctx, { mend: false })
      const differing = await plannedOneByOne(
        shop,
        made.map((one) => [one.variant]),
      )
      printCount(`variants compared, ${name}`, made.length)
      process.stdout.write(`${result.planned} planned, ${result.differing} slots differ\n`)
      expect(result.differing).toBe(differing)
      expect(differing).toBeGreaterThan(0)
      // A comparison that plans everything would be right as well, and too slow for a million.
      expect(result.planned).toBeLessThan(made.length * (name === 'with rules' ? 0.95 : 0.8))
      expect(result.examples.length).toBe(20)
    },
  )

  test('of kits plans all that share a part together', async () => {
    const made = await fill(shop, 60)
    const [kit, one, other] = made.map((each) => each.variant)
    await own.db.run('insert into kit_parts (kit_id, variant_id, quantity) values ($1, $2, 1), ($1, $3, 2)', [
      kit,
      one,
      other,
    ])
    const sets = await kitSets(own.db)
    expect(sets.map((set) => [...set].sort())).toEqual([[kit!, one!, other!].sort()])
    const result = await reconcileSlots(shop.ctx, { mend: false })
    expect(result.differing).toBe(
      await plannedOneByOne(shop, [...sets, ...made.slice(3).map((each) => [each.variant])]),
    )
  })

  test('mends, and finds nothing then; what waits to be sent is what differs from the channels', async () => {
    const made = await fill(shop, 120)
    await someRules(shop, made)
    await own.db.run('insert into kit_parts (kit_id, variant_id, quantity) values ($1, $2, 1)', [
      made[0]!.variant,
      made[1]!.variant,
    ])
    const found = await reconcileSlots(shop.ctx, { mend: false })
    const mended = await reconcileSlots(shop.ctx, { mend: true })
    expect(mended.differing).toBe(found.differing)
    expect(mended.differing).toBeGreaterThan(0)
    const again = await reconcileSlots(shop.ctx, { mend: false })
    expect(again.differing).toBe(0)
    const dirty = await own.db.one<{ count: number }>(
      'select count(*) as count from stock_slots where dirty and not waits',
    )
    expect(again.accounts.reduce((sum, one) => sum + one.due, 0)).toBe(dirty!.count)
    const us = again.accounts.find((one) => one.account === 'US')!
    expect(us.calls).toBe(us.due)
    expect(us.due > 0 ? us.endsAt! > shop.ctx.clock.now() : us.endsAt === null).toBe(true)
  })

  test('of nothing finds nothing', async () => {
    await own.db.run('truncate accounts, products cascade')
    expect(await reconcileSlots(shop.ctx, { mend: true })).toEqual({
      planned: 0,
      differing: 0,
      examples: [],
      accounts: [],
    })
  })
})
