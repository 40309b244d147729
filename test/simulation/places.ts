/** Where an installation sells, as its runs and checks see it. */
import { demoChannels } from '../../src/demo-channels.ts'

export const base = 'http://marketplaces.test'

/** What most runs and tests are about. */
export const someChannels: readonly string[] = ['amazon', 'storefront']

const names: Readonly<Record<string, string>> = {
  amazon: 'Amazon',
  storefront: 'Store',
  ebay: 'eBay',
  shopify: 'Shopify',
  bigcommerce: 'BigCommerce',
  woocommerce: 'WooCommerce',
  walmart: 'Walmart',
}
export const accountOf = (channel: string): string => names[channel] ?? channel
export const amazonName = accountOf('amazon')
export const storeName = accountOf('storefront')

/** How each account of the demo's list is connected, under the name that it has here; the marketplaces listen at `address`. */
export const placesOf = (channels: readonly string[], address = base) =>
  demoChannels
    .filter(({ channel }) => channels.includes(channel))
    .map((one) => ({ ...one, account: accountOf(one.channel), settings: one.settings(address) }))

/** What the simulator must be told so that these are there. */
export const startedOf = (channels: readonly string[]): Record<string, object> =>
  Object.assign({}, ...placesOf(channels).map(({ simulator }) => simulator))

/** A channel whose orders are asked for. */
export interface Market {
  channel: string
  /** What the marketplace's words for an order may be here. */
  states: Readonly<Record<string, readonly string[]>>
  /** Operations of the marketplace that change a quantity, as its log of effects names them. */
  writes: readonly string[]
  /** Does an answer prove what shows, or only a reading? */
  proof: 'answer' | 'reading'
  /** The fault by which its search answers from an old state, where there is one: then only sweeps find what it left out. */
  lies?: string
}

const words = { shipped: ['shipped'], canceled: ['canceled'], open: ['open', 'pending'], partly: ['partly_shipped'] }

export const markets: readonly Market[] = [
  {
    channel: 'amazon',
    states: {
      PENDING: ['pending'],
      UNSHIPPED: ['open'],
      PARTIALLY_SHIPPED: words.partly,
      SHIPPED: words.shipped,
      CANCELLED: words.canceled,
    },
    writes: ['patchListingsItem', 'JSON_LISTINGS_FEED'],
    proof: 'reading',
    lies: 'stale-read of searchOrders',
  },
  {
    channel: 'ebay',
    states: {
      NOT_STARTED: words.open,
      IN_PROGRESS: words.partly,
      FULFILLED: words.shipped,
      CANCELED: words.canceled,
    },
    writes: ['bulkUpdatePriceQuantity'],
    proof: 'reading',
    lies: 'stale-read of getOrders',
  },
  {
    channel: 'shopify',
    states: { OPEN: words.open, SHIPPED: words.shipped, CANCELLED: words.canceled },
    writes: ['inventorySetQuantities'],
    proof: 'answer',
    lies: 'stale-read of orders',
  },
  {
    channel: 'bigcommerce',
    states: {
      'Awaiting Payment': ['pending'],
      'Awaiting Fulfillment': ['open'],
      'Partially Shipped': words.partly,
      Shipped: words.shipped,
      Cancelled: words.canceled,
    },
    writes: ['setInventory'],
    proof: 'reading',
  },
  {
    channel: 'woocommerce',
    states: {
      pending: ['pending'],
      'on-hold': ['pending'],
      processing: ['open', 'partly_shipped'],
      completed: words.shipped,
      cancelled: words.canceled,
    },
    writes: ['batchProducts'],
    proof: 'answer',
  },
  {
    channel: 'walmart',
    states: {
      CREATED: ['open'],
      ACKNOWLEDGED: ['open'],
      IN_PROGRESS: words.partly,
      SHIPPED: words.shipped,
      CANCELED: words.canceled,
    },
    writes: ['updateInventoryForAnItem'],
    proof: 'reading',
    lies: 'stale-read of getAllOrders',
  },
]

/** All that the demo sells on, as far as the checks here know what its words mean. */
export const allChannels: readonly string[] = demoChannels
  .map(({ channel }) => channel)
  .filter((channel) => channel === 'storefront' || markets.some((market) => market.channel === channel))

export const marketsOf = (channels: readonly string[]): Market[] =>
  markets.filter(({ channel }) => channels.includes(channel))
