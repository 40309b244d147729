import { parseArgs } from 'node:util'
import {
  bigcommerceSettings,
  createSimulator,
  demoCatalog,
  type FurtherMarket,
  serveSimulator,
  shopifySettings,
  wooSettings,
} from './index.ts'
import { marketSettings } from './profiles.ts'

const { values } = parseArgs({
  options: {
    port: { type: 'string', default: '4400' },
    host: { type: 'string', default: '127.0.0.1' },
    seed: { type: 'string', default: '1' },
    speed: { type: 'string', default: '1' },
    history: { type: 'string', default: '200' },
    buyers: { type: 'string', default: '0' },
    markets: { type: 'string', default: '' },
  },
})

/** A number from the command line, or the end with a sentence that says which one is wrong. */
function number(name: keyof typeof values, least: number): number {
  const value = Number(values[name])
  if (Number.isFinite(value) && value >= least) return value
  console.error(`--${name} must be a number of ${least} or more, not '${values[name]}'.`)
  process.exit(1)
}

const further = values.markets.split(',').filter((name) => name !== '')
const known: FurtherMarket[] = ['ebay-like', 'walmart-like']
const unknown = further.find((name) => !known.some((one) => one === name))
if (unknown !== undefined) {
  console.error(`--markets takes ${known.join(' and ')}, not '${unknown}'.`)
  process.exit(1)
}

const amazon = {
  sellerId: 'A1SIMULATEDSEL',
  marketplaceIds: ['ATVPDKIKX0DER'],
  clientId: 'amzn1.application-oa2-client.simulated',
  clientSecret: 'amzn1.oa2-cs.v1.simulated',
  refreshToken: 'Atzr|simulated',
}
const simulator = createSimulator({
  seed: number('seed', 0),
  speed: number('speed', 0.001),
  catalog: demoCatalog(),
  amazon,
  markets: Object.fromEntries(further.map((name) => [name, {}])),
  shopify: {},
  bigcommerce: {},
  woocommerce: {},
  history: { orders: number('history', 0), days: 30 },
})
const shop = shopifySettings()
const store = bigcommerceSettings()
const woo = wooSettings(undefined)
const perMinute = number('buyers', 0)
if (perMinute > 0) simulator.buyers.start({ perMinute, channels: ['amazon'] })
const server = await serveSimulator(simulator, { port: number('port', 0), host: values.host })

console.log(`Simulated marketplaces: ${server.url}
  Amazon   ${server.url}/amazon  (token: ${server.url}/lwa/auth/o2/token)
           seller ${amazon.sellerId}, marketplace ${amazon.marketplaceIds[0]}
           client id ${amazon.clientId}
           client secret ${amazon.clientSecret}
           refresh token ${amazon.refreshToken}
  Shopify  ${server.url}/shopify  (store ${shop.shop})
           client id ${shop.clientId}
           client secret ${shop.clientSecret}
  BigCommerce  ${server.url}/bigcommerce  (store ${store.storeHash})
           access token ${store.accessToken}
           client secret ${store.clientSecret}
  WooCommerce  ${server.url}/woocommerce  (plain http: sameNetwork)
           consumer key ${woo.consumerKey}
           consumer secret ${woo.consumerSecret}
  Store    ${server.url}/storefront/products
  Control  ${server.url}/control/state`)

for (const name of further as FurtherMarket[]) {
  const { sellerId, clientId, clientSecret, refreshToken } = marketSettings(name)
  console.log(`
  ${name}  ${server.url}/${name}  (token: ${server.url}/${name}/auth/o2/token)
           seller ${sellerId}
           client id ${clientId}
           client secret ${clientSecret}
           refresh token ${refreshToken}`)
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.once(signal, () => void server.close().then(() => process.exit(0)))
}
