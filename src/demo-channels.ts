/**
 * Where the demo sells: one entry a channel. Its simulator lists the goods of the demo's catalog there, and its buyers
 * buy under the same name. A channel that is added here is connected, bought from and shipped like the others.
 */

export interface DemoChannel {
  channel: string
  /** The account's name. */
  account: string
  /** What a seller enters, given the address at which the simulator listens. */
  settings(simulator: string): Record<string, unknown>
  /** Secrets of the simulated seller; `made` ones are invented at the first start and kept. */
  secrets: Readonly<Record<string, string>>
  made?: readonly string[]
  /** What the simulator must be told so that the channel is there; nothing where it always is. */
  simulator?: Readonly<Record<string, object>>
}

/** The own store: it speaks to the hub's own API. */
export const storeAccount = 'Own store'

export const demoChannels: readonly DemoChannel[] = [
  {
    channel: 'amazon',
    account: 'Amazon US',
    settings: (simulator) => ({
      sellerId: 'A1SIMULATEDSEL',
      region: 'na',
      marketplaceIds: ['ATVPDKIKX0DER'],
      endpoint: `${simulator}/amazon`,
      tokenEndpoint: `${simulator}/lwa/auth/o2/token`,
      historyDays: 7,
    }),
    secrets: {
      clientId: 'amzn1.application-oa2-client.simulated',
      clientSecret: 'amzn1.oa2-cs.v1.simulated',
      refreshToken: 'Atzr|simulated',
    },
  },
  {
    channel: 'ebay',
    account: 'eBay US',
    settings: (simulator) => ({
      clientId: 'SimulatedApp-PRD-1',
      sellerId: 'simulated_seller',
      marketplaceIds: ['EBAY_US'],
      ruName: 'Simulated_Seller-Simulate-App-abcdef',
      endpoint: `${simulator}/ebay`,
      historyDays: 7,
    }),
    secrets: { clientSecret: 'PRD-simulated-secret', refreshToken: 'v^1.1#simulated-refresh' },
  },
  {
    channel: 'shopify',
    account: 'Shopify store',
    settings: (simulator) => ({ shop: 'simulated.myshopify.com', endpoint: `${simulator}/shopify`, historyDays: 7 }),
    secrets: { clientId: 'simulated-client-id', clientSecret: 'shpss_simulated' },
    simulator: { shopify: {} },
  },
  {
    channel: 'bigcommerce',
    account: 'BigCommerce store',
    settings: (simulator) => ({ storeHash: 'simulated', endpoint: `${simulator}/bigcommerce`, historyDays: 7 }),
    secrets: {
      accessToken: 'simulated-access-token',
      clientSecret: 'simulated-client-secret-0123456789abcdef',
    },
    // The demo's hub is not reached by https.
    simulator: { bigcommerce: { hooksAnywhere: true } },
  },
  {
    channel: 'woocommerce',
    account: 'WooCommerce store',
    settings: (simulator) => ({ url: `${simulator}/woocommerce`, sameNetwork: true, historyDays: 7 }),
    secrets: { consumerKey: `ck_${'5'.repeat(40)}`, consumerSecret: `cs_${'a'.repeat(40)}` },
    simulator: { woocommerce: {} },
  },
  {
    channel: 'walmart',
    account: 'Walmart US',
    settings: (simulator) => ({
      clientId: '5c1d6f4e-simulated-client',
      sellerId: '10001234567',
      endpoint: `${simulator}/walmart`,
      historyDays: 7,
    }),
    secrets: { clientSecret: 'simulated-walmart-secret' },
  },
  {
    channel: 'storefront',
    account: storeAccount,
    settings: (simulator) => ({ webhookUrl: `${simulator}/storefront/webhooks`, sameNetwork: true }),
    secrets: {},
    made: ['webhookSecret'],
  },
]
