import type { FaultKind } from '../state.ts'
import { operations } from './limits.ts'

/** Beyond what can happen to every call, to some. */
const further: Partial<Record<string, FaultKind[]>> = {
  getAllOrders: ['stale-read', 'duplicate', 'reorder', 'omit', 'rewrite'],
  getAnOrder: ['rewrite'],
  updateInventoryForAnItem: ['duplicate', 'reorder', 'refuse'],
  updatePrice: ['duplicate', 'reorder'],
  getMultiNodeInventoryForSkuAndAllShipnodes: ['stale-read'],
  getMultiNodeInventoryForAllSkuAndAllShipNodes: ['stale-read'],
  getWFSInventory: ['stale-read'],
  updateBulkInventory: ['too-large'],
  priceBulkUploads: ['too-large'],
}

/** What can happen where; `inventory` and `price` are the feeds while they are worked on. */
export function walmartFaults(anywhere: FaultKind[]): Record<string, FaultKind[]> {
  const every: FaultKind[] = [...anywhere, 'expire-access', 'bucket-halved', 'wrong-date']
  const feed: FaultKind[] = ['stuck', 'fatal', 'refuse']
  return {
    token: [...anywhere, 'revoke', 'wrong-date'],
    ...Object.fromEntries(Object.keys(operations).map((name) => [name, [...every, ...(further[name] ?? [])]])),
    inventory: feed,
    price: feed,
  }
}
