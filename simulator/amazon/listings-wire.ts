import type { Market } from '../core.ts'
import { fires } from '../faults.ts'
import { decimal, isoSeconds } from '../http.ts'
import type { AmazonItem } from '../state.ts'
import { amazonChannelCode } from './marketplaces.ts'

/** Values of `includedData` of the reads (models listingsItems_2021-08-01). */
export const listingDatasets = [
  'summaries',
  'attributes',
  'issues',
  'offers',
  'fulfillmentAvailability',
  'procurement',
  'relationships',
  'productTypes',
]

const productType = 'HOME'

export function isBuyable(item: AmazonItem): boolean {
  return (item.quantity ?? 0) > 0 || item.fbaQuantity > 0
}

/** One listing as getListingsItem and searchListingsItems show it (models listingsItems_2021-08-01, `Item`). */
export function wireListing(
  market: Market,
  operation: 'getListingsItem' | 'searchListingsItems',
  item: AmazonItem,
  wanted: string[],
  marketplaceIds: string[],
): object {
  const listed = marketplaceIds.filter((id) => item.marketplaceIds.includes(id))
  const shows = (dataset: string) => wanted.includes(dataset)
  const showsQuantity = shows('fulfillmentAvailability') || shows('attributes')
  const stale =
    showsQuantity && item.quantity !== null && fires(market.core, market.name, operation, 'stale-read') !== null
  const quantity = stale ? item.quantityBefore : item.quantity
  return {
    sku: item.sku,
    summaries: shows('summaries') ? listed.map((id) => summary(item, id)) : undefined,
    attributes: shows('attributes') ? attributes(market, item, quantity, listed) : undefined,
    issues: shows('issues') ? [] : undefined,
    offers: shows('offers') ? listed.map((id) => offer(item, id)) : undefined,
    fulfillmentAvailability: shows('fulfillmentAvailability') ? availability(market, item, quantity) : undefined,
    relationships: shows('relationships')
      ? listed.map((marketplaceId) => ({ marketplaceId, relationships: [] }))
      : undefined,
    productTypes: shows('productTypes') ? listed.map((marketplaceId) => ({ marketplaceId, productType })) : undefined,
  }
}

function summary(item: AmazonItem, marketplaceId: string): object {
  return {
    marketplaceId,
    asin: item.asin,
    productType,
    conditionType: 'new_new',
    status: isBuyable(item) ? ['BUYABLE', 'DISCOVERABLE'] : ['DISCOVERABLE'],
    itemName: item.title,
    createdDate: isoSeconds(item.createdAt),
    lastUpdatedDate: isoSeconds(item.updatedAt),
  }
}

function offer(item: AmazonItem, marketplaceId: string): object {
  return {
    marketplaceId,
    offerType: 'B2C',
    price: { currencyCode: item.currency, amount: decimal(item.price, item.currency) },
    audience: { value: 'ALL', displayName: 'Sell on Amazon' },
  }
}

/** Amazon's own stock stands there without a number; a DEFAULT entry beside it is the trap of facts §6. */
function availability(market: Market, item: AmazonItem, quantity: number | null): object[] {
  const entries: object[] = []
  if (item.fulfilledBy === 'AMAZON') entries.push({ fulfillmentChannelCode: amazonChannelCode[market.settings.region] })
  if (quantity !== null) entries.push({ fulfillmentChannelCode: 'DEFAULT', quantity })
  return entries
}

function attributes(market: Market, item: AmazonItem, quantity: number | null, listed: string[]): object {
  const entries: object[] = []
  if (item.fulfilledBy === 'AMAZON')
    entries.push({ fulfillment_channel_code: amazonChannelCode[market.settings.region] })
  if (quantity !== null) {
    const lead = item.leadTimeDays === null ? {} : { lead_time_to_ship_max_days: item.leadTimeDays }
    entries.push({ fulfillment_channel_code: 'DEFAULT', quantity, ...lead })
  }
  const amount = Number(decimal(item.price, item.currency))
  return {
    item_name: listed.map((marketplace_id) => ({ value: item.title, marketplace_id })),
    condition_type: listed.map((marketplace_id) => ({ value: 'new_new', marketplace_id })),
    purchasable_offer: listed.map((marketplace_id) => ({
      marketplace_id,
      currency: item.currency,
      our_price: [{ schedule: [{ value_with_tax: amount }] }],
    })),
    fulfillment_availability: entries,
  }
}
