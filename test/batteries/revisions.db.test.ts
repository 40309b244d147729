/** A listing that eBay lets be changed so often a day only, and a SKU that sells all the time: what leaves, and when. */
import { expect, test } from 'vitest'
import { ebay } from '../../src/channels/ebay/index.ts'
import { registry } from '../../src/channels/registry.ts'
import type { Mode } from '../../src/database/claims.ts'
import { revisionsOf } from '../../src/database/revisions.ts'
import { connectAccount } from '../../src/operations/connect-account.ts'
import type { AccountAtWork } from '../../src/operations/context.ts'
import { addLocation, addProduct, linkListing } from '../../src/operations/manage-catalog.ts'
import { moveStock } from '../../src/operations/move-stock.ts'
import { pullListings } from '../../src/operations/pull-listings.ts'
import { pullOrders } from '../../src/operations/pull-orders.ts'
import { pushStock } from '../../src/operations/push-stock.ts'
import { readStock } from '../../src/operations/read-stock.ts'
import { emptyDatabase } from '../simulation/installation.ts'
import { useDatabase } from '../support/database.ts'
import { ebayBench, ebayItem, ebaySecrets, ebaySettings } from '../support/ebay.ts'
import { patienceMs, changesOfADay as perDay, printCount, salesOfADay as sales } from '../support/iterations.ts'
import { createWorld, reserve, workFor } from '../support/world.ts'

const own = useDatabase()
const sku = 'MUG'
const second = 1_000
const minute = 60 * second
const day = 24 * 60 * minute

/** An account at eBay, a store beside it, and so many units of one SKU. */
async function shop(mode: Mode, units: number) {
  await emptyDatabase(own.db)
  const bench = ebayBench([{ ...ebayItem(sku, 0), storefront: { quantity: 0 } }], {
    limits: 'published',
    revisionsPerDay: perDay,
  })
  const world = createWorld(own.db, {
    now: () => bench.sim.now(),
    fetch: async (input, init) => await bench.sim.handle(new Request(input, init)),
  })
  const { ctx } = world
  const counted = { ...ebay, stock: { ...ebay.stock!, revisionsPerDay: perDay } }
  ctx.registry = new Map([...registry, ['ebay', counted]])
  const webhookSecret = `whsec_${Buffer.alloc(24, 7).toString('base64')}`
  await own.db.transaction(async (tx) => {
    await addLocation(tx, ctx, { code: 'MAIN', name: 'Main', kind: 'own', priority: 1 })
    const settings = ebaySettings
    await connectAccount(tx, ctx, { channel: 'ebay', name: 'eBay', stage: 'live', settings, secrets: ebaySecrets })
    await connectAccount(tx, ctx, {
      channel: 'storefront',
      name: 'Store',
      stage: 'live',
      settings: { webhookUrl: 'http://simulator.test/storefront/webhooks', sameNetwork: true },
      secrets: { webhookSecret },
    })
    await addProduct(tx, ctx, { title: 'Mug', variants: [{ sku }] })
    await moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity: units }, 'test')
    const link = {
      account: 'Store',
      remoteSku: sku,
      sku,
      unitsPerSale: 1,
      marketplace: '',
      fulfilledBy: 'merchant' as const,
    }
    await linkListing(tx, ctx, link)
  })
  await own.db.run('update pool_levels set mode = $1', [mode])
  const hubUrl = 'http://hub.test'
  bench.sim.connectStorefront({ hubUrl, apiKey: '', account: 'Store', webhookSecret })
  const works = new Map<string, AccountAtWork>()
  const at = async (name = 'eBay') => {
    const work = works.get(name) ?? (await workFor(ctx, name))
    works.set(name, work)
    // Its lease is always renewed in time here.
    Object.assign(work.lease(), { until: ctx.monotonic() + minute })
    await own.db.run('update leases set expires_at = $1', [new Date(ctx.clock.now().getTime() + minute)])
    return work
  }
  while ((await pullListings(ctx, await at())).more);
  return {
    bench,
    ctx,
    at,
    pull: async () => {
      while ((await pullOrders(ctx, await at())).more);
    },
    read: async () => {
      for (const name of ['eBay', 'Store']) await readStock(ctx, await at(name))
    },
    push: async () => {
      await pushStock(ctx, await at('Store'))
      return (await pushStock(ctx, await at())).sent
    },
    receive: async (quantity: number) =>
      void (await own.db.transaction((tx) =>
        moveStock(tx, ctx, { sku, location: 'MAIN', kind: 'receipt', quantity }, 'test'),
      )),
    /** A checkout in the store, which refuses what it does not show. */
    async sellInStore(reference: string) {
      const { channels } = await bench.control<{ channels: { storefront: { shown: Record<string, number> } } }>(
        '/state?limit=1',
      )
      const shown = channels.storefront.shown[sku]!
      if (shown < 1) throw new Error('the store shows nothing')
      await reserve(ctx, 'Store', { reference, lines: [{ sku, quantity: 1 }], expiresInSeconds: 86_400 })
      await bench.control('/quantities', { channel: 'storefront', sku, quantity: shown - 1 })
    },
  }
}

interface Sales {
  sold: number
  elsewhere: number
  refused: number
}

async function sellThroughADay(it: Awaited<ReturnType<typeof shop>>): Promise<Sales> {
  const told: Sales = { sold: 0, elsewhere: 0, refused: 0 }
  const every = day / sales
  let pulledAt = 0
  for (let n = 0; n < sales; n += 1) {
    await it.bench.pass(every)
    if (n % 2 === 0) {
      await it.sellInStore(`S${n}`).then(
        () => void (told.elsewhere += 1),
        () => void (told.refused += 1),
      )
    } else {
      await it.bench.buy(sku).then(
        () => void (told.sold += 1),
        () => void (told.refused += 1),
      )
    }
    // Goods come in by handfuls, so that a listing is raised again and again.
    if (n % 8 === 7) await it.receive(8)
    await it.push()
    if (it.bench.sim.now().getTime() - pulledAt < minute) continue
    pulledAt = it.bench.sim.now().getTime()
    await it.pull()
    await it.read()
  }
  return told
}

test.each(['guarded', 'shared'] as const)('a day of sales of one SKU, %s', { timeout: patienceMs }, async (mode) => {
  const it = await shop(mode, 20)
  for (let n = 0; n < 20; n += 1) {
    await it.pull()
    await it.push()
    await it.read()
    await it.bench.pass(minute)
  }
  const before = it.bench.sim.now().getTime()
  const told = await sellThroughADay(it)
  expect(told.sold + told.elsewhere).toBeGreaterThan(sales * 0.7)
  const writes = async () =>
    (await it.bench.truth()).effects.filter(({ operation }) => operation === 'bulkUpdatePriceQuantity')
  const { length } = await writes()
  expect(length).toBeGreaterThan(perDay / 10)
  expect(length).toBeLessThanOrEqual(perDay * 0.8)

  // The rest is gone at once, elsewhere: nothing may keep eBay from showing nothing.
  await it.pull()
  const level = await own.db.one<{ atp: number }>(
    'select on_hand - unsellable - reserved - allocated as atp from pool_levels',
  )
  await own.db.transaction((tx) =>
    moveStock(tx, it.ctx, { sku, location: 'MAIN', kind: 'adjustment', quantity: -level!.atp }, 'test'),
  )
  const gone = it.bench.sim.now().getTime()
  while ((await it.push()) === 0 && it.bench.sim.now().getTime() - gone < minute) await it.bench.pass(second)
  const last = (await writes()).at(-1)!
  expect(last).toMatchObject({ sku, quantity: 0 })
  const tookMs = it.bench.sim.now().getTime() - gone
  expect(tookMs).toBeLessThanOrEqual(5 * second)
  const listing = (await own.db.one<{ remote_id: string }>(
    "select remote_id from listings where marketplace = 'EBAY_US'",
  ))!
  const account = (await own.db.one<{ id: string }>("select id from accounts where channel = 'ebay'"))!
  const all = (await writes()).length
  expect(await revisionsOf(own.db, account.id, listing.remote_id)).toBe(all)
  expect(all).toBeLessThanOrEqual(perDay * 0.8)
  printCount(`sales of one SKU in a day (${mode})`, told.sold + told.elsewhere)
  process.stdout.write(
    `  ${mode}: ${told.sold} sold on eBay, ${told.elsewhere} elsewhere, ${told.refused} refused; ${all} changes of the listing in ${(gone - before) / day} days, sell-out left after ${tookMs} ms\n`,
  )
})
