/** Auth, addresses, allowances, and a method for each endpoint we use. */
import { z } from 'zod'
import { ChannelError } from '../../domain/errors.ts'
import type { WireRequest, WireResponse } from '../../http/client.ts'
import { type Account, asChannelError, type Limit } from '../connector.ts'
import { isExpiredToken, readError, readTokenError, unreadable } from './errors.ts'
import { writeQuantity } from './mapping.ts'
import { endpointOf, readSettings, secrets } from './settings.ts'
import {
  createdDocument,
  createdFeed,
  feed,
  feedDocument,
  feedList,
  getOrder,
  inventorySummaries,
  listingsItem,
  participations,
  reportList,
  searchListings,
  searchOrders,
  sellerAccount,
  submission,
  tokenAnswer,
} from './wire.ts'

/** Rate per second and burst (models orders_2026-01-01, listingsItems_2021-08-01, feeds_2021-06-30, reports_2021-06-30 and fbaInventory, usage plans). */
export const limits = {
  searchOrders: { rate: 0.0056, burst: 20 },
  getOrder: { rate: 0.5, burst: 30 },
  confirmShipment: { rate: 2, burst: 10 },
  searchListingsItems: { rate: 5, burst: 5 },
  getListingsItem: { rate: 5, burst: 10 },
  patchListingsItem: { rate: 5, burst: 5 },
  createFeedDocument: { rate: 0.5, burst: 15 },
  // 0.0083 and 15 for other types; for JSON_LISTINGS_FEED, the only one we hand in, 5 in 5 minutes (facts §6).
  createFeed: { rate: 5 / 300, burst: 5 },
  getFeeds: { rate: 0.0222, burst: 10 },
  getFeed: { rate: 2, burst: 15 },
  cancelFeed: { rate: 2, burst: 15 },
  getFeedDocument: { rate: 0.0222, burst: 10 },
  getInventorySummaries: { rate: 2, burst: 2 },
  getMarketplaceParticipations: { rate: 0.016, burst: 15 },
  getAccount: { rate: 0.016, burst: 15 },
  getReports: { rate: 0.0222, burst: 10 },
  getReportDocument: { rate: 0.0167, burst: 15 },
} as const satisfies Record<string, Limit>
type Operation = keyof typeof limits

/** Access tokens live an hour (facts §2); renewed this early, so that none runs out on its way. */
const earlyMs = 5 * 60_000

/** Asks Login with Amazon for an access token, whatever it answers. */
export async function askToken(account: Account): Promise<WireResponse> {
  const { tokenEndpoint } = readSettings(account.settings)
  const { clientId, clientSecret, refreshToken } = secrets.parse(await account.secrets())
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: clientId,
    client_secret: clientSecret,
  })
  return await account.http({
    operation: 'token',
    method: 'POST',
    url: tokenEndpoint,
    secret: true,
    unmetered: true,
    body: body.toString(),
    headers: { 'content-type': 'application/x-www-form-urlencoded;charset=UTF-8' },
  })
}

async function mint(account: Account): Promise<{ value: string; expiresAt: Date }> {
  const answer = await askToken(account)
  const token = tokenAnswer.safeParse(answer.json)
  if (answer.status !== 200 || !token.success) throw readTokenError(answer, account.now())
  return {
    value: token.data.access_token,
    expiresAt: new Date(account.now().getTime() + token.data.expires_in * 1_000 - earlyMs),
  }
}

interface Call<S extends z.ZodType> {
  operation: Operation
  method: WireRequest['method']
  path: string
  query?: Record<string, string | undefined>
  body?: unknown
  /** The status of a good answer; 200 where it is left out. */
  status?: number
  answer: S
}

export async function call<S extends z.ZodType>(account: Account, one: Call<S>): Promise<z.output<S>> {
  const isWrite = one.method !== 'GET'
  try {
    let answer = await send(account, one)
    // An expired token is refused before anything is done, so the same call may leave again, once, with a new one.
    if (isExpiredToken(answer)) answer = await send(account, one)
    if (answer.status !== (one.status ?? 200)) {
      if (answer.status === 429) await account.budget.exhausted(one.operation, rateOf(answer))
      throw readError(answer, limits[one.operation], account.now(), isWrite)
    }
    const rate = rateOf(answer)
    if (rate === undefined) account.budget.taken?.(one.operation)
    else await account.budget.learned(one.operation, rate)
    const parsed = one.answer.safeParse(answer.json)
    if (!parsed.success) throw unreadable(one.operation, isWrite)
    return parsed.data
  } catch (error) {
    throw asChannelError(error)
  }
}

async function send(
  account: Account,
  { operation, method, path, query, body }: Call<z.ZodType>,
): Promise<WireResponse> {
  const token = await account.token('access', () => mint(account))
  const url = new URL(`${endpointOf(readSettings(account.settings))}${path}`)
  for (const [name, value] of Object.entries(query ?? {})) if (value !== undefined) url.searchParams.set(name, value)
  const answer = await account.http({
    operation,
    method,
    url: url.toString(),
    headers: {
      'x-amz-access-token': token,
      'user-agent': 'Entrepot/0.1 (Language=TypeScript)',
      accept: 'application/json',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  })
  if (isExpiredToken(answer)) await account.dropToken('access', token)
  return answer
}

/** The header tells this account's own rate, best effort; never the burst (facts §3). */
function rateOf({ headers }: WireResponse): number | undefined {
  const header = headers.get('x-amzn-ratelimit-limit')
  const rate = Number(header)
  return header && Number.isFinite(rate) && rate > 0 ? rate : undefined
}

const encode = encodeURIComponent

export interface OrderWindow {
  lastUpdatedAfter: string
  includedData: string
  paginationToken?: string
  /** Orders on a page; 100 is the most. */
  pageSize?: number
  fulfillmentStatuses?: string
  fulfilledBy?: string
}

export const client = {
  /** GET /orders/2026-01-01/orders. A token wants the same filters again. */
  searchOrders(account: Account, window: OrderWindow) {
    const { marketplaceIds } = readSettings(account.settings)
    return call(account, {
      operation: 'searchOrders',
      method: 'GET',
      path: '/orders/2026-01-01/orders',
      answer: searchOrders,
      query: {
        marketplaceIds: marketplaceIds.join(','),
        lastUpdatedAfter: window.lastUpdatedAfter,
        maxResultsPerPage: String(window.pageSize ?? 100),
        includedData: window.includedData,
        paginationToken: window.paginationToken,
        fulfillmentStatuses: window.fulfillmentStatuses,
        fulfilledBy: window.fulfilledBy,
      },
    })
  },

  /** GET /orders/2026-01-01/orders/{orderId} */
  getOrder(account: Account, orderId: string, includedData: string) {
    return call(account, {
      operation: 'getOrder',
      method: 'GET',
      path: `/orders/2026-01-01/orders/${encode(orderId)}`,
      answer: getOrder,
      query: { includedData },
    })
  },

  /** GET /listings/2021-08-01/items/{sellerId}: pages of 20, or up to 20 named SKUs. */
  searchListings(
    account: Account,
    by: { pageToken?: string | undefined; createdAfter?: string | undefined } | { skus: readonly string[] },
  ) {
    const { sellerId, marketplaceIds } = readSettings(account.settings)
    const named = 'skus' in by
    return call(account, {
      operation: 'searchListingsItems',
      method: 'GET',
      path: `/listings/2021-08-01/items/${encode(sellerId)}`,
      answer: searchListings,
      query: {
        marketplaceIds: marketplaceIds.join(','),
        includedData: named ? 'fulfillmentAvailability' : 'summaries,offers,fulfillmentAvailability',
        pageSize: '20',
        ...(named
          ? { identifiers: by.skus.join(','), identifiersType: 'SKU' }
          : { pageToken: by.pageToken, createdAfter: by.createdAfter, sortBy: 'createdDate', sortOrder: 'ASC' }),
      },
    })
  },

  /** GET /listings/2021-08-01/items/{sellerId}/{sku} */
  getListing(account: Account, sku: string) {
    const { sellerId, marketplaceIds } = readSettings(account.settings)
    return call(account, {
      operation: 'getListingsItem',
      method: 'GET',
      answer: listingsItem,
      path: `/listings/2021-08-01/items/${encode(sellerId)}/${encode(sku)}`,
      query: { marketplaceIds: marketplaceIds.join(','), includedData: 'fulfillmentAvailability' },
    })
  },

  /** PATCH /listings/2021-08-01/items/{sellerId}/{sku} */
  async patchQuantity(account: Account, sku: string, quantity: number) {
    const { sellerId, marketplaceIds } = readSettings(account.settings)
    const answer = await call(account, {
      operation: 'patchListingsItem',
      method: 'PATCH',
      answer: submission,
      path: `/listings/2021-08-01/items/${encode(sellerId)}/${encode(sku)}`,
      query: { marketplaceIds: marketplaceIds[0] },
      body: writeQuantity(quantity),
    })
    if (answer.status === 'ACCEPTED') return answer
    // A listing is refused inside a 200 (facts §3).
    const issue = answer.issues?.find((one) => one.severity === 'ERROR') ?? answer.issues?.[0]
    throw new ChannelError(
      'rejected',
      issue?.code ?? answer.status,
      (issue?.message ?? `Amazon answered ${answer.status}`).slice(0, 300),
    )
  },
  /** POST /feeds/2021-06-30/documents */
  createFeedDocument(account: Account, contentType: string) {
    return call(account, {
      operation: 'createFeedDocument',
      method: 'POST',
      path: '/feeds/2021-06-30/documents',
      status: 201,
      answer: createdDocument,
      body: { contentType },
    })
  },

  /** POST /feeds/2021-06-30/feeds. Of the seller's marketplaces the one that a single write names, too. */
  createFeed(account: Account, inputFeedDocumentId: string) {
    const { marketplaceIds } = readSettings(account.settings)
    return call(account, {
      operation: 'createFeed',
      method: 'POST',
      path: '/feeds/2021-06-30/feeds',
      status: 202,
      answer: createdFeed,
      body: { feedType: 'JSON_LISTINGS_FEED', marketplaceIds: [marketplaceIds[0]], inputFeedDocumentId },
    })
  },

  /** GET /feeds/2021-06-30/feeds: those of the one type we hand in that are not over; the first of them are enough. */
  getUnfinishedFeeds(account: Account, since: Date) {
    return call(account, {
      operation: 'getFeeds',
      method: 'GET',
      path: '/feeds/2021-06-30/feeds',
      answer: feedList,
      query: {
        feedTypes: 'JSON_LISTINGS_FEED',
        processingStatuses: 'IN_QUEUE,IN_PROGRESS',
        createdSince: since.toISOString(),
        pageSize: '10',
      },
    })
  },

  /** GET /feeds/2021-06-30/feeds/{feedId} */
  getFeed(account: Account, feedId: string) {
    const path = `/feeds/2021-06-30/feeds/${encode(feedId)}`
    return call(account, { operation: 'getFeed', method: 'GET', path, answer: feed })
  },

  /** DELETE /feeds/2021-06-30/feeds/{feedId}. The good answer has no body. */
  cancelFeed(account: Account, feedId: string) {
    const path = `/feeds/2021-06-30/feeds/${encode(feedId)}`
    return call(account, { operation: 'cancelFeed', method: 'DELETE', path, answer: z.unknown() })
  },

  /** GET /feeds/2021-06-30/documents/{feedDocumentId} */
  getFeedDocument(account: Account, documentId: string) {
    const path = `/feeds/2021-06-30/documents/${encode(documentId)}`
    return call(account, { operation: 'getFeedDocument', method: 'GET', path, answer: feedDocument })
  },

  /** GET /reports/2021-06-30/reports: settlements that are done, since a moment or by a page's token, which stands alone. */
  getSettlementReports(account: Account, page: Date | string) {
    return call(account, {
      operation: 'getReports',
      method: 'GET',
      path: '/reports/2021-06-30/reports',
      answer: reportList,
      query:
        typeof page === 'string'
          ? { nextToken: page }
          : {
              // Amazon makes other forms of it as well, which end in 2026 (facts §0).
              reportTypes: 'GET_V2_SETTLEMENT_REPORT_DATA_FLAT_FILE_V2',
              processingStatuses: 'DONE',
              createdSince: page.toISOString(),
              pageSize: '100',
            },
    })
  },

  /** GET /reports/2021-06-30/documents/{reportDocumentId} */
  getReportDocument(account: Account, documentId: string) {
    const path = `/reports/2021-06-30/documents/${encode(documentId)}`
    return call(account, { operation: 'getReportDocument', method: 'GET', path, answer: feedDocument })
  },

  /** GET /fba/inventory/v1/summaries: all SKUs that Amazon holds for one marketplace, with their details. */
  getInventorySummaries(account: Account, marketplaceId: string, nextToken?: string) {
    return call(account, {
      operation: 'getInventorySummaries',
      method: 'GET',
      path: '/fba/inventory/v1/summaries',
      answer: inventorySummaries,
      query: {
        details: 'true',
        granularityType: 'Marketplace',
        granularityId: marketplaceId,
        marketplaceIds: marketplaceId,
        nextToken,
      },
    })
  },

  /** GET /sellers/v1/marketplaceParticipations */
  getParticipations(account: Account) {
    const path = '/sellers/v1/marketplaceParticipations'
    return call(account, { operation: 'getMarketplaceParticipations', method: 'GET', path, answer: participations })
  },

  /** GET /sellers/v1/account */
  getAccount(account: Account) {
    return call(account, {
      operation: 'getAccount',
      method: 'GET',
      path: '/sellers/v1/account',
      answer: sellerAccount,
    })
  },
}

/**
 * The store of documents, at addresses that work for 5 minutes and are the only key to it. No access token goes there,
 * and neither address nor document goes into the journal.
 */
export const documentStore = {
  async upload(account: Account, url: string, contentType: string, body: string): Promise<void> {
    const answer = await account.http({
      ...storeCall,
      operation: 'uploadFeedDocument',
      method: 'PUT',
      url,
      headers: { 'content-type': contentType },
      body,
    })
    if (answer.status !== 200) throw storeRefusal(answer)
  },

  async download(account: Account, url: string): Promise<Buffer> {
    const answer = await account.http({
      ...storeCall,
      operation: 'downloadFeedDocument',
      method: 'GET',
      url,
      binary: true,
    })
    if (answer.status !== 200 || !answer.bytes) throw storeRefusal(answer)
    return answer.bytes
  },
}

const storeCall = { secret: true, secretUrl: true, unmetered: true } as const

/** Whatever the status: with a new address it may work. */
function storeRefusal({ status }: WireResponse): ChannelError {
  return new ChannelError('unavailable', `HTTP ${status}`, `Amazon's document store answered ${status}`)
}
