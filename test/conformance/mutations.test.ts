/** The judge bites: real answers and requests, changed in one place each, are all rejected, at the place of the change. */
import { beforeAll, expect, test } from 'vitest'
import { amazon } from '../../src/channels/amazon/index.ts'
import { createAccount } from './support/account.ts'
import { type Bench, createBench, createGate, describeFindings, models, say, seller } from './support/bench.ts'
import { awkwardCatalog, awkwardSkus } from './support/catalog.ts'
import type { GivenAnswer, SentRequest } from './support/judge.ts'
import { add, drop, header, type Mutation, rewrite, set, status, sweep } from './support/mutations.ts'
import {
  allListingData,
  allOrderData,
  feedsPath,
  heldPath,
  itemPath,
  itemsPath,
  ordersPath,
  patchOf,
} from './support/probes.ts'
import { handInFeeds, putDocument } from './support/scenario.ts'

const marketplaceIds = ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2']
const catalog = awkwardCatalog({ marketplaceIds })
const bench: Bench = createBench({ marketplaceIds, catalog, history: { orders: 420, days: 6 } })
/** Real answers by operation and status, all of them valid. */
const samples = new Map<string, GivenAnswer>()
/** The requests that led to them. */
const requests = new Map<string, SentRequest>()

beforeAll(async () => {
  const orders = { createdAfter: '2026-11-01T00:00:00Z', includedData: allOrderData, maxResultsPerPage: '3' }
  const shipped = { ...orders, fulfillmentStatuses: 'SHIPPED', fulfilledBy: 'MERCHANT' }
  const both = marketplaceIds.join(',')
  const sku = awkwardSkus[0]!
  const quantity = { fulfillment_channel_code: 'DEFAULT', quantity: 3 }
  const found = await take('GET', ordersPath, shipped)
  const { orderId } = (JSON.parse(found.text) as { orders: [{ orderId: string }] }).orders[0]
  await take('GET', ordersPath, { ...orders, paginationToken: 'nonsense' })
  await take('GET', `${ordersPath}/${orderId}`, { includedData: allOrderData })
  await take('GET', `${ordersPath}/111-0000000-0000000`)
  await take('GET', itemsPath, { marketplaceIds: both, includedData: allListingData, pageSize: '3' })
  await take('GET', itemsPath, { marketplaceIds: both, pageToken: 'nonsense' })
  await take('GET', itemPath(sku), { marketplaceIds: both, includedData: allListingData })
  await take('GET', itemPath('NO SUCH'), { marketplaceIds: both })
  await take(
    'PATCH',
    itemPath(sku),
    { marketplaceIds: both },
    patchOf('fulfillment_availability', { ...quantity, quantity: -1 }),
    'INVALID',
  )
  await take('PATCH', itemPath(sku), { marketplaceIds: both }, patchOf('fulfillment_availability', quantity))
  for (let i = 0; i < 5; i++)
    await take('PATCH', itemPath(sku), { marketplaceIds: both }, patchOf('fulfillment_availability', quantity))
  await takeFeeds(sku)
  const held = { granularityType: 'Marketplace', granularityId: marketplaceIds[0]!, marketplaceIds: marketplaceIds[0]! }
  await take('GET', heldPath, { ...held, details: 'true' })
  await take('GET', heldPath, { ...held, nextToken: 'nonsense' })
})

/** The operations of feeds, from an empty document to its report. */
async function takeFeeds(sku: string): Promise<void> {
  const { feedId, reportId, canceledId } = await handInFeeds(bench, [sku])
  const document = await take('POST', `${feedsPath}/documents`, {}, { contentType: 'application/json' })
  const { feedDocumentId } = JSON.parse(document.text) as { feedDocumentId: string }
  const spec = { feedType: 'JSON_LISTINGS_FEED', marketplaceIds, inputFeedDocumentId: feedDocumentId }
  await take('POST', `${feedsPath}/feeds`, {}, spec)
  await take(
    'POST',
    `${feedsPath}/feeds`,
    {},
    { ...spec, inputFeedDocumentId: await putDocument(bench.account(), sku) },
  )
  await take('GET', `${feedsPath}/feeds/${feedId}`)
  await take('GET', `${feedsPath}/feeds`, { feedTypes: 'JSON_LISTINGS_FEED', pageSize: '2' })
  await take('GET', `${feedsPath}/feeds`, { nextToken: 'nonsense' })
  await take('GET', `${feedsPath}/feeds/none`)
  await take('GET', `${feedsPath}/documents/${reportId}`)
  await take('DELETE', `${feedsPath}/feeds/${canceledId}`)
  await take('DELETE', `${feedsPath}/feeds/${feedId}`)
}

/** Makes a call and keeps what was sent and answered under `operation status`, or with a word behind it. */
async function take(method: string, path: string, query = {}, body?: unknown, word?: string): Promise<GivenAnswer> {
  const answer = await bench.probe(method, path, query, body)
  const { operation, sent } = bench.calls.at(-1)!
  const name = `${operation!.id} ${answer.status}${word ? ` ${word}` : ''}`
  samples.set(name, answer)
  requests.set(name, sent)
  return answer
}

const judged = (sample: string, answer: GivenAnswer) => {
  const operation = bench.judge.operations.find(({ id }) => id === sample.split(' ')[0])!
  return bench.judge.answer(operation, answer)
}

test('the real answers are valid, and there are some of each operation', () => {
  expect(describeFindings(bench.findings)).toEqual([])
  expect([...samples.keys()].sort()).toEqual([
    'cancelFeed 200',
    'cancelFeed 400',
    'createFeed 202',
    'createFeed 400',
    'createFeedDocument 201',
    'getFeed 200',
    'getFeed 404',
    'getFeedDocument 200',
    'getFeeds 200',
    'getFeeds 400',
    'getInventorySummaries 200',
    'getInventorySummaries 400',
    'getListingsItem 200',
    'getListingsItem 404',
    'getOrder 200',
    'getOrder 404',
    'patchListingsItem 200',
    'patchListingsItem 200 INVALID',
    'patchListingsItem 429',
    'searchListingsItems 200',
    'searchListingsItems 400',
    'searchOrders 200',
    'searchOrders 400',
  ])
})

const [orders, badOrders, order, noOrder] = ['searchOrders 200', 'searchOrders 400', 'getOrder 200', 'getOrder 404']
const [items, badItems, item, noItem] = [
  'searchListingsItems 200',
  'searchListingsItems 400',
  'getListingsItem 200',
  'getListingsItem 404',
]
const [accepted, invalid, throttled] = [
  'patchListingsItem 200',
  'patchListingsItem 200 INVALID',
  'patchListingsItem 429',
]

const [newDocument, newFeed, badFeed, done] = [
  'createFeedDocument 201',
  'createFeed 202',
  'createFeed 400',
  'getFeed 200',
]
const [taken, document, listed] = ['cancelFeed 200', 'getFeedDocument 200', 'getFeeds 200']
const [held, badHeld] = ['getInventorySummaries 200', 'getInventorySummaries 400']

/** Written by hand, from the models' text, so that a hole in how the models are read shows too. */
const planted: Mutation[] = [
  drop(orders, '/orders'),
  drop(orders, '/orders/0/orderId'),
  drop(orders, '/orders/1/lastUpdatedTime'),
  drop(orders, '/orders/0/salesChannel/channelName'),
  drop(orders, '/orders/0/orderItems/0/product'),
  drop(orders, '/orders/0/proceeds/grandTotal/currencyCode'),
  drop(orders, '/orders/0/packages/0/packageReferenceId'),
  set(orders, '/orders', {}),
  set(orders, '/orders/0/createdTime', '2026-11-22 at noon'),
  set(orders, '/orders/0/createdTime', 1_795_334_400),
  set(orders, '/orders/0/createdTime', '2026-02-30T00:00:00Z'),
  set(orders, '/orders/0/lastUpdatedTime', '2026-11-22T08:00:00'),
  set(orders, '/orders/0/fulfillment/fulfillmentStatus', 'Shipped'),
  set(orders, '/orders/0/fulfillment/fulfillmentStatus', 'CANCELED'),
  set(orders, '/orders/0/fulfillment/fulfilledBy', 'SELLER'),
  set(orders, '/orders/0/salesChannel/channelName', 'Amazon.com'),
  set(orders, '/orders/2/orderItems', { 0: {} }),
  set(orders, '/orders/0/orderItems/0/quantityOrdered', '1'),
  set(orders, '/orders/0/orderItems/0/quantityOrdered', 1.5),
  set(orders, '/orders/0/orderItems/0/product/price/unitPrice/amount', 14.9),
  set(orders, '/orders/0/packages/0/packageStatus/status', 'LOST'),
  set(orders, '/orders/0/recipient/deliveryAddress/postalCode', 43_000),
  set(orders, '/orders/0/buyer', null),
  set(orders, '/pagination/nextToken', null),
  add(orders, '/orders/0/AmazonOrderId'),
  add(orders, '/orders/0/orderItems/0/SellerSKU'),
  add(orders, '/payload', {}),
  add(orders, '/orders/0/orderItems/0/product/price/unitPrice/CurrencyCode', 'USD'),
  status(orders, 201),
  header(orders, 'x-amzn-requestid', null),
  header(orders, 'x-amzn-ratelimit-limit', null),
  header(orders, 'x-amzn-ratelimit-limit', 'plenty'),
  header(orders, 'content-type', 'text/html'),
  header(orders, 'retry-after', '5'),
  rewrite(orders, 'cut off', (whole) => whole.slice(0, -1)),
  rewrite(orders, 'emptied', () => ''),
  set(badOrders, '/errors', { code: 'InvalidInput' }),
  drop(badOrders, '/errors'),
  drop(badOrders, '/errors/0/message'),
  status(badOrders, 422),
  drop(order, '/order'),
  drop(order, '/order/orderItems'),
  set(order, '/order', []),
  set(order, '/order/fulfillment/shipByWindow/latestDateTime', 'tomorrow'),
  set(order, '/order/orderItems/0/fulfillment/quantityFulfilled', 'all'),
  add(order, '/order/OrderStatus'),
  drop(noOrder, '/errors/0/code'),
  set(noOrder, '/errors/0/details', null),
  status(noOrder, 410),
  drop(items, '/numberOfResults'),
  drop(items, '/items/0/sku'),
  set(items, '/items/0/fulfillmentAvailability/0/quantity', -1),
  set(items, '/items/0/summaries/0/status', 'BUYABLE'),
  set(items, '/items/0/summaries/0/status/0', 'ACTIVE'),
  set(items, '/items/0/summaries/0/conditionType', 'New'),
  set(items, '/items/0/offers/0/offerType', 'B2X'),
  set(items, '/numberOfResults', '48'),
  add(items, '/nextToken'),
  set(badItems, '/errors/0', 'InvalidInput'),
  drop(item, '/summaries/0/productType'),
  drop(item, '/fulfillmentAvailability/0/fulfillmentChannelCode'),
  set(item, '/fulfillmentAvailability', { DEFAULT: 4 }),
  set(item, '/fulfillmentAvailability/0/quantity', 1.25),
  set(item, '/attributes', []),
  add(item, '/quantity', 4),
  header(noItem, 'x-amzn-requestid', null),
  drop(held, '/payload/granularity'),
  drop(held, '/payload/inventorySummaries'),
  set(held, '/payload/inventorySummaries', {}),
  set(held, '/payload/inventorySummaries/0/inventoryDetails/fulfillableQuantity', '7'),
  set(held, '/payload/inventorySummaries/0/inventoryDetails/reservedQuantity', 3),
  set(held, '/payload/inventorySummaries/0/lastUpdatedTime', 'yesterday'),
  add(held, '/payload/inventorySummaries/0/SellerSKU'),
  add(held, '/nextToken'),
  status(held, 201),
  drop(badHeld, '/errors/0/code'),
  drop(accepted, '/submissionId'),
  drop(accepted, '/sku'),
  set(accepted, '/status', 'accepted'),
  set(accepted, '/issues', {}),
  status(accepted, 202),
  set(invalid, '/issues/0/severity', 'FATAL'),
  drop(invalid, '/issues/0/categories'),
  set(invalid, '/issues/0/attributeNames', 'quantity'),
  set(invalid, '/issues/0/categories/0', 'BAD_LUCK'),
  rewrite(throttled, 'a page', () => '<html>Too many requests</html>'),
  status(throttled, 420),
  drop(throttled, '/errors'),
  drop(newDocument, '/url'),
  status(newDocument, 200),
  add(newDocument, '/encryptionDetails', {}),
  drop(newFeed, '/feedId'),
  set(newFeed, '/feedId', 12_345),
  status(newFeed, 201),
  drop(badFeed, '/errors'),
  set(done, '/processingStatus', 'CANCELED'),
  set(done, '/processingStatus', 'Done'),
  set(done, '/processingEndTime', 'an hour ago'),
  set(done, '/marketplaceIds', 'ATVPDKIKX0DER'),
  drop(done, '/createdTime'),
  add(done, '/resultDocumentId', 'R1'),
  rewrite(taken, 'filled', () => '{}'),
  header(taken, 'x-amzn-requestid', null),
  set(document, '/compressionAlgorithm', 'gzip'),
  drop(document, '/url'),
  set(listed, '/feeds/0/processingStatus', 'WAITING'),
  drop(listed, '/feeds/0/feedType'),
]

/** Those that the judge lets pass, or objects to in another place only. */
function unnoticed(mutations: readonly Mutation[]): string[] {
  return mutations.flatMap(({ sample, at, what, apply }) => {
    const mismatches = judged(sample, apply(samples.get(sample)!))
    return mismatches.some((one) => one.at === at) ? [] : [`${sample} ${at} ${what}: ${JSON.stringify(mismatches)}`]
  })
}

test('planted mutations of answers are all rejected', () => {
  expect(unnoticed(planted)).toEqual([])
  const ids = new Set(planted.map(({ sample, at, what }) => `${sample} ${at} ${what}`))
  expect(ids.size).toBe(planted.length)
  expect(planted.length).toBeGreaterThanOrEqual(50)
  say(`${planted.length} of ${planted.length} planted mutations of answers rejected`)
})

test('so are all that the models themselves suggest', () => {
  const mutations = [...samples].flatMap(([sample, answer]) => {
    if (answer.text === '') return []
    const [id, code] = sample.split(' ')
    const operation = bench.judge.operations.find((one) => one.id === id)!
    return sweep(operation.model, operation.responses[code!]!.schema!, sample, JSON.parse(answer.text))
  })
  expect(unnoticed(mutations)).toEqual([])
  for (const what of [
    'dropped',
    'added',
    'another type',
    'null',
    '→ "NO_SUCH_WORD"',
    '→ "2026-11-22"',
    '→ 1.5',
    '→ -1',
  ]) {
    expect(mutations.filter((one) => one.what === what).length, what).toBeGreaterThan(0)
  }
  say(`${mutations.length} of ${mutations.length} mutations suggested by the models rejected`)
})

/** Changes of a request; the place the judge has to name goes first. */
type RequestMutation = [at: string, sample: string, change: (sent: SentRequest) => Partial<SentRequest>]

const url = (change: (text: string) => string) => (sent: SentRequest) => ({ url: change(sent.url) })
const query = (name: string, value: string | null) =>
  url((whole) => {
    const changed = new URL(whole)
    if (value === null) changed.searchParams.delete(name)
    else changed.searchParams.set(name, value)
    return changed.toString()
  })
const body = (change: (text: string) => string | null) => (sent: SentRequest) => ({ body: change(sent.body ?? '') })
const without = (name: string) => (sent: SentRequest) => {
  const headers = new Headers(sent.headers)
  headers.delete(name)
  return { headers }
}

const requestMutations: RequestMutation[] = [
  ['query createdAfter', orders, query('createdAfter', 'yesterday')],
  ['query', orders, query('createdAfter', null)],
  ['query', orders, query('lastUpdatedAfter', '2026-11-01T00:00:00Z')],
  ['query', orders, query('lastUpdatedBefore', '2026-11-01T00:00:00Z')],
  ['query maxResultsPerPage', orders, query('maxResultsPerPage', '101')],
  ['query maxResultsPerPage', orders, query('maxResultsPerPage', 'many')],
  ['query includedData/1', orders, query('includedData', 'BUYER,SECRETS')],
  ['query includedData/1', orders, query('includedData', 'BUYER,')],
  ['query fulfillmentStatuses/0', orders, query('fulfillmentStatuses', 'Shipped')],
  ['query marketplaceIds', orders, query('marketplaceIds', Array.from({ length: 51 }, (_, i) => `M${i}`).join())],
  ['query MarketplaceIds', orders, query('MarketplaceIds', 'ATVPDKIKX0DER')],
  ['query nextToken', orders, query('nextToken', 'abc')],
  ['query createdAfter', orders, url((whole) => `${whole}&createdAfter=2026-11-01T00:00:00Z`)],
  ['path', orders, url((whole) => whole.replace('2026-01-01', '2025-01-01'))],
  ['path', orders, () => ({ method: 'POST' })],
  ['url', orders, url((whole) => whole.replace('https:', 'http:'))],
  ['url', orders, url((whole) => whole.replace('-na.', '-eu.'))],
  ['url', orders, url((whole) => `${whole}#fragment`)],
  ['header x-amz-access-token', orders, without('x-amz-access-token')],
  ['header user-agent', orders, without('user-agent')],
  ['body', orders, () => ({ body: '{}' })],
  ['path', order, url((whole) => whole.replace('/orders/2026', '//orders/2026'))],
  ['query marketplaceIds', items, query('marketplaceIds', null)],
  ['query pageSize', items, query('pageSize', '21')],
  ['query', items, query('identifiers', 'A,B')],
  ['query identifiers', items, query('identifiers', Array.from({ length: 21 }, (_, i) => `S${i}`).join())],
  ['query sortOrder', items, query('sortOrder', 'asc')],
  ['path', item, url((whole) => whole.replace('TOWEL%2FRED', 'TOWEL/RED'))],
  ['path sku', item, url((whole) => whole.replace('TEA%20', 'TEA%2'))],
  ['path sku', item, url((whole) => whole.replace('TEA%20', 'TEA '))],
  ['query mode', accepted, query('mode', 'PREVIEW')],
  ['body', accepted, body(() => null)],
  ['body', accepted, body((whole) => whole.slice(1))],
  ['/productType', accepted, body((whole) => whole.replace('"productType":"PRODUCT",', ''))],
  ['/patches/0/op', accepted, body((whole) => whole.replace('"merge"', '"update"'))],
  ['/patches/0/value', accepted, body((whole) => whole.replace(/"value":\[(.*?)\]/, '"value":$1'))],
  ['/patches', accepted, body((whole) => whole.replace(/"patches":\[.*\]/, '"patches":[]'))],
  ['/requirements', accepted, body((whole) => whole.replace('{', '{"requirements":"LISTING",'))],
  ['header content-type', accepted, without('content-type')],
  ['/contentType', newDocument, body(() => '{}')],
  ['/marketplaceIds', newFeed, body((whole) => whole.replace(/"marketplaceIds":\[.*?\]/, '"marketplaceIds":[]'))],
  ['/inputFeedDocumentId', newFeed, body((whole) => whole.replace('inputFeedDocumentId', 'documentId'))],
  ['path', done, url((whole) => whole.replace('2021-06-30', '2020-09-04'))],
  ['body', taken, () => ({ body: '{}' })],
  ['query processingStatuses/0', listed, query('processingStatuses', 'WAITING')],
  ['query createdSince', listed, query('createdSince', 'yesterday')],
]

test('planted mutations of requests are all rejected', () => {
  const passed = requestMutations.flatMap(([at, sample, change]) => {
    const sent = requests.get(sample)!
    const changed = { ...sent, ...change(sent) }
    expect(changed, `${sample} ${at}`).not.toEqual(sent)
    const { mismatches } = bench.judge.request(changed)
    return mismatches.some((one) => one.at === at) ? [] : [`${sample} ${at}: ${JSON.stringify(mismatches)}`]
  })
  expect(passed).toEqual([])
  expect(requestMutations.length).toBeGreaterThanOrEqual(10)
  say(`${requestMutations.length} of ${requestMutations.length} planted mutations of requests rejected`)
})

test('on its way to the connector, a wrong answer and an unknown operation become findings', async () => {
  const handle = async (request: Request) => {
    const answer = await bench.simulator.handle(request)
    return new Response((await answer.text()).replace(/"quantity":\d+/, '"quantity":-1'), answer)
  }
  const gate = createGate({ handle })
  const settings = { sellerId: seller, region: 'na', marketplaceIds }
  const fetch = (input: string | URL | Request, init?: RequestInit) => gate.handle(new Request(input, init))
  const account = createAccount({ fetch, now: () => bench.simulator.now(), settings })
  const [remoteSku] = awkwardSkus
  expect(await amazon.stock!.read(account, [remoteSku!])).toEqual([{ remoteSku, quantity: null, isUntold: true }])
  await gate.handle(new Request(`${models[0]!.origin}/orders/2027-01-01/orders`))
  const at = '/items/0/fulfillmentAvailability/0/quantity'
  expect(describeFindings(gate.findings)).toEqual([
    `answer searchListingsItems: ${at} must be >= 0`,
    'request unknown: path GET /orders/2027-01-01/orders is no operation of the models',
  ])
})
