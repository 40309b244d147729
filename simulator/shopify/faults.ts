import type { FaultKind } from '../state.ts'

/** Which fault can happen to which call of the store; operations are named by the first field they ask for. */
export function shopifyFaults(everyCall: FaultKind[], ofToken: FaultKind[]): Record<string, FaultKind[]> {
  const plain = [
    'order',
    'productVariants',
    'nodes',
    'locations',
    'shop',
    'currentAppInstallation',
    'webhookSubscriptions',
    'shopifyPaymentsAccount',
    'fulfillmentCreate',
    'orderCancel',
    'refundCreate',
    'productVariantsBulkUpdate',
    'orderCreate',
    'webhookSubscriptionCreate',
    'webhookSubscriptionUpdate',
  ]
  return {
    token: ofToken,
    orders: [...everyCall, 'expire-token', 'duplicate', 'reorder', 'omit', 'rewrite'],
    ...Object.fromEntries(plain.map((name) => [name, everyCall])),
    inventorySetQuantities: [...everyCall, 'moved-between'],
    // wherever a level is shown
    inventory: ['stale-read'],
  }
}
