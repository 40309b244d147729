/** Feeds from the document that is put to the report that is fetched, held against Amazon's model and schemas. */
import { gzipSync } from 'node:zlib'
import { describe, expect, test } from 'vitest'
import { writeFeed } from '../../src/channels/amazon/feeds-mapping.ts'
import { amazon } from '../../src/channels/amazon/index.ts'
import { type Bench, createBench, describeFindings, seller } from './support/bench.ts'
import { awkwardCatalog, awkwardSkus } from './support/catalog.ts'
import { judgeFeed, judgeReport } from './support/feed-documents.ts'
import { lineOf, small } from './support/scenario.ts'

const minute = 60_000
const marketplaceIds = ['ATVPDKIKX0DER']
const bench = (): Bench => createBench({ marketplaceIds, catalog: awkwardCatalog({ marketplaceIds }) })

interface Truth {
  channels: { amazon: { shown: Record<string, number> } }
}

describe('feeds', () => {
  const feed = amazon.stock!.feed!
  const linesOf = (skus: readonly string[], quantity: number) => skus.map((sku) => lineOf(sku, quantity))

  test('awkward SKUs, one that is not listed, and what becomes of them', async () => {
    const one = bench()
    const account = one.account()
    const { receipt } = await feed.submit(account, linesOf([...awkwardSkus, 'NO SUCH/SKU'], 6))
    expect((await feed.collect(account, receipt!)).kind).toBe('pending')
    await one.pass(30 * minute)
    const progress = await feed.collect(account, receipt!)
    expect(progress.kind === 'done' && progress.outcomes.map(({ kind }) => kind)).toEqual([
      ...awkwardSkus.map(() => 'accepted'),
      'failed',
    ])
    await one.pass(minute)
    const { shown } = (await one.control<Truth>('GET', '/state')).channels.amazon
    expect(awkwardSkus.map((sku) => shown[sku])).toEqual(awkwardSkus.map(() => 6))
    expect(one.tallies.get('uploadFeedDocument')).toMatchObject({ requests: 1, statuses: { 200: 1 } })
    expect(one.tallies.get('downloadFeedDocument')).toMatchObject({ requests: 1, statuses: { 200: 1 } })
    expect(describeFindings(one.findings)).toEqual([])
  })

  test.each(['fatal', 'cancelled', 'refuse', 'warn', 'miscount', 'no-report', 'stuck'])(
    'one that ends by %s',
    async (kind) => {
      const one = bench()
      const account = one.account()
      await one.control('POST', '/faults', { channel: 'amazon', operation: 'JSON_LISTINGS_FEED', kind, count: 1 })
      const { receipt } = await feed.submit(account, linesOf(awkwardSkus, 6))
      await one.pass(30 * minute)
      expect((await feed.collect(account, receipt!)).kind).not.toBe('pending')
      expect(describeFindings(one.findings)).toEqual([])
    },
  )

  test('as large as a feed may be', async () => {
    const one = bench()
    const skus = Array.from(
      { length: feed.maxLines },
      (_, index) => `${'茶'.repeat(35)}${String(index).padStart(5, '0')}`,
    )
    const { receipt, outcomes } = await feed.submit(one.account(), linesOf(skus, 99_999))
    expect([typeof receipt, outcomes]).toEqual(['string', []])
    expect(describeFindings(one.findings)).toEqual([])
  })
})

test('documents of feeds are judged, too', async () => {
  const sku = awkwardSkus[0]!
  const good = writeFeed(
    seller,
    [1, 2].map((number) => ({ ...lineOf(`${sku}${number}`, 7) })),
    small,
  ).text
  expect(judgeFeed(good)).toEqual([])
  const planted: [change: (text: string) => string, at: string][] = [
    [(text) => text.replace('"messageId":2', '"messageId":1'), '/messages'],
    [(text) => text.replace('"messageId":2', '"messageId":0'), '/messages/1/messageId'],
    [(text) => text.replace('"version":"2.0"', '"version":"1.0"'), '/header/version'],
    [(text) => text.replace('"op":"merge"', '"op":"set"'), '/messages/0/patches/0/op'],
    [(text) => text.replace('"operationType":"PATCH"', '"operationType":"CHANGE"'), '/messages/0/operationType'],
    [(text) => text.replace(/"messages":.*/, '"messages":[]}'), '/messages'],
    [(text) => text.replace(/"sku":"[^"]*1"/, '"sku":""'), '/messages/0/sku'],
  ]
  for (const [change, at] of planted)
    expect(
      judgeFeed(change(good)).map((one) => one.at),
      at,
    ).toContain(at)
  const report = {
    header: { sellerId: 'S', version: '2.0', feedId: '1' },
    issues: [{ severity: 'FATAL', message: 'x' }],
  }
  const packed = gzipSync(JSON.stringify(report))
  expect(judgeReport(packed).map((one) => one.at)).toEqual(expect.arrayContaining(['/summary', '/issues/0/severity']))
  expect(judgeReport(packed.subarray(0, 20))).toHaveLength(1)
})
