/** Amazon's own sandbox answers, read by the connector: its client, its schemas, its mapping, its errors. */
import type { Item, ItemSearchResults, ListingsItemSubmissionResponse } from '@sp-api-sdk/listings-items-api-2021-08-01'
import type { GetOrderResponse, Money, Order, SearchOrdersResponse } from '@sp-api-sdk/orders-api-2026-01-01'
import { describe, expect, test } from 'vitest'
import { client } from '../../src/channels/amazon/client.ts'
import { readError } from '../../src/channels/amazon/errors.ts'
import { amazon } from '../../src/channels/amazon/index.ts'
import { limits } from '../../src/channels/amazon/limits.ts'
import { readListings, readOrder, readQuantity } from '../../src/channels/amazon/mapping.ts'
import { errorList, listingsItem, order as orderSchema, submission } from '../../src/channels/amazon/wire.ts'
import type { Account } from '../../src/channels/connector.ts'
import { ChannelError } from '../../src/domain/errors.ts'
import type { IncomingOrder } from '../../src/domain/orders.ts'
import { createAccount } from './support/account.ts'
import { say } from './support/bench.ts'
import { createJudge } from './support/judge.ts'
import { readModel, type SandboxAnswer, sandboxCases } from './support/models.ts'

const models = ['orders_2026-01-01', 'listingsItems_2021-08-01', 'feeds_2021-06-30'].map(readModel)
const judge = createJudge(models)
const cases = models.map(sandboxCases)
let read = 0

/** Some good answers have no body. */
const bodyOf = (response: unknown) => (response === undefined ? '' : JSON.stringify(response))

/** An account to which every call is answered with the case. */
function accountFor({ status, response }: SandboxAnswer): Account {
  const headers = { 'content-type': 'application/json', 'x-amzn-requestid': 'sandbox', 'x-amzn-ratelimit-limit': '5' }
  const token = { access_token: 'Atza|sandbox', refresh_token: 'Atzr|sandbox', token_type: 'bearer', expires_in: 3600 }
  const fetch = async (input: string | URL | Request) =>
    String(input).includes('/auth/o2/token')
      ? new Response(JSON.stringify(token), { headers })
      : new Response(bodyOf(response), { status, headers })
  const settings = { sellerId: 'A2EXAMPLE1', region: 'na', marketplaceIds: ['ATVPDKIKX0DER', 'A2EUQ1WTGCTBG2'] }
  return createAccount({ fetch, now: () => new Date('2026-11-22T08:00:00Z'), settings })
}

/** The call with which the connector would get such an answer; none for operations that it does not use. */
const calls: Record<string, ((account: Account) => Promise<unknown>) | undefined> = {
  searchOrders: (account) => amazon.orders!.pull(account, null),
  getOrder: (account) => client.getOrder(account, '111-0000000-0000000', 'FULFILLMENT'),
  getListingsItem: (account) => client.getListing(account, 'GM-ZDPI-9B4E'),
  searchListingsItems: (account) => amazon.listings!.pull(account, null),
  patchListingsItem: (account) => client.patchQuantity(account, 'GM-ZDPI-9B4E', 1),
  createFeedDocument: (account) => client.createFeedDocument(account, 'application/json'),
  createFeed: (account) => client.createFeed(account, 'any'),
  getFeeds: (account) => client.getUnfinishedFeeds(account, new Date(0)),
  getFeed: (account) => client.getFeed(account, 'any'),
  cancelFeed: (account) => client.cancelFeed(account, 'any'),
  getFeedDocument: (account) => client.getFeedDocument(account, 'any'),
}

describe.each(cases.flat().map((one, index) => ({ name: `${index + 1} ${one.operation.id} ${one.status}`, one })))(
  '$name',
  ({ one }) => {
    const { operation, status, response } = one
    test('is valid for the judge: it is not stricter than Amazon', () => {
      const declared = Object.keys(operation.responses[status]?.['x-amzn-api-sandbox'] ?? {})
      expect(declared).toContain('static')
      const headers = new Headers({
        'content-type': 'application/json',
        'x-amzn-requestid': 'r',
        'x-amzn-ratelimit-limit': '5',
      })
      expect(judge.answer(operation, { status, headers, text: bodyOf(response) })).toEqual([])
    })

    test('is read by the connector', async () => {
      if (status < 300) await readGood(one)
      else await readBad(one)
      read += 1
    })
  },
)

async function readGood(one: SandboxAnswer): Promise<void> {
  const account = accountFor(one)
  switch (one.operation.id) {
    case 'searchOrders': {
      const raw = one.response as SearchOrdersResponse
      const page = await amazon.orders!.pull(account, null)
      expect(page.unreadable).toEqual([])
      expect(page.items).toHaveLength(raw.orders.length)
      expect(page.more).toBe(raw.pagination?.nextToken !== undefined)
      for (const [index, order] of page.items.entries()) expectOrder(order, raw.orders[index]!)
      return
    }
    case 'getOrder': {
      const { order } = await client.getOrder(account, 'any', 'FULFILLMENT')
      return expectOrder(readOrder(orderSchema.parse(order), order), (one.response as GetOrderResponse).order)
    }
    case 'getListingsItem':
      return expectListing(await client.getListing(account, 'any'), one.response as Item)
    case 'searchListingsItems': {
      const raw = one.response as ItemSearchResults
      const page = await amazon.listings!.pull(account, null)
      expect(page.items).toHaveLength(raw.items.reduce((sum, item) => sum + (item.summaries?.length ?? 0), 0))
      expect(page.next).toMatchObject({ pageToken: raw.pagination?.nextToken })
      for (const item of raw.items) expectListing(listingsItem.parse(item), item)
      return
    }
    case 'patchListingsItem':
      return expectPatch(account, one.response as ListingsItemSubmissionResponse)
    case 'getFeed':
    case 'createFeed':
    case 'createFeedDocument':
    case 'getFeedDocument':
      // Read as they are, but for times and fields that we have no use for.
      return expect(one.response).toMatchObject((await calls[one.operation.id]!(account)) as object)
    case 'cancelFeed':
      return expect(await calls.cancelFeed!(account)).toBeUndefined()
    case 'getFeeds':
      return expect(one.response).toMatchObject((await calls.getFeeds!(account)) as object)
    default: {
      // Not used by the connector yet: the answer has the shape of a patch's.
      const { sku, status, submissionId } = one.response as ListingsItemSubmissionResponse
      expect(submission.parse(one.response)).toMatchObject({ sku, status, submissionId })
    }
  }
}

const states: Record<string, string> = {
  SHIPPED: 'shipped',
  UNSHIPPED: 'open',
  PARTIALLY_SHIPPED: 'partly_shipped',
  PENDING: 'pending',
}

/** Plain arithmetic, not the connector's own helpers. */
const minor = (money: Money | undefined) =>
  money ? Math.round(Number(money.amount) * (money.currencyCode === 'JPY' ? 1 : 100)) : null
const dateOf = (time: string | undefined) => (time === undefined ? null : new Date(time))

function expectOrder(told: IncomingOrder, raw: Order): void {
  const { fulfillment, proceeds, recipient, buyer } = raw
  const address = recipient?.deliveryAddress
  expect(told).toMatchObject({
    remoteId: raw.orderId,
    placedAt: new Date(raw.createdTime),
    updatedAt: new Date(raw.lastUpdatedTime),
    state: states[fulfillment!.fulfillmentStatus],
    fulfilledBy: fulfillment!.fulfilledBy === 'AMAZON' ? 'channel' : 'merchant',
    marketplace: raw.salesChannel.marketplaceId,
    total: minor(proceeds?.grandTotal),
    currency: proceeds?.grandTotal?.currencyCode,
    shipBy: dateOf(fulfillment!.shipByWindow?.latestDateTime),
    deliverBy: dateOf(fulfillment!.deliverByWindow?.latestDateTime),
    raw,
  })
  expect(told.buyer?.name).toBe(address?.name ?? buyer?.buyerName)
  expect(told.buyer?.email).toBe(buyer?.buyerEmail)
  expect(told.buyer?.address?.postalCode).toBe(address?.postalCode)
  expect(told.lines).toEqual(
    raw.orderItems.map((item) => ({
      remoteId: item.orderItemId,
      remoteSku: item.product.sellerSku ?? null,
      title: item.product.title,
      quantity: item.quantityOrdered,
      shipped: item.fulfillment?.quantityFulfilled ?? 0,
      canceled: 0,
      unitPrice: minor(item.product.price?.unitPrice),
    })),
  )
}

function expectListing(read: Parameters<typeof readListings>[0], raw: Item): void {
  const told = readListings(read)
  expect(told).toHaveLength(raw.summaries!.length)
  for (const [index, summary] of raw.summaries!.entries()) {
    const offer = raw.offers?.find((one) => one.marketplaceId === summary.marketplaceId && one.offerType === 'B2C')
    expect(told[index]).toMatchObject({
      marketplace: summary.marketplaceId,
      remoteSku: raw.sku,
      remoteId: summary.asin,
      title: summary.itemName,
      buyable: summary.status.includes('BUYABLE'),
      price: offer ? { amount: minor(offer.price), currency: offer.price.currencyCode } : null,
    })
  }
  const own = raw.fulfillmentAvailability?.find((entry) => entry.fulfillmentChannelCode === 'DEFAULT')
  expect(readQuantity(read)).toEqual({ remoteSku: raw.sku, quantity: own?.quantity ?? null })
}

/** ACCEPTED is a success; INVALID, and VALID of a preview that was never asked for, are not. */
async function expectPatch(account: Account, raw: ListingsItemSubmissionResponse): Promise<void> {
  const { sku, status, submissionId, issues } = raw
  const sent = client.patchQuantity(account, 'any', 1)
  if (status === 'ACCEPTED') expect(await sent).toMatchObject({ sku, submissionId })
  else await expect(sent).rejects.toMatchObject({ kind: 'rejected', code: issues?.[0]?.code ?? status })
}

async function readBad(one: SandboxAnswer): Promise<void> {
  const call = calls[one.operation.id]
  const { errors } = errorList.parse(one.response)
  const answer = { status: one.status, headers: new Headers(), text: JSON.stringify(one.response), json: one.response }
  const limit = limits[one.operation.id as keyof typeof limits]
  const error = call
    ? await call(accountFor(one)).catch((thrown: unknown) => thrown)
    : readError(answer, limit, new Date('2026-11-22T08:00:00Z'), one.operation.method !== 'GET')
  expect(error).toBeInstanceOf(ChannelError)
  expect(error).toMatchObject({
    kind: 'rejected',
    code: errors[0]!.code,
    message: errors[0]!.message,
    mayHaveApplied: false,
  })
}

/** Counts the cases once more, wherever in a model they stand. */
function countStatic(value: unknown): number {
  if (typeof value !== 'object' || value === null) return 0
  const own = (value as { static?: unknown }).static
  const inner = Object.values(value).reduce((sum: number, one) => sum + countStatic(one), 0)
  return Array.isArray(own) ? own.length + inner : inner
}

test('all of them were read', () => {
  expect(cases.map((ofModel) => ofModel.length)).toEqual([8, 14, 12])
  expect(models.map((model) => countStatic(model.raw))).toEqual([8, 14, 12])
  expect(read).toBe(34)
  say(
    `${read} of 34 sandbox cases of Amazon read (${cases.map((one, i) => `${models[i]!.name} ${one.length}`).join(', ')})`,
  )
})
