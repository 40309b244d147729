import type { Core } from '../core.ts'
import { fires, underFaults } from '../faults.ts'
import { BadRequest, readJson } from '../http.ts'
import { amazonError } from './answers.ts'
import { type AmazonOperation, admit } from './limits.ts'
import { patchListing } from './listings-patch.ts'
import { getListing, searchListings } from './listings-read.ts'
import { getOrder, searchOrders } from './orders-search.ts'
import { confirmShipment } from './shipments.ts'
import { isAuthorized, mintToken, refuse, revokeAccess } from './tokens.ts'

interface Call {
  operation: AmazonOperation
  perform: () => Response | Promise<Response>
  sellerId?: string
}

/** Answers a call of the SP-API; `path` is what stands behind the host. */
export async function amazon(core: Core, request: Request, path: string, query: URLSearchParams): Promise<Response> {
  const call = matchSafely(core, request, path, query)
  // Facts §3: a path that does not exist is answered like one that is not allowed.
  if (!call) return amazonError(core, 403)
  const { operation } = call
  return underFaults(
    core,
    'amazon',
    operation,
    (status) => amazonError(core, status),
    () => guarded(core, request, query, call),
  )
}

/** Token endpoint, under its own faults. */
export function tokenEndpoint(core: Core, request: Request): Promise<Response> {
  if (request.method !== 'POST') return Promise.resolve(refuse(400, 'invalid_request', 'Only POST is supported'))
  return underFaults(
    core,
    'amazon',
    'token',
    (status) => refuse(status, 'server_error', 'The server cannot answer now'),
    () => mintToken(core, request),
  )
}

async function guarded(core: Core, request: Request, query: URLSearchParams, call: Call): Promise<Response> {
  // With a page token in the request, that one expires; its operation asks for the fault itself.
  const paged = call.operation === 'searchOrders' && query.has('paginationToken')
  if (!paged && fires(core, 'amazon', call.operation, 'expire-token')) revokeAccess(core, request)
  if (fires(core, 'amazon', call.operation, 'expire-access')) revokeAccess(core, request)
  if (!isAuthorized(core, request)) {
    const missing = !request.headers.has('x-amz-access-token')
    return amazonError(
      core,
      403,
      missing ? 'Access token is missing in the request header.' : 'The access token you provided has expired.',
    )
  }
  if (!admit(core, call.operation)) return amazonError(core, 429)
  if (call.sellerId !== undefined && call.sellerId !== core.amazon.sellerId) return amazonError(core, 403)
  try {
    return await call.perform()
  } catch (error) {
    if (error instanceof BadRequest) return amazonError(core, error.status, error.message)
    throw error
  }
}

/** A path that cannot be decoded leads nowhere. */
function matchSafely(core: Core, request: Request, path: string, query: URLSearchParams): Call | undefined {
  try {
    return match(core, request, path, query)
  } catch (error) {
    if (error instanceof URIError) return undefined
    throw error
  }
}

function match(core: Core, request: Request, path: string, query: URLSearchParams): Call | undefined {
  const route = `${request.method} ${path}`
  if (route === 'GET /orders/2026-01-01/orders') {
    return { operation: 'searchOrders', perform: () => searchOrders(core, query) }
  }
  const order = /^GET \/orders\/2026-01-01\/orders\/([^/]+)$/.exec(route)
  if (order) return { operation: 'getOrder', perform: () => getOrder(core, decodeURIComponent(order[1]!), query) }
  const shipment = /^POST \/orders\/v0\/orders\/([^/]+)\/shipmentConfirmation$/.exec(route)
  if (shipment) {
    const perform = async () => confirmShipment(core, decodeURIComponent(shipment[1]!), await readJson(request))
    return { operation: 'confirmShipment', perform }
  }
  const listing = /^(GET|PATCH) \/listings\/2021-08-01\/items\/([^/]+)(?:\/([^/]+))?$/.exec(route)
  if (!listing) return undefined
  const sellerId = decodeURIComponent(listing[2]!)
  if (listing[3] === undefined) {
    if (listing[1] === 'PATCH') return undefined
    return { operation: 'searchListingsItems', sellerId, perform: () => searchListings(core, query) }
  }
  const sku = decodeURIComponent(listing[3])
  if (listing[1] === 'GET')
    return { operation: 'getListingsItem', sellerId, perform: () => getListing(core, sku, query) }
  const perform = async () => patchListing(core, sku, query, await readJson(request))
  return { operation: 'patchListingsItem', sellerId, perform }
}
