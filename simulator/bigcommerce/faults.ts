import type { FaultKind } from '../state.ts'

/** What can be called; a fault is planted by these names. */
const operations = [
  'getStore',
  'getOrders',
  'getOrder',
  'getOrderProducts',
  'getShippingAddresses',
  'getShipments',
  'createShipment',
  'updateOrder',
  'createOrder',
  'createRefundQuote',
  'createRefund',
  'getRefunds',
  'getAllRefunds',
  'getVariants',
  'updateVariants',
  'getProducts',
  'updateProducts',
  'getInventoryItems',
  'getLocationItems',
  'setInventory',
  'getLocations',
  'getInventorySettings',
  'getHooks',
  'createHook',
  'updateHook',
]

/** Beyond what can happen to every call, to some. */
const more: Record<string, FaultKind[]> = {
  getOrders: ['duplicate', 'omit', 'rewrite'],
  getInventoryItems: ['stale-read'],
  setInventory: ['refuse'],
}

export const bigcommerceFaults = (anywhere: readonly FaultKind[]): Record<string, FaultKind[]> =>
  Object.fromEntries(
    operations.map((name) => [name, [...anywhere, 'revoke', 'bucket-halved', 'wrong-date', ...(more[name] ?? [])]]),
  )
