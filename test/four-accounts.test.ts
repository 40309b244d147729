/**
 * Four accounts on one catalog: the hub's own connectors over real HTTP against four marketplaces, each with the delays
 * of its kind. One seed tells the whole story.
 */
import { expect, test } from 'vitest'
import type { CatalogItem } from '../simulator/index.ts'
import { amazon } from '../src/channels/amazon/index.ts'
import type { Account, Connector } from '../src/channels/connector.ts'
import { storefront } from '../src/channels/storefront/index.ts'
import { type Marketplaces, openMarketplaces, type Place, webhookSecret } from './support/marketplaces.ts'

const second = 1_000
const minute = 60 * second
const places: Place[] = ['amazon', 'ebay-like', 'walmart-like', 'storefront']
const connectors: Record<Place, Connector> = {
  amazon,
  'ebay-like': amazon,
  'walmart-like': amazon,
  storefront,
}
/** What each shows of everything at first. */
const firstShown: Record<Place, number> = { amazon: 20, 'ebay-like': 15, 'walmart-like': 12, storefront: 30 }

const catalog: CatalogItem[] = Array.from({ length: 24 }, (_, index) => ({
  sku: `SKU-${String(index + 1).padStart(2, '0')}`,
  title: `Thing ${index + 1}`,
  asin: 'B0SIM00001',
  price: 1_490,
  currency: 'USD',
  amazon: { quantity: firstShown.amazon },
  markets: {
    'ebay-like': { quantity: firstShown['ebay-like'] },
    'walmart-like': { quantity: firstShown['walmart-like'] },
  },
  storefront: { quantity: firstShown.storefront },
}))

const calm = { slowPaymentShare: 0, pendingCancelShare: 0, buyerCancelShare: 0, cancelRequestShare: 0 }

interface Story {
  /** from the push to the effect, by place, sorted */
  effects: Record<Place, number[]>
  /** from the purchase to the pull that tells it */
  learned: Record<Place, number[]>
  /** units back after a cancellation: at once, and a quarter of an hour later */
  restocked: Record<Place, [number, number]>
  /** everything the marketplaces and their clients saw, as one text */
  text: string
}

const perPlace = <T>(make: (place: Place) => T) =>
  Object.fromEntries(places.map((place) => [place, make(place)])) as Record<Place, T>

/** A hub that takes every order of the store; when each was told. */
function tellingHub(now: () => number) {
  const told = new Map<string, number>()
  let reservations = 0
  const answer: typeof fetch = async (input, init) => {
    if (!String(input).endsWith('/api/v1/orders')) return Response.json({ id: `r${++reservations}` }, { status: 201 })
    const { remoteId } = JSON.parse(String(init?.body)) as { remoteId: string }
    if (!told.has(remoteId)) told.set(remoteId, now())
    return Response.json({}, { status: 201 })
  }
  return { told, answer }
}

async function tell(seed: number): Promise<Story> {
  let now = () => 0
  const hub = tellingHub(() => now())
  const options = { limits: 'none' as const, lifecycle: calm }
  const it = await openMarketplaces(catalog, {
    seed,
    amazon: options,
    markets: { 'ebay-like': options, 'walmart-like': options },
    storefront: { hubUrl: 'http://hub.test', apiKey: 'key', account: 'store', webhookSecret },
    fetch: hub.answer,
  })
  now = () => it.sim.now().getTime()
  try {
    const accounts = perPlace<Account>((place) => it.account(place, { budget: false }))
    const effects = await pushEverywhere(it, accounts)
    const { orders, learned } = await buyEverywhere(it, accounts, hub.told)
    const restocked = await cancelOneEach(it, orders)
    const state = await it.control('/state')
    return { effects, learned, restocked, text: JSON.stringify([effects, learned, restocked, state]) }
  } finally {
    await it.close()
  }
}

/** Every connector pushes all goods at the same moment; then enough time goes by for the slowest. */
async function pushEverywhere(it: Marketplaces, accounts: Record<Place, Account>): Promise<Story['effects']> {
  const at = it.sim.now().getTime()
  for (const place of places) {
    const { push, pushBatch } = connectors[place].stock!
    for (let from = 0; from < catalog.length; from += pushBatch) {
      const lines = catalog.slice(from, from + pushBatch).map(({ sku }) => ({
        key: sku,
        remoteSku: sku,
        quantity: 9,
        version: 1,
        expected: place === 'storefront' ? firstShown.storefront : null,
      }))
      const kinds = new Set((await push(accounts[place], lines)).map(({ kind }) => kind))
      expect([...kinds]).toEqual([place === 'storefront' ? 'applied' : 'accepted'])
    }
  }
  await it.pass(20 * minute)
  const delays = perPlace<number[]>(() => [])
  for (const place of places) {
    for (const { applied, appliedAt } of (await it.state(place)).effects)
      if (applied) delays[place].push(Date.parse(appliedAt) - at)
    delays[place].sort((a, b) => a - b)
  }
  return delays
}

/** One buyer for each thing in each place; every connector asks for orders every 15 s. */
async function buyEverywhere(it: Marketplaces, accounts: Record<Place, Account>, told: Map<string, number>) {
  const at = it.sim.now().getTime()
  const orders = perPlace<string[]>(() => [])
  for (const place of places) {
    for (const { sku } of catalog) {
      const { orderId } = await it.control<{ orderId: string }>('/orders', { channel: place, sku, quantity: 2 })
      orders[place].push(orderId)
    }
  }
  const seen = new Map<string, number>(told)
  const cursors = perPlace<unknown>(() => null)
  for (let passed = 0; passed <= 12 * minute; passed += 15 * second) {
    for (const place of places) {
      const pull = connectors[place].orders?.pull
      if (!pull) continue
      for (let more = true; more; ) {
        const page = await pull(accounts[place], cursors[place])
        for (const { remoteId } of page.items) if (!seen.has(remoteId)) seen.set(remoteId, it.sim.now().getTime())
        cursors[place] = page.next
        more = page.more
      }
    }
    await it.pass(15 * second)
  }
  const learned = perPlace<number[]>(() => [])
  for (const place of places) {
    learned[place] = orders[place].map((id) => seen.get(id)! - at).sort((a, b) => a - b)
  }
  return { orders, learned }
}

async function cancelOneEach(it: Marketplaces, orders: Record<Place, string[]>): Promise<Story['restocked']> {
  const sku = catalog[0]!.sku
  const shown = async () => Promise.all(places.map(async (place) => (await it.state(place)).shown[sku]!))
  const before = await shown()
  for (const place of places) await it.control(`/orders/${orders[place][0]}/cancel`, {})
  const after = await shown()
  await it.pass(15 * minute)
  const later = await shown()
  return Object.fromEntries(
    places.map((place, index) => [place, [after[index]! - before[index]!, later[index]! - before[index]!]]),
  ) as Story['restocked']
}

const median = (sorted: number[]) => sorted[Math.floor(sorted.length / 2)]!

test('side by side, each with the delays and habits of its kind; one seed, one story', async () => {
  const story = await tell(11)
  const { effects, learned, restocked } = story
  // Writes: the store at once, the eBay-like in seconds, Amazon within 40, the Walmart-like in minutes.
  expect(effects.storefront).toEqual(catalog.map(() => 0))
  expect(median(effects['ebay-like'])).toBeLessThan(median(effects.amazon))
  expect(median(effects.amazon)).toBeLessThan(median(effects['walmart-like']))
  expect(effects.amazon.at(0)).toBeGreaterThanOrEqual(5 * second)
  expect(effects.amazon.at(-1)).toBeLessThanOrEqual(40 * second)
  expect(effects['ebay-like'].at(-1)).toBeLessThanOrEqual(2 * minute)
  expect(effects['walmart-like'].at(0)).toBeGreaterThanOrEqual(30 * second)
  expect(effects['walmart-like'].at(-1)).toBeLessThanOrEqual(14 * minute)
  // Orders: all are learned, the store's at once, the others' when search shows them.
  for (const place of places) expect(learned[place].every((delay) => delay >= 0 && delay <= 11 * minute)).toBe(true)
  expect(learned.storefront).toEqual(catalog.map(() => 0))
  for (const place of ['amazon', 'ebay-like'] as const) expect(learned[place].at(0)).toBeGreaterThanOrEqual(2 * minute)
  expect(learned['walmart-like'].at(0)).toBeGreaterThanOrEqual(3 * minute)
  expect(median(learned['walmart-like'])).toBeGreaterThan(median(learned['ebay-like']))
  // Cancellations: Amazon gives back at once, the Walmart-like later, the others never by themselves.
  expect(restocked).toEqual({ amazon: [2, 2], 'ebay-like': [0, 0], 'walmart-like': [0, 2], storefront: [0, 0] })
  expect((await tell(11)).text).toBe(story.text)
  expect((await tell(12)).text).not.toBe(story.text)
})
