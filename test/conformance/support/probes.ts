/** Requests within the models that the connector does not make: what else the simulator can be asked. */
import type { Bench } from './bench.ts'
import { seller } from './bench.ts'

export const allOrderData =
  'BUYER,RECIPIENT,PROCEEDS,EXPENSE,PROMOTION,CANCELLATION,FULFILLMENT,PACKAGES,TAX,PAYMENT,FULFILLMENT_ORDERS'
export const allListingData =
  'summaries,attributes,issues,offers,fulfillmentAvailability,procurement,relationships,productTypes'

export const ordersPath = '/orders/2026-01-01/orders'
export const feedsPath = '/feeds/2021-06-30'
export const heldPath = '/fba/inventory/v1/summaries'
export const itemsPath = `/listings/2021-08-01/items/${seller}`
export const itemPath = (sku: string) => `${itemsPath}/${encodeURIComponent(sku)}`

export const patchOf = (attribute: string, value: object, op = 'merge') => ({
  productType: 'PRODUCT',
  patches: [{ op, path: `/attributes/${attribute}`, value: [value] }],
})

type Query = Record<string, string>
/** path, query, status that has to come */
type Read = [path: string, query: Query, status: number]

function reads(one: Bench, orderIds: string[], sku: string): Read[] {
  const marketplaceIds = one.marketplaceIds.join(',')
  const before = new Date(one.simulator.now().getTime() - 600_000).toISOString()
  const created = { createdAfter: '2026-11-01T00:00:00Z', includedData: allOrderData, maxResultsPerPage: '40' }
  const statuses = [
    'PENDING',
    'UNSHIPPED',
    'PARTIALLY_SHIPPED',
    'SHIPPED',
    'CANCELLED',
    'UNFULFILLABLE',
    'PENDING_AVAILABILITY',
  ]
  return [
    ...statuses.map((status): Read => [ordersPath, { ...created, fulfillmentStatuses: status }, 200]),
    [ordersPath, { ...created, fulfilledBy: 'AMAZON,MERCHANT', createdBefore: before, marketplaceIds }, 200],
    [ordersPath, { lastUpdatedAfter: '2026-11-20T00:00:00Z', lastUpdatedBefore: before }, 200],
    [ordersPath, { createdAfter: '2026-11-01T00:00:00Z', marketplaceIds: 'A1PA6795UKMFR9' }, 400],
    [ordersPath, { createdAfter: '2026-11-01T00:00:00Z', paginationToken: 'nonsense' }, 400],
    [ordersPath, { createdAfter: '2030-01-01T00:00:00Z', createdBefore: '2029-01-01T00:00:00Z' }, 400],
    ...orderIds.map((id): Read => [`${ordersPath}/${id}`, { includedData: allOrderData }, 200]),
    [`${ordersPath}/${orderIds[0]}`, {}, 200],
    [itemsPath, { marketplaceIds, includedData: allListingData, pageSize: '20' }, 200],
    [
      itemsPath,
      { marketplaceIds, withStatus: 'BUYABLE', withIssueSeverity: 'ERROR,WARNING', sortBy: 'createdDate' },
      200,
    ],
    [
      itemsPath,
      { marketplaceIds, identifiers: 'B0SIM00001,B0SIM00002', identifiersType: 'ASIN', issueLocale: 'en_US' },
      200,
    ],
    [
      itemsPath,
      { marketplaceIds, createdBefore: before, lastUpdatedAfter: '2026-01-01T00:00:00Z', withoutStatus: 'BUYABLE' },
      200,
    ],
    [itemsPath, { marketplaceIds, pageToken: 'nonsense' }, 400],
    [itemsPath, { marketplaceIds: 'A1PA6795UKMFR9' }, 400],
    [itemPath(sku), { marketplaceIds, includedData: allListingData }, 200],
    [itemPath(sku), { marketplaceIds }, 200],
    [itemPath('NO SUCH'), { marketplaceIds }, 404],
    [itemPath(sku), { marketplaceIds: 'A1PA6795UKMFR9' }, 400],
  ]
}

function patches(sku: string): [sku: string, body: object, query: Query, status: number][] {
  const quantity = { fulfillment_channel_code: 'DEFAULT', quantity: 3 }
  const price = { currency: 'USD', our_price: [{ schedule: [{ value_with_tax: 12.5 }] }] }
  return [
    [
      sku,
      patchOf('fulfillment_availability', quantity),
      { mode: 'VALIDATION_PREVIEW', includedData: 'issues,identifiers' },
      200,
    ],
    [sku, patchOf('fulfillment_availability', quantity, 'replace'), {}, 200],
    [sku, patchOf('fulfillment_availability', {}), {}, 200],
    [sku, patchOf('purchasable_offer', price, 'replace'), {}, 200],
    [sku, patchOf('no_such_attribute', { value: 'x' }, 'add'), {}, 200],
    [
      sku,
      { productType: 'PRODUCT', patches: [{ op: 'delete', path: '/attributes/fulfillment_availability' }] },
      {},
      200,
    ],
    [sku, patchOf('fulfillment_availability', quantity), { marketplaceIds: 'A1PA6795UKMFR9' }, 400],
  ]
}

/** Makes all of them; answers those whose status was another than expected. */
export async function probeAll(one: Bench, orderIds: string[], sku: string): Promise<string[]> {
  const surprises: string[] = []
  const note = (what: string, expected: number, status: number) => {
    if (status !== expected) surprises.push(`${what}: ${status} instead of ${expected}`)
  }
  for (const [path, query, expected] of reads(one, orderIds, sku)) {
    await one.pass(180_000)
    note(`${path} ${JSON.stringify(query)}`, expected, (await one.probe('GET', path, query)).status)
  }
  for (const [name, body, query, expected] of patches(sku)) {
    await one.pass(1_000)
    const marketplaceIds = one.marketplaceIds[0]!
    note(
      JSON.stringify(body),
      expected,
      (await one.probe('PATCH', itemPath(name), { marketplaceIds, ...query }, body)).status,
    )
  }
  return surprises
}
