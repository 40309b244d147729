/** Which faults a run plants, by channel. */
import type { Installation } from './installation.ts'

/** Faults of Amazon and the store that a run plants; each lasts for a few calls. `slow` needs real time and is left to the demo. */
const plantable = [
  ['amazon', 'searchOrders', 'status'],
  ['amazon', 'searchOrders', 'drop'],
  ['amazon', 'searchOrders', 'malformed'],
  ['amazon', 'searchOrders', 'duplicate'],
  ['amazon', 'searchOrders', 'reorder'],
  ['amazon', 'searchOrders', 'expire-token'],
  ['amazon', 'searchOrders', 'stale-read'],
  ['amazon', 'patchListingsItem', 'status'],
  ['amazon', 'patchListingsItem', 'refused'],
  ['amazon', 'patchListingsItem', 'drop'],
  ['amazon', 'patchListingsItem', 'timeout-after-apply'],
  ['amazon', 'patchListingsItem', 'malformed'],
  ['amazon', 'patchListingsItem', 'reorder'],
  ['amazon', 'patchListingsItem', 'expire-token'],
  ['amazon', 'searchListingsItems', 'status'],
  ['amazon', 'searchListingsItems', 'stale-read'],
  ['amazon', 'searchListingsItems', 'malformed'],
  ['amazon', 'searchListingsItems', 'bucket-halved'],
  ['amazon', 'token', 'status'],
  ['amazon', 'token', 'drop'],
  ['storefront', 'stock.set', 'status'],
  ['storefront', 'stock.set', 'refused'],
  ['storefront', 'stock.set', 'drop'],
  ['storefront', 'stock.set', 'timeout-after-apply'],
  ['storefront', 'stock.set', 'malformed'],
  ['storefront', 'stock.read', 'status'],
  ['storefront', 'reserve', 'timeout-after-apply'],
  ['storefront', 'reserve', 'duplicate'],
  ['storefront', 'confirm', 'drop'],
  ['storefront', 'order', 'timeout-after-apply'],
  ['storefront', 'order', 'duplicate'],
] as const

/** Those of the channels that some runs have beside them. */
const plantableThere: Record<string, readonly [operation: string, kind: string][]> = {
  ebay: [
    ...['status', 'drop', 'malformed', 'duplicate', 'reorder', 'stale-read'].map((kind) => there('getOrders', kind)),
    ...['status', 'refused', 'drop', 'timeout-after-apply', 'malformed', 'reorder', 'refuse'].map((kind) =>
      there('bulkUpdatePriceQuantity', kind),
    ),
    ...['status', 'stale-read', 'malformed'].map((kind) => there('bulkGetInventoryItem', kind)),
    there('getInventoryItems', 'status'),
    there('token', 'drop'),
    there('*', 'expire-access'),
  ],
  bigcommerce: [
    ...['status', 'drop', 'malformed', 'duplicate'].map((kind) => there('getOrders', kind)),
    ...['status', 'refused', 'drop', 'timeout-after-apply', 'malformed', 'refuse'].map((kind) =>
      there('setInventory', kind),
    ),
    ...['status', 'stale-read', 'malformed'].map((kind) => there('getInventoryItems', kind)),
    there('getVariants', 'status'),
    there('getOrders', 'bucket-halved'),
    there('setInventory', 'revoke'),
  ],
  woocommerce: [
    ...['status', 'drop', 'malformed'].map((kind) => there('listOrders', kind)),
    ...['status', 'refused', 'drop', 'timeout-after-apply', 'malformed'].map((kind) => there('batchProducts', kind)),
    ...['status', 'malformed'].map((kind) => there('listProducts', kind)),
    there('stock', 'stale-read'),
    there('batchProducts', 'revoke'),
  ],
  walmart: [
    ...['status', 'drop', 'malformed', 'duplicate', 'reorder', 'stale-read'].map((kind) => there('getAllOrders', kind)),
    ...['status', 'refused', 'drop', 'timeout-after-apply', 'malformed', 'reorder', 'refuse'].map((kind) =>
      there('updateInventoryForAnItem', kind),
    ),
    ...['status', 'stale-read', 'malformed'].map((kind) => there('getMultiNodeInventoryForSkuAndAllShipnodes', kind)),
    ...['status', 'drop', 'timeout-after-apply'].map((kind) => there('acknowledgeOrders', kind)),
    there('getAnItem', 'status'),
    there('token', 'drop'),
    there('*', 'expire-access'),
  ],
  shopify: [
    ...['status', 'drop', 'malformed', 'duplicate', 'reorder', 'expire-token'].map((kind) => there('orders', kind)),
    ...['status', 'refused', 'drop', 'timeout-after-apply', 'malformed', 'moved-between'].map((kind) =>
      there('inventorySetQuantities', kind),
    ),
    ...['status', 'malformed'].map((kind) => there('nodes', kind)),
    there('productVariants', 'status'),
    there('inventory', 'stale-read'),
    there('token', 'status'),
    there('*', 'expire-access'),
  ],
}
function there(operation: string, kind: string): [operation: string, kind: string] {
  return [operation, kind]
}

export const plantableIn = (
  it: Pick<Installation, 'channels'>,
): readonly (readonly [channel: string, operation: string, kind: string])[] => [
  ...plantable,
  ...it.channels.flatMap((channel) => (plantableThere[channel] ?? []).map((one) => [channel, ...one] as const)),
]

/** What a fault of single calls is among feeds. */
export const amongFeeds: Record<string, [operation: string, kind: string]> = {
  status: ['createFeed', 'status'],
  refused: ['createFeed', 'status'],
  drop: ['createFeed', 'drop'],
  'timeout-after-apply': ['createFeed', 'timeout-after-apply'],
  malformed: ['JSON_LISTINGS_FEED', 'miscount'],
  reorder: ['JSON_LISTINGS_FEED', 'fatal'],
  'expire-token': ['JSON_LISTINGS_FEED', 'cancelled'],
}
