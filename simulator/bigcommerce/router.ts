import { fires, underFaults } from '../faults.ts'
import { readJson } from '../http.ts'
import { refusal, refusalV2 } from './answers.ts'
import {
  getInventoryItems,
  getInventorySettings,
  getLocationItems,
  getLocations,
  getProducts,
  getStore,
  getVariants,
  setInventory,
  updateProducts,
  updateVariants,
} from './catalog.ts'
import { createHook, getHooks, updateHook } from './hooks.ts'
import { spend } from './limits.ts'
import {
  createOrder,
  createShipment,
  getAddresses,
  getOrder,
  getProducts as getOrderProducts,
  getOrders,
  getShipments,
  updateOrder,
} from './orders-calls.ts'
import { createRefund, getAllRefunds, getRefunds, quoteRefund } from './refunds.ts'
import type { BcOrder } from './state.ts'
import { findOrder, type Store } from './store.ts'

interface Call {
  operation: string
  /** which of the API account's scopes it needs; '' where any will do */
  scope: string
  perform: () => Response | Promise<Response>
}

/** Answers a call to api.bigcommerce.com; `path` is what stands behind the host. */
export async function bigcommerceApi(
  store: Store,
  request: Request,
  path: string,
  query: URLSearchParams,
): Promise<Response> {
  const found = /^\/stores\/([^/]+)\/(v[23])(\/.*)$/.exec(path)
  if (!found) return refusal(404, 'The resource was not found.')
  const [, hash, version, rest] = found
  const refuse = (status: number, title = `the store answers with ${status}`) =>
    version === 'v2' ? refusalV2(status, title) : refusal(status, title)
  if (hash !== store.settings.storeHash) return refuse(404, 'The store was not found.')
  const call = version === 'v2' ? matchV2(store, request, rest!, query) : matchV3(store, request, rest!, query)
  if (!call) return refuse(404, 'The requested resource was not found.')
  return await underFaults(store.core, 'bigcommerce', call.operation, refuse, () =>
    guarded(store, request, call, refuse),
  )
}

async function guarded(
  store: Store,
  request: Request,
  { operation, scope, perform }: Call,
  refuse: (status: number, title?: string) => Response,
): Promise<Response> {
  const { core, settings } = store
  const calls = core.count('bigcommerce', operation)
  const isRevoked = fires(core, 'bigcommerce', operation, 'revoke') !== null
  if (isRevoked || request.headers.get('x-auth-token') !== settings.accessToken)
    return refuse(401, 'Unauthorized: the access token is not valid.')
  if (scope && !settings.scopes.includes(scope))
    return refuse(403, "You don't have a required scope to access the endpoint")
  const { isGranted, headers } = spend(store, fires(core, 'bigcommerce', operation, 'bucket-halved') !== null)
  if (!isGranted) calls.throttled += 1
  const answer = isGranted ? await perform() : refuse(429, 'Too many requests')
  for (const [name, value] of Object.entries(headers)) answer.headers.set(name, value)
  answer.headers.set('date', new Date(store.now()).toUTCString())
  answer.headers.set('x-request-id', store.random('ids').uuid())
  return answer
}

function matchV2(store: Store, request: Request, path: string, query: URLSearchParams): Call | undefined {
  const at = `${request.method} ${path}`
  const body = () => readJson(request)
  if (at === 'GET /store') return { operation: 'getStore', scope: 'information', perform: () => getStore(store) }
  if (at === 'GET /orders') return { operation: 'getOrders', scope: 'orders', perform: () => getOrders(store, query) }
  if (at === 'POST /orders')
    return { operation: 'createOrder', scope: 'orders', perform: async () => createOrder(store, await body()) }
  const one = /^(GET|POST|PUT) \/orders\/(\d+)(?:\/(products|shipping_addresses|shipments))?$/.exec(at)
  if (!one) return undefined
  const of = (operation: string, perform: (order: BcOrder) => Response | Promise<Response>): Call => ({
    operation,
    scope: 'orders',
    perform: () => {
      const order = findOrder(store, one[2]!)
      return order ? perform(order) : refusalV2(404, 'The requested resource was not found.')
    },
  })
  switch (`${one[1]} ${one[3] ?? ''}`) {
    case 'GET ':
      return of('getOrder', (order) => getOrder(store, order, query))
    case 'PUT ':
      return of('updateOrder', async (order) => updateOrder(store, order, await body()))
    case 'GET products':
      return of('getOrderProducts', (order) => getOrderProducts(order, query))
    case 'GET shipping_addresses':
      return of('getShippingAddresses', getAddresses)
    case 'GET shipments':
      return of('getShipments', (order) => getShipments(order, query))
    case 'POST shipments':
      return of('createShipment', async (order) => createShipment(store, order, await body()))
    default:
      return undefined
  }
}

function matchV3(store: Store, request: Request, path: string, query: URLSearchParams): Call | undefined {
  const body = () => readJson(request)
  switch (`${request.method} ${path}`) {
    case 'GET /catalog/variants':
      return { operation: 'getVariants', scope: 'products', perform: () => getVariants(store, query) }
    case 'PUT /catalog/variants':
      return {
        operation: 'updateVariants',
        scope: 'products',
        perform: async () => updateVariants(store, await body()),
      }
    case 'GET /catalog/products':
      return { operation: 'getProducts', scope: 'products', perform: () => getProducts(store, query) }
    case 'PUT /catalog/products':
      return {
        operation: 'updateProducts',
        scope: 'products',
        perform: async () => updateProducts(store, await body()),
      }
    case 'GET /inventory/items':
      return { operation: 'getInventoryItems', scope: 'inventory', perform: () => getInventoryItems(store, query) }
    case 'PUT /inventory/adjustments/absolute':
      return { operation: 'setInventory', scope: 'inventory', perform: async () => setInventory(store, await body()) }
    case 'GET /inventory/locations':
      return { operation: 'getLocations', scope: 'locations', perform: () => getLocations(store, query) }
    case 'GET /settings/inventory':
      return {
        operation: 'getInventorySettings',
        scope: 'information',
        perform: () => getInventorySettings(store),
      }
    case 'GET /orders/payment_actions/refunds':
      return { operation: 'getAllRefunds', scope: 'transactions', perform: () => getAllRefunds(store, query) }
    case 'GET /hooks':
      return { operation: 'getHooks', scope: '', perform: () => getHooks(store, query) }
    case 'POST /hooks':
      return { operation: 'createHook', scope: '', perform: async () => createHook(store, await body()) }
    default:
      return matchOneV3(store, request, path, query)
  }
}

function matchOneV3(store: Store, request: Request, path: string, query: URLSearchParams): Call | undefined {
  const at = `${request.method} ${path}`
  const body = () => readJson(request)
  const hook = /^PUT \/hooks\/(\d+)$/.exec(at)
  if (hook)
    return { operation: 'updateHook', scope: '', perform: async () => updateHook(store, hook[1]!, await body()) }
  const place = /^GET \/inventory\/locations\/(\d+)\/items$/.exec(at)
  if (place)
    return {
      operation: 'getLocationItems',
      scope: 'inventory',
      perform: () => getLocationItems(store, place[1]!, query),
    }
  const action = /^(GET|POST) \/orders\/(\d+)\/payment_actions\/(refund_quotes|refunds)$/.exec(at)
  if (!action) return undefined
  const of = (operation: string, perform: (order: BcOrder) => Response | Promise<Response>): Call => ({
    operation,
    scope: 'transactions',
    perform: () => {
      const order = findOrder(store, action[2]!)
      return order ? perform(order) : refusal(404, 'The order was not found.')
    },
  })
  switch (`${action[1]} ${action[3]}`) {
    case 'POST refund_quotes':
      return of('createRefundQuote', async (order) => quoteRefund(order, await body()))
    case 'POST refunds':
      return of('createRefund', async (order) => createRefund(store, order, await body()))
    case 'GET refunds':
      return of('getRefunds', getRefunds)
    default:
      return undefined
  }
}
