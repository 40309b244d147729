/** What may happen on the way to a feed and to its report. */
import { afterEach, beforeEach, expect, test } from 'vitest'
import { goods, line, linesFor } from '../../../test/support/feed-lines.ts'
import { type Marketplaces, openMarketplaces } from '../../../test/support/marketplaces.ts'
import type { FeedProgress, QuantityLine } from '../connector.ts'
import { amazon } from './index.ts'

const minute = 60_000
const feed = amazon.stock!.feed!

let it: Marketplaces

beforeEach(async () => {
  it = await openMarketplaces(goods(5), {
    amazon: { feedPace: { queueMs: 5_000, feedMs: 5 * minute, per1000Ms: 0 } },
  })
})
afterEach(() => it.close())

async function submitted(lines: QuantityLine[]): Promise<string> {
  const { receipt, outcomes } = await feed.submit(it.account(), lines)
  expect(outcomes).toEqual([])
  return receipt!
}

const kindsOf = (progress: FeedProgress) => (progress.kind === 'done' ? progress.outcomes.map(({ kind }) => kind) : [])

const plant = (operation: string, kind: string, more: object = {}) =>
  it.control('/faults', { channel: 'amazon', operation, kind, count: 1, ...more })

test.each([
  { operation: 'createFeedDocument', kind: 'drop', error: { kind: 'unavailable', mayHaveApplied: false } },
  {
    operation: 'createFeedDocument',
    kind: 'timeout-after-apply',
    error: { kind: 'unavailable', mayHaveApplied: false },
  },
  { operation: 'uploadFeedDocument', kind: 'drop', error: { kind: 'unavailable', mayHaveApplied: false } },
  { operation: 'uploadFeedDocument', kind: 'status', error: { code: 'HTTP 500', mayHaveApplied: false } },
  {
    operation: 'createFeed',
    kind: 'status',
    more: { status: 429 },
    error: { kind: 'throttled', mayHaveApplied: false },
  },
  {
    operation: 'createFeed',
    kind: 'status',
    more: { status: 400 },
    error: { kind: 'rejected', mayHaveApplied: false },
  },
  {
    operation: 'createFeed',
    kind: 'status',
    more: { status: 503 },
    error: { kind: 'unavailable', mayHaveApplied: true },
  },
  { operation: 'createFeed', kind: 'drop', error: { kind: 'unavailable', mayHaveApplied: true } },
  { operation: 'createFeed', kind: 'timeout-after-apply', error: { kind: 'unavailable', mayHaveApplied: true } },
  { operation: 'createFeed', kind: 'malformed', error: { kind: 'unavailable', mayHaveApplied: true } },
])('$operation, $kind $more: told line by line, and sent once', async ({ operation, kind, more, error }) => {
  await plant(operation, kind, more)
  const { receipt, outcomes } = await feed.submit(it.account(), linesFor(2))
  expect(receipt).toBeNull()
  expect(outcomes).toMatchObject([
    { key: 'slot of SKU-1', kind: 'failed', error },
    { key: 'slot of SKU-2', kind: 'failed', error },
  ])
  const { calls, feeds } = await it.state()
  expect(calls.createFeed?.count ?? 0).toBeLessThanOrEqual(1)
  expect(feeds.length).toBe(['timeout-after-apply', 'malformed'].includes(kind) && operation === 'createFeed' ? 1 : 0)
})

test.each(['getFeed', 'getFeedDocument', 'downloadFeedDocument'])(
  '%s, lost: asked again, it tells all',
  async (operation) => {
    const receipt = await submitted(linesFor(2))
    await it.pass(10 * minute)
    for (const kind of ['drop', 'status', 'timeout-after-apply']) {
      await plant(operation, kind)
      await expect(feed.collect(it.account(), receipt)).rejects.toMatchObject({ kind: 'unavailable' })
    }
    expect(kindsOf(await feed.collect(it.account(), receipt))).toEqual(['accepted', 'accepted'])
  },
)

test('a feed whose answer was lost: it is not over until the question for unfinished ones says so', async () => {
  const account = it.account()
  const since = it.sim.now()
  await submitted([line('SKU-2', 1)])
  await it.pass(10 * minute)
  expect(await feed.unfinished(account, since)).toBe(false)
  await plant('createFeed', 'timeout-after-apply')
  expect((await feed.submit(account, linesFor(1))).outcomes).toMatchObject([{ error: { mayHaveApplied: true } }])
  expect(await feed.unfinished(account, since)).toBe(true)
  await it.pass(6_000)
  expect(await feed.unfinished(account, since)).toBe(true)
  await it.pass(5 * minute)
  expect(await feed.unfinished(account, since)).toBe(false)
  await plant('getFeeds', 'drop')
  await expect(feed.unfinished(account, since)).rejects.toMatchObject({ kind: 'unavailable' })
})

test('an address that ran out before it was used: the next one works', async () => {
  const receipt = await submitted(linesFor(1))
  await it.pass(10 * minute)
  const slow: typeof fetch = async (input, init) => {
    if (String(input).includes('/feed-documents/')) await it.pass(5 * minute)
    return fetch(input, init)
  }
  await expect(feed.collect(it.account('amazon', { fetch: slow }), receipt)).rejects.toMatchObject({
    code: 'HTTP 403',
  })
  expect((await feed.collect(it.account(), receipt)).kind).toBe('done')
  expect((await feed.submit(it.account('amazon', { fetch: slow }), linesFor(1))).outcomes).toMatchObject([
    { kind: 'failed', error: { code: 'HTTP 403', mayHaveApplied: false } },
  ])
})

test('a feed that is no longer listed is over, and unknown', async () => {
  const receipt = JSON.stringify({ feedId: '123456789012', keys: ['a'] })
  expect(await feed.collect(it.account(), receipt)).toMatchObject({
    kind: 'failed',
    error: { kind: 'missing', mayHaveApplied: true },
  })
})

test('an address inside the own network is not called, neither to put nor to fetch', async () => {
  const called: string[] = []
  const lying: typeof fetch = async (input, init) => {
    called.push(String(input))
    const answer = await fetch(input, init)
    if (!String(input).includes('/2021-06-30/documents')) return answer
    const body = (await answer.json()) as object
    return Response.json({ ...body, url: 'http://169.254.169.254/latest/meta-data' }, { status: answer.status })
  }
  expect((await feed.submit(it.account('amazon', { fetch: lying }), linesFor(1))).outcomes).toMatchObject([
    { kind: 'failed', error: { kind: 'rejected', code: 'url_refused', mayHaveApplied: false } },
  ])
  const receipt = await submitted(linesFor(1))
  await it.pass(10 * minute)
  expect(await feed.collect(it.account('amazon', { fetch: lying }), receipt)).toMatchObject({
    kind: 'failed',
    error: { kind: 'rejected', code: 'url_refused', mayHaveApplied: true },
  })
  expect(called.filter((url) => url.includes('169.254'))).toEqual([])
})

test('neither the address nor the document is journaled, and the store of documents gets no access token', async () => {
  const sent: { url: string; headers: Headers }[] = []
  const spying: typeof fetch = (input, init) => {
    sent.push({ url: String(input), headers: new Headers(init?.headers) })
    return fetch(input, init)
  }
  const account = it.account('amazon', { fetch: spying })
  const { receipt } = await feed.submit(account, [{ ...line('SKU-1', 3), remoteSku: 'SKU-1' }, line('CANARY', 1)])
  await it.pass(10 * minute)
  expect((await feed.collect(account, receipt!)).kind).toBe('done')
  const stored = sent.filter(({ url }) => url.includes('/feed-documents/'))
  expect(stored).toHaveLength(2)
  for (const { headers } of stored) expect(headers.has('x-amz-access-token')).toBe(false)
  const journal = JSON.stringify(account.journal)
  expect(journal).not.toMatch(/signature|feed-documents|CANARY|messagesProcessed/)
  expect(account.journal.map(({ operation, url }) => `${operation} ${url}`)).toEqual([
    'token /lwa/auth/o2/token',
    'createFeedDocument /amazon/feeds/2021-06-30/documents',
    `uploadFeedDocument ${it.url}/…`,
    'createFeed /amazon/feeds/2021-06-30/feeds',
    expect.stringMatching(/^getFeed /),
    expect.stringMatching(/^getFeedDocument /),
    `downloadFeedDocument ${it.url}/…`,
  ])
  // What a person needs to ask Amazon with is there.
  expect(journal).toContain((JSON.parse(receipt!) as { feedId: string }).feedId)
})
