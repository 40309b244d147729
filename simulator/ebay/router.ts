import { fires, underFaults } from '../faults.ts'
import { json, readJson } from '../http.ts'
import { EbayRefusal, ebayError, refused } from './answers.ts'
import { getPayout, getPayouts, getTransactions, getUser } from './finances.ts'
import { bulkGet, bulkUpdate, getInventoryItems, getOffers } from './inventory.ts'
import { admit, type EbayOperation, operations, usedToday } from './limits.ts'
import type { Ebay } from './market.ts'
import {
  approveCancellation,
  createCancellation,
  createFulfillment,
  getFulfillments,
  getOrder,
  getOrders,
  issueRefund,
} from './orders-calls.ts'
import { callerOf, consent, endToken, mintToken, refuse } from './tokens.ts'
import type { Api } from './types.ts'
import { getDestinations, getPublicKey, getSubscriptions, getTopics, putDestination, putSubscription } from './words.ts'

interface Call {
  operation: EbayOperation
  perform: () => Response | Promise<Response>
  /** whose token it wants; the seller's where it is left out */
  as?: 'app' | 'either'
}

/** Answers a call to api, apiz or auth.ebay.com; `path` is what stands behind the host. */
export async function ebayApi(ebay: Ebay, request: Request, path: string, query: URLSearchParams): Promise<Response> {
  const { core } = ebay
  if (path === '/oauth2/authorize' && request.method === 'GET') return consent(ebay, query)
  if (path === '/identity/v1/oauth2/token' && request.method === 'POST') {
    const later = (status: number) => refuse(status, 'server_error', 'The server cannot answer now')
    return underFaults(core, 'ebay', 'token', later, () => mintToken(ebay, request))
  }
  const call = match(ebay, request, path, query)
  if (!call) return ebayError(404)
  return underFaults(core, 'ebay', call.operation, ebayError, () => guarded(ebay, request, call))
}

async function guarded(ebay: Ebay, request: Request, { operation, perform, as }: Call): Promise<Response> {
  if (fires(ebay.core, 'ebay', operation, 'expire-access')) endToken(ebay, request)
  const caller = callerOf(ebay, request)
  if (!caller) return ebayError(401)
  if (as !== 'either' && caller !== (as ?? 'seller')) return ebayError(403)
  if (!admit(ebay, operation)) return ebayError(429)
  try {
    const answer = await perform()
    answer.headers.set('date', new Date(ebay.now()).toUTCString())
    return answer
  } catch (error) {
    if (error instanceof EbayRefusal) return refused(error)
    throw error
  }
}

function match(ebay: Ebay, request: Request, path: string, query: URLSearchParams): Call | undefined {
  const route = `${request.method} ${path}`
  const body = () => readJson(request)
  switch (route) {
    case 'GET /sell/fulfillment/v1/order':
      return { operation: 'getOrders', perform: () => getOrders(ebay, query) }
    case 'GET /sell/inventory/v1/inventory_item':
      return { operation: 'getInventoryItems', perform: () => getInventoryItems(ebay, query) }
    case 'POST /sell/inventory/v1/bulk_get_inventory_item':
      return { operation: 'bulkGetInventoryItem', perform: async () => bulkGet(ebay, await body()) }
    case 'GET /sell/inventory/v1/offer':
      return { operation: 'getOffers', perform: () => getOffers(ebay, query) }
    case 'POST /sell/inventory/v1/bulk_update_price_quantity':
      return { operation: 'bulkUpdatePriceQuantity', perform: async () => bulkUpdate(ebay, await body()) }
    case 'POST /post-order/v2/cancellation':
      return { operation: 'createCancellation', perform: async () => createCancellation(ebay, await body()) }
    case 'GET /developer/analytics/v1_beta/rate_limit/':
      return { operation: 'getRateLimits', as: 'app', perform: () => getRateLimits(ebay) }
    case 'GET /sell/account/v1/privilege':
      return { operation: 'getPrivileges', perform: () => json(200, privileges) }
    case 'GET /sell/account/v1/program/get_opted_in_programs':
      return {
        operation: 'getOptedInPrograms',
        perform: () => json(200, { programs: [{ programType: 'SELLING_POLICY_MANAGEMENT' }] }),
      }
    case 'GET /commerce/identity/v1/user/':
      return { operation: 'getUser', perform: () => getUser(ebay) }
    case 'GET /sell/finances/v1/payout':
      return { operation: 'getPayouts', perform: () => getPayouts(ebay, query) }
    case 'GET /sell/finances/v1/transaction':
      return { operation: 'getTransactions', perform: () => getTransactions(ebay, query) }
    default:
      return matchOrder(ebay, request, route) ?? matchPayout(ebay, route) ?? matchWords(ebay, request, route)
  }
}

function matchOrder(ebay: Ebay, request: Request, route: string): Call | undefined {
  const cancellation = /^POST \/post-order\/v2\/cancellation\/([^/]+)\/approve$/.exec(route)
  if (cancellation) {
    const cancelId = decodeSafely(cancellation[1]!)
    return { operation: 'approveCancellation', perform: () => approveCancellation(ebay, cancelId) }
  }
  const found = /^(GET|POST) \/sell\/fulfillment\/v1\/order\/([^/]+)(?:\/(shipping_fulfillment|issue_refund))?$/.exec(
    route,
  )
  if (!found) return undefined
  const id = decodeSafely(found[2]!)
  switch (`${found[1]} ${found[3] ?? ''}`) {
    case 'GET ':
      return { operation: 'getOrder', perform: () => getOrder(ebay, id) }
    case 'GET shipping_fulfillment':
      return { operation: 'getShippingFulfillments', perform: () => getFulfillments(ebay, id) }
    case 'POST shipping_fulfillment':
      return {
        operation: 'createShippingFulfillment',
        perform: async () => createFulfillment(ebay, id, await readJson(request)),
      }
    case 'POST issue_refund':
      return { operation: 'issueRefund', perform: async () => issueRefund(ebay, id, await readJson(request)) }
    default:
      return undefined
  }
}

function matchPayout(ebay: Ebay, route: string): Call | undefined {
  const found = /^GET \/sell\/finances\/v1\/payout\/([^/]+)$/.exec(route)
  return found ? { operation: 'getPayout', perform: () => getPayout(ebay, decodeSafely(found[1]!)) } : undefined
}

function matchWords(ebay: Ebay, request: Request, route: string): Call | undefined {
  const found =
    /^(GET|POST|PUT) \/commerce\/notification\/v1\/(public_key|topic|destination|subscription)(?:\/([^/]+))?$/.exec(
      route,
    )
  if (!found) return undefined
  const id = found[3] === undefined ? undefined : decodeSafely(found[3])
  switch (`${found[1]} ${found[2]}`) {
    case 'GET public_key':
      return { operation: 'getPublicKey', as: 'app', perform: () => getPublicKey(ebay, id ?? '') }
    case 'GET topic':
      return { operation: 'getTopics', as: 'either', perform: () => getTopics() }
    case 'GET destination':
      return { operation: 'getDestinations', as: 'either', perform: () => getDestinations(ebay) }
    case 'POST destination':
    case 'PUT destination':
      return { operation: 'changeDestination', as: 'either', perform: () => putDestination(ebay, request, id) }
    case 'GET subscription':
      return { operation: 'getSubscriptions', as: 'either', perform: () => getSubscriptions(ebay) }
    case 'POST subscription':
    case 'PUT subscription':
      return { operation: 'changeSubscription', as: 'either', perform: () => putSubscription(ebay, request, id) }
    default:
      return undefined
  }
}

const decodeSafely = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const privileges = {
  sellerRegistrationCompleted: true,
  sellingLimit: { amount: { value: '5000000.0', currency: 'USD' }, quantity: 100_000 },
}

/** What is left of each API's day. */
function getRateLimits(ebay: Ebay): Response {
  const apis = [...new Set(Object.values(operations))] as Api[]
  return json(200, {
    rateLimits: apis.map((api) => {
      const { count, resetsAt } = usedToday(ebay, api)
      const limit = ebay.settings.quotas[api]
      const rate = {
        count,
        limit,
        remaining: Math.max(0, limit - count),
        reset: new Date(resetsAt).toISOString(),
        timeWindow: 86_400,
      }
      return {
        apiContext: 'sell',
        apiName: api,
        apiVersion: 'v1',
        resources: [{ name: api.toLowerCase(), rates: [rate] }],
      }
    }),
  })
}
