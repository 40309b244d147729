import { consentPage } from './amazon/consent.ts'
import { feedDocuments } from './amazon/feeds-documents.ts'
import { queueEndpoint } from './amazon/queue.ts'
import { amazon, tokenEndpoint } from './amazon/router.ts'
import { deliverHooks } from './bigcommerce/hooks.ts'
import { bigcommerceApi } from './bigcommerce/router.ts'
import { storeOf } from './bigcommerce/store.ts'
import { controlBuyers, createBuyers } from './buyers.ts'
import { tellHubAll } from './checkout.ts'
import { control } from './control.ts'
import { createCore, type Market } from './core.ts'
import { ebayOf } from './ebay/market.ts'
import { ebayApi } from './ebay/router.ts'
import { deliverWords } from './ebay/words.ts'
import { runEvents } from './events.ts'
import { json } from './http.ts'
import { shopifyRoutes } from './shopify/router.ts'
import { shopOf } from './shopify/shop.ts'
import { deliverDue } from './shopify/webhooks.ts'
import { products, webhook } from './storefront.ts'
import type { MarketName, Simulator, SimulatorOptions } from './types.ts'
import { walmartOf } from './walmart/market.ts'
import { walmartApi } from './walmart/router.ts'
import { deliverWalmart } from './walmart/words.ts'
import { wooRoutes } from './woocommerce/router.ts'
import { wooOf } from './woocommerce/store.ts'
import { deliverWoo } from './woocommerce/webhooks.ts'

export type { BigcommerceOptions } from './bigcommerce/state.ts'
export { bigcommerceSettings } from './bigcommerce/state.ts'
export { demoCatalog } from './catalog.ts'
export type { EbayOptions } from './ebay/types.ts'
export { ConnectionLost } from './http.ts'
export { serveSimulator } from './server.ts'
export type { ShopifyOptions } from './shopify/state.ts'
export { shopifySettings } from './shopify/state.ts'
export type {
  AmazonOptions,
  Buyers,
  BuyersOptions,
  CatalogItem,
  FurtherMarket,
  Simulator,
  SimulatorOptions,
  StorefrontConnection,
} from './types.ts'
export type { WalmartOptions } from './walmart/types.ts'
export { wooSignature } from './woocommerce/auth.ts'
export { wooSettings } from './woocommerce/store.ts'
export type { WooOptions } from './woocommerce/types.ts'

/**
 * Simulated marketplaces: Amazon's Selling Partner API, others that speak it with delays of their own, and an own store, with their state, limits, delays and faults.
 * The same seed, clock and requests give the same answers. Written from the marketplaces' documentation and from
 * nothing of the hub, so that the two can disagree.
 */
export function createSimulator(options: SimulatorOptions): Simulator {
  const core = createCore(options)
  runEvents(core)
  const buyers = createBuyers(core)
  return {
    async handle(request) {
      runEvents(core)
      const url = new URL(request.url)
      const { searchParams: query } = url
      // A client that cannot be given a base URL is sent here under Amazon's own host name.
      const host = `${url.host} ${request.headers.get('host') ?? ''}`
      const document = await feedDocuments(core, request, url)
      if (document) return document
      const shop = shopOf(core)
      if (shop && url.pathname.startsWith('/shopify/'))
        return shopifyRoutes(shop, request, url.pathname.slice('/shopify'.length))
      if (shop && host.includes(shop.settings.shop)) return shopifyRoutes(shop, request, url.pathname)
      const store = storeOf(core)
      if (store && url.pathname.startsWith('/bigcommerce/'))
        return bigcommerceApi(store, request, url.pathname.slice('/bigcommerce'.length), query)
      const woo = wooOf(core)
      if (woo && url.pathname.startsWith('/woocommerce/'))
        return wooRoutes(woo, request, url, url.pathname.slice('/woocommerce'.length))
      const further = /^\/(ebay-like|walmart-like)(\/.+)$/.exec(url.pathname)
      if (further) return atMarket(core.market(further[1] as MarketName), request, further[2]!, query)
      if (url.pathname.startsWith('/ebay/')) {
        return ebayApi(ebayOf(core), request, url.pathname.slice('/ebay'.length), query)
      }
      if (url.pathname.startsWith('/walmart/')) {
        return walmartApi(walmartOf(core), request, url.pathname.slice('/walmart'.length), url)
      }
      const path = host.includes('sellingpartnerapi') ? url.pathname : url.pathname.replace(/^\/amazon(?=\/)/, '')
      if (url.pathname === '/sqs/' && request.method === 'POST') return queueEndpoint(core.amazon, request)
      if (path === '/lwa/auth/o2/token') return tokenEndpoint(core.amazon, request)
      if (path === '/auth/o2/token' || path !== url.pathname || host.includes('sellingpartnerapi')) {
        return atMarket(core.amazon, request, path, query)
      }
      if (path === '/storefront/webhooks' && request.method === 'POST') return webhook(core, request)
      if (path === '/storefront/products' && request.method === 'GET') return products(core)
      if (path === '/control/buyers' && request.method === 'POST') return controlBuyers(buyers, request)
      if (path.startsWith('/control/')) return control(core, request, path, query)
      return json(404, { error: `There is no ${request.method} ${path}.` })
    },
    now: () => new Date(core.now()),
    connectStorefront(connection) {
      core.connection = connection
    },
    async tick() {
      runEvents(core)
      await tellHubAll(core)
      const shop = shopOf(core)
      if (shop) await deliverDue(shop)
      const woo = wooOf(core)
      if (woo) await deliverWoo(woo)
      await deliverWords(ebayOf(core))
      const store = storeOf(core)
      if (store) await deliverHooks(store)
      await deliverWalmart(walmartOf(core))
    },
    snapshot: () => structuredClone(core.state),
    changed: () => core.changes,
    buyers,
  }
}

/** Token endpoint and API of one marketplace. */
function atMarket(
  market: Market | undefined,
  request: Request,
  path: string,
  query: URLSearchParams,
): Promise<Response> | Response {
  if (!market) return json(404, { error: 'This marketplace was not started.' })
  if (path === '/apps/authorize/consent') return consentPage(market, request, query)
  return path === '/auth/o2/token' ? tokenEndpoint(market, request) : amazon(market, request, path, query)
}
