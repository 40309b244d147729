import * as z from 'zod'
import { accessOf, roles } from './amazon/access.ts'
import { setQuantity } from './amazon/items.ts'
import { cancel, findOrder, purchase, ship } from './amazon/orders.ts'
import {
  changeStore,
  changeStoreOrder,
  placeStoreOrder,
  storeBody,
  storeNamed,
  writeStoreQuantity,
} from './bigcommerce/control.ts'
import { findOrder as findStoreOrder, storeOf } from './bigcommerce/store.ts'
import { buy, changeOrder } from './checkout.ts'
import { describe } from './control-state.ts'
import type { Core, Market } from './core.ts'
import { deleteMember, writeEbayQuantity } from './ebay/control.ts'
import { ebayOf } from './ebay/market.ts'
import {
  cancel as cancelAtEbay,
  findOrder as findEbayOrder,
  purchase as purchaseAtEbay,
  shipRest,
} from './ebay/orders.ts'
import { logEffect } from './effects.ts'
import { runEvents } from './events.ts'
import { faultsAt } from './faults.ts'
import { BadRequest, json, readJson } from './http.ts'
import {
  changeShopOrder,
  placeShopOrder,
  refundShopOrder,
  setShopPolicy,
  shopNamed,
  shopPolicyBody,
  shopRefundBody,
  writeShopQuantity,
} from './shopify/control.ts'
import { findOrder as findShopOrder, shopOf } from './shopify/shop.ts'
import { find, setShown } from './storefront.ts'
import type { MarketName } from './types.ts'
import { writeWalmartQuantity } from './walmart/control.ts'
import { walmartOf } from './walmart/market.ts'
import {
  cancelRest as cancelAtWalmart,
  findOrder as findWalmartOrder,
  purchase as purchaseAtWalmart,
  shipRest as shipAtWalmart,
} from './walmart/orders.ts'
import {
  changeWooOrder,
  editWooOrder,
  placeWooOrder,
  setWooItem,
  wooItemBody,
  wooNamed,
  wooOrderBody,
  writeWooQuantity,
} from './woocommerce/control.ts'

const channel = z.enum([
  'amazon',
  'ebay-like',
  'walmart-like',
  'storefront',
  'shopify',
  'ebay',
  'bigcommerce',
  'woocommerce',
  'walmart',
])

const orderBody = z.object({
  channel,
  sku: z.string().min(1),
  quantity: z.int().min(1),
  fulfilledBy: z.enum(['MERCHANT', 'AMAZON']).optional(),
  marketplaceId: z.string().optional(),
  // at the stores and Walmart: more lines of the same order, and orders that nobody really pays
  further: z.array(z.object({ sku: z.string().min(1), quantity: z.int().min(1) })).optional(),
  test: z.boolean().optional(),
})
const cancelBody = z.object({ restock: z.boolean().optional(), by: z.enum(['BUYER', 'MERCHANT', 'AMAZON']).optional() })
const quantityBody = z.object({ channel, sku: z.string().min(1), quantity: z.int().min(0) })
const clockBody = z.object({ speed: z.number().positive().optional(), advanceMs: z.number().min(0).optional() })
const span = z
  .object({
    min: z.int().min(0),
    max: z.int().min(0),
    tail: z.int().min(0).optional(),
    tailShare: z.number().optional(),
  })
  .refine(({ min, max, tail = max }) => min <= max && max <= tail, 'min, max and tail must grow')
const share = z.number().min(0).max(1)
const marketBody = z.object({
  name: z.enum(['ebay-like', 'walmart-like']),
  options: z
    .strictObject({
      effectMs: span,
      lostShare: share,
      lagMs: z.object({
        min: z.number().min(0).optional(),
        typical: z.number().min(0),
        tail: z.number().min(0),
        tailShare: share,
      }),
      restock: z.object({ byItself: z.boolean(), afterMs: span }),
      refusesLarger: z.boolean(),
      limits: z.enum(['published', 'none']),
    })
    .partial()
    .optional(),
})
const feedsBody = z.object({
  channel: z.enum(['amazon', 'ebay-like', 'walmart-like']),
  queueMs: z.number().min(0).optional(),
  feedMs: z.number().min(0).optional(),
  per1000Ms: z.number().min(0).optional(),
})
const memberBody = z.object({ username: z.string().min(1).optional() })
const accessBody = z.object({
  channel: z.enum(['amazon', 'ebay-like', 'walmart-like']),
  roles: z.array(z.enum(roles)).optional(),
  plan: z.enum(['PROFESSIONAL', 'INDIVIDUAL']).optional(),
  away: z.array(z.string()).optional(),
  suspended: z.array(z.string()).optional(),
  redirectUris: z.array(z.url()).nullable().optional(),
})
const resetBody = z.object({ seed: z.int().optional() })
const faultBody = z.object({
  channel,
  operation: z.string(),
  kind: z.enum([
    'status',
    'slow',
    'timeout-after-apply',
    'drop',
    'stale-read',
    'duplicate',
    'reorder',
    'expire-token',
    'malformed',
    'bucket-halved',
    'revoke',
    'expire-access',
    'wrong-date',
    'omit',
    'too-large',
    'moving-list',
    'rewrite',
    'moved-between',
    'stuck',
    'fatal',
    'cancelled',
    'refuse',
    'warn',
    'corrupt',
    'bomb',
    'no-report',
    'miscount',
  ]),
  rate: z.number().gt(0).max(1).optional(),
  count: z.int().min(1).optional(),
  status: z.int().min(400).max(599).optional(),
  delayMs: z.number().optional(),
  orderId: z.string().min(1).optional(),
  changes: z.array(z.object({ at: z.string().startsWith('/'), value: z.unknown().optional() })).optional(),
  durationMs: z.number().min(1).optional(),
})

/** The API beside the marketplaces: what people and tests do to them. */
export async function control(core: Core, request: Request, path: string, query: URLSearchParams): Promise<Response> {
  try {
    return await route(core, request, path, query)
  } catch (error) {
    if (error instanceof BadRequest) return json(error.status, { error: error.message })
    throw error
  }
}

async function route(core: Core, request: Request, path: string, query: URLSearchParams): Promise<Response> {
  const at = `${request.method} ${path}`
  if (at === 'GET /control/state') return json(200, describe(core, query.get('limit')))
  if (at === 'POST /control/orders') return placeOrder(core, await read(request, orderBody))
  if (at === 'POST /control/quantities') return writeQuantity(core, await read(request, quantityBody))
  if (at === 'POST /control/faults') return plantFault(core, await read(request, faultBody))
  if (at === 'GET /control/faults') return json(200, { faults: core.state.faults })
  if (at === 'DELETE /control/faults') {
    const cleared = core.state.faults.length
    core.state.faults = []
    core.touch()
    return json(200, { cleared })
  }
  if (at === 'POST /control/clock') {
    core.setClock(await read(request, clockBody))
    runEvents(core)
    return json(200, { now: new Date(core.now()).toISOString(), speed: core.state.clock.speed })
  }
  if (at === 'POST /control/reset') {
    const { seed } = await read(request, resetBody)
    core.reset(seed ?? core.state.seed)
    return json(200, { seed: core.state.seed, now: new Date(core.now()).toISOString() })
  }
  if (at === 'POST /control/markets') {
    const { name, options } = await read(request, marketBody)
    const { settings, state } = core.startMarket(name, { ...options })
    return json(201, { name, sellerId: settings.sellerId, listings: Object.keys(state.items).length })
  }
  if (at === 'POST /control/feeds') {
    const { channel: name, ...pace } = await read(request, feedsBody)
    const { state } = marketNamed(core, name)
    state.feedPace = { ...state.feedPace, ...pace }
    core.touch()
    return json(200, state.feedPace)
  }
  if (at === 'POST /control/bigcommerce') return changeStore(storeNamed(core), await read(request, storeBody))
  if (at === 'POST /control/shopify/policy') return setShopPolicy(shopNamed(core), await read(request, shopPolicyBody))
  if (at === 'POST /control/woocommerce/items') return setWooItem(wooNamed(core), await read(request, wooItemBody))
  const edit = /^POST \/control\/woocommerce\/orders\/(\d+)$/.exec(at)
  if (edit) return editWooOrder(wooNamed(core), edit[1]!, await read(request, wooOrderBody))
  const refund = /^POST \/control\/orders\/([^/]+)\/refund$/.exec(at)
  if (refund) return refundShopOrder(shopNamed(core), refund[1]!, await read(request, shopRefundBody))
  if (at === 'POST /control/ebay/account-deletion') {
    return deleteMember(ebayOf(core), (await read(request, memberBody)).username)
  }
  if (at === 'POST /control/access') {
    const { channel: name, ...change } = await read(request, accessBody)
    const market = marketNamed(core, name)
    market.state.access = { ...accessOf(market), ...change }
    core.touch()
    return json(200, market.state.access)
  }
  const change = /^POST \/control\/orders\/([^/]+)\/(cancel|ship)$/.exec(at)
  if (change) return changeAny(core, request, change[1]!, change[2] as 'cancel' | 'ship')
  throw new BadRequest(`There is no ${at}.`, 404)
}

/** The body, checked; an empty one counts as {}. */
async function read<T extends z.ZodType>(request: Request, schema: T): Promise<z.infer<T>> {
  const empty = request.headers.get('content-length') === '0' || request.body === null
  const body = empty ? {} : await readJson(request)
  if (body === undefined) throw new BadRequest('The body is not JSON.')
  const parsed = schema.safeParse(body)
  if (parsed.success) return parsed.data
  const problem = parsed.error.issues[0]!
  throw new BadRequest(`${problem.path.join('.') || 'The body'}: ${problem.message}.`)
}

function marketNamed(core: Core, name: MarketName): Market {
  const market = core.market(name)
  if (!market) throw new BadRequest(`The marketplace '${name}' was not started.`, 404)
  return market
}

async function placeOrder(core: Core, wanted: z.infer<typeof orderBody>): Promise<Response> {
  const { channel: where } = wanted
  if (where === 'shopify') return placeShopOrder(shopNamed(core), wanted)
  if (where === 'bigcommerce') return placeStoreOrder(storeNamed(core), wanted)
  if (where === 'woocommerce') return placeWooOrder(wooNamed(core), wanted)
  const result = await buyWhere(core, where, wanted)
  if ('orderId' in result) return json(201, result)
  const { refused, ...rest } = result
  const status = 'unreachable' in rest && rest.unreachable ? 503 : 409
  return json(status, { error: refused, ...rest })
}

async function buyWhere(
  core: Core,
  where: MarketName | 'storefront' | 'ebay' | 'walmart',
  wanted: z.infer<typeof orderBody>,
) {
  if (where === 'storefront') return await buy(core, wanted)
  if (where === 'ebay') return purchaseAtEbay(ebayOf(core), wanted)
  if (where === 'walmart') return purchaseAtWalmart(walmartOf(core), { ...wanted, also: wanted.further })
  return buyAt(marketNamed(core, where), wanted)
}

function buyAt(market: Market, wanted: z.infer<typeof orderBody>) {
  const item = market.state.items[wanted.sku]
  if (wanted.marketplaceId && item && !item.marketplaceIds.includes(wanted.marketplaceId)) {
    throw new BadRequest(`'${wanted.sku}' is not listed in marketplace ${wanted.marketplaceId}.`)
  }
  return purchase(market, wanted)
}

async function changeAny(core: Core, request: Request, orderId: string, verb: 'cancel' | 'ship'): Promise<Response> {
  const { restock, by } = await read(request, cancelBody)
  const shop = shopOf(core)
  const atShop = shop && findShopOrder(shop, orderId)
  if (shop && atShop) return changeShopOrder(shop, atShop, verb, restock ?? true)
  const store = storeOf(core)
  const atStore = store && findStoreOrder(store, orderId)
  if (store && atStore) return changeStoreOrder(store, atStore, verb, restock)
  const atWoo = changeWooOrder(core, orderId, verb)
  if (atWoo) return atWoo
  const own = core.state.storefront.orders.find((order) => order.id === orderId)
  const found = core.markets().flatMap((market) => ({ market, order: findOrder(market, orderId) }))
  const there = found.find(({ order }) => order)
  const ebay = ebayOf(core)
  const ebayOrder = findEbayOrder(ebay, orderId)
  const walmart = walmartOf(core)
  const atWalmart = findWalmartOrder(walmart, orderId)
  if (!own && !there && !ebayOrder && !atWalmart) throw new BadRequest(`There is no order ${orderId}.`, 404)
  let done = false
  if (own) done = await changeOrder(core, own, verb === 'ship' ? 'shipped' : 'canceled', restock)
  else if (there?.order && verb === 'ship') done = ship(there.market, there.order, core.now())
  else if (there?.order) done = cancel(there.market, there.order, core.now(), { by: by ?? 'BUYER', restock })
  if (ebayOrder && verb === 'ship') done = shipRest(ebay, ebayOrder, core.now())
  else if (ebayOrder) {
    const from = by === 'BUYER' || by === undefined ? 'BUYER' : 'SELLER'
    done = cancelAtEbay(ebay, ebayOrder, core.now(), { by: from, restock }) !== undefined
  }
  if (atWalmart && verb === 'ship') done = shipAtWalmart(walmart, atWalmart, core.now())
  else if (atWalmart) done = cancelAtWalmart(walmart, atWalmart, core.now(), { reason: 'FRAUD_CANCEL', restock })
  if (!done) throw new BadRequest(`Order ${orderId} can no longer ${verb === 'ship' ? 'ship' : 'be canceled'}.`, 409)
  return json(200, { orderId })
}

/** Another writer edits the number, past the hub. */
function writeQuantity(core: Core, wanted: z.infer<typeof quantityBody>): Response {
  const { sku, quantity } = wanted
  const now = core.now()
  const effect = { id: core.nextId(), at: now, operation: 'control', sku, quantity, dueAt: now, appliedAt: now }
  if (wanted.channel === 'shopify') return writeShopQuantity(shopNamed(core), sku, quantity)
  if (wanted.channel === 'bigcommerce') return writeStoreQuantity(storeNamed(core), sku, quantity)
  if (wanted.channel === 'woocommerce') return writeWooQuantity(wooNamed(core), sku, quantity)
  if (wanted.channel === 'storefront') {
    const item = find(core, sku)
    if (!item) throw new BadRequest(`The store sells no '${sku}'.`, 404)
    setShown(item, quantity)
    logEffect(core.state.storefront.effects, effect)
  } else if (wanted.channel === 'ebay') {
    writeEbayQuantity(ebayOf(core), sku, quantity)
  } else if (wanted.channel === 'walmart') {
    writeWalmartQuantity(walmartOf(core), sku, quantity)
  } else {
    const { state } = marketNamed(core, wanted.channel)
    const item = state.items[sku]
    if (!item) throw new BadRequest(`'${sku}' is not listed there.`, 404)
    if (item.fulfilledBy === 'AMAZON') item.fbaQuantity = quantity
    else setQuantity(item, quantity)
    logEffect(state.effects, effect)
  }
  core.touch()
  return json(200, { sku, quantity })
}

function plantFault(core: Core, wanted: z.infer<typeof faultBody>): Response {
  const { operation, kind } = wanted
  if (wanted.channel === 'shopify') shopNamed(core)
  else if (wanted.channel === 'bigcommerce') storeNamed(core)
  else if (wanted.channel === 'woocommerce') wooNamed(core)
  else if (wanted.channel !== 'storefront' && wanted.channel !== 'ebay' && wanted.channel !== 'walmart')
    marketNamed(core, wanted.channel)
  const operations = faultsAt(wanted.channel)
  const possible = operation === '*' ? Object.values(operations).flat() : operations[operation]
  if (!possible) {
    throw new BadRequest(`'${operation}' is no operation of ${wanted.channel}: ${Object.keys(operations).join(', ')}.`)
  }
  if (!possible.includes(kind)) throw new BadRequest(`'${kind}' cannot happen to ${operation}.`)
  if (wanted.status !== undefined && kind !== 'status') throw new BadRequest(`status belongs to kind 'status' only.`)
  const { orderId, changes } = wanted
  // A write is about a SKU as a page is about orders.
  if (orderId !== undefined && !['omit', 'rewrite', 'moved-between'].includes(kind)) {
    throw new BadRequest(`orderId belongs to kinds 'omit', 'rewrite' and 'moved-between' (the SKU) only.`)
  }
  if ((changes !== undefined) !== (kind === 'rewrite'))
    throw new BadRequest(`'rewrite', and nothing else, has changes.`)
  if ((wanted.delayMs ?? 0) < 0 && kind !== 'wrong-date') throw new BadRequest('delayMs must not be negative.')
  const fault = {
    id: core.nextId(),
    channel: wanted.channel,
    operation,
    kind,
    rate: wanted.rate ?? 1,
    left: wanted.count ?? null,
    status: wanted.status ?? 500,
    delayMs: wanted.delayMs ?? 1000,
    until: wanted.durationMs === undefined ? null : core.now() + wanted.durationMs,
    fired: 0,
    ...(orderId === undefined ? {} : { orderId }),
    ...(changes === undefined ? {} : { changes }),
  }
  core.state.faults.push(fault)
  core.touch()
  return json(201, fault)
}
