/** Quantities as a file: what is written, and what becomes of each line. */
import { expect, test } from 'vitest'
import { walmartBench, walmartItem } from '../../../test/support/walmart.ts'
import { feed, readLines, writeFeed } from './feeds.ts'
import { walmart } from './index.ts'

const line = (remoteSku: string, quantity: number) => ({
  key: `k ${remoteSku}`,
  remoteSku,
  quantity,
  version: 1,
  expected: null,
})
const minutes = async (bench: ReturnType<typeof walmartBench>, count: number) => {
  for (let n = 0; n < count; n += 5) await bench.pass(5 * 60_000)
}

test('no more than 10,000 lines and 10 MB, each SKU once', () => {
  const many = Array.from({ length: 10_001 }, (_, index) => line(`SKU-${index}`, index))
  const { text, sent, outcomes } = writeFeed(many)
  expect([sent.length, outcomes.map(({ key }) => key)]).toEqual([10_000, ['k SKU-10000']])
  const file = JSON.parse(text) as { Inventory: unknown[] }
  expect([Object.keys(file), file.Inventory[7]]).toEqual([
    ['InventoryHeader', 'Inventory'],
    { sku: 'SKU-7', quantity: { unit: 'EACH', amount: 7 } },
  ])
  const long = Array.from({ length: 9_000 }, (_, index) => line(`${'茶'.repeat(600)}${index}`, 1))
  const large = writeFeed(long)
  expect(Buffer.byteLength(large.text)).toBeLessThan(10 * 1024 * 1024)
  expect(large.sent.length + large.outcomes.length).toBe(9_000)
  expect(writeFeed([line('A', 1), line('A', 2)]).outcomes).toMatchObject([
    { kind: 'failed', error: { kind: 'rejected' } },
  ])
})

test('all of it carried out is told by the counts alone; else each line tells, fifty a page', async () => {
  const skus = Array.from({ length: 120 }, (_, index) => `SKU-${index}`)
  const bench = walmartBench(skus.map((sku) => walmartItem(sku, 1)))
  const account = bench.account()
  const good = await feed.submit(
    account,
    skus.map((sku) => line(sku, 8)),
  )
  await minutes(bench, 20)
  const done = await feed.collect(account, good.receipt!)
  expect(done.kind === 'done' && new Set(done.outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']))
  const asked = async () => (await bench.truth()).calls.getFeedItemStatus!.count
  expect([await asked(), (await bench.truth()).shown['SKU-5']]).toEqual([1, 8])
  const mixed = await feed.submit(account, [...skus.map((sku) => line(sku, 9)), line('GONE', 9)])
  await minutes(bench, 20)
  const told = await feed.collect(account, mixed.receipt!)
  const failed = told.kind === 'done' ? told.outcomes.filter(({ kind }) => kind === 'failed') : []
  expect(failed).toMatchObject([{ key: 'k GONE', error: { kind: 'rejected', mayHaveApplied: false } }])
  expect(await asked()).toBe(1 + 1 + 3)
})

test('trouble on the way in, and in the feed', async () => {
  const bench = walmartBench([walmartItem('A', 1)])
  const account = bench.account()
  const submit = async () => await feed.submit(account, [line('A', 5)])
  const errorOf = async () => {
    const { receipt, outcomes } = await submit()
    const [one] = outcomes
    if (one?.kind !== 'failed') throw new Error('it did not fail')
    return [receipt, one.error.kind, one.error.mayHaveApplied]
  }
  // R34: too large, or no more this hour: nothing of it was carried out, and single calls can.
  await bench.fault('updateBulkInventory', 'too-large', { count: 1 })
  expect(await errorOf()).toEqual([null, 'unavailable', false])
  await bench.fault('updateBulkInventory', 'status', { status: 429, count: 1 })
  expect(await errorOf()).toEqual([null, 'throttled', false])
  await bench.pass(3_600_000)
  await bench.fault('updateBulkInventory', 'timeout-after-apply', { count: 1 })
  expect(await errorOf()).toEqual([null, 'unavailable', true])
  expect(await feed.unfinished(account, new Date(bench.sim.now().getTime() - 60_000))).toBe(true)
  await minutes(bench, 20)
  expect(await feed.unfinished(account, new Date(0))).toBe(false)
  await bench.fault('inventory', 'fatal', { count: 1 })
  const { receipt } = await submit()
  expect((await feed.collect(account, receipt!)).kind).toBe('pending')
  await minutes(bench, 20)
  expect(await feed.collect(account, receipt!)).toMatchObject({ kind: 'failed', error: { mayHaveApplied: true } })
})

test('lines: refused, doubtful, not told', () => {
  const details = [
    { sku: 'a', ingestionStatus: 'SUCCESS', ingestionErrors: null },
    {
      sku: 'b',
      ingestionStatus: 'DATA_ERROR',
      ingestionErrors: { ingestionError: [{ code: 'E1', description: 'bad' }] },
    },
    { sku: 'c', ingestionStatus: 'TIMEOUT_ERROR', ingestionErrors: null },
  ]
  const lines = ['a', 'b', 'c', 'd'].map((sku): [string, string] => [`k${sku}`, sku])
  expect(
    readLines(lines, details, 'F').map((one) =>
      one.kind === 'failed' ? [one.error.kind, one.error.code, one.error.mayHaveApplied] : one.kind,
    ),
  ).toEqual([
    'accepted',
    ['rejected', 'E1', false],
    ['unavailable', 'TIMEOUT_ERROR', true],
    ['unavailable', 'unaccounted', true],
  ])
})

test('prices: few by calls, many as a file', async () => {
  const skus = Array.from({ length: 30 }, (_, index) => `SKU-${index}`)
  const bench = walmartBench(skus.map((sku) => walmartItem(sku, 1)))
  const account = bench.account()
  const price = (remoteSku: string) => ({
    key: remoteSku,
    marketplace: 'WALMART_US',
    remoteSku,
    remoteId: null,
    amount: 1_234,
    currency: 'USD',
  })
  await walmart.prices!.push(account, skus.slice(0, 20).map(price))
  const outcomes = await walmart.prices!.push(account, skus.map(price))
  expect(new Set(outcomes.map(({ kind }) => kind))).toEqual(new Set(['accepted']))
  const { calls } = await bench.truth()
  expect([calls.updatePrice!.count, calls.priceBulkUploads!.count]).toEqual([20, 1])
  await minutes(bench, 30)
  const listings = await walmart.listings!.pull(account, null)
  expect(new Set(listings.items.map((one) => one.price?.amount))).toEqual(new Set([1_234]))
})

test('reconciliation files come once each, as they are', async () => {
  const bench = walmartBench([walmartItem('A', 1)])
  const account = bench.account()
  let cursor: unknown = null
  const names: string[] = []
  for (let n = 0; n < 14; n += 1) {
    const page = await walmart.settlements!.pull(account, cursor)
    names.push(...page.items.map(({ name }) => name))
    expect(page.items.every(({ body }) => new TextDecoder().decode(body).startsWith('Purchase Order #'))).toBe(true)
    cursor = JSON.parse(JSON.stringify(page.next))
  }
  expect([names.length, new Set(names).size]).toEqual([10, 10])
  expect(names[0]).toMatch(/^reconciliation-2026-\d\d-\d\d\.csv$/)
})

test('feeds that are not found, or in conflict, say nothing of the SKUs in the file', async () => {
  const bench = walmartBench([walmartItem('MUG', 5)])
  for (const status of [404, 409]) {
    const account = bench.account({
      fetch: async (input, init) =>
        String(input).includes('/v3/feeds')
          ? Response.json({ errors: [{ code: 'CODE.X', description: 'no' }] }, { status })
          : await bench.fetch(input, init),
    })
    const { receipt, outcomes } = await feed.submit(account, [line('MUG', 1)])
    expect([receipt, outcomes]).toMatchObject([null, [{ kind: 'failed', error: { kind: 'unavailable' } }]])
  }
})
