/** What Amazon holds in its own warehouses, pulled by the connector and held against Amazon's model. */
import { expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import type { ChannelError } from '../../src/domain/errors.ts'
import { createBench, describeFindings } from './support/bench.ts'
import { awkwardCatalog, awkwardSkus } from './support/catalog.ts'
import { heldPath } from './support/probes.ts'
import { pullHeldStock } from './support/scenario.ts'

const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
const catalogOf = (fillers: number) => awkwardCatalog({ marketplaceIds, fillers })
const bench = (fillers = 38) => createBench({ marketplaceIds, catalog: catalogOf(fillers) })

test('all SKUs of every marketplace, over pages, with units on their way and damaged ones', async () => {
  const catalog = catalogOf(330).map((item) => ({
    ...item,
    amazon: { ...item.amazon!, inbound: item.price % 7, unsellable: item.price % 3 },
  }))
  const one = createBench({ marketplaceIds, catalog })
  const { held, unreadable, pages } = await pullHeldStock(one.account(), () => one.pass(500))
  const there = catalog.filter((item) => item.amazon.fulfilledBy === 'AMAZON')
  const told = marketplaceIds.map((id) => there.filter((item) => item.amazon.marketplaceIds!.includes(id)))
  expect(pages).toBe(told.reduce((sum, list) => sum + Math.ceil(list.length / 50), 0))
  expect(pages).toBeGreaterThan(2)
  expect(unreadable).toEqual([])
  const expected = told.flatMap((list, at) =>
    list.map(({ sku, amazon: { quantity, inbound, unsellable } }) => ({
      marketplace: marketplaceIds[at],
      remoteSku: sku,
      fulfillable: quantity,
      inbound,
      reserved: 0,
      unsellable,
    })),
  )
  const by = (a: { remoteSku: string }, b: { remoteSku: string }) => (a.remoteSku < b.remoteSku ? -1 : 1)
  expect(held.map(({ changedAt: _, ...one }) => one).sort(by)).toEqual(expected.sort(by))
  expect(describeFindings(one.findings)).toEqual([])
})

test('a sale from Amazon’s warehouses is reserved there, then gone; a merchant’s sale changes nothing', async () => {
  const one = bench()
  const account = one.account()
  const { held } = await pullHeldStock(account, () => one.pass(500))
  const sku = held[0]!.remoteSku
  const of = async (name: string) =>
    (await pullHeldStock(account, () => one.pass(500))).held.find((line) => line.remoteSku === name)
  const before = held[0]!.fulfillable
  const { orderId } = await one.control<{ orderId: string }>('POST', '/orders', { channel: 'amazon', sku, quantity: 3 })
  await one.control('POST', '/orders', { channel: 'amazon', sku: awkwardSkus[0], quantity: 2 })
  await one.pass(60_000)
  expect(await of(sku)).toMatchObject({ fulfillable: before - 3, reserved: 3 })
  expect(await of(awkwardSkus[0]!)).toBeUndefined()
  await one.pass(60 * 60_000)
  await one.control('POST', `/orders/${orderId}/ship`).catch(() => {})
  await one.pass(60_000)
  expect(await of(sku)).toMatchObject({ fulfillable: before - 3, reserved: 0 })
  expect(describeFindings(one.findings)).toEqual([])
})

test('a page token lives half a minute: its marketplace begins anew, and some refusals later it is told', async () => {
  const one = bench(330)
  const account = one.account()
  const first = await amazon.heldStock!.pull(account, null)
  expect(first.more).toBe(true)
  await one.pass(31_000)
  const refused = await amazon.heldStock!.pull(account, first.next)
  expect(refused).toMatchObject({ items: [], more: true })
  await one.pass(1_000)
  const again = await amazon.heldStock!.pull(account, refused.next)
  expect(again.items).toEqual(first.items)
  let cursor: unknown = again.next
  let error: ChannelError | undefined
  for (let tries = 0; tries < 10 && !error; tries++) {
    await one.pass(31_000)
    const page = await amazon.heldStock!.pull(account, cursor).catch((thrown: ChannelError) => {
      error = thrown
    })
    cursor = page ? page.next : cursor
  }
  expect(error).toMatchObject({ kind: 'rejected' })
  expect(describeFindings(one.findings)).toEqual([])
})

test('a seller without stock there is refused by Amazon, and has none', async () => {
  const catalog = catalogOf(4).map((item) => ({
    ...item,
    amazon: { ...item.amazon!, fulfilledBy: 'MERCHANT' as const },
  }))
  const one = createBench({ marketplaceIds, catalog })
  expect(await pullHeldStock(one.account(), () => one.pass(500))).toMatchObject({ held: [], unreadable: [], pages: 2 })
  expect(one.tallies.get('getInventorySummaries')!.statuses).toEqual({ 400: 2 })
  expect(describeFindings(one.findings)).toEqual([])
})

test('what else the simulator can be asked within the model, and what it refuses', async () => {
  const one = bench()
  const [us] = marketplaceIds
  const base = { granularityType: 'Marketplace', granularityId: us!, marketplaceIds: us! }
  const { held } = await pullHeldStock(one.account(), () => one.pass(500))
  const sku = held[0]!.remoteSku
  const asked: [query: Record<string, string>, status: number, items?: number][] = [
    [{ ...base }, 200],
    [{ ...base, details: 'true', sellerSkus: sku }, 200, 1],
    [{ ...base, details: 'false', sellerSku: sku }, 200, 1],
    [{ ...base, sellerSku: 'NO SUCH' }, 200, 0],
    [{ ...base, nextToken: 'nonsense' }, 400],
    [{ ...base, granularityId: 'A1PA6795UKMFR9', marketplaceIds: 'A1PA6795UKMFR9' }, 400],
  ]
  for (const [query, status, items] of asked) {
    await one.pass(1_000)
    const answer = await one.probe('GET', heldPath, query)
    expect([query, answer.status]).toEqual([query, status])
    if (items === undefined) continue
    const body = JSON.parse(answer.text) as { payload: { inventorySummaries: unknown[] } }
    expect(body.payload.inventorySummaries).toHaveLength(items)
  }
  expect(describeFindings(one.findings)).toEqual([])
})
