import { BadRequest, floorSecond, listParameter } from '../http.ts'
import { type Dataset, datasets } from './orders-wire.ts'

const statuses = [
  'PENDING_AVAILABILITY',
  'PENDING',
  'UNSHIPPED',
  'PARTIALLY_SHIPPED',
  'SHIPPED',
  'CANCELLED',
  'UNFULFILLABLE',
]

export interface OrdersQuery {
  by: 'created' | 'updated'
  after: number
  before: number
  statuses?: string[]
  marketplaceIds?: string[]
  fulfilledBy?: string[]
  pageSize: number
  token: string | null
  wanted: Set<Dataset>
  /** what must be repeated with a page token */
  filters: string
}

/** A time parameter; anything but ISO 8601 with a zone is refused. */
function timeParameter(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null) return undefined
  if (!/^\d{4}-\d\d-\d\d(T\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:?\d\d))?$/.test(text)) {
    throw new BadRequest(`${name} is not a date in ISO 8601 format.`)
  }
  const time = Date.parse(text)
  if (Number.isNaN(time)) throw new BadRequest(`${name} is not a date in ISO 8601 format.`)
  return time
}

function oneOf(values: string[] | undefined, allowed: readonly string[], name: string): string[] | undefined {
  const unknown = values?.find((value) => !allowed.includes(value))
  if (unknown !== undefined) throw new BadRequest(`${name} has an unknown value '${unknown}'.`)
  return values
}

export function includedDatasets(query: URLSearchParams): Set<Dataset> {
  const values = oneOf(listParameter(query, 'includedData'), datasets, 'includedData')
  return new Set((values ?? []) as Dataset[])
}

/**
 * Parameters of searchOrders (models orders_2026-01-01): exactly one of createdAfter and lastUpdatedAfter, the upper
 * bound of the same kind and at least two minutes before now. Throws BadRequest with the detail.
 */
export function readOrdersQuery(query: URLSearchParams, now: number, ownMarketplaces: string[]): OrdersQuery {
  const [createdAfter, createdBefore] = [timeParameter(query, 'createdAfter'), timeParameter(query, 'createdBefore')]
  const [updatedAfter, updatedBefore] = [
    timeParameter(query, 'lastUpdatedAfter'),
    timeParameter(query, 'lastUpdatedBefore'),
  ]
  if ((createdAfter === undefined) === (updatedAfter === undefined)) {
    throw new BadRequest('Exactly one of createdAfter and lastUpdatedAfter must be provided.')
  }
  const by = createdAfter === undefined ? 'updated' : 'created'
  if ((by === 'updated' ? createdBefore : updatedBefore) !== undefined) {
    throw new BadRequest('createdAfter/createdBefore and lastUpdatedAfter/lastUpdatedBefore cannot be mixed.')
  }
  const after = createdAfter ?? updatedAfter ?? 0
  const before = by === 'updated' ? updatedBefore : createdBefore
  const latest = floorSecond(now - 120_000)
  if (before !== undefined && before < after) throw new BadRequest('The upper bound lies before the lower one.')
  if (before !== undefined && before > now - 120_000) {
    throw new BadRequest('The upper bound must be at least two minutes before the time of the request.')
  }
  const marketplaceIds = listParameter(query, 'marketplaceIds')
  if ((marketplaceIds?.length ?? 0) > 50) throw new BadRequest('marketplaceIds has more than 50 values.')
  oneOf(marketplaceIds, ownMarketplaces, 'marketplaceIds')
  const pageSize = Number(query.get('maxResultsPerPage') ?? 100)
  if (!Number.isInteger(pageSize) || pageSize < 1 || pageSize > 100) {
    throw new BadRequest('maxResultsPerPage must be between 1 and 100.')
  }
  const fulfillmentStatuses = oneOf(listParameter(query, 'fulfillmentStatuses'), statuses, 'fulfillmentStatuses')
  const fulfilledBy = oneOf(listParameter(query, 'fulfilledBy'), ['MERCHANT', 'AMAZON'], 'fulfilledBy')
  const sorted = [fulfillmentStatuses, marketplaceIds, fulfilledBy].map((values) => values?.toSorted() ?? null)
  return {
    by,
    after,
    before: before ?? latest,
    statuses: fulfillmentStatuses,
    marketplaceIds,
    fulfilledBy,
    pageSize,
    token: query.get('paginationToken'),
    wanted: includedDatasets(query),
    filters: JSON.stringify([by, after, before ?? null, ...sorted]),
  }
}
