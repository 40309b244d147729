import type { Market } from '../core.ts'
import { fires, underFaults } from '../faults.ts'
import { BadRequest, readJson } from '../http.ts'
import { mayCall } from './access.ts'
import { amazonError } from './answers.ts'
import { cancelFulfillmentOrder, createFulfillmentOrder, getFulfillmentOrder } from './dispatches.ts'
import { cancelFeed, createFeed, createFeedDocument, getFeed, getFeedDocument, getFeeds } from './feeds.ts'
import { getInventorySummaries } from './inventory.ts'
import { type AmazonOperation, admit } from './limits.ts'
import { patchListing } from './listings-patch.ts'
import { getListing, searchListings } from './listings-read.ts'
import { matchNotifications } from './notifications.ts'
import { getOrder, searchOrders } from './orders-search.ts'
import { getReportDocument, getReports } from './reports.ts'
import { getAccount, getParticipations } from './sellers.ts'
import { confirmShipment } from './shipments.ts'
import { isAuthorized, mintToken, refuse, revokeAccess } from './tokens.ts'

interface Call {
  operation: AmazonOperation
  perform: () => Response | Promise<Response>
  sellerId?: string
  /** Belongs to the app: only a token of its own opens it. */
  isGrantless?: true
}

/** Answers a call of the SP-API; `path` is what stands behind the host. */
export async function amazon(
  market: Market,
  request: Request,
  path: string,
  query: URLSearchParams,
): Promise<Response> {
  const call = matchSafely(market, request, path, query)
  // Facts §3: a path that does not exist is answered like one that is not allowed.
  if (!call) return amazonError(market, 403)
  const { operation } = call
  return underFaults(
    market.core,
    market.name,
    operation,
    (status) => amazonError(market, status),
    () => guarded(market, request, query, call),
  )
}

/** Token endpoint, under its own faults. */
export function tokenEndpoint(market: Market, request: Request): Promise<Response> {
  if (request.method !== 'POST') return Promise.resolve(refuse(400, 'invalid_request', 'Only POST is supported'))
  return underFaults(
    market.core,
    market.name,
    'token',
    (status) => refuse(status, 'server_error', 'The server cannot answer now'),
    () => mintToken(market, request),
  )
}

async function guarded(market: Market, request: Request, query: URLSearchParams, call: Call): Promise<Response> {
  // With a page token in the request, that one expires; its operation asks for the fault itself.
  const paged =
    (call.operation === 'searchOrders' && query.has('paginationToken')) ||
    (call.operation === 'getInventorySummaries' && query.has('nextToken'))
  if (!paged && fires(market.core, market.name, call.operation, 'expire-token')) revokeAccess(market, request)
  if (fires(market.core, market.name, call.operation, 'expire-access')) revokeAccess(market, request)
  if (!isAuthorized(market, request, call.isGrantless)) {
    const missing = !request.headers.has('x-amz-access-token')
    return amazonError(
      market,
      403,
      missing ? 'Access token is missing in the request header.' : 'The access token you provided has expired.',
    )
  }
  if (!mayCall(market, call.operation)) return amazonError(market, 403)
  if (!admit(market, call.operation)) return amazonError(market, 429)
  if (call.sellerId !== undefined && call.sellerId !== market.settings.sellerId) return amazonError(market, 403)
  try {
    return await call.perform()
  } catch (error) {
    if (error instanceof BadRequest) return amazonError(market, error.status, error.message)
    throw error
  }
}

/** A path that cannot be decoded leads nowhere. */
function matchSafely(market: Market, request: Request, path: string, query: URLSearchParams): Call | undefined {
  try {
    return match(market, request, path, query)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function match(market: Market, request: Request, path: string, query: URLSearchParams): Call | undefined {
  const route = `${request.method} ${path}`
  if (route === 'GET /orders/2026-01-01/orders') {
    return { operation: 'searchOrders', perform: () => searchOrders(market, query) }
  }
  if (route === 'GET /fba/inventory/v1/summaries') {
    return { operation: 'getInventorySummaries', perform: () => getInventorySummaries(market, query) }
  }
  if (route === 'GET /sellers/v1/marketplaceParticipations') {
    return { operation: 'getMarketplaceParticipations', perform: () => getParticipations(market) }
  }
  if (route === 'GET /sellers/v1/account') return { operation: 'getAccount', perform: () => getAccount(market) }
  const order = /^GET \/orders\/2026-01-01\/orders\/([^/]+)$/.exec(route)
  if (order) return { operation: 'getOrder', perform: () => getOrder(market, decodeURIComponent(order[1]!), query) }
  const shipment = /^POST \/orders\/v0\/orders\/([^/]+)\/shipmentConfirmation$/.exec(route)
  if (shipment) {
    const perform = async () => confirmShipment(market, decodeURIComponent(shipment[1]!), await readJson(request))
    return { operation: 'confirmShipment', perform }
  }
  const feed =
    matchFeeds(market, request, route) ??
    matchReports(market, request, route, query) ??
    matchNotifications(market, request, route) ??
    matchOutbound(market, request, route)
  if (feed) return feed
  const listing = /^(GET|PATCH) \/listings\/2021-08-01\/items\/([^/]+)(?:\/([^/]+))?$/.exec(route)
  if (!listing) return undefined
  const sellerId = decodeURIComponent(listing[2]!)
  if (listing[3] === undefined) {
    if (listing[1] === 'PATCH') return undefined
    return { operation: 'searchListingsItems', sellerId, perform: () => searchListings(market, query) }
  }
  const sku = decodeURIComponent(listing[3])
  if (listing[1] === 'GET')
    return { operation: 'getListingsItem', sellerId, perform: () => getListing(market, sku, query) }
  const perform = async () => patchListing(market, sku, query, await readJson(request))
  return { operation: 'patchListingsItem', sellerId, perform }
}

function matchReports(market: Market, request: Request, route: string, query: URLSearchParams): Call | undefined {
  if (route === 'GET /reports/2021-06-30/reports')
    return { operation: 'getReports', perform: () => getReports(market, query) }
  const document = /^GET \/reports\/2021-06-30\/documents\/([^/]+)$/.exec(route)
  if (!document) return undefined
  const id = decodeURIComponent(document[1]!)
  return { operation: 'getReportDocument', perform: () => getReportDocument(market, request, id) }
}

function matchOutbound(market: Market, request: Request, route: string): Call | undefined {
  const base = '/fba/outbound/2020-07-01/fulfillmentOrders'
  if (route === `POST ${base}`) {
    const perform = async () => createFulfillmentOrder(market, await readJson(request))
    return { operation: 'createFulfillmentOrder', perform }
  }
  const one = /^(GET|PUT) \/fba\/outbound\/2020-07-01\/fulfillmentOrders\/([^/]+)(\/cancel)?$/.exec(route)
  if (!one) return undefined
  const id = decodeURIComponent(one[2]!)
  if (one[1] === 'GET' && !one[3])
    return { operation: 'getFulfillmentOrder', perform: () => getFulfillmentOrder(market, id) }
  if (one[1] === 'PUT' && one[3])
    return { operation: 'cancelFulfillmentOrder', perform: () => cancelFulfillmentOrder(market, id) }
  return undefined
}

function matchFeeds(market: Market, request: Request, route: string): Call | undefined {
  if (route === 'POST /feeds/2021-06-30/documents') {
    return { operation: 'createFeedDocument', perform: () => createFeedDocument(market, request) }
  }
  if (route === 'POST /feeds/2021-06-30/feeds') {
    return { operation: 'createFeed', perform: () => createFeed(market, request) }
  }
  if (route === 'GET /feeds/2021-06-30/feeds') {
    const query = new URL(request.url).searchParams
    return { operation: 'getFeeds', perform: () => getFeeds(market, query) }
  }
  const feed = /^(GET|DELETE) \/feeds\/2021-06-30\/feeds\/([^/]+)$/.exec(route)
  if (feed) {
    const id = decodeURIComponent(feed[2]!)
    return feed[1] === 'GET'
      ? { operation: 'getFeed', perform: () => getFeed(market, id) }
      : { operation: 'cancelFeed', perform: () => cancelFeed(market, id) }
  }
  const document = /^GET \/feeds\/2021-06-30\/documents\/([^/]+)$/.exec(route)
  if (!document) return undefined
  const id = decodeURIComponent(document[1]!)
  return { operation: 'getFeedDocument', perform: () => getFeedDocument(market, request, id) }
}
