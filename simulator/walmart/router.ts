import { fires, underFaults } from '../faults.ts'
import { readJson } from '../http.ts'
import { refused, WalmartRefusal, walmartError } from './answers.ts'
import { getFeed, listFeeds, submitFeed } from './feeds.ts'
import { getHeld, getInventories, getInventory, getItem, putInventory, putPrice } from './inventory.ts'
import { admit, type WalmartOperation } from './limits.ts'
import type { Walmart } from './market.ts'
import { acknowledge, cancel, getAllOrders, getAnOrder, refund, ship } from './orders-calls.ts'
import { availableReports, reconFile } from './reports.ts'
import { endToken, isLetIn, mintToken, tokenDetail } from './tokens.ts'
import { changeSubscription, createSubscription, deleteSubscription, listSubscriptions } from './words.ts'

interface Call {
  operation: WalmartOperation
  perform: () => Response | Promise<Response>
}

/** Answers a call to marketplace.walmartapis.com; `path` is what stands behind the host. */
export async function walmartApi(walmart: Walmart, request: Request, path: string, url: URL): Promise<Response> {
  const { core } = walmart
  if (path === '/v3/token' && request.method === 'POST')
    return underFaults(core, 'walmart', 'token', walmartError, () => mintToken(walmart, request))
  const call = match(walmart, request, path, url)
  if (!call) return walmartError(404)
  return underFaults(core, 'walmart', call.operation, refuse, () => guarded(walmart, request, call))
}

const refuse = (status: number): Response => walmartError(status, status === 429 ? { 'retry-after': '30' } : {})

async function guarded(walmart: Walmart, request: Request, { operation, perform }: Call): Promise<Response> {
  if (fires(walmart.core, 'walmart', operation, 'expire-access')) endToken(walmart, request)
  const isWhole = request.headers.get('wm_qos.correlation_id') && request.headers.get('wm_svc.name')
  if (!isWhole) return walmartError(400)
  if (!isLetIn(walmart, request)) return walmartError(401)
  const { ok, headers } = admit(walmart, operation)
  if (!ok) return walmartError(429, headers)
  const answer = await performed(perform)
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value)
  answer.headers.set('date', new Date(walmart.now()).toUTCString())
  return answer
}

async function performed(perform: Call['perform']): Promise<Response> {
  try {
    return await perform()
  } catch (error) {
    if (error instanceof WalmartRefusal) return refused(error)
    throw error
  }
}

function match(walmart: Walmart, request: Request, path: string, url: URL): Call | undefined {
  const { searchParams: query } = url
  const body = () => readJson(request)
  switch (`${request.method} ${path}`) {
    case 'GET /v3/token/detail':
      return { operation: 'getTokenDetail', perform: () => tokenDetail(walmart, request) }
    case 'GET /v3/orders':
      return { operation: 'getAllOrders', perform: () => getAllOrders(walmart, query, url.search) }
    case 'PUT /v3/inventory':
      return { operation: 'updateInventoryForAnItem', perform: async () => putInventory(walmart, query, await body()) }
    case 'GET /v3/inventories':
      return {
        operation: 'getMultiNodeInventoryForAllSkuAndAllShipNodes',
        perform: () => getInventories(walmart, query),
      }
    case 'GET /v3/fulfillment/inventory':
      return { operation: 'getWFSInventory', perform: () => getHeld(walmart, query) }
    case 'PUT /v3/price':
      return { operation: 'updatePrice', perform: async () => putPrice(walmart, await body()) }
    case 'POST /v3/feeds':
      return matchFeed(walmart, request, query)
    case 'GET /v3/feeds':
      return { operation: 'getAllFeedStatuses', perform: () => listFeeds(walmart, query) }
    case 'GET /v3/report/reconreport/availableReconFiles':
      return { operation: 'getAvailableReconReportDates', perform: () => availableReports(walmart) }
    case 'GET /v3/report/reconreport/reconFile':
      return { operation: 'getReconReport', perform: () => reconFile(walmart, query) }
    default:
      return matchOne(walmart, request, path, query)
  }
}

function matchFeed(walmart: Walmart, request: Request, query: URLSearchParams): Call | undefined {
  const type = query.get('feedType')
  if (type === 'inventory')
    return { operation: 'updateBulkInventory', perform: () => submitFeed(walmart, request, 'inventory') }
  if (type === 'price') return { operation: 'priceBulkUploads', perform: () => submitFeed(walmart, request, 'price') }
  return undefined
}

const part = '([^/]+)'
const routes: [
  method: string,
  pattern: RegExp,
  call: (walmart: Walmart, request: Request, id: string, query: URLSearchParams) => Call,
][] = [
  [
    'GET',
    new RegExp(`^/v3/orders/${part}$`),
    (walmart, _, id) => ({ operation: 'getAnOrder', perform: () => getAnOrder(walmart, id) }),
  ],
  [
    'POST',
    new RegExp(`^/v3/orders/${part}/acknowledge$`),
    (walmart, _, id) => ({ operation: 'acknowledgeOrders', perform: () => acknowledge(walmart, id) }),
  ],
  [
    'POST',
    new RegExp(`^/v3/orders/${part}/shipping$`),
    (walmart, request, id) => ({
      operation: 'shippingUpdates',
      perform: async () => ship(walmart, id, await readJson(request)),
    }),
  ],
  [
    'POST',
    new RegExp(`^/v3/orders/${part}/cancel$`),
    (walmart, request, id) => ({
      operation: 'cancelOrderLines',
      perform: async () => cancel(walmart, id, await readJson(request)),
    }),
  ],
  [
    'POST',
    new RegExp(`^/v3/orders/${part}/refund$`),
    (walmart, request, id) => ({
      operation: 'refundOrderLines',
      perform: async () => refund(walmart, id, await readJson(request)),
    }),
  ],
  [
    'GET',
    new RegExp(`^/v3/inventories/${part}$`),
    (walmart, _, sku) => ({
      operation: 'getMultiNodeInventoryForSkuAndAllShipnodes',
      perform: () => getInventory(walmart, sku),
    }),
  ],
  [
    'GET',
    new RegExp(`^/v3/items/${part}$`),
    (walmart, _, sku) => ({ operation: 'getAnItem', perform: () => getItem(walmart, sku) }),
  ],
  [
    'GET',
    new RegExp(`^/v3/feeds/${part}$`),
    (walmart, _, id, query) => ({ operation: 'getFeedItemStatus', perform: () => getFeed(walmart, id, query) }),
  ],
  [
    'GET',
    /^\/v3\/webhooks\/(subscriptions)$/,
    (walmart) => ({ operation: 'getAllSubscriptions', perform: () => listSubscriptions(walmart) }),
  ],
  [
    'POST',
    /^\/v3\/webhooks\/(subscriptions)$/,
    (walmart, request) => ({ operation: 'createSubscription', perform: () => createSubscription(walmart, request) }),
  ],
  [
    'PATCH',
    new RegExp(`^/v3/webhooks/subscriptions/${part}$`),
    (walmart, request, id) => ({
      operation: 'updateSubscription',
      perform: () => changeSubscription(walmart, request, id),
    }),
  ],
  [
    'DELETE',
    new RegExp(`^/v3/webhooks/subscriptions/${part}$`),
    (walmart, _, id) => ({ operation: 'deleteSubscription', perform: () => deleteSubscription(walmart, id) }),
  ],
]

function matchOne(walmart: Walmart, request: Request, path: string, query: URLSearchParams): Call | undefined {
  for (const [method, pattern, call] of routes) {
    const found = method === request.method ? pattern.exec(path) : null
    if (found) return call(walmart, request, decodeSafely(found[1]!), query)
  }
  return undefined
}

const decodeSafely = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
