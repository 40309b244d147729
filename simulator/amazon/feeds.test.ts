import { gunzipSync } from 'node:zlib'
import { expect, test } from 'vitest'
import { type Bench, bench, listingPath, market, quantityPatch, seller } from '../testing.ts'

const feeds = '/feeds/2021-06-30'
const type = 'application/json; charset=UTF-8'
const message = (messageId: number, sku: string, quantity: number, more: object = {}) => ({
  messageId,
  sku,
  operationType: 'PATCH',
  ...quantityPatch(quantity),
  ...more,
})
const feedOf = (messages: object[], header: object = {}) =>
  JSON.stringify({ header: { sellerId: seller, version: '2.0', ...header }, messages })

const open = () =>
  bench({
    amazon: { effectMs: { min: 1_000, max: 2_000 }, feedPace: { queueMs: 5_000, feedMs: 60_000, per1000Ms: 0 } },
  })

const put = (b: Bench, url: string, body: string, contentType = type) =>
  b.send('PUT', url.replace('http://simulator', ''), body, { 'content-type': contentType })

async function upload(b: Bench, body: string): Promise<string> {
  const { feedDocumentId, url } = (await b.amazon('POST', `${feeds}/documents`, { contentType: type })).body
  expect((await put(b, url, body)).status).toBe(200)
  return feedDocumentId
}

const create = (b: Bench, inputFeedDocumentId: string, more: object = {}) =>
  b.amazon('POST', `${feeds}/feeds`, {
    feedType: 'JSON_LISTINGS_FEED',
    marketplaceIds: [market],
    inputFeedDocumentId,
    ...more,
  })

async function handIn(b: Bench, messages: object[]): Promise<string> {
  return (await create(b, await upload(b, feedOf(messages)))).body.feedId
}

const look = async (b: Bench, feedId: string) => (await b.amazon('GET', `${feeds}/feeds/${feedId}`)).body

interface Report {
  issues: { messageId?: number; code: string; severity: string }[]
  summary: Record<string, number>
}

async function reportOf(b: Bench, feedId: string): Promise<Report> {
  const { resultFeedDocumentId } = await look(b, feedId)
  const { url } = (await b.amazon('GET', `${feeds}/documents/${resultFeedDocumentId}`)).body
  const answer = await b.sim.handle(new Request(url))
  return JSON.parse(gunzipSync(Buffer.from(await answer.arrayBuffer())).toString()) as Report
}

test('each message by itself: unknown SKUs, wrong values, doubled numbers and wrong shapes harm no neighbor', async () => {
  const b = await open()
  const id = await handIn(b, [
    message(1, 'MUG', 4),
    message(2, 'NO SUCH', 4),
    message(3, 'A/B +1', -1),
    message(1, 'A/B +1', 9),
    { messageId: 5, sku: 'MUG' },
    { sku: 'MUG' },
    message(7, 'A/B +1', 1),
  ])
  await b.pass(65)
  const report = await reportOf(b, id)
  expect(report.issues.map(({ messageId, code }) => [messageId, code])).toEqual([
    [2, '13013'],
    [3, '90225'],
    [1, '4002009'],
    [5, '4002008'],
    [undefined, '4002008'],
  ])
  expect(report.summary).toEqual({
    errors: 5,
    warnings: 0,
    messagesProcessed: 7,
    messagesAccepted: 2,
    messagesInvalid: 5,
  })
  await b.pass(5)
  expect((await b.control('GET', '/state')).body.channels.amazon.shown).toMatchObject({ MUG: 4, 'A/B +1': 1 })
})

test.each([
  ['no JSON', '{"header":'],
  ['another version', feedOf([message(1, 'MUG', 4)], { version: '1.0' })],
  ['another seller', feedOf([message(1, 'MUG', 4)], { sellerId: 'A9SOMEBODY' })],
  ['no messages', feedOf([])],
])('a feed with %s is FATAL and changes nothing', async (_what, body) => {
  const b = await open()
  const { feedId } = (await create(b, await upload(b, body))).body
  await b.pass(120)
  expect((await look(b, feedId)).processingStatus).toBe('FATAL')
  const { shown, effects } = (await b.control('GET', '/state')).body.channels.amazon
  expect([shown.MUG, effects]).toEqual([10, []])
})

test('one feed at a time, in their order, as long as the pace says; control changes the pace', async () => {
  const b = await open()
  await b.control('POST', '/feeds', { channel: 'amazon', per1000Ms: 500_000 })
  const [first, second] = [
    await handIn(b, [message(1, 'MUG', 1), message(2, 'A/B +1', 1)]),
    await handIn(b, [message(1, 'MUG', 2)]),
  ]
  const states = async () => [(await look(b, first)).processingStatus, (await look(b, second)).processingStatus]
  expect(await states()).toEqual(['IN_QUEUE', 'IN_QUEUE'])
  await b.pass(5)
  expect(await states()).toEqual(['IN_PROGRESS', 'IN_QUEUE'])
  expect(await look(b, first)).toMatchObject({ processingStartTime: '2026-11-22T12:00:05Z' })
  expect(await look(b, first)).not.toHaveProperty('processingEndTime')
  await b.pass(60)
  expect(await states()).toEqual(['IN_PROGRESS', 'IN_QUEUE'])
  await b.pass(1)
  expect(await states()).toEqual(['DONE', 'IN_PROGRESS'])
  // However long nobody looks, each is worked on in its time.
  await b.pass(3_600)
  expect(await look(b, second)).toMatchObject({ processingEndTime: '2026-11-22T12:02:06Z' })
  expect((await b.control('POST', '/feeds', { channel: 'ebay-like', feedMs: 1 })).status).toBe(404)
})

test('a message comes when its feed is worked on: a call made meanwhile is overwritten by the older value', async () => {
  const b = await open()
  await handIn(b, [message(1, 'MUG', 3)])
  await b.pass(10)
  await b.amazon('PATCH', listingPath('MUG'), quantityPatch(8))
  const shown = async () => (await b.control('GET', '/state')).body.channels.amazon.shown.MUG
  await b.pass(3)
  expect(await shown()).toBe(8)
  await b.pass(60)
  expect(await shown()).toBe(3)
})

test('a snapshot in the middle of a feed goes on with it', async () => {
  const b = await open()
  const id = await handIn(b, [message(1, 'MUG', 3)])
  await b.pass(30)
  const again = await bench({ snapshot: JSON.parse(JSON.stringify(b.sim.snapshot())) })
  again.clock.now = b.clock.now
  await again.pass(120)
  expect((await look(again, id)).processingStatus).toBe('DONE')
  expect((await again.control('GET', '/state')).body.channels.amazon.shown.MUG).toBe(3)
})

test('an address works for its use only, with its type, and for five minutes', async () => {
  const b = await open()
  const { feedDocumentId, url } = (await b.amazon('POST', `${feeds}/documents`, { contentType: type })).body
  expect((await create(b, feedDocumentId)).status).toBe(400)
  expect((await put(b, url, '{}', 'text/plain')).status).toBe(403)
  expect((await put(b, url.replace(/signature=./, 'signature=_'), '{}')).status).toBe(403)
  expect((await put(b, url.replace(/expires=\d/, 'expires=9'), '{}')).status).toBe(403)
  expect((await b.send('GET', url.replace('http://simulator', ''))).status).toBe(403)
  expect((await put(b, url, 'x'.repeat(10 * 1024 * 1024 + 1))).status).toBe(400)
  await b.pass(300)
  expect((await put(b, url, '{}')).status).toBe(403)
  expect((await b.amazon('GET', `${feeds}/documents/${feedDocumentId}`)).status).toBe(404)
})

test('getFeeds lists by status and time, newest first, in pages whose token stands alone', async () => {
  const b = await open()
  const ids: string[] = []
  for (let i = 0; i < 5; i++) {
    ids.unshift(await handIn(b, [message(1, 'MUG', i)]))
    await b.pass(60)
  }
  const list = async (query: string) => (await b.amazon('GET', `${feeds}/feeds?${query}`)).body
  const all = await list('feedTypes=JSON_LISTINGS_FEED&pageSize=3')
  expect(all.feeds.map(({ feedId }) => feedId)).toEqual(ids.slice(0, 3))
  const rest = await list(`nextToken=${all.nextToken}`)
  expect([rest.feeds.map(({ feedId }) => feedId), rest.nextToken]).toEqual([ids.slice(3), undefined])
  const open5 = await list('feedTypes=JSON_LISTINGS_FEED&processingStatuses=IN_QUEUE,IN_PROGRESS')
  expect(open5.feeds.map(({ feedId }) => feedId)).toEqual(ids.slice(0, 1))
  expect((await list('feedTypes=JSON_LISTINGS_FEED&createdSince=2026-11-22T12:03:30Z')).feeds).toHaveLength(1)
  for (const wrong of [
    '',
    'feedTypes=JSON_LISTINGS_FEED&processingStatuses=WAITING',
    `nextToken=${all.nextToken}&pageSize=2`,
  ]) {
    expect((await b.amazon('GET', `${feeds}/feeds?${wrong}`)).status).toBe(400)
  }
})

test('what createFeed refuses', async () => {
  const b = await open()
  const document = await upload(b, feedOf([message(1, 'MUG', 3)]))
  for (const more of [
    { feedType: 'POST_PRODUCT_DATA' },
    { marketplaceIds: [] },
    { marketplaceIds: ['A1PA6795UKMFR9'] },
  ]) {
    expect((await create(b, document, more)).status).toBe(400)
  }
  expect((await create(b, 'none')).status).toBe(400)
  expect((await b.amazon('GET', `${feeds}/feeds/1`)).status).toBe(404)
  expect((await b.control('GET', '/state')).body.channels.amazon.feeds).toEqual([])
})

test('five feeds in five minutes, and one a minute from then on', async () => {
  const b = await bench({ amazon: { limits: 'published' } })
  const documents: string[] = []
  for (let i = 0; i < 7; i++) documents.push(await upload(b, feedOf([message(1, 'MUG', 3)])))
  const statuses: number[] = []
  for (const document of documents.slice(0, 6)) statuses.push((await create(b, document)).status)
  await b.pass(60)
  statuses.push((await create(b, documents[6]!)).status)
  expect(statuses).toEqual([202, 202, 202, 202, 202, 429, 202])
})
